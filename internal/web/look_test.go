package web_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// shots is the folder that keeps screenshots, from NINETEN_ARTEFACTS; "" keeps none.
func keepShot(t *testing.T, name string, png []byte) {
	dir := os.Getenv("NINETEN_ARTEFACTS")
	if dir == "" {
		return
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestKitInABrowser looks at every part at two widths and in both themes:
// nothing fails, nothing runs over the side, no axe rule is broken.
func TestKitInABrowser(t *testing.T) {
	axe, err := os.ReadFile("../../web/vendor/axe-core/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	b := browser(t, 1280, 900)
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{320, 390, 1280} {
			t.Run(fmt.Sprintf("%d-%s", width, theme), func(t *testing.T) {
				var over int64
				var report string
				b.run(t,
					emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"}}),
					chromedp.EmulateViewport(width, 900),
					chromedp.Navigate(s.URL+"/kit"), until(`document.readyState=="complete"`), until(`document.fonts.status=="loaded"`),
					chromedp.Evaluate(`document.documentElement.scrollWidth-innerWidth`, &over),
				)
				if over > 0 {
					t.Errorf("the page is %d px wider than the window", over)
				}
				if width != 320 {
					var png []byte
					b.run(t, chromedp.FullScreenshot(&png, 100))
					keepShot(t, fmt.Sprintf("kit-%d-%s", width, theme), png)
				}
				b.run(t, chromedp.Evaluate(string(axe)+";0", nil))
				b.run(t, chromedp.Evaluate(`axe.run(document,{resultTypes:["violations"]}).then(r=>JSON.stringify(r.violations.map(v=>[v.id,v.nodes.slice(0,4).map(n=>n.target.join(" ")+" "+(n.any[0]?.message??""))])))`, &report, awaited))
				var violations []any
				if err := json.Unmarshal([]byte(report), &violations); err != nil {
					t.Fatal(err)
				}
				for _, v := range violations {
					t.Errorf("axe: %v", v)
				}
			})
		}
	}
	b.clean(t)
}
