package site_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/gate"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/notice"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store"
	"github.com/michaelperna/9ten/internal/wallet"
	"github.com/michaelperna/9ten/internal/web"
	"github.com/michaelperna/9ten/internal/web/site"
)

// A shop is the site over a database of its own, with a clock set by hand.
type shop struct {
	testing.TB
	srv      *httptest.Server
	db       *store.DB
	raw      *sql.DB // for what no service of the test makes
	now      time.Time
	accounts *account.Service
	studio   *music.Studio
	mod      *music.Moderation
	reports  *social.Reports
	ada      music.Viewer // has acts
}

const secret = "nine songs for the tenth month"

func newShop(t testing.TB) *shop {
	t.Helper()
	s := &shop{TB: t, now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return s.now }
	path := filepath.Join(t.TempDir(), "9ten.db")
	db, err := store.Open(t.Context(), store.Config{Path: path, Now: clock})
	s.ok(err)
	s.db = db
	s.raw, err = sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)")
	s.ok(err)
	assets, err := web.LoadAssets()
	s.ok(err)
	words, err := web.LoadCatalogue()
	s.ok(err)
	renderer, err := web.NewRenderer(assets, words, false)
	s.ok(err)
	s.accounts = account.New(account.Config{Store: db, Now: clock})
	s.studio, s.mod = &music.Studio{Store: db.Music(), Together: func([][]byte) (int64, error) { return -14_000, nil }}, &music.Moderation{Store: db.Music()}
	s.reports = &social.Reports{Store: db, Sent: func() {}}
	g := &gate.Gate{Accounts: s.accounts, Now: clock}
	pages := &site.Site{
		Renderer: renderer, Gate: g, Accounts: s.accounts, BaseURL: "https://quay.example", Now: clock, Log: slog.New(slog.DiscardHandler),
		Facts: func(context.Context) web.NodeFacts { return web.NodeFacts{Name: "Quayside", SignUp: true} },
		Rooms: site.Rooms{
			Music:   site.Music{Catalogue: &music.Catalogue{Store: db.Music()}, Library: &music.Library{Store: db.Music()}, Feed: &social.Feed{Store: db}, Listen: listen.NewDesk("quay.example", db, make(ed25519.PrivateKey, ed25519.PrivateKeySize)), Talk: &social.Talk{Store: db}, Lives: &social.Lives{Store: db}, People: &social.People{Store: db, Federates: true}, Door: &social.Door{Store: db}, Together: together(db), Reports: s.reports},
			Servers: &servers{Desk: social.Desk{Store: db, Policy: &social.HostPolicy{Store: db}}}, Personal: &social.Personal{Store: db, Host: "quay.example"}, Blocklists: &social.Blocklists{Store: db, Policy: &social.HostPolicy{Store: db}}, Held: &social.HeldDesk{Store: db, Arrived: func() {}},
			Notices: told{&notice.Desk{Store: db}}, Post: new(post),
			Wallet: &wallet.Desk{Store: db}, Report: &report.Desk{Store: db, Ledger: emptyLedger{}, Known: emptyLedger{}},
			Studios: site.Studios{Studio: s.studio, Moderation: s.mod, TakeFile: s.takeFile, TakeCover: s.takeCover},
		},
	}
	s.srv = httptest.NewServer(g.Wrap(pages.Handler()))
	t.Cleanup(func() {
		s.srv.Close()
		s.ok(s.raw.Close())
		s.ok(db.Close())
	})
	_, err = s.accounts.SetupHere(t.Context(), account.Setup{SignUp: account.SignUp{Handle: "grace", Name: "Grace", Password: secret}, Settings: account.Settings{Name: "Quayside", OpenSignUp: true}})
	s.ok(err)
	s.ada = music.Viewer{Account: s.person("ada").Principal.Account}
	return s
}

func (s *shop) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *shop) person(handle string) account.SignedIn {
	s.Helper()
	in, err := s.accounts.SignUp(s.Context(), account.SignUp{Handle: handle, Name: strings.ToUpper(handle), Password: secret}, account.Client{})
	s.ok(err)
	return in
}

func (s *shop) act(name string) music.Act {
	s.Helper()
	a, err := s.studio.CreateAct(s.Context(), s.ada, music.Act{Name: name})
	s.ok(err)
	return a
}

// draft makes a release whose tracks can be played.
func (s *shop) draft(a id.Act, f music.Facts, titles ...string) (music.Release, []id.Track) {
	s.Helper()
	r, err := s.studio.CreateRelease(s.Context(), s.ada, a, f)
	s.ok(err)
	_, err = s.studio.SetCover(s.Context(), s.ada, r.ID, music.Cover{ID: "cover" + strings.ToLower(string(r.ID)), Light: "#b43508", Dark: "#fc7853"})
	s.ok(err)
	var ids []id.Track
	for i, title := range titles {
		sum := sha256.Sum256([]byte(string(r.ID) + title))
		key := hex.EncodeToString(sum[:])
		u, err := s.studio.BeginUpload(s.Context(), s.ada, music.Upload{Release: r.ID, Filename: title + ".flac", Size: 10})
		s.ok(err)
		t, err := s.studio.Add(s.Context(), u.ID, music.Blob{Key: "original/" + key, SHA256: key, Bytes: 10})
		s.ok(err)
		peaks := make([]byte, 256)
		for j := range peaks {
			peaks[j] = byte(j * (i + 3))
		}
		s.ok(s.studio.Prepared(s.Context(), t.ID, music.Result{
			Original: "original/" + key, Started: true, Playable: true, Peaks: peaks, Tags: &music.FileTags{Title: title, Number: i + 1},
			Probe: &music.Probe{Codec: "flac", Rate: 44_100, Bits: 16, Channels: 2, Samples: 44_100 * 245}, Loudness: &music.Loudness{Integrated: -14_000, Peak: -300, Gates: []byte{1}},
			Renditions: []music.Rendition{{ID: "r" + key[1:], Codec: "flac", Frames: "original/" + key, Index: "derived/i", Manifest: []byte("m"), Rate: 44_100, Channels: 2, Bitrate: 900_000, Samples: 44_100 * 245, Bytes: 1}},
		}))
		ids = append(ids, t.ID)
	}
	return r, ids
}

func (s *shop) public(a id.Act, f music.Facts, titles ...string) (music.Release, []id.Track) {
	s.Helper()
	r, ids := s.draft(a, f, titles...)
	s.now = s.now.Add(time.Second)
	r, err := s.studio.Publish(s.Context(), s.ada, r.ID)
	s.ok(err)
	return r, ids
}

// A browser is somebody without JavaScript.
type browser struct {
	*shop
	in   account.SignedIn
	lang string // cookie; English when empty
}

func (s *shop) browser(in account.SignedIn) browser { return browser{shop: s, in: in} }

// german is the same browser after the page's language was changed.
func (b browser) german() browser { b.lang = "de"; return b }

func (b browser) do(method, path string, form url.Values) (int, string, http.Header) {
	b.Helper()
	var body io.Reader
	if form != nil {
		form.Set("csrf", b.in.CSRF)
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(b.Context(), method, b.srv.URL+path, body)
	b.ok(err)
	if b.in.Token != "" {
		req.AddCookie(&http.Cookie{Name: "session", Value: b.in.Token})
	}
	if b.lang != "" {
		req.AddCookie(&http.Cookie{Name: "lang", Value: b.lang})
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	b.ok(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	b.ok(err)
	return res.StatusCode, string(text), res.Header
}

// page reads a page that must be there and be sound.
func (b browser) page(path string) string {
	b.Helper()
	code, text, _ := b.do("GET", path, nil)
	if code != http.StatusOK {
		b.Fatalf("%s answers %d: %s", path, code, sentence(text))
	}
	for _, never := range []string{"ZgotmplZ", "<no value>", `href=""`, `src=""`, "%!", "%d "} {
		if i := strings.Index(text, never); i >= 0 {
			b.Errorf("%s has %s: %s", path, never, text[max(0, i-100):i+40])
		}
	}
	if n := strings.Count(text, "<h1"); n != 1 {
		b.Errorf("%s has %d first headings", path, n)
	}
	seen := map[string]bool{}
	for _, m := range ids.FindAllStringSubmatch(text, -1) {
		if seen[m[1]] {
			b.Errorf("%s has the id %s twice", path, m[1])
		}
		seen[m[1]] = true
	}
	return text
}

var ids = regexp.MustCompile(`\sid="([^"]+)"`)

// sentence is the heading of an error page.
func sentence(text string) string {
	_, rest, _ := strings.Cut(text, "<h1")
	_, rest, _ = strings.Cut(rest, ">")
	s, _, _ := strings.Cut(rest, "<")
	return html.UnescapeString(s)
}

// send posts a form that must be taken and returns where the browser goes.
func (b browser) send(path string, form url.Values) string {
	b.Helper()
	code, text, h := b.do("POST", path, form)
	if code != http.StatusSeeOther {
		b.Fatalf("%s answers %d: %s", path, code, sentence(text))
	}
	return h.Get("Location")
}

func (b browser) has(path string, want ...string) {
	b.Helper()
	text := b.page(path)
	for _, w := range want {
		if !strings.Contains(text, w) {
			b.Errorf("%s lacks %s", path, w)
		}
	}
}

func (b browser) lacks(path string, never ...string) {
	b.Helper()
	text := b.page(path)
	for _, w := range never {
		if strings.Contains(text, w) {
			b.Errorf("%s has %s", path, w)
		}
	}
}

// tracks are what the player would read on a page, in order.
func (b browser) tracks(path string) (out []web.TrackRef) {
	b.Helper()
	text := b.page(path)
	_, text, _ = strings.Cut(text, "data-tracklist")
	for _, m := range regexp.MustCompile(`<li[^>]* data-track="([^"]+)"`).FindAllStringSubmatch(text, -1) {
		var ref web.TrackRef
		b.ok(json.Unmarshal([]byte(html.UnescapeString(m[1])), &ref))
		out = append(out, ref)
	}
	return out
}

func TestEmptyNode(t *testing.T) {
	s := newShop(t)
	guest, ada := s.browser(account.SignedIn{}), s.browser(s.person("jo"))
	guest.has("/", "Ten dollars.", "The nine of Quayside", "Join Quayside")
	guest.has("/browse", "No music here yet")
	guest.has("/search", "Search")
	guest.has("/search?q=nothing+like+it", "Nothing found")
	guest.has("/tag/jazz", "Nothing carries this tag")
	guest.has("/queue", "needs JavaScript")
	ada.has("/", "Your nine", "takes the first place", "8 days left", "No music here yet")
	ada.has("/library", "No playlists yet")
	ada.has("/library?view=tracks", "No liked tracks yet")
	ada.has("/library?view=releases", "No liked releases yet")
	ada.has("/library?view=acts", "You follow nobody yet")
	ada.has("/history", "Nothing here")
	for path, want := range map[string]int{
		"/library": 401, "/history": 401, "/release/01M87530RX1TGVZRADBBNGQM2Z": 404, "/release/x": 404, "/act/nobody": 404, "/playlist/01M87530RX1TGVZRADBBNGQM2Z": 404,
		"/browse?view=cellar": 404, "/browse?order=odd": 422, "/browse?after=%00": 422, "/nowhere": 404,
	} {
		if code, text, _ := guest.do("GET", path, nil); code != want || len(sentence(text)) < 10 {
			t.Errorf("%s answers %d, %q", path, code, sentence(text))
		}
	}
}

func TestReleasePage(t *testing.T) {
	s := newShop(t)
	a := s.act("Maren Okafor Trio")
	r, tracks := s.public(a.ID, music.Facts{Title: "Low Tide <Arithmetic>", Kind: music.Album, Date: "2026-11", Licence: music.CCBY, Tags: []string{"Jazz"}, Description: "Piano. See https://a.example/x?<b>, and ask.\n\nNine pieces."}, "Ebb Tables", "Slack Water")
	_, err := s.studio.EditTrack(t.Context(), s.ada, tracks[1], func(x *music.Track) {
		x.Lyrics, x.ISRC, x.People = "[01:02.50]Water falls", "DEX9T2600104", []music.Person{{Name: "Ida Solheim", Role: "Drums"}}
	})
	s.ok(err)
	guest, path := s.browser(account.SignedIn{}), "/release/"+string(r.ID)
	guest.has(path, "Low Tide &lt;Arithmetic&gt;</h1>", "Album, 2026", `href="/act/maren-okafor-trio"`, "CC BY 4.0", `href="/tag/jazz"`, "Water falls", "DE-X9T-26-00104", "Ida Solheim",
		"All of what the tracks earn goes to this act.", "2 tracks, 8:10. FLAC 44.1/16.", `<link rel="canonical" href="https://quay.example`+path+`"`,
		`property="og:image" content="https://quay.example/covers/cover`, `style="--accent-l:#b43508;--accent-d:#fc7853"`, `href="https://a.example/x"`, "&lt;b&gt;, and ask.", `/signin?next=%2frelease%2f`)
	guest.lacks(path, `action="/like"`, "noindex", "Edit in the studio", "<b>, and")
	list := guest.tracks(path)
	if len(list) != 2 {
		t.Fatalf("%d tracks", len(list))
	}
	got := list[1]
	want := web.TrackRef{ID: string(tracks[1]), Title: "Slack Water", URL: path + "#t-" + string(tracks[1]), Act: "Maren Okafor Trio", ActURL: "/act/maren-okafor-trio", Release: "Low Tide <Arithmetic>",
		ReleaseID: string(r.ID), ReleaseURL: path, CoverID: got.CoverID, Accents: web.Accents{Light: "#b43508", Dark: "#fc7853"}, Millis: 245_000, TrackGain: -400, AlbumGain: -400, Peak: -30, Quality: "FLAC 44.1/16", Peaks: got.Peaks}
	if fmt.Sprint(got) != fmt.Sprint(want) || len(got.Peaks) != 256 {
		t.Errorf("the player gets\n%+v, want\n%+v", got, want)
	}
	s.browser(s.person("jo")).has(path, `action="/like"`, `action="/follow"`)
}

// TestWhoSeesARelease walks a release through its states as everybody.
func TestWhoSeesARelease(t *testing.T) {
	s := newShop(t)
	r, _ := s.draft(s.act("Firn").ID, music.Facts{Title: "Glacier"}, "One")
	ada, err := s.accounts.SignIn(t.Context(), "ada", secret, account.Client{})
	s.ok(err)
	grace, err := s.accounts.SignIn(t.Context(), "grace", secret, account.Client{})
	s.ok(err)
	r, err = s.studio.Preview(t.Context(), s.ada, r.ID, true)
	s.ok(err)
	path := "/release/" + string(r.ID)
	guest, own, mod := s.browser(account.SignedIn{}), s.browser(ada), s.browser(grace)
	code := func(b browser, path string) int { c, _, _ := b.do("GET", path, nil); return c }
	if c := code(guest, path); c != 404 {
		t.Errorf("a guest sees a draft: %d", c)
	}
	if c := code(guest, path+"?preview=wrong"); c != 404 {
		t.Errorf("a guest sees a draft with a wrong token: %d", c)
	}
	guest.has(path+"?preview="+r.Preview, "private link", "noindex", "Glacier")
	own.has(path, "Only the act’s people see this page.", "noindex", "/studio/release/")
	_, err = s.studio.Publish(t.Context(), s.ada, r.ID)
	s.ok(err)
	guest.lacks(path, "noindex", "private link")
	s.ok(s.mod.TakeDown(t.Context(), music.Viewer{Account: grace.Principal.Account, Admin: true, Moderator: true}, r.ID, "The rights are with somebody else."))
	c, text, _ := guest.do("GET", path, nil)
	if c != 404 || !strings.Contains(sentence(text), "taken down") {
		t.Errorf("a guest reads of the take-down: %d, %q", c, sentence(text))
	}
	for _, b := range []browser{own, mod} {
		b.has(path, "Taken down by the moderators", "The rights are with somebody else.", "noindex")
	}
	guest.lacks("/browse", "Glacier")
	guest.has("/search?q=glacier", "Nothing found")
}

func TestBrowsing(t *testing.T) {
	s := newShop(t)
	a := s.act("Many")
	for i := range 50 {
		s.public(a.ID, music.Facts{Title: fmt.Sprintf("Release %02d", i), Tags: []string{"noise"}}, fmt.Sprintf("Track %02d", i))
	}
	guest := s.browser(account.SignedIn{})
	for _, path := range []string{"/browse", "/browse?order=popular", "/browse?view=tracks", "/tag/noise", "/tag/Noise?view=tracks", "/act/many"} {
		n, at := map[string]bool{}, path
		for range 3 {
			text := guest.page(at)
			for _, m := range regexp.MustCompile(`>((?:Release|Track) \d\d)<`).FindAllStringSubmatch(text, -1) {
				n[m[1]] = true
			}
			more := regexp.MustCompile(`href="([^"]*after=[^"]*)">Show more`).FindStringSubmatch(text)
			if more == nil {
				break
			}
			at = html.UnescapeString(more[1])
		}
		if len(n) < 50 {
			t.Errorf("%s leads to %d of 50", path, len(n))
		}
	}
	guest.has("/browse?view=acts", "Many", "50 releases")
	guest.has("/browse", `href="/tag/noise"`)
	guest.has("/search?q=release+4", "Release 4")
	guest.has("/search?q=track", "Tracks")
	guest.has("/search?q=MANY", `href="/act/many"`)
	guest.has("/search?q=noi", `href="/tag/noise"`)
	guest.has("/search?q=%22%3E%3Cscript%3E*", "&#34;&gt;&lt;script&gt;")
	s.browser(account.SignedIn{}).has("/", "New on Quayside", `class="nine`, `href="/act/many"`, "no account needed")
}

func TestLikesAndFollows(t *testing.T) {
	s := newShop(t)
	a := s.act("Firn")
	r, tracks := s.public(a.ID, music.Facts{Title: "Glacier"}, "One", "Two")
	jo, path := s.browser(s.person("jo")), "/release/"+string(r.ID)
	like := func(kind, what, on string) string {
		return jo.send("/like", url.Values{"kind": {kind}, "id": {what}, "on": {on}, "back": {path}})
	}
	if to := like("track", string(tracks[1]), "1"); to != path {
		t.Errorf("goes to %s", to)
	}
	like("release", string(r.ID), "1")
	jo.send("/follow", url.Values{"act": {string(a.ID)}, "on": {"1"}})
	jo.has(path, `aria-pressed="true" aria-label="Like Two"`, `aria-pressed="false" aria-label="Like One"`, `aria-pressed="true" aria-label="Like Glacier"`, "Following")
	jo.has("/library?view=tracks", ">Two<")
	jo.has("/library?view=releases", ">Glacier<")
	jo.has("/library?view=acts", ">Firn<")
	jo.has("/", "New from acts you follow", "22 November", `href="/following"`)
	jo.has("/following", "New from acts you follow", ">Glacier<", "22 November")
	jo.has("/library", `href="/following"`)
	if ref := jo.tracks("/browse?view=tracks"); len(ref) != 2 || !ref[0].Liked == !ref[1].Liked {
		t.Errorf("the player knows of likes: %+v", ref)
	}
	like("track", string(tracks[1]), "0")
	jo.send("/follow", url.Values{"act": {string(a.ID)}, "on": {"0"}})
	jo.has("/library?view=tracks", "No liked tracks yet")
	jo.has("/library?view=acts", "You follow nobody yet")
	jo.has("/following", "Nothing new yet")
	for what, to := range map[string]string{"https://evil.example/": "/", "//evil.example": "/", "/library": "/library"} {
		if got := jo.send("/like", url.Values{"kind": {"track"}, "id": {string(tracks[0])}, "on": {"1"}, "back": {what}}); got != to {
			t.Errorf("back %q leads to %q", what, got)
		}
	}
	guest := s.browser(account.SignedIn{})
	if c, _, _ := guest.do("POST", "/like", url.Values{"kind": {"track"}, "id": {string(tracks[0])}, "on": {"1"}}); c != 401 {
		t.Errorf("a guest likes: %d", c)
	}
	jo.in.CSRF = "wrong"
	if c, _, _ := jo.do("POST", "/like", url.Values{"kind": {"track"}, "id": {string(tracks[0])}, "on": {"1"}}); c != 403 {
		t.Errorf("a form without the token is taken: %d", c)
	}
}

func TestPlaylistPage(t *testing.T) {
	s := newShop(t)
	_, tracks := s.public(s.act("Firn").ID, music.Facts{Title: "Glacier"}, "One", "Two", "Three")
	jo, guest := s.browser(s.person("jo")), s.browser(account.SignedIn{})
	path := jo.send("/playlists", url.Values{"title": {"Late trains"}, "tracks": {string(tracks[0]) + "," + string(tracks[1]) + ", " + string(tracks[2])}})
	order := func() string {
		var out []string
		for _, r := range jo.tracks(path) {
			out = append(out, r.Title)
		}
		return strings.Join(out, " ")
	}
	jo.has(path, "Late trains</h1>", "3 tracks", "JO")
	press := func(label string) {
		t.Helper()
		m := regexp.MustCompile(`name="(move|item)" value="([^"]*)"(?: formaction="([^"]*)")? aria-label="` + label + `"( disabled)?`).FindStringSubmatch(jo.page(path))
		if m == nil || m[4] != "" {
			t.Fatalf("no button %q", label)
		}
		to := m[3]
		if to == "" {
			to = path + "/move"
		}
		jo.send(to, url.Values{m[1]: {m[2]}})
	}
	for _, step := range []struct{ press, want string }{
		{"Move One down", "Two One Three"}, {"Move One down", "Two Three One"}, {"Move Three up", "Three Two One"}, {"Remove Two", "Three One"}, {"Move One up", "One Three"},
	} {
		if press(step.press); order() != step.want {
			t.Fatalf("after %s: %s, want %s", step.press, order(), step.want)
		}
	}
	jo.send("/playlist/-/add", url.Values{"playlist": {strings.TrimPrefix(path, "/playlist/")}, "track": {string(tracks[1])}, "back": {path}})
	if order() != "One Three Two" {
		t.Errorf("added: %s", order())
	}
	if c, _, _ := guest.do("GET", path, nil); c != 404 {
		t.Errorf("a guest sees a private playlist: %d", c)
	}
	c, text, _ := jo.do("POST", path, url.Values{"title": {""}, "access": {"public"}, "description": {"kept"}})
	if c != 422 || !strings.Contains(text, `aria-invalid="true"`) || !strings.Contains(text, ">kept</textarea>") {
		t.Errorf("an empty name: %d", c)
	}
	jo.send(path, url.Values{"title": {"Night trains"}, "access": {"public"}, "description": {"For the 23:10."}})
	guest.has(path, "Night trains", "For the 23:10.", `rel="canonical"`)
	guest.lacks(path, "Move One", "Delete", path+"/delete")
	guest.has("/search?q=night+tr", path)
	c, _, _ = s.browser(s.person("mo")).do("POST", path+"/delete", url.Values{"sure": {"1"}})
	if c != 403 && c != 404 {
		t.Errorf("somebody else deletes it: %d", c)
	}
	if c, _, _ := jo.do("POST", path+"/delete", url.Values{}); c != 422 {
		t.Errorf("deleted without being sure: %d", c)
	}
	jo.send(path+"/delete", url.Values{"sure": {"1"}})
	jo.has("/library", "No playlists yet")
}

func TestHistoryPage(t *testing.T) {
	s := newShop(t)
	_, tracks := s.public(s.act("Firn").ID, music.Facts{Title: "Glacier"}, "One", "Two", "Three")
	jo := s.browser(s.person("jo"))
	for i, track := range tracks {
		_, err := s.raw.Exec("insert into history (account, at, track) values ($1, $2, $3)", string(jo.in.Principal.Account), s.now.Add(-time.Duration(i)*20*time.Hour).UnixMilli(), string(track))
		s.ok(err)
	}
	jo.has("/history", "22 November 2026", "21 November 2026", "20 November 2026", ">One<", ">Three<")
	at := regexp.MustCompile(`name="at" value="(\d+)" aria-label="Delete Two`).FindStringSubmatch(jo.page("/history"))
	if at == nil {
		t.Fatal("an entry cannot be deleted")
	}
	jo.send("/history/delete", url.Values{"at": {at[1]}})
	jo.lacks("/history", ">Two<")
	jo.send("/history/pause", url.Values{"on": {"1"}})
	jo.has("/history", "Paused.", "Write it down again")
	jo.send("/history/pause", url.Values{"on": {"0"}})
	jo.lacks("/history", "Write it down again")
	jo.send("/history/delete", url.Values{"all": {"1"}})
	jo.has("/history", "Nothing here")
}

// TestNineOnTheFirstPage checks that what is shown adds up, paid or not.
func TestNineOnTheFirstPage(t *testing.T) {
	s := newShop(t)
	jo := s.browser(s.person("jo"))
	var acts []id.Act
	for i := range 11 {
		a := s.act(fmt.Sprintf("Act %02d", i))
		s.public(a.ID, music.Facts{Title: "R"}, "T")
		acts = append(acts, a.ID)
	}
	for i, a := range acts {
		_, err := s.raw.Exec("insert into month_act (account, period, act, credit, plays, days) values ($1, 202611, $2, $3, 5, 3)", string(jo.in.Principal.Account), string(a), (11-i)*3600*10_000)
		s.ok(err)
	}
	jo.has("/", "<strong>Act 00</strong>", "11 h 00", "You are not paying yet.", "Next in line: Act 09, 1 h 00 behind.", `$9.00</bdi>`, `$1.00</bdi>`, "Your nine acts", "--lit:1.000")
	jo.lacks("/", "Act 10</a>", "places are free")
	text := jo.page("/")
	_, rows, _ := strings.Cut(text, `<div class="list">`)
	rows, _, _ = strings.Cut(rows, `<div class="sums">`)
	var sum int64
	for _, m := range regexp.MustCompile(`<bdi class="money">\$(\d+)\.(\d\d)(?:<span class="micro">(\d{4}))?`).FindAllStringSubmatch(rows, -1) {
		var whole, cents, micro int64
		_, err := fmt.Sscan(m[1], &whole)
		s.ok(err)
		_, err = fmt.Sscanf(m[2], "%d", &cents)
		s.ok(err)
		if m[3] != "" {
			_, err = fmt.Sscanf(m[3], "%d", &micro)
			s.ok(err)
		}
		sum += whole*1_000_000 + cents*10_000 + micro
	}
	if sum != 9_000_000 {
		t.Errorf("the rows add up to %d micro dollars, not 9000000", sum)
	}
	if n := strings.Count(text, `class="cell"`); n != 9 {
		t.Errorf("%d cells are lit", n)
	}
}

// TestFirstPageIsSmall holds the pages to their budget: HTML as it is sent.
func TestFirstPageIsSmall(t *testing.T) {
	s := newShop(t)
	for i := range 12 {
		s.public(s.act(fmt.Sprintf("Act %02d", i)).ID, music.Facts{Title: "Release"}, "One", "Two")
	}
	var titles []string
	for i := range 14 {
		titles = append(titles, fmt.Sprintf("Track %02d", i))
	}
	r, _ := s.public(s.act("Long").ID, music.Facts{Title: "Long one"}, titles...)
	guest, jo := s.browser(account.SignedIn{}), s.browser(s.person("jo"))
	for path, most := range map[string]int{"/": 24_000, "/browse?view=tracks": 60_000, "/release/" + string(r.ID): 100_000} {
		for _, b := range []browser{guest, jo} {
			if n := len(b.page(path)); n > most {
				t.Errorf("%s has %d bytes of HTML, more than %d", path, n, most)
			}
		}
	}
}

// emptyLedger owes nothing to anybody.
type emptyLedger struct{ report.Ledger }

func (emptyLedger) Waiting(context.Context, id.Act) ([]report.Waiting, error)  { return nil, nil }
func (emptyLedger) Forfeits(context.Context, id.Act) ([]report.Forfeit, error) { return nil, nil }
func (emptyLedger) OwnUntil(context.Context) (time.Time, error)                { return time.Time{}, nil }
