package app

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// heard is the last activity of a kind that a server got of somebody here.
func (s *suite) heard(by *fedtest.Server, kind, from string) *vocab.Object {
	got := by.Got()
	for _, p := range slices.Backward(got) {
		if p.Object.Is(kind) && p.Object.Actor.ID() == from {
			return p.Object
		}
	}
	return nil
}

// hears waits for one that it did not get before.
func (s *suite) hears(by *fedtest.Server, kind, from string, before *vocab.Object) (o *vocab.Object) {
	s.t.Helper()
	s.arrives(kind+" of "+from, func() bool {
		s.exec(dueNow)
		o = s.heard(by, kind, from)
		return o != nil && (before == nil || o.ID != before.ID)
	})
	return o
}

// shoreHandle is how somebody here finds the act of another server.
func (s *suite) shoreHandle() string { return "shore@" + s.shore.Server().Host() }

// asks has somebody here follow the act of another server, or no longer and again, and
// returns what the node sent it.
func (s *suite) asks() *vocab.Object {
	s.t.Helper()
	node := fedtest.Origin + "/ap/node"
	before := s.heard(s.shore.Server(), "Follow", node)
	if before != nil {
		s.people.do(http.MethodDelete, "/api/v1/elsewhere/acts/"+s.shoreHandle()+"/follow", nil, nil)
	}
	s.people.do(http.MethodGet, "/api/v1/elsewhere?who=@"+s.shoreHandle(), nil, nil)
	s.people.do(http.MethodPut, "/api/v1/elsewhere/acts/"+s.shoreHandle()+"/follow", nil, nil)
	return s.hears(s.shore.Server(), "Follow", node, before)
}

// following is what is shown here of the node's own Follow of that act.
func (s *suite) following() string {
	s.t.Helper()
	var shown struct{ State string }
	s.people.do(http.MethodGet, "/api/v1/elsewhere/acts/"+s.shoreHandle(), nil, &shown)
	return shown.State
}

// followings are sections 7.6 and 7.7: what somebody says to a Follow of this node.
var followings = []requirement{
	{"7.6", "what the node follows it does not follow before it is let in", func(s *suite) bool {
		asked := s.asks()
		return vocab.FirstID(asked.Object) == s.shore.ID && s.following() == "asked"
	}},
	{"7.6", "Accept by who was not asked changes nothing", func(s *suite) bool {
		s.sends(s.bo, "Accept", vocab.Of(s.heard(s.shore.Server(), "Follow", fedtest.Origin+"/ap/node")))
		return s.following() == "asked"
	}},
	{"7.6", "Accept of what is no Follow of the node changes nothing", func(s *suite) bool {
		s.sends(s.shore, "Accept", vocab.At(s.shore.ID+"/something"))
		return s.following() == "asked"
	}},
	{"7.7", "Reject of it, and the node does not follow", func(s *suite) bool {
		s.sends(s.shore, "Reject", vocab.At(s.heard(s.shore.Server(), "Follow", fedtest.Origin+"/ap/node").ID))
		return s.following() == "refused"
	}},
	{"7.6", "Accept of it, and the node follows", func(s *suite) bool {
		s.sends(s.shore, "Accept", vocab.Of(s.asks()))
		return s.following() == "accepted"
	}},
	{"7.7", "Reject of what was accepted ends it", func(s *suite) bool {
		s.sends(s.shore, "Reject", vocab.Of(s.heard(s.shore.Server(), "Follow", fedtest.Origin+"/ap/node")))
		return s.following() == "refused"
	}},
	{"7.7", "Block of the node ends it as well", func(s *suite) bool {
		s.sends(s.shore, "Accept", vocab.Of(s.asks()))
		before := s.following()
		s.sends(s.bo, "Block", vocab.At(fedtest.Origin+"/ap/node"))
		between := s.following()
		s.sends(s.shore, "Block", vocab.At(fedtest.Origin+"/ap/node"))
		return before == "accepted" && between == before && s.following() == "refused"
	}},
}

// puts has somebody put the track of the act into a list, or take it out.
func (s *suite) puts(by *fedtest.Actor, kind, into string) {
	s.t.Helper()
	s.made++
	x := by.Activity(kind, strings.Repeat("x", s.made), vocab.At(s.track))
	x.Target, x.To = vocab.At(into), []string{s.act}
	if code := s.says(by, x); code != http.StatusAccepted {
		s.t.Errorf("%s: %d", kind, code)
	}
	s.applied()
}

// invites has the act publish a list and ask somebody elsewhere to work on it, who does.
func (s *suite) invites() {
	s.t.Helper()
	var made struct{ ID id.Playlist }
	s.people.do(http.MethodPost, "/api/v1/playlists", map[string]any{"title": "Night trains", "tracks": []string{}}, &made)
	at := "/api/v1/playlists/" + string(made.ID)
	s.people.do(http.MethodPatch, at, map[string]any{"access": "public", "act": s.act[strings.LastIndex(s.act, "/")+1:]}, nil)
	s.people.do(http.MethodPost, at+"/collaborators", map[string]any{"handle": "@" + s.shoreHandle()}, nil)
	s.list = fedtest.Origin + "/ap/playlists/" + string(made.ID)
	s.sends(s.shore, "Accept", vocab.Of(s.hears(s.shore.Server(), "Invite", s.act, nil)))
}

// additions are sections 7.8 and 7.9. The one kind of collection to which others add is a
// playlist, and only who was asked to work on it does.
var additions = []requirement{
	{"7.8", "Add puts a thing into the collection of this node that is its target", func(s *suite) bool {
		s.invites()
		s.puts(s.shore, "Add", s.list)
		return s.number(s.list) == 1
	}},
	{"7.8", "but not by who may not", func(s *suite) bool {
		s.puts(s.bo, "Add", s.list)
		return s.number(s.list) == 1
	}},
	{"7.8", "nor into what nobody adds to", func(s *suite) bool {
		for _, at := range []string{s.act + "/followers", s.act + "/outbox", s.note[:len(s.note)-len("/note")] + "/likes"} {
			before := s.number(at)
			if s.puts(s.shore, "Add", at); s.number(at) != before {
				return false
			}
		}
		return true
	}},
	{"7.8", "nor into what is of another server", func(s *suite) bool {
		before := len(s.bo.Server().Got())
		s.puts(s.shore, "Add", s.bo.ID+"/list")
		return len(s.bo.Server().Got()) == before
	}},
	{"7.9", "Remove by who may not changes nothing", func(s *suite) bool {
		s.puts(s.bo, "Remove", s.list)
		return s.number(s.list) == 1
	}},
	{"7.9", "Remove takes it out", func(s *suite) bool {
		s.puts(s.shore, "Remove", s.list)
		return s.number(s.list) == 0
	}},
}

// reacted are more of sections 7.10 and 7.11, and of 6.9.
var reacted = []requirement{
	{"7.10", "a Like of what is not here is counted nowhere", func(s *suite) bool {
		before := s.count("likes")
		code, _ := s.sends(s.bo, "Like", vocab.At(s.bo.ID+"/note1"))
		return code == http.StatusAccepted && s.count("likes") == before
	}},
	{"7.11, 7.12", "Undo of an Announce takes it back", func(s *suite) bool {
		_, boost := s.sends(s.bo, "Announce", vocab.At(s.note))
		before := s.count("shares")
		s.sends(s.bo, "Undo", vocab.Of(boost))
		return s.count("shares") == before-1
	}},
	// The recommendation says SHOULD NOT here, so that nobody learns that they are blocked.
	// Mastodon and all that federate with it send it all the same: without, the other server
	// goes on taking Follows and showing what it was sent before. So it is sent, to the one
	// blocked and to nobody else.
	{"6.9", "Block is sent to whom it is about, and to nobody else", func(s *suite) bool {
		s.sends(s.ada, "Follow", vocab.At(s.act))
		s.people.do(http.MethodPut, "/api/v1/studio/acts/"+s.act[strings.LastIndex(s.act, "/")+1:]+"/followers", map[string]string{"actor": s.bo.ID, "state": "blocked"}, nil)
		block := s.hears(s.bo.Server(), "Block", s.act, nil)
		s.applied()
		alone := slices.Equal(append(block.To, block.CC...), []string{s.bo.ID}) && vocab.FirstID(block.Object) == s.bo.ID
		for _, p := range s.ada.Server().Got() {
			alone = alone && (!p.Object.Is("Block") || p.Path == strings.TrimPrefix(s.bo.ID, s.bo.Server().URL)+"/inbox")
		}
		_, _, page := s.get(s.act+"/outbox?page=1", "")
		said := fmt.Sprint(page["orderedItems"])
		return alone && s.heard(s.shore.Server(), "Block", s.act) == nil && !strings.Contains(said, "Block")
	}},
	{"6.9", "who is blocked does not interact with what is the act's", func(s *suite) bool {
		replies, shares, followers := s.count("replies"), s.count("shares"), s.followers()
		s.sends(s.bo, "Follow", vocab.At(s.act))
		s.sends(s.bo, "Announce", vocab.At(s.note))
		s.sends(s.bo, "Create", s.reply(s.bo, "note9"))
		return s.count("replies") == replies && s.count("shares") == shares && s.followers() == followers
	}},
	{"6.9, 7.12", "Undo of a Block is sent to them, too", func(s *suite) bool {
		s.people.do(http.MethodPut, "/api/v1/studio/acts/"+s.act[strings.LastIndex(s.act, "/")+1:]+"/followers", map[string]string{"actor": s.bo.ID, "state": "none"}, nil)
		undo := s.hears(s.bo.Server(), "Undo", s.act, nil)
		return slices.Equal(undo.To, []string{s.bo.ID}) && undo.Object[0].Object.Is("Block")
	}},
}

// many gives the node an act with so many releases, and returns its address and theirs,
// the newest first.
func (s *suite) many(handle string, n int) (act string, notes []string) {
	s.t.Helper()
	now := s.now()
	a := music.Act{ID: id.New[id.Act](now), Handle: handle, Name: handle, Created: now, Changed: now}
	s.ok(s.db.Music().Update(s.t.Context(), func(tx music.Tx) error {
		if err := tx.InsertAct(s.t.Context(), &a); err != nil {
			return err
		}
		for i := range n {
			at := now.Add(time.Duration(i-n) * time.Minute)
			r := music.Release{ID: id.New[id.Release](at), Act: a.ID, Facts: music.Facts{Title: fmt.Sprint("No. ", i), Kind: music.Single}, State: music.Published, Published: at, Created: at, Changed: at}
			if err := tx.InsertRelease(s.t.Context(), &r); err != nil {
				return err
			}
			row := music.ReleaseRow{ID: r.ID, Title: r.Facts.Title, Act: a.ID, ActHandle: handle, ActName: handle, Kind: music.Single, Published: at}
			if err := tx.SetLines(s.t.Context(), r.ID, &row, 0, nil, nil); err != nil {
				return err
			}
			notes = append(notes, fedtest.Origin+"/ap/releases/"+string(r.ID)+"/note")
		}
		return nil
	}))
	slices.Reverse(notes)
	return fedtest.Origin + "/ap/acts/" + string(a.ID), notes
}

// listed are the things that a page has, or what its activities are about.
func listed(page doc) (out []string) {
	items, _ := page["orderedItems"].([]any)
	for _, i := range items {
		at, _ := i.(string)
		if x, ok := i.(map[string]any); ok {
			what, _ := x["object"].(map[string]any)
			at = doc(what).text("id")
		}
		out = append(out, at)
	}
	return out
}

// paging is section 5 with the vocabulary's section 4 (AS2 Core): collections of more than
// a page, of one, and of nothing.
var paging = []requirement{
	{"5, AS2 4.1", "a collection of three pages has a first, a last and a number, and is read from one to the other", func(s *suite) bool {
		act, want := s.many("plenty", 2*form.PageSize+1)
		s.plenty = act
		_, _, d := s.get(act+"/outbox", "")
		var got []string
		pages, before := 0, ""
		for at := d.text("first"); at != ""; pages++ {
			_, _, p := s.get(at, "")
			if p.text("id") != at || p.text("partOf") != act+"/outbox" || p.text("prev") != before || p["totalItems"] != d["totalItems"] || p.text("type") != "OrderedCollectionPage" {
				return false
			}
			if got = append(got, listed(p)...); p.text("next") == "" && at != d.text("last") {
				return false
			}
			at, before = p.text("next"), at
		}
		return pages == 3 && slices.Equal(got, want) && d["totalItems"] == float64(len(want)) && d["orderedItems"] == nil
	}},
	{"5", "what is in it stands in reverse chronological order", func(s *suite) bool {
		last := s.now()
		for page := 1; page <= 3; page++ {
			_, _, p := s.get(fmt.Sprint(s.plenty, "/outbox?page=", page), "")
			items, _ := p["orderedItems"].([]any)
			for _, i := range items {
				x, _ := i.(map[string]any)
				at, err := time.Parse(time.RFC3339, doc(x).text("published"))
				if err != nil || at.After(last) {
					return false
				}
				last = at
			}
		}
		return true
	}},
	{"5", "from its last page one reads back to the first", func(s *suite) bool {
		_, _, d := s.get(s.plenty+"/releases", "")
		pages, first := 0, ""
		for at := d.text("last"); at != ""; pages++ {
			_, _, p := s.get(at, "")
			first, at = at, p.text("prev")
		}
		return pages == 3 && first == d.text("first")
	}},
	{"AS2 4.1", "beyond its end is a page with nothing that leads back, and to nothing further", func(s *suite) bool {
		_, _, d := s.get(s.plenty+"/outbox", "")
		for _, n := range []string{"4", "5", "1000000", "9223372036854775807"} {
			code, _, p := s.get(s.plenty+"/outbox?page="+n, "")
			if items, is := p["orderedItems"].([]any); code != http.StatusOK || !is || len(items) > 0 || p["next"] != nil || p.text("prev") != d.text("last") {
				return false
			}
		}
		return true
	}},
	{"AS2 4.1", "what is no page is not there", func(s *suite) bool {
		for _, n := range []string{"0", "-1", "x", "1.5", "9223372036854775808"} {
			if code, _, _ := s.get(s.plenty+"/outbox?page="+n, ""); code != http.StatusNotFound {
				return false
			}
		}
		return true
	}},
	{"5, AS2 4.1", "one of nothing says so, and its first and last page is one that has nothing", func(s *suite) bool {
		none, _ := s.many("nothing", 0)
		for _, at := range []string{none + "/outbox", none + "/releases", none + "/playlists", none + "/followers", fedtest.Origin + "/ap/node/outbox"} {
			_, _, d := s.get(at, "")
			code, _, p := s.get(d.text("first"), "")
			items, is := p["orderedItems"].([]any)
			if d["totalItems"] != 0.0 || d.text("last") != d.text("first") || code != http.StatusOK || !is || len(items) > 0 || p["next"] != nil || p["prev"] != nil || p.text("partOf") != at {
				return false
			}
		}
		return true
	}},
	{"5.3, 5.7, 5.8", "of what is only a number the one page has nothing, and names nobody", func(s *suite) bool {
		for _, at := range []string{s.act + "/followers", s.note[:len(s.note)-len("/note")] + "/likes"} {
			_, _, d := s.get(at, "")
			_, _, p := s.get(d.text("first"), "")
			if d["totalItems"] == 0.0 || p["totalItems"] != d["totalItems"] || len(listed(p)) > 0 || p["next"] != nil {
				return false
			}
		}
		return true
	}},
	{"5", "each page of one names no other's things", func(s *suite) bool {
		_, _, p := s.get(s.plenty+"/outbox?page=2", "")
		return !slices.Contains(listed(p), s.note) && len(listed(p)) == form.PageSize
	}},
}

// about is what of a release or a track a document says it is part of.
func (s *suite) about(at string) string {
	s.t.Helper()
	_, _, d := s.get(at, "")
	return d.text("context")
}

// conversation is what is in that of the release, in order.
func (s *suite) conversation() (all []string) {
	s.t.Helper()
	_, _, d := s.get(s.about(s.note), "")
	for at := d.text("first"); at != ""; {
		_, _, p := s.get(at, "")
		all, at = append(all, listed(p)...), p.text("next")
	}
	return all
}

// within has somebody answer an address, by their word in a conversation.
func (s *suite) within(by *fedtest.Actor, name, to, in string) (took bool) {
	s.t.Helper()
	before := s.count("replies")
	i := s.reply(by, name)
	i.Object.InReplyTo, i.Object.Conversation = vocab.One(to), in
	s.sends(by, "Create", i)
	return s.count("replies") == before+1
}

// talk is FEP-7888 with FEP-f228: conversations.
var talk = []requirement{
	{"FEP-7888", "the post of a release, its track and that one's post are parts of one conversation", func(s *suite) bool {
		want := strings.TrimSuffix(s.note, "note") + "context"
		for _, at := range []string{s.note, s.track, s.track + "/note", strings.TrimSuffix(s.note, "/note")} {
			if s.about(at) != want {
				return false
			}
		}
		return true
	}},
	{"FEP-7888", "which is a collection of its own, and the act's", func(s *suite) bool {
		at := s.about(s.note)
		code, _, d := s.get(at, "")
		_, _, p := s.get(d.text("first"), "")
		return code == http.StatusOK && d.text("id") == at && d.text("type") == "OrderedCollection" && d.text("attributedTo") == s.act && p.text("attributedTo") == s.act && p.text("partOf") == at && d["totalItems"] == float64(len(listed(p)))
	}},
	{"FEP-f228", "in the order in which it was said: first the post that began it, and that of a track before what was said of this", func(s *suite) bool {
		s.within(s.shore, "c1", s.track, "")
		s.set(s.now().Add(time.Second)) // nobody answers in the same moment
		s.within(s.shore, "c2", s.shore.ID+"/c1", "")
		return slices.Equal(s.conversation(), []string{s.note, s.ada.ID + "/note2", s.track + "/note", s.shore.ID + "/c1", s.shore.ID + "/c2"})
	}},
	{"FEP-7888", "what answers something that is not known here is part of the one that it names", func(s *suite) bool {
		return s.within(s.shore, "c3", s.bo.ID+"/unknown", s.about(s.note)) && slices.Contains(s.conversation(), s.shore.ID+"/c3")
	}},
	{"FEP-7888", "and of none without that word, or by the name of what is no conversation here", func(s *suite) bool {
		for n, in := range []string{"", s.note, strings.Replace(s.about(s.note), "/releases/0", "/releases/1", 1), s.shore.ID + "/context"} {
			if s.within(s.shore, fmt.Sprint("d", n), s.bo.ID+"/unknown", in) {
				return false
			}
		}
		return true
	}},
	{"FEP-7888", "nor is what answers a guessed address of this node", func(s *suite) bool {
		return !s.within(s.shore, "e1", fedtest.Origin+"/ap/comments/"+string(id.New[id.Comment](s.now())), s.about(s.note))
	}},
	{"FEP-7888", "what a listener who is seen says of it, and answers in it, is part of it", func(s *suite) bool {
		s.people.do(http.MethodPut, "/api/v1/me/person", map[string]any{"handle": "heron"}, nil)
		said := s.comments(map[string]any{"text": "Lovely."}, "")
		answered := s.comments(map[string]any{"text": "Yes.", "parent": said}, "")
		for _, c := range []string{said, answered} {
			at := fedtest.Origin + "/ap/comments/" + c
			if s.about(at) != s.about(s.note) || !slices.Contains(s.conversation(), at) {
				return false
			}
		}
		return true
	}},
	{"FEP-7888", "what they say of music elsewhere is part of the one that this says it is part of", func(s *suite) bool {
		var known struct{ Releases []struct{ ID string } }
		s.arrives("the release elsewhere is known", func() bool {
			s.exec(dueNow)
			s.people.do(http.MethodGet, "/api/v1/elsewhere/acts/"+s.shoreHandle(), nil, &known)
			return len(known.Releases) == 1
		})
		said := s.comments(map[string]any{"text": "Far."}, known.Releases[0].ID)
		return s.about(fedtest.Origin+"/ap/comments/"+said) == s.shore.ID+"/r/1/context"
	}},
}

// comments has somebody here say something of the release, or of one elsewhere.
func (s *suite) comments(body map[string]any, release string) string {
	s.t.Helper()
	if release == "" {
		release = strings.Split(s.note, "/")[5]
	}
	var said struct{ ID string }
	s.people.do(http.MethodPost, "/api/v1/releases/"+release+"/comments", body, &said)
	return said.ID
}
