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

// compiled is a month row on its way into the store. The row itself is in its
// bytes alone: a hundred thousand of them wait for the trees.
type compiled struct {
	payer
	data     []byte
	carryOut money.Micro
	waited   uint8 // for how many periods carryOut has waited
	word     bool  // the listener confirmed the nine
	basis    []byte
}

// draft is a period before its trees are closed.
type draft struct {
	rows     []compiled
	sums     wallet.Sums
	last     Batch               // of the log
	previous *royalty.Settlement // nil for the node's first
	orders   []royalty.Adjustment
	have     map[id.Act]money.Micro // what the rows give the acts that orders correct
}

// compile makes a period's rows, trees and settlement and keeps them. The
// period counts as compiled only with the last transaction; what an
// interrupted run left is cleared first.
func (d *Desk) compile(ctx context.Context, p calendar.Period) (Period, error) {
	if err := d.payouts(ctx); err != nil {
		return Period{}, err
	}
	rules, err := d.Ledger.Rules(ctx, p)
	if err != nil {
		return Period{}, err
	}
	var m draft
	if m.orders, err = d.Ledger.Corrections(ctx, p); err != nil {
		return Period{}, err
	}
	if err := d.Store.ReportUpdate(ctx, func(tx Tx) error { return tx.ClearPeriod(ctx, p) }); err != nil {
		return Period{}, err
	}
	month, err := royalty.NewMonth(p, rules)
	if err != nil {
		return Period{}, err
	}
	if err := d.rows(ctx, p, month, &m); err != nil {
		return Period{}, err
	}
	trees, err := month.Close(m.affordable())
	if err != nil {
		return Period{}, err
	}
	s, err := trees.Settle(royalty.Closing{
		Node: d.Node, Log: royalty.Checkpoint{Origin: royalty.LogOrigin(d.Node), Size: m.last.Size, Root: m.last.Root}, Previous: m.previous,
		Received: m.sums.Received, Refunded: m.sums.Refunded, Operator: m.sums.Operator, UnearnedOut: m.sums.UnearnedBehind,
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
	if out.TreeA, err = d.Keys.Checkpoint(royalty.Checkpoint{Origin: royalty.MonthOrigin(d.Node, p), Size: uint64(len(m.rows)), Root: trees.RootA}); err != nil {
		return Period{}, err
	}
	if err := d.keep(ctx, p, m.rows, trees); err != nil {
		return Period{}, err
	}
	return out, d.Store.ReportUpdate(ctx, func(tx Tx) error {
		out.Compiled = tx.Now()
		for _, r := range m.rows {
			if r.carryOut == 0 {
				continue
			}
			if err := tx.SetCarry(ctx, p, Carry{Subscription: r.sub, Micro: r.carryOut, Carried: r.waited}); err != nil {
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
func (d *Desk) rows(ctx context.Context, p calendar.Period, month *royalty.Month, m *draft) error {
	var list []payer
	err := d.Store.ReportUpdate(ctx, func(tx Tx) (err error) {
		if list, err = payers(ctx, tx, p); err == nil {
			err = salted(ctx, tx, p, list)
		}
		return err
	})
	if err != nil {
		return err
	}
	m.have = make(map[id.Act]money.Micro, len(m.orders))
	for _, o := range m.orders {
		m.have[o.Act] = 0
	}
	m.rows = make([]compiled, 0, len(list))
	return d.Store.ReportView(ctx, func(tx Tx) (err error) {
		if m.sums, err = tx.Sums(ctx, p); err != nil {
			return err
		}
		if m.last, err = tx.LastAnchored(ctx, calendar.DayOf(tx.Now())); err != nil {
			return err
		}
		if m.previous, err = before(ctx, tx, p); err != nil {
			return err
		}
		confirmed, err := tx.Confirmed(ctx, p)
		if err != nil {
			return err
		}
		return mergePayers(ctx, tx, p, list, func(x payer, days [][]byte) error {
			return m.add(ctx, tx, month, x, days, confirmed[x.account])
		})
	})
}

// salted gives each payer the salt of the month row. Those of accounts that are
// gone lead back to nobody; keys that are missing are made, which is why this is
// no part of the snapshot.
func salted(ctx context.Context, tx Tx, p calendar.Period, list []payer) error {
	known, err := tx.MonthSalts(ctx, p)
	if err != nil {
		return err
	}
	for i := range list {
		x := &list[i]
		salt, ok := known[x.account]
		switch {
		case x.account == "":
			salt = id.Random16()
		case !ok:
			if salt, err = tx.MonthSalt(ctx, p, x.account); err != nil {
				return err
			}
		}
		x.salt = salt
	}
	return nil
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

// add compiles one payer's month.
func (m *draft) add(ctx context.Context, tx Tx, month *royalty.Month, x payer, days [][]byte, confirmed bool) error {
	l := royalty.Listener{Pseudonym: x.who, Pot: x.pot, CarryIn: x.carry, Carried: x.carried, Days: days, Confirmed: confirmed, Closed: x.account == ""}
	if x.account != "" && (confirmed || x.carried > 0) {
		var err error
		if l.Basis, err = basis(ctx, tx, month.Period(), x.account, confirmed); err != nil {
			return err
		}
	}
	row, data, err := month.Add(&l, x.salt)
	if err != nil {
		return err
	}
	c := compiled{payer: x, data: bytes.Clone(data), carryOut: row.CarryOut, waited: row.Carried, word: confirmed}
	if row.Basis != 0 && row.Basis != month.Period() {
		if c.basis, err = joined(l.Basis); err != nil {
			return err
		}
	}
	m.rows = append(m.rows, c)
	for _, s := range row.Shares {
		if sum, ordered := m.have[s.Act]; ordered {
			m.have[s.Act] = sum + s.Micro
		}
	}
	return nil
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
func (m *draft) affordable() []royalty.Adjustment {
	out := slices.Clone(m.orders)
	for i := range out {
		out[i].Minus = min(out[i].Minus, m.have[out[i].Act]+out[i].Plus)
	}
	return out
}

// keep writes rows, lines and shares in chunks.
func (d *Desk) keep(ctx context.Context, p calendar.Period, rows []compiled, trees *royalty.Trees) error {
	for at := 0; at < len(rows); at += chunkRows {
		part := rows[at:min(at+chunkRows, len(rows))]
		err := d.Store.ReportUpdate(ctx, func(tx Tx) error {
			for i, r := range part {
				m := MonthRow{Pseudonym: r.who, Position: at + i, Leaf: trees.Rows[at+i], Salt: r.salt, Data: r.data,
					Carried: r.carried, Confirmed: r.word, Closed: r.account == "", Basis: r.basis}
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
