package app

import (
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/report"
)

// begin begins a play as the web player does, and claim says how far it came.
func (h *residence) begin(person, act int) listen.Claim {
	h.t.Helper()
	who := h.people[person]
	b, err := h.listen.Begin(h.t.Context(), listen.Start{Account: who.account, Track: track(act, 1), Device: who.device})
	h.ok(err)
	return listen.Claim{Node: h.cfg.NodeID(), Play: b.Play, Device: who.device, Track: b.Track, Sheet: b.Sheet, Begin: b.Begin, End: b.Begin, Nonce: b.Nonce}
}

func (h *residence) claim(person int, c *listen.Claim, heard time.Duration) (listen.Answer, error) {
	h.t.Helper()
	next := *c
	next.Counter++
	next.End = c.Begin + heard.Milliseconds()
	next.Heard = []listen.Interval{{Length: uint32(heard.Milliseconds())}}
	a, err := h.listen.Claim(h.t.Context(), h.signed(h.people[person].account, next))
	if err == nil {
		next.Nonce = a.Nonce
		*c = next
	}
	return a, err
}

// A clock that is set back for an hour makes nobody's listening count twice,
// loses none of it and closes no day again.
func TestClockIsSetBack(t *testing.T) {
	day := calendar.Day(20251010)
	noon := day.Start().Add(12 * time.Hour)
	h := newResidence(t, noon, 1)
	h.pay(0, money.Price)
	c := h.begin(0, 1)
	h.set(noon.Add(60 * time.Second))
	if a, err := h.claim(0, &c, time.Minute); err != nil || a.Receipt.MS != 60_000 {
		t.Fatalf("%+v, %v", a.Receipt, err)
	}
	h.set(noon.Add(-time.Hour)) // set back while it plays
	if _, err := h.claim(0, &c, 75*time.Second); !fault.Is(err, fault.Limited) {
		t.Errorf("a claim ahead of the clock: %v", err)
	}
	h.set(noon.Add(20 * time.Second)) // the same minute again
	again := h.begin(0, 2)
	h.set(noon.Add(120 * time.Second))
	if a, err := h.claim(0, &again, 100*time.Second); err != nil || a.Receipt.MS != 60_000 {
		t.Errorf("a minute that came twice: %+v, %v", a.Receipt, err)
	}
	if a, err := h.claim(0, &c, 75*time.Second); err != nil || a.Receipt.MS != 75_000 {
		t.Errorf("the play goes on: %+v, %v", a.Receipt, err)
	}
	totals, err := h.listen.Totals(t.Context(), h.people[0].account, day.Start(), day.End())
	h.ok(err)
	if totals.Seconds != 120 { // so much of the clock was heard
		t.Errorf("%d seconds count", totals.Seconds)
	}

	h.closeDays(day.End().Add(15*time.Minute), 1)
	h.closeDays(noon, 0) // back again: the day is closed
	h.set(noon.Add(10 * time.Minute))
	h.pay(0, money.Price)
	c = h.begin(0, 3) // and a play of the closed day
	h.set(noon.Add(20 * time.Minute))
	_, err = h.claim(0, &c, 100*time.Second)
	h.ok(err)
	h.closeDays(noon.Add(time.Hour), 0)
	h.closeDays(day.End().AddDate(0, 0, 1).Add(15*time.Minute), 1)
	h.settleOctober(2*money.Price, 3)
}

// A clock that ran ahead closes days that had not been. What is heard on them
// when it is right again goes into the log late, and not one play is lost.
func TestClockRanAhead(t *testing.T) {
	day := calendar.Day(20251010)
	h := newResidence(t, day.Start().Add(12*time.Hour), 1)
	h.pay(0, money.Price)
	h.hear(0, 1, time.Minute, true)
	h.closeDays(day.End().AddDate(0, 0, 3).Add(15*time.Minute), 4) // three days ahead
	for i := range 4 {
		h.set(day.Start().AddDate(0, 0, i).Add(20 * time.Hour))
		h.hear(0, 2+i%2, 2*time.Minute, true)
		if i == 1 {
			h.pay(0, 5*money.Dollar)
		}
		h.closeDays(day.End().AddDate(0, 0, i).Add(15*time.Minute), 0)
	}
	h.closeDays(day.End().AddDate(0, 0, 4).Add(15*time.Minute), 1)
	h.settleOctober(money.Price+5*money.Dollar, 3)
	row := h.monthOf(0, 202510)
	var credit uint64
	for _, s := range row.Shares {
		credit += s.Credit
	}
	if credit != (60+4*120)*10_000 {
		t.Errorf("%d s were paid for", credit/10_000)
	}
}

// A log that has gone past a month's end before its plays are in it keeps the
// month open until they are.
func TestClockRanPastTheMonth(t *testing.T) {
	day := calendar.Day(20251030)
	h := newResidence(t, day.Start().Add(12*time.Hour), 1)
	h.pay(0, money.Price)
	h.closeDays(calendar.Day(20251106).Start().Add(15*time.Minute), 7)
	h.set(day.Start().Add(20 * time.Hour))
	h.hear(0, 1, time.Minute, true)
	h.set(calendar.Day(20251104).Start().Add(time.Hour))
	if _, err := h.report.CloseMonth(t.Context(), 202510); !fault.Is(err, fault.Conflict) {
		t.Errorf("a play is missing, and the month closes: %v", err)
	}
	h.set(calendar.Day(20251107).Start().Add(time.Hour))
	m, err := h.report.CloseMonth(t.Context(), 202510)
	h.ok(err)
	if m.State != report.Booked || len(h.monthOf(0, 202510).Shares) != 1 {
		t.Errorf("%v: %+v", m.State, h.monthOf(0, 202510))
	}
	h.holds()
}

// closeDays closes days at a time and says how many there have to be.
func (h *residence) closeDays(at time.Time, want int) {
	h.t.Helper()
	h.set(at)
	n, err := h.report.CloseDays(h.t.Context())
	if err != nil || n != want {
		h.t.Errorf("%v: %d days closed, want %d: %v", at, n, want, err)
	}
}

func (h *residence) settleOctober(received money.Micro, acts int) {
	h.t.Helper()
	h.set(calendar.Period(202510).Due(calendar.Settle).Add(5 * time.Minute))
	if _, err := h.report.CloseMonth(h.t.Context(), 202510); !fault.Is(err, fault.Conflict) {
		h.t.Errorf("before the last late claims are in the log: %v", err)
	}
	h.set(calendar.Period(202510).Due(calendar.Settle).Add(35 * time.Minute))
	_, err := h.report.CloseMonth(h.t.Context(), 202510)
	h.ok(err)
	all, err := h.report.Settled(h.t.Context())
	h.ok(err)
	if got := all[0].Settlement.Received; got != received {
		h.t.Errorf("received %v, want %v", got, received)
	}
	if row := h.monthOf(0, 202510); len(row.Shares) != acts {
		h.t.Errorf("%d acts are paid: %+v", len(row.Shares), row.Shares)
	}
	h.holds()
}
