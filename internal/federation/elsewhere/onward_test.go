package elsewhere_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

// named is an actor elsewhere that says that it is also somebody.
func (s *scene) named(name, also string) *fedtest.Actor {
	s.t.Helper()
	a := s.server.Actor(name)
	doc := a.Document()
	doc.PreferredUsername, doc.AlsoKnownAs = name, []string{also}
	s.server.Publish(doc, "")
	return a
}

// Who came by a move stays there for a while, whether they say so after they came or
// before.
func TestMoveOnward(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		s := newSceneOn(t, url)
		s.find()
		s.follow(s.ada, true)
		home := s.named("home", s.act.ID)
		next := s.named("next", home.ID)
		if _, err := s.desk.Find(t.Context(), s.bo, home.ID); err != nil {
			t.Fatal(err)
		}
		if err := s.desk.Follow(t.Context(), s.bo, home.ID, true); err != nil {
			t.Fatal(err)
		}
		if err := s.moves(s.act, s.act.ID, home.ID); err != nil {
			t.Fatal(err)
		}
		if err := s.moves(home, home.ID, next.ID); err != nil { // nobody came yet
			t.Fatal(err)
		}
		s.settle()
		if !s.followed(s.ada, home.ID) || s.followed(s.ada, next.ID) || s.followed(s.bo, next.ID) || len(s.told(s.ada)) != 1 {
			t.Errorf("there %v, onward %v and %v, told %d", s.followed(s.ada, home.ID), s.followed(s.ada, next.ID), s.followed(s.bo, next.ID), len(s.told(s.ada)))
		}
		s.Pass(2 * time.Hour)
		if err := s.moves(home, home.ID, next.ID); !fault.Is(err, fault.Conflict) {
			t.Errorf("onward: %v", err)
		}
		s.Pass(social.Settled)
		if err := s.moves(home, home.ID, next.ID); err != nil {
			t.Errorf("a month later: %v", err)
		}
		s.settle()
		if !s.followed(s.ada, next.ID) || !s.followed(s.bo, next.ID) || s.followed(s.ada, home.ID) {
			t.Error("a month later it is not followed")
		}
	})
}

// Nor does who came from an act here move on.
func TestMoveOnwardFromHere(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		s := newSceneOn(t, url)
		v := s.own()
		if err := (&music.Library{Store: s.Music()}).Follow(t.Context(), music.Viewer{Account: s.bo}, s.Act, true); err != nil {
			t.Fatal(err)
		}
		s.named("tide", s.Site.Act(s.Act))
		if err := s.desk.MoveAway(t.Context(), v, s.Act, "@tide@"+s.host()); err != nil {
			t.Fatal(err)
		}
		s.settle()
		if !s.followed(s.bo, s.act.ID) {
			t.Fatal("it is not followed there")
		}
		if err := s.moves(s.act, s.act.ID, s.named("next", s.act.ID).ID); !fault.Is(err, fault.Conflict) {
			t.Errorf("onward: %v", err)
		}
	})
}

// What an act said last is where it is followed, though the job of its first word
// still waits.
func TestMoveCorrected(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		s := newSceneOn(t, url)
		s.find()
		s.follow(s.ada, true)
		if err := s.moves(s.act, s.act.ID, "https://mistyped.example/u/x"); err != nil {
			t.Fatal(err)
		}
		s.Pass(2 * time.Hour)
		home := s.named("home", s.act.ID)
		if err := s.moves(s.act, s.act.ID, home.ID); err != nil {
			t.Fatal(err)
		}
		s.settle()
		if !s.followed(s.ada, home.ID) || s.followed(s.ada, s.act.ID) {
			t.Error("it is not followed to where it said last")
		}
	})
}

// An act that is here again is followed here by who had not gone yet, be it before the
// job or after its target was asked for.
func TestMoveEnds(t *testing.T) {
	for _, late := range []bool{false, true} {
		t.Run(fmt.Sprintf("late=%v", late), func(t *testing.T) {
			storetest.Both(t, func(t *testing.T, url string) {
				s := newSceneOn(t, url)
				v := s.own()
				bo := music.Viewer{Account: s.bo}
				if err := (&music.Library{Store: s.Music()}).Follow(t.Context(), bo, s.Act, true); err != nil {
					t.Fatal(err)
				}
				s.named("tide", s.Site.Act(s.Act))
				if err := s.desk.MoveAway(t.Context(), v, s.Act, "@tide@"+s.host()); err != nil {
					t.Fatal(err)
				}
				back := func() {
					if err := s.desk.ComeBack(t.Context(), v, s.Act); err != nil {
						t.Error(err)
					}
				}
				if late {
					s.first = back
				} else {
					back()
				}
				s.settle()
				full, err := (&music.Catalogue{Store: s.Music()}).Act(t.Context(), bo, string(s.Act))
				if err != nil || !full.Following || full.Home.Moved != (music.Location{}) || s.followed(s.bo, s.act.ID) || len(s.told(s.bo)) != 0 {
					t.Errorf("here %v, there %v, %+v, %v", full.Following, s.followed(s.bo, s.act.ID), full.Home.Moved, err)
				}
			})
		})
	}
}
