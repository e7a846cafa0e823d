package contract

import (
	"crypto/sha256"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty"
)

// The states of a settlement.
const (
	Published = "published" // can be challenged
	Faulted   = "faulted"   // a fault was proved before it was final: publish it again
	Final     = "final"     // can be paid; faults become corrections
)

// NotReviewed is what a settlement says that fewer than two nodes attested.
const NotReviewed = "not independently reviewed"

// SettlementFiling is the argument of PublishSettlement.
type SettlementFiling struct {
	Settlement []byte `json:"settlement"` // canonical bytes
	Signature  []byte `json:"signature"`  // Ed25519 over them
}

// Settled is a settlement as the ledger keeps it.
type Settled struct {
	Node       string          `json:"node"`
	Period     calendar.Period `json:"period"`
	State      string          `json:"state"`
	Settlement []byte          `json:"settlement"` // canonical bytes
	Signature  []byte          `json:"signature"`
	Key        Digest          `json:"key"` // settlement key that signed
	Hash       Digest          `json:"hash"`
	Seed       Digest          `json:"seed"` // beacon that broke ties
	// Replaced counts the settlements of the period that were found faulty.
	Replaced uint32 `json:"replaced"`
	At       uint64 `json:"at"`
	Tx       string `json:"tx"`
	FinalAt  uint64 `json:"final_at,omitempty"`
	// Attested are the nodes that came to the same result, by id. With fewer than
	// two, Review says "not independently reviewed".
	Attested []string `json:"attested"`
	Review   string   `json:"review"`
	// Adopted is when this was brought from the operator's own ledger, of which Tx
	// is; 0: it was recorded here.
	Adopted uint64 `json:"adopted,omitempty"`
}

// Parse returns the settlement itself.
func (s Settled) Parse() (royalty.Settlement, error) { return royalty.ParseSettlement(s.Settlement) }

// settledHead is the end of a node's chain of settlements.
type settledHead struct {
	Last calendar.Period `json:"last"`
}

// PeriodRef is the argument of Finalize.
type PeriodRef struct {
	Node   string          `json:"node"`
	Period calendar.Period `json:"period"`
}

// PublishSettlement publishes a period of the caller's node from day 4 of the
// month after. It requires that the settlement key signed it; that its sums hold
// (see [royalty.Totals.Check]); that it follows the settlement before; that the
// log is the last one anchored and covers the period; that the money is what was
// recorded; that the parameters are those of the period; that corrections are
// those the ledger ordered; and that the beacon it breaks ties with is fixed.
// Faults: Forbidden, NotFound, Invalid, Conflict when the period is settled.
func (*Contract) PublishSettlement(ctx Ctx, op, arg string) (string, error) {
	return perform(ctx, "PublishSettlement", op, arg, func(c *call, in *SettlementFiling) error {
		s, err := royalty.ParseSettlement(in.Settlement)
		if err != nil {
			return err
		}
		n, err := c.own(s.Node, roleClient)
		if err != nil {
			return err
		}
		rec := Settled{Node: s.Node, Period: s.Period, State: Published, Settlement: in.Settlement, Signature: in.Signature,
			Hash: Digest(sha256.Sum256(in.Settlement)), At: c.now, Tx: c.tx, Attested: []string{}, Review: NotReviewed}
		for _, k := range n.Settlement {
			if k.In(c.now) && verifies(k.Public, in.Settlement, in.Signature) {
				rec.Key = k.Public
			}
		}
		if rec.Key.zero() {
			return fault.New(fault.Invalid, "No settlement key of %s that is in force signed this.", s.Node)
		}
		if c.now < millis(s.Period.Due(calendar.Settle)) {
			return fault.New(fault.Invalid, "%s is settled from %s on.", s.Period, calendar.DayOf(s.Period.Due(calendar.Settle)))
		}
		if err := c.follows(&s, &rec); err != nil {
			return err
		}
		if err := c.backed(&s, &rec); err != nil {
			return err
		}
		if err := c.put(settledHead{s.Period}, "settled", s.Node); err != nil {
			return err
		}
		if err := c.put(rec, "settlement", s.Node, periodKey(s.Period)); err != nil {
			return err
		}
		return c.announce("settlement", rec)
	})
}

// follows holds a settlement against the one before. A faulty one of the same
// period is replaced.
func (c *call) follows(s *royalty.Settlement, rec *Settled) error {
	var head settledHead
	begun, err := c.get(&head, "settled", s.Node)
	if err != nil {
		return err
	}
	before := head.Last
	if begun && before == s.Period {
		var old Settled
		if _, err := c.get(&old, "settlement", s.Node, periodKey(s.Period)); err != nil {
			return err
		}
		if old.State != Faulted {
			return fault.New(fault.Conflict, "%s is settled already.", s.Period)
		}
		rec.Replaced, before = old.Replaced+1, s.Period.Add(-1)
		if err := c.put(true, "replaced", s.Node, periodKey(s.Period), old.Hash.String()); err != nil {
			return err
		}
	}
	var prev Settled
	found := false
	if begun {
		if found, err = c.get(&prev, "settlement", s.Node, periodKey(before)); err != nil {
			return err
		}
	}
	if !found {
		return s.Follows(nil)
	}
	p, err := prev.Parse()
	if err != nil {
		return err
	}
	return s.Follows(&p)
}

// backed holds a settlement against what the ledger recorded.
func (c *call) backed(s *royalty.Settlement, rec *Settled) error {
	last, err := c.lastAnchor(s.Node)
	if err != nil {
		return err
	}
	if last.Day < s.Period.LastDay() {
		return fault.New(fault.Conflict, "The log of %s is anchored up to %s only.", s.Node, last.Day)
	}
	if s.LogSize != last.Size || Digest(s.LogRoot) != last.Root {
		return fault.New(fault.Invalid, "The settlement is not of the log last anchored.")
	}
	rules, fixed, err := c.rules(s.Node, s.Period)
	switch {
	case err != nil:
		return err
	case !fixed:
		return fault.New(fault.Conflict, "The beacon of %s, which breaks ties, is not fixed yet.", calendar.DayOf(s.Period.End()))
	case s.Params != rules.Parameters.Version:
		return fault.New(fault.Invalid, "The settlement uses parameters %d, the period has %d.", s.Params, rules.Parameters.Version)
	case s.Rules == "" || s.Vectors == royalty.Hash{}:
		return fault.New(fault.Invalid, "The settlement does not say by which rules and vectors it was made.")
	}
	rec.Seed = rules.Seed
	if err := c.paidFor(s, rules.Parameters); err != nil {
		return err
	}
	plus, minus, err := c.corrections(s.Node, s.Period)
	switch {
	case err != nil:
		return err
	case s.Plus != plus:
		return fault.New(fault.Invalid, "The settlement adds corrections of %s, the ledger ordered %s.", s.Plus, plus)
	case s.Minus > minus:
		return fault.New(fault.Invalid, "The settlement takes corrections of %s, the ledger ordered %s.", s.Minus, minus)
	}
	return nil
}

// paidFor holds the money against the days' payments and the operator's part.
func (c *call) paidFor(s *royalty.Settlement, p Parameters) error {
	received, refunded, err := c.paid(s.Node, s.Period)
	if err != nil {
		return err
	}
	if s.Received != received || s.Refunded != refunded {
		return fault.New(fault.Invalid, "The settlement received %s and refunded %s; recorded are %s and %s.", s.Received, s.Refunded, received, refunded)
	}
	var o OperatorPay
	if _, err := c.get(&o, "operator", s.Node, periodKey(s.Period)); err != nil {
		return err
	}
	if s.Operator != o.Operator || s.Pots != o.Pots || s.Payers != o.Payers {
		return fault.New(fault.Invalid, "The settlement has %d payers, %s for the operator and %s in pots; recorded are %d, %s and %s.",
			s.Payers, s.Operator, s.Pots, o.Payers, o.Operator, o.Pots)
	}
	return p.fair(s.Payers, s.Operator, s.Pots)
}

// unsettled refuses a period that is settled, unless its settlement is faulty.
func (c *call) unsettled(node string, p calendar.Period) error {
	var head settledHead
	if _, err := c.get(&head, "settled", node); err != nil || head.Last < p {
		return err
	}
	var s Settled
	if found, err := c.get(&s, "settlement", node, periodKey(p)); err != nil || found && s.State == Faulted {
		return err
	}
	return fault.New(fault.Conflict, "%s is settled already.", p)
}

// Finalize ends the time for challenges, from day 20 of the month after. Faults:
// Forbidden, NotFound, Invalid when it is early, Conflict when a fault was proved
// or it is final.
func (*Contract) Finalize(ctx Ctx, op, arg string) (string, error) {
	return perform(ctx, "Finalize", op, arg, func(c *call, in *PeriodRef) error {
		if _, err := c.own(in.Node, roleClient); err != nil {
			return err
		}
		s, err := c.settled(in.Node, in.Period)
		switch {
		case err != nil:
			return err
		case s.State == Faulted:
			return fault.New(fault.Conflict, "A fault was proved in the settlement of %s. Publish a correct one.", in.Period)
		case s.State == Final:
			return fault.New(fault.Conflict, "The settlement of %s is final already.", in.Period)
		case c.now < millis(in.Period.Due(calendar.Final)):
			return fault.New(fault.Invalid, "%s can be challenged until %s.", in.Period, calendar.DayOf(in.Period.Due(calendar.Final)))
		}
		s.State, s.FinalAt = Final, c.now
		if err := c.put(s, "settlement", in.Node, periodKey(in.Period)); err != nil {
			return err
		}
		return c.announce("final", s)
	})
}

// GetSettlement returns a node's [Settled] period, written 2026-10, or NotFound.
// An empty period means the latest.
func (*Contract) GetSettlement(ctx Ctx, node, period string) (string, error) {
	return query(ctx, func(c *call) (Settled, error) {
		if period == "" {
			var head settledHead
			if err := c.must(&head, node+" has settled no period yet.", "settled", node); err != nil {
				return Settled{}, err
			}
			return c.settled(node, head.Last)
		}
		p, err := calendar.ParsePeriod(period)
		if err != nil {
			return Settled{}, err
		}
		return c.settled(node, p)
	})
}

func (c *call) settled(node string, p calendar.Period) (s Settled, err error) {
	return s, c.must(&s, node+" has not settled "+p.String()+".", "settlement", node, periodKey(p))
}

// Correction is what a proved fault moves for an act in a later period.
type Correction struct {
	Plus  money.Micro `json:"plus"`
	Minus money.Micro `json:"minus"`
}

// corrections adds up what faults ordered for a period.
func (c *call) corrections(node string, p calendar.Period) (plus, minus money.Micro, err error) {
	err = each(c, "correction", []string{node, periodKey(p)}, func(_ []string, x Correction) (err error) {
		if plus, err = sum(plus, x.Plus); err != nil {
			return err
		}
		minus, err = sum(minus, x.Minus)
		return err
	})
	return plus, minus, err
}

// ActCorrection is a [Correction] with its act.
type ActCorrection struct {
	Act string `json:"act"`
	Correction
}

// GetCorrections returns what the ledger ordered for a node's period, by act.
func (*Contract) GetCorrections(ctx Ctx, node, period string) (string, error) {
	return query(ctx, func(c *call) ([]ActCorrection, error) {
		out := []ActCorrection{}
		p, err := calendar.ParsePeriod(period)
		if err != nil {
			return nil, err
		}
		err = each(c, "correction", []string{node, periodKey(p)}, func(rest []string, x Correction) error {
			out = append(out, ActCorrection{rest[0], x})
			return nil
		})
		return out, err
	})
}

// Proof is everything the ledger knows that a receipt of a period is checked
// with.
type Proof struct {
	Node       Node        `json:"node"`
	Settlement Settled     `json:"settlement"`
	Anchor     Anchor      `json:"anchor"` // the log the settlement names
	Rules      PeriodRules `json:"rules"`
	Faults     []Fault     `json:"faults"`
	Batch      *Batch      `json:"batch,omitempty"`
	// Adoption says until when the node kept a ledger of its own.
	Adoption *Adoption `json:"adoption,omitempty"`
}

// GetProof returns the [Proof] of a node's period, or NotFound.
func (*Contract) GetProof(ctx Ctx, node, period string) (string, error) {
	return query(ctx, func(c *call) (out Proof, err error) {
		p, err := calendar.ParsePeriod(period)
		if err != nil {
			return out, err
		}
		if out.Node, err = c.node(node); err != nil {
			return out, err
		}
		if out.Settlement, err = c.settled(node, p); err != nil {
			return out, err
		}
		s, err := out.Settlement.Parse()
		if err != nil {
			return out, err
		}
		if out.Anchor, err = c.anchored(node, s.LogSize); err != nil {
			return out, err
		}
		if out.Rules, _, err = c.rules(node, p); err != nil {
			return out, err
		}
		if out.Faults, err = c.faults(node, p); err != nil {
			return out, err
		}
		var b Batch
		found, err := c.get(&b, "batch", node, periodKey(p))
		if err != nil {
			return out, err
		}
		if found {
			out.Batch = &b
		}
		a, found, err := c.adoption(node)
		if found {
			out.Adoption = &a
		}
		return out, err
	})
}

// anchored finds the first anchor of a node whose log has at least so many
// leaves: the first that holds what a tree of that size held.
func (c *call) anchored(node string, size uint64) (out Anchor, err error) {
	found := false
	err = each(c, "anchor", []string{node}, func(_ []string, a Anchor) error {
		if !found && a.Size >= size {
			out, found = a, true
		}
		return nil
	})
	if err == nil && !found {
		err = fault.New(fault.NotFound, "The log of %s was never anchored with %d leaves.", node, size)
	}
	return out, err
}
