package api

import (
	"context"
	"net/http"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/social"
)

// Servers are those that this node federates with.
type Servers interface {
	Servers(ctx context.Context, after string) (social.Healths, error)
	// Retry delivers now what waits for one. Faults: NotFound.
	Retry(ctx context.Context, host string) error
}

func (a *API) federation(r *router) {
	op := func(method, path, id, summary string) operation {
		return operation{method: method, path: path, id: id, tag: "Federation", scope: account.ScopeAdmin, role: account.Admin, summary: summary}
	}
	add(r, op(http.MethodGet, "/federation/servers", "list-servers", "How it goes with every other server: what has arrived, what waits, what failed and why"), a.servers)
	add(r, op(http.MethodPost, "/federation/servers/{host}/retry", "retry-server", "Deliver now what waits for a server"), a.retryServer)
}

func (a *API) servers(ctx context.Context, in *struct {
	After string `query:"after" maxLength:"260" doc:"Cursor from the page before"`
}) (*output[social.Healths], error) {
	return answered(a.Servers.Servers(ctx, in.After))
}

func (a *API) retryServer(ctx context.Context, in *struct {
	Host string `path:"host" maxLength:"260" doc:"Name of the server"`
}) (*struct{}, error) {
	return nil, a.Servers.Retry(ctx, in.Host)
}
