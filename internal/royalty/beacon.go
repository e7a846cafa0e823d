package royalty

import (
	"bytes"
	"crypto/sha256"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/royalty/wire"
)

func compare(a, b Hash) int { return bytes.Compare(a[:], b[:]) }

// BeaconCommit binds a node to the random value it will reveal for a day.
func BeaconCommit(node string, day calendar.Day, r Hash) (Hash, error) {
	if err := validNode(node); err != nil {
		return Hash{}, err
	}
	w := wire.NewWriter("9ten/beacon-commit/v1")
	w.Str(node)
	w.U32(uint32(day))
	w.Raw(r[:])
	b, err := w.Bytes()
	return sha256.Sum256(b), err
}

// Reveal is the value a node revealed.
type Reveal struct {
	Node string
	R    Hash
}

// Beacon is the shared random value of a day: it hashes the beacon before and
// the reveals, which must be strictly ascending by node.
func Beacon(previous Hash, reveals []Reveal) (Hash, error) {
	w := wire.NewWriter("9ten/beacon/v1")
	w.Raw(previous[:])
	w.Count(len(reveals))
	for i, r := range reveals {
		if i > 0 && r.Node <= reveals[i-1].Node {
			return Hash{}, invalid("The reveals of a beacon are not in order.")
		}
		if err := validNode(r.Node); err != nil {
			return Hash{}, err
		}
		w.Str(r.Node)
		w.Raw(r.R[:])
	}
	b, err := w.Bytes()
	return sha256.Sum256(b), err
}

// Verdict is a seat's opinion in a round of a case, with what hides it.
type Verdict struct {
	Case    string
	Round   uint8
	Seat    uint8
	Node    string
	Verdict string
	Reason  Hash // SHA-256 of the reasons
	Salt    Hash
}

// Commit is the hash a seat publishes before anybody reveals.
func (v *Verdict) Commit() (Hash, error) {
	w := wire.NewWriter("9ten/verdict/v1")
	w.Str(v.Case)
	w.U8(v.Round)
	w.U8(v.Seat)
	w.Str(v.Node)
	w.Str(v.Verdict)
	w.Raw(v.Reason[:])
	w.Raw(v.Salt[:])
	b, err := w.Bytes()
	return sha256.Sum256(b), err
}
