package contracttest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/network"
)

func intents(t *testing.T, w *world) {
	good := contract.IntentProposal{Kind: contract.AdmitMember, Subject: "b.example", Payload: []byte("certificates"), Note: "We know them."}
	for _, tt := range []struct {
		what   string
		change func(*contract.IntentProposal)
		want   fault.Kind
	}{
		{"an unknown kind", func(p *contract.IntentProposal) { p.Kind = "rename-network" }, fault.Unsupported},
		{"a subject that is no node", func(p *contract.IntentProposal) { p.Subject = "B example" }, fault.Invalid},
		{"no subject", func(p *contract.IntentProposal) { p.Subject = "" }, fault.Invalid},
		{"no payload", func(p *contract.IntentProposal) { p.Payload = nil }, fault.Invalid},
		{"a large payload", func(p *contract.IntentProposal) { p.Payload = make([]byte, 16<<10+1) }, fault.TooLarge},
		{"a payload nobody reads", func(p *contract.IntentProposal) { p.Kind = contract.RemoveMember }, fault.Invalid},
		{"a long note", func(p *contract.IntentProposal) { p.Note = strings.Repeat("ü", 501) }, fault.Invalid},
		{"a note that writes a row of its own", func(p *contract.IntentProposal) { p.Note = "hello\nbig.label.example" }, fault.Invalid},
		{"a note that moves the cursor", func(p *contract.IntentProposal) { p.Note = "hello\x1b[2K" }, fault.Invalid},
		{"a note that turns the writing", func(p *contract.IntentProposal) { p.Note = "a\u202eelpmaxe.b" }, fault.Invalid},
		{"validators of one node", func(p *contract.IntentProposal) { p.Kind = contract.SetValidators }, fault.Invalid},
		{"a version with a space", func(p *contract.IntentProposal) { p.Kind, p.Subject = contract.UpgradeContract, "0 3" }, fault.Invalid},
		{"the longest", func(p *contract.IntentProposal) {
			p.Subject, p.Payload, p.Note = "c.example", make([]byte, 16<<10), strings.Repeat("ü", 500)
		}, fine},
		{"all validators", func(p *contract.IntentProposal) { p.Kind, p.Subject = contract.SetValidators, "" }, fine},
		{"a version", func(p *contract.IntentProposal) { p.Kind, p.Subject = contract.UpgradeContract, "0.3.0" }, fine},
		{"concluded by one twice", func(p *contract.IntentProposal) { p.Concluders = []string{"b.example", "b.example"} }, fault.Invalid},
		{"concluded by nobody's name", func(p *contract.IntentProposal) { p.Concluders = []string{"b example"} }, fault.Invalid},
		{"concluded by too many", func(p *contract.IntentProposal) { p.Concluders = make([]string, 101) }, fault.TooLarge},
		{"a member", func(*contract.IntentProposal) {}, fine},
		{"the same, said otherwise", func(p *contract.IntentProposal) { p.Note = "Again." }, fault.Conflict},
	} {
		in := good
		tt.change(&in)
		wants(t, tt.what, one(w.c.ProposeIntent(w.ctx, w.op(), in)), tt.want)
	}
	for _, k := range network.Kinds() { // none is unknown
		wants(t, k, one(w.c.ProposeIntent(w.ctx, w.op(), contract.IntentProposal{Kind: k})), fault.Invalid)
	}
	id := intentID(t, good)
	_, err := w.c.ProposeIntent(w.ctx, w.op(), good)
	if !strings.Contains(fault.Message(err), id.String()) {
		t.Errorf("the conflict does not name the intent: %v", err)
	}
	remove := contract.IntentProposal{Kind: contract.RemoveMember, Subject: "d.example"}
	wants(t, "a client", one(w.net.As(home, Client).ProposeIntent(w.ctx, w.op(), remove)), fault.Forbidden)
	wants(t, "a stranger", one(w.net.As("x.example", Admin).ProposeIntent(w.ctx, w.op(), remove)), fault.Forbidden)
	got, err := w.c.Intent(w.ctx, id)
	wants(t, "read", err, fine)
	if got.By != home || got.State != contract.Open || got.Until != got.At+contract.IntentLife || !bytes.Equal(got.Payload, good.Payload) || got.Note != good.Note {
		t.Errorf("intent = %+v", got)
	}
	open, err := w.c.Intents(w.ctx)
	wants(t, "open", err, fine)
	if len(open) != 4 {
		for _, i := range open {
			t.Logf("open: %s %s by %s", i.Kind, i.Subject, i.By)
		}
		t.Errorf("%d intents are open, not 4", len(open))
	}
	wants(t, "unknown", one(w.c.Intent(w.ctx, digest("none"))), fault.NotFound)
}

func intentID(t *testing.T, p contract.IntentProposal) contract.Digest {
	t.Helper()
	id, err := p.ID()
	wants(t, "id", err, fine)
	return id
}

// consent is an organisation's approval as its node would send it.
func consent(t *testing.T, id contract.Digest, node string, sequence uint64) contract.Consent {
	t.Helper()
	who, err := proto.Marshal(&msp.SerializedIdentity{Mspid: node, IdBytes: []byte("certificate")})
	wants(t, "identity", err, fine)
	h, err := proto.Marshal(&common.SignatureHeader{Creator: who, Nonce: []byte("nonce")})
	wants(t, "header", err, fine)
	return contract.Consent{ID: id, Sequence: sequence, Update: digest("update", sequence), Header: h, Signature: []byte("signature")}
}

func approvals(t *testing.T, w *world) {
	b, c := w.register(t, "b.example"), w.register(t, "c.example")
	admit := contract.IntentProposal{Kind: contract.AdmitMember, Subject: "d.example", Payload: []byte("d")}
	wants(t, "propose", one(w.c.ProposeIntent(w.ctx, w.op(), admit)), fine)
	id := intentID(t, admit)
	for _, tt := range []struct {
		what   string
		change func(*contract.Consent)
		want   fault.Kind
	}{
		{"another's signature", func(s *contract.Consent) { s.Header = consent(t, id, home, 3).Header }, fault.Forbidden},
		{"no header", func(s *contract.Consent) { s.Header = nil }, fault.Forbidden},
		{"no protobuf", func(s *contract.Consent) { s.Header = []byte("header") }, fault.Invalid},
		{"no signature", func(s *contract.Consent) { s.Signature = nil }, fault.Invalid},
		{"no update", func(s *contract.Consent) { s.Update = contract.Digest{} }, fault.Invalid},
		{"a large header", func(s *contract.Consent) { s.Header = make([]byte, 8<<10+1) }, fault.TooLarge},
		{"a large signature", func(s *contract.Consent) { s.Signature = make([]byte, 257) }, fault.TooLarge},
		{"nothing known", func(s *contract.Consent) { s.ID = digest("none") }, fault.NotFound},
		{"right", func(*contract.Consent) {}, fine},
		{"an earlier sequence", func(s *contract.Consent) { s.Sequence = 2 }, fault.Conflict},
		{"a later one", func(s *contract.Consent) { s.Sequence, s.Update = 5, digest("update", 5) }, fine},
		{"signed again", func(s *contract.Consent) {
			s.Sequence, s.Update, s.Signature = 5, digest("update", 5), []byte("renewed")
		}, fine},
	} {
		in := consent(t, id, "b.example", 3)
		tt.change(&in)
		wants(t, tt.what, one(b.ApproveIntent(w.ctx, w.op(), in)), tt.want)
	}
	wants(t, "a client", one(w.net.As("b.example", Client).ApproveIntent(w.ctx, w.op(), consent(t, id, "b.example", 6))), fault.Forbidden)
	wants(t, "not registered", one(w.net.As("x.example", Admin).ApproveIntent(w.ctx, w.op(), consent(t, id, "x.example", 6))), fault.Forbidden)
	wants(t, "a long reason", one(c.DeclineIntent(w.ctx, w.op(), contract.Objection{ID: id, Reason: strings.Repeat("x", 501)})), fault.Invalid)
	wants(t, "a reason of two lines", one(c.DeclineIntent(w.ctx, w.op(), contract.Objection{ID: id, Reason: "no\r\nb.example declines"})), fault.Invalid)
	wants(t, "c declines", one(c.DeclineIntent(w.ctx, w.op(), contract.Objection{ID: id, Reason: "Who are they?"})), fine)
	wants(t, "home approves", one(w.c.ApproveIntent(w.ctx, w.op(), consent(t, id, home, 5))), fine)
	got, err := w.c.Intent(w.ctx, id)
	wants(t, "read", err, fine)
	voices(t, got, []string{home + " 5 signature", "b.example 5 renewed"}, []string{"c.example Who are they?"})

	// Both may change their minds: the last word counts.
	wants(t, "c approves after all", one(c.ApproveIntent(w.ctx, w.op(), consent(t, id, "c.example", 5))), fine)
	wants(t, "home declines after all", one(w.c.DeclineIntent(w.ctx, w.op(), contract.Objection{ID: id})), fine)
	open, err := w.c.Intents(w.ctx)
	wants(t, "open", err, fine)
	if len(open) != 1 {
		t.Fatalf("intents = %+v", open)
	}
	voices(t, open[0], []string{"b.example 5 renewed", "c.example 5 signature"}, []string{home + " "})

	upgrade := contract.IntentProposal{Kind: contract.UpgradeContract, Subject: "2", Payload: []byte("definition")}
	wants(t, "propose", one(w.c.ProposeIntent(w.ctx, w.op(), upgrade)), fine)
	uid := intentID(t, upgrade)
	wants(t, "a signature nobody needs", one(b.ApproveIntent(w.ctx, w.op(), consent(t, uid, "b.example", 5))), fault.Invalid)
	wants(t, "by the lifecycle", one(b.ApproveIntent(w.ctx, w.op(), contract.Consent{ID: uid})), fine)
}

// voices compares who said what about an intent.
func voices(t *testing.T, i contract.Intent, approved, declined []string) {
	t.Helper()
	var yes, no []string
	for _, a := range i.Approvals {
		yes = append(yes, a.Node+" "+string(rune('0'+a.Sequence))+" "+string(a.Signature))
	}
	for _, d := range i.Declines {
		no = append(no, d.Node+" "+d.Reason)
	}
	if diff := cmp.Diff([][]string{approved, declined}, [][]string{yes, no}); diff != "" {
		t.Error(diff)
	}
}

func pastIntents(t *testing.T, w *world) {
	b := w.register(t, "b.example")
	first := contract.IntentProposal{Kind: contract.RemoveMember, Subject: "x.example", Concluders: []string{home, "b.example", "c.example", "d.example", "x.example"}}
	second := contract.IntentProposal{Kind: contract.RemoveOrderer, Subject: "x.example"}
	id := intentID(t, first)
	wants(t, "propose", one(w.c.ProposeIntent(w.ctx, w.op(), first)), fine)
	wants(t, "approve", one(b.ApproveIntent(w.ctx, w.op(), consent(t, id, "b.example", 1))), fine)
	wants(t, "another withdraws", one(b.WithdrawIntent(w.ctx, w.op(), contract.IntentRef{ID: id})), fault.Forbidden)
	wants(t, "a client withdraws", one(w.net.As(home, Client).WithdrawIntent(w.ctx, w.op(), contract.IntentRef{ID: id})), fault.Forbidden)
	wants(t, "withdraw", one(w.c.WithdrawIntent(w.ctx, w.op(), contract.IntentRef{ID: id})), fine)
	wants(t, "approve it now", one(b.ApproveIntent(w.ctx, w.op(), consent(t, id, "b.example", 2))), fault.Conflict)
	wants(t, "decline it now", one(b.DeclineIntent(w.ctx, w.op(), contract.Objection{ID: id})), fault.Conflict)
	wants(t, "withdraw twice", one(w.c.WithdrawIntent(w.ctx, w.op(), contract.IntentRef{ID: id})), fault.Conflict)

	// The same proposed again counts anew.
	wants(t, "propose again", one(b.ProposeIntent(w.ctx, w.op(), first)), fine)
	again, err := w.c.Intent(w.ctx, id)
	wants(t, "read", err, fine)
	if again.Round != 1 || again.By != "b.example" || again.State != contract.Open || len(again.Approvals) != 0 {
		t.Errorf("intent = %+v", again)
	}
	conclude := func(id contract.Digest, outcome string) error {
		return one(w.c.ConcludeIntent(w.ctx, w.op(), contract.Conclusion{ID: id, Outcome: outcome, Sequence: 7}))
	}
	wants(t, "no outcome", conclude(id, "withdrawn"), fault.Invalid)
	wants(t, "expired early", conclude(id, contract.Expired), fault.Invalid)
	wants(t, "unknown", conclude(digest("none"), contract.Applied), fault.NotFound)
	wants(t, "a stranger", one(w.net.As("y.example", Admin).ConcludeIntent(w.ctx, w.op(), contract.Conclusion{ID: id, Outcome: contract.Applied})), fault.Forbidden)
	// What another member says ends nothing by itself, not even together with what it
	// says of another outcome. Most of those do whom the proposer named, however few
	// approved, or the proposer.
	members := map[string]contract.Client{home: w.c}
	for _, node := range []string{"c.example", "d.example", "x.example", "y.example"} {
		members[node] = w.register(t, node)
	}
	says := func(node, outcome string) {
		t.Helper()
		wants(t, node+" says "+outcome, one(members[node].ConcludeIntent(w.ctx, w.op(), contract.Conclusion{ID: id, Outcome: outcome, Sequence: 7})), fine)
	}
	stays := func(what string) {
		t.Helper()
		if i, err := w.c.Intent(w.ctx, id); err != nil || i.State != contract.Open {
			t.Errorf("%s: it is %s, %v", what, i.State, err)
		}
	}
	says("x.example", contract.Failed)
	stays("one whom it is about says so")
	for _, node := range []string{"b.example", "x.example", "y.example"} {
		wants(t, node+" approves", one(w.net.As(node, Admin).ApproveIntent(w.ctx, w.op(), consent(t, id, node, 3))), fine)
	}
	says("c.example", contract.Failed)
	says("y.example", contract.Failed)
	stays("two of five say so, and one who was not named")
	says(home, contract.Applied)
	says("d.example", contract.Applied)
	stays("two of five say another thing")
	says("x.example", contract.Applied)
	wants(t, "twice", conclude(id, contract.Failed), fault.Conflict)
	wants(t, "propose", one(w.c.ProposeIntent(w.ctx, w.op(), second)), fine)
	wants(t, "failed", conclude(intentID(t, second), contract.Failed), fine)
	if open, err := w.c.Intents(w.ctx); err != nil || len(open) != 0 {
		t.Errorf("open = %+v, %v", open, err)
	}
	page, err := w.c.PastIntents(w.ctx, "")
	wants(t, "past", err, fine)
	seen := map[string]int{}
	for _, i := range page.Intents {
		seen[i.Kind+" "+i.State]++
		if i.State == contract.Withdrawn {
			voices(t, i, []string{"b.example 1 signature"}, nil)
		}
		if i.State == contract.Applied && (i.Sequence != 7 || i.ConcludedBy != "x.example" || i.ConcludedAt < i.At) {
			t.Errorf("applied = %+v", i)
		}
	}
	want := map[string]int{"remove-member withdrawn": 1, "remove-member applied": 1, "remove-orderer failed": 1}
	if diff := cmp.Diff(want, seen); diff != "" || page.Next != "" {
		t.Errorf("%s, next %q", diff, page.Next)
	}
	wants(t, "no such page", one(w.c.PastIntents(w.ctx, "\x00")), fault.Invalid)

	// All that one member has proposed must be little enough to be read at once.
	propose := func(i int) error {
		return one(members["x.example"].ProposeIntent(w.ctx, w.op(), contract.IntentProposal{Kind: contract.RemoveMember, Subject: fmt.Sprintf("n%d.example", i)}))
	}
	for i := range 8 {
		wants(t, "one more", propose(i), fine)
	}
	wants(t, "one too many", propose(8), fault.Conflict)
	wants(t, "one of another", one(w.c.ProposeIntent(w.ctx, w.op(), contract.IntentProposal{Kind: contract.RemoveMember, Subject: "n8.example"})), fine)
	for i := range 8 {
		wants(t, "withdrawn", one(members["x.example"].WithdrawIntent(w.ctx, w.op(), contract.IntentRef{ID: intentID(t, contract.IntentProposal{Kind: contract.RemoveMember, Subject: fmt.Sprintf("n%d.example", i)})})), fine)
	}
	wants(t, "and again", propose(9), fine)
}
