// Package wallet keeps the node's money straight: what listeners paid, what
// is not earned yet, what belongs to whom. It holds no key and moves no money;
// it books what happened.
//
// Books are double entry: every movement is an entry whose postings sum to
// zero per asset, each entry carries the hash of the one before, and nothing
// that is booked changes.
package wallet

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty/wire"
)

// Dollar is the asset of money that a person counts by hand: cash, or dollars
// in a bank. On-chain assets have names of their own.
const Dollar = "usd"

// A Book is an account of the books, named as in the chart of accounts.
type Book string

// The chart of accounts.
const (
	Commons        Book = "liabilities:commons"
	OperatorIncome Book = "income:operator"
	// Reserve is the operator's own: corrections of settled months and refunds
	// after the close fall on it, never on an act.
	Reserve Book = "equity:reserve"
)

// Gateway is what a rail holds for the node.
func Gateway(rail string) Book { return Book("assets:gateway:" + rail) }

// Unearned is what a subscription has paid and not used.
func Unearned(s id.Sub) Book { return Book("liabilities:unearned:" + string(s)) }

// Carry is a pot that waits for its listener to choose.
func Carry(s id.Sub) Book { return Book("liabilities:carry:" + string(s)) }

// Pot is what the acts of a period are owed together, until it is split.
func Pot(p calendar.Period) Book { return Book("liabilities:pot:" + p.String()) }

// Act is what one act is owed.
func Act(a id.Act) Book { return Book("liabilities:act:" + string(a)) }

// A Posting moves an amount: positive debits the book, negative credits it.
type Posting struct {
	Book  Book
	Asset string
	Micro money.Micro
}

// An Entry is one movement. Idem names it: an entry with the same name is
// booked once, however often it is asked for.
type Entry struct {
	N        int64 // its place in the journal, from 1
	Idem     string
	At       time.Time
	Memo     string
	Postings []Posting
	Prev     [32]byte
	Hash     [32]byte
}

// move is the usual entry: amount from one book to another, in dollars.
func move(idem, memo string, at time.Time, from, to Book, amount money.Micro) Entry {
	return Entry{Idem: idem, Memo: memo, At: at, Postings: []Posting{{to, Dollar, amount}, {from, Dollar, -amount}}}
}

// digest returns the entry's hash: SHA-256 of its canonical bytes, which
// begin with the hash of the entry before (docs/protocol/books.md).
func (e *Entry) digest() ([32]byte, error) {
	w := wire.NewWriter("9ten/entry/v1")
	w.Raw(e.Prev[:])
	w.U64(uint64(e.N))
	w.U64(uint64(e.At.UnixMilli()))
	w.Str(e.Idem)
	w.Str(e.Memo)
	w.Count(len(e.Postings))
	for _, p := range e.Postings {
		w.Str(string(p.Book))
		w.Str(p.Asset)
		sign, micro := uint8(0), uint64(p.Micro)
		if p.Micro < 0 {
			sign, micro = 1, -uint64(p.Micro)
		}
		w.U8(sign)
		w.U64(micro)
	}
	b, err := w.Bytes()
	return sha256.Sum256(b), err
}

// balanced checks that the postings of each asset sum to zero.
func (e *Entry) balanced() error {
	sums := map[string]money.Micro{}
	for _, p := range e.Postings {
		if p.Micro == 0 {
			return fmt.Errorf("entry %q: a posting of nothing to %s", e.Idem, p.Book)
		}
		s, err := money.Add(sums[p.Asset], p.Micro)
		if err != nil {
			return err
		}
		sums[p.Asset] = s
	}
	for asset, s := range sums {
		if s != 0 {
			return fmt.Errorf("entry %q does not balance: %v of %s is left", e.Idem, s, asset)
		}
	}
	if len(e.Postings) < 2 {
		return fmt.Errorf("entry %q has fewer than two postings", e.Idem)
	}
	return nil
}

// A JournalTx is what booking needs of a transaction.
type JournalTx interface {
	Now() time.Time
	// LastEntry returns the newest entry's number, hash and date, zeros when there is none.
	LastEntry(ctx context.Context) (n int64, hash [32]byte, at time.Time, err error)
	// SealedUntil is the end of the last day whose payments are fixed for the
	// ledger, the zero time before the first.
	SealedUntil(ctx context.Context) (time.Time, error)
	// EntryExists reports whether an entry of that name is booked.
	EntryExists(ctx context.Context, idem string) (bool, error)
	// InsertEntry writes the entry and its postings and returns the balances of
	// the books it touched, in the order of the postings.
	InsertEntry(ctx context.Context, e Entry) ([]money.Micro, error)
	// Balance returns a book's balance.
	Balance(ctx context.Context, b Book) (money.Micro, error)
}

// dated returns at, or the moment before which nothing may be booked any more
// if that is later: the date of the newest entry, and the end of the last day
// that went to the ledger. A clock that was set back thus changes no sum that
// others hold already.
func dated(ctx context.Context, tx JournalTx, at time.Time) (time.Time, error) {
	_, _, last, err := tx.LastEntry(ctx)
	if err != nil {
		return at, err
	}
	sealed, err := tx.SealedUntil(ctx)
	for _, t := range []time.Time{last, sealed} {
		if t.After(at) {
			at = t
		}
	}
	return at, err
}

// book writes an entry unless one of that name exists, and reports whether it
// did. It is dated by [dated]. It refuses with Conflict what would make a liability negative: nobody
// can be paid what the node does not owe.
func book(ctx context.Context, tx JournalTx, e Entry) (bool, error) {
	// Asked first: what is booked already may look otherwise when it is made
	// again from books that hold it.
	if done, err := tx.EntryExists(ctx, e.Idem); err != nil || done {
		return false, err
	}
	if err := e.balanced(); err != nil {
		return false, err
	}
	n, prev, _, err := tx.LastEntry(ctx)
	if err != nil {
		return false, err
	}
	if e.At, err = dated(ctx, tx, e.At); err != nil {
		return false, err
	}
	e.N, e.Prev = n+1, prev
	if e.Hash, err = e.digest(); err != nil {
		return false, err
	}
	balances, err := tx.InsertEntry(ctx, e)
	if err != nil {
		return false, err
	}
	for i, p := range e.Postings {
		if p.Micro > 0 && balances[i] > 0 && strings.HasPrefix(string(p.Book), "liabilities:") {
			return false, fault.New(fault.Conflict, "There is not that much on %s: %v is missing.", p.Book, balances[i])
		}
	}
	return true, nil
}

// errChain says where the journal was changed behind our back.
var errChain = errors.New("the journal was changed")

// Check walks entries in order, beginning after the one whose number and hash
// are given, and returns an error that names the first that does not follow
// from its predecessor, does not balance, or was altered.
func Check(n int64, prev [32]byte, entries []Entry) error {
	for _, e := range entries {
		hash, err := e.digest()
		switch {
		case err != nil:
			return err
		case e.N != n+1 || e.Prev != prev:
			return fmt.Errorf("%w: entry %d does not follow entry %d", errChain, e.N, n)
		case e.balanced() != nil:
			return fmt.Errorf("%w: %w", errChain, e.balanced())
		case hash != e.Hash:
			return fmt.Errorf("%w: entry %d (%s) has another hash", errChain, e.N, e.Memo)
		}
		n, prev = e.N, e.Hash
	}
	return nil
}

// Post writes an entry of another package's making, once, under the same rules.
func Post(ctx context.Context, tx JournalTx, e Entry) error {
	_, err := book(ctx, tx, e)
	return err
}
