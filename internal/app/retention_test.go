package app

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/royalty"
)

// Rows live thirteen months, long enough to be the basis of the twelfth month
// after; then they are gone, in words, and everything that is checked holds.
func TestRowsExpire(t *testing.T) {
	const january = calendar.Period(202501)
	const last = january + 100 // twelve months after
	h := newResidence(t, january.LastDay().Start().Add(time.Hour), 1)
	who := h.people[0].account
	h.pay(0, 200*money.Dollar)
	h.set(january.LastDay().Start().Add(12 * time.Hour))
	h.hear(0, 1, time.Minute, true)
	count := func(what string) (n int) {
		t.Helper()
		return countIn(t, h.path, what)
	}
	for p := january; p <= last; p = p.Add(1) {
		h.set(p.End().Add(2 * time.Minute))
		_, err := h.wallet.Renew(t.Context())
		h.ok(err)
		h.set(p.Due(calendar.Final).Add(35 * time.Minute))
		if p == last { // the node was off: nothing that is needed goes
			h.set(report.RowsUntil(january).Add(time.Hour))
			if n, err := h.report.Expire(t.Context()); err != nil || n != 0 {
				t.Fatalf("%d rows went before the month that rests on them was closed, %v", n, err)
			}
			h.set(p.Due(calendar.Final).Add(35 * time.Minute))
		}
		_, err = h.report.CloseDue(t.Context())
		h.ok(err)
	}
	if row := h.monthOf(0, last); row.Basis != january || len(row.Shares) != 1 {
		t.Fatalf("twelve months back is a basis: %+v", row)
	}
	h.holds()

	h.set(report.RowsUntil(january).Add(-time.Hour))
	if _, err := h.report.Expire(t.Context()); err != nil || count("day_row where data is not null and period = 202501") != 1 {
		t.Errorf("a row went early, %v", err)
	}
	if n := count("play where length(origin) > 0"); n != 0 {
		t.Errorf("%d plays of a final month say where they came from", n)
	}
	h.set(report.RowsUntil(january).Add(3 * time.Hour))
	if n, err := h.report.Expire(t.Context()); err != nil || n != 3 {
		t.Errorf("%d rows went, %v: want that of the day, that of the month and the listener's", n, err)
	}
	if n, err := h.report.Expire(t.Context()); err != nil || n != 0 {
		t.Errorf("%d rows went again, %v", n, err)
	}
	for _, left := range []string{"day_row where period = 202501 and (data is not null or salt is not null)", "month_row where period = 202501 and (data is not null or salt is not null)",
		"listener_month where period = 202501", "node_month where period = 202501",
		"day_act where day < 20250200", "month_act where period = 202501", "listener_day where day < 20250200", "charge where period = 202501 and length(pseudonym) > 0"} {
		if n := count(left); n != 0 {
			t.Errorf("%d left of %s", n, left)
		}
	}
	_, day := h.report.DayReceipt(t.Context(), who, january.LastDay())
	_, month := h.report.MonthReceipt(t.Context(), who, january)
	_, page := h.report.MonthOf(t.Context(), who, january)
	for what, err := range map[string]error{"day": day, "month": month, "page": page} {
		if !fault.Is(err, fault.NotFound) || !strings.Contains(fault.Message(err), "2025-01 were destroyed on 2026-03-01") {
			t.Errorf("%s: %v", what, err)
		}
	}
	list := h.mustMonths(who)
	if len(list) != 13 || !list[11].Destroyed.IsZero() || list[12].Row.Period != january || list[12].Destroyed.IsZero() {
		t.Errorf("the list does not say what is gone: %+v", list)
	}
	// The month that was paid by January's nine keeps the rows it rests on.
	based, err := h.report.MonthReceipt(t.Context(), who, last)
	h.ok(err)
	if r := royalty.VerifyReceipt(based, h.signer.trusted()); !r.OK {
		t.Error(r.Verdict)
	}
	settled, err := h.report.Settled(t.Context())
	h.ok(err)
	for _, m := range settled {
		if _, err := h.report.Audit(t.Context(), m.Period.Period); err != nil {
			t.Error(err)
		}
	}
	proof, err := h.report.ActProof(t.Context(), actID(1), january)
	h.ok(err)
	if r := royalty.VerifyAct(proof, h.signer.trusted()); !r.OK {
		t.Error(r.Verdict)
	}
	if err := h.nightly(t.Context()); err != nil {
		t.Error(err)
	}
}

// mustMonths are the months an account still has a receipt's page of.
func (h *residence) mustMonths(who id.Account) []report.Month {
	h.t.Helper()
	list, err := h.report.Months(h.t.Context(), who)
	h.ok(err)
	return list
}

// countIn counts rows in the database of a node.
func countIn(t *testing.T, dir, what string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "9ten.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("select count(*) from " + what).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
