package report

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/royalty/wire"
	"github.com/michaelperna/9ten/internal/wallet"
)

// A Payout is one wallet of an act, with its part in basis points.
type Payout struct {
	Address string
	Bps     uint16
}

// PayoutHash names where an act is paid without telling it: SHA-256 of
// "9ten/payout/v1\0" || act str || list<(address str, basis points u16)>.
func PayoutHash(act id.Act, sheet []Payout) (royalty.Hash, error) {
	w := wire.NewWriter("9ten/payout/v1")
	w.Str(string(act))
	w.Count(len(sheet))
	for _, p := range sheet {
		w.Str(p.Address)
		w.U16(p.Bps)
	}
	b, err := w.Bytes()
	return sha256.Sum256(b), err
}

// A Waiting is what a period gave an act that has no wallet. It is the
// commons' from Until on.
type Waiting struct {
	Act    id.Act
	Period calendar.Period
	Micro  money.Micro
	Until  time.Time
}

// A Forfeit is what waited for a year in vain and went to the commons.
type Forfeit struct {
	Act    id.Act
	Period calendar.Period
	Micro  money.Micro
	At     time.Time
}

// Waiting lists what waits for an act without wallets, or for all of them, what
// is due first first. Who has written a sheet today waits for the next batch
// only, whether the ledger has heard of it or not.
func (d *Desk) Waiting(ctx context.Context, act id.Act) ([]Waiting, error) {
	list, err := d.Known.Waiting(ctx, act)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	var out []Waiting
	return out, d.Store.ReportView(ctx, func(tx Tx) error {
		sheets, err := tx.Sheets(ctx)
		for _, w := range list {
			if len(sheets[w.Act]) == 0 {
				out = append(out, w)
			}
		}
		return err
	})
}

// Forfeit gives to the commons what has waited for a year for acts that have no
// wallet, on the ledger and then in the books, and returns how much that was.
// One that the ledger refuses does not keep the others. The books take over
// whatever the ledger has, also when the node died between.
func (d *Desk) Forfeit(ctx context.Context) (sum money.Micro, err error) {
	if err := d.closing.take(ctx); err != nil {
		return 0, err
	}
	defer d.closing.give()
	defer func() { err = errors.Join(err, d.learn(ctx, err)) }()
	if err := d.payouts(ctx); err != nil {
		return 0, err
	}
	list, err := d.Ledger.Waiting(ctx, "")
	if err != nil {
		return 0, err
	}
	now, sheets := time.Time{}, map[id.Act][]Payout{}
	err = d.Store.ReportView(ctx, func(tx Tx) (err error) {
		now = tx.Now()
		sheets, err = tx.Sheets(ctx)
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, w := range list {
		if now.Before(w.Until) {
			break // the others are due later
		}
		if len(sheets[w.Act]) > 0 {
			continue // it has said where, and another home on the ledger has not
		}
		e := d.Ledger.Forfeit(ctx, w.Act, w.Period)
		err = errors.Join(e, err)
		if e != nil && !fault.Is(e, fault.Conflict) {
			break
		}
		if e == nil {
			sum += w.Micro
		}
	}
	return sum, errors.Join(err, d.bookForfeits(ctx))
}

func (d *Desk) bookForfeits(ctx context.Context) error {
	gone, err := d.Ledger.Forfeits(ctx, "")
	if err != nil || len(gone) == 0 {
		return err
	}
	return d.Store.ReportUpdate(ctx, func(tx Tx) error {
		for _, f := range gone {
			e := wallet.Entry{Idem: "forfeit/" + string(f.Act) + "/" + f.Period.String(), At: tx.Now(), Memo: "What " + f.Period.String() + " gave an act without a wallet, to the commons", Postings: []wallet.Posting{
				{Book: wallet.Act(f.Act), Asset: wallet.Dollar, Micro: f.Micro}, {Book: wallet.Commons, Asset: wallet.Dollar, Micro: -f.Micro},
			}}
			if err := tx.Book(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// payouts tells the ledger which acts have wallets. It comes before everything
// that asks the ledger who can be paid, so an act whose wallets cannot be told
// waits, as if it had none, and keeps nobody else from being paid.
func (d *Desk) payouts(ctx context.Context) error {
	out := map[id.Act]royalty.Hash{}
	err := d.Store.ReportView(ctx, func(tx Tx) error {
		sheets, err := tx.Sheets(ctx)
		if err != nil {
			return err
		}
		for act, sheet := range sheets {
			h, err := PayoutHash(act, sheet)
			if err != nil {
				d.Logger.Error("the wallets of an act cannot be told to the ledger: what it earns waits", "act", act, "err", err)
				continue
			}
			out[act] = h
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.Ledger.SetPayouts(ctx, out)
}

// An Earning is what an act was credited for one period, and what became of
// it where it waits, or waited, for the act.
type Earning struct {
	Period    Period
	Line      royalty.Line
	Waits     time.Time // it is the act's until then; zero: it waits for no wallet
	Forfeited time.Time // zero: it was not
}

// Earnings lists what an act was credited, newest period first.
func (d *Desk) Earnings(ctx context.Context, act id.Act) (out []Earning, err error) {
	err = d.Store.ReportView(ctx, func(tx Tx) error {
		out, err = tx.Earnings(ctx, act)
		return err
	})
	if err != nil || len(out) == 0 {
		return out, err
	}
	waiting, err := d.Waiting(ctx, act)
	if err != nil {
		return nil, err
	}
	gone, err := d.Known.Forfeits(ctx, act)
	for i := range out {
		for _, w := range waiting {
			if w.Period == out[i].Period.Period {
				out[i].Waits = w.Until
			}
		}
		for _, f := range gone {
			if f.Period == out[i].Period.Period {
				out[i].Forfeited = f.At
			}
		}
	}
	return out, err
}
