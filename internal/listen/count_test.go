package listen_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/royalty"
)

const (
	day = calendar.Day(20261124)
	sec = int64(1000)
)

var midnight = day.Start().UnixMilli()

func TestThreshold(t *testing.T) {
	for d, want := range map[int64]int64{240: 30, 60: 30, 59: 30, 58: 29, 45: 23, 12: 6, 11: 6, 10: 5} {
		if got, ok := listen.Threshold(d); !ok || got != want*sec {
			t.Errorf("T(%d) = %d ms, want %d s", d, got, want)
		}
	}
	for _, d := range []int64{9, 1, 0} {
		if _, ok := listen.Threshold(d); ok {
			t.Errorf("a track of %d s has a threshold", d)
		}
	}
}

// heard makes a play of a four-minute track that was heard from beginning to
// end of the given seconds of the day.
func heard(n byte, from, to int64) listen.Heard {
	return listen.Heard{Play: id.Bytes16{n}, Track: id.Track(rune('a' + n)), Begin: midnight + from*sec, End: midnight + to*sec, MS: (to - from) * sec, Seconds: 240}
}

func TestCountDay(t *testing.T) {
	length := func(seconds, heardMS int64) listen.Heard {
		return listen.Heard{Begin: midnight, End: midnight + heardMS, MS: heardMS, Seconds: seconds}
	}
	tests := map[string]struct {
		plays []listen.Heard
		want  []listen.Counted
	}{
		"240 s, just":       {[]listen.Heard{length(240, 30_000)}, []listen.Counted{{MS: 30_000}}},
		"240 s, not quite":  {[]listen.Heard{length(240, 29_999)}, []listen.Counted{{Decision: listen.TooShort}}},
		"45 s, just":        {[]listen.Heard{length(45, 23_000)}, []listen.Counted{{MS: 23_000}}},
		"45 s, not quite":   {[]listen.Heard{length(45, 22_999)}, []listen.Counted{{Decision: listen.TooShort}}},
		"12 s, just":        {[]listen.Heard{length(12, 6_000)}, []listen.Counted{{MS: 6_000}}},
		"9 s, all of it":    {[]listen.Heard{length(9, 9_900)}, []listen.Counted{{Decision: listen.ShortTrack}}},
		"longer than it is": {[]listen.Heard{length(45, 46_700)}, []listen.Counted{{MS: 45_000}}},
		"a long mix":        {[]listen.Heard{length(7200, 7_200_000)}, []listen.Counted{{MS: 1_200_000}}},
		"twice as fast": {
			[]listen.Heard{{Begin: midnight, End: midnight + 120*sec, MS: 240 * sec, Seconds: 240}},
			[]listen.Counted{{MS: 120_000}},
		},
		"a pause": {
			[]listen.Heard{{Begin: midnight, End: midnight + 300*sec, MS: 100 * sec, Seconds: 240}},
			[]listen.Counted{{MS: 100_000}},
		},
		"two devices at once": {
			[]listen.Heard{heard(2, 30, 130), heard(1, 0, 100)},
			[]listen.Counted{{Play: id.Bytes16{1}, MS: 100_000}, {Play: id.Bytes16{2}, MS: 30_000}},
		},
		"under another": {
			[]listen.Heard{heard(1, 0, 200), heard(2, 50, 150), heard(3, 190, 229)},
			[]listen.Counted{{Play: id.Bytes16{1}, MS: 200_000}, {Play: id.Bytes16{2}, Decision: listen.Overlaps}, {Play: id.Bytes16{3}, Decision: listen.Overlaps}},
		},
		"a play that does not count covers too": {
			[]listen.Heard{{Play: id.Bytes16{1}, Begin: midnight, End: midnight + 80*sec, MS: 5 * sec, Seconds: 240}, heard(2, 0, 100)},
			[]listen.Counted{{Play: id.Bytes16{1}, Decision: listen.TooShort}, {Play: id.Bytes16{2}, Decision: listen.Overlaps}},
		},
		"from the day before": {
			[]listen.Heard{heard(1, -100, 40), heard(2, 0, 100)},
			[]listen.Counted{{Play: id.Bytes16{2}, MS: 60_000}},
		},
		"same start, the smaller id first": {
			[]listen.Heard{heard(2, 0, 100), heard(1, 0, 50)},
			[]listen.Counted{{Play: id.Bytes16{1}, MS: 50_000}, {Play: id.Bytes16{2}, MS: 50_000}},
		},
		"own act": {
			[]listen.Heard{{Begin: midnight, End: midnight + 60*sec, MS: 60 * sec, Seconds: 240, Own: true}},
			[]listen.Counted{{Decision: listen.OwnAct}},
		},
		"another day":         {[]listen.Heard{heard(1, 86_400, 86_500), heard(2, -86_400, -86_000)}, nil},
		"the last moment":     {[]listen.Heard{heard(1, 86_399, 86_500)}, []listen.Counted{{Play: id.Bytes16{1}, MS: 101_000}}},
		"half seconds remain": {[]listen.Heard{length(240, 30_999)}, []listen.Counted{{MS: 30_999}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, listen.CountDay(day, test.plays)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	if s := (listen.Counted{MS: 30_999}).Seconds(); s != 30 {
		t.Errorf("30,999 ms are %d s", s)
	}
}

func TestRepeats(t *testing.T) {
	var plays []listen.Heard
	for i := range int64(22) {
		p := heard(byte(i), i*100, i*100+40)
		p.Track = "same"
		plays = append(plays, p)
	}
	plays[3].MS = 10 * sec // does not count and takes no place
	counted := listen.CountDay(day, plays)
	n := 0
	for _, c := range counted {
		if c.Decision == listen.Counts {
			n++
		}
	}
	if n != 20 || counted[21].Decision != listen.TrackCap || counted[20].Decision != listen.Counts {
		t.Errorf("%d plays of a track counted: %v", n, counted)
	}
}

func TestDayCap(t *testing.T) {
	var plays []listen.Heard
	for i := range int64(72) { // a day without rest
		p := heard(byte(i), i*1200, (i+1)*1200)
		p.Seconds = 1300
		plays = append(plays, p)
	}
	plays[0].End -= 2500
	plays[0].MS -= 2500
	counted := listen.CountDay(day, plays)
	var sum int64
	for _, c := range counted {
		sum += c.MS
	}
	if sum != 57_600*sec {
		t.Errorf("the day counts %d ms", sum)
	}
	if c := counted[47]; c.MS != 1_200_000 {
		t.Errorf("the 48th play counts %d ms", c.MS)
	}
	if c := counted[48]; c.Decision != listen.Counts || c.MS != 2500 {
		t.Errorf("the 49th play is %v, %d ms", c.Decision, c.MS)
	}
	if c := counted[49]; c.Decision != listen.DayCap {
		t.Errorf("the 50th play is %v, %d ms", c.Decision, c.MS)
	}
}

// drawPlays draws an account's plays around a day, some at once, some odd.
func drawPlays(t *rapid.T) []listen.Heard {
	n := rapid.IntRange(0, 60).Draw(t, "plays")
	plays := make([]listen.Heard, n)
	for i := range plays {
		begin := rapid.Int64Range(-3600, 90_000).Draw(t, "begin") * sec
		wall := rapid.Int64Range(0, 5000).Draw(t, "wall")*sec + rapid.Int64Range(0, 999).Draw(t, "ms")
		seconds := rapid.Int64Range(0, 4000).Draw(t, "seconds")
		plays[i] = listen.Heard{
			Play: id.Bytes16{byte(i), byte(rapid.IntRange(0, 255).Draw(t, "id"))}, Track: id.Track(rapid.StringMatching("[ab]").Draw(t, "track")),
			Begin: midnight + begin, End: midnight + begin + wall, MS: rapid.Int64Range(0, seconds*sec).Draw(t, "heard"), Seconds: seconds,
			Own: rapid.IntRange(0, 9).Draw(t, "own") == 0,
		}
	}
	return plays
}

func TestCountDayProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plays := drawPlays(t)
		counted := listen.CountDay(day, plays)
		if diff := cmp.Diff(counted, listen.CountDay(day, rapid.Permutation(plays).Draw(t, "order"))); diff != "" {
			t.Fatalf("the order matters:\n%s", diff)
		}
		byID := map[id.Bytes16]listen.Heard{}
		for _, p := range plays {
			byID[p.Play] = p
		}
		var sum int64
		repeats := map[id.Track]int{}
		for _, c := range counted {
			p := byID[c.Play]
			if c.MS > min(p.MS, p.End-p.Begin, p.Seconds*sec, 1200*sec) || c.MS < 0 || (c.MS > 0) != (c.Decision == listen.Counts) {
				t.Fatalf("%+v counts %+v", p, c)
			}
			if c.Decision == listen.Counts {
				repeats[p.Track]++
			}
			sum += c.MS
		}
		if wall := union(plays); sum > wall || sum > 57_600*sec {
			t.Fatalf("%d ms count of %d ms by the clock", sum, wall)
		}
		for track, n := range repeats {
			if n > 20 {
				t.Fatalf("%s counts %d times", track, n)
			}
		}
	})
}

// union measures by another way how much time of the clock plays took.
func union(plays []listen.Heard) (sum int64) {
	edges := map[int64]int{}
	for _, p := range plays {
		edges[p.Begin]++
		edges[p.End]--
	}
	for at := range edges {
		depth, next, found := 0, int64(0), false
		for e, d := range edges {
			if e <= at {
				depth += d
			} else if !found || e < next {
				next, found = e, true
			}
		}
		if depth > 0 && found {
			sum += next - at
		}
	}
	return sum
}

// Playing faster or claiming more never counts more than the same stretch of
// time at the pace of the music.
func TestPace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wall := rapid.Int64Range(0, 2000*sec).Draw(t, "wall")
		seconds := rapid.Int64Range(10, 3000).Draw(t, "seconds")
		p := listen.Heard{Begin: midnight, End: midnight + wall, MS: min(wall, seconds*sec), Seconds: seconds}
		fast := p
		fast.MS = rapid.Int64Range(p.MS, seconds*sec).Draw(t, "heard")
		one, other := listen.CountDay(day, []listen.Heard{p})[0], listen.CountDay(day, []listen.Heard{fast})[0]
		if other.MS > one.MS {
			t.Fatalf("%+v counts %d, at 1x %d", fast, other.MS, one.MS)
		}
	})
}

func TestTally(t *testing.T) {
	var tally listen.Tally
	duo := []listen.Share{{Act: "B", BPS: 4000}, {Act: "A", BPS: 6000}}
	tally.Add(duo, nil, 100, true)
	tally.Add(duo, []id.Act{"B"}, 50, false) // B is the listener: 20 s go to nobody
	tally.Add([]listen.Share{{Act: "B", BPS: 10000}}, nil, 7, true)
	row, err := tally.Row(day, []royalty.Hash{{1}, {2}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	want := royalty.DayRow{
		Day: day, Acts: []royalty.ActDay{{Act: "A", Credit: 900_000, Plays: 2}, {Act: "B", Credit: 470_000, Plays: 2}},
		Total: 1_370_000, UnsignedMS: 30_000, Claims: 2, ClaimsRoot: row.ClaimsRoot, Params: 1,
	}
	if diff := cmp.Diff(want, row); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, err := row.Encode(); err != nil {
		t.Error(err)
	}
}
