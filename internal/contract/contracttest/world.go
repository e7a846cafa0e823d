package contracttest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty"
)

const home = "a.example"

// world is a network with one registered node that has listeners.
type world struct {
	net    Network
	ctx    context.Context
	c      contract.Client // of home, administrator
	log    ed25519.PrivateKey
	settle ed25519.PrivateKey
	period calendar.Period
	ops    int
	leaves []royalty.Hash
	secret map[calendar.Day]contract.Digest
	open   calendar.Day
}

func newWorld(t *testing.T, net Network) *world {
	w := bareWorld(t, net)
	w.register(t, home)
	return w
}

// bareWorld has no node yet.
func bareWorld(t *testing.T, net Network) *world {
	return &world{net: net, ctx: t.Context(), c: net.As(home, Admin), log: key("log"), settle: key("settle"),
		period: calendar.PeriodOf(net.Now()).Add(-3), secret: map[calendar.Day]contract.Digest{}}
}

func key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func public(k ed25519.PrivateKey) *contract.Digest {
	d := contract.Digest(k.Public().(ed25519.PublicKey))
	return &d
}

func digest(parts ...any) contract.Digest {
	return contract.Digest(sha256.Sum256([]byte(fmt.Sprint(parts...))))
}

// op makes a fresh operation id.
func (w *world) op() string { w.ops++; return fmt.Sprintf("test/%d", w.ops) }

func (w *world) register(t *testing.T, node string) contract.Client {
	c := w.net.As(node, Admin)
	_, err := c.RegisterNode(w.ctx, w.op(), Registration(node))
	wants(t, "register "+node, err, fine)
	return c
}

// Registration is a node's with the keys that these tests sign with.
func Registration(node string) contract.Registration {
	return contract.Registration{Node: node, Name: "Node " + node, Owner: "Owner " + node,
		LogKey: public(key("log")), SettlementKey: public(key("settle"))}
}

// anchor closes a day of home with sixteen more leaves.
func (w *world) anchor(t *testing.T, d calendar.Day) {
	t.Helper()
	old := uint64(len(w.leaves))
	for i := range 16 {
		w.leaves = append(w.leaves, royalty.EntryLeaf(royalty.Hash(digest("leaf", d, i))))
	}
	proof, err := royalty.ProveConsistency(w.leaves, old)
	wants(t, "consistency", err, fine)
	in := contract.DayAnchor{Node: home, Day: d, Size: uint64(len(w.leaves)), Root: contract.Digest(royalty.Root(w.leaves)), Proof: contract.Digests(proof)}
	w.secret[d] = digest("secret", d)
	in.Commit = commit(t, home, d, w.secret[d])
	if w.open != 0 {
		in.Reveal = w.secret[w.open]
	}
	w.open = d
	wants(t, "anchor "+d.String(), one(w.c.AnchorDay(w.ctx, w.op(), in)), fine)
}

func commit(t *testing.T, node string, d calendar.Day, r contract.Digest) contract.Digest {
	h, err := royalty.BeaconCommit(node, d, royalty.Hash(r))
	wants(t, "commit", err, fine)
	return contract.Digest(h)
}

// closeLog anchors what settling the period needs: its last day, and the three
// until the beacon of the first after it is fixed.
func (w *world) closeLog(t *testing.T) {
	first := calendar.DayOf(w.period.End())
	for _, d := range []calendar.Day{w.period.LastDay(), first, first.Add(1), first.Add(2)} {
		w.anchor(t, d)
	}
}

func (w *world) rules(t *testing.T) royalty.Rules {
	r, err := w.c.Rules(w.ctx, home, w.period)
	wants(t, "rules", err, fine)
	return r.Rules()
}

// listeners are payers of a full month who heard nine acts each: one that all
// hear most, and eight of their own.
func (w *world) listeners(n int) (out []*royalty.Listener) {
	for i := range n {
		l := &royalty.Listener{Pseudonym: royalty.Pseudonym(binary.BigEndian.AppendUint64(make([]byte, 8), uint64(i))), Pot: 9 * money.Dollar}
		row := royalty.DayRow{Pseudonym: l.Pseudonym, Day: w.period.Day(3), Params: 1}
		for a := range 9 {
			act, seconds := act(i*8+a), uint64(100+a)
			if a == 0 {
				act, seconds = popular, 5000
			}
			row.Acts = append(row.Acts, royalty.ActDay{Act: act, Credit: seconds * 10_000, Plays: 3})
			row.Total += seconds * 10_000
		}
		slices.SortFunc(row.Acts, func(a, b royalty.ActDay) int { return bytes.Compare([]byte(a.Act), []byte(b.Act)) })
		row.Claims, row.ClaimsRoot = 27, royalty.Hash(digest("claims", i))
		b, err := row.Encode()
		if err != nil {
			panic(err)
		}
		l.Days = [][]byte{b}
		out = append(out, l)
	}
	return out
}

// popular sorts before the other acts.
var popular = act(0)

func act(n int) id.Act { return id.Act(fmt.Sprintf("01ARZ3NDEKTSV4RRFFQ69%05d", n)) }

func salt(who royalty.Pseudonym) royalty.Salt {
	return royalty.Salt(first16(digest("salt", who)))
}

// made is a month with everything that proves it.
type made struct {
	trees *royalty.Trees
	rows  [][]byte
	s     royalty.Settlement
}

// month compiles listeners; spoil may alter a row before it enters the trees.
func (w *world) month(t *testing.T, listeners []*royalty.Listener, spoil func(i int, r *royalty.MonthRow)) made {
	t.Helper()
	rules := w.rules(t)
	m, err := royalty.NewMonth(w.period, rules)
	wants(t, "new month", err, fine)
	var out made
	for i, l := range listeners {
		row, err := royalty.Compile(w.period, l, &rules)
		wants(t, "compile", err, fine)
		if spoil != nil {
			spoil(i, &row)
		}
		b, err := m.AddRow(&row, salt(l.Pseudonym))
		wants(t, "add row", err, fine)
		out.rows = append(out.rows, bytes.Clone(b))
	}
	out.trees, err = m.Close(nil)
	wants(t, "close", err, fine)
	part := money.Micro(len(listeners)) * money.Dollar
	w.paid(t, uint32(len(listeners)), part, 9*part)
	out.s, err = out.trees.Settle(royalty.Closing{Node: home, Log: w.checkpoint(), Received: 10 * part, Operator: part,
		Rules: "v1", Vectors: royalty.Hash(digest("vectors"))})
	wants(t, "settle", err, fine)
	return out
}

func (w *world) checkpoint() royalty.Checkpoint {
	return royalty.Checkpoint{Origin: royalty.LogOrigin(home), Size: uint64(len(w.leaves)), Root: royalty.Root(w.leaves)}
}

// paid records what payers paid in the period.
func (w *world) paid(t *testing.T, payers uint32, operator, pots money.Micro) {
	t.Helper()
	if payers == 0 {
		return
	}
	wants(t, "payments", one(w.c.RecordPayments(w.ctx, w.op(), contract.DayPayments{Node: home, Day: w.period.Day(1),
		Declared: digest("declared"), DeclaredCount: payers, Received: operator + pots})), fine)
	wants(t, "operator", one(w.c.PayOperators(w.ctx, w.op(), contract.OperatorPay{Node: home, Period: w.period,
		Payers: payers, Operator: operator, Pots: pots})), fine)
}

// publish signs and publishes a settlement.
func (w *world) publish(t *testing.T, s royalty.Settlement) error {
	t.Helper()
	b, err := s.Encode()
	wants(t, "encode", err, fine)
	return one(w.c.PublishSettlement(w.ctx, w.op(), w.filing(b)))
}

func (w *world) filing(b []byte) contract.SettlementFiling {
	return contract.SettlementFiling{Settlement: b, Signature: ed25519.Sign(w.settle, b)}
}

func (w *world) finalize() error {
	return one(w.c.Finalize(w.ctx, w.op(), contract.PeriodRef{Node: home, Period: w.period}))
}

func (w *world) prove(kind string, ev contract.Evidence) error {
	return one(w.c.ProveFault(w.ctx, w.op(), contract.FaultClaim{Node: home, Period: w.period, Kind: kind}, ev))
}

// rowEvidence opens row i of tree A.
func (m made) rowEvidence(t *testing.T, i int, l *royalty.Listener) contract.Evidence {
	t.Helper()
	path, err := royalty.NewTree(m.trees.Rows).Prove(uint64(i))
	wants(t, "path", err, fine)
	s := salt(l.Pseudonym)
	return contract.Evidence{Row: m.rows[i], Salt: s[:], Index: uint64(i), Path: contract.Digests(path), Days: l.Days}
}

func first16(d contract.Digest) []byte { return d[:16] }

// emptyMonth is a settlement of home in which nothing happened.
func emptyMonth(p calendar.Period) []byte {
	s := royalty.Settlement{Node: home, Period: p, Params: 1, Rules: "v1", Vectors: royalty.Hash(digest("vectors"))}
	b, err := s.Encode()
	if err != nil {
		panic(err)
	}
	return b
}
