package elsewhere_test

import (
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/social"
)

// A track's node alone is told how often it was played, between one hour later and six,
// each at a moment of its own, with a proof, and for a week.
func TestListens(t *testing.T) {
	s, act, r := paid(t)
	s.waiting = nil
	track := "https://" + s.host() + "/ap/tracks/" + fedtest.PaidTrack
	s.heard = []social.Untold{{Track: "01KAZ0000000000000000000T2", IRI: track, Actor: act.ID, Inbox: act.ID + "/inbox", Host: s.host(), First: fedtest.Moment.Add(-30 * time.Hour), Plays: 9, Counted: 8, Seconds: 800}}
	another := s.heard[0]
	another.Track = "01KAZ0000000000000000000T3"
	s.heard = append(s.heard, another)
	if err := s.desk.Listens(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(s.sentOut()) != 0 {
		t.Error("it leaves at once")
	}
	j := s.next()
	second := s.next()
	for _, x := range []job{j, second} {
		if wait := x.at.Sub(s.Now()); x.kind != social.JobListens || wait < time.Hour || wait >= 6*time.Hour {
			t.Fatalf("it leaves after %v: %+v", wait, x)
		}
	}
	if j.at.Equal(second.at) {
		t.Error("both leave at one moment")
	}
	if err := s.desk.Tell(t.Context(), j.payload); err != nil {
		t.Fatal(err)
	}
	var d social.Delivery
	if err := s.DB.SocialView(t.Context(), func(tx social.Tx) (err error) {
		d, err = tx.Next(t.Context(), s.host())
		return err
	}); err != nil {
		t.Fatal(err)
	}
	sealed, err := sig.Open(d.Body)
	if err != nil {
		t.Fatal(err)
	}
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public().(ed25519.PublicKey)
	if err := sealed.Verify(key); err != nil || sealed.Method != s.Site.Node()+"#ed25519-key" {
		t.Errorf("%s: %v", sealed.Method, err)
	}
	fedtest.Means(t, d.Body, fedtest.AS+"Listen", fedtest.Nine+"ListenActivity", fedtest.AS+"result", fedtest.SC+"InteractionCounter", fedtest.SC+"userInteractionCount", fedtest.Nine+"plays", fedtest.Nine+"seconds", fedtest.Nine+"logRoot", fedtest.SC+"expires", fedtest.Sec+"proof")
	o, err := vocab.Parse(d.Body)
	if err != nil || o.IsPublic() || strings.Join(o.To, " ") != act.ID || len(o.CC) != 0 || !o.Is("nineten:ListenActivity") || o.Type[0] != "Listen" || vocab.FirstID(o.Object) != track {
		t.Errorf("%s, %v", d.Body, err)
	}
	if !o.Expires.Equal(s.Now().Add(7*24*time.Hour)) || !d.Expires.Equal(o.Expires) || d.Inbox != act.ID+"/inbox" || o.StartTime.Hour() != 0 || !o.EndTime.After(o.StartTime) {
		t.Errorf("%+v", d)
	}
	for _, who := range []string{string(s.ada), string(s.bo), "listener0", string(r), "01KAZ0000000000000000000T2"} {
		if strings.Contains(string(d.Body), who) {
			t.Errorf("it names %s: %s", who, d.Body)
		}
	}
	s.heard, s.waiting = s.heard[:1], nil
	s.heard[0].First = calendar.DayOf(s.Now()).Start() // late, of days that were told
	if err := s.desk.Listens(t.Context()); err != nil || len(s.waiting) != 0 {
		t.Errorf("told of no days: %+v, %v", s.waiting, err)
	}
}
