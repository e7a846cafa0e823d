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
	a, b, c := w.node(t, "shore.test"), w.node(t, "quay.test"), w.node(t, "pier.test")
	for _, n := range []*networkNode{a, b, c} { // each reads the others only by signing
		n.env = append(n.env, "NINETEN_FEDERATION_SIGNED=true")
	}
	release := takesIn(a, "Low Tide")
	other := takesIn(c, "High Water")
	for _, n := range []*networkNode{a, b, c} {
		n.start()
	}
	paid := a.hasWallet()
	listener := b.signIn(operator, "read", "library")
	b.follows(listener, "low-tide@shore.test")
	a.must(http.MethodPost, "/api/v1/studio/releases/"+release+"/publish", a.token, struct{}{}, nil)
	heard := b.hearsOf(listener, "low-tide@shore.test")
	track := b.creditsOf(heard, paid, a.id)
	crowd := b.payAndListen(track, "bob", "cleo", "dan", "eve", "fay")
	w.acrossAllThree(a, b, c, release, other)
	for _, p := range crowd {
		p.claims()
	}
	w.together(a, b, c, track)
	w.toldOfPlays(a, b, paid)
	a.must(http.MethodPost, "/api/v1/studio/releases/"+release+"/withdraw", a.token, struct{}{}, nil)
	b.forgets(listener, "low-tide@shore.test")
	b.exe = w.path("9ten")
	b.paysTheMonth(crowd, paid)
}

// follows has a listener find an act of another node by its handle and follow it.
func (n *networkNode) follows(listener, handle string) {
	n.Helper()
	n.must(http.MethodGet, "/api/v1/elsewhere?who=@"+handle, listener, nil, nil)
	n.must(http.MethodPut, "/api/v1/elsewhere/acts/"+handle+"/follow", listener, nil, nil)
	n.eventually(n.id+" follows "+handle, func() error {
		var act struct{ State string }
		n.must(http.MethodGet, "/api/v1/elsewhere/acts/"+handle, listener, nil, &act)
		if act.State != "accepted" {
			return fmt.Errorf("it is %q", act.State)
		}
		return nil
	})
}

// newest are the releases of those whom a listener follows elsewhere.
func (n *networkNode) newest(listener string) (list []struct{ ID, Act, Title string }) {
	n.Helper()
	n.must(http.MethodGet, "/api/v1/elsewhere/follows/releases", listener, nil, &list)
	return list
}

// hearsOf waits for the release of an act that a listener follows, plays its track,
// and returns its id here.
func (n *networkNode) hearsOf(listener, handle string) (release string) {
	n.Helper()
	n.eventually(n.id+" hears of the release of "+handle, func() error {
		list := n.newest(listener)
		for _, r := range list {
			if r.Act == handle && r.Title == "Arithmetic" {
				release = r.ID
				return nil
			}
		}
		return fmt.Errorf("it knows %+v", list)
	})
	var full struct{ Tracks []struct{ ID string } }
	n.must(http.MethodGet, "/api/v1/elsewhere/releases/"+release, listener, nil, &full)
	if len(full.Tracks) != 1 {
		n.Fatalf("what arrived = %+v", full)
	}
	n.sounds(full.Tracks[0].ID)
	return release
}

// sounds fetches the sound of a track from a node, as a player does.
func (n *networkNode) sounds(track string) {
	n.Helper()
	res, err := n.http.Get(n.url + "/media/" + track + "/original")
	if err != nil {
		n.Fatal(err)
	}
	defer res.Body.Close()
	sound, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "audio/flac" || !bytes.HasPrefix(sound, []byte("fLaC")) {
		n.Errorf("%d %s, %d bytes, %v", res.StatusCode, res.Header.Get("Content-Type"), len(sound), err)
	}
}

// forgets waits until no release is known of an act that a listener follows.
func (n *networkNode) forgets(listener, handle string) {
	n.Helper()
	n.eventually("what "+handle+" took back is gone", func() error {
		list := n.newest(listener)
		for _, r := range list {
			if r.Act == handle {
				return fmt.Errorf("it knows %+v", list)
			}
		}
		return nil
	})
}
