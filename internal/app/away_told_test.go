package app

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/jobs"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/money"
)

// An operator who closes a month by hand while the ledger is away is told so,
// at once from the second time on.
func TestOperatorIsToldThatTheLedgerIsAway(t *testing.T) {
	h := newResidence(t, timeOf("2025-10-30T12:00:00Z"), 1)
	h.pay(0, 10*money.Dollar)
	h.set(calendar.Period(202510).Due(calendar.Settle).Add(35 * time.Minute))
	a := absence(h)
	a.be(h, hangs)
	for i := range 3 {
		before := a.calls.Load()
		_, err := h.report.CloseMonth(t.Context(), 202510)
		if !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.Message(err), "answer") {
			t.Errorf("closing says %v", err)
		}
		if n := a.calls.Load() - before; i > 0 && n > 0 {
			t.Errorf("the operator waits for a ledger that is known to hang: %d calls", n)
		}
	}
}

// A node starts and serves while its ledger hangs, and tells it what it is
// called once it is back.
func TestStartWithoutTheLedger(t *testing.T) {
	h := newResidence(t, timeOf("2025-10-30T12:00:00Z"), 0)
	h.ok(h.Close())
	gone := &absent{manner: hangs}
	h.around = func(inner home) home { gone.home = inner; return gone }
	h.open()
	handler, err := h.handler()
	h.ok(err)
	for _, path := range []string{"/readyz", "/", "/ledger", "/metrics", "/api/v1/ledger"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.RemoteAddr = "127.0.0.1:1"
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Errorf("%s = %d %s", path, w.Code, w.Body)
		}
	}
	if n := gone.calls.Load(); n > 0 {
		t.Errorf("starting asks the ledger %d times", n)
	}
	h.ok(h.accounts.SaveSettings(t.Context(), account.Operator(), account.Settings{Name: "Riverside", OperatorName: "Ada"}))
	h.named()
	if list := h.jobsOf(jobDescribe); len(list) != 1 {
		t.Fatalf("%+v", list)
	}
	gone.manner = there
	h.ok(h.work(t.Context(), jobDescribe))
	n, err := contract.Client{Ledger: h.ledger}.Node(t.Context(), h.cfg.NodeID())
	if h.ok(err); n.Name != "Riverside" {
		t.Errorf("the ledger says %q", n.Name)
	}
}

// The operator sees where the ledger stands and what waits for it, on the
// machine too, while the node runs and while it does not.
func TestStanding(t *testing.T) {
	h := settledResidence(t)
	h.set(h.now().AddDate(0, 0, 2))
	a := absence(h)
	before, err := h.standing(t.Context())
	if h.ok(err); before.Mode != "embedded" || !before.Away.IsZero() || len(before.Nodes) != 1 || !before.Nodes[0].Self || before.Nodes[0].Month != "2025-10" || before.Nodes[0].State != "final" || len(before.Waiting) != 0 {
		t.Errorf("%+v", before)
	}
	a.be(h, refuses)
	_, err = h.report.CloseDays(t.Context())
	if !fault.Is(err, fault.Unavailable) {
		t.Fatal(err)
	}
	h.named()
	away, err := h.standing(t.Context())
	h.ok(err)
	if away.Away.IsZero() || away.Height != before.Height || away.Head != before.Head || len(away.Waiting) != 2 || away.Waiting[0].What != "days" || away.Waiting[0].N != 2 || away.Waiting[1].What != "name" {
		t.Errorf("%+v", away)
	}
	handler, err := h.handler()
	h.ok(err)
	for from, want := range map[string]int{"127.0.0.1:1": http.StatusOK, "192.0.2.1:1": http.StatusNotFound} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, standingPath, nil)
		r.RemoteAddr = from
		if handler.ServeHTTP(w, r); w.Code != want {
			t.Errorf("%s gets %d", from, w.Code)
		}
	}
	srv := httptest.NewServer(handler)
	defer srv.Close()
	for _, flags := range [][]string{{}, {"--json"}} {
		out := must(t, "", append([]string{"ledger", "status", "--data-dir", h.path, "--listen", strings.TrimPrefix(srv.URL, "http://")}, flags...)...)
		for _, want := range []string{before.Head[:16], "days", "localhost", "2025-10"} {
			if !strings.Contains(out, want) {
				t.Errorf("status %q lacks %q:\n%s", flags, want, out)
			}
		}
	}
	h.ledger.home = broken{h.ledger.home}
	if code, out, said := words(t, "ledger", "status", "--data-dir", h.path, "--listen", strings.TrimPrefix(srv.URL, "http://")); code == 0 || !strings.Contains(said, "The disk is on fire.") || strings.Contains(said, "--listen") {
		t.Errorf("what the node says of itself is told as %q%q", out, said)
	}
	h.ledger.home = a
	a.comeBack(h)
	_, err = h.report.CloseDays(t.Context())
	h.ok(err)
	h.ok(h.Close())
	if out := must(t, "", "ledger", "status", "--data-dir", h.path); !strings.Contains(out, "1  what the node is called") || strings.Contains(out, "AWAY") {
		t.Errorf("of a node that does not run: %s", out)
	}
	h.open()
}

// Work that waits for the ledger is done as soon as it is back, not after its
// pause.
func TestBackAtOnce(t *testing.T) {
	h := newResidence(t, timeOf("2025-10-10T12:00:00Z"), 0)
	h.named()
	h.ok(h.db.JobsUpdate(t.Context(), func(tx jobs.Tx) error {
		j, err := tx.Receive(t.Context(), jobDescribe)
		h.ok(err)
		return tx.Again(t.Context(), *j, h.now().Add(5*time.Minute))
	}))
	if list := h.jobsOf(jobDescribe); len(list) != 1 || !list[0].Due.After(h.now()) {
		t.Fatalf("%+v", list)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.feed.follow(ctx) }()
	until(t, func() bool { list := h.jobsOf(jobDescribe); return len(list) == 1 && !list[0].Due.After(h.now()) })
	stop()
	h.ok(<-done)
}

// A broken home does not know where it stands.
type broken struct{ home }

func (broken) Status(context.Context) (ledger.Status, error) {
	return ledger.Status{}, fault.New(fault.Internal, "The disk is on fire.")
}
