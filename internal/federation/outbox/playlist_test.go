package outbox_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/outbox"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// Nodes hear Add and Remove where tracks came to the end of a playlist or went, Update of
// any other change; everybody else hears that its post changed.
func TestTellsOfPlaylists(t *testing.T) {
	n := fedtest.NewNode(t)
	act := music.Act{ID: n.Act, Handle: "low-tide", Name: "Low Tide", Created: fedtest.Moment}
	p := music.Playlist{ID: id.New[id.Playlist](fedtest.Moment), Act: n.Act, Title: "Late trains", Access: music.Public, Created: fedtest.Moment, Changed: fedtest.Moment}
	s := &shelf{act: act}
	b := &outbox.Outbox{Site: func(context.Context) form.Site { return n.Site }, Albums: s, Acts: s, Store: n.DB, Sent: func() {}}
	has := func(tracks ...string) func() {
		return func() { s.list = &form.Selection{Playlist: p, Act: act, Tracks: tracks} }
	}
	const one, two, three = "https://a.example/1", "https://b.example/2", "https://c.example/3"
	for _, step := range []struct {
		what   string
		do     func()
		kind   string // for nodes, "" nothing is said
		tracks []string
		post   string // for all others
	}{
		{"a listener's own", func() {}, "", nil, ""},
		{"published", has(one), "Create", nil, "Create"},
		{"again", func() {}, "", nil, ""},
		{"two more", has(one, two, three), "Add", []string{two, three}, "Update"},
		{"again", func() {}, "", nil, ""},
		{"moved", has(two, one, three), "Update", nil, "Update"},
		{"one taken out", has(two, three), "Remove", []string{one}, "Update"},
		{"one for another", has(two, one), "Update", nil, "Update"},
		{"another name", func() { p.Title = "Early trains"; has(two, one)() }, "Update", nil, "Update"},
		{"one of two that are the same", func() { has(two, one, one)() }, "Add", []string{one}, "Update"},
		{"taken again, which would take both", has(two, one), "Update", nil, "Update"},
		{"taken back", func() { s.list = nil }, "Delete", nil, "Delete"},
		{"again", func() {}, "", nil, ""},
		{"published again", has(one), "Create", nil, "Create"},
	} {
		n.Pass(time.Minute)
		step.do()
		if err := b.Playlist(t.Context(), p.ID); err != nil {
			t.Fatal(err)
		}
		var told social.Outgoing
		err := n.SocialView(t.Context(), func(tx social.Tx) (err error) {
			told, err = tx.Told(t.Context(), n.Site.PlaylistNote(p.ID))
			return err
		})
		if step.kind == "" {
			if err == nil {
				if o, err := vocab.Parse(told.Own); err != nil || o.Published.Equal(n.Now()) {
					t.Errorf("%s: %s was said", step.what, told.Own)
				}
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		o, err := vocab.Parse(told.Own)
		if err != nil || !o.Is(step.kind) || told.Kind != step.post || !o.IsPublic() || o.Actor.ID() != n.Site.Act(n.Act) {
			t.Errorf("%s: %s and %s, %v", step.what, told.Own, told.Kind, err)
			continue
		}
		if post, err := vocab.Parse(told.Body); err != nil || post.Is("Create", "Update") && answered(post) != n.Site.Act(n.Act) {
			t.Errorf("%s: %q may answer, of which nothing is shown, %v", step.what, answered(post), err)
		}
		whole := o.Target.Object
		if step.tracks == nil {
			whole = o.Object[0].Object
		} else if got := vocab.IDs(o.Object); !slices.Equal(got, step.tracks) {
			t.Errorf("%s: of %v", step.what, got)
		}
		if whole == nil || whole.ID != n.Site.Playlist(p.ID) || step.kind != "Delete" && !slices.Equal(vocab.IDs(whole.OrderedItems), s.list.Tracks) {
			t.Errorf("%s: %s", step.what, told.Own)
		}
	}
}
