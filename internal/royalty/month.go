package royalty

import (
	"cmp"
	"crypto/sha256"
	"math"
	"slices"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
)

// A Month compiles a period for all payers of a node and builds both trees. It
// keeps 32 bytes of every month row and 48 of every share, never a day row, so
// that 100,000 listeners take some 60 MB.
type Month struct {
	period calendar.Period
	rules  Rules
	c      *compiler
	last   Pseudonym
	rows   []Hash   // leaves of tree A
	parts  [][]part // shares in chunks, so that growing copies nothing
	names  []id.Act // by index, in the order met
	index  map[id.Act]uint32
	totals Totals
	payers uint32
	buf    []byte
}

// part is a leaf of tree B on its way there.
type part struct {
	blind Hash
	micro money.Micro
	act   uint32
}

const chunk = 1 << 14

// NewMonth begins a period, or returns Invalid for rules that are none.
func NewMonth(period calendar.Period, rules Rules) (*Month, error) {
	if !period.Valid() {
		return nil, invalid("%d is no month of the calendar.", uint32(period))
	}
	if err := rules.Valid(); err != nil {
		return nil, err
	}
	m := &Month{period: period, rules: rules, index: make(map[id.Act]uint32)}
	m.c = newCompiler(period, &m.rules)
	return m, nil
}

// Period is the one that is compiled.
func (m *Month) Period() calendar.Period { return m.period }

// Add compiles the next listener and takes the row in. Listeners come strictly
// ascending by pseudonym; salt is the listener's of the period. It returns the
// row and its bytes, which are good until the next call.
func (m *Month) Add(l *Listener, salt Salt) (MonthRow, []byte, error) {
	row, err := m.c.compile(l)
	if err != nil {
		return MonthRow{}, nil, err
	}
	b, err := m.AddRow(&row, salt)
	return row, b, err
}

// AddRow takes in a row that was compiled before, as Add does. It returns the
// row's bytes, which are good until the next call.
func (m *Month) AddRow(row *MonthRow, salt Salt) ([]byte, error) {
	switch {
	case row.Period != m.period || row.Params != m.rules.Version:
		return nil, invalid("The month row is of another period or other parameters.")
	case len(m.rows) > 0 && comparePseudonym(row.Pseudonym, m.last) <= 0:
		return nil, invalid("The listeners of a month are not in order.")
	case len(m.rows) == math.MaxUint32:
		return nil, fault.New(fault.TooLarge, "A month has room for 2^32 listeners.")
	case row.Pot == 0 && row.CarryIn == 0:
		return nil, invalid("A month row needs a pot or a carry.")
	}
	b, err := row.encode(m.buf)
	if err != nil {
		return nil, err
	}
	if err := m.add(row); err != nil {
		return nil, err
	}
	for _, s := range row.Shares {
		m.push(part{Blind(salt, s.Act, row.Pseudonym), s.Micro, m.actIndex(s.Act)})
	}
	m.buf, m.last = b, row.Pseudonym
	m.rows = append(m.rows, EntryLeaf(EntryHash(salt, b)))
	return b, nil
}

// add takes the row's money into the totals.
func (m *Month) add(row *MonthRow) error {
	t := m.totals
	for _, f := range []struct {
		sum  *money.Micro
		part money.Micro
	}{{&t.Pots, row.Pot}, {&t.CarryIn, row.CarryIn}, {&t.CarryOut, row.CarryOut}, {&t.Commons, row.Commons}} {
		var err error
		if *f.sum, err = total(*f.sum, f.part); err != nil {
			return err
		}
	}
	m.totals = t
	if row.Pot > 0 {
		m.payers++
	}
	return nil
}

func (m *Month) push(p part) {
	if n := len(m.parts); n == 0 || len(m.parts[n-1]) == chunk {
		m.parts = append(m.parts, make([]part, 0, chunk))
	}
	last := &m.parts[len(m.parts)-1]
	*last = append(*last, p)
}

func (m *Month) actIndex(a id.Act) uint32 {
	i, ok := m.index[a]
	if !ok {
		i = uint32(len(m.names))
		m.index[a] = i
		m.names = append(m.names, a)
	}
	return i
}

// Adjustment corrects an earlier period's payment to an act.
type Adjustment struct {
	Act         id.Act
	Plus, Minus money.Micro
}

// Close builds the trees. Adjustments are strictly ascending by act; an act
// that nobody paid gets a line of its own. An adjustment that takes more than
// the act has is refused (Invalid): the caller lets the rest wait.
func (m *Month) Close(adjustments []Adjustment) (*Trees, error) {
	t := &Trees{period: m.period, version: m.rules.Version, Rows: m.rows, Totals: m.totals, Payers: m.payers}
	for i, a := range adjustments {
		if i > 0 && a.Act <= adjustments[i-1].Act {
			return nil, invalid("The adjustments of a month are not in order.")
		}
		if _, paid := m.index[a.Act]; !paid {
			t.acts = append(t.acts, a.Act)
		}
	}
	t.acts = append(t.acts, m.names...)
	slices.Sort(t.acts)
	m.sort(t)
	var upper []SumNode
	for i := range t.acts {
		line, err := t.line(i, adjustments)
		if err != nil {
			return nil, err
		}
		b, err := line.Encode()
		if err != nil {
			return nil, err
		}
		upper = append(upper, SumLeaf(b, line.Sum()))
		t.Lines = append(t.Lines, line)
	}
	var err error
	if t.upper, err = levels(upper, SumOver); err != nil {
		return nil, err
	}
	if len(upper) > 0 {
		t.RootB = t.upper[len(t.upper)-1][0]
	}
	t.RootA = Root(m.rows)
	return t, nil
}

// sort orders the shares by act and blind and hands them to t. It puts them with
// their acts by counting, so that only blinds are left to be compared.
func (m *Month) sort(t *Trees) {
	place := make([]uint32, len(m.names)) // index of the act to its rank by name
	for i, a := range t.acts {
		if n, paid := m.index[a]; paid {
			place[n] = uint32(i)
		}
	}
	t.starts = make([]int, len(t.acts)+1)
	for _, list := range m.parts {
		for i := range list {
			t.starts[place[list[i].act]+1]++
		}
	}
	for i := range t.acts {
		t.starts[i+1] += t.starts[i]
	}
	next := slices.Clone(t.starts)
	order := make([]uint32, t.starts[len(t.acts)])
	for c, list := range m.parts {
		for i := range list {
			p := place[list[i].act]
			order[next[p]] = uint32(c*chunk + i)
			next[p]++
		}
	}
	for i := range t.acts {
		slices.SortFunc(order[t.starts[i]:t.starts[i+1]], func(a, b uint32) int { return compare(m.at(a).blind, m.at(b).blind) })
	}
	t.at = func(i int) *part { return m.at(order[i]) }
}

func (m *Month) at(i uint32) *part { return &m.parts[i/chunk][i%chunk] }

// Trees are the two trees of a period and the sums they commit to.
type Trees struct {
	Rows   []Hash // leaves of tree A, by pseudonym
	RootA  Hash
	Lines  []Line // of tree B, by act
	RootB  SumNode
	Totals Totals // pots, carries, commons, plus and minus; the rest is zero
	Payers uint32 // rows with a pot

	period  calendar.Period
	version uint32
	acts    []id.Act
	starts  []int // where each act's shares begin
	at      func(int) *part
	upper   [][]SumNode // levels over the lines
}

// Leaves returns an act's leaves of tree B by blind, or Invalid when the period
// has no line for the act.
func (t *Trees) Leaves(act id.Act) ([]Leaf, error) {
	i, ok := slices.BinarySearch(t.acts, act)
	if !ok {
		return nil, invalid("The month has no line for %s.", act)
	}
	return t.leaves(i), nil
}

func (t *Trees) leaves(i int) []Leaf {
	out := make([]Leaf, 0, t.starts[i+1]-t.starts[i])
	for j := t.starts[i]; j < t.starts[i+1]; j++ {
		p := t.at(j)
		out = append(out, Leaf{t.acts[i], p.blind, p.micro})
	}
	return out
}

// line makes the line of act i and books its adjustment.
func (t *Trees) line(i int, adjustments []Adjustment) (Line, error) {
	leaves := t.leaves(i)
	root, err := subtree(leaves)
	if err != nil {
		return Line{}, err
	}
	l := Line{Act: t.acts[i], Micro: root.Sum, Count: uint32(len(leaves)), Subroot: root.Hash}
	j, ok := slices.BinarySearchFunc(adjustments, l.Act, func(a Adjustment, act id.Act) int { return cmp.Compare(a.Act, act) })
	if !ok {
		return l, nil
	}
	l.Plus, l.Minus = adjustments[j].Plus, adjustments[j].Minus
	var err1, err2 error
	t.Totals.Plus, err1 = total(t.Totals.Plus, l.Plus)
	t.Totals.Minus, err2 = total(t.Totals.Minus, l.Minus)
	return l, cmp.Or(err1, err2)
}

// LineProof shows an act's line to be in tree B, or returns Invalid when the
// period has none.
func (t *Trees) LineProof(act id.Act) (LineProof, error) {
	i, ok := slices.BinarySearch(t.acts, act)
	if !ok {
		return LineProof{}, invalid("The month has no line for %s.", act)
	}
	return LineProof{t.Lines[i], uint32(i), audit(t.upper, i)}, nil
}

// ShareProofs shows every share of a row to be in tree B, in rank order. It
// builds the subtrees of the acts concerned: some milliseconds for an act with
// ten thousand listeners.
func (t *Trees) ShareProofs(row *MonthRow, salt Salt) ([]ShareProof, error) {
	var out []ShareProof
	for _, s := range row.Shares {
		line, err := t.LineProof(s.Act)
		if err != nil {
			return nil, err
		}
		leaves := t.leaves(int(line.Index))
		blind := Blind(salt, s.Act, row.Pseudonym)
		at, ok := slices.BinarySearchFunc(leaves, blind, func(l Leaf, b Hash) int { return compare(l.Blind, b) })
		if !ok || leaves[at].Micro != s.Micro {
			return nil, invalid("The month row's share of %s is not in the tree.", s.Act)
		}
		nodes := make([]SumNode, len(leaves))
		for i := range leaves {
			b, err := leaves[i].Encode()
			if err != nil {
				return nil, err
			}
			nodes[i] = SumLeaf(b, leaves[i].Micro)
		}
		all, err := levels(nodes, SumOver)
		if err != nil {
			return nil, err
		}
		out = append(out, ShareProof{uint32(at), audit(all, at), line})
	}
	return out, nil
}

// Closing is what a settlement takes from elsewhere than the month rows.
type Closing struct {
	Node        string
	Log         Checkpoint  // last one anchored before the settlement
	Previous    *Settlement // nil for a node's first
	Received    money.Micro // by the period's days, as recorded on the ledger
	Refunded    money.Micro
	Operator    money.Micro
	UnearnedOut money.Micro
	Rules       string
	Vectors     Hash
}

// Settle makes the period's settlement and refuses (Invalid) one that breaks an
// invariant or does not take up where the one before ended.
func (t *Trees) Settle(c Closing) (Settlement, error) {
	s := Settlement{Node: c.Node, Period: t.period, Params: t.version,
		LogSize: c.Log.Size, LogRoot: c.Log.Root,
		RootA: t.RootA, SizeA: uint32(len(t.Rows)), RootB: t.RootB.Hash, Lines: uint32(len(t.Lines)), SumB: t.RootB.Sum,
		Payers: t.Payers, Totals: t.Totals, Rules: c.Rules, Vectors: c.Vectors}
	if s.LogSize == 0 {
		s.LogRoot = Hash{}
	}
	s.Received, s.Refunded, s.Operator, s.UnearnedOut = c.Received, c.Refunded, c.Operator, c.UnearnedOut
	if c.Previous != nil {
		b, err := c.Previous.Encode()
		if err != nil {
			return Settlement{}, err
		}
		s.Previous, s.UnearnedIn = sha256.Sum256(b), c.Previous.UnearnedOut
	}
	if err := cmp.Or(s.Valid(), s.Follows(c.Previous)); err != nil {
		return Settlement{}, err
	}
	return s, nil
}
