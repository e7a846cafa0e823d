package app

import (
	"slices"
	"testing"

	"github.com/michaelperna/9ten/internal/contract"
)

// Whose index is read: the cluster's, or the network's where the node is in none.
func TestNeighbours(t *testing.T) {
	nodes := []contract.Node{{ID: "a.example"}, {ID: "b.example", Cluster: "north"}, {ID: "c.example", Cluster: "north"}, {ID: "d.example"}, {ID: "e.example", Cluster: "south"}}
	for own, want := range map[string][]string{"a.example": {"d.example"}, "b.example": {"c.example"}, "e.example": nil, "x.example": nil} {
		if got := beside(own, nodes); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", own, got, want)
		}
	}
}
