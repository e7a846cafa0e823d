package app

import (
	"errors"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
)

// On which systems a network's ledger runs, and what the others are told.
func TestANetworkRunsOnLinux(t *testing.T) {
	if err := runsOn("linux"); err != nil {
		t.Error(err)
	}
	for _, system := range []string{"darwin", "freebsd", "windows"} {
		var f *fault.Error
		if err := runsOn(system); !errors.As(err, &f) || f.Kind != fault.Invalid || f.Field != "ledger.mode" || !strings.Contains(fault.Message(err), system) {
			t.Errorf("%s: %v", system, err)
		}
	}
}
