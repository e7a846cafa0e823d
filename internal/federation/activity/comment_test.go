package activity_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// reply makes the Create of a text that answers something.
func reply(a *fedtest.Actor, name, to, content string) *vocab.Object {
	n := &vocab.Object{ID: a.ID + "/notes/" + name, Type: []string{"Note"}, AttributedTo: vocab.One(a.ID), InReplyTo: vocab.One(to), Content: content, To: []string{vocab.Public}}
	return a.Activity("Create", "creates/"+name, vocab.Of(n))
}

func (w *world) said(r id.Release) []social.Said {
	w.T.Helper()
	c, err := (&social.Talk{Store: w.DB}).Comments(w.T.Context(), music.Viewer{}, r, "", 100)
	if err != nil {
		w.T.Fatal(err)
	}
	return c.Comments
}

// An answer to any form of the music is a comment, and an answer to that too;
// what it says is made clean, where it belongs is found.
func TestComments(t *testing.T) {
	s, other := fedtest.NewServer(t), fedtest.NewServer(t)
	ada, bo := s.Actor("ada"), other.Actor("bo")
	w := &world{Node: fedtest.NewNode(t, s, other)}
	r, track := w.Publish()
	first := reply(ada, "1", w.Site.ReleaseNote(r), `<p><span class="h-card">@<span>low-tide</span></span> 0:12 what a <script>x</script><b onclick=x>drop</b></p>`)
	answer := reply(bo, "2", ada.ID+"/notes/1", "<p>yes</p>")
	carries := reply(ada, "3", w.Site.Track(track), "<p>here</p>")
	carries.Object[0].Object.Put("nineten:position", 1.5)
	beyond := reply(ada, "4", w.Site.TrackPage(r, track), "<p>59:59 is not in it</p>")
	w.receive(first, first)
	w.Pass(time.Second)
	w.receive(answer)
	w.Pass(time.Second)
	w.receive(carries)
	w.Pass(time.Second)
	w.receive(beyond)
	got := ""
	for _, c := range w.said(r) {
		got += fmt.Sprintf("%d %s %d %v %s\n", c.Depth, c.Author.Actor, c.Position, c.Thing.Track == track, c.HTML)
	}
	want := "0 " + ada.ID + " -1 true <p>59:59 is not in it</p>\n0 " + ada.ID + " 1500 true <p>here</p>\n0 " + ada.ID + " 12000 true <p>@low-tide 0:12 what a <b>drop</b></p>\n1 " + bo.ID + " -1 true <p>yes</p>\n"
	if got != want {
		t.Errorf("got\n%s want\n%s", got, want)
	}
	edited := *carries.Object[0].Object
	edited.Content, edited.Extra = "<p>there</p>", nil
	w.receive(ada.Activity("Update", "updates/3", vocab.Of(&edited)))
	stone := &vocab.Object{ID: ada.ID + "/notes/1", Type: []string{"Tombstone"}}
	w.receive(ada.Activity("Delete", "deletes/1", vocab.Of(stone)), ada.Activity("Delete", "deletes/4", vocab.At(ada.ID+"/notes/4")))
	list := w.said(r)
	if len(list) != 2 || list[0].HTML != "<p>there</p>" || list[0].Position != -1 || !list[0].Changed.After(list[0].At) || list[1].Author.Actor != bo.ID || list[1].Depth != 0 {
		t.Errorf("%+v", list)
	}
	w.receive(bo.Activity("Delete", "d", vocab.At(bo.ID)), ada.Activity("Delete", "d", vocab.At(ada.ID)))
	if list := w.said(r); len(list) != 0 {
		t.Errorf("of those who are gone: %+v", list)
	}
	if w.sent != 0 {
		t.Errorf("%d were sent for it", w.sent)
	}
}

// What is no comment, and whose word does not count for another's.
func TestCommentsOfNoWorth(t *testing.T) {
	s, evil := fedtest.NewServer(t), fedtest.NewServer(t)
	ada, mallory := s.Actor("ada"), evil.Actor("mallory")
	w := &world{Node: fedtest.NewNode(t, s, evil)}
	r, track := w.Publish()
	at := w.Site.Track(track)
	w.receive(reply(ada, "1", at, "<p>mine</p>"))
	inAdasName := reply(mallory, "x1", at, "<p>ada says</p>")
	inAdasName.Object[0].Object.AttributedTo = vocab.One(ada.ID)
	taken := reply(mallory, "x2", at, "<p>taken</p>")
	taken.Object[0].Object.ID = ada.ID + "/notes/1"
	private := reply(mallory, "x3", at, "<p>between us</p>")
	private.Object[0].Object.To = []string{w.Site.Act(w.Act)}
	long := reply(mallory, "x4", at, "<p>"+strings.Repeat("a", 50_000)+"</p>")
	empty := reply(mallory, "x5", at, "<img src=x>")
	elsewhere := reply(mallory, "x6", evil.URL+"/notes/9", "<p>elsewhere</p>")
	gone := reply(mallory, "x7", w.Site.Track(id.New[id.Track](fedtest.Moment)), "<p>nothing</p>")
	theirs := &vocab.Object{ID: ada.ID + "/notes/1", Type: []string{"Note"}, AttributedTo: vocab.One(mallory.ID), Content: "<p>changed</p>", To: []string{vocab.Public}}
	w.receive(inAdasName, taken, private, long, empty, elsewhere, gone, mallory.Activity("Update", "u", vocab.Of(theirs)), mallory.Activity("Delete", "d1", vocab.At(ada.ID+"/notes/1")),
		s.Actor("neighbour").Activity("Delete", "d2", vocab.At(ada.ID+"/notes/1")))
	if list := w.said(r); len(list) != 1 || list[0].HTML != "<p>mine</p>" || list[0].Author.Actor != ada.ID {
		t.Errorf("%+v", list)
	}
}

// One person floods nobody's page, and neither does a server.
func TestCommentBomb(t *testing.T) {
	s := fedtest.NewServer(t)
	w := &world{Node: fedtest.NewNode(t, s)}
	r, track := w.Publish()
	var all []*vocab.Object
	for i := range 7 {
		a := s.Actor(fmt.Sprint("bot", i))
		for j := range 25 {
			all = append(all, reply(a, fmt.Sprint(j), w.Site.Track(track), "<p>buy</p>"))
		}
	}
	w.receive(all...)
	by := map[string]int{}
	for _, c := range w.said(r) {
		by[c.Author.Actor]++
	}
	total := 0
	for a, n := range by {
		total += n
		if n > 20 {
			t.Errorf("%s has %d", a, n)
		}
	}
	if total != 100 {
		t.Errorf("%d of one server", total)
	}
}

// An act says who may comment, and one release may be otherwise.
func TestCommentPolicy(t *testing.T) {
	s := fedtest.NewServer(t)
	ada, bo := s.Actor("ada"), s.Actor("bo")
	w := &world{Node: fedtest.NewNode(t, s)}
	r, _ := w.Publish()
	staff := music.Viewer{Account: "x", Moderator: true}
	talk := &social.Talk{Store: w.DB}
	n := 0
	for _, tt := range []struct {
		act, release social.Policy
		want         int
	}{{"", "", 2}, {social.Followers, "", 1}, {social.Nobody, "", 0}, {social.Nobody, social.Everybody, 2}, {social.Everybody, social.Followers, 1}} {
		for release, p := range map[id.Release]social.Policy{"": tt.act, r: tt.release} {
			if err := talk.SetPolicies(t.Context(), staff, w.Act, release, social.Policies{social.Commenting: p, social.Liking: social.Nobody}); err != nil {
				t.Fatal(err)
			}
		}
		w.receive(ada.Activity("Follow", "f", vocab.At(w.Site.Act(w.Act))))
		before := len(w.said(r))
		n++
		w.receive(reply(ada, fmt.Sprint("a", n), w.Site.Release(r), "<p>a</p>"), reply(bo, fmt.Sprint("b", n), w.Site.Release(r), "<p>b</p>"))
		if got := len(w.said(r)) - before; got != tt.want {
			t.Errorf("%+v: %d are taken", tt, got)
		}
	}
}
