package store

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/wallet"
)

func declaration(reference string) wallet.Declaration {
	return wallet.Declaration{Account: ada, Amount: money.Price, Method: "cash", Reference: reference}
}

// TestUndo takes payments and refunds back by booking their opposite: the
// journal stays one chain, and what was paid with them is not paid any more.
func TestUndo(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		desk := &wallet.Desk{Store: h.db}
		record := func(c wallet.Declaration) {
			t.Helper()
			if _, err := desk.Record(ctx, bob, c); err != nil {
				t.Fatal(err)
			}
		}
		stands := func(state wallet.State, balance money.Micro, events int) {
			t.Helper()
			st, err := desk.Standing(ctx, ada)
			if err != nil {
				t.Fatal(err)
			}
			if st.Subscription.State != state || st.Balance != balance || len(st.Events) != events {
				t.Errorf("%s with %v and %d events, want %s with %v and %d", st.Subscription.State, st.Balance, len(st.Events), state, balance, events)
			}
			if _, err := desk.Audit(ctx); err != nil {
				t.Error(err)
			}
		}
		refuses := func(kind fault.Kind, event, why string) {
			t.Helper()
			if _, err := desk.Undo(ctx, bob, event, why); !fault.Is(err, kind) {
				t.Errorf("undoing %q because %q: %v, want %v", event, why, err, kind)
			}
		}
		c := declaration("R1")
		c.Received, c.Note = listenDay.Add(-2), "at the bar"
		record(c)
		charge, _, _ := money.Charge(calendar.DaysLeft(listenDay.Start()), 30)
		stands(wallet.Active, money.Price-charge, 1)
		refuses(fault.Invalid, "R1", " ")
		refuses(fault.NotFound, "R2", "wrong")
		h.wait(time.Minute)
		if e, err := desk.Undo(ctx, bob, "R1", "another listener's"); err != nil || e.Micro != money.Price {
			t.Fatalf("undoing: %+v, %v", e, err)
		}
		stands(wallet.Open, 0, 2)
		if c, err := desk.Charge(ctx, ada, listenDay.Period()); err != nil || c.Pot != 0 {
			t.Errorf("the month is charged %v still: %v", c.Charge, err)
		}
		refuses(fault.Conflict, "R1", "again")
		refuses(fault.Conflict, "undo/R1", "the undoing")

		list, err := desk.Payments(ctx, time.Time{}, "", 10)
		if err != nil || len(list) != 2 {
			t.Fatalf("%d payments, %v", len(list), err)
		}
		undo, paid := list[0], list[1]
		if undo.Kind != wallet.Refunded || undo.Note != "another listener's" || !undo.Undone.IsZero() {
			t.Errorf("the undoing is %+v", undo)
		}
		if paid.Undone.IsZero() || paid.Received != listenDay.Add(-2) || paid.Note != "at the bar" || paid.Handle != string(ada) || paid.Operator != string(bob) {
			t.Errorf("the payment is %+v", paid)
		}
		if rest, err := desk.Payments(ctx, undo.At, undo.ID, 10); err != nil || len(rest) != 1 || rest[0].ID != "R1" {
			t.Errorf("behind the newest: %d, %v", len(rest), err)
		}
	})
}

// TestUndoKeepsTheRest undoes one of two payments: what the other pays stays
// paid.
func TestUndoKeepsTheRest(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		desk := &wallet.Desk{Store: h.db}
		for i := range 2 {
			if _, err := desk.Record(t.Context(), bob, declaration(fmt.Sprint("R", i))); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := desk.Undo(t.Context(), bob, "R1", "twice"); err != nil {
			t.Fatal(err)
		}
		st, err := desk.Standing(t.Context(), ada)
		if err != nil || st.Subscription.State != wallet.Active || st.Missing != 0 {
			t.Errorf("%+v, %v", st, err)
		}
		counts, err := desk.Counts(t.Context())
		if err != nil || counts[wallet.Active] != 1 || len(counts) != 1 {
			t.Errorf("%v, %v", counts, err)
		}
	})
}

// TestUndoAfterTheMonth leaves alone what is settled, and gives a refund that
// was recorded by mistake back.
func TestUndoAfterTheMonth(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		desk := &wallet.Desk{Store: h.db}
		if _, err := desk.Record(t.Context(), bob, declaration("R1")); err != nil {
			t.Fatal(err)
		}
		h.wait(20 * 24 * time.Hour)
		if _, err := desk.Undo(t.Context(), bob, "R1", "late"); !fault.Is(err, fault.Conflict) || !strings.Contains(fault.Message(err), "credited") {
			t.Errorf("a month that is over was taken back: %v", err)
		}
		amount, err := desk.Refund(t.Context(), bob, ada, "cash", "refund/1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := desk.Undo(t.Context(), bob, "refund/1", "not handed back"); err != nil {
			t.Fatal(err)
		}
		st, err := desk.Standing(t.Context(), ada)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := desk.Charge(t.Context(), ada, 202612); err != nil || st.Balance+c.Charge != amount || c.Charge == 0 {
			t.Errorf("%v is there and %v paid, want %v together: %v", st.Balance, c.Charge, amount, err)
		}
	})
}

func TestDeclarationsRefused(t *testing.T) {
	h := newHouse(t, openSQLite)
	desk := &wallet.Desk{Store: h.db}
	for field, change := range map[string]func(*wallet.Declaration){
		"method":    func(c *wallet.Declaration) { c.Method = "shells" },
		"amount":    func(c *wallet.Declaration) { c.Amount = 1 },
		"reference": func(c *wallet.Declaration) { c.Reference = "undo/R1" },
		"received":  func(c *wallet.Declaration) { c.Received = listenDay.Add(1) },
		"note":      func(c *wallet.Declaration) { c.Note = strings.Repeat("n", 501) },
	} {
		c := declaration("R1")
		change(&c)
		if _, err := desk.Record(t.Context(), bob, c); !fault.Is(err, fault.Invalid) || fault.Field(err) != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// TestExport reads both forms of the books back: every entry is in them and
// sums to nothing.
func TestExport(t *testing.T) {
	h := newHouse(t, openSQLite)
	desk := &wallet.Desk{Store: h.db}
	for i := range 3 {
		c := declaration(fmt.Sprintf("R%d; \"quoted\"\nline", i))
		if _, err := desk.Record(t.Context(), bob, c); err != nil {
			t.Fatal(err)
		}
	}
	n, err := desk.Audit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := desk.Export(t.Context(), wallet.CSV, &out); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&out).ReadAll()
	if err != nil || lines[0][5] != "amount" {
		t.Fatalf("%v: %v", lines[0], err)
	}
	sums, one := map[string]*big.Rat{}, new(big.Rat)
	for _, l := range lines[1:] {
		if _, ok := one.SetString(l[5]); !ok {
			t.Fatalf("%q is no number", l[5])
		}
		if sums[l[0]] == nil {
			sums[l[0]] = new(big.Rat)
		}
		sums[l[0]].Add(sums[l[0]], one)
	}
	for entry, sum := range sums {
		if sum.Sign() != 0 {
			t.Errorf("entry %s sums to %v", entry, sum)
		}
	}
	if int64(len(sums)) != n {
		t.Errorf("%d entries, want %d", len(sums), n)
	}
	out.Reset()
	if err := desk.Export(t.Context(), wallet.Hledger, &out); err != nil {
		t.Fatal(err)
	}
	// Journal format: a date begins a transaction, an indented line is a
	// posting or a comment, a blank line ends it. Nothing else may be there.
	known := regexp.MustCompile(`^(; .*|\d{4}-\d\d-\d\d \(\d+\) [^;]*|    ; name: [^;]*|    [^ ;]+ +-?\d+\.\d{2,6} USD|)$`)
	entries := int64(0)
	for l := range strings.Lines(out.String()) {
		if l = strings.TrimSuffix(l, "\n"); !known.MatchString(l) {
			t.Errorf("line %q", l)
		}
		if strings.HasPrefix(l, "20") {
			entries++
		}
	}
	if entries != n {
		t.Errorf("%d transactions, want %d", entries, n)
	}
	if err := desk.Export(t.Context(), "pdf", &out); !fault.Is(err, fault.Invalid) {
		t.Errorf("a form nobody knows: %v", err)
	}
}
