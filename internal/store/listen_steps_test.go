package store

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/royalty"
)

// Each step fails once, before or after the disk has it; done again it leaves
// what doing it once leaves.
func TestListenStepsFail(t *testing.T) {
	both(t, func(t *testing.T, open opener) {
		whole := listenStory(newHouse(t, open), -1, false)
		for step := range listenSteps {
			for _, after := range []bool{false, true} {
				if diff := cmp.Diff(whole, listenStory(newHouse(t, open), step, after)); diff != "" {
					t.Errorf("step %d failed, after=%v (-want +got):\n%s", step, after, diff)
				}
			}
		}
	})
}

const listenSteps = 6

// listenOutcome is what must be the same whatever fails on the way.
type listenOutcome struct {
	Receipts []listen.Receipt // without claim hashes, which hold random ids
	Credits  []royalty.Credit
	Totals   listen.Totals
	Shown    int64 // plays of the track
	History  int64
	Rows     []royalty.DayRow // without pseudonyms and roots
}

// listenStory plays a track to its end and seals the day, repeating the step
// that fails.
func listenStory(h *house, failing int, after bool) (out listenOutcome) {
	t := h.t
	t.Helper()
	step := 0
	try := func(fn func() error) {
		t.Helper()
		if step++; step-1 == failing {
			hit := false
			fail := func(late bool) error {
				if late != after || hit {
					return nil
				}
				hit = true
				return errors.New("fsync: no")
			}
			h.fail.Store(&fail)
			if err := fn(); !fault.Is(err, fault.Unavailable) {
				t.Errorf("step %d: the failed disk was reported as %v", failing, err)
			}
			h.fail.Store(nil)
		}
		if err := fn(); err != nil {
			t.Errorf("step %d: %v", step-1, err)
		}
	}
	var b listen.Begun
	try(func() (err error) {
		b, err = h.desk.Begin(t.Context(), listen.Start{Account: ada, Track: longTrack, Device: h.device(ada)})
		return err
	})
	p := &player{h, ada, listen.Claim{Node: listenNode, Play: b.Play, Device: h.device(ada), Track: b.Track, Sheet: b.Sheet, Begin: b.Begin, End: b.Begin, Nonce: b.Nonce}}
	for _, d := range []time.Duration{15, 16, 100} { // short, at the mark, beyond it
		c := p.hear(d * time.Second)
		try(func() error {
			a, err := h.desk.Claim(t.Context(), c)
			if err == nil {
				p.claim.Nonce = a.Nonce
				a.Receipt.Claim = royalty.Hash{}
				out.Receipts = append(out.Receipts, a.Receipt)
			}
			return err
		})
	}
	batch := []listen.SignedClaim{h.offline(ada, otherTrack, listenDay.Start(), 50*time.Second).sign(), h.offline(ada, duoTrack, listenDay.Start().Add(time.Hour), 40*time.Second).sign()}
	try(func() error {
		_, err := h.desk.Claims(t.Context(), batch)
		return err
	})
	log := map[uint8]royalty.DayRow{} // what the log would hold, written in the same transaction
	try(func() error {
		return h.db.Update(t.Context(), func(tx *Tx) error {
			return listen.Seal(t.Context(), listenTx{tx}, listenDay, 1, func(r royalty.DayRow, _ royalty.Salt) error {
				log[r.Sequence] = r
				return nil
			})
		})
	})
	for _, r := range log {
		r.Pseudonym, r.ClaimsRoot = royalty.Pseudonym{}, royalty.Hash{}
		out.Rows = append(out.Rows, r)
	}
	n := h.nine(ada)
	for _, p := range n.Places {
		out.Credits = append(out.Credits, p.Credit)
	}
	out.Totals = n.Totals
	out.Shown = h.number("select plays from track where id = $1", string(longTrack))
	out.History = h.number("select count(*) from history")
	return out
}

// Whatever arrives in whatever order and packaging, the running month equals
// the rows that are sealed, and those equal CountDay over all plays at once.
func TestRunningTotalsAreTheRows(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		h.wait(12 * time.Hour)
		round := 0
		rapid.Check(t, func(rt *rapid.T) {
			round++
			who := id.Account("01JD3ZKQ4Y8X5T2N7B6V9" + string(rune('A'+round/26%26)) + string(rune('A'+round%26)) + string(rune('A'+round/676)) + "00")
			h.account(who)
			tracks := []id.Track{longTrack, otherTrack, duoTrack, tinyTrack}
			var claims []listen.SignedClaim
			var plays []listen.Heard
			for range rapid.IntRange(1, 12).Draw(rt, "plays") {
				track := rapid.IntRange(0, 3).Draw(rt, "track")
				seconds := []int64{240, 200, 45, 9}[track]
				begin := listenDay.Start().Add(time.Duration(rapid.IntRange(-90, 600).Draw(rt, "begin")) * time.Second)
				heard := rapid.Int64Range(1, seconds).Draw(rt, "heard")
				p := h.offline(who, tracks[track], begin, time.Duration(heard)*time.Second)
				claims = append(claims, p.sign())
				plays = append(plays, listen.Heard{Play: p.claim.Play, Track: tracks[track], Begin: p.claim.Begin, End: p.claim.End, MS: heard * 1000, Seconds: seconds})
				if rapid.Bool().Draw(rt, "again") { // a later claim of the same play
					p.claim.End += 5000
					p.claim.Counter = 2
					claims = append(claims, p.sign())
					plays[len(plays)-1].End += 5000
				}
			}
			for len(claims) > 0 {
				n := rapid.IntRange(1, len(claims)).Draw(rt, "batch")
				answers, err := h.desk.Claims(context.Background(), claims[:n])
				if err != nil {
					rt.Fatal(err)
				}
				for _, a := range answers {
					if a.Err != nil {
						rt.Fatal(a.Err)
					}
				}
				claims = claims[n:]
			}
			want := map[calendar.Day]int64{}
			for _, d := range []calendar.Day{listenDay.Add(-1), listenDay} {
				for _, c := range listen.CountDay(d, plays) {
					want[d] += int64(c.Seconds()) * royalty.Basis
				}
			}
			got := map[calendar.Day]int64{}
			var sum int64
			for _, r := range h.seal(listenDay) {
				got[r.Day] = int64(r.Total)
				sum += int64(r.Total)
			}
			for d, total := range want {
				if got[d] != total {
					rt.Fatalf("the row of %v has %d, counting says %d", d, got[d], total)
				}
			}
			running := h.number("select coalesce(sum(credit), 0) from month_act where account = $1", string(who))
			byDay := h.number("select coalesce(sum(credit), 0) from day_act where account = $1", string(who))
			days := h.number("select coalesce(sum(days), 0) from month_act where account = $1", string(who))
			lines := h.number("select count(*) from day_act where account = $1", string(who))
			if running != sum || byDay != sum || days != lines {
				rt.Fatalf("running %d, by day %d, sealed %d; %d days of %d lines", running, byDay, sum, days, lines)
			}
		})
	})
}
