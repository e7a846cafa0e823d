package embedded_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/contract/contracttest"
	"github.com/michaelperna/9ten/internal/fault"
)

// TestIntentsExpire lets intents wait for longer than they may, and turns the
// pages of what became of them.
func TestIntentsExpire(t *testing.T) {
	n := contracttest.OpenOwn(t, true)
	ctx, c := t.Context(), n.As("a.example", "admin")
	log, settle := contract.Digest{1}, contract.Digest{2}
	if _, err := c.RegisterNode(ctx, "node", contract.Registration{Node: "a.example", LogKey: &log, SettlementKey: &settle}); err != nil {
		t.Fatal(err)
	}
	propose := func(op string, i int) contract.Digest {
		t.Helper()
		in := contract.IntentProposal{Kind: contract.RemoveMember, Subject: fmt.Sprintf("n%03d.example", i)}
		if _, err := c.ProposeIntent(ctx, op, in); err != nil {
			t.Fatal(err)
		}
		id, err := in.ID()
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	id := propose("first", 0)
	n.Time = n.Time.Add(contract.IntentLife*time.Millisecond - time.Millisecond)
	if open, err := c.Intents(ctx); err != nil || len(open) != 1 {
		t.Fatalf("a moment before its time is over: %+v, %v", open, err)
	}
	conclude := func(op, outcome string) error {
		_, err := c.ConcludeIntent(ctx, op, contract.Conclusion{ID: id, Outcome: outcome})
		return err
	}
	if err := conclude("early", contract.Expired); !fault.Is(err, fault.Invalid) {
		t.Errorf("expired a moment early: %v", err)
	}
	n.Time = n.Time.Add(time.Millisecond)
	if open, err := c.Intents(ctx); err != nil || len(open) != 0 {
		t.Errorf("open after its time: %+v, %v", open, err)
	}
	if _, err := c.DeclineIntent(ctx, "late", contract.Objection{ID: id}); !fault.Is(err, fault.Conflict) {
		t.Errorf("declined after its time: %v", err)
	}
	// Nobody concluded it: whoever proposes it again does.
	if again := propose("second", 0); again != id {
		t.Errorf("the same has two ids, %s and %s", id, again)
	}
	n.Time = n.Time.Add(contract.IntentLife * time.Millisecond)
	if err := conclude("expired", contract.Expired); err != nil {
		t.Fatal(err)
	}
	for i := 1; i < contract.PastIntents; i++ {
		n.Time = n.Time.Add(time.Millisecond)
		id = propose(fmt.Sprint("propose", i), i)
		if err := conclude(fmt.Sprint("conclude", i), contract.Applied); err != nil {
			t.Fatal(err)
		}
	}
	first, err := c.PastIntents(ctx, "")
	if err != nil || len(first.Intents) != contract.PastIntents || first.Intents[0].ID != id || first.Next == "" {
		t.Fatalf("%d intents, next %q, %v", len(first.Intents), first.Next, err)
	}
	last, err := c.PastIntents(ctx, first.Next)
	if err != nil || len(last.Intents) != 1 || last.Intents[0].Round != 0 || last.Intents[0].State != contract.Expired || last.Next != "" {
		t.Fatalf("the last page = %+v, %v", last, err)
	}
}
