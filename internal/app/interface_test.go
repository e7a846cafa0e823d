package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/api"
	"github.com/michaelperna/9ten/internal/api/apitest"
	"github.com/michaelperna/9ten/internal/id"
)

// checkInterface asks for what a settled month is made of over the interface
// for programs, and holds the answers against its description.
func checkInterface(t *testing.T, n *node) {
	t.Helper()
	mux := http.NewServeMux()
	if err := n.transports(mux); err != nil {
		t.Fatal(err)
	}
	var described *apitest.Description
	hand := func(p account.Principal, method, path, body string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(account.With(t.Context(), p), method, api.Prefix+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		mux.ServeHTTP(w, r)
		return w
	}
	send := func(p account.Principal, method, path, body string) []byte {
		t.Helper()
		w := hand(p, method, path, body)
		if w.Code != http.StatusOK {
			t.Fatalf("%s %s = %d %s", method, path, w.Code, w.Body)
		}
		if described != nil {
			if err := described.Check(method, api.Prefix+path, w.Code, w.Header().Get("Content-Type"), w.Body.Bytes()); err != nil {
				t.Error(err)
			}
		}
		return w.Body.Bytes()
	}
	ask := func(p account.Principal, method, path string) []byte {
		t.Helper()
		return send(p, method, path, "")
	}
	var err error
	if described, err = apitest.Read(ask(account.Principal{}, http.MethodGet, "/openapi.json")); err != nil {
		t.Fatal(err)
	}
	heard := slices.IndexFunc(people(t, n), func(a id.Account) bool { // some paid and heard nothing
		days, err := n.report.Days(t.Context(), a, 202610)
		return err == nil && len(days) > 0
	})
	listener := account.Principal{Account: people(t, n)[heard], Role: account.Listener, Token: true, Scopes: account.Scopes()}
	root := account.Principal{Account: listener.Account, Role: account.Admin, Token: true, Scopes: account.Scopes()}
	var receipts struct {
		Rows []struct {
			Period string
			Shares []struct{ Act string }
		}
	}
	if err := json.Unmarshal(ask(listener, http.MethodGet, "/receipts"), &receipts); err != nil || len(receipts.Rows) != 1 || receipts.Rows[0].Period != "2026-10" {
		t.Fatalf("%v: %+v", err, receipts)
	}
	var days []string
	if err := json.Unmarshal(ask(listener, http.MethodGet, "/receipts/days?period=2026-10"), &days); err != nil || len(days) == 0 {
		t.Fatalf("%v: %v", err, days)
	}
	receipt, err := json.Marshal(map[string]string{"receipt": string(ask(listener, http.MethodGet, "/receipts/2026-10"))})
	if err != nil {
		t.Fatal(err)
	}
	var contested struct{ Holds bool }
	if err := json.Unmarshal(send(listener, http.MethodPost, "/receipts/contest", string(receipt)), &contested); err != nil || !contested.Holds {
		t.Errorf("the ledger comes to something else: %v", err)
	}
	long, err := json.Marshal(map[string]string{"receipt": strings.Repeat("\"\n", 2<<20)}) // as long as promised, and no receipt
	if err != nil {
		t.Fatal(err)
	}
	if w := hand(listener, http.MethodPost, "/receipts/contest", string(long)); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "tlog-proof") {
		t.Errorf("a long text: %d %s", w.Code, w.Body)
	}
	ask(listener, http.MethodGet, "/receipts/days/"+days[0])
	act := receipts.Rows[0].Shares[0].Act
	ask(root, http.MethodGet, "/acts/"+act+"/proofs/2026-10")
	ask(root, http.MethodGet, "/acts/"+act+"/earnings")
	ask(root, http.MethodGet, "/months")
	head, _ := n.tlog.Head()
	ask(account.Principal{}, http.MethodGet, fmt.Sprintf("/ledger/log/%d", head.Size))
	ask(account.Principal{}, http.MethodGet, "/ledger/settlements/2026-10")
	ask(root, http.MethodPost, "/months/2026-10/close")
	ask(root, http.MethodGet, "/status")
	ask(root, http.MethodGet, "/doctor")
	ask(root, http.MethodGet, "/ledger/standing")
	ask(root, http.MethodGet, "/payments?limit=5")
	if book := string(ask(root, http.MethodGet, "/books/books.journal")); !strings.Contains(book, "2026-10") {
		t.Error("the exported journal has nothing of the month")
	}
	silent := strings.Join(described.Silent(), " ")
	for _, id := range []string{"close-month", "get-act-proof", "get-day-receipt", "get-ledger-anchor", "get-ledger-settlement", "get-receipt", "contest-receipt"} {
		if strings.Contains(silent, id) {
			t.Errorf("%s was not heard", id)
		}
	}
}
