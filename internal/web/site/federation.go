package site

import (
	"context"
	"strings"

	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/web"
)

// Servers are those that this node federates with.
type Servers interface {
	// Federates reports whether people of other servers can follow acts here.
	Federates() bool
	Servers(ctx context.Context, after string) (social.Healths, error)
	// Retry delivers now what waits for one. Faults: NotFound.
	Retry(ctx context.Context, host string) error
}

// FederationPage is how it goes with other servers.
type FederationPage struct {
	web.Page
	Views []View
	Off   bool
	Rows  []social.Health
	More  string // address of the servers after
}

func (v *visit) federation() error {
	p := &FederationPage{Page: v.base("Federation", web.NavOperator), Views: v.nodeViews("/operator/federation"), Off: !v.site.Servers.Federates()}
	p.NoIndex = true
	list, err := v.site.Servers.Servers(v.Context(), v.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	p.Rows, p.More = list.Rows, v.pagePath("after", list.Next)
	return v.show("federation", p)
}

func (v *visit) retryServer() error {
	if err := v.site.Servers.Retry(v.Context(), v.form.Get("host")); err != nil {
		return err
	}
	return v.goTo("/operator/federation", v.words("What waits is on its way."))
}

// host is the node's name in handles.
func (s *Site) host() string {
	_, host, _ := strings.Cut(strings.TrimSuffix(s.BaseURL, "/"), "://")
	return host
}
