package api

import (
	"context"
	"net/http"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/network"
)

// A Network is the nodes that run one ledger together, as this node takes part.
// A node that keeps its ledger alone answers everything with NotFound.
type Network interface {
	// Receive takes a newcomer's request in. Faults: Invalid, TooLarge, Conflict
	// for a member, Limited when too many wait, Unavailable.
	Receive(ctx context.Context, r Admission) error
	// Answer tells a newcomer how its request stands, to be in a cluster if one is
	// named.
	Answer(ctx context.Context, node, cluster string) (AdmissionAnswer, error)
	// Network is what everybody may know. Faults: Unavailable.
	Network(ctx context.Context) (network.Network, error)

	// Membership is how this node stands.
	Membership(ctx context.Context) (network.Membership, error)
	// Found makes a network, Ask asks a member's node to be admitted to its, and
	// Forget ends the waiting. Faults: Conflict, and what that node said.
	Found(ctx context.Context) error
	Ask(ctx context.Context, via, network, note string) error
	Forget(ctx context.Context) error

	// Newcomers wait for the operator: Admit puts one before the members and
	// returns the intent's id, Dismiss drops it. Faults: NotFound, Conflict.
	Newcomers(ctx context.Context) ([]network.Newcomer, error)
	Admit(ctx context.Context, node string) (string, error)
	Dismiss(ctx context.Context, node string) error

	// Intents are those that are open. An intent is named by its id or the
	// beginning of it, as long as no other begins so.
	Intents(ctx context.Context) ([]network.Intent, error)
	Intent(ctx context.Context, id string) (network.Intent, error)
	Past(ctx context.Context, after string) (network.Past, error)
	// Propose puts a change before the members; what it brings (the own orderer,
	// say) the node adds. It returns the intent's id.
	Propose(ctx context.Context, kind, subject, note string) (string, error)
	Approve(ctx context.Context, id string) error
	Decline(ctx context.Context, id, reason string) error
	Withdraw(ctx context.Context, id string) error

	Clusters
}

// Clusters is what this node does about the cluster it is in, or wants to be in.
// Faults: Conflict, and what a member's node said.
type Clusters interface {
	FoundCluster(ctx context.Context, name string) error
	// JoinCluster asks the member's node at an address, "" for the cluster's first
	// delegate.
	JoinCluster(ctx context.Context, name, via, note string) error
	// LeaveCluster ends the waiting for an admission, too.
	LeaveCluster(ctx context.Context) error
	// NameDelegate and ResignDelegate say who carries the cluster's days.
	NameDelegate(ctx context.Context, node string) error
	ResignDelegate(ctx context.Context, node string) error
}

// Admission is a node's wish to be admitted.
type Admission struct {
	Member  AdmissionMember `json:"member"`
	Cluster string          `json:"cluster,omitempty" maxLength:"40" doc:"The cluster it wants to be in; without it, the network"`
	Note    string          `json:"note,omitempty" maxLength:"500" doc:"For the members"`
	At      string          `json:"at,omitempty" doc:"Set by who receives it"`
}

// AdmissionMember is what a node shows of itself; nothing in it is secret.
type AdmissionMember struct {
	MSP   string `json:"msp" maxLength:"249" doc:"The node's id"`
	Host  string `json:"host" maxLength:"253" doc:"By which others reach its peer"`
	Port  int    `json:"port" minimum:"1" maximum:"65535"`
	CA    []byte `json:"ca" doc:"Authority for identities, PEM in base64"`
	TLSCA []byte `json:"tls_ca" doc:"Authority for servers, PEM in base64"`
}

// AdmissionAnswer is how a request to be admitted stands.
type AdmissionAnswer struct {
	network.Progress
	First []byte `json:"first,omitempty" doc:"The network's first block, once the node is admitted; base64"`
}

// maxAdmission bounds a request: two certificates and a note.
const maxAdmission = 16 << 10

type nodeRef struct {
	Node string `path:"node" maxLength:"249" doc:"Id of the node"`
}

// IntentRef names an intent in a path.
type IntentRef struct {
	Intent string `path:"intent" maxLength:"64" doc:"Its id, or the beginning of it"`
}

// IntentID names an intent.
type IntentID struct {
	ID string `json:"id"`
}

func (a *API) network(r *router) {
	const tag = "Network"
	op := func(method, path, id, summary string) operation {
		return operation{method: method, path: path, id: id, tag: tag, scope: account.ScopeAdmin, role: account.Admin, summary: summary}
	}
	ask := operation{method: http.MethodPost, path: "/ledger/requests", id: "ask-admission", tag: tag, status: http.StatusAccepted, maxBody: maxAdmission, summary: "A node asks to be admitted to the network; the first request of a node stays until it is decided or dropped"}
	add(r, ask, a.receive)
	add(r, operation{method: http.MethodGet, path: "/ledger/requests/{node}", id: "get-admission", tag: tag, summary: "How a node's request stands, and the network's first block once it is admitted"}, a.admission)
	add(r, operation{method: http.MethodGet, path: "/ledger/network", id: "get-network", tag: tag, summary: "The network and its members"}, a.theNetwork)

	add(r, op(http.MethodGet, "/ledger/membership", "get-membership", "How this node stands with its network"), a.membership)
	add(r, op(http.MethodPost, "/ledger/network", "found-network", "Found a network of which this node is the first member"), a.found)
	add(r, op(http.MethodPut, "/ledger/membership", "join-network", "Ask a member's node to be admitted; this node joins by itself once it is"), a.join)
	add(r, op(http.MethodDelete, "/ledger/membership", "stop-joining", "End the waiting for an admission"), a.stopJoining)

	add(r, op(http.MethodGet, "/ledger/requests", "list-newcomers", "Nodes that ask this one to be admitted, the oldest request first"), a.newcomers)
	admit := op(http.MethodPost, "/ledger/requests/{node}/admit", "admit-newcomer", "Propose to the members to admit a node, and approve it")
	admit.status = http.StatusCreated
	add(r, admit, a.admit)
	add(r, op(http.MethodDelete, "/ledger/requests/{node}", "dismiss-newcomer", "Drop a node's request"), a.dismiss)

	add(r, op(http.MethodGet, "/ledger/intents", "list-intents", "Changes of the network that members decide about"), a.intents)
	propose := op(http.MethodPost, "/ledger/intents", "propose-intent", "Propose a change of the network, and approve it")
	propose.status = http.StatusCreated
	add(r, propose, a.proposeIntent)
	add(r, op(http.MethodGet, "/ledger/intents/past", "list-past-intents", "Those that are concluded, the latest first"), a.pastIntents)
	add(r, op(http.MethodGet, "/ledger/intents/{intent}", "get-intent", "One of them"), a.intent)
	add(r, op(http.MethodPost, "/ledger/intents/{intent}/approve", "approve-intent", "Consent to it: this node signs whatever follows from it"), a.approveIntent)
	add(r, op(http.MethodPost, "/ledger/intents/{intent}/decline", "decline-intent", "Say that this node does not consent, and why"), a.declineIntent)
	add(r, op(http.MethodDelete, "/ledger/intents/{intent}", "withdraw-intent", "Take back what this node proposed"), a.withdrawIntent)

	add(r, op(http.MethodPost, "/ledger/cluster", "found-cluster", "Found a cluster of which this node is the first member and the delegate"), a.foundCluster)
	add(r, op(http.MethodPut, "/ledger/cluster", "join-cluster", "Ask a cluster’s member to admit this node to it; this node joins by itself once it is"), a.joinCluster)
	add(r, op(http.MethodDelete, "/ledger/cluster", "leave-cluster", "Leave the cluster, or end the waiting for an admission to it"), a.leaveCluster)
	add(r, op(http.MethodPut, "/ledger/cluster/delegates/{node}", "name-delegate", "Make a member of this node’s cluster a delegate, who carries its days to the network"), a.nameDelegate)
	add(r, op(http.MethodDelete, "/ledger/cluster/delegates/{node}", "resign-delegate", "Be a delegate no longer; a delegate resigns for itself, the last one never"), a.resignDelegate)
}

func (a *API) receive(ctx context.Context, in *struct{ Body Admission }) (*struct{}, error) {
	return nil, a.Network.Receive(ctx, in.Body)
}

type admissionRef struct {
	Node    string `path:"node" maxLength:"249" doc:"Id of the node"`
	Cluster string `query:"cluster" maxLength:"40" doc:"The cluster that the request is about"`
}

func (a *API) admission(ctx context.Context, in *admissionRef) (*output[AdmissionAnswer], error) {
	return answered(a.Network.Answer(ctx, in.Node, in.Cluster))
}

func (a *API) theNetwork(ctx context.Context, _ *struct{}) (*output[network.Network], error) {
	return answered(a.Network.Network(ctx))
}

func (a *API) membership(ctx context.Context, _ *struct{}) (*output[network.Membership], error) {
	return answered(a.Network.Membership(ctx))
}

func (a *API) found(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, a.Network.Found(ctx)
}

type joinInput struct {
	Body struct {
		Via     string `json:"via" maxLength:"500" doc:"Address of a member's node, with https unless the network is named"`
		Network string `json:"network,omitempty" maxLength:"64" doc:"Hash of the network's first block, hex: no other is joined"`
		Note    string `json:"note,omitempty" maxLength:"500" doc:"For its members"`
	}
}

func (a *API) join(ctx context.Context, in *joinInput) (*output[network.Membership], error) {
	if err := a.Network.Ask(ctx, in.Body.Via, in.Body.Network, in.Body.Note); err != nil {
		return nil, err
	}
	return answered(a.Network.Membership(ctx))
}

func (a *API) stopJoining(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, a.Network.Forget(ctx)
}

func (a *API) newcomers(ctx context.Context, _ *struct{}) (*output[[]network.Newcomer], error) {
	return answered(a.Network.Newcomers(ctx))
}

func (a *API) admit(ctx context.Context, in *nodeRef) (*output[IntentID], error) {
	id, err := a.Network.Admit(ctx, in.Node)
	return answered(IntentID{id}, err)
}

func (a *API) dismiss(ctx context.Context, in *nodeRef) (*struct{}, error) {
	return nil, a.Network.Dismiss(ctx, in.Node)
}

func (a *API) intents(ctx context.Context, _ *struct{}) (*output[[]network.Intent], error) {
	return answered(a.Network.Intents(ctx))
}

func (a *API) intent(ctx context.Context, in *IntentRef) (*output[network.Intent], error) {
	return answered(a.Network.Intent(ctx, in.Intent))
}

type pastInput struct {
	After string `query:"after" maxLength:"500" doc:"Cursor from the page before"`
}

func (a *API) pastIntents(ctx context.Context, in *pastInput) (*output[network.Past], error) {
	return answered(a.Network.Past(ctx, in.After))
}

type proposalInput struct {
	Body struct {
		Kind    string `json:"kind" enum:"remove-member,add-orderer,remove-orderer,add-validator,remove-validator,upgrade-contract"`
		Subject string `json:"subject,omitempty" maxLength:"249" doc:"The node, or the version, it is about; add-orderer is about this node"`
		Note    string `json:"note,omitempty" maxLength:"500" doc:"For the members"`
	}
}

func (a *API) proposeIntent(ctx context.Context, in *proposalInput) (*output[IntentID], error) {
	id, err := a.Network.Propose(ctx, in.Body.Kind, in.Body.Subject, in.Body.Note)
	return answered(IntentID{id}, err)
}

func (a *API) approveIntent(ctx context.Context, in *IntentRef) (*struct{}, error) {
	return nil, a.Network.Approve(ctx, in.Intent)
}

type declineInput struct {
	IntentRef
	Body struct {
		Reason string `json:"reason,omitempty" maxLength:"500" doc:"For the other members"`
	}
}

func (a *API) declineIntent(ctx context.Context, in *declineInput) (*struct{}, error) {
	return nil, a.Network.Decline(ctx, in.Intent, in.Body.Reason)
}

func (a *API) withdrawIntent(ctx context.Context, in *IntentRef) (*struct{}, error) {
	return nil, a.Network.Withdraw(ctx, in.Intent)
}

type foundClusterInput struct {
	Body struct {
		Name string `json:"name" pattern:"^[a-z0-9-]{1,40}$" doc:"Small letters, digits and hyphens" example:"north"`
	}
}

func (a *API) foundCluster(ctx context.Context, in *foundClusterInput) (*struct{}, error) {
	return nil, a.Network.FoundCluster(ctx, in.Body.Name)
}

type joinClusterInput struct {
	Body struct {
		Name string `json:"name" maxLength:"40" example:"north"`
		Via  string `json:"via,omitempty" maxLength:"500" doc:"Address of a member’s node; without it, the cluster’s first delegate at https and its name"`
		Note string `json:"note,omitempty" maxLength:"500" doc:"For its operator"`
	}
}

func (a *API) joinCluster(ctx context.Context, in *joinClusterInput) (*output[network.Membership], error) {
	if err := a.Network.JoinCluster(ctx, in.Body.Name, in.Body.Via, in.Body.Note); err != nil {
		return nil, err
	}
	return answered(a.Network.Membership(ctx))
}

func (a *API) leaveCluster(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, a.Network.LeaveCluster(ctx)
}

func (a *API) nameDelegate(ctx context.Context, in *nodeRef) (*struct{}, error) {
	return nil, a.Network.NameDelegate(ctx, in.Node)
}

func (a *API) resignDelegate(ctx context.Context, in *nodeRef) (*struct{}, error) {
	return nil, a.Network.ResignDelegate(ctx, in.Node)
}

// answered replies with what was found, or passes the fault on.
func answered[T any](v T, err error) (*output[T], error) {
	if err != nil {
		return nil, err
	}
	return reply(v)
}
