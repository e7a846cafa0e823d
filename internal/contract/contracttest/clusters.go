package contracttest

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty"
)

func clusters(t *testing.T, w *world) {
	b, c := w.register(t, "b.example"), w.register(t, "c.example")
	join := func(c contract.Client, node, cluster string) error {
		return one(c.JoinCluster(w.ctx, w.op(), contract.Membership{Node: node, Cluster: cluster}))
	}
	name := func(c contract.Client, node string, resign bool) error {
		return one(c.NameDelegate(w.ctx, w.op(), contract.Delegation{Cluster: "north", Node: node, Resign: resign}))
	}
	for _, tt := range []struct {
		what string
		err  error
		want fault.Kind
	}{
		{"a name with a space", join(w.c, home, "the north"), fault.Invalid},
		{"a client", join(w.net.As(home, Client), home, "north"), fault.Forbidden},
		{"not registered", join(w.net.As("x.example", Admin), "x.example", "north"), fault.NotFound},
		{"in no cluster", join(w.c, home, ""), fault.Conflict},
		{"the first member", join(w.c, home, "north"), fine},
		{"again", join(w.c, home, "north"), fault.Conflict},
		{"another one", join(w.c, home, "south"), fault.Conflict},
		{"by a stranger", join(c, "b.example", "north"), fault.Forbidden},
		{"b asks", join(b, "b.example", "north"), fine},
		{"and asks again", join(b, "b.example", "north"), fine},
		{"no member names delegates", name(b, "b.example", false), fault.Forbidden},
		{"a delegate agrees", join(w.c, "b.example", "north"), fine},
		{"a delegate invites", join(w.c, "c.example", "north"), fine},
		{"a delegate who is none", name(b, "b.example", false), fault.Forbidden},
		{"one who is not in it", name(w.c, "c.example", false), fault.Invalid},
		{"the last resigns", name(w.c, home, true), fault.Conflict},
		{"a second delegate", name(w.c, "b.example", false), fine},
		{"one is sent away", name(b, home, true), fault.Forbidden},
		{"c accepts", join(c, "c.example", "north"), fine},
		{"one resigns", name(w.c, home, true), fine},
	} {
		wants(t, tt.what, tt.err, tt.want)
	}
	got, err := w.c.Clusters(w.ctx)
	wants(t, "clusters", err, fine)
	want := []contract.Cluster{{Name: "north", Members: []string{home, "b.example", "c.example"}, Delegates: []contract.Delegate{{Node: "b.example"}}}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(contract.Delegate{}, "Since")); diff != "" {
		t.Error(diff)
	}
	wants(t, "the last delegate leaves", join(b, "b.example", ""), fault.Conflict)
	wants(t, "c is one, too", name(b, "c.example", false), fine)
	wants(t, "b leaves", join(b, "b.example", ""), fine)
	if n, err := w.c.Node(w.ctx, "b.example"); err != nil || n.Cluster != "" {
		t.Errorf("node = %+v, %v", n, err)
	}
	if got, err := w.c.Clusters(w.ctx); err != nil || len(got) != 1 || len(got[0].Members) != 2 || len(got[0].Delegates) != 1 {
		t.Errorf("clusters = %+v, %v", got, err)
	}
}

// signedDay is an anchor and payments as their node signs them.
func signedDay(t *testing.T, node string, d, reveal calendar.Day) (contract.DayAnchor, contract.DayPayments) {
	t.Helper()
	a := contract.DayAnchor{Node: node, Day: d, Commit: commit(t, node, d, digest(node, d))}
	if reveal != 0 {
		a.Reveal = digest(node, reveal)
	}
	p := contract.DayPayments{Node: node, Day: d, Declared: digest(node), DeclaredCount: 1, Received: 10 * money.Dollar}
	sign(t, &a, &p)
	return a, p
}

func sign(t *testing.T, a *contract.DayAnchor, p *contract.DayPayments) {
	t.Helper()
	b, err := a.Encode()
	wants(t, "anchor", err, fine)
	a.Signature = ed25519.Sign(key("log"), b)
	b, err = p.Encode()
	wants(t, "payments", err, fine)
	p.Signature = ed25519.Sign(key("log"), b)
}

// relay carries days on one channel: nobody can alter, invent or withhold them.
func relay(t *testing.T, w *world) {
	b, c := w.register(t, "b.example"), w.register(t, "c.example")
	d := w.period.Day(1)
	a1, p1 := signedDay(t, home, d, 0)
	a2, p2 := signedDay(t, "b.example", d, 0)
	good := contract.Relay{Day: d, Anchors: []contract.DayAnchor{a1, a2}, Payments: []contract.DayPayments{p1, p2}}
	for _, tt := range []struct {
		what   string
		change func(*contract.Relay)
		want   fault.Kind
	}{
		{"nothing", func(r *contract.Relay) { r.Anchors, r.Payments = nil, nil }, fault.Invalid},
		{"a day nobody signed", func(r *contract.Relay) { r.Anchors[1].Signature = nil }, fault.Invalid},
		{"another's signature", func(r *contract.Relay) { r.Anchors[1].Signature = a1.Signature }, fault.Invalid},
		{"an altered root", func(r *contract.Relay) { r.Anchors[1].Size, r.Anchors[1].Root = 1, digest("root") }, fault.Invalid},
		{"an altered number", func(r *contract.Relay) { r.Anchors[1].Commit = digest("commit") }, fault.Invalid},
		{"altered money", func(r *contract.Relay) { r.Payments[1].Received++ }, fault.Invalid},
		{"money nobody signed", func(r *contract.Relay) { r.Payments[1].Signature = nil }, fault.Invalid},
		{"another day", func(r *contract.Relay) { r.Day = d.Add(1) }, fault.Invalid},
		{"another cluster", func(r *contract.Relay) { r.Cluster = "north" }, fault.Invalid},
		{"a node twice", func(r *contract.Relay) { r.Anchors[0] = r.Anchors[1] }, fault.Invalid},
		{"out of order", func(r *contract.Relay) { slices.Reverse(r.Payments) }, fault.Invalid},
		{"an unknown node", func(r *contract.Relay) { r.Anchors[1].Node = "z.example" }, fault.NotFound},
		{"too many", func(r *contract.Relay) { r.Payments = make([]contract.DayPayments, 101) }, fault.Invalid},
	} {
		in := contract.Relay{Day: d, Anchors: slices.Clone(good.Anchors), Payments: slices.Clone(good.Payments)}
		tt.change(&in)
		wants(t, tt.what, one(c.RelayDay(w.ctx, w.op(), in)), tt.want)
	}
	wants(t, "nothing of it is left", one(c.LastAnchor(w.ctx, home)), fault.NotFound)
	wants(t, "withheld", one(c.RelayDay(w.ctx, w.op(), contract.Relay{Day: d, Anchors: good.Anchors[:1], Payments: good.Payments[:1]})), fine)
	wants(t, "and carried by the node itself", one(b.RelayDay(w.ctx, w.op(), good)), fine)
	wants(t, "twice changes nothing", one(c.RelayDay(w.ctx, w.op(), good)), fine)
	for _, node := range []string{home, "b.example"} {
		if a, err := c.LastAnchor(w.ctx, node); err != nil || a.Day != d || a.Open != d {
			t.Errorf("%s: %+v, %v", node, a, err)
		}
		if p, err := c.Payments(w.ctx, node, d); err != nil || p.Received != 10*money.Dollar {
			t.Errorf("%s: %+v, %v", node, p, err)
		}
	}
	// In one transaction the two come to the beacon they would have come to one
	// after the other: both have revealed when the second day after is anchored.
	a1, p1 = signedDay(t, home, d.Add(1), d)
	a2, p2 = signedDay(t, "b.example", d.Add(1), d)
	wants(t, "the next day", one(c.RelayDay(w.ctx, w.op(), contract.Relay{Day: d.Add(1), Anchors: []contract.DayAnchor{a1, a2}, Payments: []contract.DayPayments{p1, p2}})), fine)
	want, err := royalty.Beacon(royalty.Hash{}, []royalty.Reveal{{Node: home, R: royalty.Hash(digest(home, d))}, {Node: "b.example", R: royalty.Hash(digest("b.example", d))}})
	wants(t, "beacon", err, fine)
	wants(t, "not fixed yet", one(c.Beacon(w.ctx, d)), fault.NotFound)
	a1, _ = signedDay(t, home, d.Add(2), d.Add(1))
	wants(t, "rotate", one(w.c.RotateKey(w.ctx, w.op(), contract.Rotation{Node: home, Use: "log", Public: *public(key("next"))})), fine)
	wants(t, "by the key that was in force", one(c.RelayDay(w.ctx, w.op(), contract.Relay{Day: d.Add(2), Anchors: []contract.DayAnchor{a1}})), fine)
	if got, err := c.Beacon(w.ctx, d); err != nil || got.Value != contract.Digest(want) || got.Reveals != 2 {
		t.Errorf("beacon = %+v, %v, want %x", got, err, want)
	}
	wants(t, "and the day after is open", one(c.Beacon(w.ctx, d.Add(1))), fault.NotFound)
}

// local are the functions that a cluster's channel takes; any other channel takes
// all.
var local = []string{"AnchorDay", "RecordPayments", "RegisterNode", "UpdateNode", "RotateKey", "ProposeIntent", "ApproveIntent", "DeclineIntent", "WithdrawIntent", "ConcludeIntent"}

// channels calls every function on every channel: each takes its own.
func channels(t *testing.T, federal, cluster Network) {
	w := bareWorld(t, cluster)
	for _, f := range writers(w) {
		arg, err := json.Marshal(f.arg)
		wants(t, f.fn, err, fine)
		for _, ch := range []struct {
			what string
			net  Network
			has  bool
		}{
			{"cluster", cluster, slices.Contains(local, f.fn)},
			{"federation", federal, true},
		} {
			_, err := ch.net.As(home, Admin).Ledger.Submit(w.ctx, ledger.Call{Fn: f.fn, Op: "channels", Args: []string{string(arg)}})
			if fault.Is(err, fault.Unsupported) == ch.has {
				t.Errorf("%s on the channel of a %s: %v", f.fn, ch.what, err)
			}
		}
	}
}

// halves are the two clusters of two, each with its delegate first.
var halves = []struct {
	cluster string
	nodes   []string
}{{"north", []string{"b.example", home}}, {"south", []string{"c.example", "d.example"}}}

// split runs two clusters of two for a month that one of the four settles.
func split(t *testing.T, federal Network, local map[string]Network) {
	w := newWorld(t, federal)
	for _, half := range halves {
		for _, node := range half.nodes {
			if node != home {
				w.register(t, node)
			}
			(&world{net: local[half.cluster], ctx: w.ctx}).register(t, node)
		}
	}
	Split(t, federal, local)
}

// Split has nodes that are registered (see [Registration]) on the federation and
// each in its cluster's channel, b.example and a.example in the north, c.example
// and d.example in the south, form their clusters, record days there, carry them,
// and a.example settle a month.
func Split(t *testing.T, federal Network, local map[string]Network) {
	w := bareWorld(t, federal)
	for _, half := range halves {
		first := half.nodes[0]
		for _, node := range half.nodes {
			wants(t, node+" asks", one(federal.As(node, Admin).JoinCluster(w.ctx, w.op(), contract.Membership{Node: node, Cluster: half.cluster})), fine)
			if node != first {
				wants(t, node+" is in", one(federal.As(first, Admin).JoinCluster(w.ctx, w.op(), contract.Membership{Node: node, Cluster: half.cluster})), fine)
			}
		}
	}
	unsigned := contract.DayAnchor{Node: home, Day: w.period.Day(1), Commit: digest("c")}
	wants(t, "a day without a signature", one(local["north"].As(home, Admin).AnchorDay(w.ctx, w.op(), unsigned)), fault.Invalid)

	first, reveal := calendar.DayOf(w.period.End()), calendar.Day(0)
	for _, d := range []calendar.Day{w.period.LastDay(), first, first.Add(1), first.Add(2)} {
		for _, half := range halves {
			for _, node := range half.nodes {
				a, p := signedDay(t, node, d, reveal)
				c := local[half.cluster].As(node, Client)
				wants(t, node+" anchors", one(c.AnchorDay(w.ctx, w.op(), a)), fine)
				wants(t, node+" is paid", one(c.RecordPayments(w.ctx, w.op(), p)), fine)
			}
			// The delegate carries what it finds; the south's withholds a neighbour's day,
			// who carries it alone.
			delegate := half.nodes[0]
			carried, err := local[half.cluster].As(delegate, Client).Relay(w.ctx, d)
			wants(t, "relay", err, fine)
			carried.Cluster = half.cluster
			if half.cluster == "south" {
				carried.Anchors, carried.Payments = carried.Anchors[:1], carried.Payments[:1]
			}
			wants(t, half.cluster+" carries", one(federal.As(delegate, Client).RelayDay(w.ctx, fmt.Sprint("relay/", d), carried)), fine)
		}
		late, err := local["south"].As("d.example", Client).Relay(w.ctx, d)
		wants(t, "relay", err, fine)
		late.Cluster = "south"
		wants(t, "d carries", one(federal.As("d.example", Client).RelayDay(w.ctx, w.op(), late)), fine)
		reveal = d
	}
	got, err := w.c.Beacon(w.ctx, first)
	wants(t, "beacon", err, fine)
	if got.Reveals == 0 {
		t.Errorf("beacon = %+v", got)
	}
	last := w.period.LastDay()
	if p, err := w.c.Payments(w.ctx, home, last); err != nil || p.Received != 10*money.Dollar {
		t.Errorf("payments = %+v, %v", p, err)
	}
	wants(t, "part", one(w.c.PayOperators(w.ctx, w.op(), contract.OperatorPay{Node: home, Period: w.period, Payers: 1, Operator: money.Dollar, Pots: 9 * money.Dollar})), fine)
	m := w.remake(t, w.listeners(1))
	wants(t, "settle against what was carried", w.publish(t, m.s), fine)
	wants(t, "finalize", w.finalize(), fine)
}

// past takes a node into a cluster whose log was anchored before, and back: its
// log goes on wherever it is anchored, and the federation holds it together.
func past(t *testing.T, federal, cluster Network) {
	w := newWorld(t, federal)
	(&world{net: cluster, ctx: w.ctx}).register(t, home)
	d := w.period.Day(1)
	w.anchor(t, d)
	wants(t, "enters", one(w.c.JoinCluster(w.ctx, w.op(), contract.Membership{Node: home, Cluster: "past"})), fine)
	next := func(d calendar.Day, size int, reveal calendar.Day) contract.DayAnchor {
		old := len(w.leaves)
		for i := range size {
			w.leaves = append(w.leaves, royalty.EntryLeaf(royalty.Hash(digest("leaf", d, i))))
		}
		proof, err := royalty.ProveConsistency(w.leaves, uint64(old))
		wants(t, "consistency", err, fine)
		a := contract.DayAnchor{Node: home, Day: d, Size: uint64(len(w.leaves)), Root: contract.Digest(royalty.Root(w.leaves)), Proof: contract.Digests(proof)}
		w.secret[d] = digest("secret", d)
		a.Commit, a.Reveal = commit(t, home, d, w.secret[d]), w.secret[reveal]
		b, err := a.Encode()
		wants(t, "anchor", err, fine)
		a.Signature = ed25519.Sign(key("log"), b)
		return a
	}
	c := cluster.As(home, Client)
	carry := func(what string, d calendar.Day, change func(*contract.Relay), want fault.Kind) {
		r, err := c.Relay(w.ctx, d)
		wants(t, "relay", err, fine)
		r.Cluster = "past"
		change(&r)
		wants(t, what, one(w.c.RelayDay(w.ctx, w.op(), r)), want)
	}
	wants(t, "the cluster knows nothing of what was before", one(c.AnchorDay(w.ctx, w.op(), next(d.Add(1), 16, d))), fine)
	carry("a log that does not go on", d.Add(1), func(r *contract.Relay) { r.Anchors[0].Proof = nil }, fault.Invalid)
	carry("one that does", d.Add(1), func(*contract.Relay) {}, fine)
	wants(t, "and goes on", one(c.AnchorDay(w.ctx, w.op(), next(d.Add(2), 16, d.Add(1)))), fine)
	shorter := next(d.Add(3), 0, d.Add(2))
	shorter.Size--
	b, err := shorter.Encode()
	wants(t, "anchor", err, fine)
	shorter.Signature = ed25519.Sign(key("log"), b)
	wants(t, "a log that shrinks", one(c.AnchorDay(w.ctx, w.op(), shorter)), fault.Invalid)
	carry("the second", d.Add(2), func(*contract.Relay) {}, fine)
	w.open = d.Add(2)
	w.anchor(t, d.Add(3)) // straight to the federation, which refuses nobody
	wants(t, "leaves", one(w.c.JoinCluster(w.ctx, w.op(), contract.Membership{Node: home})), fine)
	w.anchor(t, d.Add(4))
	wants(t, "enters again", one(w.c.JoinCluster(w.ctx, w.op(), contract.Membership{Node: home, Cluster: "past"})), fine)
	wants(t, "and its cluster goes on", one(c.AnchorDay(w.ctx, w.op(), next(d.Add(5), 16, 0))), fine)
	carry("the last", d.Add(5), func(*contract.Relay) {}, fine)
	if a, err := w.c.LastAnchor(w.ctx, home); err != nil || a.Day != d.Add(5) || a.Size != uint64(len(w.leaves)) {
		t.Errorf("the log ends with %+v, %v, want %d leaves", a, err, len(w.leaves))
	}
}
