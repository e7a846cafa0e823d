package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// posted returns the letters that lie in a data directory, oldest first.
func posted(t *testing.T, dir string) (letters []string) {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "mail", "new", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		letters = append(letters, string(b))
	}
	return letters
}

// Without a mail server letters lie in the data directory, also while a node
// runs there; with one that is not there, the command and doctor say so.
func TestMailCommand(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "node")
	if code, _, said := run(t, "", "mail", "test", "ada@example.org", "--data-dir", dir); code != exitUsage || !strings.Contains(said, "no node") {
		t.Errorf("without a node: %d %s", code, said)
	}
	must(t, "a long enough password\n", "setup", "--admin", "ada", "--password-file", "-", "--data-dir", dir)
	_, stop := serving(t, "--data-dir", dir)
	if said := must(t, "", "mail", "test", "ada@example.org", "--data-dir", dir); !strings.Contains(said, "1 lie") {
		t.Errorf("said %q", said)
	}
	stop()
	if l := posted(t, dir); len(l) != 1 || !strings.Contains(l[0], "To: <ada@example.org>") || !strings.Contains(l[0], `<9ten@localhost>`) {
		t.Errorf("%q", l)
	}
	if code, _, said := run(t, "", "mail", "test", "Ada <ada@example.org>", "--data-dir", dir); code != exitUsage || !strings.Contains(said, "no mail address") {
		t.Errorf("an address with a name: %d %s", code, said)
	}
	away := []string{"--data-dir", dir, "--set", "mail.server=127.0.0.1:1", "--set", "mail.from=9ten@music.example"}
	if code, _, said := run(t, "", append([]string{"mail", "test", "ada@example.org"}, away...)...); code != exitFailed || !strings.Contains(said, "127.0.0.1:1 cannot be reached") {
		t.Errorf("no server: %d %s", code, said)
	}
	if _, out, _ := run(t, "", append([]string{"doctor"}, away...)...); !strings.Contains(out, "BAD  mail") || !strings.Contains(out, "docs/operate/mail.md") {
		t.Errorf("doctor does not say that the mail server is away:\n%s", out)
	}
	if code, _, said := run(t, "", "config", "--data-dir", dir, "--set", "mail.server=mail.example"); code != exitUsage || !strings.Contains(said, "mail.server") {
		t.Errorf("a server without a port: %d %s", code, said)
	}
	if code, _, said := run(t, "", "config", "--data-dir", dir, "--set", "mail.from=Night Desk"); code != exitUsage || !strings.Contains(said, "mail.from") {
		t.Errorf("from nobody: %d %s", code, said)
	}
	if code, _, said := run(t, "", append([]string{"mail", "test", "ada@example.org", "--set", "mail.ca=" + filepath.Join(dir, "keys")}, away...)...); code != exitUsage || !strings.Contains(said, "mail.ca") {
		t.Errorf("no authority: %d %s", code, said)
	}
}
