package report

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/wallet"
)

// SealAfter is how long after midnight (UTC) a day is sealed, so that the
// claims of its last minutes are in.
const SealAfter = 10 * time.Minute

// A Desk closes days and months.
type Desk struct {
	Node   string // the node's id
	Store  Store
	Log    Log
	Ledger Ledger
	Known  Known
	Keys   Signer
	Logger *slog.Logger  // what whoever runs the node must know
	Marks  royalty.Marks // what the node says of itself on what it issues

	closing turn
	trees   treeCache
	chart   atomic.Pointer[Chart]
}

// A Signer signs with the node's keys.
type Signer interface {
	Settlement(b []byte) []byte                      // settlement key
	Served(b []byte) []byte                          // log key
	Checkpoint(c royalty.Checkpoint) (string, error) // log key, as a note
}

// CloseDays seals and logs every day that is over, from the first one the node
// knows to yesterday, and then anchors them on the ledger. It returns how many
// of them are anchored now that were not. A ledger that cannot be reached ends
// it with an Unavailable fault: the days are in the log all the same, their
// listeners have their receipts, and they are anchored the next time.
func (d *Desk) CloseDays(ctx context.Context) (n int, err error) {
	if err := d.closing.take(ctx); err != nil {
		return 0, err
	}
	defer d.closing.give()
	n, err = d.closeDays(ctx)
	return n, errors.Join(err, d.learn(ctx, err))
}

// learn lets the pages know what was recorded. A ledger that went away while it
// recorded is not asked any more.
func (d *Desk) learn(ctx context.Context, failed error) error {
	if fault.Is(failed, fault.Unavailable) {
		return nil
	}
	return d.Ledger.Learn(ctx)
}

func (d *Desk) closeDays(ctx context.Context) (n int, err error) {
	first, last, err := d.open(ctx)
	if err != nil {
		return 0, err
	}
	var logged []Batch
	for day := first; day <= last; day = day.Add(1) {
		b, err := d.keepDay(ctx, day)
		if err != nil {
			return 0, fmt.Errorf("day %v: %w", day, err)
		}
		if b.State == Logged {
			logged = append(logged, b)
		}
	}
	for _, b := range logged {
		if err := d.anchor(ctx, b); err != nil {
			return n, fmt.Errorf("day %v: %w", b.Day, err)
		}
		n++
	}
	return n, nil
}

// open returns the first day that is not anchored and the last that is over.
// A node without any batch begins with yesterday, or with the day Begin set.
func (d *Desk) open(ctx context.Context) (first, last calendar.Day, err error) {
	err = d.Store.ReportView(ctx, func(tx Tx) error {
		last = calendar.DayOf(tx.Now().Add(-SealAfter)).Add(-1)
		b, err := tx.LastAnchored(ctx, last)
		if err == nil {
			first = b.Day.Add(1)
			return nil
		}
		if !fault.Is(err, fault.NotFound) {
			return err
		}
		first, err = tx.FirstDay(ctx)
		return err
	})
	return first, last, err
}

// keepDay seals a day and puts it into the log, which takes this node alone.
func (d *Desk) keepDay(ctx context.Context, day calendar.Day) (Batch, error) {
	b, err := d.seal(ctx, day)
	if err == nil && b.State == Sealed {
		b, err = d.log(ctx, b)
	}
	return b, err
}

// seal fixes the rows of a day, once.
func (d *Desk) seal(ctx context.Context, day calendar.Day) (b Batch, err error) {
	err = d.Store.ReportUpdate(ctx, func(tx Tx) error {
		if b, err = tx.Batch(ctx, day); !fault.Is(err, fault.NotFound) {
			return err
		}
		var rows []DayRow
		err := tx.SealRows(ctx, day, func(r royalty.DayRow, salt royalty.Salt) error {
			data, err := r.Encode()
			if err != nil {
				return err
			}
			rows = append(rows, DayRow{Day: r.Day, Pseudonym: r.Pseudonym, Sequence: r.Sequence, Salt: salt, Data: data, Position: len(rows)})
			return nil
		})
		if err != nil {
			return err
		}
		if err := tx.SealBatch(ctx, day, len(rows)); err != nil {
			return err
		}
		for _, r := range rows {
			if err := tx.InsertDayRow(ctx, day, r); err != nil {
				return err
			}
		}
		b = Batch{Day: day, State: Sealed, Entries: len(rows), Sealed: tx.Now()}
		return nil
	})
	return b, err
}

// log appends a sealed day to the log.
func (d *Desk) log(ctx context.Context, b Batch) (Batch, error) {
	var entries []royalty.Hash
	err := d.Store.ReportView(ctx, func(tx Tx) (err error) {
		entries, err = tx.BatchEntries(ctx, b.Day)
		return err
	})
	if err != nil {
		return b, err
	}
	first, head, signed, err := d.Log.Append(ctx, b.Day, entries)
	if err != nil {
		return b, err
	}
	b.State, b.First, b.Size, b.Root, b.Checkpoint = Logged, first, head.Size, head.Root, signed
	return b, d.Store.ReportUpdate(ctx, func(tx Tx) error { return tx.LogBatch(ctx, b) })
}

// anchor puts a day's checkpoint and its payments onto the ledger.
func (d *Desk) anchor(ctx context.Context, b Batch) error {
	a := Anchor{Day: b.Day, Size: b.Size, Root: b.Root}
	var events []wallet.Event
	err := d.Store.ReportView(ctx, func(tx Tx) error {
		before, err := tx.LastAnchored(ctx, b.Day.Add(-1))
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		a.FromSize = before.Size
		if a.Books, err = tx.BooksHead(ctx, b.Day.End()); err != nil {
			return err
		}
		events, err = tx.Payments(ctx, b.Day)
		return err
	})
	if err != nil {
		return err
	}
	if a.FromSize > 0 {
		if a.Consistency, err = d.Log.Consistency(ctx, a.FromSize, a.Size); err != nil {
			return err
		}
	}
	if err := d.Ledger.Anchor(ctx, a); err != nil {
		return err
	}
	p, err := d.payments(b.Day, events)
	if err != nil {
		return err
	}
	if err := d.Ledger.RecordPayments(ctx, p); err != nil {
		return err
	}
	return d.Store.ReportUpdate(ctx, func(tx Tx) error { return tx.AnchorBatch(ctx, b.Day) })
}

// payments makes a day's tree of declared payments (formats.md): one leaf per
// event, in order of rail and event.
func (d *Desk) payments(day calendar.Day, events []wallet.Event) (Payments, error) {
	p := Payments{Day: day, Count: len(events)}
	leaves := make([]royalty.Declared, len(events))
	for i, e := range events {
		leaves[i] = royalty.Declared{Rail: e.Rail, Event: e.ID, Refunded: e.Kind == wallet.Refunded, Time: uint64(e.At.UnixMilli()), Micro: e.Micro, Invoice: invoice(e)}
		sum := &p.Received
		if e.Kind == wallet.Refunded {
			sum = &p.Refunded
		}
		var err error
		if *sum, err = money.Add(*sum, e.Micro); err != nil {
			return p, err
		}
	}
	slices.SortFunc(leaves, func(a, b royalty.Declared) int { return a.Compare(&b) })
	hashes := make([]royalty.Hash, len(leaves))
	for i := range leaves {
		b, err := leaves[i].Encode()
		if err != nil {
			return p, err
		}
		hashes[i] = royalty.LeafHash(b)
	}
	p.Root = royalty.Root(hashes)
	return p, nil
}

// invoice commits a declared payment to its subscription without naming it:
// who holds the salt can show which one it was.
func invoice(e wallet.Event) royalty.Hash {
	return sha256.Sum256(append(append([]byte("9ten/declared-invoice/v1\x00"), e.Salt[:]...), e.Sub...))
}
