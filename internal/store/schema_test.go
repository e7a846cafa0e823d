package store

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// golden compares a text with testdata/name, or rewrites it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s differs; if that is meant, run go test ./internal/store -run Schema -update:\n%s", path, d)
	}
}

func query(t *testing.T, db *DB, text string) (out [][3]string) {
	t.Helper()
	err := db.View(t.Context(), func(tx *Tx) error {
		rows, err := tx.db.QueryContext(t.Context(), text)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var r [3]string
			if err := rows.Scan(&r[0], &r[1], &r[2]); err != nil {
				return err
			}
			out = append(out, r)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// own are tables that one database makes for itself or that differ on purpose.
var own = regexp.MustCompile(`^(goose_|goqite|sqlite_|search_index)`)

func columns(t *testing.T, db *DB) []string {
	t.Helper()
	text := `select table_name, column_name, data_type from information_schema.columns where table_schema = current_schema()`
	if db.writer != nil {
		text = `select m.name, c.name, c.type from sqlite_master m, pragma_table_info(m.name) c where m.type = 'table'`
	}
	var out []string
	for _, r := range query(t, db, text) {
		if !own.MatchString(r[0]) {
			out = append(out, strings.ToLower(fmt.Sprintf("%s.%s %s", r[0], r[1], r[2])))
		}
	}
	slices.Sort(out)
	return out
}

// The schema changes by migrations alone: a released one that was edited
// shows here. Both databases have the same tables, but for what one of them
// alone understands.
func TestSchema(t *testing.T) {
	var seen []string
	both(t, func(t *testing.T, open opener) {
		db := open(t, Config{})
		cols := columns(t, db)
		if seen != nil {
			extra := regexp.MustCompile(`^search_doc\.`) // the text index is a column there
			drop := func(l []string) []string { return slices.DeleteFunc(slices.Clone(l), extra.MatchString) }
			if d := cmp.Diff(drop(seen), drop(cols)); d != "" {
				t.Errorf("the databases differ (-sqlite +postgres):\n%s", d)
			}
		}
		seen = cols
		if db.writer == nil {
			return
		}
		var b strings.Builder
		for _, r := range query(t, db, `select type, name, coalesce(sql, '') from sqlite_master order by tbl_name, type desc, name`) {
			if r[2] != "" && !strings.HasPrefix(r[1], "sqlite_") {
				fmt.Fprintf(&b, "%s;\n\n", r[2])
			}
		}
		golden(t, "schema.sql", b.String())
	})
}

// A number names one migration: numbers are common to both databases.
func TestMigrationNumbers(t *testing.T) {
	for _, d := range []dialect{sqlite{}, postgres{}} {
		u, err := newUnion(migrations, "migrations", "migrations/"+d.folder())
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]string{}
		for _, n := range slices.Sorted(maps.Keys(u.from)) {
			number, _, _ := strings.Cut(n, "_")
			if seen[number] != "" || len(number) != 4 {
				t.Errorf("%s and %s", u.from[n], seen[number])
			}
			seen[number] = u.from[n]
		}
		if len(seen) < 3 {
			t.Errorf("%d migrations for %s", len(seen), d.folder())
		}
	}
}

// The SQLite driver and its C library fit each other in this pair alone.
func TestDriverPair(t *testing.T) {
	want := map[string]string{"modernc.org/sqlite": "v1.56.0", "modernc.org/libc": "v1.74.4"}
	// A test binary does not say what it is made of, so the command is asked
	// that builds it.
	const format = "{{with .Module}}{{.Path}} {{if .Replace}}{{.Replace.Version}}{{else}}{{.Version}}{{end}}{{end}}"
	out, err := exec.Command("go", "list", "-deps", "-f", format, ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		path, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		if w, ours := want[path]; ours && version != w {
			t.Errorf("%s is %s, want %s", path, version, w)
		}
	}
	if !strings.Contains(string(out), "modernc.org/sqlite ") || !strings.Contains(string(out), "modernc.org/libc ") {
		t.Errorf("the driver is not among what the store is built from:\n%s", out)
	}
}
