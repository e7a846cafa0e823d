package royalty

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
)

// benchListener makes the stored rows of a listener that plays on most days:
// 60 acts in the month, 8 to 15 of them on a day, from a catalogue of 20,000.
func benchListener(rng *rand.Rand, n int, acts []id.Act, p calendar.Period) *Listener {
	l := &Listener{Pot: 9 * money.Dollar}
	binary.BigEndian.PutUint64(l.Pseudonym[:], uint64(n)*0x9E3779B97F4A7C15>>8)
	binary.BigEndian.PutUint32(l.Pseudonym[:], uint32(n)) // ascending
	var taste [60]int
	for i := range taste {
		f := rng.Float64()
		taste[i] = int(f * f * f * float64(len(acts)))
	}
	for d := 1; d <= 30; d++ {
		if rng.IntN(4) == 0 {
			continue
		}
		r := DayRow{Pseudonym: l.Pseudonym, Day: p.Day(d), Params: 1, Claims: 30, ClaimsRoot: Hash{1}}
		day := taste[rng.IntN(40):][:8+rng.IntN(8)]
		day = slices.Clone(day)
		slices.Sort(day)
		for _, a := range slices.Compact(day) {
			c := uint64(60+rng.IntN(1500)) * 10000
			r.Acts = append(r.Acts, ActDay{acts[a], c, uint32(1 + rng.IntN(8))})
			r.Total += c
		}
		b, err := r.Encode()
		if err != nil {
			panic(err)
		}
		l.Days = append(l.Days, b)
	}
	return l
}

// BenchmarkMonth takes 100,000 payers from stored day rows to both roots. Rows
// are made outside the clock, a few listeners at a time, as a cursor over the
// database would hand them out. It reports CPU seconds of Add and Close, and
// the process's peak resident set.
func BenchmarkMonth(b *testing.B) {
	const listeners, batch = 100_000, 500
	acts := make([]id.Act, 20_000)
	for i := range acts {
		acts[i] = id.Act(fmt.Sprintf("01J9TENBENCH%014d", i))
	}
	p := calendar.Period(202610)
	for b.Loop() {
		rng := rand.New(rand.NewPCG(1, 2))
		m, err := NewMonth(p, Rules{Params: Standard})
		if err != nil {
			b.Fatal(err)
		}
		var cpu int64
		var rows, size int
		for n := 0; n < listeners; n += batch {
			ls := make([]*Listener, batch)
			for i := range ls {
				ls[i] = benchListener(rng, n+i, acts, p)
				rows += len(ls[i].Days)
				for _, d := range ls[i].Days {
					size += len(d)
				}
			}
			start := cpuTime()
			for _, l := range ls {
				if _, _, err := m.Add(l, Salt(l.Pseudonym)); err != nil {
					b.Fatal(err)
				}
			}
			cpu += cpuTime() - start
		}
		runtime.GC()
		start := cpuTime()
		t, err := m.Close(nil)
		if err != nil {
			b.Fatal(err)
		}
		closing := cpuTime() - start
		if t.RootB.Sum != listeners*9*money.Dollar {
			b.Fatalf("the tree adds up to %s", t.RootB.Sum)
		}
		b.ReportMetric(float64(cpu+closing)/1e9, "cpu-s")
		b.ReportMetric(float64(closing)/1e9, "close-cpu-s")
		b.ReportMetric(float64(rows), "rows")
		b.ReportMetric(float64(size)/float64(rows), "B/row")
		b.ReportMetric(peakMB(), "peak-MB")
	}
}

func cpuTime() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// peakMB reads the peak resident set from the kernel.
func peakMB() float64 {
	b, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(b)) {
		var kb float64
		if n, _ := fmt.Sscanf(line, "VmHWM: %f kB", &kb); n == 1 {
			return kb / 1024
		}
	}
	return 0
}
