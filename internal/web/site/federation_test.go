package site_test

import (
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/social"
)

// servers are a node's, which federates when it is said to.
type servers struct {
	social.Desk
	on      bool
	hurried int
}

func (s *servers) Federates() bool { return s.on }

func TestFederationPage(t *testing.T) {
	n := newNode(t)
	s := &servers{Desk: social.Desk{Store: n.db}}
	s.Hurried = func() { s.hurried++ }
	n.site.Servers = s
	v := n.setUp(true)
	const at = "/operator/federation"
	v.open(at).sees(200, at, "This node does not federate", "None yet.")
	s.on = true
	if err := n.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		now := tx.Now()
		for _, p := range []social.Peer{
			{Host: "away.example", Software: "mastodon", Version: "4.5.0", Failures: 3, Closed: now.Add(time.Hour), Failed: now, Error: "503: come back later"},
			{Host: "well.example", Software: "gotosocial", Delivered: now, Received: now},
		} {
			if err := tx.PutPeer(t.Context(), p); err != nil {
				return err
			}
		}
		if err := tx.Send(t.Context(), social.Outgoing{ID: "https://nine.example/1", Actor: "https://nine.example/a", Kind: "Create", Body: []byte("{}")}); err != nil {
			return err
		}
		return tx.Deliver(t.Context(), "https://nine.example/1", "https://away.example/inbox", "away.example")
	}); err != nil {
		t.Fatal(err)
	}
	v.open(at).sees(200, at, "away.example", "mastodon 4.5.0", "Takes nothing now.", "1 wait.", "503: come back later", "well.example", "Everything has arrived.").misses("does not federate")
	v.send(at, "host", "away.example").sees(200, at, "What waits is on its way.", "On its way.")
	if s.hurried != 1 {
		t.Error("nothing is hurried")
	}
	v.send(at, "host", "nobody.example").sees(404, at, "There is no server nobody.example")
}
