package royalty

import (
	"cmp"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty/wire"
)

const (
	tagLeaf   = "9ten/b/v1"
	tagLine   = "9ten/line/v1"
	tagServed = "9ten/served/v1"
)

// Leaf is what one listener, whom Blind hides, gives one act: a leaf of that
// act's subtree of tree B.
type Leaf struct {
	Act   id.Act
	Blind Hash
	Micro money.Micro
}

// Encode returns the canonical bytes.
func (l *Leaf) Encode() ([]byte, error) {
	if err := ValidAct(l.Act); err != nil {
		return nil, err
	}
	return l.encode(nil)
}

func (l *Leaf) encode(buf []byte) ([]byte, error) {
	var w wire.Writer
	w.Reset(buf, tagLeaf)
	w.Str(string(l.Act))
	w.Raw(l.Blind[:])
	w.I63(int64(l.Micro))
	return w.Bytes()
}

// ParseLeaf reads what Encode wrote and refuses everything else.
func ParseLeaf(b []byte) (Leaf, error) {
	in := wire.NewReader(tagLeaf, b)
	var l Leaf
	l.Act = id.Act(in.Str())
	in.Raw(l.Blind[:])
	l.Micro = money.Micro(in.I63())
	if err := cmp.Or(in.Done(), ValidAct(l.Act)); err != nil {
		return Leaf{}, err
	}
	return l, nil
}

// Line is one act's sum in a period: a leaf of the upper tree of B.
type Line struct {
	Act     id.Act
	Micro   money.Micro // what listeners gave, the sum of the subtree
	Plus    money.Micro // corrections of earlier periods
	Minus   money.Micro // the same, at most Micro + Plus; the rest waits
	Count   uint32      // leaves of the subtree
	Subroot Hash
}

// Sum is what the line credits to the act: Micro + Plus - Minus.
func (l *Line) Sum() money.Micro { return l.Micro + l.Plus - l.Minus }

// Valid refuses (Invalid) a line whose parts contradict each other.
func (l *Line) Valid() error {
	if err := ValidAct(l.Act); err != nil {
		return err
	}
	in, err := total(l.Micro, l.Plus)
	switch {
	case err != nil:
		return err
	case l.Minus < 0 || l.Minus > in:
		return invalid("A line takes more from an act than it gives.")
	case (l.Count == 0) != (l.Subroot == Hash{}) || l.Count == 0 && l.Micro != 0:
		return invalid("A line has money without leaves, or leaves without a root.")
	}
	return nil
}

// Encode returns the canonical bytes.
func (l *Line) Encode() ([]byte, error) {
	if err := l.Valid(); err != nil {
		return nil, err
	}
	w := wire.NewWriter(tagLine)
	w.Str(string(l.Act))
	w.I63(int64(l.Micro))
	w.I63(int64(l.Plus))
	w.I63(int64(l.Minus))
	w.U32(l.Count)
	w.Raw(l.Subroot[:])
	return w.Bytes()
}

// ParseLine reads what Encode wrote and refuses everything else.
func ParseLine(b []byte) (Line, error) {
	in := wire.NewReader(tagLine, b)
	var l Line
	l.Act = id.Act(in.Str())
	l.Micro = money.Micro(in.I63())
	l.Plus = money.Micro(in.I63())
	l.Minus = money.Micro(in.I63())
	l.Count = in.U32()
	in.Raw(l.Subroot[:])
	if err := cmp.Or(in.Done(), l.Valid()); err != nil {
		return Line{}, err
	}
	return l, nil
}

// Served says which row a node showed to somebody, and where in the log it
// claims the row to be. The log key signs it, so that it can be held against
// the log.
type Served struct {
	Origin string // of the checkpoint, such as example.org/log
	Size   uint64 // of the tree
	Index  uint64 // below Size
	Row    Hash   // SHA-256 of the row's bytes
	Salt   Salt
}

// Valid refuses (Invalid) a place outside the tree.
func (s *Served) Valid() error {
	if s.Origin == "" || s.Index >= s.Size {
		return invalid("A served row names no log, or a place outside it.")
	}
	return nil
}

// Encode returns the canonical bytes, which the log key signs.
func (s *Served) Encode() ([]byte, error) {
	if err := s.Valid(); err != nil {
		return nil, err
	}
	w := wire.NewWriter(tagServed)
	w.Str(s.Origin)
	w.U64(s.Size)
	w.U64(s.Index)
	w.Raw(s.Row[:])
	w.Raw(s.Salt[:])
	return w.Bytes()
}

// ParseServed reads what Encode wrote and refuses everything else.
func ParseServed(b []byte) (Served, error) {
	in := wire.NewReader(tagServed, b)
	var s Served
	s.Origin = in.Str()
	s.Size = in.U64()
	s.Index = in.U64()
	in.Raw(s.Row[:])
	in.Raw(s.Salt[:])
	if err := cmp.Or(in.Done(), s.Valid()); err != nil {
		return Served{}, err
	}
	return s, nil
}
