// Package storetest gives tests databases of their own.
package storetest

import (
	"database/sql"
	"os"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/michaelperna/9ten/internal/id"
)

// Postgres makes a schema of its own in the server that `make test` starts
// (tools/postgres.sh), and returns its address; "" where none was started.
func Postgres(t testing.TB) string {
	t.Helper()
	url := os.Getenv("NINETEN_TEST_POSTGRES")
	if url == "" {
		return ""
	}
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	schema := "t" + strings.ToLower(string(id.New[id.Entry](time.Now())))
	if _, err := db.Exec("create schema " + schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.Exec("drop schema " + schema + " cascade"); err != nil {
			t.Error(err)
		}
		_ = db.Close() // the test is over
	})
	return url + "&search_path=" + schema
}

// Both runs a test on SQLite, where url is "", and, where `make test` started a
// server, on Postgres.
func Both(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, "") })
	if os.Getenv("NINETEN_TEST_POSTGRES") != "" {
		t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
	}
}
