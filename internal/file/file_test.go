package file_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/michaelperna/9ten/internal/file"
)

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	for _, tt := range []struct {
		text string
		perm os.FileMode
	}{{"first", 0o600}, {"second, longer", 0o644}, {"", 0o600}} {
		if err := file.Replace(path, []byte(tt.text), tt.perm); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil || string(b) != tt.text {
			t.Errorf("holds %q (%v), want %q", b, err, tt.text)
		}
		if i, err := os.Stat(path); err != nil || i.Mode().Perm() != tt.perm {
			t.Errorf("mode %v (%v), want %v", i.Mode(), err, tt.perm)
		}
	}
	if err := file.Replace(filepath.Join(dir, "none", "x"), nil, 0o600); err == nil {
		t.Error("a folder that is not there took a file")
	}
	// A folder stands in the way of the name: the old content and nothing else stays.
	if err := os.Mkdir(filepath.Join(dir, "y"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := file.Replace(filepath.Join(dir, "y"), []byte("z"), 0o600); err == nil {
		t.Error("a folder was replaced by a file")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".new-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
