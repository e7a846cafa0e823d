package app

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// operatorHere is whoever has the data directory.
var operatorHere = music.Viewer{Moderator: true, Admin: true}

// listHeld lists what waits of those who are in quarantine.
func listHeld(ctx context.Context, c *call) error {
	return withNode(ctx, c, func(n *node) error {
		all := []social.Held{}
		var servers []social.HeldHost
		for after := ""; ; {
			page, err := n.federation.held().List(ctx, operatorHere, "", after)
			if err != nil {
				return err
			}
			all, servers = append(all, page.Rows...), page.Hosts
			if after = page.Next; after == "" {
				break
			}
		}
		return c.print(heldLines(all), func(w io.Writer) {
			for _, s := range servers {
				fmt.Fprintf(w, "%s: %d wait, %d went unread because more came than is kept\n", s.Host, s.N, s.Lost)
			}
			t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
			for _, h := range all {
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", h.ID, h.Kind, h.At.Format(time.DateTime), music.OneLine(h.Words))
			}
			_ = t.Flush() // a terminal that is gone cannot be told
		})
	})
}

// A heldLine is what waits, for programs.
type heldLine struct {
	ID    string    `json:"id"`
	Host  string    `json:"host"`
	Actor string    `json:"actor"`
	Kind  string    `json:"kind"`
	Words string    `json:"words,omitempty"`
	At    time.Time `json:"at"`
}

func heldLines(list []social.Held) []heldLine {
	out := make([]heldLine, len(list))
	for i, h := range list {
		out[i] = heldLine{h.ID, h.Host, h.Actor, h.Kind, h.Words, h.At}
	}
	return out
}

// decideHeld lets what waits pass, or drops it: one activity, or all of a server.
func decideHeld(pass bool) func(context.Context, *call) error {
	return func(ctx context.Context, c *call) error {
		return withNode(ctx, c, func(n *node) error {
			if strings.Contains(c.args[0], "://") {
				return n.federation.held().Decide(ctx, operatorHere, c.args[0], pass)
			}
			return n.federation.held().DecideAll(ctx, operatorHere, c.args[0], pass)
		})
	}
}
