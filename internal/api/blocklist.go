package api

import (
	"context"
	"net/http"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// Blocklists are the lists of others that the node asks for.
type Blocklists interface {
	All(ctx context.Context, v music.Viewer) ([]social.Blocklist, error)
	Says(ctx context.Context, v music.Viewer, l id.List, waiting bool, after string) (social.ListingPage, error)
	Subscribe(ctx context.Context, v music.Viewer, address string) (social.Blocklist, error)
	Unsubscribe(ctx context.Context, v music.Viewer, l id.List) error
	Ask(ctx context.Context, v music.Viewer, l id.List) error
	Decide(ctx context.Context, v music.Viewer, l id.List, host string, counts bool) error
}

func (a *API) blocklists(r *router) {
	op := func(method, path, id, summary string, role account.Role) operation {
		return operation{method: method, path: "/moderation/blocklists" + path, id: id, tag: "Moderation", scope: account.ScopeAdmin, role: role, summary: summary}
	}
	add(r, op(http.MethodGet, "", "list-blocklists", "The lists of others that the node asks for once a day, and how it went", account.Moderator), a.listBlocklists)
	subscribe := op(http.MethodPost, "", "subscribe-blocklist", "Have the node ask for a list of servers from now on. What it says counts where the node has no rule of its own; what would end something that people here have waits", account.Admin)
	subscribe.status = http.StatusCreated
	add(r, subscribe, a.subscribeBlocklist)
	add(r, op(http.MethodDelete, "/{id}", "unsubscribe-blocklist", "Ask for a list no longer: what it said counts no more", account.Admin), a.unsubscribeBlocklist)
	add(r, op(http.MethodGet, "/{id}", "get-blocklist", "What a list says of which servers, and what of it counts", account.Moderator), a.blocklist)
	add(r, op(http.MethodPost, "/{id}/fetch", "fetch-blocklist", "Ask for a list now", account.Moderator), a.fetchBlocklist)
	add(r, op(http.MethodPut, "/{id}/servers/{host}", "decide-listed-server", "Say of a server on a list whether what the list says counts, or is left out", account.Moderator), a.decideListed)
}

type blocklistRef struct {
	ID string `path:"id" doc:"The list's"`
}

func (a *API) listBlocklists(ctx context.Context, _ *struct{}) (*output[[]social.Blocklist], error) {
	return answered(a.Blocklists.All(ctx, mover(ctx)))
}

func (a *API) subscribeBlocklist(ctx context.Context, in *struct {
	Body struct {
		URL string `json:"url" maxLength:"2048" doc:"Its address, which is fetched over HTTPS: one name a line, or the file that Mastodon exports"`
	}
}) (*output[social.Blocklist], error) {
	return answered(a.Blocklists.Subscribe(ctx, mover(ctx), in.Body.URL))
}

func (a *API) unsubscribeBlocklist(ctx context.Context, in *blocklistRef) (*struct{}, error) {
	l, err := id.Parse[id.List](in.ID)
	if err != nil {
		return nil, err
	}
	return nil, a.Blocklists.Unsubscribe(ctx, mover(ctx), l)
}

func (a *API) blocklist(ctx context.Context, in *struct {
	ID      string `path:"id" doc:"The list's"`
	Waiting bool   `query:"waiting" doc:"Only what waits for a moderator"`
	After   string `query:"after" maxLength:"260" doc:"Cursor from the page before"`
}) (*output[social.ListingPage], error) {
	l, err := id.Parse[id.List](in.ID)
	if err != nil {
		return nil, err
	}
	return answered(a.Blocklists.Says(ctx, mover(ctx), l, in.Waiting, in.After))
}

func (a *API) fetchBlocklist(ctx context.Context, in *blocklistRef) (*struct{}, error) {
	l, err := id.Parse[id.List](in.ID)
	if err != nil {
		return nil, err
	}
	return nil, a.Blocklists.Ask(ctx, mover(ctx), l)
}

func (a *API) decideListed(ctx context.Context, in *struct {
	ID   string `path:"id" doc:"The list's"`
	Host string `path:"host" maxLength:"260" doc:"Name of the server, as the list has it"`
	Body struct {
		Counts bool `json:"counts" doc:"Whether what the list says counts"`
	}
}) (*struct{}, error) {
	l, err := id.Parse[id.List](in.ID)
	if err != nil {
		return nil, err
	}
	return nil, a.Blocklists.Decide(ctx, mover(ctx), l, in.Host, in.Body.Counts)
}
