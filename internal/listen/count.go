package listen

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/royalty"
)

// The numbers of listening.md section 1, in milliseconds where time is meant.
const (
	second = int64(1000)
	// minTrack is the shortest track that counts at all.
	minTrack = 10 * second
	// maxThreshold is how long a long track must be heard.
	maxThreshold = 30 * second
	// maxPlay is the most one play counts.
	maxPlay = 1200 * second
	// maxRepeats is how often a track counts per account and day.
	maxRepeats = 20
	// maxDay is the most one account's day counts: 16 hours.
	maxDay = 57_600 * second
	// maxPlays is how many plays of a day are taken of an account, one every 17
	// seconds: a day is counted whole whenever something of it changes.
	maxPlays = 5000
	// maxWall is the longest a play may be open. It makes the day before the
	// only other one whose plays can cover a day's.
	maxWall = 24 * 3600 * second
)

// Threshold returns how many milliseconds of a track of so many seconds must
// be heard for a play to count: min(30 s, ceil(d/2)). It is false for a track
// shorter than ten seconds, which never counts.
func Threshold(seconds int64) (ms int64, ok bool) {
	if seconds*second < minTrack {
		return 0, false
	}
	return min(maxThreshold, (seconds+1)/2*second), true
}

// Heard is what counting needs to know of a play.
type Heard struct {
	Play    id.Bytes16
	Track   id.Track
	Begin   int64 // Unix milliseconds; its UTC day is the play's
	End     int64 // Unix milliseconds, at most a day after Begin
	MS      int64 // union of the heard intervals, in milliseconds of media time
	Seconds int64 // duration of the track: floor(samples / sample rate)
	// Own says that every act the track pays belongs to the listener.
	Own bool
}

// Counted is what counting says of a play.
type Counted struct {
	Play     id.Bytes16
	Decision Decision
	MS       int64 // counted milliseconds, 0 unless Decision is Counts
}

// Seconds are the counted seconds that become credit.
func (c Counted) Seconds() uint64 { return uint64(c.MS / second) }

// CountDay decides what counts of one account's plays that begin on day, in
// the order of listening.md section 3: heard, at most the wall time, less what
// earlier plays cover, threshold, 1200 s, 20 of a track, 16 hours. Plays of
// other days only cover time. The answers are in order of (Begin, Play); the
// order of the argument, which is left alone, does not matter.
func CountDay(day calendar.Day, plays []Heard) []Counted {
	plays = slices.SortedFunc(slices.Values(plays), byBegin)
	from, to := day.Start().UnixMilli(), day.End().UnixMilli()
	var out []Counted
	c := counter{covered: math.MinInt64, repeats: make(map[id.Track]int)}
	for _, p := range plays {
		free := c.cover(p.Begin, p.End)
		if p.Begin < from || p.Begin >= to {
			continue
		}
		decision, ms := c.decide(p, free)
		out = append(out, Counted{p.Play, decision, ms})
	}
	return out
}

func byBegin(a, b Heard) int {
	return cmp.Or(cmp.Compare(a.Begin, b.Begin), bytes.Compare(a.Play[:], b.Play[:]))
}

// counter is the state that plays of a day share.
type counter struct {
	covered int64 // plays so far cover wall time up to here, as far as later ones can tell
	repeats map[id.Track]int
	used    int64 // milliseconds of the day counted so far
}

// cover adds [begin, end) to the covered time and returns how much of it was
// free. Plays come by begin, so that the covered time a play can meet is one
// stretch that starts before it.
func (c *counter) cover(begin, end int64) (free int64) {
	free = max(0, end-max(begin, c.covered))
	c.covered = max(c.covered, end)
	return free
}

func (c *counter) decide(p Heard, free int64) (Decision, int64) {
	threshold, ok := Threshold(p.Seconds)
	if !ok {
		return ShortTrack, 0
	}
	heard := min(p.MS, p.End-p.Begin)
	switch {
	case heard < threshold:
		return TooShort, 0
	case min(heard, free) < threshold:
		return Overlaps, 0
	case c.repeats[p.Track] == maxRepeats:
		return TrackCap, 0
	}
	ms := min(heard, free, p.Seconds*second, maxPlay)
	ms = min(ms, maxDay-c.used) // the excess is dropped from the end of the day
	if ms < second {
		return DayCap, 0
	}
	c.repeats[p.Track]++
	c.used += ms
	if p.Own {
		return OwnAct, 0
	}
	return Counts, ms
}

// A Share is an act's part of a track's credit, in basis points.
type Share struct {
	Act id.Act
	BPS uint16
}

// Tally adds up a day's credits.
type Tally struct {
	acts     map[id.Act]royalty.ActDay
	unsigned uint64 // credit of plays without a device key
}

// Add credits counted seconds by a sheet, leaving out the listener's own acts:
// what they would have earned goes to nobody.
func (t *Tally) Add(sheet []Share, own []id.Act, seconds uint64, signed bool) {
	if t.acts == nil {
		t.acts = make(map[id.Act]royalty.ActDay)
	}
	for _, s := range sheet {
		credit := seconds * uint64(s.BPS)
		if credit == 0 || slices.Contains(own, s.Act) {
			continue
		}
		a := t.acts[s.Act]
		t.acts[s.Act] = royalty.ActDay{Act: s.Act, Credit: a.Credit + credit, Plays: a.Plays + 1}
		if !signed {
			t.unsigned += credit
		}
	}
}

// Acts returns the day's acts, ascending.
func (t *Tally) Acts() []royalty.ActDay {
	out := make([]royalty.ActDay, 0, len(t.acts))
	for _, a := range t.acts {
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b royalty.ActDay) int { return cmp.Compare(a.Act, b.Act) })
	return out
}

// Row makes the day row of the tally, all but pseudonym and sequence.
func (t *Tally) Row(day calendar.Day, claims []royalty.Hash, params uint32) (royalty.DayRow, error) {
	root, err := royalty.ClaimsRoot(claims)
	if err != nil {
		return royalty.DayRow{}, err
	}
	row := royalty.DayRow{Day: day, Acts: t.Acts(), UnsignedMS: t.unsigned / 10, Claims: uint32(len(claims)), ClaimsRoot: root, Params: params}
	for _, a := range row.Acts {
		row.Total += a.Credit
	}
	return row, nil
}

// allOwn reports whether every act of a sheet is among own.
func allOwn(sheet []Share, own []id.Act) bool {
	return len(own) > 0 && !slices.ContainsFunc(sheet, func(s Share) bool { return !slices.Contains(own, s.Act) })
}

func sortedIntervals(heard []Interval) []Interval {
	return slices.SortedFunc(slices.Values(heard), func(a, b Interval) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Length, b.Length))
	})
}
