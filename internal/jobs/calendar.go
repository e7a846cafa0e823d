package jobs

import (
	"context"
	"time"
)

// A Date is a repeated instant in UTC: every day, one day of every week, or one of
// every month.
type Date struct {
	Day          int // 1 to 28 of the month; 0 every day
	Weekday      int // 1 for Monday to 7; 0 every day
	Hour, Minute int
}

// last returns the date's latest occurrence that is not after t.
func (d Date) last(t time.Time) time.Time {
	t = t.UTC()
	y, m, day := t.Date()
	if d.Day != 0 {
		day = d.Day
	}
	at := time.Date(y, m, day, d.Hour, d.Minute, 0, 0, time.UTC)
	if d.Weekday != 0 {
		at = at.AddDate(0, 0, d.Weekday%7-int(at.Weekday()))
	}
	for at.After(t) {
		at = d.step(at, -1)
	}
	return at
}

// step goes from one occurrence to another.
func (d Date) step(at time.Time, by int) time.Time {
	switch {
	case d.Weekday != 0:
		return at.AddDate(0, 0, 7*by)
	case d.Day != 0:
		return at.AddDate(0, by, 0) // every month has days 1 to 28
	}
	return at.AddDate(0, 0, by)
}

// next returns the date's first occurrence after t.
func (d Date) next(t time.Time) time.Time {
	return d.step(d.last(t), 1)
}

// An occasion makes a job of a kind at each occurrence of a date.
type occasion struct {
	kind string
	date Date
}

// At makes a job of the kind at each occurrence of the date. Its payload is
// the occurrence's day as 2026-11-24. Occurrences that were missed while the
// node was down make one job, for the latest of them: a handler looks for
// itself what is left to be done. The first start makes none. At is called
// before Run.
func (r *Runner) At(kind string, d Date) { r.calendar = append(r.calendar, occasion{kind, d}) }

// keepCalendar makes the jobs that are due and returns when the next one is.
func (r *Runner) keepCalendar(ctx context.Context) (next time.Time, err error) {
	now := r.now()
	for _, o := range r.calendar {
		last, known := r.kept[o.kind]
		if !known || last.Before(o.date.last(now)) {
			if last, err = r.occur(ctx, o); err != nil {
				return next, err
			}
			r.kept[o.kind] = last
		}
		// A clock that was set back makes no occurrence a second time.
		if n := o.date.next(later(now, last)); next.IsZero() || n.Before(next) {
			next = n
		}
	}
	return next, nil
}

// occur makes the job of the latest occurrence unless that was done before.
func (r *Runner) occur(ctx context.Context, o occasion) (last time.Time, err error) {
	err = r.store.JobsUpdate(ctx, func(tx Tx) error {
		latest := o.date.last(tx.Now())
		if last, err = tx.Last(ctx, o.kind); err != nil {
			return err
		}
		if !last.Before(latest) {
			return nil
		}
		if !last.IsZero() {
			day := latest.Format(time.DateOnly)
			if err := tx.Enqueue(ctx, o.kind, day, []byte(day), tx.Now()); err != nil {
				return err
			}
		}
		last = latest
		return tx.SetLast(ctx, o.kind, latest)
	})
	return last, err
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
