package fabric

import (
	"context"
	"maps"
	"slices"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
)

// Explain is how a gateway's error becomes a fault.
var Explain = explain

// Kinds are what a node can carry out of what members agree on.
func Kinds() []string {
	return slices.Sorted(maps.Keys(kinds))
}

// Child is what the supervisor says of a child, nothing before it runs.
func (h *Home) Child(r child.Role) child.Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sup != nil {
		for _, s := range h.sup.Status() {
			if s.Role == r {
				return s
			}
		}
	}
	return child.Status{}
}

// PID is a child's process, 0 while it does not run.
func (h *Home) PID(r child.Role) int { return h.Child(r).PID }

// Signed are those whose signatures under an intent count.
func (h *Home) Signed(name string, i contract.Intent, cfg channel.Config) ([]string, error) {
	update, err := kinds[i.Kind].update(name, i.IntentProposal, cfg)
	if err != nil {
		return nil, err
	}
	_, who, _ := h.signatures(i, update, cfg)
	return who, nil
}

// Has reports whether the own peer is in a channel.
func (h *Home) Has(ctx context.Context, name string) (bool, error) { return h.inChannel(ctx, name) }
