package contract

import (
	"strconv"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty"
)

// Parameters are the governed numbers. A period keeps those in force on its
// first day.
type Parameters struct {
	Version uint32       `json:"version"`
	From    calendar.Day `json:"from"` // first day in force, 0: from the start

	K          uint8       `json:"k"`           // acts a listener pays
	Lambda     uint16      `json:"lambda"`      // basis points: 0 proportional, 10000 equal
	Price      money.Micro `json:"price"`       // of a full month
	Operator   uint16      `json:"operator"`    // the node's part, basis points
	MinPayout  money.Micro `json:"min_payout"`  // below it a balance waits
	ThresholdS uint32      `json:"threshold_s"` // a listen counts from so many seconds, or half the track
	ShortestS  uint32      `json:"shortest_s"`  // shorter tracks never count
	LongestS   uint32      `json:"longest_s"`   // most seconds counted of one play
	DailyS     uint32      `json:"daily_s"`     // most seconds counted of one account and day
	DailyPlays uint32      `json:"daily_plays"` // most counted plays of one track, account and day

	// CarryPeriods and BasisPeriods are how long an idle subscriber's pot waits
	// and how long a confirmed nine stays good.
	CarryPeriods uint32 `json:"carry_periods"`
	BasisPeriods uint32 `json:"basis_periods"`
}

// first are the parameters a network starts with.
var first = Parameters{
	Version: royalty.Standard.Version,
	K:       royalty.Standard.K, Lambda: royalty.Standard.Lambda,
	Price: money.Price, Operator: royalty.Basis / money.OperatorPart, MinPayout: 5 * money.Dollar,
	ThresholdS: 30, ShortestS: 10, LongestS: 1200, DailyS: 57_600, DailyPlays: 20,
	CarryPeriods: royalty.MaxCarried, BasisPeriods: royalty.BasisPeriods,
}

// Split returns the part of the parameters that the split needs.
func (p Parameters) Split() royalty.Params {
	return royalty.Params{Version: p.Version, K: p.K, Lambda: p.Lambda}
}

// PeriodRules are all that fixes a period's arithmetic.
type PeriodRules struct {
	Parameters Parameters `json:"parameters"`
	// Seed is the beacon of the first day after the close; zeros until it is fixed.
	Seed   Digest          `json:"seed"`
	Merged []royalty.Merge `json:"merged"` // aliases by id
}

// Rules are the same as the arithmetic takes them.
func (r PeriodRules) Rules() royalty.Rules {
	return royalty.Rules{Params: r.Parameters.Split(), Seed: royalty.Hash(r.Seed), Merged: r.Merged}
}

// GetParameters returns one version of the [Parameters], or NotFound.
func (*Contract) GetParameters(ctx Ctx, version string) (string, error) {
	return query(ctx, func(c *call) (Parameters, error) {
		if n, err := strconv.ParseUint(version, 10, 32); err == nil && uint32(n) == first.Version {
			return first, nil
		}
		return Parameters{}, fault.New(fault.NotFound, "There are no parameters of version %q.", version)
	})
}

// GetRules returns the [PeriodRules] of a node's period, written 2026-10. They
// are the same for all nodes but for months that are over when a node brings them
// from a ledger of its own.
func (*Contract) GetRules(ctx Ctx, node, period string) (string, error) {
	return query(ctx, func(c *call) (PeriodRules, error) {
		p, err := calendar.ParsePeriod(period)
		if err != nil {
			return PeriodRules{}, err
		}
		r, _, err := c.rules(node, p)
		return r, err
	})
}

// parameters returns those in force on a period's first day. There is one
// version until the houses vote for another.
func (c *call) parameters(calendar.Period) Parameters { return first }

// rules also reports whether the seed is fixed.
//
// BUG(9ten): a settlement reads all merges, so that one which anybody records
// between its endorsement and its block has it made again. A member with acts to
// merge in every block delays others' settlements for as long as it goes on.
func (c *call) rules(node string, p calendar.Period) (r PeriodRules, fixed bool, err error) {
	r = PeriodRules{Parameters: c.parameters(p), Merged: []royalty.Merge{}}
	a, found, err := c.adoption(node)
	if err != nil {
		return r, false, err
	}
	closed, day := calendar.DayOf(p.End()), calendar.Day(0)
	merges, beacon := []string{"merge"}, []string{"beacon"}
	if found && a.State == Adopted {
		day = a.Day
	}
	if found && a.State == Adopted && millis(p.End()) <= a.Done {
		merges = []string{"ownmerge", node}
	}
	if closed <= day { // anchored on the node's own ledger
		beacon = []string{"ownbeacon", node}
	}
	merged, err := c.merges(p, merges[0], merges[1:]...)
	if err != nil {
		return r, false, err
	}
	r.Merged = append(r.Merged, merged...)
	var b Beacon
	fixed, err = c.get(&b, beacon[0], append(beacon[1:], dayKey(closed))...)
	r.Seed = b.Value
	return r, fixed, err
}
