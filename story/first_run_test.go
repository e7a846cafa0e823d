package story

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// serve starts a fresh node as `make run` does, in its default directory, and
// returns its address and the setup link that it printed.
func serve(t *testing.T) (base, link string) {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	base = fmt.Sprintf("http://localhost:%d", port)
	cmd := exec.Command(binary(t), "serve", "--listen", fmt.Sprintf("127.0.0.1:%d", port), "--base-url", base)
	cmd.Dir = t.TempDir()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	log := new(strings.Builder)
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may be gone
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Logf("%v\n%s", err, log)
		}
	})
	lines := bufio.NewScanner(out)
	for link == "" && lines.Scan() {
		if text := strings.TrimSpace(lines.Text()); strings.HasPrefix(text, base+"/setup?token=") {
			link = text
		}
	}
	if link == "" {
		t.Fatalf("the node printed no link: %v", lines.Err())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // until the node ends
	return base, link
}

// A window is a browser's, with what went wrong in it.
type window struct {
	context.Context
	t      *testing.T
	mu     sync.Mutex
	faults []string
}

// chromium opens a window in a fresh profile.
func chromium(t *testing.T) *window {
	t.Helper()
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.WindowSize(1280, 860), chromedp.UserDataDir(filepath.Join(t.TempDir(), "profile")),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("mute-audio", true), chromedp.Flag("autoplay-policy", "user-gesture-required"))
	alloc, done := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(done)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	ctx, stop := context.WithTimeout(ctx, 10*time.Minute)
	t.Cleanup(stop)
	w := &window{Context: ctx, t: t}
	chromedp.ListenTarget(ctx, func(ev any) {
		w.mu.Lock()
		defer w.mu.Unlock()
		switch e := ev.(type) {
		case *runtime.EventExceptionThrown:
			w.faults = append(w.faults, e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			if e.Type == runtime.APITypeError {
				w.faults = append(w.faults, fmt.Sprintf("console: %v", e.Args[0].Description))
			}
		case *network.EventResponseReceived:
			if e.Response.Status >= 400 {
				w.faults = append(w.faults, fmt.Sprintf("%d for %s", e.Response.Status, e.Response.URL))
			}
		}
	})
	return w
}

func (w *window) do(actions ...chromedp.Action) {
	w.t.Helper()
	if err := chromedp.Run(w, actions...); err != nil {
		var at, said string
		_ = chromedp.Run(w, chromedp.Location(&at), chromedp.Text("main", &said)) // for the message
		w.t.Fatalf("%v at %s (%v): %s", err, at, w.faults, said)
	}
}

// until waits for an expression in the page to be true. The page may change
// under it: then it is asked in the new one.
func until(expression string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			var holds bool
			ask, asked := context.WithTimeout(ctx, patience/20) // a page that is left while it is asked never answers
			err := chromedp.Evaluate(expression, &holds, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }).Do(ask)
			asked()
			if err == nil && holds {
				return nil
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return fmt.Errorf("%s: %w", expression, errors.Join(err, ctx.Err()))
			}
		}
	})
}

// The first five minutes of an operator: the link in the terminal, the setup
// page with the demo catalogue, and sound. Another link is refused before, and
// every link afterwards.
func TestFirstRun(t *testing.T) {
	base, link := serve(t)
	for _, wrong := range []string{base + "/setup", base + "/setup?token=wrong", link[:len(link)-2] + "__"} {
		refused(t, wrong, "Open the link that the terminal shows last")
	}
	w := chromium(t)
	w.do(
		chromedp.Navigate(link),
		chromedp.SendKeys("#f-node", "Quayside"), chromedp.SendKeys("#f-operator", "Anneke Thoms"), chromedp.SendKeys("#f-place", "Bremen"),
		chromedp.SendKeys("#f-handle", "anneke"), chromedp.SendKeys("#f-password", "four plain words here"),
		chromedp.Click("input[name=demo]"), chromedp.Click("main .btn.go"),
		until(`location.pathname === "/" && !!document.querySelector(".note.ok")`),
		until(`document.querySelector(".foot").textContent.includes("Quayside, a 9ten node in Bremen, run by Anneke Thoms")`),
	)
	// The catalogue appears release by release, as it is prepared.
	w.do(until(`fetch("/api/v1/releases?limit=1").then((r) => r.json()).then((r) => JSON.stringify(r).includes('"title"'))`))
	var release string
	w.do(chromedp.Navigate(base+"/browse"), chromedp.AttributeValue(`main a[href^="/release/"]`, "href", &release, nil))
	w.do(
		chromedp.Navigate(base+release), chromedp.Click("[data-play-all]"),
		until(`document.getElementById("audio")?.currentTime > 0.5`),
		chromedp.Navigate(base+"/operator"), until(`document.querySelector("h1").textContent.includes("anneke")`),
	)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.faults {
		t.Error(f)
	}
	refused(t, link, "set up already")
	refused(t, base+"/setup?token=another", "set up already")
}

var tags = regexp.MustCompile(`(?s)<[^>]*>`)

// refused opens an address that must not work and say why.
func refused(t *testing.T, address, why string) {
	t.Helper()
	res, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if text := tags.ReplaceAllString(string(b), " "); res.StatusCode < 400 || !strings.Contains(text, why) {
		t.Errorf("%s is answered with %d and does not say %q: %s", address, res.StatusCode, why, text)
	}
}
