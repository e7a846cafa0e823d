package elsewhere_test

import (
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/credit"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// paid is a scene in which another node has an act whose release is known here.
func paid(t *testing.T) (*scene, *fedtest.Actor, id.Release) {
	t.Helper()
	s := newScene(t)
	act := s.server.Node()
	s.server.Serve("/ap/releases/"+fedtest.PaidRelease+"/credits", "application/activity+json", []byte("{}"))
	if _, err := s.desk.Find(t.Context(), s.ada, act.ID); err != nil {
		t.Fatal(err)
	}
	s.work()
	f, err := s.desk.Act(t.Context(), s.ada, "tide@"+s.host())
	if err != nil || len(f.Releases) != 1 {
		t.Fatalf("%+v, %v", f, err)
	}
	act.Says(act.Credits(), act, fedtest.Moment)
	return s, act, f.Releases[0].ID
}

// ask asks who is paid, and tells how that stands.
func (s *scene) ask(r id.Release) (social.Credits, map[id.Track][]social.Part) {
	s.t.Helper()
	if err := s.desk.Credits(s.t.Context(), []byte(r)); err != nil {
		s.t.Fatal(err)
	}
	c, parts, err := s.desk.Paid(s.t.Context(), r)
	if err != nil {
		s.t.Fatal(err)
	}
	return c, parts
}

// Who is paid is asked for with the release, kept with its proof, asked for again,
// and believed for as long as its node is away.
func TestCredits(t *testing.T) {
	s, act, r := paid(t)
	c, parts := s.ask(r)
	if c.State != social.Holds || len(parts) != 1 || c.Old(s.Now()) {
		t.Fatalf("%+v, %+v", c, parts)
	}
	for _, list := range parts {
		if len(list) != 1 || list[0].Act != fedtest.PaidAct || list[0].Bps != 10_000 || !list[0].Paid || list[0].Handle != "tide" {
			t.Errorf("%+v", list)
		}
	}
	err := s.DB.SocialView(t.Context(), func(tx social.Tx) error {
		p, err := tx.Payee(t.Context(), fedtest.PaidAct)
		if len(p.Wallets) != 1 || p.Wallets[0].Address != fedtest.Wallet || p.Actor != act.ID {
			t.Errorf("%+v", p)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	s.Pass(8 * 24 * time.Hour)
	for _, waiting := range []int{1, 0} { // whoever looks next does not ask again
		s.waiting = nil
		if c, parts, err = s.desk.Paid(t.Context(), r); err != nil || !c.Old(s.Now()) || len(parts) != 1 || len(s.waiting) != waiting || waiting > 0 && s.waiting[0].kind != social.JobCredits {
			t.Errorf("%+v, %+v, %+v, %v", c, parts, s.waiting, err)
		}
	}
	s.Pass(21 * time.Hour)
	s.server.Fetches(503)
	if err := s.desk.Credits(t.Context(), []byte(r)); !fault.Is(err, fault.Unavailable) {
		t.Errorf("its node is away: %v", err)
	}
	if c, _, err = s.desk.Paid(t.Context(), r); err != nil || !c.Tried.Equal(s.Now()) || c.State != social.Holds || len(s.waiting) != 0 {
		t.Errorf("that it is away is not kept: %+v, %+v, %v", c, s.waiting, err)
	}
	s.server.Fetches(0)
	changed := act.Credits()
	changed.Sheets[0].Version, changed.Sheets[0].Since, changed.Payouts[0].Wallets = 2, s.Now(), nil
	act.Says(changed, act, s.Now())
	c, parts = s.ask(r)
	for _, list := range parts {
		if c.State != social.Holds || c.Old(s.Now()) || list[0].Paid {
			t.Errorf("%+v, %+v", c, list)
		}
	}
	latest := c.Proved
	s.Pass(time.Hour)
	act.Says(act.Credits(), act, fedtest.Moment) // an older word
	if c, _ = s.ask(r); !c.Proved.Equal(latest) || !c.Tried.Equal(s.Now()) || c.Fetched.Equal(s.Now()) {
		t.Errorf("an older word counts: %+v", c)
	}
	if err := s.DB.SocialView(t.Context(), func(tx social.Tx) error {
		p, err := tx.Payee(t.Context(), fedtest.PaidAct)
		if len(p.Wallets) != 0 {
			t.Errorf("an older word counts: %+v", p)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

// Wallets are kept as they are written here, however their node wrote them.
func TestCreditsWrittenOtherwise(t *testing.T) {
	for _, before := range []string{"\u2000", strings.Repeat(" ", 70_000)} {
		s, act, r := paid(t)
		d := act.Credits()
		d.Payouts[0].Wallets[0].Address = before + strings.ToLower(fedtest.Wallet)
		act.Says(d, act, fedtest.Moment)
		if c, _ := s.ask(r); c.State != social.Holds {
			t.Fatalf("%+v", c)
		}
		err := s.DB.SocialView(t.Context(), func(tx social.Tx) error {
			p, err := tx.Payee(t.Context(), fedtest.PaidAct)
			if len(p.Wallets) != 1 || p.Wallets[0].Address != fedtest.Wallet {
				t.Errorf("%+v", p.Wallets)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// What does not hold is kept from counting, and said.
func TestCreditsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(s *scene, act *fedtest.Actor, d *credit.Document) (by *fedtest.Actor)
		why    string
	}{
		"another's proof": {func(s *scene, act *fedtest.Actor, _ *credit.Document) *fedtest.Actor { return s.act }, "not the one that was proved"},
		"another release": {func(_ *scene, act *fedtest.Actor, d *credit.Document) *fedtest.Actor { d.Release += "x"; return act }, "another release"},
		"more than all": {func(_ *scene, act *fedtest.Actor, d *credit.Document) *fedtest.Actor {
			d.Sheets[0].Shares[0].Points = 10_001
			return act
		}, "does not add up"},
		"a wallet that is none": {func(_ *scene, act *fedtest.Actor, d *credit.Document) *fedtest.Actor {
			d.Payouts[0].Wallets[0].Address = "0x1"
			return act
		}, "no wallet address"},
		"an act that says nothing": {func(s *scene, act *fedtest.Actor, d *credit.Document) *fedtest.Actor {
			d.Sheets[0].Shares = append(d.Sheets[0].Shares, credit.Share{Act: act.ID + "x", Points: 1})
			return act
		}, "does not say so itself"},
		"an act of another server": {func(_ *scene, act *fedtest.Actor, d *credit.Document) *fedtest.Actor { // nobody asks there
			d.Payouts = append(d.Payouts, credit.Payout{Act: "https://third.example/ap/acts/" + fedtest.PaidAct})
			return act
		}, "'s server"},
		"an act of this node": {func(s *scene, act *fedtest.Actor, _ *credit.Document) *fedtest.Actor {
			here := music.Act{ID: fedtest.PaidAct, Handle: "mine", Name: "Mine", Created: fedtest.Moment, Changed: fedtest.Moment}
			if err := s.DB.Music().Update(s.t.Context(), func(tx music.Tx) error { return tx.InsertAct(s.t.Context(), &here) }); err != nil {
				s.t.Fatal(err)
			}
			return act
		}, "the id of another act"},
		"an act of a third node": {func(s *scene, act *fedtest.Actor, _ *credit.Document) *fedtest.Actor {
			if err := s.DB.SocialUpdate(s.t.Context(), func(tx social.Tx) error {
				return tx.PutPayee(s.t.Context(), social.Payee{Act: fedtest.PaidAct, Actor: "https://third.example/ap/acts/" + fedtest.PaidAct, Host: "third.example"}, []byte("x"))
			}); err != nil {
				s.t.Fatal(err)
			}
			return act
		}, "the id of another act"},
	} {
		t.Run(name, func(t *testing.T) {
			s, act, r := paid(t)
			d := act.Credits()
			by := c.change(s, act, d)
			act.Says(d, by, fedtest.Moment)
			if got, parts := s.ask(r); got.State != social.Refused || len(parts) != 0 || !strings.Contains(got.Trouble, c.why) {
				t.Errorf("%+v, %+v", got, parts)
			}
		})
	}
}

// A node that does not answer what it runs is not taken for none.
func TestCreditsOfWhoIsAway(t *testing.T) {
	s, _, r := paid(t)
	if err := s.DB.SocialUpdate(t.Context(), func(tx social.Tx) error { return tx.PutPeer(t.Context(), social.Peer{Host: s.host()}) }); err != nil {
		t.Fatal(err)
	}
	s.server.Fetches(503)
	for range 2 {
		if err := s.desk.Credits(t.Context(), []byte(r)); !fault.Is(err, fault.Unavailable) {
			t.Errorf("its node is away: %v", err)
		}
		if c, _, err := s.desk.Paid(t.Context(), r); err != nil || c.State == social.Unpaid || !c.Tried.Equal(s.Now()) {
			t.Errorf("%+v, %v", c, err)
		}
		s.Pass(time.Minute)
	}
	s.server.Fetches(0)
	s.Pass(10 * time.Minute)
	if c, parts := s.ask(r); c.State != social.Holds || len(parts) != 1 {
		t.Errorf("%+v, %+v", c, parts)
	}
}

// Of a server that is no node nobody is asked.
func TestUnpaid(t *testing.T) {
	s := newScene(t)
	s.server.Runs("funkwhale")
	s.catalogue(1)
	s.find()
	s.work()
	list := s.release("r00", 2)
	var r social.Release
	if err := s.DB.SocialView(t.Context(), func(tx social.Tx) (err error) {
		r, err = tx.ReleaseByIRI(t.Context(), list.ID)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if c, parts := s.ask(r.ID); c.State != social.Unpaid || len(parts) != 0 || s.server.Asked(strings.TrimPrefix(list.ID, s.server.URL)+"/credits") != 0 {
		t.Errorf("%+v, %+v", c, parts)
	}
}

// The same words under a new date are not kept again, and count as said anew.
func TestCreditsSaidAgain(t *testing.T) {
	s, act, r := paid(t)
	s.ask(r)
	s.proofs = 0
	for range 3 {
		s.Pass(24 * time.Hour)
		act.Says(act.Credits(), act, s.Now())
		if c, _ := s.ask(r); c.State != social.Holds || !c.Proved.Equal(s.Now()) {
			t.Errorf("%+v", c)
		}
	}
	if s.proofs != 0 {
		t.Errorf("%d documents are kept that say nothing new", s.proofs)
	}
	s.Pass(24 * time.Hour)
	changed := act.Credits()
	changed.Payouts[0].Wallets = nil
	act.Says(changed, act, s.Now())
	if s.ask(r); s.proofs != 1 {
		t.Errorf("%d documents are kept of a change", s.proofs)
	}
}

// Who took the id of another's act has it no longer than this node has to do with them.
func TestCreditsOfASquatter(t *testing.T) {
	s, _, r := paid(t)
	const squatter = "https://squat.example/ap/acts/"
	take := func() {
		s.t.Helper()
		if err := s.DB.SocialUpdate(t.Context(), func(tx social.Tx) error {
			return tx.PutPayee(t.Context(), social.Payee{Act: fedtest.PaidAct, Actor: squatter + string(fedtest.PaidAct), Host: "squat.example", Handle: "x", Proved: fedtest.Moment}, []byte("x"))
		}); err != nil {
			t.Fatal(err)
		}
	}
	take()
	if c, _ := s.ask(r); c.State != social.Refused {
		t.Errorf("the first has the id: %+v", c)
	}
	d := &social.Desk{Store: s.DB, Host: "nine.example", Policy: &social.HostPolicy{Store: s.DB}}
	if err := d.Decide(t.Context(), social.Rule{Host: "squat.example", Verdict: social.Block}); err != nil {
		t.Fatal(err)
	}
	c, parts := s.ask(r)
	for _, list := range parts {
		if c.State != social.Holds || list[0].Handle != "tide" || list[0].Host != s.host() {
			t.Errorf("%+v, %+v", c, list)
		}
	}
	if len(parts) != 1 {
		t.Errorf("%+v, %+v", c, parts)
	}
}
