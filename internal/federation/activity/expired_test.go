package activity_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

// twoOf are what a node says of plays, good for an hour and of the days before for a day.
func (w *world) twoOf(node *fedtest.Actor, track string) []*vocab.Object {
	return []*vocab.Object{w.told(node, track, nil), w.told(node, track, func(o *vocab.Object) {
		o.ID, o.StartTime, o.EndTime, o.Expires = o.ID+"0", o.StartTime.Add(-48*time.Hour), o.StartTime, w.Now().Add(24*time.Hour)
	})}
}

// listening is a node that plays music of this one, what it plays, and what the applier says.
func listening(t *testing.T, url string) (w *world, s *fedtest.Server, node *fedtest.Actor, track string, said *strings.Builder) {
	s, said = fedtest.NewServer(t), &strings.Builder{}
	node = s.Application()
	w = &world{Node: fedtest.NewNodeOn(t, url, s), log: slog.New(slog.NewTextHandler(said, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	_, played := w.Publish()
	w.asks(s, played)
	return w, s, node, w.Site.Track(played), said
}

const hasExpired = "The activity has expired."

// What expires while its server does not answer is laid aside as having expired; what does
// not is applied as late.
func TestExpiredWhileItsServerWasAway(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		w, s, node, track, said := listening(t, url)
		s.Fetches(http.StatusServiceUnavailable)
		for _, o := range w.twoOf(node, track) {
			w.proves(node, o)
		}
		w.Pass(2 * time.Hour)
		s.Fetches(0)
		w.apply(w)
		if list := w.listens(); len(list) != 1 || list[0].Counted != 60 {
			t.Errorf("%+v", list)
		}
		if n := strings.Count(said.String(), hasExpired); n != 1 {
			t.Errorf("%d are said to have expired: %s", n, said)
		}
	})
}

// What a moderator lets pass after it expired is laid aside as well, whatever it is.
func TestExpiredInQuarantine(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		w, s, node, track, said := listening(t, url)
		ctx := t.Context()
		w.heardAt(s.Host())
		live := social.Live{ID: id.New[id.Live](fedtest.Moment), Act: w.Act, Title: "Ebb", Link: "https://tube.example/", Starts: fedtest.Moment, Ends: fedtest.Moment.Add(5 * time.Hour), Published: fedtest.Moment, Updated: fedtest.Moment}
		w.update(func(tx social.Tx) error {
			if err := tx.PutLive(ctx, live); err != nil {
				return err
			}
			return tx.PutPeer(ctx, social.Peer{Host: s.Host(), Software: "9ten"})
		})
		hosts := &social.Desk{Store: w.DB, Host: "nine.example", Policy: w.Servers.Policy}
		if err := hosts.Decide(ctx, social.Rule{Host: s.Host(), Verdict: social.Quarantine}); err != nil {
			t.Fatal(err)
		}
		held := append(w.twoOf(node, track), w.paysFor(node, w.Site.Act(w.Act), nil), w.audience(node, w.Site.Live(live.ID), 7, func(o *vocab.Object) { o.ID += "/there" }))
		for _, o := range held {
			body, err := sig.Prove(fedtest.JSON(t, o), node.ID+"#ed25519-key", node.Proof, w.Now())
			if err != nil {
				t.Fatal(err)
			}
			w.update(func(tx social.Tx) error {
				apply, err := social.Take(ctx, tx, social.Held{Received: social.Received{ID: o.ID, Host: s.Host(), Actor: node.ID, Body: body}, Kind: o.Type[1], About: vocab.FirstID(o.Object)})
				if apply {
					t.Errorf("%s does not wait", o.ID)
				}
				return err
			})
			w.Pass(time.Millisecond)
		}
		w.Pass(2 * time.Hour)
		desk, staff := &social.HeldDesk{Store: w.DB, Arrived: func() {}}, music.Viewer{Moderator: true, Account: "kim"}
		if err := desk.DecideAll(ctx, staff, s.Host(), true); err != nil {
			t.Fatal(err)
		}
		w.apply(w)
		if list := w.listens(); len(list) != 1 || list[0].Counted != 60 {
			t.Errorf("plays: %+v", list)
		}
		if list := w.paid(nil); len(list) != 0 {
			t.Errorf("who pays: %+v", list)
		}
		if n := strings.Count(said.String(), hasExpired); n != 3 {
			t.Errorf("%d are said to have expired: %s", n, said)
		}
	})
}
