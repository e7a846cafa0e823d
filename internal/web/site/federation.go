package site

import (
	"bytes"
	"context"
	"io"
	"strings"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/web"
)

// Servers are those that this node federates with.
type Servers interface {
	// Federates reports whether people of other servers can follow acts here.
	Federates() bool
	// Listed reports whether it has to do only with servers that a rule allows.
	Listed() bool
	Servers(ctx context.Context, after string) (social.Healths, error)
	// Retry delivers now what waits for one. Faults: NotFound.
	Retry(ctx context.Context, host string) error
	// Backfill fetches again what is followed on one, and tells it again of what it lost.
	// Faults: NotFound, Conflict.
	Backfill(ctx context.Context, host string) error

	Rules(ctx context.Context, after string) (social.Rules, error)
	// DecideBy makes a rule. Faults: Unauthenticated, Forbidden, Invalid, NotFound.
	DecideBy(ctx context.Context, v music.Viewer, r social.Rule) error
	// UndecideBy drops one. Faults: Unauthenticated, Forbidden, NotFound.
	UndecideBy(ctx context.Context, v music.Viewer, host string) error
	// Import blocks the servers of a list. Faults: Invalid, TooLarge.
	Import(ctx context.Context, list io.Reader) (social.Imported, error)
	Export(ctx context.Context, w io.Writer) error
}

// FederationPage is how it goes with other servers.
type FederationPage struct {
	web.Page
	Views []View
	Admin bool // has what waits delivered now
	Off   bool
	Rows  []social.Health
	More  string // address of the servers after
}

func (v *visit) federation() error {
	p := &FederationPage{Page: v.base("Federation", web.NavOperator), Views: v.nodeViews("/operator/federation"), Admin: v.viewer.Has(account.Admin), Off: !v.site.Servers.Federates()}
	p.NoIndex = true
	list, err := v.site.Servers.Servers(v.Context(), v.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	p.Rows, p.More = list.Rows, v.pagePath("after", list.Next)
	return v.show("federation", p)
}

func (v *visit) hurryServer() error {
	do, said := v.site.Servers.Retry, "What waits is on its way."
	if v.form.Get("do") == "backfill" {
		do, said = v.site.Servers.Backfill, "It is fetched and told again."
	}
	if err := do(v.Context(), v.form.Get("host")); err != nil {
		return err
	}
	return v.goTo("/operator/federation", v.words(said))
}

// ServerRulesPage is what was decided about other servers.
type ServerRulesPage struct {
	web.Page
	Views  []View
	Admin  bool // takes lists
	Listed bool // only what is allowed here counts
	Rows   []social.Rule
	More   string // address of the rules after
}

const rulesPath = "/operator/federation/rules"

func (v *visit) serverRules() error {
	p := &ServerRulesPage{Page: v.base("Which servers", web.NavOperator), Views: v.nodeViews("/operator/federation"), Admin: v.viewer.Has(account.Admin), Listed: v.site.Servers.Listed()}
	p.NoIndex = true
	list, err := v.site.Servers.Rules(v.Context(), v.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	p.Rows, p.More = list.Rows, v.pagePath("after", list.Next)
	return v.show("serverrules", p)
}

func (v *visit) decideServer() error {
	host := v.form.Get("host")
	var err error
	said := "It is decided."
	switch do := v.form.Get("do"); do {
	case "drop":
		err, said = v.site.Servers.UndecideBy(v.Context(), v.ears(), host), "That is no longer decided."
	default:
		err = v.site.Servers.DecideBy(v.Context(), v.ears(), social.Rule{Host: host, Verdict: social.Verdict(do), Reason: v.form.Get("reason")})
	}
	if err != nil {
		return err
	}
	return v.goTo(rulesPath, v.words(said))
}

func (v *visit) importServers() error {
	got, err := v.site.Servers.Import(v.Context(), strings.NewReader(v.form.Get("list")))
	if err != nil {
		return err
	}
	return v.goTo(rulesPath, v.say("Servers blocked: %d, silenced: %d. Left out, because the list asks for something else: %d.", got.Blocked, got.Silenced, got.Left))
}

func (v *visit) blockedFile() error {
	var b bytes.Buffer
	if err := v.site.Servers.Export(v.Context(), &b); err != nil {
		return err
	}
	return v.download("blocked.csv", "text/csv; charset=utf-8", b.Bytes())
}

// host is the node's name in handles.
func (s *Site) host() string {
	_, host, _ := strings.Cut(strings.TrimSuffix(s.BaseURL, "/"), "://")
	return host
}
