package music

import (
	"regexp"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// A TrackState is where a track's file is on its way to being heard.
type TrackState string

// The states of a track.
const (
	Uploaded  TrackState = "uploaded"  // the file is here, nothing read yet
	Preparing TrackState = "preparing" // being read
	Ready     TrackState = "ready"     // can be played; renditions may still join
	Refused   TrackState = "refused"   // Refusal says why, in a sentence
	Removed   TrackState = "removed"   // taken out after it had been public
)

// A Track is one recording on a release. Its id stays when its file is replaced.
type Track struct {
	ID      id.Track
	Release id.Release
	Act     id.Act
	Title   string
	Artist  string // "" as the release
	Disc    int    // from 1
	Number  int    // from 1 within the disc
	ISRC    string // CCXXXYYNNNNN, "" none: never invented
	// Recording is which one it is in MusicBrainz, as its file says, "" not known.
	Recording string
	Explicit  bool
	Lyrics    string // plain text, or LRC when Timed says so
	People    []Person
	Edited    []string
	State     TrackState
	Refusal   string
	Filename  string
	Original  string // blob key of the file that plays
	Pending   string // of the one that replaces it once it can be played, "" none
	Sheet     int64  // version of the credit sheet in force
	Plays     int64  // counted ones
	Created   time.Time
	Changed   time.Time
}

// A Person is a credit in words; it moves no money.
type Person struct {
	Name string `json:"name"`
	Role string `json:"role,omitempty"`
}

// An Asset is what was measured of a track's file.
type Asset struct {
	Track      id.Track
	Original   string // blob key original/<sha256>
	SHA256     string // hex
	Bytes      int64
	Codec      string // flac, wav, mp3, aac, alac, vorbis, opus; "" not read yet
	Rate       int64  // Hz
	Bits       int64  // per sample, 0 when the codec has none
	Channels   int64
	Samples    int64  // per channel, encoder delay and padding left out
	Delay      int64  // encoder delay in samples
	DurationMS int64  // rounded down
	Measured   bool   // the five below are known
	Loudness   int64  // integrated, thousandths of LUFS
	Peak       int64  // true peak, thousandths of dBTP
	Gain       int64  // thousandths of dB that bring it to -18 LUFS
	AlbumGain  int64  // the same for the release as a whole
	Gates      []byte // how often it is how loud: what album gain is made of
	Peaks      []byte
	Waveform   string // blob key of the full waveform, "" not made
	Tags       FileTags
}

// Lossless reports whether the original loses nothing.
func (a *Asset) Lossless() bool { return a.Codec == "flac" || a.Codec == "wav" || a.Codec == "alac" }

// A Rendition is one playable form of a track.
type Rendition struct {
	ID        string // SHA-256 of the manifest in hex: the swarm's name
	Track     id.Track
	Original  string // blob key of the file it was made from
	Codec     string // flac, aac, opus, mp3, original
	Frames    string // blob key
	Index     string // blob key of the frame index
	Manifest  []byte // canonical bytes (formats.md), nil when the form has no segments
	Signature []byte // of the manifest, by the act's key; nil unsigned
	Rate      int64  // Hz
	Channels  int64
	Bitrate   int64 // bit/s on average
	Samples   int64
	Delay     int64
	Bytes     int64
	Peak      int64 // true peak once decoded, thousandths of dBTP; 0 not measured
}

// Seconds is the length that listening counts with: floor(samples / rate).
func (a *Asset) Seconds() int64 {
	if a.Rate == 0 {
		return 0
	}
	return a.Samples / a.Rate
}

// RecordingID is an id of MusicBrainz in small letters, "" for what is none.
func RecordingID(s string) string {
	if s = strings.ToLower(s); brainz.MatchString(s) {
		return s
	}
	return ""
}

var brainz = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

var isrcForm = regexp.MustCompile(`^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$`)

// ISRC brings an International Standard Recording Code (ISO 3901) to its
// twelve characters without hyphens. It returns an Invalid fault about "isrc"
// unless it has the form; "" stays "".
func ISRC(s string) (string, error) {
	n := strings.ToUpper(strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' || r == '.' {
			return -1
		}
		return r
	}, strings.TrimSpace(s)))
	n = strings.TrimPrefix(n, "ISRC")
	if n == "" || isrcForm.MatchString(n) {
		return n, nil
	}
	return "", fault.On("isrc", fault.Invalid, "%q is no ISRC: it has twelve characters, like DE-A12-26-00001.", cut(s, 40))
}

// check cleans what a person may write and returns the first Invalid fault.
func (t *Track) check() (err error) {
	t.Title, t.Artist, t.Lyrics = OneLine(t.Title), OneLine(t.Artist), prose(t.Lyrics)
	if t.ISRC, err = ISRC(t.ISRC); err != nil {
		return err
	}
	if t.Disc < 1 || t.Disc > 99 || t.Number < 1 || t.Number > 999 {
		return fault.On("number", fault.Invalid, "Discs are numbered 1 to 99, tracks 1 to 999.")
	}
	if len(t.People) > listMax {
		return fault.On("people", fault.Invalid, "A track can credit %d people.", listMax)
	}
	for i := range t.People {
		p := &t.People[i]
		p.Name, p.Role = OneLine(p.Name), OneLine(p.Role)
		if err := need("people", "The name of a credit", p.Name, nameMax, false); err != nil {
			return err
		}
		if err := need("people", "The role of a credit", p.Role, nameMax, true); err != nil {
			return err
		}
	}
	for _, e := range []error{
		need("title", "The title", t.Title, titleMax, true),
		need("artist", "The artist", t.Artist, titleMax, true),
		need("lyrics", "The text of the song", t.Lyrics, lyricsMax, true),
	} {
		if e != nil {
			return e
		}
	}
	return nil
}
