package contracttest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty"
)

// steal moves a dollar from a listener's second act to the first.
func steal(victim int) func(int, *royalty.MonthRow) {
	return func(i int, r *royalty.MonthRow) {
		if i == victim {
			r.Shares[0].Micro += 1000
			r.Shares[1].Micro -= 1000
		}
	}
}

func faultSplit(t *testing.T, w *world) {
	w.closeLog(t)
	listeners := w.listeners(5)
	m := w.month(t, listeners, steal(3))
	wants(t, "nothing settled", w.prove(contract.WrongSplit, m.rowEvidence(t, 3, listeners[3])), fault.NotFound)
	wants(t, "publish", w.publish(t, m.s), fine)

	good := m.rowEvidence(t, 2, listeners[2])
	wants(t, "an honest row", w.prove(contract.WrongSplit, good), fault.Conflict)
	bad := m.rowEvidence(t, 3, listeners[3])
	for _, tt := range []struct {
		what   string
		change func(*contract.Evidence)
	}{
		{"another place", func(e *contract.Evidence) { e.Index = 2 }},
		{"another salt", func(e *contract.Evidence) { e.Salt = make([]byte, 16) }},
		{"a short salt", func(e *contract.Evidence) { e.Salt = e.Salt[:3] }},
		{"another's days", func(e *contract.Evidence) { e.Days = listeners[2].Days }},
		{"no days", func(e *contract.Evidence) { e.Days = nil }},
		{"an altered row", func(e *contract.Evidence) { e.Row = m.rows[2] }},
	} {
		ev := bad
		tt.change(&ev)
		wants(t, tt.what, w.prove(contract.WrongSplit, ev), fault.Invalid)
	}
	wants(t, "no such kind", w.prove("taste", bad), fault.Unsupported)
	stranger := w.net.As("x.example", Admin)
	claim := contract.FaultClaim{Node: home, Period: w.period, Kind: contract.WrongSplit}
	wants(t, "not registered", one(stranger.ProveFault(w.ctx, w.op(), claim, bad)), fault.Forbidden)
	// Another node carries it: the accused need not help.
	wants(t, "a wrong row", one(w.register(t, "b.example").ProveFault(w.ctx, w.op(), claim, bad)), fine)
	wants(t, "again", w.prove(contract.WrongSplit, bad), fault.Conflict)
	wants(t, "finalize a faulty one", w.finalize(), fault.Conflict)

	faults, err := w.c.Faults(w.ctx, home, w.period)
	wants(t, "faults", err, fine)
	if len(faults) != 1 || faults[0].By != "b.example" || !faults[0].Reopened {
		t.Errorf("faults = %+v", faults)
	}
	right := w.remake(t, listeners)
	wants(t, "settle again", w.publish(t, right.s), fine)
	rec, err := w.c.Settlement(w.ctx, home, w.period)
	wants(t, "settlement", err, fine)
	if rec.State != contract.Published || rec.Replaced != 1 {
		t.Errorf("settlement = %+v", rec)
	}
	wants(t, "finalize", w.finalize(), fine)
}

// remake compiles the month honestly once the payments are recorded.
func (w *world) remake(t *testing.T, listeners []*royalty.Listener) made {
	rules := w.rules(t)
	m, err := royalty.NewMonth(w.period, rules)
	wants(t, "new month", err, fine)
	for _, l := range listeners {
		_, _, err := m.Add(l, salt(l.Pseudonym))
		wants(t, "add", err, fine)
	}
	var out made
	out.trees, err = m.Close(nil)
	wants(t, "close", err, fine)
	part := money.Micro(len(listeners)) * money.Dollar
	out.s, err = out.trees.Settle(royalty.Closing{Node: home, Log: w.checkpoint(), Received: 10 * part, Operator: part, Rules: "v1", Vectors: royalty.Hash(digest("vectors"))})
	wants(t, "settle", err, fine)
	return out
}

func faultLate(t *testing.T, w *world) {
	w.closeLog(t)
	listeners := w.listeners(3)
	m := w.month(t, listeners, steal(0))
	wants(t, "publish", w.publish(t, m.s), fine)
	wants(t, "finalize", w.finalize(), fine)
	wants(t, "a wrong row", w.prove(contract.WrongSplit, m.rowEvidence(t, 0, listeners[0])), fine)
	rec, err := w.c.Settlement(w.ctx, home, w.period)
	wants(t, "settlement", err, fine)
	if rec.State != contract.Final {
		t.Errorf("a final settlement became %s", rec.State)
	}
	w.period = w.period.Add(1)
	xs, err := w.c.Corrections(w.ctx, home, w.period)
	wants(t, "corrections", err, fine)
	row, err := royalty.ParseMonthRow(m.rows[0])
	wants(t, "row", err, fine)
	if len(xs) != 2 || xs[0].Act != string(row.Shares[0].Act) || xs[0].Minus != 1000 || xs[1].Act != string(row.Shares[1].Act) || xs[1].Plus != 1000 {
		t.Fatalf("corrections = %+v", xs)
	}

	w.giveBack(t, m.s)
}

// giveBack settles a month in which nobody listened after one in which acts were
// paid of what belonged to others: the others get it, and those who had too much
// have nothing to take from, so that waits.
func (w *world) giveBack(t *testing.T, before royalty.Settlement) {
	t.Helper()
	w.closeLog(t)
	prev, err := before.Hash()
	wants(t, "hash", err, fine)
	ordered, err := w.c.Corrections(w.ctx, home, w.period)
	wants(t, "corrections", err, fine)
	var adjust []royalty.Adjustment
	var plus, minus money.Micro
	for _, x := range ordered {
		adjust = append(adjust, royalty.Adjustment{Act: id.Act(x.Act), Plus: x.Plus})
		plus, minus = plus+x.Plus, minus+x.Minus
	}
	month, err := royalty.NewMonth(w.period, w.rules(t))
	wants(t, "month", err, fine)
	trees, err := month.Close(adjust)
	wants(t, "close", err, fine)
	w.carry(t, made{trees: trees, s: royalty.Settlement{Node: home, Period: w.period, Params: 1, LogSize: uint64(len(w.leaves)), LogRoot: royalty.Root(w.leaves), Previous: prev,
		RootB: trees.RootB.Hash, SumB: trees.RootB.Sum, Lines: uint32(len(adjust)), Totals: royalty.Totals{Plus: plus}, Rules: "v1", Vectors: before.Vectors}})
	rest, err := w.c.Corrections(w.ctx, home, w.period.Add(1))
	wants(t, "the rest", err, fine)
	if plus == 0 || len(rest) != 1 || rest[0].Minus != minus {
		t.Errorf("what could not be taken does not wait: %+v", rest)
	}
}

func faultLeaf(t *testing.T, w *world) {
	day := royalty.DayRow{Day: w.period.Day(1), Params: 1}
	row, err := day.Encode()
	wants(t, "row", err, fine)
	honest := royalty.EntryLeaf(royalty.EntryHash(royalty.Salt{1}, row))
	w.leaves = append(w.leaves, honest, royalty.Hash(digest("padding")))
	w.leaves = append(w.leaves[:0:0], w.leaves...)
	in := contract.DayAnchor{Node: home, Day: w.period.Day(1), Size: 2, Root: contract.Digest(royalty.Root(w.leaves)), Commit: digest("c")}
	wants(t, "anchor", one(w.c.AnchorDay(w.ctx, w.op(), in)), fine)
	path, err := royalty.NewTree(w.leaves).Prove(0)
	wants(t, "path", err, fine)

	show := func(row []byte, index uint64, signer ed25519.PrivateKey) contract.Evidence {
		s := royalty.Served{Origin: royalty.LogOrigin(home), Size: 9, Index: index, Row: sha256.Sum256(row), Salt: royalty.Salt{1}}
		b, err := s.Encode()
		wants(t, "served", err, fine)
		return contract.Evidence{Served: b, Signature: ed25519.Sign(signer, b), Row: row, Leaf: contract.Digest(honest), Path: contract.Digests(path)}
	}
	day.UnsignedMS = 1
	other, err := day.Encode()
	wants(t, "other", err, fine)
	wants(t, "the logged row", w.prove(contract.WrongLeaf, show(row, 0, w.log)), fault.Conflict)
	wants(t, "signed by somebody", w.prove(contract.WrongLeaf, show(other, 0, w.settle)), fault.Invalid)
	wants(t, "not anchored yet", w.prove(contract.WrongLeaf, show(other, 5, w.log)), fault.NotFound)
	wrong := show(other, 0, w.log)
	wrong.Leaf = digest("invented")
	wants(t, "an invented leaf", w.prove(contract.WrongLeaf, wrong), fault.Invalid)
	wrong = show(other, 0, w.log)
	wrong.Row = row
	wants(t, "another row than signed", w.prove(contract.WrongLeaf, wrong), fault.Invalid)
	wants(t, "a row that is not logged", w.prove(contract.WrongLeaf, show(other, 0, w.log)), fine)
	wants(t, "again", w.prove(contract.WrongLeaf, show(other, 0, w.log)), fault.Conflict)
}

// byHand publishes a settlement over a tree B that no honest code would build.
func (w *world) byHand(t *testing.T, root royalty.SumNode, lines uint32) {
	t.Helper()
	w.closeLog(t)
	payers := uint32((root.Sum + 9*money.Dollar - 1) / (9 * money.Dollar))
	pots := 9 * money.Dollar * money.Micro(payers)
	w.paid(t, payers, pots/9, pots)
	wants(t, "publish", w.publish(t, royalty.Settlement{Node: home, Period: w.period, Params: 1, LogSize: uint64(len(w.leaves)), LogRoot: royalty.Root(w.leaves),
		RootA: royalty.Hash(digest("A")), SizeA: payers, RootB: root.Hash, Lines: lines, SumB: root.Sum, Payers: payers,
		Totals: royalty.Totals{Pots: pots, Commons: pots - root.Sum, Received: pots / 9 * 10, Operator: pots / 9},
		Rules:  "v1", Vectors: royalty.Hash(digest("vectors"))}), fine)
}

// leaves makes a line of act n with two leaves.
func leaves(t *testing.T, n int, a, b money.Micro) (line, first []byte, steps []contract.SumStep, node royalty.SumNode) {
	t.Helper()
	var nodes []royalty.SumNode
	for i, micro := range []money.Micro{a, b} {
		l := royalty.Leaf{Act: act(n), Blind: royalty.Hash{byte(i + 1)}, Micro: micro}
		data, err := l.Encode()
		wants(t, "leaf", err, fine)
		if i == 0 {
			first = data
		}
		nodes = append(nodes, royalty.SumLeaf(data, micro))
	}
	sub, err := royalty.SumOver(nodes[0], nodes[1])
	wants(t, "subtree", err, fine)
	l := royalty.Line{Act: act(n), Micro: sub.Sum, Count: 2, Subroot: sub.Hash}
	line, err = l.Encode()
	wants(t, "line", err, fine)
	return line, first, []contract.SumStep{{Left: ref(nodes[0]), Right: ref(nodes[1])}}, royalty.SumLeaf(line, l.Sum())
}

func ref(n royalty.SumNode) contract.SumRef {
	return contract.SumRef{Hash: contract.Digest(n.Hash), Sum: n.Sum}
}

func faultLine(t *testing.T, w *world) {
	a, _, _, na := leaves(t, 1, 100, 200)
	b, _, _, nb := leaves(t, 1, 300, 400) // the same act again
	c, _, _, nc := leaves(t, 2, 500, 600)
	ab, err := royalty.SumOver(na, nb)
	wants(t, "sum", err, fine)
	root, err := royalty.SumOver(ab, nc)
	wants(t, "root", err, fine)
	w.byHand(t, root, 3)
	first := &contract.LineAt{Line: a, Index: 0, Path: []contract.SumRef{ref(nb), ref(nc)}}
	second := &contract.LineAt{Line: b, Index: 1, Path: []contract.SumRef{ref(na), ref(nc)}}
	third := &contract.LineAt{Line: c, Index: 2, Path: []contract.SumRef{ref(ab)}}
	wants(t, "in order", w.prove(contract.WrongLine, contract.Evidence{First: first, Second: third}), fault.Conflict)
	wants(t, "one line", w.prove(contract.WrongLine, contract.Evidence{First: first}), fault.Invalid)
	wants(t, "the same line", w.prove(contract.WrongLine, contract.Evidence{First: first, Second: first}), fault.Invalid)
	moved := *third
	moved.Index = 1
	wants(t, "another place", w.prove(contract.WrongLine, contract.Evidence{First: first, Second: &moved}), fault.Invalid)
	wants(t, "an act twice", w.prove(contract.WrongLine, contract.Evidence{First: first, Second: second}), fine)
	wants(t, "finalize", w.finalize(), fault.Conflict)
}

func faultSum(t *testing.T, w *world) {
	a, leaf, inner, na := leaves(t, 1, 100, 200)
	b, _, _, nb := leaves(t, 2, 300, 400)
	nb.Sum += 50 // the line says 700, the node above says 750
	root, err := royalty.SumOver(na, nb)
	wants(t, "root", err, fine)
	w.byHand(t, root, 2)
	top := contract.SumStep{Left: ref(na), Right: ref(nb)}
	right := top
	right.Turn = true
	wants(t, "the honest half", w.prove(contract.WrongSum, contract.Evidence{Down: []contract.SumStep{top}, Line: a, Deeper: inner, Bottom: leaf}), fault.Conflict)
	wants(t, "half a proof", w.prove(contract.WrongSum, contract.Evidence{Down: []contract.SumStep{right}}), fault.Conflict)
	wants(t, "another line", w.prove(contract.WrongSum, contract.Evidence{Down: []contract.SumStep{top}, Line: b}), fault.Invalid)
	wants(t, "an invented step", w.prove(contract.WrongSum, contract.Evidence{Down: inner}), fault.Invalid)
	wants(t, "a sum unlike its line", w.prove(contract.WrongSum, contract.Evidence{Down: []contract.SumStep{right}, Line: b}), fine)
}

// faultRoot settles a root that is worth more than its children.
func faultRoot(t *testing.T, w *world) {
	_, _, _, na := leaves(t, 1, 100, 200)
	_, _, _, nb := leaves(t, 2, 300, 400)
	root, err := royalty.SumOver(na, nb)
	wants(t, "root", err, fine)
	root.Sum += 50
	w.byHand(t, root, 2)
	top := contract.SumStep{Left: ref(na), Right: ref(nb)}
	wants(t, "a root unlike its children", w.prove(contract.WrongSum, contract.Evidence{Down: []contract.SumStep{top}}), fine)
	top.Turn = true
	wants(t, "the same from the other side", w.prove(contract.WrongSum, contract.Evidence{Down: []contract.SumStep{top}}), fault.Conflict)
}

func faultInvariant(t *testing.T, w *world) {
	w.closeLog(t)
	m := w.month(t, w.listeners(2), nil)
	wants(t, "publish", w.publish(t, m.s), fine)
	b, err := m.s.Encode()
	wants(t, "encode", err, fine)
	signed := func(b []byte, k ed25519.PrivateKey) contract.Evidence {
		return contract.Evidence{Settlement: b, Signature: ed25519.Sign(k, b)}
	}
	wants(t, "the published one", w.prove(contract.BrokenInvariant, signed(b, w.settle)), fault.Conflict)
	broken := bytes.Clone(b)
	broken[sumBAt+7] ^= 1
	wants(t, "signed by somebody", w.prove(contract.BrokenInvariant, signed(broken, w.log)), fault.Invalid)
	wants(t, "no settlement", w.prove(contract.BrokenInvariant, signed(b[:40], w.settle)), fault.Invalid)
	wants(t, "a broken sum", w.prove(contract.BrokenInvariant, signed(broken, w.settle)), fine)
	two := m.s
	two.Vectors = royalty.Hash(digest("others"))
	b2, err := two.Encode()
	wants(t, "encode", err, fine)
	wants(t, "two settlements", w.prove(contract.BrokenInvariant, signed(b2, w.settle)), fine)
	old := contract.FaultClaim{Node: home, Period: calendar.PeriodOf(w.net.Now()).Add(-14), Kind: contract.BrokenInvariant}
	wants(t, "after 13 months", one(w.c.ProveFault(w.ctx, w.op(), old, signed(broken, w.settle))), fault.Invalid)
	wants(t, "no evidence", one(w.c.ProveFault(w.ctx, w.op(), contract.FaultClaim{Node: home, Period: w.period, Kind: contract.WrongSum}, contract.Evidence{})), fault.Conflict)
}

func faultRow(t *testing.T, w *world) {
	w.closeLog(t)
	listeners := w.listeners(2)
	m := w.month(t, listeners, nil)
	// The second row is of another month: nobody honest put it there.
	row, err := royalty.ParseMonthRow(m.rows[1])
	wants(t, "row", err, fine)
	row.Period, row.Basis = row.Period.Add(1), row.Period
	m.rows[1], err = row.Encode()
	wants(t, "encode", err, fine)
	s := salt(listeners[1].Pseudonym)
	m.trees.Rows[1] = royalty.EntryLeaf(royalty.EntryHash(s, m.rows[1]))
	m.s.RootA = royalty.Root(m.trees.Rows)
	wants(t, "publish", w.publish(t, m.s), fine)
	wants(t, "a good row", w.prove(contract.BrokenInvariant, m.rowEvidence(t, 0, listeners[0])), fault.Conflict)
	wants(t, "a row of another month", w.prove(contract.BrokenInvariant, m.rowEvidence(t, 1, listeners[1])), fine)
	wants(t, "finalize", w.finalize(), fault.Conflict)
}

// Accuse lets a.example publish a settlement in which a thousandth of a dollar
// each of two listeners, 0 and 1, went to another act, and returns what proves
// either: for any node to carry.
func Accuse(t *testing.T, net Network) func(ctx context.Context, by contract.Client, victim int) error {
	w := newWorld(t, net)
	w.closeLog(t)
	listeners := w.listeners(2)
	m := w.month(t, listeners, func(i int, r *royalty.MonthRow) { steal(i)(i, r) })
	wants(t, "publish", w.publish(t, m.s), fine)
	ev := []contract.Evidence{m.rowEvidence(t, 0, listeners[0]), m.rowEvidence(t, 1, listeners[1])}
	return func(ctx context.Context, by contract.Client, victim int) error {
		return one(by.ProveFault(ctx, fmt.Sprint("accuse/", victim), contract.FaultClaim{Node: home, Period: w.period, Kind: contract.WrongSplit}, ev[victim]))
	}
}
