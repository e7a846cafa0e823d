package royalty

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"

	"github.com/michaelperna/9ten/internal/royalty/wire"
)

const tagRendition = "9ten/rendition/v1"

// Segment is one piece of a rendition.
type Segment struct {
	SHA256  Hash
	Bytes   uint32
	Samples uint32
}

// RenditionManifest lists the segments of a track in one codec. The act's
// actor key signs its bytes; peers fetch segments by it.
type RenditionManifest struct {
	Track      string // <ULID>@<node>
	Codec      string
	Muxer      string // version
	SampleRate uint32 // Hz
	Channels   uint8
	Delay      uint32 // priming samples to leave out
	Samples    uint64 // of the track, without delay and padding
	Segments   []Segment
}

// Valid refuses (Invalid) a manifest of nothing.
func (m *RenditionManifest) Valid() error {
	if m.Track == "" || m.Codec == "" || m.SampleRate == 0 || m.Channels == 0 {
		return invalid("A rendition has no track, codec, sample rate or channels.")
	}
	for _, s := range m.Segments {
		if s.Bytes == 0 {
			return invalid("A rendition has an empty segment.")
		}
	}
	return nil
}

// Encode returns the canonical bytes.
func (m *RenditionManifest) Encode() ([]byte, error) {
	if err := m.Valid(); err != nil {
		return nil, err
	}
	w := wire.NewWriter(tagRendition)
	w.Str(m.Track)
	w.Str(m.Codec)
	w.Str(m.Muxer)
	w.U32(m.SampleRate)
	w.U8(m.Channels)
	w.U32(m.Delay)
	w.U64(m.Samples)
	w.Count(len(m.Segments))
	for _, s := range m.Segments {
		w.Raw(s.SHA256[:])
		w.U32(s.Bytes)
		w.U32(s.Samples)
	}
	return w.Bytes()
}

// SwarmID is the rendition's name: the SHA-256 of the bytes, in hex.
func (m *RenditionManifest) SwarmID() (string, error) {
	b, err := m.Encode()
	if err != nil {
		return "", err
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:]), nil
}

// ParseRenditionManifest reads what Encode wrote and refuses everything else.
func ParseRenditionManifest(b []byte) (RenditionManifest, error) {
	in := wire.NewReader(tagRendition, b)
	var m RenditionManifest
	m.Track = in.Str()
	m.Codec = in.Str()
	m.Muxer = in.Str()
	m.SampleRate = in.U32()
	m.Channels = in.U8()
	m.Delay = in.U32()
	m.Samples = in.U64()
	n := in.Count(40)
	m.Segments = make([]Segment, n)
	for i := range m.Segments {
		in.Raw(m.Segments[i].SHA256[:])
		m.Segments[i].Bytes = in.U32()
		m.Segments[i].Samples = in.U32()
	}
	if err := cmp.Or(in.Done(), m.Valid()); err != nil {
		return RenditionManifest{}, err
	}
	return m, nil
}
