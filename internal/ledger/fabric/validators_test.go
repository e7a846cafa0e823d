package fabric

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// endorsing is an intent in which these endorse.
func endorsing(t *testing.T, by string, list ...string) (i contract.Intent) {
	t.Helper()
	i = contract.Intent{IntentProposal: contract.IntentProposal{Kind: contract.SetValidators}, By: by, State: contract.Open, Until: uint64(time.Now().Add(time.Hour).UnixMilli())}
	var err error
	if i.Payload, err = json.Marshal(list); err != nil {
		t.Fatal(err)
	}
	if i.ID, err = i.IntentProposal.ID(); err != nil {
		t.Fatal(err)
	}
	return i
}

// Whose signature has the others consent without their people: that of the one node
// that an intent moves, whoever proposed it.
func TestWhoMovesAmongValidators(t *testing.T) {
	a, b, c := homeAt(t, "a.example", 9020, false), homeAt(t, "b.example", 9120, false), homeAt(t, "c.example", 9220, false)
	cfg, err := channel.Read(founded(t, a, b, c)) // a endorses
	if err != nil {
		t.Fatal(err)
	}
	v := &view{config: cfg}
	for _, x := range []struct {
		by    string
		list  []string
		mover string
	}{
		{"b.example", []string{"a.example", "b.example"}, "b.example"},
		{"c.example", []string{"a.example", "b.example"}, "b.example"},
		{"b.example", []string{"b.example", "a.example"}, ""}, // not as such a list is written
		{"b.example", []string{"a.example", "b.example", "c.example"}, ""},
		{"b.example", []string{"b.example"}, ""}, // puts another one out
		{"a.example", []string{}, "a.example"},
	} {
		i := endorsing(t, x.by, x.list...)
		if got := a.mover(i, v); got != x.mover {
			t.Errorf("%v proposed by %s moves %q, want %q", x.list, x.by, got, x.mover)
		}
		i.Declines = []contract.Decline{{Node: "a.example"}}
		if got := a.mover(i, v); got != "" {
			t.Errorf("%v moves %q after it was declined here", x.list, got)
		}
	}
	i := endorsing(t, "b.example", "a.example", "b.example")
	i.Payload = append(i.Payload, ' ') // the same, and another intent
	if got := a.mover(i, v); got != "" {
		t.Errorf("a list in another spelling moves %q", got)
	}
	i = endorsing(t, "c.example", "a.example", "b.example")
	i.Kind = contract.RemoveMember
	if got := a.mover(i, v); got != "" {
		t.Errorf("an intent of another kind moves %q", got)
	}
}

// A member consents to what the node that endorses from then on has signed, and not
// to what is only said of it.
func TestTheirOwnSignatureMovesThem(t *testing.T) {
	s := newScene(t)
	v := s.grown(t)
	s.reads = map[string]any{"GetNode": contract.Node{}}
	i := endorsing(t, "somebody.example", "client.example", "liar.example")
	update, err := kinds[i.Kind].update(channel.Name, i.IntentProposal, v.config)
	if err != nil {
		t.Fatal(err)
	}
	i.Approvals = []contract.Approval{signedBy(t, s.client, i, v.config)}
	book, err := s.client.book(channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	for _, forged := range []bool{false, true} {
		if forged {
			i.Approvals[0].Signature[9] ^= 1
		}
		_, who, _ := s.member.signatures(i, update, v.config)
		if got := s.member.signs(t.Context(), channel.Name, i, who, v, book); got == forged {
			t.Errorf("forged %v: it signs %v", forged, got)
		}
	}
}

// A member that wants to endorse says so once, also where it did not hear that it had
// said so, and where another one proposed it before.
func TestAskingToEndorse(t *testing.T) {
	ln := anyPort(t)
	a, b := homeAt(t, "a.example", 9020, false), homeAt(t, "b.example", port(ln), false)
	own := &liar{config: founded(t, a, b), became: peer.TxValidationCode_VALID, endorse: func(*peer.Proposal) *cb.Envelope { return &cb.Envelope{} }}
	own.serve(t, ln, b)
	if err := b.Take(channel.Name, own.config); err != nil {
		t.Fatal(err)
	}
	v, err := b.current(t.Context(), channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	mine := endorsing(t, "b.example", "a.example", "b.example")
	theirs := mine
	theirs.By = "a.example"
	approved := mine
	approved.Approvals = []contract.Approval{{Node: "b.example"}}
	declined := theirs
	declined.Declines = []contract.Decline{{Node: "b.example"}}
	stale := endorsing(t, "b.example", "b.example")
	other := endorsing(t, "a.example", "b.example")
	out := endorsing(t, "b.example", "c.example") // for people, so it is not taken back
	conflict := status.Error(codes.Aborted, "chaincode response 500, conflict: It is open already.")
	for name, x := range map[string]struct {
		open  []contract.Intent
		keeps bool // that it approved the first
		calls []string
	}{
		"nothing is open":                 {nil, false, []string{"ProposeIntent"}},
		"it did not hear of its own":      {[]contract.Intent{mine}, false, []string{"ProposeIntent", "ApproveIntent"}},
		"it approved its own":             {[]contract.Intent{approved}, true, nil},
		"a peer says that it approved":    {[]contract.Intent{approved}, false, []string{"ProposeIntent", "ApproveIntent"}},
		"it signs its own when it can":    {[]contract.Intent{mine}, true, nil},
		"another one was first":           {[]contract.Intent{theirs}, false, []string{"ProposeIntent", "ApproveIntent"}},
		"its administrator declined":      {[]contract.Intent{declined}, false, nil},
		"it asked for what was, before":   {[]contract.Intent{stale}, false, []string{"WithdrawIntent"}},
		"another one wants another list":  {[]contract.Intent{other}, false, []string{"ProposeIntent"}},
		"its people want another one out": {[]contract.Intent{out}, true, []string{"ProposeIntent"}},
	} {
		v.approved = nil
		if x.keeps {
			v.approved = []yes{{Channel: channel.Name, Proposal: x.open[0].IntentProposal, At: time.Now()}}
		}
		own.reads = map[string]any{"GetNode": contract.Node{}, "GetIntents": x.open, "GetIntent": status.Error(codes.Aborted, "chaincode response 500, not-found: There is none.")}
		if len(x.open) > 0 && x.open[0].ID == mine.ID {
			own.reads["GetIntent"] = x.open[0]
		}
		var called []string
		own.refuse = func(fn string) error {
			called = append(called, fn)
			return conflict
		}
		_, err := b.stepValidator(t.Context(), channel.Name, v)
		if !slices.Equal(called, x.calls) || (err == nil) != (len(x.calls) == 0) {
			t.Errorf("%s: it calls %q (%v), want %q", name, called, err, x.calls)
		}
	}
}
