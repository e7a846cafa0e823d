// Package network is what people see of the nodes that run one ledger together:
// who they are, who asks to come in, and what they decide about themselves. It
// knows nothing of the machinery below.
package network

import "time"

// A MemberNode is a node of the network.
type MemberNode struct {
	Node        string `json:"node"`
	Fingerprint string `json:"fingerprint" doc:"Of its authorities; what people compare"`
	Address     string `json:"address" doc:"Where other nodes reach its peer"`
	Endorses    bool   `json:"endorses" doc:"It is one of those whose majority each entry needs"`
	Orders      bool   `json:"orders" doc:"It has one of the orderers that put entries into blocks"`
	Self        bool   `json:"self,omitempty" doc:"It is the node that answers"`
}

// Roles counts those of the members who endorse, and those who order.
func Roles(members []MemberNode) (endorsing, ordering int) {
	for _, m := range members {
		if m.Endorses {
			endorsing++
		}
		if m.Orders {
			ordering++
		}
	}
	return endorsing, ordering
}

// A Network is the members and what they share.
type Network struct {
	Name     string       `json:"name" doc:"Of the channel"`
	First    string       `json:"first_block" doc:"Hash of the first block, hex: what tells this network from every other"`
	Newest   string       `json:"configuration" doc:"Hash of the block of the newest configuration, hex: who trusts it need not trust those who ordered before"`
	Height   uint64       `json:"height" doc:"Blocks"`
	Sequence uint64       `json:"sequence" doc:"How often the members changed the network"`
	Members  []MemberNode `json:"members" doc:"By name"`
	Clusters []Cluster    `json:"clusters,omitempty" doc:"Into which the network is split, by name"`
	Contract string       `json:"contract,omitempty" doc:"Version of the contract that all run; absent before the node saw it"`
	Newer    string       `json:"newer,omitempty" doc:"Version that this node has too, and may propose to move to"`
}

// A Newcomer is a node that asks this one to be admitted.
type Newcomer struct {
	Node        string    `json:"node"`
	Fingerprint string    `json:"fingerprint"`
	Address     string    `json:"address" doc:"Where its peer will be reached"`
	Cluster     string    `json:"cluster,omitempty" doc:"It asks to be in this cluster; otherwise in the network"`
	Note        string    `json:"note,omitempty"`
	At          time.Time `json:"at" doc:"When it asked"`
}

// The kinds of what members decide. The contract takes these, each node carries
// them out, and [Intent.Words] says them.
const (
	AdmitMember     = "admit-member"
	RemoveMember    = "remove-member"
	AddOrderer      = "add-orderer"
	RemoveOrderer   = "remove-orderer"
	ReplaceOrderer  = "replace-orderer-identity"
	SetValidators   = "set-validators"
	UpgradeContract = "upgrade-contract"
)

// What is proposed of one node and becomes an intent [SetValidators] that names all.
const (
	AddValidator    = "add-validator"
	RemoveValidator = "remove-validator"
)

// The states of an intent.
const (
	Open      = "open"      // members decide about it
	Applied   = "applied"   // it is in force
	Failed    = "failed"    // it cannot be carried out
	Expired   = "expired"   // nobody carried it out in time
	Withdrawn = "withdrawn" // by the node that proposed it
)

// An Intent is a change of the network that a member proposed.
type Intent struct {
	ID          string    `json:"id"`
	Cluster     string    `json:"cluster,omitempty" doc:"Its members decide; otherwise those of the network"`
	Kind        string    `json:"kind" example:"admit-member"`
	Subject     string    `json:"subject,omitempty" doc:"Node or version it is about"`
	Note        string    `json:"note,omitempty"`
	Fingerprint string    `json:"fingerprint,omitempty" doc:"Of the node it brings in"`
	Address     string    `json:"address,omitempty" doc:"Of the server it brings in"`
	Validators  []string  `json:"validators,omitempty" doc:"Who would endorse"`
	By          string    `json:"by"`
	At          time.Time `json:"at"`
	Until       time.Time `json:"until" doc:"Open before this moment"`
	State       string    `json:"state" doc:"open, applied, failed, expired or withdrawn"`
	Approvals   []Voice   `json:"approvals"`
	Declines    []Voice   `json:"declines"`
	Needs       []Quorum  `json:"needs,omitempty" doc:"The majorities it takes, while it is open"`
	Self        string    `json:"self,omitempty" doc:"What this node said: approved or declined"`
	Concluded   time.Time `json:"concluded,omitzero"`
	ConcludedBy string    `json:"concluded_by,omitempty"`
}

// What a node may have said of an intent.
const (
	Approved = "approved"
	Declined = "declined"
)

// A Voice is what one member said.
type Voice struct {
	Node   string    `json:"node"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason,omitempty"`
}

// A Quorum is a majority that an intent takes.
type Quorum struct {
	Of   string `json:"of" doc:"members, orderers or validators"`
	Have int    `json:"have"`
	Need int    `json:"need"`
}

// Who a quorum is of.
const (
	Members    = "members"
	Orderers   = "orderers"
	Validators = "validators"
)

// Met reports whether enough have approved.
func (q Quorum) Met() bool { return q.Have >= q.Need }

// A Past is a page of intents that are concluded, the latest first.
type Past struct {
	Rows []Intent `json:"rows"`
	Next string   `json:"next,omitempty" doc:"Cursor of the page after this one"`
}

// How far a node is with its network.
const (
	Alone   = "alone"   // in none
	Asking  = "asking"  // it asked to be admitted
	Joined  = "joined"  // it is a member
	Removed = "removed" // the members put it out
)

// A Cluster is a group of nodes that record their days on a channel of their own.
type Cluster struct {
	Name    string        `json:"name"`
	Nodes   []ClusterNode `json:"nodes" doc:"By name"`
	Carried string        `json:"carried,omitempty" doc:"Last day of all of them that is on the network" example:"2026-11-24"`
}

// A ClusterNode is a node of a cluster.
type ClusterNode struct {
	Node     string `json:"node"`
	Delegate bool   `json:"delegate,omitempty" doc:"It carries the cluster's days to the network"`
	Self     bool   `json:"self,omitempty" doc:"It is the node that answers"`
	Carried  string `json:"carried,omitempty" doc:"Last day of it that is on the network" example:"2026-11-24"`
	Recorded string `json:"recorded,omitempty" doc:"Last day of it in the cluster, which only its members know" example:"2026-11-24"`
	LeftOut  string `json:"left_out,omitempty" doc:"What of it could not be carried, and why"`
}

// How a node stands in its cluster, beside Asking and Joined.
const Leaving = "leaving"

// A Household is the node's own part in its cluster.
type Household struct {
	Cluster
	Phase   string   `json:"phase" doc:"asking, joined or leaving"`
	Ready   bool     `json:"ready" doc:"The cluster's channel works"`
	Doing   string   `json:"doing,omitempty" doc:"What the node is at while that is not so"`
	Trouble string   `json:"trouble,omitempty" doc:"What keeps it"`
	Height  uint64   `json:"height" doc:"Blocks of the cluster's channel"`
	Via     string   `json:"via,omitempty" doc:"Whom it asked"`
	Asked   Progress `json:"asked" doc:"How its request stood last"`
}

// Membership is how the node itself stands.
type Membership struct {
	Phase       string   `json:"phase" doc:"alone, asking, joined or removed"`
	Node        string   `json:"node"`
	Fingerprint string   `json:"fingerprint" doc:"Of this node; what people compare"`
	Ready       bool     `json:"ready" doc:"Its ledger works"`
	Doing       string   `json:"doing,omitempty" doc:"What it is at while that is not so"`
	Trouble     string   `json:"trouble,omitempty" doc:"What keeps it"`
	Via         string   `json:"via,omitempty" doc:"Whom it asked"`
	Asked       Progress `json:"asked" doc:"How its request stood last"`
	// Through is set where the node has no peer on the network's channel.
	Client      bool         `json:"client,omitempty" doc:"It has no peer on the network's channel"`
	Through     string       `json:"through,omitempty" doc:"Whose peer it uses then; missing while none answers"`
	Cluster     *Household   `json:"cluster,omitempty" doc:"Its cluster, if it is in one or asks to be"`
	Members     []MemberNode `json:"members,omitempty" doc:"Of its network with their peers, by name, as this node last saw them"`
	Servers     []Server     `json:"servers" doc:"Fabric's servers that this node runs"`
	Certificate time.Time    `json:"certificate" doc:"When the first of its certificates ends"`
	Days        int          `json:"certificate_days" doc:"Whole days until then"`
}

// A Server is one of Fabric's that the node runs.
type Server struct {
	Role    string    `json:"role" doc:"peer or orderer"`
	Well    bool      `json:"well" doc:"It answers, and what it depends on is well"`
	Since   time.Time `json:"since,omitzero" doc:"When it started or ended last"`
	Crashes int       `json:"crashes" doc:"How often it ended by itself since the node started"`
	Trouble string    `json:"trouble,omitempty" doc:"What it says, or how it ended"`
}

// Progress is how a request to be admitted stands.
type Progress struct {
	State     string `json:"state" doc:"waiting: no member has proposed it yet; proposed: members decide; admitted; unknown"`
	Approvals int    `json:"approvals" doc:"Members that approved"`
	Needed    int    `json:"needed" doc:"Members that must"`
}
