package outbox

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// Like tells the act of a track elsewhere what a listener who is seen there thinks of
// it now: that they like it, or no longer. Of who is not seen nobody is told, and no act
// that does not take their likes. what
// names the account and the track.
func (b *Outbox) Like(ctx context.Context, what string) error {
	who, track, _ := strings.Cut(what, " ")
	return b.likes(ctx, id.Account(who), social.Thing{Track: id.Track(track)})
}

// LikeRelease is the same of a release as a whole.
func (b *Outbox) LikeRelease(ctx context.Context, what string) error {
	who, release, _ := strings.Cut(what, " ")
	return b.likes(ctx, id.Account(who), social.Thing{Release: id.Release(release)})
}

func (b *Outbox) likes(ctx context.Context, who id.Account, t social.Thing) error {
	site, sent := b.Site(ctx), false
	err := b.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		p, err := tx.PersonOf(ctx, who)
		if err != nil {
			return err
		}
		likes, err := tx.Likes(ctx, p.Account, t)
		if err != nil {
			return err
		}
		about := site.Person(p.ID) + "/likes/" + cmp.Or(string(t.Track), string(t.Release))
		last, err := tx.Told(ctx, about)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		told := err == nil && last.Kind == "Like"
		if likes == told {
			return nil
		}
		if !likes {
			sent = true
			return b.unlike(ctx, tx, &p, &last)
		}
		now := moment(tx.Now(), &last)
		x := &vocab.Object{ID: address(about, now), Type: []string{"Like"}, Actor: vocab.At(site.Person(p.ID))}
		sent, err = b.like(ctx, tx, &p, about, t, x, now)
		return err
	})
	if fault.Is(err, fault.NotFound) { // who is not seen, and what is here no more
		return nil
	}
	if err == nil && sent {
		b.Sent()
	}
	return err
}

// like fills in and sends a Like, false where its act does not take it. Faults: NotFound.
func (b *Outbox) like(ctx context.Context, tx social.Tx, p *social.Person, about string, t social.Thing, x *vocab.Object, now time.Time) (bool, error) {
	var track social.Track // none: the release as a whole
	if t.Track != "" {
		var err error
		if track, err = tx.Track(ctx, t.Track); err != nil {
			return false, err
		}
		t.Release = track.Release
	}
	r, err := tx.Release(ctx, t.Release)
	if err != nil {
		return false, err
	}
	if ok, err := social.Allowed(ctx, tx, social.Liking, "", r.ID, social.Author{Account: p.Account}); err != nil || !ok {
		return false, err
	}
	x.Object, x.To = vocab.One(cmp.Or(track.Document(), r.IRI)), []string{r.Actor}
	return true, b.toActor(ctx, tx, p, r.Actor, about, x, now)
}

// unlike takes a Like back, which names whom it was sent to.
func (b *Outbox) unlike(ctx context.Context, tx social.Tx, p *social.Person, last *social.Outgoing) error {
	was, err := vocab.Parse(last.Body)
	if err != nil || len(was.To) != 1 {
		return err
	}
	now := moment(tx.Now(), last)
	x := &vocab.Object{ID: address(last.About, now), Type: []string{"Undo"}, Actor: was.Actor, To: was.To,
		Object: []vocab.Item{vocab.Of(&vocab.Object{ID: was.ID, Type: was.Type, Actor: was.Actor, Object: was.Object})}}
	return b.toActor(ctx, tx, p, was.To[0], last.About, x, now)
}

// toActor sends what a person says to one actor alone, whose server hears of the
// person's end.
func (b *Outbox) toActor(ctx context.Context, tx social.Tx, p *social.Person, to, about string, x *vocab.Object, now time.Time) error {
	a, err := tx.Actor(ctx, to)
	if err != nil {
		return err
	}
	body, err := x.Encode()
	if err != nil {
		return err
	}
	if err := tx.Send(ctx, social.Outgoing{ID: x.ID, Actor: x.Actor.ID(), About: about, Kind: x.Type[0], Body: body, Made: now}); err != nil {
		return err
	}
	if err := tx.Reach(ctx, p.ID, a.ReachedAt(), a.Host); err != nil {
		return err
	}
	return tx.Deliver(ctx, x.ID, a.Inbox, remote.Host(a.Inbox))
}
