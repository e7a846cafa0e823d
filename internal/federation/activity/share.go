package activity

import (
	"context"

	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/social"
)

// shared keeps for who follows somebody here what they share, of whatever server.
func shared(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	o, err := object(in)
	if err != nil || !in.IsPublic() {
		return nil, err
	}
	here, _, err := thing(ctx, tx, in, o)
	if err != nil {
		return nil, err
	}
	return nil, social.TakeShare(ctx, tx, social.Share{Actor: in.From.ID, Activity: in.ID, About: form.Plain(o.ID()), At: in.Published}, here)
}

// unshared takes that back, by the activity or by what it was about.
func unshared(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	o, err := object(in)
	if err != nil {
		return nil, err
	}
	about := ""
	if o.Object != nil && len(o.Object.Object) == 1 {
		about = form.Plain(o.Object.Object[0].ID())
	}
	return nil, tx.DropShare(ctx, in.From.ID, o.ID(), about)
}
