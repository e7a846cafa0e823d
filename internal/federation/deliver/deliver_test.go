package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/deliver"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/social"
)

type signers struct{ n *fedtest.Node }

func (s signers) Signer(actor string) (sig.Key, error) {
	return sig.Key{ID: form.HTTPKey(actor), Private: s.n.Servers.As.Private}, nil
}

func (signers) Former(string) (sig.Key, bool) { return sig.Key{}, false }

// run runs a courier until what is waited for holds.
func run(t *testing.T, n *fedtest.Node, holds func() bool) {
	t.Helper()
	runs(t, deliver.New(deliver.Courier{Store: n.DB, Servers: n.Servers, Signers: signers{n}, Now: n.Now, Log: fedtest.Quiet()}), holds)
}

func runs(t *testing.T, c *deliver.Courier, holds func() bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() && ctx.Err() == nil {
		c.Wake()
		<-tick.C
	}
	if ctx.Err() != nil {
		t.Error("it does not come true")
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func update(t *testing.T, n *fedtest.Node, fn func(tx social.Tx) error) {
	t.Helper()
	if err := n.SocialUpdate(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// send puts an activity on its way to an inbox.
func send(t *testing.T, n *fedtest.Node, name, inbox, host string, expires time.Time) {
	t.Helper()
	o := &vocab.Object{ID: n.Site.Origin + "/ap/activities/" + name, Type: []string{"Create"}, Actor: vocab.At(n.Site.Act(n.Act)), Object: vocab.One(n.Site.Origin + "/ap/x")}
	update(t, n, func(tx social.Tx) error {
		if err := tx.Send(t.Context(), social.Outgoing{ID: o.ID, Actor: o.Actor.ID(), Kind: "Create", Body: fedtest.JSON(t, o), Expires: expires}); err != nil {
			return err
		}
		return tx.Deliver(t.Context(), o.ID, inbox, host)
	})
}

func queue(t *testing.T, n *fedtest.Node) (waiting int64) {
	t.Helper()
	if err := n.SocialView(t.Context(), func(tx social.Tx) error {
		all, err := tx.Queues(t.Context())
		for _, q := range all {
			waiting += q.N
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return waiting
}

func peerOf(t *testing.T, n *fedtest.Node, host string) (p social.Peer) {
	t.Helper()
	if err := n.SocialView(t.Context(), func(tx social.Tx) (err error) {
		p, err = tx.Peer(t.Context(), host)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return p
}

func host(s *fedtest.Server) string { return strings.TrimPrefix(s.URL, "https://") }

// forgetful is a store that cannot keep what became of a host.
type forgetful struct {
	social.Store
	host   string
	failed *atomic.Int64
}

func (f forgetful) SocialUpdate(ctx context.Context, fn func(social.Tx) error) error {
	return f.Store.SocialUpdate(ctx, func(tx social.Tx) error { return fn(forgetfulTx{tx, f}) })
}

type forgetfulTx struct {
	social.Tx
	forgetful
}

func (f forgetfulTx) PutPeer(ctx context.Context, p social.Peer) error {
	if p.Host == f.host && !p.Delivered.IsZero() {
		f.failed.Add(1)
		return errors.New("it cannot be kept")
	}
	return f.Tx.PutPeer(ctx, p)
}

// What became of a delivery cannot be written down: it is sent once and then not
// again for a while, however often something else is to be done.
func TestCannotBeKept(t *testing.T) {
	s, other := fedtest.NewServer(t), fedtest.NewServer(t)
	n := fedtest.NewNode(t, s, other)
	var failed atomic.Int64
	c := deliver.New(deliver.Courier{Store: forgetful{n.DB, host(s), &failed}, Servers: n.Servers, Signers: signers{n}, Now: n.Now, Log: fedtest.Quiet()})
	send(t, n, "bad", s.URL+"/inbox", host(s), time.Time{})
	for i := range 20 {
		send(t, n, fmt.Sprint(i), other.URL+"/inbox", host(other), time.Time{})
	}
	runs(t, c, func() bool { return failed.Load() > 0 && queue(t, n) == 1 })
	if got := len(s.Got()); got != 1 {
		t.Errorf("it was sent %d times", got)
	}
	n.Pass(11 * time.Second)
	runs(t, c, func() bool { return len(s.Got()) > 1 })
}

// Everything arrives in the order in which it was made, signed by its actor.
func TestOrder(t *testing.T) {
	s := fedtest.NewServer(t)
	n := fedtest.NewNode(t, s)
	for i := range 20 {
		send(t, n, fmt.Sprintf("%02d", i), s.URL+"/inbox", host(s), time.Time{})
		n.Pass(time.Millisecond)
	}
	run(t, n, func() bool { return queue(t, n) == 0 })
	got := s.Got()
	if len(got) != 20 {
		t.Fatalf("%d arrived", len(got))
	}
	for i, p := range got {
		if !strings.HasSuffix(p.Object.ID, fmt.Sprintf("%02d", i)) || p.KeyID != form.HTTPKey(n.Site.Act(n.Act)) {
			t.Errorf("%d: %s signed by %s", i, p.Object.ID, p.KeyID)
		}
	}
	if p := peerOf(t, n, host(s)); p.Delivered.IsZero() || p.Form == "" || p.Failures != 0 {
		t.Errorf("peer = %+v", p)
	}
}

// What becomes of a delivery, by the other server's answer.
func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		status  int
		waiting int64 // of two deliveries
		closed  bool  // nothing is sent to the host for a while
	}{
		{200, 0, false}, {202, 0, false},
		{400, 0, false}, {401, 2, false}, {403, 0, false}, {404, 0, false}, {405, 0, false}, {413, 0, false}, {422, 0, false}, {301, 0, false},
		{410, 0, false},
		{500, 2, false},
		{429, 2, true}, {502, 2, true}, {503, 2, true}, {504, 2, true},
	} {
		t.Run(fmt.Sprint(tt.status), func(t *testing.T) {
			s := fedtest.NewServer(t)
			n := fedtest.NewNode(t, s)
			s.Answers(tt.status, "")
			send(t, n, "1", s.URL+"/inbox", host(s), time.Time{})
			send(t, n, "2", s.URL+"/inbox", host(s), time.Time{})
			run(t, n, func() bool {
				p := peerOf(t, n, host(s))
				tried := !p.Delivered.IsZero() || !p.Failed.IsZero()
				return tried && queue(t, n) == tt.waiting && p.Closed.After(n.Now()) == tt.closed
			})
			p := peerOf(t, n, host(s))
			if tt.status >= 300 && !strings.Contains(p.Error, fmt.Sprint(tt.status)) {
				t.Errorf("error = %q", p.Error)
			}
		})
	}
}

// A host that is away is asked again after a minute, and hourly in the end; what
// waits for it arrives when it is back.
func TestAway(t *testing.T) {
	s := fedtest.NewServer(t)
	n := fedtest.NewNode(t, s)
	s.Answers(http.StatusServiceUnavailable, "")
	for i := range 3 {
		send(t, n, fmt.Sprint(i), s.URL+"/inbox", host(s), time.Time{})
	}
	for tries := int64(1); tries < 8; tries++ {
		run(t, n, func() bool { return peerOf(t, n, host(s)).Failures == tries })
		p := peerOf(t, n, host(s))
		wait := p.Closed.Sub(n.Now())
		if wait < 45*time.Second || wait > 75*time.Minute || tries == 1 && wait > 75*time.Second {
			t.Errorf("after %d tries it waits %v", tries, wait)
		}
		n.Pass(wait)
	}
	s.Answers(0, "")
	run(t, n, func() bool { return queue(t, n) == 0 })
	if p := peerOf(t, n, host(s)); len(s.Got()) != 3 || p.Failures != 0 || !p.Closed.IsZero() {
		t.Errorf("%d arrived, %+v", len(s.Got()), p)
	}
}

func TestRetryAfter(t *testing.T) {
	s := fedtest.NewServer(t)
	n := fedtest.NewNode(t, s)
	s.Answers(http.StatusTooManyRequests, "7200")
	send(t, n, "1", s.URL+"/inbox", host(s), time.Time{})
	run(t, n, func() bool { return peerOf(t, n, host(s)).Failures == 1 })
	if wait := peerOf(t, n, host(s)).Closed.Sub(n.Now()); wait != 2*time.Hour {
		t.Errorf("it waits %v", wait)
	}
}

// One dead host delays nobody.
func TestDeadHost(t *testing.T) {
	alive, dead := fedtest.NewServer(t), fedtest.NewServer(t)
	n := fedtest.NewNode(t, alive, dead)
	dead.Close()
	for i := range 10 {
		send(t, n, fmt.Sprint("d", i), dead.URL+"/inbox", host(dead), time.Time{})
		send(t, n, fmt.Sprint("a", i), alive.URL+"/inbox", host(alive), time.Time{})
	}
	run(t, n, func() bool {
		return len(alive.Got()) == 10 && peerOf(t, n, host(dead)).Failures > 0 && queue(t, n) <= 10
	})
	if got := queue(t, n); got != 10 {
		t.Errorf("%d wait for the dead one", got)
	}
}

// Who runs 9ten gets 9ten's own form, Funkwhale an activity for each track, everybody
// else and who does not say gets what all software shows.
func TestForms(t *testing.T) {
	for software, want := range map[string][]string{"9ten": {"own"}, "funkwhale": {"song-1", "song-2"}, "mastodon": {"general"}, "": {"general"}} {
		s := fedtest.NewServer(t)
		n := fedtest.NewNode(t, s)
		if software != "" {
			s.Runs(software)
		}
		thing := func(name string) []byte {
			return fedtest.JSON(t, &vocab.Object{ID: n.Site.Origin + "/ap/" + name, Type: []string{"Create"}, Actor: vocab.At(n.Site.Act(n.Act))})
		}
		update(t, n, func(tx social.Tx) error {
			if err := tx.Send(t.Context(), social.Outgoing{ID: "https://nine.example/1", Actor: n.Site.Act(n.Act), Kind: "Create", Body: thing("general"), Own: thing("own"), Songs: [][]byte{thing("song-1"), thing("song-2")}}); err != nil {
				return err
			}
			return tx.Deliver(t.Context(), "https://nine.example/1", s.URL+"/inbox", host(s))
		})
		run(t, n, func() bool { return queue(t, n) == 0 })
		var got []string
		for _, g := range s.Got() {
			got = append(got, strings.TrimPrefix(g.Object.ID, n.Site.Origin+"/ap/"))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q got %v", software, got)
		}
	}
}

// What is late is not delivered, and a week is enough for everything.
func TestGivenUp(t *testing.T) {
	s := fedtest.NewServer(t)
	n := fedtest.NewNode(t, s)
	send(t, n, "live", s.URL+"/inbox", host(s), n.Now().Add(time.Minute))
	s.Answers(http.StatusInternalServerError, "")
	send(t, n, "old", s.URL+"/inbox", host(s), time.Time{})
	n.Pass(8 * 24 * time.Hour)
	run(t, n, func() bool { return queue(t, n) == 0 })
	if got := s.Got(); len(got) != 0 {
		t.Errorf("arrived: %+v", got)
	}
}

// Whose inbox is gone is forgotten.
func TestGone(t *testing.T) {
	s := fedtest.NewServer(t)
	n := fedtest.NewNode(t, s)
	ada := s.Actor("ada")
	if _, err := n.Servers.Actor(t.Context(), ada.ID); err != nil {
		t.Fatal(err)
	}
	update(t, n, func(tx social.Tx) error {
		_, err := social.Follow(t.Context(), tx, n.Act, ada.ID, ada.ID+"/1")
		return err
	})
	s.Answers(http.StatusGone, "")
	send(t, n, "1", ada.ID+"/inbox", host(s), time.Time{})
	run(t, n, func() bool { return queue(t, n) == 0 })
	if err := n.SocialView(t.Context(), func(tx social.Tx) error {
		acts, err := tx.FollowedBy(t.Context(), ada.ID)
		if len(acts) != 0 {
			t.Errorf("still follows %v", acts)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
