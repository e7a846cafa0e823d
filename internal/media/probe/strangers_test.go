package probe_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/michaelperna/9ten/internal/media/probe"
)

// mp3 is a real file without a tag.
func mp3(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile(ffmpeg(t, filepath.Join(t.TempDir(), "a.mp3"), "-f", "lavfi", "-i", "sine=duration=1", "-id3v2_version", "0", "-write_xing", "0"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// id3 is an ID3v2 tag of version 2.3 or 2.4 with frames of a name and a body.
func id3(version byte, frames ...string) []byte {
	size := func(n int, whole bool) []byte {
		if version == 3 && !whole {
			return binary.BigEndian.AppendUint32(nil, uint32(n))
		}
		return []byte{byte(n >> 21 & 127), byte(n >> 14 & 127), byte(n >> 7 & 127), byte(n & 127)}
	}
	var b []byte
	for i := 0; i < len(frames); i += 2 {
		b = append(append(append(b, frames[i]...), size(len(frames[i+1]), false)...), 0, 0)
		b = append(b, frames[i+1]...)
	}
	return append(append([]byte{'I', 'D', '3', version, 0, 0}, size(len(b), true)...), b...)
}

// flac is a real FLAC file with Vorbis comments as given, each key=value.
func flac(t *testing.T, comments ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(ffmpeg(t, filepath.Join(t.TempDir(), "a.flac"), "-f", "lavfi", "-i", "sine=duration=1", "-fflags", "+bitexact"))
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	block := append(le.AppendUint32(nil, 4), "9ten"...)
	block = le.AppendUint32(block, uint32(len(comments)))
	for _, c := range comments {
		block = append(le.AppendUint32(block, uint32(len(c))), c...)
	}
	const streaminfo = 4 + 4 + 34 // the first block, always
	out := append(bytes.Clone(b[:streaminfo]), 4, byte(len(block)>>16), byte(len(block)>>8), byte(len(block)))
	out[4] &= 0x7f // more follow
	out = append(out, block...)
	for at := streaminfo; ; { // leave out the other comments, keep the last block the last
		last, kind, n := b[at]&0x80 != 0, b[at]&0x7f, int(b[at+1])<<16|int(b[at+2])<<8|int(b[at+3])
		if kind != 4 {
			out = append(out, b[at:at+4+n]...)
		} else if last {
			out[streaminfo] |= 0x80
		}
		if at += 4 + n; last {
			return append(out, b[at:]...)
		}
	}
}

func tagsOf(t *testing.T, body []byte) probe.Tags {
	t.Helper()
	p := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(p, body, 0o600); err != nil {
		t.Fatal(err)
	}
	r, _, err := inspect(t, p)
	if err != nil {
		t.Fatal(err)
	}
	return r.Tags
}

// TestManyArtists reads every way in which files name several people.
func TestManyArtists(t *testing.T) {
	song := mp3(t)
	want := []string{"Ottoline Amsel", "Sól", "AC/DC"}
	for name, body := range map[string][]byte{
		"ARTIST again and again":     flac(t, "ARTIST=Ottoline Amsel", "artist=Sól", "ARTIST=AC/DC", "TITLE=x"),
		"ARTISTS beside ARTIST":      flac(t, "ARTIST=Ottoline Amsel & friends", "ARTISTS=Ottoline Amsel", "ARTISTS=Sól", "ARTISTS=AC/DC"),
		"one ARTIST with semicolons": flac(t, "ARTIST=Ottoline Amsel; Sól;AC/DC"),
		"ID3v2.4 with NUL between":   append(id3(4, "TPE1", "\x03Ottoline Amsel\x00Sól\x00AC/DC"), song...),
		"ID3v2.4 in UTF-16":          append(id3(4, "TPE1", "\x01"+utf16le("Ottoline Amsel")+"\x00\x00"+utf16le("Sól")+"\x00\x00"+utf16le("AC/DC")), song...),
		"ID3v2.3 TXXX:ARTISTS":       append(id3(3, "TPE1", "\x00Ottoline Amsel with others", "TXXX", "\x01"+utf16le("ARTISTS")+"\x00\x00"+utf16le("Ottoline Amsel")+"\x00\x00"+utf16le("Sól")+"\x00\x00"+utf16le("AC/DC")), song...),
	} {
		if got := tagsOf(t, body).Artists; !slices.Equal(got, want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// utf16le is a string as ID3 has it, with its mark.
func utf16le(s string) string {
	b := []byte{0xff, 0xfe}
	for _, r := range s {
		b = binary.LittleEndian.AppendUint16(b, uint16(r))
	}
	return string(b)
}

// sylt is a frame of lyrics with times in milliseconds.
func sylt(encoding byte, unit byte, lines ...any) string {
	b := []byte{encoding, 'e', 'n', 'g', unit, 1}
	text := func(s string) {
		if encoding == 1 {
			b = append(append(b, utf16le(s)...), 0, 0)
			return
		}
		b = append(append(b, s...), 0)
	}
	text("") // what they are
	for i := 0; i < len(lines); i += 2 {
		text(lines[i+1].(string))
		b = binary.BigEndian.AppendUint32(b, uint32(lines[i].(int)))
	}
	return string(b)
}

// TestSyncedLyricsInID3 reads SYLT, which players of files show as it is sung.
func TestSyncedLyricsInID3(t *testing.T) {
	song := mp3(t)
	const want = "[00:01.50]Low water\n[01:02.25]Flut, ja"
	lines := []any{1500, "Low water", 62250, "Flut, ja"}
	for name, tag := range map[string][]byte{
		"2.4 in UTF-8":             id3(4, "TIT2", "\x03x", "SYLT", sylt(3, 2, lines...)),
		"2.3 in Latin 1":           id3(3, "TIT2", "\x00x", "SYLT", sylt(0, 2, lines...)),
		"2.3 in UTF-16":            id3(3, "SYLT", sylt(1, 2, lines...)),
		"before plain words":       id3(4, "USLT", "\x03eng\x00no times", "SYLT", sylt(3, 2, lines...)),
		"syllables, a line at \\n": id3(4, "SYLT", sylt(3, 2, 1500, "\nLow ", 1900, "wa", 2100, "ter", 62250, "\nFlut, ", 62900, "ja")),
	} {
		if got := tagsOf(t, append(tag, song...)); got.Lyrics != want || !got.Synced {
			t.Errorf("%s: %q", name, got.Lyrics)
		}
	}
	for name, frame := range map[string]string{
		"times in frames of MPEG": sylt(3, 1, lines...),
		"chords, not words":       strings.Replace(sylt(3, 2, lines...), "\x02\x01", "\x02\x05", 1),
		"cut in a time":           sylt(3, 2, lines...)[:20],
		"nothing":                 "",
		"no end of the words":     "\x03eng\x02\x01\x00Low water",
		"an unknown alphabet":     "\x09eng\x02\x01\x00a\x00\x00\x00\x00\x01",
	} {
		got := tagsOf(t, append(id3(4, "USLT", "\x03eng\x00plain words", "SYLT", frame), song...))
		if got.Lyrics != "plain words" {
			t.Errorf("%s: %q", name, got.Lyrics)
		}
	}
}

// FuzzSyncedLyrics: whatever the frame holds, a probe goes on.
func FuzzSyncedLyrics(f *testing.F) {
	f.Add(sylt(3, 2, 0, "a", 1, "b"), byte(0), byte(4))
	f.Add(sylt(1, 2, 0, "a", 1, "b"), byte(3), byte(4))
	f.Add(sylt(0, 2, 0, "a", 1, "b"), byte(0x80), byte(3))
	f.Fuzz(func(t *testing.T, frame string, flags, version byte) {
		tag := id3(version, "SYLT", frame)
		tag[5] = flags
		tag[min(19, len(tag)-1)] = flags
		if s := probe.SyncedLyrics(tag); !utf8.ValidString(s) {
			t.Errorf("%q", s)
		}
	})
}

// TestHostileTags: whatever a file calls itself, what comes out is harmless
// text of a bounded length.
func TestHostileTags(t *testing.T) {
	song := mp3(t)
	long := strings.Repeat("ä", 5_000) // 10 kB
	for name, v := range map[string]string{
		"bidi":       "\u202egnol\u2066 \u200flow",
		"nul":        "a\x00b",
		"long":       long,
		"path":       "../../etc/passwd",
		"backslash":  `C:\a\b`,
		"lines":      "a\r\nSet-Cookie: x\n\nb",
		"escape":     "\x1b[31mred\x07",
		"not UTF-8":  "caf\xe9 \xff\xfe",
		"no width":   "\u200b\u2060\ufeffx",
		"markup":     `<script>alert(1)</script>`,
		"surrogates": "\xed\xa0\x80x",
	} {
		for kind, body := range map[string][]byte{
			"Vorbis comment": flac(t, "TITLE="+v, "ARTIST="+v, "ALBUM="+v, "GENRE="+v, "DATE="+v, "TRACKNUMBER="+v, "ISRC="+v, "LYRICS="+v, v+"="+v),
			"ID3v2.4":        append(id3(4, "TIT2", "\x03"+v, "TPE1", "\x03"+v, "TALB", "\x03"+v, "TCON", "\x03"+v, "TDRC", "\x03"+v, "TRCK", "\x03"+v, "USLT", "\x03eng\x00"+v), song...),
		} {
			got := tagsOf(t, body)
			for _, s := range append(append([]string{got.Title, got.Album, got.Date, got.ISRC}, got.Artists...), got.Genres...) {
				if bad(s) || len(s) > 512 {
					t.Errorf("%s, %s: %d bytes, %.60q", kind, name, len(s), s)
				}
			}
			if bad(strings.ReplaceAll(got.Lyrics, "\n", "")) {
				t.Errorf("%s, %s: lyrics %.60q", kind, name, got.Lyrics)
			}
			if name == "long" && (got.Title == "" || len(got.Artists) != 1) {
				t.Errorf("%s, %s: nothing is left of %d bytes", kind, name, len(v))
			}
		}
	}
}

func bad(s string) bool {
	return !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) })
}
