package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/royalty"
)

const crashMonth = calendar.Period(202510)

// A scene is a stretch of the story during which steps are broken.
type scene struct {
	name string
	at   time.Time
	do   func(context.Context, *node, *script) error
}

// A script is what the story plays, made once so that every run sends the
// same claims.
type script struct {
	People []id.Account
	Claims [][]listen.SignedClaim
}

// scenes are a payment, plays, the close of days and the close of a month.
// Each may be played again, also with the clock set back.
func scenes() []scene {
	claims := func(i int) func(context.Context, *node, *script) error {
		return func(ctx context.Context, n *node, s *script) error {
			answers, err := n.listen.Claims(ctx, s.Claims[i])
			for _, a := range answers {
				err = errors.Join(err, a.Err)
			}
			return err
		}
	}
	days := func(ctx context.Context, n *node, _ *script) error { _, err := n.report.CloseDays(ctx); return err }
	month := func(ctx context.Context, n *node, _ *script) error {
		_, err := n.report.CloseMonth(ctx, crashMonth)
		return err
	}
	first := crashMonth.LastDay().Add(-1).Start()
	return []scene{
		{"pay", first.Add(12 * time.Hour), func(ctx context.Context, n *node, s *script) error {
			var err error
			for i, a := range s.People {
				_, e := n.wallet.Declare(ctx, "", a, money.Price, "bank", fmt.Sprint("payment ", i))
				err = errors.Join(err, e)
			}
			return err
		}},
		{"play", first.Add(13 * time.Hour), claims(0)},
		{"day", first.AddDate(0, 0, 1).Add(15 * time.Minute), days},
		{"late", first.AddDate(0, 0, 1).Add(13 * time.Hour), claims(1)},
		{"days", crashMonth.Due(calendar.Settle).Add(15 * time.Minute), days},
		{"month", crashMonth.Due(calendar.Settle).Add(35 * time.Minute), month},
		{"wrong", crashMonth.Due(calendar.Settle).Add(40 * time.Minute), wrongMonth},
		{"again", crashMonth.Due(calendar.Settle).Add(25 * time.Hour), month},
		{"more", crashMonth.Due(calendar.Final).Add(15 * time.Minute), days},
		{"final", crashMonth.Due(calendar.Final).Add(35 * time.Minute), month},
		{"vain", crashMonth.Forfeit().Add(35 * time.Minute), func(ctx context.Context, n *node, _ *script) error { _, err := n.report.Forfeit(ctx); return err }},
	}
}

// acts are the parts of the story, each tried from where the one before
// ended. Between them lie days that only repeat what was tried.
var acts = []struct{ scenes, between []string }{
	{[]string{"pay", "play", "day", "late"}, []string{"days"}},
	{[]string{"month"}, []string{"more"}},
	{[]string{"final"}, nil},
	{[]string{"vain"}, nil},
}

// play plays scenes. One that fails is played again.
func (s *script) play(n *node, clock func(time.Time), names []string) error {
	for _, sc := range scenes() {
		if !slices.Contains(names, sc.name) {
			continue
		}
		clock(sc.at)
		err := sc.do(context.Background(), n, s)
		for tries := 0; err != nil && tries < 3; tries++ {
			err = sc.do(context.Background(), n, s)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", sc.name, err)
		}
	}
	return nil
}

// outcome is what must be the same whatever failed on the way.
type outcome struct {
	Months   int
	State    report.PeriodState
	Totals   royalty.Totals
	Payers   uint32
	Sum      money.Micro
	Lines    uint32
	Leaves   uint64
	Entries  int64
	Credited map[id.Act]money.Micro
	Plays    int64
	Sealed   int
}

// outcome looks at a story that has ended, and at everything that has to hold.
func (h *residence) outcome() outcome {
	h.t.Helper()
	ctx := h.t.Context()
	h.holds()
	all, err := h.report.Settled(ctx)
	h.ok(err)
	head, _ := h.tlog.Head()
	out := outcome{Leaves: head.Size, Credited: map[id.Act]money.Micro{}}
	for _, m := range all {
		s := m.Settlement
		out.Months++
		out.State, out.Totals, out.Payers, out.Sum, out.Lines = m.Period.State, s.Totals, s.Payers, s.SumB, s.Lines
	}
	out.Entries, err = h.wallet.Audit(ctx)
	h.ok(err)
	list, err := h.wallet.Balances(ctx)
	h.ok(err)
	for _, b := range list {
		if a, ok := strings.CutPrefix(string(b.Book), "liabilities:act:"); ok {
			out.Credited[id.Act(a)] = -b.Micro
		}
	}
	for _, who := range h.people {
		totals, err := h.listen.Totals(ctx, who.account, crashMonth.Start(), crashMonth.End())
		h.ok(err)
		out.Plays += totals.Plays
		days, err := h.report.Days(ctx, who.account, crashMonth)
		h.ok(err)
		out.Sealed += len(days)
	}
	return out
}

// Whatever step of payment, play, day and month fails, before or after the
// disk has it, and wherever the machine loses power: afterwards the work is
// finished, every receipt holds, nothing is counted twice and no cent is lost.
func TestEveryStepMayFail(t *testing.T) {
	base, s := stage(t)
	for _, act := range acts {
		t.Run(act.scenes[0], func(t *testing.T) { s.tryAct(t, base, act.scenes) })
		s.run(t, base, append(act.scenes, act.between...), func(string) error { return nil })
	}
}

// run opens a directory, plays scenes and looks at how they end.
func (s *script) run(t *testing.T, dir string, names []string, step func(string) error) outcome {
	t.Helper()
	h := &residence{t: t, path: dir}
	h.set(crashMonth.LastDay().Start())
	h.open()
	defer func() { h.ok(h.Close()) }()
	for i, a := range s.People {
		p, err := newSimulated(1, i)
		h.ok(err)
		p.account = a
		h.people = append(h.people, p)
	}
	h.step.Store(&step)
	h.ok(s.play(h.node, h.set, names))
	h.step.Store(nil)
	return h.outcome()
}

// tryAct breaks every step of some scenes that begin in base.
func (s *script) tryAct(t *testing.T, base string, names []string) {
	var steps []string
	whole := s.run(t, fresh(t, base), names, func(at string) error {
		steps = append(steps, at)
		return nil
	})
	if len(steps) < 8 || whole.Entries == 0 {
		t.Fatalf("the story is too small: %d steps, %+v", len(steps), whole)
	}
	for n, at := range steps {
		t.Run(fmt.Sprintf("%d %s", n, strings.ReplaceAll(at, "/", "_")), func(t *testing.T) {
			i := -1
			got := s.run(t, fresh(t, base), names, func(string) error {
				if i++; i == n {
					return errors.New("fsync: no")
				}
				return nil
			})
			if diff := cmp.Diff(whole, got); diff != "" {
				t.Errorf("a failing disk (-want +got):\n%s", diff)
			}
			if strings.Contains(at, "before") || strings.Contains(at, " write ") || strings.Contains(at, " remove ") {
				return // to die before a step is to die after the one before it
			}
			dir := fresh(t, base)
			child := exec.Command(os.Args[0])
			child.Env = append(os.Environ(), envStory+"="+dir, envKill+"="+strconv.Itoa(n), envScenes+"="+strings.Join(names, " "))
			if out, err := child.CombinedOutput(); err == nil || child.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				t.Fatalf("the child was not killed: %v\n%s", err, out)
			}
			if diff := cmp.Diff(whole, s.run(t, dir, names, func(string) error { return nil })); diff != "" {
				t.Errorf("kill -9 (-want +got):\n%s", diff)
			}
		})
	}
}

// What a child process needs to know of the story.
const (
	envStory  = "NINETEN_TEST_STORY" // the data directory
	envKill   = "NINETEN_TEST_KILL"  // the step at which it dies
	envScenes = "NINETEN_TEST_SCENES"
)

// playUntilKilled is the child.
func playUntilKilled(dir string, at int) error {
	s, err := readScript(dir)
	if err != nil {
		return err
	}
	h, i := new(residence), -1
	h.set(crashMonth.LastDay().Start())
	n, err := h.openIn(dir)
	if err != nil {
		return err
	}
	die := func(string) error {
		if i++; i == at {
			return syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		return nil
	}
	h.step.Store(&die)
	return s.play(n, h.set, strings.Fields(os.Getenv(envScenes)))
}

func readScript(dir string) (*script, error) {
	text, err := os.ReadFile(filepath.Join(dir, "script.json"))
	if err != nil {
		return nil, err
	}
	s := new(script)
	return s, json.Unmarshal(text, s)
}

// stage makes the directory that every run begins with.
func stage(t *testing.T) (dir string, s *script) {
	t.Helper()
	first := crashMonth.LastDay().Add(-1).Start()
	h := newResidence(t, first.Add(11*time.Hour), 3)
	s = new(script)
	for _, p := range h.people {
		s.People = append(s.People, p.account)
	}
	at := func(hours, minutes int) time.Time {
		return first.Add(time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute)
	}
	long := h.claimOf(0, 3, at(12, 0), 40*time.Second, true)
	s.Claims = append(s.Claims,
		[]listen.SignedClaim{long, h.claimOf(0, 4, at(12, 10), time.Minute, true), h.claimOf(1, 5, at(12, 0), 45*time.Second, true), h.claimOf(1, 5, at(12, 0), 50*time.Second, true)},
		// The first play went on, one was heard the day before and is told now,
		// and the third person's device signs nothing.
		[]listen.SignedClaim{h.again(long, 70*time.Second), h.claimOf(1, 6, at(20, 0), time.Minute, true), h.claimOf(2, 7, at(30, 0), time.Minute, false), h.claimOf(0, 8, at(36, 0), 2*time.Minute, true)})
	text, err := json.Marshal(s)
	h.ok(err)
	h.ok(os.WriteFile(filepath.Join(h.path, "script.json"), text, 0o600))
	h.ok(h.Close())
	return h.path, s
}

// again is a later claim of the same play.
func (h *residence) again(c listen.SignedClaim, heard time.Duration) listen.SignedClaim {
	h.t.Helper()
	claim, err := listen.ParseClaim(c.Claim)
	h.ok(err)
	claim.Counter++
	claim.End = claim.Begin + heard.Milliseconds()
	claim.Heard = []listen.Interval{{Length: uint32(heard.Milliseconds())}}
	return h.signed(c.Account, claim)
}

// fresh copies a directory.
func fresh(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "node")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}
