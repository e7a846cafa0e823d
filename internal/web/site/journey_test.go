package site_test

import (
	"context"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/gate"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/notice"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store"
	"github.com/michaelperna/9ten/internal/wallet"
	"github.com/michaelperna/9ten/internal/web"
	"github.com/michaelperna/9ten/internal/web/site"
)

// A node is the pages on a real database.
type node struct {
	*testing.T
	*httptest.Server
	site     *site.Site
	db       *store.DB
	accounts *account.Service
	studio   *music.Studio
	errands  []account.Errand // letters that would be sent
	mail     *post
}

func newNode(t *testing.T) *node {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }
	db, err := store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "9ten.db"), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	assets, err := web.LoadAssets()
	if err != nil {
		t.Fatal(err)
	}
	words, err := web.LoadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	renderer, err := web.NewRenderer(assets, words, false)
	if err != nil {
		t.Fatal(err)
	}
	m := db.Music()
	n := &node{T: t, db: db, studio: &music.Studio{Store: m}, mail: new(post)}
	accounts := account.New(account.Config{Store: db, Now: now, Erase: []account.Eraser{db.EraseMusic}, Send: func(_ context.Context, _ account.Tx, e account.Errand) error {
		n.errands = append(n.errands, e)
		return nil
	}})
	n.accounts = accounts
	g := &gate.Gate{Accounts: accounts, Now: now}
	n.site = &site.Site{
		Renderer: renderer, Gate: g, Accounts: accounts, Now: now, Log: slog.New(slog.DiscardHandler),
		Facts: func(ctx context.Context) web.NodeFacts {
			s, err := accounts.Settings(ctx)
			if err != nil {
				t.Error(err)
			}
			return web.NodeFacts{Name: s.Name, Operator: s.OperatorName, Place: s.OperatorPlace, SignUp: s.OpenSignUp}
		},
		Rooms: site.Rooms{
			Music:   site.Music{Catalogue: &music.Catalogue{Store: m}, Library: &music.Library{Store: m}, Feed: &social.Feed{Store: db}, Talk: &social.Talk{Store: db}, Lives: &social.Lives{Store: db}, People: &social.People{Store: db, Federates: true}, Door: &social.Door{Store: db}, Together: together(db), Reports: &social.Reports{Store: db}},
			Studios: site.Studios{Studio: n.studio, Moderation: &music.Moderation{Store: m}},
			Report:  &report.Desk{Store: db, Ledger: emptyLedger{}, Known: emptyLedger{}}, Wallet: &wallet.Desk{Store: db}, Engine: engine{accounts}, Network: alone{}, Servers: &servers{Desk: social.Desk{Store: db, Policy: &social.HostPolicy{Store: db}}}, Personal: &social.Personal{Store: db, Host: "quay.example"}, Blocklists: &social.Blocklists{Store: db, Policy: &social.HostPolicy{Store: db}}, Held: &social.HeldDesk{Store: db, Arrived: func() {}},
			Post: n.mail, Notices: told{&notice.Desk{Store: db}},
		},
	}
	n.Server = httptest.NewServer(nil)
	n.site.BaseURL = n.URL
	n.Config.Handler = g.Wrap(n.site.Handler())
	t.Cleanup(n.Close)
	return n
}

// told are notices whose letters have one link.
type told struct{ *notice.Desk }

func (t told) Stop(ctx context.Context, token string) error {
	if token == "" {
		return fault.New(fault.Forbidden, "no link")
	}
	return t.StopLetters(ctx, id.Account(token))
}

// A visitor is one browser, without JavaScript.
type visitor struct {
	*node
	http.Client
	status int
	host   string
	path   string
	body   string
}

func (n *node) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		n.Fatal(err)
	}
	// The front page needs rooms that these tests leave out.
	stop := func(req *http.Request, _ []*http.Request) error {
		if req.URL.Path == "/" {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return &visitor{node: n, Client: http.Client{Jar: jar, CheckRedirect: stop}}
}

func (v *visitor) take(res *http.Response, err error) *visitor {
	v.Helper()
	if err != nil {
		v.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		v.Fatal(err)
	}
	_ = res.Body.Close() // it is read
	v.status, v.host, v.path, v.body = res.StatusCode, res.Request.URL.Host, res.Request.URL.Path, string(b)
	for _, never := range []string{"ZgotmplZ", "&lt;no value&gt;", "%!"} {
		if i := strings.Index(v.body, never); i >= 0 {
			v.Errorf("%s has %s: %s", v.path, never, v.body[max(0, i-120):min(len(v.body), i+60)])
		}
	}
	return v
}

func (v *visitor) open(path string) *visitor {
	v.Helper()
	return v.take(v.Client.Get(v.URL + path))
}

var tokenForm = regexp.MustCompile(`name="csrf" value="([^"]*)"`)

// csrf is the token that the forms of the page carry.
func (v *visitor) csrf() string {
	if m := tokenForm.FindStringSubmatch(v.body); m != nil {
		return html.UnescapeString(m[1])
	}
	return ""
}

// send sends a form as the page shown would: pairs of names and values.
func (v *visitor) send(path string, pairs ...string) *visitor {
	v.Helper()
	form := url.Values{"csrf": {v.csrf()}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	req, err := http.NewRequestWithContext(v.Context(), http.MethodPost, v.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return v.take(v.Do(req))
}

// sees checks the status, where the visitor ended, and what the page says.
func (v *visitor) sees(status int, path string, words ...string) *visitor {
	v.Helper()
	if v.status != status || v.path != path {
		v.Fatalf("%d at %s, want %d at %s: %s", v.status, v.path, status, path, text(v.body))
	}
	plain := html.UnescapeString(v.body)
	for _, w := range words {
		if !strings.Contains(plain, w) {
			v.Errorf("%s does not say %q: %s", path, w, text(v.body))
		}
	}
	return v
}

func (v *visitor) misses(words ...string) *visitor {
	v.Helper()
	for _, w := range words {
		if strings.Contains(html.UnescapeString(v.body), w) {
			v.Errorf("%s says %q", v.path, w)
		}
	}
	return v
}

var (
	tags   = regexp.MustCompile(`(?s)<svg.*?</svg>|<script.*?</script>|<[^>]*>`)
	spaces = regexp.MustCompile(`\s+`)
	mains  = regexp.MustCompile(`(?s)<main.*</main>`)
)

// text is what a page says, for messages.
func text(body string) string {
	if m := mains.FindString(body); m != "" {
		body = m
	}
	return spaces.ReplaceAllString(html.UnescapeString(tags.ReplaceAllString(body, " ")), " ")
}

const words = "four plain words here"

// setUp makes the node's admin and returns their browser.
func (n *node) setUp(open bool) *visitor {
	n.Helper()
	token, err := n.accounts.SetupLink(n.Context())
	if err != nil {
		n.Fatal(err)
	}
	v := n.visitor()
	v.open("/setup?token="+token).sees(200, "/setup", "Set up your node")
	form := []string{"token", token, "node", "Quayside", "operator", "Anneke Thoms", "place", "Bremen", "handle", "anneke", "password", words}
	if open {
		form = append(form, "open", "yes")
	}
	v.send("/setup", form...)
	if v.status == http.StatusInternalServerError {
		n.Fatal(text(v.body))
	}
	return v
}

// join makes a listener by the sign-up page and returns their browser.
func (n *node) join(handle string) *visitor {
	n.Helper()
	v := n.visitor()
	v.open("/signup?next=/account")
	return v.send("/signup", "next", "/account", "handle", handle, "password", words).sees(200, "/account", "@"+handle)
}

func first(t *testing.T, body, pattern string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(html.UnescapeString(body))
	if m == nil {
		t.Fatalf("nothing like %s in: %s", pattern, text(body))
	}
	return m[1]
}
