package api

import (
	"context"
	"net/http"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// Personal is of whom on other servers people here want to see nothing.
type Personal interface {
	Blocks(ctx context.Context, who id.Account) ([]social.PersonalBlock, error)
	Block(ctx context.Context, who id.Account, name string) error
	Unblock(ctx context.Context, who id.Account, name string) error
}

func (a *API) personal(r *router) {
	op := func(method, path, id, summary string) operation {
		return operation{method: method, path: "/me/blocked" + path, id: id, tag: "Library", scope: account.ScopeLibrary, summary: summary}
	}
	add(r, op(http.MethodGet, "", "list-blocked", "Servers, and people on other servers, of whom you want to see nothing"), a.listBlocked)
	add(r, op(http.MethodPut, "/{host}", "block", "See no comment, notice or search result of a server and all under its name, or of handle@host. You follow them no longer; they are not told"), a.block)
	add(r, op(http.MethodDelete, "/{host}", "unblock", "See them again"), a.unblock)
}

func (a *API) listBlocked(ctx context.Context, _ *struct{}) (*output[[]social.PersonalBlock], error) {
	return answered(a.Personal.Blocks(ctx, mover(ctx).Account))
}

func (a *API) block(ctx context.Context, in *hostRef) (*struct{}, error) {
	return nil, a.Personal.Block(ctx, mover(ctx).Account, in.Host)
}

func (a *API) unblock(ctx context.Context, in *hostRef) (*struct{}, error) {
	return nil, a.Personal.Unblock(ctx, mover(ctx).Account, in.Host)
}
