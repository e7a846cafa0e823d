package app

import (
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
)

// The rest of a network's life. Each command puts one change before the members
// and approves it for this node; when enough have approved it, their nodes carry
// it out by themselves.

// proposed tells of a change that members now decide about.
func (c *call) proposed(id contract.Digest, what string) error {
	return c.print(struct {
		Intent string `json:"intent"`
		What   string `json:"what"`
	}{id.String(), what}, func(w io.Writer) {
		fmt.Fprintf(w, "Proposed, and approved for this node: %s.\nThe others approve it with `9ten ledger approve %s`, or on their pages.\n", what, id)
	})
}

// propose runs one of a network's proposals.
func propose(ctx context.Context, c *call, do func(ctx context.Context, cfg *Config, h *fabric.Home, on string) (contract.Digest, string, error)) error {
	return withMember(ctx, c, func(ctx context.Context, cfg *Config, h *fabric.Home) error {
		on, err := c.onChannel(h)
		if err != nil {
			return err
		}
		id, what, err := do(ctx, cfg, h, on)
		if err != nil {
			return err
		}
		return c.proposed(id, what)
	})
}

// changeFlags are those of a proposal.
func changeFlags(f *flag.FlagSet, c *call) {
	noteFlags(f, c)
	clusterFlags(f, c)
}

func noteFlags(f *flag.FlagSet, c *call) {
	f.StringVar(&c.opt.note, "note", "", "a `sentence` for the members' operators")
}

// aboutNode is a proposal about the node that the command names.
func aboutNode(what string, do func(h *fabric.Home, ctx context.Context, channel, node, note string) (contract.Digest, error)) func(context.Context, *call) error {
	return func(ctx context.Context, c *call) error {
		if len(c.args) != 1 {
			return usagef("name one node, such as music.example")
		}
		return propose(ctx, c, func(ctx context.Context, _ *Config, h *fabric.Home, on string) (contract.Digest, string, error) {
			id, err := do(h, ctx, on, c.args[0], c.opt.note)
			return id, c.args[0] + " " + what, err
		})
	}
}

// ownOrderer refuses to propose another node's orderer.
const ownOrderer = "an orderer's certificates come from its own node: run this command on %s"

func addOrderer(ctx context.Context, c *call) error {
	return propose(ctx, c, func(ctx context.Context, cfg *Config, h *fabric.Home, on string) (contract.Digest, string, error) {
		id, err := h.AddOrderer(ctx, on, c.opt.note)
		return id, cfg.NodeID() + " orders, too", err
	})
}

func replaceFlags(f *flag.FlagSet, c *call) {
	changeFlags(f, c)
	f.BoolVar(&c.opt.identity, "identity", false, "give the orderer a new identity certificate, too")
}

func replaceOrderer(ctx context.Context, c *call) error {
	return propose(ctx, c, func(ctx context.Context, cfg *Config, h *fabric.Home, on string) (contract.Digest, string, error) {
		id, err := h.ReplaceOrderer(ctx, on, c.opt.identity, c.opt.note)
		return id, "the orderer of " + cfg.NodeID() + " has other certificates", err
	})
}

func upgradeContract(ctx context.Context, c *call) error {
	version := contract.Version
	switch len(c.args) {
	case 0:
	case 1:
		version = c.args[0]
	default:
		return usagef("name one version")
	}
	return propose(ctx, c, func(ctx context.Context, _ *Config, h *fabric.Home, on string) (contract.Digest, string, error) {
		id, err := h.ProposeUpgrade(ctx, on, version, c.opt.note)
		return id, "the network runs version " + version + " of the contract", err
	})
}

func renewFlags(f *flag.FlagSet, c *call) {
	f.BoolVar(&c.opt.force, "force", false, "renew all of them, also those that are good for long")
}

// renewedLine is a renewed certificate as the command prints it.
type renewedLine struct {
	Of   string `json:"of"`
	Use  string `json:"use"`
	Ends string `json:"ends"`
}

func renewCertificates(ctx context.Context, c *call) error {
	return withNetwork(ctx, c, func(_ context.Context, _ *Config, h *fabric.Home) error {
		done, err := h.Renew(c.opt.force)
		if err != nil {
			return err
		}
		all, err := h.Org().Certificates()
		if err != nil {
			return err
		}
		lines := make([]renewedLine, 0, len(done))
		for _, x := range all {
			for _, d := range done {
				if d.Role == x.Role && d.Use == x.Use {
					lines = append(lines, renewedLine{string(x.Role), x.Use, x.Ends.Format("2006-01-02")})
				}
			}
		}
		return c.print(lines, func(w io.Writer) {
			if len(lines) == 0 {
				fmt.Fprintln(w, "No certificate ends within 60 days. With --force they are renewed all the same.")
			}
			for _, l := range lines {
				fmt.Fprintf(w, "%s of the %s renewed until %s\n", l.Use, l.Of, l.Ends)
			}
		})
	})
}
