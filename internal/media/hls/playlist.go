package hls

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"strconv"

	"github.com/michaelperna/9ten/internal/royalty"
)

// Playlist returns the media playlist. Segments are named relative to it, so
// it is served as <rendition>/index.m3u8.
//
// Times are those of the decoder: delay and padding are taken from the last
// segment alone, because players place segments by their decode times.
func (t *Track) Playlist() []byte {
	longest := uint64(0)
	ticks := make([]uint64, len(t.segs))
	perSecond := uint64(t.x.Rate)
	for i, s := range t.segs {
		ticks[i] = uint64(s.ticks)
		if i == len(t.segs)-1 {
			ticks[i] -= min(t.x.Ticks()-t.x.Samples, ticks[i]-1)
		}
		longest = max(longest, (ticks[i]+perSecond/2)/perSecond)
	}
	b := make([]byte, 0, 160+40*len(t.segs))
	b = append(b, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:"...)
	b = strconv.AppendUint(b, max(longest, 1), 10)
	b = append(b, "\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"init.mp4\"\n"...)
	for i := range t.segs {
		micros := (ticks[i]*1_000_000 + perSecond/2) / perSecond
		b = fmt.Appendf(b, "#EXTINF:%d.%06d,\n%d.m4s\n", micros/1_000_000, micros%1_000_000, i)
	}
	return append(b, "#EXT-X-ENDLIST\n"...)
}

// Variant is one choice in a master playlist.
type Variant struct {
	URI   string // of the media playlist, relative or absolute
	Track *Track
	Peak  int64 // see [Source]
}

// Master returns the master playlist of one recording, in the order given:
// lossless first. Every BANDWIDTH is different, since players and swarms tell
// variants apart by it. X-TRUE-PEAK, which our player looks at and others pass
// over, is in dBTP and says how far a variant may be turned up.
func Master(variants []Variant) []byte {
	b := []byte("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n")
	taken := make(map[uint64]bool, len(variants))
	for _, v := range variants {
		peak, mean := v.Track.peak, v.Track.Average()
		for taken[peak] {
			peak++
		}
		taken[peak] = true
		b = fmt.Appendf(b, "#EXT-X-STREAM-INF:BANDWIDTH=%d,AVERAGE-BANDWIDTH=%d,CODECS=\"%s\"", peak, mean, v.Track.CodecString())
		if v.Peak != 0 {
			b = fmt.Appendf(b, ",X-TRUE-PEAK=%.2f", float64(v.Peak)/1000)
		}
		b = fmt.Appendf(b, "\n%s\n", v.URI)
	}
	return b
}

// Average returns the mean bits per second of the whole track.
func (t *Track) Average() uint64 {
	var bytes uint64
	for i := range t.segs {
		bytes += uint64(t.Size(i))
	}
	return rate(bytes, t.x.Ticks(), t.x.Rate)
}

// Manifest reads the whole track once and returns what an act signs: the hash,
// length and samples of every segment. The name is <ULID>@<node>.
func (t *Track) Manifest(ctx context.Context, src io.ReaderAt, name string) (royalty.RenditionManifest, error) {
	m := royalty.RenditionManifest{
		Track: name, Codec: t.x.Codec.String(), Muxer: Muxer, SampleRate: t.x.Rate, Channels: t.x.Channels,
		Delay: t.x.Delay, Samples: t.x.Samples, Segments: make([]royalty.Segment, len(t.segs)),
	}
	var buf []byte
	for i := range t.segs {
		if err := ctx.Err(); err != nil {
			return royalty.RenditionManifest{}, err
		}
		b, err := t.AppendSegment(buf[:0], src, i)
		if err != nil {
			return royalty.RenditionManifest{}, err
		}
		m.Segments[i] = royalty.Segment{SHA256: sha256.Sum256(b), Bytes: uint32(len(b)), Samples: t.segs[i].ticks}
		buf = b
	}
	return m, nil
}
