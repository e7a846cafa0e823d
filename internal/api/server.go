package api

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/gate"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/limit"
	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/problem"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/social"
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
	Talk       *social.Talk
	Lives      *social.Lives
	Feed       *social.Feed
	People     *social.People
	Door       *social.Door
	Together   *social.Together
	Reports    *social.Reports
	Studio     *music.Studio
	Moderation *music.Moderation
	Keys       royalty.Keys
	Gate       *gate.Gate // sets the cookies of sessions
	Engine     Engine
	Witness    Witness
	Network    Network
	Servers    Servers
	Held       Held
	Blocklists Blocklists
	Personal   Personal
	Post       Post
	Notices    Notices
	Elsewhere  Elsewhere // nil where the node does not federate
	Answers    Answers
	BaseURL    string
	Now        func() time.Time
	Log        *slog.Logger
	// Picture makes a cover of a picture. Faults: Invalid, Unsupported, TooLarge.
	Picture func(ctx context.Context, picture io.Reader) (music.Cover, error)
	// Month returns an account's nine with the names of its acts.
	Month func(ctx context.Context, a id.Account) (listen.Nine, map[id.Act]string, error)
	// MayAct refuses (Forbidden, NotFound) who has no part in an act.
	MayAct func(ctx context.Context, p account.Principal, act id.Act) error
	// ContestLater files an account's objection to a month when the ledger is back.
	ContestLater func(ctx context.Context, a id.Account, p calendar.Period) error
	claimPace    *limit.Limiter // by account, of claims

	// Named is called when the node's name may have changed; it may be nil.
	Named func()
}

// Handler returns the handler of the whole interface. Requests reach it with
// their principal in the context.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	a.claimPace = limit.New(paceEvery, claimBurst)
	r := newRouter(mux, a)
	a.node(r)
	a.people(r)
	a.sessions(r)
	a.invitations(r)
	a.catalogue(r)
	a.library(r)
	a.talk(r)
	a.streams(r)
	a.persons(r)
	a.door(r)
	a.notices(r)
	a.listening(r)
	a.money(r)
	a.evidence(r)
	a.studio(r)
	a.moderation(r)
	a.reports(r)
	a.admin(r)
	a.machine(r)
	a.network(r)
	a.federation(r)
	a.quarantine(r)
	a.blocklists(r)
	a.personal(r)
	a.elsewhere(r)
	mux.Handle("GET "+Prefix+"/docs", manual(r.huma.OpenAPI()))
	mux.Handle(Prefix+"/", unknown(mux))
	return frame(mux)
}

// unknown answers what no operation answers: an address there is none for, or
// one that takes other methods.
func unknown(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var takes []string
		for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			other := r.Clone(r.Context())
			other.Method = m
			if _, pattern := mux.Handler(other); pattern != Prefix+"/" {
				takes = append(takes, m)
			}
		}
		if len(takes) == 0 {
			problem.Write(w, fault.New(fault.NotFound, "There is no such operation. "+Prefix+"/docs lists all of them."))
			return
		}
		w.Header().Set("Allow", strings.Join(takes, ", "))
		problem.Refused(http.StatusMethodNotAllowed, r.Method+" does nothing here. This address takes "+strings.Join(takes, ", ")+".").Send(w)
	})
}
