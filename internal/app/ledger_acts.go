package app

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/royalty"
)

// acts are those whose home on the ledger this node is, as the ledger knows them.
func (r recorder) acts(ctx context.Context) (map[id.Act]contract.Act, error) {
	list, err := r.contract.Acts(ctx, r.node)
	out := make(map[id.Act]contract.Act, len(list))
	for _, a := range list {
		out[a.ID] = a
	}
	return out, err
}

// owed are the acts of [recorder.acts], and those that the node owes something
// and that have another home: also an act of this node may, when another paid it
// before this one wrote to the ledger.
func (r recorder) owed(ctx context.Context, balances []contract.Balance) (map[id.Act]contract.Act, error) {
	acts, err := r.acts(ctx)
	if err != nil {
		return nil, err
	}
	for _, b := range balances {
		if _, own := acts[b.Act]; own || b.Micro == 0 {
			continue
		}
		if acts[b.Act], err = r.elsewhere(ctx, b.Act); err != nil {
			return nil, err
		}
	}
	return acts, nil
}

// SetPayouts registers acts with what the ledger does not have of them yet. Those
// of other nodes that write to the ledger are theirs to register; what this node
// has registered it looks after, whoever else does by now.
//
// Of one other node [mostForeign] acts are registered a month; what more of them earn
// waits for the next one.
//
// BUG(9ten): an act of another node that changes its wallets daily costs a transaction
// a day: the ledger says when it changed last, and not how often.
func (r recorder) SetPayouts(ctx context.Context, payouts map[id.Act]royalty.Hash) error {
	acts, err := r.acts(ctx)
	if err != nil {
		return err
	}
	homes, err := r.homes(ctx)
	if err != nil {
		return err
	}
	members, err := r.members(ctx, homes)
	if err != nil {
		return err
	}
	var changed, fresh []id.Act
	for act, where := range payouts {
		a, own := acts[act]
		if own && a.Payout == contract.Digest(where) || !own && members[homes[act]] {
			continue
		}
		if !own {
			if a, err = r.elsewhere(ctx, act); err != nil {
				return err
			}
			if a.Home != "" && homes[act] == "" {
				r.feed.log.Warn("an act of this node has another home on the ledger, which says where it is paid", "act", act, "home", a.Home)
			}
			if a.Home != "" {
				continue // who registered it first looks after it
			}
			fresh = append(fresh, act)
			continue
		}
		changed = append(changed, act)
	}
	for act, a := range acts {
		if _, ok := payouts[act]; !ok && a.Payout != (contract.Digest{}) {
			changed = append(changed, act)
		}
	}
	changed = append(changed, r.affordable(fresh, acts, homes)...)
	slices.Sort(changed)
	for _, act := range changed {
		in := contract.ActRegistration{Node: r.node, Act: act, MinPayout: acts[act].MinPayout, Payout: contract.Digest(payouts[act])}
		if _, err := r.contract.RegisterAct(ctx, opAct(act, acts[act].Address+1), in); err != nil {
			return err
		}
	}
	return nil
}

// mostForeign is how many acts of one other node are registered a month.
const mostForeign = 500

// affordable are those of acts that nobody registered yet which this node may register
// this month: all of its own, and so many of each other node.
func (r recorder) affordable(fresh []id.Act, acts map[id.Act]contract.Act, homes map[id.Act]string) (out []id.Act) {
	if len(fresh) == 0 {
		return nil
	}
	month, n := calendar.PeriodOf(r.now()), map[string]int{}
	for act, host := range homes {
		if a, ok := acts[act]; ok && calendar.PeriodOf(time.UnixMilli(int64(a.Since)).UTC()) == month {
			n[host]++
		}
	}
	slices.Sort(fresh)
	for _, act := range fresh {
		host := homes[act]
		if n[host]++; host == "" || n[host] <= mostForeign {
			out = append(out, act)
		}
	}
	return out
}

// elsewhere is an act that is none of [recorder.acts], zero while nobody has
// registered it.
func (r recorder) elsewhere(ctx context.Context, act id.Act) (contract.Act, error) {
	a, err := r.contract.Act(ctx, act)
	if fault.Is(err, fault.NotFound) {
		return contract.Act{}, nil
	}
	return a, err
}

// members are the nodes of the ledger, where it matters who they are.
func (r recorder) members(ctx context.Context, homes map[id.Act]string) (map[string]bool, error) {
	if len(homes) == 0 {
		return nil, nil
	}
	list, err := r.contract.Nodes(ctx)
	out := make(map[string]bool, len(list))
	for _, n := range list {
		out[n.ID] = true
	}
	return out, err
}

// payable lists the acts that have an address and a balance that the next batch
// pays, by act.
func (r recorder) payable(ctx context.Context, p calendar.Period) (out []id.Act, err error) {
	rules, err := r.contract.Rules(ctx, r.node, p)
	if err != nil {
		return nil, err
	}
	balances, err := r.contract.Balances(ctx, r.node)
	if err != nil {
		return nil, err
	}
	acts, err := r.owed(ctx, balances)
	for _, b := range balances {
		a := acts[b.Act]
		if a.Payout != (contract.Digest{}) && b.Micro > 0 && b.Micro >= max(a.MinPayout, rules.Parameters.MinPayout) {
			out = append(out, b.Act)
		}
	}
	return out, err
}

func (r recorder) Waiting(ctx context.Context, act id.Act) (out []report.Waiting, err error) {
	balances, err := r.contract.Balances(ctx, r.node)
	if err != nil {
		return nil, err
	}
	acts, err := r.owed(ctx, balances)
	if err != nil {
		return nil, err
	}
	for _, b := range balances {
		a := acts[b.Act]
		if act != "" && b.Act != act || a.Payout != (contract.Digest{}) || a.Merged != "" {
			continue // another, or paid, or what it is merged into is
		}
		for _, c := range b.Since {
			w := report.Waiting{Act: b.Act, Period: c.Period, Micro: c.Micro, Until: c.Period.Forfeit()}
			if back := a.TakenBack(); back.After(w.Until) {
				w.Until = back
			}
			out = append(out, w)
		}
	}
	slices.SortFunc(out, func(a, b report.Waiting) int {
		return cmp.Or(a.Until.Compare(b.Until), cmp.Compare(a.Period, b.Period), cmp.Compare(a.Act, b.Act))
	})
	return out, nil
}

func (r recorder) Forfeit(ctx context.Context, act id.Act, p calendar.Period) error {
	_, err := r.contract.ForfeitBalance(ctx, opForfeit(act, p), contract.BalanceRef{Node: r.node, Act: act, Period: p})
	return err
}

func (r recorder) Forfeits(ctx context.Context, act id.Act) ([]report.Forfeit, error) {
	list, err := r.contract.Forfeits(ctx, r.node, "")
	var out []report.Forfeit
	for _, f := range list {
		if act == "" || f.Act == act {
			out = append(out, report.Forfeit{Act: f.Act, Period: f.Period, Micro: f.Micro, At: time.UnixMilli(int64(f.At)).UTC()})
		}
	}
	return out, err
}
