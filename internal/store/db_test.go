package store

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

var update = flag.Bool("update", false, "rewrite golden files")

// An opener makes a fresh database; what is set in c is kept.
type opener func(t testing.TB, c Config) *DB

func openSQLite(t testing.TB, c Config) *DB {
	t.Helper()
	if c.Path == "" {
		c.Path = filepath.Join(t.TempDir(), "9ten.db")
	}
	return openDB(t, c)
}

func openDB(t testing.TB, c Config) *DB {
	t.Helper()
	if c.Now == nil {
		c.Now = time.Now
	}
	db, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// both runs a test of the store on both databases.
func both(t *testing.T, test func(t *testing.T, open opener)) {
	storetest.Both(t, func(t *testing.T, url string) {
		open := openSQLite
		if url != "" {
			open = func(t testing.TB, c Config) *DB {
				c.URL = storetest.Postgres(t)
				return openDB(t, c)
			}
		}
		test(t, open)
	})
}

func set(ctx context.Context, db *DB, key, value string) error {
	return db.Update(ctx, func(tx *Tx) error {
		return tx.Q.SettingSet(ctx, sqlgen.SettingSetParams{Key: key, Value: value})
	})
}

func settings(t testing.TB, db *DB) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := db.View(t.Context(), func(tx *Tx) error {
		rows, err := tx.Q.SettingAll(t.Context())
		for _, r := range rows {
			out[r.Key] = r.Value
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestUpdate(t *testing.T) {
	both(t, func(t *testing.T, open opener) {
		db, ctx := open(t, Config{}), t.Context()
		if err := db.Ping(ctx); err != nil {
			t.Fatal(err)
		}
		if err := set(ctx, db, "a", "1"); err != nil {
			t.Fatal(err)
		}
		broken := errors.New("broken")
		err := db.Update(ctx, func(tx *Tx) error {
			if err := tx.Q.SettingSet(ctx, sqlgen.SettingSetParams{Key: "a", Value: "2"}); err != nil {
				t.Error(err)
			}
			return broken
		})
		if !errors.Is(err, broken) {
			t.Errorf("err = %v", err)
		}
		if got := settings(t, db); got["a"] != "1" {
			t.Errorf("a member that failed left %v", got)
		}
	})
}

func TestTypesComeBack(t *testing.T) {
	both(t, func(t *testing.T, open opener) {
		now := time.Date(2026, 11, 24, 12, 0, 0, 123456789, time.FixedZone("", 3600))
		db, ctx := open(t, Config{Now: func() time.Time { return now }}), t.Context()
		hash := []byte{0, 1, 0xff, 0}
		err := db.Update(ctx, func(tx *Tx) error {
			if tx.Now != now.UTC().Truncate(time.Millisecond) || tx.Ms() != now.UnixMilli() {
				t.Errorf("now = %v", tx.Now)
			}
			return errors.Join(
				tx.Q.AccountInsert(ctx, sqlgen.AccountInsertParams{ID: "A", Handle: "ä", Name: "名", Role: "admin", Created: 1 << 52}),
				tx.Q.SessionInsert(ctx, sqlgen.SessionInsertParams{Hash: hash, Account: "A", Expires: 1}),
			)
		})
		if err != nil {
			t.Fatal(err)
		}
		err = db.View(ctx, func(tx *Tx) error {
			a, err := tx.Q.AccountByHandle(ctx, "ä")
			if a.Name != "名" || a.Created != 1<<52 || a.HistoryPaused {
				t.Errorf("account = %+v", a)
			}
			s, err2 := tx.Q.SessionByHash(ctx, hash)
			if string(s.Session.Hash) != string(hash) || s.Account.ID != "A" {
				t.Errorf("hash = %x", s.Session.Hash)
			}
			return errors.Join(err, err2)
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestFaults(t *testing.T) {
	both(t, func(t *testing.T, open opener) {
		db, ctx := open(t, Config{}), t.Context()
		add := func(handle string) error {
			return db.Update(ctx, func(tx *Tx) error {
				return wrap(tx.Q.AccountInsert(ctx, sqlgen.AccountInsertParams{ID: handle + "1", Handle: handle}), "add")
			})
		}
		if err := add("x"); err != nil {
			t.Fatal(err)
		}
		if err := add("x"); !fault.Is(err, fault.Conflict) {
			t.Errorf("the same again = %v", err)
		}
		err := db.View(ctx, func(tx *Tx) error { _, err := tx.Q.AccountByID(ctx, "none"); return err })
		if !fault.Is(err, fault.NotFound) || !errors.Is(err, sql.ErrNoRows) {
			t.Errorf("none = %v", err)
		}
		err = db.Update(ctx, func(tx *Tx) error {
			return tx.Q.SessionInsert(ctx, sqlgen.SessionInsertParams{Hash: []byte("h"), Account: "none"})
		})
		if err == nil {
			t.Error("foreign keys are not checked")
		}
		err = db.View(ctx, func(tx *Tx) error {
			return tx.Q.SettingSet(ctx, sqlgen.SettingSetParams{Key: "view", Value: "wrote"})
		})
		if err == nil {
			t.Error("a view wrote")
		}
	})
}

func TestConcurrentUpdates(t *testing.T) {
	both(t, func(t *testing.T, open opener) {
		db, ctx := open(t, Config{}), t.Context()
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				err := db.Update(ctx, func(tx *Tx) error {
					if err := tx.Q.SettingSet(ctx, sqlgen.SettingSetParams{Key: fmt.Sprint(i), Value: "x"}); err != nil {
						return err
					}
					if i%3 == 0 {
						return fault.New(fault.Invalid, "no")
					}
					return nil
				})
				if (err != nil) != (i%3 == 0) {
					t.Errorf("%d: %v", i, err)
				}
			})
		}
		wg.Wait()
		got := settings(t, db)
		for i := range 100 {
			if _, kept := got[fmt.Sprint(i)]; kept == (i%3 == 0) {
				t.Errorf("%d kept: %v", i, kept)
			}
		}
	})
}

func TestViewIsASnapshot(t *testing.T) {
	both(t, func(t *testing.T, open opener) {
		db, ctx := open(t, Config{}), t.Context()
		err := db.View(ctx, func(tx *Tx) error {
			before, err := tx.Q.SettingAll(ctx)
			if err := set(ctx, db, "k", "v"); err != nil {
				return err
			}
			after, err2 := tx.Q.SettingAll(ctx)
			if len(before) != len(after) {
				t.Errorf("%d rows, then %d", len(before), len(after))
			}
			return errors.Join(err, err2)
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// A disk that fails before or after the commit is reported to everybody whose
// write was in it, and what had been acknowledged is still there.
func TestCommitFails(t *testing.T) {
	both(t, func(t *testing.T, open opener) {
		disk := errors.New("fsync: input/output error")
		for _, step := range []string{"before", "after"} {
			t.Run(step, func(t *testing.T) {
				var mu sync.Mutex
				failing := false
				fail := func() error {
					mu.Lock()
					defer mu.Unlock()
					if failing {
						return disk
					}
					return nil
				}
				c := Config{BeforeCommit: fail}
				if step == "after" {
					c = Config{AfterCommit: fail}
				}
				db, ctx := open(t, c), t.Context()
				if err := set(ctx, db, "acknowledged", "yes"); err != nil {
					t.Fatal(err)
				}
				mu.Lock()
				failing = true
				mu.Unlock()
				var wg sync.WaitGroup
				for i := range 20 {
					wg.Go(func() {
						if err := set(ctx, db, fmt.Sprint(i), "x"); !fault.Is(err, fault.Unavailable) || !errors.Is(err, disk) {
							t.Errorf("%d heard %v", i, err)
						}
					})
				}
				wg.Wait()
				mu.Lock()
				failing = false
				mu.Unlock()
				if err := set(ctx, db, "again", "yes"); err != nil {
					t.Fatalf("the disk is well again, but: %v", err)
				}
				got := settings(t, db)
				if got["acknowledged"] != "yes" || got["again"] != "yes" {
					t.Errorf("left: %v", got)
				}
				if _, kept := got["0"]; kept != (step == "after") {
					t.Errorf("kept = %v", kept)
				}
			})
		}
	})
}

func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "odd name ?#%.db")
	db := openSQLite(t, Config{Path: path})
	if err := set(t.Context(), db, "a", "1"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
	if err := set(t.Context(), db, "a", "2"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a write after the end = %v", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
	again := openSQLite(t, Config{Path: path})
	if got := settings(t, again)["a"]; got != "1" {
		t.Errorf("a = %q", got)
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "9ten.db")
	db := openSQLite(t, Config{Path: path})
	err := db.Update(t.Context(), func(tx *Tx) error {
		_, err := tx.db.ExecContext(t.Context(), "insert into goose_db_version (version_id, is_applied) values (9999, true)")
		return err
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Config{Path: path, Now: time.Now}); !fault.Is(err, fault.Conflict) {
		t.Errorf("err = %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	notADatabase := filepath.Join(t.TempDir(), "9ten.db")
	if err := os.WriteFile(notADatabase, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]Config{
		"a folder that is missing": {Path: filepath.Join(t.TempDir(), "none", "9ten.db")},
		"another file":             {Path: notADatabase},
		"a server that is down":    {URL: "postgres://nobody@127.0.0.1:1/none"},
	} {
		c.Now = time.Now
		if db, err := Open(t.Context(), c); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s = %v, %v", name, db, err)
		}
	}
}
