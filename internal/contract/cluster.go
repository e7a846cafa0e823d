package contract

import (
	"cmp"
	"slices"
	"strings"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
)

// A small network has one channel for everything. A large one is split around
// that: each cluster records its days on a channel of its own, and the channel
// there was, the federation's from then on, has the rest, with the days that
// delegates carry there. It is one contract; the channel's name says which part
// of it is wanted.
const clusterChannel = "nineten-cluster-"

// ClusterChannel is the name of a cluster's channel.
func ClusterChannel(cluster string) string { return clusterChannel + cluster }

// notCluster are the functions that a cluster's channel does not take.
var notCluster = []string{"RegisterAct", "MergeActs", "JoinCluster", "NameDelegate", "RelayDay", "PayOperators", "PublishSettlement",
	"Finalize", "FixPayoutBatch", "ForfeitBalance", "ProveFault", "BeginAdoption", "StageAdoption", "VerifyAdoption", "ApplyAdoption"}

// place refuses a function that belongs on another channel.
func (c *call) place(fn string) error {
	if c.ofCluster() && slices.Contains(notCluster, fn) {
		return fault.New(fault.Unsupported, "%s belongs on the channel of the federation.", fn)
	}
	return nil
}

func (c *call) ofCluster() bool { return strings.HasPrefix(c.stub.GetChannelID(), clusterChannel) }

// Membership is the argument of JoinCluster.
type Membership struct {
	Node    string `json:"node"`
	Cluster string `json:"cluster"` // "": leave
}

// membershipAsk waits for the other side.
type membershipAsk struct {
	By string `json:"by"`
}

// Delegation is the argument of NameDelegate.
type Delegation struct {
	Cluster string `json:"cluster"`
	Node    string `json:"node"`
	Resign  bool   `json:"resign,omitempty"`
}

// Delegate is a node that carries its cluster's days and runs a peer on the
// federation's channel for it.
type Delegate struct {
	Node  string `json:"node"`
	Since uint64 `json:"since"`
}

// Cluster is a group of nodes that mirror each other's catalogue and review each
// other's reports.
type Cluster struct {
	Name      string     `json:"name"`
	Members   []string   `json:"members"` // by id
	Delegates []Delegate `json:"delegates"`
}

// JoinCluster puts a node into a cluster, or out of it. Its administrator asks
// and one of a delegate agrees, in any order; the first member of a cluster is
// its delegate. Faults: Forbidden, NotFound, Invalid, Conflict when the node is
// in a cluster already.
func (*Contract) JoinCluster(ctx Ctx, op, arg string) (string, error) {
	return perform(ctx, "JoinCluster", op, arg, func(c *call, in *Membership) error {
		n, err := c.joining(in)
		switch {
		case err != nil:
			return err
		case in.Cluster == "":
			return c.leave(&n)
		case n.Cluster != "":
			return fault.New(fault.Conflict, "%s is in the cluster %s.", n.ID, n.Cluster)
		}
		members := 0
		if err := each(c, "incluster", []string{in.Cluster}, func([]string, bool) error { members++; return nil }); err != nil {
			return err
		}
		if members == 0 {
			if err := c.put(Delegate{n.ID, c.now}, "delegate", in.Cluster, n.ID); err != nil {
				return err
			}
			return c.enterCluster(&n, in.Cluster)
		}
		var ask membershipAsk
		found, err := c.get(&ask, "joinask", in.Cluster, n.ID)
		if err != nil {
			return err
		}
		if !found || (ask.By == n.ID) == (c.msp == n.ID) {
			return c.put(membershipAsk{c.msp}, "joinask", in.Cluster, n.ID)
		}
		return c.enterCluster(&n, in.Cluster)
	})
}

// joining returns the node if the caller may speak for it, or for the cluster.
func (c *call) joining(in *Membership) (Node, error) {
	if in.Cluster != "" {
		if err := CheckCluster(in.Cluster); err != nil {
			return Node{}, err
		}
	}
	if c.msp == in.Node {
		return c.own(in.Node, roleAdmin)
	}
	if err := c.delegate(in.Cluster); err != nil {
		return Node{}, err
	}
	return c.node(in.Node)
}

// CheckCluster refuses (Invalid) what cannot name a cluster.
func CheckCluster(name string) error {
	ok := name != "" && len(name) <= 40
	for _, b := range []byte(name) {
		ok = ok && (b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b == '-')
	}
	if !ok {
		return fault.On("name", fault.Invalid, "A cluster's name is 1 to 40 small letters, digits and hyphens.")
	}
	return nil
}

// delegate refuses everybody but the administrator of a cluster's delegate.
func (c *call) delegate(cluster string) error {
	if err := c.member(); err != nil {
		return err
	}
	var d Delegate
	found, err := c.get(&d, "delegate", cluster, c.msp)
	if err == nil && !found {
		err = fault.New(fault.Forbidden, "Only a delegate of the cluster may do that.")
	}
	return err
}

func (c *call) enterCluster(n *Node, cluster string) error {
	n.Cluster = cluster
	if err := c.del("joinask", cluster, n.ID); err != nil {
		return err
	}
	if err := c.put(true, "incluster", cluster, n.ID); err != nil {
		return err
	}
	return c.told(n)
}

func (c *call) told(n *Node) error {
	if err := c.put(n, "node", n.ID); err != nil {
		return err
	}
	return c.announce("node", n)
}

func (c *call) leave(n *Node) error {
	if n.Cluster == "" {
		return fault.New(fault.Conflict, "%s is in no cluster.", n.ID)
	}
	if err := c.leavesADelegate(n); err != nil {
		return err
	}
	for _, kind := range []string{"delegate", "incluster"} {
		if err := c.del(kind, n.Cluster, n.ID); err != nil {
			return err
		}
	}
	n.Cluster = ""
	return c.told(n)
}

// leavesADelegate refuses the last delegate of a cluster that has other members:
// nobody could let anybody in after it.
func (c *call) leavesADelegate(n *Node) error {
	var own Delegate
	is, err := c.get(&own, "delegate", n.Cluster, n.ID)
	if err != nil || !is {
		return err
	}
	delegates, members := 0, 0
	if err := each(c, "delegate", []string{n.Cluster}, func([]string, Delegate) error { delegates++; return nil }); err != nil {
		return err
	}
	if err := each(c, "incluster", []string{n.Cluster}, func([]string, bool) error { members++; return nil }); err != nil {
		return err
	}
	if delegates == 1 && members > 1 {
		return fault.New(fault.Conflict, "%s is the last delegate of %s. Name another one first.", n.ID, n.Cluster)
	}
	return nil
}

// NameDelegate makes a member of a cluster its delegate; one that is may say so
// of another, and of itself that it no longer is. Faults: Forbidden, NotFound,
// Invalid when the node is no member, Conflict when it is the last.
func (*Contract) NameDelegate(ctx Ctx, op, arg string) (string, error) {
	return perform(ctx, "NameDelegate", op, arg, func(c *call, in *Delegation) error {
		if err := c.delegate(in.Cluster); err != nil {
			return err
		}
		n, err := c.node(in.Node)
		switch {
		case err != nil:
			return err
		case n.Cluster != in.Cluster:
			return fault.New(fault.Invalid, "%s is not in the cluster %s.", in.Node, in.Cluster)
		case in.Resign && in.Node != c.msp:
			return fault.New(fault.Forbidden, "A delegate resigns for itself.")
		case !in.Resign:
			return c.tellDelegate(in, c.put(Delegate{in.Node, c.now}, "delegate", in.Cluster, in.Node))
		}
		others := 0
		err = each(c, "delegate", []string{in.Cluster}, func(_ []string, d Delegate) error {
			if d.Node != in.Node {
				others++
			}
			return nil
		})
		if err == nil && others == 0 {
			err = fault.New(fault.Conflict, "%s is the last delegate of %s.", in.Node, in.Cluster)
		}
		if err != nil {
			return err
		}
		return c.tellDelegate(in, c.del("delegate", in.Cluster, in.Node))
	})
}

func (c *call) tellDelegate(in *Delegation, err error) error {
	if err != nil {
		return err
	}
	return c.announce("delegate", in)
}

// GetClusters returns the []Cluster that have a member, by name.
func (*Contract) GetClusters(ctx Ctx) (string, error) {
	return query(ctx, func(c *call) ([]Cluster, error) {
		out := []Cluster{}
		at := func(name string) int {
			i, found := slices.BinarySearchFunc(out, name, func(x Cluster, name string) int { return cmp.Compare(x.Name, name) })
			if !found {
				out = slices.Insert(out, i, Cluster{Name: name, Delegates: []Delegate{}})
			}
			return i
		}
		if err := each(c, "incluster", nil, func(rest []string, _ bool) error {
			x := &out[at(rest[0])]
			x.Members = append(x.Members, rest[1])
			return nil
		}); err != nil {
			return nil, err
		}
		return out, each(c, "delegate", nil, func(rest []string, d Delegate) error {
			x := &out[at(rest[0])]
			x.Delegates = append(x.Delegates, d)
			return nil
		})
	})
}

// replacedFor is how long after a log key was replaced a day that it signed is
// still taken, in milliseconds: honest days are on their way for hours, and who
// stole the key must not be able to sign days of the past for ever.
const replacedFor = 2 * 24 * 60 * 60 * 1000

// carriable holds the signature with which another node may carry a day to the
// federation against the keys that were in force since the day was over.
func (c *call) carriable(n *Node, day calendar.Day, signature []byte, encode func() ([]byte, error)) error {
	if len(signature) == 0 {
		if c.ofCluster() {
			return fault.New(fault.Invalid, "On a cluster's channel the node signs its day, for a delegate to carry it.")
		}
		return nil
	}
	b, err := encode()
	if err != nil {
		return err
	}
	for _, k := range n.Log {
		inForce := k.Until == 0 || k.Until > millis(day.End()) && c.now < k.Until+replacedFor
		if inForce && verifies(k.Public, b, signature) {
			return nil
		}
	}
	return fault.New(fault.Invalid, "No log key of %s signed that for %s.", n.ID, day)
}
