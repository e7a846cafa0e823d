package app

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

// version is set by the linker (see Makefile).
var version string

// Version is the version of this binary: the linker's, else the module's.
func Version() string {
	if version != "" {
		return version
	}
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" {
		return b.Main.Version
	}
	return "unknown"
}

func showVersion(_ context.Context, c *call) error {
	v := struct {
		Version string `json:"version"`
		Go      string `json:"go"`
		OS      string `json:"os"`
		Arch    string `json:"arch"`
	}{Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH}
	return c.print(v, func(w io.Writer) { fmt.Fprintf(w, "9ten %s, %s, %s/%s\n", v.Version, v.Go, v.OS, v.Arch) })
}

// showConfig prints every setting with its source and its manual.
func showConfig(_ context.Context, c *call) error {
	_, settings, err := c.config()
	if err != nil {
		return err
	}
	for i := range settings {
		settings[i].Value = settings[i].Shown()
	}
	return c.print(settings, func(w io.Writer) {
		for _, s := range settings {
			fmt.Fprintf(w, "# %s\n# %s, set by the %s\n%s = %q\n\n", s.Doc, s.Env, s.Source, s.Key, s.Value)
		}
	})
}
