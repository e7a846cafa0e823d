package fabrictest

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The commands are the release that the documents promise.
func TestTheCommandsAreRelease311(t *testing.T) {
	bin := Bin(t)
	for _, args := range [][]string{{"peer", "version"}, {"orderer", "version"}, {"configtxgen", "-version"}, {"configtxlator", "version"}} {
		out, err := exec.Command(filepath.Join(bin, args[0]), args[1:]...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "Version: 3.1.1\n") {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
}
