package store

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is in sqlgen is what sqlc made of the migrations and queries as they
// are: building sqlc takes too long for every run of the tests, so `make sql`
// leaves the sums of what it read and wrote.
func TestGenerated(t *testing.T) {
	var sums strings.Builder
	for _, pattern := range []string{"sqlc.yaml", "migrations/*.sql", "query/*.sql", "sqlgen/*.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(names), err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(text), name)
		}
	}
	made, err := os.ReadFile("sqlgen.sum")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(sums.String()) {
		if !strings.Contains(string(made), line) {
			t.Errorf("%s changed since sqlgen was generated: run `make sql`", strings.Fields(line)[1])
		}
	}
	if len(made) != sums.Len() {
		t.Error("sqlgen was generated from other files than there are: run `make sql`")
	}
}
