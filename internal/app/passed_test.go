package app

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store"
)

// newSuite is a node with an act and a release, and two people of other servers.
func newSuite(t *testing.T, ada, bo *fedtest.Actor) *suite {
	t.Helper()
	w := newWatched(t, fedtest.Moment, ada.Server(), bo.Server())
	act := id.New[id.Act](w.now())
	release, _ := w.publishes(act, "Two people and a piano.")
	return &suite{watched: w, ada: ada, bo: bo, act: fedtest.Origin + "/ap/acts/" + string(act), note: fedtest.Origin + "/ap/releases/" + string(release) + "/note"}
}

// passes has somebody send an activity that is another's.
func (s *suite) passes(by *fedtest.Actor, body []byte) int {
	s.t.Helper()
	rec := httptest.NewRecorder()
	s.handler.ServeHTTP(rec, by.Request(sig.RFC9421, body, s.now()))
	s.applied()
	s.asked()
	return rec.Code
}

// asked waits until nothing is to be asked of another server.
func (s *suite) asked() {
	s.t.Helper()
	s.arrives("nothing is to be asked", func() bool { return !s.askedYet() })
}

// askedYet reports whether comments are to be asked for, what people say of a release, or
// what somebody shared.
func (s *suite) askedYet() bool { return s.toDo(social.JobComment, social.JobTalk, social.JobShare) }

// toDo reports whether there is work of some kinds.
func (s *suite) toDo(kinds ...string) bool {
	n := 0
	s.ok(s.db.View(s.t.Context(), func(tx *store.Tx) error {
		rows, err := tx.Q.JobCounts(s.t.Context())
		for _, r := range rows {
			if r.State != "dead" && slices.Contains(kinds, r.Kind) {
				n += int(r.N)
			}
		}
		return err
	}))
	return n > 0
}

// of are the activities of a type by somebody that a server was sent.
func of(s *fedtest.Server, by *fedtest.Actor, kind string) (out []fedtest.Posted) {
	for _, p := range s.Got() {
		if p.Object.Is(kind) && p.Object.Actor.ID() == by.ID {
			out = append(out, p)
		}
	}
	return out
}

// What answers an act's music and is for its followers reaches their servers as it came,
// once, and so does what becomes of it (ActivityPub 7.1.2).
func TestPassedOn(t *testing.T) {
	near, far := fedtest.NewServer(t), fedtest.NewServer(t)
	ada, eve, bo := near.Actor("ada"), near.Actor("eve"), far.Actor("bo")
	s := newSuite(t, ada, bo)
	stop := s.runs()
	defer stop()
	s.sends(eve, "Follow", vocab.At(s.act))
	s.sends(bo, "Follow", vocab.At(s.act))
	says := func(by *fedtest.Actor, kind, name string, about vocab.Item, to ...string) []byte {
		t.Helper()
		x := by.Activity(kind, name, about)
		x.To, x.CC = []string{vocab.Public}, to
		if code := s.says(by, x); code != http.StatusAccepted {
			t.Fatal(code)
		}
		s.applied()
		return fedtest.JSON(t, x)
	}
	body := says(ada, "Create", "c1", s.reply(ada, "n1"), s.act+"/followers")
	s.arrives("it is passed on", func() bool { return len(of(far, ada, "Create")) == 1 })
	if p := of(far, ada, "Create")[0]; !bytes.Equal(p.Body, body) || p.KeyID != s.act+"#main-key" || p.Path != "/inbox" {
		t.Errorf("%s came by %s to %s", p.Body, p.KeyID, p.Path)
	}
	says(ada, "Create", "c1", s.reply(ada, "n1"), s.act+"/followers")                                                                                                            // again
	says(ada, "Create", "c1again", s.reply(ada, "n1"), s.act+"/followers")                                                                                                       // what is known
	says(ada, "Create", "c2", s.reply(ada, "n2"))                                                                                                                                // for nobody in particular
	says(ada, "Create", "c3", vocab.Of(&vocab.Object{ID: ada.ID + "/n3", Type: []string{"Note"}, AttributedTo: vocab.One(ada.ID), Content: "<p>hello</p>"}), s.act+"/followers") // about nothing
	changed := s.reply(ada, "n1")
	changed.Object.Content = "<p>no</p>"
	says(ada, "Update", "u1", changed)
	s.arrives("its change is passed on", func() bool { return len(of(far, ada, "Update")) == 1 })
	says(ada, "Delete", "d1", vocab.At(ada.ID+"/n1"))
	says(ada, "Delete", "d2", vocab.At(ada.ID+"/n2"))
	s.arrives("its end is passed on", func() bool { return len(of(far, ada, "Delete")) == 1 })
	if c, d := of(far, ada, "Create"), of(far, ada, "Delete"); len(c) != 1 || d[0].Object.Object[0].ID() != ada.ID+"/n1" {
		t.Errorf("%+v %+v", c, d)
	}
	if got := append(of(near, ada, "Create"), of(near, ada, "Delete")...); len(got) != 0 {
		t.Errorf("their own server is told: %+v", got)
	}

	far.Answers(http.StatusForbidden, "") // who does not take what others pass on has lost nothing
	says(ada, "Create", "c4", s.reply(ada, "n4"), s.act+"/followers")
	s.arrives("nothing waits", func() bool {
		idle, err := idleFederation(t.Context(), s.node)
		s.ok(err)
		return idle
	})
	s.ok(s.db.SocialView(t.Context(), func(tx social.Tx) error {
		p, err := tx.Peer(t.Context(), far.Host())
		if p.Lost != 0 {
			t.Errorf("%d lost", p.Lost)
		}
		return err
	}))
	far.Answers(0, "")
	s.ok(s.federation.policy().Store.SocialUpdate(t.Context(), func(tx social.Tx) error {
		return tx.PutRule(t.Context(), social.Rule{Host: ada.ID, Actor: ada.ID, Verdict: social.Silence, Since: s.now()})
	}))
	says(ada, "Create", "c5", s.reply(ada, "n5"), s.act+"/followers")
	if got := of(far, ada, "Create"); len(got) != 1 || s.count("replies") != 0 {
		t.Errorf("who is silenced is heard: %+v", got)
	}
}

// Nobody has a node flood the servers of who follows an act: what has not changed is not
// passed on, nor what is too long, and what has changes, comes and goes only so often.
func TestFanOutBomb(t *testing.T) {
	near, far := fedtest.NewServer(t), fedtest.NewServer(t)
	ada, eve, bo := near.Actor("ada"), near.Actor("eve"), far.Actor("bo")
	s := newSuite(t, ada, bo)
	stop := s.runs()
	defer stop()
	s.sends(bo, "Follow", vocab.At(s.act))
	n := 0
	says := func(by *fedtest.Actor, kind string, note vocab.Item, words string) {
		t.Helper()
		n++
		x := by.Activity(kind, fmt.Sprint("a", n), note)
		if note.Object != nil {
			other := *note.Object
			other.Content, other.Summary = "<p>"+words+"</p>", strings.Repeat("z", 100) // what is not kept here
			x.Object = []vocab.Item{vocab.Of(&other)}
		}
		x.To, x.CC = []string{vocab.Public}, []string{s.act + "/followers"}
		if len(words) > 20 {
			x.Summary = strings.Repeat("junk ", 20_000)
		}
		if code := s.says(by, x); code != http.StatusAccepted {
			t.Fatal(code)
		}
		s.applied()
	}
	first := s.reply(ada, "n1")
	says(ada, "Create", first, "yes")
	for range 30 {
		says(ada, "Update", first, "yes")
	}
	if got := of(far, ada, "Update"); len(got) != 0 {
		t.Errorf("what has not changed is passed on %d times", len(got))
	}
	for i := range 30 {
		says(ada, "Update", first, fmt.Sprint("for the ", i))
	}
	if got := of(far, ada, "Update"); len(got) != 9 || !s.commented("for the 8") || s.commented("for the 9") {
		t.Errorf("one comment is passed on %d times", len(got)+1)
	}
	says(ada, "Create", s.reply(ada, "long"), "as long as an activity may be")
	if got := of(far, ada, "Create"); len(got) != 1 || !s.commented("as long as") {
		t.Errorf("one of %d bytes is passed on", len(got[len(got)-1].Body))
	}
	for i := range 80 {
		name := fmt.Sprint("m", i)
		says(eve, "Create", s.reply(eve, name), "come")
		says(eve, "Delete", vocab.At(eve.ID+"/"+name), "")
	}
	if c, d := of(far, eve, "Create"), of(far, eve, "Delete"); len(c) != 60 || len(d) != 60 {
		t.Errorf("who comes and goes is passed on %d and %d times", len(c), len(d))
	}
	s.set(s.now().Add(time.Hour + time.Second))
	says(ada, "Update", first, "an hour later")
	s.arrives("it goes on in an hour", func() bool { return len(of(far, ada, "Update")) == 10 })
}

// What answers a listener who is seen and is for their followers reaches these.
func TestPassedOnToFans(t *testing.T) {
	near, far := fedtest.NewServer(t), fedtest.NewServer(t)
	ada, bo := near.Actor("ada"), far.Actor("bo")
	s := newSuite(t, ada, bo)
	stop := s.runs()
	defer stop()
	wren := s.joins(1)
	var me, said struct{ ID string }
	wren.do(http.MethodPut, "/api/v1/me/person", map[string]any{"handle": "wren"}, &me)
	person := fedtest.Origin + "/ap/people/" + me.ID
	s.sends(bo, "Follow", vocab.At(person))
	wren.do(http.MethodPost, "/api/v1/releases/"+strings.Split(s.note, "/")[5]+"/comments", map[string]any{"text": "What a drop"}, &said)
	s.arrives("who follows is told", func() bool { return has(far, "Create") })
	p := got(far, "Create")
	proof, err := sig.Open(p.Body)
	s.ok(err)
	s.ok(proof.Verify(s.keys.person(id.Person(me.ID)).Public().(ed25519.PublicKey)))
	answer := s.reply(ada, "n1")
	answer.Object.InReplyTo = vocab.One(fedtest.Origin + "/ap/comments/" + said.ID)
	x := ada.Activity("Create", "c1", answer)
	x.To, x.CC = []string{vocab.Public}, []string{person + "/followers"}
	if code := s.says(ada, x); code != http.StatusAccepted {
		t.Fatal(code)
	}
	s.arrives("it is passed on", func() bool { return len(of(far, ada, "Create")) == 1 })
	if p := of(far, ada, "Create")[0]; p.KeyID != person+"#main-key" || !bytes.Equal(p.Body, fedtest.JSON(t, x)) {
		t.Errorf("%+v", p)
	}
}

// What its author changed while a comment was hidden is told when it is shown again, and
// showing it again is itself no news.
func TestChangedWhileHidden(t *testing.T) {
	near, far := fedtest.NewServer(t), fedtest.NewServer(t)
	s := newSuite(t, near.Actor("ada"), far.Actor("bo"))
	stop := s.runs()
	defer stop()
	wren, keeper := s.joins(1), s.joins(2)
	act := id.Act(s.act[strings.LastIndex(s.act, "/")+1:])
	s.ok(s.db.Music().Update(t.Context(), func(tx music.Tx) error { return tx.SetRole(t.Context(), act, keeper.account, music.Owner) }))
	var me, said struct{ ID string }
	wren.do(http.MethodPut, "/api/v1/me/person", map[string]any{"handle": "wren"}, &me)
	person := fedtest.Origin + "/ap/people/" + me.ID
	s.sends(s.bo, "Follow", vocab.At(person))
	wren.do(http.MethodPost, "/api/v1/releases/"+strings.Split(s.note, "/")[5]+"/comments", map[string]any{"text": "What a drop"}, &said)
	s.arrives("who follows is told", func() bool { return has(far, "Create") })
	at := "/api/v1/comments/" + said.ID
	hides := func(on bool) {
		t.Helper()
		method := http.MethodDelete
		if on {
			method = http.MethodPut
		}
		keeper.do(method, at+"/hidden", nil, nil)
		s.asked()
		s.set(s.now().Add(time.Minute))
	}
	told := func() (n int) { return len(of(far, &fedtest.Actor{ID: person}, "Update")) }
	hides(true)
	hides(false)
	hides(true)
	wren.do(http.MethodPut, at, map[string]any{"text": "What a fall"}, nil)
	s.arrives("what is to be told is seen to", func() bool { return !s.toDo(music.JobTell) })
	s.applied()
	if told() != 0 {
		t.Error("what is hidden is told")
	}
	hides(false)
	s.arrives("its change is told", func() bool { return told() == 1 })
}

// What others pass on counts as its own server gives it, and only where it would stand here.
func TestPassedToUs(t *testing.T) {
	near, far := fedtest.NewServer(t), fedtest.NewServer(t)
	ada, mallory := near.Actor("ada"), far.Actor("mallory")
	s := newSuite(t, ada, mallory)
	stop := s.runs()
	defer stop()
	passed := func(kind, name string, about vocab.Item) int {
		t.Helper()
		return s.passes(mallory, fedtest.JSON(t, ada.Activity(kind, name, about)))
	}
	note := s.reply(ada, "n1")
	near.Publish(note.Object, "")
	other := *note.Object
	other.Content = "<p>buy</p>"
	if code := passed("Create", "c1", vocab.Of(&other)); code != http.StatusAccepted {
		t.Fatal(code)
	}
	s.arrives("it is taken as its server has it", func() bool { return s.commented(">yes<") || s.commented("yes") })
	if s.commented("buy") {
		t.Error("what somebody else says that she said is taken")
	}
	for what, i := range map[string]vocab.Item{"is not there": s.reply(ada, "n2"), "is theirs who pass it on": s.reply(mallory, "n3")} {
		passed("Create", "c-"+strings.ReplaceAll(what, " ", ""), i)
		if s.count("replies") != 1 {
			t.Errorf("what %s is taken", what)
		}
	}
	asked := near.Asked("/users/ada/n4")
	elsewhere := s.reply(ada, "n4")
	elsewhere.Object.InReplyTo = vocab.One(near.URL + "/n/1")
	if code := passed("Create", "c4", elsewhere); code != http.StatusForbidden || near.Asked("/users/ada/n4") != asked {
		t.Errorf("what is about nothing here: %d, asked %d times", code, near.Asked("/users/ada/n4"))
	}
	if code := passed("Like", "l1", vocab.At(s.note)); code != http.StatusForbidden {
		t.Errorf("a like that somebody passes on: %d", code)
	}
	passed("Delete", "d1", vocab.At(note.Object.ID))
	if s.count("replies") != 1 {
		t.Error("what is there yet was removed")
	}
	again := *note.Object
	again.Content = "<p>after all, no</p>"
	near.Publish(&again, "")
	passed("Update", "u1", vocab.Of(&other))
	s.arrives("it is changed to what its server has", func() bool { return s.commented("after all, no") })
	near.Withdraw(note.Object.ID)
	passed("Delete", "d2", vocab.At(note.Object.ID))
	s.arrives("what its server has no more is gone", func() bool { return s.count("replies") == 0 })

	staff := music.Viewer{Account: "x", Admin: true, Moderator: true}
	near.Publish(note.Object, "")
	s.ok(s.federation.desk().DecideBy(t.Context(), staff, social.Rule{Host: near.Host(), Verdict: social.Quarantine}))
	if code := passed("Create", "c6", note); code != http.StatusForbidden || s.count("replies") != 0 {
		t.Errorf("of who is in quarantine: %d", code)
	}
}
