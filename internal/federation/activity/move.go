package activity

import (
	"context"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/social"
)

// longestTarget is how many bytes the address has at most to which somebody moves.
const longestTarget = 2048

// move has who follows somebody follow them to where they are now. Only they say
// so of themselves; that it is they who are there, too, is asked there.
func move(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	o, err := object(in)
	if err != nil {
		return nil, err
	}
	to := in.Target.ID()
	_, act := in.Site.ActOf(to)
	switch {
	case o.ID() != in.From.ID:
		return nil, fault.New(fault.Forbidden, "%s cannot say that %s moved.", in.From.ID, o.ID())
	case !strings.HasPrefix(to, "https://") || len(to) > longestTarget || to == in.From.ID || !act && remote.SameOrigin(to, in.Site.Origin):
		return nil, fault.New(fault.Invalid, "%q is nowhere to move to.", to)
	}
	return nil, social.WantMove(ctx, tx, social.Move{Actor: in.From.ID, Host: in.From.Host, Target: to})
}
