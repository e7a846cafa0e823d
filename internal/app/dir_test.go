package app

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
)

func open(t *testing.T, path string) *dir {
	t.Helper()
	d, err := openDir(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func TestOneNodePerDirectory(t *testing.T) {
	path := t.TempDir()
	d := open(t, path)
	if _, err := openDir(path); !fault.Is(err, fault.Conflict) {
		t.Fatalf("a second node may open the directory: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, path)
}

func TestKeysStay(t *testing.T) {
	d := open(t, t.TempDir())
	a, err := d.openKeys()
	if err != nil {
		t.Fatal(err)
	}
	b, err := d.openKeys()
	if err != nil || !a.log.Equal(b.log) || !a.settlement.Equal(b.settlement) || a.log.Equal(a.settlement) {
		t.Fatalf("keys changed or are the same: %v", err)
	}
	file := d.join("keys", "log.pem")
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key is readable by others: %v %v", info.Mode(), err)
	}
	if err := os.WriteFile(file, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.openKeys(); !fault.Is(err, fault.Invalid) {
		t.Errorf("a broken key must be refused, not replaced: %v", err)
	}
}

func TestSimulatedClockIsForDemonstrations(t *testing.T) {
	const start = "2026-10-01T00:00:00Z"
	d := open(t, t.TempDir())
	if _, err := d.clock(start); !fault.Is(err, fault.Forbidden) {
		t.Fatalf("a real node's clock can be set: %v", err)
	}
	path := filepath.Join(t.TempDir(), "demo")
	d = open(t, path)
	if err := d.markDemo(time.Now()); err != nil {
		t.Fatal(err)
	}
	now, err := d.clock(start)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := time.Parse(time.RFC3339, start)
	first := now()
	if first.Before(want) || first.Sub(want) > time.Hour {
		t.Errorf("clock shows %v, want %v", first, want)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := open(t, path).clock(start)
	if err != nil || again().Before(first) {
		t.Errorf("the clock jumps back over a restart: %v %v", again(), err)
	}
}

func TestRealNodeNeverBecomesDemo(t *testing.T) {
	for _, of := range []string{"9ten.db", "ledger.db"} {
		d := open(t, t.TempDir())
		if err := os.WriteFile(d.join(of), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := d.markDemo(time.Now()); !fault.Is(err, fault.Conflict) {
			t.Errorf("with %s: err = %v", of, err)
		}
	}
}

// TestRelativeDirectory opens the default, ./data: what is handed to helpers
// that run elsewhere must lead to it all the same.
func TestRelativeDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	d := open(t, "data")
	if work := d.join("work"); !filepath.IsAbs(work) {
		t.Errorf("the helpers are given %s, which means something else where they run", work)
	}
}
