package app

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/jobs"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/report"
)

// From the 1st of a month to the 25th of the next nobody does anything but
// listen and pay: days are sealed, the month is settled, final and its batch
// fixed by the calendar alone. Somebody who closes it by hand in between, or
// twice at once, does no harm.
func TestCalendarLivesByItself(t *testing.T) {
	const month = calendar.Period(202510)
	h := newResidence(t, month.Start().Add(30*time.Second), 4)
	ctx, stop := context.WithCancel(t.Context())
	var jobs sync.WaitGroup
	jobs.Go(func() {
		if err := h.runJobs(ctx); err != nil {
			t.Error(err)
		}
	})
	defer jobs.Wait()
	defer stop()
	h.quiet()
	h.set(month.Start().Add(45 * time.Second))
	h.pay(0, 20*money.Dollar) // two months ahead
	h.pay(1, money.Price)
	var states []report.PeriodState
	for day := month.Start(); !day.After(month.Add(1).Day(25).Start()); day = day.AddDate(0, 0, 1) {
		h.set(day.Add(20 * time.Minute)) // the day before is closed
		h.quiet()
		h.set(day.Add(35 * time.Minute)) // a month that is due is taken further
		h.quiet()
		h.set(day.Add(12 * time.Hour))
		h.quiet()
		h.hear(0, day.Day()%3, time.Minute, true)
		h.hear(2, 5, time.Minute, true) // listens and does not pay
		switch {
		case day.Equal(month.Day(10).Start()):
			h.pay(3, money.Price)
		case day.Equal(month.Add(1).Day(2).Start()): // a late claim of the month
			_, err := h.listen.Claim(t.Context(), h.claimOf(1, 7, month.LastDay().Start().Add(20*time.Hour), time.Minute, true))
			h.ok(err)
		case day.Equal(month.Add(1).Day(4).Start()), day.Equal(month.Add(1).Day(21).Start()):
			var twice sync.WaitGroup
			for range 2 { // who comes second may be told to look again, and nothing worse
				twice.Go(func() {
					if _, err := h.report.CloseMonth(t.Context(), month); err != nil && !fault.Is(err, fault.Unavailable) {
						t.Error(err)
					}
				})
			}
			twice.Wait()
		}
		all, err := h.report.Settled(t.Context())
		h.ok(err)
		if len(all) > 0 && (len(states) == 0 || states[len(states)-1] != all[0].Period.State) {
			states = append(states, all[0].Period.State)
		}
	}
	if len(states) != 2 || states[0] != report.Booked || states[1] != report.Fixed {
		t.Errorf("the month went through %v", states)
	}
	all, err := h.report.Settled(t.Context())
	h.ok(err)
	s := all[0].Settlement
	// Person 3 joined on the 10th: 22 of 31 days.
	charge, operator, pot := money.Charge(22, 31)
	if len(all) != 1 || s.Payers != 3 || s.Pots != 18*money.Dollar+pot || s.Operator != 2*money.Dollar+operator || s.Received != 40*money.Dollar || s.UnearnedOut != 20*money.Dollar-charge || all[0].Period.Batch == "" {
		t.Errorf("settled: %+v, batch %q", s, all[0].Period.Batch)
	}
	if row := h.monthOf(1, month); len(row.Shares) != 1 || row.Shares[0].Act != actID(7) || row.Shares[0].Micro != 9*money.Dollar {
		t.Errorf("the late claim pays %+v", row.Shares)
	}
	if row := h.monthOf(0, month); len(row.Shares) != 3 {
		t.Errorf("three acts were heard: %+v", row.Shares)
	}
	if row := h.monthOf(3, month); row.CarryOut != pot {
		t.Errorf("who heard nothing: %+v", row)
	}
	h.holds()
}

// quiet waits until the calendar has made what is due by now of days, months
// and money, and no job of it is waiting or running.
func (h *residence) quiet() {
	h.t.Helper()
	ctx := h.t.Context()
	dates := map[string]jobs.Date{jobRenew: {Minute: 1}, jobDay: {Minute: 10}, jobMonth: {Minute: 30}, jobExpire: {Hour: 3}}
	for tick := time.NewTicker(2 * time.Millisecond); ; <-tick.C {
		h.jobs.Wake()
		done := true
		err := h.db.JobsView(ctx, func(tx jobs.Tx) error {
			for kind, d := range dates {
				at, err := tx.Last(ctx, kind)
				if err != nil {
					return err
				}
				due := time.Date(h.now().UTC().Year(), h.now().UTC().Month(), h.now().UTC().Day(), d.Hour, d.Minute, 0, 0, time.UTC)
				if due.After(h.now()) {
					due = due.AddDate(0, 0, -1)
				}
				done = done && !at.Before(due)
			}
			list, err := tx.Counts(ctx)
			for _, c := range list {
				if c.State == jobs.Dead {
					dead, err := tx.Dead(ctx, 1)
					h.t.Fatalf("%s was given up: %+v, %v", c.Kind, dead, err)
				}
				if _, mine := dates[c.Kind]; mine { // others have a calendar of their own
					done = done && c.N == 0
				}
			}
			return err
		})
		h.ok(err)
		if done {
			tick.Stop()
			return
		}
	}
}
