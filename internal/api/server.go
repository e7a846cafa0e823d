package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/problem"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/wallet"
)

// API answers under [Prefix]. All fields are set by app.
type API struct {
	Node       string // the node's id, as claims name it
	Version    string
	Accounts   *account.Service
	Listen     *listen.Desk
	Report     *report.Desk
	Wallet     *wallet.Desk
	Catalogue  *music.Catalogue
	Library    *music.Library
	Studio     *music.Studio
	Moderation *music.Moderation
	Keys       royalty.Keys
	Now        func() time.Time
	Log        *slog.Logger
	// Month returns an account's nine with the names of its acts.
	Month func(ctx context.Context, a id.Account) (listen.Nine, map[id.Act]string, error)
	// MayAct refuses (Forbidden, NotFound) who has no part in an act.
	MayAct func(ctx context.Context, p account.Principal, act id.Act) error
	// Played keeps the history of an account, unless it is paused.
	Played func(ctx context.Context, a id.Account, t id.Track) error
}

// Handler returns the handler of the whole interface. Requests reach it with
// their principal in the context.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	r := newRouter(mux, a.Version, a.Log)
	a.node(r)
	a.people(r)
	a.catalogue(r)
	a.library(r)
	a.listening(r)
	a.money(r)
	a.studio(r)
	a.moderation(r)
	a.admin(r)
	mux.Handle("GET "+Prefix+"/docs", manual(r.huma.OpenAPI()))
	mux.HandleFunc(Prefix+"/", func(w http.ResponseWriter, _ *http.Request) {
		problem.Write(w, fault.New(fault.NotFound, "There is no such operation. "+Prefix+"/docs lists all of them."))
	})
	return frame(mux)
}
