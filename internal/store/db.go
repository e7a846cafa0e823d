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
	"net/url"
	"runtime"
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
	read    *sql.DB
	write   *sql.DB
	now     func() time.Time
	queue   chan *job
	done    chan struct{} // closed when the writer has ended
	quit    chan struct{}
	before  func() error
	after   func() error
	wake    func()
}

// Open opens the database and brings its schema up to date. It returns an
// Unavailable fault when the database cannot be reached or written and a
// Conflict when it was made by a newer version.
func Open(ctx context.Context, c Config) (*DB, error) {
	db := &DB{now: c.Now, before: c.BeforeCommit, after: c.AfterCommit, queue: make(chan *job, 256), done: make(chan struct{}), quit: make(chan struct{})}
	var err error
	if c.URL != "" {
		err = db.openPostgres(c.URL)
	} else {
		err = db.openSQLite(c.Path)
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "The database cannot be opened.")
	}
	if err := db.migrate(ctx); err != nil {
		return nil, errors.Join(err, db.read.Close(), db.write.Close())
	}
	go db.writer()
	return db, nil
}

func (db *DB) openSQLite(path string) error {
	db.dialect = sqlite{}
	pragmas := func(read bool) string {
		q := url.Values{"_txlock": {"immediate"}}
		// The order matters: whatever follows may have to wait for a lock.
		for _, p := range []string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "cache_size(-4000)", "mmap_size(0)", "temp_store(MEMORY)", "journal_size_limit(33554432)"} {
			q.Add("_pragma", p)
		}
		if read {
			q.Set("_txlock", "deferred")
			q.Add("_pragma", "query_only(1)")
		}
		return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
	}
	var err error
	if db.write, err = sql.Open("sqlite", pragmas(false)); err != nil {
		return err
	}
	db.write.SetMaxOpenConns(1)
	if err := db.write.Ping(); err != nil {
		return errors.Join(err, db.write.Close())
	}
	if db.read, err = sql.Open("sqlite", pragmas(true)); err != nil {
		return errors.Join(err, db.write.Close())
	}
	n := max(4, 2*runtime.GOMAXPROCS(0))
	db.read.SetMaxOpenConns(n)
	db.read.SetMaxIdleConns(n)
	db.read.SetConnMaxIdleTime(time.Minute) // an idle node gives its page caches back
	return nil
}

func (db *DB) openPostgres(dsn string) error {
	db.dialect = postgres{}
	var err error
	if db.write, err = sql.Open("pgx", dsn); err != nil {
		return err
	}
	db.write.SetMaxOpenConns(16)
	db.read = db.write
	return db.write.Ping()
}

// Close waits for the writes that were taken and closes the database.
func (db *DB) Close() error {
	close(db.quit)
	<-db.done
	if db.read == db.write {
		return db.write.Close()
	}
	return errors.Join(db.read.Close(), db.write.Close())
}

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.read.PingContext(ctx) }

// OnCommit sets what is called after each commit: the job runner is woken by it.
func (db *DB) OnCommit(f func()) { db.wake = f }

// A Tx is one transaction, or one member's part of a group.
type Tx struct {
	Now     time.Time // the one now of this transaction, to the millisecond, UTC
	Q       *sqlgen.Queries
	db      sqlgen.DBTX
	dialect dialect
}

// Ms is the transaction's now as it is stored.
func (tx *Tx) Ms() int64 { return tx.Now.UnixMilli() }

func (db *DB) tx(c sqlgen.DBTX) *Tx {
	return &Tx{Now: db.now().UTC().Truncate(time.Millisecond), Q: sqlgen.New(c), db: c, dialect: db.dialect}
}

// View runs fn on one consistent snapshot. fn must not write.
func (db *DB) View(ctx context.Context, fn func(*Tx) error) error {
	t, err := db.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: db.dialect.readOnlyTx()})
	if err != nil {
		return db.dialect.explain(err)
	}
	defer func() { _ = t.Rollback() }() // nothing was written
	return db.dialect.explain(fn(db.tx(t)))
}

// Read runs fn without a transaction: for a single query, which is its own
// snapshot. It spares two round trips.
func (db *DB) Read(_ context.Context, fn func(*Tx) error) error {
	return db.dialect.explain(fn(db.tx(db.read)))
}

// Update runs fn in a write transaction and returns once it is durable. fn
// may run more than once: it must not have effects outside the transaction.
// When fn returns an error nothing of it is kept; when the commit fails,
// every member of the group gets an Unavailable fault and none is kept.
func (db *DB) Update(ctx context.Context, fn func(*Tx) error) error {
	if !db.dialect.groups() {
		return db.updateAlone(ctx, fn)
	}
	j := &job{ctx: ctx, fn: fn, reply: make(chan error, 1)}
	select {
	case db.queue <- j:
	case <-ctx.Done():
		return ctx.Err()
	case <-db.quit:
		return fault.New(fault.Unavailable, "The node is shutting down.")
	}
	select {
	case err := <-j.reply:
		return db.dialect.explain(err)
	case <-db.done:
		select {
		case err := <-j.reply:
			return db.dialect.explain(err)
		default:
			return fault.New(fault.Unavailable, "The node is shutting down.")
		}
	}
}

func (db *DB) updateAlone(ctx context.Context, fn func(*Tx) error) error {
	for try := 0; ; try++ {
		t, err := db.write.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
		if err != nil {
			return db.dialect.explain(err)
		}
		err = fn(db.tx(t))
		if err == nil {
			err = db.commit(t)
		}
		_ = t.Rollback() // a no-op after the commit
		if err == nil || try == 9 || !db.dialect.retry(err) {
			return db.dialect.explain(err)
		}
	}
}

func (db *DB) commit(t *sql.Tx) error {
	if db.before != nil {
		if err := db.before(); err != nil {
			return err
		}
	}
	if err := t.Commit(); err != nil {
		return err
	}
	if db.after != nil {
		if err := db.after(); err != nil {
			return err
		}
	}
	if db.wake != nil {
		db.wake()
	}
	return nil
}

// wrap names the operation in the log's chain and keeps faults as they are.
func wrap(err error, op string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", op, err)
}
