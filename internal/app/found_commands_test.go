package app

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/ledger/fabric/fabrictest"
)

// Four operators who never met found a network by handing each other files, and
// each sees whom the others must be.
func TestFoundTogetherByFiles(t *testing.T) {
	bin, dir := fabrictest.Bin(t), t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	flags := map[string][]string{}
	for i, name := range []string{"a", "b", "c", "d"} {
		flags[name] = []string{
			"--data-dir", file(name), "--set", "base_url=http://" + name + ".localhost", "--set", "ledger.mode=fabric",
			"--set", "ledger.fabric.bin=" + bin, "--set", fmt.Sprintf("ledger.fabric.port=%d", 9020+6*i),
		}
		must(t, "a long enough password\n", append([]string{"setup", "--empty", "--admin", "ada", "--password-file", "-", "--name", name}, flags[name]...)...)
	}
	as := func(name string, args ...string) (code int, out, errs string) {
		return run(t, "", append(args, flags[name]...)...)
	}
	prints := map[string]string{}
	for _, name := range []string{"b", "c", "d"} {
		code, out, errs := as(name, "ledger", "request-join", "--json", "--out", file(name+".json"))
		var who struct{ Fingerprint string }
		if err := json.Unmarshal([]byte(out), &who); code != exitOK || err != nil || who.Fingerprint == "" {
			t.Fatalf("%s introduces itself: exit %d, %v, %s%s", name, code, err, out, errs)
		}
		prints[name] = who.Fingerprint
	}
	if code, _, errs := as("a", "ledger", "init", "--with", file("none.json")); code != exitUsage || !strings.Contains(errs, "none.json") {
		t.Errorf("a file that is not there: exit %d, %s", code, errs)
	}
	if code, _, errs := as("b", "ledger", "init", "--with", file("b.json")); code != exitUsage || !strings.Contains(errs, "own") {
		t.Errorf("its own file: exit %d, %s", code, errs)
	}
	code, out, errs := as("a", "ledger", "init", "--with", file("b.json"), "--with", file("c.json"), "--with", file("d.json"))
	if code != exitOK || !strings.Contains(out, "works once 3 of the 4 run") || strings.Contains(out, "alone orders") {
		t.Fatalf("exit %d, %s%s", code, out, errs)
	}
	compare := func(who, out string) {
		t.Helper()
		for name, f := range prints {
			if !strings.Contains(out, f) {
				t.Errorf("%s is not shown the fingerprint of %s: %s", who, name, out)
			}
		}
	}
	compare("a", out)
	first := strings.TrimPrefix(strings.SplitN(out, "\n", 3)[1], "first block ")
	if len(first) != 64 {
		t.Errorf("the first block is not named: %s", out)
	}
	if code, out, errs := as("a", "ledger", "first-block", "--out", file("first.block")); code != exitOK {
		t.Fatalf("exit %d, %s%s", code, out, errs)
	}
	for flag, want := range map[string]string{strings.Repeat("ab", 32): first, "abc": "64 hexadecimal digits"} {
		if code, _, errs := as("b", "ledger", "join", "--first", file("first.block"), "--network", flag); code != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("another network: exit %d, %s", code, errs)
		}
	}
	if code, _, errs := as("b", "ledger", "join"); code != exitFailed || !strings.Contains(errs, "in no network") {
		t.Errorf("it took another network's: exit %d, %s", code, errs)
	}
	if code, _, errs := as("b", "ledger", "join", "--network", first); code != exitUsage || !strings.Contains(errs, "--first") {
		t.Errorf("a network without its block: exit %d, %s", code, errs)
	}
	for _, name := range []string{"b", "c", "d"} {
		code, out, errs := as(name, "ledger", "join", "--first", file("first.block"), "--network", strings.ToUpper(first))
		if code != exitOK || !strings.Contains(out, first) {
			t.Errorf("%s: exit %d, %s%s", name, code, out, errs)
		}
		compare(name, out)
	}
}

// Of fewer than four founders one orders, and they are told what that means.
func TestTwoFoundersAreToldThatOneOrders(t *testing.T) {
	n := begun{First: "abc", Founders: []founder{{Node: "a.example", Fingerprint: "f", Orders: true}, {Node: "b.example"}}, Needed: 2, orderers: 1}
	var out strings.Builder
	n.write(&out)
	for _, want := range []string{"works once 2 of the 2 run", "a.example alone orders", "9ten ledger orderer add"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not said: %s", want, &out)
		}
	}
}
