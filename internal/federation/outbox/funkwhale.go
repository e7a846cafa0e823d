package outbox

import (
	"context"
	"slices"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/social"
)

func songs(site form.Site, a *form.Album) (out []*vocab.Object) {
	for i := range a.Songs {
		out = append(out, site.Funkwhale(&a.Songs[i]))
	}
	return out
}

// songs are what Funkwhale is told where others are told of a release: Create of
// tracks that are new, Update of the others, Delete of those that it was told of last
// and that are no more.
func (b *Outbox) songs(ctx context.Context, tx social.Tx, t telling, kind string) (out [][]byte, err error) {
	last, err := tx.Told(ctx, t.thing.ID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	known := map[string]bool{}
	var gone []string
	for _, body := range last.Songs {
		o, err := vocab.Parse(body)
		if err != nil || o.Is("Delete") || len(o.Object) != 1 {
			continue
		}
		at := o.Object[0].ID()
		known[at] = true
		if kind == "Delete" || !slices.ContainsFunc(t.songs, func(x *vocab.Object) bool { return x.ID == at }) {
			gone = append(gone, at)
		}
	}
	add := func(o *vocab.Object, kind, at string) error {
		x := activity(at, kind, t.actor, o, t.at)
		x.Context = o.Context
		inner := *o
		inner.Context = nil // the activity has it
		x.Object = []vocab.Item{vocab.Of(&inner)}
		body, err := x.Encode()
		out = append(out, body)
		return err
	}
	for _, o := range t.songs {
		what, at := "Update", address(o.ID, t.at)
		if kind == "Create" || !known[o.ID] {
			what = "Create"
		}
		if err := add(o, what, at); err != nil {
			return nil, err
		}
	}
	for _, at := range gone {
		if err := add(form.FunkwhaleGone(at), "Delete", address(at, t.at)); err != nil {
			return nil, err
		}
		if err := b.bury(ctx, tx, t.actor, at); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// bury keeps that a track is no more, at whose addresses it is said. It is sent to nobody:
// others hear of the release.
func (b *Outbox) bury(ctx context.Context, tx social.Tx, actor, upload string) error {
	site := b.Site(ctx)
	_, track, ok := site.MusicOf(upload)
	if !ok {
		return nil
	}
	about := site.TrackNote(track)
	x := activity(address(about, tx.Now())+"/delete", "Delete", actor, &vocab.Object{ID: about, Type: []string{"Tombstone"}, FormerType: "Note", Deleted: tx.Now()}, tx.Now())
	body, err := x.Encode()
	if err != nil {
		return err
	}
	return tx.Send(ctx, social.Outgoing{ID: x.ID, Actor: actor, About: about, Kind: "Delete", Body: body})
}
