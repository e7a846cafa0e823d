package child

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// heal removes databases below dir whose making was cut off, and returns their
// folders. A child that is killed in its first second leaves them behind, and
// never starts again: Fabric's databases (goleveldb) write a MANIFEST before
// the file CURRENT that points at it, and take one without the other for
// damage. Nothing is lost: a database takes its first entry after CURRENT is
// there, which from then on is only ever replaced whole. The child must not
// run.
func heal(dir string) (healed []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.IsDir() {
			return err
		}
		begun, err := unfinished(path)
		if err != nil || !begun {
			return err
		}
		healed = append(healed, path)
		if err := os.RemoveAll(path); err != nil {
			return err
		}
		return fs.SkipDir
	})
	return healed, err
}

// unfinished reports whether a folder is a database that was never made.
func unfinished(dir string) (bool, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return false, err
	}
	manifest := false
	for _, f := range files {
		name := f.Name()
		switch {
		case name == "CURRENT", name == "CURRENT.bak", f.IsDir(), strings.HasSuffix(name, ".ldb"), strings.HasSuffix(name, ".log"):
			return false, nil // it points at its contents, or it is none
		case strings.HasPrefix(name, "MANIFEST-"):
			manifest = true
		}
	}
	return manifest, nil
}
