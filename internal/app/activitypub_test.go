package app

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// A suite is a node and two people on another server who try it, and an act on a third.
type suite struct {
	*watched
	ada, bo, shore *fedtest.Actor
	people         *visitor // who works for the act
	act            string   // its address
	note           string   // of its release
	track          string   // of that
	list           string   // a playlist of the act
	plenty         string   // an act with more than a page
	made           int
}

// A doc is a document as it was sent.
type doc map[string]any

func (d doc) text(name string) string { s, _ := d[name].(string); return s }

// get reads a document as a server does; accept "" is how servers ask.
func (s *suite) get(at, accept string) (code int, contentType string, d doc) {
	s.t.Helper()
	if at == "" { // a document names none
		return http.StatusNotFound, "", nil
	}
	r := httptest.NewRequest(http.MethodGet, strings.TrimPrefix(at, fedtest.Origin), nil)
	if accept == "" {
		accept = `application/ld+json; profile="https://www.w3.org/ns/activitystreams"`
	}
	r.Header.Set("Accept", accept)
	rec := httptest.NewRecorder()
	s.handler.ServeHTTP(rec, r)
	if strings.Contains(rec.Header().Get("Content-Type"), "json") {
		s.ok(json.Unmarshal(rec.Body.Bytes(), &d))
	}
	return rec.Code, rec.Header().Get("Content-Type"), d
}

// sends sends an activity of somebody's about a thing, and waits until it was dealt
// with where it is taken.
func (s *suite) sends(by *fedtest.Actor, kind string, about vocab.Item) (code int, sent *vocab.Object) {
	s.t.Helper()
	s.made++
	sent = by.Activity(kind, strings.Repeat("x", s.made), about)
	sent.To = []string{vocab.Public}
	code = s.says(by, sent)
	s.applied()
	return code, sent
}

func (s *suite) applied() {
	s.t.Helper()
	s.arrives("nothing waits", func() bool {
		idle, err := idleFederation(s.t.Context(), s.node)
		s.ok(err)
		return idle
	})
}

// number is how many things a collection has.
func (s *suite) number(at string) float64 {
	s.t.Helper()
	_, _, d := s.get(at, "")
	n, _ := d["totalItems"].(float64)
	return n
}

// count is how many things a collection of the release's has.
func (s *suite) count(which string) float64 {
	s.t.Helper()
	_, _, d := s.get(s.note, "")
	return s.number(d.text(which))
}

// followers is how many the act has.
func (s *suite) followers() float64 { return s.number(s.act + "/followers") }

// reply is a note of somebody's that answers the release.
func (s *suite) reply(by *fedtest.Actor, name string) vocab.Item {
	return vocab.Of(&vocab.Object{ID: by.ID + "/" + name, Type: []string{"Note"}, AttributedTo: vocab.One(by.ID), InReplyTo: vocab.One(s.note), Content: "<p>yes</p>", To: []string{vocab.Public}})
}

// The checklists of the public suites, section by section of the recommendation
// (https://www.w3.org/TR/activitypub/): what a server that is not written to by
// clients has to do. Each row runs against the handler that a node listens with.
func TestActivityPub(t *testing.T) {
	server, third := fedtest.NewServer(t), fedtest.NewServer(t)
	w := newWatched(t, fedtest.Moment, server, third)
	act := id.New[id.Act](w.now())
	release, track := w.publishes(act, "Two people and a piano.")
	stop := w.runs()
	defer stop()
	at := fedtest.Origin + "/ap/"
	s := &suite{watched: w, ada: server.Actor("ada"), bo: server.Actor("bo"), shore: third.Actor("shore"), people: w.joins(1), act: at + "acts/" + string(act), note: at + "releases/" + string(release) + "/note", track: at + "tracks/" + string(track)}
	s.shore.Plays("shore", "Shore", "Tides")
	w.ok(w.db.Music().Update(t.Context(), func(tx music.Tx) error { return tx.SetRole(t.Context(), act, s.people.account, music.Owner) }))
	for _, list := range [][]requirement{documents, actors, collections, inboxes, authorities, followings, additions, reacted, paging, talk} {
		for _, r := range list {
			if !r.holds(s) {
				t.Errorf("%s: not so: %s", r.section, r.what)
			}
			s.set(s.now().Add(time.Second))
		}
	}
}

// A requirement is a line of a checklist.
type requirement struct {
	section, what string
	holds         func(*suite) bool
}

var documents = []requirement{
	{"3.1", "an object has a globally unique id, which is its address", func(s *suite) bool {
		for _, at := range []string{s.act, s.note, fedtest.Origin + "/ap/node"} {
			if code, _, d := s.get(at, ""); code != http.StatusOK || d.text("id") != at {
				return false
			}
		}
		return true
	}},
	{"3.2", "it is given to who asks for ld+json with the profile", func(s *suite) bool {
		code, is, d := s.get(s.note, "")
		return code == http.StatusOK && strings.HasPrefix(is, "application/activity+json") && d.text("type") == "Note"
	}},
	{"3.2", "and for activity+json", func(s *suite) bool {
		code, is, _ := s.get(s.note, "application/activity+json")
		return code == http.StatusOK && strings.HasPrefix(is, "application/activity+json")
	}},
	{"3.2", "what is not there is answered 404", func(s *suite) bool {
		code, _, _ := s.get(s.act+"x", "")
		return code == http.StatusNotFound
	}},
	{"3 (AS2 2.1)", "the context is there, the base vocabulary's first", func(s *suite) bool {
		_, _, d := s.get(s.note, "")
		list, _ := d["@context"].([]any)
		return len(list) > 0 && list[0] == vocab.ActivityStreams
	}},
	{"3.3", "an object says whose it is, and it is to be read by everybody", func(s *suite) bool {
		_, _, d := s.get(s.note, "")
		b, err := json.Marshal([]any{d["to"], d["cc"]})
		return err == nil && d.text("attributedTo") == s.act && strings.Contains(string(b), vocab.Public)
	}},
}

var actors = []requirement{
	{"4.1", "an actor has an inbox and an outbox, which are of its server", func(s *suite) bool {
		_, _, d := s.get(s.act, "")
		return d.text("inbox") == s.act+"/inbox" && d.text("outbox") == s.act+"/outbox"
	}},
	{"4.1", "and followers, a name, a handle, a page", func(s *suite) bool {
		_, _, d := s.get(s.act, "")
		return d.text("followers") == s.act+"/followers" && d.text("preferredUsername") == "low-tide" && d.text("name") == "Low Tide" && d["url"] != nil
	}},
	{"4.1", "and a shared inbox", func(s *suite) bool {
		_, _, d := s.get(s.act, "")
		ends, _ := d["endpoints"].(map[string]any)
		return ends["sharedInbox"] == fedtest.Origin+"/ap/inbox"
	}},
	{"security", "and a key that names its owner", func(s *suite) bool {
		_, _, d := s.get(s.act, "")
		key, _ := d["publicKey"].(map[string]any)
		return key["owner"] == s.act && strings.HasPrefix(doc(key).text("id"), s.act+"#") && strings.Contains(doc(key).text("publicKeyPem"), "PUBLIC KEY")
	}},
	{"RFC 7033", "it is found by its handle", func(s *suite) bool {
		code, is, d := s.get(fedtest.Origin+"/.well-known/webfinger?resource=acct:low-tide@nine.example", "application/jrd+json")
		b, err := json.Marshal(d["links"])
		return code == http.StatusOK && strings.HasPrefix(is, "application/jrd+json") && err == nil && strings.Contains(string(b), s.act)
	}},
}

var collections = []requirement{
	{"5.1", "the outbox is an OrderedCollection whose pages have activities", func(s *suite) bool {
		_, _, d := s.get(s.act+"/outbox", "")
		_, _, page := s.get(d.text("first"), "")
		items, _ := page["orderedItems"].([]any)
		if d.text("type") != "OrderedCollection" || page.text("type") != "OrderedCollectionPage" || page.text("partOf") != d.text("id") || len(items) != 1 {
			return false
		}
		item, _ := items[0].(map[string]any)
		return item["type"] == "Create" && item["actor"] == s.act
	}},
	{"5.1", "it says how many and has a last page", func(s *suite) bool {
		_, _, d := s.get(s.act+"/outbox", "")
		code, _, _ := s.get(d.text("last"), "")
		return d["totalItems"] == 1.0 && code == http.StatusOK
	}},
	{"5.1", "the outbox has nothing that is not for everybody", func(s *suite) bool {
		_, _, page := s.get(s.act+"/outbox?page=1", "")
		items, _ := page["orderedItems"].([]any)
		for _, i := range items {
			if b, err := json.Marshal(i); err != nil || !strings.Contains(string(b), vocab.Public) {
				return false
			}
		}
		return true
	}},
	{"5.2", "nobody reads an inbox", func(s *suite) bool {
		code, _, _ := s.get(s.act+"/inbox", "")
		return code == http.StatusMethodNotAllowed || code == http.StatusNotFound
	}},
	{"5.3", "followers are an OrderedCollection", func(s *suite) bool {
		_, _, d := s.get(s.act+"/followers", "")
		return d.text("type") == "OrderedCollection" && d.text("id") == s.act+"/followers"
	}},
	{"5.7, 5.8", "likes and shares of an object are collections", func(s *suite) bool {
		_, _, d := s.get(s.note, "")
		_, _, likes := s.get(d.text("likes"), "")
		_, _, shares := s.get(d.text("shares"), "")
		return strings.HasSuffix(likes.text("type"), "Collection") && strings.HasSuffix(shares.text("type"), "Collection")
	}},
	{"6", "who is no client of the node cannot write to an outbox", func(s *suite) bool {
		r := httptest.NewRequest(http.MethodPost, strings.TrimPrefix(s.act, fedtest.Origin)+"/outbox", strings.NewReader("{}"))
		rec := httptest.NewRecorder()
		s.handler.ServeHTTP(rec, r)
		return rec.Code == http.StatusMethodNotAllowed || rec.Code == http.StatusNotFound
	}},
}

var inboxes = []requirement{
	{"7.5", "Follow adds a follower and is answered with Accept about it", func(s *suite) bool {
		before := s.followers()
		code, sent := s.sends(s.ada, "Follow", vocab.At(s.act))
		answered := false
		for _, p := range s.ada.Server().Got() {
			answered = answered || p.Object.Is("Accept") && p.Object.Actor.ID() == s.act && vocab.FirstID(p.Object.Object) == sent.ID
		}
		return code == http.StatusAccepted && answered && s.followers() == before+1
	}},
	{"7.1.2, 7", "the same activity, sent again, changes nothing", func(s *suite) bool {
		_, sent := s.sends(s.ada, "Like", vocab.At(s.note))
		code := s.says(s.ada, sent)
		s.applied()
		return code == http.StatusAccepted && s.count("likes") == 1
	}},
	{"7.10", "Like is counted, once for each who likes", func(s *suite) bool {
		s.sends(s.ada, "Like", vocab.At(s.note))
		s.sends(s.bo, "Like", vocab.At(s.note))
		return s.count("likes") == 2
	}},
	{"7.11", "Announce is counted among shares", func(s *suite) bool {
		s.sends(s.ada, "Announce", vocab.At(s.note))
		return s.count("shares") == 1
	}},
	{"7.2", "Create of a reply is kept among the replies", func(s *suite) bool {
		s.sends(s.ada, "Create", s.reply(s.ada, "note1"))
		return s.count("replies") == 1
	}},
	{"7.3", "Update of it by who made it is taken", func(s *suite) bool {
		i := s.reply(s.ada, "note1")
		i.Object.Content = "<p>changed by ada</p>"
		s.sends(s.ada, "Update", i)
		return s.commented("changed by ada")
	}},
	{"7.4", "Delete of it by who made it removes it", func(s *suite) bool {
		s.sends(s.ada, "Delete", vocab.At(s.ada.ID+"/note1"))
		return s.count("replies") == 0
	}},
	{"7.12", "Undo of a Like takes it back", func(s *suite) bool {
		_, like := s.sends(s.bo, "Like", vocab.At(s.note))
		s.sends(s.bo, "Undo", vocab.Of(like))
		return s.count("likes") == 1
	}},
	{"7.5, 7.12", "Undo of a Follow ends it", func(s *suite) bool {
		before := s.followers()
		_, follow := s.sends(s.ada, "Follow", vocab.At(s.act))
		s.sends(s.ada, "Undo", vocab.Of(follow))
		return s.followers() == before-1
	}},
	{"7", "an activity of a kind that nobody knows is taken politely", func(s *suite) bool {
		code, _ := s.sends(s.ada, "Jump", vocab.At(s.note))
		return code == http.StatusAccepted
	}},
	{"7.1.1", "what is addressed in bto and bcc is in no document", func(s *suite) bool {
		for _, at := range []string{s.act, s.note, s.act + "/outbox?page=1"} {
			_, _, d := s.get(at, "")
			if b, err := json.Marshal(d); err != nil || strings.Contains(string(b), `"bto"`) || strings.Contains(string(b), `"bcc"`) {
				return false
			}
		}
		return true
	}},
}

// commented is whether a text stands among the comments on the release.
func (s *suite) commented(text string) bool {
	r := httptest.NewRequest(http.MethodGet, "/api/v1/releases/"+strings.Split(s.note, "/")[5]+"/comments", nil)
	rec := httptest.NewRecorder()
	s.handler.ServeHTTP(rec, r)
	return strings.Contains(rec.Body.String(), text)
}

var authorities = []requirement{
	{"7, B.1", "what is not signed is refused", func(s *suite) bool {
		r := s.ada.Request(sig.Cavage, fedtest.JSON(s.t, s.ada.Activity("Like", "unsigned", vocab.At(s.note))), s.now())
		r.Header.Del("Signature")
		rec := httptest.NewRecorder()
		s.handler.ServeHTTP(rec, r)
		return rec.Code == http.StatusUnauthorized
	}},
	{"B.1", "what somebody signs in another's name is refused", func(s *suite) bool {
		return s.says(s.bo, s.ada.Activity("Like", "notbo", vocab.At(s.note))) == http.StatusForbidden
	}},
	{"7.4", "Delete of what is another's changes nothing", func(s *suite) bool {
		s.sends(s.ada, "Create", s.reply(s.ada, "note2"))
		s.sends(s.bo, "Delete", vocab.At(s.ada.ID+"/note2"))
		return s.count("replies") == 1
	}},
	{"7.3", "Update of what is another's changes nothing", func(s *suite) bool {
		i := s.reply(s.ada, "note2")
		i.Object.Content = "<p>changed by bo</p>"
		s.sends(s.bo, "Update", i)
		return !s.commented("changed by bo")
	}},
	{"7.12", "Undo of what is another's changes nothing", func(s *suite) bool {
		before := s.count("likes")
		like := s.ada.Activity("Like", "theirs", vocab.At(s.note))
		s.sends(s.bo, "Undo", vocab.Of(like))
		return s.count("likes") == before
	}},
	{"B.1", "Create of what says it is another's is not kept", func(s *suite) bool {
		before := s.count("replies")
		s.sends(s.bo, "Create", s.reply(s.ada, "note3"))
		return s.count("replies") == before
	}},
	{"7.5", "Follow of what is nobody is not answered", func(s *suite) bool {
		before := len(s.ada.Server().Got())
		s.sends(s.ada, "Follow", vocab.At(s.act+"x"))
		return len(s.ada.Server().Got()) == before
	}},
	{"B.3", "a document that leads to a private network is not asked for", func(s *suite) bool {
		far := *s.ada
		far.Key.ID = "https://10.0.0.1/users/x#main-key"
		return s.says(&far, s.ada.Activity("Like", "private", vocab.At(s.note))) == http.StatusForbidden
	}},
	{"B.8, B.10", "a body without end is refused", func(s *suite) bool {
		r, rest := s.ada.Request(sig.RFC9421, []byte("{}"), s.now()), strings.NewReader(strings.Repeat(" ", 50<<20))
		r.Body, r.ContentLength = io.NopCloser(rest), -1
		rec := httptest.NewRecorder()
		s.handler.ServeHTTP(rec, r)
		return rec.Code == http.StatusRequestEntityTooLarge && rest.Len() > 48<<20
	}},
	{"a loop", "an Announce of an Announce goes nowhere", func(s *suite) bool {
		before := len(s.ada.Server().Got())
		_, boost := s.sends(s.bo, "Announce", vocab.At(s.note))
		s.sends(s.ada, "Announce", vocab.At(boost.ID))
		return len(s.ada.Server().Got()) == before && s.count("shares") == 2
	}},
	{"a loop", "of whom people here follow an Announce of an Announce of itself is asked for once, and goes nowhere", func(s *suite) bool {
		s.asks()
		one, other := s.shore.Activity("Announce", "one", vocab.At(s.bo.ID+"/other")), s.bo.Activity("Announce", "other", vocab.At(s.shore.ID+"/one"))
		s.shore.Server().Publish(one, "")
		s.bo.Server().Publish(other, "")
		shares, there, here := s.count("shares"), len(s.shore.Server().Got()), len(s.bo.Server().Got())
		s.sends(s.shore, "Announce", vocab.At(other.ID))
		s.asked()
		s.sends(s.shore, "Announce", vocab.At(other.ID))
		s.sends(s.bo, "Announce", vocab.At(one.ID)) // whom nobody here follows
		s.asked()
		var news struct {
			Rows []struct {
				Shared any `json:"shared_by"`
			}
		}
		s.people.do(http.MethodGet, "/api/v1/following", nil, &news)
		shown := 0 // of what is shared
		for _, n := range news.Rows {
			if n.Shared != nil {
				shown++
			}
		}
		path := func(o *vocab.Object, by *fedtest.Actor) string { return strings.TrimPrefix(o.ID, by.Server().URL) }
		return s.bo.Server().Asked(path(other, s.bo)) == 1 && s.shore.Server().Asked(path(one, s.shore)) == 0 && shown == 0 &&
			s.count("shares") == shares && len(s.shore.Server().Got()) == there && len(s.bo.Server().Got()) == here
	}},
	{"a bomb", "what is addressed to thousands is sent to nobody", func(s *suite) bool {
		before := len(s.ada.Server().Got())
		o := s.ada.Activity("Like", "thousands", vocab.At(s.note))
		for i := range 5000 {
			o.CC = append(o.CC, fmt.Sprintf("%s/%d", s.bo.ID, i))
		}
		code := s.says(s.ada, o)
		s.applied()
		return code == http.StatusAccepted && len(s.ada.Server().Got()) == before
	}},
}
