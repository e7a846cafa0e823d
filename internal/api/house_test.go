package api_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/api"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/gate"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/notice"
	"github.com/michaelperna/9ten/internal/problem"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store"
	"github.com/michaelperna/9ten/internal/wallet"
)

const (
	nodeID   = "music.example"
	password = "nine songs for the tenth month"
)

// house is a node's interface over a database of its own.
type house struct {
	t       testing.TB
	db      *store.DB
	raw     *sql.DB // for what no service of the test makes
	api     *api.API
	web     *httptest.Server
	handler http.Handler
	log     ed25519.PublicKey
	clock   atomic.Int64 // Unix milliseconds
	root    account.SignedIn
	council *council
	post    post
	fails   func() error // stands for the end of the node between a commit and its answer
}

// A post keeps the letters that would be sent.
type post struct{ to []string }

func (*post) Server() string { return "mail.example:587" }

func (p *post) Test(_ context.Context, _, to string) error {
	if to == "nobody" {
		return fault.On("to", fault.Invalid, "%q is no mail address.", to)
	}
	p.to = append(p.to, to)
	return nil
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t}
	h.clock.Store(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC).UnixMilli())
	now := func() time.Time { return time.UnixMilli(h.clock.Load()).UTC() }
	path := filepath.Join(t.TempDir(), "9ten.db")
	var err error
	if h.db, err = store.Open(t.Context(), store.Config{Path: path, Now: now, AfterCommit: func() error {
		if h.fails == nil {
			return nil
		}
		return h.fails()
	}}); err != nil {
		t.Fatal(err)
	}
	if h.raw, err = sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)"); err != nil {
		t.Fatal(err)
	}
	public, private, _ := ed25519.GenerateKey(rand.Reader) // crypto/rand never fails
	h.log = public
	accounts := account.New(account.Config{Store: h.db, Now: now})
	h.api = &api.API{
		Node: nodeID, Version: "test", Accounts: accounts, Listen: listen.NewDesk(nodeID, h.db, private),
		Report: &report.Desk{Node: nodeID, Store: h.db, Ledger: emptyLedger{}, Known: emptyLedger{}}, MayAct: func(context.Context, account.Principal, id.Act) error { return nil }, Wallet: &wallet.Desk{Store: h.db}, Now: now, Log: slog.New(slog.DiscardHandler),
	}
	h.api.Month = func(ctx context.Context, a id.Account) (listen.Nine, map[id.Act]string, error) {
		n, err := h.api.Listen.Nine(ctx, a, calendar.PeriodOf(now()), money.Price)
		return n, nil, err
	}
	h.furnishMusic()
	h.api.Lives, h.api.People, h.api.Door = &social.Lives{Store: h.db}, &social.People{Store: h.db, Federates: true}, &social.Door{Store: h.db}
	h.api.Feed = &social.Feed{Store: h.db}
	h.api.Together = &social.Together{Store: h.db, Library: h.api.Library, Host: nodeID}
	h.api.Talk, h.api.Reports = &social.Talk{Store: h.db}, &social.Reports{Store: h.db, Sent: func() {}}
	h.api.Gate, h.api.Engine, h.api.BaseURL = &gate.Gate{Accounts: accounts, Now: now}, &engine{}, "https://"+nodeID
	h.council = new(council)
	h.api.Network, h.api.Servers = h.council, &social.Desk{Store: h.db, Policy: &social.HostPolicy{Store: h.db}, Hurried: func() {}}
	h.api.Blocklists = &social.Blocklists{Store: h.db, Policy: &social.HostPolicy{Store: h.db}}
	h.api.Personal = &social.Personal{Store: h.db, Host: nodeID}
	h.api.Held = &social.HeldDesk{Store: h.db, Arrived: func() {}}
	h.api.Post, h.api.Answers, h.api.Notices = &h.post, h.db, &notice.Desk{Store: h.db}
	h.handler = h.api.Gate.Wrap(h.api.Handler())
	h.web = httptest.NewServer(h.handler)
	t.Cleanup(func() {
		h.web.Close()
		if err := h.raw.Close(); err != nil {
			t.Error(err)
		}
		if err := h.db.Close(); err != nil {
			t.Error(err)
		}
	})
	in := account.SignUp{Handle: "grace", Name: "Grace", Password: password}
	if _, err := accounts.SetupHere(t.Context(), account.Setup{SignUp: in, Settings: account.Settings{Name: "Night Desk", OpenSignUp: true}}); err != nil {
		t.Fatal(err)
	}
	if h.root, err = accounts.SignIn(t.Context(), "grace", password, account.Client{}); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) exec(query string, args ...any) {
	h.t.Helper()
	if _, err := h.raw.ExecContext(h.t.Context(), query, args...); err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
}

func (h *house) signUp(handle string) account.SignedIn {
	h.t.Helper()
	in, err := h.api.Accounts.SignUp(h.t.Context(), account.SignUp{Handle: handle, Name: strings.ToUpper(handle), Password: password}, account.Client{})
	if err != nil {
		h.t.Fatal(err)
	}
	return in
}

// A caller makes requests the way a browser or a program does.
type caller struct {
	h                   *house
	session, csrf, auth string
	from                string // what the browser says of the page that asks
	key                 string // Idempotency-Key
}

func (h *house) guest() caller { return caller{h: h} }

func (h *house) browser(in account.SignedIn) caller {
	return caller{h: h, session: in.Token, csrf: in.CSRF}
}

func (h *house) program(in account.SignedIn, scopes ...account.Scope) caller {
	h.t.Helper()
	secret, _, err := h.api.Accounts.IssueToken(h.t.Context(), in.Principal, "test", scopes, time.Time{})
	if err != nil {
		h.t.Fatal(err)
	}
	return caller{h: h, auth: "Bearer " + secret}
}

// read takes the body of an answer in.
func (h *house) read(a answer, out any) {
	h.t.Helper()
	if err := json.Unmarshal(a.body, out); err != nil {
		h.t.Fatalf("%v: %s", err, a.body)
	}
}

// answer is what came back.
type answer struct {
	code   int
	header http.Header
	body   []byte
}

// send makes a request; body is marshalled unless it is nil or text.
func (c caller) send(method, path string, body any) answer {
	c.h.t.Helper()
	var r io.Reader = http.NoBody
	switch b := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			c.h.t.Fatal(err)
		}
		r = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(c.h.t.Context(), method, c.h.web.URL+api.Prefix+path, r)
	if err != nil {
		c.h.t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.auth != "" {
		req.Header.Set("Authorization", c.auth)
	}
	if c.session != "" {
		req.AddCookie(&http.Cookie{Name: "session", Value: c.session})
	}
	if c.key != "" {
		req.Header.Set("Idempotency-Key", c.key)
	}
	if c.from != "" {
		req.Header.Set("Sec-Fetch-Site", c.from)
	}
	if c.csrf != "" {
		req.Header.Set("X-CSRF-Token", c.csrf)
	}
	res, err := c.h.web.Client().Do(req)
	if err != nil {
		c.h.t.Fatal(err)
	}
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		c.h.t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		c.h.t.Error(err)
	}
	if err := c.h.described(method, path, res, raw); err != nil {
		c.h.t.Error(err)
	}
	return answer{res.StatusCode, res.Header, raw}
}

// described holds an answer against the served description.
func (h *house) described(method, path string, res *http.Response, body []byte) error {
	d, err := described(h.handler)
	if err != nil {
		return err
	}
	return d.Check(method, api.Prefix+path, res.StatusCode, res.Header.Get("Content-Type"), body)
}

// An engine is the machine of the tests: one job of it was given up.
type engine struct{ gone bool }

func (*engine) Status(context.Context) (api.Status, error) {
	return api.Status{Accounts: 1, Version: "test", Ledger: api.Ledger{LogOrigin: nodeID + "/log", Keys: []string{}}}, nil
}

func (*engine) Findings(context.Context) ([]api.Finding, error) {
	return []api.Finding{{Name: "disk", OK: true, Detail: "There is room."}}, nil
}

func (e *engine) Dead(context.Context) ([]api.DeadJob, error) {
	if e.gone {
		return []api.DeadJob{}, nil
	}
	return []api.DeadJob{{ID: "J1", Kind: "media.prepare", Error: "no space left", Tries: 5, Ended: time.UnixMilli(1)}}, nil
}

func (e *engine) Standing(context.Context) (report.Standing, error) {
	return report.Standing{Mode: "embedded", Height: 3, Waiting: []report.Unrecorded{{What: "days", N: 1, Since: time.Date(2026, 11, 24, 0, 10, 0, 0, time.UTC)}}, Nodes: []report.Recorder{}}, nil
}

func (e *engine) RetryJob(ctx context.Context, job string) error { return e.DropJob(ctx, job) }

func (e *engine) DropJob(_ context.Context, job string) error {
	if e.gone || job != "J1" {
		return fault.New(fault.NotFound, "There is no such job.")
	}
	e.gone = true
	return nil
}

// do sends, expects a status, and reads the answer into out unless it is nil.
func (c caller) do(method, path string, body any, want int, out any) {
	c.h.t.Helper()
	a := c.send(method, path, body)
	if a.code != want {
		c.h.t.Fatalf("%s %s = %d, not %d: %s", method, path, a.code, want, a.body)
	}
	if out == nil {
		return
	}
	c.h.read(a, out)
}

// refused expects a problem document of a status.
func (c caller) refused(method, path string, body any, want int) problem.Document {
	c.h.t.Helper()
	a := c.send(method, path, body)
	var d problem.Document
	err := json.Unmarshal(a.body, &d)
	if a.code != want || err != nil || d.Status != want || d.Detail == "" || !strings.HasPrefix(d.Type, "/problems/") || a.header.Get("Content-Type") != "application/problem+json" {
		c.h.t.Errorf("%s %s = %d %s (want a problem, %d): %s", method, path, a.code, a.header.Get("Content-Type"), want, a.body)
	}
	return d
}

// emptyLedger owes nothing to anybody.
type emptyLedger struct{ report.Ledger }

func (emptyLedger) Waiting(context.Context, id.Act) ([]report.Waiting, error)  { return nil, nil }
func (emptyLedger) Forfeits(context.Context, id.Act) ([]report.Forfeit, error) { return nil, nil }
func (emptyLedger) OwnUntil(context.Context) (time.Time, error)                { return time.Time{}, nil }
