package store

import (
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
)

// What cannot have been heard is not claimed afterwards, by a player that was
// away from the node.
func TestOfflineOfNothing(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		noon := listenDay.Start().Add(11 * time.Hour)
		h.exec("update account set created = $1 where id = $2", noon.UnixMilli(), string(bob))
		for name, c := range map[string]struct {
			claim *player
			want  fault.Kind
		}{
			"a draft":                 {h.offline(ada, draftTrack, noon, time.Minute), fault.NotFound},
			"before there was anyone": {h.offline(bob, longTrack, noon.Add(-time.Millisecond), time.Minute), fault.Invalid},
		} {
			if _, err := h.desk.Claim(t.Context(), c.claim.sign()); !fault.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		h.offline(bob, longTrack, noon, time.Minute).send(h.offline(bob, longTrack, noon, time.Minute).sign())
		h.exec("update release set state = 'taken_down' where id = $1", "R"+string(h.acts[1]))
		p := h.offline(ada, otherTrack, noon, time.Minute)
		if a := p.send(p.sign()); a.Receipt.Decision != listen.Counts {
			t.Errorf("heard while it was there, claimed after it was taken down: %v", a.Receipt.Decision)
		}
	})
}

// Plays without end would make each claim dearer than the one before: a day
// is counted whole.
func TestPlaysOfADayAreBounded(t *testing.T) {
	const most = 5000
	houses(t, func(t *testing.T, h *house) {
		noon := listenDay.Start().Add(11 * time.Hour)
		claims := make([]listen.SignedClaim, most+1)
		for i := range claims {
			p := h.offline(ada, longTrack, noon.Add(time.Duration(i)*time.Millisecond), time.Millisecond)
			p.claim.Device = listen.KeyID{}
			claims[i] = p.sign()
		}
		answers, err := h.desk.Claims(t.Context(), claims)
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range answers {
			if full := i == most; fault.Is(a.Err, fault.Conflict) != full || (a.Err != nil) != full {
				t.Fatalf("play %d: %v", i, a.Err)
			}
		}
		if _, err := h.desk.Begin(t.Context(), listen.Start{Account: ada, Track: longTrack}); !fault.Is(err, fault.Conflict) {
			t.Errorf("begun all the same: %v", err)
		}
		p := h.begin(bob, longTrack, h.device(bob))
		p.send(p.hear(time.Minute))
		p = h.offline(ada, longTrack, noon.Add(-24*time.Hour), time.Minute)
		p.claim.Play = id.Random16()
		p.send(p.sign()) // another day has room
	})
}
