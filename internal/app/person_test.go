package app

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
)

// got is the last activity of a type that a server was sent.
func got(s *fedtest.Server, kind string) (last fedtest.Posted) {
	for _, p := range s.Got() {
		if p.Object.Is(kind) {
			last = p
		}
	}
	return last
}

// A listener who is seen elsewhere is found, followed, and gone: when they end it,
// and when they delete the account.
func TestPersonElsewhere(t *testing.T) {
	general := fedtest.NewServer(t)
	ada, eve := general.Actor("ada"), general.Actor("eve")
	w := newWatched(t, fedtest.Moment, general)
	s := &suite{watched: w, ada: ada, bo: eve}
	stop := w.runs()
	defer stop()
	wren, robin := w.joins(1), w.joins(2)
	const find = "/.well-known/webfinger?resource=acct:"
	if code, _, _ := s.get(find+wren.handle+"@nine.example", ""); code != http.StatusNotFound {
		t.Errorf("who did not choose to be seen is found: %d", code)
	}
	var me struct{ ID string }
	wren.do(http.MethodPut, "/api/v1/me/person", map[string]any{"handle": "wren", "name": "Wren", "about": "Birds", "approves": true}, &me)
	at := fedtest.Origin + "/ap/people/" + me.ID
	_, _, found := s.get(find+"Wren@nine.example", "")
	if self := found["links"].([]any)[0].(map[string]any)["href"]; found["subject"] != "acct:wren@nine.example" || self != at {
		t.Errorf("%v", found)
	}
	for _, resource := range []string{at, fedtest.Origin + "/person/wren"} {
		if _, _, again := s.get("/.well-known/webfinger?resource="+resource, ""); again["subject"] != found["subject"] {
			t.Errorf("%s: %v", resource, again)
		}
	}
	_, _, doc := s.get(at, "")
	multi, err := sig.Multikey(w.keys.person(id.Person(me.ID)).Public())
	w.ok(err)
	key := doc["assertionMethod"].([]any)[0].(map[string]any)
	if doc["type"] != "Person" || doc["preferredUsername"] != "wren" || doc["manuallyApprovesFollowers"] != true || key["publicKeyMultibase"] != multi || key["controller"] != at {
		t.Errorf("%v", doc)
	}
	if bytes.Equal(w.keys.person(id.Person(me.ID)), w.keys.act(id.Act(me.ID))) || bytes.Equal(w.keys.person(id.Person(me.ID)), w.keys.person("other")) {
		t.Error("two actors have one key")
	}
	if _, _, page := s.get(at, "text/html"); page != nil {
		t.Errorf("a browser gets %v", page)
	}

	follow := ada.Activity("Follow", "f1", vocab.At(at))
	if code := w.says(ada, follow); code != http.StatusAccepted {
		t.Fatal(code)
	}
	s.applied()
	if has(general, "Accept") || s.number(at+"/followers") != 0 {
		t.Error("who asks follows at once")
	}
	wren.do(http.MethodPut, "/api/v1/me/person/followers", map[string]any{"actor": ada.ID, "state": "follows"}, nil)
	w.arrives("the follow is accepted", func() bool { return has(general, "Accept") })
	if p := got(general, "Accept"); p.Object.Actor.ID() != at || p.Object.Object[0].ID() != follow.ID || p.KeyID != at+"#main-key" || s.number(at+"/followers") != 1 {
		t.Errorf("%+v", p)
	}
	wren.do(http.MethodPut, "/api/v1/me/person", map[string]any{"handle": "wren", "name": "Jenny Wren"}, nil)
	w.arrives("followers are told of a change", func() bool { return has(general, "Update") })
	if x := got(general, "Update").Object.Object[0].Object; x.ID != at || x.Name != "Jenny Wren" {
		t.Errorf("%+v", x)
	}
	if code, _ := s.sends(eve, "Undo", vocab.Of(follow)); code != http.StatusAccepted || s.number(at+"/followers") != 1 {
		t.Error("another's follow is undone")
	}
	s.sends(ada, "Undo", vocab.Of(follow))
	if s.number(at+"/followers") != 0 {
		t.Error("who has unfollowed follows")
	}

	wren.do(http.MethodDelete, "/api/v1/me/person", nil, nil)
	w.arrives("who followed once is told, too", func() bool { return has(general, "Delete") })
	if x := got(general, "Delete").Object; x.Actor.ID() != at || len(x.Object) != 1 || x.Object[0].ID() != at {
		t.Errorf("%+v", x)
	}
	for _, under := range []string{"", "/outbox", "/followers"} {
		if code, _, stone := s.get(at+under, ""); code != http.StatusGone || stone["type"] != "Tombstone" || stone["formerType"] != "Person" || stone["id"] != at {
			t.Errorf("%s: %d, %v", under, code, stone)
		}
	}
	for _, resource := range []string{"acct:wren@nine.example", at, fedtest.Origin + "/person/wren"} {
		if code, _, _ := s.get("/.well-known/webfinger?resource="+resource, ""); code != http.StatusNotFound {
			t.Errorf("%s is found: %d", resource, code)
		}
	}
	if code, _ := s.sends(ada, "Follow", vocab.At(at)); code != http.StatusAccepted || strings.Count(w.left["question or delivery"].String(), `"Accept"`) != 1 {
		t.Error("who is gone is followed")
	}

	robin.do(http.MethodPut, "/api/v1/me/person", map[string]any{"handle": "robin"}, &me)
	at = fedtest.Origin + "/ap/people/" + me.ID
	s.sends(ada, "Follow", vocab.At(at))
	w.exec("delete from charge")
	robin.do(http.MethodDelete, "/api/v1/me", map[string]any{"password": "a long enough password"}, nil)
	w.arrives("an account that is deleted is gone elsewhere", func() bool {
		return got(general, "Delete").Object != nil && got(general, "Delete").Object.Actor.ID() == at
	})
	if code, _, _ := s.get(at, ""); code != http.StatusGone {
		t.Errorf("%d", code)
	}
}

// What a listener who is seen likes elsewhere is told its act, and when they like it no
// longer; of who is not seen nobody is told.
func TestLikesOfAPerson(t *testing.T) {
	far := fedtest.NewServer(t)
	far.Node()
	w := newWatched(t, fedtest.Moment, far)
	stop := w.runs()
	defer stop()
	wren, robin := w.joins(1), w.joins(2)
	there := w.elsewhereOf([]*visitor{wren, robin}, far)
	robin.do(http.MethodPut, "/api/v1/likes/"+there.track, nil, nil)
	var me struct{ ID string }
	wren.do(http.MethodPut, "/api/v1/me/person", map[string]any{"handle": "wren"}, &me)
	at := fedtest.Origin + "/ap/people/" + me.ID
	likes := func(method string) {
		t.Helper()
		wren.do(method, "/api/v1/likes/"+there.track, nil, nil)
		w.set(w.now().Add(time.Minute)) // several changes in a row are one
	}
	likes(http.MethodPut)
	w.arrives("the act is told of the like", func() bool { return has(far, "Like") })
	like := got(far, "Like").Object
	if like.Actor.ID() != at || like.Object[0].ID() != far.URL+"/ap/tracks/"+fedtest.PaidTrack || len(like.To) != 1 || like.IsPublic() {
		t.Errorf("%+v", like)
	}
	likes(http.MethodDelete)
	w.arrives("it is taken back", func() bool { return has(far, "Undo") })
	if x := got(far, "Undo").Object; x.Actor.ID() != at || x.Object[0].ID() != like.ID {
		t.Errorf("%+v", x)
	}
	n := 0
	for _, p := range far.Got() {
		if p.Object.Is("Like") {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d likes were told", n)
	}
	wren.do(http.MethodDelete, "/api/v1/me/person", nil, nil)
	w.arrives("its act hears that the person is gone", func() bool { return has(far, "Delete") })
}
