package inbox_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/activity"
	"github.com/michaelperna/9ten/internal/federation/inbox"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/social"
)

type world struct {
	*fedtest.Node
	inbox   *inbox.Inbox
	arrived int
	address string
}

func newWorld(t testing.TB, servers ...*fedtest.Server) *world {
	w := &world{Node: fedtest.NewNode(t, servers...), address: "192.0.2.1"}
	w.inbox = inbox.New(inbox.Config{
		Origin: fedtest.Origin, Store: w.DB, Keys: w.Servers, Address: func(*http.Request) string { return w.address }, Now: w.Now, Log: fedtest.Quiet(), Arrived: func() { w.arrived++ },
	})
	return w
}

func (w *world) send(r *http.Request) int {
	rec := httptest.NewRecorder()
	w.inbox.ServeHTTP(rec, r)
	return rec.Code
}

// kept are the ids of what is on the disk.
func (w *world) kept() (ids []string) {
	w.T.Helper()
	err := w.SocialView(w.T.Context(), func(tx social.Tx) error {
		list, err := tx.Unapplied(w.T.Context(), 100)
		for _, r := range list {
			ids = append(ids, r.ID)
		}
		return err
	})
	if err != nil {
		w.T.Fatal(err)
	}
	return ids
}

func TestTakes(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	w := newWorld(t, s)
	for i, form := range []sig.Form{sig.RFC9421, sig.Cavage} {
		follow := ada.Activity("Follow", string(form), vocab.At(w.Site.Act(w.Act)))
		body := fedtest.JSON(t, follow)
		for range 2 { // sent again, it was taken already
			if got := w.send(ada.Request(form, body, w.Now())); got != http.StatusAccepted {
				t.Fatalf("%s: %d", form, got)
			}
		}
		if got := w.kept(); len(got) != i+1 || w.arrived != i+1 {
			t.Errorf("%s: kept %v, arrived %d", form, got, w.arrived)
		}
	}
	if n := s.Asked("/users/ada"); n > 2 {
		t.Errorf("the server was asked %d times for one key", n)
	}
}

func TestRefuses(t *testing.T) {
	s, evil := fedtest.NewServer(t), fedtest.NewServer(t)
	ada, bo, mallory := s.Actor("ada"), s.Actor("bo"), evil.Actor("mallory")
	w := newWorld(t, s, evil)
	about := vocab.At(w.Site.Act(w.Act))
	proved := func(a *fedtest.Actor, o *vocab.Object) []byte {
		b, err := sig.Prove(fedtest.JSON(t, o), a.ID+"#ed25519-key", a.Proof, w.Now())
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, tt := range []struct {
		what string
		r    func() *http.Request
		want int
	}{
		{"no signature", func() *http.Request {
			r := ada.Request(sig.Cavage, fedtest.JSON(t, ada.Activity("Follow", "1", about)), w.Now())
			r.Header.Del("Signature")
			return r
		}, 401},
		{"not an activity", func() *http.Request {
			r := ada.Request(sig.Cavage, []byte("hello"), w.Now())
			r.Header.Set("Content-Type", "text/plain")
			return r
		}, 415},
		{"no JSON", func() *http.Request { return ada.Request(sig.Cavage, []byte("{"), w.Now()) }, 422},
		{"signed hours ago", func() *http.Request {
			return ada.Request(sig.RFC9421, fedtest.JSON(t, ada.Activity("Follow", "2", about)), w.Now().Add(-2*time.Hour))
		}, 401},
		{"another body", func() *http.Request {
			r := ada.Request(sig.RFC9421, fedtest.JSON(t, ada.Activity("Follow", "3", about)), w.Now())
			r.Body = http.NoBody
			return r
		}, 401},
		{"in somebody else's name", func() *http.Request {
			return mallory.Request(sig.Cavage, fedtest.JSON(t, ada.Activity("Follow", "4", about)), w.Now())
		}, 403},
		{"in a neighbour's name", func() *http.Request {
			return bo.Request(sig.Cavage, fedtest.JSON(t, ada.Activity("Follow", "5", about)), w.Now())
		}, 403},
		{"with an id of another server", func() *http.Request {
			o := ada.Activity("Follow", "6", about)
			o.ID = evil.URL + "/x"
			return ada.Request(sig.Cavage, fedtest.JSON(t, o), w.Now())
		}, 422},
		{"without an id", func() *http.Request {
			o := ada.Activity("Follow", "7", about)
			o.ID = ""
			return ada.Request(sig.Cavage, fedtest.JSON(t, o), w.Now())
		}, 422},
		{"without an actor", func() *http.Request {
			o := ada.Activity("Follow", "8", about)
			o.Actor = vocab.Item{}
			return ada.Request(sig.Cavage, fedtest.JSON(t, o), w.Now())
		}, 422},
		{"expired", func() *http.Request {
			o := ada.Activity("Follow", "9", about)
			o.Expires = w.Now().Add(-time.Minute)
			return ada.Request(sig.Cavage, fedtest.JSON(t, o), w.Now())
		}, 422},
		{"too long", func() *http.Request {
			o := ada.Activity("Follow", "10", about)
			o.Content = strings.Repeat("x", vocab.MaxBytes)
			return ada.Request(sig.Cavage, fedtest.JSON(t, o), w.Now())
		}, 413},
		{"too deep", func() *http.Request {
			return ada.Request(sig.Cavage, []byte(strings.Repeat(`{"object":`, 40)+"1"+strings.Repeat("}", 40)), w.Now())
		}, 413},
		{"a key that is nobody's", func() *http.Request {
			r := *mallory
			r.Key.ID = s.URL + "/users/ada#main-key"
			return r.Request(sig.Cavage, fedtest.JSON(t, ada.Activity("Follow", "11", about)), w.Now())
		}, 401},
		{"a key of this node", func() *http.Request {
			r := *mallory
			r.Key.ID = fedtest.Origin + "/ap/node#main-key"
			return r.Request(sig.Cavage, fedtest.JSON(t, ada.Activity("Follow", "12", about)), w.Now())
		}, 401},
		{"a key that is not there", func() *http.Request {
			r := *ada
			r.Key.ID = s.URL + "/users/nobody#main-key"
			return r.Request(sig.Cavage, fedtest.JSON(t, ada.Activity("Follow", "13", about)), w.Now())
		}, 404},
		{"a key of a server by another name", func() *http.Request {
			r := *ada
			r.Key.ID = "https://\uff45vil.example/users/x#main-key"
			return r.Request(sig.Cavage, fedtest.JSON(t, ada.Activity("Follow", "18", about)), w.Now())
		}, 401},
		{"a key in a private network", func() *http.Request {
			r := *ada
			r.Key.ID = "https://10.0.0.1/users/x#main-key"
			return r.Request(sig.Cavage, fedtest.JSON(t, ada.Activity("Follow", "14", about)), w.Now())
		}, 403},
		{"forwarded with a proof of another", func() *http.Request {
			return mallory.Request(sig.Cavage, proved(bo, ada.Activity("Follow", "15", about)), w.Now())
		}, 403},
		{"forwarded with a proof of last week", func() *http.Request {
			b, err := sig.Prove(fedtest.JSON(t, ada.Activity("Follow", "19", about)), ada.ID+"#ed25519-key", ada.Proof, w.Now().Add(-8*24*time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			return mallory.Request(sig.Cavage, b, w.Now())
		}, 403},
		{"forwarded with a proof that has expired", func() *http.Request {
			return mallory.Request(sig.Cavage, ada.ProvedUntil(ada.Activity("Follow", "20", about), w.Now().Add(-time.Hour), w.Now()), w.Now())
		}, 403},
		{"an id without end", func() *http.Request {
			return ada.Request(sig.Cavage, fedtest.JSON(t, ada.Activity("Follow", strings.Repeat("x", 3000), about)), w.Now())
		}, 422},
		{"forwarded, proved and changed", func() *http.Request {
			b := bytes.Replace(proved(ada, ada.Activity("Follow", "16", about)), []byte(`"Follow"`), []byte(`"Unfollow"`), 1)
			return mallory.Request(sig.Cavage, b, w.Now())
		}, 401},
	} {
		if got := w.send(tt.r()); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.what, got, tt.want)
		}
	}
	if got := w.kept(); got != nil || w.arrived != 0 {
		t.Errorf("kept %v", got)
	}
	// What its actor proved, anybody may pass on.
	for i, body := range [][]byte{proved(ada, ada.Activity("Like", "17", about)), ada.ProvedUntil(ada.Activity("Like", "21", about), w.Now().Add(-time.Hour), w.Now().Add(time.Minute))} {
		if got := w.send(mallory.Request(sig.Cavage, body, w.Now())); got != http.StatusAccepted || len(w.kept()) != i+1 {
			t.Errorf("forwarded with a proof: %d, kept %v", got, w.kept())
		}
	}
}

func TestRotatedKey(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	w := newWorld(t, s)
	send := func(name string) int {
		return w.send(ada.Request(sig.Cavage, fedtest.JSON(t, ada.Activity("Like", name, vocab.At(w.Site.Act(w.Act)))), w.Now()))
	}
	if got := send("1"); got != http.StatusAccepted {
		t.Fatal(got)
	}
	ada.Rotate()
	if got := send("2"); got != http.StatusUnauthorized {
		t.Errorf("at once: %d: a stranger would make this node ask at every request", got)
	}
	w.Pass(11 * time.Minute)
	if got := send("3"); got != http.StatusAccepted {
		t.Errorf("after a while: %d", got)
	}
}

// A server that is away does not take away the keys that are known.
func TestKeysOfAnAbsentServer(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	w := newWorld(t, s)
	send := func(name string) int {
		return w.send(ada.Request(sig.Cavage, fedtest.JSON(t, ada.Activity("Like", name, vocab.At(w.Site.Act(w.Act)))), w.Now()))
	}
	send("1")
	s.Fetches(http.StatusServiceUnavailable)
	w.Pass(48 * time.Hour)
	if got := send("2"); got != http.StatusAccepted {
		t.Errorf("two days later: %d", got)
	}
}

func TestLimits(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	w := newWorld(t, s)
	r := func() *http.Request { return ada.Request(sig.Cavage, []byte("{}"), w.Now()) }
	for i := range 301 {
		got := w.send(r())
		if limited := got == http.StatusTooManyRequests; limited != (i == 300) {
			t.Fatalf("request %d: %d", i, got)
		}
	}
	w.address = "192.0.2.2"
	if got := w.send(r()); got != http.StatusTooManyRequests {
		t.Errorf("the host from another address: %d", got)
	}
	w.Pass(time.Minute)
	if got := w.send(r()); got == http.StatusTooManyRequests {
		t.Errorf("a minute later: %d", got)
	}
}

// Nobody uses up what another server may send: only what it signed counts.
func TestLimitsOfOthers(t *testing.T) {
	s, evil := fedtest.NewServer(t), fedtest.NewServer(t)
	ada, mallory := s.Actor("ada"), evil.Actor("mallory")
	w := newWorld(t, s, evil)
	body := fedtest.JSON(t, ada.Activity("Like", "1", vocab.At(w.Site.Act(w.Act))))
	mallory.Key.ID = ada.Key.ID
	for i := range 300 {
		if got := w.send(mallory.Request(sig.Cavage, body, w.Now())); got != http.StatusUnauthorized {
			t.Fatalf("forged %d: %d", i, got)
		}
	}
	w.address = "192.0.2.2"
	if got := w.send(ada.Request(sig.Cavage, body, w.Now())); got != http.StatusAccepted {
		t.Errorf("ada's own: %d", got)
	}
}

// Somebody whom nobody here knows is no more: their key is gone too.
func TestGoodbye(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	w := newWorld(t, s)
	s.Fetches(http.StatusGone)
	if got := w.send(ada.Request(sig.Cavage, fedtest.JSON(t, ada.Activity("Delete", "1", vocab.At(ada.ID))), w.Now())); got != http.StatusAccepted {
		t.Errorf("goodbye: %d", got)
	}
	if got := w.send(ada.Request(sig.Cavage, fedtest.JSON(t, ada.Activity("Delete", "2", vocab.At(s.URL+"/users/bo"))), w.Now())); got == http.StatusAccepted {
		t.Errorf("goodbye of another: %d", got)
	}
	if got := w.kept(); got != nil {
		t.Errorf("kept %v", got)
	}
}

// Somebody who is known and is no more has said so with a key that is gone from
// their server by now: it is heard all the same, and nothing else in their name.
func TestGoodbyeOfTheKnown(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	w := newWorld(t, s)
	if _, err := w.Servers.Actor(t.Context(), ada.ID); err != nil {
		t.Fatal(err)
	}
	s.Fetches(http.StatusGone)
	w.Pass(48 * time.Hour)
	bye := fedtest.JSON(t, ada.Activity("Delete", "1", vocab.At(ada.ID)))
	forged := s.Actor("mallory")
	forged.Key.ID = ada.Key.ID
	if got := w.send(forged.Request(sig.Cavage, bye, w.Now())); got != http.StatusAccepted || w.kept() != nil {
		t.Errorf("forged: %d, kept %v", got, w.kept())
	}
	if got := w.send(ada.Request(sig.Cavage, bye, w.Now())); got != http.StatusAccepted || len(w.kept()) != 1 {
		t.Errorf("goodbye: %d, kept %v", got, w.kept())
	}
}

// Who is blocked is refused and nothing of theirs is kept, their neighbours are not.
func TestBlockedActor(t *testing.T) {
	s := fedtest.NewServer(t)
	ada, bo := s.Actor("ada"), s.Actor("bo")
	w := newWorld(t, s)
	send := func(a *fedtest.Actor, name string) int {
		return w.send(a.Request(sig.Cavage, fedtest.JSON(t, a.Activity("Follow", name, vocab.At(w.Site.Act(w.Act)))), w.Now()))
	}
	if got := send(ada, "1"); got != http.StatusAccepted {
		t.Fatal(got)
	}
	desk := &social.Desk{Store: w.DB, Host: "nine.example", Policy: w.Servers.Policy}
	if err := desk.Decide(t.Context(), social.Rule{Host: ada.ID, Verdict: social.Block}); err != nil {
		t.Fatal(err)
	}
	if a, b := send(ada, "2"), send(bo, "3"); a != http.StatusForbidden || b != http.StatusAccepted {
		t.Errorf("who is blocked %d, their neighbour %d", a, b)
	}
	if got := w.kept(); len(got) != 2 {
		t.Errorf("kept %v: one from before, one of the neighbour", got)
	}
}

// What comes from quarantine is taken, and waits; what takes it back is applied.
func TestQuarantined(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	w := newWorld(t, s)
	desk := &social.Desk{Store: w.DB, Host: "nine.example", Policy: w.Servers.Policy}
	if err := desk.Decide(t.Context(), social.Rule{Host: "127.0.0.1", Verdict: social.Quarantine}); err != nil {
		t.Fatal(err)
	}
	note := &vocab.Object{ID: ada.ID + "/notes/1", Type: []string{"Note"}, Content: "<p>Loud <b>words</b></p>" + strings.Repeat("x", 20_000)}
	for i, x := range []*vocab.Object{ada.Activity("Create", "1", vocab.Of(note)), ada.Activity("Follow", "2", vocab.At(w.Site.Act(w.Act))), ada.Activity("Undo", "3", vocab.At(ada.ID+"/2"))} {
		if got := w.send(ada.Request(sig.Cavage, fedtest.JSON(t, x), w.Now())); got != http.StatusAccepted {
			t.Errorf("%d: %d", i, got)
		}
	}
	if got := w.kept(); len(got) != 1 || got[0] != ada.ID+"/3" {
		t.Errorf("to be applied are %q", got)
	}
	if err := w.SocialView(t.Context(), func(tx social.Tx) error {
		list, err := tx.ListHeld(t.Context(), "", time.Time{}, "", 9)
		if len(list) != 1 || list[0].Kind != "Create" || list[0].About != note.ID || !strings.HasPrefix(list[0].Words, "Loud words") || len(list[0].Words) > 600 {
			t.Errorf("%+v", list)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

// What waits is told by what would be done: a second type behind it that only takes
// back or ends something lets nothing pass.
func TestQuarantinedByTheFirstType(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	w := newWorld(t, s)
	r, track := w.Publish()
	desk := &social.Desk{Store: w.DB, Host: "nine.example", Policy: w.Servers.Policy}
	if err := desk.Decide(t.Context(), social.Rule{Host: "127.0.0.1", Verdict: social.Quarantine}); err != nil {
		t.Fatal(err)
	}
	note := &vocab.Object{ID: ada.ID + "/notes/1", Type: []string{"Note"}, AttributedTo: vocab.One(ada.ID), InReplyTo: vocab.One(w.Site.Track(track)), Content: "<p>Loud</p>", To: []string{vocab.Public}}
	create, like := ada.Activity("Create", "1", vocab.Of(note)), ada.Activity("Like", "2", vocab.At(w.Site.Release(r)))
	create.Type, like.Type = []string{"Create", "Delete"}, []string{"x:Odd", "Like", "Undo"}
	for _, x := range []*vocab.Object{create, like} {
		if got := w.send(ada.Request(sig.Cavage, fedtest.JSON(t, x), w.Now())); got != http.StatusAccepted {
			t.Errorf("%v: %d", x.Type, got)
		}
	}
	if err := w.SocialUpdate(t.Context(), func(tx social.Tx) error {
		list, err := tx.Unapplied(t.Context(), 9)
		for _, r := range list {
			o, err := vocab.Parse(r.Body)
			if err != nil {
				return err
			}
			from := social.Actor{ID: ada.ID, Host: s.Host(), Inbox: ada.ID + "/inbox"}
			if _, err := activity.Apply(t.Context(), tx, activity.In{Object: o, From: from, Site: w.Site, Body: r.Body}); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		said, err := tx.Comments(t.Context(), r, "", 9)
		if err != nil {
			return err
		}
		counts, err := tx.Reactions(t.Context(), r)
		if len(said) != 0 || len(counts) != 0 {
			t.Errorf("published from quarantine: %+v %+v", said, counts)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := w.SocialView(t.Context(), func(tx social.Tx) error {
		list, err := tx.ListHeld(t.Context(), "", time.Time{}, "", 9)
		if len(list) != 2 || list[0].Kind != "Create" || list[1].Kind != "Like" {
			t.Errorf("%+v", list)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

// A proof counts with a key that its actor shows: also with one that has ended, if it was
// made before, and with another in its place, once that was asked for.
func TestProofsOfRotatedKeys(t *testing.T) {
	s, other := fedtest.NewServer(t), fedtest.NewServer(t)
	ada, mallory := s.Actor("ada"), other.Actor("mallory")
	w := newWorld(t, s, other)
	n := 0
	passed := func(made time.Duration, method string) int {
		t.Helper()
		n++
		b, err := sig.Prove(fedtest.JSON(t, ada.Activity("Like", strconv.Itoa(n), vocab.At(w.Site.Act(w.Act)))), ada.ID+method, ada.Proof, w.Now().Add(made))
		if err != nil {
			t.Fatal(err)
		}
		return w.send(mallory.Request(sig.Cavage, b, w.Now()))
	}
	// shows has her document have her key with what a change says of it.
	shows := func(change func(key *vocab.Object)) {
		d := ada.Document()
		change(d.AssertionMethod[0].Object)
		s.Publish(d, "")
		w.Pass(25 * time.Hour)
	}
	if got := passed(0, "#ed25519-key"); got != http.StatusAccepted {
		t.Fatal(got)
	}
	ada.Rotate()
	if got := passed(0, "#ed25519-key"); got != http.StatusUnauthorized {
		t.Errorf("another key at once: %d", got)
	}
	asked := s.Asked("/users/ada")
	w.Pass(11 * time.Minute)
	if got := passed(0, "#ed25519-key"); got != http.StatusAccepted || s.Asked("/users/ada") != asked+2 { // the key, and whose it is
		t.Errorf("another key after a while: %d, asked %d times", got, s.Asked("/users/ada")-asked)
	}
	shows(func(k *vocab.Object) { k.Expires = w.Now() })
	if got := passed(-26*time.Hour, "#ed25519-key"); got != http.StatusAccepted {
		t.Errorf("before the key ended: %d", got)
	}
	if got := passed(-25*time.Hour, "#ed25519-key"); got != http.StatusUnauthorized {
		t.Errorf("as the key ended: %d", got)
	}
	shows(func(k *vocab.Object) { k.Put("revoked", w.Now().Format(time.RFC3339)) })
	if got := passed(-72*time.Hour, "#ed25519-key"); got != http.StatusUnauthorized {
		t.Errorf("with a key that was taken back: %d", got)
	}
	shows(func(k *vocab.Object) { k.ID = ada.ID + "#ed25519-key-2" })
	if got := passed(0, "#ed25519-key"); got != http.StatusUnauthorized {
		t.Errorf("with a key that is shown no more: %d", got)
	}
	if got := passed(0, "#ed25519-key-2"); got != http.StatusAccepted {
		t.Errorf("with the one in its place: %d", got)
	}
}
