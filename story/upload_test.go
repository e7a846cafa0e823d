package story

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

const (
	recordings = "../.cache/music"
	longWords  = "a long enough password"
	patience   = 4 * time.Minute
)

// A served node is the real binary, which can be killed and started again.
type served struct {
	*testing.T
	exe, dir, url string
	cmd           *exec.Cmd
}

func (s *served) run(args ...string) {
	s.Helper()
	if out, err := exec.Command(s.exe, append(args, "--data-dir", s.dir)...).CombinedOutput(); err != nil {
		s.Fatalf("9ten %s: %v\n%s", args[0], err, out)
	}
}

func (s *served) start() {
	s.Helper()
	log, err := os.OpenFile(filepath.Join(s.TempDir(), "node.log"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		s.Fatal(err)
	}
	s.cmd = exec.Command(s.exe, "serve", "--data-dir", s.dir, "--set", "listen=127.0.0.1"+s.url[strings.LastIndexByte(s.url, ':'):], "--set", "base_url="+s.url)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		s.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	for tick := time.NewTicker(20 * time.Millisecond); ; <-tick.C {
		if resp, err := http.Get(s.url + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		if ctx.Err() != nil {
			out, _ := os.ReadFile(log.Name()) // for the message
			s.Fatalf("the node is not ready\n%s", out)
		}
	}
}

// kill ends the node without a warning, as a power cut would.
func (s *served) kill() {
	s.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		s.Fatal(err)
	}
	_ = s.cmd.Wait() // it was killed: that is its error
}

// stop ends the node as an operator does.
func (s *served) stop() {
	s.Helper()
	if err := errors.Join(s.cmd.Process.Signal(syscall.SIGTERM), s.cmd.Wait()); err != nil {
		s.Fatalf("the node does not stop in order: %v", err)
	}
}

// album fills a folder: two recordings that are whole, one cut off, and a text
// that calls itself music. It returns the paths and the sums of the two.
func album(t *testing.T) (paths []string, sums []string) {
	t.Helper()
	dir := t.TempDir()
	put := func(name string, body []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, r := range []struct{ from, name string }{
		{"planetblupi-music-ogg/usr/share/planetblupi/music/music001.ogg", "01 Long Ferry.ogg"},
		{"sonic-pi-samples/usr/share/sonic-pi/samples/loop_electric.flac", "02 Coda.flac"},
	} {
		body, err := os.ReadFile(filepath.Join(recordings, r.from))
		if err != nil {
			t.Fatalf("%v: make deps fetches the recordings", err)
		}
		sum := sha256.Sum256(body)
		paths, sums = append(paths, put(r.name, body)), append(sums, hex.EncodeToString(sum[:]))
		if strings.HasSuffix(r.name, ".flac") {
			paths = append(paths, put("03 Cut Short.flac", body[:200]))
		}
	}
	return append(paths, put("04 Shopping.mp3", []byte("bread, milk, nine apples\n")), put("liner notes.txt", []byte("thanks to all"))), sums
}

// newTab starts Debian's Chromium with a fresh profile.
func newTab(t *testing.T) context.Context {
	t.Helper()
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1280, 900), chromedp.Flag("mute-audio", true))
	alloc, done := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(done)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	ctx, stop := context.WithTimeout(ctx, 2*patience)
	t.Cleanup(stop)
	chromedp.ListenTarget(ctx, func(ev any) {
		if _, ok := ev.(*page.EventJavascriptDialogOpening); ok { // "leave the page?"
			go func() {
				_ = page.HandleJavaScriptDialog(true).Do(cdp.WithExecutor(ctx, chromedp.FromContext(ctx).Target)) // the page may be gone
			}()
		}
	})
	return ctx
}

// upstream slows what the browser sends, so that an upload can be caught half way.
func upstream(bytesPerSecond float64) chromedp.Action {
	return network.EmulateNetworkConditions(false, 0, -1, bytesPerSecond)
}

// TestUploadSurvivesKill drops a folder in the studio, kills the node while a
// file is half there, and starts it again: the upload ends with the same bytes,
// what is no music is refused in words, the rest is published and heard.
func TestUploadSurvivesKill(t *testing.T) {
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	s := &served{T: t, exe: binary(t), dir: filepath.Join(t.TempDir(), "data"), url: fmt.Sprintf("http://localhost:%d", port)}
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte(longWords), 0o600); err != nil {
		t.Fatal(err)
	}
	s.run("setup", "--admin", "ada", "--name", "Quayside", "--password-file", secret)
	s.start()
	t.Cleanup(func() { s.kill() })
	paths, sums := album(t)
	b := newTab(t)
	do := func(what string, actions ...chromedp.Action) {
		t.Helper()
		if err := chromedp.Run(b, actions...); err != nil {
			var seen string
			_ = chromedp.Run(b, chromedp.Evaluate(`document.querySelector("main")?.innerText`, &seen)) // for the message
			t.Fatalf("%s: %v\n%s", what, err, seen)
		}
	}
	do("sign in", chromedp.Navigate(s.url+"/signin"), chromedp.SendKeys("[name=login]", "ada"), chromedp.SendKeys("[name=password]", longWords+"\n"), until(`location.pathname=="/"`))
	do("make an act", chromedp.Navigate(s.url+"/studio"), chromedp.SendKeys("[name=name]", "The Ferrymen\n"), until(`location.pathname.startsWith("/studio/act/")`))
	do("begin a release", chromedp.Navigate(s.url+"/studio"), chromedp.Click(".begin .btn.go"), until(`document.querySelector("main [data-upload][data-mounted]")!=null`))

	do("upload half", network.Enable(), upstream(2_000_000), chromedp.SetUploadFiles(`.drop.js input[type=file]`, paths, chromedp.ByQuery),
		until(`[...document.querySelectorAll("[data-upload-list] [role=progressbar]")].some(x=>+x.getAttribute("aria-valuenow")>20&&+x.getAttribute("aria-valuenow")<90)`))
	s.kill()
	do("notice", until(`[...document.querySelectorAll("[data-upload-list] .state")].some(x=>x.textContent.startsWith("Connection lost"))`))
	s.start()
	do("arrive", upstream(-1), until(`document.querySelector("[data-upload-status]").textContent.startsWith("4 of 5 arrived.")`),
		until(`document.querySelectorAll("#r-files li").length==4&&!document.querySelector("#r-files[data-busy]")`))

	for _, sum := range sums {
		body, err := os.ReadFile(filepath.Join(s.dir, "blob", "original", sum))
		if err != nil {
			found, _ := filepath.Glob(filepath.Join(s.dir, "blob", "original", "*")) // for the message
			t.Fatalf("%v; there are %v", err, found)
		}
		if got := sha256.Sum256(body); hex.EncodeToString(got[:]) != sum {
			t.Errorf("%s arrived with other bytes", sum)
		}
	}
	var refused []string
	do("refusals", chromedp.Evaluate(`[...document.querySelectorAll("#r-files p.bad,[data-upload-list] p.bad")].map(x=>x.textContent.trim())`, &refused))
	if len(refused) != 3 {
		t.Errorf("three files were to be refused in words, these are: %q", refused)
	}
	for _, r := range refused {
		if len(r) < 20 || !strings.Contains(r, ".") {
			t.Errorf("%q is no sentence", r)
		}
	}

	do("publish", chromedp.SetValue("#f-title", "Slack Water", chromedp.ByQuery), chromedp.Click("#r-facts .btn"), until(`document.querySelector("#r-title").textContent=="Slack Water"`),
		chromedp.Click(`#r-do [value=publish]`), until(`location.pathname.startsWith("/release/")`))
	do("leave", chromedp.Click(".me"), chromedp.Click(`#account form[action="/signout"] button`), until(`document.body.dataset.signed=="false"`))
	var title string
	do("listen as a guest", chromedp.Navigate(s.url+"/search?q=slack"), chromedp.Click(`main a[href^="/release/"]`), until(`document.querySelector("main [data-play-all]")!=null`),
		chromedp.Click("main [data-play-all]"), until(`document.querySelector("#audio")?.currentTime>1`), chromedp.Evaluate(`document.querySelector("h1").textContent`, &title))
	if title != "Slack Water" {
		t.Errorf("what plays is %q", title)
	}
}
