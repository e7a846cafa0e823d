package embedded

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
)

// Verify walks the whole log: every transaction has the hash of its content and
// names the one before, and the state is what the transactions wrote. It
// returns the head it arrived at, or an Invalid fault that names the first
// transaction that does not hold. It proves that the file is whole; that nobody
// replaced all of it is proved by comparing the head with one noted elsewhere.
func (l *Ledger) Verify(ctx context.Context) (ledger.Status, error) {
	none := func(string, []string) error { return nil }
	return l.Export(ctx, none, nil)
}

// Export is Verify that hands over what it walked past: every call in order with
// the arguments after the function's name, then, unless value is nil, every value
// of the state by key. What it handed over counts only if it returns no error.
func (l *Ledger) Export(ctx context.Context, call func(fn string, args []string) error, value func(key string, val []byte) error) (ledger.Status, error) {
	tx, err := l.reads.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return ledger.Status{}, unreadable(err)
	}
	defer tx.Rollback() //nolint:errcheck // it only read
	st, err := walk(ctx, tx, call)
	if err != nil {
		return ledger.Status{}, err
	}
	if err := checkState(ctx, tx); err != nil || value == nil {
		return st, err
	}
	rows, err := tx.QueryContext(ctx, `select key, val from state order by key`)
	if err != nil {
		return st, unreadable(err)
	}
	defer rows.Close()
	for rows.Next() {
		var key, val []byte
		if err := rows.Scan(&key, &val); err != nil {
			return st, unreadable(err)
		}
		if err := value(string(key), notNil(val)); err != nil {
			return st, err
		}
	}
	if err := rows.Err(); err != nil {
		return st, unreadable(err)
	}
	return st, nil
}

func unreadable(err error) error {
	return fault.Wrap(err, fault.Unavailable, "The ledger cannot be read.")
}

func walk(ctx context.Context, tx *sql.Tx, call func(string, []string) error) (ledger.Status, error) {
	st := ledger.Status{Mode: "embedded"}
	past, err := tx.PrepareContext(ctx, `select key, val, val is null from history where n = ? order by key`)
	if err != nil {
		return st, unreadable(err)
	}
	defer past.Close()
	rows, err := tx.QueryContext(ctx, `select t.n, t.id, t.at, t.creator, c.identity, t.args, t.event, t.payload, t.prev, t.hash
		from tx t left join creator c on c.hash = t.creator order by t.n`)
	if err != nil {
		return st, unreadable(err)
	}
	defer rows.Close()
	for rows.Next() {
		var r record
		var creator, identity, prev, stored []byte
		if err := rows.Scan(&r.n, &r.id, &r.at, &creator, &identity, &r.args, &r.event, &r.payload, &prev, &stored); err != nil {
			return st, unreadable(err)
		}
		if r.n != st.Height+1 {
			return st, fault.New(fault.Invalid, "Transaction %d is missing from the ledger.", st.Height+1)
		}
		if !bytes.Equal(prev, st.Head[:]) {
			return st, fault.New(fault.Invalid, "Transaction %d does not follow the one before it.", r.n)
		}
		if sum := sha256.Sum256(identity); !bytes.Equal(sum[:], creator) {
			return st, fault.New(fault.Invalid, "The sender of transaction %d has been altered.", r.n)
		}
		copy(r.creator[:], creator)
		copy(r.prev[:], prev)
		if r.writes, err = writesOf(ctx, past, r.n); err != nil {
			return st, unreadable(err)
		}
		hash, err := r.hash()
		if err != nil || !bytes.Equal(hash[:], stored) {
			return st, fault.Wrap(errAltered(err), fault.Invalid, "Transaction %d has been altered.", r.n)
		}
		args, err := decodeArgs(r.args)
		if err != nil {
			return st, fault.Wrap(err, fault.Invalid, "Transaction %d has been altered.", r.n)
		}
		if err := call(args[0], args[1:]); err != nil {
			return st, err
		}
		st.Height, st.Head, st.At = r.n, hash, time.UnixMilli(r.at).UTC()
	}
	if err := rows.Err(); err != nil {
		return st, unreadable(err)
	}
	var writes int64
	if err := tx.QueryRowContext(ctx, `select count(*) from history where n > ? or n < 1`, int64(st.Height)).Scan(&writes); err != nil {
		return st, unreadable(err)
	}
	if writes > 0 {
		return st, fault.New(fault.Invalid, "The ledger holds a change that no transaction made.")
	}
	return st, nil
}

func errAltered(err error) error {
	if err == nil {
		return errHash
	}
	return err
}

func writesOf(ctx context.Context, past *sql.Stmt, n uint64) (out []write, err error) {
	rows, err := past.QueryContext(ctx, int64(n))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var key, val []byte
		var deleted bool
		if err := rows.Scan(&key, &val, &deleted); err != nil {
			return nil, err
		}
		if !deleted {
			val = notNil(val)
		}
		out = append(out, write{string(key), val})
	}
	return out, rows.Err()
}

// checkState compares the state with the last value each key was given.
func checkState(ctx context.Context, tx *sql.Tx) error {
	const last = `select h.key, h.val from history h where h.n = (select max(n) from history where key = h.key) and h.val is not null`
	var wrong int64
	err := tx.QueryRowContext(ctx, `select
		(select count(*) from state s where not exists (select 1 from (`+last+`) l where l.key = s.key and l.val = s.val)) +
		(select count(*) from (`+last+`) l where not exists (select 1 from state s where s.key = l.key))`).Scan(&wrong)
	if err != nil {
		return unreadable(err)
	}
	if wrong > 0 {
		return fault.New(fault.Invalid, "%d values of the ledger's state are not what its transactions wrote.", wrong)
	}
	return nil
}
