package store

import (
	"context"
	"slices"
	"strings"

	"github.com/michaelperna/9ten/internal/music"
)

// enough is how many documents that hold the words are counted before the
// newest are taken of each kind by itself.
const enough = 400

// Search reads, for each kind, documents whose title begins with the words,
// by the order of titles, and the newest that hold all of them. Ranking by
// relevance in the database would cost more than all of this and differ
// between the two; package music ranks what is found.
func (tx musicTx) Search(ctx context.Context, terms []string, n int) ([]music.Hit, error) {
	whole := strings.Join(terms, " ")
	var h music.Hit
	var out []music.Hit
	dest := []any{&h.Found, &h.Ref, &h.Title, &h.Card}
	keep := func() { out = append(out, h) }
	if err := scan(ctx, tx.db, titlesSQL, []any{whole, whole + "\U0010FFFF", n}, dest, keep); err != nil {
		return nil, wrap(err, "search titles")
	}
	newest, err := tx.newest(ctx, tx.dialect.match(terms), n)
	if err != nil {
		return nil, wrap(err, "search")
	}
	err = among(ctx, tx.db, "select kind, ref, title, card from search_doc where n in @list order by n desc", nil, newest, dest, keep)
	return out, wrap(err, "search")
}

// searchOf finds up to n documents of one kind: whose title begins with the words,
// then the newest that hold all of them.
func (tx musicTx) searchOf(ctx context.Context, f music.Found, terms []string, n int) (refs []string, err error) {
	whole := strings.Join(terms, " ")
	var ref string
	keep := func() {
		if !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	const titles = "select ref from search_doc where kind = $1 and title >= $2 and title < $3 order by title limit $4 + 0"
	if err := scan(ctx, tx.db, titles, []any{int64(f), whole, whole + "\U0010FFFF", n}, []any{&ref}, keep); err != nil {
		return nil, wrap(err, "search titles")
	}
	var numbers []int64
	var number int64
	err = scan(ctx, tx.db, tx.dialect.search(), []any{tx.dialect.match(terms), int64(f) << 40, int64(f+1) << 40, n}, []any{&number}, func() { numbers = append(numbers, number) })
	if err == nil {
		err = among(ctx, tx.db, "select ref from search_doc where n in @list order by n desc", nil, numbers, []any{&ref}, keep)
	}
	return refs, wrap(err, "search")
}

// newest returns the numbers of the newest documents of each kind that match.
func (tx musicTx) newest(ctx context.Context, match string, n int) ([]int64, error) {
	const all = int64(music.FoundPlaylist+1) << 40
	numbers := make([]int64, 0, 64)
	var number int64
	walk := func(low, high int64, limit int) error {
		return scan(ctx, tx.db, tx.dialect.search(), []any{match, low, high, limit}, []any{&number}, func() { numbers = append(numbers, number) })
	}
	if err := walk(0, all, enough); err != nil {
		return nil, err
	}
	if len(numbers) < enough {
		taken := map[int64]int{}
		return slices.DeleteFunc(numbers, func(d int64) bool { taken[d>>40]++; return taken[d>>40] > n }), nil
	}
	numbers = numbers[:0]
	for f := music.FoundTrack; f <= music.FoundPlaylist; f++ {
		if err := walk(int64(f)<<40, int64(f+1)<<40, n); err != nil {
			return nil, err
		}
	}
	return numbers, nil
}

// titlesSQL walks over titles from $1 to $2 and takes $3 of each kind. (A
// limit that is a bare parameter would make SQLite compile the statement again
// each time.)
const titlesSQL = "select * from (select kind, ref, title, card from search_doc where kind = 1 and title >= $1 and title < $2 order by title limit $3 + 0) t1 union all " +
	"select * from (select kind, ref, title, card from search_doc where kind = 2 and title >= $1 and title < $2 order by title limit $3 + 0) t2 union all " +
	"select * from (select kind, ref, title, card from search_doc where kind = 3 and title >= $1 and title < $2 order by title limit $3 + 0) t3 union all " +
	"select * from (select kind, ref, title, card from search_doc where kind = 4 and title >= $1 and title < $2 order by title limit $3 + 0) t4"

// search is the walk over the full text index, newest first: $1 is the match
// expression, $2 to $3 the range of numbers, $4 how many.
func (sqlite) search() string {
	return "select rowid from search_index where search_index match $1 and rowid >= $2 and rowid < $3 order by rowid desc limit $4 + 0"
}

func (postgres) search() string {
	return "select n from search_doc where words @@ to_tsquery('simple', $1) and n >= $2 and n < $3 order by n desc limit $4 + 0"
}

// match asks for every term as the beginning of a word. Terms are folded
// letters and digits; quoted, FTS5 reads them as nothing else.
func (sqlite) match(terms []string) string {
	quoted := make([]string, len(terms))
	for i, t := range terms {
		quoted[i] = `"` + strings.ReplaceAll(t, `"`, "") + `"*`
	}
	return strings.Join(quoted, " ")
}

func (postgres) match(terms []string) string {
	quoted := make([]string, len(terms))
	for i, t := range terms {
		quoted[i] = "'" + strings.NewReplacer("'", "", `\`, "").Replace(t) + "':*"
	}
	return strings.Join(quoted, " & ")
}
