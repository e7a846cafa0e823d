// Package store keeps the node's records in SQLite, or in Postgres, behind
// the interfaces that the domain packages own.
//
// Reads run on a pool and never wait for a writer. Writes run one after
// another on a single connection and are committed in groups: while one group
// is on its way to the disk the next one gathers, so that a hundred small
// writes share one fsync and each caller still hears about its own fate only
// after the disk has it.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

// Config says which database to open.
type Config struct {
	Path string           // SQLite file, made when missing; used when URL is empty
	URL  string           // Postgres, as postgres://user:password@host/name
	Now  func() time.Time // the node's clock
	// BeforeCommit, when set, runs just before each commit and AfterCommit
	// just after it, before anybody is told; an error stands for a disk that
	// failed there. For tests.
	BeforeCommit, AfterCommit func() error
}

// A DB is an open database. Its methods may be called from many goroutines.
type DB struct {
	dialect dialect
	pool    *sql.DB  // Postgres: everything; SQLite: nothing
	writer  *writer  // SQLite
	readers *readers // SQLite
	now     func() time.Time
	before  func() error
	after   func() error
	wake    atomic.Pointer[func()]
	changes atomic.Uint64
	gone    atomic.Uint64
	rulings atomic.Uint64
	ruled   ruled
	close   func() error
}

// Open opens the database and brings its schema up to date. It returns an
// Unavailable fault when the database cannot be reached or written and a
// Conflict when it was made by a newer version.
func Open(ctx context.Context, c Config) (*DB, error) {
	db := &DB{now: c.Now, before: c.BeforeCommit, after: c.AfterCommit}
	db.ruled = newRuled(db.rulings.Load)
	err := db.open(ctx, c)
	if err != nil {
		if err = db.dialect.explain(err); fault.KindOf(err) == fault.Internal {
			err = fault.Wrap(err, fault.Unavailable, "The database cannot be opened.")
		}
		return nil, err
	}
	return db, nil
}

func (db *DB) open(ctx context.Context, c Config) error {
	if c.URL != "" {
		return db.openPostgres(ctx, c.URL)
	}
	return db.openSQLite(ctx, c.Path)
}

func (db *DB) openPostgres(ctx context.Context, url string) (err error) {
	db.dialect = postgres{}
	if db.pool, err = sql.Open("pgx", url); err != nil {
		return err
	}
	db.pool.SetMaxOpenConns(postgresConns)
	db.pool.SetMaxIdleConns(8)
	if err := db.migrate(ctx, db.pool); err != nil {
		return errors.Join(err, db.pool.Close())
	}
	db.close = sync.OnceValue(db.pool.Close)
	return nil
}

// Close waits for the writes that were taken and closes the database. A
// second call does nothing.
func (db *DB) Close() error { return db.close() }

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	return db.Read(ctx, func(tx *Tx) error {
		var one int
		return tx.db.QueryRowContext(ctx, "select 1").Scan(&one)
	})
}

// OnEnqueue sets what is called after each commit that holds a new job: the
// runner is woken by it. It must not block.
func (db *DB) OnEnqueue(f func()) { db.wake.Store(&f) }

// A Tx is one transaction, or one member's part of a group.
type Tx struct {
	Now     time.Time // the one now of this transaction, to the millisecond, UTC
	Q       *sqlgen.Queries
	db      sqlgen.DBTX
	sql     *sql.Tx // nil in a view
	home    *DB
	dialect dialect
	rulings uint64 // of when it began
	effects
}

// effects are what is told of a commit.
type effects struct {
	enqueued bool // it holds a new job
	gone     bool // somebody of another server is not known any more
	ruling   bool // it was decided about others
}

func (e *effects) add(of effects) {
	e.enqueued, e.gone, e.ruling = e.enqueued || of.enqueued, e.gone || of.gone, e.ruling || of.ruling
}

// rules notes that it is decided about others.
func (e *effects) rules() { e.ruling = true }

// Ms is the transaction's now as it is stored.
func (tx *Tx) Ms() int64 { return tx.Now.UnixMilli() }

func (db *DB) tx(c sqlgen.DBTX, t *sql.Tx) *Tx {
	return &Tx{Now: db.now().UTC().Truncate(time.Millisecond), Q: sqlgen.New(c), db: c, sql: t, home: db, dialect: db.dialect, rulings: db.rulings.Load()}
}

// View runs fn on one consistent snapshot. fn must not write.
func (db *DB) View(ctx context.Context, fn func(*Tx) error) error {
	if db.readers != nil {
		return db.dialect.explain(db.readers.use(ctx, true, func(c sqlgen.DBTX) error { return fn(db.tx(c, nil)) }))
	}
	t, err := db.pool.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
	if err != nil {
		return db.dialect.explain(err)
	}
	defer func() { _ = t.Rollback() }() // nothing was written
	return db.dialect.explain(fn(db.tx(t, nil)))
}

// Read runs fn without a transaction: for a single query, which is its own
// snapshot. It spares two statements.
func (db *DB) Read(ctx context.Context, fn func(*Tx) error) error {
	if db.readers != nil {
		return db.dialect.explain(db.readers.use(ctx, false, func(c sqlgen.DBTX) error { return fn(db.tx(c, nil)) }))
	}
	return db.dialect.explain(fn(db.tx(db.pool, nil)))
}

// Update runs fn in a write transaction and returns once it is durable. fn
// may run more than once, so it has no effects outside the transaction; it
// never calls Update itself. When fn returns an error nothing of it is kept;
// when the commit fails, every member of the group gets an Unavailable fault.
// What such a member wrote may or may not be there afterwards, as with any
// database: the caller asks again, and idempotency keys sort it out.
func (db *DB) Update(ctx context.Context, fn func(*Tx) error) error {
	return marked(ctx, db.update, fn)
}

func (db *DB) update(ctx context.Context, fn func(*Tx) error) error {
	if db.writer != nil {
		return db.dialect.explain(db.writer.update(ctx, fn))
	}
	for try := 0; ; try++ {
		err := db.updateAlone(ctx, fn)
		if try == 9 || !db.dialect.retry(err) {
			return db.dialect.explain(err)
		}
	}
}

// updateAlone is Update on Postgres, which groups commits itself.
func (db *DB) updateAlone(ctx context.Context, fn func(*Tx) error) error {
	t, err := db.pool.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
	if err != nil {
		return err
	}
	defer func() { _ = t.Rollback() }() // a no-op after the commit
	tx := db.tx(t, t)
	if err := fn(tx); err != nil {
		return err
	}
	return db.commit(t, tx.effects)
}

// commit makes t durable, and tells what it does.
func (db *DB) commit(t *sql.Tx, does effects) error {
	if err := hook(db.before); err != nil {
		return err
	}
	if err := t.Commit(); err != nil {
		if db.dialect.retry(err) || fault.KindOf(db.dialect.explain(err)) != fault.Internal {
			return err
		}
		return fault.Wrap(err, fault.Unavailable, "%s", errDisk)
	}
	db.changes.Add(1)
	if does.gone {
		db.gone.Add(1)
	}
	if does.ruling {
		db.rulings.Add(1)
	}
	if err := hook(db.after); err != nil {
		return err
	}
	if f := db.wake.Load(); does.enqueued && f != nil {
		(*f)()
	}
	return nil
}

// Changes counts what this process has committed: while it is the same, so is what
// a query says, unless another process writes.
func (db *DB) Changes() uint64 { return db.changes.Load() }

// postgresConns is how many connections there are to Postgres.
const postgresConns = 16

// AtOnce is how many writes somebody with many in the background does best to have on their
// way: on SQLite they share a commit, on Postgres half of the connections are left to others.
func (db *DB) AtOnce() int {
	if db.writer != nil {
		return groupMax / 4
	}
	return postgresConns / 2
}

// Serial reports whether one write follows another, whoever writes.
func (db *DB) Serial() bool { return db.writer != nil }

// Gone counts how often this process has forgotten somebody of another server.
func (db *DB) Gone() uint64 { return db.gone.Load() }

// hook runs a test's stand-in for a disk that fails.
func hook(f func() error) error {
	if f == nil {
		return nil
	}
	return fault.Wrap(f(), fault.Unavailable, "%s", errDisk)
}

// wrap names the operation in the log's chain and keeps faults as they are.
func wrap(err error, op string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", op, err)
}
