package listen

import (
	"crypto/sha256"
	"math"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/royalty/wire"
)

const (
	tagClaim = "9ten/play/v1"
	// MaxClaim bounds the bytes of a claim that is looked at: a thousand seeks
	// in a play of a day.
	MaxClaim = 10_000
	// maxMoment bounds the times in a claim: the end of the year 9999.
	maxMoment = 253_402_300_799_999
)

// Flags say how a play came about.
type Flags uint16

// The flags of a claim (formats.md).
const (
	Offline Flags = 1 << iota
	Live
	Autoplay
	Background
	Muted

	allFlags = Offline | Live | Autoplay | Background | Muted
)

// An Interval is a stretch of media time that was heard, in milliseconds.
type Interval struct{ Start, Length uint32 }

// End returns the first millisecond after the interval.
func (i Interval) End() uint64 { return uint64(i.Start) + uint64(i.Length) }

// A Claim is what a player says of one play so far. Claims of a play are
// cumulative; the one with the highest Counter stands.
type Claim struct {
	Node    string
	Play    id.Bytes16
	Device  KeyID // zero: unsigned class
	Counter uint32
	Track   string // track id, "@", node id
	Sheet   uint32 // version of the credit sheet
	Begin   int64  // Unix milliseconds, as the node answered when the play began
	End     int64  // Unix milliseconds, Begin plus what the player's clock ran on
	// Heard is sorted, disjoint and free of empty intervals.
	Heard []Interval
	Flags Flags
	Nonce id.Bytes16 // the last the node gave; zero for a play it never began
}

// Valid refuses (Invalid) a claim that contradicts itself.
func (c *Claim) Valid() error {
	track, node, ok := strings.Cut(c.Track, "@")
	switch {
	case c.Node == "":
		return fault.New(fault.Invalid, "The claim names no node.")
	case !ok || len(track) != 26 || node == "":
		return fault.New(fault.Invalid, "The claim names no track.")
	case c.Counter == 0:
		return fault.New(fault.Invalid, "The first claim of a play has counter 1.")
	case c.Begin < 0 || c.End < c.Begin || c.End > maxMoment:
		return fault.New(fault.Invalid, "The claim ends before it begins.")
	case c.Flags&^allFlags != 0:
		return fault.New(fault.Invalid, "The claim has a flag this node does not know.")
	}
	var last uint64
	for _, i := range c.Heard {
		if i.Length == 0 || uint64(i.Start) < last || i.End() > math.MaxUint32 {
			return fault.New(fault.Invalid, "What the claim says was heard is out of order or overlaps.")
		}
		last = i.End()
	}
	return nil
}

// Encode returns the canonical bytes (formats.md, play claim), which the
// device signs.
func (c *Claim) Encode() ([]byte, error) {
	if err := c.Valid(); err != nil {
		return nil, err
	}
	w := wire.NewWriter(tagClaim)
	w.Str(c.Node)
	w.Raw(c.Play[:])
	w.Raw(c.Device[:])
	w.U32(c.Counter)
	w.Str(c.Track)
	w.U32(c.Sheet)
	w.I63(c.Begin)
	w.I63(c.End)
	w.Count(len(c.Heard))
	for _, i := range c.Heard {
		w.U32(i.Start)
		w.U32(i.Length)
	}
	w.U16(uint16(c.Flags))
	w.Raw(c.Nonce[:])
	return w.Bytes()
}

// ParseClaim reads what Encode wrote and refuses (Invalid) everything else.
func ParseClaim(b []byte) (Claim, error) {
	if len(b) > MaxClaim {
		return Claim{}, fault.New(fault.TooLarge, "The claim has %d bytes; %d are the most.", len(b), MaxClaim)
	}
	var c Claim
	var in wire.Reader
	in.Reset(tagClaim, b)
	c.Node = in.Str()
	in.Raw(c.Play[:])
	in.Raw(c.Device[:])
	c.Counter = in.U32()
	c.Track = in.Str()
	c.Sheet = in.U32()
	c.Begin = in.I63()
	c.End = in.I63()
	c.Heard = make([]Interval, in.Count(8))
	for i := range c.Heard {
		c.Heard[i] = Interval{in.U32(), in.U32()}
	}
	c.Flags = Flags(in.U16())
	in.Raw(c.Nonce[:])
	if err := in.Done(); err != nil {
		return Claim{}, err
	}
	if err := c.Valid(); err != nil {
		return Claim{}, err
	}
	return c, nil
}

// TrackID returns the track's id and its home node.
func (c *Claim) TrackID() (track id.Track, home string) {
	t, home, _ := strings.Cut(c.Track, "@")
	return id.Track(t), home
}

// ms returns the length of what was heard, in milliseconds of media time.
func (c *Claim) ms() (sum int64) {
	for _, i := range c.Heard {
		sum += int64(i.Length)
	}
	return sum
}

// Merge returns the union of intervals in any order, as a claim wants them:
// sorted, disjoint, nothing empty. Intervals that touch become one; what lies
// beyond the last millisecond a claim can name is cut off.
func Merge(heard []Interval) []Interval {
	sorted := sortedIntervals(heard)
	out := sorted[:0]
	for _, i := range sorted {
		i.Length = uint32(min(i.End(), math.MaxUint32) - uint64(i.Start))
		if i.Length == 0 {
			continue
		}
		if n := len(out); n > 0 && uint64(i.Start) <= out[n-1].End() {
			last := &out[n-1]
			last.Length = uint32(max(last.End(), i.End()) - uint64(last.Start))
			continue
		}
		out = append(out, i)
	}
	return out
}

// HashClaim is what receipts and claims roots hold of a claim.
func HashClaim(claim []byte) royalty.Hash { return sha256.Sum256(claim) }
