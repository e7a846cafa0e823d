package store

import (
	"cmp"
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func (tx socialTx) PutReport(ctx context.Context, r social.Report) error {
	err := tx.Q.FlagPut(ctx, sqlgen.FlagPutParams{ID: string(r.ID), Account: string(r.By.Account), Actor: r.By.Actor, Host: r.By.Host, Activity: text(r.Activity), Words: text(r.Words), At: ms(r.At)})
	if err != nil {
		return wrap(err, "report")
	}
	for i, s := range r.About {
		if err := tx.Q.FlagSubjectPut(ctx, sqlgen.FlagSubjectPutParams{Flag: string(r.ID), Place: int64(i), Kind: string(s.Kind), Target: s.Target, Name: text(s.Name), Words: text(s.Words),
			Page: text(s.Page), Iri: text(s.IRI), Actor: s.Actor, Host: s.Host}); err != nil {
			return wrap(err, "report")
		}
	}
	return nil
}

func (tx socialTx) Report(ctx context.Context, what id.Report) (social.Report, error) {
	row, err := tx.Q.FlagByID(ctx, string(what))
	if err != nil {
		return social.Report{}, missing(err, "There is no such report.")
	}
	f := row.Flag
	r := social.Report{ID: what, Activity: f.Activity, Words: f.Words, At: utc(f.At), Told: utc(f.Told), Closed: utc(f.Closed), Closer: row.ClosedBy, Note: f.Note,
		By: social.Author{Account: id.Account(f.Account), Name: row.HereName, Handle: row.HereHandle}}
	if f.Host != "" {
		r.By = social.Author{Actor: f.Actor, Host: f.Host, Name: row.ThereName, Handle: row.ThereHandle, URL: row.ThereUrl}
	}
	subjects, err := tx.Q.FlagSubjects(ctx, string(what))
	for _, s := range subjects {
		r.About = append(r.About, social.Subject{Kind: social.Kind(s.Kind), Target: s.Target, Name: s.Name, Words: s.Words, Page: s.Page, IRI: s.Iri, Actor: s.Actor, Host: s.Host})
	}
	return r, wrap(err, "report")
}

// lastID is behind every id.
const lastID = "ZZZZZZZZZZZZZZZZZZZZZZZZZZ"

func (tx socialTx) Reports(ctx context.Context, closed bool, before id.Report, n int) ([]social.Report, error) {
	at := cmp.Or(string(before), lastID)
	ids, err := tx.Q.FlagsOpen(ctx, sqlgen.FlagsOpenParams{Before: at, Lim: int32(n)})
	if closed {
		ids, err = tx.Q.FlagsClosed(ctx, sqlgen.FlagsClosedParams{Before: at, Lim: int32(n)})
	}
	if err != nil {
		return nil, wrap(err, "reports")
	}
	out := make([]social.Report, len(ids))
	for i, x := range ids {
		if out[i], err = tx.Report(ctx, id.Report(x)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (tx socialTx) CloseReport(ctx context.Context, r id.Report, at time.Time, by id.Account, note string) error {
	return wrap(tx.Q.FlagClose(ctx, sqlgen.FlagCloseParams{Closed: ms(at), Closer: string(by), Note: text(note), ID: string(r)}), "report")
}

func (tx socialTx) ToldReport(ctx context.Context, r id.Report) error {
	return wrap(tx.Q.FlagTold(ctx, sqlgen.FlagToldParams{Told: tx.Ms(), ID: string(r)}), "report")
}

func (tx socialTx) DropReportBy(ctx context.Context, actor, activity string) error {
	return wrap(tx.Q.FlagDropBy(ctx, sqlgen.FlagDropByParams{Actor: actor, Activity: activity}), "report")
}

func (tx socialTx) DropReportsBy(ctx context.Context, actor string) error {
	return wrap(tx.Q.FlagDropActor(ctx, actor), "reports")
}

func (tx socialTx) CountReports(ctx context.Context, by social.Author, since time.Time) (n, open int64, err error) {
	if by.Account != "" {
		n, err = tx.Q.FlagsBy(ctx, sqlgen.FlagsByParams{Account: string(by.Account), Since: ms(since)})
	} else if by.Host != "" {
		n, err = tx.Q.FlagsFrom(ctx, sqlgen.FlagsFromParams{Host: by.Host, Since: ms(since)})
	}
	if err != nil {
		return 0, 0, wrap(err, "reports")
	}
	if by.Host != "" {
		open, err = tx.Q.FlagsWaitingThere(ctx)
	} else {
		open, err = tx.Q.FlagsWaiting(ctx)
	}
	return n, open, wrap(err, "reports")
}

func (tx socialTx) Reported(ctx context.Context, a id.Account, s social.Subject) (bool, error) {
	n, err := tx.Q.FlagOpenOf(ctx, sqlgen.FlagOpenOfParams{Account: string(a), Kind: string(s.Kind), Target: s.Target})
	return n > 0, wrap(err, "reports")
}

func (tx socialTx) DropReports(ctx context.Context, closedBefore time.Time) error {
	return wrap(tx.Q.FlagExpire(ctx, ms(closedBefore)), "reports")
}

func (tx socialTx) ActNamed(ctx context.Context, a id.Act) (name, handle string, err error) {
	r, err := tx.Q.ActByID(ctx, string(a))
	return r.Name, r.Handle, missing(err, noAct)
}

func (tx socialTx) ReleaseNamed(ctx context.Context, r id.Release) (string, error) {
	row, err := tx.Q.ReleaseByID(ctx, string(r))
	return row.Title, missing(err, noRelease)
}
