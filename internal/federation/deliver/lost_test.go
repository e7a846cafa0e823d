package deliver_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

// say puts what is said of a thing on its way.
func say(t *testing.T, n *fedtest.Node, s *fedtest.Server, kind, id string) {
	t.Helper()
	at := n.Site.Origin + "/ap/activities/" + id
	body := fedtest.JSON(t, map[string]any{"id": at, "type": kind, "actor": n.Site.Act(n.Act), "object": n.Site.Origin + "/ap/x"})
	update(t, n, func(tx social.Tx) error {
		if err := tx.Send(t.Context(), social.Outgoing{ID: at, Actor: n.Site.Act(n.Act), About: n.Site.Origin + "/ap/x", Kind: kind, Body: body}); err != nil {
			return err
		}
		return tx.Deliver(t.Context(), at, s.URL+"/inbox", s.Host())
	})
	n.Pass(time.Minute)
}

// healthOf is what the operator is told of a server.
func healthOf(t *testing.T, n *fedtest.Node, s *fedtest.Server) social.Health {
	t.Helper()
	all, err := (&social.Desk{Store: n.DB, Policy: &social.HostPolicy{Store: n.DB}}).Servers(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range all.Rows {
		if h.Host == s.Host() {
			return h
		}
	}
	t.Fatalf("%s is not there", s.Host())
	return social.Health{}
}

// What a server does not take is lost, and said to be, until it hears of the thing
// again: an Update of what it never heard of changes nothing.
func TestLost(t *testing.T) {
	s := fedtest.NewServer(t)
	n := fedtest.NewNode(t, s)
	empty := func() bool { return queue(t, n) == 0 }
	say(t, n, s, "Create", "1")
	run(t, n, empty)
	if h := healthOf(t, n, s); h.State != social.Well || h.Arrived != 1 || h.Lost != 0 || !h.InSync.Equal(n.Now()) {
		t.Errorf("%+v", h)
	}
	s.Answers(http.StatusUnprocessableEntity, "")
	made := n.Now()
	say(t, n, s, "Update", "2")
	run(t, n, empty)
	h := healthOf(t, n, s)
	if h.State != social.Lost || h.Arrived != 1 || h.Lost != 1 || h.Missing != 1 || !h.InSync.Equal(made) || !h.LostAt.Equal(made) || !strings.Contains(h.LostWhy, "422") {
		t.Errorf("%+v", h)
	}
	s.Answers(0, "")
	say(t, n, s, "Update", "3")
	run(t, n, empty)
	if h := healthOf(t, n, s); h.State != social.Well || h.Arrived != 2 || h.Lost != 1 || h.Missing != 0 || !h.LostAt.IsZero() {
		t.Errorf("%+v", h)
	}
	s.Answers(http.StatusUnauthorized, "") // it knew the key before
	made = n.Now()
	say(t, n, s, "Create", "4")
	run(t, n, empty)
	s.Answers(0, "")
	say(t, n, s, "Update", "5")
	run(t, n, empty)
	if h := healthOf(t, n, s); h.State != social.Lost || h.Missing != 1 || !h.LostAt.Equal(made) {
		t.Errorf("%+v", h)
	}
	say(t, n, s, "Delete", "6")
	run(t, n, empty)
	if h := healthOf(t, n, s); h.State != social.Well || h.Missing != 0 || h.Lost != 2 {
		t.Errorf("%+v", h)
	}
}

// What is given up after a week is lost as well, whether it was tried then or not;
// what expired meanwhile is not.
func TestLostByTime(t *testing.T) { storetest.Both(t, lostByTime) }

func lostByTime(t *testing.T, url string) {
	s := fedtest.NewServer(t)
	n := fedtest.NewNodeOn(t, url, s)
	s.Answers(http.StatusInternalServerError, "")
	made := n.Now()
	say(t, n, s, "Create", "1")
	n.Pass(8 * 24 * time.Hour)
	run(t, n, func() bool { return queue(t, n) == 0 })
	if h := healthOf(t, n, s); h.State != social.Lost || h.Lost != 1 || h.Missing != 1 || !h.InSync.Equal(made) || !strings.Contains(h.LostWhy, "500") {
		t.Errorf("%+v", h)
	}
	say(t, n, s, "Update", "2") // of the same
	send(t, n, "3", s.URL+"/inbox", s.Host(), time.Time{})
	send(t, n, "live", s.URL+"/inbox", s.Host(), n.Now().Add(time.Minute))
	n.Pass(8 * 24 * time.Hour)
	if lost, err := social.Expire(t.Context(), n.DB); err != nil || lost != 3 {
		t.Error(lost, err)
	}
	if h := healthOf(t, n, s); h.State != social.Lost || h.Lost != 3 || h.Missing != 2 || h.Waiting != 0 || !h.LostAt.Equal(made) || h.LostWhy == "" {
		t.Errorf("%+v", h)
	}
	update(t, n, func(tx social.Tx) error {
		all, err := tx.Lost(t.Context(), s.Host())
		if err != nil {
			return err
		}
		if len(all) != 2 || !all[0].Created {
			t.Errorf("%+v", all)
		}
		if _, err := tx.DropHost(t.Context(), s.Host(), 10); err != nil {
			return err
		}
		all, err = tx.Lost(t.Context(), s.Host())
		if len(all) != 0 {
			t.Errorf("of a server that is blocked: %+v", all)
		}
		return err
	})
}

// Why another server takes nothing is told in its words, not in their wrapping.
func TestWhyLost(t *testing.T) {
	for said, want := range map[string]string{
		`{"type":"/problems/forbidden","title":"Forbidden","status":403,"detail":"This node has nothing to do with you."}`: "403: This node has nothing to do with you.",
		`{"error":"Request not signed"}`:     "403: Request not signed",
		`{"errors":{"object":["is long"]}}`:  `403: {"errors":{"object":["is long"]}}`,
		"<h1>Forbidden</h1>":                 "403: <h1>Forbidden</h1>",
		strings.Repeat("no ", 1000) + "more": "403: " + strings.Repeat("no ", 133) + "n",
	} {
		s := fedtest.NewServer(t)
		n := fedtest.NewNode(t, s)
		s.Answers(http.StatusForbidden, "")
		s.Explains(said)
		say(t, n, s, "Update", "1")
		run(t, n, func() bool { return queue(t, n) == 0 })
		if h := healthOf(t, n, s); h.LostWhy != want {
			t.Errorf("%.60s is told as %q", said, h.LostWhy)
		}
	}
}
