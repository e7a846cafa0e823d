package app

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
)

// asBinary in the environment makes the test's binary the product's, for tests
// that kill it.
const asBinary = "NINETEN_TEST_BINARY"

// The binary that runs is its own helper for strangers' files, also when it
// is a test; and it is the node that is killed.
func TestMain(m *testing.M) {
	if code, helper := Helper(os.Args); helper {
		os.Exit(code)
	}
	if os.Getenv(asBinary) != "" {
		os.Exit(Run(context.Background(), os.Args, os.Stdin, os.Stdout, os.Stderr, noenv))
	}
	if dir := os.Getenv(envStory); dir != "" {
		at, err := strconv.Atoi(os.Getenv(envKill))
		switch {
		case os.Getenv(envClaims) != "":
			err = claimUntilKilled(dir)
		case os.Getenv(envCourier) != "":
			if err = deliverUntilKilled(dir, at); err == nil {
				os.Exit(0)
			}
		case err == nil:
			err = playUntilKilled(dir, at)
		}
		fmt.Fprintln(os.Stderr, "not killed:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}
