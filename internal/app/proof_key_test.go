package app

import (
	"bytes"
	"crypto/ed25519"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// proofKeys are the keys of proofs as an actor's document has them, and until when they
// count, "" without end.
func (s *suite) proofKeys(at string) (keys []string, until map[string]string, public map[string]ed25519.PublicKey) {
	s.t.Helper()
	_, _, d := s.get(at, "")
	until, public = map[string]string{}, map[string]ed25519.PublicKey{}
	for _, x := range d["assertionMethod"].([]any) {
		k := doc(x.(map[string]any))
		name := strings.TrimPrefix(k.text("id"), at)
		key, err := sig.ParseMultikey(k.text("publicKeyMultibase"))
		s.ok(err)
		keys, until[name], public[name] = append(keys, name), k.text("expires"), key.(ed25519.PublicKey)
	}
	return keys, until, public
}

// waits has something that the node proved be on its way to a server.
func (w *watched) waits(name string, to *fedtest.Actor) {
	w.t.Helper()
	site := w.federation.site(w.t.Context())
	x := &vocab.Object{ID: site.Node() + "/" + name, Type: []string{"Listen", "nineten:ListenActivity"}, Actor: vocab.At(site.Node()), Object: vocab.One(to.ID)}
	body, err := x.Encode()
	w.ok(err)
	body, err = w.federation.prove(body, w.now())
	w.ok(err)
	w.ok(w.db.SocialUpdate(w.t.Context(), func(tx social.Tx) error {
		if err := tx.Send(w.t.Context(), social.Outgoing{ID: x.ID, Actor: site.Node(), Kind: "Listen", Body: body}); err != nil {
			return err
		}
		return tx.Deliver(w.t.Context(), x.ID, to.ID+"/inbox", to.Server().Host())
	}))
}

// New keys prove from a rotation on. What was proved before can be checked still, with the
// key that has ended; where it leaked it is nobody's any more, and what it proved and is on
// its way is proved again.
func TestProofKeysAreRotated(t *testing.T) {
	far := fedtest.NewServer(t)
	ada := far.Actor("ada")
	w := newWatched(t, fedtest.Moment, far)
	s := &suite{watched: w}
	var mu sync.Mutex
	proofs := map[string]*sig.Sealed{} // of what came with one, by the end of its id
	far.Judges(func(_ *http.Request, body []byte) int {
		if x, err := sig.Open(body); err == nil {
			o, _ := vocab.Parse(body)
			mu.Lock()
			proofs[o.ID[strings.LastIndex(o.ID, "/")+1:]] = x
			mu.Unlock()
		}
		return 0
	})
	came := func(name string) *sig.Sealed {
		mu.Lock()
		defer mu.Unlock()
		return proofs[name]
	}
	act := id.New[id.Act](fedtest.Moment)
	w.publishes(act, "First")
	at := fedtest.Origin + "/ap/acts/" + string(act)
	node := fedtest.Origin + "/ap/node"
	stop := w.runs()
	s.sends(ada, "Follow", vocab.At(at))
	w.arrives("it is answered", func() bool { return has(far, "Accept") })
	s.applied()
	stop()
	names, _, first := s.proofKeys(at)
	if strings.Join(names, " ") != "#ed25519-key" {
		t.Fatalf("%v", names)
	}

	updates := func() (n int) {
		for _, p := range far.Got() {
			if p.Object.Is("Update") {
				n++
			}
		}
		return n
	}
	// Killed after followers were to be told and before there was a new key: nothing is new.
	for range 2 {
		w.ok(w.tellKeys(t.Context()))
		w.again("on")
		w.idles()
	}

	w.waits("kept", ada)
	before, err := w.rotateProof(t.Context(), false)
	w.ok(err)
	w.set(w.now().Add(time.Hour))
	w.again("on")
	names, until, keys := s.proofKeys(at)
	if strings.Join(names, " ") != "#ed25519-key-2 #ed25519-key" || until["#ed25519-key-2"] != "" || until["#ed25519-key"] != before.since.Format(time.RFC3339) {
		t.Errorf("%v, %v", names, until)
	}
	if !first["#ed25519-key"].Equal(keys["#ed25519-key"]) || keys["#ed25519-key"].Equal(keys["#ed25519-key-2"]) {
		t.Error("not the keys that there were")
	}
	stop = w.runs()
	w.arrives("followers are told, as they were once when nothing had been said", func() bool { return updates() == 2 })
	if x := got(far, "Update").Object.Object[0].Object; len(x.AssertionMethod) != 2 {
		t.Errorf("%+v", x.AssertionMethod)
	}
	w.arrives("what waited is brought", func() bool { return came("kept") != nil })
	stop()
	_, until, keys = s.proofKeys(node)
	if x := came("kept"); x.Method != node+"#ed25519-key" || x.Verify(keys["#ed25519-key"]) != nil || x.Created.Format(time.RFC3339) >= until["#ed25519-key"] {
		t.Errorf("%s of %s, until %v", x.Method, x.Created, until)
	}

	w.waits("leaked", ada)
	_, err = w.rotateProof(t.Context(), true)
	w.ok(err)
	w.set(w.now().Add(time.Hour))
	w.again("on")
	if names, _, _ := s.proofKeys(at); strings.Join(names, " ") != "#ed25519-key-3" {
		t.Errorf("%v", names)
	}
	_, _, keys = s.proofKeys(node)
	stop = w.runs()
	defer func() { stop() }()
	w.arrives("it is proved again", func() bool { return came("leaked") != nil })
	if x := came("leaked"); x.Method != node+"#ed25519-key-3" || x.Verify(keys["#ed25519-key-3"]) != nil || !x.Created.Equal(w.now().Truncate(time.Second)) {
		t.Errorf("%s of %s", x.Method, x.Created)
	}
	text, err := os.ReadFile(filepath.Join(w.path, "keys", "proof.pem"))
	if w.ok(err); bytes.Count(text, []byte("BEGIN")) != 1 {
		t.Errorf("keys that leaked are kept:\n%s", text)
	}
}

// Of keys that ended as many are kept as others read of one actor.
func TestEndedKeysAreBounded(t *testing.T) {
	w := newWatched(t, fedtest.Moment)
	s := &suite{watched: w}
	for range 9 {
		_, err := w.rotateProof(t.Context(), false)
		w.ok(err)
		w.set(w.now().Add(time.Hour))
		w.again("on")
	}
	if names, _, _ := s.proofKeys(fedtest.Origin + "/ap/node"); len(names) != mostProofs || names[0] != "#ed25519-key-10" || names[6] != "#ed25519-key-4" {
		t.Errorf("%v", names)
	}
}

// The manifest of what an ended key signed is signed with the key that is shown.
func TestManifestsAreSignedAgain(t *testing.T) {
	w := newWatched(t, fedtest.Moment)
	act := id.New[id.Act](fedtest.Moment)
	_, track := w.publishes(act, "First")
	r := []byte("a manifest")
	w.exec("insert into rendition (id, track, original, codec, frames, frame_index, rate, channels, bitrate, samples, delay, bytes, manifest, signature) values ('r', ?, 'original/x', 'flac', 'f', 'i', 1, 1, 1, 1, 0, 1, ?, ?)",
		string(track), r, ed25519.Sign(w.keys.act(act), r))
	was := public(w.keys.act(act))
	for _, rotated := range []bool{false, true} {
		if rotated {
			_, err := w.rotateProof(t.Context(), true)
			w.ok(err)
			w.again("on")
		}
		m, err := shelf{w.node}.Manifest(t.Context(), "r")
		if w.ok(err); !ed25519.Verify(m.Key, r, m.Signature) || was.Equal(ed25519.PublicKey(m.Key)) == rotated {
			t.Errorf("rotated %v: it is not signed with the key that is shown", rotated)
		}
	}
}

// Once keys leaked, what waits is proved again by whose it is; what is passed on for
// others has their proof, whatever it is.
func TestWhoseProofIsMadeAgain(t *testing.T) {
	far := fedtest.NewServer(t)
	ada := far.Actor("ada")
	w := newWatched(t, fedtest.Moment, far)
	jo := id.New[id.Person](fedtest.Moment)
	doc := []byte(`{"@context":"https://www.w3.org/ns/activitystreams","id":"https://nine.example/x","type":"Create"}`)
	proved := func(method string, key ed25519.PrivateKey) []byte {
		body, err := sig.Prove(doc, method, key, w.now())
		w.ok(err)
		return body
	}
	theirs, said := proved(ada.ID+"#ed25519-key", ada.Proof), proved(w.federation.provePerson(jo))
	_, err := w.rotateProof(t.Context(), true)
	w.ok(err)
	w.again("on")
	b, err := w.federation.proved(theirs, w.now())
	if w.ok(err); !bytes.Equal(b, theirs) {
		t.Errorf("of others: %s", b)
	}
	b, err = w.federation.proved(said, w.now())
	w.ok(err)
	x, err := sig.Open(b)
	w.ok(err)
	if x.Method != fedtest.Origin+"/ap/people/"+string(jo)+"#ed25519-key-2" || x.Verify(public(w.keys.person(jo))) != nil {
		t.Errorf("of a listener here: %s", b)
	}
}
