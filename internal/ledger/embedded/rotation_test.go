package embedded_test

import (
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/contract/contracttest"
	"github.com/michaelperna/9ten/internal/fault"
)

// Who stole a log key may not sign days of the past with it for ever: days that
// an honest node signed are carried within two days after the key was replaced.
func TestReplacedKey(t *testing.T) {
	n := contracttest.OpenOwn(t, true)
	ctx, c := t.Context(), n.As("a.example", "admin")
	old := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	log, settle, next := contract.Digest(old.Public().(ed25519.PublicKey)), contract.Digest{2}, contract.Digest{3}
	if _, err := c.RegisterNode(ctx, "node", contract.Registration{Node: "a.example", LogKey: &log, SettlementKey: &settle}); err != nil {
		t.Fatal(err)
	}
	today := calendar.DayOf(n.Time)
	record := func(d calendar.Day) error {
		p := contract.DayPayments{Node: "a.example", Day: d, Declared: contract.Digest{1}, DeclaredCount: 1, Received: 1}
		b, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		p.Signature = ed25519.Sign(old, b)
		_, err = c.RecordPayments(ctx, "payments/"+d.String(), p)
		return err
	}
	if err := record(today.Add(-1)); err != nil {
		t.Error(err)
	}
	if _, err := c.RotateKey(ctx, "rotate", contract.Rotation{Node: "a.example", Use: "log", Public: next}); err != nil {
		t.Fatal(err)
	}
	n.Time = n.Time.Add(47 * time.Hour)
	if err := record(today.Add(-2)); err != nil {
		t.Errorf("a day that was on its way: %v", err)
	}
	if err := record(today); !fault.Is(err, fault.Invalid) {
		t.Errorf("the day on which it was replaced: %v", err)
	}
	n.Time = n.Time.Add(2 * time.Hour)
	if err := record(today.Add(-3)); !fault.Is(err, fault.Invalid) {
		t.Errorf("a day of the past, by a key replaced two days ago: %v", err)
	}
}
