package api

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// Servers are those that this node federates with.
type Servers interface {
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

func (a *API) federation(r *router) {
	op := func(method, path, id, summary string, role account.Role) operation {
		return operation{method: method, path: path, id: id, tag: "Federation", scope: account.ScopeAdmin, role: role, summary: summary}
	}
	add(r, op(http.MethodGet, "/federation/servers", "list-servers", "How it goes with every other server: what has arrived, what waits, what failed and why", account.Moderator), a.servers)
	add(r, op(http.MethodPost, "/federation/servers/{host}/retry", "retry-server", "Deliver now what waits for a server", account.Admin), a.retryServer)
	add(r, op(http.MethodPost, "/federation/servers/{host}/backfill", "backfill-server", "Fetch again all that followed acts on a server published, and tell it again, as it is now, of everything that was lost on the way there", account.Admin), a.backfillServer)
	add(r, op(http.MethodGet, "/federation/rules", "list-server-rules", "What was decided about other servers and people there", account.Moderator), a.rules)
	add(r, op(http.MethodPut, "/federation/rules/{host}", "decide-server", "Block a server and all under its name, silence it, put it in quarantine, or allow it; or somebody there, by handle@host or by address. Who follows from a blocked one is forgotten", account.Moderator), a.decide)
	add(r, op(http.MethodDelete, "/federation/rules/{host}", "undecide-server", "Drop what was decided about a server, or about somebody there", account.Moderator), a.undecide)
	add(r, op(http.MethodPost, "/federation/rules/import", "import-blocklist", "Block and silence the servers of a list", account.Admin), a.importList)
	export := op(http.MethodGet, "/federation/blocked.csv", "export-blocklist", "The servers that are blocked and silenced, as Mastodon and others read it", account.Moderator)
	export.files = []string{"text/csv"}
	add(r, export, a.exportList)
}

func (a *API) servers(ctx context.Context, in *struct {
	After string `query:"after" maxLength:"260" doc:"Cursor from the page before"`
}) (*output[social.Healths], error) {
	return answered(a.Servers.Servers(ctx, in.After))
}

func (a *API) retryServer(ctx context.Context, in *hostRef) (*struct{}, error) {
	return nil, a.Servers.Retry(ctx, in.Host)
}

func (a *API) backfillServer(ctx context.Context, in *hostRef) (*struct{}, error) {
	return nil, a.Servers.Backfill(ctx, in.Host)
}

type hostRef struct {
	Host string `path:"host" maxLength:"260" doc:"Name of the server, or handle@host"`
}

func (a *API) rules(ctx context.Context, in *struct {
	After string `query:"after" maxLength:"260" doc:"Cursor from the page before"`
}) (*output[social.Rules], error) {
	return answered(a.Servers.Rules(ctx, in.After))
}

func (a *API) decide(ctx context.Context, in *struct {
	Host string `path:"host" maxLength:"260" doc:"Name of the server"`
	Body struct {
		Verdict social.Verdict `json:"verdict" enum:"allow,silence,quarantine,block"`
		Reason  string         `json:"reason,omitempty" maxLength:"500"`
	}
}) (*struct{}, error) {
	return nil, a.Servers.DecideBy(ctx, mover(ctx), social.Rule{Host: in.Host, Verdict: in.Body.Verdict, Reason: in.Body.Reason})
}

func (a *API) undecide(ctx context.Context, in *hostRef) (*struct{}, error) {
	return nil, a.Servers.UndecideBy(ctx, mover(ctx), in.Host)
}

func (a *API) importList(ctx context.Context, in *struct {
	Body struct {
		List string `json:"list" maxLength:"1048576" doc:"One name a line, or the file that Mastodon exports"`
	}
}) (*output[social.Imported], error) {
	return answered(a.Servers.Import(ctx, strings.NewReader(in.Body.List)))
}

func (a *API) exportList(ctx context.Context, _ *struct{}) (*file, error) {
	var b bytes.Buffer
	if err := a.Servers.Export(ctx, &b); err != nil {
		return nil, err
	}
	return download("blocked.csv", "text/csv; charset=utf-8", b.Bytes()), nil
}
