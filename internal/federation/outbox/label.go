package outbox

import (
	"context"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// Label tells who follows a label whether a release of one of its acts is of it: it is
// announced once, and taken back when it is so no longer. what names both.
func (b *Outbox) Label(ctx context.Context, what string) error {
	label, release, _ := strings.Cut(what, " ")
	on, act, err := b.Labels.OnLabel(ctx, id.Act(label), id.Release(release))
	if fault.Is(err, fault.NotFound) { // what is here no more
		return nil
	}
	if err != nil {
		return err
	}
	site, sent := b.Site(ctx), int64(0)
	at := site.Act(id.Act(label))
	about := site.Announce(id.Act(label), id.Release(release))
	err = b.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		last, err := tx.Told(ctx, about)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if told := err == nil && last.Kind == "Announce"; on == told {
			return nil
		}
		now := moment(tx.Now(), &last)
		x := &vocab.Object{ID: address(about, now), Type: []string{"Announce"}, Actor: vocab.At(at), Published: now, To: []string{vocab.Public},
			CC: []string{at + "/followers", site.Act(act)}, Object: vocab.One(site.ReleaseNote(id.Release(release)))}
		if !on {
			if err := takenBack(&last, x); err != nil {
				return err
			}
		}
		body, err := x.Encode()
		if err != nil {
			return err
		}
		if err := tx.Send(ctx, social.Outgoing{ID: x.ID, Actor: at, About: about, Kind: x.Type[0], Body: body, Made: now}); err != nil {
			return err
		}
		sent, err = tx.DeliverToFollowers(ctx, x.ID, id.Act(label))
		return err
	})
	if err == nil && sent > 0 {
		b.Sent()
	}
	return err
}
