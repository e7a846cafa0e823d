package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/api"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/jobs"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/wallet"
)

// A manner is how a ledger can be away.
type manner int

const (
	there   manner = iota
	refuses        // it cannot be reached
	hangs          // it takes a call and says nothing
	forgets        // it records a call, and the answer is lost
)

// An absent home is away in the test's manner, and counts who asks it.
type absent struct {
	home
	manner manner
	calls  atomic.Int64
}

func (a *absent) away(ctx context.Context) error {
	a.calls.Add(1)
	switch a.manner {
	case refuses:
		return fault.New(fault.Unavailable, "no peer of the network can be reached")
	case hangs:
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

func (a *absent) Submit(ctx context.Context, c ledger.Call) (r ledger.Result, err error) {
	if err = a.away(ctx); err != nil {
		return r, err
	}
	if r, err = a.home.Submit(ctx, c); err == nil && a.manner == forgets {
		return ledger.Result{}, fault.New(fault.Unavailable, "whether it was recorded is not known")
	}
	return r, err
}

func (a *absent) Evaluate(ctx context.Context, fn string, args ...string) ([]byte, error) {
	if err := a.away(ctx); err != nil {
		return nil, err
	}
	return a.home.Evaluate(ctx, fn, args...)
}

func (a *absent) Status(ctx context.Context) (ledger.Status, error) {
	if err := a.away(ctx); err != nil {
		return ledger.Status{}, err
	}
	return a.home.Status(ctx)
}

func (a *absent) Verify(ctx context.Context) (ledger.Status, error) {
	if err := a.away(ctx); err != nil {
		return ledger.Status{}, err
	}
	return a.home.Verify(ctx)
}

func (a *absent) Events(ctx context.Context, after uint64) iter.Seq2[ledger.Event, error] {
	return func(yield func(ledger.Event, error) bool) {
		if err := a.away(ctx); err != nil {
			yield(ledger.Event{}, err)
			return
		}
		for e, err := range a.home.Events(ctx, after) {
			if !yield(e, err) {
				return
			}
		}
	}
}

// absence puts an absent home, which is there, between a node and its ledger.
func absence(h *residence) *absent {
	a := &absent{home: h.ledger.home}
	h.ledger.home = a
	return a
}

// be makes a home away in a manner. Nobody waits long for one that hangs.
func (a *absent) be(h *residence, how manner) {
	a.manner, h.ledger.patience = how, usual
	if how == hangs {
		h.ledger.patience = patience{20 * time.Millisecond, 20 * time.Millisecond, 20 * time.Millisecond, 20 * time.Millisecond}
	}
}

// comeBack lets whoever asks next find out that it is there.
func (a *absent) comeBack(h *residence) {
	a.be(h, there)
	h.ledger.hung = time.Time{}
}

// recorded is everything on the ledger, in order, without the ids and times
// that are never the same twice.
func (h *residence) recorded() (out []string) {
	h.t.Helper()
	unlike := regexp.MustCompile(`"(tx|at|since|from|root|books|hash|seed|settlement|signature|key|public|declared|commit|reveal|changed)":("[^"]*"|\d+)`)
	for e, err := range h.ledger.Events(h.t.Context(), 0) {
		h.ok(err)
		if e.Name == "" {
			break
		}
		out = append(out, e.Name+" "+unlike.ReplaceAllString(string(e.Payload), `"$1":…`))
	}
	return out
}

// days plays some days on which the ledger may be away, and ends when it is
// back and everything that waited was sent.
func awayDays(t *testing.T, how manner) *residence {
	t.Helper()
	month := calendar.Period(202510)
	h := newResidence(t, month.LastDay().Add(-4).Start().Add(12*time.Hour), 2)
	a := absence(h)
	closeDays := func(ctx context.Context) error { _, err := h.report.CloseDays(ctx); return err }
	listen := func() {
		for i := range h.people {
			h.pay(i, 10*money.Dollar)
			h.hear(i, 1+i, time.Minute, true)
		}
	}
	night := func() error {
		h.set(calendar.DayOf(h.now()).Add(1).Start().Add(11 * time.Minute))
		err := h.recording(t.Context(), closeDays)
		h.set(h.now().Add(12 * time.Hour))
		return err
	}
	listen()
	h.ok(night())
	a.be(h, how)
	for range 3 { // people live, sign up, pay and listen; the node closes its days
		listen()
		err := night()
		if how != there && !fault.Is(err, fault.Unavailable) {
			t.Errorf("the ledger is away, and closing a day says %v", err)
		}
		if how != forgets {
			for i := range h.people {
				days, err := h.report.Days(t.Context(), h.people[i].account, month)
				h.ok(err)
				if yesterday := calendar.DayOf(h.now()).Add(-1); !slices.Contains(days, yesterday) {
					t.Errorf("person %d has no receipt of %v", i, yesterday)
				}
			}
		}
	}
	a.comeBack(h)
	for range 12 { // a ledger that forgets its answers has most of it already
		if err := h.recording(t.Context(), closeDays); err != nil {
			t.Fatal(err)
		}
	}
	closeMonth := func() error { _, err := h.report.CloseMonth(t.Context(), month); return err }
	forfeit := func() error { _, err := h.report.Forfeit(t.Context()); return err }
	for _, x := range []struct {
		at time.Time
		do func() error
	}{{month.Due(calendar.Settle), closeMonth}, {month.Due(calendar.Final), closeMonth}, {month.Forfeit(), forfeit}} {
		h.set(x.at.Add(35 * time.Minute))
		h.waitsFor(a, how, x.do)
	}
	h.holds()
	return h
}

// waitsFor does what needs the ledger while that is away, and once it is back.
func (h *residence) waitsFor(a *absent, how manner, do func() error) {
	h.t.Helper()
	a.be(h, how)
	if how != there {
		if err := do(); !fault.Is(err, fault.Unavailable) {
			h.t.Errorf("the ledger is away, and nobody waits for it: %v", err)
		}
		if how == forgets { // each try gets one call further
			for range 40 {
				_ = do() // it is Unavailable until nothing is left to be sent
			}
		}
	}
	a.comeBack(h)
	h.ok(do())
}

// A month with more acts than one call takes: whichever answers are lost, each
// line is credited once, and once what nobody asked for is given to the commons.
func TestManyActsOfAForgetfulLedger(t *testing.T) {
	const people, each = 23, 9 // 207 acts
	month := calendar.Period(202510)
	h := newResidence(t, month.LastDay().Start().Add(12*time.Hour), people)
	h.ok(h.node.Close())
	actsFrom(t, "sqlite", filepath.Join(h.path, "9ten.db"), 14, people*each)
	h.open()
	for n := range each { // one after the other
		for i := range h.people {
			if n == 0 {
				h.pay(i, 10*money.Dollar)
			}
			h.hear(i, i*each+n, time.Minute, true)
		}
		h.set(h.now().Add(5 * time.Minute))
	}
	a := absence(h)
	h.set(month.Due(calendar.Final).Add(35 * time.Minute))
	h.waitsFor(a, forgets, func() error { _, err := h.report.CloseMonth(t.Context(), month); return err })
	node := h.cfg.NodeID()
	b, err := h.recorder.contract.Batch(t.Context(), node, month)
	if h.ok(err); !b.Fixed || b.Credited != people*each || b.Chunks < 2 {
		t.Errorf("the batch is %+v", b)
	}
	owed := func() (n int, sum money.Micro) {
		t.Helper()
		list, err := h.recorder.contract.Balances(t.Context(), node)
		h.ok(err)
		for _, x := range list {
			if x.Micro > 0 {
				n, sum = n+1, sum+x.Micro
			}
		}
		return n, sum
	}
	n, sum := owed()
	if n != people*each || sum == 0 {
		t.Errorf("%d acts are owed %v", n, sum)
	}
	h.holds()
	h.set(month.Forfeit().Add(35 * time.Minute))
	a.be(h, forgets)
	for range people*each + 1 { // each try gets one act further
		_, _ = h.report.Forfeit(t.Context()) // it is Unavailable until nothing is left
	}
	a.comeBack(h)
	_, err = h.report.Forfeit(t.Context())
	h.ok(err)
	if n, left := owed(); n != 0 || left != 0 || h.owes(wallet.Commons) != sum {
		t.Errorf("%d acts are still owed %v, the commons %v", n, left, h.owes(wallet.Commons))
	}
	h.holds()
}

// However the ledger is away, and for days: on its return everything that
// waited is there exactly once, in order.
func TestLedgerAwayForDays(t *testing.T) {
	whole := awayDays(t, there).recorded()
	if len(whole) < 12 {
		t.Fatalf("the story is too small: %q", whole)
	}
	for how, name := range map[manner]string{refuses: "refuses", hangs: "hangs", forgets: "forgets"} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(whole, awayDays(t, how).recorded()); diff != "" {
				t.Errorf("recorded (-want +got):\n%s", diff)
			}
		})
	}
}

// settledResidence has a month that is settled, and an act with a wallet-less
// balance.
func settledResidence(t *testing.T) *residence {
	t.Helper()
	month := calendar.Period(202510)
	h := newResidence(t, month.LastDay().Start().Add(12*time.Hour), 2)
	for i := range h.people {
		h.pay(i, 10*money.Dollar)
		h.hear(i, 1+i, time.Minute, true)
	}
	h.set(month.Due(calendar.Final).Add(35 * time.Minute))
	_, err := h.report.CloseMonth(t.Context(), month)
	h.ok(err)
	return h
}

// With the ledger away no page and no operation for guests, listeners and
// artists asks it anything; the one thing that needs it is kept for later.
func TestListenersNoticeNothing(t *testing.T) {
	h := settledResidence(t)
	ctx := t.Context()
	mux := http.NewServeMux()
	h.ok(h.transports(mux))
	a := absence(h)
	a.be(h, hangs)
	admin, err := h.accounts.ByHandle(ctx, "ada")
	h.ok(err)
	h.ok(h.studio.SetRole(ctx, music.Viewer{Account: admin.ID, Admin: true}, actID(1), admin.ID, music.Owner))
	songs, err := h.catalogue.TrackRows(ctx, []id.Track{track(1, 1)})
	h.ok(err)
	song := songs[track(1, 1)]
	names := strings.NewReplacer("HANDLE", song.ActHandle, "RELEASE", string(song.Release), "ACT", string(actID(1)), "2026-10", "2025-10")
	who := map[string]account.Principal{
		"guest": {}, "listener": {Account: h.people[0].account, Role: account.Listener, CSRF: "t"}, "artist": {Account: admin.ID, Role: account.Artist, CSRF: "t"},
	}
	ask := func(p account.Principal, method, path, contentType, body string) *httptest.ResponseRecorder {
		t.Helper()
		before := a.calls.Load()
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(account.With(ctx, p), method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		mux.ServeHTTP(w, r)
		if strings.Contains(path, "/ledger/nodes/") {
			return w // what another node recorded is asked of the ledger, and refused while that is away
		}
		if w.Code >= 500 {
			t.Errorf("%s %s = %d %s", method, path, w.Code, w.Body)
		}
		if n := a.calls.Load() - before; n > 0 && !strings.Contains(path, "/contest") {
			t.Errorf("%s %s asks the ledger %d times", method, path, n)
		}
		return w
	}
	for role, p := range who {
		for _, path := range seenPages[role] {
			ask(p, http.MethodGet, names.Replace(path), "", "")
		}
	}
	for _, path := range []string{"/studio/act/ACT/proof/2026-10", "/studio/act/ACT/statement", "/studio/act/ACT/statement.csv"} {
		if w := ask(who["artist"], http.MethodGet, names.Replace(path), "", ""); w.Code != http.StatusOK {
			t.Errorf("%s = %d", path, w.Code)
		}
	}
	for _, path := range []string{"/receipts/2025-10", "/receipts/2025-10/file", "/days/2025-10-31/receipt"} {
		if w := ask(who["listener"], http.MethodGet, path, "", ""); w.Code != http.StatusOK {
			t.Errorf("%s = %d", path, w.Code)
		}
	}
	h.everyForm(ask, who)
	h.everyOperation(ask, who)
	h.livesOn(ask, who)

	form := url.Values{"csrf": {"t"}}.Encode()
	if w := ask(who["listener"], http.MethodPost, "/receipts/2025-10/contest", "application/x-www-form-urlencoded", form); w.Code != http.StatusSeeOther {
		t.Fatalf("an objection = %d %s", w.Code, w.Body)
	}
	list := h.jobsOf(jobContest)
	if len(list) != 1 || strings.Contains(string(list[0].Payload), "row") {
		t.Fatalf("%+v", list)
	}
	if err := h.recording(ctx, func(ctx context.Context) error { return h.contest(ctx, list[0]) }); !fault.Is(err, fault.Unavailable) {
		t.Error(err)
	}
	a.comeBack(h)
	h.ok(h.recording(ctx, func(ctx context.Context) error { return h.contest(ctx, list[0]) }))
}

// A program objects as a page does: its listener's own receipt is kept while the
// ledger is away, anybody else's is not, because the queue holds no receipts.
func TestObjectionByAProgram(t *testing.T) {
	h := settledResidence(t)
	ctx, month := t.Context(), calendar.Period(202510)
	mux := http.NewServeMux()
	h.ok(h.transports(mux))
	receipt, err := h.report.MonthReceipt(ctx, h.people[0].account, month)
	h.ok(err)
	object := func(person int, receipt string, want int) (said api.Contested) {
		t.Helper()
		body, err := json.Marshal(map[string]string{"receipt": receipt})
		h.ok(err)
		p := account.Principal{Account: h.people[person].account, Role: account.Listener, Token: true, Scopes: account.Scopes()}
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(account.With(ctx, p), http.MethodPost, api.Prefix+"/receipts/contest", strings.NewReader(string(body)))
		r.Header.Set("Content-Type", "application/json")
		if mux.ServeHTTP(w, r); w.Code != want {
			t.Errorf("person %d is answered %d %s, want %d", person, w.Code, w.Body, want)
		}
		if w.Code == http.StatusOK {
			h.ok(json.Unmarshal(w.Body.Bytes(), &said))
		}
		return said
	}
	if said := object(0, string(receipt), http.StatusOK); !said.Holds || said.Later {
		t.Errorf("the ledger says %+v", said)
	}
	if w := h.handsIn(mux, 1, receipt); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/verify" {
		t.Errorf("a file on the page is answered %d %s", w.Code, w.Body)
	}
	if w := h.handsIn(mux, 1, []byte("no receipt")); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a file that is none is answered %d", w.Code)
	}
	a := absence(h)
	a.be(h, refuses)
	if w := h.handsIn(mux, 1, receipt); w.Code != http.StatusServiceUnavailable {
		t.Errorf("somebody else's while the ledger is away is answered %d", w.Code)
	}
	if w := h.handsIn(mux, 0, receipt); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/receipts/2025-10" {
		t.Errorf("the own while the ledger is away is answered %d", w.Code)
	}
	for range 2 {
		if said := object(0, string(receipt), http.StatusOK); said.Holds || !said.Later {
			t.Errorf("a ledger that is away says %+v", said)
		}
	}
	object(1, string(receipt), http.StatusServiceUnavailable)
	object(0, "no receipt", http.StatusUnprocessableEntity)
	list := h.jobsOf(jobContest)
	if len(list) != 1 || strings.Contains(string(list[0].Payload), "row") {
		t.Fatalf("%+v", list)
	}
	a.comeBack(h)
	h.ok(h.recording(ctx, func(ctx context.Context) error { return h.contest(ctx, list[0]) }))
}

// handsIn has a person choose a file on the page that checks receipts.
func (h *residence) handsIn(mux http.Handler, person int, file []byte) *httptest.ResponseRecorder {
	h.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	h.ok(form.WriteField("csrf", "t"))
	part, err := form.CreateFormFile("receipt", "2025-10.9ten-receipt.txt")
	h.ok(err)
	_, err = part.Write(file)
	h.ok(err)
	h.ok(form.Close())
	r := httptest.NewRequestWithContext(account.With(h.t.Context(), account.Principal{Account: h.people[person].account, Role: account.Listener, CSRF: "t"}), http.MethodPost, "/verify/contest", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w
}

// everyForm sends every form of the pages, as a guest, a listener and an artist.
func (h *residence) everyForm(ask func(account.Principal, string, string, string, string) *httptest.ResponseRecorder, who map[string]account.Principal) {
	h.t.Helper()
	files, err := filepath.Glob("../web/site/*.go")
	h.ok(err)
	names := strings.NewReplacer("{act}", string(actID(1)), "{period}", "2025-10", "{handle}", "act1")
	form, other := regexp.MustCompile(`"POST (/[^"]*)"`), regexp.MustCompile(`\{\w+\}`)
	n := 0
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		b, err := os.ReadFile(f)
		h.ok(err)
		for _, m := range form.FindAllStringSubmatch(string(b), -1) {
			if strings.HasSuffix(m[1], "/contest") {
				continue // which is what needs the ledger
			}
			n++
			for _, p := range who {
				ask(p, http.MethodPost, other.ReplaceAllString(names.Replace(m[1]), "01JD3ZKQ4Y8X5T2N7B6V9C1ZZZ"), "application/x-www-form-urlencoded", url.Values{"csrf": {"t"}, "name": {"x"}, "title": {"x"}}.Encode())
			}
		}
	}
	if n < 40 {
		h.t.Errorf("only %d forms were tried", n)
	}
}

// everyOperation asks for every operation of the interface, as a guest, a
// listener and an artist, with names that exist where there are any.
func (h *residence) everyOperation(ask func(account.Principal, string, string, string, string) *httptest.ResponseRecorder, who map[string]account.Principal) {
	h.t.Helper()
	b, err := os.ReadFile("../api/testdata/openapi.json")
	h.ok(err)
	var spec struct {
		Paths map[string]map[string]json.RawMessage
	}
	h.ok(json.Unmarshal(b, &spec))
	head, _ := h.tlog.Head()
	names := strings.NewReplacer("{act}", string(actID(1)), "{track}", string(track(1, 1)), "{period}", "2025-10", "{day}", "2025-10-31", "{size}", fmt.Sprint(head.Size), "{version}", "1")
	other := regexp.MustCompile(`\{\w+\}`)
	n := 0
	for path, methods := range spec.Paths {
		for verb := range methods {
			n++
			for _, p := range who {
				p.Token, p.Scopes = p.Account != "", account.Scopes()
				at := other.ReplaceAllString(names.Replace(path), "01JD3ZKQ4Y8X5T2N7B6V9C1ZZZ")
				if !strings.HasPrefix(at, api.Prefix) {
					at = api.Prefix + at
				}
				ask(p, strings.ToUpper(verb), at, "application/json", "{}")
			}
		}
	}
	if n < 80 {
		h.t.Errorf("only %d operations were tried", n)
	}
}

// livesOn signs up, subscribes, plays, uploads and publishes.
func (h *residence) livesOn(ask func(account.Principal, string, string, string, string) *httptest.ResponseRecorder, who map[string]account.Principal) {
	h.t.Helper()
	program := func(p account.Principal) account.Principal {
		p.Token, p.Scopes = true, account.Scopes()
		return p
	}
	const draft = "01JD3ZKQ4Y8X5T2N7B6V9CRAAA"
	h.draft(draft, track(1, 0))
	for _, do := range []struct {
		who                account.Principal
		method, path, body string
		want               int
	}{
		{account.Principal{}, http.MethodPost, "/session", `{"login":"ada","password":"a long enough password"}`, http.StatusCreated},
		{program(who["listener"]), http.MethodPost, "/subscription", `{}`, 0},
		{program(who["listener"]), http.MethodPost, "/plays", `{"track":"` + string(track(2, 1)) + `"}`, http.StatusCreated},
		{program(who["listener"]), http.MethodPost, "/playlists", `{"title":"Evenings"}`, http.StatusCreated},
		{program(who["artist"]), http.MethodPost, "/studio/acts", `{"name":"New","handle":"new-act"}`, http.StatusCreated},
		{program(who["artist"]), http.MethodPost, "/studio/releases/" + draft + "/publish", ``, http.StatusOK},
		{program(who["artist"]), http.MethodPost, "/studio/releases/" + draft + "/withdraw", ``, http.StatusOK},
	} {
		w := ask(do.who, do.method, api.Prefix+do.path, "application/json", do.body)
		if do.want != 0 && w.Code != do.want || w.Code >= 400 {
			h.t.Errorf("%s %s = %d %s", do.method, do.path, w.Code, w.Body)
		}
	}
	u := h.upload("a.flac", []byte("a file"))
	if w := u.send(); w.Code != http.StatusNoContent {
		h.t.Errorf("an upload = %d %s", w.Code, w.Body)
	}
	h.hear(1, 3, time.Minute, true)
	h.pay(1, 10*money.Dollar)
}

// draft makes a release of an act's that is not public yet, of a track that is
// ready.
func (h *residence) draft(release string, t id.Track) {
	h.t.Helper()
	path := filepath.Join(h.path, "9ten.db")
	execOn(h.t, path, fmt.Sprintf("insert into release (id, act, title, artist, kind, licence, state, created, changed) values ('%s', '%s', 'Ebb', 'A', 'single', 'CC0-1.0', 'draft', 0, 0)", release, actID(1)))
	execOn(h.t, path, fmt.Sprintf("delete from track_line where track = '%s'", t))
	execOn(h.t, path, fmt.Sprintf("update track set release = '%s' where id = '%s'", release, t))
}

func (h *residence) jobsOf(kind string) (out []jobs.Job) {
	h.t.Helper()
	h.ok(h.db.JobsView(h.t.Context(), func(tx jobs.Tx) (err error) { out, err = tx.Pending(h.t.Context(), kind); return err }))
	return out
}
