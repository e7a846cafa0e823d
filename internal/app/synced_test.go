package app

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

const syncHeader = "Collection-Synchronization"

// digestOf is what FEP-8fcf says a digest of addresses is.
func digestOf(all ...string) string {
	sum := make([]byte, sha256.Size)
	for _, at := range all {
		for i, b := range sha256.Sum256([]byte(at)) {
			sum[i] ^= b
		}
	}
	return hex.EncodeToString(sum)
}

// headers keeps what a server is told of followers, by the activity's kind, where the
// signature covers it.
func headers(s *fedtest.Server) func(kind string) string {
	var mu sync.Mutex
	said := map[string]string{}
	s.Judges(func(r *http.Request, body []byte) int {
		o, err := vocab.Parse(body)
		claim, err2 := sig.Read(r)
		text := r.Header.Get(syncHeader)
		if text != "" && (err2 != nil || !claim.Header(syncHeader)) {
			text = "not signed"
		}
		if err == nil {
			mu.Lock()
			defer mu.Unlock()
			said[o.Type[0]] = text
		}
		return 0
	})
	return func(kind string) string {
		mu.Lock()
		defer mu.Unlock()
		return said[kind]
	}
}

// lists asks as somebody for who follows, of their server.
func (s *suite) lists(by *fedtest.Actor, at string) (code int, all []string, cached string) {
	s.t.Helper()
	r := httptest.NewRequest(http.MethodGet, at, nil)
	r.Header.Set("Accept", "application/activity+json")
	if by != nil {
		s.ok(by.Key.Sign(r, nil, sig.Cavage, s.now()))
	}
	in := httptest.NewRequest(http.MethodGet, strings.TrimPrefix(at, fedtest.Origin), nil)
	in.Header = r.Header
	rec := httptest.NewRecorder()
	s.handler.ServeHTTP(rec, in)
	o, err := vocab.Parse(rec.Body.Bytes())
	if err != nil {
		return rec.Code, nil, ""
	}
	return rec.Code, vocab.IDs(o.OrderedItems), rec.Header().Get("Cache-Control")
}

// newCrossing is a node with an act for which somebody works, two people on one server, and
// an act on another that says who follows it.
func newCrossing(t *testing.T) *suite {
	t.Helper()
	server, third := fedtest.NewServer(t), fedtest.NewServer(t)
	w := newWatched(t, fedtest.Moment, server, third)
	act := id.New[id.Act](w.now())
	w.publishes(act, "Two people and a piano.")
	s := &suite{watched: w, ada: server.Actor("ada"), bo: server.Actor("bo"), shore: third.Actor("shore"), people: w.joins(1), act: fedtest.Origin + "/ap/acts/" + string(act)}
	s.shore.Plays("shore", "Shore", "Tides")
	doc := s.shore.Document()
	doc.Name, doc.PreferredUsername, doc.Followers = "Shore", "shore", s.shore.ID+"/followers"
	third.Publish(doc, "")
	w.ok(w.db.Music().Update(t.Context(), func(tx music.Tx) error { return tx.SetRole(t.Context(), act, s.people.account, music.Owner) }))
	return s
}

// What goes to followers says to each server which of its people are counted, of an act and
// of a listener who is seen; it reads the list itself, and nobody else does (FEP-8fcf).
func TestFollowersAreTold(t *testing.T) {
	s := newCrossing(t)
	defer s.runs()()
	there, third := headers(s.ada.Server()), headers(s.shore.Server())
	var wren struct{ ID id.Person }
	s.people.do(http.MethodPut, "/api/v1/me/person", map[string]any{"handle": "wren"}, &wren)
	person := fedtest.Origin + "/ap/people/" + string(wren.ID)
	for _, by := range []*fedtest.Actor{s.ada, s.bo, s.shore} {
		s.sends(by, "Follow", vocab.At(s.act))
		s.sends(by, "Follow", vocab.At(person))
	}
	s.sends(s.bo, "Undo", vocab.Of(s.bo.Activity("Follow", "x", vocab.At(person))))
	if got := there("Accept"); got != "" {
		t.Errorf("what is for one alone says %s", got)
	}
	told := func(who string, at string, followers ...string) string {
		return `collectionId="` + who + `/followers", url="` + at + `", digest="` + digestOf(followers...) + `"`
	}
	for who, want := range map[string][]string{s.act: {s.ada.ID, s.bo.ID}, person: {s.ada.ID}} {
		at := who + "/followers/sync"
		if who == s.act {
			s.ok(s.federation.outbox.Act(t.Context(), id.Act(s.act[strings.LastIndex(s.act, "/")+1:])))
		} else {
			s.people.do(http.MethodPut, "/api/v1/me/person", map[string]any{"handle": "wren", "about": "Reeds."}, nil)
			s.ok(s.federation.outbox.Person(t.Context(), wren.ID))
		}
		s.applied()
		if got, expected := there("Update"), told(who, at, want...); got != expected {
			t.Errorf("%s: told\n%s, want\n%s", who, got, expected)
		}
		if got, expected := third("Update"), told(who, at, s.shore.ID); got != expected {
			t.Errorf("%s: the third was told\n%s, want\n%s", who, got, expected)
		}
		code, all, cached := s.lists(s.ada, at)
		if slices.Sort(all); code != http.StatusOK || !slices.Equal(all, want) || cached != "no-store" {
			t.Errorf("%s: %d %q, kept as %q", at, code, all, cached)
		}
		if _, all, _ := s.lists(s.shore, at); !slices.Equal(all, []string{s.shore.ID}) {
			t.Errorf("%s: the third reads %q", at, all)
		}
		if code, all, _ := s.lists(nil, at); code != http.StatusUnauthorized || len(all) > 0 {
			t.Errorf("%s: anybody reads %q: %d", at, all, code)
		}
	}
	for _, at := range []string{s.act + "x/followers/sync", fedtest.Origin + "/ap/acts/" + string(id.New[id.Act](s.now())) + "/followers/sync", fedtest.Origin + "/ap/people/" + string(id.New[id.Person](s.now())) + "/followers/sync"} {
		if code, _, _ := s.lists(s.ada, at); code != http.StatusNotFound {
			t.Errorf("%s: %d", at, code)
		}
	}
}

// told has somebody send an activity with what they say of followers, signed or not.
func (s *suite) told(by *fedtest.Actor, signed bool, said string) {
	s.t.Helper()
	s.made++
	body := fedtest.JSON(s.t, by.Activity("Jump", strings.Repeat("x", s.made), vocab.At(s.act)))
	r := by.Request(sig.RFC9421, body, s.now(), syncHeader, said)
	if !signed {
		r = by.Request(sig.Cavage, body, s.now())
		r.Header.Set(syncHeader, said)
	}
	rec := httptest.NewRecorder()
	if s.handler.ServeHTTP(rec, r); rec.Code != http.StatusAccepted {
		s.t.Fatalf("%d: %s", rec.Code, rec.Body)
	}
	s.applied()
}

// waiting is how much is to be found out of followers.
func (s *suite) waiting() int { return len(s.jobsOf(social.JobFollowers)) }

// What somebody says of their followers here, signed, is held against what is known; where
// they differ their server is asked, seldom, and what it says is so: who is counted follows,
// who is not does not, and who is and never asked says so.
func TestFollowersAgree(t *testing.T) {
	s := newCrossing(t)
	stop := s.runs()
	server, node := s.shore.Server(), fedtest.Origin+"/ap/node"
	all, at := s.shore.ID+"/followers", s.shore.ID+"/synchronization"
	said := func(collection, at, digest string) string {
		return `collectionId="` + collection + `", digest="` + digest + `", url="` + at + `"`
	}
	counts := func(who ...string) {
		o := &vocab.Object{ID: at, Type: []string{"OrderedCollection"}, OrderedItems: []vocab.Item{}}
		for _, x := range who {
			o.OrderedItems = append(o.OrderedItems, vocab.At(x))
		}
		server.Publish(o, "")
	}
	found := func(want string) {
		t.Helper()
		if n := s.waiting(); n != 1 {
			t.Fatalf("%d is to be found out", n)
		}
		s.set(s.now().Add(10 * time.Minute)) // what is on its way has the time to arrive
		s.arrives("it is found out", func() bool {
			s.exec(dueNow)
			return s.waiting() == 0
		})
		if s.applied(); s.following() != want {
			t.Errorf("following is %q, want %q", s.following(), want)
		}
	}
	later := func() { s.set(s.now().Add(social.SyncedEvery)) }
	s.sends(s.shore, "Accept", vocab.Of(s.asks()))
	counts()
	for what, told := range map[string]func(){
		"the same":                func() { s.told(s.shore, true, said(all, at, digestOf(node))) },
		"not signed":              func() { s.told(s.shore, false, said(all, at, digestOf())) },
		"of another":              func() { s.told(s.ada, true, said(all, at, digestOf())) },
		"at another server":       func() { s.told(s.shore, true, said(all, s.ada.ID+"/list", digestOf())) },
		"by another name":         func() { s.told(s.shore, true, said(all+"2", at, digestOf())) },
		"without a digest":        func() { s.told(s.shore, true, `collectionId="`+all+`", url="`+at+`"`) },
		"what cannot be read":     func() { s.told(s.shore, true, `collectionId="`) },
		"of who has no followers": func() { s.told(s.ada, true, said(s.ada.ID+"/followers", s.ada.ID+"/list", digestOf())) },
	} {
		if told(); s.waiting() != 0 || s.following() != "accepted" {
			t.Errorf("%s: %d are asked for, %s", what, s.waiting(), s.following())
		}
	}
	for range 3 {
		s.told(s.shore, true, said(all, at, digestOf()))
	}
	if found("refused"); server.Asked(strings.TrimPrefix(at, server.URL)) != 1 {
		t.Error("it was not asked once")
	}
	if s.told(s.shore, true, said(all, at, digestOf(node))); s.waiting() != 0 {
		t.Error("it is asked again within the hour")
	}
	later()
	s.asks() // and the answer is lost
	counts(node)
	s.told(s.shore, true, said(all, at, digestOf(node)))
	found("accepted")
	later()

	server.Publish(&vocab.Object{ID: at, Type: []string{"OrderedCollection"}, First: vocab.At(at + "/1")}, "")
	server.Publish(&vocab.Object{ID: at + "/1", Type: []string{"OrderedCollectionPage"}, Next: vocab.At(at + "/1")}, "")
	s.told(s.shore, true, said(all, at, digestOf()))
	found("accepted") // a list without end says nothing
	later()
	ghost := fedtest.Origin + "/ap/people/" + string(id.New[id.Person](s.now()))
	s.told(s.shore, true, said(all, at, digestOf(node, ghost)))
	found("accepted") // nor does one that is not what was spoken of
	later()
	server.Publish(&vocab.Object{ID: at + "/1", Type: []string{"OrderedCollectionPage"}, Next: vocab.At(at + "/2"), OrderedItems: vocab.One(s.bo.ID)}, "")
	server.Publish(&vocab.Object{ID: at + "/2", Type: []string{"OrderedCollectionPage"}, OrderedItems: vocab.One(ghost)}, "")
	s.told(s.shore, true, said(all, at, digestOf(ghost)))
	server.Before(at, func() { // they let it in while their list is read
		s.exec("update following set activity = activity || '2'")
	})
	found("accepted")
	server.Before(at, nil)
	later()
	server.Publish(&vocab.Object{ID: at + "/2", Type: []string{"OrderedCollectionPage"}, OrderedItems: vocab.One(ghost)}, "")
	s.told(s.shore, true, said(all, at, digestOf(ghost)))
	found("refused") // who is counted is on the second page
	later()

	s.people.do(http.MethodDelete, "/api/v1/elsewhere/acts/"+s.shoreHandle()+"/follow", nil, nil)
	last := s.hears(server, "Undo", node, nil)
	counts(node, s.act, ghost, s.bo.ID)
	s.told(s.shore, true, said(all, at, digestOf(node, s.act, ghost)))
	found("")
	for _, who := range []string{node, s.act} {
		undo := s.heard(server, "Undo", who)
		if undo == nil || undo.ID == last.ID || undo.Object[0].Object == nil || !undo.Object[0].Object.Is("Follow") || undo.Object[0].Object.Actor.ID() != who || vocab.FirstID(undo.Object[0].Object.Object) != s.shore.ID {
			t.Errorf("%s did not say that it does not follow: %+v", who, undo)
		}
	}
	for _, p := range server.Got() {
		if p.Object.Is("Undo") && p.Object.Actor.ID() != node && p.Object.Actor.ID() != s.act {
			t.Errorf("%s said Undo", p.Object.Actor.ID())
		}
	}
	stop()
}

// A server that makes up actors without end has so many of their followers be asked for.
func TestFollowersOfOneServer(t *testing.T) {
	s := newCrossing(t)
	defer s.runs()()
	server := s.shore.Server()
	for i := range social.SyncedOfHost + 2 {
		x := server.Actor(fmt.Sprint("gull", i))
		doc := x.Document()
		doc.Followers = x.ID + "/followers"
		server.Publish(doc, "")
		s.told(x, true, `collectionId="`+doc.Followers+`", url="`+x.ID+`/here", digest="`+digestOf(fedtest.Origin+"/ap/node")+`"`)
	}
	if n := s.waiting(); n != social.SyncedOfHost {
		t.Errorf("%d are asked for", n)
	}
}
