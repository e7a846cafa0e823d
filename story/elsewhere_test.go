package story

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"
)

// heardOnAnotherNode: a listener of one node finds an act of another by its
// handle and follows it; what the act publishes then is there, and sounds, and who
// listens pays for it.
func (w *internet) heardOnAnotherNode(t *testing.T) {
	a, b := w.node(t, "shore.test"), w.node(t, "quay.test")
	for _, n := range []*networkNode{a, b} { // each reads the other only by signing
		n.env = append(n.env, "NINETEN_FEDERATION_SIGNED=true")
	}
	release := takesIn(a, "Low Tide")
	a.start()
	b.start()
	paid := a.hasWallet()
	listener := b.signIn(operator, "read", "library")
	var act struct {
		Actor, State string
		Releases     []struct{ ID, Title string }
	}
	const handle = "low-tide@shore.test"
	b.must(http.MethodGet, "/api/v1/elsewhere?who=@"+handle, listener, nil, &act)
	b.must(http.MethodPut, "/api/v1/elsewhere/acts/"+handle+"/follow", listener, nil, nil)
	b.eventually("the follow is accepted", func() error {
		b.must(http.MethodGet, "/api/v1/elsewhere/acts/"+handle, listener, nil, &act)
		if act.State != "accepted" {
			return fmt.Errorf("it is %q", act.State)
		}
		return nil
	})
	a.must(http.MethodPost, "/api/v1/studio/releases/"+release+"/publish", a.token, struct{}{}, nil)
	var newest []struct{ ID, Title string }
	b.eventually("the release arrives", func() error {
		b.must(http.MethodGet, "/api/v1/elsewhere/follows/releases", listener, nil, &newest)
		if len(newest) != 1 {
			return fmt.Errorf("%d releases", len(newest))
		}
		return nil
	})
	var full struct{ Tracks []struct{ ID string } }
	b.must(http.MethodGet, "/api/v1/elsewhere/releases/"+newest[0].ID, listener, nil, &full)
	if newest[0].Title != "Arithmetic" || len(full.Tracks) != 1 {
		t.Fatalf("what arrived = %+v, %+v", newest, full)
	}
	res, err := w.client.Get(b.url + "/media/" + full.Tracks[0].ID + "/original")
	if err != nil {
		t.Fatal(err)
	}
	sound, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "audio/flac" || !bytes.HasPrefix(sound, []byte("fLaC")) {
		t.Errorf("%d %s, %d bytes, %v", res.StatusCode, res.Header.Get("Content-Type"), len(sound), err)
	}
	if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
	track := b.creditsOf(newest[0].ID, paid, a.id)
	bob := b.paysAndListens(track)
	a.must(http.MethodPost, "/api/v1/studio/releases/"+release+"/withdraw", a.token, struct{}{}, nil)
	b.eventually("it is taken back", func() error {
		b.must(http.MethodGet, "/api/v1/elsewhere/follows/releases", listener, nil, &newest)
		if len(newest) != 0 {
			return fmt.Errorf("%d releases", len(newest))
		}
		return nil
	})
	b.paysTheMonth(bob, paid)
}
