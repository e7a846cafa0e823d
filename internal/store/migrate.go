package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/pressly/goose/v3"

	"github.com/michaelperna/9ten/internal/fault"
)

// The migrations both databases share lie in migrations/, those of one alone
// below it. Numbers are common to all: a number is used once.
//
//go:embed migrations
var migrations embed.FS

// migrate brings the schema up to date. A database that is current costs one
// query.
func (db *DB) migrate(ctx context.Context, pool *sql.DB) error {
	files, err := newUnion(migrations, "migrations", "migrations/"+db.dialect.folder())
	if err != nil {
		return err
	}
	want, err := files.latest()
	if err != nil {
		return err
	}
	have, err := schemaVersion(ctx, pool)
	switch {
	case err != nil:
		return err
	case have == want:
		return nil
	case have > want:
		return fault.New(fault.Conflict, "This data directory was used by a newer 9ten (schema %d, this one knows %d). Run that version again.", have, want)
	}
	p, err := goose.NewProvider(db.dialect.goose(), pool, files, goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fault.Wrap(err, fault.Unavailable, "The database could not be brought up to date. It is as it was before the step that failed.")
	}
	return nil
}

// schemaVersion reads goose's table; 0 when there is none.
func schemaVersion(ctx context.Context, pool *sql.DB) (int64, error) {
	var n int64
	err := pool.QueryRowContext(ctx, "select max(version_id) from "+goose.DefaultTablename).Scan(&n)
	if err != nil && (strings.Contains(err.Error(), "no such table") || strings.Contains(err.Error(), "does not exist")) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("schema version: %w", err)
	}
	return n, nil
}

// A union shows the .sql files of several folders as one.
type union struct {
	base  fs.FS
	names []string // sorted
	from  map[string]string
	list  []fs.DirEntry
}

func newUnion(base fs.FS, folders ...string) (*union, error) {
	u := &union{base: base, from: map[string]string{}}
	for _, folder := range folders {
		entries, err := fs.ReadDir(base, folder)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if !e.IsDir() {
				u.names, u.list = append(u.names, e.Name()), append(u.list, e)
				u.from[e.Name()] = folder + "/" + e.Name()
			}
		}
	}
	slices.Sort(u.names)
	slices.SortFunc(u.list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return u, nil
}

// latest returns the highest migration number.
func (u *union) latest() (int64, error) {
	if len(u.names) == 0 {
		return 0, errors.New("there are no migrations")
	}
	return goose.NumericComponent(u.names[len(u.names)-1])
}

// Open opens one of the files.
func (u *union) Open(name string) (fs.File, error) {
	from, ok := u.from[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return u.base.Open(from)
}

// ReadDir lists all files; there are no folders.
func (u *union) ReadDir(string) ([]fs.DirEntry, error) { return u.list, nil }

// Glob matches the files' names.
func (u *union) Glob(pattern string) ([]string, error) {
	var out []string
	for _, n := range u.names {
		ok, err := path.Match(pattern, n)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, n)
		}
	}
	return out, nil
}
