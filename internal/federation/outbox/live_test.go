package outbox_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/outbox"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// Followers elsewhere are told of a live event, of its end before its time and that it
// is taken back: nodes in 9ten's own form, everybody else as a post.
func TestTellsOfLive(t *testing.T) {
	server := fedtest.NewServer(t)
	n := fedtest.NewNode(t, server)
	ada := server.Actor("ada")
	if _, err := n.Servers.Actor(t.Context(), ada.ID); err != nil {
		t.Fatal(err)
	}
	if err := n.SocialUpdate(t.Context(), func(tx social.Tx) error {
		_, err := social.Follow(t.Context(), tx, n.Act, ada.ID, ada.ID+"/1")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	b := &outbox.Outbox{Site: func(context.Context) form.Site { return n.Site }, Store: n.DB, Sent: func() {}}
	lives, boss := &social.Lives{Store: n.DB}, music.Viewer{Account: "boss", Admin: true}
	l, err := lives.Announce(t.Context(), boss, n.Act, social.LiveDraft{Title: "Ebb <live>", Link: "https://tube.example/tide?a=1&b=2", Starts: n.Now().Add(time.Hour), Ends: n.Now().Add(3 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		do   func() error
		kind string
		says []string
	}{
		{func() error { return nil }, "Create", []string{`Live: <a href="https://tube.example/tide?a=1&amp;b=2">Ebb &lt;live&gt;</a>`, "26 November 2026, 10:00 UTC, until 12:00 UTC"}},
		{func() error { return nil }, "", nil},
		{func() error { _, err := lives.End(t.Context(), boss, l.ID); return err }, "Update", []string{"until 11:03 UTC"}},
		{func() error { _, err := lives.Delete(t.Context(), boss, l.ID); return err }, "Delete", nil},
		{func() error { return nil }, "", nil},
	} {
		if step.kind == "Update" {
			n.Pass(2 * time.Hour)
		}
		n.Pass(time.Minute)
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if err := b.Live(t.Context(), l.ID); err != nil {
			t.Fatal(err)
		}
		note, own := taken(t, n, server.Host())
		if step.kind == "" {
			if note != nil {
				t.Errorf("%+v was said", note)
			}
			continue
		}
		if note == nil || own == nil || !note.Is(step.kind) || !own.Is(step.kind) || vocab.FirstID(note.Object) != n.Site.LiveNote(l.ID) || vocab.FirstID(own.Object) != n.Site.Live(l.ID) || !own.IsPublic() {
			t.Fatalf("%s: %+v, %+v", step.kind, note, own)
		}
		if step.kind != "Delete" && (answered(note) != n.Site.Act(n.Act) || answered(own) != n.Site.Act(n.Act)) {
			t.Errorf("%s: %q and %q may answer, of which nothing is shown", step.kind, answered(note), answered(own))
		}
		for _, words := range step.says {
			if !strings.Contains(note.Object[0].Object.Content, words) {
				t.Errorf("%s: without %s: %s", step.kind, words, note.Object[0].Object.Content)
			}
		}
		if o := own.Object[0].Object; step.kind != "Delete" && (!o.Is("nineten:LiveStream") || o.Type[0] != "Event" || o.Name != "Ebb <live>" || o.StartTime.IsZero() || o.EndTime.IsZero() || o.Extra["nineten:stream"] != "https://tube.example/tide?a=1&b=2") || step.kind == "Delete" && o.FormerType != "nineten:LiveStream" {
			t.Errorf("%s: %+v", step.kind, o)
		}
	}
}

// taken is what waits for a host, in both forms.
func taken(t *testing.T, n *fedtest.Node, host string) (note, own *vocab.Object) {
	t.Helper()
	if err := n.SocialUpdate(t.Context(), func(tx social.Tx) error {
		queues, err := tx.Queues(t.Context())
		if err != nil || len(queues) == 0 {
			return err
		}
		d, err := tx.Next(t.Context(), host)
		if err != nil {
			return err
		}
		if note, err = vocab.Parse(d.Body); err != nil {
			return err
		}
		if own, err = vocab.Parse(d.Own); err != nil {
			return err
		}
		return tx.Delivered(t.Context(), d)
	}); err != nil {
		t.Fatal(err)
	}
	return note, own
}

// answered is who may answer the thing of an activity.
func answered(x *vocab.Object) string {
	var said map[string]struct{ AutomaticApproval []string }
	x.Object[0].Object.Get("interactionPolicy", &said)
	return strings.Join(said["canReply"].AutomaticApproval, " ")
}
