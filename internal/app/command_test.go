package app

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
)

// words runs a command line and returns its exit code and both streams.
func words(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	dir := t.TempDir() + "/none"
	code = Run(context.Background(), append([]string{"9ten"}, args...), strings.NewReader(""), &stdout, &stderr, func(k string) string {
		if k == "NINETEN_DATA_DIR" {
			return dir
		}
		return ""
	})
	return code, stdout.String(), stderr.String()
}

// The guide describes every command and every flag of it.
func TestTheGuideIsWhole(t *testing.T) {
	text, err := os.ReadFile("../../docs/guide/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	common, rest, _ := strings.Cut(string(text), "\n## ")
	sections := map[string]string{}
	for _, s := range strings.Split(rest, "\n## ") {
		title, body, _ := strings.Cut(s, "\n")
		sections[strings.TrimPrefix(title, "9ten ")] = body
	}
	for _, c := range commands() {
		body, ok := sections[c.name]
		if !ok {
			t.Errorf("%s is not in docs/guide/commands.md", c.name)
		}
		delete(sections, c.name)
		x := &call{cmd: c, set: map[string]string{}}
		x.flags().VisitAll(func(f *flag.Flag) {
			if !regexp.MustCompile("--" + f.Name + `\b`).MatchString(common + body) {
				t.Errorf("%s --%s is not in docs/guide/commands.md", c.name, f.Name)
			}
		})
	}
	for name := range sections {
		t.Errorf("docs/guide/commands.md describes %q, which is no command", name)
	}
}

func TestEveryCommandExplainsItself(t *testing.T) {
	for _, c := range commands() {
		args := append(strings.Fields(c.name), "--help")
		code, out, errs := words(t, args...)
		if code != exitOK || !strings.Contains(out, c.summary) || !strings.Contains(out, "--json") && !strings.Contains(out, "-json") || errs != "" {
			t.Errorf("%v = %d\n%s%s", args, code, out, errs)
		}
		code, out, errs = words(t, append(strings.Fields(c.name), "--colour")...)
		if code != exitUsage || out != "" || !strings.Contains(errs, "colour") {
			t.Errorf("%s --colour = %d\n%s%s", c.name, code, out, errs)
		}
	}
}

// What is called wrongly ends with 2, says why on standard error, and makes
// no data directory.
func TestCalledWrongly(t *testing.T) {
	for args, want := range map[string]string{
		"sing":                              `there is no command "sing"`,
		"month":                             "month close 2026-10",
		"verify":                            "verify receipt FILE",
		"version now":                       `not "now"`,
		"serve --set listen":                "key=value",
		"import":                            "name one folder",
		"month close":                       "name one month",
		"month close October":               "2026-10",
		"month list":                        "There is no node in",
		"ledger orderer add b.example":      "run this command on b.example",
		"ledger orderer replace b.example":  "run this command on b.example",
		"ledger orderer add a b":            `not "a"`,
		"ledger orderer remove":             "name one node",
		"ledger member remove a b":          "name one node",
		"ledger upgrade 1 2":                "name one version",
		"ledger upgrade --note Why 1 2":     "name one version",
		"ledger renew":                      "ledger.mode",
		"audit":                             "There is no node in",
		"audit 2026-10 2026-11":             "at most one month",
		"simulate --period 2026-10":         "There is no node in",
		"simulate --listeners 0":            "--period",
		"verify receipt":                    "name one file",
		"verify act /nothing/here":          "cannot be read",
		"setup":                             "--admin and --password-file are needed",
		"setup --admin a --password-file /": "cannot be read",
		"royalty split":                     "not the JSON",
	} {
		code, out, errs := words(t, strings.Fields(args)...)
		if code != exitUsage || out != "" || !strings.Contains(errs, want) {
			t.Errorf("9ten %s = %d\n%s%s", args, code, out, errs)
		}
	}
	if code, out, _ := words(t, "month", "--help"); code != exitOK || !strings.Contains(out, "month list") {
		t.Errorf("month --help = %d %s", code, out)
	}
}

// The operator invites without the page, by link or by letter, and the doctor says
// that a node with an empty list of servers exchanges nothing.
func TestInviteAndAnEmptyList(t *testing.T) {
	dir := t.TempDir()
	ask := func(args ...string) (int, string, string) {
		t.Helper()
		return run(t, "a long enough password\n", append(args, "--data-dir", dir, "--base-url", "https://music.example")...)
	}
	if code, _, errs := ask("setup", "--admin", "ada", "--password-file", "-"); code != exitOK {
		t.Fatal(errs)
	}
	if code, out, errs := ask("invite", "--role", "artist"); code != exitOK || !strings.Contains(out, "https://music.example/signup?invitation=") {
		t.Errorf("%d %s%s", code, out, errs)
	}
	var made struct{ Email, Role, Link string }
	if code, out, errs := ask("invite", "bo@example.org", "--json", "--lang", "de"); code != exitOK || json.Unmarshal([]byte(out), &made) != nil || made.Email != "bo@example.org" || made.Role != "listener" || made.Link != "" {
		t.Errorf("%d %s%s", code, out, errs)
	}
	if code, _, errs := ask("invite", "no mail"); code == exitOK || !strings.Contains(errs, "mail address") {
		t.Errorf("%d %s", code, errs)
	}
	const empty = "nothing is exchanged with anybody"
	if _, out, errs := ask("doctor", "--set", "federation.mode=listed"); !strings.Contains(out, empty) || !strings.Contains(out, "federation allow SERVER") {
		t.Errorf("%s%s", out, errs)
	}
	if code, _, errs := ask("federation", "allow", "b.example"); code != exitOK {
		t.Error(errs)
	}
	if _, out, errs := ask("doctor", "--set", "federation.mode=listed"); strings.Contains(out, empty) || !strings.Contains(out, "federation") {
		t.Errorf("%s%s", out, errs)
	}
}

// What is printed as JSON is one JSON value.
func TestJSONIsJSON(t *testing.T) {
	for _, args := range []string{"config --json", "version --json", "doctor --json --set media.ffmpeg=off"} {
		code, out, errs := words(t, strings.Fields(args)...)
		want := exitOK
		if strings.HasPrefix(args, "doctor") {
			want = healthy
		}
		var v any
		if err := json.Unmarshal([]byte(out), &v); code != want || err != nil || errs != "" {
			t.Errorf("9ten %s = %d %v\n%s%s", args, code, err, out, errs)
		}
	}
}
