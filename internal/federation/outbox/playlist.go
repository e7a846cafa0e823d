package outbox

import (
	"context"
	"slices"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// Playlist tells what became of a playlist that an act publishes, or a listener who works
// on it with somebody elsewhere: who follows them, and who works on it. Nodes hear Add and
// Remove where only tracks came to its end or went, which have the whole of it as
// their target.
func (b *Outbox) Playlist(ctx context.Context, p id.Playlist) error {
	site := b.Site(ctx)
	x, err := b.Albums.Selection(ctx, p)
	if fault.Is(err, fault.NotFound) {
		return b.gone(ctx, site, former{about: site.PlaylistNote(p), own: site.Playlist(p), kind: "nineten:Playlist", list: p})
	}
	if err != nil {
		return err
	}
	to := followers(x.Act.ID)
	switch {
	case x.Act.ID == "" && x.Playlist.Access == music.Public:
		to = fans(x.Person)
	case x.Act.ID == "":
		to = nobody
	}
	return b.tell(ctx, telling{deliver: and(to, collaborators(p)), actor: site.Owner(&x), thing: site.PlaylistPost(&x), own: site.OwnPlaylist(&x), listed: true})
}

type deliver func(ctx context.Context, tx social.Tx, outgoing string) (int64, error)

// fans are those of a person.
func fans(who id.Person) deliver {
	return func(ctx context.Context, tx social.Tx, outgoing string) (int64, error) {
		return tx.DeliverToFans(ctx, outgoing, who)
	}
}

func nobody(context.Context, social.Tx, string) (int64, error) { return 0, nil }

// collaborators are those of other servers who work on a playlist.
func collaborators(p id.Playlist) deliver {
	return func(ctx context.Context, tx social.Tx, outgoing string) (int64, error) {
		return tx.DeliverToCollaborators(ctx, outgoing, p)
	}
}

// and brings an activity to both.
func and(a, b deliver) deliver {
	return func(ctx context.Context, tx social.Tx, outgoing string) (int64, error) {
		n, err := a(ctx, tx, outgoing)
		if err != nil {
			return n, err
		}
		m, err := b(ctx, tx, outgoing)
		return n + m, err
	}
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
