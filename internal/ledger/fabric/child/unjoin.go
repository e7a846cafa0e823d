package child

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
)

// Unjoin takes the peer, which must not run, out of a channel: what it kept of it
// is deleted. Broken off, it is done again.
func (s *Supervisor) Unjoin(ctx context.Context, channel string) error {
	c := s.children[slices.Index(Roles[:], Peer)]
	body, err := c.render(Peer)
	if err != nil {
		return err
	}
	// A folder of its own: the file in the peer's says that the peer is to run.
	dir, err := os.MkdirTemp(c.Home, "unjoin-")
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "The ledger's folder %s cannot be written.", c.Home)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, filepath.Base(c.File(Peer))), body, 0o600); err != nil {
		return fault.Wrap(err, fault.Unavailable, "The ledger's folder %s cannot be written.", c.Home)
	}
	cmd := c.command(ctx)
	cmd.Args = append(cmd.Args[:1], "node", "unjoin", "-c", channel)
	for i, v := range cmd.Env {
		if strings.HasPrefix(v, "FABRIC_CFG_PATH=") {
			cmd.Env[i] = "FABRIC_CFG_PATH=" + dir
		}
	}
	return fault.Wrap(cmd.Run(), fault.Unavailable, "Fabric's peer could not leave the channel %s.", channel)
}
