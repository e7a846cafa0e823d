package fabric

import (
	"context"
	"fmt"
	"time"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
)

// over concludes an intent that cannot change the channel any more. What this
// node saw may be older than the intent, so it looks again before it says so to
// everybody. One that reads the ledger through another member's peer leaves it to
// those who have their own.
func (h *Home) over(ctx context.Context, name string, k kind, i contract.Intent, v *view, b contract.Client) (bool, error) {
	if v.far || !h.mayCarry(i.By, i.At) {
		return false, nil
	}
	v, err := h.current(ctx, name)
	if err != nil {
		return false, err
	}
	_, err = k.update(name, i.IntentProposal, v.config)
	switch {
	case err == nil:
		return true, nil // the next look has this configuration
	case fault.Is(err, fault.Conflict):
		return h.conclude(ctx, i, contract.Applied, v, b)
	}
	return h.conclude(ctx, i, contract.Failed, v, b)
}

// conclude records what became of an intent. Two nodes may do it at once; the
// second is told that it was done.
func (h *Home) conclude(ctx context.Context, i contract.Intent, outcome string, v *view, b contract.Client) (bool, error) {
	if !h.mayCarry(i.By, i.At) {
		return false, nil
	}
	op := fmt.Sprintf("conclude/%s/%d", i.ID, i.Round)
	_, err := b.ConcludeIntent(ctx, op, contract.Conclusion{ID: i.ID, Outcome: outcome, Sequence: v.config.Sequence})
	if fault.Is(err, fault.Conflict) {
		err = nil
	}
	return false, err
}

// lapsed reads an intent that was approved here and is not among the open ones any
// more. Where only its time is over nobody has said so yet: the proposer's node
// does, or another that approved it.
func (h *Home) lapsed(ctx context.Context, id contract.Digest, v *view, b contract.Client) (contract.Intent, error) {
	i, err := b.Intent(ctx, id)
	if err != nil || i.State != contract.Open || i.Check(id) != nil || h.cfg.Now().Before(time.UnixMilli(int64(i.Until))) || !h.mayCarry(i.By, i.Until) {
		return i, err
	}
	_, err = h.conclude(ctx, i, contract.Expired, v, b)
	return i, err
}
