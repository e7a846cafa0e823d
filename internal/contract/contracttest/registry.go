package contracttest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty"
)

func registry(t *testing.T, w *world) {
	in := contract.Registration{Node: "b.example", LogKey: public(key("l")), SettlementKey: public(key("s"))}
	b := w.net.As("b.example", Admin)
	same := in
	same.SettlementKey = in.LogKey
	for _, tt := range []struct {
		what string
		c    contract.Client
		in   contract.Registration
		want fault.Kind
	}{
		{"another's name", w.c, in, fault.Forbidden},
		{"a client", w.net.As("b.example", Client), in, fault.Forbidden},
		{"a peer", w.net.As("b.example", Peer), in, fault.Forbidden},
		{"no keys", b, contract.Registration{Node: "b.example"}, fault.Invalid},
		{"one key for both", b, same, fault.Invalid},
		{"a name no host has", w.net.As("B.example", Admin), contract.Registration{Node: "B.example", LogKey: in.LogKey, SettlementKey: in.SettlementKey}, fault.Invalid},
		{"a new node", b, in, fine},
		{"the same again", b, in, fault.Conflict},
	} {
		wants(t, tt.what, one(tt.c.RegisterNode(w.ctx, w.op(), tt.in)), tt.want)
	}
	wants(t, "update", one(b.UpdateNode(w.ctx, w.op(), contract.Registration{Node: "b.example", Name: "Bee"})), fine)
	for what, name := range map[string]string{"a line of its own": "Bee\nnode c.example", "a colour": "Bee\x1b[31m", "too long": strings.Repeat("b", 401)} {
		wants(t, what, one(b.UpdateNode(w.ctx, w.op(), contract.Registration{Node: "b.example", Name: name})), fault.Invalid)
	}
	wants(t, "update keys", one(b.UpdateNode(w.ctx, w.op(), in)), fault.Invalid)
	wants(t, "update another", one(b.UpdateNode(w.ctx, w.op(), contract.Registration{Node: home})), fault.Forbidden)
	nodes, err := b.Nodes(w.ctx)
	wants(t, "nodes", err, fine)
	if len(nodes) != 2 || nodes[0].ID != home || nodes[1].Name != "Bee" {
		t.Errorf("nodes = %+v", nodes)
	}
	wants(t, "unknown", one(b.Node(w.ctx, "c.example")), fault.NotFound)
	wants(t, "key separator", one(b.Node(w.ctx, "a\x00b")), fault.Invalid)
}

func rotation(t *testing.T, w *world) {
	next := key("next")
	rotate := func(use string, p *contract.Digest, overlap uint64) error {
		return one(w.c.RotateKey(w.ctx, w.op(), contract.Rotation{Node: home, Use: use, Public: *p, Overlap: overlap}))
	}
	wants(t, "unknown use", rotate("age", public(next), 0), fault.Invalid)
	wants(t, "too long", rotate("log", public(next), contract.MaxOverlap+1), fault.Invalid)
	wants(t, "no key", rotate("log", &contract.Digest{}, 0), fault.Invalid)
	wants(t, "known key", rotate("log", public(w.settle), 0), fault.Conflict)
	wants(t, "client", one(w.net.As(home, Client).RotateKey(w.ctx, w.op(), contract.Rotation{Node: home, Use: "log", Public: *public(next)})), fault.Forbidden)
	wants(t, "overlapping", rotate("settlement", public(next), 3_600_000), fine)
	n, err := w.c.Node(w.ctx, home)
	wants(t, "node", err, fine)
	if len(n.Settlement) != 2 || n.Settlement[0].Until != n.Settlement[1].From+3_600_000 || n.Settlement[1].Until != 0 || len(n.Log) != 1 {
		t.Errorf("keys = %+v, %+v", n.Settlement, n.Log)
	}
	w.closeLog(t)
	m := w.month(t, w.listeners(2), nil)
	last := key("last")
	wants(t, "without overlap", rotate("settlement", public(last), 0), fine)
	wants(t, "replaced key", w.publish(t, m.s), fault.Invalid)
	w.settle = last
	wants(t, "new key", w.publish(t, m.s), fine)
}

func operations(t *testing.T, w *world) {
	in := contract.DayPayments{Node: home, Day: w.period.Day(2), Declared: digest(1), DeclaredCount: 1, Received: 10}
	tx1, err := w.c.RecordPayments(w.ctx, "pay", in)
	wants(t, "first", err, fine)
	before, err := w.c.Ledger.Status(w.ctx)
	wants(t, "status", err, fine)
	tx2, err := w.c.RecordPayments(w.ctx, "pay", in)
	wants(t, "again", err, fine)
	if tx1 == "" || tx1 != tx2 {
		t.Errorf("a repetition is transaction %q, not %q", tx2, tx1)
	}
	if after, err := w.c.Ledger.Status(w.ctx); err != nil || after.Mode == "embedded" && after.Height != before.Height {
		t.Errorf("a repetition was recorded: %d, then %d (%v)", before.Height, after.Height, err)
	}
	in.Received = 11
	wants(t, "other content", one(w.c.RecordPayments(w.ctx, "pay", in)), fault.Conflict)
	wants(t, "other operation, same day", one(w.c.RecordPayments(w.ctx, w.op(), in)), fault.Conflict)
	wants(t, "another's id", one(w.register(t, "b.example").RecordPayments(w.ctx, "pay", contract.DayPayments{Node: "b.example", Day: in.Day})), fine)
	wants(t, "no id", one(w.c.RecordPayments(w.ctx, "", in)), fault.Invalid)
	wants(t, "a line break", one(w.c.RecordPayments(w.ctx, "a\nb", in)), fault.Invalid)
	p, err := w.c.Payments(w.ctx, home, in.Day)
	wants(t, "read", err, fine)
	if p.Received != 10 {
		t.Errorf("received = %v: a refused call left something", p.Received)
	}
}

func acts(t *testing.T, w *world) {
	b := w.register(t, "b.example")
	reg := func(c contract.Client, node string, n int) error {
		return one(c.RegisterAct(w.ctx, w.op(), contract.ActRegistration{Node: node, Act: act(n), MinPayout: 7 * money.Dollar}))
	}
	wants(t, "act 1", reg(w.c, home, 1), fine)
	wants(t, "act 2", reg(w.c, home, 2), fine)
	wants(t, "act 3", reg(b, "b.example", 3), fine)
	wants(t, "again", reg(w.c, home, 1), fine)
	wants(t, "taken over", reg(b, "b.example", 1), fault.Conflict)
	wants(t, "for another", reg(b, home, 4), fault.Forbidden)
	wants(t, "no act", one(w.c.RegisterAct(w.ctx, w.op(), contract.ActRegistration{Node: home, Act: "act"})), fault.Invalid)

	merge := func(c contract.Client, x, y int) error {
		return one(c.MergeActs(w.ctx, w.op(), contract.ActMerge{A: act(x), B: act(y)}))
	}
	wants(t, "itself", merge(w.c, 1, 1), fault.Invalid)
	wants(t, "unknown", merge(w.c, 1, 9), fault.NotFound)
	wants(t, "strangers", merge(b, 1, 2), fault.Forbidden)
	wants(t, "one side asks", merge(b, 3, 2), fine)
	wants(t, "and asks again", merge(b, 3, 2), fine)
	if a, _ := w.c.Act(w.ctx, act(3)); a.Merged != "" {
		t.Error("one side alone merged two acts")
	}
	wants(t, "the other agrees", merge(w.c, 2, 3), fine)
	wants(t, "merged already", merge(w.c, 1, 3), fault.Conflict)
	wants(t, "chain", merge(w.c, 2, 1), fine)
	// In force for the open period, not for those that are closed.
	open, err := w.c.Rules(w.ctx, home, calendar.PeriodOf(w.net.Now()))
	wants(t, "rules", err, fine)
	if diff := cmp.Diff([]royalty.Merge{{From: act(2), Into: act(1)}, {From: act(3), Into: act(1)}}, open.Merged); diff != "" {
		t.Error(diff)
	}
	rules := open.Rules()
	wants(t, "rules are good", rules.Valid(), fine)
	if closed := w.rules(t); len(closed.Merged) != 0 {
		t.Errorf("a closed period has merges: %+v", closed.Merged)
	}
}
