package royalty

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"pgregory.net/rapid"
)

type splitVector struct {
	Name   string
	Input  json.RawMessage
	Output json.RawMessage
}

func TestSplitVectors(t *testing.T) {
	b, err := os.ReadFile("testdata/split_vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vs []splitVector
	if err := json.Unmarshal(b, &vs); err != nil {
		t.Fatal(err)
	}
	var ins, outs []json.RawMessage
	for _, v := range vs {
		ins, outs = append(ins, v.Input), append(outs, v.Output)
		t.Run(v.Name, func(t *testing.T) { splitJSON(t, v.Input, v.Output) })
	}
	in, _ := json.Marshal(ins)
	want, _ := json.Marshal(outs)
	splitJSON(t, in, want)
}

// splitJSON runs the command's function and compares byte for byte.
func splitJSON(t *testing.T, in, want []byte) {
	t.Helper()
	var got, compact bytes.Buffer
	if err := SplitJSON(bytes.NewReader(in), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Compact(&compact, want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(compact.String()+"\n", got.String()); diff != "" {
		t.Error(diff)
	}
}

func TestSplitJSONRefuses(t *testing.T) {
	seed := strings.Repeat("00", 32)
	ok := `{"pot":1,"k":9,"lambda_bps":0,"seed":"` + seed + `","credits":[]}`
	for name, in := range map[string]string{
		"empty":        "",
		"not json":     "{",
		"two values":   ok + ok,
		"no seed":      `{"pot":1,"k":9,"credits":[]}`,
		"no k":         `{"pot":1,"seed":"` + seed + `","credits":[]}`,
		"misspelt":     strings.Replace(ok, "lambda_bps", "lambda", 1),
		"lambda":       strings.Replace(ok, `"lambda_bps":0`, `"lambda_bps":10001`, 1),
		"fraction":     strings.Replace(ok, `"pot":1`, `"pot":1.5`, 1),
		"negative pot": strings.Replace(ok, `"pot":1`, `"pot":-1`, 1),
		"twice":        strings.Replace(ok, "[]", `[{"act":"a","credit":1},{"act":"a","credit":2}]`, 1),
		"too much":     strings.Replace(ok, "[]", `[{"act":"a","credit":17856000000},{"act":"b","credit":1}]`, 1),
		"in an array":  `[` + ok + `,{"pot":1}]`,
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := SplitJSON(strings.NewReader(in), &out); !fault.Is(err, fault.Invalid) {
				t.Errorf("got %v, want an Invalid fault", err)
			}
			if out.Len() > 0 {
				t.Errorf("wrote %q before refusing", out.String())
			}
		})
	}
	for in, want := range map[string]string{ok: `{"shares":[],"unallocated":1}` + "\n", "[]": "[]\n", " \n[ ] ": "[]\n"} {
		var out bytes.Buffer
		if err := SplitJSON(strings.NewReader(in), &out); err != nil || out.String() != want {
			t.Errorf("%q: got %q, %v", in, out.String(), err)
		}
	}
}

// anyCredits draws up to 40 acts whose credits stay within a month.
func anyCredits(t *rapid.T) []Credit {
	n := rapid.IntRange(0, 40).Draw(t, "acts")
	out := make([]Credit, n)
	for i := range out {
		out[i] = Credit{
			Act:    id.Act(fmt.Sprintf("a%02d", i)),
			Credit: rapid.OneOf(rapid.Uint64Range(0, 5), rapid.Uint64Range(0, MaxMonthCredit/40)).Draw(t, "credit"),
			Plays:  rapid.Uint64Range(0, 3).Draw(t, "plays"),
			Days:   rapid.Uint32Range(0, 3).Draw(t, "days"),
		}
	}
	return out
}

func anyParams(t *rapid.T) Params {
	return Params{Version: 1, K: rapid.Uint8Range(1, 12).Draw(t, "k"), Lambda: rapid.Uint16Range(0, Basis).Draw(t, "lambda")}
}

func anyHash(t *rapid.T, label string) Hash {
	return Hash(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, label))
}

func anyPot(t *rapid.T) money.Micro {
	return money.Micro(rapid.OneOf(rapid.Int64Range(0, 20), rapid.Just(int64(9_000_000)), rapid.Int64Range(0, 1<<62)).Draw(t, "pot"))
}

func mustSplit(t *rapid.T, pot money.Micro, cs []Credit, p Params, seed Hash) []Share {
	shares, rest, err := Split(pot, cs, p, seed)
	if err != nil {
		t.Fatal(err)
	}
	sum := rest
	for i, s := range shares {
		if s.Micro < 0 || int(s.Rank) != i+1 {
			t.Fatalf("share %d is %+v", i, s)
		}
		sum += s.Micro
	}
	if sum != pot || (len(shares) > 0 && rest != 0) || len(shares) > int(p.K) {
		t.Fatalf("%d shares and a rest of %d make %d of %d", len(shares), rest, sum, pot)
	}
	return shares
}

func TestSplitGivesThePotWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mustSplit(t, anyPot(t), anyCredits(t), anyParams(t), anyHash(t, "seed"))
	})
}

func TestSplitIgnoresOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cs, p, seed, pot := anyCredits(t), anyParams(t), anyHash(t, "seed"), anyPot(t)
		want := mustSplit(t, pot, cs, p, seed)
		got := mustSplit(t, pot, rapid.Permutation(cs).Draw(t, "order"), p, seed)
		if !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

func TestSplitIgnoresASmallerTenth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cs, p, seed, pot := anyCredits(t), anyParams(t), anyHash(t, "seed"), anyPot(t)
		want := mustSplit(t, pot, cs, p, seed)
		if len(want) < int(p.K) || want[len(want)-1].Credit < 2 {
			return
		}
		smaller := Credit{Act: "zz", Credit: want[len(want)-1].Credit - 1, Plays: 1 << 20, Days: 31}
		if got := mustSplit(t, pot, append(cs, smaller), p, seed); !slices.Equal(got, want) {
			t.Fatalf("an act below the nine changed %v to %v", want, got)
		}
	})
}

func TestSplitEqualParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shares := mustSplit(t, anyPot(t), anyCredits(t), Params{K: 9, Lambda: Basis}, anyHash(t, "seed"))
		for _, s := range shares {
			if d := s.Micro - shares[len(shares)-1].Micro; d < -1 || d > 1 {
				t.Fatalf("equal parts differ by %d", d)
			}
		}
	})
}

func TestSplitFollowsCredit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shares := mustSplit(t, anyPot(t), anyCredits(t), anyParams(t), anyHash(t, "seed"))
		for i := 1; i < len(shares); i++ {
			if shares[i].Micro > shares[i-1].Micro || shares[i].Credit > shares[i-1].Credit {
				t.Fatalf("rank %d gets more than rank %d: %v", i+1, i, shares)
			}
		}
	})
}

func TestSplitLargest(t *testing.T) {
	var cs []Credit
	for i := range 255 {
		cs = append(cs, Credit{Act: id.Act(fmt.Sprintf("a%03d", i)), Credit: MaxMonthCredit / 255})
	}
	for _, lambda := range []uint16{0, 1, 5000, 9999, 10000} {
		shares, rest, err := Split(1<<63-1, cs, Params{K: 255, Lambda: lambda}, Hash{})
		var sum money.Micro
		for _, s := range shares {
			sum += s.Micro
		}
		if err != nil || rest != 0 || sum != 1<<63-1 {
			t.Errorf("lambda %d: %v, rest %d, sum %d", lambda, err, rest, sum)
		}
	}
}

func TestDivide(t *testing.T) {
	for _, c := range []struct {
		amount money.Micro
		sheet  []uint16
		want   []money.Micro
	}{
		{100, []uint16{10000}, []money.Micro{100}},
		{100, []uint16{3333, 3333, 3334}, []money.Micro{33, 33, 34}},
		{2, []uint16{3333, 3333, 3334}, []money.Micro{1, 0, 1}},
		{1, []uint16{5000, 5000}, []money.Micro{1, 0}},
		{7, []uint16{0, 10000}, []money.Micro{0, 7}},
		{1<<63 - 1, []uint16{5000, 5000}, []money.Micro{1 << 62, 1<<62 - 1}},
	} {
		got, err := Divide(c.amount, c.sheet)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("Divide(%d, %v) = %v, %v, want %v", c.amount, c.sheet, got, err, c.want)
		}
	}
	for _, sheet := range [][]uint16{nil, {9999}, {10000, 1}} {
		if _, err := Divide(1, sheet); !fault.Is(err, fault.Invalid) {
			t.Errorf("%v: got %v", sheet, err)
		}
	}
	if _, err := Divide(-1, []uint16{10000}); !fault.Is(err, fault.Invalid) {
		t.Errorf("negative: got %v", err)
	}
}
