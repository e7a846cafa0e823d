package activity_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

// comments are the texts on a release, the latest first.
func (s *studio) comments(r id.Release) string {
	s.t.Helper()
	var out []string
	s.view(func(tx social.Tx) error {
		list, err := tx.Comments(s.t.Context(), r, "", 9)
		for _, c := range list {
			out = append(out, c.HTML)
		}
		return err
	})
	return strings.Join(out, "")
}

// says has somebody say something of what is at an address.
func (s *studio) says(by *fedtest.Actor, kind, name, text, about string) {
	s.t.Helper()
	s.receive(by.Activity(kind, kind+name, vocab.Of(&vocab.Object{ID: by.ID + "/" + name, Type: []string{"Note"}, AttributedTo: vocab.One(by.ID), InReplyTo: vocab.One(about), Content: text, To: []string{vocab.Public}})))
}

// Whom an act blocks does not follow it, says nothing of its music and works on nothing
// with it, until it blocks them no longer; who is removed may come again. Others are not
// asked.
func TestActBlocks(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		server := fedtest.NewServer(t)
		tide, shore := server.Actor("tide"), server.Actor("shore")
		s := newStudio(t, url, server)
		r, track := s.listed()
		door := &social.Door{Store: s, Post: s.out, Sent: func() {}}
		act := s.Site.Act(s.Act)
		judge := func(state social.FollowState) {
			t.Helper()
			s.must(door.Judge(t.Context(), s.ada, s.Act, tide.ID, state))
		}
		follow := tide.Activity("Follow", "f1", vocab.At(act))
		s.receive(follow, shore.Activity("Follow", "f1", vocab.At(act)))
		list, next, err := door.Visitors(t.Context(), s.ada, s.Act, social.FollowsThem, shore.ID)
		if s.must(err); len(list) != 1 || list[0].Actor != tide.ID || list[0].Handle != "x" || list[0].Activity != follow.ID || next != "" {
			t.Fatalf("%+v, %q", list, next)
		}
		stranger := music.Viewer{Account: "somebody else"}
		if _, _, err := door.Visitors(t.Context(), stranger, s.Act, social.FollowsThem, ""); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a stranger: %v", err)
		}
		if err := door.Judge(t.Context(), stranger, s.Act, tide.ID, social.FollowBlock); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a stranger: %v", err)
		}
		for _, who := range []string{"https://far.example/nobody", "nobody@far.example"} {
			if err := door.Judge(t.Context(), s.ada, s.Act, who, social.FollowBlock); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", who, err)
			}
		}
		s.hears(server)
		judge("")
		if sent := s.hears(server); strings.Join(kinds(sent), " ") != "Reject" || sent[0].Object[0].ID() != follow.ID || sent[0].Actor.ID() != act || s.followers() != 1 {
			t.Errorf("removed: %v", kinds(sent))
		}
		s.receive(follow)
		if sent := s.hears(server); strings.Join(kinds(sent), " ") != "Accept" || s.followers() != 2 {
			t.Errorf("they come again: %v", kinds(sent))
		}
		p := s.list(s.Act, track)
		s.must(s.together.Invite(t.Context(), s.ada, p, "@tide@x.example"))
		s.must(s.out.Invite(t.Context(), string(p)+" "+tide.ID))
		s.sends(tide, "Accept", vocab.Item{}, s.hears(server)[0].ID)
		invite := tide.Activity("Invite", "i1", vocab.Of(playlist(tide, "1")))
		invite.Target = vocab.At(act)
		s.receive(invite)
		s.says(tide, "Create", "n1", "<p>before</p>", s.Site.Track(track))

		judge(social.FollowBlock)
		judge(social.FollowBlock)
		sent := s.hears(server)
		var block *vocab.Object
		for _, x := range sent {
			if x.Is("Block") {
				block = x
			}
		}
		if got := kinds(sent); len(got) != 4 || block == nil || block.Object[0].ID() != tide.ID || block.Actor.ID() != act || block.IsPublic() || s.followers() != 1 {
			t.Fatalf("blocked: %v, %+v", got, block) // Reject of the two, Block, Undo of the Invite
		}
		s.sends(tide, "Add", vocab.At(s.Site.Playlist(p)), s.Site.Track(track))
		s.has("of who is blocked", p, track)
		s.receive(follow, tide.Activity("Like", "l1", vocab.At(s.Site.Track(track))), tide.Activity("Announce", "a1", vocab.At(s.Site.Release(r))), invite)
		s.says(tide, "Create", "n2", "<p>after</p>", s.Site.Track(track))
		s.says(tide, "Update", "n1", "<p>worse</p>", s.Site.Track(track))
		if err := s.together.Invite(t.Context(), s.ada, p, "@tide@x.example"); !fault.Is(err, fault.Conflict) {
			t.Errorf("invited: %v", err)
		}
		whole, one := s.world.counts(r, track)
		if sent := s.hears(server); strings.Join(kinds(sent), " ") != "Reject" || s.followers() != 1 || whole != (social.Counts{}) || one != (social.Counts{}) || s.comments(r) != "<p>before</p>" {
			t.Errorf("%v, %d, %+v, %+v, %q", kinds(sent), s.followers(), whole, one, s.comments(r))
		}
		if mine, err := s.together.Lists(t.Context(), s.ada); err != nil || len(mine) != 0 {
			t.Errorf("%+v, %v", mine, err)
		}
		if list, _, err := door.Visitors(t.Context(), s.ada, s.Act, social.FollowBlock, ""); err != nil || len(list) != 1 || list[0].Handle != "x" {
			t.Errorf("%+v, %v", list, err)
		}
		s.receive(shore.Activity("Like", "l1", vocab.At(s.Site.Track(track))))
		if _, one = s.world.counts(r, track); one.Likes != 1 {
			t.Errorf("others: %+v", one)
		}
		s.says(tide, "Delete", "n1", "", s.Site.Track(track))
		if got := s.comments(r); got != "" {
			t.Errorf("what they take back stays: %q", got)
		}
		s.receive(tide.Activity("Delete", "d1", vocab.At(tide.ID)))
		if err := s.SocialUpdate(t.Context(), func(tx social.Tx) error {
			return tx.PutActor(t.Context(), social.Actor{ID: tide.ID, Host: server.Host(), Kind: "Person", Handle: "tide", Inbox: tide.ID + "/inbox"})
		}); err != nil {
			t.Fatal(err)
		}
		s.must(door.Judge(t.Context(), s.ada, s.Act, "@tide@"+server.Host(), ""))
		if sent := s.hears(server); strings.Join(kinds(sent), " ") != "Undo" || sent[0].Object[0].ID() != block.ID || !sent[0].Object[0].Object.Is("Block") {
			t.Errorf("blocked no longer: %v", kinds(sent))
		}
		s.receive(tide.Activity("Follow", "f2", vocab.At(act)))
		if s.followers() != 2 {
			t.Errorf("%d followers", s.followers())
		}
	})
}

// Whom a person blocks is told, also when they did not follow, and works with them on
// nothing.
func TestPersonBlocks(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		server := fedtest.NewServer(t)
		tide := server.Actor("tide")
		s := newStudio(t, url, server)
		people := &social.People{Store: s, Federates: true, Post: s.out, Sent: func() {}}
		p := s.list("", s.song())
		s.must(s.together.Invite(t.Context(), s.ada, p, "@tide@x.example"))
		s.must(s.out.Invite(t.Context(), string(p)+" "+tide.ID))
		s.sends(tide, "Accept", vocab.Item{}, s.hears(server)[0].ID)
		s.must(people.Judge(t.Context(), s.ada.Account, "x@"+server.Host(), social.FollowBlock))
		sent := s.hears(server)
		at := s.Site.Person(s.wren)
		slices.SortFunc(sent, func(a, b *vocab.Object) int { return strings.Compare(a.Type[0], b.Type[0]) }) // they are of one moment
		if strings.Join(kinds(sent), " ") != "Block Undo" || sent[0].Object[0].ID() != tide.ID || sent[0].Actor.ID() != at || sent[1].Object[0].Object == nil || !sent[1].Object[0].Object.Is("Invite") {
			t.Fatalf("%v", kinds(sent))
		}
		block := sent[0].ID
		invite := tide.Activity("Invite", "i1", vocab.Of(playlist(tide, "1")))
		invite.Target = vocab.At(at)
		s.receive(invite, tide.Activity("Follow", "f1", vocab.At(at)))
		if sent = s.hears(server); strings.Join(kinds(sent), " ") != "Reject" {
			t.Errorf("%v", kinds(sent))
		}
		if mine, err := s.together.Lists(t.Context(), s.ada); err != nil || len(mine) != 0 {
			t.Errorf("%+v, %v", mine, err)
		}
		s.must(people.Judge(t.Context(), s.ada.Account, tide.ID, ""))
		if sent = s.hears(server); strings.Join(kinds(sent), " ") != "Undo" || sent[0].Object[0].ID() != block || sent[0].Actor.ID() != at {
			t.Errorf("%v", kinds(sent))
		}
	})
}
