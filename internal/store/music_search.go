package store

import (
	"context"
	"strconv"
	"strings"

	"github.com/michaelperna/9ten/internal/music"
)

// Search reads, for each kind, documents whose title begins with the words,
// by the order of titles, and the newest that hold all of them. Ranking by
// relevance in the database would cost more than all of this and differ
// between the two; package music ranks what is found.
func (tx musicTx) Search(ctx context.Context, terms []string, n int) ([]music.Hit, error) {
	whole := strings.Join(terms, " ")
	var h music.Hit
	var out []music.Hit
	err := scan(ctx, tx.db, tx.dialect.search(), []any{tx.dialect.match(terms), whole, whole + "\U0010FFFF", n},
		[]any{&h.Found, &h.Ref, &h.Title, &h.Card}, func() { out = append(out, h) })
	return out, wrap(err, "search")
}

// searchSQL builds the one query of a search: for each kind a walk over titles
// and a walk over the full text index, newest first. $1 is the match
// expression, $2 to $3 the range of titles, $4 how many of each. words is the
// walk over the index between two numbers.
func searchSQL(words func(low, high string) string) string {
	var b strings.Builder
	for _, f := range []music.Found{music.FoundTrack, music.FoundRelease, music.FoundAct, music.FoundPlaylist} {
		kind, low, high := strconv.FormatInt(int64(f), 10), strconv.FormatInt(int64(f)<<40, 10), strconv.FormatInt(int64(f+1)<<40, 10)
		if b.Len() > 0 {
			b.WriteString("\nunion all ")
		}
		b.WriteString("select * from (select kind, ref, title, card from search_doc where kind = " + kind + " and title >= $2 and title < $3 order by title limit $4) t" + kind)
		b.WriteString("\nunion all select * from (" + words(low, high) + ") w" + kind)
	}
	return b.String()
}

// search returns the query of searchSQL.
func (sqlite) search() string {
	return searchSQL(func(low, high string) string {
		return "select d.kind, d.ref, d.title, d.card from (select rowid as n from search_index where search_index match $1 and rowid >= " + low +
			" and rowid < " + high + " order by rowid desc limit $4) i join search_doc d on d.n = i.n"
	})
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

func (postgres) search() string {
	return searchSQL(func(low, high string) string {
		return "select kind, ref, title, card from search_doc where words @@ to_tsquery('simple', $1) and n >= " + low + " and n < " + high + " order by n desc limit $4"
	})
}

func (postgres) match(terms []string) string {
	quoted := make([]string, len(terms))
	for i, t := range terms {
		quoted[i] = "'" + strings.NewReplacer("'", "", `\\`, "").Replace(t) + "':*"
	}
	return strings.Join(quoted, " & ")
}
