package contracttest

import (
	"bytes"
	"slices"
	"testing"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty"
)

func month(t *testing.T, w *world) {
	w.closeLog(t)
	m := w.month(t, w.listeners(3), nil)
	wants(t, "not published", w.finalize(), fault.NotFound)
	wants(t, "publish", w.publish(t, m.s), fine)
	wants(t, "publish twice", w.publish(t, m.s), fault.Conflict)
	wants(t, "late payment", one(w.c.RecordPayments(w.ctx, w.op(), contract.DayPayments{Node: home, Day: w.period.Day(9)})), fault.Conflict)
	wants(t, "late part", one(w.c.PayOperators(w.ctx, w.op(), contract.OperatorPay{Node: home, Period: w.period})), fault.Conflict)
	wants(t, "finalize", w.finalize(), fine)
	wants(t, "finalize twice", w.finalize(), fault.Conflict)
	p, err := w.c.Proof(w.ctx, home, w.period)
	wants(t, "proof", err, fine)
	got, err := p.Settlement.Parse()
	wants(t, "parse", err, fine)
	if got != m.s || p.Settlement.State != contract.Final || p.Settlement.Review != contract.NotReviewed || p.Anchor.Root != contract.Digest(m.s.LogRoot) ||
		p.Settlement.Seed != p.Rules.Seed || p.Batch != nil || len(p.Faults) != 0 {
		t.Errorf("proof = %+v", p)
	}

	// The month after follows, with nothing in it.
	prev := m.s
	w.period = w.period.Add(1)
	w.closeLog(t)
	next := royalty.Settlement{Node: home, Period: w.period, Params: 1, LogSize: uint64(len(w.leaves)), LogRoot: royalty.Root(w.leaves),
		Rules: "v1", Vectors: prev.Vectors}
	wants(t, "no previous", w.publish(t, next), fault.Invalid)
	next.Previous, err = prev.Hash()
	wants(t, "hash", err, fine)
	gap := next
	gap.Period = w.period.Add(1)
	w.anchor(t, gap.Period.LastDay())
	next.LogSize, next.LogRoot = uint64(len(w.leaves)), royalty.Root(w.leaves)
	gap.LogSize, gap.LogRoot = next.LogSize, next.LogRoot
	wants(t, "a month left out", w.publish(t, gap), fault.Invalid)
	wants(t, "the next month", w.publish(t, next), fine)
	last, err := w.c.LastSettlement(w.ctx, home)
	wants(t, "last", err, fine)
	if last.Period != w.period {
		t.Errorf("last = %v", last.Period)
	}
}

// sumBAt is where sumB begins in the bytes of home's settlement.
const sumBAt = len("9ten/settlement/v1\x00") + 2 + len(home) + 4 + 4 + 8 + 32 + 32 + 32 + 4 + 32 + 4

func refusals(t *testing.T, w *world) {
	listeners := w.listeners(2)
	early := royalty.Settlement{Node: home, Period: w.period, Params: 1, Rules: "v1", Vectors: royalty.Hash(digest(1))}
	wants(t, "before any anchor", w.publish(t, early), fault.NotFound)
	w.anchor(t, w.period.LastDay().Add(-1))
	early.LogSize, early.LogRoot = uint64(len(w.leaves)), royalty.Root(w.leaves)
	wants(t, "before the last day is anchored", w.publish(t, early), fault.Conflict)
	w.anchor(t, w.period.LastDay())
	early.LogSize, early.LogRoot = uint64(len(w.leaves)), royalty.Root(w.leaves)
	wants(t, "before the beacon", w.publish(t, early), fault.Conflict)
	first := calendar.DayOf(w.period.End())
	w.anchor(t, first)
	w.anchor(t, first.Add(1))
	early.LogSize, early.LogRoot = uint64(len(w.leaves)), royalty.Root(w.leaves)
	wants(t, "before the beacon is fixed", w.publish(t, early), fault.Conflict)
	w.anchor(t, first.Add(2))
	m := w.month(t, listeners, nil)
	open := early
	open.Period = calendar.PeriodOf(w.net.Now())
	wants(t, "a month that is not over", w.publish(t, open), fault.Invalid)
	for _, tt := range []struct {
		what   string
		change func(*royalty.Settlement)
	}{
		{"an older log", func(s *royalty.Settlement) { s.LogSize -= 16; s.LogRoot = royalty.Root(w.leaves[:s.LogSize]) }},
		{"another root", func(s *royalty.Settlement) { s.LogRoot = royalty.Hash(digest("other")) }},
		{"other parameters", func(s *royalty.Settlement) { s.Params = 2 }},
		{"no rules", func(s *royalty.Settlement) { s.Rules = "" }},
		{"no vectors", func(s *royalty.Settlement) { s.Vectors = royalty.Hash{} }},
		{"a previous one", func(s *royalty.Settlement) { s.Previous = royalty.Hash(digest("p")) }},
		{"a carry from nowhere", func(s *royalty.Settlement) { s.CarryIn++; s.Commons++ }},
		{"unearned from nowhere", func(s *royalty.Settlement) { s.UnearnedIn++; s.UnearnedOut++ }},
		{"more received than recorded", func(s *royalty.Settlement) { s.Received++; s.UnearnedOut++ }},
		{"refunds not recorded", func(s *royalty.Settlement) { s.Refunded++; s.Received++ }},
		{"the operator takes more", func(s *royalty.Settlement) { s.Operator++; s.Pots--; s.SumB-- }},
		{"another payer", func(s *royalty.Settlement) { s.Payers-- }},
		{"corrections nobody ordered", func(s *royalty.Settlement) { s.Plus++; s.SumB++ }},
		{"a cut nobody ordered", func(s *royalty.Settlement) { s.Minus++; s.SumB-- }},
	} {
		s := m.s
		tt.change(&s)
		wants(t, tt.what, w.publish(t, s), fault.Invalid)
	}
	b, err := m.s.Encode()
	wants(t, "encode", err, fine)
	broken := bytes.Clone(b)
	broken[sumBAt+7] ^= 1
	wants(t, "broken sum", one(w.c.PublishSettlement(w.ctx, w.op(), w.filing(broken))), fault.Invalid)
	unsigned := w.filing(b)
	unsigned.Signature[0] ^= 1
	wants(t, "signature", one(w.c.PublishSettlement(w.ctx, w.op(), unsigned)), fault.Invalid)
	unsigned.Signature = nil
	wants(t, "no signature", one(w.c.PublishSettlement(w.ctx, w.op(), unsigned)), fault.Invalid)
	wants(t, "no settlement", one(w.c.PublishSettlement(w.ctx, w.op(), w.filing([]byte("9ten")))), fault.Invalid)
	wants(t, "another node", one(w.register(t, "b.example").PublishSettlement(w.ctx, w.op(), w.filing(b))), fault.Forbidden)
	wants(t, "after all that", w.publish(t, m.s), fine)
}

func batch(t *testing.T, w *world) {
	w.closeLog(t)
	listeners := w.listeners(30)
	m := w.month(t, listeners, nil)
	var lines [][]byte
	var paid, waiting money.Micro
	for _, l := range m.trees.Lines {
		b, err := l.Encode()
		wants(t, "line", err, fine)
		lines = append(lines, b)
		if l.Sum() >= 5*money.Dollar {
			paid += l.Sum()
		} else {
			waiting += l.Sum()
		}
	}
	if len(lines) <= contract.BatchChunk || paid == 0 || waiting == 0 {
		t.Fatalf("%d lines, %v paid, %v waiting: the month tests too little", len(lines), paid, waiting)
	}
	send := func(chunk uint32, lines [][]byte) error {
		return one(w.c.FixPayoutBatch(w.ctx, w.op(), contract.BatchLines{Node: home, Period: w.period, Chunk: chunk, Lines: lines}))
	}
	wants(t, "not settled", send(0, lines[:200]), fault.NotFound)
	wants(t, "publish", w.publish(t, m.s), fine)
	wants(t, "not final", send(0, lines[:200]), fault.Conflict)
	wants(t, "finalize", w.finalize(), fine)
	wants(t, "payout", w.payout(popular, "wallet"), fine)
	wants(t, "short chunk", send(0, lines[:199]), fault.Invalid)
	wants(t, "second chunk first", send(1, lines[200:]), fault.Conflict)
	twisted := slices.Clone(lines[:200])
	twisted[3], twisted[4] = twisted[4], twisted[3]
	wants(t, "out of order", send(0, twisted), fault.Invalid)
	wants(t, "first chunk", send(0, lines[:200]), fine)
	altered := slices.Clone(lines[200:])
	l, err := royalty.ParseLine(altered[1])
	wants(t, "parse", err, fine)
	l.Micro++
	altered[1], _ = l.Encode()
	wants(t, "altered line", send(1, altered), fault.Invalid)

	// Going on with fresh ids for the chunk that is taken is refused; the ids
	// used by a job make it a repetition.
	wants(t, "second chunk", send(1, lines[200:]), fine)
	wants(t, "third chunk", send(2, nil), fault.Conflict)
	b, err := w.c.Batch(w.ctx, home, w.period)
	wants(t, "batch", err, fine)
	if !b.Fixed || b.Total != paid || b.Credited != uint32(len(lines)) || b.Chunks != 2 || b.Hash == (contract.Digest{}) {
		t.Errorf("batch = %+v, want %v", b, paid)
	}
	payees, err := w.c.Payees(w.ctx, home, w.period)
	wants(t, "payees", err, fine)
	if len(payees) != int(b.Payees) || payees[0].Act != popular || payees[0].Micro != m.trees.Lines[0].Sum() {
		t.Errorf("payees = %+v", payees)
	}
	balances, err := w.c.Balances(w.ctx, home)
	wants(t, "balances", err, fine)
	var owed money.Micro
	for _, x := range balances {
		owed += x.Micro
	}
	if owed != waiting || len(balances) != len(lines) {
		t.Errorf("%d balances of %v, want %v", len(balances), owed, waiting)
	}
	if early := balances[len(balances)-1]; len(early.Since) != 1 || early.Since[0].Micro != early.Micro || early.Since[0].Period != w.period {
		t.Errorf("balance = %+v", early)
	} else {
		wants(t, "to the commons at once", w.forfeit(early.Act, w.period), fault.Invalid)
	}

	w.period = w.period.Add(1)
	w.closeLog(t)
	prev, err := m.s.Hash()
	wants(t, "hash", err, fine)
	wants(t, "an empty month", w.publish(t, royalty.Settlement{Node: home, Period: w.period, Params: 1, LogSize: uint64(len(w.leaves)),
		LogRoot: royalty.Root(w.leaves), Previous: prev, Rules: "v1", Vectors: m.s.Vectors}), fine)
	wants(t, "finalize", w.finalize(), fine)
	for range 2 { // the second time is a repetition
		empty, err := w.c.FixBatch(w.ctx, "batch", home, w.period, nil)
		wants(t, "empty batch", err, fine)
		if !empty.Fixed || empty.Total != 0 || empty.Payees != 0 {
			t.Errorf("empty = %+v", empty)
		}
	}
}

// payout says where an act of home is paid, "": nowhere.
func (w *world) payout(a id.Act, where string) error {
	in := contract.ActRegistration{Node: home, Act: a}
	if where != "" {
		in.Payout = digest(where)
	}
	return one(w.c.RegisterAct(w.ctx, w.op(), in))
}

func (w *world) forfeit(a id.Act, p calendar.Period) error {
	return one(w.c.ForfeitBalance(w.ctx, w.op(), contract.BalanceRef{Node: home, Act: a, Period: p}))
}

// settled takes a month of listeners to its batch.
func (w *world) settled(t *testing.T, listeners []*royalty.Listener) {
	t.Helper()
	w.closeLog(t)
	m := w.month(t, listeners, nil)
	w.carry(t, m)
}

// carry publishes a month, makes it final and fixes its batch.
func (w *world) carry(t *testing.T, m made) {
	t.Helper()
	wants(t, "publish", w.publish(t, m.s), fine)
	wants(t, "finalize", w.finalize(), fine)
	var lines [][]byte
	for _, l := range m.trees.Lines {
		b, err := l.Encode()
		wants(t, "line", err, fine)
		lines = append(lines, b)
	}
	_, err := w.c.FixBatch(w.ctx, w.op(), home, w.period, lines)
	wants(t, "batch", err, fine)
}

// forfeits lets money wait in vain: the month lies so far back that its year is
// over.
func forfeits(t *testing.T, w *world) {
	w.period = calendar.PeriodOf(w.net.Now()).Add(-15)
	paid, lost, back := act(1), act(2), act(3)
	wants(t, "an address", w.payout(paid, "wallet"), fine)
	w.settled(t, w.listeners(1))
	balances, err := w.c.Balances(w.ctx, home)
	wants(t, "balances", err, fine)
	if b, err := w.c.Batch(w.ctx, home, w.period); err != nil || b.Payees != 0 || len(balances) != 9 || balances[0].Act != popular || balances[0].Micro < 5*money.Dollar {
		t.Fatalf("an act without an address is paid: %+v, %+v, %v", b, balances, err)
	}
	wants(t, "an address", w.payout(back, "wallet"), fine)
	wants(t, "has one", w.forfeit(back, w.period), fault.Conflict)
	wants(t, "taken back", w.payout(back, ""), fine)
	wants(t, "had one until now", w.forfeit(back, w.period), fault.Invalid)
	wants(t, "can be paid, and waits for the minimum", w.forfeit(paid, w.period), fault.Conflict)
	wants(t, "another month", w.forfeit(lost, w.period.Add(1)), fault.Conflict)
	wants(t, "nobody", w.forfeit(act(77), w.period), fault.NotFound)
	ref := contract.BalanceRef{Node: home, Act: lost, Period: w.period}
	wants(t, "another node", one(w.register(t, "b.example").ForfeitBalance(w.ctx, w.op(), ref)), fault.Forbidden)
	for range 2 { // the second time is a repetition
		wants(t, "in vain", one(w.c.ForfeitBalance(w.ctx, "lost", ref)), fine)
	}
	wants(t, "twice", w.forfeit(lost, w.period), fault.Conflict)
	gone, err := w.c.Forfeits(w.ctx, home, "")
	wants(t, "forfeits", err, fine)
	after, err := w.c.Balances(w.ctx, home)
	wants(t, "balances", err, fine)
	if one, err := w.c.Forfeits(w.ctx, home, lost); err != nil || len(one) != 1 {
		t.Errorf("forfeits of the act = %+v, %v", one, err)
	}
	if none, err := w.c.Balance(w.ctx, home, lost); err != nil || none.Micro != 0 || len(none.Since) != 0 {
		t.Errorf("balance = %+v, %v", none, err)
	}
	if len(gone) != 1 || gone[0].BalanceRef != ref || gone[0].Micro != balances[2].Micro || gone[0].Micro == 0 || after[2].Micro != 0 || after[0].Micro != balances[0].Micro {
		t.Errorf("forfeits = %+v, balances %+v", gone, after)
	}
	acts, err := w.c.Acts(w.ctx, home)
	wants(t, "acts", err, fine)
	if len(acts) != 2 || acts[0].Address != 1 || acts[1].Address != 2 || acts[1].Payout != (contract.Digest{}) {
		t.Errorf("acts = %+v", acts)
	}
}
