package app

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/federation/netsafe"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/music"
)

// A spy keeps every byte that leaves the node, by what it left as.
type spy struct {
	mu   sync.Mutex
	left map[string]*bytes.Buffer
}

func newSpy() *spy { return &spy{left: map[string]*bytes.Buffer{}} }

func (s *spy) note(as string, b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left[as] == nil {
		s.left[as] = &bytes.Buffer{}
	}
	s.left[as].Write(append(b, '\n'))
}

// heard is where a text is among what left, in any writing that a grep finds.
func (s *spy) heard(text string) (where []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for as, b := range s.left {
		lower := bytes.ToLower(b.Bytes())
		for writing, w := range writings(text) {
			if bytes.Contains(b.Bytes(), []byte(w)) || writing != "base64" && bytes.Contains(lower, []byte(strings.ToLower(w))) {
				where = append(where, as+" as "+writing)
			}
		}
	}
	return where
}

// writings are the ways in which a text may be written: in base64 wherever in
// something longer it begins.
func writings(text string) map[string]string {
	out := map[string]string{"itself": text, "hex": hex.EncodeToString([]byte(text)), "url": url.QueryEscape(text), "path": url.PathEscape(text)}
	percent := ""
	for _, c := range []byte(text) {
		percent += fmt.Sprintf("%%%02X", c)
	}
	out["percent"] = percent
	for at := range 3 { // what a neighbour's bits are part of is left out
		for name, enc := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64 ": base64.RawURLEncoding} {
			whole := enc.EncodeToString(append(make([]byte, at), text...))
			from := []int{0, 2, 3}[at]
			out[name+[]string{"", " one later", " two later"}[at]] = whole[from : len(whole)-len(whole)%4]
		}
	}
	return out
}

// A watched node's requests, the calls to its ledger and what it shows everybody
// are kept.
type watched struct {
	*residence
	*spy
	handler http.Handler
	pool    *x509.CertPool // of the servers that it reaches
}

// RoundTrip notes a request and does it.
func (s *spy) through(as string, next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		b, err := httputil.DumpRequestOut(r, true)
		if err != nil {
			return nil, err
		}
		s.note(as, b)
		return next.RoundTrip(r)
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// recorded is a ledger whose calls are noted.
type recorded struct {
	home
	*spy
}

func (l recorded) Submit(ctx context.Context, c ledger.Call) (ledger.Result, error) {
	l.note("ledger", []byte(c.Fn+" "+c.Op+" "+strings.Join(c.Args, " ")))
	return l.home.Submit(ctx, c)
}

// newWatched is a node that federates, with an act and one release, on a clock of
// the test's, which reaches some other servers.
func newWatched(t *testing.T, at time.Time, servers ...*fedtest.Server) *watched {
	t.Helper()
	s := newSpy()
	h := &residence{t: t, path: filepath.Join(t.TempDir(), "node"), more: map[string]string{"base_url": fedtest.Origin, "federation.reach": "127.0.0.0/8", "trusted_proxies": "127.0.0.1/32"},
		around: func(l home) home { return recorded{l, s} }}
	h.set(at)
	h.open()
	_, err := h.accounts.SetupHere(t.Context(), account.Setup{
		SignUp: account.SignUp{Handle: "ada", Password: "a long enough password"}, Settings: account.Settings{Name: "Quayside", OperatorName: "Ada", OpenSignUp: true},
	})
	h.ok(err)
	t.Cleanup(func() { h.ok(h.Close()) })
	w := &watched{residence: h, spy: s, pool: x509.NewCertPool()}
	for _, server := range servers {
		w.pool.AddCert(server.Certificate())
	}
	w.reaches()
	return w
}

// reaches has the node reach the other servers, and be reached.
func (w *watched) reaches() {
	w.t.Helper()
	if f := w.federation; f.on() {
		safe := netsafe.Config{Reach: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Roots: w.pool, Agent: "9ten/test", Allow: f.mayAsk}
		*f.servers.Client = *safe.Client(w.through("question or delivery", safe.Transport()))
		*f.elsewhere.Files = *safe.Client(w.through("question for sound", safe.Transport()))
	}
	var err error
	w.handler, err = w.node.handler()
	w.ok(err)
}

// again starts the node anew, with its federation on or off.
func (w *watched) again(mode string) {
	w.t.Helper()
	w.ok(w.Close())
	w.more["federation.mode"] = mode
	w.open()
	w.reaches()
}

// publishes gives the node an act and a release of one track, and tells who follows.
func (w *watched) publishes(act id.Act, bio string) (r id.Release, tr id.Track) {
	w.t.Helper()
	ctx, now := w.t.Context(), w.now()
	a := music.Act{ID: act, Handle: "low-tide", Name: "Low Tide", Bio: bio, Created: now, Changed: now}
	rel := music.Release{ID: id.New[id.Release](now), Act: act, Facts: music.Facts{Title: "Arithmetic", Artist: "Low Tide", Kind: music.Single}, State: music.Published, Published: now, Created: now, Changed: now}
	song := music.Track{ID: id.New[id.Track](now), Release: rel.ID, Act: act, Title: "Safari", Disc: 1, Number: 1, State: music.Ready, Filename: "safari.flac", Original: "original/x", Sheet: 1, Created: now, Changed: now}
	w.ok(w.db.Music().Update(ctx, func(tx music.Tx) error {
		if err := tx.InsertAct(ctx, &a); err != nil {
			return err
		}
		if err := tx.InsertRelease(ctx, &rel); err != nil {
			return err
		}
		if err := tx.InsertTrack(ctx, &song); err != nil {
			return err
		}
		if err := tx.SetAsset(ctx, &music.Asset{Track: song.ID, Original: song.Original, SHA256: strings.Repeat("ab", 32), Codec: "flac", Rate: 44_100, Samples: 44_100 * 200, DurationMS: 200_000}); err != nil {
			return err
		}
		if err := tx.InsertSheet(ctx, &music.Sheet{Track: song.ID, Version: 1, State: music.InForce, Created: now, Since: now, Shares: []music.Share{{Act: act, Bps: music.Whole, Confirmed: now}}}); err != nil {
			return err
		}
		row := music.ReleaseRow{ID: rel.ID, Title: rel.Facts.Title, Artist: a.Name, Act: act, ActHandle: a.Handle, ActName: a.Name, Kind: music.Single, Published: now, Tracks: 1}
		line := music.Line{Row: music.TrackRow{ID: song.ID, Title: song.Title, Artist: a.Name, Act: act, ActHandle: a.Handle, ActName: a.Name, Release: rel.ID, ReleaseTitle: row.Title, DurationMS: 200_000, Published: now}}
		return tx.SetLines(ctx, rel.ID, &row, 0, nil, []music.Line{line})
	}))
	return rel.ID, song.ID
}

// exec changes the node's database from outside.
func (w *watched) exec(query string, args ...any) {
	w.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(w.path, "9ten.db")+"?_pragma=busy_timeout(10000)")
	w.ok(err)
	_, err = db.ExecContext(w.t.Context(), query, args...)
	w.ok(errors.Join(err, db.Close()))
}

// A visitor is somebody at a browser, with what of them must not leave the node.
type visitor struct {
	*watched
	handle, mail, ip, agent, name string
	account                       id.Account
	device                        ed25519.PrivateKey
	key                           []byte // id of the device
	cookie                        *http.Cookie
	csrf                          string
}

// joins makes an account; n tells the visitors apart.
func (w *watched) joins(n int) *visitor {
	w.t.Helper()
	v := &visitor{watched: w, handle: fmt.Sprintf("quokka_%d_zx", n), mail: fmt.Sprintf("hidden+%d@mail-canary.example", n), ip: fmt.Sprintf("203.0.113.%d", 70+n), agent: fmt.Sprintf("CanaryBrowser/7.%d (X11)", n), name: fmt.Sprintf("Wombat Pelikan %d", n)}
	v.do(http.MethodPost, "/api/v1/signup", map[string]string{"handle": v.handle, "password": "a long enough password", "email": v.mail, "name": v.name}, nil)
	var me struct{ ID id.Account }
	if v.do(http.MethodGet, "/api/v1/me", nil, &me); me.ID == "" {
		w.t.Fatal("nobody has joined")
	}
	v.account = me.ID
	public, private, err := ed25519.GenerateKey(nil)
	w.ok(err)
	spki, err := x509.MarshalPKIXPublicKey(public)
	w.ok(err)
	v.do(http.MethodPost, "/api/v1/devices", map[string]any{"spki": spki, "name": "Kitchen"}, nil)
	sum := sha256.Sum256(spki)
	v.device, v.key = private, sum[:16]
	return v
}

// pays pays for the month that it is.
func (v *visitor) pays() {
	v.t.Helper()
	_, err := v.wallet.Declare(v.t.Context(), "", v.account, money.Price, "bank", fmt.Sprint("canary ", v.handle))
	v.ok(err)
}

// canaries are what of a visitor no other server may learn.
func (v *visitor) canaries() map[string]string {
	return map[string]string{"account": string(v.account), "mail": v.mail, "address": v.ip, "browser": v.agent, "handle": v.handle, "name": v.name, "device": string(v.key)}
}

// do asks the node as the visitor's browser does.
func (v *visitor) do(method, path string, body, into any) {
	v.t.Helper()
	b, err := json.Marshal(body)
	v.ok(err)
	r := httptest.NewRequest(method, path, bytes.NewReader(b))
	r.RemoteAddr = "127.0.0.1:1"
	r.Host = strings.TrimPrefix(fedtest.Origin, "https://")
	for name, value := range map[string]string{"Content-Type": "application/json", "X-Forwarded-For": v.ip, "X-Forwarded-Proto": "https", "User-Agent": v.agent, "X-Csrf-Token": v.csrf} {
		r.Header.Set(name, value)
	}
	if v.cookie != nil {
		r.AddCookie(v.cookie)
	}
	rec := httptest.NewRecorder()
	v.handler.ServeHTTP(rec, r.WithContext(v.t.Context()))
	if rec.Code >= 300 {
		v.t.Fatalf("%s %s: %d %s", method, path, rec.Code, rec.Body)
	}
	if list := rec.Result().Cookies(); v.cookie == nil && len(list) > 0 {
		v.cookie = list[0]
		var s struct{ CSRF string }
		v.ok(json.Unmarshal(rec.Body.Bytes(), &s))
		v.csrf = s.CSRF
	}
	if into != nil {
		v.ok(json.Unmarshal(rec.Body.Bytes(), into))
	}
}

// hears plays a track for a while.
func (v *visitor) hears(track string, heard time.Duration) {
	v.t.Helper()
	c := listen.Claim{Node: v.cfg.NodeID(), Play: id.Random16(), Device: id.Bytes16(v.key), Counter: 1, Track: track, Sheet: 1, Begin: v.now().Add(-heard).UnixMilli(), End: v.now().UnixMilli(), Heard: []listen.Interval{{Length: uint32(heard.Milliseconds())}}, Flags: listen.Offline}
	b, err := c.Encode()
	v.ok(err)
	_, err = v.listen.Claim(v.t.Context(), listen.SignedClaim{Account: v.account, Claim: b, Signature: ed25519.Sign(v.device, b)})
	v.ok(err)
}

// runs lets the node do what it does by itself until the test stops it.
func (w *watched) runs() (stop func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	var g errgroup.Group
	g.Go(func() error { return w.runJobs(ctx) })
	g.Go(func() error { return w.federation.run(ctx) })
	return func() {
		cancel()
		w.ok(g.Wait())
	}
}

// dueNow has jobs be due as soon as the node's clock says so: the queue goes by the
// machine's own.
const dueNow = "update goqite set timeout = created"

// arrives waits until something is so.
func (w *watched) arrives(what string, is func() bool) {
	w.t.Helper()
	ctx, stop := context.WithTimeout(w.t.Context(), time.Minute)
	defer stop()
	for tick := time.NewTicker(2 * time.Millisecond); !is(); {
		w.jobs.Wake()
		w.federation.courier.Wake()
		select {
		case <-ctx.Done():
			w.t.Fatalf("%s does not come true", what)
		case <-tick.C:
		}
	}
}

// says has somebody elsewhere send an activity.
func (w *watched) says(by *fedtest.Actor, o *vocab.Object) int {
	w.t.Helper()
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, by.Request(sig.RFC9421, fedtest.JSON(w.t, o), w.now()))
	return rec.Code
}

// ledTo finds what the documents of a node lead to.
var ledTo = regexp.MustCompile(`"` + regexp.QuoteMeta(fedtest.Origin) + `(/[^"#]*)`)

// crawl reads every document that anybody is shown, from some on, and those that
// they name.
func (w *watched) crawl(from ...string) (read int) {
	w.t.Helper()
	known := map[string]bool{}
	for len(from) > 0 {
		at := from[0]
		from = from[1:]
		if known[at] {
			continue
		}
		known[at] = true
		r := httptest.NewRequest(http.MethodGet, at, nil)
		r.Header.Set("Accept", "application/activity+json")
		rec := httptest.NewRecorder()
		w.handler.ServeHTTP(rec, r)
		if rec.Code != http.StatusOK {
			continue
		}
		body, err := io.ReadAll(rec.Body)
		w.ok(err)
		as := "page"
		if strings.Contains(rec.Header().Get("Content-Type"), "json") && !strings.HasPrefix(at, "/api/") {
			as = "document"
			read++
			if strings.HasPrefix(rec.Header().Get("Content-Type"), "application/activity+json") {
				fedtest.Means(w.t, body)
			}
			for _, m := range ledTo.FindAllSubmatch(body, -1) {
				from = append(from, string(m[1]))
			}
		}
		var head bytes.Buffer
		w.ok(rec.Header().Write(&head))
		w.note(as, head.Bytes())
		w.note(as, body)
	}
	return read
}

// Of a whole month of listeners who play, follow, comment, report, block, come to an event
// and pay, nothing that leaves the node says who they are: no delivery, no question to
// another server, no document that anybody is shown, no call to the ledger.
func TestCanaries(t *testing.T) {
	month := calendar.PeriodOf(fedtest.Moment).Add(1)
	far, general := fedtest.NewServer(t), fedtest.NewServer(t)
	tide, ada, eve := far.Node(), general.Actor("ada"), general.Actor("eve")
	w := newWatched(t, fedtest.Moment, far, general)
	act := id.New[id.Act](w.now())
	release, track := w.publishes(act, "Two people and a piano, parakeet-bio-9.")
	stop := w.runs()
	defer stop()
	if got := w.says(ada, ada.Activity("Follow", "f1", vocab.At(w.federation.site(t.Context()).Act(act)))); got != http.StatusAccepted {
		t.Fatal(got)
	}
	w.arrives("the follow is accepted", func() bool { return len(general.Got()) > 0 })
	var crowd []*visitor
	for n := range 6 {
		crowd = append(crowd, w.joins(n))
	}
	var seen struct{ ID string } // one of them is seen elsewhere, and nothing leads from there to the account
	crowd[1].do(http.MethodPut, "/api/v1/me/person", map[string]any{"handle": "chiffchaff", "about": "Plover-about-5."}, &seen)
	if got := w.says(ada, ada.Activity("Follow", "f2", vocab.At(fedtest.Origin+"/ap/people/"+seen.ID))); got != http.StatusAccepted {
		t.Fatal(got)
	}
	if got := w.says(eve, eve.Activity("Follow", "f3", vocab.At(fedtest.Origin+"/ap/people/"+seen.ID))); got != http.StatusAccepted {
		t.Fatal(got)
	}
	w.arrives("both follow", func() bool { return len(general.Got()) > 2 })
	crowd[1].do(http.MethodPut, "/api/v1/me/person", map[string]any{"handle": "chiffchaff", "about": "Plover-about-6.", "listens": true}, nil)
	there := w.elsewhereOf(crowd, far)
	w.ok(w.federation.outbox.Release(t.Context(), release))
	crowd = append(crowd, w.curates(act, track, len(crowd)))
	takeBack := w.talk(crowd, act, release, track, there)
	w.comes(crowd, tide)
	w.shuns(crowd, act, eve)
	w.set(w.now().Add(time.Minute)) // what is shared and taken back at once is not told
	w.exec(dueNow)
	for _, kind := range []string{"Like", "Announce", "Create"} {
		w.arrives("a "+kind+" elsewhere", func() bool { return has(far, kind) })
	}
	w.shown(act, release, seen.ID)
	takeBack()
	w.month(month, crowd, track, there)
	for server, want := range map[*fedtest.Server][]string{
		far:     {"Follow", "Undo", "nineten:StreamActivity", "Like", "Announce", "Create", "Delete", "Flag", "nineten:ListenActivity", "nineten:SubscriptionActivity"},
		general: {"Accept", "Create", "Update", "Announce", "Listen", "Delete", "Block"},
	} {
		for _, kind := range want {
			w.arrives("a "+kind+" to "+server.Host(), func() bool { return has(server, kind) })
			fedtest.Means(t, got(server, kind).Body)
		}
	}
	w.shown(act, release, seen.ID)
	for _, v := range crowd {
		for what, canary := range v.canaries() {
			for _, where := range w.heard(canary) {
				if strings.HasPrefix(where, "page ") && (what == "handle" || what == "name") {
					continue // who comments is shown beside it, to who looks at the page
				}
				t.Errorf("the %s %q left in a %s", what, canary, where)
			}
		}
	}
	for _, where := range w.heard("Kept by an echidna") {
		t.Errorf("a listener's own playlist left in a %s", where)
	}
	for _, where := range w.heard("I was the ibis here") {
		if !strings.HasPrefix(where, "page ") {
			t.Errorf("what a listener said who is not seen left in a %s", where)
		}
	}
	w.wouldFind(crowd[0], release)
}

// has is whether a server was sent an activity of a type.
func has(s *fedtest.Server, kind string) bool {
	for _, p := range s.Got() {
		if p.Object.Is(kind) {
			return true
		}
	}
	return false
}

// A grep that finds nothing proves something only when it finds each writing.
func TestWritings(t *testing.T) {
	const canary = "hidden+1@mail-canary.example"
	for what, b := range map[string]string{
		"itself":  "x" + canary + "y",
		"hex":     strings.ToUpper(hex.EncodeToString([]byte("a" + canary))),
		"percent": "?q=" + url.QueryEscape(canary),
		"base64":  base64.StdEncoding.EncodeToString([]byte(canary)),
		"later":   base64.StdEncoding.EncodeToString([]byte("a" + canary + "bc")),
		"latest":  base64.RawURLEncoding.EncodeToString([]byte(`{"` + canary + `"}`)),
	} {
		s := newSpy()
		s.note("note", []byte(b))
		if len(s.heard(canary)) == 0 {
			t.Errorf("%s: %s is not found", what, b)
		}
		if where := s.heard("hidden+2@mail-canary.example"); len(where) != 0 {
			t.Errorf("%s: another is found: %v", what, where)
		}
	}
}
