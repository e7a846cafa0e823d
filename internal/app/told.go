package app

import (
	"context"
	"encoding/json"
	"iter"
	"strings"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/store"
)

// told is the ledger as far as it has told this node: it answers from the
// node's own store, so whoever looks at a page waits for no other machine. What
// it answers is at most as old as the feed is behind, and as old as the
// ledger's absence while that is away.
type told struct{ db *store.DB }

var _ ledger.Ledger = told{}

// args is how the arguments of a question are kept.
func args(list ...string) string { return strings.Join(list, "/") }

// empty is what a question is answered with of which nothing was told.
var empty = map[string]string{"GetBalances": "[]", "GetActs": "[]", "GetForfeits": "[]", "GetFaults": "[]", "GetClusters": "[]"}

// Evaluate answers from what was told; see [kept] and [telling] for what that
// is. Faults: NotFound.
func (t told) Evaluate(ctx context.Context, fn string, list ...string) (out []byte, err error) {
	err = t.db.View(ctx, func(tx *store.Tx) error {
		out, err = tx.LedgerTold(ctx, fn, args(list...))
		return err
	})
	if err == nil && out == nil {
		if e, ok := empty[fn]; ok {
			return []byte(e), nil
		}
		err = fault.New(fault.NotFound, "The ledger has told this node nothing of that.")
	}
	return out, err
}

// Statement is the hash of what stands for a node's month, in hexadecimal digits, and
// the transaction it was recorded with. Faults: NotFound.
func (t told) Statement(ctx context.Context, node string, p calendar.Period) (hash, tx string, err error) {
	s, err := contract.Client{Ledger: t}.Settlement(ctx, node, p)
	return s.Hash.String(), s.Tx, err
}

// Submit refuses: what is recorded goes to the ledger itself.
func (told) Submit(context.Context, ledger.Call) (ledger.Result, error) {
	return ledger.Result{}, fault.New(fault.Unsupported, "A copy of the ledger records nothing.")
}

// Events are none: a copy does not grow by itself.
func (told) Events(context.Context, uint64) iter.Seq2[ledger.Event, error] {
	return func(func(ledger.Event, error) bool) {}
}

// statusFn is under which name the ledger's state is kept with the answers of
// the contract.
const statusFn = "Status"

// Status is where the ledger stood when it was last asked, zero before that.
func (t told) Status(ctx context.Context) (st ledger.Status, err error) {
	err = t.db.View(ctx, func(tx *store.Tx) error {
		b, err := tx.LedgerTold(ctx, statusFn, "")
		if err != nil || b == nil {
			return err
		}
		return json.Unmarshal(b, &st)
	})
	return st, err
}

// nodes are those of the registry, by id, with how far each has come.
func (t told) nodes(ctx context.Context) (out []neighbour, err error) {
	err = t.db.View(ctx, func(tx *store.Tx) error {
		list, err := toldOf[contract.Node](ctx, tx, "GetNode")
		if err != nil {
			return err
		}
		anchors, err := toldOf[contract.Anchor](ctx, tx, "GetAnchor")
		if err != nil {
			return err
		}
		settled, err := toldOf[contract.Settled](ctx, tx, "GetSettlement")
		if err != nil {
			return err
		}
		faults, err := toldOf[[]contract.Fault](ctx, tx, "GetFaults")
		if err != nil {
			return err
		}
		at := map[string]int{}
		for i, n := range list {
			at[n.ID], out = i, append(out, neighbour{Node: n})
		}
		for _, a := range anchors {
			if i, ok := at[a.Node]; ok && a.Day >= out[i].Anchor.Day {
				out[i].Anchor = a
			}
		}
		for _, s := range settled {
			if i, ok := at[s.Node]; ok && s.Period >= out[i].Settled.Period {
				out[i].Settled = s
			}
		}
		for _, of := range faults {
			for _, f := range of {
				if i, ok := at[f.Node]; ok {
					out[i].Faults = append(out[i].Faults, f)
				}
			}
		}
		return nil
	})
	return out, err
}

// A neighbour is a node of the network and what it has recorded.
type neighbour struct {
	contract.Node
	Anchor  contract.Anchor  // the latest, zero for none
	Settled contract.Settled // the latest, zero for none
	Faults  []contract.Fault // proved against it
}

func toldOf[T any](ctx context.Context, tx *store.Tx, fn string) ([]T, error) {
	rows, err := tx.LedgerToldOf(ctx, fn)
	if err != nil {
		return nil, err
	}
	out := make([]T, len(rows))
	for i, r := range rows {
		if err := json.Unmarshal(r.Answer, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}
