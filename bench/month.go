package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/store"
)

const (
	payers    = 100_000
	playedFor = 20_000 // acts of the catalogue
	period    = calendar.Period(202610)
)

// month takes 100,000 paying listeners from the day rows in the node's
// database to the split and both trees, each time in a process of its own.
func month(ctx context.Context, b *bench) error {
	path := filepath.Join(b.dir, "month.db")
	rows, size, err := storeDays(ctx, path)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var cpu, peak []float64
	for range min(3, b.rounds) {
		out, err := exec.CommandContext(ctx, self, "month-alone", path).Output()
		if err != nil {
			return fmt.Errorf("month-alone: %w", err)
		}
		var r used
		if err := json.Unmarshal(out, &r); err != nil {
			return err
		}
		cpu, peak = append(cpu, r.CPU), append(peak, r.Peak)
	}
	about := fmt.Sprintf("%.1f million rows of %d bytes on average in SQLite", float64(rows)/1e6, size/rows)
	b.add(result{name: "a month of 100,000 payers: split and both trees", unit: "CPU s", runs: cpu, most: 10, beside: about})
	b.add(result{name: "the same, peak memory", unit: "MB RSS", runs: peak, most: 300})
	for _, suffix := range []string{"", "-wal", "-shm"} {
		err = errors.Join(err, os.RemoveAll(path+suffix))
	}
	return err
}

func pseudonym(n int) (p royalty.Pseudonym) {
	binary.BigEndian.PutUint32(p[:], uint32(n)) // ascending
	binary.BigEndian.PutUint64(p[8:], uint64(n)*0x9E3779B97F4A7C15)
	return p
}

// storeDays seals a month day by day, as a node does. A listener plays on
// three days of four, 8 to 15 acts a day out of 60 in the month.
func storeDays(ctx context.Context, path string) (rows, size int, err error) {
	db, err := store.Open(ctx, store.Config{Path: path, Now: time.Now})
	if err != nil {
		return 0, 0, err
	}
	defer db.Close()
	acts := make([]id.Act, playedFor)
	for i := range acts {
		acts[i] = id.Act(fmt.Sprintf("01J9TENBENCH%014d", i))
	}
	for d := 1; d <= period.Days(); d++ {
		day := period.Day(d)
		err := db.ReportUpdate(ctx, func(tx report.Tx) error {
			if err := tx.SealBatch(ctx, day, payers); err != nil {
				return err
			}
			position := 0
			for n := range payers {
				row, ok := dayOf(n, d, day, acts)
				if !ok {
					continue
				}
				data, err := row.Encode()
				if err != nil {
					return err
				}
				if err := tx.InsertDayRow(ctx, day, report.DayRow{Day: day, Pseudonym: row.Pseudonym, Data: data, Position: position}); err != nil {
					return err
				}
				position++
				rows, size = rows+1, size+len(data)
			}
			return nil
		})
		if err != nil {
			return 0, 0, err
		}
	}
	return rows, size, db.Close()
}

// dayOf is one listener's day, the same each time it is asked for.
func dayOf(n, d int, day calendar.Day, acts []id.Act) (r royalty.DayRow, played bool) {
	rng := rand.New(rand.NewPCG(uint64(n), uint64(d)))
	if rng.IntN(4) == 0 {
		return r, false
	}
	r = royalty.DayRow{Pseudonym: pseudonym(n), Day: day, Params: royalty.Standard.Version, Claims: 30, ClaimsRoot: royalty.Hash{1}}
	taste := rand.New(rand.NewPCG(uint64(n), 0)) // the month's sixty, the popular ones in most of them
	var month [60]int
	for i := range month {
		f := taste.Float64()
		month[i] = int(f * f * f * float64(len(acts)))
	}
	today := slices.Clone(month[rng.IntN(40):][:8+rng.IntN(8)])
	slices.Sort(today)
	for _, a := range slices.Compact(today) {
		c := uint64(60+rng.IntN(1500)) * 10_000
		r.Acts = append(r.Acts, royalty.ActDay{Act: acts[a], Credit: c, Plays: uint32(1 + rng.IntN(8))})
		r.Total += c
	}
	return r, true
}

// used is what a process took: CPU seconds, and its peak resident set in MB.
type used struct{ CPU, Peak float64 }

// monthAlone is the process that month starts.
func monthAlone(path string) error {
	ctx := context.Background()
	m, err := royalty.NewMonth(period, royalty.Rules{Params: royalty.Standard})
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, store.Config{Path: path, Now: time.Now})
	if err != nil {
		return err
	}
	defer db.Close()
	one := royalty.Listener{Pot: 9 * money.Dollar}
	add := func() error {
		if len(one.Days) == 0 {
			return nil
		}
		_, _, err := m.Add(&one, royalty.Salt(one.Pseudonym))
		one.Days = one.Days[:0]
		return err
	}
	err = db.ReportView(ctx, func(tx report.Tx) error {
		return tx.PeriodRows(ctx, period, func(who royalty.Pseudonym, data []byte) error {
			if who != one.Pseudonym {
				if err := add(); err != nil {
					return err
				}
				one.Pseudonym = who
			}
			one.Days = append(one.Days, bytes.Clone(data))
			return nil
		})
	})
	if err := errors.Join(err, add()); err != nil {
		return err
	}
	trees, err := m.Close(nil)
	if err != nil {
		return err
	}
	if trees.RootB.Sum != payers*9*money.Dollar {
		return fmt.Errorf("the tree adds up to %s", trees.RootB.Sum)
	}
	return json.NewEncoder(os.Stdout).Encode(usedSoFar())
}

func usedSoFar() (u used) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err == nil {
		u.CPU = float64(r.Utime.Nano()+r.Stime.Nano()) / 1e9
	}
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(text)) {
		var kb float64
		if n, _ := fmt.Sscanf(line, "VmHWM: %f kB", &kb); n == 1 {
			u.Peak = kb * 1024 / 1e6
		}
	}
	return u
}
