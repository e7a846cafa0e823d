package store

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/notice"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

var _ notice.Store = (*DB)(nil)

// NoticeView runs fn on a snapshot of what people were told.
func (db *DB) NoticeView(ctx context.Context, fn func(notice.Tx) error) error {
	return db.View(ctx, func(tx *Tx) error { return fn(noticeTx{tx}) })
}

// NoticeUpdate runs fn in a write transaction on it.
func (db *DB) NoticeUpdate(ctx context.Context, fn func(notice.Tx) error) error {
	return db.Update(ctx, func(tx *Tx) error { return fn(noticeTx{tx}) })
}

// Tell tells people of what happens in this transaction.
func (tx *Tx) Tell(ctx context.Context, c notice.Cause) error {
	if c.Many() {
		return tx.TellAll(ctx, []notice.Cause{c})
	}
	name := c.Name(calendar.DayOf(tx.Now))
	n := sqlgen.NoticeOneParams{Account: string(c.Account), Name: name, Kind: string(c.Kind), Act: string(c.Act), Actor: c.Actor, Person: string(c.Person),
		Release: string(c.Release), Track: string(c.Track), Comment: string(c.Comment), Playlist: string(c.List), Period: int64(c.Period), At: tx.Ms()}
	switch {
	case c.Account != "":
		return wrap(tx.Q.NoticeOne(ctx, n), "notice")
	case c.Kind == notice.Label:
		return wrap(tx.tellOwners(ctx, &c, name), "notice")
	case c.Kind == notice.Release && c.Actor != "":
		return wrap(tx.Q.NoticeFollowersElsewhere(ctx, sqlgen.NoticeFollowersElsewhereParams{Name: n.Name, Kind: n.Kind, Actor: n.Actor, Release: n.Release, At: n.At, Since: ms(c.At)}), "notice")
	case c.Kind == notice.Release:
		return wrap(tx.Q.NoticeFollowers(ctx, sqlgen.NoticeFollowersParams{Name: n.Name, Kind: n.Kind, Act: n.Act, Release: n.Release, At: n.At, Person: n.Person}), "notice")
	}
	return wrap(tx.Q.NoticePeople(ctx, sqlgen.NoticePeopleParams{Name: n.Name, Kind: n.Kind, Act: n.Act, Actor: n.Actor, Person: n.Person, Release: n.Release, Track: n.Track, Comment: n.Comment, At: n.At, Knows: string(c.Knows)}), "notice")
}

// tellOwners tells who owns an act or its label, but for who did it: what a label asks, who
// owns the act alone.
func (tx *Tx) tellOwners(ctx context.Context, c *notice.Cause, name string) error {
	other := c.Label
	if c.Step == notice.Asked {
		other = c.Act
	}
	return tx.Q.NoticeOwners(ctx, sqlgen.NoticeOwnersParams{Name: name, Kind: string(c.Kind), Act: string(c.Act), Label: string(c.Label), Step: string(c.Step), At: tx.Ms(), Other: string(other), Person: string(c.Person)})
}

// TellAll tells people of several causes. Notices are written in the order of their names:
// transactions that meet wait for each other, and not in a circle.
func (tx *Tx) TellAll(ctx context.Context, list []notice.Cause) error {
	counts := map[sqlgen.NoticeManyParams]int64{}
	for _, c := range list {
		if !c.Many() {
			if err := tx.Tell(ctx, c); err != nil {
				return err
			}
			continue
		}
		n, fresh, err := tx.cause(ctx, &c)
		if err != nil {
			return wrap(err, "notice")
		}
		if fresh {
			counts[n]++
		}
	}
	byName := func(a, b sqlgen.NoticeManyParams) int { return cmp.Compare(a.Name, b.Name) }
	for _, n := range slices.SortedFunc(maps.Keys(counts), byName) {
		many := n
		many.N = counts[n]
		if err := tx.Q.NoticeMany(ctx, many); err != nil {
			return wrap(err, "notice")
		}
	}
	return nil
}

// cause keeps one of many, and tells the notice in which it has to be counted if it is
// fresh. One that was taken back meanwhile counts again in that of its day.
func (tx *Tx) cause(ctx context.Context, c *notice.Cause) (of sqlgen.NoticeManyParams, fresh bool, err error) {
	of = sqlgen.NoticeManyParams{Name: c.Name(calendar.DayOf(tx.Now)), Kind: string(c.Kind), Act: string(c.Act), Release: string(c.Release), Track: string(c.Track), At: tx.Ms(), Person: string(c.Person)}
	n, err := tx.Q.NoticeCausePut(ctx, sqlgen.NoticeCausePutParams{What: c.About(), Who: c.Who(), Name: of.Name, At: of.At})
	if err == nil && n == 0 {
		err = tx.recount(ctx, c, false, 1)
	}
	return of, n > 0, err
}

// recount changes how many a notice counts by one who takes something back, or does
// it again: not their own, in which they were never counted.
//
// BUG(9ten): whoever joins an act's people during a day is counted down by those who
// take back what they did before on that day, though they were not told of it, and up by those
// who do it again, unless that comes in [Tx.TellAll] with the first they are told of.
func (tx *Tx) recount(ctx context.Context, c *notice.Cause, gone bool, by int64) error {
	names, err := tx.Q.NoticeCauseMark(ctx, sqlgen.NoticeCauseMarkParams{Gone: gone, What: c.About(), Who: c.Who()})
	for _, name := range names {
		err = errors.Join(err, tx.Q.NoticeCount(ctx, sqlgen.NoticeCountParams{By: by, Name: name, Who: c.Who()}))
	}
	return err
}

// Untell takes back what was told of something that is no more.
func (tx *Tx) Untell(ctx context.Context, c notice.Cause) error {
	if c.Many() {
		return wrap(tx.recount(ctx, &c, true, -1), "notice")
	}
	return wrap(tx.Q.NoticeDrop(ctx, sqlgen.NoticeDropParams{Name: c.About(), Account: string(c.Account)}), "notice")
}

// UntellBy takes back everything that was told of somebody.
func (tx *Tx) UntellBy(ctx context.Context, who string) error {
	rows, err := tx.Q.NoticeCauseDropBy(ctx, who)
	for _, r := range rows {
		if !r.Gone {
			err = errors.Join(err, tx.Q.NoticeCount(ctx, sqlgen.NoticeCountParams{By: -1, Name: r.Name, Who: who}))
		}
	}
	return wrap(errors.Join(err, tx.Q.NoticeDropBy(ctx, who)), "notices")
}

// TellMonth tells of a month that is settled.
func (tx *Tx) TellMonth(ctx context.Context, p calendar.Period) error {
	about := func(k notice.Kind) string { return (&notice.Cause{Kind: k, Period: p}).About() }
	return wrap(errors.Join(
		tx.Q.NoticeReceipts(ctx, sqlgen.NoticeReceiptsParams{Name: about(notice.Receipt), Kind: string(notice.Receipt), Period: int64(p), At: tx.Ms()}),
		tx.Q.NoticeEarned(ctx, sqlgen.NoticeEarnedParams{Prefix: about(notice.Earned) + "/", Kind: string(notice.Earned), Period: int64(p), At: tx.Ms()}),
		tx.Q.NoticeOwed(ctx, sqlgen.NoticeOwedParams{Prefix: about(notice.Owed) + "/", Kind: string(notice.Owed), Period: int64(p), At: tx.Ms()}),
	), "notices of a month")
}

type noticeTx struct{ *Tx }

func (tx noticeTx) Now() time.Time { return tx.Tx.Now }

// named is how many of those who did something are named.
const named = 3

func (tx noticeTx) Notices(ctx context.Context, a id.Account, at time.Time, name, letter string, n int) ([]notice.Notice, error) {
	rows, err := tx.Q.NoticeList(ctx, sqlgen.NoticeListParams{Account: string(a), At: ms(at), Name: name, Letter: letter, Lim: int32(n)})
	out := make([]notice.Notice, len(rows))
	for i, r := range rows {
		out[i] = told(&r)
		if c := (notice.Cause{Kind: out[i].Kind}); !c.Many() {
			continue
		}
		who, err := tx.Q.NoticeWho(ctx, sqlgen.NoticeWhoParams{Name: r.Name, Account: string(a), Lim: named})
		if err != nil {
			return nil, wrap(err, "notices")
		}
		for _, w := range who {
			out[i].Who = append(out[i].Who, "@"+w.Handle+"@"+w.Host)
		}
	}
	return out, wrap(err, "notices")
}

func told(r *sqlgen.NoticeListRow) notice.Notice {
	n := notice.Notice{
		Name: r.Name, Kind: notice.Kind(r.Kind), Act: id.Act(r.Act), Release: id.Release(r.Release), Track: id.Track(r.Track), Comment: id.Comment(r.Comment), List: id.Playlist(r.Playlist), Label: id.Act(r.Label), Step: notice.Step(r.Step), Period: calendar.Period(r.Period),
		N: r.N, At: utc(r.At), Seen: r.Seen, ActName: r.ActName, ActHandle: r.ActHandle, LabelName: r.LabelName, LabelHandle: r.LabelHandle, Title: r.Title, TrackTitle: r.TrackTitle, Earned: money.Micro(r.Earned),
	}
	switch {
	case r.Actor != "" && (n.Kind == notice.Release || n.Kind == notice.Moved): // an act elsewhere
		n.ActName, n.ActHandle = r.ThereName, r.ThereHandle+"@"+r.ThereHost
	case r.Actor != "":
		n.Who = []string{"@" + r.ThereHandle + "@" + r.ThereHost}
	case r.HereHandle != "":
		n.Who = []string{"@" + r.HereHandle}
	}
	return n
}

func (tx noticeTx) Unseen(ctx context.Context, a id.Account) (int64, error) {
	n, err := tx.Q.NoticesUnseen(ctx, string(a))
	return n, wrap(err, "notices")
}

func (tx noticeTx) See(ctx context.Context, a id.Account, until time.Time, name string) error {
	if name != "" {
		return wrap(tx.Q.NoticeSee(ctx, sqlgen.NoticeSeeParams{Account: string(a), Name: name}), "notice")
	}
	return wrap(tx.Q.NoticesSee(ctx, sqlgen.NoticesSeeParams{Account: string(a), At: ms(until)}), "notices")
}

func (tx noticeTx) Choices(ctx context.Context, a id.Account) (map[notice.Kind]notice.Way, error) {
	rows, err := tx.Q.NoticeChoices(ctx, string(a))
	out := make(map[notice.Kind]notice.Way, len(rows))
	for _, r := range rows {
		out[notice.Kind(r.Kind)] = notice.Way(r.Way)
	}
	return out, wrap(err, "choices")
}

func (tx noticeTx) Choose(ctx context.Context, a id.Account, c notice.Choice) error {
	return wrap(tx.Q.NoticeChoose(ctx, sqlgen.NoticeChooseParams{Account: string(a), Kind: string(c.Kind), Way: string(c.Way)}), "choice")
}

func (tx noticeTx) Due(ctx context.Context, standard notice.Choice, way notice.Way, letter string, anyone bool, n int) ([]id.Account, error) {
	p := sqlgen.NoticeDueParams{Kind: string(standard.Kind), Standard: string(standard.Way), Way: string(way), Confirmed: 1, Letter: letter, Lim: int32(n)}
	if anyone {
		p.Confirmed = 0
	}
	rows, err := tx.Q.NoticeDue(ctx, p)
	out := make([]id.Account, len(rows))
	for i, r := range rows {
		out[i] = id.Account(r)
	}
	return out, wrap(err, "letters")
}

func (tx noticeTx) IntoLetter(ctx context.Context, a id.Account, k notice.Kind, letter string) error {
	return wrap(tx.Q.NoticeIntoLetter(ctx, sqlgen.NoticeIntoLetterParams{Letter: letter, Account: string(a), Kind: string(k)}), "letter")
}

func (tx noticeTx) ForgetNotices(ctx context.Context, before time.Time) error {
	return wrap(errors.Join(tx.Q.NoticeExpire(ctx, ms(before)), tx.Q.NoticeCauseExpire(ctx, ms(before))), "notices")
}
