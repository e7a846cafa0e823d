// Package synth invents months of listening that look like people: a few
// favourites and a long tail, evenings busier than nights, sessions, skips,
// sleepers who leave the music running and fans who play one act all month.
//
// It is seeded: the same catalogue, seed and period give the same plays, in
// the same order, on every machine. It knows nothing of accounts or claims;
// whoever calls it signs what it invents.
package synth

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
)

// A Track is what a listener can play.
type Track struct {
	Act    int // index of the act, 0 is the most popular one
	Length time.Duration
}

// A Play is one listening session of one track.
type Play struct {
	Listener int // 0 ... listeners-1
	Track    int // index into the catalogue
	Start    time.Time
	Heard    time.Duration // from the beginning, at most the track's length
	Autoplay bool
}

// Month invents the plays of one period.
type Month struct {
	Period    calendar.Period
	Seed      uint64
	Listeners int
	Tracks    []Track
}

// A kind is a sort of listener: how much, when and how widely it plays.
type kind struct {
	weight     float64 // share of the listeners
	sessions   float64 // mean sessions in the month
	length     float64 // mean tracks in a session
	favourites int     // acts that take most of the plays
	loyalty    float64 // share of the plays that go to favourites
	skips      float64 // share of plays given up early
	night      bool    // falls asleep with the music on
}

// kinds of honest listeners. The means are those of published studies of
// streaming behaviour, rounded.
var kinds = []kind{
	{weight: .46, sessions: 7, length: 5, favourites: 6, loyalty: .65, skips: .24},
	{weight: .30, sessions: 14, length: 7, favourites: 9, loyalty: .70, skips: .20},
	{weight: .10, sessions: 22, length: 9, favourites: 14, loyalty: .60, skips: .17},
	{weight: .06, sessions: 16, length: 6, favourites: 1, loyalty: .92, skips: .06},               // a fan
	{weight: .05, sessions: 12, length: 10, favourites: 4, loyalty: .80, skips: .04, night: true}, // a sleeper
	{weight: .03, sessions: 0, length: 0, favourites: 1, loyalty: 1},                              // pays and does not listen
}

// hours weighs the hours of the UTC day; nights weighs those of a sleeper.
var (
	hours  = [24]float64{2, 1, .6, .4, .4, .7, 1.6, 3, 4, 4, 4, 4.2, 4.6, 4.4, 4.2, 4.4, 5, 6, 7, 7.6, 8, 7.4, 5.6, 3.6}
	nights = [24]float64{5, 2, .2, 0, 0, 0, .3, 1, 1, .5, .5, .5, .5, .5, .5, .5, .5, 1, 1.5, 2, 4, 7, 9, 8}
)

// Plays calls yield for every play, listener by listener, each listener's in
// order of time and none overlapping. It stops when yield returns false.
func (m Month) Plays(yield func(Play) bool) {
	byAct := group(m.Tracks)
	if len(byAct) == 0 {
		return
	}
	for l := range m.Listeners {
		r := rand.New(rand.NewPCG(m.Seed, uint64(m.Period)<<32|uint64(l)))
		if !m.listener(r, l, byAct, yield) {
			return
		}
	}
}

// group lists the tracks of each act, in the catalogue's order.
func group(tracks []Track) [][]int {
	n := 0
	for _, t := range tracks {
		n = max(n, t.Act+1)
	}
	acts := make([][]int, n)
	for i, t := range tracks {
		acts[t.Act] = append(acts[t.Act], i)
	}
	return slices.DeleteFunc(acts, func(a []int) bool { return len(a) == 0 })
}

func (m Month) listener(r *rand.Rand, l int, byAct [][]int, yield func(Play) bool) bool {
	k := pick(r, kinds, func(k kind) float64 { return k.weight })
	favourites := make([]int, k.favourites)
	for i := range favourites {
		favourites[i] = zipf(r, len(byAct))
	}
	sessions := int(math.Round(k.sessions * math.Exp(.5*r.NormFloat64())))
	starts := make([]time.Time, sessions)
	for i := range starts {
		starts[i] = m.moment(r, k)
	}
	slices.SortFunc(starts, time.Time.Compare)
	free := m.Period.Start()
	for _, at := range starts {
		if at.Before(free) {
			at = free.Add(5 * time.Minute)
		}
		act := favourite(r, k, favourites, len(byAct))
		n := 1 + int(r.ExpFloat64()*k.length)
		for i := range n {
			if i > 0 && r.Float64() < .55 {
				act = favourite(r, k, favourites, len(byAct))
			}
			track := byAct[act][r.IntN(len(byAct[act]))]
			heard := m.heard(r, k, m.Tracks[track].Length)
			if at.Add(heard + time.Second).After(m.Period.End()) {
				return true
			}
			if !yield(Play{Listener: l, Track: track, Start: at, Heard: heard, Autoplay: i > 0}) {
				return false
			}
			at = at.Add(heard + time.Duration(300+r.IntN(2500))*time.Millisecond)
			free = at
		}
	}
	return true
}

// heard is how much of a track is listened to: mostly all of it.
func (m Month) heard(r *rand.Rand, k kind, length time.Duration) time.Duration {
	if r.Float64() < k.skips {
		return min(length, time.Duration((2+25*r.ExpFloat64())*float64(time.Second)).Truncate(time.Millisecond))
	}
	return length.Truncate(time.Millisecond)
}

// moment is when a session begins.
func (m Month) moment(r *rand.Rand, k kind) time.Time {
	weights := &hours
	if k.night {
		weights = &nights
	}
	var all [24]int
	for i := range all {
		all[i] = i
	}
	hour := pick(r, all[:], func(h int) float64 { return weights[h] })
	return m.Period.Start().AddDate(0, 0, r.IntN(m.Period.Days())).
		Add(time.Duration(hour)*time.Hour + time.Duration(r.IntN(3_600_000))*time.Millisecond)
}

func favourite(r *rand.Rand, k kind, favourites []int, acts int) int {
	if r.Float64() < k.loyalty {
		return favourites[min(int(r.ExpFloat64()*float64(len(favourites))/3), len(favourites)-1)]
	}
	return zipf(r, acts)
}

// zipf draws 0 ... n-1 with weight 1/(i+2): popularity falls off, but the tail
// is heard too.
func zipf(r *rand.Rand, n int) int {
	i := int(math.Exp(r.Float64()*math.Log(float64(n+2)/2))*2) - 2
	return max(0, min(i, n-1))
}

// pick draws one of list by weight.
func pick[T any](r *rand.Rand, list []T, weight func(T) float64) T {
	var sum float64
	for _, t := range list {
		sum += weight(t)
	}
	x := r.Float64() * sum
	for _, t := range list {
		if x -= weight(t); x < 0 {
			return t
		}
	}
	return list[len(list)-1]
}

// ByTime gathers all plays and orders them as they happened, which is the
// order in which a node would have heard of them.
func (m Month) ByTime() []Play {
	plays := slices.Collect(m.Plays)
	slices.SortFunc(plays, func(a, b Play) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Listener, b.Listener))
	})
	return plays
}
