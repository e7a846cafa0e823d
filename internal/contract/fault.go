package contract

import (
	"crypto/sha256"
	"fmt"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/royalty"
)

// ProvableMonths is for how long after a period its faults can be proved.
const ProvableMonths = 13

// The kinds of fault that arithmetic decides.
const (
	WrongSplit      = "split"     // a month row is not what its day rows give
	WrongLeaf       = "leaf"      // a row was shown that is not in the log
	WrongLine       = "line"      // two lines of tree B are equal or out of order
	WrongSum        = "sum"       // a node of tree B is unlike its children
	BrokenInvariant = "invariant" // a signed settlement or a settled row contradicts itself, or there are two settlements
)

// FaultClaim is the argument of ProveFault. What proves it, an [Evidence] in
// JSON, travels in the transient field "evidence".
type FaultClaim struct {
	Node   string          `json:"node"`
	Period calendar.Period `json:"period"`
	Kind   string          `json:"kind"`
}

// Fault is a fault that was proved.
type Fault struct {
	FaultClaim
	Where string `json:"where"` // place in the tree: never a person
	By    string `json:"by"`    // node that carried the proof
	At    uint64 `json:"at"`
	Tx    string `json:"tx"`
	// Reopened says that the period has to be settled again. Otherwise it was
	// final, or another period rests on it, and corrections go into the next.
	Reopened bool `json:"reopened"`
	// Adopted is when this was brought from the operator's own ledger, of which Tx
	// is; 0: it was recorded here.
	Adopted uint64 `json:"adopted,omitempty"`
}

// ProveFault decides an objective fault by computing it again: one listener's
// month, or the hashes from a leaf to the root. Any registered node may carry a
// proof, whoever found it, for 13 months after the period. Faults: Forbidden,
// NotFound, Invalid when the evidence is not about what the ledger holds,
// Conflict when it shows no fault, or a fault that was proved before.
func (*Contract) ProveFault(ctx Ctx, op, arg string) (string, error) {
	return perform(ctx, "ProveFault", op, arg, func(c *call, in *FaultClaim) error {
		if _, err := c.node(c.msp); err != nil {
			return fault.New(fault.Forbidden, "Only a registered node may carry a proof.")
		}
		if !in.Period.Valid() || c.now >= millis(in.Period.End().AddDate(0, ProvableMonths, 0)) {
			return fault.New(fault.Invalid, "Faults of %s could be proved for %d months.", in.Period, ProvableMonths)
		}
		ev, err := c.evidence()
		if err != nil {
			return err
		}
		find, ok := finders()[in.Kind]
		if !ok {
			return fault.New(fault.Unsupported, "There is no kind of fault named %q.", in.Kind)
		}
		found, err := find(c, in, ev)
		if err != nil {
			return err
		}
		if found == nil {
			return fault.New(fault.Conflict, "The evidence shows no fault: the ledger comes to the same result.")
		}
		return c.uphold(in, found)
	})
}

// finding is what a finder found: nil when there is no fault.
type finding struct {
	where string
	// inSettlement says that the settlement itself is wrong.
	inSettlement bool
	corrections  []ActShift
}

// finders returns what looks for each kind of fault.
func finders() map[string]func(*call, *FaultClaim, *Evidence) (*finding, error) {
	return map[string]func(*call, *FaultClaim, *Evidence) (*finding, error){
		WrongSplit:      (*call).findSplit,
		WrongLeaf:       (*call).findLeaf,
		WrongLine:       (*call).findLine,
		WrongSum:        (*call).findSum,
		BrokenInvariant: (*call).findInvariant,
	}
}

// uphold records a fault and what follows from it.
func (c *call) uphold(in *FaultClaim, f *finding) error {
	rec := Fault{FaultClaim: *in, Where: f.where, By: c.msp, At: c.now, Tx: c.tx}
	key := []string{in.Node, periodKey(in.Period), in.Kind, f.where}
	var before Fault
	if found, err := c.get(&before, "fault", key...); err != nil {
		return err
	} else if found {
		return fault.New(fault.Conflict, "That fault was proved already.")
	}
	if f.inSettlement {
		s, err := c.settled(in.Node, in.Period)
		if err != nil {
			return err
		}
		var head settledHead
		if _, err := c.get(&head, "settled", in.Node); err != nil {
			return err
		}
		switch rec.Reopened = s.State == Published && head.Last == in.Period; {
		case rec.Reopened:
			s.State = Faulted
			if err := c.put(s, "settlement", in.Node, periodKey(in.Period)); err != nil {
				return err
			}
		case s.State != Faulted:
			for _, x := range f.corrections {
				if err := c.correct(in.Node, x.Act, x.Correction); err != nil {
					return err
				}
			}
		}
	}
	if err := c.put(rec, "fault", key...); err != nil {
		return err
	}
	return c.announce("fault", rec)
}

// GetFaults returns the []Fault proved in a node's period.
func (*Contract) GetFaults(ctx Ctx, node, period string) (string, error) {
	return query(ctx, func(c *call) ([]Fault, error) {
		p, err := calendar.ParsePeriod(period)
		if err != nil {
			return nil, err
		}
		return c.faults(node, p)
	})
}

func (c *call) faults(node string, p calendar.Period) ([]Fault, error) {
	out := []Fault{}
	err := each(c, "fault", []string{node, periodKey(p)}, func(_ []string, f Fault) error {
		out = append(out, f)
		return nil
	})
	return out, err
}

// challenged is the settlement evidence is held against.
func (c *call) challenged(in *FaultClaim) (rec Settled, s royalty.Settlement, err error) {
	if rec, err = c.settled(in.Node, in.Period); err != nil {
		return rec, s, err
	}
	s, err = rec.Parse()
	return rec, s, err
}

// at names a place under a settlement, so that the same place in a settlement
// published again is another one.
func (s Settled) at(format string, args ...any) string {
	return s.Hash.String()[:16] + "/" + fmt.Sprintf(format, args...)
}

// findLeaf holds a row that the node signed for somebody against the leaf at
// that place of the log, or of the period's tree A.
func (c *call) findLeaf(in *FaultClaim, ev *Evidence) (*finding, error) {
	served, err := royalty.ParseServed(ev.Served)
	if err != nil {
		return nil, err
	}
	n, err := c.node(in.Node)
	if err != nil {
		return nil, err
	}
	signed := false
	for _, k := range n.Log {
		signed = signed || verifies(k.Public, ev.Served, ev.Signature)
	}
	if !signed {
		return nil, fault.New(fault.Invalid, "No log key of %s signed that row.", in.Node)
	}
	if sha256.Sum256(ev.Row) != served.Row {
		return nil, fault.New(fault.Invalid, "The row is not the one that was signed for.")
	}
	size, root, where, err := c.tree(in, &served)
	if err != nil {
		return nil, err
	}
	if err := royalty.CheckInclusion(royalty.Hash(ev.Leaf), served.Index, size, hashes(ev.Path), root); err != nil {
		return nil, err
	}
	if royalty.Hash(ev.Leaf) == royalty.EntryLeaf(royalty.EntryHash(served.Salt, ev.Row)) {
		return nil, nil
	}
	return &finding{where: where}, nil
}

// tree finds the tree a served row claims to be in. The log only grows, so the
// first anchor that reaches the place decides.
func (c *call) tree(in *FaultClaim, s *royalty.Served) (size uint64, root royalty.Hash, where string, err error) {
	switch s.Origin {
	case royalty.LogOrigin(in.Node):
		a, err := c.anchored(in.Node, s.Index+1)
		return a.Size, royalty.Hash(a.Root), fmt.Sprintf("log/%d", s.Index), err
	case royalty.MonthOrigin(in.Node, in.Period):
		rec, set, err := c.challenged(in)
		return uint64(set.SizeA), set.RootA, rec.at("A/%d", s.Index), err
	}
	return 0, royalty.Hash{}, "", fault.New(fault.Invalid, "The row is not of a tree of %s in %s.", in.Node, in.Period)
}

// findInvariant looks at a settlement the node signed, or at a row it settled.
func (c *call) findInvariant(in *FaultClaim, ev *Evidence) (*finding, error) {
	if len(ev.Settlement) == 0 {
		return c.findRow(in, ev)
	}
	s, err := royalty.DecodeSettlement(ev.Settlement)
	if err != nil {
		return nil, err
	}
	n, err := c.node(in.Node)
	if err != nil {
		return nil, err
	}
	signed := false
	for _, k := range n.Settlement {
		signed = signed || verifies(k.Public, ev.Settlement, ev.Signature)
	}
	if !signed || s.Node != in.Node || s.Period != in.Period {
		return nil, fault.New(fault.Invalid, "No settlement key of %s signed that for %s.", in.Node, in.Period)
	}
	hash := Digest(sha256.Sum256(ev.Settlement))
	where := "signed/" + hash.String()[:16]
	if s.Valid() != nil {
		return &finding{where: where}, nil
	}
	var rec Settled
	found, err := c.get(&rec, "settlement", in.Node, periodKey(in.Period))
	if err != nil || !found || rec.Hash == hash {
		return nil, err
	}
	var replaced bool
	if _, err := c.get(&replaced, "replaced", in.Node, periodKey(in.Period), hash.String()); err != nil || replaced {
		return nil, err
	}
	return &finding{where: where}, nil
}

// findRow looks at one row of tree A: it is a row of that period, and its sums
// hold.
func (c *call) findRow(in *FaultClaim, ev *Evidence) (*finding, error) {
	rec, s, err := c.challenged(in)
	if err != nil {
		return nil, err
	}
	if err := ev.inTreeA(&s); err != nil {
		return nil, err
	}
	row, err := royalty.ParseMonthRow(ev.Row)
	if err == nil && row.Period == in.Period && row.Params == s.Params {
		return nil, nil
	}
	return &finding{where: rec.at("A/%d", ev.Index), inSettlement: true}, nil
}
