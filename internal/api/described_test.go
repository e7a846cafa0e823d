package api_test

import (
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/michaelperna/9ten/internal/api"
	"github.com/michaelperna/9ten/internal/api/apitest"
)

// served is the description that all tests hold their answers against.
var served struct {
	once sync.Once
	*apitest.Description
	err error
}

func described(h http.Handler) (*apitest.Description, error) {
	served.once.Do(func() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, api.Prefix+"/openapi.json", http.NoBody))
		served.Description, served.err = apitest.Read(w.Body.Bytes())
	})
	return served.Description, served.err
}

// elsewhere are operations that need a settled month; the tests of app hold
// their answers against the description.
var elsewhere = []string{"close-month", "get-act-proof", "get-day-receipt", "get-ledger-anchor", "get-ledger-settlement", "get-receipt", "contest-receipt"}

// TestMain sees to it that the tests together heard every operation answer.
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 && whole() {
		if err := allAnswered(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// whole reports whether every test was run.
func whole() bool {
	for _, name := range []string{"test.run", "test.skip", "test.fuzz", "test.bench", "test.list"} {
		if flag.Lookup(name).Value.String() != "" {
			return false
		}
	}
	return true
}

func allAnswered() error {
	if served.Description == nil {
		return errors.New("no answer was held against the description")
	}
	if silent := slices.DeleteFunc(served.Silent(), func(id string) bool { return slices.Contains(elsewhere, id) }); len(silent) > 0 {
		return fmt.Errorf("no test hears these operations answer: %v", silent)
	}
	return nil
}
