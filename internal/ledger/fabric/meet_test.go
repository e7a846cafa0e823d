package fabric_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/contract/contracttest"
	"github.com/michaelperna/9ten/internal/royalty"
)

// Whoever meets others on one key is sent again until it is recorded, and once.
func TestThoseWhoMeetAreAllRecorded(t *testing.T) {
	s := newStage(t, "b.example").open(t)
	c := s.As("b.example", contracttest.Admin)
	if _, err := c.RegisterNode(t.Context(), "register", contracttest.Registration("b.example")); err != nil {
		t.Fatal(err)
	}
	before, err := c.Ledger.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	g, ctx := errgroup.WithContext(t.Context())
	const many = 8
	for i := range many {
		g.Go(func() error {
			_, err := c.UpdateNode(ctx, fmt.Sprint("rename/", i), contract.Registration{Node: "b.example", Name: fmt.Sprint("Name ", i)})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	events := 0
	for e, err := range c.Ledger.Events(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Name == "" {
			break // all there were
		}
		if e.Name == "node" {
			events++
		}
	}
	if events != many+1 {
		t.Errorf("%d changes of the node are on the ledger after height %d, want its registration and %d", events, before.Height, many)
	}
	// Who has read the newest block knows when it is dated, and another asks.
	read, err := c.Ledger.Status(t.Context())
	asked, err2 := s.As(host, contracttest.Admin).Ledger.Status(t.Context())
	if err != nil || err2 != nil || read != asked || read.At.IsZero() {
		t.Errorf("the ledger stands at %+v for who read it and at %+v for who asks (%v, %v)", read, asked, err, err2)
	}
}

// A meeting lets transactions be ordered only when all that are under way have been
// endorsed, so that none of them knows of another.
type meeting struct {
	mu      sync.Mutex
	on      *sync.Cond
	parties int // that are under way
	waiting int
	round   int
	tries   map[string]int
}

func newMeeting(parties int) *meeting {
	m := &meeting{parties: parties, tries: map[string]int{}}
	m.on = sync.NewCond(&m.mu)
	return m
}

// arrive waits for the others, and counts how often somebody came.
func (m *meeting) arrive(who string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tries[who]++
	m.waiting++
	round := m.round
	m.release()
	for m.round == round {
		m.on.Wait()
	}
}

// leave is for who is done.
func (m *meeting) leave() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.parties--
	m.release()
}

func (m *meeting) release() {
	if m.waiting > 0 && m.waiting == m.parties {
		m.waiting, m.round = 0, m.round+1
		m.on.Broadcast()
	}
}

// All nodes of a network anchor their day in the same minutes. Those that are under
// way together do not keep one another from it, but for the first, which fixes an
// earlier day's beacon: then all others are made again, once.
func TestNodesAnchorADayTogether(t *testing.T) {
	nodes := []string{"a.example", "b.example", "c.example", "d.example"}
	s := newStage(t, nodes...).open(t)
	var m *meeting
	clients := map[string]contract.Client{}
	for _, node := range nodes {
		if _, err := s.As(node, contracttest.Admin).RegisterNode(t.Context(), "register", contracttest.Registration(node)); err != nil {
			t.Fatal(err)
		}
		clients[node] = s.over(node, contracttest.Client, grpc.WithUnaryInterceptor(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			if strings.HasSuffix(method, "/Submit") {
				m.arrive(node)
			}
			return call(ctx, method, req, reply, cc, opts...)
		}))
	}
	number := func(node string, d calendar.Day) royalty.Hash { return royalty.Hash{byte(d), node[0]} }
	first := calendar.DayOf(time.Now()).Add(-10)
	for n, x := range []struct {
		what  string
		again int // how many are made a second time
	}{
		{"the first day, which begins the chain of beacons", len(nodes) - 1},
		{"a day that fixes none", 0},
		{"a day that fixes one", len(nodes) - 1},
		{"and another", len(nodes) - 1},
	} {
		d := first.Add(n)
		m = newMeeting(len(nodes))
		g, ctx := errgroup.WithContext(t.Context())
		for _, node := range nodes {
			g.Go(func() error {
				defer m.leave()
				commit, err := royalty.BeaconCommit(node, d, number(node, d))
				if err != nil {
					return err
				}
				in := contract.DayAnchor{Node: node, Day: d, Commit: contract.Digest(commit)}
				if n > 0 {
					in.Reveal = contract.Digest(number(node, d.Add(-1)))
				}
				_, err = clients[node].AnchorDay(ctx, "anchor/"+d.String(), in)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatalf("%s: %v", x.what, err)
		}
		again := 0
		for node, tries := range m.tries {
			if again += tries - 1; tries > 2 {
				t.Errorf("%s: that of %s was made %d times", x.what, node, tries)
			}
		}
		if again != x.again {
			t.Errorf("%s: %d were made again, want %d", x.what, again, x.again)
		}
		for _, node := range nodes {
			if a, err := clients[node].LastAnchor(t.Context(), node); err != nil || a.Day != d || a.Open != d {
				t.Errorf("%s: %s stands at %+v (%v)", x.what, node, a, err)
			}
		}
	}
	for n := range 2 {
		if b, err := s.As(host, contracttest.Admin).Beacon(t.Context(), first.Add(n)); err != nil || int(b.Reveals) != len(nodes) {
			t.Errorf("the beacon of day %d is %+v (%v)", n, b, err)
		}
	}
}
