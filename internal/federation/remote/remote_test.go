package remote_test

import (
	"context"
	"crypto"
	"crypto/rsa"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// A document counts for its own address alone.
func TestDocument(t *testing.T) {
	s, evil := fedtest.NewServer(t), fedtest.NewServer(t)
	n := fedtest.NewNode(t, s, evil)
	note := &vocab.Object{ID: s.URL + "/notes/1", Type: []string{"Note"}, Content: "one"}
	s.Publish(note, "")
	s.Publish(note, "/@ada/1") // a page's address, which leads to the same thing
	evil.Publish(note, "/stolen")
	s.Publish(&vocab.Object{ID: s.URL + "/notes/3", Type: []string{"Note"}}, "/notes/2")
	for _, tt := range []struct {
		iri  string
		want fault.Kind // Internal: it is found
	}{
		{s.URL + "/notes/1", fault.Internal},
		{s.URL + "/notes/1#part", fault.Internal},
		{s.URL + "/@ada/1", fault.Internal},
		{evil.URL + "/stolen", fault.Invalid},
		{s.URL + "/notes/2", fault.NotFound},
		{s.URL + "/notes/9", fault.NotFound},
		{"http://127.0.0.1/notes/1", fault.Invalid},
		{"https://[::1]/notes/1", fault.Forbidden},
		{"not an address", fault.Invalid},
	} {
		o, err := n.Servers.Document(t.Context(), tt.iri)
		if tt.want == fault.Internal {
			if err != nil || o.ID != note.ID || o.Content != "one" {
				t.Errorf("%s: %+v, %v", tt.iri, o, err)
			}
		} else if !fault.Is(err, tt.want) {
			t.Errorf("%s: %+v, %v", tt.iri, o, err)
		}
	}
}

func TestActor(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	n := fedtest.NewNode(t, s)
	get := func() (social.Actor, error) { return n.Servers.Actor(t.Context(), ada.ID) }
	a, err := get()
	if err != nil || a.Kind != "Person" || a.Inbox != ada.ID+"/inbox" || a.SharedInbox != s.URL+"/inbox" || a.Name != "Somebody" {
		t.Fatalf("%+v, %v", a, err)
	}
	doc := ada.Document()
	doc.Name = "Somebody Else"
	s.Publish(doc, "")
	if a, err = get(); err != nil || a.Name != "Somebody" {
		t.Errorf("the same day: %+v, %v", a, err)
	}
	n.Pass(25 * time.Hour)
	if a, err = get(); err != nil || a.Name != "Somebody Else" {
		t.Errorf("the next day: %+v, %v", a, err)
	}
	n.Pass(25 * time.Hour)
	s.Fetches(http.StatusServiceUnavailable)
	if a, err = get(); err != nil || a.Name != "Somebody Else" {
		t.Errorf("while the server is away: %+v, %v", a, err)
	}
	s.Fetches(http.StatusGone)
	if _, err = get(); !fault.Is(err, fault.NotFound) {
		t.Errorf("gone: %v", err)
	}
}

// What strangers say of themselves is bounded, and half an address is none.
func TestActorsAreBounded(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	n := fedtest.NewNode(t, s)
	doc := ada.Document()
	long := strings.Repeat("ä", 1<<15)
	doc.Name, doc.Summary, doc.PreferredUsername, doc.URL = long, long, long, []vocab.Item{vocab.At(ada.ID + "?" + long)}
	s.Publish(doc, "")
	a, err := n.Servers.Actor(t.Context(), ada.ID)
	if err != nil || len(a.Name) != 500 || len(a.Summary) != 16<<10 || len(a.Handle) != 254 || a.URL != "" || !utf8.ValidString(a.Handle) {
		t.Errorf("%d, %d, %d, %d bytes, %v", len(a.Name), len(a.Summary), len(a.Handle), len(a.URL), err)
	}
	doc.Inbox = ada.ID + "/" + long
	s.Publish(doc, "")
	n.Pass(25 * time.Hour)
	if _, err := n.Servers.Actor(t.Context(), ada.ID); !fault.Is(err, fault.Invalid) {
		t.Errorf("an inbox of %d bytes: %v", len(doc.Inbox), err)
	}
}

// Names are one line each: they stand in subjects of letters.
func TestNamesAreOneLine(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	n := fedtest.NewNode(t, s)
	doc := ada.Document()
	doc.Name, doc.PreferredUsername = "Ada\r\nSubject:\tx\u2028\u202ey", "a\nb"
	s.Publish(doc, "")
	if a, err := n.Servers.Actor(t.Context(), ada.ID); err != nil || a.Name != "Ada Subject: x y" || a.Handle != "a b" {
		t.Errorf("%q, %q, %v", a.Name, a.Handle, err)
	}
}

// Nobody names inboxes or keys that are not theirs.
func TestActorsOwnThings(t *testing.T) {
	s, evil := fedtest.NewServer(t), fedtest.NewServer(t)
	ada, mallory := s.Actor("ada"), evil.Actor("mallory")
	n := fedtest.NewNode(t, s, evil)
	doc := mallory.Document()
	doc.Inbox = ada.ID + "/inbox"
	evil.Publish(doc, "")
	if a, err := n.Servers.Actor(t.Context(), mallory.ID); !fault.Is(err, fault.Invalid) {
		t.Errorf("somebody else's inbox: %+v, %v", a, err)
	}
	doc = mallory.Document()
	doc.Endpoints.SharedInbox = s.URL + "/inbox"
	evil.Publish(doc, "")
	if a, err := n.Servers.Actor(t.Context(), mallory.ID); err != nil || a.SharedInbox != "" {
		t.Errorf("somebody else's shared inbox: %+v, %v", a, err)
	}
	if _, _, err := n.Servers.Key(t.Context(), ada.Key.ID, false); err != nil {
		t.Fatal(err)
	}
	bo := s.Actor("bo")
	doc = bo.Document()
	doc.PublicKey[0].Object.ID = ada.Key.ID
	s.Publish(doc, "")
	if _, err := n.Servers.Actor(t.Context(), bo.ID); err != nil {
		t.Fatal(err)
	}
	if _, owner, err := n.Servers.Key(t.Context(), ada.Key.ID, false); err != nil || owner != ada.ID {
		t.Errorf("a neighbour took the key: %s, %v", owner, err)
	}
}

// A key may have a document of its own, as GoToSocial's do.
func TestKeyOfItsOwn(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	n := fedtest.NewNode(t, s)
	doc := ada.Document()
	key := doc.PublicKey[0].Object
	key.ID = ada.ID + "/main-key"
	s.Publish(doc, "")
	s.Publish(key, "")
	k, owner, err := n.Servers.Key(t.Context(), key.ID, false)
	if err != nil || owner != ada.ID || !ada.Key.Private.Public().(*rsa.PublicKey).Equal(k) {
		t.Errorf("%v of %s, %v", k, owner, err)
	}
	lone := *key
	lone.ID = ada.ID + "/other-key"
	s.Publish(&lone, "")
	if _, owner, err := n.Servers.Key(t.Context(), lone.ID, false); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("a key that its owner does not name: %s, %v", owner, err)
	}
}

// A host is not asked without end, whoever makes this node ask.
func TestAskedTooOften(t *testing.T) {
	s := fedtest.NewServer(t)
	n := fedtest.NewNode(t, s)
	for range 120 {
		if _, err := n.Servers.Document(t.Context(), s.URL+"/x"); !fault.Is(err, fault.NotFound) {
			t.Fatal(err)
		}
	}
	if _, err := n.Servers.Document(t.Context(), s.URL+"/x"); !fault.Is(err, fault.Unavailable) {
		t.Error(err)
	}
}

// What a server runs is a question like another.
func TestAskedWhatItRuns(t *testing.T) {
	s := fedtest.NewServer(t)
	s.Runs("mastodon")
	n := fedtest.NewNode(t, s)
	for range 120 {
		if _, err := n.Servers.Document(t.Context(), s.URL+"/x"); !fault.Is(err, fault.NotFound) {
			t.Fatal(err)
		}
	}
	if p, err := n.Servers.Software(t.Context(), s.Host()); err != nil || p.Software != "" || s.Asked("/.well-known/nodeinfo") != 0 {
		t.Errorf("%+v, %v, asked %d times", p, err, s.Asked("/.well-known/nodeinfo"))
	}
	n.Pass(11 * time.Minute)
	if p, err := n.Servers.Software(t.Context(), s.Host()); err != nil || p.Software != "mastodon" {
		t.Errorf("a while later: %+v, %v", p, err)
	}
}

// Nobody cuts this node off from a server by naming keys of it: the node asks for some, and
// for everything else still.
func TestKeysOfStrangers(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	n := fedtest.NewNode(t, s)
	for i := range 200 {
		want := fault.NotFound
		if i >= 60 {
			want = fault.Unavailable
		}
		if _, _, err := n.Servers.Key(t.Context(), fmt.Sprintf("%s/u/%d#k", s.URL, i), false); !fault.Is(err, want) {
			t.Fatalf("key %d: %v", i, err)
		}
	}
	if _, err := n.Servers.Actor(t.Context(), ada.ID); err != nil {
		t.Error(err)
	}
	n.Pass(time.Minute)
	// The same one is asked for once in a while.
	lost := s.URL + "/users/lost#k"
	for _, step := range []struct {
		after time.Duration
		asked int
	}{{0, 1}, {0, 1}, {9 * time.Minute, 1}, {2 * time.Minute, 2}} {
		n.Pass(step.after)
		if _, _, err := n.Servers.Key(t.Context(), lost, false); !fault.Is(err, fault.NotFound) || s.Asked("/users/lost") != step.asked {
			t.Errorf("after %s: %v, asked %d times, not %d", step.after, err, s.Asked("/users/lost"), step.asked)
		}
	}
	s.Fetches(http.StatusServiceUnavailable)
	away := s.URL + "/users/away#k"
	for _, asked := range []int{1, 1, 2} {
		if asked == 2 {
			n.Pass(31 * time.Second)
		}
		if _, _, err := n.Servers.Key(t.Context(), away, false); !fault.Is(err, fault.Unavailable) || s.Asked("/users/away") != asked {
			t.Errorf("%v, asked %d times, not %d", err, s.Asked("/users/away"), asked)
		}
	}
}

// Nobody becomes somebody else by leading to their document.
func TestActorElsewhere(t *testing.T) {
	s, evil := fedtest.NewServer(t), fedtest.NewServer(t)
	ada, mallory := s.Actor("ada"), evil.Actor("mallory")
	n := fedtest.NewNode(t, s, evil)
	if _, err := n.Servers.Actor(t.Context(), mallory.ID); err != nil {
		t.Fatal(err)
	}
	n.Pass(25 * time.Hour)
	evil.Leads("/users/mallory", ada.ID)
	if a, err := n.Servers.Actor(t.Context(), mallory.ID); !fault.Is(err, fault.Invalid) {
		t.Errorf("mallory is %s, %v", a.ID, err)
	}
	if a, err := n.Servers.Known(t.Context(), mallory.ID); err != nil || a.ID != mallory.ID {
		t.Errorf("what is known of mallory is %s, %v", a.ID, err)
	}
}

// counting counts how often a key is read.
type counting struct {
	social.Store
	keys int
}

func (c *counting) SocialRead(ctx context.Context, fn func(social.Tx) error) error {
	return c.Store.SocialRead(ctx, func(tx social.Tx) error { return fn(keyCounter{tx, c}) })
}

type keyCounter struct {
	social.Tx
	c *counting
}

func (k keyCounter) Key(ctx context.Context, id string) (social.Key, error) {
	k.c.keys++
	return k.Tx.Key(ctx, id)
}

// A key that was used lately is not read again whatever is written, for ten minutes; what
// is decided or learned of its owner meanwhile counts at once.
func TestKeyIsRemembered(t *testing.T) {
	s := fedtest.NewServer(t)
	ada, bo := s.Actor("ada"), s.Actor("bo")
	n := fedtest.NewNode(t, s)
	db := &counting{Store: n.DB}
	host, _, _ := strings.Cut(remote.Host(ada.ID), ":")
	n.Servers.Store = db
	var got crypto.PublicKey
	key := func() (err error) { got, _, err = n.Servers.Key(t.Context(), ada.Key.ID, false); return err }
	write := func(do func(social.Tx) error) func() error {
		return func() error {
			return n.DB.SocialUpdate(t.Context(), do)
		}
	}
	rule := func(v social.Verdict) func() error {
		return write(func(tx social.Tx) error {
			return tx.PutRule(t.Context(), social.Rule{Host: host, Verdict: v, Since: n.Now()})
		})
	}
	renew := func(a *fedtest.Actor) func() error {
		return func() error { _, err := n.Servers.Renew(t.Context(), a.ID); return err }
	}
	for range 2 {
		if err := key(); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		what string
		do   func() error
		want fault.Kind // Internal: it is known
		read bool
	}{
		{"nothing", func() error { return nil }, fault.Internal, false},
		{"something else is written", write(func(tx social.Tx) error {
			return tx.PutPeer(t.Context(), social.Peer{Host: "elsewhere.example"})
		}), fault.Internal, false},
		{"somebody else is met", renew(bo), fault.Internal, false},
		{"its server is blocked", rule(social.Block), fault.Forbidden, false},
		{"and not any more", rule(social.Allow), fault.Internal, false},
		{"its owner has another", func() error { ada.Rotate(); return renew(ada)() }, fault.Internal, true},
		{"and says it again", renew(ada), fault.Internal, true},
		{"nine minutes pass", func() error { n.Pass(9 * time.Minute); return nil }, fault.Internal, false},
		{"and two more", func() error { n.Pass(2 * time.Minute); return nil }, fault.Internal, true},
		{"its owner is forgotten", write(func(tx social.Tx) error { return social.Forget(t.Context(), tx, ada.ID) }), fault.Internal, true},
		{"a clock is set back", func() error { n.Pass(-time.Minute); return nil }, fault.Internal, true},
		{"a list blocks it", write(func(tx social.Tx) error {
			if err := tx.DropRule(t.Context(), host); err != nil {
				return err
			}
			l := social.Blocklist{ID: id.New[id.List](n.Now()), URL: "https://lists.example/a", Added: n.Now()}
			if err := tx.PutBlocklist(t.Context(), l); err != nil {
				return err
			}
			return tx.PutListing(t.Context(), social.Listing{List: l.ID, Host: host, Verdict: social.Block, Counts: social.Block, Since: n.Now()})
		}), fault.Forbidden, false},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		before := db.keys
		if err := key(); step.want == fault.Internal && err != nil || step.want != fault.Internal && !fault.Is(err, step.want) {
			t.Errorf("%s: %v", step.what, err)
		} else if now := ada.Key.Private.Public(); err == nil && !now.(interface{ Equal(crypto.PublicKey) bool }).Equal(got) {
			t.Errorf("%s: it is not ada's", step.what)
		}
		if read := db.keys > before; read != step.read {
			t.Errorf("%s: it was read: %t", step.what, read)
		}
	}
}
