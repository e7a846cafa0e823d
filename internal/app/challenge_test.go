package app

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/wallet"
)

// equalParts is a ledger that tells its own node another rule than everybody
// else: to pay all nine the same. What the node settles by it is wrong.
type equalParts struct{ report.Ledger }

func (l equalParts) Rules(ctx context.Context, p calendar.Period) (royalty.Rules, error) {
	r, err := l.Ledger.Rules(ctx, p)
	r.Lambda = royalty.Basis
	return r, err
}

// wrongMonth settles the month wrongly and has a listener's receipt prove it.
func wrongMonth(ctx context.Context, n *node, s *script) error {
	honest := n.report.Ledger
	n.report.Ledger = equalParts{honest}
	_, err := n.report.CloseMonth(ctx, crashMonth)
	n.report.Ledger = honest
	if err != nil {
		return err
	}
	for _, a := range s.People {
		file, err := n.report.MonthReceipt(ctx, a, crashMonth)
		if err != nil {
			return err
		}
		holds, err := n.report.Contest(ctx, file)
		if err != nil {
			return err
		}
		if holds {
			continue // an honest row proves nothing
		}
		if again, err := n.report.Contest(ctx, file); err != nil || again {
			return fmt.Errorf("asked twice, the ledger says %t, %w", again, err)
		}
		return nil
	}
	return errors.New("no row of the wrong month is wrong")
}

// A settlement that was reopened is taken back and made again whatever step of
// that fails.
func TestReopenedMonthMayFail(t *testing.T) {
	base, s := stage(t)
	s.run(t, base, []string{"pay", "play", "day", "late", "days", "wrong"}, func(string) error { return nil })
	s.tryAct(t, base, []string{"again"})
}

// A month in which a fault was proved is settled again by the next run of the
// calendar: the books take the first division back, who holds a receipt of it is
// told that it does not stand, and everything holds that is checked.
func TestReopenedMonth(t *testing.T) {
	const month = crashMonth
	h := newResidence(t, month.LastDay().Start().Add(time.Hour), 2)
	ctx := t.Context()
	who := &script{}
	for i, p := range h.people {
		h.pay(i, money.Price)
		who.People = append(who.People, p.account)
	}
	h.set(month.LastDay().Start().Add(8 * time.Hour))
	h.hear(0, 1, time.Minute, true)
	h.hear(1, 3, time.Minute, true)
	h.set(month.LastDay().Start().Add(12 * time.Hour))
	h.hear(0, 2, 2*time.Minute, true)
	h.set(month.Due(calendar.Settle).Add(35 * time.Minute))
	h.ok(wrongMonth(ctx, h.node, who))
	old, err := h.report.MonthReceipt(ctx, h.people[1].account, month)
	h.ok(err)
	wrong := h.monthOf(0, month)
	const words = "Nobody is paid by it: the node settles the month again"
	if err := h.nightly(ctx); err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("nightly: %v", err)
	}

	h.set(month.Due(calendar.Settle).Add(25 * time.Hour))
	h.ok(h.closeDueMonths(ctx))
	h.ok(h.nightly(ctx))
	h.holds()
	right := h.monthOf(0, month)
	if wrong.Shares[0].Micro != wrong.Shares[1].Micro || right.Shares[0].Micro <= right.Shares[1].Micro {
		t.Errorf("%+v became %+v", wrong.Shares, right.Shares)
	}
	entries := map[string]money.Micro{}
	h.ok(h.db.WalletView(ctx, func(tx wallet.Tx) error {
		list, err := tx.Entries(ctx, 0, 1000)
		for _, e := range list {
			for _, p := range e.Postings {
				entries[e.Idem] += max(p.Micro, 0)
			}
		}
		return err
	}))
	if m := entries["split/2025-10"]; m == 0 || entries["unsplit/2025-10"] != m || entries["split/2025-10/2"] != m {
		t.Errorf("the books say %v", entries)
	}

	// Her row was never wrong, and yet her first receipt is of nothing that stands.
	fresh, err := h.report.MonthReceipt(ctx, h.people[1].account, month)
	h.ok(err)
	stands, err := h.report.Ledger.Settled(ctx, month)
	h.ok(err)
	if r := royalty.VerifyReceipt(old, h.signer.trusted()); !r.OK {
		t.Errorf("by itself the first one holds: %s", r.Verdict)
	}
	r := royalty.VerifyReceipt(old, h.signer.trusted())
	r.Against(stands)
	if r.OK || r.Verdict != "Does not hold. ledger: The settlement of 2025-10 that this file rests on does not stand: the ledger holds another. Download the file anew." {
		t.Errorf("the first one: %+v", r.Verdict)
	}
	r = royalty.VerifyReceipt(fresh, h.signer.trusted())
	if r.Against(stands); !r.OK {
		t.Error(r.Verdict)
	}

	if holds, err := h.report.Contest(ctx, fresh); err != nil || !holds {
		t.Errorf("the new one holds: %t, %v", holds, err)
	}
	if _, err := h.report.Contest(ctx, old); err == nil {
		t.Error("a receipt of what does not stand says something about what does")
	}
	if _, err := h.report.Contest(ctx, old[:len(old)/2]); !fault.Is(err, fault.Invalid) {
		t.Errorf("half a receipt: %v", err)
	}

	h.set(month.Due(calendar.Final).Add(35 * time.Minute))
	h.ok(h.closeDueMonths(ctx))
	if m, err := h.report.Settled(ctx); err != nil || m[0].Period.State != report.Fixed {
		t.Errorf("the month ends as %+v, %v", m, err)
	}
	h.holds()
}

// What was proved against a settlement is said in words by the nightly look at
// the node's evidence, until it is final.
func TestFaultIsReported(t *testing.T) {
	const month = calendar.Period(202510)
	h := newResidence(t, month.LastDay().Start().Add(time.Hour), 1)
	h.pay(0, money.Price)
	h.hear(0, 1, time.Minute, true)
	h.set(month.Due(calendar.Settle).Add(35 * time.Minute))
	m, err := h.report.CloseMonth(t.Context(), month)
	h.ok(err)
	h.ok(h.report.Challenged(t.Context()))
	h.ok(h.nightly(t.Context()))

	s, err := royalty.ParseSettlement(m.Settlement)
	h.ok(err)
	s.Vectors[0] ^= 1 // the key signed two settlements of one month
	b, err := s.Encode()
	h.ok(err)
	claim := contract.FaultClaim{Node: h.cfg.NodeID(), Period: month, Kind: contract.BrokenInvariant}
	_, err = h.recorder.contract.ProveFault(t.Context(), "two", claim, contract.Evidence{Settlement: b, Signature: ed25519.Sign(h.keys.settlement, b)})
	h.ok(err)

	h.ok(h.feed.catchUp(t.Context()))
	const words = "A fault was proved against the settlement of 2025-10 (invariant, shown by "
	if err := h.report.Challenged(t.Context()); !fault.Is(err, fault.Conflict) || !strings.Contains(fault.Message(err), words) {
		t.Errorf("challenged: %v", err)
	}
	if err := h.nightly(t.Context()); err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("nightly: %v", err)
	}
}
