package royalty

import (
	"bytes"
	"cmp"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty/wire"
)

const (
	tagDayReceipt   = "9ten/receipt-day/v1"
	tagMonthReceipt = "9ten/receipt-month/v1"
)

// Marks are what a node says of itself on what it issues.
type Marks struct {
	// Unreviewed says that no two independent reviewers look at this node.
	Unreviewed bool
	// DemoClock says that the node runs on a clock set by hand, to show around.
	DemoClock bool
}

const (
	markUnreviewed = 1 << iota
	markDemoClock
)

func (m Marks) bits() (b uint16) {
	if m.Unreviewed {
		b |= markUnreviewed
	}
	if m.DemoClock {
		b |= markDemoClock
	}
	return b
}

func readMarks(r *wire.Reader) Marks {
	b := r.U16()
	if b&^(markUnreviewed|markDemoClock) != 0 {
		r.Fail("has a mark that is not known")
	}
	return Marks{b&markUnreviewed != 0, b&markDemoClock != 0}
}

// Signed is canonical bytes with the Ed25519 signature over them; both are
// empty where there is none.
type Signed struct{ Bytes, Signature []byte }

func (s Signed) write(w *wire.Writer) {
	w.Blob(s.Bytes)
	w.Blob(s.Signature)
}

func readSigned(r *wire.Reader) Signed {
	s := Signed{clone(r.Blob()), clone(r.Blob())}
	if (len(s.Bytes) == 0) != (len(s.Signature) == 0) {
		r.Fail("has a signature of nothing, or something unsigned")
	}
	return s
}

// clone copies b, and keeps nothing as nil.
func clone(b []byte) []byte { return append([]byte(nil), b...) }

// DayReceipt is what a listener holds of one day: the row, what opens its
// entry in the log, and what the row rests on.
type DayReceipt struct {
	Marks   Marks
	Row     []byte // encoded day row
	Salt    Salt
	Claims  []Hash       // SHA-256 of each claim, strictly ascending
	Devices []id.Bytes16 // ids of the device keys that signed, strictly ascending
	Served  Signed       // by the log key; may be empty
}

// Encode returns the canonical bytes, the extra data of a receipt file.
func (d *DayReceipt) Encode() ([]byte, error) {
	w := wire.NewWriter(tagDayReceipt)
	w.U16(d.Marks.bits())
	w.Blob(d.Row)
	w.Raw(d.Salt[:])
	w.Count(len(d.Claims))
	for i, c := range d.Claims {
		if i > 0 && compare(c, d.Claims[i-1]) <= 0 {
			w.Fail("lists claims out of order")
		}
		w.Raw(c[:])
	}
	w.Count(len(d.Devices))
	for i, c := range d.Devices {
		if i > 0 && bytes.Compare(c[:], d.Devices[i-1][:]) <= 0 {
			w.Fail("lists devices out of order")
		}
		w.Raw(c[:])
	}
	d.Served.write(w)
	return w.Bytes()
}

// ParseDayReceipt reads what Encode wrote. It does not judge the row.
func ParseDayReceipt(b []byte) (DayReceipt, error) {
	r := wire.NewReader(tagDayReceipt, b)
	d := DayReceipt{Marks: readMarks(r), Row: clone(r.Blob())}
	r.Raw(d.Salt[:])
	d.Claims = make([]Hash, r.Count(len(Hash{})))
	for i := range d.Claims {
		r.Raw(d.Claims[i][:])
		if i > 0 && compare(d.Claims[i], d.Claims[i-1]) <= 0 {
			r.Fail("lists claims out of order")
		}
	}
	d.Devices = make([]id.Bytes16, r.Count(len(id.Bytes16{})))
	for i := range d.Devices {
		r.Raw(d.Devices[i][:])
		if i > 0 && bytes.Compare(d.Devices[i][:], d.Devices[i-1][:]) <= 0 {
			r.Fail("lists devices out of order")
		}
	}
	d.Served = readSigned(r)
	if err := r.Done(); err != nil {
		return DayReceipt{}, err
	}
	return d, nil
}

// MonthReceipt is what a listener holds of one month: the row, everything its
// split was made from, its shares in tree B, and the settlement.
type MonthReceipt struct {
	Marks Marks
	Row   []byte // encoded month row
	Salt  Salt
	Rules Rules // its version is the row's
	// Carried, Confirmed and Closed are the inputs of [Compile] of that name.
	Carried    uint8
	Confirmed  bool
	Closed     bool
	Days       [][]byte // encoded day rows under DaysHash, by day
	Shares     []ShareProof
	Settlement Signed // by the settlement key
	Served     Signed // by the log key; may be empty
}

// Apart returns the day rows of the month itself, and those of an earlier one by
// which it was paid.
func (m *MonthReceipt) Apart(p calendar.Period) (days, basis [][]byte, err error) {
	for _, b := range m.Days {
		d, err := ParseDayRow(b)
		if err != nil {
			return nil, nil, err
		}
		if d.Day.Period() == p {
			days = append(days, b)
		} else {
			basis = append(basis, b)
		}
	}
	return days, basis, nil
}

// Encode returns the canonical bytes, the extra data of a receipt file.
func (m *MonthReceipt) Encode() ([]byte, error) {
	w := wire.NewWriter(tagMonthReceipt)
	w.U16(m.Marks.bits())
	w.Blob(m.Row)
	w.Raw(m.Salt[:])
	w.U32(m.Rules.Version)
	w.U8(m.Rules.K)
	w.U16(m.Rules.Lambda)
	w.Raw(m.Rules.Seed[:])
	w.Count(len(m.Rules.Merged))
	for _, g := range m.Rules.Merged {
		w.Str(string(g.From))
		w.Str(string(g.Into))
	}
	w.U8(m.Carried)
	w.Bool(m.Confirmed)
	w.Bool(m.Closed)
	w.Count(len(m.Days))
	for _, d := range m.Days {
		w.Blob(d)
	}
	w.Count(len(m.Shares))
	for i := range m.Shares {
		writeShareProof(w, &m.Shares[i])
	}
	m.Settlement.write(w)
	m.Served.write(w)
	b, err := w.Bytes()
	return b, cmp.Or(m.Rules.Valid(), err)
}

// ParseMonthReceipt reads what Encode wrote. It does not judge the row, nor
// what is under it.
func ParseMonthReceipt(b []byte) (MonthReceipt, error) {
	r := wire.NewReader(tagMonthReceipt, b)
	m := MonthReceipt{Marks: readMarks(r), Row: clone(r.Blob())}
	r.Raw(m.Salt[:])
	m.Rules.Version, m.Rules.K, m.Rules.Lambda = r.U32(), r.U8(), r.U16()
	r.Raw(m.Rules.Seed[:])
	m.Rules.Merged = make([]Merge, r.Count(4))
	for i := range m.Rules.Merged {
		m.Rules.Merged[i] = Merge{id.Act(r.Str()), id.Act(r.Str())}
	}
	m.Carried, m.Confirmed, m.Closed = r.U8(), r.Bool(), r.Bool()
	m.Days = make([][]byte, r.Count(4))
	for i := range m.Days {
		m.Days[i] = clone(r.Blob())
	}
	m.Shares = make([]ShareProof, r.Count(4+4+4+4+4))
	for i := range m.Shares {
		m.Shares[i] = readShareProof(r)
	}
	m.Settlement = readSigned(r)
	m.Served = readSigned(r)
	if err := cmp.Or(r.Done(), m.Rules.Valid()); err != nil {
		return MonthReceipt{}, err
	}
	return m, nil
}

func writeShareProof(w *wire.Writer, p *ShareProof) {
	w.U32(p.Index)
	writeSums(w, p.Path)
	line, err := p.Line.Line.Encode()
	if err != nil {
		w.Fail("has a line that is not valid")
	}
	w.Blob(line)
	w.U32(p.Line.Index)
	writeSums(w, p.Line.Path)
}

func readShareProof(r *wire.Reader) ShareProof {
	p := ShareProof{Index: r.U32(), Path: readSums(r)}
	blob := r.Blob()
	if r.Err() == nil {
		var err error
		if p.Line.Line, err = ParseLine(blob); err != nil {
			r.Fail("has a line that is not valid")
		}
	}
	p.Line.Index, p.Line.Path = r.U32(), readSums(r)
	return p
}

func writeSums(w *wire.Writer, path []SumNode) {
	w.Count(len(path))
	for _, n := range path {
		w.Raw(n.Hash[:])
		w.I63(int64(n.Sum))
	}
}

func readSums(r *wire.Reader) []SumNode {
	n := r.Count(40)
	if n > maxPath {
		r.Fail("has a proof that is too long")
		n = 0
	}
	var path []SumNode
	for range n {
		var s SumNode
		r.Raw(s.Hash[:])
		s.Sum = money.Micro(r.I63())
		path = append(path, s)
	}
	return path
}
