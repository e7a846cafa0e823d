package music

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// shares draws a sheet that holds together: distinct acts, parts that sum to
// the whole.
func shares(t *rapid.T) []Share {
	acts := rapid.SliceOfNDistinct(rapid.StringMatching(`[A-Z]{4}`), 1, 12, rapid.ID[string]).Draw(t, "acts")
	left := int64(Whole)
	out := make([]Share, len(acts))
	for i, a := range acts {
		rest := int64(len(acts) - i - 1)
		bps := left
		if rest > 0 {
			bps = rapid.Int64Range(1, left-rest).Draw(t, "bps")
		}
		left -= bps
		out[i] = Share{Act: id.Act(a), Bps: bps}
	}
	return out
}

func TestCheckShares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := shares(t)
		got, err := CheckShares(in)
		if err != nil {
			t.Fatalf("a whole sheet is refused: %v", err)
		}
		if !slices.IsSortedFunc(got, func(a, b Share) int { return cmpAct(a.Act, b.Act) }) {
			t.Fatal("not in order of act")
		}
		again, err := CheckShares(rapid.Permutation(in).Draw(t, "order"))
		if err != nil || !slices.Equal(got, again) {
			t.Fatalf("the order of input matters: %v", err)
		}
		i := rapid.IntRange(0, len(in)-1).Draw(t, "which")
		off := slices.Clone(in)
		off[i].Bps += rapid.SampledFrom([]int64{-1, 1, Whole, -Whole, 1 << 62}).Draw(t, "off")
		if _, err := CheckShares(off); !fault.Is(err, fault.Invalid) {
			t.Fatalf("a sheet off by some passes: %v", err)
		}
		twice := append(slices.Clone(in), in[i])
		if _, err := CheckShares(twice); !fault.Is(err, fault.Invalid) {
			t.Fatalf("an act twice passes: %v", err)
		}
	})
	if _, err := CheckShares(nil); !fault.Is(err, fault.Invalid) {
		t.Error("an empty sheet passes")
	}
}

func cmpAct(a, b id.Act) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// The examples of EIP-55.
var addresses = []string{
	"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
	"0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
}

func TestAddress(t *testing.T) {
	for _, a := range addresses {
		for _, in := range []string{a, lower(a), " " + a + "\n"} {
			if got, err := Address(in); got != a || err != nil {
				t.Errorf("Address(%q) = %q, %v", in, got, err)
			}
		}
	}
	for _, bad := range []string{"", "0x", addresses[0][:41], addresses[0] + "0", addresses[0][2:], "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xg" + addresses[0][3:]} {
		if got, err := Address(bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("Address(%q) = %q, %v", bad, got, err)
		}
	}
}

func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'F' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

func TestCheckWallets(t *testing.T) {
	good := []Wallet{{"Ada", addresses[0], 3334}, {"Bo", addresses[1], 3333}, {"Cy", lower(addresses[2]), 3333}}
	got, err := CheckWallets(good)
	if err != nil || got[2].Address != addresses[2] {
		t.Fatalf("%v, %v", got, err)
	}
	if none, err := CheckWallets(nil); none != nil || err != nil {
		t.Errorf("an empty sheet = %v, %v", none, err)
	}
	for name, change := range map[string]func([]Wallet){
		"sum below": func(w []Wallet) { w[0].Bps-- }, "sum above": func(w []Wallet) { w[0].Bps++ }, "nothing": func(w []Wallet) { w[0].Bps, w[1].Bps = 0, 6667 },
		"negative": func(w []Wallet) { w[0].Bps, w[1].Bps = -1, 6668 }, "twice": func(w []Wallet) { w[1].Address = lower(addresses[0]) },
		"no name": func(w []Wallet) { w[1].Name = " " }, "overflow": func(w []Wallet) { w[0].Bps, w[1].Bps = 1<<62, 1<<62 },
	} {
		w := slices.Clone(good)
		change(w)
		if _, err := CheckWallets(w); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
