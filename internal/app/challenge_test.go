package app

import (
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty"
)

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

	const words = "A fault was proved against the settlement of 2025-10 (invariant, shown by "
	if err := h.report.Challenged(t.Context()); !fault.Is(err, fault.Conflict) || !strings.Contains(fault.Message(err), words) {
		t.Errorf("challenged: %v", err)
	}
	if err := h.nightly(t.Context()); err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("nightly: %v", err)
	}
}
