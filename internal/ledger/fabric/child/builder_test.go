package child_test

import (
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A new start mends the builder's programs, and together they carry connection.json to where the peer reads it.
func TestBuilder(t *testing.T) {
	h := newHome(t, slog.LevelInfo)
	bin := filepath.Join(h.Builder(), "bin")
	for _, name := range []string{"detect", "build"} { // as after a version whose builder was the binary, and after a careless hand
		if err := os.Remove(filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/nowhere/9ten-0.1", filepath.Join(bin, "detect")); err != nil {
		t.Fatal(err)
	}
	if err := h.InstallBuilder(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := func(path, body string) {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(name string, args ...string) error {
		for i := range args {
			args[i] = filepath.Join(dir, args[i])
		}
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.Env = []string{} // the peer gives it next to nothing
		out, err := cmd.CombinedOutput()
		if (err == nil) != (len(out) == 0) {
			t.Errorf("%s %v: %v, but it said %q", name, args, err, out)
		}
		return err
	}
	if err := os.Chmod(filepath.Join(bin, "release"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := h.InstallBuilder(); err != nil {
		t.Fatal(err)
	}
	file("src/connection.json", `{"address":"unix:cc.sock"}`)
	file("meta/metadata.json", `{"type":"ccaas","label":"nineten_1"}`)
	file("golang/metadata.json", `{"type":"golang","label":"nineten_1"}`)
	file("torn/metadata.json", `{"type":"cca`)
	for _, args := range [][]string{{"src", "meta"}, {"src", "golang"}, {"src", "torn"}, {"src", "none"}, {"src"}} {
		if err := run("detect", args...); (err == nil) != (len(args) == 2 && args[1] == filepath.Join(dir, "meta")) {
			t.Errorf("detect %v: %v", args, err)
		}
	}
	if err := run("build", "src", "meta", "built"); err != nil {
		t.Error(err)
	}
	if err := run("build", "meta", "meta", "built"); err == nil {
		t.Error("a package without connection.json was built")
	}
	if err := run("release", "built", "released"); err != nil {
		t.Error(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "released/chaincode/server/connection.json"))
	if err != nil || string(got) != `{"address":"unix:cc.sock"}` {
		t.Errorf("released: %q, %v", got, err)
	}
}
