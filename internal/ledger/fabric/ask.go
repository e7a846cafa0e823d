package fabric

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/block"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/network"
)

// How a node comes into a network: it asks a member's node, with a few kilobytes
// of certificates and nothing secret. The member's operator puts it before all
// members; the newcomer's node asks from time to time how it stands, and joins by
// itself once it is admitted.

// Paths under which a member's node hears of newcomers.
const (
	RequestsPath = "/api/v1/ledger/requests"
	maxRequest   = 16 << 10
	maxRequests  = 32                  // that wait at one member
	maxFrom      = 8                   // of them that came from one network
	requestLife  = 30 * 24 * time.Hour // as long as members have to decide
	maxNote      = 500                 // characters
)

// A Request is a node's wish to be admitted, as a member's node keeps it.
type Request struct {
	Member channel.Member `json:"member"`
	// Cluster is the one whose channel it wants to be admitted to; "": the network.
	Cluster string    `json:"cluster,omitempty"`
	Note    string    `json:"note,omitempty"` // for people, at most 500 characters
	At      time.Time `json:"at"`             // when it came
	// From is the network that it came from, as [limit.Network] names it; "" of one
	// that a person carried.
	From string `json:"from,omitempty"`
	// Orderer is what the node's orderer shows of itself, in a file alone: see
	// [Home.IntroduceByFile].
	Orderer *channel.Consenter `json:"orderer,omitempty"`
}

// Channel is the one it is about.
func (r Request) Channel() string { return channelOf(r.Cluster) }

// channelOf is a cluster's channel, and for none the network's.
func channelOf(cluster string) string {
	if cluster == "" {
		return channel.Name
	}
	return contract.ClusterChannel(cluster)
}

// Fingerprint is what people compare of a request by telephone.
func (r Request) Fingerprint() string { return r.Member.Fingerprint() }

// An Answer is how a request stands.
type Answer struct {
	State string `json:"state"` // waiting, proposed, admitted or unknown
	// Approvals and Needed are how many members have approved, and how many must.
	Approvals int `json:"approvals"`
	Needed    int `json:"needed"`
	// First is the channel's first block, once the node is admitted.
	First []byte `json:"first,omitempty"`
}

// The states of a request.
const (
	Waiting  = "waiting"  // no member has put it before the others yet
	Proposed = "proposed" // members decide
	Admitted = "admitted"
	Unknown  = "unknown"
)

// again is when a node asks again that heard this last, or an error: sooner where one
// more member would do, who may approve at any moment.
func (a Answer) again(err error) time.Duration {
	if err == nil && a.State == Proposed && a.Approvals+1 >= a.Needed {
		return time.Second
	}
	return 3 * time.Second
}

// Ask asks a member's node for admission to the network whose first block has a
// hash, in hex; "" takes that node's word for which network it is, so it must be
// reached safely. From then on this node waits and joins by itself. It returns
// Conflict when it is in a network already, Invalid for an address or hash that
// will not do, and what the member's node says when it refuses.
func (h *Home) Ask(ctx context.Context, via, network, note string) error {
	if p := h.Phase(); p == Joined {
		return fault.New(fault.Conflict, "This node is in a network already.")
	}
	network, err := networkHash(network)
	if err != nil {
		return err
	}
	at, err := h.request(ctx, via, network, "", note)
	if err != nil {
		return err
	}
	return h.change(func(r *record) { r.Phase, r.Via, r.Network = Asking, at, network })
}

// networkHash reads the hash of a first block as people write it, "" for none.
func networkHash(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	if b, err := hex.DecodeString(s); s != "" && (err != nil || len(b) != sha256.Size) {
		return "", fault.On("network", fault.Invalid, "The hash of a network's first block is 64 hexadecimal digits.")
	}
	return s, nil
}

// TakeFirst makes the first block of the network whose hash is given the node's,
// as [Home.Take] does; "" takes that of any.
func (h *Home) TakeFirst(first *cb.Block, network string) error {
	network, err := networkHash(network)
	if err != nil {
		return err
	}
	if hash := fmt.Sprintf("%x", block.Hash(first)); network != "" && hash != network {
		return fault.On("network", fault.Invalid, "That is the first block %s, and not of the network %s. Nothing was done.", hash, network)
	}
	return h.Take(channel.Name, first)
}

// request sends this node's request to a member's node and returns its address.
// Without TLS anybody on the path could answer with a network of his own, unless
// the first block is known or there is no path.
func (h *Home) request(ctx context.Context, via, network, cluster, note string) (string, error) {
	u, err := url.Parse(strings.TrimRight(via, "/"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return "", fault.On("via", fault.Invalid, "Give the address of a member's node, such as https://music.example.")
	}
	if u.Scheme == "http" && network == "" && !Loopback(u.Hostname()) {
		return "", fault.On("via", fault.Invalid, "Give an address with https: over http anybody on the way could lead this node into another network. Where there is no https, name the network by the hash of its first block.")
	}
	r, err := h.Introduce(note)
	if err != nil {
		return "", err
	}
	r.Cluster = cluster
	b, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	return u.String(), call(ctx, http.MethodPost, u.String()+RequestsPath, b, nil)
}

// Introduce makes this node's request to a member's node. A note of several lines
// becomes one.
func (h *Home) Introduce(note string) (Request, error) {
	if err := h.named(); err != nil {
		return Request{}, err
	}
	note = network.OneLine(note)
	if err := checkNote(note); err != nil {
		return Request{}, err
	}
	m, err := h.Member()
	return Request{Member: m, Note: note, At: h.cfg.Now().UTC()}, err
}

func checkNote(note string) error {
	switch {
	case utf8.RuneCountInString(note) > maxNote:
		return fault.On("note", fault.TooLarge, "A note has at most %d characters.", maxNote)
	case !network.Plain(note): // operators read it beside what they compare
		return fault.On("note", fault.Invalid, "A note is one line, without control characters.")
	}
	return nil
}

// Forget ends the waiting for an admission.
func (h *Home) Forget() error {
	if h.Phase() != Asking {
		return fault.New(fault.Conflict, "This node does not wait to be admitted.")
	}
	return h.change(func(r *record) { r.Phase, r.Via, r.Network = Alone, "", "" })
}

// Inquire asks the member's node how the request stands, and joins when it is
// admitted; see [Home.Asked].
func (h *Home) Inquire(ctx context.Context) error {
	h.mu.Lock()
	via, network := h.rec.Via, h.rec.Network
	h.mu.Unlock()
	first, err := h.inquire(ctx, via, "", &h.answer.network)
	if err != nil || first == nil {
		return err
	}
	if hash := fmt.Sprintf("%x", block.Hash(first)); network != "" && hash != network {
		return fault.New(fault.Invalid, "%s says that this node is admitted to the network with the first block %s, and it asked to be in %s. It does not join. Ask another member.", via, hash, network)
	}
	h.cfg.Log.Info("admitted to the network", "via", via, "first_block", fmt.Sprintf("%x", block.Hash(first)))
	return h.Take(channel.Name, first)
}

// inquire asks a member's node how this node's request stands and keeps the
// answer. It returns the channel's first block once the node is admitted, nil
// before.
func (h *Home) inquire(ctx context.Context, via, cluster string, keep *Answer) (*cb.Block, error) {
	address := via + RequestsPath + "/" + url.PathEscape(h.cfg.Node)
	if cluster != "" {
		address += "?cluster=" + url.QueryEscape(cluster)
	}
	var a Answer
	if err := call(ctx, http.MethodGet, address, nil, &a); err != nil {
		return nil, err
	}
	h.mu.Lock()
	*keep = a
	h.mu.Unlock()
	if a.State != Admitted {
		return nil, nil
	}
	return channel.DecodeBlock(a.First)
}

// Asked tells whom this node asked, and how that stood last.
func (h *Home) Asked() (via string, a Answer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.rec.Via, h.answer.network
}

// call speaks JSON with a member's node.
func call(ctx context.Context, method, address string, body []byte, into any) error {
	ctx, stop := context.WithTimeout(ctx, 20*time.Second)
	defer stop()
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	answer, err := Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "The node %s broke off its answer.", r.URL.Host)
	}
	if answer.StatusCode >= 300 {
		var p struct{ Detail string }
		_ = json.Unmarshal(b, &p) // a proxy in between may have answered
		return fault.New(fault.Unavailable, "The node %s answered %d. %s", r.URL.Host, answer.StatusCode, network.OneLine(p.Detail))
	}
	if into == nil {
		return nil
	}
	return fault.Wrap(json.Unmarshal(b, into), fault.Unavailable, "The node %s gave an answer that cannot be read.", r.URL.Host)
}

// Receive keeps a newcomer's request until an operator decides. It returns
// Invalid for what is no request, Conflict for a member, Limited when too many
// wait, here or from one network. Anybody can send one, so the first of a node stays
// until it is decided or dismissed: the same again brings its note up to date,
// another is a Conflict.
func (h *Home) Receive(r Request) error {
	if err := r.Member.Check(); err != nil {
		return err
	}
	if err := checkNote(r.Note); err != nil {
		return err
	}
	if v, ok := h.seen(r.Channel()); !ok && r.Cluster != "" {
		return fault.New(fault.NotFound, "This node is not in the cluster %s. Ask one of its members.", r.Cluster)
	} else if !ok {
		return fault.New(fault.Unavailable, "This node is in no network yet, so it cannot take you into one.")
	} else if v.config.Member(r.Member.MSP) {
		return fault.New(fault.Conflict, "%s is a member already.", r.Member.MSP)
	}
	all, err := h.Requests()
	if err != nil {
		return err
	}
	known := slices.IndexFunc(all, func(x Request) bool { return x.Member.MSP == r.Member.MSP && x.Cluster == r.Cluster })
	switch {
	case known < 0 && r.From != "" && from(all, r.From) >= maxFrom: // one stranger would take all places
		return fault.Later(time.Hour, "%d nodes from your address wait here already. Tell the operator of this node by another way, or ask another member.", maxFrom)
	case known < 0 && len(all) >= maxRequests:
		return fault.Later(time.Hour, "Too many nodes wait to be admitted here. Ask another member, or try later.")
	case known >= 0 && !all[known].Member.Equal(r.Member):
		x := all[known].Member
		return fault.New(fault.Conflict, "A node %s at %s waits here already, with the fingerprint %s; yours is %s. If that is not you, or you have moved, tell the operator of this node by another way, who can drop it: `9ten ledger dismiss %s`. Then ask again.", x.MSP, x.Address(), x.Fingerprint(), r.Fingerprint(), x.MSP)
	}
	r.At = h.cfg.Now().UTC()
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if len(b) > maxRequest {
		return fault.New(fault.TooLarge, "A request has at most %d bytes.", maxRequest)
	}
	if err := os.MkdirAll(filepath.Join(h.cfg.Dir, "requests"), 0o700); err != nil {
		return fault.Wrap(err, fault.Unavailable, "The request cannot be kept.")
	}
	return h.write(requestFile(r.Member.MSP, r.Cluster), b)
}

// from counts the requests that came from a network.
func from(all []Request, network string) (n int) {
	for _, r := range all {
		if r.From == network {
			n++
		}
	}
	return n
}

// requestFile names the file of a request. An id and a cluster's name are checked
// to have no slash, and no host has an @.
func requestFile(node, cluster string) string {
	if cluster != "" {
		node += "@" + cluster
	}
	return filepath.Join("requests", node+".json")
}

// Requests are those that wait, the oldest first. One that nobody decided about
// runs out: strangers' would take up the room of others for good.
func (h *Home) Requests() ([]Request, error) {
	names, err := filepath.Glob(filepath.Join(h.cfg.Dir, "requests", "*.json"))
	if err != nil {
		return nil, err
	}
	var out []Request
	for _, n := range names {
		b, err := os.ReadFile(n)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var r Request
		if err == nil {
			err = json.Unmarshal(b, &r)
		}
		if err != nil {
			return nil, fault.Wrap(err, fault.Unavailable, "The request %s cannot be read.", filepath.Base(n))
		}
		if h.cfg.Now().Sub(r.At) > requestLife {
			if err := h.drop(r); err != nil {
				return nil, err
			}
			continue
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b Request) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Member.MSP, b.Member.MSP)) })
	return out, nil
}

// Request is the oldest of a node that waits, NotFound when there is none.
func (h *Home) Request(node string) (Request, error) {
	all, err := h.Requests()
	if err != nil {
		return Request{}, err
	}
	i := slices.IndexFunc(all, func(r Request) bool { return r.Member.MSP == node })
	if i < 0 {
		return Request{}, fault.New(fault.NotFound, "No node %s waits to be admitted.", node)
	}
	return all[i], nil
}

// Dismiss drops a request. The newcomer may ask again.
func (h *Home) Dismiss(node string) error {
	r, err := h.Request(node)
	if err != nil {
		return err
	}
	return h.drop(r)
}

func (h *Home) drop(r Request) error {
	err := os.Remove(filepath.Join(h.cfg.Dir, requestFile(r.Member.MSP, r.Cluster)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fault.Wrap(err, fault.Unavailable, "The request cannot be dropped.")
}

// Admit puts a request before the members and approves it for this node. Faults:
// those of [Home.Propose].
func (h *Home) Admit(ctx context.Context, r Request) (contract.Digest, error) {
	node := r.Member.MSP
	id, err := h.Propose(ctx, r.Channel(), contract.AdmitMember, node, r.Member, r.Note)
	if err != nil {
		return id, err
	}
	return id, h.drop(r)
}

// Answer tells a newcomer how its request stands, as the node last saw it: who
// asks costs the ledger nothing. What it gives away everybody may know: who is a
// member, and the channel's first block.
func (h *Home) Answer(node, cluster string) (Answer, error) {
	name := channelOf(cluster)
	v, ok := h.seen(name)
	if !ok && cluster != "" {
		return Answer{}, fault.New(fault.NotFound, "This node is not in the cluster %s. Ask one of its members.", cluster)
	}
	if !ok {
		return Answer{}, fault.New(fault.Unavailable, "This node is in no network yet.")
	}
	members, err := v.config.Members()
	if err != nil {
		return Answer{}, err
	}
	a := Answer{State: Unknown, Needed: channel.Majority(len(members))}
	if v.config.Member(node) {
		first, err := h.First(name)
		if err != nil {
			return a, err
		}
		a.State, a.First = Admitted, channel.EncodeBlock(first)
		return a, nil
	}
	all, err := h.Requests()
	if err != nil {
		return a, err
	}
	if slices.ContainsFunc(all, func(r Request) bool { return r.Member.MSP == node && r.Cluster == cluster }) {
		a.State = Waiting
		return a, nil
	}
	for _, i := range v.intents {
		if i.Kind == contract.AdmitMember && i.Subject == node {
			a.State, a.Approvals = Proposed, len(i.Approvals)
		}
	}
	return a, nil
}

// seenAs is the same, empty before it saw it.
func (h *Home) seenAs(name string) *view {
	v, _ := h.seen(name)
	return &v
}

// seen is what the node last saw of a channel, false before it saw it.
func (h *Home) seen(name string) (view, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if v := h.cache[name]; v != nil && v.block != nil {
		return *v, true
	}
	return view{}, false
}
