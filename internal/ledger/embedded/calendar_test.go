package embedded_test

import (
	"crypto/ed25519"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/contract/contracttest"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/royalty"
)

// TestDates moves the node's clock through a month's end: nothing is taken a
// moment early, everything from its first moment on.
func TestDates(t *testing.T) {
	n := contracttest.OpenOwn(t, true)
	const node = "a.example"
	c, p := n.As(node, "admin"), calendar.Period(202610)
	settle := ed25519.NewKeyFromSeed(make([]byte, 32))
	log, public := contract.Digest{1}, contract.Digest(settle.Public().(ed25519.PublicKey))
	n.Time = p.Start()
	if _, err := c.RegisterNode(t.Context(), "node", contract.Registration{Node: node, LogKey: &log, SettlementKey: &public}); err != nil {
		t.Fatal(err)
	}
	anchor := func(d calendar.Day) func() error {
		return func() error {
			r := royalty.Hash{byte(d)}
			commit, err := royalty.BeaconCommit(node, d, r)
			if err != nil {
				return err
			}
			in := contract.DayAnchor{Node: node, Day: d, Commit: contract.Digest(commit)}
			if d != p.LastDay() {
				in.Reveal = contract.Digest{byte(d.Add(-1))}
			}
			_, err = c.AnchorDay(t.Context(), "anchor/"+d.String(), in)
			return err
		}
	}
	publish := func() error {
		s := royalty.Settlement{Node: node, Period: p, Params: 1, Rules: "v1", Vectors: royalty.Hash{1}}
		b, err := s.Encode()
		if err != nil {
			return err
		}
		_, err = c.PublishSettlement(t.Context(), "settle", contract.SettlementFiling{Settlement: b, Signature: ed25519.Sign(settle, b)})
		return err
	}
	finalize := func() error {
		_, err := c.Finalize(t.Context(), "final", contract.PeriodRef{Node: node, Period: p})
		return err
	}
	for _, step := range []struct {
		what string
		due  time.Time
		do   func() error
	}{
		{"the last day", p.End(), anchor(p.LastDay())},
		{"the 1st", p.End().AddDate(0, 0, 1), anchor(20261101)},
		{"the 2nd", p.End().AddDate(0, 0, 2), anchor(20261102)},
		{"the 3rd", p.End().AddDate(0, 0, 3), anchor(20261103)},
		{"settlement", p.Due(calendar.Settle), publish},
		{"final", p.Due(calendar.Final), finalize},
	} {
		n.Time = step.due.Add(-time.Millisecond)
		if err := step.do(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s a millisecond early: %v", step.what, err)
		}
		n.Time = step.due
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
	}
}

// FuzzContract sends anything to every function: it may be refused, never panic.
func FuzzContract(f *testing.F) {
	writing, reading := contracttest.Functions()
	fns := slices.Concat(writing, reading, []string{"Nothing"})
	at := func(fn string) uint8 { return uint8(slices.Index(fns, fn)) }
	for i := range fns {
		f.Add(uint8(i), `{"node":"a.example","period":202610,"kind":"sum"}`, []byte(`{"down":[{"left":{"sum":-1}}],"line":"AA=="}`))
	}
	f.Add(at("AnchorDay"), `{"node":"a.example","day":20261001,"size":16,"proof":[]}`, []byte(nil))
	f.Add(at("PublishSettlement"), `{"settlement":"OXRlbi9zZXR0bGVtZW50L3YxAA==","signature":""}`, []byte(nil))
	f.Add(at("ProveFault"), `{"node":"a.example","period":202610,"kind":"leaf"}`, []byte(`{"served":"OXRlbi9zZXJ2ZWQvdjEA","leaf":"00"}`))
	n := contracttest.OpenOwn(f, true)
	key, key2 := contract.Digest{1}, contract.Digest{2}
	c := n.As("a.example", "admin")
	if _, err := c.RegisterNode(f.Context(), "node", contract.Registration{Node: "a.example", LogKey: &key, SettlementKey: &key2}); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, fn uint8, arg string, evidence []byte) {
		call := ledger.Call{Fn: fns[int(fn)%len(fns)], Op: "fuzz", Args: []string{arg}, Transient: map[string][]byte{"evidence": evidence}}
		for _, bad := range []string{"panicked", "not deterministic"} {
			if _, err := c.Ledger.Submit(t.Context(), call); err != nil && strings.Contains(err.Error(), bad) {
				t.Fatalf("%s(%q): %v", call.Fn, arg, err)
			}
			if _, err := c.Ledger.Evaluate(t.Context(), call.Fn, arg); err != nil && strings.Contains(err.Error(), bad) {
				t.Fatalf("%s(%q): %v", call.Fn, arg, err)
			}
		}
	})
}
