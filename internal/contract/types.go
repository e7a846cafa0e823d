package contract

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"math"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty"
)

// Digest is 32 bytes, written as 64 lower-case hexadecimal digits: a hash, an
// Ed25519 public key or a random value. All zeros stand for none.
type Digest royalty.Hash

// MarshalText writes the digits.
func (d Digest) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, d[:]), nil }

// UnmarshalText reads the digits and nothing else.
func (d *Digest) UnmarshalText(b []byte) error {
	var v Digest
	if len(b) != hex.EncodedLen(len(v)) {
		return fault.New(fault.Invalid, "A hash has 64 hexadecimal digits.")
	}
	for _, c := range b {
		if c >= 'A' && c <= 'F' {
			return fault.New(fault.Invalid, "A hash is written in lower case.")
		}
	}
	if _, err := hex.Decode(v[:], b); err != nil {
		return fault.New(fault.Invalid, "A hash has 64 hexadecimal digits.")
	}
	*d = v
	return nil
}

// String writes the digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

func (d Digest) zero() bool { return d == Digest{} }

func hashes(ds []Digest) []royalty.Hash {
	out := make([]royalty.Hash, len(ds))
	for i, d := range ds {
		out[i] = royalty.Hash(d)
	}
	return out
}

// Digests converts what royalty computes for an argument.
func Digests(hs []royalty.Hash) []Digest {
	out := make([]Digest, len(hs))
	for i, h := range hs {
		out[i] = Digest(h)
	}
	return out
}

// The parts of composite keys that are numbers are of fixed width, so that they
// sort as they count.
func dayKey(d calendar.Day) string       { return fmt.Sprintf("%08d", uint32(d)) }
func periodKey(p calendar.Period) string { return fmt.Sprintf("%06d", uint32(p)) }
func chunkKey(n uint32) string           { return fmt.Sprintf("%06d", n) }

// descending is a key's part for a moment, the latest first.
func descending(ms uint64) string { return fmt.Sprintf("%020d", math.MaxUint64-ms) }

// millis is a transaction's time as milliseconds since 1970. Nobody asks what
// time it is: every peer has to come to the same answer.
func millis(t time.Time) uint64 { return uint64(max(t.UnixMilli(), 0)) }

func sum(a, b money.Micro) (money.Micro, error) {
	if a < 0 || b < 0 {
		return 0, fault.New(fault.Invalid, "An amount is below zero.")
	}
	return money.Add(a, b)
}

func verifies(key Digest, b, sig []byte) bool {
	return !key.zero() && len(sig) == ed25519.SignatureSize && ed25519.Verify(key[:], b, sig)
}
