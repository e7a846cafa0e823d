package api_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/api"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
)

// witness knows one other node and one transaction.
type witness struct{}

const witnessed = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func (witness) Settled(_ context.Context, node string, p calendar.Period) (api.LedgerSettlement, error) {
	if node != "other.example" {
		return api.LedgerSettlement{}, fault.New(fault.NotFound, "No settlement.")
	}
	return api.LedgerSettlement{Period: p.String(), Settlement: []byte("settled"), Review: "not independently reviewed", Tx: witnessed}, nil
}

func (witness) Anchored(_ context.Context, node string, d calendar.Day) (api.AnchoredDay, error) {
	if node != "other.example" {
		return api.AnchoredDay{}, fault.New(fault.NotFound, "No anchor.")
	}
	return api.AnchoredDay{Node: node, Day: d.String(), Size: 16, Root: []byte{1}, Tx: witnessed}, nil
}

func (witness) Blocks(_ context.Context, tx string) (io.ReadCloser, error) {
	if tx != witnessed {
		return nil, fault.New(fault.NotFound, "The ledger holds no such block.")
	}
	return io.NopCloser(strings.NewReader("blocks")), nil
}

// Anybody may hold any node's evidence against this node's copy of the ledger.
func TestWitness(t *testing.T) {
	h := newHouse(t)
	h.api.Witness = witness{}
	g := h.guest()
	var s api.LedgerSettlement
	g.do(http.MethodGet, "/ledger/settlements/2026-10?node=other.example", nil, http.StatusOK, &s)
	if string(s.Settlement) != "settled" || s.Tx != witnessed || s.Period != "2026-10" {
		t.Errorf("settlement %+v", s)
	}
	var d api.AnchoredDay
	g.do(http.MethodGet, "/ledger/nodes/other.example/days/2026-10-07", nil, http.StatusOK, &d)
	if d.Size != 16 || d.Day != "2026-10-07" || d.Tx != witnessed {
		t.Errorf("anchor %+v", d)
	}
	a := g.send(http.MethodGet, "/ledger/blocks/"+witnessed, nil)
	if a.code != http.StatusOK || string(a.body) != "blocks" || !strings.Contains(a.header.Get("Content-Disposition"), witnessed+".blocks") {
		t.Errorf("blocks: %d %q %v", a.code, a.body, a.header)
	}
	for path, want := range map[string]int{
		"/ledger/settlements/2026-10?node=none.example":                  http.StatusNotFound,
		"/ledger/nodes/none.example/days/2026-10-07":                     http.StatusNotFound,
		"/ledger/nodes/other.example/days/yesterday":                     http.StatusUnprocessableEntity,
		"/ledger/blocks/" + strings.Repeat("0", 64):                      http.StatusNotFound,
		"/ledger/blocks/nothing":                                         http.StatusUnprocessableEntity,
		"/ledger/nodes/" + strings.Repeat("n", 300) + "/days/2026-10-07": http.StatusUnprocessableEntity,
	} {
		if a := g.send(http.MethodGet, path, nil); a.code != want {
			t.Errorf("%s: %d, want %d: %s", path, a.code, want, a.body)
		}
	}
}
