package app

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/activity"
	"github.com/michaelperna/9ten/internal/federation/deliver"
	"github.com/michaelperna/9ten/internal/federation/document"
	"github.com/michaelperna/9ten/internal/federation/elsewhere"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/inbox"
	"github.com/michaelperna/9ten/internal/federation/netsafe"
	"github.com/michaelperna/9ten/internal/federation/outbox"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/wellknown"
	"github.com/michaelperna/9ten/internal/gate"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/jobs"
	"github.com/michaelperna/9ten/internal/limit"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/stream"
)

// federation is the node among other servers.
type federation struct {
	node      *node
	servers   *remote.Servers
	inbox     *inbox.Inbox
	applier   *activity.Applier
	courier   *deliver.Courier
	documents *document.Documents
	readers   *document.Readers
	listeners *document.Readers // who asks for sound, by a limit of its own
	outbox    *outbox.Outbox
	wellknown *wellknown.WellKnown
	elsewhere *elsewhere.Desk // nil where the node does not federate
	lives     *social.Lives
	people    *social.People
	door      *social.Door
}

// openFederation wires it. It does nothing before it runs.
func (n *node) openFederation() error {
	f := &federation{node: n, lives: &social.Lives{Store: n.db}, people: &social.People{Store: n.db}, door: &social.Door{Store: n.db}}
	n.federation = f
	// Where others know a node that does not federate now, what is to be told and fetched
	// waits, as jobs do that nobody handles.
	if f.on() || !f.known() {
		f.handle()
	}
	reach, err := gate.Prefixes(n.cfg.Federation.Reach)
	if err != nil || !f.on() {
		return fault.About("federation.reach", err)
	}
	if n.keys.http, n.keys.former, err = n.dir.openRequestKeys(); err != nil {
		return err
	}
	site := form.Site{Origin: n.cfg.BaseURL}
	f.servers = f.ask(reach, site)
	f.courier = deliver.New(deliver.Courier{Site: site, Store: n.db, Servers: f.servers, Signers: f, Proved: f.proved, Rotated: n.keys.http.since, Now: n.now, Log: n.logger("deliver")})
	f.applier = activity.New(activity.Applier{Site: site, Store: n.db, Servers: f.servers, AtOnce: n.db.AtOnce(), Together: n.db.Serial(), Log: n.logger("activity"), Sent: f.courier.Wake})
	f.elsewhere = elsewhere.New(elsewhere.Config{
		Site: site, Store: n.db, Servers: f.servers, Files: f.files(reach), Cover: n.takeCover, Listener: subnet, Prove: f.prove, Statements: told{n.db}, Sent: f.courier.Wake, Now: n.now, Log: n.logger("elsewhere"),
	})
	f.inbox = inbox.New(inbox.Config{
		Origin: n.cfg.BaseURL, Store: n.db, Keys: f.servers, Now: n.now, Log: n.logger("inbox"), Arrived: f.applier.Wake,
		Address: subnet,
	})
	by := remote.Verifier{Origin: n.cfg.BaseURL, Keys: f.servers}
	f.readers, f.listeners = document.NewReaders(by, subnet, n.now), document.NewReaders(by, subnet, n.now)
	f.documents = &document.Documents{Site: f.site, Catalogue: n.catalogue, Labels: n.catalogue, Store: n.db, Lives: f.lives, Keys: f.keys, PersonKeys: f.personKeys, Sign: f.sign, Asker: f.readers.Asker, Now: n.now, Changes: n.db.Changes, Type: mediaType, Log: n.logger("documents")}
	if n.cfg.Federation.Signed {
		f.documents.Readers = f.readers
	}
	if n.cfg.Federation.Index {
		f.documents.Index = n.catalogue
	}
	f.openIndex()
	f.outbox = &outbox.Outbox{Site: f.site, Albums: f.documents, Acts: n.catalogue, Labels: n.catalogue, Keys: f.keys, PersonKeys: f.personKeys, ActProof: f.sign, PersonProof: f.provePerson, Store: n.db, Sent: f.courier.Wake}
	f.people.Federates, f.people.Post, f.people.Silence, f.people.Sent = true, f.outbox, f.outbox.Silence, f.courier.Wake
	f.door.Post, f.door.Sent = f.outbox, f.courier.Wake
	f.wellknown = &wellknown.WellKnown{Site: f.site, Acts: n.catalogue, People: f.people, Version: Version(), Usage: f.usage, Capabilities: f.capabilities(), Log: n.logger("wellknown")}
	return nil
}

// handle has the jobs about other servers be done.
func (f *federation) handle() {
	n := f.node
	n.jobs.Handle(music.JobTell, jobs.Options{}, f.tell)
	n.jobs.Handle(social.JobBackfill, jobs.Options{}, f.fetching((*elsewhere.Desk).Backfill))
	n.jobs.Handle(social.JobIndex, jobs.Options{}, f.fetching((*elsewhere.Desk).Index))
	n.jobs.Handle(social.JobPlaylist, jobs.Options{}, f.fetching((*elsewhere.Desk).Seek))
	n.jobs.Handle(social.JobPages, jobs.Options{}, f.fetching((*elsewhere.Desk).Pages))
	n.jobs.Handle(social.JobSuggested, jobs.Options{}, f.fetching((*elsewhere.Desk).Suggested))
	n.jobs.Handle(social.JobPicture, jobs.Options{}, f.fetching((*elsewhere.Desk).Picture))
	n.jobs.Handle(social.JobTalk, jobs.Options{Parallel: 2, Timeout: time.Minute}, f.fetching((*elsewhere.Desk).Talk))
	for kind, do := range ofStrangers() {
		n.jobs.Handle(kind, jobs.Options{Aside: true, Tries: 5, Timeout: time.Minute}, f.fetching(do))
	}
	n.jobs.Handle(social.JobLook, jobs.Options{}, f.fetching((*elsewhere.Desk).Look))
	n.jobs.Handle(social.JobShare, jobs.Options{}, f.fetching((*elsewhere.Desk).Shared))
	n.jobs.Handle(social.JobRetitle, jobs.Options{}, f.fetching((*elsewhere.Desk).Retitle))
	n.jobs.Handle(social.JobListens, jobs.Options{}, f.fetching((*elsewhere.Desk).Tell))
	n.jobs.Handle(social.JobPaid, jobs.Options{Parallel: 2, Timeout: time.Minute}, f.fetching((*elsewhere.Desk).TellPaid))
	n.jobs.Handle(social.JobBlocklist, jobs.Options{Timeout: time.Minute}, f.blocklist)
	n.jobs.Handle(social.JobMove, jobs.Options{}, f.fetching((*elsewhere.Desk).Moved))
	n.jobs.Handle(social.JobAgain, jobs.Options{}, f.again)
	n.jobs.Handle(social.JobCredits, jobs.Options{Parallel: 2, Timeout: time.Minute}, f.fetching((*elsewhere.Desk).Credits))
}

// ofStrangers are the jobs that anybody elsewhere can cause, whom nobody here follows. They
// never keep the node's own from running, and what of them is given up is forgotten.
func ofStrangers() map[string]func(*elsewhere.Desk, context.Context, []byte) error {
	return map[string]func(*elsewhere.Desk, context.Context, []byte) error{
		social.JobComment: (*elsewhere.Desk).Comment, social.JobFollowers: (*elsewhere.Desk).Followers, social.JobRenew: (*elsewhere.Desk).Renew,
	}
}

// known reports whether other servers may know this node: it was among them once,
// which a demonstration never is.
func (f *federation) known() bool {
	_, err := os.Stat(f.node.dir.join("keys", "http.pem"))
	return err == nil
}

// subnet is where a request comes from, for limits.
func subnet(r *http.Request) string { return limit.Network(gate.Client(r.Context()).Addr) }

func (f *federation) ask(reach []netip.Prefix, site form.Site) *remote.Servers {
	safe := netsafe.Config{Reach: reach, Agent: "9ten/" + Version() + " (+" + f.node.cfg.BaseURL + ")", Allow: f.mayAsk}
	return &remote.Servers{
		Store: f.node.db, Policy: f.policy(), Client: safe.Client(safe.Transport()), As: f.node.keys.http.of(site.Node()), Former: func() (sig.Key, bool) { return f.Former(site.Node()) },
		Questions: remote.NewQuestions(), Strangers: remote.NewStrangers(), Keys: remote.NewKeyring(f.node.db.Gone), Now: f.node.now, Log: f.node.logger("remote"),
	}
}

// mayAsk refuses servers that the node has nothing to do with, wherever they are
// led to from, and the node itself: it would ask itself without end.
func (f *federation) mayAsk(ctx context.Context, host string) error {
	if own := (form.Site{Origin: f.node.cfg.BaseURL}).Host(); strings.EqualFold(host, own) {
		return fault.New(fault.Forbidden, "%s is this node itself.", host)
	}
	return f.policy().Allow(ctx, host)
}

// files asks for sound of other servers: for as long as somebody listens, and of
// one server for many at a time.
func (f *federation) files(reach []netip.Prefix) *http.Client {
	safe := netsafe.Config{Reach: reach, Agent: "9ten/" + Version() + " (+" + f.node.cfg.BaseURL + ")", Allow: f.mayAsk}
	t := safe.Transport()
	t.MaxConnsPerHost = 256
	c := safe.Client(t)
	c.Timeout = 0
	return c
}

// fetching is a job that fetches something from another server.
func (f *federation) fetching(do func(*elsewhere.Desk, context.Context, []byte) error) func(context.Context, jobs.Job) error {
	return func(ctx context.Context, j jobs.Job) error {
		if f.elsewhere == nil {
			return nil
		}
		return do(f.elsewhere, ctx, j.Payload)
	}
}

// sounds are those of other servers, nil where the node does not federate.
func (f *federation) sounds() stream.Elsewhere {
	if f.elsewhere == nil {
		return nil
	}
	return f.elsewhere
}

// asked counts that another node asks for the sound of a track here, from its
// beginning: who asks for the head alone, or for a part of it, has heard nothing yet.
// Who does not say who they are is not counted.
//
// BUG(9ten): a node that ends the connection after the first bytes is counted all the
// same; and one with more than 300 listeners a minute may look as if it had claimed too
// much.
func (f *federation) asked(r *http.Request, t id.Track) {
	if !f.on() || r.Header.Get("Signature-Input") == "" || !fromTheBeginning(r) {
		return
	}
	host, err := f.listeners.Asker(r)
	if err == nil {
		err = f.node.db.SocialUpdate(r.Context(), func(tx social.Tx) error { return tx.AskedFor(r.Context(), host, t) })
	}
	if err != nil {
		f.node.log.Debug("a question for sound was not counted", "err", err)
	}
}

// fromTheBeginning reports whether the whole of something is asked for, as players
// do when they begin.
func fromTheBeginning(r *http.Request) bool {
	part := strings.ReplaceAll(r.Header.Get("Range"), " ", "")
	return r.Method == http.MethodGet && (part == "" || part == "bytes=0-")
}

// mend is what is done nightly about what is followed elsewhere.
func (f *federation) mend(ctx context.Context) error {
	if f.elsewhere == nil {
		return nil
	}
	// Who is asked anew every night needs no list of what was given up before, nor does
	// what a stranger caused.
	var given error
	for _, kind := range slices.AppendSeq([]string{social.JobCredits}, maps.Keys(ofStrangers())) {
		given = errors.Join(given, f.node.jobs.ExpireDead(ctx, kind, f.node.now().Add(-24*time.Hour)))
	}
	return errors.Join(f.elsewhere.Mend(ctx), f.blocklists().AskAll(ctx), given)
}

// site is the node as it is called now.
func (f *federation) site(ctx context.Context) form.Site {
	s, err := f.node.accounts.Settings(ctx)
	if err != nil {
		f.node.log.Warn("settings", "err", err)
	}
	return form.Site{Origin: f.node.cfg.BaseURL, Name: s.Name, About: s.About}
}

// keys are the public keys of an act, or of the node itself.
func (f *federation) keys(a id.Act) form.Keys {
	if a == "" {
		return f.node.keys.shown(nodeKind, "")
	}
	return f.node.keys.shown(actKind, string(a))
}

// personKeys are those of a listener who is seen elsewhere.
func (f *federation) personKeys(p id.Person) form.Keys {
	return f.node.keys.shown(personKind, string(p))
}

// tell is the job that tells followers elsewhere what became of a thing here.
func (f *federation) tell(ctx context.Context, j jobs.Job) error {
	if !f.on() {
		return nil
	}
	kind, name := music.Told(j.Payload)
	switch kind {
	case "act":
		return f.outbox.Act(ctx, id.Act(name))
	case "person":
		return f.outbox.Person(ctx, id.Person(name))
	case "comment":
		return f.outbox.Comment(ctx, id.Comment(name))
	case "like":
		return f.outbox.Like(ctx, name)
	case "like-release":
		return f.outbox.LikeRelease(ctx, name)
	case "boost":
		return f.outbox.Boost(ctx, name)
	case "label":
		return f.outbox.Label(ctx, name)
	case "listen":
		if f.node.now().Sub(j.Made) > social.ListenFor { // it waited until the node federated again
			return nil
		}
		return f.outbox.Listen(ctx, name)
	case "live":
		return f.outbox.Live(ctx, id.Live(name))
	case "playlist":
		return f.outbox.Playlist(ctx, id.Playlist(name))
	case "invite":
		return f.outbox.Invite(ctx, name)
	}
	return f.outbox.Release(ctx, id.Release(name))
}

// on reports whether the node federates. Others cannot reach one without HTTPS,
// and a demonstration's listeners are invented.
func (f *federation) on() bool {
	return f.node.cfg.Federation.Mode != "off" && f.node.cfg.secure() && f.node.dir.demo == nil
}

// register adds everything other servers ask for.
func (f *federation) register(mux *http.ServeMux) {
	if !f.on() {
		return
	}
	f.wellknown.Register(mux)
	f.documents.Register(mux)
	for _, at := range []string{"inbox", "node/inbox", "acts/{id}/inbox", "people/{id}/inbox"} {
		mux.Handle("POST "+form.Root+at, f.inbox)
	}
}

// run applies and delivers until ctx ends.
func (f *federation) run(ctx context.Context) error {
	if !f.on() {
		return nil
	}
	alone, err := f.policy().Alone(ctx)
	if err != nil {
		return err
	}
	if alone {
		f.node.log.Warn("only servers that are allowed count (federation.mode is listed), and none is: nothing is exchanged; followers elsewhere are kept until one is allowed")
	}
	if err := f.policy().Sweep(ctx); err != nil { // the mode may be another since the last start
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return f.applier.Run(ctx) })
	g.Go(func() error { return f.courier.Run(ctx) })
	g.Go(func() error {
		// before what was told last is over
		return f.each(ctx, social.AudienceFor-5*time.Second, func() error { return f.elsewhere.Audiences(ctx, f.lives) })
	})
	g.Go(func() error { return f.each(ctx, time.Minute, func() error { return f.elsewhere.Totals(ctx) }) })
	return g.Wait()
}

// each does what is to be done for audiences of live events so often, until ctx ends.
func (f *federation) each(ctx context.Context, often time.Duration, do func() error) error {
	every := time.NewTicker(often)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
			if err := do(); err != nil && ctx.Err() == nil {
				f.node.log.Warn("audiences of live events", "err", err)
			}
		}
	}
}

// usage is what NodeInfo tells.
func (f *federation) usage(ctx context.Context) (u wellknown.Usage, err error) {
	s, err := f.node.accounts.Settings(ctx)
	if err != nil {
		return u, err
	}
	u.Open = s.OpenSignUp
	u.People, u.Monthly, u.HalfYear, u.Works, err = f.node.db.Usage(ctx)
	return u, err
}

// servers answer the operator about other servers.
type servers struct {
	*social.Desk
	f *federation
}

func (s servers) Federates() bool { return s.f.on() }

func (s servers) Listed() bool { return s.Policy.Listed }

func (f *federation) desk() servers {
	host := form.Site{Origin: f.node.cfg.BaseURL}.Host()
	d := &social.Desk{Store: f.node.db, Host: host, Policy: f.policy(), Hurried: f.hurry}
	if f.elsewhere != nil {
		d.Fill = f.elsewhere.Fill
	}
	return servers{d, f}
}

// again is the job that tells a server of what it lost.
func (f *federation) again(ctx context.Context, j jobs.Job) error {
	if !f.on() {
		return nil
	}
	return f.outbox.Again(ctx, string(j.Payload))
}

// talk is what people say of the music here.
func (f *federation) talk() *social.Talk {
	return &social.Talk{Store: f.node.db, Ledger: told{f.node.db}}
}

// reports are what people here and other servers find wrong.
func (f *federation) reports() *social.Reports {
	r := &social.Reports{Store: f.node.db, Sent: f.hurry}
	if f.elsewhere != nil {
		r.Flag = f.elsewhere.Flag
	}
	return r
}

// held is what waits of those who are in quarantine.
func (f *federation) held() *social.HeldDesk {
	return &social.HeldDesk{Store: f.node.db, Arrived: func() {
		if f.applier != nil {
			f.applier.Wake()
		}
	}}
}

// blocklists are the lists of others that the node asks for.
func (f *federation) blocklists() *social.Blocklists {
	b := &social.Blocklists{Store: f.node.db, Host: f.desk().Host, Policy: f.policy()}
	if f.servers != nil {
		b.File = f.servers.File
	}
	return b
}

// together is the playlists that several work on.
func (f *federation) together() *social.Together {
	t := &social.Together{Store: f.node.db, Library: f.node.library, Host: f.desk().Host, Sent: f.hurry}
	if f.elsewhere != nil {
		t.Find, t.Post = f.elsewhere.Find, f.outbox
	}
	return t
}

// feed tells people what is new of whom they follow.
func (f *federation) feed() *social.Feed { return &social.Feed{Store: f.node.db} }

// personal is of whom elsewhere people here want to see nothing.
func (f *federation) personal() *social.Personal {
	return &social.Personal{Store: f.node.db, Host: f.desk().Host, Answer: f.people.Answer, Sent: f.people.Sent}
}

// blocklist is the job that fetches one.
func (f *federation) blocklist(ctx context.Context, j jobs.Job) error {
	if !f.on() {
		return nil
	}
	return f.blocklists().Fetch(ctx, id.List(j.Payload))
}

// policy says which servers the node has to do with.
func (f *federation) policy() *social.HostPolicy {
	return &social.HostPolicy{Store: f.node.db, Listed: f.node.cfg.Federation.Mode == "listed"}
}

func (f *federation) hurry() {
	if f.courier != nil {
		f.courier.Wake()
	}
}
