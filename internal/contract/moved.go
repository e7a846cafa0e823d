package contract

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"slices"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty"
)

// moved is everything a node brings from its own ledger, to be held against
// itself. It can lie about what only its operator ever saw; it cannot say
// anything about others, pay more than it settled, or owe an act anything but
// what its lines say.
type moved struct {
	node   string
	now    uint64
	latest uint64 // date in it

	entry       Node
	acts        map[id.Act]Act
	merges      []alias
	anchors     []Anchor
	head        logHead
	beacons     map[calendar.Day]Digest
	open        *ownOpen
	paid        map[calendar.Period]paidSum
	operators   map[calendar.Period]OperatorPay
	settlements []Settled
	last        settledHead
	ordered     map[calendar.Period]Correction
	batches     []Batch
	works       map[calendar.Period]batchWork
	lines       map[calendar.Period][][]byte
	payees      map[calendar.Period][]Payee
	forfeits    []Forfeit
	balances    []Balance
}

type paidSum struct{ received, refunded money.Micro }

// alias is a merge of a node's own ledger.
type alias struct {
	From id.Act `json:"from"`
	merge
}

func newMoved(node string, now uint64) *moved {
	return &moved{node: node, now: now, acts: map[id.Act]Act{}, beacons: map[calendar.Day]Digest{}, paid: map[calendar.Period]paidSum{},
		operators: map[calendar.Period]OperatorPay{}, ordered: map[calendar.Period]Correction{}, works: map[calendar.Period]batchWork{},
		lines: map[calendar.Period][][]byte{}, payees: map[calendar.Period][]Payee{}}
}

// verifyAdoption reads the chunks and holds them against the filing and each
// other.
func verifyAdoption(f *AdoptionFiling, chunks [][]byte, now uint64) (*moved, error) {
	m := newMoved(f.Node, now)
	hashes := make([]Digest, len(chunks))
	var last *entry
	for n, b := range chunks {
		hashes[n] = sha256.Sum256(b)
		entries, err := parseChunk(b, f.Node, uint32(n))
		if err != nil {
			return nil, err
		}
		for i := range entries {
			e := &entries[i]
			if last != nil && last.compare(e) >= 0 {
				return nil, fault.New(fault.Invalid, "The %s of %v is not in order.", e.kind, e.parts)
			}
			last = e
			if err := m.take(e); err != nil {
				return nil, err
			}
		}
	}
	if h, err := f.Over(hashes); err != nil || h != f.Hash {
		return nil, cmp.Or(err, fault.New(fault.Invalid, "The chunks are not those that were announced."))
	}
	for _, check := range []func() error{m.checkNode, m.checkMerges, m.checkLog, m.checkSettlements, m.checkBatches, m.checkBalances} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *moved) take(e *entry) error {
	k, ok := carriers[e.kind]
	switch {
	case !ok:
		return fault.New(fault.Invalid, "Nobody brings a %q.", e.kind)
	case len(e.parts) != k.parts:
		return fault.New(fault.Invalid, "A %s has a name of %d parts.", e.kind, k.parts)
	}
	if err := k.take(m, e.parts, e.value); err != nil {
		return fault.Wrap(err, fault.Invalid, "The %s of %v cannot be brought: %s", e.kind, e.parts, fault.Message(err))
	}
	return nil
}

// fits is the refusal of a value under another name than its own.
func fits(ok bool) error {
	if ok {
		return nil
	}
	return fault.New(fault.Invalid, "it is not what its name says.")
}

// when is the refusal of a value dated after the transaction that brings it.
func (m *moved) when(at uint64) error {
	m.latest = max(m.latest, at)
	if at > m.now {
		return fault.New(fault.Invalid, "it is dated in the future.")
	}
	return nil
}

func (m *moved) checkNode() error {
	n := &m.entry
	if n.ID == "" || len(n.Log) == 0 || len(n.Settlement) == 0 {
		return fault.New(fault.Invalid, "The node brings no keys.")
	}
	seen := map[Digest]bool{}
	for _, k := range slices.Concat(n.Log, n.Settlement) {
		if k.Public.zero() || seen[k.Public] || k.From > m.now {
			return fault.New(fault.Invalid, "A key of the node is empty, used twice or of the future.")
		}
		seen[k.Public] = true
	}
	return n.describe(&Registration{Name: n.Name, Owner: n.Owner, Age: n.Age})
}

// checkMerges wants both acts of a merge to be the node's own.
func (m *moved) checkMerges() error {
	for _, x := range m.merges {
		from, ok1 := m.acts[x.From]
		_, ok2 := m.acts[x.Into]
		if !ok1 || !ok2 || from.Merged != x.Into || x.Into >= x.From || x.At > m.now {
			return fault.New(fault.Invalid, "The merge of %s is not of two acts of %s.", x.From, m.node)
		}
	}
	return nil
}

// checkLog wants the log to grow from anchor to anchor up to its head.
func (m *moved) checkLog() error {
	var end Anchor
	for _, a := range m.anchors {
		if a.Size < end.Size || a.Added != a.Size-end.Size || (a.Size == 0) != a.Root.zero() || a.Size == end.Size && a.Root != end.Root {
			return fault.New(fault.Invalid, "The log of %s does not grow up to %s.", m.node, a.Day)
		}
		end = a
	}
	if m.head.Day != end.Day || m.head.Size != end.Size || m.head.Root != end.Root {
		return fault.New(fault.Invalid, "The log of %s does not end with its last anchor.", m.node)
	}
	for _, d := range []bool{m.head.Open != 0 && m.open == nil, m.open != nil && m.open.Day != m.head.Open} {
		if d {
			return fault.New(fault.Invalid, "The open commit of %s is missing, or of another day.", m.node)
		}
	}
	return nil
}

// checkSettlements wants each settlement signed, in a chain, and backed by what
// is brought with it.
func (m *moved) checkSettlements() error {
	var prev *royalty.Settlement
	for i := range m.settlements {
		rec := &m.settlements[i]
		s, err := rec.Parse()
		if err != nil {
			return err
		}
		if err := cmp.Or(m.signed(rec, &s), s.Follows(prev), m.backs(rec, &s)); err != nil {
			return fault.Wrap(err, fault.Invalid, "The settlement of %s cannot be brought: %s", rec.Period, fault.Message(err))
		}
		prev = &s
	}
	if prev == nil && m.last.Last == 0 || prev != nil && m.last.Last == prev.Period {
		return nil
	}
	return fault.New(fault.Invalid, "The settlements of %s do not end with the last.", m.node)
}

func (m *moved) signed(rec *Settled, s *royalty.Settlement) error {
	if s.Node != m.node || s.Period != rec.Period || rec.Hash != sha256.Sum256(rec.Settlement) || !verifies(rec.Key, rec.Settlement, rec.Signature) {
		return fault.New(fault.Invalid, "it is not what the node signed.")
	}
	if !slices.ContainsFunc(m.entry.Settlement, func(k Key) bool { return k.Public == rec.Key && k.In(rec.At) }) {
		return fault.New(fault.Invalid, "its key is none of the node's.")
	}
	due := map[string]calendar.Step{Published: calendar.Settle, Faulted: calendar.Settle, Final: calendar.Final}
	day, ok := due[rec.State]
	if !ok || len(rec.Attested) > 0 || m.now < millis(s.Period.Due(day)) {
		return fault.New(fault.Invalid, "it is not %s yet.", rec.State)
	}
	return nil
}

// backs holds a settlement against the log, the money and the corrections.
func (m *moved) backs(rec *Settled, s *royalty.Settlement) error {
	anchored := func(a Anchor) bool {
		return a.Day >= s.Period.LastDay() && a.Size == s.LogSize && a.Root == Digest(s.LogRoot)
	}
	seed, known := m.beacons[calendar.DayOf(s.Period.End())]
	paid, o, x := m.paid[s.Period], m.operators[s.Period], m.ordered[s.Period]
	switch {
	case !slices.ContainsFunc(m.anchors, anchored):
		return fault.New(fault.Invalid, "its log was not anchored.")
	case s.Params != first.Version, s.Rules == "", s.Vectors == royalty.Hash{}:
		return fault.New(fault.Invalid, "it was made by other rules.")
	case known && seed != rec.Seed:
		return fault.New(fault.Invalid, "it breaks ties with another beacon.")
	case s.Received != paid.received || s.Refunded != paid.refunded:
		return fault.New(fault.Invalid, "it received and refunded other sums than the payments.")
	case s.Operator != o.Operator || s.Pots != o.Pots || s.Payers != o.Payers:
		return fault.New(fault.Invalid, "it has another part for the operator than was recorded.")
	case s.Plus != x.Plus || s.Minus > x.Minus:
		return fault.New(fault.Invalid, "it has corrections that nobody ordered.")
	}
	return first.fair(s.Payers, s.Operator, s.Pots)
}

// checkBatches takes each batch's lines again and wants what is brought of it.
func (m *moved) checkBatches() error {
	for i := range m.batches {
		if err := m.checkBatch(&m.batches[i]); err != nil {
			return fault.Wrap(err, fault.Invalid, "The payout batch of %s cannot be brought: %s", m.batches[i].Period, fault.Message(err))
		}
	}
	if len(m.works) != len(m.batches) || len(m.lines) > len(m.batches) || len(m.payees) > len(m.batches) {
		return fault.New(fault.Invalid, "There are lines or payees of no batch.")
	}
	return nil
}

func (m *moved) checkBatch(b *Batch) error {
	at := slices.IndexFunc(m.settlements, func(s Settled) bool { return s.Period == b.Period })
	if at < 0 || m.settlements[at].State != Final {
		return fault.New(fault.Invalid, "its month is not final.")
	}
	s, err := m.settlements[at].Parse()
	if err != nil {
		return err
	}
	var w batchWork
	for _, data := range m.lines[b.Period] {
		l, err := royalty.ParseLine(data)
		if err != nil {
			return err
		}
		if l.Act <= w.Last {
			return fault.New(fault.Invalid, "its lines are not in order.")
		}
		w.Last = l.Act
		if err := w.Lines.push(data, l.Sum()); err != nil {
			return err
		}
		if w.Plus, err = sum(w.Plus, l.Plus); err != nil {
			return err
		}
		if w.Minus, err = sum(w.Minus, l.Minus); err != nil {
			return err
		}
	}
	for _, p := range m.payees[b.Period] {
		data, err := p.encode()
		if err != nil {
			return err
		}
		if err := w.Payees.push(data, p.Micro); err != nil {
			return err
		}
	}
	want := Batch{Node: b.Node, Period: b.Period, Chunks: b.Chunks, Credited: uint32(w.Lines.N), Payees: uint32(w.Payees.N), At: b.At, Tx: b.Tx}
	if b.Fixed {
		if err := want.fix(&s, &w); err != nil {
			return err
		}
	}
	return fits(*b == want && same(w, m.works[b.Period]) && b.Credited <= s.Lines && (b.Fixed == (b.Credited == s.Lines)))
}

// waits reports whether a balance says since when: the oldest first, in all what
// it is, and nothing for longer than its lines have been there.
func (b *Balance) waits(lines []Credited) bool {
	since, last := money.Micro(0), calendar.Period(0)
	for _, x := range b.Since {
		credited := money.Micro(0)
		known := false
		for _, l := range lines {
			if l.Period <= x.Period {
				credited, known = credited+l.Micro, l.Period == x.Period
			}
		}
		if x.Micro <= 0 || x.Micro > b.Micro-since || x.Period <= last || !known || since+x.Micro > credited {
			return false
		}
		since, last = since+x.Micro, x.Period
	}
	return since == b.Micro
}

// same compares two values by what would be written of them.
func same(a, b any) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}

// checkBalances wants each act to be owed what its lines credited, less what it
// was paid and what it lost.
func (m *moved) checkBalances() error {
	owed, lines := map[id.Act]money.Micro{}, map[id.Act][]Credited{}
	all := money.Micro(0)
	for _, b := range m.batches {
		for _, data := range m.lines[b.Period] {
			l, err := royalty.ParseLine(data)
			if err != nil {
				return err
			}
			if all, err = sum(all, l.Sum()); err != nil {
				return err
			}
			owed[l.Act] += l.Sum() // not above all, which did not overflow
			lines[l.Act] = append(lines[l.Act], Credited{b.Period, l.Sum()})
		}
	}
	less := func(a id.Act, micro money.Micro) error {
		if micro < 0 || micro > owed[a] {
			return fault.New(fault.Invalid, "%s was given more than its lines say.", a)
		}
		owed[a], all = owed[a]-micro, all-micro
		return nil
	}
	for _, b := range m.batches {
		for _, p := range m.payees[b.Period] {
			if err := less(p.Act, p.Micro); err != nil {
				return err
			}
		}
	}
	for _, f := range m.forfeits {
		if err := less(f.Act, f.Micro); err != nil {
			return err
		}
	}
	for _, b := range m.balances {
		if b.Micro != owed[b.Act] || !b.waits(lines[b.Act]) {
			return fault.New(fault.Invalid, "The balance of %s is not what its lines say.", b.Act)
		}
		if err := less(b.Act, b.Micro); err != nil {
			return err
		}
	}
	if all != 0 {
		return fault.New(fault.Invalid, "%s is owed to acts without a balance.", all)
	}
	return nil
}
