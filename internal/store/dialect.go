package store

import (
	"database/sql"
	"errors"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	"github.com/pressly/goose/v3/database"
	"maragu.dev/goqite"
	sqlite3 "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/michaelperna/9ten/internal/fault"
)

// A dialect is what SQLite and Postgres do not have in common.
type dialect interface {
	goose() database.Dialect
	// folder holds the migrations that one database alone understands: full
	// text search and triggers.
	folder() string
	// flavor is the dialect of the job queue.
	flavor() goqite.SQLFlavor
	// retry reports whether the transaction lost a race and may run again.
	retry(error) bool
	// explain turns the database's own errors into faults.
	explain(error) error
	// search is the query of a full text search, match its expression for words.
	search() string
	match(terms []string) string
}

const (
	errFull = "The disk is full. Nothing was lost, but nothing can be saved until there is room again."
	errDisk = "The disk did not take it. Look at the node's disk and its log."
	errBusy = "The database is busy. Try again in a moment."
	errRow  = "There is no such thing here."
)

type sqlite struct{}

func (sqlite) goose() database.Dialect  { return database.DialectSQLite3 }
func (sqlite) folder() string           { return "sqlite" }
func (sqlite) flavor() goqite.SQLFlavor { return goqite.SQLFlavorSQLite }
func (sqlite) retry(error) bool         { return false }

func (sqlite) explain(err error) error {
	if e, ok := errors.AsType[*sqlite3.Error](err); ok {
		switch e.Code() & 0xff {
		case lib.SQLITE_FULL:
			return fault.Wrap(err, fault.Unavailable, "%s", errFull)
		case lib.SQLITE_IOERR, lib.SQLITE_READONLY, lib.SQLITE_CANTOPEN:
			return fault.Wrap(err, fault.Unavailable, "%s", errDisk)
		case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
			return fault.Wrap(err, fault.Unavailable, "%s", errBusy)
		}
		if c := e.Code(); c == lib.SQLITE_CONSTRAINT_UNIQUE || c == lib.SQLITE_CONSTRAINT_PRIMARYKEY {
			return fault.Wrap(err, fault.Conflict, "That exists already.")
		}
	}
	return explain(err)
}

type postgres struct{}

func (postgres) goose() database.Dialect  { return database.DialectPostgres }
func (postgres) folder() string           { return "postgres" }
func (postgres) flavor() goqite.SQLFlavor { return goqite.SQLFlavorPostgreSQL }

func (postgres) retry(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (e.Code == "40001" || e.Code == "40P01")
}

func (postgres) explain(err error) error {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch {
		case e.Code == "23505":
			return fault.Wrap(err, fault.Conflict, "That exists already.")
		case e.Code == "53100":
			return fault.Wrap(err, fault.Unavailable, "%s", errFull)
		case strings.HasPrefix(e.Code, "40"), strings.HasPrefix(e.Code, "57"):
			return fault.Wrap(err, fault.Unavailable, "%s", errBusy)
		}
	}
	return explain(err)
}

// explain knows the errors both databases share. A fault stays as it is.
func explain(err error) error {
	if _, is := errors.AsType[*fault.Error](err); is || err == nil {
		return err
	}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fault.Wrap(err, fault.NotFound, "%s", errRow)
	case errors.Is(err, syscall.ENOSPC):
		return fault.Wrap(err, fault.Unavailable, "%s", errFull)
	}
	return err
}
