package tlog

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/royalty"
	sumdb "golang.org/x/mod/sumdb/tlog"
)

// The geometry of C2SP tlog-tiles.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// TilePath names a tile of height 8: tile/<L>/<N>[.p/<W>].
func TilePath(t sumdb.Tile) string {
	return "tile/" + strconv.Itoa(t.L) + "/" + place(uint64(t.N), t.W)
}

// BundlePath names an entry bundle: tile/entries/<N>[.p/<W>].
func BundlePath(n uint64, width int) string { return "tile/entries/" + place(n, width) }

// place writes 1234067 as x001/x234/067.
func place(n uint64, width int) string {
	s := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		s = fmt.Sprintf("x%03d/%s", n%1000, s)
	}
	if width < tileWidth {
		s += ".p/" + strconv.Itoa(width)
	}
	return s
}

// ParsePath reads what TilePath and BundlePath write; level -1 is a bundle.
// Faults: NotFound for everything else, because nothing is there.
func ParsePath(path string) (sumdb.Tile, error) {
	none := fault.New(fault.NotFound, "The log has nothing under that name.")
	rest, ok := strings.CutPrefix(path, "tile/")
	level, rest, ok2 := strings.Cut(rest, "/")
	t := sumdb.Tile{H: tileHeight, L: -1, W: tileWidth}
	if !ok || !ok2 {
		return t, none
	}
	if level != "entries" {
		var err error
		if t.L, err = strconv.Atoi(level); err != nil || t.L < 0 || t.L > 63 {
			return t, none
		}
	}
	number, width, partial := strings.Cut(rest, ".p/")
	if partial {
		var err error
		if t.W, err = strconv.Atoi(width); err != nil || t.W < 1 || t.W >= tileWidth {
			return t, none
		}
	}
	for part := range strings.SplitSeq(number, "/") {
		d, err := strconv.ParseUint(strings.TrimPrefix(part, "x"), 10, 16)
		if err != nil || d > 999 || t.N > (math.MaxInt64-999)/1000 {
			return t, none
		}
		t.N = t.N*1000 + int64(d)
	}
	again := TilePath(t)
	if t.L < 0 {
		again = BundlePath(uint64(t.N), t.W)
	}
	if again != path { // leading zeros, signs, a missing x
		return t, none
	}
	return t, nil
}

// ParseBundle reads an entry bundle of ours: entries of 32 bytes, each behind
// its length in two. Faults: Invalid for anything else.
func ParseBundle(b []byte) ([]royalty.Hash, error) {
	const size = 2 + len(royalty.Hash{})
	if len(b)%size != 0 || len(b) > tileWidth*size {
		return nil, fault.New(fault.Invalid, "An entry bundle has the wrong length.")
	}
	out := make([]royalty.Hash, 0, len(b)/size)
	for ; len(b) > 0; b = b[size:] {
		if int(binary.BigEndian.Uint16(b)) != size-2 {
			return nil, fault.New(fault.Invalid, "An entry of the log is not a hash.")
		}
		out = append(out, royalty.Hash(b[2:size]))
	}
	return out, nil
}
