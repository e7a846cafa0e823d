package hls

import (
	"bytes"
	"encoding/binary"

	"github.com/Eyevinn/mp4ff/mp4"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/media/index"
)

// encodeInit writes ftyp and moov. An edit list leaves out the encoder's delay
// and padding, so that albums play without gaps.
func encodeInit(x *index.Index) ([]byte, error) {
	entry, err := sampleEntry(x)
	if err != nil {
		return nil, err
	}
	in := mp4.NewMP4Init()
	in.AddChild(mp4.NewFtyp("iso6", 0, []string{"iso6", "mp41", "cmfc", "dash"}))
	in.AddChild(mp4.NewMoovBox())
	mvhd := mp4.CreateMvhd()
	mvhd.Timescale = x.Rate // so that edits are exact to the sample
	in.Moov.AddChild(mvhd)
	in.Moov.AddChild(mp4.NewMvexBox())
	in.AddEmptyTrack(x.Rate, "audio", "und")
	trak := in.Moov.Trak
	trak.Mdia.Minf.Stbl.Stsd.AddChild(entry)
	if x.Delay > 0 || x.Samples < x.Ticks() {
		edts := &mp4.EdtsBox{}
		edts.AddChild(&mp4.ElstBox{Version: 1, Entries: []mp4.ElstEntry{{
			SegmentDuration: x.Samples, MediaTime: int64(x.Delay), MediaRateInteger: 1,
		}}})
		trak.Edts = edts
		trak.Children = append([]mp4.Box{trak.Children[0], edts}, trak.Children[1:]...)
	}
	var b bytes.Buffer
	if err := in.Encode(&b); err != nil {
		return nil, fault.Wrap(err, fault.Unsupported, "This file cannot be packaged for the browser.")
	}
	return b.Bytes(), nil
}

// sampleEntry describes the codec to a decoder.
func sampleEntry(x *index.Index) (*mp4.AudioSampleEntryBox, error) {
	rate := uint16(0) // the field has no room for more (ISO 14496-12 section 12.2.3)
	if x.Rate <= 0xffff {
		rate = uint16(x.Rate)
	}
	chans, c := uint16(x.Channels), x.Config
	switch {
	case x.Codec == index.FLAC && len(c) == 34:
		// dfLa: version and flags, then STREAMINFO as the last metadata block
		// (FLAC in ISO base media, section 3.3.2).
		body := append([]byte{0, 0, 0, 0, 0x80, 0, 0, 34}, c...)
		return mp4.CreateAudioSampleEntryBox("fLaC", chans, uint16(x.Bits), rate,
			mp4.CreateUnknownBox("dfLa", uint64(8+len(body)), body)), nil
	case x.Codec == index.AAC && len(c) >= 2:
		return mp4.CreateAudioSampleEntryBox("mp4a", chans, 16, rate, mp4.CreateEsdsBox(c)), nil
	case x.Codec == index.Opus && len(c) >= 19:
		le := binary.LittleEndian
		d := &mp4.DopsBox{
			OutputChannelCount: c[9], PreSkip: le.Uint16(c[10:]), InputSampleRate: le.Uint32(c[12:]),
			OutputGain: int16(le.Uint16(c[16:])), ChannelMappingFamily: c[18],
		}
		if c[18] != 0 {
			if len(c) < 21+int(c[9]) {
				break
			}
			d.StreamCount, d.CoupledCount, d.ChannelMapping = c[19], c[20], c[21:21+int(c[9])]
		}
		return mp4.CreateAudioSampleEntryBox("Opus", chans, 16, rate, d), nil
	}
	return nil, fault.New(fault.Invalid, "The frame index of this track is damaged. It has to be rebuilt.")
}

const (
	mfhdSize, tfdtSize, boxHead = 16, 20, 8
	syncSample                  = 0x02000000 // sample_depends_on = 2
)

// sizes returns the lengths of tfhd and trun. Equal durations are said once.
func (s *segment) sizes() (tfhd, trun int) {
	n := s.b - s.a
	if s.dur != 0 {
		return 24, 20 + 4*n
	}
	return 20, 20 + 8*n
}

// header returns the length of moof and of mdat's head.
func (s *segment) header() int {
	tfhd, trun := s.sizes()
	return boxHead + mfhdSize + boxHead + tfhd + tfdtSize + trun + boxHead
}

// appendHeader writes moof and the head of mdat for one segment
// (ISO 14496-12 section 8.8).
func (t *Track) appendHeader(b []byte, s *segment, sequence uint32) []byte {
	be := binary.BigEndian
	tfhd, trun := s.sizes()
	open := func(name string, size int) {
		b = append(be.AppendUint32(b, uint32(size)), name...)
	}
	u32 := func(v ...uint32) {
		for _, v := range v {
			b = be.AppendUint32(b, v)
		}
	}
	open("moof", s.header()-boxHead)
	open("mfhd", mfhdSize)
	u32(0, sequence)
	open("traf", boxHead+tfhd+tfdtSize+trun)
	open("tfhd", tfhd)
	if s.dur != 0 { // default base is moof; default duration; default flags
		u32(0x020000|0x08|0x20, 1, s.dur, syncSample)
	} else {
		u32(0x020000|0x20, 1, syncSample)
	}
	open("tfdt", tfdtSize)
	u32(1 << 24)
	b = be.AppendUint64(b, s.start)
	open("trun", trun)
	flags := uint32(0x01 | 0x200) // data offset; sizes
	if s.dur == 0 {
		flags |= 0x100 // durations
	}
	u32(flags, uint32(s.b-s.a), uint32(s.header()))
	if s.dur != 0 {
		for _, size := range t.x.Sizes(s.a, s.b) {
			b = be.AppendUint32(b, size)
		}
	} else {
		t.x.Range(s.a, s.b, func(size, dur uint32) bool {
			b = be.AppendUint32(be.AppendUint32(b, dur), size)
			return true
		})
	}
	open("mdat", boxHead+int(s.bytes))
	return b
}
