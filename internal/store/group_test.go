package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

// One commit serves whoever came while the one before was under way.
func TestWritesShareACommit(t *testing.T) {
	var commits int
	entered, proceed := make(chan struct{}, 1), make(chan struct{})
	db := openSQLite(t, Config{BeforeCommit: func() error {
		if commits++; commits == 1 {
			entered <- struct{}{}
			<-proceed
		}
		return nil
	}})
	ctx := t.Context()
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := set(ctx, db, "first", "1"); err != nil {
			t.Error(err)
		}
	})
	<-entered
	const n = 50
	for i := range n {
		wg.Go(func() {
			if err := set(ctx, db, fmt.Sprint(i), "1"); err != nil {
				t.Error(err)
			}
		})
	}
	for len(db.writer.queue) < n {
		runtime.Gosched()
	}
	close(proceed)
	wg.Wait()
	if commits != 2 {
		t.Errorf("%d writes took %d commits, want 2", n+1, commits)
	}
}

// What one member does to itself is no matter of the others in its group.
func TestMembersAreApart(t *testing.T) {
	entered, proceed := make(chan struct{}, 1), make(chan struct{})
	var once sync.Once
	db := openSQLite(t, Config{BeforeCommit: func() error {
		once.Do(func() { entered <- struct{}{}; <-proceed })
		return nil
	}})
	ctx := t.Context()
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := set(ctx, db, "first", "1"); err != nil {
			t.Error(err)
		}
	})
	<-entered

	wg.Go(func() { // gives up in the middle, with a statement on its way
		ctx, cancel := context.WithCancel(ctx)
		_ = db.Update(ctx, func(tx *Tx) error {
			cancel()
			return tx.Q.SettingSet(ctx, sqlgen.SettingSetParams{Key: "cancelled", Value: "1"})
		})
	})
	wg.Go(func() { // panics: on its own goroutine, as if there were no group
		defer func() {
			if recover() == nil {
				t.Error("the panic did not reach its caller")
			}
		}()
		_ = db.Update(ctx, func(tx *Tx) error {
			_ = tx.Q.SettingSet(ctx, sqlgen.SettingSetParams{Key: "panicked", Value: "1"})
			panic("a bug")
		})
	})
	wg.Go(func() { // leaves its goroutine, as t.FailNow does
		_ = db.Update(ctx, func(tx *Tx) error {
			_ = tx.Q.SettingSet(ctx, sqlgen.SettingSetParams{Key: "left", Value: "1"})
			runtime.Goexit()
			return nil
		})
	})
	wg.Go(func() {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		if err := set(ctx, db, "late", "1"); !errors.Is(err, context.Canceled) {
			t.Errorf("a caller that had given up = %v", err)
		}
	})
	for i := range 10 {
		wg.Go(func() {
			if err := set(ctx, db, fmt.Sprint(i), "1"); err != nil {
				t.Errorf("a bystander = %v", err)
			}
		})
	}
	for len(db.writer.queue) < 13 {
		runtime.Gosched()
	}
	close(proceed)
	wg.Wait()
	got := settings(t, db)
	if len(got) != 12 || got["cancelled"] != "1" { // first, ten bystanders, the one that was begun
		t.Errorf("left: %v", got)
	}
}

// Of a write that is alone nothing is left either, however its function ends.
func TestAloneIsUndone(t *testing.T) {
	both(t, func(t *testing.T, open opener) {
		db, ctx := open(t, Config{}), t.Context()
		for what, end := range map[string]func() error{
			"fails":  func() error { return errors.New("broken") },
			"panics": func() error { panic("a bug") },
			"leaves": func() error { runtime.Goexit(); return nil },
		} {
			var wg sync.WaitGroup
			wg.Go(func() {
				defer func() { _ = recover() }()
				_ = db.Update(ctx, func(tx *Tx) error {
					if err := tx.Q.SettingSet(ctx, sqlgen.SettingSetParams{Key: what, Value: "1"}); err != nil {
						t.Error(err)
					}
					return end()
				})
			})
			wg.Wait()
			if err := set(ctx, db, "after", what); err != nil {
				t.Errorf("after one that %s: %v", what, err)
			}
			if got := settings(t, db); got[what] != "" || got["after"] != what {
				t.Errorf("one that %s left %v", what, got)
			}
		}
	})
}

func TestWriterGetsANewConnection(t *testing.T) {
	db := openSQLite(t, Config{})
	if err := db.writer.conn.conn.Close(); err != nil {
		t.Fatal(err)
	}
	if err := set(t.Context(), db, "a", "1"); err != nil {
		t.Errorf("after the connection died: %v", err)
	}
}

func TestDiskFull(t *testing.T) {
	db, ctx := openSQLite(t, Config{}), t.Context()
	if err := set(ctx, db, "before", "1"); err != nil {
		t.Fatal(err)
	}
	// SQLite answers a file that may not grow just as it answers a full disk.
	limit := func(n int) {
		var pages int
		if err := db.writer.conn.conn.QueryRowContext(ctx, fmt.Sprintf("pragma max_page_count = %d", n)).Scan(&pages); err != nil {
			t.Fatal(err)
		}
	}
	limit(1) // the present size at least
	err := set(ctx, db, "big", string(make([]byte, 1<<20)))
	if !fault.Is(err, fault.Unavailable) || fault.Message(err) != errFull {
		t.Errorf("full = %v", err)
	}
	limit(1 << 20)
	if err := set(ctx, db, "after", "1"); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if got := settings(t, db); got["before"] != "1" || got["after"] != "1" || got["big"] != "" {
		t.Errorf("left %d settings", len(got))
	}
}

// A child process acknowledges writes on its standard output until it is
// killed: each that it acknowledged is there.
func TestKill(t *testing.T) {
	if path := os.Getenv("NINETEN_TEST_CHILD"); path != "" {
		writeUntilKilled(t, path)
		return
	}
	path := filepath.Join(t.TempDir(), "9ten.db")
	child := exec.Command(os.Args[0], "-test.run=^TestKill$")
	child.Env = append(os.Environ(), "NINETEN_TEST_CHILD="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var acknowledged []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, err := strconv.Atoi(lines.Text()); err == nil {
			acknowledged = append(acknowledged, lines.Text())
		}
		if len(acknowledged) == 500 {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := child.Wait(); err == nil || len(acknowledged) < 500 {
		t.Fatalf("the child ended by itself after %d: %v", len(acknowledged), err)
	}
	got := settings(t, openSQLite(t, Config{Path: path}))
	for _, n := range acknowledged {
		if got[n] != "x" {
			t.Errorf("%s was acknowledged and is lost", n)
		}
	}
}

func writeUntilKilled(t *testing.T, path string) {
	db := openSQLite(t, Config{Path: path})
	var mu sync.Mutex
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := w; i < 1<<30; i += 16 {
				if err := set(t.Context(), db, fmt.Sprint(i), "x"); err != nil {
					return
				}
				mu.Lock()
				fmt.Fprintln(os.Stdout, i)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

func BenchmarkUpdate(b *testing.B) {
	write := func(b *testing.B, db *DB, n int64) {
		ctx := context.Background()
		err := db.Update(ctx, func(tx *Tx) error {
			return tx.Q.OccasionSet(ctx, sqlgen.OccasionSetParams{Name: strconv.FormatInt(n%1000, 10), Last: n})
		})
		if err != nil {
			b.Error(err)
		}
	}
	b.Run("one at a time", func(b *testing.B) {
		db := openSQLite(b, Config{})
		for n := range int64(b.N) {
			write(b, db, n)
		}
	})
	b.Run("64 at once", func(b *testing.B) {
		db := openSQLite(b, Config{})
		b.SetParallelism(64 / runtime.GOMAXPROCS(0))
		b.RunParallel(func(pb *testing.PB) {
			for n := int64(0); pb.Next(); n++ {
				write(b, db, n)
			}
		})
	})
}

func BenchmarkView(b *testing.B) {
	db := openSQLite(b, Config{})
	ctx := b.Context()
	if err := set(ctx, db, "k", "v"); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := db.View(ctx, func(tx *Tx) error { _, err := tx.Q.SettingAll(ctx); return err }); err != nil {
			b.Fatal(err)
		}
	}
}

// Opening is part of every start: it is measured, not asserted.
func BenchmarkOpen(b *testing.B) {
	open := func(b *testing.B, path string) {
		db, err := Open(b.Context(), Config{Path: path, Now: time.Now})
		if err == nil {
			err = db.Close()
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	b.Run("first", func(b *testing.B) {
		dir := b.TempDir()
		for n := 0; b.Loop(); n++ {
			open(b, filepath.Join(dir, fmt.Sprint(n)))
		}
	})
	b.Run("again", func(b *testing.B) {
		path := filepath.Join(b.TempDir(), "9ten.db")
		for b.Loop() {
			open(b, path)
		}
	})
}
