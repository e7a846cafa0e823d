package report

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/wallet"
)

// chunkRows bounds one write transaction of a compilation: claims wait behind
// it for a fraction of a second.
const chunkRows = 2000

// chunkLines is the same for acts: each comes with the shares of its listeners.
const chunkLines = 20

// compiled is a month row on its way into the store.
type compiled struct {
	row   royalty.MonthRow
	payer payer
	salt  royalty.Salt
	data  []byte
	word  bool // the listener confirmed the nine
}

// compile makes a period's rows, trees and settlement and keeps them. The
// period counts as compiled only with the last transaction; what an
// interrupted run left is cleared first.
func (d *Desk) compile(ctx context.Context, p calendar.Period) (Period, error) {
	rules, err := d.Ledger.Rules(ctx, p)
	if err != nil {
		return Period{}, err
	}
	orders, err := d.Ledger.Corrections(ctx, p)
	if err != nil {
		return Period{}, err
	}
	if err := d.Store.ReportUpdate(ctx, func(tx Tx) error { return tx.ClearPeriod(ctx, p) }); err != nil {
		return Period{}, err
	}
	month, err := royalty.NewMonth(p, rules)
	if err != nil {
		return Period{}, err
	}
	rows, sums, last, previous, err := d.rows(ctx, p, month)
	if err != nil {
		return Period{}, err
	}
	trees, err := month.Close(affordable(orders, rows))
	if err != nil {
		return Period{}, err
	}
	s, err := trees.Settle(royalty.Closing{
		Node: d.Node, Log: royalty.Checkpoint{Origin: royalty.LogOrigin(d.Node), Size: last.Size, Root: last.Root}, Previous: previous,
		Received: sums.Received, Refunded: sums.Refunded, Operator: sums.Operator, UnearnedOut: sums.UnearnedBehind,
		Rules: d.rulesVersion(), Vectors: royalty.VectorsHash(),
	})
	if err != nil {
		return Period{}, err
	}
	out := Period{Period: p, State: Compiled}
	if out.Rules, err = json.Marshal(rules); err != nil {
		return Period{}, err
	}
	if out.Settlement, err = s.Encode(); err != nil {
		return Period{}, err
	}
	out.Signature = d.Keys.Settlement(out.Settlement)
	if out.TreeA, err = d.Keys.Checkpoint(royalty.Checkpoint{Origin: royalty.MonthOrigin(d.Node, p), Size: uint64(len(rows)), Root: trees.RootA}); err != nil {
		return Period{}, err
	}
	if err := d.keep(ctx, p, rows, trees); err != nil {
		return Period{}, err
	}
	return out, d.Store.ReportUpdate(ctx, func(tx Tx) error {
		out.Compiled = tx.Now()
		for _, r := range rows {
			if r.row.CarryOut == 0 {
				continue
			}
			if err := tx.SetCarry(ctx, p, Carry{Subscription: r.payer.sub, Micro: r.row.CarryOut, Carried: r.row.Carried}); err != nil {
				return err
			}
		}
		return tx.InsertPeriod(ctx, out)
	})
}

// rulesVersion names the arithmetic, and says so where a demonstration made
// the settlement.
func (d *Desk) rulesVersion() string {
	if d.Marks.DemoClock {
		return royalty.RulesVersion + royalty.DemoRules
	}
	return royalty.RulesVersion
}

// rows compiles every payer's month from the stored day rows, in one pass over
// them and on one snapshot.
func (d *Desk) rows(ctx context.Context, p calendar.Period, month *royalty.Month) (out []compiled, sums wallet.Sums, last Batch, previous *royalty.Settlement, err error) {
	// Keys of payers who never played are made first: a snapshot cannot write.
	var list []payer
	err = d.Store.ReportUpdate(ctx, func(tx Tx) error {
		if list, err = payers(ctx, tx, p); err != nil {
			return err
		}
		for _, x := range list {
			if x.account != "" {
				if _, err := tx.MonthSalt(ctx, p, x.account); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, sums, last, nil, err
	}
	err = d.Store.ReportView(ctx, func(tx Tx) error {
		if sums, err = tx.Sums(ctx, p); err != nil {
			return err
		}
		if last, err = tx.LastAnchored(ctx, calendar.DayOf(tx.Now())); err != nil {
			return err
		}
		if previous, err = before(ctx, tx, p); err != nil {
			return err
		}
		confirmed, err := tx.Confirmed(ctx, p)
		if err != nil {
			return err
		}
		out = make([]compiled, 0, len(list))
		add := func(x payer, days [][]byte) error {
			c, err := compileOne(ctx, tx, p, month, x, days, confirmed[x.account])
			out = append(out, c)
			return err
		}
		return mergePayers(ctx, tx, p, list, add)
	})
	return out, sums, last, previous, err
}

// mergePayers hands each payer its day rows; both come in order of pseudonym.
func mergePayers(ctx context.Context, tx Tx, p calendar.Period, list []payer, add func(payer, [][]byte) error) error {
	i := 0
	var days [][]byte
	flush := func() error {
		err := add(list[i], days)
		i, days = i+1, days[:0]
		return err
	}
	err := tx.PeriodRows(ctx, p, func(who royalty.Pseudonym, data []byte) error {
		for i < len(list) && bytes.Compare(list[i].who[:], who[:]) < 0 {
			if err := flush(); err != nil {
				return err
			}
		}
		if i < len(list) && list[i].who == who {
			days = keepRow(days, data)
		}
		return nil
	})
	for err == nil && i < len(list) {
		err = flush()
	}
	return err
}

// keepRow appends a copy of a row, in the memory of one that days held before.
func keepRow(days [][]byte, row []byte) [][]byte {
	if n := len(days); n < cap(days) {
		days = days[:n+1]
		days[n] = append(days[n][:0], row...)
		return days
	}
	return append(days, bytes.Clone(row))
}

func compileOne(ctx context.Context, tx Tx, p calendar.Period, month *royalty.Month, x payer, days [][]byte, confirmed bool) (compiled, error) {
	c := compiled{payer: x, word: confirmed}
	l := royalty.Listener{Pseudonym: x.who, Pot: x.pot, CarryIn: x.carry, Carried: x.carried, Days: days, Confirmed: confirmed, Closed: x.account == ""}
	var err error
	if x.account != "" {
		if c.salt, err = tx.MonthSalt(ctx, p, x.account); err != nil {
			return c, err
		}
		if confirmed || x.carried > 0 {
			if l.Basis, err = basis(ctx, tx, p, x.account, confirmed); err != nil {
				return c, err
			}
		}
	} else {
		c.salt = id.Random16()
	}
	row, data, err := month.Add(&l, c.salt)
	c.row, c.data = row, bytes.Clone(data)
	return c, err
}

// basis finds the rows of an earlier period by which a pot is paid when its own
// has none that are good enough. Who confirmed the nine now was shown the last
// ones there are. Without a word it is the last nine that were signed for by a
// device or confirmed in their own time.
func basis(ctx context.Context, tx Tx, p calendar.Period, a id.Account, confirmed bool) ([][]byte, error) {
	for back := 1; back <= royalty.BasisPeriods; back++ {
		earlier := p.Add(-back)
		who, err := tx.Pseudonym(ctx, earlier, a)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		rows, err := tx.DayRowsOf(ctx, earlier, who)
		if err != nil {
			return nil, err
		}
		good := confirmed
		if !good {
			if good, err = tx.HasConfirmed(ctx, earlier, a); err != nil {
				return nil, err
			}
		}
		out, ok, err := usable(rows, good)
		if err != nil || ok {
			return out, err
		}
	}
	return nil, nil
}

// usable returns the rows of a period, and whether somebody can be paid by
// them: one has credit that a device signed for, or any at all if that is good
// enough.
func usable(rows []DayRow, good bool) (out [][]byte, ok bool, err error) {
	for i, r := range rows {
		out = append(out, r.Data)
		if i+1 < len(rows) && rows[i+1].Day == r.Day {
			continue // a correction follows
		}
		row, err := royalty.ParseDayRow(r.Data)
		if err != nil {
			return nil, false, err
		}
		ok = ok || row.SignedCredit() > 0 || good && row.Total > 0
	}
	return out, ok, nil
}

// before returns the settlement this one follows, nil for the node's first.
// The period right before it must be settled if anything earlier is.
func before(ctx context.Context, tx Tx, p calendar.Period) (*royalty.Settlement, error) {
	all, err := tx.Periods(ctx)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		first, err := tx.FirstDay(ctx)
		if err == nil && first.Period() < p {
			err = fault.New(fault.Conflict, "%v cannot be settled next: people have listened or paid since %v, which comes first.", p, first)
		}
		return nil, err
	}
	i := slices.IndexFunc(all, func(x Period) bool { return x.Period == p.Add(-1) })
	if i < 0 {
		latest := slices.MaxFunc(all, func(a, b Period) int { return int(a.Period) - int(b.Period) })
		return nil, fault.New(fault.Conflict, "%v cannot be settled next: the last settled month is %v.", p, latest.Period)
	}
	s, err := royalty.ParseSettlement(all[i].Settlement)
	return &s, err
}

// affordable cuts what corrections take from an act to what the month gives
// it; the ledger lets the rest wait.
func affordable(orders []royalty.Adjustment, rows []compiled) []royalty.Adjustment {
	if len(orders) == 0 {
		return nil
	}
	have := map[id.Act]money.Micro{}
	for _, r := range rows {
		for _, s := range r.row.Shares {
			have[s.Act] += s.Micro
		}
	}
	out := slices.Clone(orders)
	for i := range out {
		out[i].Minus = min(out[i].Minus, have[out[i].Act]+out[i].Plus)
	}
	return out
}

// keep writes rows, lines and shares in chunks.
func (d *Desk) keep(ctx context.Context, p calendar.Period, rows []compiled, trees *royalty.Trees) error {
	for at := 0; at < len(rows); at += chunkRows {
		part := rows[at:min(at+chunkRows, len(rows))]
		err := d.Store.ReportUpdate(ctx, func(tx Tx) error {
			for i, r := range part {
				m := MonthRow{Pseudonym: r.row.Pseudonym, Position: at + i, Leaf: trees.Rows[at+i], Salt: r.salt, Data: r.data,
					Carried: r.payer.carried, Confirmed: r.word, Closed: r.payer.account == ""}
				if err := tx.InsertMonthRow(ctx, p, m); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for lines := range slices.Chunk(trees.Lines, chunkLines) {
		err := d.Store.ReportUpdate(ctx, func(tx Tx) error {
			for _, l := range lines {
				leaves, err := trees.Leaves(l.Act)
				if err != nil {
					return err
				}
				if err := tx.InsertLine(ctx, p, l); err != nil {
					return err
				}
				if err := tx.InsertShares(ctx, p, l.Act, leaves); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
