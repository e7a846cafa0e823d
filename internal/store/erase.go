package store

import (
	"context"
	"fmt"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

// within returns the transaction behind one of account's.
func within(tx account.Tx) (*Tx, error) {
	t, ok := tx.(accountTx)
	if !ok {
		return nil, fmt.Errorf("a transaction of another store: %T", tx)
	}
	return t.Tx, nil
}

// EraseReceipts destroys the rows and salts of an account's days and months.
// The leaves stay, so everybody else's proofs stay valid. It is refused while
// the account has a pot in a month that is not settled: what was paid for is
// paid out first.
func (db *DB) EraseReceipts(ctx context.Context, atx account.Tx, who id.Account) error {
	tx, err := within(atx)
	if err != nil {
		return err
	}
	open, err := tx.Q.ChargeUnsettled(ctx, string(who))
	if err != nil {
		return wrap(err, "open months")
	}
	if open > 0 {
		return fault.New(fault.Conflict, "You have paid for a month that is not settled yet. Cancel now, and delete the account after the 4th of the next month; until then your nine are owed their money.")
	}
	keys, err := tx.Q.ListenerMonths(ctx, string(who))
	if err != nil {
		return wrap(err, "months")
	}
	for _, k := range keys {
		p, name := calendar.Period(k.Period), royalty.Pseudonym(k.Pseudonym)
		if err := tx.Q.DayRowForget(ctx, sqlgen.DayRowForgetParams{Period: int64(p), Pseudonym: name[:]}); err != nil {
			return wrap(err, "forget days")
		}
		if err := tx.Q.MonthRowForget(ctx, sqlgen.MonthRowForgetParams{Period: int64(p), Pseudonym: name[:]}); err != nil {
			return wrap(err, "forget months")
		}
	}
	return nil
}

// EraseListening destroys an account's plays, totals and keys.
func (db *DB) EraseListening(ctx context.Context, atx account.Tx, who id.Account) error {
	tx, err := within(atx)
	if err != nil {
		return err
	}
	return listenTx{tx}.Forget(ctx, who)
}

// EraseWallet takes the account's name from what money records must keep.
func (db *DB) EraseWallet(ctx context.Context, atx account.Tx, who id.Account) error {
	tx, err := within(atx)
	if err != nil {
		return err
	}
	return walletTx{tx}.Forget(ctx, who)
}

// EraseMusic removes an account's playlists, likes and history, and leaves
// acts that nobody else owns to the operator.
func (db *DB) EraseMusic(ctx context.Context, atx account.Tx, who id.Account) error {
	tx, err := within(atx)
	if err != nil {
		return err
	}
	return music.Forget(ctx, musicTx{tx}, who)
}
