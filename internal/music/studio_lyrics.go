package music

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"path"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/cases"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// lyricsBytes is the most a file of words may have.
const lyricsBytes = 256 << 10

// LyricsExtensions lists the endings of files that hold the words of the
// recording with the same name: with times, and without.
func LyricsExtensions() []string { return []string{".lrc", ".txt"} }

// IsLyrics reports whether a file holds words, by its name.
func IsLyrics(filename string) bool {
	return slices.Contains(LyricsExtensions(), strings.ToLower(path.Ext(filename)))
}

// SameName reports whether two files have the same name but for the ending,
// as words and their recording have.
func SameName(a, b string) bool { return stem(a) == stem(b) }

// stem is a file's name without its ending, in the form names are compared in.
func stem(filename string) string {
	name := fileName(filename)
	return cases.Fold().String(strings.TrimSpace(strings.TrimSuffix(name, path.Ext(name))))
}

// TakeLyrics gives the words in a file to the track of a release whose file
// has the same name. They replace what was written there. Needs an editor.
// Besides the common faults: Conflict when no track, or more than one, has
// that name; Invalid and TooLarge for what are no words.
func (s *Studio) TakeLyrics(ctx context.Context, v Viewer, r id.Release, filename string, file io.Reader) (Track, error) {
	words, err := lyricsIn(fileName(filename), file)
	if err != nil {
		return Track{}, err
	}
	var t Track
	err = s.Store.Update(ctx, func(tx Tx) error {
		rel, err := editable(ctx, tx, v, r, Editor)
		if err != nil {
			return err
		}
		up := Upload{Release: r, Filename: fileName(filename)}
		if t, err = sung(ctx, tx, &up); err != nil {
			return err
		}
		return sing(ctx, tx, &rel, &t, words)
	})
	return t, err
}

// AddLyrics is [Studio.TakeLyrics] for an upload that has arrived, to the
// track it names or the one with its name. It may be called again for the same
// upload. Trusted. A file that cannot be taken ends its upload.
func (s *Studio) AddLyrics(ctx context.Context, u id.Upload, file io.Reader) (Track, error) {
	b, err := io.ReadAll(io.LimitReader(file, lyricsBytes+1))
	if err != nil {
		return Track{}, fault.Wrap(err, fault.Unavailable, "The file cannot be read back from the disk.")
	}
	var (
		t       Track
		refusal error
	)
	err = s.Store.Update(ctx, func(tx Tx) error {
		refusal = nil
		up, err := tx.Upload(ctx, u)
		if err != nil {
			return unknown(err, noUpload)
		}
		if up.State == UploadDone {
			t, err = tx.Track(ctx, up.Track)
			return err
		}
		if up.State != UploadOpen {
			return ended(&up)
		}
		up.Changed = tx.Now()
		if t, refusal = addWords(ctx, tx, &up, b); refusal == nil {
			up.State, up.Received, up.Track = UploadDone, up.Size, t.ID
			return tx.UpdateUpload(ctx, &up)
		}
		if k := fault.KindOf(refusal); k != fault.Conflict && k != fault.Invalid && k != fault.TooLarge {
			return refusal
		}
		up.State, up.Reason = UploadFailed, fault.Message(refusal)
		return tx.UpdateUpload(ctx, &up)
	})
	if err == nil {
		err = refusal
	}
	return t, err
}

func addWords(ctx context.Context, tx Tx, up *Upload, b []byte) (t Track, err error) {
	words, err := lyricsIn(up.Filename, bytes.NewReader(b))
	if err != nil {
		return t, err
	}
	rel, err := tx.Release(ctx, up.Release)
	if err != nil {
		return t, unknown(err, noRelease)
	}
	if t, err = sung(ctx, tx, up); err != nil {
		return t, err
	}
	return t, sing(ctx, tx, &rel, &t, words)
}

// sung finds the track that words belong to.
func sung(ctx context.Context, tx Tx, up *Upload) (Track, error) {
	if up.Track != "" {
		t, err := tx.Track(ctx, up.Track)
		return t, unknown(err, noTrack)
	}
	tracks, err := tx.TracksOf(ctx, up.Release)
	if err != nil {
		return Track{}, err
	}
	tracks = slices.DeleteFunc(tracks, func(t Track) bool { return t.State == Removed || !SameName(t.Filename, up.Filename) })
	switch len(tracks) {
	case 0:
		return Track{}, fault.On("filename", fault.Conflict, "No recording of this release has the name of %q. Upload the recording first, or paste the lyrics on the track's page.", up.Filename)
	case 1:
		return tracks[0], nil
	}
	return Track{}, fault.On("filename", fault.Conflict, "%d recordings of this release have the name of %q. Paste the lyrics on the track's page.", len(tracks), up.Filename)
}

// sing writes the words down as an editor would.
func sing(ctx context.Context, tx Tx, rel *Release, t *Track, words string) (err error) {
	if *t, err = editOne(ctx, tx, *t, func(t *Track) { t.Lyrics = words }); err != nil {
		return err
	}
	return save(ctx, tx, rel, rel.State == Published)
}

// lyricsIn reads a file of words: UTF-8 or UTF-16, LRC or plain by its ending.
func lyricsIn(filename string, file io.Reader) (string, error) {
	b, err := io.ReadAll(io.LimitReader(file, lyricsBytes+1))
	if err != nil {
		return "", fault.Wrap(err, fault.Invalid, "%q could not be read to its end. Send it again.", filename)
	}
	if len(b) > lyricsBytes {
		return "", fault.On("size", fault.TooLarge, "%q has more than %d kB, which are not the lyrics of one song.", filename, lyricsBytes>>10)
	}
	words, ok := decoded(b)
	if !ok {
		return "", fault.On("filename", fault.Invalid, "%q cannot be read as text. Save it as UTF-8 and send it again.", filename)
	}
	if words = prose(words); words == "" {
		return "", fault.On("filename", fault.Invalid, "%q is empty.", filename)
	}
	if _, timed := Timed(words); !timed && strings.EqualFold(path.Ext(filename), ".lrc") {
		return "", fault.On("filename", fault.Invalid, "%q has no line that begins with a time, such as [00:12.50]. Lyrics without times are taken from a .txt file.", filename)
	}
	return words, nil
}

// decoded is text as Unicode's marks and editors' habits have it; ok is false
// for what is none.
func decoded(b []byte) (s string, ok bool) {
	for mark, order := range map[string]binary.ByteOrder{"\xff\xfe": binary.LittleEndian, "\xfe\xff": binary.BigEndian} {
		rest, found := bytes.CutPrefix(b, []byte(mark))
		if !found {
			continue
		}
		units := make([]uint16, len(rest)/2)
		for i := range units {
			units[i] = order.Uint16(rest[2*i:])
		}
		s = string(utf16.Decode(units))
		return s, len(rest)%2 == 0 && !strings.ContainsRune(s, utf8.RuneError) && !strings.ContainsRune(s, 0)
	}
	return strings.TrimPrefix(string(b), "\ufeff"), utf8.Valid(b) && !bytes.ContainsRune(b, 0)
}
