package activity

import (
	"context"
	"slices"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/record"
	"github.com/michaelperna/9ten/internal/social"
)

// shelve keeps a playlist that an act elsewhere published or changed, when somebody
// here has to do with the act.
func shelve(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	o := record.In(in.Object)
	if o == nil {
		return nil, nil
	}
	p, ok := record.Playlist(o, in.From.ID)
	if !ok {
		return nil, nil
	}
	if wanted, err := wants(ctx, tx, &p); err != nil || !wanted {
		return nil, err
	}
	return nil, keepPlaylist(ctx, tx, in, &p)
}

// wants reports whether a playlist is kept: when somebody here has to do with whose it is
// and it is listed, or with the playlist.
func wants(ctx context.Context, tx social.Tx, p *social.Playlist) (bool, error) {
	if p.Listed {
		if wanted, err := social.Wanted(ctx, tx, p.Actor); err != nil || wanted {
			return wanted, err
		}
	}
	known, err := tx.PlaylistByIRI(ctx, p.IRI)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	all, err := tx.Collaborators(ctx, known.ID)
	return len(all) > 0, err
}

// keepPlaylist keeps a playlist, with which of its tracks are of this node.
func keepPlaylist(ctx context.Context, tx social.Tx, in In, p *social.Playlist) error {
	in.Site.Recognise(p.Items)
	return social.KeepPlaylist(ctx, tx, p)
}

// unshelve forgets a playlist that its act took back.
func unshelve(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	o, err := object(in)
	if err != nil {
		return nil, err
	}
	_, err = tx.DropPlaylist(ctx, o.ID(), in.From.ID)
	return nil, err
}

// relist puts tracks at the end of a playlist that is known here, or takes them out of
// it: of the act whose it is. Where it has the whole list as its target that counts.
func relist(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	was, err := tx.PlaylistByIRI(ctx, in.Target.ID())
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if was.Actor != in.From.ID {
		return nil, fault.New(fault.Forbidden, "%s is not %s's.", was.IRI, in.From.ID)
	}
	if o := in.Target.Object; o != nil {
		if p, ok := record.Playlist(o, in.From.ID); ok {
			return nil, keepPlaylist(ctx, tx, in, &p)
		}
	}
	named := record.Entries(in.Object.Object)
	if in.Is("Remove") {
		was.Items = slices.DeleteFunc(was.Items, func(e social.Entry) bool {
			return slices.ContainsFunc(named, func(n social.Entry) bool { return n.IRI == e.IRI })
		})
	} else {
		was.Items = append(was.Items, named...)
	}
	return nil, keepPlaylist(ctx, tx, in, &was)
}
