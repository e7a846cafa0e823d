// Package probe says what a stranger's file is: its sound, and what its tags
// tell. It goes by content, never by name.
//
// [Inspect] is meant for the sandbox's helper: it parses hostile bytes.
package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/media/index"
)

// Limits on a stranger's file, checked before anything is decoded.
const (
	MaxBytes   = 2 << 30
	MaxSeconds = 6 * 60 * 60
	MaxCover   = 20 << 20 // bytes of a picture inside a file
)

// The names of what Inspect leaves in its directory.
const (
	IndexFile = "index"
	CoverFile = "cover"
)

// Report is what a file holds.
type Report struct {
	Container string `json:"container"` // "flac", "mp3", "adts", "mp4", "ogg" or "wav"
	Codec     string `json:"codec"`     // "flac", "aac", "opus", "mp3", "vorbis", "alac" or "pcm"
	Rate      int    `json:"rate"`      // Hz
	Bits      int    `json:"bits"`      // per sample, 0 for lossy codecs
	Channels  int    `json:"channels"`
	Delay     int    `json:"delay"`   // priming samples before the music
	Samples   uint64 `json:"samples"` // of music, per channel
	Packable  bool   `json:"packable"`
	Tags      Tags   `json:"tags"`
	HasCover  bool   `json:"hasCover"` // CoverFile holds the picture, not yet decoded
}

// DurationMS returns the length of the music in milliseconds, rounded.
func (r Report) DurationMS() int64 {
	rate := uint64(max(r.Rate, 1))
	return int64(r.Samples/rate*1000 + (r.Samples%rate*1000+rate/2)/rate)
}

// Lossless reports whether the codec keeps every sample.
func (r Report) Lossless() bool { return r.Codec == "flac" || r.Codec == "alac" || r.Codec == "pcm" }

// Inspect reads the file at path, leaves its frame index and its picture in
// dir, and reports.
//
// Faults: Unsupported for what a node does not take, Invalid for a broken
// file, TooLarge beyond the limits. Unreadable tags are no fault: they are
// left out, since the musician types them anyway.
func Inspect(ctx context.Context, path, dir string) (Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return Report{}, fault.Wrap(err, fault.Unavailable, "The uploaded file cannot be read.")
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return Report{}, fault.Wrap(err, fault.Unavailable, "The uploaded file cannot be read.")
	}
	if st.Size() > MaxBytes {
		return Report{}, fault.New(fault.TooLarge, "This file is larger than 2 GB. Export the track as FLAC, or split it.")
	}
	x, err := scan(ctx, f, st.Size())
	if err != nil {
		return Report{}, err
	}
	if x.Seconds() > MaxSeconds {
		return Report{}, fault.New(fault.TooLarge, "This track is longer than six hours. Split it.")
	}
	if x.Frames() > 0 {
		if err := os.WriteFile(filepath.Join(dir, IndexFile), x.Encode(), 0o600); err != nil {
			return Report{}, fault.Wrap(err, fault.Unavailable, "The node cannot store what it read. Its disk may be full.")
		}
	}
	r := Report{
		Container: x.Container, Codec: x.Codec.String(), Rate: int(x.Rate), Bits: int(x.Bits), Channels: int(x.Channels),
		Delay: int(x.Delay), Samples: x.Samples, Packable: x.Packable(),
	}
	if !r.Lossless() {
		r.Bits = 0
	}
	var picture []byte
	r.Tags, picture = readTags(path, dir, r.Container, r.Codec)
	if len(picture) > 0 && len(picture) <= MaxCover {
		if err := os.WriteFile(filepath.Join(dir, CoverFile), picture, 0o600); err != nil {
			return Report{}, fault.Wrap(err, fault.Unavailable, "The node cannot store what it read. Its disk may be full.")
		}
		r.HasCover = true
	}
	return r, nil
}

func scan(ctx context.Context, f *os.File, size int64) (*index.Index, error) {
	head := make([]byte, 1<<12)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fault.Wrap(err, fault.Unavailable, "The uploaded file cannot be read.")
	}
	if s := Foreign(head[:n]); s != "" {
		return nil, fault.New(fault.Unsupported, "%s", fault.Term(s))
	}
	if hasPictures(f, size) {
		return nil, fault.New(fault.Unsupported, isVideo)
	}
	return index.Scan(ctx, f, size)
}

// Foreign returns a sentence about a file that is plainly something else than
// sound, told by its first bytes, or "".
func Foreign(head []byte) string {
	for _, f := range foreign {
		if len(head) >= f.at && bytes.HasPrefix(head[f.at:], []byte(f.magic)) {
			return f.sentence
		}
	}
	if isText(head) {
		return "This is a text file. Upload the recording itself, as FLAC or WAV if you have it."
	}
	return ""
}

const (
	isPicture  = "This is a picture. Upload it as the cover, and the recordings as FLAC, WAV, MP3, M4A, Ogg or Opus."
	isVideo    = "This is a video. Export its sound as FLAC or WAV and upload that."
	isArchive  = "This is an archive. Unpack it and upload the tracks."
	isPlaylist = "This is a playlist: it names recordings but holds none. Upload the recordings themselves."
	isProgram  = "This is a program, not a recording."
)

var foreign = []struct {
	at              int
	magic, sentence string
}{
	{0, "#EXTM3U", isPlaylist},
	{0, "ffconcat", isPlaylist},
	{0, "[playlist]", isPlaylist},
	{0, "FILE \"", isPlaylist},
	{0, "\x89PNG", isPicture},
	{0, "\xff\xd8\xff", isPicture},
	{0, "GIF8", isPicture},
	{8, "WEBP", isPicture},
	{0, "BM", isPicture},
	{4, "ftypavif", isPicture},
	{4, "ftypheic", isPicture},
	{4, "ftypqt  ", isVideo},
	{8, "AVI ", isVideo},
	{0, "FLV\x01", isVideo},
	{0, "\x00\x00\x01\xba", isVideo},
	{0, "\x00\x00\x01\xb3", isVideo},
	{0, "\x1f\x8b", isArchive},
	{0, "7z\xbc\xaf\x27\x1c", isArchive},
	{0, "\xfd7zXZ", isArchive},
	{0, "BZh", isArchive},
	{0, "\x28\xb5\x2f\xfd", isArchive},
	{257, "ustar", isArchive},
	{0, "%PDF", "This is a PDF. Upload the recordings here; texts go into the release's notes."},
	{0, "\x7fELF", isProgram},
	{0, "MZ", isProgram},
	{0, "\xcf\xfa\xed\xfe", isProgram},
}

// isText reports whether the first bytes are printable throughout.
func isText(b []byte) bool {
	for _, c := range b {
		if c < 0x20 && c != '\n' && c != '\r' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return len(b) >= 16
}

// hasPictures reports whether an MP4 file (ISO 14496-12) holds a video track.
// What it cannot follow it leaves to the index, which refuses it.
func hasPictures(r io.ReaderAt, size int64) bool {
	budget := 1 << 10 // boxes looked at
	var walk func(from, to int64, path string) bool
	walk = func(from, to int64, path string) bool {
		for from+8 <= to && budget > 0 {
			budget--
			var h [20]byte
			n, err := r.ReadAt(h[:], from)
			if n < 8 || err != nil && !errors.Is(err, io.EOF) {
				return false
			}
			length, head := int64(binary.BigEndian.Uint32(h[:])), int64(8)
			switch length {
			case 0:
				length = to - from
			case 1:
				length, head = int64(binary.BigEndian.Uint64(h[8:])&(1<<62-1)), 16
			}
			if length < head || length > to-from {
				return false
			}
			switch here := path + "/" + string(h[4:8]); here {
			case "/moov", "/moov/trak", "/moov/trak/mdia":
				if walk(from+head, from+length, here) {
					return true
				}
			case "/moov/trak/mdia/hdlr":
				if string(h[16:20]) == "vide" {
					return true
				}
			}
			from += length
		}
		return false
	}
	var h [8]byte
	if _, err := r.ReadAt(h[:], 0); err != nil || string(h[4:]) != "ftyp" {
		return false
	}
	return walk(0, size, "")
}
