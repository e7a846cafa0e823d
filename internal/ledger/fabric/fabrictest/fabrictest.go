// Package fabrictest lets tests run the upstream Fabric commands.
package fabrictest

import (
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// Bin returns the folder of the upstream commands: NINETEN_FABRIC_BIN, or
// bin/fabric at the module's root, where `make fabric` puts them. The test
// fails when one of them is missing: a ledger that was not tried is not a
// ledger that works.
func Bin(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("NINETEN_FABRIC_BIN")
	if dir == "" {
		dir = filepath.Join(root(t), "bin", "fabric")
	}
	for _, name := range []string{"peer", "orderer", "configtxgen", "configtxlator"} {
		if f, err := os.Stat(filepath.Join(dir, name)); err != nil || !f.Mode().IsRegular() || f.Mode()&0o111 == 0 {
			t.Fatalf("this test runs Fabric's %s, which is not in %s: run `make fabric` (about two minutes, once)", name, dir)
		}
	}
	return dir
}

// root is the folder of go.mod: tests run in their package's folder.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above this test")
		}
		dir = up
	}
}

// Ports returns the first of six ports in a row that are free and, until the test
// ends, nobody else's who asks here: a seventh behind them is held for that. They
// are below what systems give to connections (32768 on Linux), so that none takes
// them before they are listened on.
func Ports(t testing.TB) int {
	t.Helper()
	const low, row, rows = 10000, 7, 22000 / 7
	for range rows {
		first := low + row*rand.IntN(rows)
		guard, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(first+row-1)))
		if err != nil {
			continue
		}
		if free(first) {
			t.Cleanup(func() { _ = guard.Close() }) // nothing is lost with it
			return first
		}
		_ = guard.Close()
	}
	t.Fatal("no six free ports in a row")
	return 0
}

func free(first int) bool {
	for p := first; p < first+6; p++ {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p)))
		if err != nil {
			return false
		}
		if l.Close() != nil {
			return false
		}
	}
	return true
}
