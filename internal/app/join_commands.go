package app

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/file"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/block"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// The commands of a node on its way into a network.

func askFlags(f *flag.FlagSet, c *call) {
	noteFlags(f, c)
	f.StringVar(&c.opt.out, "out", "", "write the request to a `file` for a member, instead of sending it")
	f.StringVar(&c.opt.network, "network", "", "join only the network whose first block has this `hash`, as a member told you by another way")
}

// requestJoin asks a member's node for admission, or writes the request to a
// file that a person carries.
func requestJoin(ctx context.Context, c *call) error {
	if (len(c.args) == 1) == (c.opt.out != "") || len(c.args) > 1 {
		return usagef("name the address of a member's node, such as https://music.example, or a file with --out")
	}
	if c.opt.out != "" && c.opt.network != "" {
		return usagef("--network is for a request that is sent; who joins by a file gives it to `9ten ledger join --first`")
	}
	return withNetwork(ctx, c, func(ctx context.Context, _ *Config, h *fabric.Home) error {
		introduce := h.Introduce
		if c.opt.out != "" {
			introduce = h.IntroduceByFile
		}
		r, err := introduce(c.opt.note)
		if err != nil {
			return err
		}
		next := "This node joins by itself once it is admitted; `9ten ledger join` says how it stands."
		if c.opt.out == "" {
			err = h.Ask(ctx, c.args[0], c.opt.network, c.opt.note)
		} else if err = writeJSON(c.opt.out, r); err == nil {
			next = fmt.Sprintf("A member takes %s in with `9ten ledger admit --file`, or founds a network with it by `9ten ledger init --with`, and gives you the first block for `9ten ledger join --first`.", c.opt.out)
		}
		if err != nil {
			return err
		}
		return c.print(newcomer(r), func(w io.Writer) {
			fmt.Fprintf(w, "%s asks to be admitted. Its fingerprint is %s: tell it to the members by another way.\n%s\n", r.Member.MSP, r.Fingerprint(), next)
		})
	})
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(path, append(b, '\n'))
}

func writeFile(path string, b []byte) error {
	return fault.Wrap(file.Replace(path, b, 0o644), fault.Unavailable, "%s cannot be written.", path)
}

func joinFlags(f *flag.FlagSet, c *call) {
	f.BoolVar(&c.opt.wait, "wait", false, "wait until the node is in, and say how far it is")
	f.StringVar(&c.opt.first, "first", "", "join by the network's first block, a `file` of a member's 9ten ledger first-block")
	f.StringVar(&c.opt.network, "network", "", "with --first: only if the first block has this `hash`, as a member told you by another way")
}

// between is how often somebody who waits is told something new.
const between = 2 * time.Second

// join says how this node's admission stands, and waits for it when asked to.
func join(ctx context.Context, c *call) error {
	if c.opt.network != "" && c.opt.first == "" {
		return usagef("--network goes with --first; of a request that is sent, `9ten ledger request-join` takes it")
	}
	return withNetwork(ctx, c, func(ctx context.Context, cfg *Config, h *fabric.Home) error {
		if c.opt.first != "" {
			if err := c.takeFirst(h); err != nil {
				return err
			}
		}
		for said := ""; ; {
			s, err := admission(ctx, h)
			if err != nil && (!c.opt.wait || !fault.Is(err, fault.Unavailable)) {
				return err
			}
			if err != nil {
				s.Words = plain(err)
			}
			if !c.opt.wait || s.Ready {
				return c.print(s, func(w io.Writer) { fmt.Fprintln(w, s.Words) })
			}
			if s.Words != said {
				said = s.Words
				fmt.Fprintln(c.stderr, said)
			}
			if !sleep(ctx, between) {
				return ctx.Err()
			}
		}
	})
}

// takeFirst takes a network's first block from a file, and shows who founded it.
func (c *call) takeFirst(h *fabric.Home) error {
	b, err := os.ReadFile(c.opt.first)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "%s cannot be read.", c.opt.first)
	}
	first, err := channel.DecodeBlock(b)
	if err != nil {
		return err
	}
	if err := h.TakeFirst(first, c.opt.network); err != nil || c.json {
		return err
	}
	n, err := beginning(h)
	if err == nil {
		n.write(c.stdout)
	}
	return err
}

// admitted is how a node's admission stands.
type admitted struct {
	Phase     string `json:"phase"`
	State     string `json:"state,omitempty"`
	Via       string `json:"via,omitempty"`
	Approvals int    `json:"approvals"`
	Needed    int    `json:"needed"`
	First     string `json:"first_block,omitempty"`
	Ready     bool   `json:"ready"` // the ledger answers
	Words     string `json:"words"`
}

// admission looks at it, and takes the network's first block once it is there.
func admission(ctx context.Context, h *fabric.Home) (s admitted, err error) {
	if h.Phase() == fabric.Asking {
		if err := h.Inquire(ctx); err != nil {
			return s, err
		}
	}
	s.Phase = phases[h.Phase()]
	switch h.Phase() {
	case fabric.Alone:
		return s, fault.New(fault.Conflict, "This node is in no network and asked for none. Found one with `9ten ledger init`, or ask with `9ten ledger request-join`.")
	case fabric.Removed:
		return s, fault.New(fault.Conflict, "The members of the network put this node out.")
	case fabric.Asking:
		via, a := h.Asked()
		s.Via, s.State, s.Approvals, s.Needed = via, a.State, a.Approvals, a.Needed
		s.Words = fmt.Sprintf(askedWords[a.State], via, a.Approvals, a.Needed)
		return s, nil
	}
	first, err := h.First(channel.Name)
	if err != nil {
		return s, err
	}
	hash := block.Hash(first)
	s.First = hex.EncodeToString(hash[:])
	cl, err := h.Client(channel.Name)
	if err != nil {
		return s, err
	}
	if _, err := cl.Evaluate(ctx, "GetIntents"); err != nil {
		s.Words = "Admitted to the network with the first block " + s.First + ". Its ledger does not answer here yet: that takes some seconds while `9ten serve` runs, and `9ten ledger doctor` says what is in the way."
		return s, nil
	}
	s.Ready, s.Words = true, "This node is a member of the network with the first block "+s.First+", and its ledger works."
	return s, nil
}

// askedWords say how a request stands: where, how many approved, and how many must.
var askedWords = map[string]string{
	fabric.Waiting:  "%[1]s has the request; no member has put it before the others yet.",
	fabric.Proposed: "The members decide: %[2]d approved, %[3]d needed (%[1]s says so).",
	fabric.Admitted: "%[1]s says that this node is admitted.",
	fabric.Unknown:  "%[1]s knows of no request of this node any more: it was dropped, withdrawn, or ran out. Ask again with `9ten ledger request-join`.",
}

// forget ends the waiting.
func forget(ctx context.Context, c *call) error {
	return withNetwork(ctx, c, func(_ context.Context, _ *Config, h *fabric.Home) error {
		if err := h.Forget(); err != nil {
			return err
		}
		return c.done("This node asks nobody any more.")
	})
}

// done prints what was done.
func (c *call) done(sentence string) error {
	return c.print(struct {
		Done string `json:"done"`
	}{sentence}, func(w io.Writer) { fmt.Fprintln(w, sentence) })
}
