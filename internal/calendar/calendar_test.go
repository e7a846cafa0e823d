package calendar_test

import (
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"pgregory.net/rapid"
)

func TestDayAndPeriod(t *testing.T) {
	// Half past midnight in Berlin is still the day before in UTC.
	berlin := time.FixedZone("CET", 3600)
	at := time.Date(2026, 11, 1, 0, 30, 0, 0, berlin)
	if d := calendar.DayOf(at); d != 20261031 || d.String() != "2026-10-31" {
		t.Errorf("day = %d", d)
	}
	p := calendar.PeriodOf(at)
	if p != 202610 || p.String() != "2026-10" || p.Days() != 31 || p.LastDay() != 20261031 {
		t.Errorf("period = %v", p)
	}
	if p.Add(3) != 202701 || calendar.Day(20240228).Add(1) != 20240229 {
		t.Error("arithmetic does not carry")
	}
	if calendar.DaysLeft(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)) != 9 {
		t.Error("days left must count today")
	}
	if got := p.Due(calendar.Payout).Format(time.DateOnly); got != "2026-11-25" {
		t.Errorf("payout due %s", got)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, s := range []string{"", "2026-13", "2026-1", "202610", "2026-10-01", "1999-12"} {
		if p, err := calendar.ParsePeriod(s); err == nil {
			t.Errorf("%q = %v", s, p)
		}
	}
	for _, s := range []string{"", "2026-02-30", "20261101", "2026-11"} {
		if d, err := calendar.ParseDay(s); err == nil {
			t.Errorf("%q = %v", s, d)
		}
	}
	if calendar.Day(20260230).Valid() || calendar.Period(202613).Valid() || !calendar.Day(20260228).Valid() {
		t.Error("Valid is wrong")
	}
}

func TestDayRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(946684800, 4102444800).Draw(t, "unix"), 0)
		d := calendar.DayOf(at)
		if !d.Valid() || at.Before(d.Start()) || !at.Before(d.End()) || d.Add(1).Start() != d.End() {
			t.Fatalf("%v is not in %v", at, d)
		}
		if back, err := calendar.ParseDay(d.String()); err != nil || back != d {
			t.Fatalf("%v parses as %v, %v", d, back, err)
		}
	})
}
