// Package browsertest opens pages in Chromium for tests: it clicks, waits,
// looks, and notes everything that must not happen.
package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// A tab has this long for all a test does with it, and a condition this long
// to come true: they end a test that hangs, on the slowest machine too.
const (
	patience = 15 * time.Minute
	moment   = 2 * time.Minute
)

// A Tab is one page of a browser, with what went wrong on it.
type Tab struct {
	context.Context
	mu     sync.Mutex
	faults []string
}

// New starts Debian's Chromium with a fresh profile.
func New(t testing.TB, width, height int) *Tab {
	t.Helper()
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.WindowSize(width, height), chromedp.WSURLReadTimeout(moment),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("autoplay-policy", "user-gesture-required"), chromedp.Flag("mute-audio", true),
		chromedp.Env("LANG=C.UTF-8")) // without it Chromium reads no file with an umlaut in its name
	alloc, done := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(done) // waits until the browser and its profile are gone
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	ctx, stop := context.WithTimeout(ctx, patience)
	t.Cleanup(stop)
	b := &Tab{Context: ctx}
	chromedp.ListenTarget(ctx, b.listen)
	return b
}

// listen notes console errors, exceptions and failed requests. One that the
// page itself gave up, as it does when it is left, has not failed.
func (b *Tab) listen(ev any) {
	note := func(format string, args ...any) {
		b.mu.Lock()
		b.faults = append(b.faults, fmt.Sprintf(format, args...))
		b.mu.Unlock()
	}
	switch e := ev.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError {
			for _, a := range e.Args {
				note("console: %s %s", a.Value, a.Description)
			}
		}
	case *runtime.EventExceptionThrown:
		note("exception: %s", e.ExceptionDetails.Error())
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 {
			note("%d for %s", e.Response.Status, e.Response.URL)
		}
	case *network.EventLoadingFailed:
		if !e.Canceled && e.ErrorText != "net::ERR_ABORTED" {
			note("a %s failed: %s %s", e.Type, e.ErrorText, e.BlockedReason)
		}
	}
}

// Run does things on the page; one that cannot be done ends the test.
func (b *Tab) Run(t testing.TB, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(b, actions...); err != nil {
		t.Fatalf("%v (%v)", err, b.Faults())
	}
}

// Faults takes what went wrong so far.
func (b *Tab) Faults() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.faults
	b.faults = nil
	return f
}

// Clean fails the test for whatever went wrong.
func (b *Tab) Clean(t testing.TB) {
	t.Helper()
	for _, f := range b.Faults() {
		t.Error(f)
	}
}

// Until polls an expression in the page until it is true.
func Until(expression string) chromedp.Action {
	return chromedp.Poll(expression, nil, chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(moment))
}

// Awaited waits for the promise that an expression yields.
func Awaited(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

// Open goes to an address and waits until the page and its fonts are there.
func Open(address string) chromedp.Action {
	return chromedp.Tasks{chromedp.Navigate(address), Until(`document.readyState=="complete"`), Until(`document.fonts.status=="loaded"`)}
}

// Theme makes the page light or dark, without motion.
func Theme(theme string) chromedp.Action {
	return emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"}})
}

// TooWide is by how many pixels the page is wider than the window.
func (b *Tab) TooWide(t testing.TB) (pixels int64) {
	t.Helper()
	b.Run(t, chromedp.Evaluate(`document.documentElement.scrollWidth-innerWidth`, &pixels))
	return max(0, pixels)
}

// Axe returns the rules of axe-core that the page breaks. script is its source.
func (b *Tab) Axe(t testing.TB, script []byte) (broken []string) {
	t.Helper()
	const ask = `axe.run(document,{resultTypes:["violations"]}).then(r=>JSON.stringify(r.violations.map(v=>v.id+": "+v.nodes.slice(0,4).map(n=>n.target.join(" ")+" "+(n.any[0]?.message??"")).join("; "))))`
	var report string
	b.Run(t, chromedp.Evaluate(`typeof axe=="object"||(()=>{`+string(script)+`})()||0`, nil), chromedp.Evaluate(ask, &report, Awaited))
	if err := json.Unmarshal([]byte(report), &broken); err != nil {
		t.Fatal(err)
	}
	return broken
}

// Keep writes a screenshot of the page into the folder NINETEN_ARTEFACTS;
// without one nothing is kept.
func (b *Tab) Keep(t testing.TB, name string) {
	t.Helper()
	dir := os.Getenv("NINETEN_ARTEFACTS")
	if dir == "" {
		return
	}
	var png []byte
	b.Run(t, chromedp.FullScreenshot(&png, 100))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		t.Fatal(err)
	}
}
