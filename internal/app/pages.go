package app

import (
	"context"
	"net/http"
	"time"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/jobs"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/store"
	"github.com/michaelperna/9ten/internal/web"
	"github.com/michaelperna/9ten/internal/web/site"
)

// renderer makes what shows pages in the languages there are, with the assets
// they use.
func (n *node) renderer() (*web.Renderer, *web.Assets, error) {
	assets, err := web.LoadAssets()
	if err != nil {
		return nil, nil, err
	}
	r, err := web.NewRenderer(assets, n.mail.letters.Words, n.cfg.secure()) // pages and letters say the same
	return r, assets, err
}

// pages registers what people look at.
func (n *node) pages(mux *http.ServeMux, renderer *web.Renderer, assets *web.Assets) error {
	s := &site.Site{
		Renderer: renderer, Gate: n.gate, Accounts: n.accounts, Facts: n.facts, BaseURL: n.cfg.BaseURL, Now: n.now, Log: n.logger("pages"), Ready: n.named, LoadDemo: n.loadDemo,
		Rooms: site.Rooms{
			Music:   site.Music{Catalogue: n.catalogue, Library: n.library, Feed: n.federation.feed(), Listen: n.listen, Talk: n.federation.talk(), Lives: n.federation.lives, People: n.federation.people, Door: n.federation.door, Together: n.federation.together(), Reports: n.federation.reports()},
			Studios: site.Studios{Studio: n.studio, Moderation: n.moderation, TakeFile: n.takeFile, TakeCover: n.takeCover},
			Report:  n.report, Wallet: n.wallet, Engine: engine{n}, Network: n.council(), Servers: n.federation.desk(), Held: n.federation.held(), Blocklists: n.federation.blocklists(), Personal: n.federation.personal(), Keys: n.signer.trusted(),
			Post: n.mail, Notices: n.notices,
		},
	}
	if n.federation.elsewhere != nil {
		s.Elsewhere = n.federation.elsewhere
	}
	mux.Handle("GET /assets/", assets)
	mux.Handle("GET "+manifestPath, manifest(assets))
	mux.Handle("/", s.Handler())
	return nil
}

const manifestPath = "/manifest.webmanifest"

// manifest lets the site be installed.
func manifest(assets *web.Assets) http.Handler {
	body := `{"name":"9ten","short_name":"9ten","start_url":"/","display":"standalone","background_color":"#141311","theme_color":"#141311","icons":[{"src":"` +
		assets.URL("icon.svg") + `","sizes":"any","type":"image/svg+xml"},{"src":"` + assets.URL("icon-maskable.svg") + `","sizes":"any","type":"image/svg+xml","purpose":"maskable"}]}`
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/manifest+json")
		w.Header().Set("Cache-Control", "public, max-age=3600")
		_, _ = w.Write([]byte(body))
	})
}

// named has the ledger told what the node is called now: by a job, so that
// nobody waits for it.
func (n *node) named() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := n.db.Update(ctx, func(tx *store.Tx) error { return tx.Enqueue(ctx, jobDescribe, "name", nil, time.Time{}) })
	if err != nil {
		n.log.Warn("the ledger is told at the next start what the node is called", "err", err)
	}
}

// facts say where one is, at the foot of every page.
func (n *node) facts(ctx context.Context) web.NodeFacts {
	f := web.NodeFacts{Name: "9ten", Version: Version(), Unreviewed: true, Demo: n.dir.demo != nil}
	s, err := n.accounts.Settings(ctx)
	if err != nil {
		n.log.Warn("settings", "err", err)
		return f
	}
	f.Name, f.Operator, f.Place, f.SignUp = s.Name, s.OperatorName, s.OperatorPlace, s.OpenSignUp
	if n.cfg.Clock.Start != "" {
		f.Clock = n.now().UTC().Format("2 January 2006")
	}
	return f
}

// engine is the machine as the operator's pages see it.
type engine struct{ n *node }

var _ site.Engine = engine{}

func (e engine) Machine(ctx context.Context) (site.Machine, error) {
	s, err := machine(e).Status(ctx)
	m := site.Machine{
		Accounts: s.Accounts, Tracks: s.Tracks, Bytes: s.Bytes, LedgerHeight: s.Ledger.Height, LedgerHead: s.Ledger.Head, LedgerKeepers: e.n.keepers(ctx), LogSize: s.Ledger.LogSize,
		Waiting: s.Waiting, Dead: s.Dead, Sandbox: s.Sandbox, Missing: s.Missing,
	}
	if free, size, err := diskOf(e.n.dir.path); err == nil {
		m.DiskFree, m.DiskSize, m.DiskLow = int64(free), int64(size), free < lowDisk
	}
	return m, err
}

func (e engine) Standing(ctx context.Context) (report.Standing, error) { return e.n.standing(ctx) }

func (e engine) Queues(ctx context.Context) (out []site.Queue, err error) {
	counts, err := e.n.jobs.Counts(ctx)
	for _, c := range counts {
		if len(out) == 0 || out[len(out)-1].Kind != c.Kind {
			out = append(out, site.Queue{Kind: c.Kind})
		}
		q := &out[len(out)-1]
		switch c.State {
		case jobs.Dead:
			q.Dead = c.N
		case jobs.Running:
			q.Running = c.N
		default:
			q.Waiting += c.N
		}
	}
	return out, err
}

func (e engine) DeadJobs(ctx context.Context) ([]site.DeadJob, error) {
	list, err := e.n.jobs.Dead(ctx)
	out := make([]site.DeadJob, len(list))
	for i, j := range list {
		out[i] = site.DeadJob{ID: j.ID, Kind: j.Kind, Error: j.Error, Tries: j.Tries, Ended: j.Ended}
	}
	return out, err
}

func (e engine) RetryJob(ctx context.Context, job string) error { return e.n.jobs.Retry(ctx, job) }
func (e engine) DropJob(ctx context.Context, job string) error  { return e.n.jobs.Drop(ctx, job) }

func (e engine) AccountByHandle(ctx context.Context, handle string) (id.Account, error) {
	a, err := e.n.accounts.ByHandle(ctx, handle)
	return a.ID, err
}
