package royalty

import (
	"bytes"
	"encoding/base64"
	"encoding/json"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
)

const actFormat = "9ten/act-proof/v1"

// ActProof is what an act holds of a period: its line, the leaves under it, and
// the settlement that commits to both.
type ActProof struct {
	Marks      Marks
	Line       LineProof
	Leaves     []Leaf // by blind
	Settlement Signed
}

// ActProof gathers an act's proof, or returns Invalid when the period has no
// line for it.
func (t *Trees) ActProof(act id.Act, settlement Signed, m Marks) (ActProof, error) {
	line, err := t.LineProof(act)
	if err != nil {
		return ActProof{}, err
	}
	leaves, err := t.Leaves(act)
	return ActProof{m, line, leaves, settlement}, err
}

// actJSON is the file. The base64 fields are what is checked; the others are
// for reading, and checked to say the same.
type actJSON struct {
	Format     string      `json:"format"`
	Node       string      `json:"node"`
	Period     string      `json:"period"`
	Act        id.Act      `json:"act"`
	Amount     string      `json:"amount"` // what the line credits, in dollars
	Micro      money.Micro `json:"micro"`  // the same
	FromFans   money.Micro `json:"from_listeners_micro"`
	Plus       money.Micro `json:"plus_micro"`
	Minus      money.Micro `json:"minus_micro"`
	Listeners  uint32      `json:"listeners"`
	Unreviewed bool        `json:"not_independently_reviewed"`
	DemoClock  bool        `json:"demo_clock"`
	Settlement string      `json:"settlement"`
	Signature  string      `json:"settlement_signature"`
	Line       string      `json:"line"`
	LineIndex  uint32      `json:"line_index"`
	LinePath   []sumJSON   `json:"line_path"`
	Leaves     []leafJSON  `json:"leaves"`
}

type sumJSON struct {
	Hash string      `json:"hash"`
	Sum  money.Micro `json:"sum"`
}

type leafJSON struct {
	Leaf  string      `json:"leaf"`
	Micro money.Micro `json:"micro"`
}

// Format writes the JSON file.
func (p *ActProof) Format() ([]byte, error) {
	f, err := p.json()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", " ")
	err = e.Encode(f)
	return b.Bytes(), err
}

func (p *ActProof) json() (actJSON, error) {
	s, err := DecodeSettlement(p.Settlement.Bytes)
	if err != nil {
		return actJSON{}, err
	}
	l := &p.Line.Line
	line, err := l.Encode()
	if err != nil {
		return actJSON{}, err
	}
	b64 := base64.StdEncoding.EncodeToString
	f := actJSON{Format: actFormat, Node: s.Node, Period: s.Period.String(), Act: l.Act,
		Amount: l.Sum().String(), Micro: l.Sum(), FromFans: l.Micro, Plus: l.Plus, Minus: l.Minus, Listeners: l.Count,
		Unreviewed: p.Marks.Unreviewed, DemoClock: p.Marks.DemoClock,
		Settlement: b64(p.Settlement.Bytes), Signature: b64(p.Settlement.Signature),
		Line: b64(line), LineIndex: p.Line.Index, LinePath: []sumJSON{}, Leaves: []leafJSON{}}
	for _, n := range p.Line.Path {
		f.LinePath = append(f.LinePath, sumJSON{b64(n.Hash[:]), n.Sum})
	}
	for i := range p.Leaves {
		b, err := p.Leaves[i].Encode()
		if err != nil {
			return actJSON{}, err
		}
		f.Leaves = append(f.Leaves, leafJSON{b64(b), p.Leaves[i].Micro})
	}
	return f, nil
}

// ParseActProof reads a file and refuses (Invalid) one whose plain fields say
// anything else than its bytes. It does not judge the proof.
func ParseActProof(file []byte) (ActProof, error) {
	if len(file) > MaxFile {
		return ActProof{}, invalid("The file is larger than a proof may be.")
	}
	var f actJSON
	if err := strictJSON(file, &f); err != nil || f.Format != actFormat {
		return ActProof{}, invalid("The file is not an act's proof.")
	}
	var p ActProof
	d := decoder{}
	p.Marks = Marks{f.Unreviewed, f.DemoClock}
	p.Settlement = Signed{d.bytes(f.Settlement), d.bytes(f.Signature)}
	line := d.bytes(f.Line)
	p.Line.Index = f.LineIndex
	for _, n := range f.LinePath {
		p.Line.Path = append(p.Line.Path, SumNode{d.hash(n.Hash), n.Sum})
	}
	for _, l := range f.Leaves {
		b := d.bytes(l.Leaf)
		if d.err != nil {
			break
		}
		leaf, err := ParseLeaf(b)
		if err != nil {
			return ActProof{}, err
		}
		p.Leaves = append(p.Leaves, leaf)
	}
	if d.err != nil {
		return ActProof{}, d.err
	}
	var err error
	if p.Line.Line, err = ParseLine(line); err != nil {
		return ActProof{}, err
	}
	return p, p.agrees(&f)
}

// agrees refuses plain fields that are not what the bytes say.
func (p *ActProof) agrees(f *actJSON) error {
	again, err := p.json()
	if err != nil {
		return err
	}
	a, err1 := json.Marshal(f)
	b, err2 := json.Marshal(again)
	if err1 != nil || err2 != nil || !bytes.Equal(a, b) {
		return invalid("What the file says to be read is not what its bytes say.")
	}
	return nil
}

// decoder keeps the first fault of several base64 fields.
type decoder struct{ err error }

func (d *decoder) bytes(s string) []byte {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if d.err == nil && (err != nil || base64.StdEncoding.EncodeToString(b) != s) {
		d.err = fault.New(fault.Invalid, "A field of the file is not base64.")
	}
	return b
}

func (d *decoder) hash(s string) Hash {
	h, err := parseHash(s)
	if d.err == nil && err != nil {
		d.err = err
	}
	return h
}

// VerifyAct checks an act's proof file against keys somebody trusts.
func VerifyAct(file []byte, trusted Keys) Report {
	r := &Report{}
	p, err := ParseActProof(file)
	var s Settlement
	if err == nil {
		s, err = DecodeSettlement(p.Settlement.Bytes)
	}
	if err == nil {
		err = validNode(s.Node)
	}
	if err == nil && !s.Period.Valid() {
		err = invalid("The settlement is of no month of the calendar.")
	}
	if err != nil {
		r.check("file", err, "")
		return r.conclude("")
	}
	l := &p.Line.Line
	r.Kind, r.Node, r.When = "act", s.Node, s.Period.String()
	r.mark(p.Marks)
	r.check("file", nil, "The file is the proof of %s for %s on %s.", l.Act, r.When, r.Node)
	s, ok := r.settlement(p.Settlement, s.Period, trusted)
	if r.NeedsKey != "" {
		return r.conclude("")
	}
	if ok {
		r.check("line", checkLine(&p, &s), "The line of %s is number %d of the settlement's %d.", l.Act, p.Line.Index+1, s.Lines)
	}
	r.check("leaves", checkLeaves(&p), "The shares of %s add up to %s.", plural(int(l.Count), "listener"), l.Micro)
	return r.conclude("Holds: %s from %s is credited to %s for %s on %s.", l.Sum(), plural(int(l.Count), "listener"), l.Act, r.When, r.Node)
}

func checkLine(p *ActProof, s *Settlement) error {
	if err := p.Line.Check(s.Lines, SumNode{s.RootB, s.SumB}); err != nil {
		return invalid("The line is not in the settlement: the line or its proof was changed.")
	}
	return nil
}

func checkLeaves(p *ActProof) error {
	l := &p.Line.Line
	for i := range p.Leaves {
		if p.Leaves[i].Act != l.Act {
			return invalid("A share of another act is listed.")
		}
	}
	root, err := subtree(p.Leaves)
	if err != nil {
		return err
	}
	if uint64(len(p.Leaves)) != uint64(l.Count) || root.Hash != l.Subroot || root.Sum != l.Micro {
		return invalid("The shares listed are not those under the line.")
	}
	return nil
}
