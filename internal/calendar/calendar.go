// Package calendar knows UTC days and months as the ledger counts them, and
// the dates of a period on which something is due. It never asks what time
// it is.
package calendar

import (
	"fmt"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
)

// Day is a UTC calendar day as the number YYYYMMDD, the form that is hashed.
type Day uint32

// Period is a UTC calendar month as the number YYYYMM, the form that is hashed.
type Period uint32

// DayOf returns the UTC day t falls in.
func DayOf(t time.Time) Day {
	y, m, d := t.UTC().Date()
	return Day(y*10000 + int(m)*100 + d)
}

// PeriodOf returns the UTC month t falls in.
func PeriodOf(t time.Time) Period { return DayOf(t).Period() }

// Start returns the day's first instant.
func (d Day) Start() time.Time {
	return time.Date(int(d/10000), time.Month(d/100%100), int(d%100), 0, 0, 0, 0, time.UTC)
}

// End returns the first instant after the day.
func (d Day) End() time.Time { return d.Start().AddDate(0, 0, 1) }

// Add returns the day n days later.
func (d Day) Add(n int) Day { return DayOf(d.Start().AddDate(0, 0, n)) }

// Period returns the month the day is in.
func (d Day) Period() Period { return Period(d / 100) }

// Valid reports whether d is a day of the calendar between 2000 and 9999.
func (d Day) Valid() bool { return d >= 20000101 && d <= 99991231 && DayOf(d.Start()) == d }

// String writes 2026-11-24.
func (d Day) String() string { return fmt.Sprintf("%04d-%02d-%02d", d/10000, d/100%100, d%100) }

// ParseDay reads 2026-11-24 and returns an Invalid fault for anything else.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || !DayOf(t).Valid() {
		return 0, fault.New(fault.Invalid, "%q is no day: write it like 2026-11-24.", s)
	}
	return DayOf(t), nil
}

// Start returns the period's first instant.
func (p Period) Start() time.Time {
	return time.Date(int(p/100), time.Month(p%100), 1, 0, 0, 0, 0, time.UTC)
}

// End returns the first instant after the period.
func (p Period) End() time.Time { return p.Start().AddDate(0, 1, 0) }

// Add returns the period n months later.
func (p Period) Add(n int) Period { return PeriodOf(p.Start().AddDate(0, n, 0)) }

// Days returns how many days the period has.
func (p Period) Days() int { return p.End().AddDate(0, 0, -1).Day() }

// Day returns the period's day n, counting from 1.
func (p Period) Day(n int) Day { return Day(uint32(p)*100 + uint32(n)) }

// LastDay returns the period's last day.
func (p Period) LastDay() Day { return p.Day(p.Days()) }

// Valid reports whether p is a month between 2000-01 and 9999-12.
func (p Period) Valid() bool { return p >= 200001 && p <= 999912 && p%100 >= 1 && p%100 <= 12 }

// String writes 2026-11.
func (p Period) String() string { return fmt.Sprintf("%04d-%02d", p/100, p%100) }

// ParsePeriod reads 2026-11 and returns an Invalid fault for anything else.
func ParsePeriod(s string) (Period, error) {
	t, err := time.Parse("2006-01", s)
	if err != nil || !PeriodOf(t).Valid() {
		return 0, fault.New(fault.Invalid, "%q is no month: write it like 2026-10.", s)
	}
	return PeriodOf(t), nil
}

// DaysLeft returns how many days of its month are left at t, today included.
func DaysLeft(t time.Time) int { return PeriodOf(t).Days() - t.UTC().Day() + 1 }

// A Step is one thing that is due in the life of a period, in order.
type Step uint8

// The steps of a period, all dated in the month that follows it.
const (
	Close      Step = iota // day 1: the period ends, operators' dollars are booked
	LateClaims             // end of day 3: claims of the period are no longer taken
	Settle                 // day 4: settlement and receipts, challenges open
	Challenged             // day 14: challenges end
	Final                  // day 20: the settlement is final, payout batch fixed
	Payout                 // day 25: the last day for paying
)

// dates holds the day of the following month on which each step is due.
var dates = [...]int{Close: 1, LateClaims: 4, Settle: 4, Challenged: 14, Final: 20, Payout: 25}

// Due returns the instant from which step s of period p is due.
func (p Period) Due(s Step) time.Time { return p.End().AddDate(0, 0, dates[s]-1) }

// WaitMonths is for how many months a period's money waits for an act that
// nobody can pay, counted from the day on which it should have been paid.
const WaitMonths = 12

// Forfeit returns the instant from which what the period gave to such an act
// belongs to the commons.
func (p Period) Forfeit() time.Time { return p.Add(WaitMonths).Due(Payout) }
