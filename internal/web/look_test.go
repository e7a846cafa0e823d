package web_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/michaelperna/9ten/internal/web/browsertest"
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
				b.run(t, browsertest.Theme(theme), chromedp.EmulateViewport(width, 900), browsertest.Open(s.URL+"/kit"))
				if over := b.TooWide(t); over > 0 {
					t.Errorf("the page is %d px wider than the window", over)
				}
				if width != 320 {
					b.Keep(t, fmt.Sprintf("kit-%d-%s", width, theme))
				}
				for _, v := range b.Axe(t, axe) {
					t.Errorf("axe: %v", v)
				}
			})
		}
	}
	b.clean(t)
}
