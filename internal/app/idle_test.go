package app

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/report"
)

// Pots of subscribers who did not listen, or whose devices signed nothing,
// wait, and in the end go where listening.md says.
func TestIdlePots(t *testing.T) {
	const january = calendar.Period(202501)
	const (
		signed    = iota // signs in January, then never plays
		never            // never plays
		confirms         // is not signed in February and March; confirms in March
		wordless         // is not signed in January, never says a word
		gone             // plays nothing in January, cancels, leaves in March
		scrobbles        // signed in January, not signed in February: January counts
		people
	)
	h := newResidence(t, january.LastDay().Start().Add(time.Hour), people)
	for i := range people {
		h.pay(i, 60*money.Dollar)
	}
	h.ok(h.wallet.Cancel(t.Context(), h.people[gone].account))
	h.set(january.LastDay().Start().Add(12 * time.Hour))
	h.hear(signed, 1, time.Minute, true)
	h.set(january.LastDay().Start().Add(13 * time.Hour))
	h.hear(signed, 2, 2*time.Minute, true)
	h.hear(wordless, 3, time.Minute, false)
	h.hear(scrobbles, 4, time.Minute, true)
	month := func(p calendar.Period, before func()) {
		t.Helper()
		h.set(p.Start().Add(2 * time.Minute))
		_, err := h.wallet.Renew(t.Context())
		h.ok(err)
		h.set(p.Start().AddDate(0, 0, 19).Add(12 * time.Hour))
		if before != nil {
			before()
		}
		h.set(p.Due(calendar.Final).Add(35 * time.Minute))
		months, err := h.report.CloseDue(t.Context())
		if err != nil || months[len(months)-1].State != report.Fixed {
			t.Fatalf("%v: %+v, %v", p, months, err)
		}
	}
	month(january, nil)
	month(january.Add(1), func() {
		h.hear(confirms, 5, time.Minute, false)
		h.hear(scrobbles, 6, time.Minute, false)
	})
	h.set(january.Add(2).Start().AddDate(0, 0, 25))
	if err := h.accounts.Remove(t.Context(), account.Operator(), h.people[gone].account); err != nil {
		t.Errorf("who pays for no open month may leave: %v", err)
	}
	h.people = append(h.people[:gone:gone], h.people[gone+1:]...) // scrobbles moves up
	const scrobbler = gone
	month(january.Add(2), func() {
		h.hear(confirms, 5, time.Minute, false)
		h.ok(h.report.Confirm(t.Context(), h.people[confirms].account))
	})
	month(january.Add(3), nil)
	month(january.Add(4), nil)

	_, _, pot := money.Charge(1, 31) // of January, joined on the 31st
	full := 9 * money.Dollar
	row := h.monthOf(signed, january.Add(3))
	if row.CarryOut != 3*full || row.Carried != 3 {
		t.Errorf("three months wait: %+v", row)
	}
	row = h.monthOf(signed, january.Add(4))
	if row.Basis != january || len(row.Shares) != 2 || row.CarryIn != 3*full || row.Shares[0].Act != actID(2) || row.Shares[0].Micro+row.Shares[1].Micro != 4*full {
		t.Errorf("the last signed nine: %+v", row)
	}
	if row = h.monthOf(never, january.Add(3)); row.Commons != 3*full+pot {
		t.Errorf("nobody can be paid: %+v", row)
	}
	row = h.monthOf(confirms, january.Add(2))
	if row.Basis != january.Add(2) || row.CarryIn != full+pot || row.Shares[0].Micro != 2*full+pot {
		t.Errorf("confirmed: %+v", row)
	}
	if row = h.monthOf(wordless, january.Add(3)); row.Commons != 3*full+pot || len(row.Shares) > 0 {
		t.Errorf("what no device signed and nobody confirmed pays nobody: %+v", row)
	}
	row = h.monthOf(scrobbler, january.Add(4))
	if row.Basis != january || row.Shares[0].Act != actID(4) {
		t.Errorf("an unsigned month is no basis: %+v", row)
	}
	all, err := h.report.Settled(t.Context())
	h.ok(err)
	var commons money.Micro
	for _, m := range all {
		commons += m.Settlement.Commons
	}
	if march := all[2].Settlement; march.Commons != pot { // of who left
		t.Errorf("%v of March went to the commons", march.Commons)
	}
	list, err := h.wallet.Balances(t.Context())
	h.ok(err)
	for _, b := range list {
		if strings.HasPrefix(string(b.Book), "liabilities:commons") && -b.Micro != commons {
			t.Errorf("the commons hold %v, settlements say %v", -b.Micro, commons)
		}
	}
	h.holds()
}

// A ledger that is away when the month is to be published, until the log has
// grown: the month is compiled again and says the same.
func TestLedgerIsAway(t *testing.T) {
	const month = calendar.Period(202510)
	h := newResidence(t, month.LastDay().Start().Add(time.Hour), 2)
	h.pay(0, money.Price)
	h.pay(1, money.Price)
	h.hear(0, 1, time.Minute, true)
	h.closeDays(month.Due(calendar.Settle).Add(15*time.Minute), 4)
	away := func(s string) error {
		if s == "ledger before" {
			return errors.New("no answer")
		}
		return nil
	}
	h.step.Store(&away)
	h.set(month.Due(calendar.Settle).Add(35 * time.Minute))
	if _, err := h.report.CloseMonth(t.Context(), month); !fault.Is(err, fault.Unavailable) {
		t.Fatalf("without a ledger: %v", err)
	}
	h.step.Store(nil)
	h.closeDays(month.Due(calendar.Settle).AddDate(0, 0, 1).Add(15*time.Minute), 1)
	m, err := h.report.CloseMonth(t.Context(), month)
	h.ok(err)
	row := h.monthOf(1, month)
	if m.State != report.Booked || row.CarryIn != 0 || row.CarryOut != row.Pot || row.Carried != 1 {
		t.Errorf("%v: %+v", m.State, row)
	}
	h.holds()
}

// A node that was off for months settles the oldest first, and refuses to
// leave one out.
func TestMonthsThatWereMissed(t *testing.T) {
	h := newResidence(t, calendar.Day(20250730).Start(), 1)
	h.pay(0, money.Price)
	h.hear(0, 1, time.Minute, true)
	h.ok(h.Close())
	h.set(calendar.Day(20251021).Start().Add(time.Hour))
	h.open()
	if _, err := h.report.CloseMonth(t.Context(), 202509); !fault.Is(err, fault.Conflict) {
		t.Errorf("September before July: %v", err)
	}
	months, err := h.report.CloseDue(t.Context())
	h.ok(err)
	if len(months) != 3 || months[0].Period != 202507 || months[2].State != report.Fixed {
		t.Errorf("%+v", months)
	}
	h.holds()
}
