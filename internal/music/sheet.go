package music

import (
	"cmp"
	"slices"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// A SheetState is where a credit sheet is between proposed and replaced.
type SheetState string

// The states of a sheet. At most one sheet of a track is waiting and at most
// one is in force.
const (
	Waiting   SheetState = "waiting"
	InForce   SheetState = "in_force"
	Replaced  SheetState = "replaced"
	Withdrawn SheetState = "withdrawn" // declined by an act, or overtaken by a newer proposal
)

// A Sheet says which acts earn how much of a track's credited seconds. It is
// in force once every act it names has confirmed it; until then the version
// before it stays.
type Sheet struct {
	Track   id.Track
	Version int64 // 1, 2, 3 ...
	State   SheetState
	Shares  []Share // in order of act
	Created time.Time
	Since   time.Time // in force from
	Until   time.Time // replaced at
}

// A Share is one act's part.
type Share struct {
	Act       id.Act
	Bps       int64     // basis points of every credited second
	Confirmed time.Time // zero: not yet
}

// CheckShares sorts a sheet by act and returns an Invalid fault unless every
// act is named once, with 1 to 10000 basis points, and they sum to 10000.
func CheckShares(shares []Share) ([]Share, error) {
	if len(shares) == 0 {
		return nil, fault.On("shares", fault.Invalid, "A credit sheet names at least one act.")
	}
	if len(shares) > listMax {
		return nil, fault.On("shares", fault.Invalid, "A credit sheet can name %d acts.", listMax)
	}
	out := slices.Clone(shares)
	slices.SortFunc(out, func(a, b Share) int { return cmp.Compare(a.Act, b.Act) })
	var sum int64
	for i, s := range out {
		if i > 0 && out[i-1].Act == s.Act {
			return nil, fault.On("shares", fault.Invalid, "An act is named twice. Add its shares together.")
		}
		if s.Bps < 1 || s.Bps > Whole {
			return nil, fault.On("shares", fault.Invalid, "Every share must be between 0.01 and 100 per cent.")
		}
		sum += s.Bps
	}
	if sum != Whole {
		return nil, fault.On("shares", fault.Invalid, "The shares add up to %s per cent. They must be 100.", percent(sum))
	}
	return out, nil
}

// confirmed reports whether every act has agreed.
func (s *Sheet) confirmed() bool {
	return !slices.ContainsFunc(s.Shares, func(x Share) bool { return x.Confirmed.IsZero() })
}

// names reports whether the sheet names an act.
func (s *Sheet) names(a id.Act) bool {
	return slices.ContainsFunc(s.Shares, func(x Share) bool { return x.Act == a })
}
