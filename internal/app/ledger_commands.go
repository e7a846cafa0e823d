package app

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
	ledgerdoctor "github.com/michaelperna/9ten/internal/ledger/fabric/doctor"
	"github.com/michaelperna/9ten/internal/network"
)

// withNetwork opens the node's part of a network for a command. It needs no lock
// on the data directory: a running node sees by itself what was changed.
func withNetwork(ctx context.Context, c *call, do func(context.Context, *Config, *fabric.Home) error) error {
	cfg, _, err := c.config()
	if err != nil {
		return err
	}
	if cfg.Ledger.Mode != "fabric" {
		return fault.New(fault.Invalid, "This node keeps its ledger for itself. Set ledger.mode to \"fabric\" first (in 9ten.toml, or with --set ledger.mode=fabric).")
	}
	if err := cfg.mustExist(); err != nil {
		return err
	}
	h, err := cfg.openNetwork(time.Now, newLogger(cfg.Log, c.stderr))
	if err != nil {
		return err
	}
	defer h.Close()
	return do(ctx, cfg, h)
}

// withMember does for a node that is a member. The peer of one whose `9ten serve`
// does not run is not there, and what the command was for waits nowhere.
func withMember(ctx context.Context, c *call, do func(context.Context, *Config, *fabric.Home) error) error {
	return withNetwork(ctx, c, func(ctx context.Context, cfg *Config, h *fabric.Home) error {
		if h.Phase() != fabric.Joined {
			return fault.New(fault.Conflict, "This node is in no network yet. Found one with `9ten ledger init`, or ask with `9ten ledger request-join`.")
		}
		err := do(ctx, cfg, h)
		if fault.Is(err, fault.Unavailable) && cfg.Ledger.Fabric.Federation != "client" && !peerAnswers(ctx, h) {
			return fault.Wrap(err, fault.Unavailable, "Nothing was done: this node's peer does not answer. Start the node with `9ten serve`; where it runs, `9ten ledger doctor` says what is in the way.")
		}
		return err
	})
}

func peerAnswers(ctx context.Context, h *fabric.Home) bool {
	list, err := h.Servers(ctx)
	return err == nil && slices.ContainsFunc(list, func(s network.Server) bool { return s.Role == string(child.Peer) && s.Well })
}

// examineLedger says what keeps the node's part of a network from working, and
// what to do. The node may run or not.
func examineLedger(ctx context.Context, c *call) error {
	return withNetwork(ctx, c, func(ctx context.Context, _ *Config, h *fabric.Home) error {
		list, err := examine(ctx, h, false)
		if err != nil {
			return err
		}
		return c.findings(list)
	})
}

// examine is what the ledger's doctor finds, as findings of the node's.
func examine(ctx context.Context, h *fabric.Home, resting bool) ([]finding, error) {
	found, err := h.Examine(ctx, resting)
	return findingsOf(found), err
}

func findingsOf(found []ledgerdoctor.Finding) []finding {
	list := make([]finding, len(found))
	for i, f := range found {
		list[i] = finding{Name: f.Name, OK: f.OK, Detail: f.Detail, Remedy: f.Remedy}
	}
	return list
}

// noFolder says that the folder of the node's network cannot be looked at.
func noFolder(err error) finding {
	return finding{Name: checkNetwork, Detail: plain(err), Remedy: "See that the folder fabric/ in the data directory can be read and written by whoever runs the node."}
}

// checkNetwork names what the node's doctor says of its part of a network.
const checkNetwork = "network"

// networkFindings are what the node's doctor says of its part of a network: what
// the ledger's finds wrong, or in one line that it finds nothing. There are none
// of a node that keeps its ledger alone.
func networkFindings(ctx context.Context, h *fabric.Home, resting bool) []finding {
	if h == nil {
		return nil
	}
	all, err := examine(ctx, h, resting)
	if err != nil {
		return []finding{noFolder(err)}
	}
	var bad []finding
	for _, f := range all {
		if !f.OK {
			bad = append(bad, finding{Name: checkNetwork, Detail: f.Detail, Remedy: f.Remedy})
		}
	}
	if len(bad) > 0 {
		return bad
	}
	return []finding{{Name: checkNetwork, OK: true, Detail: fmt.Sprintf("Of %d things that the ledger's network needs none is amiss; “9ten ledger doctor” lists them.", len(all))}}
}

// certificateFindings are what there is to say every night: certificates that end
// soon end also where nobody asks the doctor.
func certificateFindings(h *fabric.Home) []finding {
	if h == nil {
		return nil
	}
	all, err := h.Ending()
	if err != nil {
		return []finding{noFolder(err)}
	}
	return findingsOf(all)
}

// besideNetwork are the same while the node runs in another process.
func (c *Config) besideNetwork(ctx context.Context, log *slog.Logger) []finding {
	if c.Ledger.Mode != "fabric" {
		return nil
	}
	h, err := c.openNetwork(time.Now, log)
	if err != nil {
		return []finding{{Name: checkNetwork, Detail: plain(err), Remedy: "Look at “9ten ledger doctor”."}}
	}
	defer h.Close()
	return networkFindings(ctx, h, false)
}
