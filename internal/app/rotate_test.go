package app

import (
	"crypto"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// A checker is a server that checks who signs what it gets.
type checker struct {
	*suite
	keys map[string]crypto.PublicKey // by what they are known by
	// lazy: it knows one key of an actor, whatever its address, and asks for it once; an
	// Update that holds says it anew. Otherwise it asks for each key that it does not know.
	lazy bool
}

func (c *checker) judge(r *http.Request, body []byte) int {
	claim, err := sig.Read(r)
	if err != nil {
		return http.StatusBadRequest
	}
	actor, _, _ := strings.Cut(claim.KeyID, "#")
	by := claim.KeyID
	if c.lazy {
		by = actor
	}
	if c.keys[by] == nil {
		_, _, d := c.get(actor, "")
		key := d["publicKey"].(map[string]any)
		if !c.lazy && key["id"] != by {
			return http.StatusUnauthorized
		}
		c.keys[by] = c.parse(key["publicKeyPem"].(string))
	}
	if claim.Verify(r, "https://"+r.Host, body, c.keys[by], c.now()) != nil {
		return http.StatusUnauthorized
	}
	o, err := vocab.Parse(body)
	if err != nil {
		return http.StatusBadRequest
	}
	if x := o.Object[0].Object; c.lazy && o.Is("Update") && x.ID == actor {
		c.keys[actor] = c.parse(x.PublicKey[0].Object.PublicKeyPem)
	}
	return 0
}

func (c *checker) parse(pem string) crypto.PublicKey {
	key, err := sig.ParsePEM(pem)
	c.ok(err)
	return key
}

// A new key for requests is learned by servers that ask for it when they see it, and by
// those that go on with the one they know until they are told: nothing is lost. Where the
// old one has leaked it signs nothing, and what is refused is tried again.
func TestKeyIsRotated(t *testing.T) {
	quick, lazy := fedtest.NewServer(t), fedtest.NewServer(t)
	w := newWatched(t, fedtest.Moment, quick, lazy)
	s := &suite{watched: w}
	act := id.New[id.Act](fedtest.Moment)
	w.publishes(act, "First")
	at := fedtest.Origin + "/ap/acts/" + string(act)
	both := []*fedtest.Server{quick, lazy}
	quick.Judges((&checker{s, map[string]crypto.PublicKey{}, false}).judge)
	slow := &checker{s, map[string]crypto.PublicKey{}, true}
	lazy.Judges(slow.judge)
	stop := w.runs()
	for _, server := range both {
		s.sends(server.Actor("ada"), "Follow", vocab.At(at))
		if p := got(server, "Accept"); p.KeyID != at+"#main-key" {
			t.Fatalf("%+v", p)
		}
	}
	s.applied()
	// bio has the act say something of itself, and waits until both heard it.
	bio := func(text string) {
		t.Helper()
		w.exec("update act set bio = ? where id = ?", text, string(act))
		what := music.Telling("act", string(act))
		w.ok(w.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
			return tx.Enqueue(t.Context(), music.JobTell, what, []byte(what), tx.Now())
		}))
	}
	heard := func(server *fedtest.Server, text, key string) func() bool {
		return func() bool {
			p := got(server, "Update")
			return p.Object != nil && strings.Contains(p.Object.Object[0].Object.Summary, text) && p.KeyID == key
		}
	}
	stop()
	k, err := w.rotateKey(t.Context(), false)
	if w.ok(err); k.number != 2 {
		t.Errorf("%+v", k)
	}
	if _, err := w.rotateKey(t.Context(), false); !fault.Is(err, fault.Conflict) {
		t.Errorf("rotated at once again: %v", err)
	}
	w.set(w.now().Add(time.Hour))
	w.again("on")
	_, _, d := s.get(at, "")
	if key := d["publicKey"].(map[string]any); key["id"] != at+"#main-key-2" || key["owner"] != at {
		t.Errorf("%v", key)
	}
	stop = w.runs()
	w.arrives("who asks for a key knows the new one", heard(quick, "First", at+"#main-key-2"))
	w.arrives("who does not is told with the old one", heard(lazy, "First", at+"#main-key"))
	w.set(w.now().Add(time.Hour))
	bio("Second")
	for _, server := range both {
		w.arrives("both know it", heard(server, "Second", at+"#main-key-2"))
	}
	s.applied() // else it comes a second time, with the key that there was
	stop()
	w.set(w.now().Add(time.Hour))
	_, err = w.rotateKey(t.Context(), true)
	w.ok(err)
	if _, err := os.Stat(filepath.Join(w.path, "keys", "http-former.pem")); !os.IsNotExist(err) {
		t.Errorf("a key that leaked is kept: %v", err)
	}
	w.again("on")
	bio("Third") // before the new key is told of in the same moment
	stop = w.runs()
	defer func() { stop() }()
	health := func(host string) social.Health {
		t.Helper()
		all, err := w.federation.desk().Servers(t.Context(), "")
		w.ok(err)
		for _, h := range all.Rows {
			if h.Host == host {
				return h
			}
		}
		return social.Health{}
	}
	w.arrives("who asks knows the third", heard(quick, "Third", at+"#main-key-3"))
	w.arrives("who does not refuses it", func() bool { return health(lazy.Host()).Tries > 0 })
	if h := health(lazy.Host()); h.State != social.Waiting || h.Lost != 0 {
		t.Errorf("%+v", h)
	}
	stop()
	slow.keys = map[string]crypto.PublicKey{} // it asks anew after a day
	w.set(w.now().Add(time.Hour))
	stop = w.runs()
	w.arrives("it is tried again", heard(lazy, "Third", at+"#main-key-3"))
}

// A node that never spoke with others has no key to rotate, and gets none by asking:
// it would look like one that others know.
func TestNothingToRotate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if code, _, errs := run(t, "a long enough password\n", "setup", "--admin", "ada", "--password-file", "-", "--data-dir", dir); code != exitOK {
		t.Fatal(errs)
	}
	code, _, errs := run(t, "", "keys", "rotate", "http", "--data-dir", dir)
	if code == exitOK || !strings.Contains(errs, "no key to rotate") {
		t.Errorf("%d %s", code, errs)
	}
	if _, err := os.Stat(filepath.Join(dir, "keys", "http.pem")); !os.IsNotExist(err) {
		t.Errorf("it has a key now: %v", err)
	}
}
