package royalty

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty/wire"
)

// form is one canonical structure: a sample, and how its bytes are read.
type form struct {
	name   string
	sample interface{ Encode() ([]byte, error) }
	parse  func([]byte) (interface{ Encode() ([]byte, error) }, error)
}

// as adapts a Parse function.
func as[T any, P interface {
	*T
	Encode() ([]byte, error)
}](parse func([]byte) (T, error)) func([]byte) (interface{ Encode() ([]byte, error) }, error) {
	return func(b []byte) (interface{ Encode() ([]byte, error) }, error) {
		v, err := parse(b)
		return P(&v), err
	}
}

func fill(b byte) (h Hash) {
	for i := range h {
		h[i] = b
	}
	return h
}

func forms(t testing.TB) []form {
	w := newWorld(t)
	day := must[DayRow](t)(ParseDayRow(w.dayRows[0]))
	dayReceipt := must[DayReceipt](t)(ParseDayReceipt(w.dayReceipt(t, 1).Extra))
	month := w.month(t, 2)
	return []form{
		{"day", &day, as(ParseDayRow)},
		{"day of nothing", &DayRow{Day: 20261001}, as(ParseDayRow)},
		{"month", &w.people[2].row, as(ParseMonthRow)},
		{"month carried", &w.people[3].row, as(ParseMonthRow)},
		{"served", &Served{"quayside.example/log", 16, 3, fill(1), Salt{2}}, as(ParseServed)},
		{"leaf", &Leaf{act(1), fill(3), 1_963_636}, as(ParseLeaf)},
		{"line", &Line{act(1), 9_000_000, 10_000, 20_000, 2, fill(4)}, as(ParseLine)},
		{"settlement", &w.settlement, as(ParseSettlement)},
		{"rendition", &RenditionManifest{"01JB0000000000000000000001@quayside.example", "flac", "1", 44100, 2, 0, 88200,
			[]Segment{{fill(5), 70_000, 44_100}, {fill(6), 71_234, 44_100}}}, as(ParseRenditionManifest)},
		{"invoice", &Invoice{node, Pseudonym{7}, "eip155:1/erc20:0x8E870D67F660D95d5be530380D0eC0bd388289E1", "0x00", "10000137000000000000", 1_790_000_000_000, Salt{8}}, as(ParseInvoice)},
		{"payment", &Payment{"eip155:1/erc20:0x8E870D67F660D95d5be530380D0eC0bd388289E1", fill(9), 3, 21_000_000, fill(10), 1_790_000_000_000,
			[20]byte{1}, [20]byte{2}, "10000137000000000000", fill(11)}, as(ParsePayment)},
		{"declared", &Declared{"hand", "Zoë 7", true, 1_790_000_000_000, 10 * money.Dollar, fill(12)}, as(ParseDeclared)},
		{"day receipt", &dayReceipt, as(ParseDayReceipt)},
		{"month receipt", &month, as(ParseMonthReceipt)},
	}
}

// vector is one line of the golden file of structures.
type vector struct {
	Name   string `json:"name"`
	Hex    string `json:"hex,omitempty"`
	SHA256 string `json:"sha256"`
}

func TestStructures(t *testing.T) {
	var vs []vector
	for _, f := range forms(t) {
		b, err := f.sample.Encode()
		if err != nil {
			t.Fatalf("%s: %v", f.name, err)
		}
		v, err := f.parse(b)
		if err != nil {
			t.Fatalf("%s: %v", f.name, err)
		}
		again, err := v.Encode()
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%s: reads back as something else, %v", f.name, err)
		}
		for n := range b {
			if _, err := f.parse(b[:n]); !fault.Is(err, fault.Invalid) {
				t.Fatalf("%s: cut to %d bytes gives %v", f.name, n, err)
			}
		}
		if _, err := f.parse(append(bytes.Clone(b), 0)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: a trailing byte gives %v", f.name, err)
		}
		if _, err := f.parse(append([]byte("9ten/dax/v1\x00"), b...)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: another tag gives %v", f.name, err)
		}
		h := sha256.Sum256(b)
		vs = append(vs, vector{f.name, hex.EncodeToString(b), hex.EncodeToString(h[:])})
	}
	for _, d := range derived(t) {
		vs = append(vs, vector{Name: d.name, SHA256: hex.EncodeToString(d.hash)})
	}
	b, err := json.MarshalIndent(vs, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "structures.json", append(b, '\n'))
}

type derivedHash struct {
	name string
	hash []byte
}

// derived are the hashes that are no hash of a structure.
func derived(t testing.TB) []derivedHash {
	sum := func(h Hash) []byte { return h[:] }
	key := bytes.Repeat([]byte{9}, 32)
	who := PseudonymOf(key, "01JB0000000000000000000042")
	day, month := DaySalt(key, 20261007), MonthSalt(key, 202610)
	node2, err := SumOver(SumNode{fill(1), 5}, SumNode{fill(2), 7})
	if err != nil {
		t.Fatal(err)
	}
	verdict := Verdict{"case 1", 1, 2, node, "uphold", fill(3), fill(4)}
	return []derivedHash{
		{"pseudonym of key 09.. and 01JB0000000000000000000042", who[:]},
		{"salt of that key and 20261007", day[:]},
		{"salt of that key and 202610", month[:]},
		{"blind of that salt, act 01JB0000000000000000000001 and pseudonym", sum(Blind(month, act(1), who))},
		{"tie of seed 01.. and act 01JB0000000000000000000001", sum(TieKey(fill(1), act(1)))},
		{"entry of that day's salt and the row abc", sum(EntryHash(day, []byte("abc")))},
		{"leaf of entry 01..", sum(EntryLeaf(fill(1)))},
		{"node of 01.. and 02..", sum(NodeHash(fill(1), fill(2)))},
		{"sum node of (01.., 5) and (02.., 7)", sum(node2.Hash)},
		{"claims root of 03.., 01.., 02..", sum(must[Hash](t)(ClaimsRoot([]Hash{fill(3), fill(1), fill(2)})))},
		{"days hash of (20261001, 0, 01..), (20261002, 3, 02..)", sum(must[Hash](t)(DaysHash([]DayRef{{20261001, 0, fill(1)}, {20261002, 3, fill(2)}})))},
		{"beacon commit of quayside.example, 20261101, 01..", sum(must[Hash](t)(BeaconCommit(node, 20261101, fill(1))))},
		{"beacon after 00.. of a.example 01.., b.example 02..", sum(must[Hash](t)(Beacon(Hash{}, []Reveal{{"a.example", fill(1)}, {"b.example", fill(2)}})))},
		{"verdict of case 1, round 1, seat 2, quayside.example, uphold, 03.., 04..", sum(must[Hash](t)(verdict.Commit()))},
	}
}

func TestRefusals(t *testing.T) {
	two := []ActDay{{act(1), 1, 1}, {act(2), 2, 1}}
	for name, v := range map[string]interface{ Encode() ([]byte, error) }{
		"day of no calendar":      &DayRow{Day: 20260230},
		"day with a wrong total":  &DayRow{Day: 20261001, Acts: two, Total: 4},
		"day out of order":        &DayRow{Day: 20261001, Acts: []ActDay{two[1], two[0]}, Total: 3},
		"day with an act twice":   &DayRow{Day: 20261001, Acts: []ActDay{two[0], two[0]}, Total: 2},
		"day of too much":         &DayRow{Day: 20261001, Acts: []ActDay{{act(1), MaxDayCredit, 1}, {act(2), 1, 1}}, Total: MaxDayCredit + 1},
		"day with a claim lost":   &DayRow{Day: 20261001, Claims: 1},
		"day with a nameless act": &DayRow{Day: 20261001, Acts: []ActDay{{"", 1, 1}}, Total: 1},
		"month that loses money":  &MonthRow{Period: 202610, Pot: 2, CarryOut: 1, Carried: 1},
		"month below zero":        &MonthRow{Period: 202610, Pot: -1, CarryOut: -1, Carried: 1},
		"month overflowing":       &MonthRow{Period: 202610, Pot: math.MaxInt64, CarryIn: 1, CarryOut: math.MaxInt64, Commons: 1, Carried: 1},
		"month of 13":             &MonthRow{Period: 202613},
		"month paid by nothing":   &MonthRow{Period: 202610, Pot: 1, Shares: []Share{{act(1), 1, 1, 1}}},
		"month with ranks swapped": &MonthRow{Period: 202610, Pot: 2, Basis: 202610,
			Shares: []Share{{act(1), 1, 2, 1}, {act(2), 1, 1, 1}}},
		"month with an act twice": &MonthRow{Period: 202610, Pot: 2, Basis: 202610, Shares: []Share{{act(1), 1, 1, 1}, {act(1), 1, 2, 1}}},
		"month of a later one":    &MonthRow{Period: 202610, Pot: 1, Basis: 202611, Shares: []Share{{act(1), 1, 1, 1}}},
		"line that takes more":    &Line{Act: act(1), Minus: 1},
		"line without leaves":     &Line{Act: act(1), Micro: 1},
		"served outside":          &Served{Origin: "a", Size: 1, Index: 1},
		"leaf below zero":         &Leaf{act(1), Hash{}, -1},
		"settlement unbalanced":   &Settlement{Node: node, Period: 202610, Totals: Totals{Pots: 1, Received: 1}},
		"settlement of nobody":    &Settlement{Period: 202610},
		"rendition of nothing":    &RenditionManifest{},
		"units with a zero":       &Payment{Asset: "a", BaseUnits: "01"},
		"units that are none":     &Invoice{Node: node, Asset: "a", BaseUnits: "1e3"},
		"rail without a name":     &Declared{Event: "1"},
		"string not in NFC":       &Declared{Rail: "hand", Event: "e\u0301"},
	} {
		if b, err := v.Encode(); !fault.Is(err, fault.Invalid) || b != nil {
			t.Errorf("%s: got %d bytes, %v", name, len(b), err)
		}
	}
	if _, err := ClaimsRoot([]Hash{fill(1), fill(1)}); !fault.Is(err, fault.Invalid) {
		t.Errorf("claim twice: %v", err)
	}
	if _, err := Beacon(Hash{}, []Reveal{{"b.example", fill(1)}, {"a.example", fill(2)}}); !fault.Is(err, fault.Invalid) {
		t.Errorf("reveals out of order: %v", err)
	}
}

// TestReaderRefusesOtherStrings goes below Encode, which would not write them.
func TestReaderRefusesOtherStrings(t *testing.T) {
	for name, s := range map[string]string{"not NFC": "e\u0301", "not UTF-8": "\xff"} {
		b := append([]byte("x\x00\x00"), byte(len(s)))
		r := wire.NewReader("x", append(b, s...))
		if got := r.Str(); got != "" || !fault.Is(r.Done(), fault.Invalid) {
			t.Errorf("%s: read %q, %v", name, got, r.Done())
		}
	}
}

// FuzzStructures holds every reader to one rule: what it accepts is written
// again to the byte.
func FuzzStructures(f *testing.F) {
	all := forms(f)
	for _, form := range all {
		f.Add(must[[]byte](f)(form.sample.Encode()))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, form := range all {
			v, err := form.parse(b)
			if err != nil {
				if !fault.Is(err, fault.Invalid) {
					t.Fatalf("%s: %v is no Invalid fault", form.name, err)
				}
				continue
			}
			if again, err := v.Encode(); err != nil || !bytes.Equal(again, b) {
				t.Fatalf("%s accepts bytes that it would write otherwise (%v)", form.name, err)
			}
		}
	})
}

func FuzzVerify(f *testing.F) {
	for _, s := range samples(f) {
		f.Add(s.file)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, r := range []Report{VerifyReceipt(b, trusted), VerifyAct(b, trusted)} {
			if r.Verdict == "" || r.OK && len(r.Checks) < 3 {
				t.Fatalf("%+v", r)
			}
		}
		if p, err := ParseLogProof(b); err == nil && !bytes.Equal(p.Format(), b) {
			t.Fatal("a tlog-proof is written another way")
		}
	})
}

func FuzzSplitJSON(f *testing.F) {
	f.Add([]byte(`{"pot":9000000,"k":9,"lambda_bps":0,"seed":"` + hex.EncodeToString(make([]byte, 32)) + `","credits":[{"act":"a","credit":1,"plays":0,"days":1}]}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var out bytes.Buffer
		if err := SplitJSON(bytes.NewReader(b), &out); err != nil && (out.Len() > 0 || !fault.Is(err, fault.Invalid)) {
			t.Fatalf("wrote %q, then %v", out.String(), err)
		}
	})
}
