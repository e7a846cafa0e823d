package app

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
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
	robin.do(http.MethodPut, "/api/v1/likes/releases/"+there.release, nil, nil)
	wren.do(http.MethodPut, "/api/v1/likes/releases/"+there.release, nil, nil)
	w.set(w.now().Add(time.Minute))
	w.arrives("the act is told of the like of a release", func() bool { return got(far, "Like").Object.ID != like.ID })
	like = got(far, "Like").Object
	if like.Actor.ID() != at || like.Object[0].ID() != far.URL+"/ap/releases/"+fedtest.PaidRelease || like.To[0] != far.URL+"/ap/acts/"+fedtest.PaidAct {
		t.Errorf("%+v", like)
	}
	wren.do(http.MethodDelete, "/api/v1/likes/releases/"+there.release, nil, nil)
	w.set(w.now().Add(time.Minute))
	w.arrives("that is taken back", func() bool { return got(far, "Undo").Object.Object[0].ID() == like.ID })
	wren.do(http.MethodDelete, "/api/v1/me/person", nil, nil)
	w.arrives("its act hears that the person is gone", func() bool { return has(far, "Delete") })
}

// What a listener who is seen says goes to the act, to who follows them and to whom it
// answers, changes and ends there, and is answered from there. What others here say stays.
func TestCommentsOfAPerson(t *testing.T) {
	far, general := fedtest.NewServer(t), fedtest.NewServer(t)
	far.Node()
	ada, eve := general.Actor("ada"), general.Actor("eve")
	w := newWatched(t, fedtest.Moment, far, general)
	s := &suite{watched: w, ada: ada, bo: eve}
	stop := w.runs()
	defer stop()
	wren, robin := w.joins(1), w.joins(2)
	there := w.elsewhereOf([]*visitor{wren, robin}, far)
	at := "/api/v1/releases/" + there.release + "/comments"
	type comment struct {
		ID, Parent, Address, Page, HTML string
		PositionMS                      int64 `json:"position_ms"`
	}
	listed := func() map[string]comment {
		var list struct{ Rows []comment }
		robin.do(http.MethodGet, at, nil, &list)
		out := map[string]comment{}
		for _, c := range list.Rows {
			out[c.HTML] = c
		}
		return out
	}
	said := func(by *visitor, text string, more map[string]any) (c comment) {
		t.Helper()
		body := map[string]any{"track": there.track, "text": text}
		for k, v := range more {
			body[k] = v
		}
		by.do(http.MethodPost, at, body, &c)
		return c
	}
	said(wren, "Said before I was seen", nil)
	kept := said(robin, "Stays where it is", nil)
	var me struct{ ID string }
	wren.do(http.MethodPut, "/api/v1/me/person", map[string]any{"handle": "wren"}, &me)
	person := fedtest.Origin + "/ap/people/" + me.ID
	s.sends(ada, "Follow", vocab.At(person))
	first := said(wren, "What a <drop>", map[string]any{"position_ms": 12_300})
	note := fedtest.Origin + "/ap/comments/" + first.ID
	w.arrives("the act and who follows are told", func() bool { return has(far, "Create") && has(general, "Create") })
	x := got(far, "Create").Object
	n := x.Object[0].Object
	var seconds float64
	if n.Get("nineten:position", &seconds); x.Actor.ID() != person || n.ID != note || n.Author() != person || n.Content != "<p>What a &lt;drop&gt;</p>" || seconds != 12.3 ||
		vocab.FirstID(n.InReplyTo) != far.URL+"/ap/tracks/"+fedtest.PaidTrack || !n.IsPublic() || strings.Join(n.CC, " ") != person+"/followers "+far.URL+"/ap/acts/"+fedtest.PaidAct || !x.IsPublic() || len(n.Tag) != 0 {
		t.Errorf("%+v, %v", n, seconds)
	}
	if code, _, d := s.get(note, ""); code != http.StatusOK || d["id"] != note || d["type"] != "Note" || s.number(person+"/outbox") != 1 {
		t.Errorf("%d %v", code, d)
	}
	if code, _, _ := s.get(fedtest.Origin+"/ap/comments/"+kept.ID, ""); code != http.StatusNotFound {
		t.Errorf("what others say has an address: %d", code)
	}
	if c := listed()["<p>What a &lt;drop&gt;</p>"]; c.Address != "@wren" || c.Page != "/person/wren" || strings.Contains(fmt.Sprint(listed()), "@"+wren.handle) != true {
		t.Errorf("%+v", listed()) // what was said before is the account's
	}

	answer := func(by *fedtest.Actor, name, to string) *vocab.Object {
		return &vocab.Object{ID: by.ID + "/" + name, Type: []string{"Note"}, AttributedTo: vocab.One(by.ID), InReplyTo: vocab.One(to), Content: "<p>" + name + "</p>", To: []string{vocab.Public}}
	}
	w.set(w.now().Add(time.Minute))
	s.sends(ada, "Create", vocab.Of(answer(ada, "indeed", note)))
	s.sends(ada, "Create", vocab.Of(answer(ada, "guessed", fedtest.Origin+"/ap/comments/"+kept.ID)))
	if list := listed(); list["<p>indeed</p>"].Parent != first.ID || list["<p>guessed</p>"].ID != "" {
		t.Errorf("%+v", list)
	}
	var told struct {
		Rows []struct{ Kind, Comment string }
	}
	if wren.do(http.MethodGet, "/api/v1/notifications", nil, &told); len(told.Rows) == 0 || told.Rows[0].Kind != "answer" || told.Rows[0].Comment != listed()["<p>indeed</p>"].ID {
		t.Errorf("%+v", told)
	}
	said(wren, "Thanks", map[string]any{"parent": listed()["<p>indeed</p>"].ID})
	w.arrives("who is answered is told", func() bool {
		o := got(general, "Create").Object
		return o != nil && o.Object[0].Object.Content == "<p>Thanks</p>"
	})
	if n := got(general, "Create").Object.Object[0].Object; vocab.FirstID(n.InReplyTo) != ada.ID+"/indeed" || len(n.Tag) != 1 || !n.Tag[0].Object.Is("Mention") || n.Tag[0].Object.Href != ada.ID || n.Tag[0].Object.Name != "@x@"+general.Host() || n.CC[len(n.CC)-1] != ada.ID {
		t.Errorf("%+v", n)
	}
	wren.do(http.MethodPut, "/api/v1/comments/"+first.ID, map[string]any{"text": "What a turn"}, nil)
	w.arrives("the act is told of a change", func() bool { return has(far, "Update") })
	if n := got(far, "Update").Object.Object[0].Object; n.ID != note || n.Content != "<p>What a turn</p>" || n.Extra["nineten:position"] != nil || n.Updated.IsZero() {
		t.Errorf("%+v", n)
	}
	s.sends(eve, "Create", vocab.Of(answer(eve, "hello", note)))
	wren.do(http.MethodPut, "/api/v1/me/person/followers", map[string]any{"actor": eve.ID, "state": "blocked"}, nil)
	s.sends(eve, "Create", vocab.Of(answer(eve, "again", note)))
	if list := listed(); list["<p>hello</p>"].ID == "" || list["<p>again</p>"].ID != "" {
		t.Errorf("%+v", list)
	}

	wren.do(http.MethodDelete, "/api/v1/comments/"+first.ID, nil, nil)
	w.arrives("who knows it is told that it is gone", func() bool { return has(far, "Delete") && has(general, "Delete") })
	if x := got(far, "Delete").Object; x.Actor.ID() != person || x.Object[0].ID() != note || !x.Object[0].Object.Is("Tombstone") {
		t.Errorf("%+v", x)
	}
	stone := func(at string) {
		t.Helper()
		for _, under := range []string{"", "/create"} {
			if code, _, d := s.get(at+under, ""); code != http.StatusGone || d["type"] != "Tombstone" || d["formerType"] != "Note" || d["id"] != at {
				t.Errorf("%s: %d %v", under, code, d)
			}
		}
	}
	stone(note)
	last := said(wren, "Bye", nil)
	w.arrives("the last is told", func() bool { return got(far, "Create").Object.Object[0].Object.Content == "<p>Bye</p>" })
	wren.do(http.MethodDelete, "/api/v1/me/person", nil, nil)
	w.arrives("the person is gone there", func() bool { return got(far, "Delete").Object.Object[0].ID() == person })
	stone(fedtest.Origin + "/ap/comments/" + last.ID)
	if list := listed(); list["<p>Bye</p>"].ID != "" || list["<p>Thanks</p>"].ID != "" || list["<p>Said before I was seen</p>"].Address != "@"+wren.handle {
		t.Errorf("%+v", list)
	}
	said(wren, "Only here again", nil)
	said(robin, "Me too", nil)
	s.applied()
	for _, text := range []string{"Said before I was seen", "Stays where it is", "Only here again", "Me too", wren.handle} {
		for _, where := range w.heard(text) {
			if !strings.HasPrefix(where, "page") {
				t.Errorf("%q left in a %s", text, where)
			}
		}
	}
}

// Who follows a listener is told what they listen to if the listener says so, and nobody
// else; what waits is taken back when they end it.
func TestListensOfAPerson(t *testing.T) {
	far, general := fedtest.NewServer(t), fedtest.NewServer(t)
	far.Node()
	ada := general.Actor("ada")
	w := newWatched(t, fedtest.Moment, far, general)
	s := &suite{watched: w, ada: ada, bo: ada}
	stop := w.runs()
	defer stop()
	wren := w.joins(1)
	there := w.elsewhereOf([]*visitor{wren}, far)
	var me struct{ ID string }
	shows := func(listens bool) {
		t.Helper()
		wren.do(http.MethodPut, "/api/v1/me/person", map[string]any{"handle": "wren", "listens": listens}, &me)
	}
	shows(false)
	person := fedtest.Origin + "/ap/people/" + me.ID
	s.sends(ada, "Follow", vocab.At(person))
	hears := func() {
		t.Helper()
		w.set(w.now().Add(10 * time.Minute))
		wren.hears(fedtest.PaidTrack+"@"+there.host, time.Minute)
	}
	hears()
	s.applied()
	shows(true)
	hears()
	w.arrives("who follows is told", func() bool { return has(general, "Listen") })
	x := got(general, "Listen").Object
	if x.Actor.ID() != person || vocab.FirstID(x.Object) != far.URL+"/ap/tracks/"+fedtest.PaidTrack || x.IsPublic() || strings.Join(x.Addressed(), " ") != person+"/followers" || x.Expires.Sub(w.now()) > time.Hour {
		t.Errorf("%+v", x)
	}
	if code, _, _ := s.get(x.ID, ""); code != http.StatusNotFound || s.number(person+"/outbox") != 0 {
		t.Errorf("everybody may read it: %d", code)
	}
	general.Answers(http.StatusServiceUnavailable, "")
	hears()
	w.arrives("the next play was refused, and waits", func() bool { // what is on its way is not taken back
		var list []social.Queue
		w.ok(w.db.SocialView(t.Context(), func(tx social.Tx) (err error) {
			list, err = tx.Queues(t.Context())
			return err
		}))
		return len(list) == 1 && list[0].Tries > 0
	})
	shows(false)
	hears()
	general.Answers(0, "")
	w.set(w.now().Add(2 * time.Minute)) // what waits is tried again
	wren.do(http.MethodPut, "/api/v1/me/person", map[string]any{"handle": "wren", "name": "Jenny"}, nil)
	w.arrives("what comes after it", func() bool {
		return has(general, "Update") && got(general, "Update").Object.Object[0].Object.Name == "Jenny"
	})
	n := 0
	for _, p := range general.Got() {
		if p.Object.Is("Listen") {
			n++
		}
	}
	if n != 1 || has(far, "Listen") {
		t.Errorf("%d plays were told, the act: %v", n, has(far, "Listen"))
	}
}
