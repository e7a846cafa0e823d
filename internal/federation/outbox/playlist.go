package outbox

import (
	"context"
	"slices"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
)

// Playlist tells what became of a playlist that an act publishes. Nodes hear Add and
// Remove where only tracks came to its end or went, which have the whole of it as
// their target.
func (b *Outbox) Playlist(ctx context.Context, p id.Playlist) error {
	site := b.Site(ctx)
	x, err := b.Albums.Selection(ctx, p)
	if fault.Is(err, fault.NotFound) {
		return b.gone(ctx, site, former{site.PlaylistNote(p), site.Playlist(p), "nineten:Playlist"})
	}
	if err != nil {
		return err
	}
	return b.tell(ctx, telling{deliver: followers(x.Act.ID), actor: site.Act(x.Act.ID), thing: site.PlaylistPost(&x), own: site.OwnPlaylist(&x), listed: true})
}

// listing is the change of what a list has as an activity of its own: Add of what came
// to its end, or Remove of what is not in it any more. It is false for every other change.
func listing(was, is *vocab.Object) (kind string, tracks []vocab.Item, ok bool) {
	bare := func(o *vocab.Object) *vocab.Object {
		c := *timeless(o)
		c.OrderedItems, c.TotalItems, c.Image = nil, 0, nil // a list looks like its first track
		return &c
	}
	if !alike(bare(was), bare(is)) {
		return "", nil, false
	}
	old, now := vocab.IDs(was.OrderedItems), vocab.IDs(is.OrderedItems)
	if len(now) > len(old) && slices.Equal(now[:len(old)], old) {
		return "Add", is.OrderedItems[len(old):], true
	}
	left := slices.Clone(old)
	for i := 0; i < len(left); {
		if i < len(now) && left[i] == now[i] {
			i++
			continue
		}
		tracks = append(tracks, vocab.At(left[i]))
		left = slices.Delete(left, i, i+1)
	}
	return "Remove", tracks, len(tracks) > 0 && slices.Equal(left, now) && !slices.ContainsFunc(tracks, func(t vocab.Item) bool { return slices.Contains(now, t.ID()) })
}
