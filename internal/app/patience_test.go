package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
)

// A moody home answers, refuses or hangs, as the test says.
type moody struct {
	home
	answer func(context.Context) error
	calls  int
}

func (m *moody) Evaluate(ctx context.Context, _ string, _ ...string) ([]byte, error) {
	m.calls++
	return nil, m.answer(ctx)
}

func (m *moody) Submit(ctx context.Context, _ ledger.Call) (ledger.Result, error) {
	m.calls++
	return ledger.Result{}, m.answer(ctx)
}

func hang(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }

// Only the first who ask a ledger that hangs wait for it; one caller in a while
// finds out that it is back.
func TestLedgerThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &moody{answer: hang}
		p := &patient{home: m, patience: usual, wall: time.Now, log: slog.New(slog.DiscardHandler)}
		ask := func(want time.Duration, kind fault.Kind) {
			t.Helper()
			began := time.Now()
			_, err := p.Evaluate(t.Context(), "GetNodes")
			if took := time.Since(began); took != want || fault.KindOf(err) != kind && (err != nil || kind != 0) {
				t.Errorf("%v after %v", err, took)
			}
		}
		ask(usual.evaluate, fault.Unavailable)
		away := p.Away()
		if away.IsZero() {
			t.Error("it is away, and nobody knows")
		}
		ask(0, fault.Unavailable)
		time.Sleep(pressing)
		done := make(chan struct{})
		go func() {
			defer close(done)
			if _, err := p.Submit(t.Context(), ledger.Call{}); !fault.Is(err, fault.Unavailable) {
				t.Errorf("it hangs and %v comes back", err)
			}
		}()
		synctest.Wait()
		ask(0, fault.Unavailable) // somebody is finding out already
		time.Sleep(pressing)
		ask(usual.evaluate, fault.Unavailable)
		<-done
		if m.calls != 3 || p.Away() != away {
			t.Errorf("%d calls, away since %v, not %v", m.calls, p.Away(), away)
		}
		time.Sleep(pressing)
		m.answer = func(context.Context) error { return fault.New(fault.NotFound, "none") }
		ask(0, fault.NotFound) // an answer like any other
		ask(0, fault.NotFound)
		if !p.Away().IsZero() {
			t.Error("it is back, and nobody knows")
		}
	})
}

// A ledger that refuses at once lets nobody wait, so everybody may ask; and who
// leaves says nothing of the ledger.
func TestLedgerThatRefuses(t *testing.T) {
	m := &moody{answer: func(context.Context) error { return fault.Wrap(errors.New("no route"), fault.Unavailable, "away") }}
	p := &patient{home: m, patience: usual, wall: time.Now, log: slog.New(slog.DiscardHandler)}
	for range 3 {
		if _, err := p.Evaluate(t.Context(), "GetNodes"); !fault.Is(err, fault.Unavailable) || p.Away().IsZero() {
			t.Error(err, p.Away())
		}
	}
	if m.calls != 3 {
		t.Errorf("%d calls", m.calls)
	}
	m.answer = func(context.Context) error { return nil }
	if _, err := p.Evaluate(t.Context(), "GetNodes"); err != nil || !p.Away().IsZero() {
		t.Error(err, p.Away())
	}
	m.answer = hang
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := p.Evaluate(gone, "GetNodes"); !fault.Is(err, fault.Unavailable) || !p.Away().IsZero() {
		t.Error(err, p.Away())
	}
}

// A ledger on which many meet answers: nobody else is refused for it, and its
// operator is not told that it is away.
func TestLedgerOnWhichManyMeet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		m := &moody{answer: func(context.Context) error { return nil }}
		p := &patient{home: m, patience: usual, wall: time.Now, log: slog.New(slog.NewTextHandler(&log, nil))}
		if _, err := p.Evaluate(t.Context(), "GetNodes"); err != nil {
			t.Fatal(err)
		}
		m.answer = func(ctx context.Context) error {
			<-ctx.Done()
			return fault.Wrap(ledger.ErrMet, fault.Unavailable, "Others were faster.")
		}
		if _, err := p.Submit(t.Context(), ledger.Call{}); !fault.Is(err, fault.Unavailable) || fault.Message(err) != "Others were faster." {
			t.Errorf("who met others until the time was over hears %v", err)
		}
		m.answer = func(context.Context) error { return nil }
		if _, err := p.Evaluate(t.Context(), "GetNodes"); err != nil {
			t.Errorf("and whoever asks next hears %v", err)
		}
		if !p.Away().IsZero() || log.Len() > 0 {
			t.Errorf("away since %v, and the log says %s", p.Away(), log.String())
		}
	})
}

// A log is for people: a ledger that is not there yet is waited for in one
// line, one that goes is missed in one, whoever asks and however often.
func TestAnAbsenceIsSaidOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		m := &moody{}
		p := &patient{home: m, patience: usual, wall: time.Now, log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: untimed}))}
		ask := func(err error) {
			t.Helper()
			m.answer = func(context.Context) error { return err }
			for range 3 {
				if _, got := p.Evaluate(t.Context(), "GetNodes"); !errors.Is(got, err) {
					t.Errorf("%v, want %v", got, err)
				}
				if _, got := p.Submit(t.Context(), ledger.Call{}); !errors.Is(got, err) {
					t.Errorf("%v, want %v", got, err)
				}
				time.Sleep(time.Second)
			}
		}
		want := func(lines ...string) {
			t.Helper()
			if got, want := log.String(), strings.Join(append(lines, ""), "\n"); got != want {
				t.Errorf("the log says\n%swant\n%s", got, want)
			}
			log.Reset()
		}
		asks, starts, gone := fault.New(fault.Unavailable, "It asks."), fault.New(fault.Unavailable, "It starts."), fault.New(fault.Unavailable, "It is gone.")
		ask(asks)
		ask(starts)
		ask(asks)
		want(`level=INFO msg="waiting for the ledger" for="It asks."`, `level=INFO msg="waiting for the ledger" for="It starts."`)
		ask(nil)
		want()
		ask(gone)
		want(`level=WARN msg="the ledger does not answer; what is to be recorded waits" err="It is gone."`)
		ask(nil)
		want(`level=INFO msg="the ledger answers again" away=3s`)
		ask(gone) // it comes and goes
		ask(nil)
		want()
		time.Sleep(repeat)
		ask(gone)
		time.Sleep(24 * time.Hour)
		ask(gone)
		want(`level=WARN msg="the ledger does not answer; what is to be recorded waits" err="It is gone."`)
	})
}

// untimed leaves the time out of a log.
func untimed(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
