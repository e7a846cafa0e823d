package sig

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
)

// RFC 8785: the example of sections 3.2.2 to 3.2.4 byte by byte, the order of section
// 3.2.3, and the numbers of appendix B. What is proved is what these say, whatever library
// writes it.
func TestRFC8785(t *testing.T) {
	got, err := canonical([]byte(vector(t, "rfc8785/example.json")))
	want, err2 := hex.DecodeString(strings.Join(strings.Fields(vector(t, "rfc8785/example.hex")), ""))
	if err != nil || err2 != nil || string(got) != string(want) {
		t.Errorf("the example: %s, want %s (%v, %v)", got, want, err, err2)
	}

	got, err = canonical([]byte(vector(t, "rfc8785/sorting.json")))
	before := -1
	for _, name := range []string{"Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis", "Euro Sign", "Emoji: Grinning Face", "Hebrew Letter Dalet With Dagesh"} {
		at := strings.Index(string(got), `"`+name+`"`)
		if at <= before {
			t.Errorf("%s stands at %d, what is to be before it at %d", name, at, before)
		}
		before = at
	}
	var read map[string]string
	if err != nil || json.Unmarshal(got, &read) != nil || len(read) != 7 {
		t.Errorf("%s, %v", got, err)
	}

	for line := range strings.Lines(vector(t, "rfc8785/numbers.txt")) {
		bits, want, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.ParseUint(bits, 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		f := math.Float64frombits(n)
		got, err := canonical([]byte(`{"n":` + strconv.FormatFloat(f, 'e', 16, 64) + `}`))
		if math.IsNaN(f) || math.IsInf(f, 0) { // JSON has no such number
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("%s is written as %s, %v", want, got, err)
			}
			continue
		}
		if err != nil || string(got) != `{"n":`+want+`}` {
			t.Errorf("%s: %s, want %s (%v)", bits, got, want, err)
		}
	}
}
