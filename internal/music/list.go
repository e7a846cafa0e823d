package music

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// An Order is what a list is sorted by; always the greatest first.
type Order string

// The orders of a list.
const (
	Newest  Order = "newest"  // by first publication
	Popular Order = "popular" // by counted plays
)

// A Filter narrows a list. At most one of Act and Tag is set.
type Filter struct {
	Order Order // "" is Newest
	Act   id.Act
	Tag   string // folded with [Tag] before it is compared
}

func (f *Filter) check() error {
	if f.Order == "" {
		f.Order = Newest
	}
	if f.Order != Newest && f.Order != Popular {
		return fault.On("order", fault.Invalid, "A list is in the order newest or popular.")
	}
	if f.Act != "" && f.Tag != "" {
		return fault.On("tag", fault.Invalid, "Choose an act or a tag, not both.")
	}
	f.Tag = Tag(f.Tag)
	if f.Tag != "" && f.Order == Popular {
		return fault.On("order", fault.Invalid, "A tag's list is in the order newest.")
	}
	return nil
}

// A Page asks for part of a list.
type Page struct {
	After string // cursor from the page before, "" the beginning
	Limit int    // 1 to 200; 0 is 50
}

// A Cursor is where a page ends: the key the list is ordered by, and the id.
type Cursor struct {
	Key int64
	ID  string
}

// begin returns the cursor before everything, as lists descend.
func begin() Cursor { return Cursor{1<<63 - 1, "~"} }

const (
	pageDefault = 50
	pageMax     = 200
)

// open reads the page. It returns an Invalid fault for a cursor that is none.
func (p Page) open() (Cursor, int, error) {
	n := p.Limit
	if n == 0 {
		n = pageDefault
	}
	if n < 1 || n > pageMax {
		return Cursor{}, 0, fault.On("limit", fault.Invalid, "A page has 1 to %d entries.", pageMax)
	}
	if p.After == "" {
		return begin(), n, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(p.After)
	key, ref, ok := strings.Cut(string(raw), ".")
	k, errK := strconv.ParseInt(key, 10, 64)
	if err != nil || errK != nil || !ok || len(ref) > 64 {
		return Cursor{}, 0, fault.On("after", fault.Invalid, "That is no cursor of this list. Begin again without it.")
	}
	return Cursor{k, ref}, n, nil
}

// Paged reads one page of a list that descends: read returns up to n rows after a cursor.
// Faults: Invalid for a cursor that is none.
func Paged[T any](p Page, at func(*T) Cursor, read func(after Cursor, n int) ([]T, error)) (List[T], error) {
	after, n, err := p.open()
	if err != nil {
		return List[T]{}, err
	}
	rows, err := read(after, n+1)
	if err != nil {
		return List[T]{}, err
	}
	return page(rows, n, at), nil
}

// String writes the cursor as the next page's After.
func (c Cursor) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(c.Key, 10) + "." + c.ID))
}

// A List is one page of rows.
type List[T any] struct {
	Rows []T
	Next string // cursor of the page after, "" at the end
}

// page cuts the one row too many that says there is a next page.
func page[T any](rows []T, n int, at func(*T) Cursor) List[T] {
	if len(rows) <= n {
		return List[T]{Rows: rows}
	}
	rows = rows[:n]
	return List[T]{rows, at(&rows[n-1]).String()}
}
