package child

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// heal removes databases below dir whose making was cut off, and returns their
// folders. A child that is killed in its first second, or runs out of disk in
// it, leaves them behind and never starts again: Fabric takes a folder that is
// not empty for a database, and one without the file CURRENT for a damaged one.
// Nothing is lost: a database takes its first entry after CURRENT is there,
// which from then on is only ever replaced whole. The child must not run.
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

// scaffold are the files that goleveldb makes before a database is one.
var scaffold = regexp.MustCompile(`^(LOCK|LOG|LOG\.old|MANIFEST-\d+|CURRENT\.\d+)$`)

// unfinished reports whether a folder is a database that was never made.
func unfinished(dir string) (bool, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return false, err
	}
	for _, f := range files {
		if f.IsDir() || !scaffold.MatchString(f.Name()) {
			return false, nil
		}
	}
	return len(files) > 0, nil
}
