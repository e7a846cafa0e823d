package index

import (
	"bytes"

	"github.com/Eyevinn/mp4ff/bits"
	"github.com/Eyevinn/mp4ff/mp4"

	"github.com/michaelperna/9ten/internal/fault"
)

// Limits on the structure of an MP4 file. A cover and the tables of a day of
// sound fit into maxMoov.
const (
	maxMoov     = 64 << 20
	maxTopBoxes = 1 << 16
	maxChildren = 1 << 10
	maxStsd     = 64 << 10
)

// scanMP4 indexes AAC in MP4 (ISO 14496-12, 14496-14) from its sample tables,
// and describes Apple Lossless. The boxes are walked here, so that depth and
// sizes are bounded; only single tables are given to the library.
func scanMP4(w *window, start int64) (*Index, error) {
	moov, err := readMoov(w, start)
	if err != nil {
		return nil, err
	}
	x := &Index{Info: Info{Container: "mp4", Codec: AAC}}
	var scale uint32 // of the movie, for edit lists
	var gapless string
	tracks, err := children(moov)
	if err != nil {
		return nil, err
	}
	var sound *mp4Track
	for _, b := range tracks {
		switch b.name {
		case "mvhd":
			if m, ok := decodeBox[*mp4.MvhdBox](b); ok {
				scale = m.Timescale
			}
		case "mvex":
			return nil, fault.New(fault.Unsupported, "This M4A file is cut into fragments for streaming. Export the track again as a plain M4A, or as FLAC.")
		case "udta":
			gapless = iTunesGapless(b.body)
		case "trak":
			t, err := readTrack(b.body)
			if err != nil {
				return nil, err
			}
			if t.sound && sound == nil {
				sound = t
			}
		}
	}
	if sound == nil {
		return nil, fault.New(fault.Unsupported, "This MP4 file has no sound. Upload the track as FLAC or WAV.")
	}
	return sound.index(x, w.end, scale, gapless)
}

// box is one box of the file; whole includes its header.
type box struct {
	name        string
	body, whole []byte
}

// readMoov finds the movie box among the boxes of the file and reads it.
func readMoov(w *window, pos int64) ([]byte, error) {
	for range maxTopBoxes {
		b, ok, err := w.full(pos, 8)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, fault.New(fault.Invalid, "This M4A file was never finished: its table of contents is missing. Export the track again.")
		}
		name, size, head := string(b[4:8]), uint64(be32(b)), int64(8)
		switch size {
		case 0:
			size = uint64(w.end - pos)
		case 1:
			if b, ok, err = w.full(pos, 16); err != nil {
				return nil, err
			} else if !ok {
				return nil, errHeader()
			}
			size, head = be64(b[8:]), 16
		}
		if size < uint64(head) || size > 1<<62 {
			return nil, errHeader()
		}
		if name != "moov" {
			pos += int64(size)
			if pos < 0 {
				return nil, errHeader()
			}
			continue
		}
		if size > maxMoov {
			return nil, fault.New(fault.TooLarge, "The table of contents of this M4A file is larger than %d MiB. Export the track again.", maxMoov>>20)
		}
		if int64(size) > w.end-pos {
			return nil, errShort(0, 0, 1)
		}
		return w.copyOut(pos+head, int(int64(size)-head))
	}
	return nil, errHeader()
}

// copyOut reads n bytes at off, which lie within the file, however many.
func (w *window) copyOut(off int64, n int) ([]byte, error) {
	out := make([]byte, 0, n)
	for len(out) < n {
		b, err := w.view(off+int64(len(out)), min(n-len(out), windowSize))
		if err != nil {
			return nil, err
		}
		if len(b) == 0 {
			return nil, errHeader()
		}
		out = append(out, b...)
	}
	return out, nil
}

// children splits the body of a container.
func children(b []byte) ([]box, error) {
	var out []box
	for len(b) >= 8 {
		n := uint64(be32(b))
		if n == 0 {
			n = uint64(len(b))
		}
		if n < 8 || n > uint64(len(b)) || len(out) >= maxChildren {
			return nil, errHeader()
		}
		out = append(out, box{string(b[4:8]), b[8:n], b[:n]})
		b = b[n:]
	}
	return out, nil
}

func decodeBox[T mp4.Box](b box) (t T, ok bool) {
	got, err := mp4.DecodeBoxSR(0, bits.NewFixedSliceReader(b.whole))
	if err != nil {
		return t, false
	}
	t, ok = got.(T)
	return t, ok
}

// mp4Track holds the tables of one track.
type mp4Track struct {
	sound bool
	scale uint32
	elst  *mp4.ElstBox
	stsd  []byte // first sample entry: its body, after size and name
	entry string
	stts  *mp4.SttsBox
	stsc  *mp4.StscBox
	stsz  *mp4.StszBox
	stco  *mp4.StcoBox
	co64  *mp4.Co64Box
}

// readTrack walks the known path trak/mdia/minf/stbl: its depth is fixed.
func readTrack(b []byte) (*mp4Track, error) {
	t := &mp4Track{}
	level := []box{{body: b}}
	for len(level) > 0 {
		kids, err := children(level[0].body)
		if err != nil {
			return nil, err
		}
		level = level[1:]
		for _, k := range kids {
			switch k.name {
			case "mdia", "minf", "stbl", "edts":
				if level = append(level, k); len(level) > 8 {
					return nil, errHeader()
				}
				continue
			}
			if !t.table(k) {
				return nil, errHeader()
			}
		}
	}
	return t, nil
}

// table keeps one table and reports false for a broken one.
func (t *mp4Track) table(b box) (ok bool) {
	switch b.name {
	case "hdlr":
		ok = len(b.body) >= 12
		t.sound = ok && string(b.body[8:12]) == "soun"
	case "mdhd":
		var m *mp4.MdhdBox
		if m, ok = decodeBox[*mp4.MdhdBox](b); ok {
			t.scale = m.Timescale
		}
	case "stsd":
		if ok = len(b.body) >= 24 && len(b.body) <= maxStsd; ok {
			n := uint64(be32(b.body[8:]))
			if ok = n >= 16 && n <= uint64(len(b.body)-8); ok {
				t.entry, t.stsd = string(b.body[12:16]), b.body[16:8+n]
			}
		}
	case "elst":
		t.elst, ok = decodeBox[*mp4.ElstBox](b)
	case "stts":
		t.stts, ok = decodeBox[*mp4.SttsBox](b)
	case "stsc":
		t.stsc, ok = decodeBox[*mp4.StscBox](b)
	case "stsz":
		t.stsz, ok = decodeBox[*mp4.StszBox](b)
	case "stco":
		t.stco, ok = decodeBox[*mp4.StcoBox](b)
	case "co64":
		t.co64, ok = decodeBox[*mp4.Co64Box](b)
	default:
		return true
	}
	return ok
}

func (t *mp4Track) index(x *Index, end int64, movie uint32, gapless string) (*Index, error) {
	x.Rate = t.scale
	if len(t.stsd) < 28 || t.scale == 0 || t.stts == nil {
		return nil, errHeader()
	}
	x.Channels = uint8(min(be16(t.stsd[16:]), 255))
	switch t.entry {
	case "mp4a":
		if err := t.aac(x); err != nil {
			return nil, err
		}
	case "alac":
		return t.alac(x)
	case "drms", "enca":
		return nil, fault.New(fault.Unsupported, "This file is copy-protected, so nobody but the shop it came from can open it. Export the track again as FLAC or WAV.")
	default:
		return nil, fault.New(fault.Unsupported, "This MP4 file holds sound of a kind we cannot read. Export the track as FLAC, WAV or AAC.")
	}
	if err := t.frames(x, end); err != nil {
		return nil, err
	}
	t.edits(x, movie, gapless)
	return x, nil
}

// aac reads the decoder configuration from esds.
func (t *mp4Track) aac(x *Index) error {
	kids, err := children(t.stsd[28:])
	if err != nil {
		return err
	}
	for _, k := range kids {
		if k.name != "esds" {
			continue
		}
		e, ok := decodeBox[*mp4.EsdsBox](k)
		if !ok || e.DecConfigDescriptor == nil || e.DecConfigDescriptor.DecSpecificInfo == nil {
			return errHeader()
		}
		if o := e.DecConfigDescriptor.ObjectType; o != 0x40 && o != 0x67 {
			return fault.New(fault.Unsupported, "This MP4 file holds sound of a kind we cannot read. Export the track as FLAC, WAV or AAC.")
		}
		c := e.DecConfigDescriptor.DecSpecificInfo.DecConfig
		a, ok := parseASC(c)
		if !ok || len(c) > maxConfig {
			return errHeader()
		}
		x.Config = bytes.Clone(c)
		if a.channels > 0 {
			x.Channels = a.channels
		}
		return nil
	}
	return errHeader()
}

// alac describes Apple Lossless from its magic cookie.
func (t *mp4Track) alac(x *Index) (*Index, error) {
	kids, err := children(t.stsd[28:])
	if err != nil {
		return nil, err
	}
	x.Codec = ALAC
	for _, k := range kids {
		if k.name == "alac" && len(k.body) >= 28 {
			x.Bits, x.Channels, x.Rate = k.body[9], k.body[13], be32(k.body[24:])
		}
	}
	if x.Rate != t.scale {
		return nil, errHeader()
	}
	for i, n := range t.stts.SampleCount {
		x.Samples += uint64(n) * uint64(t.stts.SampleTimeDelta[i])
		if x.Samples > 1<<40 {
			return nil, errHeader()
		}
	}
	return x, nil
}

// frames joins the four tables: durations, sizes, samples per chunk, chunks.
func (t *mp4Track) frames(x *Index, end int64) error {
	chunks := 0
	chunk := func(i int) uint64 { return uint64(t.stco.ChunkOffset[i]) }
	switch {
	case t.stsz == nil || t.stsc == nil:
		return errHeader()
	case t.stco != nil:
		chunks = len(t.stco.ChunkOffset)
	case t.co64 != nil:
		chunks = len(t.co64.ChunkOffset)
		chunk = func(i int) uint64 { return t.co64.ChunkOffset[i] }
	default:
		return errHeader()
	}
	if t.stsz.SampleNumber > maxFrames {
		return fault.New(fault.TooLarge, "This file is longer than a day. Split it into tracks.")
	}
	total, promised := int(t.stsz.SampleNumber), t.promised()
	size := func(i int) uint32 { return t.stsz.SampleUniformSize }
	if t.stsz.SampleUniformSize == 0 {
		size = func(i int) uint32 { return t.stsz.SampleSize[i] }
	}
	durs := durations{stts: t.stts}
	next, per := 0, uint32(0) // entry of stsc, samples per chunk
	all := uint64(0)          // bytes of all chunks, which do not overlap
	for c := range chunks {
		if e := t.stsc.Entries; next < len(e) && uint64(e[next].FirstChunk) == uint64(c)+1 {
			per = e[next].SamplesPerChunk
			next++
		}
		off, bytes := chunk(c), uint64(0)
		for range per {
			i := len(x.sizes)
			if i >= total {
				break
			}
			d, ok := durs.next()
			n := size(i)
			if !ok || n == 0 {
				return errDamaged(x.ticks, x.Rate)
			}
			if off > uint64(end) || off+bytes+uint64(n) > uint64(end) {
				return errShort(x.ticks, promised, x.Rate)
			}
			if err := x.add(n, d); err != nil {
				return err
			}
			bytes += uint64(n)
		}
		if all += bytes; all > uint64(end) {
			return errDamaged(x.ticks, x.Rate)
		}
		if bytes > 0 {
			if err := x.addExtent(int64(off), bytes); err != nil {
				return err
			}
		}
	}
	if len(x.sizes) != total {
		return errDamaged(x.ticks, x.Rate)
	}
	return nil
}

func (t *mp4Track) promised() (n uint64) {
	for i, c := range t.stts.SampleCount {
		n += uint64(c) * uint64(t.stts.SampleTimeDelta[i])
	}
	return n
}

// durations gives out the durations of stts one by one.
type durations struct {
	stts *mp4.SttsBox
	i    int
	used uint32
}

func (d *durations) next() (uint32, bool) {
	for d.i < len(d.stts.SampleCount) && d.used >= d.stts.SampleCount[d.i] {
		d.i, d.used = d.i+1, 0
	}
	if d.i >= len(d.stts.SampleCount) {
		return 0, false
	}
	d.used++
	return d.stts.SampleTimeDelta[d.i], d.stts.SampleTimeDelta[d.i] > 0
}

// edits sets delay and length: exactly from iTunes' note, else from the edit
// list (ISO 14496-12 section 8.6.6), else everything is music.
func (t *mp4Track) edits(x *Index, movie uint32, gapless string) {
	x.Samples = x.ticks
	if d, n, ok := parseGapless(gapless); ok && d < x.ticks && n <= x.ticks-d && n > 0 {
		x.Delay, x.Samples = uint32(d), n
		return
	}
	if t.elst == nil || movie == 0 {
		return
	}
	for _, e := range t.elst.Entries {
		if e.MediaTime < 0 { // an empty edit: silence before the track
			continue
		}
		if uint64(e.MediaTime) >= x.ticks || e.MediaTime > 1<<20 || e.SegmentDuration > 1<<32 {
			return
		}
		x.Delay = uint32(e.MediaTime)
		x.Samples = x.ticks - uint64(x.Delay)
		n := e.SegmentDuration * uint64(t.scale) / uint64(movie)
		if n > 0 && n < x.Samples {
			x.Samples = n
		}
		return
	}
}
