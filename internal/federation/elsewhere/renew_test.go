package elsewhere_test

import (
	"crypto/rsa"
	"slices"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

// An act that says that it changed is asked who it is now: its name, which is found,
// its picture and its keys. What it says in the activity counts for nothing, nor what
// others say of it, and it is asked once in ten minutes.
func TestRenamed(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		s := newSceneOn(t, url)
		s.Servers.Store = s
		s.catalogue(2)
		s.find()
		s.work()
		s.follow(s.ada, true)
		s.work()
		doc := s.act.Document()
		doc.Name, doc.PreferredUsername = "Ebb", "ebb"
		doc.Icon = []vocab.Item{vocab.Of(&vocab.Object{Type: []string{"Image"}, URL: vocab.One(s.server.URL + "/new.jpg")})}
		s.server.Publish(doc, "")
		s.server.Serve("/new.jpg", "image/jpeg", []byte("a picture"))
		told := *doc
		told.Name = "Somebody Else"
		mallory := s.server.Actor("mallory")
		if _, err := s.Servers.Actor(t.Context(), mallory.ID); err != nil {
			t.Fatal(err)
		}
		if err := s.says("Update", vocab.Of(&told), mallory); err != nil || len(s.waiting) != 0 {
			t.Errorf("by another: %v, %v", s.waiting, err)
		}
		for range 2 {
			if err := s.says("Update", vocab.Of(&told), s.act); err != nil {
				t.Fatal(err)
			}
		}
		if len(s.waiting) != 1 || s.waiting[0].at.Before(s.Now().Add(10*time.Minute)) {
			t.Errorf("it is asked at once, or more than once: %+v", s.waiting)
		}
		s.work()
		f, err := s.desk.Find(t.Context(), "", "@ebb@"+s.host())
		if err != nil || f.Actor.Name != "Ebb" || f.Cover.ID == "" {
			t.Errorf("%+v, %v", f.Actor, err)
		}
		if new, old := s.found("ebb"), s.found("tide"); len(new) != 2 || len(old) != 0 {
			t.Errorf("found by the new name %q, by the old %q", new, old)
		}
		_, tracks, err := s.desk.Search(t.Context(), "", "ebb r01", 9)
		if err != nil || len(tracks) != 2 {
			t.Errorf("tracks %+v, %v", tracks, err)
		}
		old := s.act.ID + "#main-key"
		before, _, err := s.Servers.Key(t.Context(), old, false)
		if err != nil {
			t.Fatal(err)
		}
		s.act.Rotate()
		s.Pass(time.Hour)
		if err := s.says("Update", vocab.At(s.act.ID), s.act); err != nil {
			t.Fatal(err)
		}
		s.work()
		after, _, err := s.Servers.Key(t.Context(), old, false)
		if same, ok := before.(*rsa.PublicKey); err != nil || !ok || same.Equal(after) {
			t.Errorf("the key is the old one: %v", err)
		}
	})
}

// The picture of an act is asked for however the act became known.
func TestPictureOfAnIndexedAct(t *testing.T) {
	s := newScene(t)
	s.Servers.Store = s
	s.indexed(5, "Slow Water")
	s.read()
	if !slices.ContainsFunc(s.waiting, func(j job) bool { return j.kind == social.JobPicture && j.key == s.server.URL+"/face.jpg" }) {
		t.Errorf("nobody asks for the picture: %+v", s.waiting)
	}
	s.work()
	f, err := s.desk.Find(t.Context(), "", "@tide@"+s.host())
	if err != nil || f.Cover.ID == "" {
		t.Errorf("%+v, %v", f, err)
	}
}
