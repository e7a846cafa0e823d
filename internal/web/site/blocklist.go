package site

import (
	"context"
	"net/url"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/web"
)

// Blocklists are the lists of others that the node asks for.
type Blocklists interface {
	All(ctx context.Context, v music.Viewer) ([]social.Blocklist, error)
	// Says faults: NotFound.
	Says(ctx context.Context, v music.Viewer, l id.List, waiting bool, after string) (social.ListingPage, error)
	// Subscribe faults: Invalid, Conflict.
	Subscribe(ctx context.Context, v music.Viewer, address string) (social.Blocklist, error)
	// Unsubscribe, Ask and Decide fault: NotFound.
	Unsubscribe(ctx context.Context, v music.Viewer, l id.List) error
	Ask(ctx context.Context, v music.Viewer, l id.List) error
	Decide(ctx context.Context, v music.Viewer, l id.List, host string, counts bool) error
}

// BlocklistsPage is which lists the node asks for.
type BlocklistsPage struct {
	web.Page
	Views  []View
	Admin  bool
	Listed bool // only servers that are allowed count
	Rows   []social.Blocklist
}

// BlocklistPage is what one of them says.
type BlocklistPage struct {
	web.Page
	Views   []View
	List    social.Blocklist
	Waiting bool // only what waits is shown
	Rows    []social.Listing
	More    string
}

const blocklistsPath = "/operator/federation/lists"

func (v *visit) blocklists() error {
	p := &BlocklistsPage{Page: v.base("Lists of others", web.NavOperator), Views: v.nodeViews("/operator/federation"), Admin: v.viewer.Has(account.Admin), Listed: v.site.Servers.Listed()}
	p.NoIndex = true
	var err error
	if p.Rows, err = v.site.Blocklists.All(v.Context(), v.ears()); err != nil {
		return err
	}
	return v.show("blocklists", p)
}

func (v *visit) subscribeBlocklist() error {
	if _, err := v.site.Blocklists.Subscribe(v.Context(), v.ears(), v.form.Get("url")); err != nil {
		return err
	}
	return v.goTo(blocklistsPath, v.words("The list is being fetched."))
}

func (v *visit) blocklist() error {
	l, err := id.Parse[id.List](v.PathValue("id"))
	if err != nil {
		return err
	}
	q := v.URL.Query()
	p := &BlocklistPage{Page: v.base("Lists of others", web.NavOperator), Views: v.nodeViews("/operator/federation"), Waiting: q.Get("waiting") != ""}
	p.NoIndex = true
	list, err := v.site.Blocklists.Says(v.Context(), v.ears(), l, p.Waiting, q.Get("after"))
	if err != nil {
		return err
	}
	p.List, p.Rows, p.More = list.List, list.Rows, v.pagePath("after", list.Next)
	return v.show("blocklist", p)
}

func (v *visit) changeBlocklist() error {
	l, err := id.Parse[id.List](v.PathValue("id"))
	if err != nil {
		return err
	}
	here := blocklistsPath + "/" + string(l)
	if v.form.Get("waiting") != "" {
		here += "?" + url.Values{"waiting": {"1"}}.Encode()
	}
	switch do := v.form.Get("do"); do {
	case "fetch":
		if err := v.site.Blocklists.Ask(v.Context(), v.ears(), l); err != nil {
			return err
		}
		return v.goTo(blocklistsPath, v.words("The list is being fetched."))
	case "end":
		if err := v.site.Blocklists.Unsubscribe(v.Context(), v.ears(), l); err != nil {
			return err
		}
		return v.goTo(blocklistsPath, v.words("What the list said counts no longer."))
	case "count", "leave":
		if err := v.site.Blocklists.Decide(v.Context(), v.ears(), l, v.form.Get("host"), do == "count"); err != nil {
			return err
		}
		return v.goTo(here, v.words("It is decided."))
	}
	return fault.New(fault.Invalid, "A server on a list counts, or is left out.")
}
