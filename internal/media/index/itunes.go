package index

import (
	"bytes"
	"strconv"
	"strings"
)

// iTunesGapless returns the text of the iTunSMPB note in a udta box, "" when
// there is none. A broken note is no reason to refuse a file.
func iTunesGapless(udta []byte) string {
	i := bytes.Index(udta, []byte("iTunSMPB"))
	if i < 0 {
		return ""
	}
	kids, err := children(udta[i+8:])
	for _, k := range kids {
		if k.name == "data" && len(k.body) > 8 {
			return string(k.body[8:])
		}
	}
	_ = err // what follows the note need not be whole boxes
	return ""
}

// parseGapless reads " 00000000 <delay> <padding> <samples> ...", all hexadecimal.
func parseGapless(s string) (delay, samples uint64, ok bool) {
	f := strings.Fields(s)
	if len(f) < 4 {
		return 0, 0, false
	}
	delay, err1 := strconv.ParseUint(f[1], 16, 32)
	samples, err2 := strconv.ParseUint(f[3], 16, 64)
	return delay, samples, err1 == nil && err2 == nil
}
