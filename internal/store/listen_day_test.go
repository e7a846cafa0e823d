package store

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/royalty"
)

func TestOffline(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		morning := listenDay.Start().Add(8 * time.Hour)
		a, b := h.offline(ada, longTrack, morning, 100*time.Second), h.offline(ada, otherTrack, morning.Add(50*time.Second), 100*time.Second)
		future := h.offline(ada, longTrack, h.db.now().Add(time.Hour), time.Minute)
		old := h.offline(ada, longTrack, calendar.Day(20261031).Start(), time.Minute)
		nonce := h.offline(ada, longTrack, morning.Add(time.Hour), time.Minute)
		nonce.claim.Nonce = id.Bytes16{1}
		in := []listen.SignedClaim{b.sign(), a.sign(), a.sign(), future.sign(), old.sign(), nonce.sign()}
		answers, err := h.desk.Claims(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []uint32{50_000, 100_000, 100_000} {
			if answers[i].Err != nil || answers[i].Receipt.MS != want {
				t.Errorf("claim %d: %+v", i, answers[i])
			}
		}
		for i, want := range map[int]fault.Kind{3: fault.Limited, 4: fault.Conflict, 5: fault.Invalid} {
			if !fault.Is(answers[i].Err, want) {
				t.Errorf("claim %d: %v", i, answers[i].Err)
			}
		}
		if n := h.nine(ada); len(n.Places) != 2 || n.Totals.Seconds != 150 {
			t.Errorf("%+v", n)
		}
		h.clock.Store(calendar.Day(20261203).End().UnixMilli() - 1) // the last moment for November
		last := h.offline(ada, duoTrack, calendar.Day(20261130).Start(), 45*time.Second)
		if a := last.send(last.sign()); a.Receipt.Decision != listen.Counts || a.Receipt.Day != 20261130 {
			t.Errorf("%+v", a.Receipt)
		}
		h.wait(time.Millisecond)
		if _, err := h.desk.Claim(t.Context(), h.offline(ada, duoTrack, calendar.Day(20261130).Start(), 40*time.Second).sign()); !fault.Is(err, fault.Conflict) {
			t.Errorf("too late: %v", err)
		}
	})
}

// An earlier play that turns up late takes its time back from later ones.
func TestNeighbours(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		morning := listenDay.Start().Add(8 * time.Hour)
		late := h.offline(ada, longTrack, morning.Add(40*time.Second), 60*time.Second)
		late.send(late.sign())
		if got := h.seal(listenDay); len(got) != 1 || got[0].Total != 600_000 {
			t.Fatalf("%+v", got)
		}
		early := h.offline(ada, otherTrack, morning, 80*time.Second)
		early.send(early.sign())
		n := h.nine(ada)
		if len(n.Places) != 1 || n.Places[0].Act != h.acts[1] || n.Places[0].Seconds() != 80 || n.Totals.Plays != 1 {
			t.Errorf("%+v", n)
		}
		if plays := h.number("select plays from track where id = $1", string(longTrack)); plays != 0 {
			t.Errorf("the track still shows %d plays", plays)
		}
		got := h.seal(listenDay.Add(1))
		if len(got) != 1 || got[0].Sequence != 1 || got[0].Day != listenDay || got[0].Total != 800_000 || got[0].Claims != 2 {
			t.Errorf("the correction: %+v", got)
		}
	})
}

// A play that goes on past midnight belongs to the day it began and covers
// the beginning of the next one.
func TestMidnight(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		h.clock.Store(listenDay.End().Add(-20 * time.Second).UnixMilli())
		p := h.begin(ada, longTrack, h.device(ada))
		p.send(p.hear(10 * time.Second))
		h.wait(10 * time.Second)
		q := h.begin(ada, otherTrack, listen.KeyID{}) // a second device, after midnight
		p.claim.End += 10_000
		p.send(p.hear(60 * time.Second))
		q.claim.End += 60_000
		if a := q.send(q.hear(10 * time.Second)); a.Receipt.Decision != listen.Overlaps {
			t.Errorf("%+v", a.Receipt)
		}
		if rows := h.seal(listenDay); len(rows) != 1 || rows[0].Total != 800_000 {
			t.Errorf("%+v", rows)
		}
		rows := h.seal(listenDay.Add(1))
		if len(rows) != 1 || rows[0].Day != listenDay.Add(1) || rows[0].Total != 0 || rows[0].Claims != 1 {
			t.Errorf("%+v", rows)
		}
	})
}

func TestSeal(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		for _, who := range []id.Account{ada, bob} {
			p := h.begin(who, longTrack, h.device(who))
			p.send(p.hear(40 * time.Second))
		}
		h.begin(bob, otherTrack, h.device(bob)) // never claimed: no evidence, no row
		failed := errors.New("the disk is gone")
		err := h.db.Update(t.Context(), func(tx *Tx) error {
			return listen.Seal(t.Context(), listenTx{tx}, listenDay, 1, func(royalty.DayRow, royalty.Salt) error { return failed })
		})
		if !errors.Is(err, failed) {
			t.Errorf("%v", err)
		}
		rows := h.seal(listenDay)
		if len(rows) != 2 || bytes.Compare(rows[0].Pseudonym[:], rows[1].Pseudonym[:]) >= 0 {
			t.Fatalf("%+v", rows)
		}
		for _, r := range rows {
			if _, err := r.Encode(); err != nil || r.Claims != 1 || r.Total != 400_000 || r.Sequence != 0 || r.UnsignedMS != 0 {
				t.Errorf("%+v, %v", r, err)
			}
		}
		if again := h.seal(listenDay.Add(1)); len(again) != 0 {
			t.Errorf("sealed twice: %+v", again)
		}
		var who [2]royalty.Pseudonym
		var salt royalty.Salt
		err = h.db.Update(t.Context(), func(tx *Tx) (err error) {
			for i, p := range []calendar.Period{listenDay.Period(), listenDay.Period() + 1} {
				if who[i], err = tx.Pseudonym(t.Context(), p, ada); err != nil {
					return err
				}
			}
			salt, err = listen.MonthSalt(t.Context(), listenTx{tx}, ada, listenDay.Period())
			return err
		})
		if err != nil || who[0] == who[1] || salt == (royalty.Salt{}) || who[0] != rows[0].Pseudonym && who[0] != rows[1].Pseudonym {
			t.Errorf("pseudonyms %x, salt %x, %v", who, salt, err)
		}
	})
}

func TestForget(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		p := h.begin(ada, longTrack, h.device(ada))
		p.send(p.hear(40 * time.Second))
		h.seal(listenDay)
		if err := h.db.Update(t.Context(), func(tx *Tx) error { return listenTx{tx}.Forget(t.Context(), ada) }); err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"play", "day_act", "month_act", "listener_day", "listener_month"} {
			if n := h.number("select count(*) from "+table+" where account = $1", string(ada)); n != 0 {
				t.Errorf("%s still has %d rows", table, n)
			}
		}
	})
}

func TestDropOldClaims(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		p := h.begin(ada, longTrack, h.device(ada))
		p.send(p.hear(40 * time.Second))
		h.clock.Store(listenDay.Period().End().AddDate(0, 0, 89).UnixMilli())
		if n, err := h.desk.DropOldClaims(t.Context()); err != nil || n != 0 {
			t.Errorf("%d claims went early, %v", n, err)
		}
		h.wait(48 * time.Hour)
		if n, err := h.desk.DropOldClaims(t.Context()); err != nil || n != 1 {
			t.Errorf("%d claims went, %v", n, err)
		}
		k, err := h.desk.Receipt(t.Context(), ada, p.claim.Play)
		if err != nil || len(k.Play.Claim) != 0 || k.Receipt.MS != 40_000 {
			t.Errorf("%+v, %v", k, err)
		}
	})
}

// The clock jumps back an hour: what was heard before counts once.
func TestClockJumpsBack(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		p := h.begin(ada, longTrack, h.device(ada))
		p.send(p.hear(100 * time.Second))
		h.wait(-90 * time.Second)
		if _, err := h.desk.Claim(t.Context(), p.hear(5*time.Second)); !fault.Is(err, fault.Limited) {
			t.Errorf("a claim ahead of the clock: %v", err)
		}
		q := h.begin(ada, otherTrack, h.device(ada)) // within the time that was counted already
		if a := q.send(q.hear(60 * time.Second)); a.Receipt.Decision != listen.Overlaps {
			t.Errorf("counted twice: %+v", a.Receipt)
		}
		if a := q.send(q.hear(60 * time.Second)); a.Receipt.MS != 35_000 {
			t.Errorf("%+v", a.Receipt)
		}
		if n := h.nine(ada); n.Totals.Seconds != 135 {
			t.Errorf("heard %+v", n.Totals)
		}
	})
}
