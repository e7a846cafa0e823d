package app_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/michaelperna/9ten/"

var (
	ground     = under("internal/", "fault", "money", "calendar", "id", "limit", "file", "kept")
	domain     = under("internal/", "account", "notice", "music", "royalty", "wallet", "listen", "anomaly", "synth", "network", "social", "report") // each imports those before it
	engines    = under("internal/", "store", "blob", "media", "jobs", "mail", "tlog", "contract", "ledger")
	transports = under("internal/", "federation", "api", "web", "stream", "gate", "problem")
	others     = append(under("internal/", "app", "demo", "fedtest"), under("", "bench", "cmd", "web", "story")...)
	storage    = []string{"database/sql", "modernc.org/sqlite", "github.com/jackc/pgx"}
)

// rules says, for groups of packages, what they never import and why. A name
// stands for the package and everything below it.
var rules = []struct {
	who   []string
	never []string
	why   string
}{
	{domain, slices.Concat([]string{"net/http", "os/exec"}, storage), "the domain knows no transport, no storage and no other process"},
	{domain, slices.Concat(engines, transports, under("internal/", "app")), "engines and transports depend on the domain, never the other way round"},
	{engines, slices.Concat(transports, under("internal/", "app")), "an engine does not know who uses it"},
	{transports, slices.Concat(storage, engines, under("internal/", "app"), []string{"os/exec"}), "a transport reaches an engine only through an interface it owns"},
	{ground, slices.Concat([]string{"net/http", "os/exec"}, storage, domain, engines, transports, under("internal/", "app")), "the ground stands on nothing of ours but itself"},
	{under("internal/", "royalty"), []string{"time", "math/rand", "math/rand/v2", "crypto/rand", "os", "sync"}, "royalty is pure: no clock, no chance, no environment, no goroutine"},
	{under("internal/", "contract"), []string{"math/rand", "math/rand/v2", "crypto/rand", "os", "sync", "net"}, "the contract gives every node the same answer"},
}

func under(prefix string, names ...string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = module + prefix + n
	}
	return out
}

func within(path string, dirs []string) bool {
	return slices.ContainsFunc(dirs, func(d string) bool { return path == d || strings.HasPrefix(path, d+"/") })
}

func TestImports(t *testing.T) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for dec := json.NewDecoder(bytes.NewReader(out)); ; n++ {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if !within(p.ImportPath, slices.Concat(ground, domain, engines, transports, others)) {
			t.Errorf("%s is in no room of ARCHITECTURE.md: give it one, and this test its name", p.ImportPath)
		}
		if vague := regexp.MustCompile(`/(utils?|common|helpers?|types|models?|interfaces|pkg|misc|shared|lib)$`); vague.MatchString(p.ImportPath) {
			t.Errorf("%s: a package is one noun and says what it knows", p.ImportPath)
		}
		for _, r := range rules {
			if !within(p.ImportPath, r.who) {
				continue
			}
			for _, imp := range p.Imports {
				if within(imp, r.never) && !within(imp, []string{p.ImportPath}) {
					t.Errorf("%s imports %s: %s", p.ImportPath, imp, r.why)
				}
			}
		}
		for i, d := range domain {
			for _, imp := range p.Imports {
				if within(p.ImportPath, []string{d}) && within(imp, domain[i+1:]) {
					t.Errorf("%s imports %s: the domain has an order, in which nothing leans on what comes later", p.ImportPath, imp)
				}
			}
		}
		for _, imp := range p.Imports {
			if imp == module+"internal/app" && !strings.HasPrefix(p.ImportPath, module+"cmd/") {
				t.Errorf("%s imports app: only a command does", p.ImportPath)
			}
		}
	}
	if n < 5 {
		t.Errorf("only %d packages seen: the rules were not put to the test", n)
	}
}
