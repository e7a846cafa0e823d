package child

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Only what was never made is removed.
func TestHeal(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{
		"whole/CURRENT", "whole/MANIFEST-000004", "whole/000003.ldb",
		"rotating/CURRENT.bak", "rotating/CURRENT.7", "rotating/MANIFEST-000007",
		"damaged/MANIFEST-000004", "damaged/000003.ldb", // somebody's CURRENT is lost: for a person to look at
		"chains/index/CURRENT", "chains/MANIFEST-000001", // not a database, whatever it is
		"blocks/blockfile_000000",
		"begun/LOCK", "begun/LOG", "begun/MANIFEST-000000", "begun/CURRENT.0",
		"deep/er/begun/MANIFEST-000000",
		"full/LOG", "full/LOCK",
	} {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	healed, err := heal(dir)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{filepath.Join(dir, "begun"), filepath.Join(dir, "deep/er/begun"), filepath.Join(dir, "full")}; !slices.Equal(healed, want) {
		t.Errorf("removed %v, want %v", healed, want)
	}
	for _, path := range []string{"whole", "rotating", "damaged", "chains/index", "blocks", "deep/er"} {
		if _, err := os.Stat(filepath.Join(dir, path)); err != nil {
			t.Errorf("%s is gone: %v", path, err)
		}
	}
	if healed, err := heal(filepath.Join(dir, "none")); err != nil || healed != nil {
		t.Errorf("no folder: %v, %v", healed, err)
	}
}
