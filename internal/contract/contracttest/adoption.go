package contracttest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty"
)

// alone is home's own ledger with two settled months: one was found faulty and
// settled again, the other is faulty in two rows, of which one was proved.
type alone struct {
	*world
	own       *Own
	first     calendar.Period
	listeners []*royalty.Listener
	m         made // of the second month
}

func newAlone(t *testing.T, now Network) *alone {
	own := OpenOwn(t, true)
	own.Time = calendar.PeriodOf(now.Now()).Add(-4).Start()
	a := &alone{world: newWorld(t, own), own: own}
	for n := range 3 {
		wants(t, "act", one(a.c.RegisterAct(a.ctx, a.op(), contract.ActRegistration{Node: home, Act: act(n)})), fine)
	}
	wants(t, "wallet", a.payout(popular, "wallet"), fine)
	wants(t, "wallet", a.payout(act(1), "wallet"), fine)
	wants(t, "merge", one(a.c.MergeActs(a.ctx, a.op(), contract.ActMerge{A: act(1), B: act(2)})), fine)
	own.Time = now.Now()

	a.first = calendar.PeriodOf(own.Time).Add(-4)
	a.period = a.first
	a.closeLog(t)
	few := a.world.listeners(2)
	spoiled := a.month(t, few, steal(1))
	wants(t, "publish", a.publish(t, spoiled.s), fine)
	wants(t, "prove", a.prove(contract.WrongSplit, spoiled.rowEvidence(t, 1, few[1])), fine)
	right := a.remake(t, few)
	a.carry(t, right)

	a.period = a.first.Add(1)
	a.closeLog(t)
	a.listeners = a.world.listeners(5)
	a.m = a.month(t, a.listeners, func(i int, r *royalty.MonthRow) { steal(1)(i, r); steal(3)(i, r) })
	var err error
	a.m.s.Previous, err = right.s.Hash()
	wants(t, "hash", err, fine)
	a.carry(t, a.m)
	wants(t, "prove late", a.prove(contract.WrongSplit, a.m.rowEvidence(t, 1, a.listeners[1])), fine)
	return a
}

// goesOn continues home's log on another network, with operations of its own.
func (w *world) goesOn(on *world) {
	on.leaves, on.secret, on.open, on.period, on.ops = w.leaves, w.secret, w.open, w.period, on.ops+1000
}

func adoption(t *testing.T, w *world) {
	b := w.register(t, "b.example")
	w.register(t, "c.example")
	early := w.period.Add(-3).Day(1)
	wants(t, "b anchors", one(b.AnchorDay(w.ctx, w.op(), contract.DayAnchor{Node: "b.example", Day: early, Commit: commit(t, "b.example", early, digest(1))})), fine)
	wants(t, "b takes an act", one(b.RegisterAct(w.ctx, w.op(), contract.ActRegistration{Node: "b.example", Act: act(0)})), fine)
	a := newAlone(t, w.net)
	p := a.own.pack(t)
	if again := a.own.pack(t); again.Filing != p.Filing {
		t.Fatalf("one ledger is packed as %+v and %+v", p.Filing, again.Filing)
	}
	p = thin(t, p, 3)
	st, err := a.c.Ledger.Status(a.ctx)
	wants(t, "status", err, fine)
	for range 2 { // the second time is a repetition
		got, err := w.c.Adopt(w.ctx, p)
		wants(t, "adopt", err, fine)
		if got.State != contract.Adopted || got.Head != st.Head || got.Height != st.Height || got.Done == 0 || got.Day != a.open {
			t.Errorf("adoption = %+v", got)
		}
	}
	if seen, err := b.Packed(w.ctx, home); err != nil || seen.Filing != p.Filing {
		t.Errorf("anybody reads %+v, %v", seen.Filing, err)
	}
	a.goesOn(w)
	adoptedMonths(t, w, a)

	// What the second row of the second month hides can still be proved, by others,
	// and what is right is right by the rules it was made with.
	claim := contract.FaultClaim{Node: home, Period: w.period, Kind: contract.WrongSplit}
	wants(t, "an honest row", one(b.ProveFault(w.ctx, w.op(), claim, a.m.rowEvidence(t, 0, a.listeners[0]))), fault.Conflict)
	wants(t, "proved there", one(b.ProveFault(w.ctx, w.op(), claim, a.m.rowEvidence(t, 1, a.listeners[1]))), fault.Conflict)
	wants(t, "a wrong row", one(b.ProveFault(w.ctx, w.op(), claim, a.m.rowEvidence(t, 3, a.listeners[3]))), fine)

	w.period = w.period.Add(1)
	w.giveBack(t, a.m.s)
	bal, err := w.c.Balance(w.ctx, home, act(32))
	wants(t, "balance", err, fine)
	before, err := a.c.Balance(w.ctx, home, act(32))
	wants(t, "balance there", err, fine)
	if bal.Micro != before.Micro+1000 || len(bal.Since) != 2 {
		t.Errorf("balance = %+v, was %+v", bal, before)
	}
}

// adoptedMonths compares what both ledgers say of home.
func adoptedMonths(t *testing.T, w *world, a *alone) {
	t.Helper()
	for _, p := range []calendar.Period{a.first, a.first.Add(1)} {
		there, err := a.c.Proof(w.ctx, home, p)
		wants(t, "proof there", err, fine)
		here, err := w.c.Proof(w.ctx, home, p)
		wants(t, "proof", err, fine)
		since := here.Node.Adopted
		if since == 0 || here.Adoption == nil || here.Adoption.Verified != since || here.Adoption.Done < since || len(here.Faults) != 1 || here.Faults[0].Adopted != since {
			t.Errorf("the proof of %s does not say where it is from: %+v", p, here)
		}
		there.Node.Adopted, there.Settlement.Adopted, there.Anchor.Adopted, there.Batch.Adopted, there.Faults[0].Adopted = since, since, since, since, since
		there.Adoption = here.Adoption
		// In whose block anybody finds it: that of the chunk it came in.
		for _, tx := range []string{here.Settlement.Tx, here.Anchor.Tx} {
			if !slices.Contains(here.Adoption.Applied, tx) || len(here.Adoption.Applied) != int(here.Adoption.Chunks) {
				t.Errorf("something of %s names the transaction %s, but it was brought in %v", p, tx, here.Adoption.Applied)
			}
		}
		there.Settlement.Tx, there.Anchor.Tx = here.Settlement.Tx, here.Anchor.Tx
		brought, err := w.c.Brought(w.ctx, home)
		wants(t, "brought", err, fine)
		if !slices.ContainsFunc(brought.Settlements, func(s contract.Settled) bool { return s.Period == p && s.Tx == here.Settlement.Tx }) ||
			!slices.ContainsFunc(brought.Anchors, func(x contract.Anchor) bool { return x == here.Anchor }) {
			t.Errorf("what was brought of %s is not what is recorded", p)
		}
		if diff := cmp.Diff(there, here); diff != "" {
			t.Error(diff)
		}
		x, err := a.c.Payees(w.ctx, home, p)
		wants(t, "payees there", err, fine)
		y, err := w.c.Payees(w.ctx, home, p)
		wants(t, "payees", err, fine)
		if diff := cmp.Diff(x, y); diff != "" || len(x) == 0 {
			t.Errorf("%d payees: %s", len(x), diff)
		}
		if r, err := w.c.Rules(w.ctx, "b.example", p); err != nil || len(r.Merged) != 0 {
			t.Errorf("a merge of home changed %s for others: %+v, %v", p, r, err)
		}
	}
	if r, err := w.c.Rules(w.ctx, "b.example", calendar.PeriodOf(w.net.Now())); err != nil || len(r.Merged) != 1 {
		t.Errorf("the open month = %+v, %v", r, err)
	}
	x, err := a.c.Balances(w.ctx, home)
	wants(t, "balances there", err, fine)
	y, err := w.c.Balances(w.ctx, home)
	wants(t, "balances", err, fine)
	if diff := cmp.Diff(x, y); diff != "" {
		t.Error(diff)
	}
	taken, err := w.c.Act(w.ctx, act(0))
	wants(t, "act", err, fine)
	acts, err := w.c.Acts(w.ctx, home)
	wants(t, "acts", err, fine)
	if taken.Home != "b.example" || len(acts) != 2 || acts[0].Address != 1 {
		t.Errorf("the act that b had is %+v, home's are %+v", taken, acts)
	}
	wants(t, "an operation of before is a repetition", one(w.c.RegisterAct(w.ctx, "test/3", contract.ActRegistration{Node: home, Act: act(1)})), fine)
}

// adoptionOpen moves on the day after the first of a month, when the number that
// breaks the last month's ties is committed to and not revealed yet.
func adoptionOpen(t *testing.T, w *world) {
	own := OpenOwn(t, true)
	own.Time = w.net.Now()
	a := newWorld(t, own)
	first := calendar.DayOf(a.period.End())
	a.anchor(t, a.period.LastDay())
	a.anchor(t, first)
	wants(t, "payments", one(a.c.RecordPayments(a.ctx, a.op(), contract.DayPayments{Node: home, Day: a.period.Day(1),
		Declared: digest("declared"), DeclaredCount: 2, Received: 20 * money.Dollar})), fine)
	// A later network began its beacons on another day.
	b, next := w.register(t, "b.example"), first.Add(3)
	wants(t, "b anchors", one(b.AnchorDay(w.ctx, w.op(), contract.DayAnchor{Node: "b.example", Day: next, Commit: commit(t, "b.example", next, digest(1))})), fine)
	wants(t, "adopt", one(w.c.Adopt(w.ctx, own.pack(t))), fine)
	a.goesOn(w)
	if last, err := w.c.LastAnchor(w.ctx, home); err != nil || last.Open != first || last.Adopted == 0 {
		t.Errorf("last anchor = %+v, %v", last, err)
	}
	if r, err := w.c.Rules(w.ctx, home, w.period); err != nil || r.Seed != (contract.Digest{}) {
		t.Errorf("before the number is revealed: %+v, %v", r, err)
	}
	wrong := contract.DayAnchor{Node: home, Day: first.Add(1), Size: 32, Root: contract.Digest(royalty.Root(w.leaves)), Commit: digest("c"), Reveal: digest("wrong")}
	wants(t, "another number", one(w.c.AnchorDay(w.ctx, w.op(), wrong)), fault.Invalid)
	w.anchor(t, first.Add(1))
	want := a.seed(t, first)
	if r, err := w.c.Rules(w.ctx, home, w.period); err != nil || r.Seed != want {
		t.Errorf("seed = %v, %v, want %x", r.Seed, err, want)
	}
	if r, err := w.c.Rules(w.ctx, "b.example", w.period); err != nil || r.Seed != (contract.Digest{}) {
		t.Errorf("another node's ties are broken by %v, %v", r.Seed, err)
	}
	listeners := w.listeners(2)
	wants(t, "part", one(w.c.PayOperators(w.ctx, w.op(), contract.OperatorPay{Node: home, Period: w.period, Payers: 2, Operator: 2 * money.Dollar, Pots: 18 * money.Dollar})), fine)
	m := w.remake(t, listeners)
	wants(t, "the month that was open", w.publish(t, m.s), fine)
	if rec, err := w.c.Settlement(w.ctx, home, w.period); err != nil || rec.Adopted != 0 || rec.Seed != want {
		t.Errorf("settlement = %+v, %v", rec, err)
	}
}

// seed is the beacon of a day as home's own ledger comes to it when it goes on.
func (w *world) seed(t *testing.T, d calendar.Day) contract.Digest {
	t.Helper()
	for w.open < d.Add(2) {
		w.anchor(t, w.open.Add(1))
	}
	b, err := w.c.Beacon(w.ctx, d)
	wants(t, "beacon there", err, fine)
	return b.Value
}

// adoptionRevealed moves a day later: the number was revealed, and the day's beacon
// is not fixed.
func adoptionRevealed(t *testing.T, w *world) {
	own := OpenOwn(t, true)
	own.Time = w.net.Now()
	a := newWorld(t, own)
	first := calendar.DayOf(a.period.End())
	for _, d := range []calendar.Day{a.period.LastDay(), first, first.Add(1)} {
		a.anchor(t, d)
	}
	wants(t, "not fixed", one(a.c.Beacon(a.ctx, first)), fault.NotFound)
	wants(t, "adopt", one(w.c.Adopt(w.ctx, own.pack(t))), fine)
	a.goesOn(w)
	want := a.seed(t, first)
	if r, err := w.c.Rules(w.ctx, home, w.period); err != nil || r.Seed != want {
		t.Errorf("seed = %v, %v, want %v", r.Seed, err, want)
	}
	w.anchor(t, first.Add(2))
}

func adoptionRefused(t *testing.T, w *world) {
	a := newAlone(t, w.net)
	p := thin(t, a.own.pack(t), 2)
	begin := func(c contract.Client, f contract.AdoptionFiling) error {
		return one(c.BeginAdoption(w.ctx, w.op(), f))
	}
	stage := func(chunk uint32, data []byte) error {
		return one(w.c.StageAdoption(w.ctx, w.op(), contract.AdoptionData{Node: home, Chunk: chunk, Data: data}))
	}
	verify := func() error { return one(w.c.VerifyAdoption(w.ctx, w.op(), contract.AdoptionRef{Node: home})) }
	apply := func(chunk uint32) error {
		return one(w.c.ApplyAdoption(w.ctx, w.op(), contract.AdoptionStep{Node: home, Chunk: chunk}))
	}
	b := w.register(t, "b.example")
	other, none, future := p.Filing, p.Filing, p.Filing
	other.Node, none.Height, future.At = "b.example", 0, future.At+1e12
	wants(t, "nothing begun", stage(0, p.Chunks[0]), fault.NotFound)
	wants(t, "for another", begin(b, p.Filing), fault.Forbidden)
	wants(t, "by a client", begin(w.net.As(home, Client), p.Filing), fault.Forbidden)
	wants(t, "registered already", begin(b, other), fault.Conflict)
	wants(t, "no ledger", begin(w.c, none), fault.Invalid)
	wants(t, "of the future", begin(w.c, future), fault.Invalid)
	wants(t, "begin", begin(w.c, p.Filing), fine)
	wants(t, "unverified", apply(0), fault.Conflict)
	wants(t, "a chunk is missing", verify(), fault.NotFound)
	wants(t, "no such chunk", stage(p.Filing.Chunks, p.Chunks[0]), fault.Invalid)
	wants(t, "no chunk", stage(0, []byte("9ten")), fault.Invalid)
	wants(t, "too large", stage(0, make([]byte, contract.AdoptionChunk+1)), fault.TooLarge)

	// A liar's chunks, each with a hash that fits. Anybody sees that they do not
	// hold; some are brought to the ledger, which sees the same.
	wants(t, "the truth", p.Verify(p.Filing.At), fine)
	for i, l := range lies {
		lie := l.tell(t, p)
		wants(t, l.what, lie.Verify(p.Filing.At), fault.Invalid)
		if i%8 != 0 {
			continue
		}
		wants(t, l.what+": begin", begin(w.c, lie.Filing), fine)
		for i, data := range lie.Chunks {
			wants(t, l.what+": stage", stage(uint32(i), data), fine)
		}
		wants(t, l.what, verify(), fault.Invalid)
	}
	wants(t, "what was not verified", apply(0), fault.Conflict)
	wants(t, "is not there", one(w.c.Node(w.ctx, home)), fault.NotFound)
	if owed, err := b.Balances(w.ctx, home); err != nil || len(owed) != 0 {
		t.Errorf("balances = %+v, %v", owed, err)
	}
	wants(t, "nor can it anchor", one(w.c.AnchorDay(w.ctx, w.op(), contract.DayAnchor{Node: home, Day: w.period.Day(1), Commit: digest("c")})), fault.NotFound)

	wants(t, "begin again", begin(w.c, p.Filing), fine)
	for i, data := range p.Chunks {
		wants(t, "stage", stage(uint32(i), data), fine)
	}
	wants(t, "verify", verify(), fine)
	wants(t, "another chunk now", stage(0, p.Chunks[0]), fault.Conflict)
	wants(t, "another ledger now", begin(w.c, p.Filing), fault.Conflict)
	wants(t, "a bare node now", one(w.c.RegisterNode(w.ctx, w.op(), contract.Registration{Node: home, LogKey: public(key("l")), SettlementKey: public(key("s"))})), fault.Conflict)
	wants(t, "another's chunk", one(b.ApplyAdoption(w.ctx, w.op(), contract.AdoptionStep{Node: home})), fault.Forbidden)
	wants(t, "a chunk left out", apply(1), fault.Conflict)
	for i := range p.Chunks {
		wants(t, "apply", apply(uint32(i)), fine)
	}
	wants(t, "after the last", apply(p.Filing.Chunks), fault.Conflict)
	wants(t, "nothing brought", one(w.c.Adoption(w.ctx, "b.example")), fault.NotFound)
}
