package elsewhere_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

// open has somebody open the act's page.
func (s *scene) open(who id.Account) social.Full {
	s.t.Helper()
	f, err := s.desk.Act(s.t.Context(), who, "tide@"+s.host())
	if err != nil {
		s.t.Fatal(err)
	}
	return f
}

// looks is how many looks at acts wait.
func (s *scene) looks() (n int) {
	for _, j := range s.waiting {
		if j.kind == social.JobLook {
			n++
		}
	}
	return n
}

// What is known of an act whose page somebody opens is shown, and asked for again in
// the background when it is a day old: its name, its picture and what it published. What
// is no more there is no more here, whatever the list says; what only the list has no
// more stays. Guests have nobody asked.
func TestOldIsAskedAgain(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		s := newSceneOn(t, url)
		s.Servers.Store = s
		s.catalogue(15)
		s.find()
		s.work()
		if f := s.open(""); len(f.Releases) != 12 || s.looks() != 0 {
			t.Errorf("a guest: %d releases, %d looks", len(f.Releases), s.looks())
		}
		asked := s.server.Asked("/users/tide")
		if f := s.open(s.ada); len(f.Releases) != 12 || s.looks() != 1 || s.server.Asked("/users/tide") != asked {
			t.Errorf("%d releases, %d looks; asked %d times in the request's way", len(f.Releases), s.looks(), s.server.Asked("/users/tide")-asked)
		}
		s.open(s.bo)
		if s.work(); len(s.open(s.ada).Releases) != 15 || s.looks() != 0 {
			t.Errorf("%d releases, %d looks", len(s.open(s.ada).Releases), s.looks())
		}

		doc := s.act.Document()
		doc.Name, doc.PreferredUsername = "Ebb", "tide"
		doc.Icon = []vocab.Item{vocab.Of(&vocab.Object{Type: []string{"Image"}, URL: vocab.One(s.server.URL + "/new.jpg")})}
		doc.Put("nineten:releases", s.act.ID+"/releases")
		s.server.Publish(doc, "")
		s.server.Serve("/new.jpg", "image/jpeg", []byte("a picture"))
		s.catalogue(13) // its list ends sooner
		other := s.release("r01", 3)
		other.Name = "Another name"
		s.server.Publish(other, "")
		s.server.Withdraw("/users/tide/releases/r00")                                                                            // listed, and gone
		s.server.Publish(&vocab.Object{ID: s.act.ID + "/releases/r13", Type: []string{"Tombstone"}}, "/users/tide/releases/r13") // r14 is only not listed
		s.Pass(23 * time.Hour)
		if s.open(s.ada); s.looks() != 0 {
			t.Error("it is asked again before a day has passed")
		}
		s.Pass(time.Hour)
		if f := s.open(s.ada); f.Actor.Name != "Tide" || len(f.Releases) != 15 || s.looks() != 1 {
			t.Errorf("what is old is not shown: %+v, %d looks", f.Actor, s.looks())
		}
		s.work()
		f := s.open(s.ada)
		got := titles(f.Releases)
		for title, want := range map[string]bool{"Another name": true, "r14": true, "r12": true, "r00": false, "r01": false, "r13": false} {
			if slices.Contains(got, title) != want {
				t.Errorf("%s is there: %t", title, !want)
			}
		}
		if f.Actor.Name != "Ebb" || f.Cover.ID == "" || f.Count != 13 || s.looks() != 0 {
			t.Errorf("%+v, %d releases, %d looks", f.Actor, f.Count, s.looks())
		}
	})
}

// An act that somebody follows is asked again every night, though nobody opens its page.
func TestFollowedIsAskedAgain(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		s := newSceneOn(t, url)
		s.Servers.Store = s
		s.catalogue(2)
		s.find()
		s.follow(s.ada, true)
		s.work()
		mend := func() int {
			t.Helper()
			if err := s.desk.Mend(t.Context()); err != nil {
				t.Fatal(err)
			}
			return s.looks()
		}
		if n := mend(); n != 0 {
			t.Errorf("it is asked again at once: %d", n)
		}
		s.catalogue(3)
		s.Pass(23 * time.Hour) // nights are not all a day apart
		if n := mend(); n != 1 {
			t.Errorf("%d looks", n)
		}
		s.work()
		if f := s.open(""); f.Count != 3 {
			t.Errorf("%d releases", f.Count)
		}
		if n := mend(); n != 0 {
			t.Errorf("it is asked twice a night: %d", n)
		}
		s.follow(s.ada, false)
		s.Pass(48 * time.Hour)
		if n := mend(); n != 0 {
			t.Errorf("whom nobody follows is asked: %d", n)
		}
	})
}

// Who is no more, as their server says, is forgotten with all they published. A server
// that only does not have them may be mistaken for a day; one that is away changes
// nothing.
func TestActIsNoMore(t *testing.T) {
	for status, after := range map[int]int{http.StatusGone: 1, http.StatusNotFound: 2, http.StatusServiceUnavailable: 0, http.StatusForbidden: 0} {
		s := newScene(t)
		s.Servers.Store = s
		s.catalogue(2)
		s.find()
		s.follow(s.ada, true)
		s.work()
		s.server.Fetches(status)
		for i := 1; i <= 3; i++ {
			s.Pass(25 * time.Hour)
			_, err := s.desk.Act(t.Context(), s.ada, "tide@"+s.host())
			if gone := after > 0 && i > after; fault.Is(err, fault.NotFound) != gone {
				t.Errorf("%d, day %d: %v", status, i, err)
			}
			if len(s.waiting) > 0 {
				j := s.next()
				if err := s.desk.Look(t.Context(), j.payload); err != nil {
					t.Errorf("%d: %v", status, err)
				}
			}
		}
		list, err := s.desk.Newest(t.Context(), s.ada, 9)
		if gone := after > 0; err != nil || (len(list) == 0) != gone {
			t.Errorf("%d: %v, %v", status, titles(list), err)
		}
	}
}

// All the releases of an act that are known here are listed, a page at a time.
func TestReleasesOfAnActArePaged(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		s := newSceneOn(t, url)
		s.catalogue(5)
		s.find()
		s.work()
		var got []string
		for p := (music.Page{Limit: 2}); ; {
			l, err := s.desk.Releases(t.Context(), s.act.ID, p)
			if err != nil || len(l.Rows) > 2 {
				t.Fatalf("%v, %v", titles(l.Rows), err)
			}
			got = append(got, titles(l.Rows)...)
			if p.After = l.Next; p.After == "" {
				break
			}
		}
		if slices.Sort(got); strings.Join(got, " ") != "r00 r01 r02 r03 r04" {
			t.Errorf("%q", got)
		}
		if _, err := s.desk.Releases(t.Context(), s.act.ID, music.Page{After: "?"}); !fault.Is(err, fault.Invalid) {
			t.Error(err)
		}
	})
}
