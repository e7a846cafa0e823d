package fabric_test

import (
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/contract/contracttest"
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
