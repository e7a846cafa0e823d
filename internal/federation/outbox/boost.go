package outbox

import (
	"cmp"
	"context"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// Boost tells who follows a listener who is seen, and the act, whether the listener
// shares a thing with them now. what names the person, the release and the track.
func (b *Outbox) Boost(ctx context.Context, what string) error {
	who, rest, _ := strings.Cut(what, " ")
	release, track, _ := strings.Cut(rest, " ")
	t := social.Thing{Release: id.Release(release), Track: id.Track(track)}
	site, sent := b.Site(ctx), int64(0)
	err := b.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		p, err := tx.Person(ctx, id.Person(who))
		if err != nil || !p.Gone.IsZero() {
			return err
		}
		boosts, err := tx.Boosts(ctx, p.ID, t)
		if err != nil {
			return err
		}
		about := site.Person(p.ID) + "/boosts/" + cmp.Or(track, release)
		last, err := tx.Told(ctx, about)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if told := err == nil && last.Kind == "Announce"; boosts == told {
			return nil
		}
		if boosts {
			at, err := tx.BoostTold(ctx, about)
			if err != nil {
				return err
			}
			if again := at.Add(social.BoostAgain); !at.IsZero() && tx.Now().Before(again) { // what is so then is told then
				job := music.Telling("boost", what)
				return tx.Enqueue(ctx, music.JobTell, job, []byte(job), again)
			}
		}
		now := moment(tx.Now(), &last)
		x := &vocab.Object{ID: address(about, now), Type: []string{"Announce"}, Actor: vocab.At(site.Person(p.ID)), Published: now, To: []string{vocab.Public}}
		if boosts {
			if err := shared(ctx, tx, site, &p, t, x); err != nil {
				return err
			}
		} else if err := takenBack(&last, x); err != nil {
			return err
		}
		body, err := x.Encode()
		if err != nil {
			return err
		}
		if err := tx.Send(ctx, social.Outgoing{ID: x.ID, Actor: x.Actor.ID(), About: about, Kind: x.Type[0], Body: body, Made: now}); err != nil {
			return err
		}
		sent, err = b.toFansAnd(ctx, tx, site, x.ID, p.ID, x.CC)
		return err
	})
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Forbidden) { // what is here no more, and what may be shared no more
		return nil
	}
	if err == nil && sent > 0 {
		b.Sent()
	}
	return err
}

// shared fills in what is announced, and whom that is told besides who follows: of music
// elsewhere its act. It is the post where there is one: type lists are shown by no other
// software. Faults: NotFound; Forbidden for whom the act does not let share it.
func shared(ctx context.Context, tx social.Tx, site form.Site, p *social.Person, t social.Thing, x *vocab.Object) error {
	t, act, err := tx.Known(ctx, t)
	if err != nil {
		return err
	}
	if err := social.Permit(ctx, tx, social.Boosting, act, t.Release, social.Author{Account: p.Account}); err != nil {
		return err
	}
	x.CC = []string{x.Actor.ID() + "/followers"}
	if act != "" {
		x.CC = append(x.CC, site.Act(act))
		x.Object = vocab.One(site.ReleaseNote(t.Release))
		if t.Track != "" {
			x.Object = vocab.One(site.TrackNote(t.Track))
		}
		return nil
	}
	r, err := tx.Release(ctx, t.Release)
	if err != nil {
		return err
	}
	x.CC, x.Object = append(x.CC, r.Actor), vocab.One(cmp.Or(r.Post, r.IRI))
	if t.Track != "" {
		track, err := tx.Track(ctx, t.Track)
		if err != nil {
			return err
		}
		x.Object = vocab.One(cmp.Or(track.Post, track.Document()))
	}
	return nil
}

// takenBack makes x the Undo of what was said last, for whom that was.
func takenBack(last *social.Outgoing, x *vocab.Object) error {
	was, err := vocab.Parse(last.Body)
	if err != nil {
		return err
	}
	x.Type, x.To, x.CC = []string{"Undo"}, was.To, was.CC
	x.Object = []vocab.Item{vocab.Of(&vocab.Object{ID: was.ID, Type: was.Type, Actor: was.Actor, Object: was.Object, To: was.To, CC: was.CC})}
	return nil
}
