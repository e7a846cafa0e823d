package tlog

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
)

// Whichever byte of the log in use is changed, it is noticed.
func TestVerifyNoticesEveryFile(t *testing.T) {
	root := t.TempDir()
	l := open(t, root)
	add(t, l, 20261001, 300) // padded to 512: whole tiles
	add(t, l, 20261002, 20)  // and a part of one
	if err := l.Verify(); err != nil {
		t.Fatal(err)
	}
	n := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, "tile/") {
			return err
		}
		n++
		whole, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, at := range []int{0, len(whole) / 2, len(whole) - 1} {
			bad := append([]byte(nil), whole...)
			bad[at] ^= 1
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				return err
			}
			if err := l.Verify(); !fault.Is(err, fault.Invalid) {
				t.Errorf("byte %d of %s: %v", at, path, err)
			}
		}
		return os.WriteFile(path, whole, 0o600)
	})
	if err != nil || n < 6 {
		t.Errorf("%d files, %v", n, err)
	}
}
