package contract

import (
	"cmp"
	"slices"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty"
)

// Act is a payout identity.
type Act struct {
	ID   id.Act `json:"id"`
	Home string `json:"home"` // node that may act for it
	// MinPayout is the act's own choice; the network's minimum applies if higher.
	MinPayout money.Micro `json:"min_payout"`
	// Payout is the hash of where it is paid, which only its home node knows;
	// zeros while nobody can pay it.
	Payout Digest `json:"payout"`
	// Address is the version of that, 0 before the first.
	Address uint32 `json:"address"`
	Changed uint64 `json:"changed"` // when it got this version
	Since   uint64 `json:"since"`
	Merged  id.Act `json:"merged,omitempty"` // paid as this act
}

// ActRegistration is the argument of RegisterAct.
type ActRegistration struct {
	Node      string      `json:"node"`
	Act       id.Act      `json:"act"`
	MinPayout money.Micro `json:"min_payout"`
	Payout    Digest      `json:"payout"`
}

// ActMerge is the argument of MergeActs; the smaller id is kept.
type ActMerge struct {
	A id.Act `json:"a"`
	B id.Act `json:"b"`
}

// merge is one alias. From never appears as Into of another.
type merge struct {
	Into id.Act `json:"into"`
	At   uint64 `json:"at"`
}

// proposal waits for the other home node.
type proposal struct {
	By string `json:"by"`
}

// RegisterAct gives an act its place on the ledger, under the id it has at its
// home node. Registering again changes the minimum payout, and where it is paid. Faults: Forbidden,
// NotFound, Invalid, Conflict when another node is its home.
func (*Contract) RegisterAct(ctx Ctx, op, arg string) (string, error) {
	return perform(ctx, "RegisterAct", op, arg, func(c *call, in *ActRegistration) error {
		if _, err := c.own(in.Node, roleClient); err != nil {
			return err
		}
		if a, err := id.Parse[id.Act](string(in.Act)); err != nil || a != in.Act {
			return fault.New(fault.Invalid, "%q is not the id of an act.", string(in.Act))
		}
		if in.MinPayout < 0 {
			return fault.New(fault.Invalid, "A minimum payout is not below zero.")
		}
		a := Act{ID: in.Act, Home: in.Node, Since: c.now}
		if _, err := c.get(&a, "act", string(in.Act)); err != nil {
			return err
		}
		if a.Home != in.Node {
			return fault.New(fault.Conflict, "The home of that act is %s.", a.Home)
		}
		a.MinPayout = in.MinPayout
		if in.Payout != a.Payout {
			a.Payout, a.Address, a.Changed = in.Payout, a.Address+1, c.now
		}
		if err := c.put(a, "act", string(a.ID)); err != nil {
			return err
		}
		return c.announce("act", a)
	})
}

// MergeActs makes two acts one payout identity, the smaller id, from the period
// that is open. When they have different home nodes both have to ask. Faults:
// Forbidden for anybody else, NotFound, Conflict when one is merged already.
func (*Contract) MergeActs(ctx Ctx, op, arg string) (string, error) {
	return perform(ctx, "MergeActs", op, arg, func(c *call, in *ActMerge) error {
		into, from := min(in.A, in.B), max(in.A, in.B)
		a, b, err := c.two(into, from)
		if err != nil {
			return err
		}
		if c.msp != a.Home && c.msp != b.Home {
			return fault.New(fault.Forbidden, "Only the home nodes of the two acts may merge them.")
		}
		if a.Home != b.Home {
			var p proposal
			found, err := c.get(&p, "mergeask", string(into), string(from))
			if err != nil {
				return err
			}
			if !found || p.By == c.msp {
				return c.put(proposal{c.msp}, "mergeask", string(into), string(from))
			}
		}
		b.Merged = into
		if err := c.put(b, "act", string(b.ID)); err != nil {
			return err
		}
		if err := c.put(merge{into, c.now}, "merge", string(from)); err != nil {
			return err
		}
		return c.announce("merge", in)
	})
}

func (c *call) two(into, from id.Act) (a, b Act, err error) {
	if into == from {
		return a, b, fault.New(fault.Invalid, "An act cannot be merged with itself.")
	}
	if a, err = c.act(into); err != nil {
		return a, b, err
	}
	if b, err = c.act(from); err != nil {
		return a, b, err
	}
	if a.Merged != "" || b.Merged != "" {
		return a, b, fault.New(fault.Conflict, "One of the two acts is merged already.")
	}
	return a, b, nil
}

// GetAct returns an [Act], or NotFound.
func (*Contract) GetAct(ctx Ctx, act string) (string, error) {
	return query(ctx, func(c *call) (Act, error) { return c.act(id.Act(act)) })
}

func (c *call) act(a id.Act) (out Act, err error) {
	return out, c.must(&out, "There is no act "+string(a)+" on the ledger.", "act", string(a))
}

// GetActs returns the []Act whose home is a node, by id.
func (*Contract) GetActs(ctx Ctx, node string) (string, error) {
	return query(ctx, func(c *call) ([]Act, error) {
		out := []Act{}
		err := each(c, "act", nil, func(_ []string, a Act) error {
			if a.Home == node {
				out = append(out, a)
			}
			return nil
		})
		return out, err
	})
}

// merges lists what was merged before a period closed, by From, each into the
// act it is finally paid as.
func (c *call) merges(p calendar.Period, kind string, under ...string) ([]royalty.Merge, error) {
	var out []royalty.Merge
	end := millis(p.End())
	err := each(c, kind, under, func(rest []string, m merge) error {
		if m.At < end {
			out = append(out, royalty.Merge{From: id.Act(rest[0]), Into: m.Into})
		}
		return nil
	})
	// An act that others were merged into may be merged later itself. Ids only
	// get smaller on the way, so following them from the smallest up ends.
	for i := range out {
		j, again := slices.BinarySearchFunc(out, out[i].Into, func(m royalty.Merge, a id.Act) int { return cmp.Compare(m.From, a) })
		if again {
			out[i].Into = out[j].Into
		}
	}
	return out, err
}
