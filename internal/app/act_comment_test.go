package app

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// An act's people answer in its name who speaks of its music elsewhere, as which they are
// heard there, answered and forgotten: nobody is told whose account it is.
func TestCommentsOfAnAct(t *testing.T) {
	near, far := fedtest.NewServer(t), fedtest.NewServer(t)
	ada, bo := near.Actor("ada"), far.Actor("bo")
	s := newSuite(t, ada, bo)
	stop := s.runs()
	defer stop()
	wren, robin := s.joins(1), s.joins(2)
	act := id.Act(s.act[strings.LastIndex(s.act, "/")+1:])
	s.ok(s.db.Music().Update(t.Context(), func(tx music.Tx) error { return tx.SetRole(t.Context(), act, wren.account, music.Editor) }))
	s.sends(bo, "Follow", vocab.At(s.act))
	s.sends(ada, "Create", s.reply(ada, "lovely"))

	release := strings.TrimSuffix(strings.TrimPrefix(s.note, fedtest.Origin+"/ap/releases/"), "/note")
	at := "/api/v1/releases/" + release + "/comments"
	type comment struct{ ID, Parent, Name, Address, Page, HTML string }
	list := func() []comment {
		t.Helper()
		var out struct{ Rows []comment }
		robin.do(http.MethodGet, at, nil, &out)
		return out.Rows
	}
	asked := list()[0]
	var said comment
	wren.do(http.MethodPost, at, map[string]any{"text": "Thank you", "parent": asked.ID, "as": act}, &said)
	note := fedtest.Origin + "/ap/comments/" + said.ID
	s.arrives("who follows and who is answered are told", func() bool { return len(creates(far)) > 0 && len(creates(near)) > 0 })
	p := creates(near)[0]
	n := p.Object.Object[0].Object
	if p.KeyID != s.act+"#main-key" || n.ID != note || n.Author() != s.act || vocab.FirstID(n.InReplyTo) != ada.ID+"/lovely" || strings.Join(n.CC, " ") != s.act+"/followers "+ada.ID || n.Tag[0].Object.Href != ada.ID || !n.IsPublic() {
		t.Errorf("%s %+v", p.KeyID, n)
	}
	if sealed, err := sig.Open(p.Body); err != nil || sealed.Method != s.act+"#ed25519-key" { // so that others pass it on
		t.Errorf("%+v %v", sealed, err)
	}
	if said.Address != "@low-tide" || said.Page != "/act/low-tide" || strings.Contains(string(p.Body), wren.handle) {
		t.Errorf("%+v %s", said, p.Body)
	}
	if code, _, d := s.get(note, ""); code != http.StatusOK || d["attributedTo"] != s.act {
		t.Errorf("%d %v", code, d)
	}

	var rules map[string]struct{ AutomaticApproval []string }
	if n.Get("interactionPolicy", &rules); rules["canLike"].AutomaticApproval[0] != s.act || rules["canAnnounce"].AutomaticApproval[0] != s.act || rules["canReply"].AutomaticApproval != nil {
		t.Errorf("%+v", rules)
	}
	again := &vocab.Object{ID: ada.ID + "/again", Type: []string{"Note"}, AttributedTo: vocab.One(ada.ID), InReplyTo: vocab.One(note), Content: "<p>Soon?</p>", To: []string{vocab.Public}}
	s.sends(ada, "Create", vocab.Of(again))
	if got := list(); len(got) != 3 || got[2].Parent != said.ID {
		t.Errorf("%+v", got)
	}
	var told struct {
		Rows []struct{ Kind, Comment string }
	}
	wren.do(http.MethodGet, "/api/v1/notifications", nil, &told)
	if !slices.ContainsFunc(told.Rows, func(r struct{ Kind, Comment string }) bool { return r.Kind == "answer" && r.Comment == list()[2].ID }) {
		t.Errorf("%+v", told)
	}
	role := func(r music.Role) {
		s.ok(s.db.Music().Update(t.Context(), func(tx music.Tx) error { return tx.SetRole(t.Context(), act, wren.account, r) }))
	}
	role(music.NoRole)
	if _, err := (&social.Talk{Store: s.db}).Edit(t.Context(), music.Viewer{Account: wren.account}, id.Comment(said.ID), "I left", -1); !fault.Is(err, fault.Forbidden) {
		t.Errorf("who left the act speaks for it: %v", err)
	}
	role(music.Editor)
	var last comment
	wren.do(http.MethodPost, at, map[string]any{"text": "It goes", "as": act}, &last)
	s.arrives("who follows is told of another", func() bool { return len(creates(far)) > 1 })
	wren.do(http.MethodDelete, "/api/v1/comments/"+said.ID, nil, nil)
	gone := func(s *fedtest.Server, note string) bool {
		return slices.ContainsFunc(s.Got(), func(p fedtest.Posted) bool { return p.Object.Is("Delete") && p.Object.Object[0].ID() == note })
	}
	s.arrives("both hear that it is no more", func() bool { return gone(near, note) && gone(far, note) })
	if code, _, d := s.get(note, ""); code != http.StatusGone || d["type"] != "Tombstone" {
		t.Errorf("%d %v", code, d)
	}
	s.ok(s.db.Music().Update(t.Context(), func(tx music.Tx) error { return tx.DeleteRelease(t.Context(), id.Release(release)) }))
	s.arrives("nor is what was said of music that is gone", func() bool { return gone(far, fedtest.Origin+"/ap/comments/"+last.ID) })
}

// creates are those that a server was sent of comments.
func creates(s *fedtest.Server) (out []fedtest.Posted) {
	for _, p := range s.Got() {
		if o := p.Object; o.Is("Create") && strings.Contains(o.Object[0].ID(), "/ap/comments/") {
			out = append(out, p)
		}
	}
	return out
}
