package index

import (
	"bytes"
	"context"
	"io"

	"github.com/michaelperna/9ten/internal/fault"
)

// Scan reads a whole file of size bytes once and returns its index. Vorbis,
// ALAC and PCM are described without frames.
//
// Faults: Unsupported for what a node does not take, Invalid for a broken file,
// TooLarge beyond a day of sound, Unavailable when src cannot be read; ctx's
// error when it ends.
func Scan(ctx context.Context, src io.ReaderAt, size int64) (*Index, error) {
	w := newWindow(ctx, src, size)
	if size == 0 {
		return nil, fault.New(fault.Invalid, "This file is empty. Export the track again.")
	}
	start, err := w.skipID3v2(0)
	if err != nil {
		return nil, err
	}
	head, err := w.view(start, 64)
	if err != nil {
		return nil, err
	}
	head = bytes.Clone(head)
	for _, f := range formats {
		if f.is(head) {
			return f.scan(w, start, size)
		}
	}
	for _, f := range foreign {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return nil, fault.New(fault.Unsupported, "%s", f.sentence)
		}
	}
	if adtsSync(head) {
		return sized(scanADTS)(w, start, size)
	}
	return sized(scanMP3)(w, start, size)
}

type format struct {
	is   func(head []byte) bool
	scan func(w *window, start, size int64) (*Index, error)
}

func magic(at int, s string) func([]byte) bool {
	return func(h []byte) bool { return len(h) >= at+len(s) && string(h[at:at+len(s)]) == s }
}

func sized(scan func(*window, int64) (*Index, error)) func(*window, int64, int64) (*Index, error) {
	return func(w *window, start, size int64) (*Index, error) {
		x, err := scan(w, start)
		if err != nil {
			return nil, err
		}
		x.size = size
		return x.finish()
	}
}

// formats are the containers told by their first bytes; MP3 and ADTS have no
// such bytes and are tried last.
var formats = []format{
	{magic(0, "fLaC"), sized(scanFLAC)},
	{magic(0, "OggS"), sized(scanOgg)},
	{magic(4, "ftyp"), sized(scanMP4)},
	{magic(0, "RIFF"), sized(scanWAV)},
	{magic(0, "RF64"), sized(scanWAV)},
	{magic(0, "BW64"), sized(scanWAV)},
}

// foreign are formats worth a sentence of their own.
var foreign = []struct{ magic, sentence string }{
	{"FORM", "This is an AIFF file. Export the track as FLAC or WAV: the sound stays the same."},
	{"MAC ", "This is a Monkey's Audio file. Export the track as FLAC: the sound stays the same."},
	{"wvpk", "This is a WavPack file. Export the track as FLAC: the sound stays the same."},
	{"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "This is a Windows Media file. Export the track as FLAC or WAV from the original recording."},
	{"DSD ", "This is a DSD file. Export the track as FLAC or WAV."},
	{"FRM8", "This is a DSD file. Export the track as FLAC or WAV."},
	{"\x1aE\xdf\xa3", "This is a Matroska or WebM file. Export its sound as FLAC, WAV or Opus."},
	{"PK\x03\x04", "This is a zip archive. Upload it as a release, or unpack it first."},
	{"Rar!", "This is a rar archive. Unpack it and upload the tracks."},
	{"MThd", "This is a MIDI file: it holds notes, not sound. Export the track as FLAC or WAV."},
}
