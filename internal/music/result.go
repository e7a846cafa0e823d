package music

import (
	"math"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// A Result is what media found out about a track's file. Parts arrive as they
// are done, in any order; each is nil or empty until it is. Handing one over
// twice changes nothing.
type Result struct {
	Original   string // blob key the result is of: one of a file replaced meanwhile is dropped
	Started    bool   // reading has begun
	Probe      *Probe
	Tags       *FileTags
	Cover      *Cover // embedded picture; used when the release has none
	Loudness   *Loudness
	Peaks      []byte // small waveform, at most 256 values 0 to 255
	Waveform   string // blob key of the full one
	Renditions []Rendition
	Playable   bool   // a rendition, or the original as it is, can be played from now on
	Refusal    string // why the file cannot be taken, one sentence; it ends the preparation
}

// A Probe is what the headers and frames of a file say.
type Probe struct {
	Codec    string // flac, wav, mp3, aac, alac, vorbis, opus
	Rate     int64  // Hz
	Bits     int64  // per sample, 0 when the codec has none
	Channels int64
	Samples  int64 // per channel, encoder delay and padding left out
	Delay    int64 // encoder delay in samples
}

// Loudness is measured after EBU R128.
type Loudness struct {
	Integrated int64  // thousandths of LUFS
	Peak       int64  // true peak, thousandths of dBTP
	Gates      []byte // see Asset.Gates
}

// target is the loudness gains lead to (ReplayGain 2), thousandths of LUFS.
const target = -18_000

// Gain returns the thousandths of dB that bring a loudness to the target, at
// most 12 dB louder, so that silence is not blown up.
func Gain(loudness int64) int64 { return min(target-loudness, 12_000) }

// clamp keeps a measured value in the range it can mean something: silence
// measures as minus infinity, which R128 gates at -70 LUFS.
func clamp(v, low, high int64) int64 { return max(low, min(v, high)) }

// check refuses figures no file can have: they would become nonsense in
// counting and on pages.
func (p *Probe) check() error {
	switch {
	case p.Rate < 1 || p.Rate > 768_000, p.Channels < 1 || p.Channels > 32, p.Bits < 0 || p.Bits > 64,
		p.Samples < 1 || p.Samples > math.MaxInt64/1000, p.Delay < 0, p.Codec == "":
		return fault.New(fault.Invalid, "The file's figures make no sense: %d samples at %d Hz.", p.Samples, p.Rate)
	}
	return nil
}

// apply writes the probe into the asset.
func (p *Probe) apply(a *Asset) {
	a.Codec, a.Rate, a.Bits, a.Channels = p.Codec, p.Rate, p.Bits, p.Channels
	a.Samples, a.Delay = p.Samples, p.Delay
	a.DurationMS = p.Samples/p.Rate*1000 + p.Samples%p.Rate*1000/p.Rate
}

// An Upload is one file on its way in (tus).
type Upload struct {
	ID       id.Upload
	Account  id.Account
	Release  id.Release
	Track    id.Track // the track it replaces; once done, the one it became
	Filename string
	Size     int64 // bytes
	Received int64 // bytes that are on disk
	State    UploadState
	Reason   string // why it failed
	Created  time.Time
	Changed  time.Time
}

// An UploadState is where an upload is.
type UploadState string

// The states of an upload.
const (
	UploadOpen      UploadState = "open"
	UploadDone      UploadState = "done"
	UploadFailed    UploadState = "failed"
	UploadCancelled UploadState = "cancelled"
)
