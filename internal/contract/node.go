package contract

import (
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/network"
	"github.com/michaelperna/9ten/internal/royalty"
)

// MaxOverlap is how long a replaced key may still sign: 90 days, in milliseconds.
const MaxOverlap = 90 * 24 * 3600 * 1000

// Key is an Ed25519 public key and when it is in force, in Unix milliseconds.
type Key struct {
	Public Digest `json:"public"`
	From   uint64 `json:"from"`
	Until  uint64 `json:"until,omitempty"` // exclusive; 0: until it is replaced
}

// In reports whether the key is in force at a time.
func (k Key) In(now uint64) bool { return k.From <= now && (k.Until == 0 || now < k.Until) }

// Node is a node as the network knows it. Its id is its organisation's MSP id.
type Node struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Owner      string `json:"owner"` // as declared: one legal person, one vote
	Age        string `json:"age,omitempty"`
	Since      uint64 `json:"since"`
	Log        []Key  `json:"log"`        // every key there ever was, the latest last
	Settlement []Key  `json:"settlement"` // the same
	Cluster    string `json:"cluster,omitempty"`
	// Adopted is since when the node records here, if it kept a ledger of its own
	// before; see [Contract.GetAdoption].
	Adopted uint64 `json:"adopted,omitempty"`
}

// Registration is the argument of RegisterNode and UpdateNode; the latter takes
// no keys, which [Contract.RotateKey] replaces.
type Registration struct {
	Node          string  `json:"node"`
	Name          string  `json:"name"`
	Owner         string  `json:"owner"`
	Age           string  `json:"age,omitempty"` // age recipient of bundles, when it reviews
	LogKey        *Digest `json:"log_key,omitempty"`
	SettlementKey *Digest `json:"settlement_key,omitempty"`
}

// Rotation is the argument of RotateKey.
type Rotation struct {
	Node   string `json:"node"`
	Use    string `json:"use"` // "log" or "settlement"
	Public Digest `json:"public"`
	// Overlap is for how many milliseconds the old key still signs.
	Overlap uint64 `json:"overlap"`
}

// RegisterNode enters the caller's node with its first keys. The id of a node
// is the MSP id of its organisation, so nobody can take another's name. Faults:
// Forbidden, Conflict when it is registered, Invalid.
func (*Contract) RegisterNode(ctx Ctx, op, arg string) (string, error) {
	return perform(ctx, "RegisterNode", op, arg, func(c *call, in *Registration) error {
		if err := c.administrates(in.Node); err != nil {
			return err
		}
		var n Node
		if found, err := c.get(&n, "node", in.Node); err != nil {
			return err
		} else if found {
			return fault.New(fault.Conflict, "The node %s is registered already.", in.Node)
		}
		if a, _, err := c.adoption(in.Node); err != nil {
			return err
		} else if a.State == Verified {
			return fault.New(fault.Conflict, "What %s brings from its own ledger is being applied, and registers it.", in.Node)
		}
		if in.LogKey == nil || in.SettlementKey == nil || in.LogKey.zero() || in.SettlementKey.zero() {
			return fault.New(fault.Invalid, "A node registers with a log key and a settlement key.")
		}
		if *in.LogKey == *in.SettlementKey {
			return fault.New(fault.Invalid, "The log key and the settlement key are two keys.")
		}
		n = Node{ID: in.Node, Since: c.now,
			Log: []Key{{Public: *in.LogKey, From: c.now}}, Settlement: []Key{{Public: *in.SettlementKey, From: c.now}}}
		if err := n.describe(in); err != nil {
			return err
		}
		if err := c.put(n, "node", n.ID); err != nil {
			return err
		}
		return c.announce("node", n)
	})
}

// UpdateNode changes how the caller's node describes itself. Faults: Forbidden,
// NotFound, Invalid.
func (*Contract) UpdateNode(ctx Ctx, op, arg string) (string, error) {
	return perform(ctx, "UpdateNode", op, arg, func(c *call, in *Registration) error {
		n, err := c.own(in.Node, roleAdmin)
		if err != nil {
			return err
		}
		if in.LogKey != nil || in.SettlementKey != nil {
			return fault.New(fault.Invalid, "Keys are replaced with RotateKey.")
		}
		if err := n.describe(in); err != nil {
			return err
		}
		if err := c.put(n, "node", n.ID); err != nil {
			return err
		}
		return c.announce("node", n)
	})
}

// RotateKey replaces a key of the caller's node from now on; the old one still
// signs for the overlap. What it signed before stays valid. Faults: Forbidden,
// NotFound, Invalid, Conflict for a key the node had before.
func (*Contract) RotateKey(ctx Ctx, op, arg string) (string, error) {
	return perform(ctx, "RotateKey", op, arg, func(c *call, in *Rotation) error {
		n, err := c.own(in.Node, roleAdmin)
		if err != nil {
			return err
		}
		var keys *[]Key
		switch in.Use {
		case "log":
			keys = &n.Log
		case "settlement":
			keys = &n.Settlement
		default:
			return fault.New(fault.Invalid, "A node has a log key and a settlement key, none for %q.", in.Use)
		}
		if in.Public.zero() || in.Overlap > MaxOverlap {
			return fault.New(fault.Invalid, "A key is replaced by another one, with an overlap of at most 90 days.")
		}
		for _, k := range append(append([]Key{}, n.Log...), n.Settlement...) {
			if k.Public == in.Public {
				return fault.New(fault.Conflict, "The node had that key before.")
			}
		}
		for i := range *keys {
			k := &(*keys)[i]
			if k.Until == 0 || k.Until > c.now+in.Overlap {
				k.Until = c.now + in.Overlap
			}
		}
		*keys = append(*keys, Key{Public: in.Public, From: c.now})
		if err := c.put(n, "node", n.ID); err != nil {
			return err
		}
		return c.announce("node", n)
	})
}

// GetNode returns a [Node], or NotFound.
func (*Contract) GetNode(ctx Ctx, node string) (string, error) {
	return query(ctx, func(c *call) (Node, error) { return c.node(node) })
}

// GetNodes returns all nodes by id.
func (*Contract) GetNodes(ctx Ctx) (string, error) {
	return query(ctx, func(c *call) ([]Node, error) {
		out := []Node{}
		err := each(c, "node", nil, func(_ []string, n Node) error {
			out = append(out, n)
			return nil
		})
		return out, err
	})
}

func (n *Node) describe(in *Registration) error {
	n.Name, n.Owner, n.Age = in.Name, in.Owner, in.Age
	return n.described()
}

// described refuses a description that would not show as it is: operators read it
// in a terminal, beside what they compare.
func (n *Node) described() error {
	for _, s := range []string{n.Name, n.Owner, n.Age} {
		if len(s) > 400 || !network.Plain(s) {
			return fault.New(fault.Invalid, "A node's name and owner have at most 400 bytes, are one line and have no control characters.")
		}
	}
	return nil
}

func (c *call) node(id string) (n Node, err error) {
	return n, c.must(&n, "There is no node "+id+" on the ledger.", "node", id)
}

// administrates refuses everybody but the administrator of the node's own
// organisation.
func (c *call) administrates(node string) error {
	if err := c.belongs(node); err != nil {
		return err
	}
	if c.role != roleAdmin {
		return fault.New(fault.Forbidden, "Only the administrator of %s may do that.", node)
	}
	return named(node)
}

// named refuses what cannot name a node. A beacon commit writes the name in
// canonical bytes, so what they refuse cannot register.
func named(node string) error {
	_, err := royalty.BeaconCommit(node, 0, royalty.Hash{})
	return err
}

func (c *call) belongs(node string) error {
	if c.msp != node {
		return fault.New(fault.Forbidden, "That belongs to %s, and you are %s.", node, c.msp)
	}
	return nil
}

// own returns the caller's registered node when the caller may act for it in
// the role: an administrator may always, a client as a client.
func (c *call) own(node, role string) (Node, error) {
	if role == roleAdmin {
		if err := c.administrates(node); err != nil {
			return Node{}, err
		}
	} else if err := c.belongs(node); err != nil {
		return Node{}, err
	}
	return c.node(node)
}
