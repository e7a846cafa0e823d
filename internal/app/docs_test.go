package app

import (
	"database/sql"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what is generated into docs/")

// TestConfigurationPage keeps docs/operate/configuration.md equal to the
// struct that is the manual.
func TestConfigurationPage(t *testing.T) {
	const file = "../../docs/operate/configuration.md"
	_, settings, err := LoadConfig("", map[string]string{"data_dir": filepath.Join(t.TempDir(), "none")}, noenv)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(`# Configuration

A value is taken from, in rising order: the default, the file ` + "`9ten.toml`" + ` in the data directory (or ` + "`--config FILE`" + `), the
environment, the flags (` + "`--set key=value`" + `; ` + "`--data-dir`, `--listen` and `--base-url`" + ` have flags of their own). ` + "`9ten config`" + `
prints the values in force and where each came from. What the operator decides about the node itself (its name, who may
join) is on the page "Settings", not here.

` + "```toml" + `
# 9ten.toml
listen = "127.0.0.1:9010"
base_url = "https://music.example"
trusted_proxies = ["127.0.0.1/32"]

[media]
cache_bytes = 10000000000
` + "```" + `

This page is made of the comments of ` + "`Config` in `internal/app/config.go`" + `: change them, then run
` + "`go test ./internal/app -run ConfigurationPage -update`" + `.

| setting | environment | default | what it does |
|---|---|---|---|
`)
	for _, s := range settings {
		fallback := s.tag.Get("default")
		if fallback != "" {
			fallback = "`" + fallback + "`"
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", s.Key, s.Env, fallback, strings.ReplaceAll(s.Doc, "|", "\\|"))
	}
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil || string(have) != b.String() {
		t.Errorf("%s is not what the configuration says (%v); run go test ./internal/app -run ConfigurationPage -update", file, err)
	}
}

var series = regexp.MustCompile(`(?m)^# TYPE (nineten_\w+) `)

// TestMonitoringPage holds what a node shows to Prometheus against the page
// that explains it, and who may see it.
func TestMonitoringPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/operate/monitoring.md")
	if err != nil {
		t.Fatal(err)
	}
	for mode, certificates := range map[string]bool{"embedded": false, "fabric": true} {
		base, stop := serving(t, "--data-dir", filepath.Join(t.TempDir(), "data"), "--set", "ledger.mode="+mode)
		fetch(t, base+"/") // so that there is a request to count
		status, body := fetch(t, base+"/metrics")
		if status != http.StatusOK {
			t.Fatalf("/metrics is answered with %d", status)
		}
		found := series.FindAllStringSubmatch(body, -1)
		if len(found) < 3 {
			t.Errorf("%d series of ours", len(found))
		}
		for _, m := range found {
			if !strings.Contains(string(page), "`"+m[1]) {
				t.Errorf("the page does not explain %s", m[1])
			}
		}
		// Certificates of a year, made today.
		if regexp.MustCompile(`(?m)^nineten_ledger_certificate_days 36[45]$`).MatchString(body) != certificates {
			t.Errorf("%s: that there are days of certificates is not %v: %s", mode, certificates, body)
		}
		for _, h := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip"} {
			if status, _ := fetch(t, base+"/metrics", h, "192.0.2.1"); status != http.StatusNotFound {
				t.Errorf("/metrics is answered with %d to what a proxy passed on with %s", status, h)
			}
		}
		stop()
	}
}

// checkBackup copies a node that is running as docs/operate/backup.md says,
// and opens the copy.
func checkBackup(t *testing.T, n *node, p string) {
	t.Helper()
	page, err := os.ReadFile("../../docs/operate/backup.md")
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.Mkdir(to, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"9ten.db", "ledger.db"} {
		if !strings.Contains(string(page), `sqlite3 "$from/`+name+`" "vacuum into '$to/`+name+`'"`) {
			t.Errorf("the page does not say how %s is copied", name)
		}
		db, err := sql.Open("sqlite", n.dir.join(name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec("vacuum into '" + filepath.Join(to, name) + "'"); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"log", "blob", "keys", "demo.json"} {
		if !strings.Contains(string(page), name) {
			t.Errorf("the page does not name %s", name)
		}
		from := n.dir.join(name)
		switch info, err := os.Stat(from); {
		case os.IsNotExist(err):
		case err != nil:
			t.Fatal(err)
		case info.IsDir():
			if err := os.CopyFS(filepath.Join(to, name), os.DirFS(from)); err != nil {
				t.Fatal(err)
			}
		default:
			b, err := os.ReadFile(from)
			if err == nil {
				err = os.WriteFile(filepath.Join(to, name), b, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	want := must(t, "", "audit", p, "--data-dir", to, "--json")
	if strings.Contains(want, `"ok": false`) {
		t.Errorf("the copy does not hold: %s", want)
	}
}

// texts reads every file of the repository with one of some endings.
func texts(t *testing.T, ending string, do func(path, text string)) {
	t.Helper()
	const root = "../.."
	if err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ending) {
			return nil
		}
		text, err := os.ReadFile(path)
		do(path, string(text))
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

var links = regexp.MustCompile(`\]\(([^)#\s]+)(#[^)]*)?\)`)

// Whoever follows a link of a page of the repository arrives somewhere.
func TestLinksLeadSomewhere(t *testing.T) {
	n := 0
	texts(t, ".md", func(path, text string) {
		for _, m := range links.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], ":") {
				continue // the web's
			}
			n++
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s leads to %s, which is not there", path, m[1])
			}
		}
	})
	if n < 20 {
		t.Errorf("%d links", n)
	}
}

// A test by its name, or a step of one that says which trap it is.
var testNames = regexp.MustCompile("`(Test[A-Z]\\w+)`|(\"[^\"|]+ \\(trap \\d\\)\")")

// What a page says is tested by some test, that test exists.
func TestPagesNameTestsThatExist(t *testing.T) {
	var tests strings.Builder
	texts(t, "_test.go", func(_, text string) { tests.WriteString(text) })
	n := 0
	texts(t, ".md", func(path, text string) {
		for _, m := range testNames.FindAllStringSubmatch(text, -1) {
			n++
			want := m[2]
			if m[1] != "" {
				want = "func " + m[1] + "("
			}
			if !strings.Contains(tests.String(), want) {
				t.Errorf("%s names the test %s, which is not there", path, m[0])
			}
		}
	})
	if n < 12 {
		t.Errorf("%d tests are named", n)
	}
}
