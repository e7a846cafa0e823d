package contracttest

import (
	"testing"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty"
)

func anchors(t *testing.T, w *world) {
	d := w.period.Day(1)
	w.anchor(t, d)
	w.anchor(t, d.Add(1))
	root := contract.Digest(royalty.Root(w.leaves))
	good := contract.DayAnchor{Node: home, Day: d.Add(2), Size: 32, Root: root, Commit: digest("c")}
	for _, tt := range []struct {
		what   string
		change func(*contract.DayAnchor)
		want   fault.Kind
	}{
		{"the same day", func(a *contract.DayAnchor) { a.Day = d.Add(1) }, fault.Conflict},
		{"a day before", func(a *contract.DayAnchor) { a.Day = d }, fault.Conflict},
		{"no day", func(a *contract.DayAnchor) { a.Day = 20260230 }, fault.Invalid},
		{"today", func(a *contract.DayAnchor) { a.Day = calendar.DayOf(w.net.Now()) }, fault.Invalid},
		{"a shorter log", func(a *contract.DayAnchor) { a.Size = 16 }, fault.Invalid},
		{"another log", func(a *contract.DayAnchor) { a.Root = digest("other") }, fault.Invalid},
		{"growth without proof", func(a *contract.DayAnchor) { a.Size, a.Root = 48, digest("more") }, fault.Invalid},
		{"an empty log with a root", func(a *contract.DayAnchor) { a.Size = 0 }, fault.Invalid},
		{"invoices without a root", func(a *contract.DayAnchor) { a.InvoiceCount = 1 }, fault.Invalid},
		{"no commit", func(a *contract.DayAnchor) { a.Commit = contract.Digest{} }, fault.Invalid},
		{"a wrong reveal", func(a *contract.DayAnchor) { a.Reveal = digest("wrong") }, fault.Invalid},
		{"another's log", func(a *contract.DayAnchor) { a.Node = "b.example" }, fault.Forbidden},
		{"a quiet day", func(*contract.DayAnchor) {}, fine},
	} {
		in := good
		tt.change(&in)
		wants(t, tt.what, one(w.c.AnchorDay(w.ctx, w.op(), in)), tt.want)
	}
	got, err := w.c.LastAnchor(w.ctx, home)
	wants(t, "last", err, fine)
	if got.Day != d.Add(2) || got.Size != 32 || got.Added != 0 || got.Root != root {
		t.Errorf("last anchor = %+v", got)
	}
	if a, err := w.c.Anchor(w.ctx, home, d.Add(1)); err != nil || a.Added != 16 {
		t.Errorf("second anchor = %+v, %v", a, err)
	}
	wants(t, "a day not anchored", one(w.c.Anchor(w.ctx, home, d.Add(3))), fault.NotFound)
}

func beaconAlone(t *testing.T, w *world) {
	d := w.period.Day(1)
	var last royalty.Hash
	// follows fails unless a day's beacon is that of the day before with what home
	// revealed, if it did.
	follows := func(day calendar.Day, reveals ...royalty.Reveal) {
		t.Helper()
		got, err := w.c.Beacon(w.ctx, day)
		wants(t, "beacon", err, fine)
		want, err := royalty.Beacon(last, reveals)
		wants(t, "value", err, fine)
		if got.Value != contract.Digest(want) || int(got.Reveals) != len(reveals) {
			t.Errorf("beacon = %+v, want %x of %d", got, want, len(reveals))
		}
		last = want
	}
	number := func(day calendar.Day) royalty.Reveal {
		return royalty.Reveal{Node: home, R: royalty.Hash(w.secret[day])}
	}
	w.anchor(t, d)
	wants(t, "before the reveal", one(w.c.Beacon(w.ctx, d)), fault.NotFound)
	w.anchor(t, d.Add(1))
	wants(t, "revealed", one(w.c.Beacon(w.ctx, d)), fault.NotFound)
	w.anchor(t, d.Add(2))
	follows(d, number(d))
	// A node that slept: the days nobody committed to are fixed without it, and what
	// it reveals when it wakes counts for the day it is of.
	w.anchor(t, d.Add(7))
	follows(d.Add(1), number(d.Add(1)))
	follows(d.Add(2), number(d.Add(2)))
	for n := 3; n <= 5; n++ {
		follows(d.Add(n))
	}
	wants(t, "still open", one(w.c.Beacon(w.ctx, d.Add(6))), fault.NotFound)
}

func beaconTogether(t *testing.T, w *world) {
	clients := map[string]contract.Client{home: w.c, "b.example": w.register(t, "b.example"), "c.example": w.register(t, "c.example")}
	d := w.period.Day(1)
	anchor := func(node string, day, reveal calendar.Day) {
		t.Helper()
		in := contract.DayAnchor{Node: node, Day: day, Commit: commit(t, node, day, digest(node, day))}
		if reveal != 0 {
			in.Reveal = digest(node, reveal)
		}
		wants(t, node+" "+day.String(), one(clients[node].AnchorDay(w.ctx, w.op(), in)), fine)
	}
	anchor(home, d, 0)
	anchor("b.example", d, 0)
	anchor(home, d.Add(1), d) // reveals
	anchor("c.example", d, 0) // commits after a reveal: too late
	wants(t, "b has not revealed", one(w.c.Beacon(w.ctx, d)), fault.NotFound)
	anchor("b.example", d.Add(1), d)
	wants(t, "nobody anchored the second day after", one(w.c.Beacon(w.ctx, d)), fault.NotFound)
	anchor(home, d.Add(2), d.Add(1))
	got, err := w.c.Beacon(w.ctx, d)
	wants(t, "fixed", err, fine)
	want, _ := royalty.Beacon(royalty.Hash{}, []royalty.Reveal{
		{Node: home, R: royalty.Hash(digest(home, d))}, {Node: "b.example", R: royalty.Hash(digest("b.example", d))}})
	if got.Value != contract.Digest(want) || got.Reveals != 2 {
		t.Errorf("beacon = %+v: the late commit must not count", got)
	}
	// The cut-off: b withholds its number of the second day.
	wants(t, "b may still come", one(w.c.Beacon(w.ctx, d.Add(1))), fault.NotFound)
	anchor(home, d.Add(3), d.Add(2))
	got, err = w.c.Beacon(w.ctx, d.Add(1))
	wants(t, "cut off", err, fine)
	if got.Reveals != 1 {
		t.Errorf("beacon = %+v", got)
	}
	anchor("b.example", d.Add(3), d.Add(1)) // true, and too late
	if again, _ := w.c.Beacon(w.ctx, d.Add(1)); again != got {
		t.Error("a beacon changed after it was fixed")
	}
}

func payments(t *testing.T, w *world) {
	good := contract.DayPayments{Node: home, Day: w.period.Day(5), Declared: digest("d"), DeclaredCount: 2, Received: 20, Refunded: 10}
	for _, tt := range []struct {
		what   string
		change func(*contract.DayPayments)
		want   fault.Kind
	}{
		{"below zero", func(p *contract.DayPayments) { p.Received = -1 }, fault.Invalid},
		{"money without a payment", func(p *contract.DayPayments) { p.Declared, p.DeclaredCount = contract.Digest{}, 0 }, fault.Invalid},
		{"a tree without a root", func(p *contract.DayPayments) { p.EvidenceCount = 1 }, fault.Invalid},
		{"today", func(p *contract.DayPayments) { p.Day = calendar.DayOf(w.net.Now()) }, fault.Invalid},
		{"another node's", func(p *contract.DayPayments) { p.Node = "b.example" }, fault.Forbidden},
		{"right", func(*contract.DayPayments) {}, fine},
		{"twice", func(*contract.DayPayments) {}, fault.Conflict},
	} {
		in := good
		tt.change(&in)
		wants(t, tt.what, one(w.c.RecordPayments(w.ctx, w.op(), in)), tt.want)
	}
	wants(t, "none recorded", one(w.c.Payments(w.ctx, home, w.period.Day(6))), fault.NotFound)
}

func operator(t *testing.T, w *world) {
	now := calendar.PeriodOf(w.net.Now())
	for _, tt := range []struct {
		what string
		in   contract.OperatorPay
		want fault.Kind
	}{
		{"next month", contract.OperatorPay{Node: home, Period: now.Add(1)}, fault.Invalid},
		{"this month", contract.OperatorPay{Node: home, Period: now, Payers: 1, Operator: money.Dollar, Pots: 9 * money.Dollar}, fine},
		{"more than a tenth", contract.OperatorPay{Node: home, Period: now, Payers: 1, Operator: money.Dollar + 1, Pots: 9*money.Dollar - 1}, fault.Invalid},
		{"more than the price", contract.OperatorPay{Node: home, Period: now, Payers: 1, Operator: money.Dollar, Pots: 9*money.Dollar + 1}, fault.Invalid},
		{"below zero", contract.OperatorPay{Node: home, Period: now, Payers: 1, Operator: -1}, fault.Invalid},
		{"one more, for nine days", contract.OperatorPay{Node: home, Period: now, Payers: 2, Operator: 1_300_000, Pots: 11_700_000}, fine},
		{"another's", contract.OperatorPay{Node: "b.example", Period: now}, fault.Forbidden},
	} {
		wants(t, tt.what, one(w.c.PayOperators(w.ctx, w.op(), tt.in)), tt.want)
	}
	got, err := w.c.OperatorPay(w.ctx, home, now)
	wants(t, "read", err, fine)
	if got.Payers != 2 || got.Operator != 1_300_000 {
		t.Errorf("operator = %+v", got)
	}
}
