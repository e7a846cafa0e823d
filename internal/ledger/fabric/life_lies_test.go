package fabric_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric-admin-sdk/pkg/identity"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/block"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// dial connects to one node's peer as another node's administrator.
func (n *node) dial(t *testing.T, as *node, opts ...grpc.DialOption) (*grpc.ClientConn, identity.SigningIdentity, []byte) {
	t.Helper()
	m, err := n.Member()
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(m.TLSCA)
	cert, err := as.Org().TLS(org.Admin)
	if err != nil {
		t.Fatal(err)
	}
	opts = append(opts, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: roots, Certificates: []tls.Certificate{cert}})))
	conn, err := grpc.NewClient(m.Address(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	id, err := as.Org().Identity(org.Admin)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(cert.Certificate[0])
	return conn, id, sum[:]
}

// at is the contract as a node's administrator calls it at another's peer.
func (n *node) at(t *testing.T, peer *node, opts ...grpc.DialOption) contract.Client {
	t.Helper()
	conn, id, sum := peer.dial(t, n, opts...)
	c, err := fabric.NewClient(conn, id, sum, channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	return contract.Client{Ledger: c.Through(peer.name)}
}

// A layer of one of Fabric's messages is in the one before it.
type layer struct {
	from func() []byte
	into proto.Message
}

// peel reads one layer after the other.
func peel(t *testing.T, layers ...layer) {
	t.Helper()
	for _, l := range layers {
		if err := proto.Unmarshal(l.from(), l.into); err != nil {
			t.Fatal(err)
		}
	}
}

// Peers endorse whatever the contract allows, and anybody in the channel may ask
// any peer: the contract itself keeps what belongs to a node from all others, at
// their own peer and at the owner's.
func anothersBooks(t *testing.T, l *life) {
	before, err := l.b.contract(t).Settlement(t.Context(), "a.example", calendar.PeriodOf(time.Now()).Add(-3))
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []*node{l.b, l.a} {
		c := l.b.at(t, at)
		for what, err := range map[string]error{
			"settlement": one(c.PublishSettlement(t.Context(), "steal/1", contract.SettlementFiling{Settlement: before.Settlement, Signature: make([]byte, 64)})),
			"node":       one(c.UpdateNode(t.Context(), "steal/2", contract.Registration{Node: "a.example", Name: "mine"})),
			"anchor":     one(c.AnchorDay(t.Context(), "steal/3", contract.DayAnchor{Node: "a.example", Day: calendar.DayOf(time.Now())})),
			"payments":   one(c.RecordPayments(t.Context(), "steal/4", contract.DayPayments{Node: "a.example", Day: calendar.DayOf(time.Now())})),
			"act":        one(c.RegisterAct(t.Context(), "steal/5", contract.ActRegistration{Node: "a.example", Act: "01ARZ3NDEKTSV4RRFFQ6999999"})),
		} {
			if !fault.Is(err, fault.Forbidden) {
				t.Errorf("b writes a's %s at %s: %v", what, at.name, err)
			}
		}
	}
	after, err := l.b.contract(t).Settlement(t.Context(), "a.example", calendar.PeriodOf(time.Now()).Add(-3))
	if err != nil || after.Tx != before.Tx {
		t.Errorf("a's settlement is another one (%v)", err)
	}
}

func one[T any](_ T, err error) error { return err }

// A node whose contract writes something else is alone with it, and named.
func forgedContract(t *testing.T, l *life) {
	defer l.liar.how.Store(honest)
	defer l.other.how.Store(honest)
	for i, tt := range []struct {
		forgers []*behave
		by      *node
		others  []string // on the other side than who records; two of them are enough for it to fail
	}{
		{[]*behave{l.liar}, l.a, []string{"b.example", "c.example", "d.example"}}, // the forger itself finds that it is alone
		{[]*behave{l.liar, l.other}, l.b, []string{"a.example", "d.example"}},
	} {
		for _, f := range tt.forgers {
			f.how.Store(forging)
		}
		in := contract.ActRegistration{Node: tt.by.name, Act: id.Act(fmt.Sprintf("01ARZ3NDEKTSV4RRFFQ688888%d", i))}
		_, err := tt.by.contract(t).RegisterAct(t.Context(), fmt.Sprint("forged/", i), in)
		d, ok := errors.AsType[*fabric.Disagreement](err)
		if !ok {
			t.Fatalf("%s records where results differ: %v", tt.by.name, err)
		}
		strange := slices.ContainsFunc(d.With, func(n string) bool { return !slices.Contains(tt.others, n) })
		if d.Asked != tt.by.name || strange || len(d.With) < 2 {
			t.Errorf("%s on one side, %v on the other; want %s and at least two of %v", d.Asked, d.With, tt.by.name, tt.others)
		}
		sides := fmt.Sprintf("%s on one side, %s on the other", tt.by.name, strings.Join(d.With, ", "))
		if said := fault.Message(err); !strings.Contains(said, sides) {
			t.Errorf("%q does not name %s", said, sides)
		}
		if _, err := l.c.contract(t).Act(t.Context(), in.Act); !fault.Is(err, fault.NotFound) {
			t.Errorf("it was recorded: %v", err)
		}
	}
	// Of one forger the others need nothing.
	l.other.how.Store(honest)
	l.act(t, t.Context(), l.b)
	l.act(t, t.Context(), l.c)
}

// A proof against a node goes in though nothing of it runs, and it hears of it
// when it is back.
func accusedDown(t *testing.T, l *life) {
	l.restart(t, &l.a, func() {
		by := l.b.contract(t)
		by.Ledger = heeding{by.Ledger, &l.carried}
		eventually(t, "b carries the proof", func() error {
			err := l.prove(t.Context(), by, 1)
			if err != nil && !fault.Is(err, fault.Unavailable) {
				t.Fatal(err)
			}
			return err
		})
		l.proved(t, l.c, "b.example")
	}, fabric.Contract{Version: "1", Code: l.liar})
	eventually(t, "a is ready", l.a.ready)
	l.proved(t, l.a, "b.example")
	eventually(t, "all order", func() error { return l.orderers(t, l.a, l.all()...) })
}

// heeding keeps the evidence that goes by.
type heeding struct {
	ledger.Ledger
	evidence *[]byte
}

func (h heeding) Submit(ctx context.Context, c ledger.Call) (ledger.Result, error) {
	*h.evidence = c.Transient["evidence"]
	return h.Ledger.Submit(ctx, c)
}

// proved waits until a node has the faults of a, by who carried them: their
// blocks reach each peer in its own time.
func (l *life) proved(t *testing.T, at *node, by ...string) {
	t.Helper()
	eventually(t, at.name+" has the faults", func() error {
		list, err := at.contract(t).Faults(t.Context(), "a.example", calendar.PeriodOf(time.Now()).Add(-3))
		var have []string
		for _, f := range list {
			have = append(have, f.By)
		}
		if err == nil && !slices.Equal(have, by) {
			err = fmt.Errorf("faults are %+v", list)
		}
		return err
	})
}

// A commit that was not heard of is found by its operation's id, and what is
// sent again is recorded once.
func commitUnheard(t *testing.T, l *life) {
	lost := 0
	deaf := grpc.WithUnaryInterceptor(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		err := call(ctx, method, req, reply, cc, opts...)
		if strings.HasSuffix(method, "/CommitStatus") && err == nil {
			lost++
			return status.Error(codes.DeadlineExceeded, "the answer was lost")
		}
		return err
	})
	c := l.b.at(t, l.b, deaf)
	in := contract.ActRegistration{Node: "b.example", Act: "01ARZ3NDEKTSV4RRFFQ6666666"}
	tx, err := c.RegisterAct(t.Context(), "unheard", in)
	if err != nil || lost != 1 {
		t.Fatalf("recorded, and %d answers lost: %v", lost, err)
	}
	again, err := l.b.contract(t).RegisterAct(t.Context(), "unheard", in)
	if err != nil || again != tx {
		t.Errorf("sent again it is %s, not %s (%v)", again, tx, err)
	}
	if n := l.b.recorded(t, "unheard"); n != 1 {
		t.Errorf("recorded %d times", n)
	}
	l.calls.Add(1)

	// Here the commit itself is late: the orderers stop in the middle of it.
	late := grpc.WithUnaryInterceptor(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		if strings.HasSuffix(method, "/CommitStatus") {
			return status.Error(codes.DeadlineExceeded, "it takes too long")
		}
		err := call(ctx, method, req, reply, cc, opts...)
		if strings.HasSuffix(method, "/Submit") && err == nil {
			l.freeze(t, true, l.c, l.d)
		}
		return err
	})
	c = l.c.at(t, l.c, late)
	in = contract.ActRegistration{Node: "c.example", Act: "01ARZ3NDEKTSV4RRFFQ6555555"}
	_, err = c.RegisterAct(t.Context(), "late", in)
	l.freeze(t, false, l.c, l.d)
	if err != nil && !fault.Is(err, fault.Unavailable) {
		t.Fatalf("a late commit: %v", err)
	}
	eventually(t, "what was late is recorded", func() error {
		tx, err = l.c.contract(t).RegisterAct(t.Context(), "late", in)
		return err
	})
	if n := l.c.recorded(t, "late"); n != 1 {
		t.Errorf("recorded %d times", n)
	}
	l.calls.Add(1)
	l.whole(t, l.a, l.c)
}

// recorded counts the valid transactions that did an operation of a node.
func (n *node) recorded(t *testing.T, op string) (times int) {
	t.Helper()
	c, err := n.Client(channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n.head(t) {
		b, err := c.Block(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		txs, err := block.Transactions(b)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range txs {
			if x.Valid() && slices.ContainsFunc(x.Writes, func(w block.Write) bool { return strings.HasSuffix(w.Key, "\x00"+op+"\x00") }) {
				times++
			}
		}
	}
	return times
}

// What one member says of itself or of the others changes nothing by itself.
func liars(t *testing.T, l *life) {
	ctx, b := t.Context(), l.b.contract(t)
	past := func(id contract.Digest) (contract.Intent, error) { return l.c.contract(t).Intent(ctx, id) }

	// It would put others out of the endorsing, which no node signs by itself.
	evil := contract.IntentProposal{Kind: contract.SetValidators, Payload: []byte(`["a.example","b.example"]`)}
	id, err := evil.ID()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.ProposeIntent(ctx, "evil", evil); err != nil {
		t.Fatal(err)
	}
	for _, n := range []*node{l.a, l.c, l.d} {
		eventually(t, n.name+" looked at it", func() error {
			_, list, _ := n.Seen(channel.Name)
			if !slices.ContainsFunc(list, func(i contract.Intent) bool { return i.ID == id }) {
				return errors.New("not yet")
			}
			return nil
		})
	}
	if i, err := past(id); err != nil || len(i.Approvals) != 0 {
		t.Errorf("signed by %+v (%v)", i.Approvals, err)
	}
	if err := l.b.Withdraw(ctx, channel.Name, id); err != nil {
		t.Fatal(err)
	}

	// It says that the others' wish was carried out: its word ends nothing, so they
	// decide about it as before. a takes it back and proposes it again.
	cfg, err := l.a.Config(ctx, channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	first, err := l.a.RemoveOrderer(ctx, channel.Name, "d.example", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.ConcludeIntent(ctx, "lie", contract.Conclusion{ID: first, Outcome: contract.Applied, Sequence: cfg.Sequence + 1}); err != nil {
		t.Fatal(err)
	}
	if i, err := past(first); err != nil || i.State != contract.Open {
		t.Errorf("it is %s, concluded by %q (%v)", i.State, i.ConcludedBy, err)
	}
	if err := l.a.Withdraw(ctx, channel.Name, first); err != nil {
		t.Fatal(err)
	}
	if err := l.orderers(t, l.a, l.all()...); err != nil {
		t.Errorf("after a false conclusion: %v", err)
	}

	// It says it approved, with a signature under something else.
	again, err := l.a.RemoveOrderer(ctx, channel.Name, "d.example", "")
	if err != nil || again != first {
		t.Fatalf("proposed again as %s, not %s: %v", again, first, err)
	}
	var i contract.Intent
	eventually(t, "c knows of the second round", func() error {
		if i, err = past(first); err != nil || len(i.Approvals) != 1 || i.Round != 1 {
			return fmt.Errorf("it is %+v, %w", i, err)
		}
		return nil
	})
	_, who, _ := l.b.dial(t, l.b)
	sig, err := channel.Sign(who, []byte("something else"))
	if err != nil {
		t.Fatal(err)
	}
	lie := i.Approvals[0].Consent
	lie.Header, lie.Signature = sig.Header, sig.Signature
	if _, err := b.ApproveIntent(ctx, "false", lie); err != nil {
		t.Fatal(err)
	}
	if err := l.c.Approve(ctx, channel.Name, first); err != nil {
		t.Fatal(err)
	}
	// Three names are under it, two signatures: no node sends it.
	if i, err = past(first); err != nil || len(i.Approvals) != 3 {
		t.Fatalf("approved by %+v (%v)", i.Approvals, err)
	}
	cfg, err = l.c.Config(ctx, channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := l.c.Signed(channel.Name, i, cfg); err != nil || !slices.Equal(n, []string{"a.example", "c.example"}) {
		t.Errorf("signed by %v (%v)", n, err)
	}
	if err := l.a.Withdraw(ctx, channel.Name, first); err != nil {
		t.Fatal(err)
	}
}
