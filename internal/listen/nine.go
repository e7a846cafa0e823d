package listen

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"slices"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty"
)

// FullPot is nine tenths of a full month.
const FullPot = money.Price - money.Price/money.OperatorPart

// A Place is what one act has of a listener's month.
type Place struct {
	royalty.Credit
	Rank  int         // from 1
	Micro money.Micro // what it would be paid, 0 below the ninth
}

// Seconds are the heard seconds at full share.
func (p Place) Seconds() uint64 { return p.Credit.Credit / royalty.Basis }

// A Nine is a listener's month as it stands.
type Nine struct {
	Period calendar.Period
	Pot    money.Micro
	Places []Place // at most nine, by rank
	Next   []Place // the acts behind them, by rank
	// Behind is how many more seconds at full share the tenth act needs to
	// overtake the ninth; 0 when there is no tenth.
	Behind uint64
	Totals Totals
}

// Nine previews the split of an account's month: who would be paid what, if
// the month ended now. A pot of zero stands for the full one. Ties are broken
// as if the month's seed were zero; the real one is not known before its end.
func (d *Desk) Nine(ctx context.Context, a id.Account, p calendar.Period, pot money.Micro) (n Nine, err error) {
	n = Nine{Period: p, Pot: cmp.Or(pot, FullPot)}
	var credits []royalty.Credit
	err = d.store.ListenView(ctx, func(tx Tx) error {
		if credits, err = tx.MonthActs(ctx, a, p); err != nil {
			return err
		}
		n.Totals, err = tx.Totals(ctx, a, p.Start().UnixMilli(), p.End().UnixMilli())
		return err
	})
	if err != nil {
		return Nine{}, wrap(err, "the nine")
	}
	shares, _, err := royalty.Split(n.Pot, credits, royalty.Standard, royalty.Hash{})
	if err != nil {
		return Nine{}, wrap(err, "split")
	}
	n.place(credits, shares)
	return n, nil
}

func (n *Nine) place(credits []royalty.Credit, shares []royalty.Share) {
	byAct := make(map[id.Act]royalty.Share, len(shares))
	for _, s := range shares {
		byAct[s.Act] = s
	}
	for _, c := range credits {
		if s, ok := byAct[c.Act]; ok {
			n.Places = append(n.Places, Place{c, int(s.Rank), s.Micro})
		} else if c.Credit > 0 {
			n.Next = append(n.Next, Place{Credit: c})
		}
	}
	slices.SortFunc(n.Places, func(a, b Place) int { return cmp.Compare(a.Rank, b.Rank) })
	slices.SortFunc(n.Next, func(a, b Place) int {
		return cmp.Or(cmp.Compare(b.Credit.Credit, a.Credit.Credit), cmp.Compare(b.Plays, a.Plays), cmp.Compare(b.Days, a.Days), cmp.Compare(a.Act, b.Act))
	})
	for i := range n.Next {
		n.Next[i].Rank = len(n.Places) + i + 1
	}
	if len(n.Next) > 0 {
		gap := n.Places[len(n.Places)-1].Credit.Credit - n.Next[0].Credit.Credit
		n.Behind = gap/royalty.Basis + 1
	}
}

// Totals adds up what an account has heard in [from, to).
func (d *Desk) Totals(ctx context.Context, a id.Account, from, to time.Time) (t Totals, err error) {
	err = d.store.ListenView(ctx, func(tx Tx) error {
		t, err = tx.Totals(ctx, a, from.UnixMilli(), to.UnixMilli())
		return err
	})
	return t, wrap(err, "totals")
}

// playing is for how long after its last claim a play is taken to go on.
const playing = 3 * Heartbeat

// Now returns the play that an account has open, false when there is none.
func (d *Desk) Now(ctx context.Context, a id.Account) (p Play, ok bool, err error) {
	err = d.store.ListenView(ctx, func(tx Tx) error {
		p, err = tx.LastPlay(ctx, a)
		if err != nil {
			return err
		}
		ago := tx.Now().UnixMilli() - p.Seen
		ok = ago >= 0 && ago < playing.Milliseconds()
		return nil
	})
	if fault.Is(err, fault.NotFound) {
		return Play{}, false, nil
	}
	return p, ok, wrap(err, "now playing")
}

// A Kept receipt is one the listener may download: the claim, its signature,
// and what the node answered, signed.
type Kept struct {
	Play Play // Claim is nil once it was destroyed
	Answer
}

// Receipts lists an account's receipts, newest first: at most n of plays that
// began before a time, or at it with a higher id than the one named: the last
// of a list and its time ask for what follows.
func (d *Desk) Receipts(ctx context.Context, a id.Account, before time.Time, after id.Bytes16, n int) (out []Kept, err error) {
	err = d.store.ListenView(ctx, func(tx Tx) error {
		plays, err := tx.Receipts(ctx, a, before.UnixMilli(), after, n)
		if err != nil {
			return err
		}
		out, err = d.keep(plays)
		return err
	})
	return out, wrap(err, "receipts")
}

// Receipt returns the receipt of one play of an account. Faults: NotFound.
func (d *Desk) Receipt(ctx context.Context, a id.Account, play id.Bytes16) (k Kept, err error) {
	err = d.store.ListenView(ctx, func(tx Tx) error {
		p, err := tx.Play(ctx, play)
		if fault.Is(err, fault.NotFound) || err == nil && (p.Account != a || p.Counter == 0) {
			return errNoPlay()
		}
		if err != nil {
			return err
		}
		kept, err := d.keep([]Play{p})
		if err != nil {
			return err
		}
		k = kept[0]
		return nil
	})
	return k, wrap(err, "receipt")
}

func (d *Desk) keep(plays []Play) ([]Kept, error) {
	out := make([]Kept, len(plays))
	for i, p := range plays {
		r := Receipt{Claim: p.Hash, Decision: p.AnswerDecision, MS: p.AnswerMS, Day: p.Day()}
		b, err := r.Encode()
		if err != nil {
			return nil, err
		}
		out[i] = Kept{p, Answer{Play: p.ID, Receipt: r, Bytes: b, Signature: ed25519.Sign(d.log, b)}}
	}
	return out, nil
}
