package elsewhere_test

import (
	"crypto/ed25519"
	"slices"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/activity"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/notice"
	"github.com/michaelperna/9ten/internal/social"
)

// moves has somebody say that somebody moved, and returns what becomes of the word.
func (s *scene) moves(by *fedtest.Actor, who, to string) error {
	s.t.Helper()
	x := by.Activity("Move", "moves/"+string(id.New[id.Activity](s.Now())), vocab.At(who))
	x.Target = vocab.At(to)
	return s.SocialUpdate(s.t.Context(), func(tx social.Tx) error {
		_, err := activity.Apply(s.t.Context(), tx, activity.In{Object: x, From: social.Actor{ID: by.ID, Host: s.host()}, Site: s.Site})
		return err
	})
}

// settle does the jobs that follow somebody, and drops the others.
func (s *scene) settle() {
	s.t.Helper()
	for len(s.waiting) > 0 {
		if j := s.next(); j.kind == social.JobMove {
			for range 2 { // a second time changes nothing
				if err := s.desk.Moved(s.t.Context(), j.payload); err != nil {
					s.t.Fatal(err)
				}
			}
		}
	}
}

func (s *scene) followed(who id.Account, actor string) (is bool) {
	s.t.Helper()
	if err := s.SocialView(s.t.Context(), func(tx social.Tx) (err error) {
		is, err = tx.FollowsElsewhere(s.t.Context(), who, actor)
		return err
	}); err != nil {
		s.t.Fatal(err)
	}
	return is
}

func (s *scene) told(who id.Account) (out []notice.Notice) {
	s.t.Helper()
	list, err := (&notice.Desk{Store: s.DB}).List(s.t.Context(), who, "", 50)
	if err != nil {
		s.t.Fatal(err)
	}
	return list.Rows
}

// An act that moved is followed to where it is, once, by everybody who followed it,
// and they are told.
func TestMoveIsFollowed(t *testing.T) {
	s := newScene(t)
	if _, err := s.desk.Find(t.Context(), s.ada, s.act.ID); err != nil {
		t.Fatal(err)
	}
	s.follow(s.ada, true)
	s.follow(s.bo, true)
	s.sentOut()
	home := s.server.Actor("home")
	doc := home.Document()
	doc.Name, doc.PreferredUsername, doc.AlsoKnownAs = "Tide", "home", []string{s.act.ID}
	s.server.Publish(doc, "")
	if err := s.moves(s.act, s.act.ID, home.ID); err != nil {
		t.Fatal(err)
	}
	s.settle()
	for _, who := range []id.Account{s.ada, s.bo} {
		if s.followed(who, s.act.ID) || !s.followed(who, home.ID) {
			t.Errorf("old %v, new %v", s.followed(who, s.act.ID), s.followed(who, home.ID))
		}
		if list := s.told(who); len(list) != 1 || list[0].Kind != notice.Moved || list[0].ActHandle != "home@"+s.host() {
			t.Errorf("%+v", list)
		}
	}
	var kinds []string
	if err := s.SocialUpdate(t.Context(), func(tx social.Tx) error {
		for {
			d, err := tx.Next(t.Context(), s.host())
			if fault.Is(err, fault.NotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			kinds = append(kinds, d.Kind+" "+d.Inbox)
			if err := tx.Delivered(t.Context(), d); err != nil {
				return err
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(kinds)
	if want := []string{"Follow " + home.ID + "/inbox", "Undo " + s.act.ID + "/inbox"}; !slices.Equal(kinds, want) {
		t.Errorf("%q", kinds)
	}
	// Who follows the old one again stays, whatever it says, and nothing goes in circles.
	s.follow(s.ada, true)
	s.Pass(48 * time.Hour)
	if err := s.moves(s.act, s.act.ID, home.ID); !fault.Is(err, fault.Conflict) {
		t.Errorf("a second time: %v", err)
	}
	back := s.act.Document()
	back.AlsoKnownAs = []string{home.ID}
	s.server.Publish(back, "")
	if err := s.moves(home, home.ID, s.act.ID); !fault.Is(err, fault.Conflict) {
		t.Errorf("back: %v", err)
	}
	s.settle()
	if !s.followed(s.ada, s.act.ID) || !s.followed(s.ada, home.ID) || !s.followed(s.bo, home.ID) || s.followed(s.bo, s.act.ID) {
		t.Error("somebody went to and fro")
	}
}

// Nobody takes over who follows somebody else.
func TestMoveHijack(t *testing.T) {
	s := newScene(t)
	if _, err := s.desk.Find(t.Context(), s.ada, s.act.ID); err != nil {
		t.Fatal(err)
	}
	s.follow(s.ada, true)
	thief := s.server.Actor("thief")
	named := thief.Document()
	named.AlsoKnownAs = []string{s.act.ID}
	s.server.Publish(named, "")
	if err := s.moves(thief, s.act.ID, thief.ID); !fault.Is(err, fault.Forbidden) {
		t.Errorf("another's word: %v", err)
	}
	for _, to := range []string{"", "http://x.example/u", s.act.ID, s.Site.Node(), "https://x.example/" + string(make([]byte, 3000))} {
		if err := s.moves(s.act, s.act.ID, to); !fault.Is(err, fault.Invalid) {
			t.Errorf("to %.40q: %v", to, err)
		}
	}
	stranger := s.server.Actor("stranger") // does not say that it is the act
	gone := s.server.Actor("gone")
	doc := gone.Document()
	doc.AlsoKnownAs, doc.MovedTo = []string{s.act.ID}, stranger.ID
	s.server.Publish(doc, "")
	s.server.Leads("/users/led", thief.ID)
	for _, to := range []string{stranger.ID, gone.ID, s.server.URL + "/users/led", s.server.URL + "/users/nobody", s.Site.Act(s.Act)} {
		if err := s.moves(s.act, s.act.ID, to); err != nil {
			t.Errorf("to %s: %v", to, err)
		}
		s.settle()
		if !s.followed(s.ada, s.act.ID) || s.followed(s.ada, to) || s.followed(s.ada, thief.ID) {
			t.Errorf("to %s: it was followed", to)
		}
		if err := s.moves(s.act, s.act.ID, to); !fault.Is(err, fault.Conflict) {
			t.Errorf("at once again: %v", err)
		}
		s.Pass(2 * time.Hour)
	}
	// Whom nobody here follows makes the node ask nothing.
	if err := s.moves(thief, thief.ID, stranger.ID); err != nil || len(s.waiting) != 0 {
		t.Errorf("%v, %d jobs", err, len(s.waiting))
	}
}

// own makes ada the owner of the node's act.
func (s *scene) own() music.Viewer {
	s.t.Helper()
	if err := s.Music().Update(s.t.Context(), func(tx music.Tx) error { return tx.SetRole(s.t.Context(), s.Act, s.ada, music.Owner) }); err != nil {
		s.t.Fatal(err)
	}
	return music.Viewer{Account: s.ada}
}

// An act elsewhere moves to one here that names it: who followed it there follows it here.
func TestMoveHere(t *testing.T) {
	s := newScene(t)
	v := s.own()
	if err := s.desk.SetKnown(t.Context(), music.Viewer{Account: s.bo}, s.Act, []string{"@tide@" + s.host()}); !fault.Is(err, fault.Forbidden) {
		t.Errorf("of another's act: %v", err)
	}
	if err := s.desk.SetKnown(t.Context(), v, s.Act, []string{"@tide@" + s.host(), s.act.ID}); err != nil {
		t.Fatal(err)
	}
	h, err := s.desk.HomeOf(t.Context(), v, s.Act)
	if err != nil || len(h.Known) != 1 || h.Known[0].Actor != s.act.ID {
		t.Fatalf("%+v, %v", h, err)
	}
	s.follow(s.bo, true)
	if err := s.moves(s.act, s.act.ID, s.Site.Act(s.Act)); err != nil {
		t.Fatal(err)
	}
	s.settle()
	full, err := (&music.Catalogue{Store: s.Music()}).Act(t.Context(), music.Viewer{Account: s.bo}, string(s.Act))
	if err != nil || !full.Following || full.Act.Followers != 1 || s.followed(s.bo, s.act.ID) {
		t.Errorf("%+v, %v", full, err)
	}
	if list := s.told(s.bo); len(list) != 1 || list[0].ActHandle != "low-tide" {
		t.Errorf("%+v", list)
	}
	proof, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := s.Site.ActActor(&full, form.Keys{HTTP: s.act.Key.Private.Public(), Proof: proof})
	if err != nil || !slices.Equal(doc.AlsoKnownAs, []string{s.act.ID}) || doc.MovedTo != "" {
		t.Errorf("%q, %v", doc.AlsoKnownAs, err)
	}
}

// An act here moves away: its followers are told, people here follow it there, and
// nobody new follows it here.
func TestMoveAway(t *testing.T) {
	s := newScene(t)
	v := s.own()
	ctx := t.Context()
	fan := s.server.Actor("fan")
	library := &music.Library{Store: s.Music()}
	if err := library.Follow(ctx, music.Viewer{Account: s.bo}, s.Act, true); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Servers.Actor(ctx, fan.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.says("Follow", vocab.At(s.Site.Act(s.Act)), fan); err != nil {
		t.Fatal(err)
	}
	to := "@tide@" + s.host()
	if err := s.desk.MoveAway(ctx, music.Viewer{Account: s.bo}, s.Act, to); !fault.Is(err, fault.Forbidden) {
		t.Errorf("another's act: %v", err)
	}
	if err := s.desk.MoveAway(ctx, v, s.Act, to); !fault.Is(err, fault.Conflict) {
		t.Errorf("to who does not name it: %v", err)
	}
	if err := s.desk.MoveAway(ctx, v, s.Act, s.Site.Node()); !fault.Is(err, fault.Invalid) {
		t.Errorf("to this node: %v", err)
	}
	doc := s.act.Document()
	doc.PreferredUsername, doc.AlsoKnownAs = "tide", []string{s.Site.Act(s.Act)}
	s.server.Publish(doc, "")
	if err := s.desk.MoveAway(ctx, v, s.Act, to); err != nil {
		t.Fatal(err)
	}
	s.settle()
	if !s.followed(s.bo, s.act.ID) {
		t.Error("who follows it here does not follow it there")
	}
	full, err := (&music.Catalogue{Store: s.Music()}).Act(ctx, music.Viewer{Account: s.bo}, string(s.Act))
	if err != nil || full.Following || full.Home.Moved.Actor != s.act.ID {
		t.Errorf("%+v, %v", full, err)
	}
	if err := library.Follow(ctx, music.Viewer{Account: s.bo}, s.Act, true); !fault.Is(err, fault.Conflict) {
		t.Errorf("a new follower here: %v", err)
	}
	var told []*vocab.Object
	if err := s.SocialUpdate(ctx, func(tx social.Tx) error {
		again, err := activity.Apply(ctx, tx, activity.In{Object: fan.Activity("Follow", "again", vocab.At(s.Site.Act(s.Act))), From: social.Actor{ID: fan.ID, Host: s.host()}, Site: s.Site})
		if err != nil || len(again) != 1 || again[0].Activity.Type[0] != "Accept" {
			t.Errorf("who follows already: %+v, %v", again, err)
		}
		stranger := s.server.Actor("stranger")
		late, err := activity.Apply(ctx, tx, activity.In{Object: stranger.Activity("Follow", "late", vocab.At(s.Site.Act(s.Act))), From: social.Actor{ID: stranger.ID, Host: s.host()}, Site: s.Site})
		if err != nil || len(late) != 1 || late[0].Activity.Type[0] != "Reject" || late[0].Activity.Target.ID() != s.act.ID {
			t.Errorf("a new follower elsewhere: %+v, %v", late, err)
		}
		for err == nil {
			var d social.Delivery
			if d, err = tx.Next(ctx, s.host()); err != nil {
				break
			}
			if d.Kind == "Move" {
				o, err := vocab.Parse(d.Body)
				if err != nil {
					return err
				}
				told = append(told, o)
			}
			err = tx.Delivered(ctx, d)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(told) != 1 || told[0].Actor.ID() != s.Site.Act(s.Act) || told[0].Target.ID() != s.act.ID {
		t.Errorf("told %d", len(told))
	}
	if err := s.desk.ComeBack(ctx, v, s.Act); err != nil {
		t.Fatal(err)
	}
	if err := s.desk.MoveAway(ctx, v, s.Act, to); !fault.Is(err, fault.Conflict) {
		t.Errorf("soon again: %v", err)
	}
	s.Pass(social.Settled)
	if err := s.desk.MoveAway(ctx, v, s.Act, to); err != nil {
		t.Errorf("a month later: %v", err)
	}
}
