package app

import (
	"context"
	"os"
	"testing"
)

// asBinary in the environment makes the test's binary the product's, for tests
// that kill it.
const asBinary = "NINETEN_TEST_BINARY"

// The binary that runs is its own helper for strangers' files, also when it
// is a test.
func TestMain(m *testing.M) {
	if code, helper := Helper(os.Args); helper {
		os.Exit(code)
	}
	if os.Getenv(asBinary) != "" {
		os.Exit(Run(context.Background(), os.Args, os.Stdin, os.Stdout, os.Stderr, noenv))
	}
	os.Exit(m.Run())
}
