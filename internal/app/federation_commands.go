package app

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/social"
)

// federationStatus says how it goes with other servers.
func federationStatus(ctx context.Context, c *call) error {
	return withNode(ctx, c, func(n *node) error {
		all := []social.Health{}
		for after := ""; ; {
			page, err := n.federation.desk().Servers(ctx, after)
			if err != nil {
				return err
			}
			all = append(all, page.Rows...)
			if after = page.Next; after == "" {
				break
			}
		}
		return c.print(all, func(w io.Writer) {
			if !n.federation.on() {
				fmt.Fprintln(w, "This node does not federate: it takes a base_url with https, federation.mode on, and is nothing for demonstrations.")
			}
			t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
			for _, h := range all {
				why := h.Error
				if h.Missing > 0 {
					why = h.LostWhy
				}
				fmt.Fprintf(t, "%s\t%s\t%s\t%d arrived\t%d waiting\t%d lost\tin sync as of %s\t%s\n", h.Host, h.Software, h.State, h.Arrived, h.Waiting, h.Lost, h.InSync.Format(time.DateTime), why)
			}
			_ = t.Flush() // a terminal that is gone cannot be told
		})
	})
}

// backfillServer has a server told again of what it lost, and what it published
// fetched again. The node does both once it runs.
func backfillServer(ctx context.Context, c *call) error {
	return withNode(ctx, c, func(n *node) error { return n.federation.desk().Backfill(ctx, c.args[0]) })
}

func whyFlags(f *flag.FlagSet, c *call) {
	f.StringVar(&c.opt.reason, "reason", "", "`why`, for whoever runs this node")
}

// serverRules lists what was decided about other servers.
func serverRules(ctx context.Context, c *call) error {
	return withNode(ctx, c, func(n *node) error {
		all := []social.Rule{}
		for after := ""; ; {
			page, err := n.federation.desk().Rules(ctx, after)
			if err != nil {
				return err
			}
			all = append(all, page.Rows...)
			if after = page.Next; after == "" {
				break
			}
		}
		return c.print(all, func(w io.Writer) {
			t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
			for _, r := range all {
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", r.Host, r.Verdict, r.Since.Format(time.DateOnly), r.Reason)
			}
			_ = t.Flush() // a terminal that is gone cannot be told
		})
	})
}

func decideServer(verdict social.Verdict) func(context.Context, *call) error {
	return func(ctx context.Context, c *call) error {
		return withNode(ctx, c, func(n *node) error {
			return n.federation.desk().DecideBy(ctx, operatorHere, social.Rule{Host: c.args[0], Verdict: verdict, Reason: c.opt.reason})
		})
	}
}

func undecideServer(ctx context.Context, c *call) error {
	return withNode(ctx, c, func(n *node) error { return n.federation.desk().UndecideBy(ctx, operatorHere, c.args[0]) })
}

// importServers blocks the servers of a list.
func importServers(ctx context.Context, c *call) error {
	list, err := os.Open(c.args[0])
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "The list could not be read: %v", err)
	}
	defer list.Close() //nolint:errcheck // it was only read
	return withNode(ctx, c, func(n *node) error {
		got, err := n.federation.desk().Import(ctx, list)
		if err != nil {
			return err
		}
		return c.print(got, func(w io.Writer) {
			fmt.Fprintf(w, "Servers blocked: %d, silenced: %d. Left out, because the list asks for something else: %d.\n", got.Blocked, got.Silenced, got.Left)
		})
	})
}
