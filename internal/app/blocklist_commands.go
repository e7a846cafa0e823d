package app

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/social"
)

// A blocklistLine is a list with what waits of it.
type blocklistLine struct {
	social.Blocklist
	Waits []social.Listing `json:"waits,omitempty"`
}

// listBlocklists says which lists the node asks for, how it went, and what waits.
func listBlocklists(ctx context.Context, c *call) error {
	return withNode(ctx, c, func(n *node) error {
		lists := n.federation.blocklists()
		known, err := lists.All(ctx, operatorHere)
		if err != nil {
			return err
		}
		all := make([]blocklistLine, len(known))
		for i, l := range known {
			all[i].Blocklist = l
			for after, more := "", l.Waiting > 0; more; {
				page, err := lists.Says(ctx, operatorHere, l.ID, true, after)
				if err != nil {
					return err
				}
				all[i].Waits = append(all[i].Waits, page.Rows...)
				after, more = page.Next, page.Next != ""
			}
		}
		return c.print(all, func(w io.Writer) {
			for _, l := range all {
				fmt.Fprintf(w, "%s\n  blocked: %d, silenced: %d, left out: %d, fetched last: %s\n", l.URL, l.Blocked, l.Silenced, l.Skipped, moment(l.Taken))
				if l.Trouble != "" {
					fmt.Fprintf(w, "  not taken the last time: %s\n", l.Trouble)
				}
				t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
				for _, x := range l.Waits {
					fmt.Fprintf(t, "  waits: %s\tfollowers there of acts here: %d\tfollows from here: %d\t%s\n", x.Host, x.Followers, x.Followed, x.Reason)
				}
				_ = t.Flush() // a terminal that is gone cannot be told
			}
		})
	})
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Format(time.DateTime)
}

func subscribeBlocklist(ctx context.Context, c *call) error {
	return withNode(ctx, c, func(n *node) error {
		l, err := n.federation.blocklists().Subscribe(ctx, operatorHere, c.args[0])
		if err != nil {
			return err
		}
		return c.print(l, func(w io.Writer) { fmt.Fprintln(w, "The node fetches the list when it runs.") })
	})
}

func unsubscribeBlocklist(ctx context.Context, c *call) error {
	return withNode(ctx, c, func(n *node) error {
		lists := n.federation.blocklists()
		all, err := lists.All(ctx, operatorHere)
		if err != nil {
			return err
		}
		for _, l := range all {
			if l.URL == c.args[0] || string(l.ID) == c.args[0] {
				return lists.Unsubscribe(ctx, operatorHere, l.ID)
			}
		}
		return fault.New(fault.NotFound, "The node asks for no such list.")
	})
}

// decideListed says of a server, on whatever lists it is, whether what they say counts.
func decideListed(counts bool) func(context.Context, *call) error {
	return func(ctx context.Context, c *call) error {
		return withNode(ctx, c, func(n *node) error {
			lists := n.federation.blocklists()
			all, err := lists.All(ctx, operatorHere)
			if err != nil {
				return err
			}
			found := false
			for _, l := range all {
				switch err := lists.Decide(ctx, operatorHere, l.ID, c.args[0], counts); {
				case err == nil:
					found = true
				case !fault.Is(err, fault.NotFound):
					return err
				}
			}
			if !found {
				return fault.New(fault.NotFound, "No list says anything of %s.", c.args[0])
			}
			return nil
		})
	}
}
