// Package fabrictest lets tests run the upstream Fabric commands.
package fabrictest

import (
	"os"
	"path/filepath"
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
