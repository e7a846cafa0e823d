package outbox

import (
	"context"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// Listen tells who follows a listener elsewhere what they listen to, where the listener
// lets them know: them alone, for an hour. what names the person and the track.
func (b *Outbox) Listen(ctx context.Context, what string) error {
	name, track, _ := strings.Cut(what, " ")
	who, sent := id.Person(name), int64(0)
	err := b.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		p, err := tx.Person(ctx, who)
		if err != nil || !p.Gone.IsZero() || !p.Listens {
			return err
		}
		if n, err := tx.CountFans(ctx, who, social.FollowsThem); err != nil || n == 0 {
			return err
		}
		sent, err = b.listen(ctx, tx, who, id.Track(track))
		return err
	})
	if fault.Is(err, fault.NotFound) { // the track is gone meanwhile
		return nil
	}
	if err == nil && sent > 0 {
		b.Sent()
	}
	return err
}

func (b *Outbox) listen(ctx context.Context, tx social.Tx, who id.Person, track id.Track) (int64, error) {
	site := b.Site(ctx)
	at := site.Track(track)
	_, act, err := tx.Known(ctx, social.Thing{Track: track})
	if err == nil && act == "" {
		var there social.Track
		there, err = tx.Track(ctx, track)
		at = there.Document()
	}
	if err != nil {
		return 0, err
	}
	by := site.Person(who)
	x := &vocab.Object{ID: site.NewActivity(tx.Now()), Type: []string{"Listen"}, Actor: vocab.At(by), Object: vocab.One(at), Published: tx.Now(), Expires: tx.Now().Add(social.ListenFor), To: []string{by + "/followers"}}
	body, err := x.Encode()
	if err != nil {
		return 0, err
	}
	if err := tx.Send(ctx, social.Outgoing{ID: x.ID, Actor: by, Kind: "Listen", Body: body, Expires: x.Expires}); err != nil {
		return 0, err
	}
	return tx.DeliverToFans(ctx, x.ID, who)
}

// Silence takes back what of a person's listening waits to be told.
func (b *Outbox) Silence(ctx context.Context, tx social.Tx, who id.Person) error {
	return tx.DropPersonListens(ctx, b.Site(ctx).Person(who))
}
