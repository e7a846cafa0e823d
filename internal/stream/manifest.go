package stream

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"

	"github.com/michaelperna/9ten/internal/royalty"
)

// signed is a manifest as it is read: the bytes that were signed, and the same
// in plain fields.
type signed struct {
	Track      string          `json:"track"`
	Codec      string          `json:"codec"`
	Muxer      string          `json:"muxer"`
	SampleRate uint32          `json:"sampleRate"`
	Channels   uint8           `json:"channels"`
	Delay      uint32          `json:"delay"`
	Samples    uint64          `json:"samples"`
	Segments   []signedSegment `json:"segments"`
	Act        string          `json:"act"`
	Manifest   []byte          `json:"manifest"`  // base64; its SHA-256 is the rendition's id
	Signature  []byte          `json:"signature"` // base64
	Key        []byte          `json:"key"`       // base64
}

type signedSegment struct {
	SHA256  string `json:"sha256"`
	Bytes   uint32 `json:"bytes"`
	Samples uint32 `json:"samples"`
}

// manifest serves what the act signed of a rendition. The key beside it may be
// replaced one day, so it is asked for again.
func (s *Server) manifest(w http.ResponseWriter, r *http.Request, rendition string, t Track) error {
	m, err := s.cfg.Catalogue.Manifest(r.Context(), rendition)
	if err != nil {
		return err
	}
	if len(m.Signature) == 0 {
		return errNothing() // prepared by an earlier version
	}
	p, err := royalty.ParseRenditionManifest(m.Bytes)
	if err != nil {
		return err
	}
	out := signed{p.Track, p.Codec, p.Muxer, p.SampleRate, p.Channels, p.Delay, p.Samples, make([]signedSegment, len(p.Segments)), m.Act, m.Bytes, m.Signature, m.Key}
	for i, x := range p.Segments {
		out.Segments[i] = signedSegment{hex.EncodeToString(x.SHA256[:]), x.Bytes, x.Samples}
	}
	b, err := json.Marshal(out)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h["Cache-Control"] = pick(t, revalidate, ownAgain)
	sum := sha256.Sum256(b)
	serveBytes(w, r, hex.EncodeToString(sum[:16]), b)
	return nil
}
