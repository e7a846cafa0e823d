package app

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/web/browsertest"
)

// seenPages are all pages of the site, by who sees them. Words in capitals
// stand for what newHouse made.
var seenPages = map[string][]string{
	"guest": {
		"/", "/browse", "/browse?view=tracks", "/browse?view=acts", "/browse?order=popular", "/tag/percussion", "/release/RELEASE", "/act/HANDLE",
		"/search", "/search?q=tabla", "/search?q=nothing+at+all", "/queue", "/signin", "/signup", "/reset?token=x", "/verify", "/ledger", "/privacy",
		"/library", "/no/such/page",
	},
	"listener": {
		"/", "/browse", "/browse?view=tracks", "/release/RELEASE", "/act/HANDLE", "/search?q=tabla", "/queue",
		"/library", "/library?view=tracks", "/library?view=releases", "/library?view=acts", "/playlist/PLAYLIST",
		"/history", "/receipts", "/receipts/2026-10", "/receipts/2020-01", "/subscription", "/account", "/verify", "/operator",
		"/notifications", "/account/notifications", "/account/person", "/account/blocked", "/report?kind=release&id=RELEASE",
	},
	"artist": {"/studio", "/studio/release/DRAFT", "/studio/act/ACT", "/studio/act/ACT/statement", "/account"},
	"admin": {
		"/", "/operator", "/operator/payments", "/operator/months", "/operator/ledger", "/operator/people", "/operator/settings", "/operator/music", "/operator/reports", "/operator/federation", "/operator/federation/lists",
		"/studio", "/studio/release/RELEASE", "/receipts", "/subscription",
	},
}

// refused are the pages that answer with a status of their own, on purpose.
var refused = map[string]int{"guest/library": 401, "guest/no/such/page": 404, "listener/receipts/2020-01": 404, "listener/operator": 403, "admin/receipts/2026-10": 404}

// TestEveryPage opens every page on a node with a settled month, as a guest, a
// listener, an artist and the admin, on a phone and on a desk, light and dark:
// no console error, no failed request, no rule of axe-core broken, nothing
// wider than the window, at 320 and 1920 pixels neither.
func TestEveryPage(t *testing.T) {
	axe, err := os.ReadFile("../../web/vendor/axe-core/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	h := newOpenHouse(t)
	b := browsertest.New(t, 1280, 900)
	for _, who := range []string{"guest", "listener", "artist", "admin"} {
		t.Run(who, func(t *testing.T) {
			h.enter(t, b, who)
			for _, path := range seenPages[who] {
				h.look(t, b, axe, who, h.names.Replace(path))
			}
			if who == "listener" { // whose month is computed again at a click
				b.Run(t, browsertest.Open(h.URL+"/receipts/2026-10"), chromedp.Click(`form[action$="/contest"] button`, chromedp.ByQuery),
					browsertest.Until(`document.querySelector("main>.note")?.textContent.includes("comes to the same")`))
			}
		})
	}
}

// views are the windows a page is seen in. One phone that is light and one desk
// that is dark are enough for axe-core: the rules about colour depend on the
// theme, those about what is shown on the width.
var views = []struct {
	width int64
	theme string
	axe   bool
}{{320, "light", false}, {390, "light", true}, {390, "dark", false}, {1280, "light", false}, {1280, "dark", true}, {1920, "dark", false}}

// look opens a page once and sees it in every view.
func (h *openHouse) look(t *testing.T, b *browsertest.Tab, axe []byte, who, path string) {
	t.Helper()
	b.Run(t, browsertest.Open(h.URL+path))
	name := who + strings.NewReplacer("/", "_", "?", "_", "=", "_").Replace(path)
	for _, v := range views {
		b.Run(t, chromedp.EmulateViewport(v.width, 900), browsertest.Theme(v.theme))
		if over := b.TooWide(t); over > 0 {
			t.Errorf("%s at %d px is %d px too wide", path, v.width, over)
		}
		if v.axe {
			for _, broken := range b.Axe(t, axe) {
				t.Errorf("%s at %d px, %s: %s", path, v.width, v.theme, broken)
			}
		}
		b.Keep(t, fmt.Sprintf("%s-%d-%s", name, v.width, v.theme))
	}
	for _, f := range b.Faults() {
		if want := refused[who+path]; want == 0 || !strings.HasPrefix(f, fmt.Sprint(want)) {
			t.Errorf("%s: %s", path, f)
		}
	}
}

// An openHouse is a demonstration with a settled month, and its people.
type openHouse struct {
	*httptest.Server
	node  *node
	who   map[string]id.Account
	names *strings.Replacer
}

func newOpenHouse(t *testing.T) *openHouse {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "demo")
	must(t, "a long enough password\n", "setup", "--demo", "--empty", "--data-dir", dir, "--admin", "ada", "--password-file", "-", "--name", "Quayside", "--open")
	catalogue(t, "sqlite", filepath.Join(dir, "9ten.db"), 14)
	must(t, "", "simulate", "--data-dir", dir, "--listeners", "40", "--seed", "7", "--period", "2026-10")
	must(t, "", "month", "close", "2026-10", "--data-dir", dir, "--json")
	h := &openHouse{Server: httptest.NewUnstartedServer(nil), who: map[string]id.Account{}}
	h.Start()
	h.URL = strings.Replace(h.URL, "127.0.0.1", "localhost", 1) // the name the directory was made for
	t.Cleanup(h.Close)
	must(t, "", "import", songs(t), "--act", "Tabla Room", "--owner", "ada", "--publish", "--data-dir", dir)
	cfg, _, err := LoadConfig("", map[string]string{"data_dir": dir, "log.level": "error", "base_url": h.URL}, noenv)
	if err != nil {
		t.Fatal(err)
	}
	if h.node, err = openNode(t.Context(), cfg, newLogger(cfg.Log, os.Stderr)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.node.Close() })
	if h.Config.Handler, err = h.node.handler(); err != nil {
		t.Fatal(err)
	}
	h.people(t)
	return h
}

// songs is a folder with a short release of the demo catalogue.
func songs(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "Single strokes")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tabla-room.single-strokes.02-tun-the-second.flac", "tabla-room.single-strokes.03-ghe-the-second.flac"} {
		b, err := os.ReadFile(filepath.Join("../demo/files", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// people gives a payer of the month a full life here, and makes an artist.
func (h *openHouse) people(t *testing.T) {
	t.Helper()
	ctx, n := t.Context(), h.node
	try := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	h.who["listener"] = people(t, n)[0]
	ears := music.Viewer{Account: h.who["listener"]}
	rows, err := n.catalogue.Tracks(ctx, music.Filter{}, music.Page{Limit: 2})
	try(err)
	song := rows.Rows[0]
	list, err := n.library.CreatePlaylist(ctx, ears, music.Playlist{Title: "Evenings"}, []id.Track{song.ID, rows.Rows[1].ID})
	try(err)
	try(n.library.Like(ctx, ears, song.ID, true))
	try(n.library.LikeRelease(ctx, ears, song.Release, true))
	try(n.library.Follow(ctx, ears, song.Act, true))
	now := time.Now()
	try(n.db.ListenUpdate(ctx, func(tx listen.Tx) error {
		for i, heard := range []id.Track{song.ID, rows.Rows[1].ID, song.ID} {
			if err := tx.Remember(ctx, ears.Account, heard, now.Add(-time.Duration(i)*20*time.Hour).UnixMilli()); err != nil {
				return err
			}
		}
		// an hour and a half, in the ten thousandths of a second that shares need
		return tx.AddMonthAct(ctx, ears.Account, calendar.PeriodOf(now), listen.Delta{Act: song.Act, Credit: 54_000_000, Plays: 30, Days: 2})
	}))

	artist, err := n.accounts.Add(ctx, account.Operator(), account.SignUp{Handle: "bo", Password: "a long enough password"}, account.Artist)
	try(err)
	h.who["artist"] = artist.ID
	maker := music.Viewer{Account: artist.ID}
	act, err := n.studio.CreateAct(ctx, maker, music.Act{Name: "Bo and the Quay", Handle: "bo-quay"})
	try(err)
	draft, err := n.studio.CreateRelease(ctx, maker, act.ID, music.Facts{Title: "Tidal", Artist: act.Name, Kind: music.EP, Licence: music.CC0})
	try(err)
	admin, err := n.accounts.ByHandle(ctx, "ada")
	try(err)
	h.who["admin"] = admin.ID
	h.names = strings.NewReplacer("PLAYLIST", string(list.ID), "DRAFT", string(draft.ID), "ACT", string(act.ID),
		"RELEASE", string(song.Release), "HANDLE", song.ActHandle)
}

// enter makes the browser forget who used it, and signs somebody in.
func (h *openHouse) enter(t *testing.T, b *browsertest.Tab, who string) {
	t.Helper()
	b.Run(t, chromedp.Navigate("about:blank"), storage.ClearDataForOrigin(h.URL, "all"))
	if who == "guest" {
		return
	}
	secret, err := h.node.accounts.ResetLink(t.Context(), account.Operator(), h.who[who])
	if err != nil {
		t.Fatal(err)
	}
	in, err := h.node.accounts.Reset(t.Context(), secret, "another long password", account.Client{})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.node.gate.SignIn(w, in)
	for _, c := range w.Result().Cookies() {
		b.Run(t, network.SetCookie(c.Name, c.Value).WithURL(h.URL).WithHTTPOnly(true))
	}
}
