package report

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/wallet"
)

// CloseMonth takes a period as far as the calendar allows: settled from the
// 4th of the following month, final from the 20th. Running it again changes
// nothing that is done. It returns a Conflict before the 4th and when the
// period before has not been settled, Unavailable while the ledger is away or
// somebody else is closing.
func (d *Desk) CloseMonth(ctx context.Context, p calendar.Period) (Period, error) {
	if err := d.closing.try(); err != nil {
		return Period{}, err
	}
	defer d.closing.give()
	out, err := d.closeMonth(ctx, p)
	return out, errors.Join(err, d.learn(ctx, err))
}

func (d *Desk) closeMonth(ctx context.Context, p calendar.Period) (Period, error) {
	var now calendar.Day
	err := d.Store.ReportView(ctx, func(tx Tx) error {
		if at := p.Due(calendar.Settle); tx.Now().Before(at) {
			return fault.New(fault.Conflict, "%v can be settled from %v: until then late claims are taken.", p, calendar.DayOf(at))
		}
		now = calendar.DayOf(tx.Now())
		return nil
	})
	if err != nil {
		return Period{}, err
	}
	if _, err := d.closeDays(ctx); err != nil {
		return Period{}, err
	}
	if err := d.complete(ctx, p); err != nil {
		return Period{}, err
	}
	if err := d.reopen(ctx, p); err != nil {
		return Period{}, err
	}
	out, err := d.compiled(ctx, p)
	if err != nil {
		return out, err
	}
	for _, s := range steps {
		if out.State != s.from || now < calendar.DayOf(p.Due(s.due)) {
			continue
		}
		if err := s.do(d, ctx, &out); err != nil {
			return out, fmt.Errorf("%s of %v: %w", s.name, p, err)
		}
		out.State++
		if err := d.Store.ReportUpdate(ctx, func(tx Tx) error { return advance(ctx, tx, out) }); err != nil {
			return out, err
		}
	}
	return out, nil
}

// advance keeps how far a period is, and tells of one that is settled; other nodes
// of one that is final, of which nothing changes any more.
func advance(ctx context.Context, tx Tx, p Period) error {
	err := tx.AdvancePeriod(ctx, p)
	switch {
	case err == nil && p.State == Published:
		return tx.TellMonth(ctx, p.Period)
	case err == nil && p.State == Final:
		return tx.TellNodes(ctx, p.Period)
	}
	return err
}

// complete refuses (Conflict) a period of which something is still outside the
// log: late claims that came on the last day for them, or plays that a clock
// which ran ahead has overtaken.
func (d *Desk) complete(ctx context.Context, p calendar.Period) error {
	return d.Store.ReportView(ctx, func(tx Tx) error {
		late := calendar.DayOf(p.Due(calendar.LateClaims)).Add(-1)
		last, err := tx.LastAnchored(ctx, calendar.DayOf(tx.Now()))
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if last.Day < late {
			return fault.New(fault.Conflict, "%v can be settled once %v, the last day on which late claims were taken, is in the log: ten minutes after midnight.", p, late)
		}
		open, err := tx.Unsealed(ctx, p.LastDay())
		if err == nil && open > 0 {
			err = fault.New(fault.Conflict, "%d plays of %v are not in the log yet. It has gone up to %v already, by a clock that ran ahead; they go in with the next day.", open, p, last.Day)
		}
		return err
	})
}

// CloseDue takes every period that is due as far as the calendar allows, the
// oldest first, beginning with the node's first day. It returns those it
// looked at.
func (d *Desk) CloseDue(ctx context.Context) (out []Period, err error) {
	if err := d.closing.take(ctx); err != nil {
		return nil, err
	}
	defer d.closing.give()
	defer func() { err = errors.Join(err, d.learn(ctx, err)) }()
	p, now, err := d.due(ctx)
	for ; err == nil && !now.Before(p.Due(calendar.Settle)); p = p.Add(1) {
		var m Period
		if m, err = d.closeMonth(ctx, p); err != nil {
			return out, fmt.Errorf("%v: %w", p, err)
		}
		out = append(out, m)
	}
	return out, err
}

// due returns the oldest period whose batch is not fixed.
func (d *Desk) due(ctx context.Context) (p calendar.Period, now time.Time, err error) {
	err = d.Store.ReportView(ctx, func(tx Tx) error {
		now = tx.Now()
		all, err := tx.Periods(ctx)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			first, err := tx.FirstDay(ctx)
			p = first.Period()
			return err
		}
		p = all[0].Period.Add(1) // the newest comes first
		for _, x := range all {
			if x.State < Fixed {
				p = min(p, x.Period)
			}
		}
		return nil
	})
	return p, now, err
}

// steps lead a compiled period to its payout batch, one state each. A step
// that is run again after a crash finds its work done and goes on.
var steps = []struct {
	name string
	from PeriodState
	due  calendar.Step
	do   func(*Desk, context.Context, *Period) error
}{
	{"publishing", Compiled, calendar.Settle, (*Desk).publish},
	{"booking", Published, calendar.Settle, (*Desk).book},
	{"finalizing", Booked, calendar.Final, (*Desk).finalize},
	{"fixing the payout batch", Final, calendar.Final, (*Desk).fix},
}

// compiled returns the period, compiling it when it is not yet, or when the
// log has grown since and the ledger would not take it any more.
func (d *Desk) compiled(ctx context.Context, p calendar.Period) (Period, error) {
	out, err := d.period(ctx, p)
	if fault.Is(err, fault.NotFound) {
		return d.compile(ctx, p)
	}
	if err != nil || out.State != Compiled {
		return out, err
	}
	if stands, err := d.Ledger.Settled(ctx, p); err == nil && bytes.Equal(stands, out.Settlement) {
		return out, nil // published, and then the node died
	} else if err != nil && !fault.Is(err, fault.NotFound) {
		return out, err
	}
	s, err := royalty.ParseSettlement(out.Settlement)
	if err != nil {
		return out, err
	}
	var last Batch
	if err := d.Store.ReportView(ctx, func(tx Tx) (err error) {
		last, err = tx.LastAnchored(ctx, calendar.DayOf(tx.Now()))
		return err
	}); err != nil || last.Size == s.LogSize {
		return out, err
	}
	return d.compile(ctx, p)
}

func (d *Desk) period(ctx context.Context, p calendar.Period) (out Period, err error) {
	err = d.Store.ReportView(ctx, func(tx Tx) error {
		out, err = tx.Period(ctx, p)
		return err
	})
	return out, err
}

func (d *Desk) publish(ctx context.Context, p *Period) error {
	var sums wallet.Sums
	err := d.Store.ReportView(ctx, func(tx Tx) (err error) {
		p.Published = tx.Now()
		sums, err = tx.Sums(ctx, p.Period)
		return err
	})
	if err != nil {
		return err
	}
	if err := d.Ledger.PayOperators(ctx, p.Period, sums); err != nil {
		return err
	}
	if err := d.Ledger.Publish(ctx, p.Period, p.Settlement, p.Signature); err != nil {
		return err
	}
	// The very bytes in which a fault was proved are no news to the ledger.
	c, err := d.Ledger.Challenge(ctx, p.Period)
	if err == nil && c.Reopened {
		err = fault.New(fault.Conflict, "The node comes to the same settlement of %v again in which a fault was proved (%s). Nobody is paid by it. Keep the data directory as it is and report it.", p.Period, strings.Join(c.Faults, ", "))
	}
	return err
}

func (d *Desk) finalize(ctx context.Context, p *Period) error {
	if err := d.Ledger.Finalize(ctx, p.Period); err != nil {
		return err
	}
	return d.Store.ReportView(ctx, func(tx Tx) error {
		p.Final = tx.Now()
		return nil
	})
}

func (d *Desk) fix(ctx context.Context, p *Period) error {
	if err := d.payouts(ctx); err != nil {
		return err
	}
	var lines []royalty.Line
	err := d.Store.ReportView(ctx, func(tx Tx) (err error) {
		lines, err = tx.Lines(ctx, p.Period)
		return err
	})
	if err != nil {
		return err
	}
	p.Batch, err = d.Ledger.FixBatch(ctx, p.Period, lines)
	return err
}

// book divides the pot in the books: to the acts, to what is carried on, to
// the commons.
func (d *Desk) book(ctx context.Context, p *Period) error {
	s, err := royalty.ParseSettlement(p.Settlement)
	if err != nil {
		return err
	}
	return d.Store.ReportUpdate(ctx, func(tx Tx) error {
		lines, err := tx.Lines(ctx, p.Period)
		if err != nil {
			return err
		}
		name, err := splitName(ctx, tx, p.Period)
		if err != nil {
			return err
		}
		e := wallet.Entry{Idem: name, At: tx.Now(), Memo: "The pots of " + p.Period.String() + " divided"}
		add := func(b wallet.Book, m money.Micro) {
			if m != 0 {
				e.Postings = append(e.Postings, wallet.Posting{Book: b, Asset: wallet.Dollar, Micro: m})
			}
		}
		add(wallet.Pot(p.Period), s.Pots)
		add(wallet.Commons, -s.Commons)
		add(wallet.Reserve, s.Plus-s.Minus)
		for _, l := range lines {
			add(wallet.Act(l.Act), -l.Sum())
		}
		moves, err := carryMoves(ctx, tx, p.Period)
		if err != nil {
			return err
		}
		for _, m := range moves {
			add(m.Book, m.Micro)
		}
		if len(e.Postings) == 0 {
			return nil
		}
		return tx.Book(ctx, e)
	})
}

// carryMoves turns the difference between what subscriptions carried into a
// period, which is what stands in the books, and out of it into postings.
func carryMoves(ctx context.Context, tx Tx, p calendar.Period) ([]wallet.Posting, error) {
	have, err := tx.CarryBalances(ctx)
	if err != nil {
		return nil, err
	}
	carries, err := tx.Carries(ctx, p)
	if err != nil {
		return nil, err
	}
	want := map[id.Sub]money.Micro{}
	for _, c := range carries {
		want[c.Subscription] = c.Micro
	}
	subs := map[id.Sub]bool{}
	for s := range have {
		subs[s] = true
	}
	for s := range want {
		subs[s] = true
	}
	var out []wallet.Posting
	for _, s := range slices.Sorted(maps.Keys(subs)) {
		if diff := have[s] - want[s]; diff != 0 {
			out = append(out, wallet.Posting{Book: wallet.Carry(s), Asset: wallet.Dollar, Micro: diff})
		}
	}
	return out, nil
}

// A payer is one row of tree A in the making.
type payer struct {
	who     royalty.Pseudonym
	sub     id.Sub
	account id.Account
	pot     money.Micro
	carry   money.Micro
	carried uint8
	salt    royalty.Salt
}

// payers lists who has a pot or a carry in a period, by pseudonym.
func payers(ctx context.Context, tx Tx, p calendar.Period) ([]payer, error) {
	charges, err := tx.Charges(ctx, p)
	if err != nil {
		return nil, err
	}
	bySub := make(map[id.Sub]*payer, len(charges))
	for _, c := range charges {
		bySub[c.Subscription] = &payer{who: c.Pseudonym, sub: c.Subscription, account: c.Account, pot: c.Pot}
	}
	carries, err := tx.Carries(ctx, p.Add(-1))
	if err != nil {
		return nil, err
	}
	for _, c := range carries {
		x, ok := bySub[c.Subscription]
		if !ok {
			// A name of its own for who is gone: no key leads back to it.
			x = &payer{who: royalty.PseudonymOf([]byte(p.String()), id.Account(c.Subscription)), sub: c.Subscription, account: c.Account}
			if c.Account != "" {
				if x.who, err = tx.Pseudonym(ctx, p, c.Account); err != nil {
					return nil, err
				}
			}
			bySub[c.Subscription] = x
		}
		x.carry, x.carried = c.Micro, c.Carried
	}
	out := make([]payer, 0, len(bySub))
	for _, x := range bySub {
		out = append(out, *x)
	}
	slices.SortFunc(out, func(a, b payer) int { return bytes.Compare(a.who[:], b.who[:]) })
	return out, nil
}
