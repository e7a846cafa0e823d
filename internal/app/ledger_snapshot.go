package app

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/michaelperna/9ten/internal/ledger/fabric"
)

// snapshotWithin is how long the peer may take to write a snapshot.
const snapshotWithin = 30 * time.Minute

// takeSnapshot has the running node's peer write the ledger's state into a folder.
func takeSnapshot(ctx context.Context, c *call) error {
	if len(c.args) != 1 {
		return usagef("name the folder that the snapshot is to be in")
	}
	return withMember(ctx, c, func(ctx context.Context, _ *Config, h *fabric.Home) error {
		ctx, stop := context.WithTimeout(ctx, snapshotWithin)
		defer stop()
		name, err := c.onChannel(h)
		if err != nil {
			return err
		}
		s, err := h.Snapshot(ctx, name, c.args[0])
		if err != nil {
			return err
		}
		return c.print(s, func(w io.Writer) {
			fmt.Fprintf(w, "The ledger as it was at block %d (%s) is in %s.\n", s.Block, s.Hash, c.args[0])
		})
	})
}

// restoreSnapshot has the node's peer start anew from a snapshot.
func restoreSnapshot(ctx context.Context, c *call) error {
	if len(c.args) != 1 {
		return usagef("name the folder of the snapshot")
	}
	return withNetwork(ctx, c, func(_ context.Context, _ *Config, h *fabric.Home) error {
		s, err := h.Restore(c.args[0])
		if err != nil {
			return err
		}
		return c.print(s, func(w io.Writer) {
			fmt.Fprintf(w, "The peer starts anew from block %d (%s) and fetches what came after it; at once where the node runs, else with the next `9ten serve`. What it had is kept beside it.\n", s.Block, s.Hash)
		})
	})
}
