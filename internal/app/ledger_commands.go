package app

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
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

// initLedger founds a network of which this node is the first member.
func initLedger(ctx context.Context, c *call) error {
	return withNetwork(ctx, c, func(_ context.Context, cfg *Config, h *fabric.Home) error {
		if err := h.Found(); err != nil {
			return err
		}
		m, err := h.Member()
		if err != nil {
			return err
		}
		return c.print(struct {
			Member      string `json:"member"`
			Fingerprint string `json:"fingerprint"`
		}{m.MSP, m.Fingerprint()}, func(w io.Writer) {
			fmt.Fprintf(w, "%s has founded a network and is its first member (%s).\nThe ledger starts with `9ten serve`. Others join with `9ten ledger request-join %s`.\n", m.MSP, m.Fingerprint(), cfg.BaseURL)
		})
	})
}

// examineLedger says what keeps the node's part of a network from working, and
// what to do. The node may run or not.
func examineLedger(ctx context.Context, c *call) error {
	return withNetwork(ctx, c, func(ctx context.Context, _ *Config, h *fabric.Home) error {
		found, err := h.Examine(ctx)
		if err != nil {
			return err
		}
		var list []finding
		for _, f := range found {
			list = append(list, finding{Name: f.Name, OK: f.OK, Detail: f.Detail, Remedy: f.Remedy})
		}
		return c.findings(list)
	})
}
