package elsewhere_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/federation/document"
	"github.com/michaelperna/9ten/internal/federation/elsewhere"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/wellknown"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// answering has a node answer as it does, at an address of its own, and returns it.
func answering(t *testing.T, n *fedtest.Node) form.Site {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewTLSServer(mux)
	t.Cleanup(server.Close)
	own := form.Site{Origin: server.URL, Name: "A node"}
	site := func(context.Context) form.Site { return own }
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	keys := form.Keys{HTTP: &private.PublicKey, Proof: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public().(ed25519.PublicKey)}
	catalogue := &music.Catalogue{Store: n.DB.Music()}
	(&wellknown.WellKnown{Site: site, Acts: catalogue, People: &social.People{Store: n.DB}, Log: fedtest.Quiet()}).Register(mux)
	(&document.Documents{Site: site, Catalogue: catalogue, Store: n.DB, Keys: func(id.Act) form.Keys { return keys }, Now: n.Now, Log: fedtest.Quiet()}).Register(mux)
	return own
}

// Somebody listens on one node, where nobody elsewhere sees them, and comes to the page of
// an act of another: they are led to their own node's search, which finds the act by
// what it is asked for, and by its other names.
func TestHomeOnANode(t *testing.T) {
	theirs, other := newScene(t), fedtest.NewServer(t)
	ours := fedtest.NewNode(t, other)
	there, here := answering(t, theirs.Node), answering(t, ours)
	desk := elsewhere.New(elsewhere.Config{Site: here, Store: ours.DB, Servers: ours.Servers, Now: ours.Now, Log: fedtest.Quiet()})
	for _, who := range []string{"@listener0@" + there.Host(), "@low-tide@" + there.Host()} {
		at, err := desk.Home(t.Context(), who, "low-tide@"+here.Host())
		to, err2 := url.Parse(at)
		if err != nil || err2 != nil || !strings.HasPrefix(at, there.Origin+"/search?q=") {
			t.Fatalf("%s is led to %q, %v", who, at, err)
		}
		q := to.Query().Get("q")
		for _, text := range []string{q, "@" + q, "acct:" + q, here.Act(ours.Act)} {
			f, err := theirs.desk.Find(t.Context(), theirs.ada, text)
			if !theirs.desk.Asked(text) || err != nil || f.Actor.ID != here.Act(ours.Act) {
				t.Errorf("%q: %+v, %v", text, f.Actor, err)
			}
		}
	}
}
