package app

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/royalty"
)

// The published samples, verified as a stranger would: without a data
// directory, with the keys in a file and without. One line, and an exit code
// of 0, 1 or 2.
func TestVerifyCommand(t *testing.T) {
	const samples = "../royalty/testdata/receipts"
	text, err := os.ReadFile(filepath.Join(samples, "reports.json"))
	if err != nil {
		t.Fatal(err)
	}
	var reports map[string]royalty.Report
	if err := json.Unmarshal(text, &reports); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(samples + "/*")
	if err != nil {
		t.Fatal(err)
	}
	nowhere := filepath.Join(t.TempDir(), "none")
	seen := 0
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(file), ".9ten-receipt.txt"), ".json")
		want, ok := reports[name]
		if !ok {
			continue
		}
		seen++
		what := "receipt"
		if strings.HasPrefix(name, "act") {
			what = "act"
		}
		verify := func(more ...string) (int, string, string) {
			return run(t, "", append([]string{"verify", what, file, "--data-dir", nowhere}, more...)...)
		}
		code, out, errs := verify("--key", filepath.Join(samples, "keys.txt"))
		if wanted := map[bool]int{true: exitOK, false: exitFailed}[want.OK]; code != wanted || strings.TrimSuffix(out, "\n") != want.Verdict || strings.Count(out, "\n") != 1 || errs != "" {
			t.Errorf("%s: exit %d, %q, %q; want %d, %q", name, code, out, errs, wanted, want.Verdict)
		}
		var again royalty.Report
		if code, out, _ = verify("--key", filepath.Join(samples, "keys.txt"), "--json"); json.Unmarshal([]byte(out), &again) != nil || again.OK != want.OK || (code == exitOK) != want.OK {
			t.Errorf("%s --json: exit %d, %s", name, code, out)
		}
		if len(want.Checks) == 1 { // it cannot be read: no key can help
			continue
		}
		code, out, errs = verify()
		if code != exitUsage || out != "" || !strings.Contains(errs, want.Node+"/") || !strings.Contains(errs, "--key") || strings.Count(errs, "\n") != 1 {
			t.Errorf("%s without a key: exit %d, %q, %q", name, code, out, errs)
		}
	}
	if seen < 20 || seen != len(reports) {
		t.Errorf("%d samples of %d were found", seen, len(reports))
	}
	if _, err := os.Stat(nowhere); err == nil {
		t.Error("verifying made a data directory")
	}
	for _, args := range [][]string{{"verify", "receipt"}, {"verify", "receipt", "nowhere.txt"}, {"verify", "act", filepath.Join(samples, "act-ok.json"), "--key", "no key"}} {
		if code, _, errs := run(t, "", args...); code != exitUsage || errs == "" {
			t.Errorf("%v: exit %d, %q", args, code, errs)
		}
	}
}

// While a node runs on the directory, closing a month beside it is refused in
// words, and so is a second node; verifying is not.
func TestTwoProcesses(t *testing.T) {
	h := newResidence(t, timeOf("2025-10-10T12:00:00Z"), 0)
	for _, args := range [][]string{{"month", "close", "2025-09"}, {"month", "list"}, {"audit"}, {"simulate", "--period", "2025-09"}} {
		code, _, errs := run(t, "", append(args, "--data-dir", h.path)...)
		if code != exitFailed || !strings.Contains(errs, "Another 9ten is running on") {
			t.Errorf("%v beside a running node: exit %d, %q", args, code, errs)
		}
	}
	if code, out, _ := run(t, "", "doctor", "--data-dir", h.path); code != healthy || !strings.Contains(out, "in use by a running node") {
		t.Errorf("doctor beside a running node: exit %d, %s", code, out)
	}
}
