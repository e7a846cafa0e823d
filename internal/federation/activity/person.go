package activity

import (
	"context"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// followPerson takes who follows a listener who is seen elsewhere. Whom the listener
// wants to be asked about hears later.
func followPerson(ctx context.Context, tx social.Tx, in In, who id.Person) ([]Out, error) {
	p, err := tx.Person(ctx, who)
	if err == nil && !p.Gone.IsZero() {
		err = fault.New(fault.NotFound, "%q is nobody here who can be followed.", in.Site.Person(who))
	}
	if err != nil {
		return nil, err
	}
	state, err := social.FollowPerson(ctx, tx, &p, in.From, in.ID)
	if err != nil || state == social.FollowAsked {
		return nil, err
	}
	at := in.Site.Person(who)
	return []Out{{Actor: at, Activity: in.Site.Answer(tx.Now(), at, in.From.ID, in.ID, state == social.FollowsThem), To: in.From}}, nil
}

// unfollowPerson ends it: by the activity's id, or by whom it was of.
func unfollowPerson(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	o, err := object(in)
	if err != nil {
		return nil, err
	}
	who, err := tx.FollowedPerson(ctx, in.From.ID, o.ID())
	if fault.Is(err, fault.NotFound) {
		var ok bool
		if o.Object == nil || len(o.Object.Object) != 1 {
			return nil, nil
		}
		if who, ok = in.Site.PersonOf(o.Object.Object[0].ID()); !ok {
			return nil, nil
		}
		err = nil
	}
	if err != nil {
		return nil, err
	}
	return nil, social.UnfollowPerson(ctx, tx, who, in.From.ID)
}
