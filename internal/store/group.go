package store

import (
	"context"
	"database/sql"
	"errors"
)

// groupMax bounds how many writes share a commit, so that the first of them
// does not wait for long.
const groupMax = 256

// A job is one Update on its way through the writer.
type job struct {
	ctx   context.Context
	fn    func(*Tx) error
	reply chan error // buffered: the writer never waits for a caller
}

// writer commits what is queued until the database is closed.
func (db *DB) writer() {
	defer close(db.done)
	for {
		select {
		case j := <-db.queue:
			db.commitGroup(db.gather(j))
		case <-db.quit:
			for {
				select {
				case j := <-db.queue:
					db.commitGroup(db.gather(j))
				default:
					return
				}
			}
		}
	}
}

// gather takes whatever is waiting behind first, without waiting itself.
func (db *DB) gather(first *job) []*job {
	group := []*job{first}
	for len(group) < groupMax {
		select {
		case j := <-db.queue:
			group = append(group, j)
		default:
			return group
		}
	}
	return group
}

// commitGroup runs the members one after another, each behind a savepoint, in
// one transaction. A member that fails is undone alone and told at once; the
// others hear after the commit.
func (db *DB) commitGroup(group []*job) {
	kept, err := db.runGroup(group)
	for _, j := range kept {
		j.reply <- err
	}
}

func (db *DB) runGroup(group []*job) (kept []*job, err error) {
	ctx := context.Background() // a caller that gives up must not undo the others
	t, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return group, err
	}
	defer func() { _ = t.Rollback() }() // a no-op after the commit
	for i, j := range group {
		if j.ctx.Err() != nil {
			j.reply <- j.ctx.Err()
			continue
		}
		failed, broken := member(ctx, t, func() error { return j.fn(db.tx(t)) })
		if broken != nil { // the transaction itself is lost
			return append(kept, group[i:]...), broken
		}
		if failed != nil {
			j.reply <- failed
			continue
		}
		kept = append(kept, j)
	}
	if len(kept) == 0 {
		return nil, nil
	}
	return kept, db.commit(t)
}

// member runs one function behind a savepoint. failed is its own error, undone;
// broken says that the savepoint could not be kept or undone.
func member(ctx context.Context, t *sql.Tx, fn func() error) (failed, broken error) {
	if _, err := t.ExecContext(ctx, "savepoint member"); err != nil {
		return nil, err
	}
	if failed = fn(); failed != nil {
		if _, err := t.ExecContext(ctx, "rollback to member"); err != nil {
			return failed, errors.Join(failed, err)
		}
	}
	if _, err := t.ExecContext(ctx, "release member"); err != nil {
		return failed, err
	}
	return failed, nil
}
