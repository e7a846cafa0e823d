package app

import (
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/network"
)

// The list of those who ask is what an operator compares fingerprints by. Whatever
// another node keeps or a ledger holds from before notes were checked, each has
// one row.
func TestNobodyForgesARow(t *testing.T) {
	list := []network.Newcomer{{Node: "zz.example", Fingerprint: "11111", Note: "hello\x1b[1A\x1b[2K\nbig.label.example\tabcde"}}
	var out strings.Builder
	rows(&out, list, "", func(x network.Newcomer) string { return x.Node + "\t" + x.Fingerprint + "\t" + x.Note })
	if got, want := out.String(), "zz.example  11111  hello[1A[2K big.label.example  abcde\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	out.Reset()
	writeIntents(&out, []network.Intent{{ID: "0123456789", Kind: "of\x1b[2K-tomorrow", By: "b.example", State: network.Open, Note: "a\nb", Declines: []network.Voice{{Node: "c.example", Reason: "no\n\x1b[2K"}}}})
	if got := out.String(); strings.Contains(got, "\x1b") || strings.Count(got, "\n") != 4 {
		t.Errorf("%q", got)
	}
}
