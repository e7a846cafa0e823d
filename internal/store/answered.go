package store

import (
	"cmp"
	"context"
	"sync/atomic"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

const noAnswer = "Nothing was asked with this key."

// Answered returns what an account was answered when it sent a key. Faults:
// NotFound when the key is new, Limited when the account has used too many.
func (db *DB) Answered(ctx context.Context, who id.Account, key []byte) (a account.Answered, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		since := tx.Ms() - account.RememberedFor.Milliseconds()
		r, err := tx.Q.AnsweredGet(ctx, sqlgen.AnsweredGetParams{Account: string(who), Key: key, Since: since})
		if err == nil {
			a = account.Answered{Key: key, Request: r.Request, Status: int(r.Status), Type: r.Type, Body: r.Body}
			return nil
		}
		if err = missing(err, noAnswer); !fault.Is(err, fault.NotFound) {
			return err
		}
		n, countErr := tx.Q.AnsweredCount(ctx, sqlgen.AnsweredCountParams{Account: string(who), Since: since})
		if countErr == nil && n.N >= account.MaxRemembered {
			return fault.Later(time.Duration(n.Oldest-since)*time.Millisecond, "This account has used %d keys within a day. Send what can be repeated anyway without one.", account.MaxRemembered)
		}
		return cmp.Or(countErr, err)
	})
	return a, wrap(err, "answered")
}

// marking is a key on its way into the first transaction of a request.
type marking struct {
	who  id.Account
	a    account.Answered
	done atomic.Bool
}

type markingKey struct{}

// Marking has the first transaction that is made with the returned context also
// keep a, an answer that is not known yet: both are there afterwards, or
// neither. marked reports whether that has happened.
func (db *DB) Marking(ctx context.Context, who id.Account, a account.Answered) (with context.Context, marked func() bool) {
	m := &marking{who: who, a: a}
	return context.WithValue(ctx, markingKey{}, m), m.done.Load
}

// marked runs a transaction together with what its context has to be kept.
func marked(ctx context.Context, run func(context.Context, func(*Tx) error) error, fn func(*Tx) error) error {
	m, _ := ctx.Value(markingKey{}).(*marking)
	if m == nil || m.done.Load() {
		return run(ctx, fn)
	}
	err := run(ctx, func(tx *Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return tx.keepAnswer(ctx, m.who, m.a)
	})
	if err == nil {
		m.done.Store(true)
	}
	return err
}

// KeepAnswer keeps what was answered to a key.
func (db *DB) KeepAnswer(ctx context.Context, who id.Account, a account.Answered) error {
	return db.Update(ctx, func(tx *Tx) error { return tx.keepAnswer(ctx, who, a) })
}

func (tx *Tx) keepAnswer(ctx context.Context, who id.Account, a account.Answered) error {
	return wrap(tx.Q.AnsweredPut(ctx, sqlgen.AnsweredPutParams{
		Key: a.Key, Request: a.Request, At: tx.Ms(), Status: int64(a.Status), Type: a.Type, Body: append([]byte{}, a.Body...), Account: string(who),
	}), "answered")
}

// ExpireAnswers forgets the keys that are a day old.
func (db *DB) ExpireAnswers(ctx context.Context) error {
	return db.Update(ctx, func(tx *Tx) error {
		return wrap(tx.Q.AnsweredExpire(ctx, tx.Ms()-account.RememberedFor.Milliseconds()), "answers")
	})
}
