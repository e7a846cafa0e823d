package app

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/web/browsertest"
)

// The player of a listener who is signed in checks the receipts of days and
// months by itself. Somebody on the way who alters a row, a proof, a
// checkpoint or the ledger's answer is found out, and so is a node that leaves
// out what this browser signed.
func TestPlayerChecksItsReceipts(t *testing.T) {
	now := time.Now()
	month := calendar.PeriodOf(now).Add(-1)
	if now.Before(month.Due(calendar.Settle).Add(35 * time.Minute)) {
		month = month.Add(-1)
	}
	h := newResidence(t, month.LastDay().Start().Add(time.Hour), 0)
	ada, err := h.accounts.ByHandle(t.Context(), "ada")
	h.ok(err)
	h.people = []simulated{{account: ada.ID}}
	h.pay(0, money.Price)
	h.set(month.LastDay().Start().Add(12 * time.Hour))
	h.hear(0, 1, time.Minute, false)
	h.ok(h.report.Confirm(t.Context(), ada.ID))
	h.set(now)
	_, err = h.report.CloseMonth(t.Context(), month)
	h.ok(err)

	site := serveAltered(t, h)
	in, err := h.accounts.SignIn(t.Context(), "ada", "a long enough password", account.Client{Agent: "chromium"})
	h.ok(err)
	b := chromium(t)
	b.run(chromedp.ActionFunc(func(ctx context.Context) error {
		return network.SetCookie("session", in.Token).WithURL(site.URL).Do(ctx)
	}))
	b.run(chromedp.Navigate(site.URL+"/receipts"), wait(`document.documentElement.dataset.audit === "ok"`))

	day := month.LastDay().String()
	for _, c := range []struct{ what, path, says string }{
		{"row", "/api/v1/receipts/days/" + day, "receipt of " + day + " does not hold"},
		{"proof", "/api/v1/receipts/days/" + day, "receipt of " + day + " does not hold"},
		{"checkpoint", "/api/v1/receipts/days/" + day, "receipt of " + day + " does not hold"},
		{"row", "/api/v1/receipts/" + month.String(), "receipt of " + month.String() + " does not hold"},
		{"proof", "/api/v1/receipts/" + month.String(), "receipt of " + month.String() + " does not hold"},
		{"json", "/api/v1/ledger/log/", "The ledger holds something else."},
		{"json", "/api/v1/ledger/settlements/", "The ledger holds something else."},
	} {
		site.alter.Store(&alteration{c.what, c.path})
		b.forget(site.URL)
		b.run(chromedp.Navigate(site.URL+"/receipts"), wait(`document.documentElement.dataset.audit === "broken"`))
		var said string
		b.run(chromedp.Text("#audit", &said))
		if !strings.Contains(said, c.says) {
			t.Errorf("%s of %s altered: %q", c.what, c.path, said)
		}
	}
	site.alter.Store(nil)
	b.run(chromedp.Navigate(site.URL+"/"), wait(`document.documentElement.dataset.audit === "ok" && !document.getElementById("audit")`))

	// A play that this browser signed and the node acknowledged is in no row.
	b.forget(site.URL)
	b.run(chromedp.Navigate(site.URL+"/favicon.ico"), chromedp.Evaluate(fmt.Sprintf(`new Promise((done) => {
		const open = indexedDB.open("9ten", 2);
		open.onupgradeneeded = () => ["key", "receipts", "pending", "checked"].forEach((s) => open.result.createObjectStore(s));
		open.onsuccess = () => {
			const tx = open.result.transaction("receipts", "readwrite");
			tx.objectStore("receipts").put({ at: %d, receipt: "x", hashes: ["bm9uZQ=="] }, "a play");
			tx.oncomplete = () => { open.result.close(); done(true); };
		};
	})`, month.LastDay().Start().Add(13*time.Hour).UnixMilli()), nil, awaited))
	b.run(chromedp.Navigate(site.URL+"/receipts"), wait(`document.documentElement.dataset.audit === "broken"`))
	var said string
	b.run(chromedp.Text("#audit", &said))
	if !strings.Contains(said, "A play that this browser signed is missing") {
		t.Errorf("a play was left out: %q", said)
	}
}

// An alteration is what somebody between node and browser does.
type alteration struct{ what, path string }

// An altered site passes everything on, but for one alteration.
type altered struct {
	*httptest.Server
	alter atomic.Pointer[alteration]
}

func serveAltered(t *testing.T, h *residence) *altered {
	t.Helper()
	handler, err := h.handler()
	h.ok(err)
	a := new(altered)
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := a.alter.Load()
		if x == nil || !strings.HasPrefix(r.URL.Path, x.path) {
			handler.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, r)
		w.Header().Set("Content-Type", rec.Header().Get("Content-Type"))
		w.WriteHeader(rec.Code)
		_, _ = w.Write(x.apply(rec.Body.Bytes()))
	}))
	t.Cleanup(a.Close)
	return a
}

func (x *alteration) apply(b []byte) []byte {
	if x.what == "json" { // another hash in the same place
		for _, field := range []string{`"root":"`, `"settlement":"`} {
			if i := bytes.Index(b, []byte(field)); i >= 0 {
				at := i + len(field) + 8
				b[at] = 'A' + (b[at]-'A'+1)%26
			}
		}
		return b
	}
	lines := strings.Split(string(b), "\n")
	for i, l := range lines {
		extra, isExtra := strings.CutPrefix(l, "extra ")
		blank := i > 0 && lines[i-1] == ""
		switch {
		case x.what == "row" && isExtra:
			data, err := base64.StdEncoding.DecodeString(extra)
			if err == nil {
				data[90] ^= 1 // within the row
				lines[i] = "extra " + base64.StdEncoding.EncodeToString(data)
			}
		case x.what == "proof" && !isExtra && len(l) == 44 && !strings.Contains(l, " "):
			lines[i] = base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))
			return []byte(strings.Join(lines, "\n"))
		case x.what == "checkpoint" && blank && strings.HasSuffix(l, "/log"):
			lines[i+2] = base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))
		}
	}
	return []byte(strings.Join(lines, "\n"))
}

// A tab of a real browser.
type tab struct {
	*browsertest.Tab
	t *testing.T
}

func chromium(t *testing.T) *tab {
	t.Helper()
	return &tab{browsertest.New(t, 1280, 900), t}
}

func (b *tab) run(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b, actions...); err != nil {
		var said string
		_ = chromedp.Run(b, chromedp.Evaluate(`document.documentElement.dataset.audit + " " + (document.getElementById("audit")?.textContent ?? document.body.innerText.slice(0, 300))`, &said))
		b.t.Fatalf("%v: %s", err, said)
	}
}

// forget empties the browser's stores, but for the session.
func (b *tab) forget(origin string) {
	b.t.Helper()
	b.run(chromedp.Navigate("about:blank"), storage.ClearDataForOrigin(origin, "indexeddb,local_storage"))
}

var (
	wait    = browsertest.Until
	awaited = browsertest.Awaited
)
