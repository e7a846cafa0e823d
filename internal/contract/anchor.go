package contract

import (
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/royalty/wire"
)

// DayAnchor is the argument of AnchorDay: a node's log as it stands when a day
// is closed. There is one append-only log per node.
type DayAnchor struct {
	Node  string       `json:"node"`
	Day   calendar.Day `json:"day"`
	Size  uint64       `json:"size"`
	Root  Digest       `json:"root"`  // zeros when the log is empty
	Proof []Digest     `json:"proof"` // RFC 6962 consistency from the last anchor, none from an empty log
	// Books is the head of the node's journal, zeros when it has none.
	Books Digest `json:"books"`
	// Invoices is the root of the day's invoice tree, and their number.
	Invoices     Digest `json:"invoices"`
	InvoiceCount uint32 `json:"invoice_count"`
	// Commit binds the node to its part of the day's beacon; Reveal opens that of
	// the last day it committed to, zeros when there is none.
	Commit Digest `json:"commit"`
	Reveal Digest `json:"reveal"`
	// Signature is the log key's over [DayAnchor.Encode]: with it another node may
	// carry the anchor to the federation. A cluster's channel wants it.
	Signature []byte `json:"signature,omitempty"`
}

// Encode writes "9ten/anchor/v1\0" || node str || day u32 || size u64 || root 32
// || books 32 || invoices 32 || invoice count u32 || commit 32 || reveal 32. The
// proof proves itself.
func (a *DayAnchor) Encode() ([]byte, error) {
	w := wire.NewWriter("9ten/anchor/v1")
	w.Str(a.Node)
	w.U32(uint32(a.Day))
	w.U64(a.Size)
	w.Raw(a.Root[:])
	w.Raw(a.Books[:])
	w.Raw(a.Invoices[:])
	w.U32(a.InvoiceCount)
	w.Raw(a.Commit[:])
	w.Raw(a.Reveal[:])
	return w.Bytes()
}

// Anchor is what the ledger keeps of it.
type Anchor struct {
	Node         string       `json:"node"`
	Day          calendar.Day `json:"day"`
	Size         uint64       `json:"size"`
	Added        uint64       `json:"added"` // leaves since the last anchor, padding included
	Root         Digest       `json:"root"`
	Books        Digest       `json:"books"`
	Invoices     Digest       `json:"invoices"`
	InvoiceCount uint32       `json:"invoice_count"`
	At           uint64       `json:"at"`
	Tx           string       `json:"tx"`
	// Adopted is when this was brought from the operator's own ledger, of which Tx
	// is; 0: it was recorded here.
	Adopted uint64 `json:"adopted,omitempty"`
	// Open, of a node's latest anchor, is the day whose number its next anchor
	// reveals, 0 for none.
	Open calendar.Day `json:"open,omitempty"`
}

// logHead is the end of a node's log.
type logHead struct {
	Day  calendar.Day `json:"day"`
	Size uint64       `json:"size"`
	Root Digest       `json:"root"`
	// Open is the last day whose commit was taken and is not revealed, 0 if none.
	Open calendar.Day `json:"open,omitempty"`
}

// AnchorDay fixes the log of the caller's node for a day that is over. Days
// ascend; the log only grows, which the proof shows. Faults: Forbidden,
// NotFound, Invalid (proof, roots, reveal), Conflict for a day that is anchored.
func (*Contract) AnchorDay(ctx Ctx, op, arg string) (string, error) {
	return perform(ctx, "AnchorDay", op, arg, func(c *call, in *DayAnchor) error {
		n, err := c.own(in.Node, roleClient)
		if err != nil {
			return err
		}
		if err := c.carriable(&n, in.Day, in.Signature, in.Encode); err != nil {
			return err
		}
		if len(in.Signature) > 0 {
			if err := c.put(in, "signed", dayKey(in.Day), in.Node); err != nil {
				return err
			}
		}
		a, err := c.anchorDay(in)
		if err != nil {
			return err
		}
		return c.announce("anchor", a)
	})
}

func (in *DayAnchor) reads() [][]string {
	return [][]string{{"log", in.Node}, {"ownopen", in.Node}, {"beaconhead"}}
}

// anchorDay takes an anchor whose sender is known.
func (c *call) anchorDay(in *DayAnchor) (a Anchor, err error) {
	if err := c.over(in.Day); err != nil {
		return a, err
	}
	if err := c.ahead(in.reads()...); err != nil {
		return a, err
	}
	var head logHead
	if _, err := c.get(&head, "log", in.Node); err != nil {
		return a, err
	}
	if in.Day <= head.Day {
		return a, fault.New(fault.Conflict, "The log of %s is anchored up to %s already.", in.Node, head.Day)
	}
	if (in.Size == 0) != in.Root.zero() || (in.InvoiceCount == 0) != in.Invoices.zero() {
		return a, fault.New(fault.Invalid, "The anchor has a root of an empty tree, or a tree without a root.")
	}
	if err := c.continues(in, &head); err != nil {
		return a, err
	}
	next := logHead{Day: in.Day, Size: in.Size, Root: in.Root, Open: head.Open}
	reveal := *in // the number counts once: for the node's own chain, or for all
	if err := c.revealOwn(&reveal, &next); err != nil {
		return a, err
	}
	if err := c.beacon(&reveal, &next); err != nil {
		return a, err
	}
	a = Anchor{Node: in.Node, Day: in.Day, Size: in.Size, Added: in.Size - head.Size, Root: in.Root,
		Books: in.Books, Invoices: in.Invoices, InvoiceCount: in.InvoiceCount, At: c.now, Tx: c.tx}
	if err := c.put(next, "log", in.Node); err != nil {
		return a, err
	}
	return a, c.put(a, "anchor", in.Node, dayKey(in.Day))
}

// continues refuses a log that does not continue the one before. A cluster's
// channel may not know the one before, which was anchored while the node was
// elsewhere; the proof goes with the day to the federation, which knows it.
func (c *call) continues(in *DayAnchor, head *logHead) error {
	if !c.ofCluster() {
		return royalty.CheckConsistency(head.Size, in.Size, hashes(in.Proof), royalty.Hash(head.Root), royalty.Hash(in.Root))
	}
	if in.Size < head.Size {
		return fault.New(fault.Invalid, "The log has %d leaves and had %d.", in.Size, head.Size)
	}
	return nil
}

// over refuses a day that is none, or that is not over yet.
func (c *call) over(d calendar.Day) error {
	if !d.Valid() {
		return fault.New(fault.Invalid, "%d is no day of the calendar.", uint32(d))
	}
	if c.now < millis(d.End()) {
		return fault.New(fault.Invalid, "%s is not over yet.", d)
	}
	return nil
}

// GetAnchor returns a node's [Anchor] of a day, written 2026-11-24. An empty day
// means the latest. Faults: NotFound, Invalid.
func (*Contract) GetAnchor(ctx Ctx, node, day string) (string, error) {
	return query(ctx, func(c *call) (Anchor, error) {
		if day == "" {
			return c.lastAnchor(node)
		}
		d, err := calendar.ParseDay(day)
		if err != nil {
			return Anchor{}, err
		}
		return c.anchor(node, d)
	})
}

func (c *call) anchor(node string, d calendar.Day) (a Anchor, err error) {
	return a, c.must(&a, "The log of "+node+" is not anchored for "+d.String()+".", "anchor", node, dayKey(d))
}

func (c *call) lastAnchor(node string) (Anchor, error) {
	var head logHead
	if err := c.must(&head, "The log of "+node+" was never anchored.", "log", node); err != nil {
		return Anchor{}, err
	}
	a, err := c.anchor(node, head.Day)
	a.Open = head.Open
	return a, err
}

// DayPayments is the argument of RecordPayments: what came in on a day. Transfers
// on a chain and payments the operator declares have trees of their own.
type DayPayments struct {
	Node          string       `json:"node"`
	Day           calendar.Day `json:"day"`
	Evidence      Digest       `json:"evidence"` // root over payment evidence
	EvidenceCount uint32       `json:"evidence_count"`
	Declared      Digest       `json:"declared"` // root over declared payments
	DeclaredCount uint32       `json:"declared_count"`
	Received      money.Micro  `json:"received"`
	Refunded      money.Micro  `json:"refunded"`
	// Signature is the log key's over [DayPayments.Encode], as an anchor's.
	Signature []byte `json:"signature,omitempty"`
}

// Encode writes "9ten/daypayments/v1\0" || node str || day u32 || evidence 32 ||
// evidence count u32 || declared 32 || declared count u32 || received u64 ||
// refunded u64.
func (p *DayPayments) Encode() ([]byte, error) {
	w := wire.NewWriter("9ten/daypayments/v1")
	w.Str(p.Node)
	w.U32(uint32(p.Day))
	w.Raw(p.Evidence[:])
	w.U32(p.EvidenceCount)
	w.Raw(p.Declared[:])
	w.U32(p.DeclaredCount)
	w.I63(int64(p.Received))
	w.I63(int64(p.Refunded))
	return w.Bytes()
}

// Payments is what the ledger keeps of it.
type Payments struct {
	DayPayments
	At uint64 `json:"at"`
	Tx string `json:"tx"`
	// Adopted is when this was brought from the operator's own ledger, of which Tx
	// is; 0: it was recorded here.
	Adopted uint64 `json:"adopted,omitempty"`
}

// RecordPayments records a day's payments of the caller's node, once, when the
// day is over and before its period is settled. A day without payments need not
// be recorded. Faults: Forbidden, NotFound, Invalid, Conflict.
func (*Contract) RecordPayments(ctx Ctx, op, arg string) (string, error) {
	return perform(ctx, "RecordPayments", op, arg, func(c *call, in *DayPayments) error {
		n, err := c.own(in.Node, roleClient)
		if err != nil {
			return err
		}
		if err := c.carriable(&n, in.Day, in.Signature, in.Encode); err != nil {
			return err
		}
		rec, err := c.recordPayments(in)
		if err != nil {
			return err
		}
		return c.announce("payments", rec)
	})
}

func (in *DayPayments) reads() [][]string {
	return [][]string{{"settled", in.Node}, {"payments", in.Node, periodKey(in.Day.Period()), dayKey(in.Day)}}
}

// recordPayments takes payments whose sender is known.
func (c *call) recordPayments(in *DayPayments) (rec Payments, err error) {
	if err := c.over(in.Day); err != nil {
		return rec, err
	}
	if in.Received < 0 || in.Refunded < 0 {
		return rec, fault.New(fault.Invalid, "An amount is below zero.")
	}
	if (in.EvidenceCount == 0) != in.Evidence.zero() || (in.DeclaredCount == 0) != in.Declared.zero() {
		return rec, fault.New(fault.Invalid, "The payments have a root of an empty tree, or a tree without a root.")
	}
	if in.EvidenceCount == 0 && in.DeclaredCount == 0 && in.Received+in.Refunded > 0 {
		return rec, fault.New(fault.Invalid, "There is money without a payment.")
	}
	if err := c.ahead(in.reads()...); err != nil {
		return rec, err
	}
	p := periodKey(in.Day.Period())
	if err := c.unsettled(in.Node, in.Day.Period()); err != nil {
		return rec, err
	}
	if found, err := c.get(&rec, "payments", in.Node, p, dayKey(in.Day)); err != nil {
		return rec, err
	} else if found {
		return rec, fault.New(fault.Conflict, "The payments of %s are recorded already.", in.Day)
	}
	rec = Payments{DayPayments: *in, At: c.now, Tx: c.tx}
	return rec, c.put(rec, "payments", in.Node, p, dayKey(in.Day))
}

// GetPayments returns a node's [Payments] of a day, or NotFound.
func (*Contract) GetPayments(ctx Ctx, node, day string) (string, error) {
	return query(ctx, func(c *call) (p Payments, err error) {
		d, err := calendar.ParseDay(day)
		if err != nil {
			return p, err
		}
		return p, c.must(&p, "No payments of "+node+" are recorded for "+d.String()+".", "payments", node, periodKey(d.Period()), dayKey(d))
	})
}

// paid adds up what was recorded for the days of a period.
func (c *call) paid(node string, p calendar.Period) (received, refunded money.Micro, err error) {
	err = each(c, "payments", []string{node, periodKey(p)}, func(_ []string, d Payments) (err error) {
		if received, err = sum(received, d.Received); err != nil {
			return err
		}
		refunded, err = sum(refunded, d.Refunded)
		return err
	})
	return received, refunded, err
}

// OperatorPay is the argument of PayOperators: the node's own part of a period
// and the pots that remain, in total so far. A later call replaces the totals.
type OperatorPay struct {
	Node     string          `json:"node"`
	Period   calendar.Period `json:"period"`
	Payers   uint32          `json:"payers"`
	Operator money.Micro     `json:"operator"`
	Pots     money.Micro     `json:"pots"`
}

// PayOperators records what moved on the 1st, and after it for those who
// joined later: a tenth of every charge to the node, the rest into pots. It may
// be sent from the period's first day until the settlement. Faults: Forbidden,
// NotFound, Invalid when the node takes more than its part or a payer pays more
// than the price, Conflict when the period is settled.
func (*Contract) PayOperators(ctx Ctx, op, arg string) (string, error) {
	return perform(ctx, "PayOperators", op, arg, func(c *call, in *OperatorPay) error {
		if _, err := c.own(in.Node, roleClient); err != nil {
			return err
		}
		if !in.Period.Valid() || c.now < millis(in.Period.Start()) {
			return fault.New(fault.Invalid, "The period %s has not begun.", in.Period)
		}
		if err := c.unsettled(in.Node, in.Period); err != nil {
			return err
		}
		if err := c.parameters(in.Period).fair(in.Payers, in.Operator, in.Pots); err != nil {
			return err
		}
		if err := c.put(in, "operator", in.Node, periodKey(in.Period)); err != nil {
			return err
		}
		return c.announce("operator", in)
	})
}

// fair refuses charges above the price and an operator above the part.
func (p Parameters) fair(payers uint32, operator, pots money.Micro) error {
	charged, err := sum(operator, pots)
	switch {
	case err != nil:
		return err
	case charged > money.Micro(payers)*p.Price:
		return fault.New(fault.Invalid, "%d payers are charged %s, more than the price.", payers, charged)
	case operator > charged/royalty.Basis*money.Micro(p.Operator)+charged%royalty.Basis*money.Micro(p.Operator)/royalty.Basis:
		return fault.New(fault.Invalid, "The operator takes %s of %s, more than the node's part.", operator, charged)
	}
	return nil
}

// GetOperatorPay returns a node's [OperatorPay] of a period, or NotFound.
func (*Contract) GetOperatorPay(ctx Ctx, node, period string) (string, error) {
	return query(ctx, func(c *call) (o OperatorPay, err error) {
		p, err := calendar.ParsePeriod(period)
		if err != nil {
			return o, err
		}
		return o, c.must(&o, "The node's part of "+p.String()+" is not recorded.", "operator", node, periodKey(p))
	})
}
