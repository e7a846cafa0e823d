package contract

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"slices"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty"
)

// maxEvidence bounds the transient evidence, in bytes: a month of rows is some
// 100 kB.
const maxEvidence = 4 << 20

// Evidence proves a fault. Which fields are needed depends on the kind; byte
// strings are canonical bytes, in base64.
type Evidence struct {
	// A row and its place. Split, invariant: a month row, its salt and its path in
	// tree A. Leaf: the row that was shown, and the leaf that is there instead with
	// its path.
	Row   []byte   `json:"row,omitempty"`
	Salt  []byte   `json:"salt,omitempty"` // 16 bytes
	Index uint64   `json:"index,omitempty"`
	Path  []Digest `json:"path,omitempty"`
	// Split: the day rows that the row's days hash names, ascending, one a day.
	Days  [][]byte `json:"days,omitempty"`
	Basis [][]byte `json:"basis,omitempty"`
	// Leaf: what the node signed.
	Served    []byte `json:"served,omitempty"`
	Signature []byte `json:"signature,omitempty"`
	Leaf      Digest `json:"leaf"`
	// Line: two lines of tree B, the first before the second.
	First  *LineAt `json:"first,omitempty"`
	Second *LineAt `json:"second,omitempty"`
	// Sum: the way down from the root of tree B; then the bytes of the line there;
	// then the way down in the line's own tree and the leaf there.
	Down   []SumStep `json:"down,omitempty"`
	Line   []byte    `json:"line,omitempty"`
	Deeper []SumStep `json:"deeper,omitempty"`
	Bottom []byte    `json:"bottom,omitempty"`
	// Invariant: a settlement, with Signature.
	Settlement []byte `json:"settlement,omitempty"`
}

// SumRef is a node of a sum tree.
type SumRef struct {
	Hash Digest      `json:"hash"`
	Sum  money.Micro `json:"sum"`
}

// LineAt is a line with its place in tree B.
type LineAt struct {
	Line  []byte   `json:"line"`
	Index uint32   `json:"index"`
	Path  []SumRef `json:"path"`
}

// SumStep opens a node of a sum tree and says which child to go on with.
type SumStep struct {
	Left  SumRef `json:"left"`
	Right SumRef `json:"right"`
	Turn  bool   `json:"turn"` // true: go right
}

// ActShift is a correction of one act.
type ActShift struct {
	Act id.Act
	Correction
}

// Encode writes the evidence as the transient field "evidence" holds it.
func (e *Evidence) Encode() ([]byte, error) { return json.Marshal(e) }

// evidence reads the transient field.
func (c *call) evidence() (*Evidence, error) {
	t, err := c.stub.GetTransient()
	if err != nil {
		return nil, err
	}
	b := t["evidence"]
	if len(b) == 0 || len(b) > maxEvidence {
		return nil, fault.New(fault.Invalid, "The evidence is missing, or larger than %d bytes.", maxEvidence)
	}
	var ev Evidence
	return &ev, decode(string(b), &ev)
}

// inTreeA refuses a row that is not the leaf it is said to be.
func (e *Evidence) inTreeA(s *royalty.Settlement) error {
	if len(e.Salt) != len(royalty.Salt{}) {
		return fault.New(fault.Invalid, "A salt has 16 bytes.")
	}
	leaf := royalty.EntryLeaf(royalty.EntryHash(royalty.Salt(e.Salt), e.Row))
	return royalty.CheckInclusion(leaf, e.Index, uint64(s.SizeA), hashes(e.Path), s.RootA)
}

// findSplit computes one listener's month again. What the row does not tell
// (whether the listener confirmed the nine or left, how long a carry waited) is
// assumed in the node's favour: it is a fault only if no assumption gives the
// row.
func (c *call) findSplit(in *FaultClaim, ev *Evidence) (*finding, error) {
	rec, s, err := c.challenged(in)
	if err != nil {
		return nil, err
	}
	if err := ev.inTreeA(&s); err != nil {
		return nil, err
	}
	row, err := royalty.ParseMonthRow(ev.Row)
	if err != nil {
		return nil, fault.New(fault.Invalid, "That leaf is no month row: prove it as a broken invariant.")
	}
	if row.Basis == 0 || row.Basis == in.Period {
		ev.Basis = nil // not what the row rests on
	}
	if err := ev.rowsOf(&row); err != nil {
		return nil, err
	}
	rules, _, err := c.rules(in.Node, in.Period)
	if err != nil {
		return nil, err
	}
	rules.Seed = rec.Seed
	want, same := compileAll(in, ev, &row, rules.Rules())
	for _, w := range want {
		b, err := w.Encode()
		if err == nil && bytes.Equal(b, ev.Row) {
			return nil, nil
		}
	}
	f := &finding{where: rec.at("A/%d", ev.Index), inSettlement: true}
	if same {
		f.corrections = shifts(row.Shares, want[0].Shares)
	}
	return f, nil
}

// rowsOf refuses day rows other than those the month row's days hash names.
func (e *Evidence) rowsOf(row *royalty.MonthRow) error {
	var refs []royalty.DayRef
	for _, b := range slices.Concat(e.Basis, e.Days) {
		d, err := royalty.ParseDayRow(b)
		if err != nil {
			return err
		}
		refs = append(refs, royalty.DayRef{Day: d.Day, Sequence: d.Sequence, Row: sha256.Sum256(b)})
	}
	h, err := royalty.DaysHash(refs)
	if err != nil {
		return err
	}
	if h != row.DaysHash {
		return fault.New(fault.Invalid, "The day rows are not those the month row was made from.")
	}
	return nil
}

// compileAll returns the rows that the day rows can give. same reports that all
// pay the same. None at all means that the rows cannot be settled.
func compileAll(in *FaultClaim, ev *Evidence, row *royalty.MonthRow, rules royalty.Rules) (out []royalty.MonthRow, same bool) {
	waited := []uint8{0}
	if row.CarryIn > 0 {
		waited = waited[:0]
		for n := range uint8(royalty.MaxCarried) {
			waited = append(waited, n+1)
		}
	}
	same = true
	for _, n := range waited {
		for i := range 4 {
			l := royalty.Listener{Pseudonym: row.Pseudonym, Pot: row.Pot, CarryIn: row.CarryIn, Carried: n,
				Confirmed: i&1 != 0, Closed: i&2 != 0, Days: ev.Days, Basis: ev.Basis}
			w, err := royalty.Compile(in.Period, &l, &rules)
			if err != nil {
				continue
			}
			same = same && (len(out) == 0 || slices.Equal(w.Shares, out[0].Shares))
			out = append(out, w)
		}
	}
	return out, same && len(out) > 0
}

// shifts says by how much each act was paid too little or too much, by act.
func shifts(got, want []royalty.Share) []ActShift {
	var out []ActShift
	amount := func(list []royalty.Share, a id.Act) money.Micro {
		for _, s := range list {
			if s.Act == a {
				return s.Micro
			}
		}
		return 0
	}
	for _, s := range slices.Concat(got, want) {
		if slices.ContainsFunc(out, func(x ActShift) bool { return x.Act == s.Act }) {
			continue
		}
		by := amount(want, s.Act) - amount(got, s.Act)
		out = append(out, ActShift{s.Act, Correction{Plus: max(by, 0), Minus: max(-by, 0)}})
	}
	slices.SortFunc(out, func(a, b ActShift) int { return cmp.Compare(a.Act, b.Act) })
	return slices.DeleteFunc(out, func(x ActShift) bool { return x.Plus == x.Minus })
}

// findLine shows two lines of tree B that are equal or out of order.
func (c *call) findLine(in *FaultClaim, ev *Evidence) (*finding, error) {
	rec, s, err := c.challenged(in)
	if err != nil {
		return nil, err
	}
	if ev.First == nil || ev.Second == nil || ev.First.Index >= ev.Second.Index {
		return nil, fault.New(fault.Invalid, "The evidence is two lines, the first before the second.")
	}
	a, err := ev.First.check(&s)
	if err != nil {
		return nil, err
	}
	b, err := ev.Second.check(&s)
	if err != nil {
		return nil, err
	}
	if a < b {
		return nil, nil
	}
	return &finding{where: rec.at("B/%d/%d", ev.First.Index, ev.Second.Index), inSettlement: true}, nil
}

func (l *LineAt) check(s *royalty.Settlement) (id.Act, error) {
	line, err := royalty.ParseLine(l.Line)
	if err != nil {
		return "", err
	}
	path := make([]royalty.SumNode, len(l.Path))
	for i, n := range l.Path {
		path[i] = royalty.SumNode{Hash: royalty.Hash(n.Hash), Sum: n.Sum}
	}
	root := royalty.SumNode{Hash: s.RootB, Sum: s.SumB}
	return line.Act, royalty.CheckSum(royalty.SumLeaf(l.Line, line.Sum()), uint64(l.Index), uint64(s.Lines), path, root)
}

// findSum goes down from the root of tree B and stops where a sum is not that of
// what is below it.
func (c *call) findSum(in *FaultClaim, ev *Evidence) (*finding, error) {
	rec, s, err := c.challenged(in)
	if err != nil {
		return nil, err
	}
	at, went, wrong, err := descend(SumRef{Digest(s.RootB), s.SumB}, ev.Down)
	f := &finding{where: rec.at("B/%s", went), inSettlement: true}
	if err != nil || wrong {
		return f, err
	}
	if len(ev.Line) == 0 {
		return nil, nil
	}
	if Digest(royalty.LeafHash(ev.Line)) != at.Hash {
		return nil, fault.New(fault.Invalid, "The line is not the one at that place.")
	}
	line, err := royalty.ParseLine(ev.Line)
	if err != nil || line.Sum() != at.Sum {
		return f, nil
	}
	at, went, wrong, err = descend(SumRef{Digest(line.Subroot), line.Micro}, ev.Deeper)
	f.where += "/" + went
	if err != nil || wrong {
		return f, err
	}
	if len(ev.Bottom) == 0 {
		return nil, nil
	}
	if Digest(royalty.LeafHash(ev.Bottom)) != at.Hash {
		return nil, fault.New(fault.Invalid, "The leaf is not the one at that place.")
	}
	leaf, err := royalty.ParseLeaf(ev.Bottom)
	if err != nil || leaf.Act != line.Act || leaf.Micro != at.Sum {
		return f, nil
	}
	return nil, nil
}

// descend opens nodes from at downwards and writes the way it went. wrong
// reports that the last one opened has not the sum its parent gives it; a step
// that does not open its node is refused (Invalid).
func descend(at SumRef, steps []SumStep) (end SumRef, went string, wrong bool, err error) {
	for _, s := range steps {
		if s.Left.Sum < 0 || s.Right.Sum < 0 || sumHash(s) != at.Hash {
			return at, went, false, fault.New(fault.Invalid, "A step does not open the node at that place.")
		}
		if total, err := sum(s.Left.Sum, s.Right.Sum); err != nil || total != at.Sum {
			return at, went, true, nil
		}
		if s.Turn {
			at, went = s.Right, went+"r"
		} else {
			at, went = s.Left, went+"l"
		}
	}
	return at, went, false, nil
}

// sumHash is the hash of a sum node whatever its sum is worth, which
// [royalty.SumOver] refuses to compute when it overflows.
func sumHash(s SumStep) Digest {
	b := append([]byte{1}, s.Left.Hash[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(s.Left.Sum))
	b = append(b, s.Right.Hash[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(s.Right.Sum))
	return sha256.Sum256(b)
}
