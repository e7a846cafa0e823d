package child

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"text/template"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/file"
)

var (
	//go:embed core.yaml.tmpl
	coreYAML string
	//go:embed orderer.yaml.tmpl
	ordererYAML string
)

// File is the configuration of a role. While it exists the role is wanted, and
// the [Supervisor] keeps its child running.
func (c Config) File(r Role) string {
	if r == Orderer {
		return filepath.Join(c.Dir(r), "orderer.yaml")
	}
	return filepath.Join(c.Dir(r), "core.yaml")
}

// Wanted reports whether the node has a role.
func (c Config) Wanted(r Role) bool {
	_, err := os.Stat(c.File(r))
	return err == nil
}

// Write makes the configuration of a role, whole or not at all, and leaves the
// file alone that is as it should be: a child is restarted when it changes.
func (c Config) Write(r Role) error {
	body, err := c.render(r)
	if err != nil {
		return err
	}
	if have, err := os.ReadFile(c.File(r)); err == nil && bytes.Equal(have, body) {
		return nil
	}
	if err := os.MkdirAll(c.Dir(r), 0o700); err != nil {
		return fault.Wrap(err, fault.Unavailable, "The folder of Fabric's %s cannot be made.", r)
	}
	return fault.Wrap(file.Replace(c.File(r), body, 0o600), fault.Unavailable, "The configuration of Fabric's %s cannot be written.", r)
}

// Remove ends a role: its child is stopped and not started again. Its keys and
// its data stay.
func (c Config) Remove(r Role) error {
	if err := os.Remove(c.File(r)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap(err, fault.Unavailable, "The configuration of Fabric's %s cannot be removed.", r)
	}
	return nil
}

func (c Config) render(r Role) ([]byte, error) {
	if !filepath.IsAbs(c.Home) {
		return nil, fmt.Errorf("the Fabric home %q is not an absolute path", c.Home)
	}
	text := coreYAML
	if r == Orderer {
		text = ordererYAML
	}
	t, err := template.New(string(r)).Option("missingkey=error").Funcs(template.FuncMap{
		"q":    quote,
		"host": bracketed,
		"own":  loopback,
		"in":   func(path string) string { return filepath.Join(c.Home, filepath.FromSlash(path)) },
		"bind": func(port int) string { return net.JoinHostPort(c.Listen, strconv.Itoa(port)) },
	}).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("the template of Fabric's %s: %w", r, err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, c); err != nil {
		return nil, fmt.Errorf("the template of Fabric's %s: %w", r, err)
	}
	return b.Bytes(), nil
}

// quote writes a string as JSON does, which YAML reads: no path and no name
// needs thinking about.
func quote(s string) (string, error) {
	b, err := json.Marshal(s)
	return string(b), err
}

// bracketed is an address as the orderer wants it, which appends the port with
// a colon; "" is all addresses there only when it is spelt out.
func bracketed(listen string) string {
	switch {
	case listen == "":
		return "0.0.0.0"
	case strings.Contains(listen, ":"):
		return "[" + listen + "]"
	}
	return listen
}

// A mark is of all that a child reads at its start alone: its configuration
// and its certificates. It is zero while the role is not wanted.
type mark [sha256.Size]byte

// mark looks at a role's files, twice a second, so it does not read them: all of
// them are only ever replaced whole, and the one that takes another's place is
// another file. One that vanishes meanwhile makes another mark than the one that
// follows, and only one seen twice counts.
func (c Config) mark(r Role) mark {
	if !c.Wanted(r) {
		return mark{}
	}
	h := sha256.New()
	add := func(path string) {
		i, err := os.Stat(path)
		if err != nil {
			fmt.Fprintln(h, path, err)
			return
		}
		fmt.Fprintln(h, path, i.Size(), i.ModTime().UnixNano())
		if s, ok := i.Sys().(*syscall.Stat_t); ok {
			fmt.Fprintln(h, s.Ino)
		}
	}
	add(c.File(r))
	for _, dir := range []string{"msp", "tls"} {
		_ = filepath.WalkDir(filepath.Join(c.Dir(r), dir), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				add(path)
			}
			return nil
		})
	}
	return mark(h.Sum(nil))
}
