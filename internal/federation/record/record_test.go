package record_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/record"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/music"
)

const (
	host = "https://a.example"
	act  = host + "/act"
)

func parse(t *testing.T, text string) *vocab.Object {
	t.Helper()
	o, err := vocab.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// What a node writes is read whole.
func TestOwnForm(t *testing.T) {
	b, err := os.ReadFile("../document/testdata/release.json")
	if err != nil {
		t.Fatal(err)
	}
	o := parse(t, string(b))
	r, ok := record.Of(o, o.Author())
	if !ok || r.Title != "Arithmetic" || r.Artist != "Low Tide" || r.Kind != music.Album || r.Date != "2026-11-26" || !strings.HasPrefix(r.Licence, "https://creativecommons.org/") ||
		r.Description != "Nine songs about numbers.\nAnd one about none." || r.Page != "https://nine.example/release/01KAZ0000000000000000000RE" || !strings.HasSuffix(r.Picture, "/640.jpg") || len(r.Tracks) != 1 {
		t.Fatalf("%+v, %v", r, ok)
	}
	if r.Label != "Shore" || r.Language != "en" || !slices.Equal(r.Tags, []string{"indie-pop", "piano"}) {
		t.Errorf("%q, %q, %q", r.Label, r.Language, r.Tags)
	}
	x := r.Tracks[0]
	if x.Title != "One & One" || x.Disc != 1 || x.Number != 2 || x.DurationMS != 200_500 || x.ISRC != "DEA122600001" || !x.Explicit || x.Lyrics != "[00:01.00]one" || !x.Measured || x.Loudness != -14_200 ||
		x.Peak != -1_000 || x.AlbumGain != -3_800 || x.Sound != "https://nine.example/media/01KAZ0000000000000000000TR/original" || x.MediaType != "audio/flac" || x.Segments != "https://nine.example/media/01KAZ0000000000000000000TR/master.m3u8" || len(x.Peaks) != 5 ||
		x.Recording != "0b1a2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d" || !strings.HasPrefix(x.Digest, "zQm") || x.Manifest != "https://nine.example/media/"+strings.Repeat("cd", 32)+"/manifest.json" {
		t.Errorf("%+v", x)
	}
	if r.Post != "https://nine.example/ap/releases/01KAZ0000000000000000000RE/note" || x.Post != "https://nine.example/ap/tracks/01KAZ0000000000000000000TR/note" {
		t.Errorf("the posts are %q and %q", r.Post, x.Post)
	}
	if !slices.Equal(x.People, []music.Person{{Name: "Ada", Role: "piano"}, {Name: "Bo"}}) {
		t.Errorf("on it play %+v", x.People)
	}
	if _, ok := record.Of(o, "https://nine.example/ap/acts/another"); ok {
		t.Error("it is another's too")
	}
}

// A release that is explicit as a whole is so with each of its tracks; who plays on them is
// read in any of its writings, on one line, and not without end.
func TestExplicitAndPeople(t *testing.T) {
	many := strings.Repeat(`{"name":"Cy"},`, 150)
	o := parse(t, `{"id":"`+host+`/r","type":["OrderedCollection","nineten:Release"],"attributedTo":"`+act+`","name":"Ebb","published":"2026-11-26T00:00:00Z","to":["`+vocab.Public+`"],"nineten:post":"https://b.example/post","nineten:explicit":true,"orderedItems":[`+
		`{"id":"`+host+`/t1","type":["Audio","nineten:AudioTrack"],"attributedTo":"`+act+`","name":"One","url":[{"type":"Link","mediaType":"audio/flac","href":"`+host+`/1"}],`+
		`"nineten:people":{"@list":[{"name":" Ada\n Lee ","`+vocab.Namespace+`role":"piano"},{"name":""},"Bo",`+many+`{"name":"Di"}]}},`+
		`{"id":"`+host+`/t2","type":["Audio","nineten:AudioTrack"],"attributedTo":"`+act+`","name":"Two","url":[{"type":"Link","mediaType":"audio/flac","href":"`+host+`/2"}],"nineten:people":7}]}`)
	r, ok := record.Of(o, act)
	if !ok || len(r.Tracks) != 2 || !r.Explicit || !r.Tracks[0].Explicit || !r.Tracks[1].Explicit {
		t.Fatalf("%+v, %v", r, ok)
	}
	if r.Post != "" {
		t.Errorf("the post of another server is taken: %q", r.Post)
	}
	if p := r.Tracks[0].People; len(p) != 100 || p[0] != (music.Person{Name: "Ada Lee", Role: "piano"}) || p[1].Name != "Cy" || r.Tracks[1].People != nil {
		t.Errorf("%+v, %+v", p, r.Tracks[1].People)
	}
}

// The post about a release that everybody else gets is one too.
func TestNote(t *testing.T) {
	b, err := os.ReadFile("../document/testdata/release-note.json")
	if err != nil {
		t.Fatal(err)
	}
	o := parse(t, string(b))
	if r, ok := record.Of(o, o.Author()); !ok || len(r.Tracks) != 1 || r.Tracks[0].DurationMS != 200_500 || r.Kind != music.Single {
		t.Errorf("%+v, %v", r, ok)
	}
}

// Of other software's forms sounds are found, and nothing where there are none.
func TestOthers(t *testing.T) {
	list, err := filepath.Glob("../vocab/testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"funkwhale_audio.json": "Salt", "bandwagon_song.json": "Wick"}
	for _, file := range list {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		o := parse(t, string(b))
		if o.Is("Create") {
			o = record.In(o)
		}
		r, ok := record.Of(o, o.Author())
		if ok && filepath.Base(file) == "funkwhale_audio.json" && (r.Tracks[0].Recording != "0b1a2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d" || !strings.HasSuffix(r.Tracks[0].Song, "/music/tracks/77") || r.Tracks[0].Number != 3 || r.Tracks[0].Disc != 2) {
			t.Errorf("the song of a file is read as %+v", r.Tracks[0])
		}
		if title := want[filepath.Base(file)]; ok != (title != "") || r.Title != title && ok {
			t.Errorf("%s: %+v, %v", file, r, ok)
		}
	}
	r, ok := record.Of(parse(t, `{"id":"`+host+`/1","type":"Note","attributedTo":"`+act+`","to":"as:Public","published":"2026-11-26T09:00:00Z","content":"<p>Two <em>new</em> ones &amp; more</p><p>Enjoy<script>x</script></p>",
		"tag":[{"type":"Hashtag","name":"#Ambient","href":"`+host+`/tag/else"},{"type":"Hashtag","name":"#ambient"},{"type":"Mention","name":"@x"}],"nineten:language":"???",
		"attachment":[{"type":"Document","mediaType":"audio/mpeg","url":"https://cdn.example/1.mp3","name":"First"},{"type":"Document","mediaType":"image/png","url":"https://cdn.example/2.png"},{"type":"Audio","url":"https://cdn.example/3.ogg"}]}`), act)
	if !ok || r.Title != "Two new ones & more" || r.Description != "Two new ones & more\n\nEnjoy" || len(r.Tracks) != 2 || r.Tracks[0].Title != "First" || r.Tracks[1].IRI != host+"/1#audio-3" || !r.Published.Equal(time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v, %v", r, ok)
	}
	if !slices.Equal(r.Tags, []string{"ambient"}) || r.Language != "" {
		t.Errorf("%q, %q", r.Tags, r.Language)
	}
}

// What is not public, a reply, of another server or without sound is none.
func TestNone(t *testing.T) {
	const audio = `"attachment":[{"type":"Audio","mediaType":"audio/mpeg","url":"https://cdn.example/1.mp3"}]`
	for what, text := range map[string]string{
		"private":          `"id":"` + host + `/1","type":"Note","attributedTo":"` + act + `","to":"` + host + `/followers","content":"x",` + audio,
		"a reply":          `"id":"` + host + `/1","type":"Note","attributedTo":"` + act + `","to":"as:Public","inReplyTo":"` + host + `/0","content":"x",` + audio,
		"another server's": `"id":"https://b.example/1","type":"Note","attributedTo":"` + act + `","to":"as:Public","content":"x",` + audio,
		"somebody else's":  `"id":"` + host + `/1","type":"Note","attributedTo":"` + act + `2","to":"as:Public","content":"x",` + audio,
		"without HTTPS":    `"id":"` + host + `/1","type":"Note","attributedTo":"` + act + `","to":"as:Public","content":"x","attachment":[{"type":"Audio","mediaType":"audio/mpeg","url":"http://cdn.example/1.mp3"}]`,
		"silent":           `"id":"` + host + `/1","type":"Note","attributedTo":"` + act + `","to":"as:Public","content":"x"`,
	} {
		if r, ok := record.Of(parse(t, `{"published":"2026-11-26T09:00:00Z",`+text+`}`), act); ok {
			t.Errorf("%s: %+v", what, r)
		}
	}
}

// Where a track plays in segments and what it looks like is read of nodes, of their
// own server, in the one form they write.
func TestSegments(t *testing.T) {
	const at = host + "/media/01KAZ0000000000000000000TR/master.m3u8"
	of := func(kind, href, wave string) (string, int) {
		o := parse(t, `{"id":"`+host+`/1","type":`+kind+`,"attributedTo":"`+act+`","to":"as:Public","published":"2026-11-26T09:00:00Z","name":"x","nineten:waveform":"`+wave+`","url":[{"type":"Link","mediaType":"audio/flac","href":"`+host+`/x"},
			{"type":"Link","mediaType":"application/vnd.apple.mpegurl","href":"`+href+`"}]}`)
		r, ok := record.Of(o, act)
		if !ok {
			t.Fatal("it is no release")
		}
		return r.Tracks[0].Segments, len(r.Tracks[0].Peaks)
	}
	const own = `["Audio","nineten:AudioTrack"]`
	if got, n := of(own, at, "AAp/yP8="); got != at || n != 5 {
		t.Errorf("%q, %d", got, n)
	}
	for _, href := range []string{"https://b.example/media/01KAZ0000000000000000000TR/master.m3u8", "http://a.example/media/01KAZ0000000000000000000TR/master.m3u8", at + "?x", host + "/ap/../secret", host + "/media/x/master.m3u8"} {
		if got, _ := of(own, href, ""); got != "" {
			t.Errorf("%q is taken as %q", href, got)
		}
	}
	if got, n := of(`"Audio"`, at, "AAp/yP8="); got != "" || n != 0 {
		t.Errorf("of others: %q, %d", got, n)
	}
	for _, wave := range []string{"", "?", "AA==", strings.Repeat("AAAA", 200)} {
		if _, n := of(own, at, wave); n != 0 {
			t.Errorf("%d bytes of waveform in %q", n, wave)
		}
	}
}
