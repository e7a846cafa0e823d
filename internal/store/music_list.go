package store

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func (tx musicTx) SetLines(ctx context.Context, r id.Release, row *music.ReleaseRow, plays int64, tags []string, tracks []music.Line) error {
	before, err := tx.Q.LineTagsOf(ctx, string(r))
	if err != nil {
		return wrap(err, "tags")
	}
	for _, clear := range []func(context.Context, string) error{tx.Q.LineTrackClear, tx.Q.LineReleaseClear, tx.Q.LineTagClear, tx.Q.LineTagTrackClear} {
		if err := clear(ctx, string(r)); err != nil {
			return wrap(err, "clear lines")
		}
	}
	if row != nil {
		if err := tx.insertLines(ctx, r, row, plays, tags, tracks); err != nil {
			return err
		}
	}
	for _, t := range append(before, tags...) {
		if err := tx.Q.TagRecount(ctx, t); err != nil {
			return wrap(err, "count tag")
		}
	}
	return nil
}

func (tx musicTx) insertLines(ctx context.Context, r id.Release, row *music.ReleaseRow, plays int64, tags []string, tracks []music.Line) error {
	at := row.Published.UnixMilli()
	err := tx.Q.LineReleaseInsert(ctx, sqlgen.LineReleaseInsertParams{Release: string(r), Act: string(row.Act), Published: at, Plays: plays, Card: row.Pack()})
	if err != nil {
		return wrap(err, "release line")
	}
	for _, t := range tags {
		if err := tx.Q.LineTagInsert(ctx, sqlgen.LineTagInsertParams{Tag: t, Published: at, Release: string(r)}); err != nil {
			return wrap(err, "tag line")
		}
	}
	for i := range tracks {
		l := &tracks[i]
		if err := tx.Q.LineTrackInsert(ctx, sqlgen.LineTrackInsertParams{
			Track: string(l.Row.ID), Release: string(r), Act: string(l.Row.Act), Published: at, Plays: l.Plays, Disc: int64(l.Row.Disc), Number: int64(l.Row.Number), Card: l.Row.Pack(),
		}); err != nil {
			return wrap(err, "track line")
		}
		for _, t := range l.Tags {
			if err := tx.Q.LineTagTrackInsert(ctx, sqlgen.LineTagTrackInsertParams{Tag: t, Published: at, Track: string(l.Row.ID), Release: string(r)}); err != nil {
				return wrap(err, "tag line")
			}
		}
	}
	return nil
}

func (tx musicTx) SetDoc(ctx context.Context, d music.Doc) error {
	n, err := tx.Q.DocUpdate(ctx, sqlgen.DocUpdateParams{Title: d.Title, Maker: d.Maker, More: d.More, Card: d.Card, Kind: int64(d.Found), Ref: d.Ref})
	if err != nil || n > 0 {
		return wrap(err, "document")
	}
	low := int64(d.Found) << 40
	last, err := tx.Q.DocLast(ctx, sqlgen.DocLastParams{Low: low, High: low + 1<<40})
	if err != nil {
		return wrap(err, "document")
	}
	return wrap(tx.Q.DocInsert(ctx, sqlgen.DocInsertParams{N: max(last, low) + 1, Kind: int64(d.Found), Ref: d.Ref, Title: d.Title, Maker: d.Maker, More: d.More, Card: d.Card}), "document")
}

func (tx musicTx) DropDoc(ctx context.Context, f music.Found, ref string) error {
	return wrap(tx.Q.DocDrop(ctx, sqlgen.DocDropParams{Kind: int64(f), Ref: ref}), "document")
}

func (tx musicTx) Tags(ctx context.Context, prefix string, n int) ([]music.TagCount, error) {
	rows, err := tx.Q.TagList(ctx, sqlgen.TagListParams{Low: prefix, High: prefix + "\U0010FFFF", Lim: int32(n)})
	out := make([]music.TagCount, len(rows))
	for i, r := range rows {
		out[i] = music.TagCount{Tag: r.Name, Releases: r.Releases}
	}
	return out, wrap(err, "tags")
}

// lists are the queries of a list: each walks one index from a cursor down.
// They are written out because the result is one packed column and the key.
const (
	listFrom  = "%k <= $1 and (%k < $1 or %i < $2) order by %k desc, %i desc limit $3 + 0"
	trackNew  = "select card, published from track_line where "
	trackTop  = "select card, plays from track_line where "
	trackTag  = "select l.card, t.published from tag_track_line t join track_line l on l.track = t.track where t.tag = $4 and "
	relNew    = "select card, published from release_line where "
	relTop    = "select card, plays from release_line where "
	relTag    = "select l.card, t.published from tag_line t join release_line l on l.release = t.release where t.tag = $4 and "
	ofAct     = "act = $4 and "
	keyNew    = "published"
	keyTop    = "plays"
	keyTagged = "t.published"
)

func listSQL(head, key, ref string) string {
	return head + strings.NewReplacer("%k", key, "%i", ref).Replace(listFrom)
}

// cards runs a list query and hands over each packed row with its key.
func (tx musicTx) cards(ctx context.Context, query string, after music.Cursor, n int, narrow string, yield func(card string, key int64)) error {
	args := []any{after.Key, after.ID, n}
	if strings.Contains(query, "$4") {
		args = append(args, narrow)
	}
	var card string
	var key int64
	return wrap(scan(ctx, tx.db, query, args, []any{&card, &key}, func() { yield(card, key) }), "list")
}

func (tx musicTx) TrackList(ctx context.Context, f music.Filter, after music.Cursor, n int) ([]music.TrackRow, error) {
	head, key, ref, narrow := trackNew, keyNew, "track", string(f.Act)
	if f.Order == music.Popular {
		head, key = trackTop, keyTop
	}
	switch {
	case f.Act != "":
		head += ofAct
	case f.Tag != "":
		head, key, ref, narrow = trackTag, keyTagged, "t.track", f.Tag
	}
	out := make([]music.TrackRow, 0, n)
	err := tx.cards(ctx, listSQL(head, key, ref), after, n, narrow, func(card string, key int64) {
		var r music.TrackRow
		r.Unpack(card)
		r.Key = key
		out = append(out, r)
	})
	return out, err
}

func (tx musicTx) ReleaseList(ctx context.Context, f music.Filter, after music.Cursor, n int) ([]music.ReleaseRow, error) {
	head, key, ref, narrow := relNew, keyNew, "release", string(f.Act)
	if f.Order == music.Popular {
		head, key = relTop, keyTop
	}
	switch {
	case f.Act != "":
		head += ofAct
	case f.Tag != "":
		head, key, ref, narrow = relTag, keyTagged, "t.release", f.Tag
	}
	out := make([]music.ReleaseRow, 0, n)
	err := tx.cards(ctx, listSQL(head, key, ref), after, n, narrow, func(card string, key int64) {
		var r music.ReleaseRow
		r.Unpack(card)
		r.Key = key
		out = append(out, r)
	})
	return out, err
}

func (tx musicTx) ReleaseIndex(ctx context.Context, after id.Release, n int) ([]music.Indexed, error) {
	rows, err := tx.Q.ReleaseIndex(ctx, sqlgen.ReleaseIndexParams{After: string(after), Lim: int32(n)})
	out := make([]music.Indexed, len(rows))
	for i, r := range rows {
		out[i] = music.Indexed{Release: id.Release(r.ID), Act: id.Act(r.Act), Changed: utc(r.Changed)}
	}
	return out, wrap(err, "index")
}

func (tx musicTx) ReleaseIndexCount(ctx context.Context) (int64, error) {
	n, err := tx.Q.ReleaseIndexCount(ctx)
	return n, wrap(err, "index")
}

func (tx musicTx) ReleaseIndexAt(ctx context.Context, before int) (id.Release, error) {
	r, err := tx.Q.ReleaseIndexAt(ctx, int32(before))
	return id.Release(r), missing(err, "There are not so many.")
}

func (tx musicTx) ActList(ctx context.Context, after music.Cursor, n int) ([]music.ActRow, error) {
	rows, err := tx.Q.ActList(ctx, sqlgen.ActListParams{Key: after.Key, ID: after.ID, Lim: int32(n)})
	out := make([]music.ActRow, len(rows))
	for i, r := range rows {
		out[i] = actRow(r, r.Releases)
	}
	return out, wrap(err, "acts")
}

func (tx musicTx) TrackRows(ctx context.Context, tracks []id.Track) (map[id.Track]music.TrackRow, error) {
	out := make(map[id.Track]music.TrackRow, len(tracks))
	var card string
	err := among(ctx, tx.db, "select card from track_line where track in @list", nil, tracks, []any{&card}, func() {
		var r music.TrackRow
		r.Unpack(card)
		out[r.ID] = r
	})
	if err != nil || len(out) == len(tracks) {
		return out, wrap(err, "track rows")
	}
	there, err := tx.far(ctx, slices.DeleteFunc(slices.Clone(tracks), func(t id.Track) bool { _, here := out[t]; return here }))
	for t, f := range there {
		out[t] = f.TrackRow
	}
	return out, err
}

// among runs a query whose @list stands for a list of ids, a chunk at a time,
// and calls row after each row is scanned into dest. Chunks have one of two
// lengths, the last id repeated, so that few statements are compiled. args
// come before the list.
func among[T ~string | ~int64](ctx context.Context, db sqlgen.DBTX, query string, args []any, list []T, dest []any, row func()) error {
	for chunk := range slices.Chunk(list, 64) {
		size := 8
		if len(chunk) > size {
			size = 64
		}
		marks := make([]string, size)
		all := slices.Clone(args)
		for i := range marks {
			all = append(all, chunk[min(i, len(chunk)-1)])
			marks[i] = "$" + strconv.Itoa(len(all))
		}
		full := strings.Replace(query, "@list", "("+strings.Join(marks, ", ")+")", 1)
		if err := scan(ctx, db, full, all, dest, row); err != nil {
			return err
		}
	}
	return nil
}

// scan runs a query and calls row after each row is scanned into dest.
func scan(ctx context.Context, db sqlgen.DBTX, query string, args, dest []any, row func()) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		row()
	}
	return rows.Err()
}
