package activity

import (
	"context"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/record"
	"github.com/michaelperna/9ten/internal/social"
)

// publish keeps a release that an act elsewhere published or changed, when
// somebody here has to do with the act. An older word does not replace a newer.
func publish(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	o := record.In(in.Object)
	if o == nil {
		return nil, nil
	}
	r, ok := record.Of(o, in.From.ID)
	if !ok {
		return nil, nil
	}
	if wanted, err := social.Wanted(ctx, tx, in.From.ID); err != nil || !wanted {
		return nil, err
	}
	was, err := tx.ReleaseByIRI(ctx, r.IRI)
	switch {
	case fault.Is(err, fault.NotFound):
	case err != nil:
		return nil, err
	case was.Actor != in.From.ID:
		return nil, fault.New(fault.Forbidden, "%s is not %s's.", r.IRI, in.From.ID)
	case was.Updated.After(r.Updated):
		return nil, nil
	}
	return nil, social.Keep(ctx, tx, &r)
}

// withdraw forgets a release that its act took back.
func withdraw(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	o, err := object(in)
	if err != nil {
		return nil, err
	}
	return nil, social.Withdraw(ctx, tx, o.ID(), in.From.ID)
}

// accepted notes that an act elsewhere has taken the node as a follower.
func accepted(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	return replied(ctx, tx, in, social.Accepted)
}

// declined notes that it has not, or does not want it any more.
func declined(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	return replied(ctx, tx, in, social.Declined)
}

// replied notes what the act that was asked said. Some software answers with a
// Follow of an id of its own: who follows whom is what counts.
func replied(ctx context.Context, tx social.Tx, in In, state string) ([]Out, error) {
	o, err := object(in)
	if err != nil {
		return nil, err
	}
	f, err := tx.Following(ctx, in.From.ID)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if o.ID() != f.Activity && (o.Object == nil || o.Object.Actor.ID() != in.Site.Node()) {
		return nil, nil
	}
	f.State = state
	return nil, tx.PutFollowing(ctx, f)
}

// refused notes that an act elsewhere does not want the node to follow it, whether or not it
// was asked.
func refused(ctx context.Context, tx social.Tx, actor string) error {
	f, err := tx.Following(ctx, actor)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	f.State = social.Declined
	return tx.PutFollowing(ctx, f)
}
