package royalty

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/money"
)

// sample is a file, with the checks that fail on it; none for a good one.
type sample struct {
	name  string
	file  []byte
	fails []string
}

func flip(b []byte, i int) []byte {
	b = bytes.Clone(b)
	b[(i+len(b))%len(b)] ^= 1
	return b
}

// samples are the files that every implementation is tested on.
func samples(t testing.TB) []sample {
	w := newWorld(t)
	return slices.Concat(daySamples(t, w), monthSamples(t, w), actSamples(t, w))
}

func daySamples(t testing.TB, w *world) []sample {
	ok := w.dayReceipt(t, 1)
	edit := func(change func(*DayReceipt)) []byte {
		p := ok
		d := must[DayReceipt](t)(ParseDayReceipt(p.Extra))
		change(&d)
		p.Extra = must[[]byte](t)(d.Encode())
		return p.Format()
	}
	proof, root := ok, ok
	proof.Path = slices.Clone(ok.Path)
	proof.Path[1][5] ^= 1
	root.Checkpoint = bytes.Replace(ok.Checkpoint, []byte("\n16\n"), []byte("\n17\n"), 1)
	signature := ok
	i := bytes.LastIndexByte(ok.Checkpoint, '=')
	signature.Checkpoint = bytes.Clone(ok.Checkpoint)
	signature.Checkpoint[i-10] = 'A' + (signature.Checkpoint[i-10]-'A'+1)%26
	return []sample{
		{"day-ok", ok.Format(), nil},
		{"day-tampered-row", edit(func(d *DayReceipt) {
			row := must[DayRow](t)(ParseDayRow(d.Row))
			row.Acts[0].Credit += 10_000
			row.Total += 10_000
			d.Row = must[[]byte](t)(row.Encode())
		}), []string{"inclusion", "served"}},
		{"day-tampered-salt", edit(func(d *DayReceipt) { d.Salt[0] ^= 1 }), []string{"inclusion", "served"}},
		{"day-tampered-claims", edit(func(d *DayReceipt) { d.Claims = d.Claims[:1] }), []string{"claims"}},
		{"day-tampered-served", edit(func(d *DayReceipt) { d.Served.Signature = flip(d.Served.Signature, 3) }), []string{"served"}},
		{"day-tampered-proof", proof.Format(), []string{"inclusion"}},
		{"day-tampered-checkpoint", root.Format(), []string{"checkpoint", "served"}},
		{"day-tampered-signature", signature.Format(), []string{"checkpoint"}},
		{"day-cut", ok.Format()[:200], []string{"file"}},
	}
}

func monthSamples(t testing.TB, w *world) []sample {
	const who = 2
	ok := w.monthProof(t, who, w.month(t, who))
	edit := func(change func(*MonthReceipt)) []byte {
		m := must[MonthReceipt](t)(ParseMonthReceipt(ok.Extra))
		change(&m)
		return w.monthProof(t, who, m).Format()
	}
	proof, other := ok, ok
	proof.Path = slices.Clone(ok.Path)
	proof.Path[0][31] ^= 1
	other.Checkpoint = must[[]byte](t)(Checkpoint{MonthOrigin(node, w.period), 5, Hash{1}}.Sign(LogSigner(LogOrigin(node), settlementKey)))
	return []sample{
		{"month-ok", ok.Format(), nil},
		{"month-idle-ok", w.monthProof(t, 3, w.month(t, 3)).Format(), nil},
		{"month-unsigned-ok", w.monthProof(t, 4, w.month(t, 4)).Format(), nil},
		{"month-tampered-row", edit(func(m *MonthReceipt) {
			row := must[MonthRow](t)(ParseMonthRow(m.Row))
			row.Shares[0].Micro -= money.Cent
			row.Shares[8].Micro += money.Cent
			m.Row = must[[]byte](t)(row.Encode())
		}), []string{"inclusion", "split", "shares"}},
		{"month-tampered-day", edit(func(m *MonthReceipt) {
			row := must[DayRow](t)(ParseDayRow(m.Days[0]))
			row.Acts[0].Plays++
			m.Days[0] = must[[]byte](t)(row.Encode())
		}), []string{"days"}},
		{"month-missing-day", edit(func(m *MonthReceipt) { m.Days = m.Days[1:] }), []string{"days"}},
		{"month-tampered-seed", edit(func(m *MonthReceipt) { m.Rules.Lambda = 10000 }), []string{"split"}},
		{"month-tampered-share", edit(func(m *MonthReceipt) { m.Shares[4].Path[0].Sum++ }), []string{"shares"}},
		{"month-missing-share", edit(func(m *MonthReceipt) { m.Shares = m.Shares[:8] }), []string{"shares"}},
		{"month-tampered-settlement", edit(func(m *MonthReceipt) { m.Settlement.Bytes = flip(m.Settlement.Bytes, -1) }), []string{"settlement"}},
		{"month-tampered-proof", proof.Format(), []string{"inclusion"}},
		{"month-tampered-checkpoint", other.Format(), []string{"checkpoint", "tree"}},
	}
}

func actSamples(t testing.TB, w *world) []sample {
	edit := func(change func(*ActProof)) []byte {
		p := w.actProof(t, act(2))
		change(&p)
		return must[[]byte](t)(p.Format())
	}
	ok := edit(func(*ActProof) {})
	return []sample{
		{"act-ok", ok, nil},
		{"act-tampered-line", edit(func(p *ActProof) { p.Line.Line.Plus++ }), []string{"line"}},
		{"act-tampered-leaf", edit(func(p *ActProof) { p.Leaves[0].Micro++ }), []string{"leaves"}},
		{"act-missing-leaf", edit(func(p *ActProof) { p.Leaves = p.Leaves[1:] }), []string{"leaves"}},
		{"act-tampered-proof", edit(func(p *ActProof) { p.Line.Path[0].Hash[0] ^= 1 }), []string{"line"}},
		{"act-tampered-settlement", edit(func(p *ActProof) { p.Settlement.Signature = flip(p.Settlement.Signature, 0) }), []string{"settlement"}},
		{"act-tampered-plain", bytes.Replace(ok, []byte(`"listeners": `), []byte(`"listeners": 1`), 1), []string{"file"}},
	}
}

func verify(s sample, keys Keys) Report {
	if strings.HasPrefix(s.name, "act") {
		return VerifyAct(s.file, keys)
	}
	return VerifyReceipt(s.file, keys)
}

// TestVerify checks every sample, and writes files and reports for other
// implementations to be tested on.
func TestVerify(t *testing.T) {
	reports := make(map[string]Report)
	for _, s := range samples(t) {
		t.Run(s.name, func(t *testing.T) {
			r := verify(s, trusted)
			reports[s.name] = r
			var fails []string
			for _, c := range r.Checks {
				if c.Detail == "" {
					t.Errorf("%s has no sentence", c.Name)
				}
				if !c.OK {
					fails = append(fails, c.Name)
				}
			}
			if !slices.Equal(fails, s.fails) || r.OK != (len(s.fails) == 0) {
				t.Errorf("%v fail, want %v\n%s", fails, s.fails, r.Verdict)
			}
			if strings.Contains(r.Verdict, "\n") || strings.HasPrefix(r.Verdict, "Holds") != r.OK {
				t.Errorf("verdict %q", r.Verdict)
			}
			ext := ".9ten-receipt.txt"
			if strings.HasPrefix(s.name, "act") {
				ext = ".json"
			}
			golden(t, "receipts/"+s.name+ext, s.file)
		})
	}
	b, err := json.MarshalIndent(reports, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "receipts/reports.json", append(b, '\n'))
	golden(t, "receipts/keys.txt", []byte(trusted[0].String()+"\n"+trusted[1].String()+"\n"))
}

func TestVerifyNeedsKeys(t *testing.T) {
	for _, s := range samples(t)[:1] {
		if r := verify(s, nil); r.NeedsKey != "quayside.example/log" || r.OK || !strings.Contains(r.Verdict, r.NeedsKey) {
			t.Errorf("%s without a key: %+v", s.name, r)
		}
	}
	w := newWorld(t)
	month := w.monthProof(t, 2, w.month(t, 2)).Format()
	if r := VerifyReceipt(month, trusted[:1]); r.NeedsKey != "quayside.example/settlement" || r.OK {
		t.Errorf("month without the settlement key: %+v", r)
	}
	p := w.actProof(t, act(2))
	if r := VerifyAct(must[[]byte](t)(p.Format()), trusted[:1]); r.NeedsKey != "quayside.example/settlement" || r.OK {
		t.Errorf("act without the settlement key: %+v", r)
	}
	// A key of the right name but another one is no missing key.
	wrong := Keys{PublicKey(LogOrigin(node), settlementKey), trusted[1]}
	if r := VerifyReceipt(month, wrong); r.NeedsKey != "" || r.OK || r.Checks[1].Name != "checkpoint" || r.Checks[1].OK {
		t.Errorf("month with another key: %+v", r)
	}
}

// TestEveryBitCounts flips bits all over good files: none may still hold.
func TestEveryBitCounts(t *testing.T) {
	for _, s := range samples(t) {
		if s.fails != nil {
			continue
		}
		step := max(1, len(s.file)/400)
		for i := 0; i < len(s.file); i += step {
			bad := s
			bad.file = flip(s.file, i)
			r := verify(bad, trusted)
			if r.OK && !harmless(t, s, bad) {
				t.Errorf("%s still holds after byte %d changed", s.name, i)
			}
		}
	}
}

// harmless reports whether a change touched only what nothing commits to: the
// node's own marks, the list of devices, a signature line of nobody trusted.
func harmless(t *testing.T, good, bad sample) bool {
	if strings.HasPrefix(good.name, "act") {
		g, b := must[ActProof](t)(ParseActProof(good.file)), must[ActProof](t)(ParseActProof(bad.file))
		return g.Marks != b.Marks
	}
	g, b := must[LogProof](t)(ParseLogProof(good.file)), must[LogProof](t)(ParseLogProof(bad.file))
	if strings.HasPrefix(good.name, "day") {
		g, b := must[DayReceipt](t)(ParseDayReceipt(g.Extra)), must[DayReceipt](t)(ParseDayReceipt(b.Extra))
		return g.Marks != b.Marks || !slices.Equal(g.Devices, b.Devices)
	}
	gm, bm := must[MonthReceipt](t)(ParseMonthReceipt(g.Extra)), must[MonthReceipt](t)(ParseMonthReceipt(b.Extra))
	return gm.Marks != bm.Marks || gm.Confirmed != bm.Confirmed || gm.Carried != bm.Carried || gm.Closed != bm.Closed ||
		gm.Rules.Seed != bm.Rules.Seed || gm.Rules.Merged[0] != bm.Rules.Merged[0]
}
