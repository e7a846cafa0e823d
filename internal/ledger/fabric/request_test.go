package fabric

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/block"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// atHome opens a node's folder, with nothing running.
func atHome(t *testing.T, node string, now func() time.Time) *Home {
	t.Helper()
	h, err := Open(Config{Dir: t.TempDir(), Node: node, Host: node, Port: 9020, Contracts: []Contract{{Version: contract.Version}}, Now: now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// Anybody may send a request in any name. The one that waits is what operators
// compare and admit, so nobody takes its place.
func TestTheFirstRequestStays(t *testing.T) {
	now := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	member, newcomer, thief := atHome(t, "a.example", clock), atHome(t, "b.example", clock), atHome(t, "b.example", clock)
	if err := member.Found(); err != nil {
		t.Fatal(err)
	}
	first, err := member.First(channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := channel.Read(first)
	if err != nil {
		t.Fatal(err)
	}
	member.cache[channel.Name] = &view{block: first, config: cfg}
	ask := func(h *Home, note string, change func(*channel.Member)) error {
		t.Helper()
		r, err := h.Introduce(note)
		if err != nil {
			t.Fatal(err)
		}
		change(&r.Member)
		now = now.Add(time.Minute)
		return member.Receive(r)
	}
	same := func(*channel.Member) {}
	waits := func(note string) {
		t.Helper()
		own, err := newcomer.Member()
		if err != nil {
			t.Fatal(err)
		}
		r, err := member.Request("b.example")
		if err != nil || !r.Member.Equal(own) || r.Note != note {
			t.Errorf("%+v waits (%v), want the first with %q", r, err, note)
		}
	}
	if err := ask(newcomer, "We play shanties.", same); err != nil {
		t.Fatal(err)
	}
	before, err := member.Request("b.example")
	if err != nil {
		t.Fatal(err)
	}
	for what, do := range map[string]func() error{
		"other certificates": func() error { return ask(thief, "It is us, really.", same) },
		"another address":    func() error { return ask(newcomer, "We moved.", func(m *channel.Member) { m.Host = "evil.example" }) },
		"another port":       func() error { return ask(newcomer, "We moved.", func(m *channel.Member) { m.Port = 22 }) },
	} {
		err := do()
		if !fault.Is(err, fault.Conflict) || !strings.Contains(fault.Message(err), before.Fingerprint()) || !strings.Contains(fault.Message(err), "9ten ledger dismiss b.example") {
			t.Errorf("%s: %v", what, err)
		}
		waits("We play shanties.")
	}
	if err := ask(newcomer, "We play shanties and reels.", same); err != nil {
		t.Error(err)
	}
	waits("We play shanties and reels.")
	// Operators compare what they read in a list: nobody writes rows of his own there.
	forged := "hello\x1b[1A\x1b[2K\nbig.label.example\tabcde-abcde-abcde-abcde"
	r, err := newcomer.Introduce("We play\nshanties.")
	if err != nil || r.Note != "We play shanties." {
		t.Errorf("a note of two lines is sent as %q (%v)", r.Note, err)
	}
	for what, forge := range map[string]func(*Request){
		"note": func(r *Request) { r.Note = forged },
		"host": func(r *Request) { r.Member.Host = forged },
		"name": func(r *Request) { r.Member.MSP = forged },
	} {
		r := r
		forge(&r)
		if err := member.Receive(r); !fault.Is(err, fault.Invalid) {
			t.Errorf("a %s with the terminal's commands: %v", what, err)
		}
	}
	waits("We play shanties and reels.")
	if r, err := member.Request("b.example"); err != nil || !r.At.After(before.At) {
		t.Errorf("asked again, it is of %v (%v)", r.At, err)
	}
	// Who was squatted on tells the operator, who drops the other.
	if err := member.Dismiss("b.example"); err != nil {
		t.Error(err)
	}
	if err := ask(thief, "First.", same); err != nil {
		t.Error(err)
	}
	if err := member.Dismiss("b.example"); err != nil {
		t.Error(err)
	}
	if err := ask(newcomer, "Now.", same); err != nil {
		t.Error(err)
	}
	waits("Now.")
	now = now.Add(30*24*time.Hour + time.Minute)
	if all, err := member.Requests(); err != nil || len(all) > 0 {
		t.Errorf("after a month %+v wait (%v)", all, err)
	}
	if a, err := member.Answer("b.example", ""); err != nil || a.State != Unknown {
		t.Errorf("its node is told %+v (%v)", a, err)
	}
	if err := ask(thief, "A month later.", same); err != nil {
		t.Error(err)
	}
}

// One stranger with many names takes some of the places where requests wait, and
// not all.
func TestOneNetworkDoesNotTakeAllPlaces(t *testing.T) {
	now := time.Now()
	clock := func() time.Time { return now }
	member := atHome(t, "a.example", clock)
	if err := member.Found(); err != nil {
		t.Fatal(err)
	}
	first, err := member.First(channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := channel.Read(first)
	if err != nil {
		t.Fatal(err)
	}
	member.cache[channel.Name] = &view{block: first, config: cfg}
	shows, err := atHome(t, "b.example", clock).Member()
	if err != nil {
		t.Fatal(err)
	}
	ask := func(i int, from string) error {
		r := Request{Member: shows, From: from}
		r.Member.MSP = fmt.Sprintf("x%d.example", i)
		return member.Receive(r)
	}
	n := 0
	for ; n < maxRequests && err == nil; n++ {
		err = ask(n, "203.0.113.7")
	}
	if n != maxFrom+1 || !fault.Is(err, fault.Limited) || fault.Wait(err) != time.Hour {
		t.Fatalf("%d requests from one address: %v", n, err)
	}
	if err := ask(0, "203.0.113.7"); err != nil {
		t.Errorf("one of them again: %v", err)
	}
	if err := member.Dismiss("x0.example"); err != nil {
		t.Error(err)
	}
	if err := ask(n, "203.0.113.7"); err != nil {
		t.Errorf("after one was dropped: %v", err)
	}
	for err = nil; err == nil && n < 2*maxRequests; n++ {
		err = ask(100+n, fmt.Sprintf("203.0.113.%d", 100+n))
	}
	if all, e := member.Requests(); e != nil || len(all) != maxRequests || !fault.Is(err, fault.Limited) {
		t.Errorf("%d wait (%v), then %v", len(all), e, err)
	}
}

// Which network a node joins is its operator's to say: not that of whoever is on
// the way, or of a member's node that answers with another one's first block.
func TestANodeJoinsNoOtherNetwork(t *testing.T) {
	member, stranger := atHome(t, "a.example", time.Now), atHome(t, "x.example", time.Now)
	var firsts []*cb.Block
	for _, h := range []*Home{member, stranger} {
		if err := h.Found(); err != nil {
			t.Fatal(err)
		}
		b, err := h.First(channel.Name)
		if err != nil {
			t.Fatal(err)
		}
		firsts = append(firsts, b)
	}
	own, err := stranger.IntroduceByFile("")
	if err != nil {
		t.Fatal(err)
	}
	cluster, err := channel.Founding{Channel: contract.ClusterChannel("north"), Founders: []channel.Founder{{Member: own.Member, Consenter: *own.Orderer}}}.Genesis(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	hash := fmt.Sprintf("%x", block.Hash(firsts[0]))
	hollow := proto.Clone(firsts[0]).(*cb.Block) // has the header, and so the hash, of the one that is meant
	hollow.Data = firsts[1].Data
	var given []byte
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(Answer{State: Admitted, First: given})
	}))
	t.Cleanup(s.Close)
	for _, tt := range []struct {
		what, network string
		first         *cb.Block
		want          Phase
	}{
		{"the one it asked for", hash, firsts[0], Joined},
		{"in capitals", " " + strings.ToUpper(hash) + " ", firsts[0], Joined},
		{"any", "", firsts[1], Joined},
		{"another", hash, firsts[1], Asking},
		{"another under its header", hash, hollow, Asking},
		{"another channel", "", cluster, Asking},
	} {
		h := atHome(t, "b.example", time.Now)
		if err := h.Ask(t.Context(), s.URL, tt.network, ""); err != nil {
			t.Fatalf("%s: %v", tt.what, err)
		}
		given = channel.EncodeBlock(tt.first)
		if err := h.Inquire(t.Context()); h.Phase() != tt.want || (err == nil) != (tt.want == Joined) || err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: it is %q (%v), want %q", tt.what, h.Phase(), err, tt.want)
		}
	}
}

// Over http anybody on the way may answer.
func TestWhomANodeAsks(t *testing.T) {
	h := atHome(t, "b.example", time.Now)
	for _, tt := range []struct {
		via, network, field string
	}{
		{"http://203.0.113.1", "", "via"},
		{"http://localhost.example", "", "via"},
		{"ftp://a.example", "", "via"},
		{"https://a.example", "abc", "network"},
		{"https://a.example", strings.Repeat("zz", 32), "network"},
	} {
		var f *fault.Error
		if err := h.Ask(t.Context(), tt.via, tt.network, ""); !errors.As(err, &f) || f.Kind != fault.Invalid || f.Field != tt.field {
			t.Errorf("%s %s: %v", tt.via, tt.network, err)
		}
		if h.Phase() != Alone {
			t.Errorf("%s: it is %q", tt.via, h.Phase())
		}
	}
	for _, host := range []string{"localhost", "a.localhost", "127.0.0.1", "127.8.8.8", "::1"} {
		if !Loopback(host) {
			t.Errorf("%s is not this machine", host)
		}
	}
	for _, host := range []string{"localhost.example", "a.example", "203.0.113.1", "", "0.0.0.0"} {
		if Loopback(host) {
			t.Errorf("%s is this machine", host)
		}
	}
	from, to := httptest.NewRequest(http.MethodGet, "https://a.example/", nil), httptest.NewRequest(http.MethodGet, "http://a.example/", nil)
	if err := stays(to, []*http.Request{from}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("led from https to http: %v", err)
	}
	if err := stays(from, []*http.Request{from}); err != nil {
		t.Errorf("led from https to https: %v", err)
	}
}

// To be refused is to have been faster only where the same is open: who has eight
// proposals open, or asks for what is so already, hears that and not of an intent
// that does not exist.
func TestAConflictIsNotTakenForAProposal(t *testing.T) {
	s := newScene(t)
	v := s.grown(t)
	newcomer, err := homeAt(t, "newcomer.example", 9120, false).Member()
	if err != nil {
		t.Fatal(err)
	}
	self, err := s.client.Member()
	if err != nil {
		t.Fatal(err)
	}
	open := func(kind, subject string, payload any, state string, left time.Duration) contract.Intent {
		t.Helper()
		i := contract.Intent{IntentProposal: contract.IntentProposal{Kind: kind, Subject: subject}, State: state, Until: uint64(time.Now().Add(left).UnixMilli())}
		if payload != nil {
			if i.Payload, err = json.Marshal(payload); err != nil {
				t.Fatal(err)
			}
		}
		if i.ID, err = i.IntentProposal.ID(); err != nil {
			t.Fatal(err)
		}
		return i
	}
	admit := func(m channel.Member) func() error {
		return func() error {
			_, err := s.client.Admit(t.Context(), Request{Member: m})
			return err
		}
	}
	leave := func() error {
		_, err := s.client.RemoveMember(t.Context(), channel.Name, "client.example", "It leaves.")
		return err
	}
	approved := open(contract.RemoveMember, "client.example", nil, contract.Open, time.Hour)
	approved.Round, approved.Approvals = 1, []contract.Approval{signedBy(t, s.client, approved, v.config)}
	void := approved
	void.Approvals = []contract.Approval{signedBy(t, s.client, approved, changed(t, s.first, func(app *cb.ConfigGroup) { app.Version++ }))}
	approvedOnlySaid := approved
	approvedOnlySaid.Round = 2
	none := status.Error(codes.Aborted, "chaincode response 500, not-found: There is no intent.")
	for name, x := range map[string]struct {
		do    func() error
		reads any    // what the ledger has under the id
		says  string // what is heard; "" for nothing
		votes bool   // it approves
	}{
		"admit with eight open":          {admit(newcomer), none, "8 proposals open", false},
		"admit who is a member":          {admit(self), none, "already", false},
		"admit whom another one put":     {admit(newcomer), open(contract.AdmitMember, "newcomer.example", newcomer, contract.Open, time.Hour), "", true},
		"admit after that ran out":       {admit(newcomer), open(contract.AdmitMember, "newcomer.example", newcomer, contract.Open, -time.Hour), "8 proposals open", false},
		"leave with eight open":          {leave, none, "8 proposals open", false},
		"leave, whose answer was lost":   {leave, open(contract.RemoveMember, "client.example", nil, contract.Open, time.Hour), "", true},
		"leave again":                    {leave, approved, "", false},
		"leave again, after a change":    {leave, void, "", true},
		"leave again, or so says a peer": {leave, approvedOnlySaid, "", true},
		"leave after it was taken back":  {leave, open(contract.RemoveMember, "client.example", nil, contract.Withdrawn, time.Hour), "8 proposals open", false},
	} {
		voted := false
		if err := s.client.remember(channel.Name, approved); err != nil { // one that is refused is forgotten
			t.Fatal(err)
		}
		s.reads = map[string]any{"GetIntent": x.reads}
		s.became = peer.TxValidationCode_VALID
		s.refuse = func(fn string) error {
			if fn == "ProposeIntent" {
				return status.Error(codes.Aborted, "chaincode response 500, conflict: client.example has 8 proposals open.")
			}
			voted = voted || fn == "ApproveIntent"
			return status.Error(codes.Aborted, "chaincode response 500, forbidden: That was all it wanted.")
		}
		err := x.do()
		if x.votes && fault.Is(err, fault.Forbidden) {
			err = nil
		}
		if voted != x.votes || x.says == "" && err != nil || x.says != "" && (!fault.Is(err, fault.Conflict) || !strings.Contains(fault.Message(err), x.says)) {
			t.Errorf("%s: it approves: %v; it hears %v, want %q", name, voted, err, x.says)
		}
	}
}

// A newcomer asks often where one more member would do, and seldom where it may take weeks.
func TestWhenANewcomerAsksAgain(t *testing.T) {
	for _, x := range []struct {
		a    Answer
		want time.Duration
	}{
		{Answer{}, 3 * time.Second},
		{Answer{State: Waiting, Needed: 1}, 3 * time.Second},
		{Answer{State: Proposed, Approvals: 1, Needed: 3}, 3 * time.Second},
		{Answer{State: Proposed, Approvals: 2, Needed: 3}, time.Second},
		{Answer{State: Proposed, Approvals: 3, Needed: 3}, time.Second},
	} {
		if got := x.a.again(nil); got != x.want {
			t.Errorf("%+v: %v", x.a, got)
		}
		if got := x.a.again(errors.New("nobody answers")); got != 3*time.Second {
			t.Errorf("%+v, and then nobody answers: %v", x.a, got)
		}
	}
}
