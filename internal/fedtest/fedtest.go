// Package fedtest is another server to test against, on this machine: people with
// keys, documents over real HTTPS, an inbox that says what it is told to say. It
// stands for what strangers send; how other software behaves is tested with other
// software (story).
package fedtest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/elsewhere"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/netsafe"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store"
)

// Moment is what time it is when nobody says otherwise.
var Moment = time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)

// Origin is the node's.
const Origin = "https://nine.example"

// A Node is the node's side: a real database with an act in it, and what asks
// other servers.
type Node struct {
	*store.DB
	T       testing.TB
	Site    form.Site
	Act     id.Act
	Servers *remote.Servers

	mu    sync.Mutex
	clock time.Time
}

// NewNode makes one that reaches this machine, on SQLite.
func NewNode(t testing.TB, servers ...*Server) *Node {
	t.Helper()
	return NewNodeOn(t, "", servers...)
}

// NewNodeOn makes it on the Postgres at url.
func NewNodeOn(t testing.TB, url string, servers ...*Server) *Node {
	t.Helper()
	n := &Node{T: t, Site: form.Site{Origin: Origin, Name: "Nine"}, clock: Moment}
	var err error
	if n.DB, err = store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "9ten.db"), URL: url, Now: n.Now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.DB.Close(); err != nil {
			t.Error(err)
		}
	})
	n.Act = id.New[id.Act](Moment)
	act := music.Act{ID: n.Act, Handle: "low-tide", Name: "Low Tide", Created: Moment, Changed: Moment}
	if err := n.DB.Music().Update(t.Context(), func(tx music.Tx) error { return tx.InsertAct(t.Context(), &act) }); err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	for _, s := range servers {
		pool.AddCert(s.Certificate())
	}
	safe := netsafe.Config{Reach: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Roots: pool, Agent: "9ten/test"}
	through := safe.Transport()
	through.MaxConnsPerHost = 32 // sounds are passed on side by side, as the node does
	n.Servers = &remote.Servers{
		Store: n.DB, Policy: &social.HostPolicy{Store: n.DB}, Client: safe.Client(through), As: sig.Key{ID: form.HTTPKey(n.Site.Node()), Private: private(t)},
		Questions: remote.NewQuestions(), Strangers: remote.NewStrangers(), Keys: remote.NewKeyring(n.DB.Gone), Now: n.Now, Log: Quiet(),
	}
	return n
}

// Quiet is a log that nobody reads.
func Quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// Now is the node's clock.
func (n *Node) Now() time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.clock
}

// Pass lets time pass.
func (n *Node) Pass(d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.clock = n.clock.Add(d)
}

func private(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// A Server is another server.
type Server struct {
	*httptest.Server
	t     testing.TB
	mu    sync.Mutex
	docs  map[string]*vocab.Object // by path
	files map[string]file
	leads map[string]string // path to address
	// Answer is the status of its inboxes, 0 for 202; of Fetch that of documents.
	answer, fetch int
	retryAfter    string
	words         string // of its inboxes' answers
	judge         func(r *http.Request, body []byte) int
	got           []Posted
	asked         map[string]int
	before        map[string]func()
}

// Posted is what arrived at an inbox.
type Posted struct {
	Path   string
	Form   sig.Form
	KeyID  string
	Object *vocab.Object
	Body   []byte
}

// NewServer starts one.
func NewServer(t testing.TB) *Server {
	t.Helper()
	s := &Server{t: t, docs: map[string]*vocab.Object{}, files: map[string]file{}, leads: map[string]string{}, asked: map[string]int{}, before: map[string]func(){}}
	s.Server = httptest.NewTLSServer(s)
	t.Cleanup(s.Close)
	return s
}

// Host is the server's name.
func (s *Server) Host() string { return strings.TrimPrefix(s.URL, "https://") }

// Answers sets the status of its inboxes and what it says of trying again.
func (s *Server) Answers(status int, retryAfter string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer, s.retryAfter = status, retryAfter
}

// Explains sets what its inboxes' answers say.
func (s *Server) Explains(words string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.words = words
}

// Judges has the status of its inboxes be found for each activity, 0 for 202.
func (s *Server) Judges(judge func(r *http.Request, body []byte) int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.judge = judge
}

// Fetches sets the status with which documents are refused, 0: they are not.
func (s *Server) Fetches(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fetch = status
}

// Got is what arrived so far.
func (s *Server) Got() []Posted {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Posted{}, s.got...)
}

// Asked is how often a path was fetched.
func (s *Server) Asked(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[path]
}

// Publish puts a document at its address, or at another path.
func (s *Server) Publish(o *vocab.Object, path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if path == "" {
		path = strings.TrimPrefix(o.ID, s.URL)
	}
	s.docs[path] = o
}

// Withdraw has a document, by its address or path, be there no longer.
func (s *Server) Withdraw(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.docs, strings.TrimPrefix(id, s.URL))
}

// A file is anything but a document.
type file struct {
	contentType string
	body        []byte
}

// Before does something before each answer at an address, nil nothing any more.
func (s *Server) Before(address string, do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before[strings.TrimPrefix(address, s.URL)] = do
}

// Serve puts a file at a path.
func (s *Server) Serve(path, contentType string, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[path] = file{contentType, body}
}

// Leads has a path lead to an address.
func (s *Server) Leads(path, address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leads[path] = address
}

// Runs has the server say what software it runs.
func (s *Server) Runs(software string) {
	s.Serve("/.well-known/nodeinfo", "application/json", []byte(`{"links":[{"rel":"http://nodeinfo.diaspora.software/ns/schema/2.1","href":"`+s.URL+`/nodeinfo/2.1"}]}`))
	s.Serve("/nodeinfo/2.1", "application/json", []byte(`{"software":{"name":"`+software+`","version":"1"}}`))
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method == http.MethodPost {
		s.post(w, r)
		return
	}
	if r.Method == http.MethodGet {
		s.asked[r.URL.Path]++
	}
	if do := s.before[r.URL.Path]; do != nil {
		s.mu.Unlock()
		do()
		s.mu.Lock()
	}
	if s.fetch != 0 {
		w.WriteHeader(s.fetch)
		return
	}
	if to, ok := s.leads[r.URL.Path]; ok {
		http.Redirect(w, r, to, http.StatusFound)
		return
	}
	if f, ok := s.files[r.URL.Path]; ok {
		w.Header().Set("Content-Type", f.contentType)
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(f.body)))
		http.ServeContent(w, r, "", Moment, bytes.NewReader(f.body))
		return
	}
	o, ok := s.docs[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	b, err := o.Encode()
	if err != nil {
		s.t.Error(err)
	}
	w.Header().Set("Content-Type", "application/activity+json")
	_, _ = w.Write(b)
}

func (s *Server) post(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // who sent it was killed meanwhile
	}
	claim, err := sig.Read(r)
	if err != nil {
		s.t.Errorf("%s came without a signature: %v", r.URL.Path, err)
		return
	}
	o, err := vocab.Parse(body)
	if err != nil {
		s.t.Errorf("%s: %v", body, err)
		return
	}
	answer := s.answer
	if s.judge != nil {
		answer = s.judge(r, body)
	}
	if answer < 300 {
		s.got = append(s.got, Posted{r.URL.Path, claim.Form, claim.KeyID, o, body})
	}
	if s.retryAfter != "" {
		w.Header().Set("Retry-After", s.retryAfter)
	}
	w.WriteHeader(max(answer, http.StatusAccepted))
	_, _ = io.WriteString(w, s.words) // who does not read it has the status
}

// An Actor is somebody on a server.
type Actor struct {
	ID     string
	Key    sig.Key
	Proof  ed25519.PrivateKey
	Kind   string // of its document, "" Person
	server *Server
}

// Actor makes somebody, whose document is there from now on.
func (s *Server) Actor(name string) *Actor {
	s.t.Helper()
	a := s.actorAt("/users/" + name)
	s.Publish(a.Document(), "")
	return a
}

func (s *Server) actorAt(path string) *Actor {
	s.t.Helper()
	_, proof, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	at := s.URL + path
	return &Actor{ID: at, Key: sig.Key{ID: at + "#main-key", Private: private(s.t)}, Proof: proof, server: s}
}

// Document is what the actor's server says of them.
func (a *Actor) Document() *vocab.Object {
	a.server.t.Helper()
	text, err := sig.PEM(a.Key.Private.Public())
	if err != nil {
		a.server.t.Fatal(err)
	}
	multi, err := sig.Multikey(a.Proof.Public())
	if err != nil {
		a.server.t.Fatal(err)
	}
	return &vocab.Object{
		ID: a.ID, Type: []string{cmp.Or(a.Kind, "Person")}, PreferredUsername: "x", Name: "Somebody", Inbox: a.ID + "/inbox", Outbox: a.ID + "/outbox",
		Endpoints:       &vocab.Object{SharedInbox: a.server.URL + "/inbox"},
		PublicKey:       []vocab.Item{vocab.Of(&vocab.Object{ID: a.Key.ID, Owner: a.ID, PublicKeyPem: text})},
		AssertionMethod: []vocab.Item{vocab.Of(&vocab.Object{ID: a.ID + "#ed25519-key", Type: []string{"Multikey"}, Controller: a.ID, Multibase: multi})},
	}
}

// Plays makes the actor an act that is found by its handle and has published one
// release with one track, and a playlist of it.
func (a *Actor) Plays(handle, name, title string) {
	s := a.server
	doc := a.Document()
	doc.Name, doc.PreferredUsername, doc.URL = name, handle, vocab.One(s.URL+"/@"+handle)
	doc.Put("nineten:releases", a.ID+"/releases")
	doc.Put("nineten:playlists", a.ID+"/playlists")
	s.Publish(doc, "")
	s.Serve("/.well-known/webfinger", "application/jrd+json", []byte(`{"links":[{"rel":"self","type":"application/activity+json","href":"`+a.ID+`"},`+
		`{"rel":"http://ostatus.org/schema/1.0/subscribe","template":"`+s.URL+`/authorize?uri={uri}"}]}`))
	track := &vocab.Object{ID: a.ID + "/t/1", Type: []string{"Audio", "nineten:AudioTrack"}, AttributedTo: vocab.One(a.ID), Name: title + " I", Duration: 3 * time.Minute,
		URL: []vocab.Item{vocab.Of(&vocab.Object{Type: []string{"Link"}, MediaType: "audio/flac", Href: s.URL + "/sound.flac"})}}
	release := &vocab.Object{ID: a.ID + "/r/1", Type: []string{"OrderedCollection", "nineten:Release"}, AttributedTo: vocab.One(a.ID), Name: title, Summary: "<p>Words.</p>", Published: Moment, To: []string{vocab.Public}, Conversation: a.ID + "/r/1/context",
		URL: vocab.One(s.URL + "/r/1"), OrderedItems: []vocab.Item{vocab.Of(track)}}
	release.Put("nineten:label", "Shore Records")
	release.Put("nineten:language", "de-AT")
	release.Tag = []vocab.Item{vocab.Of(&vocab.Object{Type: []string{"Hashtag"}, Name: "#fieldrecording", Href: s.URL + "/tag/field-recording"})}
	s.Publish(release, "")
	list := &vocab.Object{ID: a.ID + "/l/1", Type: []string{"OrderedCollection", "nineten:Playlist"}, AttributedTo: vocab.One(a.ID), Name: title + " at night", Published: Moment, To: []string{vocab.Public}, OrderedItems: vocab.One(track.ID)}
	list.Put("nineten:collaborators", []string{a.ID, "https://reef.example/users/bo"})
	s.Publish(&vocab.Object{ID: a.ID + "/playlists", Type: []string{"OrderedCollection"}, OrderedItems: []vocab.Item{vocab.Of(list)}}, "")
	s.Publish(&vocab.Object{ID: a.ID + "/releases", Type: []string{"OrderedCollection"}, OrderedItems: []vocab.Item{vocab.Of(release)}}, "")
	s.Serve("/sound.flac", "audio/flac", []byte("fLaC and so on"))
}

// Desk is what answers about music elsewhere on a database of somebody's. Nothing
// is fetched before it is told to: see [elsewhere.Desk.Backfill].
func (n *Node) Desk(store social.Store, site form.Site) *elsewhere.Desk {
	servers := *n.Servers
	servers.Store = store
	return elsewhere.New(elsewhere.Config{Site: site, Store: store, Servers: &servers, Files: servers.Client, Sent: func() {}, Listener: func(*http.Request) string { return "" }, Now: n.Now, Log: Quiet(), Cover: noCover})
}

func noCover(context.Context, io.Reader) (music.Cover, error) {
	return music.Cover{}, fault.New(fault.NotFound, "There is no such picture.")
}

// Rotate gives the actor other keys under the same addresses.
func (a *Actor) Rotate() {
	a.server.t.Helper()
	a.Key.Private = private(a.server.t)
	var err error
	if _, a.Proof, err = ed25519.GenerateKey(rand.Reader); err != nil {
		a.server.t.Fatal(err)
	}
	a.server.Publish(a.Document(), "")
}

// Activity makes one of the actor's.
func (a *Actor) Activity(kind, name string, about vocab.Item) *vocab.Object {
	return &vocab.Object{ID: a.ID + "/" + name, Type: []string{kind}, Actor: vocab.At(a.ID), Object: []vocab.Item{about}}
}

// Request makes a request with which the actor's server sends a body to the
// node's inbox, signed at a time, with more headers: a name, a value and so on.
func (a *Actor) Request(form9 sig.Form, body []byte, at time.Time, more ...string) *http.Request {
	a.server.t.Helper()
	out := httptest.NewRequest(http.MethodPost, Origin+form.Root+"inbox", bytes.NewReader(body))
	for i := 0; i+1 < len(more); i += 2 {
		out.Header.Set(more[i], more[i+1])
	}
	if err := a.Key.Sign(out, body, form9, at); err != nil {
		a.server.t.Fatal(err)
	}
	in := httptest.NewRequest(http.MethodPost, form.Root+"inbox", bytes.NewReader(body))
	in.Header = out.Header
	in.Header.Set("Content-Type", "application/activity+json")
	return in
}

// JSON writes a document.
func JSON(t testing.TB, v any) []byte {
	t.Helper()
	if o, ok := v.(*vocab.Object); ok {
		b, err := o.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Server is where the actor is.
func (a *Actor) Server() *Server { return a.server }
