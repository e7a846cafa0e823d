package fabric

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hyperledger/fabric-admin-sdk/pkg/identity"
	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/file"
	"github.com/michaelperna/9ten/internal/ledger/fabric/block"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// Config says where the node's part of the network is and how it is reached.
type Config struct {
	Dir    string // the folder, absolute
	Node   string // the node's id, which is its organisation's
	Bin    string // folder of the upstream commands, see [child.Find]
	Host   string // by which other nodes reach the peer and the orderer
	Listen string // address to bind, "" for all
	Port   int    // the first of six, see [child.Config.Ports]
	// Client is the wish to have no peer on the network's own channel, and to use
	// it through other members' peers instead. A cluster's channel always is at the
	// node's own.
	Client bool
	// Contracts are the versions of the contract this binary can run, the oldest
	// first.
	Contracts []Contract
	Now       func() time.Time
	Log       *slog.Logger
}

// A Phase is how far the node is with its network.
type Phase string

// The phases of a node's membership.
const (
	Alone   Phase = ""        // no network yet
	Asking  Phase = "asking"  // it asked to be admitted
	Joined  Phase = "joined"  // it has the channel's first block
	Removed Phase = "removed" // the members put it out
)

// A record is what home.json holds: what the node wants, and how far it is.
type record struct {
	Phase    Phase    `json:"phase"`
	Via      string   `json:"via,omitempty"`      // URL of the member that was asked
	Network  string   `json:"network,omitempty"`  // hash of the first block it must have, hex; "": any
	Channels []string `json:"channels,omitempty"` // whose first blocks are here
	Leaving  []string `json:"leaving,omitempty"`  // channels which the peer has yet to leave
	Restore  *restore `json:"restore,omitempty"`  // the peer starts anew from a snapshot
	Cluster  *Cluster `json:"cluster,omitempty"`  // nil: in none, and asking for none
}

// Home is the node's part of a Fabric network: its certificates, its children
// and its place in the channels. Open it, [Home.Run] it, and use its clients.
type Home struct {
	cfg   Config
	org   *org.Org
	child child.Config
	wake  chan struct{} // reconcile now
	// packages are the ids of the contracts' packages by version: looked at
	// whenever the node looks at its channels, and not cheap to make.
	packages map[string]string
	// carries is set while the node is a delegate, see Carries.
	carries atomic.Bool

	// seat is held while the own orderer enters or leaves a channel: who leaves one
	// has it out of both, the orderer and the record, before anybody looks.
	seat sync.Mutex

	mu     sync.Mutex
	sup    *child.Supervisor // nil while it does not run
	rec    record
	conn   *grpc.ClientConn // to the own peer, as administrator
	before *grpc.ClientConn // the one that was used until certificates were renewed
	admin  identity.SigningIdentity
	tls    []byte // hash of the connection's certificate
	cache  map[string]*view
	tips   map[string]*tip
	works  func()           // see OnReady
	moved  chan struct{}    // see Changed
	links  map[string]place // by channel that the node has no peer on
	prefer []string         // whose peers are tried first
	shun   []string         // whose are tried last: they showed what the orderers did not sign
	answer answers
}

// answers to this node's requests, as last heard.
type answers struct{ network, cluster Answer }

// Open opens the folder, making the organisation at the first time. It starts
// nothing. Faults: Unavailable when the folder cannot be written, Invalid when it
// is another node's.
func Open(cfg Config) (*Home, error) {
	h := &Home{cfg: cfg, wake: make(chan struct{}, 1), cache: map[string]*view{}, tips: map[string]*tip{}, links: map[string]place{}, moved: make(chan struct{}, 1), packages: map[string]string{}}
	for _, c := range cfg.Contracts {
		id, err := c.id()
		if err != nil {
			return nil, err
		}
		h.packages[c.Version] = id
	}
	if err := h.makeDir(); err != nil {
		return nil, err
	}
	if err := h.read(); err != nil {
		return nil, err
	}
	if err := h.rename(); err != nil {
		return nil, err
	}
	hosts := []string{cfg.Host, cfg.Node}
	if cfg.Listen != "" {
		hosts = append(hosts, cfg.Listen)
	}
	var err error
	if h.org, err = org.Keep(cfg.Dir, cfg.Node, hosts, cfg.Now); err != nil {
		return nil, err
	}
	h.child = child.Config{Home: cfg.Dir, MSP: cfg.Node, Host: cfg.Host, Listen: cfg.Listen, Port: cfg.Port, Channel: channel.Name}
	if err := h.child.InstallBuilder(); err != nil {
		return nil, err
	}
	return h, h.connect()
}

// OnReady has f called whenever a channel begins to work, or works again, so that
// what waits for it need not wait longer. It is set before [Home.Run].
func (h *Home) OnReady(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.works = f
}

// Changed holds one whenever something about the node's channels may be another
// than before.
func (h *Home) Changed() <-chan struct{} { return h.moved }

// Close ends the connection to the peer.
func (h *Home) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var errs []error
	for _, c := range []*grpc.ClientConn{h.before, h.conn} {
		if c != nil {
			errs = append(errs, c.Close())
		}
	}
	for _, p := range h.links {
		errs = append(errs, p.conn.Close())
	}
	return errors.Join(errs...)
}

// connect makes the connection to the own peer, again when certificates have
// been renewed. The one before stays open, so that what was asked over it is
// answered; the one before that has been idle for long.
func (h *Home) connect() error {
	as, err := h.credentials()
	if err != nil {
		return err
	}
	admin, err := h.org.Identity(org.Admin)
	if err != nil {
		return err
	}
	conn, err := Dial(h.local(h.child.Ports().Peer), as)
	if err != nil {
		return err
	}
	h.mu.Lock()
	old := h.before
	h.before, h.conn, h.admin, h.tls = h.conn, conn, admin, certHash(as.Certificates[0])
	h.mu.Unlock()
	if old != nil {
		return old.Close()
	}
	return nil
}

// local is where the node itself reaches one of its ports.
func (h *Home) local(port int) string {
	host := h.cfg.Listen
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// peer is the connection to the own peer and who one is there.
func (h *Home) peer() (*grpc.ClientConn, identity.SigningIdentity, []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.conn, h.admin, h.tls
}

// Client is the ledger on a channel as the node's administrator uses it.
func (h *Home) Client(name string) (*Client, error) {
	p, err := h.at(name)
	if err != nil {
		return nil, err
	}
	c, err := NewClient(p.conn, p.id, p.hash, name)
	if err != nil {
		return nil, err
	}
	c.hand = func(ctx context.Context, env *cb.Envelope) error { return h.hand(ctx, name, env) }
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.tips[name] == nil {
		h.tips[name] = c.tip
	}
	c.tip = h.tips[name] // what one has read all know
	return c.Through(p.org), nil
}

// Member is what the node shows of itself to be admitted.
func (h *Home) Member() (channel.Member, error) {
	ca, err := h.org.CA()
	if err != nil {
		return channel.Member{}, err
	}
	tlsca, err := h.org.TLSCA()
	return channel.Member{MSP: h.cfg.Node, Host: h.cfg.Host, Port: h.child.Ports().Peer, CA: ca, TLSCA: tlsca}, err
}

// Consenter is what the node shows of itself to be made an orderer.
func (h *Home) Consenter() (channel.Consenter, error) {
	id, err := h.org.SignCert(org.Orderer)
	if err != nil {
		return channel.Consenter{}, err
	}
	tls, err := h.org.TLSCert(org.Orderer)
	return channel.Consenter{MSP: h.cfg.Node, Host: h.cfg.Host, Port: h.child.Ports().Orderer, Identity: id, TLS: tls}, err
}

// Dir is the folder.
func (h *Home) Dir() string { return h.cfg.Dir }

// Org is the node's organisation.
func (h *Home) Org() *org.Org { return h.org }

// Phase tells how far the node is.
func (h *Home) Phase() Phase {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.rec.Phase
}

// Take makes a channel's first block the node's: from now on it is a member's
// node. It returns Conflict when it has another first block of that channel, Invalid
// for what is no first block of that channel, or one that names this node with other
// certificates than it has.
func (h *Home) Take(name string, first *cb.Block) error { return h.take(name, first, nil) }

// take does, and notes what else follows from it.
func (h *Home) take(name string, first *cb.Block, also func(*record)) error {
	if first.GetHeader().GetNumber() != 0 {
		return fault.New(fault.Invalid, "That is block %d of a channel, not its first.", first.GetHeader().GetNumber())
	}
	cfg, err := block.First(first) // its hash is that of its header, so its data must be whole
	if err != nil {
		return err
	}
	if is := cfg.Channel; is != name {
		return fault.New(fault.Invalid, "That is the first block of a channel %q, not of %s.", is, name)
	}
	if err := h.recognises(cfg); err != nil {
		return err
	}
	if err := h.begins(name, channel.EncodeBlock(first)); err != nil {
		return err
	}
	return h.change(func(r *record) {
		r.Phase = Joined
		if !slices.Contains(r.Channels, name) {
			r.Channels = append(r.Channels, name)
		}
		if also != nil {
			also(r)
		}
	})
}

// in reports whether the node is in a channel, by its record.
func (h *Home) in(name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Contains(h.rec.Channels, name)
}

// begins keeps the first block of a channel. What there is of a channel that the node
// left, or did not enter to the end, is not the beginning of this one.
func (h *Home) begins(name string, first []byte) error {
	if !h.in(name) {
		if err := h.erase(name); err != nil {
			return err
		}
		return h.write(firstFile(name), first)
	}
	have, err := h.First(name)
	if err == nil && string(channel.EncodeBlock(have)) != string(first) {
		err = fault.New(fault.Conflict, "This node is in another network with a channel %s.", name)
	}
	return err
}

// erase removes what is kept of a channel that the node is not in, and what its
// orderer keeps although it left.
func (h *Home) erase(name string) error {
	if err := os.RemoveAll(h.child.WAL(name)); err != nil {
		return fault.Wrap(err, fault.Unavailable, "What is kept of the channel %s cannot be removed.", name)
	}
	for _, file := range []string{configsFile(name), firstFile(name)} {
		if err := os.Remove(filepath.Join(h.cfg.Dir, file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fault.Wrap(err, fault.Unavailable, "What is kept of the channel %s cannot be removed.", name)
		}
	}
	return nil
}

// firstFile is where a channel's first block is kept.
func firstFile(name string) string { return filepath.Join("channels", name+".block") }

// First is a channel's first block, NotFound before the node has it.
func (h *Home) First(name string) (*cb.Block, error) {
	b, err := os.ReadFile(filepath.Join(h.cfg.Dir, firstFile(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.NotFound, "The node is not in a channel %s.", name)
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "The first block of the channel cannot be read.")
	}
	return channel.DecodeBlock(b)
}

// read reads home.json.
func (h *Home) read() error {
	b, err := os.ReadFile(filepath.Join(h.cfg.Dir, "home.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := org.Foreign(err, h.cfg.Dir); err != nil {
		return err
	}
	var r record
	if err == nil {
		err = json.Unmarshal(b, &r)
	}
	if err == nil {
		h.rec = r
	}
	return fault.Wrap(err, fault.Invalid, "home.json in %s cannot be read. Restore it from a backup.", h.cfg.Dir)
}

// change edits home.json and has the node look at what is to be done. A command
// and the running node may both do it, so it is read again under a lock.
func (h *Home) change(edit func(*record)) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.locked(func() error {
		if err := h.read(); err != nil {
			return err
		}
		next := h.rec
		next.Channels, next.Leaving = slices.Clone(h.rec.Channels), slices.Clone(h.rec.Leaving)
		edit(&next)
		b, err := json.MarshalIndent(next, "", "  ")
		if err != nil {
			return err
		}
		if err := h.write("home.json", b); err != nil {
			return err
		}
		h.rec = next
		h.Wake()
		h.tellMoved()
		return nil
	})
}

// locked does something while no other process changes the folder's files.
func (h *Home) locked(do func() error) error {
	lock, err := os.OpenFile(filepath.Join(h.cfg.Dir, "home.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "The ledger's folder %s cannot be written.", h.cfg.Dir)
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return err
	}
	return do()
}

func (h *Home) tellMoved() {
	select {
	case h.moved <- struct{}{}:
	default:
	}
}

// Wake has the node look now at what is to be done.
func (h *Home) Wake() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// write puts a file of the folder in place, whole or as before after a crash.
func (h *Home) write(name string, b []byte) error {
	return fault.Wrap(file.Replace(filepath.Join(h.cfg.Dir, name), b, 0o600), fault.Unavailable, "%s cannot be written.", filepath.Join(h.cfg.Dir, name))
}
