package royalty

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"slices"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/royalty/wire"
)

const tagDay = "9ten/day/v1"

// ActDay is what one act was heard on one day by one listener.
type ActDay struct {
	Act    id.Act
	Credit uint64 // counted seconds x basis points
	Plays  uint32 // counted plays
}

// DayRow is one pseudonymous listener's day. A row with a higher Sequence
// replaces the others of that day.
type DayRow struct {
	Pseudonym Pseudonym
	Day       calendar.Day
	Sequence  uint8
	Acts      []ActDay // strictly ascending by act
	// Total is the sum of the acts' credits, at most MaxDayCredit.
	Total uint64
	// UnsignedMS is the part of Total that comes from plays without a device
	// signature, in milliseconds at full share: floor(credit / 10).
	UnsignedMS uint64
	Claims     uint32 // leaves under ClaimsRoot
	ClaimsRoot Hash
	Params     uint32 // parameter version
}

// SignedCredit is the part of the total that device-signed plays made.
func (r *DayRow) SignedCredit() uint64 {
	if unsigned := r.UnsignedMS * 10; unsigned/10 == r.UnsignedMS && unsigned+9 < r.Total {
		return r.Total - unsigned
	}
	return 0
}

// Valid refuses (Invalid) a row whose parts contradict each other.
func (r *DayRow) Valid() error {
	if !r.Day.Valid() {
		return invalid("A day row is of no day of the calendar.")
	}
	var sum uint64
	for i, a := range r.Acts {
		if err := ValidAct(a.Act); err != nil {
			return err
		}
		if i > 0 && a.Act <= r.Acts[i-1].Act {
			return invalid("The acts of a day row are not in order.")
		}
		if a.Credit > MaxDayCredit || a.Credit == 0 && a.Plays == 0 {
			return invalid("A day row credits an act with nothing, or with more than a day.")
		}
		sum += a.Credit // at most 2^32 acts below 2^30: it fits
	}
	if sum != r.Total || sum > MaxDayCredit {
		return invalid("The total of a day row is not the sum of its acts, or more than a day.")
	}
	if (r.Claims == 0) != (r.ClaimsRoot == Hash{}) {
		return invalid("A day row has a claims root without claims, or claims without a root.")
	}
	return nil
}

// Encode returns the canonical bytes.
func (r *DayRow) Encode() ([]byte, error) {
	if err := r.Valid(); err != nil {
		return nil, err
	}
	w := wire.NewWriter(tagDay)
	w.Raw(r.Pseudonym[:])
	w.U32(uint32(r.Day))
	w.U8(r.Sequence)
	w.Count(len(r.Acts))
	for _, a := range r.Acts {
		w.Str(string(a.Act))
		w.U64(a.Credit)
		w.U32(a.Plays)
	}
	w.U64(r.Total)
	w.U64(r.UnsignedMS)
	w.U32(r.Claims)
	w.Raw(r.ClaimsRoot[:])
	w.U32(r.Params)
	return w.Bytes()
}

// ParseDayRow reads what Encode wrote and refuses everything else.
func ParseDayRow(b []byte) (DayRow, error) {
	var row DayRow
	if err := row.parse(b, func(s []byte) id.Act { return id.Act(s) }); err != nil {
		return DayRow{}, err
	}
	return row, nil
}

// parse reads into r and reuses its memory. Acts are named by intern, so that
// a month of rows does not hold a copy of each name.
func (r *DayRow) parse(b []byte, intern func([]byte) id.Act) error {
	var in wire.Reader
	in.Reset(tagDay, b)
	in.Raw(r.Pseudonym[:])
	r.Day = calendar.Day(in.U32())
	r.Sequence = in.U8()
	n := in.Count(2 + 8 + 4)
	r.Acts = slices.Grow(r.Acts[:0], n)
	for range n {
		r.Acts = append(r.Acts, ActDay{intern(in.StrBytes()), in.U64(), in.U32()})
	}
	r.Total = in.U64()
	r.UnsignedMS = in.U64()
	r.Claims = in.U32()
	in.Raw(r.ClaimsRoot[:])
	r.Params = in.U32()
	return cmp.Or(in.Done(), r.Valid())
}

// DayRef names one row in a month's days hash.
type DayRef struct {
	Day      calendar.Day
	Sequence uint8
	Row      Hash // SHA-256 of the row's bytes
}

// DaysHash commits to the rows a month row was made from, which must be
// strictly ascending by day. It is SHA-256 over the list; no rows is a list of
// none.
func DaysHash(refs []DayRef) (Hash, error) {
	var w wire.Writer
	w.Count(len(refs))
	for i, r := range refs {
		if i > 0 && r.Day <= refs[i-1].Day {
			return Hash{}, invalid("The days of a month are not in order.")
		}
		w.U32(uint32(r.Day))
		w.U8(r.Sequence)
		w.Raw(r.Row[:])
	}
	b, err := w.Bytes()
	return sha256.Sum256(b), err
}

// ClaimsRoot is the RFC 6962 root over claim hashes (SHA-256 of the claim's
// bytes), which it puts in order. No claims give the zero Hash; a claim given
// twice is refused.
func ClaimsRoot(claims []Hash) (Hash, error) {
	sorted := slices.SortedFunc(slices.Values(claims), func(a, b Hash) int { return bytes.Compare(a[:], b[:]) })
	leaves := make([]Hash, len(sorted))
	for i, c := range sorted {
		if i > 0 && c == sorted[i-1] {
			return Hash{}, invalid("A claim is listed twice.")
		}
		leaves[i] = EntryLeaf(c)
	}
	return Root(leaves), nil
}
