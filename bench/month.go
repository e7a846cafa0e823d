package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/store"
	"github.com/michaelperna/9ten/internal/synth"
)

const (
	payers     = 100_000
	playedActs = 5000 // of four tracks
	period     = calendar.Period(202610)
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
	about := fmt.Sprintf("%.2f million rows of %d bytes on average, read from SQLite", float64(rows)/1e6, size/rows)
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

// storeDays seals a month day by day, as a node does: one that synth invents,
// with the habits of published studies.
func storeDays(ctx context.Context, path string) (rows, size int, err error) {
	db, err := store.Open(ctx, store.Config{Path: path, Now: time.Now})
	if err != nil {
		return 0, 0, err
	}
	defer db.Close()
	days, err := invent()
	if err != nil {
		return 0, 0, err
	}
	for d, list := range days {
		day := period.Day(d + 1)
		err := db.ReportUpdate(ctx, func(tx report.Tx) error {
			if err := tx.SealBatch(ctx, day, len(list)); err != nil {
				return err
			}
			for i, r := range list {
				if err := tx.InsertDayRow(ctx, day, report.DayRow{Day: day, Pseudonym: r.who, Data: r.data, Position: i}); err != nil {
					return err
				}
				size += len(r.data)
			}
			return nil
		})
		if err != nil {
			return 0, 0, err
		}
		rows += len(list)
	}
	return rows, size, db.Close()
}

// sealed is an encoded day row.
type sealed struct {
	who  royalty.Pseudonym
	data []byte
}

// invent returns the rows of each day of the period, by pseudonym. Who has no
// play that counts has no row.
func invent() ([][]sealed, error) {
	m := synth.Month{Period: period, Seed: 1, Listeners: payers}
	for a := range playedActs {
		for range 4 {
			m.Tracks = append(m.Tracks, synth.Track{Act: a, Length: 200 * time.Second})
		}
	}
	out := make([][]sealed, period.Days())
	tally := map[calendar.Day]map[int]royalty.ActDay{}
	listener := 0
	var failed error
	flush := func() {
		for day, acts := range tally {
			data, err := dayRow(listener, day, acts)
			failed = errors.Join(failed, err)
			i := int(day - period.Day(1))
			out[i] = append(out[i], sealed{pseudonym(listener), data})
		}
		clear(tally)
	}
	for p := range m.Plays {
		if p.Listener != listener {
			flush()
			listener = p.Listener
		}
		seconds := int64(p.Heard / time.Second)
		if mark, counts := listen.Threshold(200); !counts || p.Heard.Milliseconds() < mark {
			continue
		}
		day := calendar.DayOf(p.Start)
		if tally[day] == nil {
			tally[day] = map[int]royalty.ActDay{}
		}
		act := m.Tracks[p.Track].Act
		had := tally[day][act]
		tally[day][act] = royalty.ActDay{Act: actName(act), Credit: had.Credit + uint64(seconds)*10_000, Plays: had.Plays + 1}
	}
	flush()
	return out, failed
}

func actName(n int) id.Act { return id.Act(fmt.Sprintf("01J9TENBENCH%014d", n)) }

func dayRow(listener int, day calendar.Day, acts map[int]royalty.ActDay) ([]byte, error) {
	r := royalty.DayRow{Pseudonym: pseudonym(listener), Day: day, Params: royalty.Standard.Version, ClaimsRoot: royalty.Hash{1}}
	for _, a := range slices.Sorted(maps.Keys(acts)) {
		r.Acts = append(r.Acts, acts[a])
		r.Total += acts[a].Credit
		r.Claims += acts[a].Plays
	}
	return r.Encode()
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
	l := royalty.Listener{Pseudonym: pseudonym(0), Pot: 9 * money.Dollar}
	n := 0
	next := func() error { // takes in listener n; who did not play keeps the pot for another month
		_, _, err := m.Add(&l, royalty.Salt(l.Pseudonym))
		n++
		l.Pseudonym, l.Days = pseudonym(n), l.Days[:0]
		return err
	}
	err = db.ReportView(ctx, func(tx report.Tx) error {
		return tx.PeriodRows(ctx, period, func(who royalty.Pseudonym, data []byte) error {
			for who != l.Pseudonym {
				if err := next(); err != nil {
					return err
				}
			}
			if n := len(l.Days); n < cap(l.Days) { // in the memory of a row before, as a node does
				l.Days = l.Days[:n+1]
				l.Days[n] = append(l.Days[n][:0], data...)
			} else {
				l.Days = append(l.Days, bytes.Clone(data))
			}
			return nil
		})
	})
	for err == nil && n < payers {
		err = next()
	}
	if err != nil {
		return err
	}
	trees, err := m.Close(nil)
	if err != nil {
		return err
	}
	if len(trees.Rows) != payers || trees.RootB.Sum == 0 {
		return fmt.Errorf("%d rows, %s to acts", len(trees.Rows), trees.RootB.Sum)
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
