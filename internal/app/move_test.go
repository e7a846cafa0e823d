package app

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/ledger/embedded"
	"github.com/michaelperna/9ten/internal/money"
)

// otherLedger is a ledger elsewhere, as the node uses it: one that knows nobody.
func otherLedger(t *testing.T, node string, now func() time.Time) home {
	t.Helper()
	cc, err := contract.New()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	l, err := embedded.Open(t.Context(), embedded.Config{File: filepath.Join(dir, "other.db"), Contract: cc, Now: now, Rehearse: true})
	if err != nil {
		t.Fatal(err)
	}
	who, err := embedded.KeepIdentity(filepath.Join(dir, "who.pem"), node, now())
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.As(who, now)
	if err != nil {
		t.Fatal(err)
	}
	return inside{c, l}
}

// movingNode has a settled month and an open one on a ledger of its own, and is
// not running.
func movingNode(t *testing.T) *residence {
	t.Helper()
	h := settledResidence(t)
	for i := range h.people {
		h.pay(i, 10*money.Dollar)
		h.hear(i, 1+i, time.Minute, true)
	}
	h.set(h.now().Add(24 * time.Hour))
	_, err := h.report.CloseDays(t.Context())
	h.ok(err)
	h.ok(h.feed.catchUp(t.Context()))
	return h
}

func execOn(t *testing.T, path, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(query); err != nil {
		t.Fatal(err)
	}
}

// breaking ends a mover's process, as it were, before or after a call.
type breaking struct {
	home
	at, n  int
	before bool
}

var errBroken = errors.New("broken off")

func (b *breaking) Submit(ctx context.Context, c ledger.Call) (ledger.Result, error) {
	b.n++
	if b.n == b.at && b.before {
		return ledger.Result{}, errBroken
	}
	r, err := b.home.Submit(ctx, c)
	if b.n == b.at {
		return ledger.Result{}, errBroken
	}
	return r, err
}

// Wherever the move is broken off, it goes on; the network ends up with the same
// whatever happened, and the old file is kept.
func TestMoveGoesOn(t *testing.T) {
	h := movingNode(t)
	dir, node := h.dir.path, h.cfg.NodeID()
	before := told{h.db}
	balances, err := contract.Client{Ledger: before}.Balances(t.Context(), node)
	h.ok(err)
	h.ok(h.node.Close())
	defer h.open()
	old, err := os.ReadFile(filepath.Join(dir, ownLedger))
	h.ok(err)
	restore := func() {
		for _, name := range []string{movingLedger, movedLedger} {
			if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
		}
		h.ok(os.WriteFile(filepath.Join(dir, ownLedger), old, 0o600))
	}
	again := func(network home) *mover {
		m, err := bringing(node, h.dir, network, slog.New(slog.DiscardHandler))
		h.ok(err)
		if m == nil {
			t.Fatal("nothing is to be brought")
		}
		return m
	}
	calls := 0
	for at := 1; calls == 0 && !t.Failed() || at <= calls; at++ {
		for _, early := range []bool{true, false} {
			t.Run(fmt.Sprintf("call %d %t", at, early), func(t *testing.T) {
				restore()
				network := otherLedger(t, node, h.now)
				defer network.Close()
				b := &breaking{home: network, at: at, before: early}
				if err := again(b).bring(t.Context()); err == nil {
					calls = b.n
					return
				}
				if _, err := (contract.Client{Ledger: network}).Node(t.Context(), node); err == nil && at < calls {
					t.Error("the node is registered before everything is there")
				}
				if err := again(network).bring(t.Context()); err != nil {
					t.Fatal(err)
				}
				got, err := contract.Client{Ledger: network}.Balances(t.Context(), node)
				if err != nil || fmt.Sprint(got) != fmt.Sprint(balances) {
					t.Errorf("balances %v, were %v: %v", got, balances, err)
				}
				f, err := os.Stat(filepath.Join(dir, movedLedger))
				if err != nil || f.Mode().Perm() != 0o400 {
					t.Errorf("the old ledger: %v, %v", f, err)
				}
			})
		}
	}
	if calls < 4 {
		t.Errorf("it took %d calls", calls)
	}
	if err := stillOwn(h.dir); !fault.Is(err, fault.Conflict) {
		t.Errorf("a new ledger would begin empty: %v", err)
	}
	restore()
}

// Until it is done everybody else waits, a damaged ledger is named, and it is
// never registered empty.
func TestMoveOfDamagedLedger(t *testing.T) {
	h := movingNode(t)
	node := h.cfg.NodeID()
	h.ok(h.node.Close())
	defer h.open()
	path := h.dir.join(ownLedger)
	whole, err := os.ReadFile(path)
	h.ok(err)
	network := otherLedger(t, node, h.now)
	defer network.Close()
	m, err := bringing(node, h.dir, network, slog.New(slog.DiscardHandler))
	h.ok(err)
	client := contract.Client{Ledger: m}
	waits := func(why string) {
		t.Helper()
		_, err := client.RegisterNode(t.Context(), opRegister, contract.Registration{Node: node, Name: "Quayside", Owner: "Ada"})
		if !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.Message(err), why) {
			t.Errorf("registering says %v", err)
		}
		if _, err := client.Node(t.Context(), node); !fault.Is(err, fault.Unavailable) {
			t.Errorf("reading says %v", err)
		}
		if _, err := m.Status(t.Context()); !fault.Is(err, fault.Unavailable) {
			t.Error(err)
		}
	}
	waits("is brought to the network first")
	for name, damage := range map[string]func(){
		"has been altered": func() { execOn(t, path, "update tx set payload = x'00' where n = 3") },
		"cannot be opened": func() {
			h.ok(os.WriteFile(path, []byte("no database at all, and long enough to be seen as none"), 0o600))
		},
	} {
		damage()
		if err := m.bring(t.Context()); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), name) {
			t.Errorf("bringing says %v", err)
		}
		waits(name)
		h.ok(os.WriteFile(path, whole, 0o600))
	}
	if _, err := (contract.Client{Ledger: network}).Node(t.Context(), node); !fault.Is(err, fault.NotFound) {
		t.Errorf("the node is registered: %v", err)
	}
	if err := m.bring(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := client.Settlement(t.Context(), node, calendar.Period(202510))
	if err != nil || got.Adopted == 0 {
		t.Errorf("%+v, %v", got, err)
	}
	h.ok(os.Rename(h.dir.join(movedLedger), path))
	h.ok(os.Chmod(path, 0o600))
}

// After the move the node goes on as if it had always been there: what it told
// is told anew, what waited is recorded, the open month is settled, everything
// holds.
func TestMovedNodeGoesOn(t *testing.T) {
	h := movingNode(t)
	ctx, node, month := t.Context(), h.cfg.NodeID(), calendar.Period(202510)
	day := calendar.DayOf(h.now()).Add(-1)
	was, err := h.recorder.told(h.db).Anchored(ctx, day)
	h.ok(err)
	h.ok(h.node.Close())
	network := otherLedger(t, node, h.now)
	var m *mover
	h.around = func(inner home) home {
		h.ok(inner.Close())
		m, err = bringing(node, &dir{path: h.path}, network, slog.New(slog.DiscardHandler))
		h.ok(err)
		return m
	}
	h.open()
	h.node.mover = m

	for i := range h.people {
		h.pay(i, 10*money.Dollar)
		h.hear(i, 2+i, time.Minute, true)
	}
	h.set(h.now().Add(24 * time.Hour))
	closeDays := func(ctx context.Context) error { _, err := h.report.CloseDays(ctx); return err }
	if err := h.recording(ctx, closeDays); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a day is recorded before the past: %v", err)
	}
	h.named()
	s, err := h.standing(ctx)
	if h.ok(err); s.Away.IsZero() || s.Moving == "" || len(s.Nodes) != 1 || s.Nodes[0].Month != month.String() {
		t.Errorf("%+v", s)
	}
	h.ok(h.toMove(ctx))
	if list := h.jobsOf(jobMove); len(list) != 1 {
		t.Fatalf("%+v", list)
	}
	h.ok(h.move(ctx))
	h.ok(h.recording(ctx, closeDays))
	h.ok(h.feed.catchUp(ctx))

	is, err := h.recorder.told(h.db).Anchored(ctx, day)
	if err != nil || is.Root != was.Root || is.Size != was.Size || is.Books != was.Books {
		t.Errorf("the day was %+v, is %+v: %v", was, is, err)
	}
	s, err = h.standing(ctx)
	if h.ok(err); !s.Away.IsZero() || s.Moving != "" || s.Own.IsZero() || s.Nodes[0].Month != month.String() || s.Nodes[0].Own.IsZero() {
		t.Errorf("%+v", s)
	}
	open := month.Add(1)
	h.set(open.Due(calendar.Final).Add(35 * time.Minute))
	_, err = h.report.CloseMonth(ctx, open)
	h.ok(err)
	if x, err := h.recorder.contract.Settlement(ctx, node, open); err != nil || x.Adopted != 0 || x.State != contract.Final {
		t.Errorf("%+v, %v", x, err)
	}
	h.ok(h.feed.catchUp(ctx))
	h.holds()
}

// A demonstration may have played a past month after it was registered: its
// ledger's last transaction is dated before its first, and it is whole.
func TestMoveOfASimulatedPast(t *testing.T) {
	dir, network := demonstration(t, true)
	m, err := bringing("localhost", dir, network, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.bring(t.Context()); err != nil {
		t.Fatal(err)
	}
	a, err := contract.Client{Ledger: network}.Adoption(t.Context(), "localhost")
	if err != nil || time.Since(time.UnixMilli(int64(a.At))) > time.Hour {
		t.Errorf("it is brought as of %v (%v)", time.UnixMilli(int64(a.At)), err)
	}
}

// A node that nobody has named yet has an empty ledger, and nothing to bring.
func TestMoveOfAnEmptyLedger(t *testing.T) {
	dir, network := demonstration(t, false)
	m, err := bringing("localhost", dir, network, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.bring(t.Context()); err != nil {
		t.Fatal(err)
	}
	if there, err := exists(dir.join(movedLedger)); err != nil || !there || m.held() != nil {
		t.Errorf("it is not done: %v, %v, %v", there, err, m.held())
	}
	if list, err := (contract.Client{Ledger: network}).Nodes(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%+v is registered (%v)", list, err)
	}
}

// What no network takes is not damaged: no backup would help.
func TestMoveOfAFuture(t *testing.T) {
	dir, network := demonstration(t, true)
	ahead := func() time.Time { return time.Now().Add(400 * 24 * time.Hour) }
	own := reopened(t, dir, ahead)
	if err := own.accounts.SaveSettings(t.Context(), account.Operator(), account.Settings{Name: "Quayside", OperatorName: "Ada"}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(own.settle(t.Context()), own.Close()); err != nil {
		t.Fatal(err)
	}
	m, err := bringing("localhost", dir, network, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	err = m.bring(t.Context())
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "dates of the future") || strings.Contains(err.Error(), "backup") {
		t.Errorf("bringing says %v", err)
	}
	if there, err := exists(dir.join(ownLedger)); err != nil || !there {
		t.Errorf("the node cannot go on alone: %v, %v", there, err)
	}
}

// A node that ended just before it made the old ledger read-only does so at its
// next start.
func TestTheOldLedgerIsMadeReadOnly(t *testing.T) {
	d := &dir{path: t.TempDir()}
	if err := os.WriteFile(d.join(movedLedger), []byte("the past"), 0o600); err != nil {
		t.Fatal(err)
	}
	if m, err := bringing("localhost", d, nil, slog.New(slog.DiscardHandler)); m != nil || err != nil {
		t.Fatal(m, err)
	}
	if f, err := os.Stat(d.join(movedLedger)); err != nil || f.Mode().Perm() != 0o400 {
		t.Errorf("%v, %v", f, err)
	}
}

// demonstration has an own ledger: empty, or with the node's registration of
// today and a month that was played afterwards. It is not running.
func demonstration(t *testing.T, played bool) (*dir, home) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "demo")
	must(t, "a long enough password\n", "setup", "--demo", "--empty", "--data-dir", path, "--admin", "ada", "--password-file", "-", "--name", "Quayside")
	d := &dir{path: path}
	if played {
		catalogue(t, "sqlite", filepath.Join(path, "9ten.db"), 14)
		n := reopened(t, d, time.Now)
		if err := errors.Join(n.settle(t.Context()), n.Close()); err != nil {
			t.Fatal(err)
		}
		must(t, "", "simulate", "--data-dir", path, "--listeners", "3", "--seed", "7", "--period", "2026-09")
	} else {
		n := reopened(t, d, time.Now)
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
	}
	network := otherLedger(t, "localhost", time.Now)
	t.Cleanup(func() { _ = network.Close() })
	return d, network
}

func reopened(t *testing.T, d *dir, now func() time.Time) *node {
	t.Helper()
	cfg, _, err := LoadConfig("", map[string]string{"data_dir": d.path, "log.level": "error"}, noenv)
	if err != nil {
		t.Fatal(err)
	}
	n, err := openNodeIn(t.Context(), cfg, slog.New(slog.DiscardHandler), world{now: now})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
