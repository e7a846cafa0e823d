package embedded

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/queryresult"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
)

const (
	sqlGet     = `select val from state where key = ?`
	sqlScan    = `select key, val from state where key >= ? and key < ? order by key limit ?`
	sqlHistory = `select t.id, t.at, h.val, h.val is null from history h join tx t on t.n = h.n where h.key = ? order by h.n desc`
)

// statements are prepared once on the writer's connection.
type statements struct {
	get, scan, history          *sql.Stmt
	creator, tx, past, set, del *sql.Stmt
}

func prepare(ctx context.Context, c *sql.Conn) (s statements, err error) {
	for _, p := range []struct {
		to  **sql.Stmt
		sql string
	}{
		{&s.get, sqlGet}, {&s.scan, sqlScan}, {&s.history, sqlHistory},
		{&s.creator, `insert into creator (hash, identity) values (?, ?) on conflict do nothing`},
		{&s.tx, `insert into tx (n, id, at, creator, args, event, payload, prev, hash) values (?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&s.past, `insert into history (key, n, val) values (?, ?, ?)`},
		{&s.set, `insert into state (key, val) values (?, ?) on conflict (key) do update set val = excluded.val`},
		{&s.del, `delete from state where key = ?`},
	} {
		if *p.to, err = c.PrepareContext(ctx, p.sql); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (s *statements) close() error {
	var errs []error
	for _, st := range []*sql.Stmt{s.get, s.scan, s.history, s.creator, s.tx, s.past, s.set, s.del} {
		if st != nil {
			errs = append(errs, st.Close())
		}
	}
	return errors.Join(errs...)
}

// write appends a transaction to the log and brings the state up to it.
func (s *statements) write(ctx context.Context, r *record, hash [32]byte, identity []byte) error {
	if _, err := s.creator.ExecContext(ctx, r.creator[:], identity); err != nil {
		return err
	}
	if _, err := s.tx.ExecContext(ctx, int64(r.n), r.id, r.at, r.creator[:], r.args, r.event, notNil(r.payload), r.prev[:], hash[:]); err != nil {
		return err
	}
	for _, w := range r.writes {
		key := []byte(w.key)
		var err error
		if w.val == nil {
			_, err = s.past.ExecContext(ctx, key, int64(r.n), nil)
			if err == nil {
				_, err = s.del.ExecContext(ctx, key)
			}
		} else {
			_, err = s.past.ExecContext(ctx, key, int64(r.n), w.val)
			if err == nil {
				_, err = s.set.ExecContext(ctx, key, w.val)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// notNil gives the empty value back that the driver reads as nil.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// state reads for one invoke. It keeps the context because the interface that a
// contract reads through has none, and the first error because a contract may
// turn it into a refusal: a failing file is not the contract's opinion.
type state struct {
	ctx                context.Context
	oneGet             func(ctx context.Context, args ...any) *sql.Row
	manyScan, manyHist func(ctx context.Context, args ...any) (*sql.Rows, error)
	err                error
}

func (s *statements) reader(ctx context.Context) *state {
	return &state{ctx: ctx, oneGet: s.get.QueryRowContext, manyScan: s.scan.QueryContext, manyHist: s.history.QueryContext}
}

// snapshot lets do read one committed state, whatever is written meanwhile.
func (l *Ledger) snapshot(ctx context.Context, do func(reader) error) error {
	tx, err := l.reads.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "The ledger cannot be read.")
	}
	defer tx.Rollback() //nolint:errcheck // it only read
	s := &state{
		ctx:    ctx,
		oneGet: func(ctx context.Context, args ...any) *sql.Row { return tx.QueryRowContext(ctx, sqlGet, args...) },
		manyScan: func(ctx context.Context, args ...any) (*sql.Rows, error) {
			return tx.QueryContext(ctx, sqlScan, args...)
		},
		manyHist: func(ctx context.Context, args ...any) (*sql.Rows, error) {
			return tx.QueryContext(ctx, sqlHistory, args...)
		},
	}
	err = do(s)
	if s.err != nil {
		return fault.Wrap(s.err, fault.Unavailable, "The ledger cannot be read.")
	}
	return err
}

func (s *state) fail(err error) error {
	if s.err == nil {
		s.err = err
	}
	return err
}

func (s *state) get(key string) (val []byte, err error) {
	err = s.oneGet(s.ctx, []byte(key)).Scan(&val)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return notNil(val), s.fail(err)
}

func (s *state) scan(from, to string, limit int) (out []*queryresult.KV, err error) {
	rows, err := s.manyScan(s.ctx, []byte(from), []byte(to), limit)
	if err != nil {
		return nil, s.fail(err)
	}
	defer rows.Close()
	for rows.Next() {
		var key []byte
		kv := &queryresult.KV{}
		if err := rows.Scan(&key, &kv.Value); err != nil {
			return nil, s.fail(err)
		}
		kv.Key, kv.Value = string(key), notNil(kv.Value)
		out = append(out, kv)
	}
	return out, s.fail(rows.Err())
}

func (s *state) history(key string) (out []*queryresult.KeyModification, err error) {
	rows, err := s.manyHist(s.ctx, []byte(key))
	if err != nil {
		return nil, s.fail(err)
	}
	defer rows.Close()
	for rows.Next() {
		var at int64
		m := &queryresult.KeyModification{}
		if err := rows.Scan(&m.TxId, &at, &m.Value, &m.IsDelete); err != nil {
			return nil, s.fail(err)
		}
		m.Timestamp = timestamppb.New(time.UnixMilli(at))
		out = append(out, m)
	}
	return out, s.fail(rows.Err())
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func readHead(ctx context.Context, q querier) (head, error) {
	h := head{known: true}
	var at int64
	var hash []byte
	err := q.QueryRowContext(ctx, `select n, at, hash from tx order by n desc limit 1`).Scan(&h.n, &at, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return h, nil
	}
	if err == nil && copy(h.hash[:], hash) != len(h.hash) {
		err = errors.New("the last transaction has no hash")
	}
	h.at = time.UnixMilli(at).UTC()
	return h, err
}

// events reads the next events after transaction number after, at most 100.
func (l *Ledger) events(ctx context.Context, after uint64) (out []ledger.Event, err error) {
	rows, err := l.reads.QueryContext(ctx, `select n, id, at, event, payload from tx where n > ? and event <> '' order by n limit 100`, int64(after))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var e ledger.Event
		var at int64
		if err := rows.Scan(&e.Checkpoint, &e.Tx, &at, &e.Name, &e.Payload); err != nil {
			return nil, err
		}
		e.At = time.UnixMilli(at).UTC()
		out = append(out, e)
	}
	return out, rows.Err()
}
