package fabric_test

import (
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/contract/contracttest"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// A stage is one node's peer and orderer on which every test has a channel of
// its own. The other organisations are members without servers; their clients
// use the node's peer. The node itself is registered in no test's contract, so
// what it does by itself about intents is refused.
type stage struct {
	node   *node
	port   int
	orgs   map[string]*org.Org
	mu     sync.Mutex
	opened int
}

const host = "host.example"

func newStage(t *testing.T, others ...string) *stage {
	h, port := openAt(t, host)
	if err := h.Found(); err != nil {
		t.Fatal(err)
	}
	s := &stage{node: start(t, h, host), port: port, orgs: map[string]*org.Org{host: h.Org()}}
	for _, name := range others {
		o, err := org.Keep(t.TempDir(), name, []string{name}, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		s.orgs[name] = o
	}
	return s
}

// open makes a channel with a name of its own.
func (s *stage) open(t *testing.T) *scene {
	t.Helper()
	s.mu.Lock()
	s.opened++
	name := fmt.Sprintf("test%d", s.opened)
	s.mu.Unlock()
	return s.channel(t, name)
}

// channel makes a channel that all organisations are in and whose only validator
// is the node's.
func (s *stage) channel(t *testing.T, name string) *scene {
	t.Helper()
	founding := channel.Founding{Channel: name, Validators: []string{host}, Batch: 20 * time.Millisecond}
	for msp, o := range s.orgs {
		ca, err := o.CA()
		if err != nil {
			t.Fatal(err)
		}
		tlsca, err := o.TLSCA()
		if err != nil {
			t.Fatal(err)
		}
		f := channel.Founder{Member: channel.Member{MSP: msp, Host: "127.0.0.1", Port: s.port, CA: ca, TLSCA: tlsca}}
		if msp == host {
			if f.Consenter, err = s.node.Consenter(); err != nil {
				t.Fatal(err)
			}
		}
		founding.Founders = append(founding.Founders, f)
	}
	first, err := founding.Genesis(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.node.Take(founding.Channel, first); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the channel "+founding.Channel, func() error {
		ready, doing, err := s.node.Ready(founding.Channel)
		if !ready {
			return fmt.Errorf("%s: %w", doing, err)
		}
		return nil
	})
	return &scene{stage: s, t: t, channel: founding.Channel, seen: map[string]contract.Client{}}
}

// A scene is one test's channel.
type scene struct {
	*stage
	t       *testing.T
	channel string
	seen    map[string]contract.Client
}

func (s *scene) Now() time.Time { return time.Now() }

// As returns the contract as an organisation's fresh identity calls it at the
// node's peer.
func (s *scene) As(name, role string) contract.Client {
	s.t.Helper()
	if c, ok := s.seen[name+role]; ok {
		return c
	}
	s.seen[name+role] = s.over(name, role)
	return s.seen[name+role]
}

// over is the same over a connection of its own.
func (s *scene) over(name, role string, opts ...grpc.DialOption) contract.Client {
	s.t.Helper()
	o := s.orgs[name]
	if o == nil {
		s.t.Fatalf("no organisation %s on this stage", name)
	}
	id, err := o.Issue(org.Role(role), "someone")
	if err != nil {
		s.t.Fatal(err)
	}
	cert, err := o.TLS(org.Admin)
	if err != nil {
		s.t.Fatal(err)
	}
	roots, err := s.orgs[host].Pool()
	if err != nil {
		s.t.Fatal(err)
	}
	creds := credentials.NewTLS(&tls.Config{RootCAs: roots, Certificates: []tls.Certificate{cert}})
	conn, err := grpc.NewClient(net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)), append(opts, grpc.WithTransportCredentials(creds))...)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	hash := sha256.Sum256(cert.Certificate[0])
	c, err := fabric.NewClient(conn, id, hash[:], s.channel)
	if err != nil {
		s.t.Fatal(err)
	}
	return contract.Client{Ledger: c.Through(host)}
}

// The same table as the embedded ledger's, on a network.
func TestContract(t *testing.T) {
	s := newStage(t, "a.example", "b.example", "c.example", "d.example", "x.example", "y.example", "B.example")
	contracttest.RunSplit(t, func(t *testing.T, name string) contracttest.Network { return s.channel(t, name) })
	contracttest.Run(t, func(t *testing.T) contracttest.Network { return s.open(t) })
}
