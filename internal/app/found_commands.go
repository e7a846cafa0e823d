package app

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/block"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// The commands by which a network begins.

func initFlags(f *flag.FlagSet, c *call) {
	f.Func("with", "found it together with another node: the `file` of its 9ten ledger request-join --out; may be repeated", func(v string) error {
		c.opt.with = append(c.opt.with, v)
		return nil
	})
}

// initLedger founds a network of which this node is the first member.
func initLedger(ctx context.Context, c *call) error {
	with := make([]fabric.Request, len(c.opt.with))
	for i, name := range c.opt.with {
		var err error
		if with[i], err = readRequest(name); err != nil {
			return err
		}
	}
	return withNetwork(ctx, c, func(_ context.Context, cfg *Config, h *fabric.Home) error {
		if err := h.Found(with...); err != nil {
			return err
		}
		m, err := h.Member()
		if err != nil {
			return err
		}
		n, err := beginning(h)
		if err != nil {
			return err
		}
		n.Member, n.Fingerprint = m.MSP, m.Fingerprint()
		return c.print(n, func(w io.Writer) {
			if len(with) == 0 {
				fmt.Fprintf(w, "%s has founded a network and is its first member (%s).\nThe ledger starts with `9ten serve`. Others join with `9ten ledger request-join %s`.\n", m.MSP, m.Fingerprint(), cfg.BaseURL)
				return
			}
			fmt.Fprintf(w, "%s has founded a network together with %d others.\n", m.MSP, len(with))
			n.write(w)
			fmt.Fprintln(w, "Write the first block to a file with `9ten ledger first-block --out first.block` and give it to the others: each takes it with `9ten ledger join --first first.block`, and runs `9ten serve`.")
		})
	})
}

// readRequest reads the file of a node that introduced itself.
func readRequest(name string) (r fabric.Request, err error) {
	b, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(b, &r)
	}
	return r, fault.Wrap(err, fault.Invalid, "%s is no request to be admitted.", name)
}

// founder is one of those a network began with.
type founder struct {
	Node        string `json:"node"`
	Fingerprint string `json:"fingerprint"`
	Address     string `json:"address"`
	Orders      bool   `json:"orders"`
}

// begun is how a network began: what its founders compare.
type begun struct {
	Member      string    `json:"member,omitempty"`
	Fingerprint string    `json:"fingerprint,omitempty"`
	First       string    `json:"first_block"`
	Founders    []founder `json:"founders"`
	Needed      int       `json:"needed"` // how many of them must run so that the ledger works
	orderers    int
}

// beginning reads it from the first block that the node has.
func beginning(h *fabric.Home) (n begun, err error) {
	first, err := h.First(channel.Name)
	if err != nil {
		return n, err
	}
	hash := block.Hash(first)
	n.First = hex.EncodeToString(hash[:])
	cfg, err := channel.Read(first)
	if err != nil {
		return n, err
	}
	members, err := cfg.Members()
	if err != nil {
		return n, err
	}
	for _, m := range members {
		_, orders := cfg.Orders(m.MSP)
		if orders {
			n.orderers++
		}
		n.Founders = append(n.Founders, founder{m.MSP, m.Fingerprint(), m.Address(), orders})
	}
	validators, err := cfg.Validators()
	n.Needed = max(channel.Majority(len(validators)), channel.Quorum(n.orderers))
	return n, err
}

// write prints what the founders compare and should know.
func (n begun) write(w io.Writer) {
	fmt.Fprintf(w, "first block %s\n", n.First)
	rows(w, n.Founders, "", func(f founder) string {
		does := ""
		if f.Orders {
			does = "orders"
		}
		return fmt.Sprintf("%s\t%s\t%s\t%s", f.Node, f.Fingerprint, f.Address, does)
	})
	fmt.Fprintln(w, "Compare the fingerprints and the first block with the other founders by another way, such as the telephone.")
	if len(n.Founders) > 1 {
		fmt.Fprintf(w, "The ledger works once %d of the %d run; one that never turns up is put out with `9ten ledger member remove`.\n", n.Needed, len(n.Founders))
	}
	if n.orderers == 1 && len(n.Founders) > 1 {
		for _, f := range n.Founders {
			if f.Orders {
				fmt.Fprintf(w, "%s alone orders, so the ledger waits while it is away: of two or three orderers none may fail either. With four members, have three more order: `9ten ledger orderer add`.\n", f.Node)
			}
		}
	}
}
