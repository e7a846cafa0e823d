package story

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/michaelperna/9ten/internal/calendar"
)

// samples is where the short recordings are.
const samples = "sonic-pi-samples/usr/share/sonic-pi/samples/"

// playsMonth gives a node music of two acts, each with a piece that is long enough
// to count, and people who heard it for a month.
func (n *networkNode) playsMonth(p calendar.Period, seed int) {
	n.Helper()
	music := filepath.Join(n.TempDir(), "music")
	for name, folder := range map[string]string{"hyperrogue-music/usr/share/hyperrogue/sounds/necromancy.ogg": "The Ferrymen", samples + "loop_safari.flac": "The Ferrymen", samples + "loop_tabla.flac": "The Pilots"} {
		file := filepath.Join(music, folder, filepath.Base(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			n.Fatal(err)
		}
		if err := os.WriteFile(file, n.recording(name), 0o600); err != nil {
			n.Fatal(err)
		}
	}
	n.run("import", music, "--owner", operator, "--publish")
	n.run("simulate", "--listeners", "60", "--seed", fmt.Sprint(seed), "--period", p.String())
}

func (n *networkNode) recording(name string) []byte {
	n.Helper()
	b, err := os.ReadFile(filepath.Join(recordings, name))
	if err != nil {
		n.Fatalf("%v: make deps fetches the recordings", err)
	}
	return b
}

// receiptHolds is a listener who trusts nobody: the receipt of its node is held
// against another node's copy of the ledger, and offline against a block that a
// third one gave.
func receiptHolds(home, other, third, reader *networkNode, p calendar.Period, seed int) {
	t := home
	t.Helper()
	handle := fmt.Sprintf("sim%d_%s_0", seed, p.Start().Format("200601"))
	t.newPassword(handle)
	token := t.signIn(handle, "money")
	var file, block []byte
	t.must(http.MethodGet, "/api/v1/receipts/"+p.String(), token, nil, &file)
	var ledger struct{ Keys []string }
	t.must(http.MethodGet, "/api/v1/ledger", "", nil, &ledger)
	var settled struct {
		Settlement []byte
		Tx         string
	}
	third.must(http.MethodGet, "/api/v1/ledger/settlements/"+p.String()+"?node="+home.id, "", nil, &settled)
	third.must(http.MethodGet, "/api/v1/ledger/blocks/"+settled.Tx, "", nil, &block)
	w, err := other.network()
	if err != nil {
		t.Fatal(err)
	}

	dir := t.TempDir()
	put := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	receipt, blocks := put("receipt.txt", file), put("block", block)
	altered := put("altered.txt", spoil(t, file, bytes.Index(file, []byte("\nextra "))+100))
	inside := base64.StdEncoding.EncodeToString(settled.Settlement)
	forged := put("forged", spoil(t, block, bytes.Index(block, []byte(inside))+len(inside)/2))
	keys := func(args ...string) []string {
		for _, k := range ledger.Keys {
			args = append(args, "--key", k)
		}
		return args
	}
	reader.run(keys("verify", "receipt", receipt, "--from", other.url)...)
	said := reader.run(keys("verify", "receipt", receipt, "--block", blocks, "--network", w.First)...)
	if !strings.Contains(said, w.First) {
		t.Errorf("the block's network is not named: %s", said)
	}
	reader.refused(keys("verify", "receipt", altered, "--from", other.url)...)
	reader.refused(keys("verify", "receipt", altered, "--block", blocks)...)
	reader.refused(keys("verify", "receipt", receipt, "--block", forged)...)
	reader.refused(keys("verify", "receipt", receipt, "--block", blocks, "--network", strings.Repeat("0", 64))...)
}

// spoil is a file with one letter changed.
func spoil(n *networkNode, file []byte, at int) []byte {
	n.Helper()
	if at < 100 || at >= len(file) {
		n.Fatalf("there is nothing to change at %d of %d bytes: %.2000s", at, len(file), file)
	}
	out := bytes.Clone(file)
	if out[at]++; file[at] == 'A' {
		out[at] = 'B'
	} else {
		out[at] = 'A'
	}
	return out
}

// newPassword has the operator give somebody a link for a password.
func (n *networkNode) newPassword(handle string) {
	n.Helper()
	var link struct{ Link string }
	n.must(http.MethodPost, "/api/v1/accounts/"+handle+"/password-link", n.token, struct{}{}, &link)
	u, err := url.Parse(link.Link)
	if err != nil {
		n.Fatal(err)
	}
	n.must(http.MethodPost, "/api/v1/password", "", map[string]string{"token": u.Query().Get("token"), "password": longWords}, nil)
}

// takeAway takes one of Fabric's commands from the node, so that it cannot start
// it again, and kills it.
func (n *networkNode) takeAway(command string) {
	n.Helper()
	if err := os.Remove(n.path(filepath.Join("bin", command))); err != nil {
		n.Fatal(err)
	}
	if err := syscall.Kill(n.child(command), syscall.SIGKILL); err != nil {
		n.Fatal(err)
	}
}

// giveBack puts it back.
func (n *networkNode) giveBack(command string) {
	n.Helper()
	if err := os.Symlink(filepath.Join(n.fabric, command), n.path(filepath.Join("bin", command))); err != nil {
		n.Fatal(err)
	}
}

// listenersNoticeNothing has somebody new join, listen and upload.
func (n *networkNode) listenersNoticeNothing() {
	n.Helper()
	bob, track := n.newcomer("bob"), n.anything()
	if err := n.plays(bob, track); err != nil {
		n.Fatal(err)
	}
	var sound []byte
	n.must(http.MethodGet, "/media/"+track+"/original", bob, nil, &sound)
	if !bytes.HasPrefix(sound, []byte("fLaC")) && !bytes.HasPrefix(sound, []byte("OggS")) {
		n.Errorf("%d bytes were heard that are no music", len(sound))
	}

	ada := n.signIn(operator, "studio")
	var acts []struct{ ID string }
	n.must(http.MethodGet, "/api/v1/studio/acts", ada, nil, &acts)
	var rel struct{ ID string }
	n.must(http.MethodPost, "/api/v1/studio/acts/"+acts[0].ID+"/releases", ada, map[string]string{"title": "Low Water"}, &rel)
	n.uploads(ada, rel.ID, n.recording(samples+"loop_garzul.flac"))
	n.eventually("the upload is music", func() error {
		var x json.RawMessage
		err := n.ask(http.MethodGet, "/api/v1/releases/"+rel.ID, ada, nil, &x)
		if err == nil && !bytes.Contains(x, []byte(`"ready"`)) {
			err = fmt.Errorf("it is %s", x)
		}
		return err
	})
}

// uploads sends a file in one piece by tus.
func (n *networkNode) uploads(token, release string, file []byte) {
	n.Helper()
	meta := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	send := func(method, at string, header map[string]string, body []byte) http.Header {
		req, err := http.NewRequestWithContext(n.Context(), method, n.url+at, bytes.NewReader(body))
		if err != nil {
			n.Fatal(err)
		}
		header["Tus-Resumable"], header["Authorization"] = "1.0.0", "Bearer "+token
		for k, v := range header {
			req.Header.Set(k, v)
		}
		res, err := n.http.Do(req)
		if err != nil {
			n.Fatal(err)
		}
		defer res.Body.Close()
		if res.StatusCode >= 300 {
			text, _ := io.ReadAll(res.Body) // for the message
			n.Fatalf("%s %s: %s: %s", method, at, res.Status, text)
		}
		return res.Header
	}
	made := send(http.MethodPost, "/api/v1/uploads", map[string]string{"Upload-Length": fmt.Sprint(len(file)), "Upload-Metadata": "filename " + meta("garzul.flac") + ",release " + meta(release)}, nil)
	at := made.Get("Location")
	send(http.MethodPatch, at[strings.Index(at, "/api/"):], map[string]string{"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}, file)
}
