package probe

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf16"
)

// maxID3 is the most of an ID3 tag that is looked at; pictures come in it too.
const maxID3 = 32 << 20

// syncedLyrics reads the lyrics with times (SYLT) of an ID3v2 tag at the start
// of a file, which TagLib leaves out, as LRC; "" when there are none it can
// read. ID3v2.3.0 section 4.10, ID3v2.4.0 frames section 4.9.
func syncedLyrics(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	return syncedIn(f)
}

func syncedIn(f io.Reader) string {
	var head [10]byte
	if _, err := io.ReadFull(f, head[:]); err != nil || string(head[:3]) != "ID3" || head[3] != 3 && head[3] != 4 {
		return ""
	}
	tag, err := io.ReadAll(io.LimitReader(f, min(int64(syncsafe(head[6:])), maxID3)))
	if err != nil {
		return ""
	}
	v4 := head[3] == 4
	if !v4 && head[5]&0x80 != 0 {
		tag = synchronised(tag)
	}
	if head[5]&0x40 != 0 && len(tag) >= 4 { // an extended header; its size counts itself in 2.4 only
		n := uint64(binary.BigEndian.Uint32(tag)) + 4
		if v4 {
			n = uint64(syncsafe(tag))
		}
		tag = tag[min(n, uint64(len(tag))):]
	}
	for len(tag) >= 10 && tag[0] != 0 {
		n := uint64(binary.BigEndian.Uint32(tag[4:]))
		if v4 {
			n = uint64(syncsafe(tag[4:]))
		}
		if n > uint64(len(tag)-10) {
			return ""
		}
		if string(tag[:4]) == "SYLT" {
			if s := lrc(plain(tag[10:10+n], tag[9], v4)); s != "" {
				return s
			}
		}
		tag = tag[10+n:]
	}
	return ""
}

func syncsafe(b []byte) uint32 {
	return uint32(b[0]&127)<<21 | uint32(b[1]&127)<<14 | uint32(b[2]&127)<<7 | uint32(b[3]&127)
}

// synchronised takes back what keeps a tag free of what looks like sound.
func synchronised(b []byte) []byte { return bytes.ReplaceAll(b, []byte{0xff, 0}, []byte{0xff}) }

// plain is a frame's body by its flags; nil when it is compressed or secret.
func plain(b []byte, flags byte, v4 bool) []byte {
	const packed3, packed4, unsynced, counted = 0xc0, 0x0c, 0x02, 0x01
	switch {
	case !v4 && flags&packed3 != 0, v4 && flags&packed4 != 0, v4 && flags&counted != 0 && len(b) < 4:
		return nil
	case v4 && flags&counted != 0:
		b = b[4:]
	}
	if v4 && flags&unsynced != 0 {
		b = synchronised(b)
	}
	return b
}

// lrc turns the body of a SYLT frame into LRC.
func lrc(b []byte) string {
	const ms, lyrics, transcription = 2, 1, 2
	if len(b) < 6 || b[0] > 3 || b[4] != ms || b[5] != lyrics && b[5] != transcription {
		return ""
	}
	t := id3Text{encoding: b[0], order: binary.LittleEndian}
	_, b, ok := t.next(b[6:]) // what they are, for people
	type word struct {
		at   uint32
		text string
	}
	var words []word
	joined := false // a new line begins with a line feed, other words go on with one
	for ok && len(b) > 0 {
		var s string
		if s, b, ok = t.next(b); !ok || len(b) < 4 {
			return ""
		}
		words = append(words, word{binary.BigEndian.Uint32(b), s})
		joined = joined || strings.HasPrefix(s, "\n")
		b = b[4:]
	}
	var out strings.Builder
	for i, w := range words {
		if joined && i > 0 && !strings.HasPrefix(w.text, "\n") {
			out.WriteString(oneLine(w.text))
			continue
		}
		fmt.Fprintf(&out, "\n[%02d:%02d.%02d]%s", w.at/60_000, w.at/1000%60, w.at/10%100, oneLine(strings.TrimLeft(w.text, "\r\n")))
	}
	if !ok || out.Len() > maxLyrics {
		return ""
	}
	return strings.TrimPrefix(out.String(), "\n")
}

func oneLine(s string) string { return strings.NewReplacer("\r", "", "\n", " ").Replace(s) }

// id3Text reads texts of one encoding, each with a zero at its end.
type id3Text struct {
	encoding byte
	order    binary.ByteOrder // of UTF-16 without a mark: as the last that had one
}

func (t *id3Text) next(b []byte) (s string, rest []byte, ok bool) {
	const latin1, utf16Marked, utf16BE = 0, 1, 2
	if t.encoding == latin1 || t.encoding > utf16BE {
		i := bytes.IndexByte(b, 0)
		if i < 0 {
			return "", nil, false
		}
		if s = string(b[:i]); t.encoding == latin1 {
			runes := make([]rune, i)
			for j, c := range b[:i] {
				runes[j] = rune(c)
			}
			s = string(runes)
		}
		return s, b[i+1:], true
	}
	order := binary.ByteOrder(binary.BigEndian)
	if t.encoding == utf16Marked {
		switch {
		case bytes.HasPrefix(b, []byte("\xff\xfe")):
			t.order, b = binary.LittleEndian, b[2:]
		case bytes.HasPrefix(b, []byte("\xfe\xff")):
			t.order, b = binary.BigEndian, b[2:]
		}
		order = t.order
	}
	var units []uint16
	for ; len(b) >= 2; b = b[2:] {
		u := order.Uint16(b)
		if u == 0 {
			return string(utf16.Decode(units)), b[2:], true
		}
		units = append(units, u)
	}
	return "", nil, false
}
