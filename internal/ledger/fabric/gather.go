package fabric

import (
	"context"
	"slices"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// Those who found a network together start within seconds of each other, or hours.
// An orderer says a thing to another once: what is lost because the other was not up
// is not said again, and whom it did not reach it tries anew a second later, then
// ever later. A first transaction that is lost like that makes the orderers depose
// their leader, which takes seven seconds and more. So an orderer takes its place
// in a new channel once the others run, and nothing is recorded there before they
// have taken theirs.

// awaitOrderers returns Unavailable, with how many there are, while the node's own
// orderer should wait with its place in a new channel: until the others answer, or
// one of them has begun.
func (h *Home) awaitOrderers(ctx context.Context, name string, v *view, cfg channel.Config) error {
	return h.gather(ctx, name, v, cfg, func(heard []hearing) int {
		if slices.ContainsFunc(heard, hearing.takesPart) {
			return len(heard)
		}
		return h.count(heard, hearing.there)
	})
}

// awaitOrdering returns Unavailable, with how many there are, until the orderers of
// a new channel have taken their places.
func (h *Home) awaitOrdering(ctx context.Context, name string, v *view, cfg channel.Config) error {
	return h.gather(ctx, name, v, cfg, func(heard []hearing) int { return h.count(heard, hearing.takesPart) })
}

// count is how many are as they should be. Of its own orderer the node knows: it
// need not reach itself by the address that others have of it.
func (h *Home) count(heard []hearing, should func(hearing) bool) (n int) {
	for _, x := range heard {
		if x.who.MSP == h.cfg.Node || should(x) {
			n++
		}
	}
	return n
}

// gather waits until all of a channel's orderers count, or enough of them for
// [straggling].
func (h *Home) gather(ctx context.Context, name string, v *view, cfg channel.Config, count func([]hearing) int) error {
	if list, err := cfg.Consenters(); err != nil || len(list) < 2 {
		return err
	}
	asked := h.cfg.Now()
	heard, err := h.hear(ctx, name, cfg)
	if err != nil {
		return err
	}
	n := count(heard)
	if v.begins(n, len(heard), asked, h.cfg.Now()) {
		return nil
	}
	if n < channel.Quorum(len(heard)) && h.disbelieved(heard) {
		return fault.New(fault.Unavailable, "%d of the network's %d orderers are there so far, and others hear this node and do not believe its clock. 9ten ledger doctor says whose is wrong.", n, len(heard))
	}
	return fault.New(fault.Unavailable, "%d of the network's %d orderers are there so far.", n, len(heard))
}

// disbelieved reports whether all others that answer refuse the question for its time.
func (h *Home) disbelieved(heard []hearing) (yes bool) {
	for _, x := range heard {
		switch {
		case x.who.MSP == h.cfg.Node || !x.there():
		case !x.apart:
			return false
		default:
			yes = true
		}
	}
	return yes
}

// straggling is how long the others wait for an orderer that they can do without.
const straggling = 3 * time.Second

// begins reports whether n of the orderers are enough to go on with, now that those
// who are missing have been waited for: since it was asked, where one that hangs
// took its time.
func (v *view) begins(n, of int, asked, now time.Time) bool {
	switch {
	case n < channel.Quorum(of):
		v.gathered = time.Time{}
		return false
	case v.gathered.IsZero():
		v.gathered = asked
	}
	if n < of && now.Sub(v.gathered) < straggling {
		return false
	}
	v.gathered = time.Time{} // what comes next waits anew
	return true
}
