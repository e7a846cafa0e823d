package activity

import (
	"context"
	"encoding/json"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/record"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// invited takes that somebody elsewhere invites an act here, or a listener who is seen,
// to work on their playlist, which is in it as it is now.
func invited(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	o, err := object(in)
	if err != nil {
		return nil, err
	}
	if o.Object == nil || !o.Object.Is("nineten:Playlist") {
		return nil, nil
	}
	p, ok := record.Playlist(o.Object, in.From.ID)
	if !ok {
		return nil, fault.New(fault.Forbidden, "%q is no playlist of %s's that others may see.", o.ID(), in.From.ID)
	}
	at := in.Target.ID()
	if at == "" && len(in.To) == 1 {
		at = in.To[0]
	}
	c, err := guest(ctx, tx, in, at)
	if err != nil {
		return nil, err
	}
	in.Site.Recognise(p.Items)
	c.Invite = in.ID
	works, err := social.TakeInvitation(ctx, tx, in.From, &p, c)
	if err != nil || !works { // who works on it already says so again
		return nil, err
	}
	return []Out{{Actor: at, Activity: in.Site.Reply(tx.Now(), at, &p, in.ID, true), To: in.From}}, nil
}

// guest is who is invited by an address. Faults: NotFound.
func guest(ctx context.Context, tx social.Tx, in In, at string) (social.Collaborator, error) {
	if act, ok := in.Site.ActOf(at); ok {
		has, err := tx.HasAct(ctx, act)
		if err != nil || has {
			return social.Collaborator{Who: string(act), Kind: social.KindAct}, err
		}
	}
	if who, ok := in.Site.PersonOf(at); ok {
		p, err := tx.Person(ctx, who)
		if err == nil && p.Gone.IsZero() {
			return social.Collaborator{Who: string(p.Account), Kind: social.KindAccount}, nil
		}
		if err != nil && !fault.Is(err, fault.NotFound) {
			return social.Collaborator{}, err
		}
	}
	return social.Collaborator{}, fault.New(fault.NotFound, "%q is nobody here who can be invited.", at)
}

// uninvited takes an invitation back, which ends that they work on the playlist.
func uninvited(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	o, err := object(in)
	if err != nil {
		return nil, err
	}
	return nil, social.Uninvited(ctx, tx, in.From.ID, o.ID())
}

// responded takes what somebody says who was invited.
func responded(yes bool) Handler {
	return func(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
		o, err := object(in)
		if err != nil {
			return nil, err
		}
		err = social.Answered(ctx, tx, o.ID(), in.From.ID, yes)
		if fault.Is(err, fault.NotFound) { // it is an answer to something else
			err = nil
		}
		return nil, err
	}
}

// departed takes that somebody works on a playlist here no longer.
func departed(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	o, err := object(in)
	if err != nil {
		return nil, err
	}
	if p, ok := in.Site.PlaylistOf(o.ID()); ok {
		return nil, social.Departed(ctx, tx, p, in.From.ID)
	}
	return nil, nil
}

// suggested puts tracks into a playlist of this node, or takes them out: of who works on
// it alone, whatever they say of the playlist. For tracks that are not known their
// servers are asked first.
func suggested(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	p, ok := in.Site.PlaylistOf(in.Target.ID())
	if !ok {
		return nil, nil
	}
	if err := social.WorksOn(ctx, tx, p, in.From.ID); err != nil {
		return nil, err
	}
	at := vocab.IDs(in.Object.Object)
	if len(at) == 0 || len(at) > social.MostSuggested {
		return nil, fault.New(fault.Invalid, "%d tracks are named, from 1 to %d can be.", len(at), social.MostSuggested)
	}
	var tracks []id.Track
	lost := false
	for _, iri := range at {
		t, err := trackAt(ctx, tx, in, iri)
		if fault.Is(err, fault.NotFound) {
			lost = true
			continue
		}
		if err != nil {
			return nil, err
		}
		tracks = append(tracks, t)
	}
	if in.Is("Remove") {
		return nil, tx.Rework(ctx, p, nil, tracks)
	}
	if !lost {
		err := tx.Rework(ctx, p, tracks, nil)
		if fault.Is(err, fault.Limited) { // it is full, and will be
			err = fault.Wrap(err, fault.Conflict, "The playlist is full.")
		}
		return nil, err
	}
	s, err := json.Marshal(social.Suggestion{Playlist: p, Actor: in.From.ID, Tracks: at})
	if err != nil {
		return nil, err
	}
	return nil, tx.Enqueue(ctx, social.JobSuggested, in.ID, s, tx.Now())
}

// trackAt is the track of an address that is known here. Faults: NotFound.
func trackAt(ctx context.Context, tx social.Tx, in In, iri string) (id.Track, error) {
	if _, t, ok := in.Site.MusicOf(iri); ok && t != "" {
		return t, nil
	}
	return tx.TrackByIRI(ctx, iri)
}
