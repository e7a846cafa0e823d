package contract

import (
	"cmp"
	"slices"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
)

// maxRelay bounds how many nodes one relay carries.
const maxRelay = 100

// Relay is the argument of RelayDay: a day of a cluster's nodes as each of them
// signed it, by node.
type Relay struct {
	Cluster  string        `json:"cluster,omitempty"`
	Day      calendar.Day  `json:"day"`
	Anchors  []DayAnchor   `json:"anchors,omitempty"`
	Payments []DayPayments `json:"payments,omitempty"`
}

// Relayed is what the ledger tells of it.
type Relayed struct {
	Cluster  string       `json:"cluster,omitempty"`
	Day      calendar.Day `json:"day"`
	By       string       `json:"by"`
	Anchors  []Anchor     `json:"anchors,omitempty"`
	Payments []Payments   `json:"payments,omitempty"`
}

// RelayDay carries a cluster's day to the federation. Whoever carries it can
// leave something out, which any other node may then carry, but not alter or
// invent it: each node's part has its own signature. What is there already is
// passed over. Faults: Forbidden, NotFound, Invalid with the node whose part does
// not hold.
func (*Contract) RelayDay(ctx Ctx, op, arg string) (string, error) {
	return perform(ctx, "RelayDay", op, arg, func(c *call, in *Relay) error {
		if _, err := c.node(c.msp); err != nil {
			return fault.New(fault.Forbidden, "Only a registered node may carry a day.")
		}
		if n := len(in.Anchors) + len(in.Payments); n == 0 || len(in.Anchors) > maxRelay || len(in.Payments) > maxRelay {
			return fault.New(fault.Invalid, "A relay carries something, of at most %d nodes.", maxRelay)
		}
		if !slices.IsSortedFunc(in.Anchors, func(a, b DayAnchor) int { return cmp.Or(cmp.Compare(a.Node, b.Node), -1) }) ||
			!slices.IsSortedFunc(in.Payments, func(a, b DayPayments) int { return cmp.Or(cmp.Compare(a.Node, b.Node), -1) }) {
			return fault.New(fault.Invalid, "A relay has each node once, in order.")
		}
		c.stub = newOverlay(c.stub)
		out := Relayed{Cluster: in.Cluster, Day: in.Day, By: c.msp}
		for i := range in.Anchors {
			if err := c.relayAnchor(in, &in.Anchors[i], &out); err != nil {
				return naming(in.Anchors[i].Node, err)
			}
		}
		for i := range in.Payments {
			if err := c.relayPayments(in, &in.Payments[i], &out); err != nil {
				return naming(in.Payments[i].Node, err)
			}
		}
		return c.announce("relay", out)
	})
}

// naming adds to a refusal which node's part it is about.
func naming(node string, err error) error {
	return fault.Wrap(err, fault.KindOf(err), "%s: %s", node, fault.Message(err))
}

// relayed refuses a part that is not of the relay's day and cluster, or not
// signed by its node.
func (c *call) relayed(in *Relay, node string, day calendar.Day, signature []byte, encode func() ([]byte, error)) error {
	n, err := c.node(node)
	switch {
	case err != nil:
		return err
	case day != in.Day || n.Cluster != in.Cluster:
		return fault.New(fault.Invalid, "That is not of the relay's day or cluster.")
	case len(signature) == 0:
		return fault.New(fault.Invalid, "The node has not signed that.")
	}
	return c.carriable(&n, day, signature, encode)
}

func (c *call) relayAnchor(in *Relay, a *DayAnchor, out *Relayed) error {
	if err := c.relayed(in, a.Node, a.Day, a.Signature, a.Encode); err != nil {
		return err
	}
	var head logHead
	if _, err := c.get(&head, "log", a.Node); err != nil || a.Day <= head.Day {
		return err
	}
	rec, err := c.anchorDay(a)
	out.Anchors = append(out.Anchors, rec)
	return err
}

func (c *call) relayPayments(in *Relay, p *DayPayments, out *Relayed) error {
	if err := c.relayed(in, p.Node, p.Day, p.Signature, p.Encode); err != nil {
		return err
	}
	var before Payments
	if found, err := c.get(&before, "payments", p.Node, periodKey(p.Day.Period()), dayKey(p.Day)); err != nil || found {
		return err
	}
	rec, err := c.recordPayments(p)
	out.Payments = append(out.Payments, rec)
	return err
}

// GetRelay returns what nodes signed for a day, written 2026-11-01: the [Relay]
// that a delegate carries from its cluster's channel.
func (*Contract) GetRelay(ctx Ctx, day string) (string, error) {
	return query(ctx, func(c *call) (out Relay, err error) {
		if out.Day, err = calendar.ParseDay(day); err != nil {
			return out, err
		}
		if err := each(c, "signed", []string{dayKey(out.Day)}, func(_ []string, a DayAnchor) error {
			out.Anchors = append(out.Anchors, a)
			return nil
		}); err != nil {
			return out, err
		}
		return out, each(c, "node", nil, func(_ []string, n Node) error {
			var p Payments
			found, err := c.get(&p, "payments", n.ID, periodKey(out.Day.Period()), dayKey(out.Day))
			if err == nil && found && len(p.Signature) > 0 {
				out.Payments = append(out.Payments, p.DayPayments)
			}
			return err
		})
	})
}
