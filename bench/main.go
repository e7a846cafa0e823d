// Command bench measures what the product promises in figures, each beside a
// yardstick in the same run, and prints one table.
//
//	go run ./bench                    all of it, about fifteen minutes
//	go run ./bench -only lists,start  parts of it
//	go run ./bench -only cold         `make run` with empty caches, left out otherwise
//
// It drives the real binary over loopback. It asserts nothing: a busy machine
// is no broken program.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/michaelperna/9ten/internal/media"
)

// parts are the measurements, in an order in which each finds what it needs
// of those before or makes it itself.
var parts = []struct {
	name string
	run  func(context.Context, *bench) error
}{
	{"month", month},
	{"start", start},
	{"lists", lists},
	{"claims", claims},
	{"upload", upload},
	{"segments", segments},
	{"page", page},
	{"inbox", inbox},
	{"ledger", ledger},
	{"thirteen", thirteen},
	{"cold", cold},
}

// A bench is one run of the program.
type bench struct {
	repo, dir string // the repository; where this run may write
	binary    string
	rounds    int
	seconds   int // of each run of wrk
	world     *world
	results   []result
	ports     sync.Map // that were given out, see [bench.freePort]
}

func main() {
	switch code, helper := media.Child(os.Args); {
	case helper:
		os.Exit(code)
	case len(os.Args) > 1 && os.Args[1] == "month-alone":
		exit(monthAlone(os.Args[2]))
	case len(os.Args) > 1 && os.Args[1] == "serve-file":
		exit(serveFile(os.Args[2:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	exit(err)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func run(ctx context.Context) error {
	only := flag.String("only", "", "measure only these `parts`, separated by commas")
	binary := flag.String("binary", "bin/9ten", "the binary to measure")
	b := &bench{}
	flag.IntVar(&b.rounds, "rounds", 5, "how often each thing is measured")
	flag.IntVar(&b.seconds, "seconds", 4, "how long each load runs")
	flag.Parse()
	var err error
	if b.repo, err = os.Getwd(); err != nil {
		return err
	}
	if b.binary, err = filepath.Abs(*binary); err != nil {
		return err
	}
	// Beside the source and not under /tmp, which may be memory: what is
	// measured waits for a disk.
	b.dir = filepath.Join(b.repo, ".cache", "bench")
	if err := os.RemoveAll(b.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return err
	}
	chosen := strings.Split(*only, ",")
	for _, p := range parts {
		if *only == "" && p.name == "cold" || *only != "" && !slices.Contains(chosen, p.name) {
			continue
		}
		began := time.Now()
		if err := p.run(ctx, b); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		fmt.Fprintf(os.Stderr, "%s took %.0f s\n", p.name, time.Since(began).Seconds())
	}
	fmt.Print(b.table())
	if *only == "" { // the whole is kept beside the source
		if err := os.WriteFile(filepath.Join(b.repo, "bench", "results.md"), []byte("# The last full run\n\n"+b.table()), 0o644); err != nil {
			return err
		}
	}
	return os.RemoveAll(b.dir)
}

// tool finds a program of others.
func tool(name string) (string, error) {
	for _, n := range []string{name, "/usr/sbin/" + name} {
		if p, err := exec.LookPath(n); err == nil {
			return p, nil
		}
	}
	return "", fmt.Errorf("%s is missing: run bench/tools.sh", name)
}
