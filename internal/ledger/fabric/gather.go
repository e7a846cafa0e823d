package fabric

import (
	"context"
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

// straggling is how long the others wait for an orderer that they can do without.
const straggling = 3 * time.Second

// gather returns Unavailable, with how many there are, until the orderers of a new
// channel are as they should be: all of them, or enough of them for [straggling].
func (h *Home) gather(ctx context.Context, name string, v *view, cfg channel.Config, should func(hearing) bool) error {
	if list, err := cfg.Consenters(); err != nil || len(list) < 2 {
		return err
	}
	heard, err := h.hear(ctx, name, cfg)
	if err != nil {
		return err
	}
	n := 0
	for _, x := range heard {
		if should(x) {
			n++
		}
	}
	if v.begins(n, len(heard), h.cfg.Now()) {
		return nil
	}
	return fault.New(fault.Unavailable, "%d of the network's %d orderers are there so far.", n, len(heard))
}

// begins reports whether n of the orderers are enough to go on with, now that those
// who are missing have been waited for.
func (v *view) begins(n, of int, now time.Time) bool {
	switch {
	case n < channel.Quorum(of):
		v.gathered = time.Time{}
	case v.gathered.IsZero():
		v.gathered = now
	}
	return n == of || !v.gathered.IsZero() && now.Sub(v.gathered) >= straggling
}
