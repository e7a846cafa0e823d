package story

import (
	"fmt"
	"net/http"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/report"
)

// settledMonth is the latest month whose settlement is final by now.
func settledMonth(now time.Time) calendar.Period {
	p := calendar.PeriodOf(now).Add(-1)
	if now.Before(p.Due(calendar.Final).Add(time.Hour)) {
		p = p.Add(-1)
	}
	return p
}

// TestNetwork is the proof of the shared ledger: four organisations that know
// nothing of each other but addresses run one, settle a month on it by
// themselves, find out the one that cheats, change what they run on while people
// use it, and go on when it is killed.
func TestNetwork(t *testing.T) {
	exe, month := binary(t), settledMonth(time.Now())
	a, b, c, d := newNetworkNode(t, exe, "a"), newNetworkNode(t, exe, "b"), newNetworkNode(t, exe, "c"), newNetworkNode(t, dishonest(t), "d")
	e, four := newNetworkNode(t, exe, "e"), []*networkNode{a, b, c, d}
	a.playsMonth(month, 1)
	d.playsMonth(month, 4)
	a.run("ledger", "init")
	a.start()
	a.ready()
	join(b, a)
	d.mood(unfair)
	joinAtOnce(c, d, a, b)
	orders(b, a)
	orders(c, a, b)
	orders(d, a, b, c)
	everyCopySays(four, a, month)
	receiptHolds(a, b, c, d, month, 1)
	everyCopySays(four, d, month)
	accuse(d, b, month, 4, four...)
	overwrites(c, a, month, four...)
	forgesAlone(d, a, b, c)
	datedAhead(d, b)

	// Certificates are renewed, and peers and orderers die, while a node records and
	// people use all of them.
	b.records(month, 2)
	quiet := busy("dora", four...)
	for _, n := range four {
		n.renews()
		n.caughtUp(four...)
	}
	b.midway(a)
	b.killChild("peer")
	d.killChild("peer")
	for _, n := range four {
		n.killChild("orderer")
		n.caughtUp(four...)
	}
	outlivesItsLeader(four)
	quiet()
	everyCopySays(four, b, month)

	// All machines lose their power while a node records. Three operators take the
	// occasion to put the next release in place, one forgets.
	c.records(month, 3)
	for _, n := range four {
		n.end(syscall.SIGKILL)
	}
	next := nextRelease(t)
	a.exe, b.exe, c.exe, e.exe = next, next, next, next
	for _, n := range four {
		n.start()
	}
	for _, n := range four {
		n.ready()
	}
	upgrades(next, d, a, b, c)
	everyCopySays(four, c, month)
	receiptHolds(c, a, b, d, month, 3)

	outgrowsItsFounder(a, e, b, c, d)
	everyPeerAway(e, month, 5, a, b, c, d)
}

// everyPeerAway takes the peers of all members away while one has a month to
// record: listeners of none notice anything, what waits is told, and once the peers
// are back all of it is recorded, once, in every copy.
func everyPeerAway(n *networkNode, p calendar.Period, seed int, others ...*networkNode) {
	t := n
	t.Helper()
	all := append([]*networkNode{n}, others...)
	n.end(syscall.SIGTERM)
	n.playsMonth(p, seed)
	for _, o := range others {
		o.takeAway("peer")
	}
	n.start() // its own peer comes up, and finds nobody to endorse with
	n.child("peer")
	n.takeAway("peer")
	for _, x := range all {
		x.away()
		x.listenersNoticeNothing()
	}
	others[0].rename("Quayside")
	n.eventually(n.id+" tells what waits", func() error {
		s, err := n.standing()
		if err == nil && !slices.ContainsFunc(s.Waiting, func(w report.Unrecorded) bool { return w.What == "days" && w.N > 1 }) {
			err = fmt.Errorf("what waits is %+v", s.Waiting)
		}
		return err
	})
	for _, x := range all {
		x.giveBack("peer")
	}
	everyCopySays(all, n, p)
	for _, x := range all {
		x.knows(others[0], "Quayside")
		recordedOnce(x, all, p)
	}
}

// records gives a member a month that it did not have, and returns while it
// brings it to the ledger.
func (n *networkNode) records(p calendar.Period, seed int) {
	n.Helper()
	n.end(syscall.SIGTERM)
	n.playsMonth(p, seed)
	n.start()
	n.eventually(n.id+" records", func() error {
		r, err := n.recorder(n.id)
		if err == nil && r.DayText == "" {
			err = fmt.Errorf("nothing yet: %+v", r)
		}
		return err
	})
}

// midway fails unless a member is still bringing its month to the ledger, as another's
// copy has it.
func (n *networkNode) midway(at *networkNode) {
	n.Helper()
	r, err := at.recorder(n.id)
	if err != nil || r.DayText == "" || r.State == "final" {
		n.Fatalf("%s has recorded all or nothing of its month: %+v (%v)", n.id, r, err)
	}
	n.Logf("%s has recorded up to %s", n.id, r.DayText)
}

// everyCopySays waits until every node's own copy of the ledger holds a final
// settlement.
func everyCopySays(nodes []*networkNode, of *networkNode, p calendar.Period) {
	for _, n := range nodes {
		n.Helper()
		n.eventually("the "+p.String()+" of "+of.id+" is final at "+n.id, func() error {
			r, err := n.recorder(of.id)
			if err == nil && (r.Month != p.String() || r.State != "final" || r.Faults != 0) {
				err = fmt.Errorf("it is %+v", r)
			}
			return err
		})
	}
}

// caughtUp waits until the node's own copy of the ledger is as long as the
// longest of the others was.
func (n *networkNode) caughtUp(others ...*networkNode) {
	n.Helper()
	var longest uint64
	for _, o := range others {
		if s, err := o.standing(); err == nil && s.Away.IsZero() {
			longest = max(longest, s.Height)
		}
	}
	n.eventually(n.id+" has caught up", func() error {
		s, err := n.standing()
		if err == nil && (!s.Away.IsZero() || s.Height < longest) {
			err = fmt.Errorf("it has %d of %d, away since %v", s.Height, longest, s.Away)
		}
		return err
	})
}

// away waits until the node knows that its ledger does not answer.
func (n *networkNode) away() {
	n.Helper()
	n.eventually("the ledger of "+n.id+" is away", func() error {
		s, err := n.standing()
		if err == nil && s.Away.IsZero() {
			err = fmt.Errorf("it answers, at %d", s.Height)
		}
		return err
	})
}

// rename is something that is recorded when it is done.
func (n *networkNode) rename(name string) {
	n.Helper()
	n.must(http.MethodPatch, "/api/v1/settings", n.token, map[string]string{"name": name}, nil)
}

// knows waits until the name of a node is in this node's copy of the ledger.
func (n *networkNode) knows(of *networkNode, name string) {
	n.Helper()
	n.eventually(n.id+" knows "+of.id+" as "+name, func() error {
		r, err := n.recorder(of.id)
		if err == nil && r.Name != name {
			err = fmt.Errorf("it is %q", r.Name)
		}
		return err
	})
}

// recordedOnce looks in one node's copy of the ledger for every day of others:
// each was recorded by a transaction of its own, none is missing.
func recordedOnce(at *networkNode, of []*networkNode, p calendar.Period) {
	at.Helper()
	for _, n := range of {
		by, size := map[string]string{}, uint64(0)
		r, err := at.recorder(n.id)
		if err != nil {
			at.Fatal(err)
		}
		last, err := calendar.ParseDay(r.DayText)
		if err != nil {
			at.Fatal(err)
		}
		for day := p.Day(1); day <= last; day = day.Add(1) {
			var x struct {
				Size uint64
				Tx   string
			}
			at.must(http.MethodGet, "/api/v1/ledger/nodes/"+n.id+"/days/"+day.String(), "", nil, &x)
			if other, twice := by[x.Tx]; twice || x.Size < size {
				at.Errorf("%s: %v of %s (%d leaves) is in transaction %s as is %s", at.id, day, n.id, x.Size, x.Tx, other)
			}
			by[x.Tx], size = day.String(), x.Size
		}
		if size != r.Leaves || size == 0 {
			at.Errorf("%s: %s has %d leaves on the last day, %d in all", at.id, n.id, size, r.Leaves)
		}
	}
}
