package fabric

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// mover is the node of a small network that an intent has endorse, or of any that it
// has endorse no longer, and nobody else, "" for every other intent. Once that node
// has signed it, the others consent without asking: to admit it was the decision, and
// nobody endorses against its will. Who proposed it does not matter. What moves
// anybody else is for people, and so is what this node declined.
func (h *Home) mover(i contract.Intent, v *view) string {
	if i.Kind != contract.SetValidators || h.declined(i) {
		return ""
	}
	next, ok := endorsers(i)
	if !ok {
		return ""
	}
	now, err := v.config.Validators()
	members, err2 := v.config.Members()
	if err != nil || err2 != nil {
		return ""
	}
	for _, node := range slices.Concat(next, now) {
		more, small := grown(now, node, len(members))
		if small && slices.Equal(next, more) || slices.Equal(next, without(now, node)) {
			return node
		}
	}
	return ""
}

// endorsers is whom an intent has endorse, false where it is not written as nodes write it:
// the same list in many ways would be as many intents.
func endorsers(i contract.Intent) (nodes []string, ok bool) {
	if json.Unmarshal(i.Payload, &nodes) != nil {
		return nil, false
	}
	b, err := json.Marshal(nodes)
	return nodes, err == nil && bytes.Equal(b, i.Payload)
}

// declined reports whether the ledger has this node's no to an intent.
func (h *Home) declined(i contract.Intent) bool {
	return slices.ContainsFunc(i.Declines, func(d contract.Decline) bool { return d.Node == h.cfg.Node })
}

// grown is a list of validators with one more, where that needs no people: in a network
// whose members may all endorse.
func grown(now []string, node string, members int) (list []string, small bool) {
	if members > channel.MaxValidators {
		return nil, false
	}
	return beside(now, node), true
}

// beside is a list of validators with one more.
func beside(now []string, node string) []string {
	return slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(now), node))))
}

// without is a list of validators with one less.
func without(now []string, node string) []string {
	return slices.DeleteFunc(slices.Clone(now), func(x string) bool { return x == node })
}

// wish is who should endorse as far as this node may say so by itself, nil when
// that is so already: in a small network everybody, and nobody who has no peer
// there.
func (h *Home) wish(name string, v *view) ([]string, error) {
	now, err := v.config.Validators()
	if err != nil {
		return nil, err
	}
	endorses := slices.Contains(now, h.cfg.Node)
	if h.wantsClient(name) {
		_, orders := v.config.Orders(h.cfg.Node)
		switch left := without(now, h.cfg.Node); {
		case h.carries.Load():
			return nil, fault.New(fault.Conflict, "This node is a delegate of its cluster, so it keeps its peer on the network's channel. Resign first: 9ten ledger cluster resign.")
		case orders:
			return nil, fault.New(fault.Conflict, "This node orders, so it keeps its peer on the network's channel. Remove its orderer first: 9ten ledger orderer remove %s.", h.cfg.Node)
		case endorses && len(left) == 0:
			return nil, fault.New(fault.Conflict, "This node alone endorses, so it keeps its peer on the network's channel until another one endorses.")
		case endorses:
			return left, nil
		}
		return nil, nil
	}
	members, err := v.config.Members()
	if err != nil || endorses {
		return nil, err
	}
	list, _ := grown(now, h.cfg.Node, len(members))
	return list, nil
}

// stepValidator has a member of a small network ask to endorse once its node is
// registered, which shows that its peer and contract work; and one that wants to
// be a client ask not to.
func (h *Home) stepValidator(ctx context.Context, name string, v *view) (bool, error) {
	want, err := h.wish(name, v)
	if err != nil || want == nil {
		return false, err
	}
	b, err := h.book(name)
	if err != nil {
		return false, err
	}
	if _, err := b.Node(ctx, h.cfg.Node); err != nil {
		if fault.Is(err, fault.NotFound) {
			err = nil
		}
		return false, err
	}
	open, err := b.Intents(ctx)
	if err != nil {
		return false, err
	}
	for _, i := range open {
		next, ok := endorsers(i)
		switch {
		case i.Kind != contract.SetValidators || !ok:
		case slices.Equal(next, want):
			if v.approves(name, i) || h.declined(i) {
				return false, nil
			}
		case slices.Contains(next, h.cfg.Node) != slices.Contains(want, h.cfg.Node): // about another one
		case i.By == h.cfg.Node: // another member was faster, so this would put it out again
			err = h.Withdraw(ctx, name, i.ID)
		case v.approves(name, i): // it asked for that, which was another's
			err = h.forget(name, i.ID)
		}
		if err != nil {
			return false, err
		}
	}
	_, err = h.Propose(ctx, name, contract.SetValidators, "", want, "")
	return err == nil, err
}
