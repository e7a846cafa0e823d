package app

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/michaelperna/9ten/internal/account"
)

func inviteFlags(f *flag.FlagSet, c *call) {
	f.StringVar(&c.opt.role, "role", string(account.Listener), "what they may do: listener, artist, moderator or admin")
	f.StringVar(&c.opt.lang, "lang", "", "`language` of the letter, such as de")
}

// invite makes an invitation for the operator, who may give any role.
func invite(ctx context.Context, c *call) error {
	if len(c.args) > 1 {
		return usagef("name one mail address, or none to get the link itself")
	}
	to := ""
	if len(c.args) == 1 {
		to = c.args[0]
	}
	return withNode(ctx, c, func(n *node) error {
		in, secret, err := n.accounts.Invite(ctx, account.Operator(), to, account.Role(c.opt.role), account.Client{Lang: c.opt.lang})
		if err != nil {
			return err
		}
		made := struct {
			ID    string    `json:"id"`
			Email string    `json:"email,omitempty"`
			Role  string    `json:"role"`
			Until time.Time `json:"until"`
			Link  string    `json:"link,omitempty"`
		}{ID: in.ID, Email: in.Email, Role: string(in.Role), Until: in.Until}
		if in.Email == "" {
			made.Link = n.cfg.BaseURL + "/signup?invitation=" + url.QueryEscape(secret)
		}
		return c.print(made, func(w io.Writer) {
			if made.Link == "" {
				fmt.Fprintf(w, "A letter goes to %s as soon as the node runs. Its link is good for one account until %s.\n", made.Email, made.Until.Format(time.DateOnly))
				return
			}
			fmt.Fprintf(w, "%s\nWhoever has this link can make one account with it until %s. It is shown this once.\n", made.Link, made.Until.Format(time.DateOnly))
		})
	})
}
