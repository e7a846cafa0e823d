package site

import (
	"context"
	"net/url"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/web"
)

// Held is what waits of those who are in quarantine.
type Held interface {
	List(ctx context.Context, v music.Viewer, host, after string) (social.HeldPage, error)
	// Decide lets one activity pass, or drops it; DecideAll all of a server. Faults: NotFound.
	Decide(ctx context.Context, v music.Viewer, activity string, pass bool) error
	DecideAll(ctx context.Context, v music.Viewer, host string, pass bool) error
}

// HeldPage is what waits for a moderator.
type HeldPage struct {
	web.Page
	Views []View
	Host  string // of which alone it is, "" of all
	Hosts []social.HeldHost
	Rows  []social.Held
	More  string
}

const heldPath = "/operator/federation/held"

func (v *visit) held() error {
	host := v.URL.Query().Get("host")
	list, err := v.site.Held.List(v.Context(), v.ears(), host, v.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	p := &HeldPage{Page: v.base("Quarantine", web.NavOperator), Views: v.nodeViews("/operator/reports"), Host: host, Hosts: list.Hosts, Rows: list.Rows, More: v.pagePath("after", list.Next)}
	p.NoIndex = true
	return v.show("held", p)
}

func (v *visit) decideHeld() error {
	host, what := v.form.Get("host"), v.form.Get("activity")
	var pass bool
	switch v.form.Get("do") {
	case "pass":
		pass = true
	case "drop":
	default:
		return fault.New(fault.Invalid, "What waits is let pass or dropped.")
	}
	said := v.words("It is dropped.")
	if pass {
		said = v.words("It passes.")
	}
	if what != "" {
		if err := v.site.Held.Decide(v.Context(), v.ears(), what, pass); err != nil {
			return err
		}
		to := heldPath
		if host != "" {
			to += "?" + url.Values{"host": {host}}.Encode()
		}
		return v.goTo(to, said)
	}
	if host == "" {
		return fault.New(fault.Invalid, "Say of which server.")
	}
	if err := v.site.Held.DecideAll(v.Context(), v.ears(), host, pass); err != nil {
		return err
	}
	return v.goTo(heldPath, said)
}
