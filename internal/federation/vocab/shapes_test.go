package vocab_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/vocab"
)

// Who other software says its people, channels and groups are.
func TestActorShapes(t *testing.T) {
	for name, want := range map[string]vocab.Object{
		"mastodon_actor":   {ID: "https://mastodon.example/users/ada", Type: []string{"Person"}, PreferredUsername: "ada"},
		"gotosocial_actor": {ID: "https://gts.example/users/bo", Type: []string{"Person"}, PreferredUsername: "bo", Approves: true},
		"peertube_channel": {ID: "https://tube.example/video-channels/harbour", Type: []string{"Group"}, PreferredUsername: "harbour", URL: vocab.One("https://tube.example/c/harbour/videos"), Icon: vocab.One("https://tube.example/lazy-static/avatars/a48.png")},
		"funkwhale_actor":  {ID: "https://whale.example/federation/actors/dee", Type: []string{"Person"}, PreferredUsername: "dee", URL: vocab.One("https://whale.example/channels/dee")},
		"castopod_actor":   {ID: "https://pod.example/@radio", Type: []string{"Person"}, PreferredUsername: "radio", URL: vocab.One("https://pod.example/@radio"), Icon: vocab.One("https://pod.example/media/podcasts/radio/cover_federation.jpg")},
		"bandwagon_actor":  {ID: "https://band.example/@ek", Type: []string{"Person"}, PreferredUsername: "ek", Icon: vocab.One("https://band.example/@ek/icon")},
		"owncast_actor":    {ID: "https://live.example/federation/user/stage", Type: []string{"Service"}, PreferredUsername: "stage", Icon: vocab.One("https://live.example/logo/external")},
		"mobilizon_group":  {ID: "https://mob.example/@hall", Type: []string{"Group"}, PreferredUsername: "hall", URL: vocab.One("https://mob.example/@hall")},
	} {
		o := read(t, name)
		if !o.IsActor() || o.ID != want.ID || !reflect.DeepEqual(o.Type, want.Type) || o.PreferredUsername != want.PreferredUsername || o.Approves != want.Approves {
			t.Errorf("%s: %+v", name, o)
		}
		if o.Inbox == "" || o.Outbox == "" || o.Followers == "" || len(o.PublicKey) != 1 || o.PublicKey[0].Object.Owner != o.ID || o.PublicKey[0].Object.PublicKeyPem == "" {
			t.Errorf("%s has no inbox, no followers or no key: %+v", name, o)
		}
		if w := vocab.FirstLink(want.URL); w != "" && vocab.FirstLink(o.URL) != w {
			t.Errorf("%s: page %q", name, vocab.FirstLink(o.URL))
		}
		if w := vocab.FirstLink(want.Icon); w != "" && o.Icon[0].Link() != w && vocab.FirstLink(o.Icon[0].Object.URL) != w {
			t.Errorf("%s: picture %+v", name, o.Icon[0])
		}
	}
}

// What other software sends besides posts: reports, moves, pins, playlists, views.
func TestActivityShapes(t *testing.T) {
	flag, move, pin := read(t, "mastodon_flag"), read(t, "mastodon_move"), read(t, "mastodon_add")
	gone, undone := read(t, "mastodon_delete"), read(t, "mastodon_undo")
	note := read(t, "gotosocial_note").Object[0].Object
	list, element, view := read(t, "peertube_playlist"), read(t, "peertube_element"), read(t, "peertube_view")
	library, removed := read(t, "funkwhale_library"), read(t, "funkwhale_delete")
	post, song := read(t, "castopod_note").Object[0].Object, read(t, "bandwagon_song").Object[0].Object
	event := read(t, "mobilizon_create").Object[0].Object
	var place int
	element.Get("position", &place)
	var views struct{ UserInteractionCount int }
	if r := view.Result; len(r) == 1 {
		r[0].Object.Get("userInteractionCount", &views.UserInteractionCount)
	}
	var may struct {
		CanReply struct{ ManualApproval []string }
	}
	note.Get("interactionPolicy", &may)
	for _, tt := range []struct {
		what      string
		got, want any
	}{
		{"flag: what it is about", []string{flag.Object[0].ID(), flag.Object[1].ID()}, []string{"https://nine.example/ap/acts/01KAZ00000000000000000ACT1", "https://nine.example/ap/releases/01KAZ0000000000000000000RE/note"}},
		{"flag: by the server", flag.Actor.ID(), "https://mastodon.example/actor"},
		{"flag: why", flag.Content, "It is not theirs"},
		{"move: from itself", vocab.FirstID(move.Object), move.Actor.ID()},
		{"move: where", move.Target.ID(), "https://other.example/users/ada"},
		{"add: where", pin.Target.ID(), "https://mastodon.example/users/ada/collections/featured"},
		{"delete: a tombstone", gone.Object[0].Object.Is("Tombstone"), true},
		{"delete: of what", gone.Object[0].ID(), "https://mastodon.example/users/ada/statuses/110"},
		{"undo: of what", undone.Object[0].Object.Is("Announce"), true},
		{"undo: about what", vocab.FirstID(undone.Object[0].Object.Object), "https://nine.example/ap/releases/01KAZ0000000000000000000RE/note"},
		{"gotosocial: one attachment", note.Attachment[0].Object.Is("Audio"), true},
		{"gotosocial: one mention", note.Tag[0].Link(), "https://nine.example/ap/acts/01KAZ00000000000000000ACT1"},
		{"gotosocial: answers", vocab.FirstID(note.InReplyTo), "https://nine.example/ap/tracks/01KAZ0000000000000000000TR/note"},
		{"gotosocial: who may answer", len(may.CanReply.ManualApproval), 1},
		{"peertube: a playlist's kind", list.Type, []string{"nineten:Playlist"}},
		{"peertube: its elements", list.OrderedItems[1].ID(), "https://tube.example/video-playlists/11/videos/2"},
		{"peertube: an element's thing", vocab.FirstLink(element.URL), "https://tube.example/videos/watch/5a1b"},
		{"peertube: its place", place, 1},
		{"peertube: views", views.UserInteractionCount, 7},
		{"peertube: until when", view.Expires, at("2026-11-20T10:01:00Z")},
		{"funkwhale: a library", library.Is("Library") && library.TotalItems == 2, true},
		{"funkwhale: of two ids at once the first", vocab.FirstID(removed.Object), "https://whale.example/federation/music/uploads/77"},
		{"castopod: no attachment", len(post.Attachment), 0},
		{"castopod: when", post.Published, at("2026-08-08T08:00:00Z")},
		{"bandwagon: length", song.Duration, 4*time.Minute + 5*time.Second},
		{"bandwagon: sound", song.URL[0].Link(), "https://band.example/650001/attachments/1.mp3"},
		{"mobilizon: without an end", event.EndTime.IsZero(), true},
		{"mobilizon: whose", event.Author(), "https://mob.example/@hall"},
		{"mobilizon: a link", event.Attachment[0].Link(), "https://tickets.example/3f"},
	} {
		if !reflect.DeepEqual(tt.got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.what, tt.got, tt.want)
		}
	}
}
