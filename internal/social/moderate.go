package social

import (
	"cmp"
	"context"

	"github.com/michaelperna/9ten/internal/music"
)

// DecideBy is [Desk.Decide] by a moderator, whose it is on record. Faults:
// Unauthenticated, Forbidden, Invalid, NotFound.
func (d *Desk) DecideBy(ctx context.Context, v music.Viewer, r Rule) error {
	if err := moderates(v); err != nil {
		return err
	}
	return d.decide(ctx, recorded(v), []Rule{r})
}

// UndecideBy is [Desk.Undecide] by a moderator, whose it is on record. Faults:
// Unauthenticated, Forbidden, NotFound.
func (d *Desk) UndecideBy(ctx context.Context, v music.Viewer, host string) error {
	if err := moderates(v); err != nil {
		return err
	}
	return d.undecide(ctx, recorded(v), host)
}

// recorded is who did something, as it is kept.
func recorded(v music.Viewer) string { return cmp.Or(string(v.Account), "operator") }
