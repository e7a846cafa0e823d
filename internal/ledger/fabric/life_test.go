package fabric_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/contract/contracttest"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// A life is one network of four nodes that everything happens to, one after the
// other: starting one takes longer than all that is done to it.
type life struct {
	root       *testing.T // which the nodes live as long as
	a, b, c, d *node
	url        string  // where newcomers ask
	liar       *behave // a's contract
	other      *behave // d's
	prove      func(ctx context.Context, by contract.Client, victim int) error
	carried    []byte // the evidence with which b proved it
	calls      atomic.Int64
}

// How a contract behaves.
const (
	honest  = iota
	forging // it writes something else
)

// behave is a contract that can be told to misbehave.
type behave struct {
	shim.Chaincode
	how atomic.Int32
}

func (b *behave) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
	if b.how.Load() == forging {
		stub = forger{stub}
	}
	return b.Chaincode.Invoke(stub)
}

type forger struct{ shim.ChaincodeStubInterface }

func (f forger) PutState(key string, value []byte) error {
	return f.ChaincodeStubInterface.PutState(key, append(slices.Clone(value), ' '))
}

// admins is the network as the contract's tests use it.
type admins struct {
	t *testing.T
	n *node
}

func (a admins) As(string, string) contract.Client { return a.n.contract(a.t) }
func (a admins) Now() time.Time                    { return time.Now() }

func TestLifeOfANetwork(t *testing.T) {
	l := newLife(t)
	for _, s := range []struct {
		name string
		run  func(*testing.T, *life)
	}{
		{"three newcomers", joinAll},
		{"orderers grow to four (trap 1)", growOrderers},
		{"another's books (trap 3)", anothersBooks},
		{"a forged contract", forgedContract},
		{"the accused is down", accusedDown},
		{"peers that do not know each other yet (trap 5)", strangers},
		{"a commit nobody heard of", commitUnheard},
		{"members who lie", liars},
		{"an orderer's identity is replaced", replaceIdentity},
		{"an orderer goes", orderGoes},
		{"who endorses is chosen", chooseValidators},
		{"nothing is private (trap 2)", nothingPrivate},
		{"a member is put out and comes back (trap 6)", memberGoes},
	} {
		if !t.Run(s.name, func(t *testing.T) { s.run(t, l) }) {
			return
		}
	}
}

// newLife starts four nodes; the first has founded a network.
func newLife(t *testing.T) *life {
	cc, err := contract.New()
	if err != nil {
		t.Fatal(err)
	}
	l := &life{root: t, liar: &behave{Chaincode: cc}, other: &behave{Chaincode: cc}}
	h := open(t, "a.example", fabric.Contract{Version: "1", Code: l.liar})
	if err := h.Found(); err != nil {
		t.Fatal(err)
	}
	l.a = start(t, h, "a.example")
	l.b, l.c, l.d = start(t, open(t, "b.example"), "b.example"), start(t, open(t, "c.example"), "c.example"), start(t, open(t, "d.example", fabric.Contract{Version: "1", Code: l.other}), "d.example")
	l.url = door(t, l.a)
	eventually(t, "a is ready", l.a.ready)
	return l
}

// all are the nodes.
func (l *life) all() []*node { return []*node{l.a, l.b, l.c, l.d} }

// agree has members approve what one proposed, and waits for a state of things.
func (l *life) agree(t *testing.T, what string, id contract.Digest, done func() error, members ...*node) {
	t.Helper()
	for _, m := range members {
		eventually(t, m.name+" approves: "+what, func() error { return m.Approve(t.Context(), channel.Name, id) })
	}
	eventually(t, what, done)
}

// orderers fails unless these are the ones the channel names, and all order.
func (l *life) orderers(t *testing.T, at *node, want ...*node) error {
	cfg, err := at.Config(t.Context(), channel.Name)
	if err != nil {
		return err
	}
	list, err := cfg.Consenters()
	if err != nil {
		return err
	}
	var have, names []string
	for _, c := range list {
		have = append(have, c.MSP)
	}
	for _, n := range want {
		names = append(names, n.name)
		o, err := n.Ordering(t.Context(), channel.Name)
		if err != nil || !o.Orders() {
			return fmt.Errorf("%s: %+v (%v)", n.name, o, err)
		}
	}
	if slices.Sort(have); !slices.Equal(have, names) {
		return fmt.Errorf("orderers are %v, not %v", have, names)
	}
	return nil
}

func actOf(i int64) id.Act { return id.Act(fmt.Sprintf("01ARZ3NDEKTSV4RRFFQ6%06d", i)) }

// act registers one more act of a node, until it is recorded, within a minute.
// Only what asks to be tried again may come back; it returns how often it did.
func (l *life) act(t *testing.T, ctx context.Context, n *node) (again int) {
	t.Helper()
	return l.actWithin(t, ctx, n, time.Minute)
}

func (l *life) actWithin(t *testing.T, ctx context.Context, n *node, within time.Duration) (again int) {
	t.Helper()
	i := l.calls.Add(1)
	in := contract.ActRegistration{Node: n.name, Act: actOf(i)}
	for end := time.Now().Add(within); ; again++ {
		_, err := n.contract(t).RegisterAct(ctx, fmt.Sprintf("act/%d", i), in)
		switch {
		case err == nil || ctx.Err() != nil:
			return again
		case !fault.Is(err, fault.Unavailable) || time.Now().After(end):
			t.Errorf("%s, act %d: %v", n.name, i, err)
			return again
		}
		t.Logf("%s, act %d, again: %v", n.name, i, err)
		select {
		case <-ctx.Done():
			return again
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// whole fails unless every act there should be is once at every node.
func (l *life) whole(t *testing.T, nodes ...*node) {
	t.Helper()
	for _, n := range nodes {
		eventually(t, n.name+" has everything", func() error {
			have := 0
			for _, of := range l.all() {
				list, err := n.contract(t).Acts(t.Context(), of.name)
				if err != nil {
					return err
				}
				have += len(list)
			}
			if want := int(l.calls.Load()); have != want {
				return fmt.Errorf("%d acts of %d", have, want)
			}
			return nil
		})
	}
}

func joinAll(t *testing.T, l *life) {
	l.prove = contracttest.Accuse(t, admins{t, l.a})
	for _, n := range []*node{l.b, l.c, l.d} {
		if err := n.Ask(t.Context(), l.url, "", "Please."); err != nil {
			t.Fatal(err)
		}
	}
	l.admit(t, l.b.name)
	l.b.register(t)
	eventually(t, "b endorses", func() error { return l.validate(t, l.a, l.a, l.b) })
	for _, n := range []*node{l.c, l.d} {
		id := l.admit(t, n.name)
		if err := l.b.Approve(t.Context(), channel.Name, id); err != nil {
			t.Fatal(err)
		}
		n.register(t)
	}
	eventually(t, "all endorse", func() error { return l.validate(t, l.d, l.all()...) })
}

// admit puts a newcomer's request before the members.
func (l *life) admit(t *testing.T, name string) contract.Digest {
	t.Helper()
	r, err := l.a.Request(name)
	if err != nil {
		t.Fatal(err)
	}
	id, err := l.a.Admit(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// validate fails unless these endorse.
func (l *life) validate(t *testing.T, at *node, want ...*node) error {
	var names []string
	for _, n := range want {
		names = append(names, n.name)
	}
	if v := at.validators(t); !slices.Equal(v, names) {
		return fmt.Errorf("validators are %v, not %v", v, names)
	}
	return nil
}

func (n *node) ready() error {
	ready, doing, err := n.Ready(channel.Name)
	if !ready {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

func growOrderers(t *testing.T, l *life) {
	order := []*node{l.a}
	for _, n := range []*node{l.b, l.c, l.d} {
		began := time.Now()
		id, err := n.AddOrderer(t.Context(), channel.Name, "")
		if err != nil {
			t.Fatal(err)
		}
		approvers := order[:channel.Majority(len(order))]
		order = append(order, n)
		l.agree(t, n.name+" orders", id, func() error { return l.orderers(t, l.a, order...) }, approvers...)
		l.act(t, t.Context(), n)
		t.Logf("%d orderers after %v", len(order), time.Since(began).Round(10*time.Millisecond))
	}
	if _, err := l.b.AddOrderer(t.Context(), channel.Name, ""); !fault.Is(err, fault.Conflict) {
		t.Errorf("b orders twice: %v", err)
	}
	for _, n := range l.all() { // one that asks for certificates cannot be copied from
		n.asksForCertificate(t, org.Peer, true)
		n.asksForCertificate(t, org.Orderer, false)
	}
	l.whole(t, l.all()...)
}
