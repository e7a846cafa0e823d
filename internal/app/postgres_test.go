package app

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/store/storetest"
)

// A node on Postgres is set up, plays a month, settles it and serves it: what
// `make test` does where it has started a server. The store's own tests run on
// both databases; this one is about the whole.
func TestNodeOnPostgres(t *testing.T) {
	url := storetest.Postgres(t)
	if url == "" {
		t.Log("no server: `make test` starts one")
		return
	}
	dir := filepath.Join(t.TempDir(), "demo")
	at := func(args ...string) []string { return append(args, "--data-dir", dir, "--set", "database.url="+url) }
	must(t, "a long enough password\n", at("setup", "--demo", "--empty", "--admin", "ada", "--password-file", "-", "--name", "Quayside")...)
	if _, err := os.Stat(filepath.Join(dir, "9ten.db")); err == nil {
		t.Error("there is a SQLite database too")
	}
	catalogue(t, "pgx", url, 12)
	must(t, "", at("simulate", "--listeners", "20", "--seed", "3", "--period", "2026-10")...)
	first := must(t, "", at("month", "close", "2026-10", "--json")...)
	if again := must(t, "", at("month", "close", "2026-10", "--json")...); again != first {
		t.Errorf("closing twice changes something:\n%s%s", first, again)
	}
	must(t, "", at("audit", "2026-10")...)
	if books := must(t, "", at("books", "export")...); strings.Count(books, "\n") < 40*2 {
		t.Errorf("the books are short:\n%s", books)
	}
	base, stop := serving(t, "--data-dir", dir, "--set", "database.url="+url)
	for path, want := range map[string]string{"/": "Quayside", "/browse": "Act", "/search?q=act": "Act", "/ledger": "leaves", "/metrics": "nineten_ledger_height"} {
		if status, body := fetch(t, base+path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s is answered with %d and does not say %q", path, status, want)
		}
	}
	stop()
}
