package listen

import (
	"crypto/ed25519"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/royalty/wire"
)

const tagReceipt = "9ten/playreceipt/v1"

// A Decision says whether a play counts, and if not, why.
type Decision uint8

// The decisions, with the numbers that receipts carry.
const (
	Counts     Decision = iota
	TooShort            // not heard for long enough, so far
	ShortTrack          // the track is shorter than ten seconds
	Overlaps            // the time was covered by an earlier play
	TrackCap            // the track was counted often enough that day
	DayCap              // the day's hours were used up
	OwnAct              // every act it would pay belongs to the listener
	Superseded          // a claim with a higher counter stands
	decisions           // one more than the last
)

// String says the decision in a few words.
func (d Decision) String() string {
	if d >= decisions {
		return "unknown"
	}
	return [...]string{
		Counts:     "counted",
		TooShort:   "not heard for long enough",
		ShortTrack: "the track is shorter than ten seconds",
		Overlaps:   "something else played at that time",
		TrackCap:   "counted twenty times that day already",
		DayCap:     "sixteen hours of that day are counted already",
		OwnAct:     "it pays acts of your own",
		Superseded: "a newer claim of the play is here",
	}[d]
}

// A Receipt is what the node answers to a claim. It is provisional until the
// day is sealed: a later claim of the same listener may change what counts.
type Receipt struct {
	Claim    royalty.Hash
	Decision Decision
	MS       uint32 // counted milliseconds, 0 unless it counts
	Day      calendar.Day
}

// Encode returns the canonical bytes (formats.md, play receipt).
func (r Receipt) Encode() ([]byte, error) {
	if r.Decision >= decisions || !r.Day.Valid() || (r.Decision != Counts && r.MS != 0) {
		return nil, fault.New(fault.Invalid, "The receipt contradicts itself.")
	}
	w := wire.NewWriter(tagReceipt)
	w.Raw(r.Claim[:])
	w.U8(uint8(r.Decision))
	w.U32(r.MS)
	w.U32(uint32(r.Day))
	return w.Bytes()
}

// ParseReceipt reads what Encode wrote and refuses (Invalid) everything else.
func ParseReceipt(b []byte) (Receipt, error) {
	var r Receipt
	var in wire.Reader
	in.Reset(tagReceipt, b)
	in.Raw(r.Claim[:])
	r.Decision = Decision(in.U8())
	r.MS = in.U32()
	r.Day = calendar.Day(in.U32())
	if err := in.Done(); err != nil {
		return Receipt{}, err
	}
	if _, err := r.Encode(); err != nil {
		return Receipt{}, err
	}
	return r, nil
}

// VerifyReceipt reads a receipt and checks the signature of the node's log key
// over its bytes. Faults: Invalid.
func VerifyReceipt(key ed25519.PublicKey, receipt, signature []byte) (Receipt, error) {
	r, err := ParseReceipt(receipt)
	if err != nil {
		return Receipt{}, err
	}
	if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, receipt, signature) {
		return Receipt{}, fault.New(fault.Invalid, "The receipt is not signed by this node's log key.")
	}
	return r, nil
}
