package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/wallet"
)

// A scribe notes what is sent.
type scribe struct {
	home
	mu   sync.Mutex
	sent map[string]string // function and operation to arguments
	odd  []string
}

// formOf makes an expression of an operation's form.
func formOf(form string) *regexp.Regexp {
	parts := strings.NewReplacer("RANDOM", `[A-Z2-7]{26}`, "DAY", `\d{4}-\d\d-\d\d`, "MONTH", `\d{4}-\d\d`, "SETTLEMENT", `[0-9a-f]{16}`, "RECEIPT", `[0-9a-f]{32}`, "LEDGER", `[0-9a-f]{16}`, "CHUNK", `\d+`, "ACT", `[0-9A-Z]{26}`, "VERSION", `\d+`)
	return regexp.MustCompile("^" + parts.Replace(form) + "$")
}

func (s *scribe) Submit(ctx context.Context, c ledger.Call) (ledger.Result, error) {
	s.mu.Lock()
	known := false
	for _, o := range operations {
		known = known || o.fn == c.Fn && formOf(o.form).MatchString(c.Op)
	}
	key, args := c.Fn+" "+c.Op, strings.Join(c.Args, " ")
	if was, again := s.sent[key]; !known || again && was != args {
		s.odd = append(s.odd, key+" "+args)
	}
	s.sent[key] = args
	s.mu.Unlock()
	return s.home.Submit(ctx, c)
}

// Everything a node sends in two months is named as the table says, and no name
// ever means two things.
func TestOperationsAreNamed(t *testing.T) {
	month := calendar.Period(202510)
	h := newResidence(t, month.LastDay().Add(-2).Start().Add(12*time.Hour), 2)
	s := &scribe{home: h.ledger.home, sent: map[string]string{}}
	h.ledger.home = s
	ctx := t.Context()
	for range 2 {
		for i := range h.people {
			h.pay(i, 20*money.Dollar)
			h.hear(i, 1+i, time.Minute, true)
		}
		h.set(month.Due(calendar.Final).Add(35 * time.Minute))
		_, err := h.wallet.Renew(ctx)
		h.ok(err)
		for range 2 { // twice, as a job that was interrupted
			h.ok(h.closeDueMonths(ctx))
			h.ok(h.recorder.Publish(ctx, month, h.settlementOf(month), h.signer.Settlement(h.settlementOf(month))))
		}
		month = month.Add(1)
		h.set(month.LastDay().Start().Add(12 * time.Hour))
	}
	for _, name := range []string{"Riverside", "Quayside", "Riverside"} {
		h.ok(h.accounts.SaveSettings(ctx, account.Operator(), account.Settings{Name: name, OperatorName: "Ada"}))
		h.ok(h.node.settle(ctx))
	}
	if len(s.odd) > 0 {
		t.Errorf("not as in the table, or with other arguments: %q", s.odd)
	}
	var kinds []string
	for key := range s.sent {
		kinds = append(kinds, strings.Fields(key)[0])
	}
	slices.Sort(kinds)
	if kinds = slices.Compact(kinds); len(kinds) < 7 {
		t.Errorf("the story is too small: %q", kinds)
	}
}

func (h *residence) settlementOf(p calendar.Period) []byte {
	h.t.Helper()
	b, err := h.recorder.Settled(h.t.Context(), p)
	h.ok(err)
	return b
}

// No two intentions have one name, the same has the same, and what is fresh is
// never the same.
func TestOperationsDoNotCollide(t *testing.T) {
	days, months, acts := []calendar.Day{20000, 20001}, []calendar.Period{202510, 202511}, []int{1, 2}
	all := func() (out []string) {
		out = append(out, "RegisterNode "+opRegister, "UpdateNode "+opDescribe())
		for _, d := range days {
			out = append(out, "AnchorDay "+opAnchor(d), "RecordPayments "+opPayments(d))
		}
		for _, p := range months {
			out = append(out, "PayOperators "+opOperators(p), "PublishSettlement "+opSettle(p, []byte("a")), "PublishSettlement "+opSettle(p, []byte("b")), "Finalize "+opFinalize(p))
			for chunk := range 2 {
				out = append(out, fmt.Sprintf("FixPayoutBatch %s/%d", opBatch(p), chunk))
			}
			for _, a := range acts {
				out = append(out, "ForfeitBalance "+opForfeit(actID(a), p))
			}
		}
		for _, a := range acts {
			out = append(out, "RegisterAct "+opAct(actID(a), 1), "RegisterAct "+opAct(actID(a), 11))
		}
		return append(out, "ProveFault "+opContest(strings.Repeat("a", 32)), "ProveFault "+opContest(strings.Repeat("b", 32)))
	}
	first, again := all(), all()
	seen := map[string]bool{}
	for i, op := range first {
		if seen[op] {
			t.Errorf("%q means two things", op)
		}
		seen[op] = true
		fn, name, _ := strings.Cut(op, " ")
		at := slices.IndexFunc(operations, func(o struct {
			fn, form string
			fresh    bool
		}) bool {
			return o.fn == fn
		})
		if at < 0 || !formOf(operations[at].form).MatchString(name) || len(name) > 200 {
			t.Errorf("%q is not as in the table", op)
			continue
		}
		if (again[i] != op) != operations[at].fresh {
			t.Errorf("%q is %q the next time", op, again[i])
		}
	}
	page, err := os.ReadFile("../../docs/protocol/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range operations {
		if line := fmt.Sprintf("| `%s` | `%s` | ", o.fn, o.form); !strings.Contains(string(page), line) {
			t.Errorf("docs/protocol/operations.md lacks %q", line)
		}
	}
}

// What brings a ledger of one's own is in the table, too.
func TestAdoptionIsNamed(t *testing.T) {
	h := movingNode(t)
	node := h.cfg.NodeID()
	h.ok(h.node.Close())
	defer h.open()
	network := otherLedger(t, node, h.now)
	defer network.Close()
	s := &scribe{home: network, sent: map[string]string{}}
	m, err := bringing(node, h.dir, s, slog.New(slog.DiscardHandler))
	h.ok(err)
	h.ok(m.bring(t.Context()))
	h.ok(os.Rename(h.dir.join(movedLedger), h.dir.join(ownLedger)))
	h.ok(os.Chmod(h.dir.join(ownLedger), 0o600))
	if len(s.odd) > 0 || len(s.sent) < 4 {
		t.Errorf("of %d calls these are not as in the table: %q", len(s.sent), s.odd)
	}
}

// Sums that go back to what they were are recorded again.
func TestOperatorsPartGoesBack(t *testing.T) {
	h := newResidence(t, timeOf("2025-10-30T12:00:00Z"), 0)
	for _, payers := range []int{2, 1, 2, 2} {
		n := money.Micro(payers)
		h.ok(h.recorder.PayOperators(t.Context(), 202510, wallet.Sums{Payers: payers, Operator: n * money.Dollar, Pots: 9 * n * money.Dollar}))
		stands, err := h.recorder.contract.OperatorPay(t.Context(), h.cfg.NodeID(), 202510)
		if h.ok(err); stands.Payers != uint32(payers) {
			t.Errorf("the ledger has %d payers, not %d", stands.Payers, payers)
		}
	}
}
