package app

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/wallet"
)

// sheet writes that an act is paid to one address.
func (h *residence) sheet(act id.Act) {
	h.t.Helper()
	h.ok(h.studio.SetWallets(h.t.Context(), music.Viewer{Admin: true}, act, []music.Wallet{{Name: "All of us", Address: "0x52908400098527886E0F7030069857D2E4169EE7", Bps: 10_000}}))
}

// owes is how a book stands, what is owed above zero.
func (h *residence) owes(b wallet.Book) (sum money.Micro) {
	h.t.Helper()
	list, err := h.wallet.Balances(h.t.Context())
	h.ok(err)
	for _, x := range list {
		if x.Book == b {
			sum -= x.Micro
		}
	}
	return sum
}

// silentForfeits is a ledger that moves what it is told to and never says so.
type silentForfeits struct{ report.Ledger }

func (l silentForfeits) Forfeit(ctx context.Context, act id.Act, p calendar.Period) error {
	return errors.Join(l.Ledger.Forfeit(ctx, act, p), errors.New("no answer"))
}

// An act without a wallet is owed its money for a year, sees until when, and is
// paid once it says where; what nobody claimed goes to the commons.
func TestActWithoutWallet(t *testing.T) {
	const month = calendar.Period(202510)
	h := newResidence(t, month.Start().Add(time.Hour), 2)
	ctx, early, late, never := t.Context(), actID(1), actID(2), actID(3)
	for i := range h.people {
		h.pay(i, 2*money.Price)
		for act := 1; act <= 3; act++ {
			h.set(month.Day(2 + act).Start().Add(2 * time.Hour))
			h.hear(i, act, time.Minute, true)
		}
	}
	h.sheet(early)
	h.set(month.End().Add(2 * time.Minute))
	_, err := h.wallet.Renew(ctx)
	h.ok(err)
	h.set(month.Due(calendar.Final).Add(35 * time.Minute))
	_, err = h.report.CloseDue(ctx)
	h.ok(err)

	batch := func(p calendar.Period) (out []id.Act) {
		list, err := h.recorder.contract.Payees(ctx, h.cfg.NodeID(), p)
		h.ok(err)
		for _, x := range list {
			out = append(out, x.Act)
		}
		return out
	}
	if got := batch(month); !slices.Equal(got, []id.Act{early}) {
		t.Fatalf("paid: %v", got)
	}
	waiting, err := h.report.Waiting(ctx, "")
	h.ok(err)
	if len(waiting) != 2 || waiting[0].Act != late || waiting[1].Act != never || !waiting[0].Until.Equal(time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)) {
		t.Fatalf("waiting: %+v", waiting)
	}
	earned := func(act id.Act) report.Earning {
		t.Helper()
		list, err := h.report.Earnings(ctx, act)
		h.ok(err)
		return list[len(list)-1]
	}
	if !earned(early).Waits.IsZero() || earned(late).Waits.IsZero() {
		t.Errorf("early %+v, late %+v", earned(early), earned(late))
	}

	// Who writes a sheet is paid, though nobody hears the act any more.
	h.sheet(late)
	if list, err := h.report.Waiting(ctx, late); err != nil || len(list) != 0 {
		t.Errorf("with a sheet: %+v, %v", list, err)
	}
	h.set(month.Add(1).LastDay().Start().Add(20 * time.Hour))
	h.hear(0, 5, time.Minute, true)
	h.set(month.Add(1).Due(calendar.Final).Add(35 * time.Minute))
	_, err = h.report.CloseDue(ctx)
	h.ok(err)
	if got := batch(month.Add(1)); !slices.Equal(got, []id.Act{late}) {
		t.Errorf("paid: %v", got)
	}
	h.holds()

	// After a year the rest is the commons'.
	line := earned(never).Line
	share := line.Sum()
	h.set(month.Forfeit().Add(-time.Hour))
	if sum, err := h.report.Forfeit(ctx); err != nil || sum != 0 {
		t.Errorf("%v went early, %v", sum, err)
	}
	h.set(month.Forfeit().Add(time.Hour))
	honest := h.report.Ledger
	h.report.Ledger = silentForfeits{honest}
	if _, err := h.report.Forfeit(ctx); err == nil || h.owes(wallet.Commons) != share {
		t.Errorf("the ledger moved it and did not answer, %v; the commons has %v", err, h.owes(wallet.Commons))
	}
	h.report.Ledger = honest
	if sum, err := h.report.Forfeit(ctx); err != nil || sum != 0 {
		t.Errorf("%v went twice, %v", sum, err)
	}
	if h.owes(wallet.Commons) != share || h.owes(wallet.Act(never)) != 0 || share == 0 {
		t.Errorf("the commons has %v, the act is owed %v", h.owes(wallet.Commons), h.owes(wallet.Act(never)))
	}
	if e := earned(never); e.Forfeited.IsZero() || !e.Waits.IsZero() {
		t.Errorf("its statement says %+v", e)
	}
	if a, err := h.recorder.contract.Act(ctx, late); err != nil || a.Payout == (contract.Digest{}) {
		t.Errorf("the ledger knows no address: %+v, %v", a, err)
	}
	h.holds()
}
