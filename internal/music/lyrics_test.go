package music_test

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

func TestLyricsFiles(t *testing.T) { both(t, testLyricsFiles) }

const timed = "[ti:Ebb]\n[00:01.00]Low water\n[00:04.50]High water"

// utf16File is a text as older editors save it.
func utf16File(s string, order binary.AppendByteOrder) string {
	var b []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + s)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func testLyricsFiles(t *testing.T, n *node) {
	r := n.draft(ada, n.act(ada, "Ada").ID, music.Facts{})
	ebb := must(n.upload(ada, r.ID, "", "01 Ebb.flac", "ebb"))(n)
	must(n.upload(ada, r.ID, "", "02 Straße.wav", "neap"))(n)
	must(n.upload(ada, r.ID, "", "twice.flac", "a"))(n)
	must(n.upload(ada, r.ID, "", "Twice.mp3", "b"))(n)
	lyrics := func(name string) string {
		t.Helper()
		full := must(n.cat.Release(n.ctx, ada, r.ID, ""))(n)
		i := slices.IndexFunc(full.Tracks, func(x music.FullTrack) bool { return x.Track.Filename == name })
		return full.Tracks[i].Track.Lyrics
	}
	take := func(name, text string) error {
		_, err := n.studio.TakeLyrics(n.ctx, ada, r.ID, name, strings.NewReader(text))
		return err
	}
	for _, c := range []struct{ name, text, track, want string }{
		{"01 Ebb.lrc", timed, "01 Ebb.flac", timed},
		{`C:\songs\01 EBB.LRC`, "\ufeff" + strings.ReplaceAll(timed, "\n", "\r\n"), "01 Ebb.flac", timed},
		{"01 Ebb.lrc", utf16File(timed, binary.LittleEndian), "01 Ebb.flac", timed},
		{"01 Ebb.lrc", utf16File(timed, binary.BigEndian), "01 Ebb.flac", timed},
		{"02 STRASSE.txt", "Kein Auto\n\n\n\nweit und breit\u202e", "02 Straße.wav", "Kein Auto\n\nweit und breit"},
		{"02 Stra\u00dfe.lrc", "[00:01]x", "02 Straße.wav", "[00:01]x"},
	} {
		if err := take(c.name, c.text); err != nil || lyrics(c.track) != c.want {
			t.Errorf("%s: %q %v", c.name, lyrics(c.track), err)
		}
	}
	for _, c := range []struct {
		name, text, word string
		kind             fault.Kind
	}{
		{"03 Flood.lrc", timed, "No recording", fault.Conflict},
		{"twice.lrc", timed, "2 recordings", fault.Conflict},
		{"01 Ebb.lrc", "no times at all", "[00:12.50]", fault.Invalid},
		{"01 Ebb.lrc", "[ti:x]\n[ar:y]\n", "[00:12.50]", fault.Invalid},
		{"01 Ebb.lrc", "", "empty", fault.Invalid},
		{"01 Ebb.txt", " \n\ufeff ", "empty", fault.Invalid},
		{"01 Ebb.txt", "caf\xe9", "UTF-8", fault.Invalid},
		{"01 Ebb.lrc", "\xff\xfe[\x000", "UTF-8", fault.Invalid},
		{"01 Ebb.lrc", "fLaC\x00\x00\x00\x22", "UTF-8", fault.Invalid},
		{"01 Ebb.txt", strings.Repeat("la ", 100_000), "256 kB", fault.TooLarge},
		{"01 Ebb.txt", strings.Repeat("la ", 30_000), "60000", fault.Invalid},
	} {
		err := take(c.name, c.text)
		n.refused(c.name, err, c.kind)
		if !strings.Contains(fault.Message(err), c.word) {
			t.Errorf("%s: %q", c.name, fault.Message(err))
		}
	}
	if lyrics("01 Ebb.flac") != timed {
		t.Errorf("a refused file changed the lyrics: %q", lyrics("01 Ebb.flac"))
	}
	_, err := n.studio.TakeLyrics(n.ctx, bo, r.ID, "01 Ebb.lrc", strings.NewReader(timed))
	n.refused("a stranger", err, fault.NotFound)
	n.prepare(ebb.ID, "ebb", music.FileTags{Title: "Ebb", Lyrics: "what the tag says"})
	if lyrics("01 Ebb.flac") != timed {
		t.Errorf("the tag won over the file beside it: %q", lyrics("01 Ebb.flac"))
	}
}

func TestLyricsUploads(t *testing.T) { both(t, testLyricsUploads) }

func testLyricsUploads(t *testing.T, n *node) {
	r := n.draft(ada, n.act(ada, "Ada").ID, music.Facts{})
	ebb := must(n.upload(ada, r.ID, "", "01 Ebb.flac", "ebb"))(n)
	other := must(n.upload(ada, r.ID, "", "other.flac", "other"))(n)
	begin := func(name string, to id.Track, size int) (music.Upload, error) {
		return n.studio.BeginUpload(n.ctx, ada, music.Upload{Release: r.ID, Track: to, Filename: name, Size: int64(size)})
	}
	_, err := begin("01 Ebb.lrc", "", 300<<10)
	n.refused("more than lyrics", err, fault.TooLarge)

	u := must(begin("01 Ebb.lrc", "", len(timed)))(n)
	n.fail.Store(true)
	if _, err := n.studio.AddLyrics(n.ctx, u.ID, strings.NewReader(timed)); err == nil {
		t.Fatal("lyrics that did not reach the disk are reported as taken")
	}
	for range 2 { // a second time, because the answer was lost
		if got := must(n.studio.AddLyrics(n.ctx, u.ID, strings.NewReader(timed)))(n); got.ID != ebb.ID || got.Lyrics != timed {
			t.Errorf("lyrics went to %+v", got)
		}
	}
	if up := must(n.studio.Upload(n.ctx, ada, u.ID))(n); up.State != music.UploadDone || up.Track != ebb.ID || up.Received != up.Size {
		t.Errorf("upload = %+v", up)
	}
	u = must(begin("whatever.lrc", other.ID, len(timed)))(n)
	if got := must(n.studio.AddLyrics(n.ctx, u.ID, strings.NewReader(timed)))(n); got.ID != other.ID {
		t.Errorf("lyrics for one track went to %s", got.ID)
	}
	for name, text := range map[string]string{"Nobody.lrc": timed, "01 Ebb.lrc": "no times"} {
		u := must(begin(name, "", len(text)))(n)
		_, err := n.studio.AddLyrics(n.ctx, u.ID, strings.NewReader(text))
		if up := must(n.studio.Upload(n.ctx, ada, u.ID))(n); err == nil || up.State != music.UploadFailed || up.Reason != fault.Message(err) {
			t.Errorf("%s: %v, upload = %+v", name, err, up)
		}
		_, err = n.studio.AddLyrics(n.ctx, u.ID, strings.NewReader(timed))
		n.refused("an upload that has ended", err, fault.Conflict)
	}
	full := must(n.cat.Release(n.ctx, ada, r.ID, ""))(n)
	if len(full.Tracks) != 2 || full.Tracks[0].Track.Lyrics != timed {
		t.Errorf("%d tracks, lyrics %q", len(full.Tracks), full.Tracks[0].Track.Lyrics)
	}
}

func TestImportFolder(t *testing.T) { both(t, testImportFolder) }

// A folder becomes a release in one step: a disk that fails leaves nothing,
// and what one file lacks does not stop the others.
func testImportFolder(t *testing.T, n *node) {
	a := n.act(ada, "Ada").ID
	files := []music.File{{Name: "x/01 A.flac", Blob: blob("a")}, {Name: "x/02 A again.flac", Blob: blob("a")}, {Name: "x/03 B.flac", Blob: blob("b")}}
	n.fail.Store(true)
	if _, _, err := n.studio.ImportFolder(n.ctx, ada, a, "", files); err == nil {
		t.Fatal("a folder that did not reach the disk is reported as taken")
	}
	if list := must(n.studio.Releases(n.ctx, ada, a))(n); len(list) != 0 {
		t.Errorf("%d drafts are left of what failed", len(list))
	}
	r, refused, err := n.studio.ImportFolder(n.ctx, ada, a, "", files)
	n.ok(err)
	if len(refused) != 1 || !fault.Is(refused[1], fault.Conflict) {
		t.Errorf("refused: %v", refused)
	}
	again, refused, err := n.studio.ImportFolder(n.ctx, ada, a, r, []music.File{{Name: "04 C.flac", Blob: blob("c")}})
	n.ok(err)
	full := must(n.cat.Release(n.ctx, ada, r, ""))(n)
	if again != r || len(refused) != 0 || len(full.Tracks) != 3 {
		t.Errorf("%s %v: %d tracks", again, refused, len(full.Tracks))
	}
	_, _, err = n.studio.ImportFolder(n.ctx, bo, a, "", files)
	n.refused("a stranger", err, fault.Forbidden)
	_, _, err = n.studio.ImportFolder(n.ctx, bo, a, r, files)
	n.refused("a stranger at a draft", err, fault.NotFound)
}
