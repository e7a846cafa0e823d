package app

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

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
				fmt.Fprintf(t, "%s\t%s\t%s\t%d waiting\tin sync as of %s\t%s\n", h.Host, h.Software, h.State, h.Waiting, h.InSync.Format(time.DateTime), h.Error)
			}
			_ = t.Flush() // a terminal that is gone cannot be told
		})
	})
}
