package app

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/network"
)

// The commands of a member: who is in the network, who waits, and what is
// decided. They work beside the running node, through its peer.

// withCouncil opens the node's part of a network that it is a member of.
func withCouncil(ctx context.Context, c *call, do func(context.Context, council) error) error {
	return withMember(ctx, c, func(ctx context.Context, cfg *Config, h *fabric.Home) error {
		cl, err := h.Client(channel.Name)
		if err != nil {
			return err
		}
		look := func(name string) func(context.Context) (channel.Config, error) {
			return func(ctx context.Context) (channel.Config, error) { return h.Config(ctx, name) }
		}
		all := council{h, cfg.NodeID(), contract.Client{Ledger: cl}, look(channel.Name), nil}
		if x, in := h.Cluster(); in && x.Phase != fabric.Asking {
			near, err := h.Client(x.Channel())
			if err != nil {
				return err
			}
			all.cluster = &room{x.Channel(), x.Name, contract.Client{Ledger: near}, look(x.Channel())}
		}
		return do(ctx, all)
	})
}

// rows prints lines in columns, or what to say when there are none. Each is one
// line whatever others wrote in it: who could write another would forge what is
// compared.
func rows[T any](w io.Writer, list []T, none string, line func(T) string) {
	if len(list) == 0 {
		fmt.Fprintln(w, none)
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, x := range list {
		cells := strings.Split(line(x), "\t")
		for i, c := range cells {
			cells[i] = network.OneLine(c)
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	_ = t.Flush() // a terminal that is gone cannot be told
}

func listMembers(ctx context.Context, c *call) error {
	return withCouncil(ctx, c, func(ctx context.Context, m council) error {
		r, err := m.room(c.opt.cluster)
		if err != nil {
			return err
		}
		st, err := r.book.Ledger.Status(ctx)
		if err != nil {
			return err
		}
		n, err := m.members(ctx, r, st.Height)
		if err != nil {
			return err
		}
		return c.print(n, func(w io.Writer) {
			fmt.Fprintf(w, "first block %s\nconfiguration %s (changed %d times)\nheight %d\n", n.First, n.Newest, n.Sequence, n.Height)
			rows(w, n.Members, "", func(m network.MemberNode) string {
				var does []string
				for _, x := range []struct {
					yes  bool
					word string
				}{{m.Self, "this node"}, {m.Endorses, "endorses"}, {m.Orders, "orders"}} {
					if x.yes {
						does = append(does, x.word)
					}
				}
				return fmt.Sprintf("%s\t%s\t%s\t%s", m.Node, m.Fingerprint, m.Address, strings.Join(does, ", "))
			})
		})
	})
}

func listRequests(ctx context.Context, c *call) error {
	return withCouncil(ctx, c, func(ctx context.Context, m council) error {
		list, err := m.Newcomers(ctx)
		if err != nil {
			return err
		}
		return c.print(list, func(w io.Writer) {
			rows(w, list, "Nobody waits to be admitted.", func(x network.Newcomer) string {
				return fmt.Sprintf("%s\t%s\t%s\t%s\t%s", x.Node, x.Fingerprint, x.At.Format(time.DateTime), ofCluster(x.Cluster), x.Note)
			})
		})
	})
}

func admitFlags(f *flag.FlagSet, c *call) {
	f.StringVar(&c.opt.request, "file", "", "the request as a `file` of the newcomer's 9ten ledger request-join --out")
}

// admitNode proposes to admit a newcomer that waits, or that a file is of.
func admitNode(ctx context.Context, c *call) error {
	if (len(c.args) == 1) == (c.opt.request != "") || len(c.args) > 1 {
		return usagef("name the node that waits, or its request with --file")
	}
	return withCouncil(ctx, c, func(ctx context.Context, m council) error {
		r, err := c.asked(m)
		if err != nil {
			return err
		}
		d, err := m.Admit(ctx, r)
		if err != nil {
			return err
		}
		i, err := m.Intent(ctx, d.String())
		if err != nil {
			return err
		}
		return c.print(i, func(w io.Writer) { writeIntents(w, []network.Intent{i}) })
	})
}

// asked is the request that a command names.
func (c *call) asked(m council) (r fabric.Request, err error) {
	if c.opt.request == "" {
		return m.Request(c.args[0])
	}
	return readRequest(c.opt.request)
}

// dismissNode drops a request.
func dismissNode(ctx context.Context, c *call) error {
	if len(c.args) != 1 {
		return usagef("name the node that waits")
	}
	return withCouncil(ctx, c, func(_ context.Context, m council) error {
		if err := m.Dismiss(c.args[0]); err != nil {
			return err
		}
		return c.done("The request of " + c.args[0] + " is dropped.")
	})
}

func intentFlags(f *flag.FlagSet, c *call) {
	f.BoolVar(&c.opt.past, "past", false, "those that are concluded, the latest first")
}

func listIntents(ctx context.Context, c *call) error {
	return withCouncil(ctx, c, func(ctx context.Context, m council) error {
		list, err := m.Intents(ctx)
		if c.opt.past {
			var p network.Past
			p, err = m.Past(ctx, "")
			list = p.Rows
		}
		if err != nil {
			return err
		}
		return c.print(list, func(w io.Writer) { writeIntents(w, list) })
	})
}

// writeIntents says each in words, with who said what.
func writeIntents(w io.Writer, list []network.Intent) {
	if len(list) == 0 {
		fmt.Fprintln(w, "Nothing is to be decided.")
	}
	for _, i := range list {
		fmt.Fprintf(w, "%.8s  %s\n", i.ID, i.Words())
		for _, fact := range i.Facts() {
			fmt.Fprintf(w, "          %s\n", fact)
		}
	}
}

// decide carries out a decision about one intent and says what it led to.
func decide(said string, do func(council, context.Context, string, string) error) func(context.Context, *call) error {
	return func(ctx context.Context, c *call) error {
		if len(c.args) != 1 {
			return usagef("name one intent by its id or the beginning of it; `9ten ledger intents` lists them")
		}
		return withCouncil(ctx, c, func(ctx context.Context, m council) error {
			_, id, err := m.find(ctx, c.args[0])
			if err != nil {
				return err
			}
			if err := do(m, ctx, id.String(), c.opt.reason); err != nil {
				return err
			}
			i, err := m.Intent(ctx, id.String())
			if err != nil {
				return err
			}
			return c.print(i, func(w io.Writer) {
				fmt.Fprintln(w, said)
				writeIntents(w, []network.Intent{i})
			})
		})
	}
}

func reasonFlags(f *flag.FlagSet, c *call) {
	f.StringVar(&c.opt.reason, "reason", "", "`why`, for the other members")
}

func firstFlags(f *flag.FlagSet, c *call) {
	f.StringVar(&c.opt.out, "out", "", "write the block to a `file`")
}

// firstBlock writes the network's first block for a newcomer.
func firstBlock(ctx context.Context, c *call) error {
	if c.opt.out == "" {
		return usagef("name a file with --out")
	}
	return withCouncil(ctx, c, func(_ context.Context, m council) error {
		b, err := m.First(channel.Name)
		if err != nil {
			return err
		}
		if err := writeFile(c.opt.out, channel.EncodeBlock(b)); err != nil {
			return err
		}
		return c.done(c.opt.out + " holds the network's first block. An admitted node joins with `9ten ledger join --first`.")
	})
}

// writeMembership says how the node stands in its network.
func writeMembership(w io.Writer, m network.Membership) {
	fmt.Fprintf(w, "network   %s, fingerprint %s", m.Phase, m.Fingerprint)
	switch {
	case m.Via != "":
		fmt.Fprintf(w, ", asked %s: %s", m.Via, m.Asked.State)
	case m.Phase == network.Joined && !m.Ready && m.Doing != "":
		fmt.Fprintf(w, ", %s", m.Doing)
	}
	fmt.Fprintln(w)
	if m.Trouble != "" {
		fmt.Fprintf(w, "          %s\n", m.Trouble)
	}
	switch {
	case m.Client && m.Through == "":
		fmt.Fprintln(w, "through   nobody: no member's peer answers")
	case m.Client:
		fmt.Fprintf(w, "through   the peer of %s\n", m.Through)
	}
	if m.Cluster != nil {
		writeHousehold(w, *m.Cluster)
	}
	if n := len(m.Members); n > 0 {
		endorsing, ordering := network.Roles(m.Members)
		fmt.Fprintf(w, "peers     members: %d, endorsing: %d, ordering: %d\n", n, endorsing, ordering)
	}
	for _, s := range m.Servers {
		how := "well"
		if !s.Well {
			how = "NOT WELL: " + s.Trouble
		}
		if s.Crashes > 0 {
			how += fmt.Sprintf(", ended by itself %d times", s.Crashes)
		}
		fmt.Fprintf(w, "%-9s %s\n", s.Role, how)
	}
	fmt.Fprintf(w, "certs     %d days left\n", m.Days)
}
