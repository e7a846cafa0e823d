package fabric

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
)

// nodeNamed opens a folder as a node of a name.
func nodeNamed(t *testing.T, dir, node string) *Home {
	t.Helper()
	h, err := Open(Config{Dir: dir, Node: node, Host: node, Port: 9020, Contracts: []Contract{{Version: "1"}}, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() }) // nothing is lost with it
	return h
}

func nameSaid(t *testing.T, h *Home) bool {
	t.Helper()
	list, err := h.Examine(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if f.Name == "name" {
			return !f.OK && strings.Contains(f.Remedy, "base_url")
		}
	}
	t.Fatalf("nothing is said of the name: %+v", list)
	return false
}

// A node that nobody gave a name founds nothing and asks nobody, and looking at it
// does not fix its name.
func TestALookFixesNoName(t *testing.T) {
	for _, bare := range []string{"localhost", "127.0.0.1", "::1"} {
		dir := filepath.Join(t.TempDir(), "fabric")
		h := nodeNamed(t, dir, bare)
		if !nameSaid(t, h) {
			t.Errorf("the doctor finds nothing amiss with %s", bare)
		}
		for what, do := range map[string]func() error{
			"found":     func() error { return h.Found() },
			"ask":       func() error { return h.Ask(t.Context(), "http://127.0.0.1:1", "", "") },
			"introduce": func() error { _, err := h.IntroduceByFile(""); return err },
		} {
			if err := do(); !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Message(err), "base_url") {
				t.Errorf("%s may %s: %v", bare, what, err)
			}
		}
		if h.Phase() != Alone {
			t.Fatalf("%s is %q", bare, h.Phase())
		}
		now := nodeNamed(t, dir, "music.example")
		if nameSaid(t, now) {
			t.Error("the doctor does not see its name")
		}
		if err := now.Found(); err != nil {
			t.Errorf("music.example, which was %s: %v", bare, err)
		}
		if kept, err := filepath.Glob(filepath.Join(dir+"."+bare+"-*", "ca", "*.key")); err != nil || len(kept) != 2 {
			t.Errorf("of %s is left %v (%v)", bare, kept, err)
		}
	}
	// Several on a machine have names that somebody gave them.
	if err := nodeNamed(t, filepath.Join(t.TempDir(), "fabric"), "a.localhost").Found(); err != nil {
		t.Error(err)
	}
}

// What others may have seen is never moved away by itself: the fault says how.
func TestANameStays(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, dir string){
		"another name": func(t *testing.T, dir string) { nodeNamed(t, dir, "music.example") },
		"a member called localhost": func(t *testing.T, dir string) {
			member(t, dir, "home.json", `{"phase":"joined","channels":["nineten"]}`)
		},
		"home.json is lost": func(t *testing.T, dir string) { member(t, dir, "channels/nineten.block", "a block") },
	} {
		dir := filepath.Join(t.TempDir(), "fabric")
		prepare(t, dir)
		_, err := Open(Config{Dir: dir, Node: "other.example", Host: "other.example", Port: 9020, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
		if !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Message(err), "set base_url back") || !strings.Contains(fault.Message(err), "move "+dir+" away") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "ca", "identity.key")); err != nil {
			t.Errorf("%s: the key is gone: %v", name, err)
		}
	}
}

// member makes the folder of a node localhost that a network knows.
func member(t *testing.T, dir, file, content string) {
	t.Helper()
	nodeNamed(t, dir, "localhost")
	if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
