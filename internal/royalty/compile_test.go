package royalty

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"pgregory.net/rapid"
)

const october = calendar.Period(202610)

var plain = Rules{Params: Standard}

// dayOf encodes a row of one act; unsigned says that no device signed.
func dayOf(t testing.TB, who Pseudonym, d calendar.Day, seq uint8, a id.Act, seconds uint64, unsigned bool) []byte {
	t.Helper()
	r := DayRow{Pseudonym: who, Day: d, Sequence: seq, Acts: []ActDay{{a, seconds * Basis, 1}}, Total: seconds * Basis,
		Claims: 1, ClaimsRoot: fill(1), Params: 1}
	if unsigned {
		r.UnsignedMS = seconds * 1000
	}
	return must[[]byte](t)(r.Encode())
}

// TestIdle walks through what becomes of a pot whose period has no signed play.
func TestIdle(t *testing.T) {
	who, before := Pseudonym{1}, Pseudonym{2}
	signed := [][]byte{dayOf(t, who, 20261003, 0, act(1), 60, false)}
	unsigned := [][]byte{dayOf(t, who, 20261003, 0, act(2), 60, true)}
	basis := [][]byte{dayOf(t, before, 20260703, 0, act(3), 60, false)}
	pot := 9 * money.Dollar
	for name, c := range map[string]struct {
		l     Listener
		to    id.Act // who gets all
		basis calendar.Period
		carry uint8
	}{
		"signed":                      {Listener{Days: signed}, act(1), october, 0},
		"signed, with a carry":        {Listener{Days: signed, CarryIn: pot, Carried: 2}, act(1), october, 0},
		"silent":                      {Listener{}, "", 0, 1},
		"silent with a basis":         {Listener{Basis: basis}, "", 0, 1},
		"unsigned":                    {Listener{Days: unsigned}, "", 0, 1},
		"unsigned, confirmed":         {Listener{Days: unsigned, Confirmed: true}, act(2), october, 0},
		"silent, confirmed":           {Listener{Basis: basis, Confirmed: true}, act(3), 202607, 0},
		"confirmed without any":       {Listener{Confirmed: true}, "", 0, 1},
		"silent a second month":       {Listener{CarryIn: pot, Carried: 1}, "", 0, 2},
		"silent a third month":        {Listener{CarryIn: pot, Carried: 2, Basis: basis}, "", 0, 3},
		"silent a fourth month":       {Listener{CarryIn: pot, Carried: 3, Basis: basis}, act(3), 202607, 0},
		"silent a fourth, no basis":   {Listener{CarryIn: pot, Carried: 3}, "", 0, 0},
		"unsigned a fourth, basis":    {Listener{CarryIn: pot, Carried: 3, Days: unsigned, Basis: basis}, act(3), 202607, 0},
		"unsigned a fourth, no basis": {Listener{CarryIn: pot, Carried: 3, Days: unsigned}, "", 0, 0},
		"closed, silent":              {Listener{Closed: true}, "", 0, 0},
		"closed, signed":              {Listener{Closed: true, Days: signed}, act(1), october, 0},
	} {
		c.l.Pseudonym, c.l.Pot = who, pot
		row, err := Compile(october, &c.l, &plain)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		all := pot + c.l.CarryIn
		want := MonthRow{Pseudonym: who, Period: october, Pot: pot, CarryIn: c.l.CarryIn, Basis: c.basis, Params: 1, DaysHash: row.DaysHash}
		switch {
		case c.to != "":
			want.Shares = []Share{{c.to, 60 * Basis, 1, all}}
		case c.carry > 0:
			want.CarryOut, want.Carried = all, c.carry
		default:
			want.Commons = all
		}
		if fmt.Sprint(row) != fmt.Sprint(want) {
			t.Errorf("%s:\n got %v\nwant %v", name, row, want)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	who := Pseudonym{1}
	ok := dayOf(t, who, 20261003, 0, act(1), 60, false)
	for name, l := range map[string]Listener{
		"somebody else's row":   {Pot: 1, Days: [][]byte{dayOf(t, Pseudonym{2}, 20261003, 0, act(1), 60, false)}},
		"another month's row":   {Pot: 1, Days: [][]byte{dayOf(t, who, 20260903, 0, act(1), 60, false)}},
		"a row twice":           {Pot: 1, Days: [][]byte{ok, ok}},
		"a basis of this month": {Pot: 1, Basis: [][]byte{ok}},
		"a basis of two":        {Pot: 1, Basis: [][]byte{dayOf(t, who, 20260703, 0, act(1), 60, false), dayOf(t, who, 20260803, 0, act(1), 60, false)}},
		"a basis too old":       {Pot: 1, Basis: [][]byte{dayOf(t, who, 20250903, 0, act(1), 60, false)}},
		"no money":              {Days: [][]byte{ok}},
		"a carry of no age":     {Pot: 1, CarryIn: 1},
		"bytes that are no row": {Pot: 1, Days: [][]byte{ok[:20]}},
		"negative":              {Pot: -1},
	} {
		l.Pseudonym = who
		if _, err := Compile(october, &l, &plain); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for name, r := range map[string]Rules{
		"nobody is paid": {},
		"chain":          {Params: Standard, Merged: []Merge{{act(1), act(2)}, {act(2), act(3)}}},
		"unsorted":       {Params: Standard, Merged: []Merge{{act(2), act(3)}, {act(1), act(3)}}},
	} {
		if _, err := Compile(october, &Listener{Pot: 1}, &r); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestHighestSequence says that a correction replaces a day, whatever the order.
func TestHighestSequence(t *testing.T) {
	who := Pseudonym{1}
	rows := [][]byte{
		dayOf(t, who, 20261003, 0, act(1), 60, false),
		dayOf(t, who, 20261003, 2, act(2), 60, false),
		dayOf(t, who, 20261003, 1, act(3), 60, false),
	}
	var first Hash
	for range 3 {
		rows = append(rows[1:], rows[0])
		row, err := Compile(october, &Listener{Pseudonym: who, Pot: 9, Days: rows}, &plain)
		if err != nil || len(row.Shares) != 1 || row.Shares[0].Act != act(2) {
			t.Fatalf("%v, %v", row, err)
		}
		if first != (Hash{}) && row.DaysHash != first {
			t.Error("the order of rows changes the hash")
		}
		first = row.DaysHash
	}
}

// TestMergedBeforeRanking says that aliases take one place, and one day once.
func TestMergedBeforeRanking(t *testing.T) {
	who := Pseudonym{1}
	r := DayRow{Pseudonym: who, Day: 20261003, Params: 1, Claims: 1, ClaimsRoot: fill(1)}
	for i := range 10 {
		r.Acts = append(r.Acts, ActDay{act(i), 100 * Basis, 1})
		r.Total += 100 * Basis
	}
	rules := Rules{Params: Standard, Merged: []Merge{{act(8), act(0)}, {act(9), act(0)}}}
	row, err := Compile(october, &Listener{Pseudonym: who, Pot: 9_000_000, Days: [][]byte{must[[]byte](t)(r.Encode())}}, &rules)
	if err != nil {
		t.Fatal(err)
	}
	if len(row.Shares) != 8 || row.Shares[0].Act != act(0) || row.Shares[0].Credit != 300*Basis || row.Shares[0].Micro != 2_700_000 {
		t.Errorf("got %v", row.Shares)
	}
}

// anyListener draws a payer with a few days.
func anyListener(t *rapid.T, n int) *Listener {
	l := &Listener{Pseudonym: Pseudonym{byte(n)}, Pot: money.Micro(rapid.Int64Range(1, 9_000_000).Draw(t, "pot"))}
	if rapid.Bool().Draw(t, "carries") {
		l.CarryIn, l.Carried = money.Micro(rapid.Int64Range(1, 30_000_000).Draw(t, "carry")), rapid.Uint8Range(1, 3).Draw(t, "months")
	}
	l.Confirmed, l.Closed = rapid.Bool().Draw(t, "confirmed"), rapid.Bool().Draw(t, "closed")
	for d := range rapid.IntRange(0, 3).Draw(t, "days") {
		r := DayRow{Pseudonym: l.Pseudonym, Day: october.Day(d + 1), Params: 1}
		for a := range 14 {
			if c := rapid.Uint64Range(0, 3000).Draw(t, "seconds"); c > 0 {
				r.Acts = append(r.Acts, ActDay{act(a), c * Basis, uint32(c / 100)})
				r.Total += c * Basis
			}
		}
		if rapid.Bool().Draw(t, "unsigned") {
			r.UnsignedMS = r.Total / 10
		}
		b, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		l.Days = append(l.Days, b)
	}
	return l
}

// settleAll compiles listeners into trees.
func settleAll(t *rapid.T, ls []*Listener) (*Trees, []MonthRow) {
	m, err := NewMonth(october, plain)
	if err != nil {
		t.Fatal(err)
	}
	var rows []MonthRow
	for _, l := range ls {
		row, b, err := m.Add(l, Salt(l.Pseudonym))
		if err != nil {
			t.Fatal(err)
		}
		alone, err := Compile(october, l, &plain)
		if err != nil || fmt.Sprint(alone) != fmt.Sprint(row) {
			t.Fatalf("alone %v, among others %v (%v)", alone, row, err)
		}
		if parsed, err := ParseMonthRow(b); err != nil || fmt.Sprint(parsed) != fmt.Sprint(row) {
			t.Fatalf("the row reads back as %v (%v)", parsed, err)
		}
		rows = append(rows, row)
	}
	tr, err := m.Close(nil)
	if err != nil {
		t.Fatal(err)
	}
	return tr, rows
}

// lines sums up what each act gets, if anything.
func lines(tr *Trees) map[id.Act]money.Micro {
	out := make(map[id.Act]money.Micro)
	for _, l := range tr.Lines {
		if l.Sum() > 0 {
			out[l.Act] = l.Sum()
		}
	}
	return out
}

// TestOneListenerMovesOnlyTheOwnPot removes one of several listeners: nobody
// else's row changes, and the acts lose exactly what that one gave, at most the
// pot and the carry.
func TestOneListenerMovesOnlyTheOwnPot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ls []*Listener
		for n := range rapid.IntRange(1, 6).Draw(t, "listeners") {
			ls = append(ls, anyListener(t, n))
		}
		all, rows := settleAll(t, ls)
		gone := rapid.IntRange(0, len(ls)-1).Draw(t, "gone")
		rest, others := settleAll(t, slices.Delete(slices.Clone(ls), gone, gone+1))
		if fmt.Sprint(others) != fmt.Sprint(slices.Delete(slices.Clone(rows), gone, gone+1)) {
			t.Fatal("another listener's row changed")
		}
		with, without := lines(all), lines(rest)
		for _, s := range rows[gone].Shares {
			with[s.Act] -= s.Micro
			if with[s.Act] == 0 {
				delete(with, s.Act)
			}
		}
		if !maps.Equal(with, without) {
			t.Fatalf("the acts have %v, without the listener %v", with, without)
		}
		if d := all.RootB.Sum - rest.RootB.Sum; d < 0 || d > ls[gone].Pot+ls[gone].CarryIn {
			t.Fatalf("one listener moved %s with %s", d, ls[gone].Pot+ls[gone].CarryIn)
		}
	})
}

// TestTreesProveEveryShare builds months, proves all shares and settles.
func TestTreesProveEveryShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ls []*Listener
		for n := range rapid.IntRange(1, 6).Draw(t, "listeners") {
			ls = append(ls, anyListener(t, n))
		}
		tr, rows := settleAll(t, ls)
		var carry money.Micro
		for i, row := range rows {
			carry += ls[i].CarryIn
			proofs, err := tr.ShareProofs(&row, Salt(row.Pseudonym))
			if err != nil {
				t.Fatal(err)
			}
			for j, s := range row.Shares {
				leaf := Leaf{s.Act, Blind(Salt(row.Pseudonym), s.Act, row.Pseudonym), s.Micro}
				if err := proofs[j].Check(leaf, uint32(len(tr.Lines)), tr.RootB); err != nil {
					t.Fatal(err)
				}
				leaf.Micro++
				if err := proofs[j].Check(leaf, uint32(len(tr.Lines)), tr.RootB); !fault.Is(err, fault.Invalid) {
					t.Fatal("a share that is one micro larger is proved too")
				}
			}
		}
		if !slices.IsSortedFunc(tr.Lines, func(a, b Line) int { return cmp.Compare(a.Act, b.Act) }) {
			t.Fatal("the lines are not in order")
		}
		prev := Settlement{Node: node, Period: 202609, Params: 1, Totals: Totals{CarryOut: carry, Pots: carry, Received: carry + 5, UnearnedOut: 5}}
		s, err := tr.Settle(Closing{Node: node, Log: Checkpoint{LogOrigin(node), 16, fill(1)}, Previous: &prev, Received: tr.Totals.Pots, UnearnedOut: 5, Rules: "1"})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Follows(&prev); err != nil {
			t.Fatal(err)
		}
		for i := range s.fields() { // a micro more or less anywhere breaks it
			bad := s
			*bad.fields()[i]++
			if bad.Valid() == nil && bad.Follows(&prev) == nil {
				t.Fatalf("total %d can be changed", i)
			}
		}
	})
}

func TestMonthRefuses(t *testing.T) {
	m := must[*Month](t)(NewMonth(october, plain))
	add := func(n byte) error {
		_, _, err := m.Add(&Listener{Pseudonym: Pseudonym{n}, Pot: 1}, Salt{n})
		return err
	}
	if err := add(2); err != nil {
		t.Fatal(err)
	}
	for _, n := range []byte{1, 2} {
		if err := add(n); !fault.Is(err, fault.Invalid) {
			t.Errorf("listener %d after 2: %v", n, err)
		}
	}
	if _, err := m.AddRow(&MonthRow{Pseudonym: Pseudonym{3}, Period: 202609, Pot: 1, CarryOut: 1, Carried: 1, Params: 1}, Salt{}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a row of September: %v", err)
	}
	if _, err := m.Close([]Adjustment{{Act: act(2), Plus: 1}, {Act: act(1), Plus: 1}}); !fault.Is(err, fault.Invalid) {
		t.Errorf("adjustments out of order: %v", err)
	}
	if _, err := m.Close([]Adjustment{{Act: act(1), Minus: 1}}); !fault.Is(err, fault.Invalid) {
		t.Errorf("taking what is not there: %v", err)
	}
	tr, err := m.Close([]Adjustment{{Act: act(1), Plus: 3, Minus: 1}})
	if err != nil || len(tr.Lines) != 1 || tr.Lines[0].Sum() != 2 || tr.RootB.Sum != 2 || tr.Totals.Plus != 3 || tr.Totals.Minus != 1 {
		t.Errorf("%+v, %v", tr, err)
	}
	if _, err := NewMonth(202613, plain); !fault.Is(err, fault.Invalid) {
		t.Errorf("a 13th month: %v", err)
	}
}

func TestSettlementFollows(t *testing.T) {
	w := newWorld(t)
	next := Settlement{Node: node, Period: 202611, Params: 1, Previous: must[Hash](t)(w.settlement.Hash()), LogSize: 32, LogRoot: fill(1),
		Totals: Totals{CarryIn: w.settlement.CarryOut, CarryOut: w.settlement.CarryOut}}
	if err := cmp.Or(next.Valid(), next.Follows(&w.settlement)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Settlement){
		"another node":   func(s *Settlement) { s.Node = "other.example" },
		"a month later":  func(s *Settlement) { s.Period = 202612 },
		"another before": func(s *Settlement) { s.Previous = fill(1) },
		"a carry lost":   func(s *Settlement) { s.CarryIn-- },
		"a shorter log":  func(s *Settlement) { s.LogSize = 8 },
		"unearned":       func(s *Settlement) { s.UnearnedIn = 1 },
	} {
		bad := next
		change(&bad)
		if err := bad.Follows(&w.settlement); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := next.Follows(nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("as the first: %v", err)
	}
}
