package story

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// heardOnAnotherNode: a listener of one node and somebody on a server of another make
// find an act of a second node by its handle and follow it; what the act publishes then
// is there, and sounds, and who listens pays for it, which the act's node is told.
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
	peer := w.peer(t, "fedify.test")
	peer.follow("@high-water@pier.test")
	peer.follow("@low-tide@shore.test")
	a.must(http.MethodPost, "/api/v1/studio/releases/"+release+"/publish", a.token, struct{}{}, nil)
	heard := b.hearsOf(listener, "low-tide@shore.test")
	peer.eventually("hears of the release, too", func(s seen) bool {
		return s.Type == "Create" && s.Actor == "https://shore.test/ap/acts/"+paid && strings.Contains(s.Object.Content, "Arithmetic")
	})
	track := b.creditsOf(heard, paid, a.id)
	a.talksWith(b, listener, release, heard)
	crowd := b.payAndListen(track, "bob", "cleo", "dan", "eve", "fay")
	w.acrossAllThree(a, b, c, release, other)
	w.movesHouse(a, b, c, peer)
	for _, p := range crowd {
		p.claims()
	}
	w.together(a, b, c, track)
	w.playsLive(a, b, paid, listener, crowd)
	w.toldOfPlays(a, b, paid)
	a.must(http.MethodPost, "/api/v1/studio/releases/"+release+"/withdraw", a.token, struct{}{}, nil)
	b.forgets(listener, "low-tide@shore.test")
	b.paysTheMonth(crowd, paid, a)
}

// movesHouse: an act of c goes on at a, which takes along who follows it at b, at a
// itself and on the server of another make.
func (w *internet) movesHouse(a, b, c *networkNode, peer *peerServer) {
	t := c.T
	t.Helper()
	var here struct{ ID string }
	a.must(http.MethodPost, "/api/v1/studio/acts", a.token, map[string]any{"handle": "high-water", "name": "High Water"}, &here)
	a.must(http.MethodPut, "/api/v1/studio/acts/"+here.ID+"/addresses", a.token, map[string]any{"addresses": []string{"@high-water@pier.test"}}, nil)
	var acts []struct{ ID string }
	c.must(http.MethodGet, "/api/v1/studio/acts", c.token, nil, &acts)
	if err := c.session(operator, func(ask func(method, path string, body, into any) error) error {
		return ask(http.MethodPost, "/api/v1/studio/acts/"+acts[0].ID+"/move", map[string]any{"to": "@high-water@shore.test", "password": longWords}, nil)
	}); err != nil {
		t.Fatal(err)
	}
	peer.eventually("hears that the act moves", func(s seen) bool {
		return s.Type == "Move" && s.Actor == "https://pier.test/ap/acts/"+acts[0].ID && s.ObjectID == s.Actor
	})
	atA, atB := a.signIn(operator, "read"), b.signIn(operator, "read")
	a.eventually("who followed it at a follows it there", func() error {
		var list struct{ Rows []struct{ Handle string } }
		a.must(http.MethodGet, "/api/v1/follows", atA, nil, &list)
		if len(list.Rows) != 1 || list.Rows[0].Handle != "high-water" {
			return fmt.Errorf("they follow %+v", list)
		}
		return nil
	})
	b.eventually("who followed it at b follows it there", func() error {
		var list []struct{ Handle string }
		b.must(http.MethodGet, "/api/v1/elsewhere/follows", atB, nil, &list)
		for _, f := range list {
			if f.Handle == "high-water@shore.test" && len(list) == 2 { // and Low Tide
				return nil
			}
		}
		return fmt.Errorf("they follow %+v", list)
	})
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

// talksWith: a listener of another node who is seen says something of a track here; it
// stands at its place, somebody here who is seen answers it, and that stands beneath it
// there. What is deleted there is gone here.
func (n *networkNode) talksWith(other *networkNode, listener, release, heard string) {
	n.Helper()
	here := n.signIn(operator, "read", "library")
	n.must(http.MethodPut, "/api/v1/me/person", here, map[string]any{"handle": "heron"}, nil)
	other.must(http.MethodPut, "/api/v1/me/person", listener, map[string]any{"handle": "wren"}, nil)
	var full struct{ Tracks []struct{ ID string } }
	other.must(http.MethodGet, "/api/v1/elsewhere/releases/"+heard, listener, nil, &full)
	var said, answer comment
	other.must(http.MethodPost, "/api/v1/releases/"+heard+"/comments", listener, map[string]any{"track": full.Tracks[0].ID, "text": "What a drop", "position_ms": 1_000}, &said)
	n.eventually("what is said there stands here", func() error { return n.finds(release, "<p>What a drop</p>", &answer) })
	if answer.Address != "@wren@"+other.id || answer.PositionMS != 1_000 || answer.Track == "" {
		n.Errorf("%+v", answer)
	}
	n.must(http.MethodPost, "/api/v1/releases/"+release+"/comments", here, map[string]any{"parent": answer.ID, "text": "Is it not"}, nil)
	other.eventually("the answer stands there", func() error { return other.finds(heard, "<p>Is it not</p>", &answer) })
	if answer.Address != "@heron@"+n.id || answer.Parent != said.ID || answer.Depth != 1 {
		n.Errorf("%+v", answer)
	}
	other.must(http.MethodDelete, "/api/v1/comments/"+said.ID, listener, nil, nil)
	n.eventually("what is deleted there is gone here", func() error {
		if err := n.finds(release, "<p>What a drop</p>", &answer); err == nil {
			return fmt.Errorf("it is there: %+v", answer)
		}
		return nil
	})
}

// comment is what was said of a release.
type comment struct {
	ID, Track, Parent, Address, HTML string
	Depth                            int
	PositionMS                       int64 `json:"position_ms"`
}

// finds finds what was said of a release by its words.
func (n *networkNode) finds(release, html string, found *comment) error {
	n.Helper()
	var list struct{ Rows []comment }
	n.must(http.MethodGet, "/api/v1/releases/"+release+"/comments", "", nil, &list)
	for _, c := range list.Rows {
		if c.HTML == html {
			*found = c
			return nil
		}
	}
	return fmt.Errorf("it has %+v", list)
}
