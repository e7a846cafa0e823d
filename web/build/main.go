// Command build turns the sources in web into internal/web/dist.
//
// It needs Go alone: esbuild runs as a library, browser libraries, fonts and
// icons are committed beside the sources. The same sources always give the
// same bytes under the same names, so the result is committed too.
//
//	go run ./web/build
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "web/build:", err)
		os.Exit(1)
	}
}

// run builds into the repository that holds the current folder.
func run() error {
	root, err := findRoot()
	if err != nil {
		return err
	}
	files, err := Build(filepath.Join(root, "web"))
	if err != nil {
		return err
	}
	return replace(filepath.Join(root, "internal", "web", "dist"), files)
}

// findRoot walks up from the current folder to the one that holds go.mod.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("no go.mod above the current folder")
		}
		dir = up
	}
}

// replace makes dir hold exactly files.
func replace(dir string, files map[string][]byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	old, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range old {
		if _, keep := files[e.Name()]; !keep {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}
