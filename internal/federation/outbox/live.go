package outbox

import (
	"context"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// Live tells what became of a live event: that there is one, that it ended before its
// time, that it is taken back.
func (b *Outbox) Live(ctx context.Context, l id.Live) error {
	site := b.Site(ctx)
	var event social.Live
	err := b.Store.SocialView(ctx, func(tx social.Tx) (err error) {
		event, err = tx.Live(ctx, l)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return b.gone(ctx, site, former{about: site.LiveNote(l), own: site.Live(l), kind: "nineten:LiveStream"})
	}
	if err != nil || event.Act == "" {
		return err
	}
	return b.tell(ctx, telling{deliver: followers(event.Act), actor: site.Act(event.Act), thing: site.LivePost(&event), own: site.OwnLive(&event)})
}
