package activity_test

import (
	"testing"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

// Whom a listener blocks for all they see does not follow them any more as they are
// seen elsewhere, cannot ask to, and answers nothing of theirs. Others do.
func TestPersonalBlockOfAFollower(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		server, other := fedtest.NewServer(t), fedtest.NewServer(t)
		rude, kind := server.Actor("rude"), other.Actor("kind")
		s := newStudio(t, url, server, other)
		r, track := s.listed()
		wren := s.Site.Person(s.wren)
		talk := &social.Talk{Store: s}
		said, err := talk.Write(t.Context(), s.ada, social.Draft{Thing: social.Thing{Release: r, Track: track}, Text: "Slow", Position: -1})
		s.must(err)
		follow := func(a *fedtest.Actor, name string) { s.receive(a.Activity("Follow", name, vocab.At(wren))) }
		fans := func() (n int) {
			t.Helper()
			list, _, err := (&social.People{Store: s}).Fans(t.Context(), s.ada.Account, social.FollowsThem, "")
			s.must(err)
			return len(list)
		}
		follow(rude, "f1")
		follow(kind, "f1")
		s.hears(server)
		s.hears(other)
		if n := fans(); n != 2 {
			t.Fatalf("%d follow", n)
		}
		personal := &social.Personal{Store: s, Host: s.Site.Host(), Answer: s.out.Answer}
		s.must(personal.Block(t.Context(), s.ada.Account, rude.ID))
		if sent := s.hears(server); len(sent) != 1 || !sent[0].Is("Reject") || sent[0].Actor.ID() != wren {
			t.Errorf("who is blocked is told %v", kinds(sent))
		}
		if sent := s.hears(other); len(sent) != 0 || fans() != 1 {
			t.Errorf("%d follow, others are told %v", fans(), kinds(sent))
		}
		follow(rude, "f2")
		if sent := s.hears(server); len(sent) != 1 || !sent[0].Is("Reject") || fans() != 1 {
			t.Errorf("who is blocked asks and is told %v; %d follow", kinds(sent), fans())
		}
		at := s.Site.Comment(said.ID)
		s.receive(reply(rude, "n1", at, "<p>No</p>"), reply(kind, "n1", at, "<p>Yes</p>"))
		got := ""
		for _, c := range s.said(r) {
			got += c.HTML
		}
		if got != "<p>Slow</p><p>Yes</p>" {
			t.Errorf("said is %s", got)
		}
		blocks, err := personal.Blocks(t.Context(), s.ada.Account)
		s.must(err)
		s.must(personal.Unblock(t.Context(), s.ada.Account, blocks[0].Name))
		follow(rude, "f3")
		if sent := s.hears(server); len(sent) != 1 || !sent[0].Is("Accept") || fans() != 2 {
			t.Errorf("who is blocked no longer is told %v; %d follow", kinds(sent), fans())
		}
	})
}
