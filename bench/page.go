package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// clicked notes when somebody clicked and when the element began to sound.
const clicked = `(()=>{const a=document.getElementById("audio");window.clicked=window.sounded=undefined;
document.addEventListener("click",()=>{window.clicked??=performance.now()},true);
a.addEventListener("playing",()=>{window.sounded??=performance.now()});return true})()`

// button is where the middle of the button that plays is.
const button = `(()=>{const r=document.querySelector("main [data-play-all]").getBoundingClientRect();return{x:r.x+r.width/2,y:r.y+r.height/2}})()`

// page opens the front page and plays a track in Chromium: with a browser
// that has never been here, and again with one that has.
func page(ctx context.Context, b *bench) error {
	w, err := b.makeWorld(ctx)
	if err != nil {
		return err
	}
	if err := b.makeSound(ctx, w); err != nil {
		return err
	}
	n, err := b.start(ctx, w.data)
	if err != nil {
		return err
	}
	defer n.stop() //nolint:errcheck // what was measured was measured
	var first, cold, warm []float64
	var about string
	for range b.rounds {
		kb, what, err := firstPage(ctx, n)
		if err != nil {
			return err
		}
		first, about = append(first, kb), what
		c, ws, err := clickToSound(ctx, n, "/release/"+string(w.album))
		if err != nil {
			return err
		}
		cold, warm = append(cold, c), append(warm, ws...)
	}
	b.add(result{name: "first page before load, without covers", unit: "kB", runs: first, most: 60, beside: about})
	b.add(result{name: "click to sound, browser cold", unit: "ms", runs: cold, most: 300})
	b.add(result{name: "click to sound, browser warm", unit: "ms", runs: warm, most: 300})
	return nil
}

// browser starts Chromium with an empty profile.
func browser(ctx context.Context) (context.Context, func()) {
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.WindowSize(1280, 900), chromedp.Flag("mute-audio", true),
		chromedp.Flag("autoplay-policy", "user-gesture-required"), chromedp.Flag("disable-background-networking", true))
	if os.Getuid() == 0 {
		opts = append(opts, chromedp.NoSandbox)
	}
	alloc, done := chromedp.NewExecAllocator(ctx, opts...)
	tab, cancel := chromedp.NewContext(alloc)
	tab, stop := context.WithTimeout(tab, 2*time.Minute)
	return tab, func() { stop(); cancel(); done() }
}

// firstPage adds up what goes over the line, headers and all, until load.
func firstPage(ctx context.Context, n *node) (kb float64, about string, err error) {
	tab, done := browser(ctx)
	defer done()
	var mu sync.Mutex
	urls := map[network.RequestID]string{}
	var bytes, requests, covers float64
	loaded := false
	chromedp.ListenTarget(tab, func(ev any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := ev.(type) {
		case *network.EventRequestWillBeSent:
			urls[e.RequestID] = e.Request.URL
		case *cdp.EventLoadEventFired:
			loaded = true
		case *network.EventLoadingFinished:
			switch {
			case loaded:
			case strings.Contains(urls[e.RequestID], "/covers/"):
				covers += e.EncodedDataLength
			default:
				bytes += e.EncodedDataLength
				requests++
			}
		}
	})
	if err := chromedp.Run(tab, network.Enable(), chromedp.Navigate(n.url+"/"), chromedp.Sleep(500*time.Millisecond)); err != nil {
		return 0, "", err
	}
	mu.Lock()
	defer mu.Unlock()
	return bytes / 1000, fmt.Sprintf("%.0f requests; covers besides: %.0f kB", requests, covers/1000), nil
}

// clickToSound plays a release's first track in a browser that has never been
// here, and thrice again after the page is loaded anew. The click is a
// person's: a second after the page is there, by a pointer that has been on
// the button for a tenth of one.
func clickToSound(ctx context.Context, n *node, path string) (cold float64, warm []float64, err error) {
	tab, done := browser(ctx)
	defer done()
	for i := range 4 {
		var took float64
		var at struct{ X, Y float64 }
		err := chromedp.Run(tab,
			chromedp.Navigate(n.url+path), chromedp.Poll(`document.readyState=="complete"`, nil), chromedp.Sleep(time.Second),
			chromedp.Evaluate(clicked, nil), chromedp.Evaluate(button, &at),
			chromedp.ActionFunc(func(ctx context.Context) error {
				if err := chromedp.MouseEvent(input.MouseMoved, at.X, at.Y).Do(ctx); err != nil {
					return err
				}
				if err := chromedp.Sleep(100 * time.Millisecond).Do(ctx); err != nil {
					return err
				}
				return chromedp.MouseClickXY(at.X, at.Y).Do(ctx)
			}),
			chromedp.Poll(`window.sounded>0`, nil, chromedp.WithPollingInterval(20*time.Millisecond)),
			chromedp.Evaluate(`sounded-clicked`, &took),
			chromedp.Click(`#p-play`, chromedp.ByQuery), // paused, so that the page may be left
		)
		if err != nil {
			return 0, nil, err
		}
		if i == 0 {
			cold = took
		} else {
			warm = append(warm, took)
		}
	}
	return cold, warm, nil
}
