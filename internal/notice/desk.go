package notice

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// A Desk is where people ask for their notices.
type Desk struct {
	Store Store
	// Send has a letter sent once the transaction is durable.
	Send func(ctx context.Context, tx Tx, a id.Account, letter string) error
	// Anyone gets letters, also who did not confirm an address: they do not leave the
	// node.
	Anyone bool
}

// A List is a page of notices.
type List struct {
	Rows []Notice
	Next string // cursor of the page after, "" at the end
}

// MostAtOnce is how many can be asked for at once.
const MostAtOnce = 200

// List returns up to n of an account's, the latest first, after a cursor. Faults:
// Unauthenticated, Invalid.
func (d *Desk) List(ctx context.Context, a id.Account, after string, n int) (out List, err error) {
	if a == "" {
		return out, errGuest
	}
	at, name, err := parseCursor(after)
	if err != nil {
		return out, err
	}
	n = max(1, min(n, MostAtOnce))
	err = d.Store.NoticeView(ctx, func(tx Tx) error {
		if out.Rows, err = tx.Notices(ctx, a, at, name, "", n+1); err == nil && len(out.Rows) > n {
			out.Rows = out.Rows[:n]
			out.Next = cursor(&out.Rows[n-1])
		}
		return err
	})
	return out, err
}

func cursor(n *Notice) string { return strconv.FormatInt(n.At.UnixMilli(), 10) + "." + n.Name }

func parseCursor(s string) (at time.Time, name string, err error) {
	if s == "" {
		return time.UnixMilli(1 << 52), "", nil
	}
	ms, name, ok := strings.Cut(s, ".")
	n, err := strconv.ParseInt(ms, 10, 64)
	if err != nil || !ok {
		return at, "", fault.On("query.after", fault.Invalid, "That cursor is not one of this list. Begin without it.")
	}
	return time.UnixMilli(n), name, nil
}

// Unread is how many an account has not read.
func (d *Desk) Unread(ctx context.Context, a id.Account) (n int64, err error) {
	if a == "" {
		return 0, nil
	}
	err = d.Store.NoticeView(ctx, func(tx Tx) error {
		n, err = tx.Unseen(ctx, a)
		return err
	})
	return n, err
}

// Read marks an account's as read: one of that name, or with "" all until a time,
// the zero time being now. Faults: Unauthenticated.
func (d *Desk) Read(ctx context.Context, a id.Account, until time.Time, name string) error {
	if a == "" {
		return errGuest
	}
	return d.Store.NoticeUpdate(ctx, func(tx Tx) error {
		if until.IsZero() {
			until = tx.Now()
		}
		return tx.See(ctx, a, until, name)
	})
}

// Choices are how an account is told of each kind. Faults: Unauthenticated.
func (d *Desk) Choices(ctx context.Context, a id.Account) (list []Choice, err error) {
	if a == "" {
		return nil, errGuest
	}
	err = d.Store.NoticeView(ctx, func(tx Tx) error {
		list, err = choices(ctx, tx, a)
		return err
	})
	return list, err
}

func choices(ctx context.Context, tx Tx, a id.Account) ([]Choice, error) {
	chosen, err := tx.Choices(ctx, a)
	list := standard
	for i, c := range list {
		if w, ok := chosen[c.Kind]; ok {
			list[i].Way = w
		}
	}
	return list[:], err
}

// Choose says how an account is told of kinds; of others as before. Faults:
// Unauthenticated, Invalid.
func (d *Desk) Choose(ctx context.Context, a id.Account, list ...Choice) error {
	if a == "" {
		return errGuest
	}
	known := map[Kind]bool{}
	for _, c := range standard {
		known[c.Kind] = true
	}
	for _, c := range list {
		if !known[c.Kind] {
			return fault.On("kind", fault.Invalid, "There are no notifications of the kind %q.", string(c.Kind))
		}
		switch c.Way {
		case Never, Here, Daily, Weekly:
		default:
			return fault.On("way", fault.Invalid, "Notifications come not at all, here, or in a daily or weekly letter too.")
		}
	}
	return d.Store.NoticeUpdate(ctx, func(tx Tx) error { return choose(ctx, tx, a, list) })
}

func choose(ctx context.Context, tx Tx, a id.Account, list []Choice) error {
	for _, c := range list {
		if err := tx.Choose(ctx, a, c); err != nil {
			return err
		}
	}
	return nil
}

// StopLetters ends an account's letters; what they told of is told here alone. A
// deleted account has none.
func (d *Desk) StopLetters(ctx context.Context, a id.Account) error {
	return d.Store.NoticeUpdate(ctx, func(tx Tx) error {
		list, err := choices(ctx, tx, a)
		if err != nil {
			return err
		}
		var stop []Choice
		for _, c := range list {
			if c.Way == Daily || c.Way == Weekly {
				stop = append(stop, Choice{c.Kind, Here})
			}
		}
		return choose(ctx, tx, a, stop)
	})
}

// atOnce is how many accounts get a letter in one transaction.
const atOnce = 100

// Post has the letters of a day or a week sent that have something to say, and
// returns how many. That a notice is in a letter is durable with the letter: run
// again, it sends none twice.
func (d *Desk) Post(ctx context.Context, way Way, day calendar.Day) (sent int, err error) {
	letter := string(way) + " " + day.String()
	for _, kind := range standard {
		for more := true; more; {
			err := d.Store.NoticeUpdate(ctx, func(tx Tx) error {
				list, err := tx.Due(ctx, kind, way, letter, d.Anyone, atOnce)
				if err != nil {
					return err
				}
				for _, a := range list {
					if err := d.post(ctx, tx, a, way, letter); err != nil {
						return err
					}
				}
				sent, more = sent+len(list), len(list) == atOnce
				return nil
			})
			if err != nil {
				return sent, err
			}
		}
	}
	return sent, nil
}

func (d *Desk) post(ctx context.Context, tx Tx, a id.Account, way Way, letter string) error {
	list, err := choices(ctx, tx, a)
	if err != nil {
		return err
	}
	for _, c := range list {
		if c.Way != way {
			continue
		}
		if err := tx.IntoLetter(ctx, a, c.Kind, letter); err != nil {
			return err
		}
	}
	return d.Send(ctx, tx, a, letter)
}

// Letter is what a letter tells an account: what was not read meanwhile, the
// latest first.
func (d *Desk) Letter(ctx context.Context, a id.Account, letter string) (list []Notice, err error) {
	at, name, err := parseCursor("")
	if err != nil {
		return nil, err
	}
	err = d.Store.NoticeView(ctx, func(tx Tx) error {
		list, err = tx.Notices(ctx, a, at, name, letter, MostAtOnce)
		return err
	})
	return list, err
}

// Expire forgets what was kept long enough.
func (d *Desk) Expire(ctx context.Context) error {
	return d.Store.NoticeUpdate(ctx, func(tx Tx) error { return tx.ForgetNotices(ctx, tx.Now().Add(-Kept)) })
}
