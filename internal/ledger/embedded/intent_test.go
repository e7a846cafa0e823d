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

// TestWhatRanOutTakesUpNoRoom: only what can still be decided counts against the
// eight proposals of a member, whoever says that the rest is over, and if nobody
// does.
func TestWhatRanOutTakesUpNoRoom(t *testing.T) {
	n := contracttest.OpenOwn(t, true)
	ctx := t.Context()
	propose := func(node string, i int) error {
		in := contract.IntentProposal{Kind: contract.RemoveMember, Subject: fmt.Sprintf("n%03d.example", i)}
		_, err := n.As(node, "admin").ProposeIntent(ctx, fmt.Sprintf("propose/%d/%d", n.Time.Unix(), i), in)
		return err
	}
	id := func(i int) contract.Digest {
		in := contract.IntentProposal{Kind: contract.RemoveMember, Subject: fmt.Sprintf("n%03d.example", i)}
		d, err := in.ID()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for i, node := range []string{"a.example", "b.example"} {
		log, settle := contract.Digest{byte(2*i + 1)}, contract.Digest{byte(2*i + 2)}
		if _, err := n.As(node, "admin").RegisterNode(ctx, "node", contract.Registration{Node: node, LogKey: &log, SettlementKey: &settle}); err != nil {
			t.Fatal(err)
		}
	}
	const most = 8
	fill := func(what, node string, from int) {
		t.Helper()
		for i := range most {
			if err := propose(node, from+i); err != nil {
				t.Fatalf("%s: proposal %d of %s: %v", what, i+1, node, err)
			}
		}
		if err := propose(node, from+most); !fault.Is(err, fault.Conflict) {
			t.Fatalf("%s: one too many of %s: %v", what, node, err)
		}
	}
	later := func() { n.Time = n.Time.Add(contract.IntentLife * time.Millisecond) }
	fill("at first", "a.example", 0)
	later()
	fill("after eight ran out", "a.example", 100)
	past, err := n.As("a.example", "admin").PastIntents(ctx, "")
	if err != nil || len(past.Intents) != most {
		t.Fatalf("%d are past (%v)", len(past.Intents), err)
	}
	for _, i := range past.Intents {
		if i.State != contract.Expired || i.By != "a.example" || i.ConcludedAt != uint64(n.Time.UnixMilli()) {
			t.Errorf("what ran out is past as %+v", i)
		}
	}
	// Another member proposes the same again: a's are b's from then on.
	later()
	for i := range most {
		if err := propose("b.example", 100+i); err != nil {
			t.Fatal(err)
		}
		if _, err := n.As("b.example", "admin").WithdrawIntent(ctx, fmt.Sprint("withdraw", i), contract.IntentRef{ID: id(100 + i)}); err != nil {
			t.Fatal(err)
		}
	}
	fill("after another one proposed them again", "a.example", 200)
	// Its own again, which it had proposed before.
	later()
	fill("the same again", "a.example", 200)
	if open, err := n.As("b.example", "admin").Intents(ctx); err != nil || len(open) != most {
		t.Errorf("%d are open (%v)", len(open), err)
	}
}
