// Package fabrictest lets tests run the upstream Fabric commands.
package fabrictest

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
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

var taken atomic.Int64 // how many rows of ports this process has tried

// Ports returns the first of six ports in a row that are free, and not given
// twice by one process. They are below what systems give to connections (32768
// on Linux), so that none takes them before they are listened on.
func Ports(t testing.TB) int {
	t.Helper()
	const low, rows = 10000, 22000 / 6
	for range rows {
		first := low + 6*((os.Getpid()*37+int(taken.Add(1)))%rows)
		if free(first) {
			return first
		}
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
