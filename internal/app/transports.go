package app

import (
	"context"
	"net/http"
	"net/url"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/api"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/stream"
)

// transports registers everything that answers requests.
func (n *node) transports(mux *http.ServeMux) error {
	a := &api.API{
		Node: n.cfg.NodeID(), Version: Version(), Accounts: n.accounts, Listen: n.listen, Report: n.report, Wallet: n.wallet,
		Keys: n.signer.trusted(), Now: n.now, Log: n.logger("api"), Month: n.month, MayAct: n.mayAct, ContestLater: engine{n}.ContestLater,
		Catalogue: n.catalogue, Library: n.library, Feed: n.federation.feed(), Talk: n.federation.talk(), Lives: n.federation.lives, People: n.federation.people, Door: n.federation.door, Together: n.federation.together(), Reports: n.federation.reports(), Studio: n.studio, Moderation: n.moderation, Picture: n.takeCover,
		Gate: n.gate, Engine: machine{n}, Network: n.council(), Servers: n.federation.desk(), Held: n.federation.held(), Blocklists: n.federation.blocklists(), Personal: n.federation.personal(), Witness: witness{n, make(turn, 1)}, BaseURL: n.cfg.BaseURL, Named: n.named,
		Post: n.mail, Answers: n.db, Notices: n.notices,
	}
	if n.federation.elsewhere != nil {
		a.Elsewhere = n.federation.elsewhere
	}
	renderer, assets, err := n.renderer()
	if err != nil {
		return err
	}
	mux.Handle(api.Prefix+"/", renderer.Problems(a.Handler()))
	mux.HandleFunc("GET /problems/{kind}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, api.Prefix+"/docs#problem-"+url.PathEscape(r.PathValue("kind")), http.StatusSeeOther)
	})
	uploads, err := n.uploads()
	if err != nil {
		return err
	}
	mux.Handle(api.Prefix+"/uploads", renderer.Problems(uploads))
	mux.Handle(api.Prefix+"/uploads/", renderer.Problems(uploads))
	n.stream = stream.New(stream.Config{
		Catalogue: shelf{n}, Packager: n.packager, Blobs: n.blobs, Tiles: n.tlog, Allow: n.mayHear, Elsewhere: n.federation.sounds(), Asked: n.federation.asked, Now: n.now, Log: n.logger("stream"),
	})
	n.stream.Register(mux)
	n.federation.register(mux)
	return n.pages(mux, renderer, assets)
}

// month returns an account's nine, at the pot it has this month.
func (n *node) month(ctx context.Context, a id.Account) (listen.Nine, map[id.Act]string, error) {
	p := calendar.PeriodOf(n.now())
	c, err := n.wallet.Charge(ctx, a, p)
	if err != nil {
		return listen.Nine{}, nil, err
	}
	nine, err := n.listen.Nine(ctx, a, p, c.Pot)
	if err != nil {
		return nine, nil, err
	}
	var acts []id.Act
	for _, x := range nine.Places {
		acts = append(acts, x.Act)
	}
	for _, x := range nine.Next {
		acts = append(acts, x.Act)
	}
	rows, err := n.catalogue.ActNames(ctx, acts)
	names := make(map[id.Act]string, len(rows))
	for a, r := range rows {
		names[a] = r.Name
	}
	return nine, names, err
}

// mayAct refuses who has no part in an act.
func (n *node) mayAct(ctx context.Context, p account.Principal, act id.Act) error {
	if p.Has(account.Admin) {
		return nil
	}
	own, err := n.studio.Acts(ctx, viewer(p))
	if err != nil {
		return err
	}
	for _, o := range own {
		if o.Act.ID == act {
			return nil
		}
	}
	return fault.New(fault.Forbidden, "Only who has a part in the act may see this.")
}

// uploads is tus: how files come in from a page.
func (n *node) uploads() (http.Handler, error) {
	u := &api.Uploads{
		Dir: n.dir.join("incoming"), Max: n.cfg.Media.MaxFileBytes, Intake: intake{n.studio, n.blobs, n.cfg.Media.MaxFileBytes},
		Viewer: func(ctx context.Context) music.Viewer { return viewer(account.From(ctx)) },
		Log:    n.logger("uploads"),
	}
	return u.Handler()
}
