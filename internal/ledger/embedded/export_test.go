package embedded

import (
	"context"
	"database/sql"
	"net/url"
)

// FailAt lets every commit from now on fail at a step: "before" the file has the
// transactions, or "after". nil mends it.
func (l *Ledger) FailAt(failure func(step string) error) { l.failure = failure }

// Tamper runs SQL on the file, as an operator with an editor could.
func (l *Ledger) Tamper(ctx context.Context, query string, args ...any) error {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: l.cfg.File}).EscapedPath())
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, query, args...)
	return err
}
