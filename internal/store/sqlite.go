package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/url"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

// stmtMax bounds the statements a connection keeps compiled; queries are
// fixed texts, so it is a guard, not a cache policy.
const stmtMax = 512

// dsn names the file and what each connection to it is told. Whatever
// follows busy_timeout may have to wait for a lock. Pages go from the log to the file when it
// has 16 MB, and at the end: many are written again and again until then.
func dsn(path string, read bool) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	q := url.Values{"_txlock": {"immediate"}}
	pragmas := []string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		"temp_store(MEMORY)", "mmap_size(0)", "journal_size_limit(33554432)", "wal_autocheckpoint(4000)", "cache_size(-4000)"}
	if read {
		q.Set("_txlock", "deferred")
		pragmas = []string{"busy_timeout(10000)", "temp_store(MEMORY)", "mmap_size(0)", "cache_size(-2000)", "query_only(1)"}
	}
	q["_pragma"] = pragmas
	return (&url.URL{Scheme: "file", OmitHost: true, Path: abs, RawQuery: q.Encode()}).String(), nil
}

func (db *DB) openSQLite(ctx context.Context, path string) error {
	db.dialect = sqlite{}
	open := func(read bool, conns int) (*sql.DB, error) {
		name, err := dsn(path, read)
		if err != nil {
			return nil, err
		}
		pool, err := sql.Open("sqlite", name)
		if err == nil {
			pool.SetMaxOpenConns(conns)
			pool.SetMaxIdleConns(conns)
		}
		return pool, err
	}
	n := max(4, 2*runtime.GOMAXPROCS(0))
	write, err := open(false, 1)
	if err != nil {
		return err
	}
	if err := db.migrate(ctx, write); err != nil {
		return errors.Join(err, write.Close())
	}
	read, err := open(true, n)
	if err != nil {
		return errors.Join(err, write.Close())
	}
	db.writer, db.readers = newWriter(db, write), newReaders(read, n)
	if db.writer.conn, err = prepare(ctx, write, true); err != nil {
		return errors.Join(err, write.Close(), read.Close())
	}
	go db.writer.run()
	db.close = sync.OnceValue(func() error { return errors.Join(db.writer.stop(), db.readers.close()) })
	return nil
}

// prepared is one connection that compiles each query once. It is used by one
// goroutine at a time.
type prepared struct {
	conn   *sql.Conn
	stmts  map[string]*sql.Stmt
	steady bool // a caller that gives up does not interrupt a statement
}

var _ sqlgen.DBTX = (*prepared)(nil)

// prepare takes a connection from the pool. On a steady one statements run to
// their end: SQLite would undo the whole transaction of a group otherwise.
func prepare(ctx context.Context, pool *sql.DB, steady bool) (*prepared, error) {
	c, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &prepared{conn: c, stmts: map[string]*sql.Stmt{}, steady: steady}, nil
}

// stmt returns the compiled query, nil when it must be run as a text.
func (p *prepared) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	if s, ok := p.stmts[query]; ok {
		return s, nil
	}
	if len(p.stmts) >= stmtMax {
		return nil, nil
	}
	s, err := p.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	p.stmts[query] = s
	return s, nil
}

func (p *prepared) context(ctx context.Context) context.Context {
	if p.steady {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

func (p *prepared) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	ctx = p.context(ctx)
	s, err := p.stmt(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return p.conn.ExecContext(ctx, query, args...)
	}
	return s.ExecContext(ctx, args...)
}

func (p *prepared) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	ctx = p.context(ctx)
	s, err := p.stmt(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return p.conn.QueryContext(ctx, query, args...)
	}
	return s.QueryContext(ctx, args...)
}

func (p *prepared) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	ctx = p.context(ctx)
	s, err := p.stmt(ctx, query)
	if err != nil || s == nil {
		return p.conn.QueryRowContext(ctx, query, args...) // fails the same way
	}
	return s.QueryRowContext(ctx, args...)
}

func (p *prepared) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return p.conn.PrepareContext(p.context(ctx), query)
}

func (p *prepared) close() error {
	var errs []error
	for _, s := range p.stmts {
		errs = append(errs, s.Close())
	}
	errs = append(errs, p.conn.Close())
	return errors.Join(errs...)
}

// readers are connections that only read. The one used last is used next, so
// that a quiet node keeps one of them warm and the rest untouched.
type readers struct {
	pool *sql.DB
	free chan struct{} // one token for each connection that may be in use
	gone chan struct{} // closed when no more may be lent
	mu   sync.Mutex
	idle []*prepared
}

func newReaders(pool *sql.DB, n int) *readers {
	r := &readers{pool: pool, free: make(chan struct{}, n), gone: make(chan struct{})}
	for range n {
		r.free <- struct{}{}
	}
	return r
}

// use lends a connection to fn, inside one snapshot when snapshot is set.
func (r *readers) use(ctx context.Context, snapshot bool, fn func(sqlgen.DBTX) error) (err error) {
	select {
	case <-r.free:
		defer func() { r.free <- struct{}{} }()
	case <-ctx.Done():
		return ctx.Err()
	case <-r.gone:
		return errClosing()
	}
	p, err := r.take(ctx)
	if err != nil {
		return err
	}
	healthy := false
	defer func() {
		if !healthy || errors.Is(err, sql.ErrConnDone) || errors.Is(err, driver.ErrBadConn) {
			_ = p.close() // the next one opens a new connection
			return
		}
		r.put(p)
	}()
	if !snapshot {
		err, healthy = fn(p), true
		return err
	}
	bg := context.Background()
	if _, err := p.ExecContext(bg, "begin"); err != nil {
		return err
	}
	err = fn(p)
	if _, end := p.ExecContext(bg, "rollback"); end != nil {
		return errors.Join(err, end)
	}
	healthy = true
	return err
}

func (r *readers) take(ctx context.Context) (*prepared, error) {
	r.mu.Lock()
	if n := len(r.idle); n > 0 {
		p := r.idle[n-1]
		r.idle = r.idle[:n-1]
		r.mu.Unlock()
		return p, nil
	}
	r.mu.Unlock()
	return prepare(ctx, r.pool, false)
}

func (r *readers) put(p *prepared) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.idle = append(r.idle, p)
}

// close waits for the views that are running and refuses those that come.
func (r *readers) close() error {
	close(r.gone)
	for range cap(r.free) {
		<-r.free
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, p := range r.idle {
		errs = append(errs, p.close())
	}
	return errors.Join(append(errs, r.pool.Close())...)
}
