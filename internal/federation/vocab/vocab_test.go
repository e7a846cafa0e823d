package vocab_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/vocab"
)

func read(t testing.TB, name string) *vocab.Object {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	o, err := vocab.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

// The shapes in which other software sends, as it documents them.
func TestShapes(t *testing.T) {
	mastodon, reply := read(t, "mastodon_create"), read(t, "mastodon_create").Object[0].Object
	actor, gts := read(t, "mastodon_actor"), read(t, "gotosocial_actor")
	video := read(t, "peertube_video")
	upload := read(t, "funkwhale_audio").Object[0].Object
	episode, album := read(t, "castopod_episode"), read(t, "bandwagon_album")
	live := read(t, "owncast_live").Object[0].Object
	event, track := read(t, "mobilizon_event"), read(t, "nine_track")
	var views int
	video.Get("views", &views)
	var inTrack struct{ Album struct{ Name string } }
	upload.Get("track", &inTrack)
	var tracks struct{ OrderedItems []struct{ Name string } }
	album.Get("tracks", &tracks)
	for _, tt := range []struct {
		what      string
		got, want any
	}{
		{"mastodon: type", mastodon.Type, []string{"Create"}},
		{"mastodon: actor", mastodon.Actor.ID(), "https://mastodon.example/users/ada"},
		{"mastodon: public", reply.IsPublic(), true},
		{"mastodon: reply", vocab.FirstID(reply.InReplyTo), "https://nine.example/tracks/01KAZ0000000000000000TRACK"},
		{"mastodon: thread", reply.Conversation, "https://mastodon.example/contexts/1"},
		{"mastodon: a null is nothing", reply.Summary, ""},
		{"mastodon: mention", reply.Tag[0].Link(), "https://nine.example/acts/low-tide"},
		{"mastodon: hashtag", reply.Tag[1].Object.Name, "#nowplaying"},
		{"mastodon: likes", reply.Likes.Object.TotalItems, int64(3)},
		{"mastodon: empty list", len(reply.Attachment), 0},
		{"mastodon: actor is one", actor.IsActor(), true},
		{"mastodon: shared inbox", actor.Endpoints.SharedInbox, "https://mastodon.example/inbox"},
		{"mastodon: key", actor.PublicKey[0].ID(), "https://mastodon.example/users/ada#main-key"},
		{"mastodon: owner", actor.PublicKey[0].Object.Owner, actor.ID},
		{"mastodon: aliases", actor.AlsoKnownAs, []string{"https://old.example/users/ada"}},
		{"mastodon: avatar", vocab.FirstID(actor.Icon[0].Object.URL), "https://mastodon.example/avatars/ada.png"},
		{"gotosocial: approves", gts.Approves, true},
		{"gotosocial: no shared inbox", gts.Endpoints.SharedInbox, ""},
		{"gotosocial: born", gts.Published, at("2024-05-01T10:00:00Z")},
		{"gotosocial: alt text", gts.Icon[0].Object.Name, "a cat"},
		{"peertube: channel", video.AttributedTo[1].ID(), "https://tube.example/video-channels/harbour"},
		{"peertube: length", video.Duration, 3723 * time.Second},
		{"peertube: file", video.URL[1].Link(), "https://tube.example/static/5a1b-720.mp4"},
		{"peertube: bytes", video.URL[1].Object.Size, int64(734003200)},
		{"peertube: views", views, 42},
		{"funkwhale: seconds", upload.Duration, 214 * time.Second},
		{"funkwhale: bitrate", upload.Bitrate, int64(320000)},
		{"funkwhale: published with an offset", upload.Published, at("2026-09-09T09:09:09.123456Z")},
		{"funkwhale: album", inTrack.Album.Name, "Shore"},
		{"castopod: addressed by one string", episode.To, []string{vocab.Public}},
		{"bandwagon: @id", album.ID, "https://band.example/650000"},
		{"bandwagon: @type", album.Type, []string{"Album"}},
		{"bandwagon: as:to, as:Public", album.IsPublic(), true},
		{"bandwagon: author in full", album.Author(), "https://band.example/@ek"},
		{"bandwagon: tracks", tracks.OrderedItems[0].Name, "Wick"},
		{"bandwagon: cover", album.Image[0].Link(), "https://band.example/650000/cover.webp"},
		{"owncast: one attachment", vocab.FirstID(live.Attachment[0].Object.URL), "https://live.example/preview.gif"},
		{"mobilizon: begins", event.StartTime, at("2026-12-05T18:00:00Z")},
		{"9ten: types by whole IRI", track.Type, []string{"Audio", "nineten:AudioTrack"}},
		{"9ten: length", track.Duration, 204*time.Second + 500*time.Millisecond},
		{"9ten: bitrate", track.URL[1].Object.Bitrate, int64(900000)},
	} {
		if !reflect.DeepEqual(tt.got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.what, tt.got, tt.want)
		}
	}
}

// Whatever is read and written again says the same.
func TestNothingIsLost(t *testing.T) {
	names, err := filepath.Glob("testdata/*.json")
	if err != nil || len(names) < 10 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		o := read(t, strings.TrimSuffix(filepath.Base(name), ".json"))
		b, err := o.Encode()
		if err != nil {
			t.Fatal(name, err)
		}
		again, err := vocab.Parse(b)
		if err != nil {
			t.Fatal(name, err)
		}
		if diff := cmp.Diff(o, again); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestSpellings(t *testing.T) {
	for doc, want := range map[string]string{
		`{"type":"AudioTrack"}`:         "nineten:AudioTrack",
		`{"type":"nineten:AudioTrack"}`: "nineten:AudioTrack",
		`{"@type":["https://michaelperna.github.io/9ten/ns#ListenActivity"]}`: "nineten:ListenActivity",
		`{"type":"as:Note"}`: "Note",
		`{"https://www.w3.org/ns/activitystreams#type":"Note"}`: "Note",
		`{"type":"https://www.w3.org/ns/activitystreams#Note"}`: "Note",
		`{"type":"https://funkwhale.audio/ns#Track"}`:           "fw:Track",
	} {
		if o, err := vocab.Parse([]byte(doc)); err != nil || !o.Is(want) {
			t.Errorf("%s: %+v, %v", doc, o, err)
		}
	}
}

// Wrong kinds, and both spellings of a name, change nothing else.
func TestWrongKinds(t *testing.T) {
	o, err := vocab.Parse([]byte(`{"id":5,"type":{"a":1},"actor":[],"to":[1,null,{"id":"https://a.example"}],"published":"yesterday","duration":"P1Y","totalItems":-1,
		"name":{"en":"x"},"nameMap":{"de":"Fluss","en":"River"},"width":1.5,"sensitive":"yes","tag":"https://a.example/t","as:content":"first","content":"second","object":true}`))
	if err != nil {
		t.Fatal(err)
	}
	want := &vocab.Object{To: []string{"https://a.example"}, Name: "River", Content: "first", Tag: vocab.One("https://a.example/t"),
		Extra: map[string]any{"nameMap": map[string]any{"de": "Fluss", "en": "River"}}}
	if diff := cmp.Diff(want, o); diff != "" {
		t.Error(diff)
	}
}

func TestHostile(t *testing.T) {
	for what, tt := range map[string]struct {
		doc  string
		want fault.Kind
	}{
		"deep":       {strings.Repeat(`{"object":`, 40) + "1" + strings.Repeat("}", 40), fault.TooLarge},
		"deep lists": {`{"to":` + strings.Repeat("[", 33) + strings.Repeat("]", 33) + "}", fault.TooLarge},
		"things":     {`{"type":"Delete","tag":[{}` + strings.Repeat(",{}", vocab.MaxThings-1) + `]}`, fault.TooLarge},
		"values":     {`{"to":[""` + strings.Repeat(`,""`, vocab.MaxValues) + `]}`, fault.TooLarge},
		"lists":      {`{"x":[[]` + strings.Repeat(",[]", vocab.MaxValues/2) + `]}`, fault.TooLarge},
		"long":       {`{"name":"` + strings.Repeat("x", vocab.MaxBytes) + `"}`, fault.TooLarge},
		"a list":     {`[{"id":"https://a.example"}]`, fault.Invalid},
		"a string":   {`"https://a.example"`, fault.Invalid},
		"two":        {`{} {}`, fault.Invalid},
		"cut off":    {`{"id":`, fault.Invalid},
		"nothing":    {``, fault.Invalid},
	} {
		if _, err := vocab.Parse([]byte(tt.doc)); !fault.Is(err, tt.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if o, err := vocab.Parse([]byte(`{"name":"` + strings.Repeat("[", 100) + `\"["}`)); err != nil || len(o.Name) != 102 {
		t.Errorf("brackets in a string: %v, %v", o, err)
	}
}

// What is honest has room: a page of as many releases as a page has, and a release of as
// many tracks as are kept, each with more around it than our own have.
func TestRoom(t *testing.T) {
	thing := func(more string) string {
		return `{"id":"https://a.example/ap/things/01KAZ0000000000000000TRACK","type":["Audio","nineten:AudioTrack"],"name":"A song"` + more + `}`
	}
	list := func(n int, of string) string { return "[" + of + strings.Repeat(","+of, n-1) + "]" }
	track := thing(`,"url":` + list(8, `{"type":"Link","href":"https://a.example/1"}`) + `,"tag":` + list(10, `{"type":"Hashtag","name":"#ambient"}`) +
		`,"interactionPolicy":{"canLike":{"automaticApproval":["as:Public"]},"canReply":{"automaticApproval":["as:Public"]},"canAnnounce":{"automaticApproval":["as:Public"]}}`)
	for what, doc := range map[string]string{
		"a release":    thing(`,"orderedItems":` + list(200, track)),
		"a page":       thing(`,"orderedItems":` + list(50, thing(`,"orderedItems":`+list(20, thing(`,"url":`+list(3, `{"href":"https://a.example/1"}`)))))),
		"of addresses": thing(`,"orderedItems":` + list(15_000, `"https://a.example/users/0000000000000000000000000000000000000000"`)),
	} {
		if _, err := vocab.Parse([]byte(doc)); err != nil {
			t.Errorf("%s of %d bytes: %v", what, len(doc), err)
		}
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		`"PT3M20S"`: 200 * time.Second, `"PT200S"`: 200 * time.Second, `"PT0.25S"`: 250 * time.Millisecond, `"P1DT1H"`: 25 * time.Hour, `"P2W"`: 336 * time.Hour,
		`214`: 214 * time.Second, `1803.5`: 1803*time.Second + 500*time.Millisecond,
		`"P1Y"`: 0, `"PT"`: 0, `"P"`: 0, `"PT5"`: 0, `"T5S"`: 0, `"PT-5S"`: 0, `-5`: 0, `1e300`: 0, `"PT99999999999H"`: 0, `"PT1M1D"`: 0, `[]`: 0, `"P` + strings.Repeat("1095D", 120) + `"`: 0, `"P1095DT1S"`: 0,
	} {
		o, err := vocab.Parse([]byte(`{"duration":` + text + `}`))
		if err != nil || o.Duration != want {
			t.Errorf("%s: %v, %v, want %v", text, o.Duration, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	names, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := vocab.Parse(b)
		if err != nil {
			return
		}
		out, err := o.Encode()
		if err != nil || !json.Valid(out) {
			t.Fatalf("written as %s, %v", out, err)
		}
		again, err := vocab.Parse(out)
		if err != nil && !fault.Is(err, fault.TooLarge) {
			t.Fatalf("%s: %v", out, err)
		}
		if err == nil && again.ID != o.ID {
			t.Errorf("id %q became %q", o.ID, again.ID)
		}
	})
}
