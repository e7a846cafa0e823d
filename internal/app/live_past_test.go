package app

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// An event that was over a month ago is forgotten here, and so that its post stays nowhere
// followers' servers are told, and who asks.
func TestLiveOfThePast(t *testing.T) {
	near, far := fedtest.NewServer(t), fedtest.NewServer(t)
	s := newSuite(t, near.Actor("ada"), far.Actor("bo"))
	stop := s.runs()
	defer stop()
	s.people = s.joins(1)
	act := id.Act(s.act[strings.LastIndex(s.act, "/")+1:])
	s.ok(s.db.Music().Update(t.Context(), func(tx music.Tx) error { return tx.SetRole(t.Context(), act, s.people.account, music.Owner) }))
	s.sends(s.bo, "Follow", vocab.At(s.act))
	var made struct{ ID string }
	s.people.do(http.MethodPost, "/api/v1/streams", map[string]any{"act": act, "title": "Ebb", "link": "https://tube.example/ebb", "starts": s.now().Add(time.Hour), "ends": s.now().Add(2 * time.Hour)}, &made)
	event := fedtest.Origin + "/ap/live/" + made.ID
	s.arrives("it is announced", func() bool { return s.heard(far, "Create", s.act) != nil })
	s.set(s.now().Add(32 * 24 * time.Hour))
	s.ok(s.federation.elsewhere.Mend(t.Context()))
	s.arrives("its end is told", func() bool {
		x := s.heard(far, "Delete", s.act)
		return x != nil && vocab.FirstID(x.Object) == event+"/note"
	})
	for _, at := range []string{event, event + "/note"} {
		if code, _, d := s.get(at, ""); code != http.StatusGone || d.text("type") != "Tombstone" {
			t.Errorf("%s: %d %v", at, code, d)
		}
	}
}
