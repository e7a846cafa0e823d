package social

import (
	"cmp"
	"context"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
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

// UndecideBy drops a rule, by a moderator, whose word it is on record. Faults:
// Unauthenticated, Forbidden, NotFound.
func (d *Desk) UndecideBy(ctx context.Context, v music.Viewer, host string) error {
	if err := moderates(v); err != nil {
		return err
	}
	if host = strings.ToLower(strings.TrimPrefix(host, "@")); !strings.Contains(host, "@") {
		host = bare(host)
	}
	return d.Store.SocialUpdate(ctx, func(tx Tx) error {
		if _, err := tx.Rule(ctx, host); err != nil {
			return fault.Wrap(err, fault.NotFound, "Nothing was decided about the server %s.", host)
		}
		if err := tx.DropRule(ctx, host); err != nil {
			return err
		}
		return tx.Audit(ctx, recorded(v), "server.undecide", host, "")
	})
}

// recorded is who did something, as it is kept.
func recorded(v music.Viewer) string { return cmp.Or(string(v.Account), "operator") }
