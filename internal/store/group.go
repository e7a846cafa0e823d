package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
)

const (
	// groupMax bounds how many writes share a commit, so that the first of them
	// does not wait for long.
	groupMax = 256
	// Of a group of so many it is likely that more are about to come. They are waited for
	// while any do, until there are enough: a commit costs as much as some writes.
	crowd    = 3
	ample    = 24
	more     = 4 * time.Millisecond
	mostMore = 4 // times
	// After a wait in which nobody came so many groups do not wait.
	unmet = 8
)

// errAborted undoes a member whose function panicked or left its goroutine.
var errAborted = errors.New("the function did not return")

// A seat is one Update on its way through the writer. The function runs on
// its caller's goroutine while the writer waits, so that a panic is the
// caller's own; each channel holds one value and nobody waits to send.
type seat struct {
	ctx   context.Context
	turn  chan *Tx
	ran   chan error
	reply chan error
}

// run has the caller's function run, and returns its error.
func (s *seat) run(tx *Tx) error {
	s.turn <- tx
	return <-s.ran
}

// A writer owns the one writing connection of an SQLite database.
type writer struct {
	db    *DB
	pool  *sql.DB
	conn  *prepared
	queue chan *seat
	quit  chan struct{}
	done  chan struct{} // closed when run has ended
	skips int           // groups that do not wait for more
}

func newWriter(db *DB, pool *sql.DB) *writer {
	return &writer{db: db, pool: pool, queue: make(chan *seat, groupMax), quit: make(chan struct{}), done: make(chan struct{})}
}

// update takes a seat, runs fn when it is called and waits for the commit.
func (w *writer) update(ctx context.Context, fn func(*Tx) error) error {
	s := &seat{ctx: ctx, turn: make(chan *Tx, 1), ran: make(chan error, 1), reply: make(chan error, 1)}
	select {
	case w.queue <- s:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.quit:
		return errClosing()
	}
	select {
	case tx := <-s.turn:
		err := errAborted
		func() {
			defer func() { s.ran <- err }()
			err = fn(tx)
		}()
		return <-s.reply
	case err := <-s.reply:
		return err
	case <-w.done: // taken after the last group, or answered just before the end
		select {
		case err := <-s.reply:
			return err
		default:
			return errClosing()
		}
	}
}

func errClosing() error { return fault.New(fault.Unavailable, "The node is shutting down.") }

// run commits what is queued until stop is called, and then what is left.
func (w *writer) run() {
	defer close(w.done)
	for {
		select {
		case s := <-w.queue:
			w.commitGroup(w.gather(s))
		case <-w.quit:
			for {
				select {
				case s := <-w.queue:
					w.commitGroup(w.gather(s))
				default:
					return
				}
			}
		}
	}
}

// stop ends run once it has written what it was given.
func (w *writer) stop() error {
	close(w.quit)
	<-w.done
	return errors.Join(w.conn.close(), w.pool.Close())
}

// gather takes whatever is waiting behind first, and of a small crowd who still comes.
// Who is alone does not wait, and a few who write again and again do so seldom.
func (w *writer) gather(first *seat) []*seat {
	group := w.waiting([]*seat{first})
	if len(group) < crowd || len(group) >= ample {
		return group
	}
	if w.skips > 0 {
		w.skips--
		return group
	}
	for i := 0; i < mostMore && len(group) < ample; i++ {
		n := len(group)
		time.Sleep(more)
		if group = w.waiting(group); len(group) == n {
			w.skips = unmet
			break
		}
	}
	return group
}

// waiting adds to a group who is waiting now.
func (w *writer) waiting(group []*seat) []*seat {
	for len(group) < groupMax {
		select {
		case s := <-w.queue:
			group = append(group, s)
		default:
			return group
		}
	}
	return group
}

// commitGroup runs the members one after another in one transaction, each behind a
// savepoint where there are several. A member that fails is undone alone and told at once;
// the others hear after the commit.
func (w *writer) commitGroup(group []*seat) {
	kept, err := w.runGroup(group)
	for _, s := range kept {
		s.reply <- err
	}
}

func (w *writer) runGroup(group []*seat) (kept []*seat, err error) {
	t, err := w.begin()
	if err != nil {
		return group, err
	}
	defer func() { _ = t.Rollback() }() // a no-op after the commit
	var does effects
	for i, s := range group {
		if err := s.ctx.Err(); err != nil {
			s.reply <- err
			continue
		}
		tx := w.db.tx(w.conn, t)
		tx.effects = does // it sees what those before it did
		var failed, broken error
		if len(group) == 1 { // undone with the transaction
			failed = s.run(tx)
		} else {
			failed, broken = w.member(s, tx)
		}
		switch {
		case broken != nil: // the transaction itself is lost
			return append(kept, group[i:]...), broken
		case failed != nil:
			s.reply <- failed
		default:
			kept = append(kept, s)
			does.add(tx.effects)
		}
	}
	if len(kept) == 0 {
		return nil, nil
	}
	return kept, w.db.commit(t, does)
}

// begin opens the group's transaction, on a new connection when the old one
// has died. A caller that gives up must not undo the others, so no caller's
// context is involved.
func (w *writer) begin() (*sql.Tx, error) {
	ctx := context.Background()
	if w.conn != nil {
		t, err := w.conn.conn.BeginTx(ctx, nil)
		if !errors.Is(err, sql.ErrConnDone) && !errors.Is(err, driver.ErrBadConn) {
			return t, err
		}
		_ = w.conn.close() // dead already
	}
	c, err := prepare(ctx, w.pool, true)
	if err != nil {
		return nil, err
	}
	w.conn = c
	return c.conn.BeginTx(ctx, nil)
}

// member lets one caller run behind a savepoint. failed is its own error,
// undone; broken says that the savepoint could not be kept or undone.
func (w *writer) member(s *seat, tx *Tx) (failed, broken error) {
	ctx := context.Background()
	if _, err := w.conn.ExecContext(ctx, "savepoint member"); err != nil {
		return nil, err
	}
	if failed = s.run(tx); failed != nil {
		if _, err := w.conn.ExecContext(ctx, "rollback to member"); err != nil {
			return failed, errors.Join(failed, err)
		}
	}
	if _, err := w.conn.ExecContext(ctx, "release member"); err != nil {
		return failed, errors.Join(failed, err)
	}
	return failed, nil
}
