package web_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// TestPlayerIsSeen plays a track and looks at the player at three widths and in
// both themes: it fits, and its popovers open above it.
func TestPlayerIsSeen(t *testing.T) {
	s := newSite(t)
	b := browser(t, 1280, 900)
	b.run(t,
		chromedp.Navigate(s.URL+"/"), until(`document.readyState=="complete"`),
		chromedp.Click(`main [data-play-all]`, chromedp.ByQuery), until(`document.getElementById("audio").currentTime>0.3`),
		chromedp.Evaluate(`document.getElementById("audio").currentTime=14`, nil), until(`document.getElementById("audio").currentTime>14.2`),
		chromedp.Click(`#p-play`, chromedp.ByQuery),
	)
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{390, 800, 1280} {
			var png []byte
			var over int64
			b.run(t,
				emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"}}),
				chromedp.EmulateViewport(width, 844),
				chromedp.Evaluate(`scrollTo(0,document.querySelector("[data-tracklist]").getBoundingClientRect().top+scrollY-300)`, nil),
				chromedp.Evaluate(`document.getElementById("queue").showPopover()`, nil),
				chromedp.Evaluate(`document.documentElement.scrollWidth-innerWidth`, &over),
				chromedp.CaptureScreenshot(&png),
				chromedp.Evaluate(`document.getElementById("queue").hidePopover()`, nil),
			)
			keepShot(t, fmt.Sprintf("player-%d-%s", width, theme), png)
			if over > 0 {
				t.Errorf("at %d px the page is %d px too wide", width, over)
			}
		}
	}
	b.clean(t)
}
