package main

import (
	"context"
	"os"
	"path/filepath"
	"time"
)

// start measures how long a node takes to be ready: on an empty directory, and
// again on one with a catalogue. Then it is left alone, and its memory read.
func start(ctx context.Context, b *bench) error {
	w, err := b.makeWorld(ctx)
	if err != nil {
		return err
	}
	var first, again []float64
	for range b.rounds {
		dir := filepath.Join(b.dir, "empty")
		n, err := b.start(ctx, dir)
		if err != nil {
			return err
		}
		first = append(first, n.took.Seconds())
		if err := n.stop(); err != nil {
			return err
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
		if n, err = b.start(ctx, w.data); err != nil {
			return err
		}
		again = append(again, n.took.Seconds())
		if err := n.stop(); err != nil {
			return err
		}
	}
	b.add(result{name: "first start, empty directory", unit: "s", runs: first, most: 1})
	b.add(result{name: "restart with 2,000 tracks", unit: "s", runs: again, most: 0.3})
	n, err := b.start(ctx, w.data)
	if err != nil {
		return err
	}
	defer n.stop() //nolint:errcheck // it was measured
	var idle []float64
	for range b.rounds {
		time.Sleep(2 * time.Second)
		idle = append(idle, n.memory())
	}
	b.add(result{name: "memory when idle", unit: "MB PSS", runs: idle, most: 60})
	return nil
}
