package synth_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/michaelperna/9ten/internal/synth"
)

func month(seed uint64) synth.Month {
	m := synth.Month{Period: 202610, Seed: seed, Listeners: 300}
	for act := range 40 {
		for n := range 1 + act%5 {
			m.Tracks = append(m.Tracks, synth.Track{Act: act, Length: time.Duration(20+30*n+act) * time.Second})
		}
	}
	return m
}

func TestSameSeedSamePlays(t *testing.T) {
	a, b := month(1).ByTime(), month(1).ByTime()
	if d := cmp.Diff(a, b); d != "" {
		t.Fatal(d)
	}
	if cmp.Equal(a, month(2).ByTime()) {
		t.Error("the seed does not matter")
	}
}

// A person listens to one thing at a time, within the month, and never to
// more of a track than there is.
func TestPlaysArePossible(t *testing.T) {
	m := month(3)
	free := make([]time.Time, m.Listeners)
	n, heard := 0, map[int]bool{}
	for p := range m.Plays {
		n++
		heard[m.Tracks[p.Track].Act] = true
		if p.Start.Before(m.Period.Start()) || p.Start.Add(p.Heard).After(m.Period.End()) {
			t.Fatalf("%+v is outside the month", p)
		}
		if p.Heard <= 0 || p.Heard > m.Tracks[p.Track].Length {
			t.Fatalf("%+v hears more than there is", p)
		}
		if p.Start.Before(free[p.Listener]) {
			t.Fatalf("%+v overlaps the play before", p)
		}
		free[p.Listener] = p.Start.Add(p.Heard)
	}
	if per := n / m.Listeners; per < 30 || per > 200 {
		t.Errorf("%d plays a listener are not like people", per)
	}
	if len(heard) < 35 {
		t.Errorf("only %d of 40 acts are heard: there is no tail", len(heard))
	}
	idle := 0
	for _, f := range free {
		if f.IsZero() {
			idle++
		}
	}
	if idle == 0 {
		t.Error("nobody pays without listening")
	}
}

func TestEmptyCatalogue(t *testing.T) {
	if n := len(synth.Month{Period: 202610, Listeners: 5}.ByTime()); n != 0 {
		t.Errorf("%d plays of nothing", n)
	}
}
