package fabric

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/ledger/fabric/doctor"
)

// findings are the findings of a node by their names.
func findings(t *testing.T, h *Home, resting bool) map[string]doctor.Finding {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	list, err := h.Examine(ctx, resting)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]doctor.Finding{}
	for _, f := range list {
		out[f.Name] = f
	}
	return out
}

// Between founding a network and the first start nothing runs: the doctor says so,
// and what to do, before anything was set up. It looks at the orderers all the same.
func TestExamineBeforeTheFirstStart(t *testing.T) {
	h := atHome(t, "a.example", time.Now)
	if f := findings(t, h, false)["network"]; !f.OK || !strings.Contains(f.Detail, "in no network yet") {
		t.Errorf("before: %+v", f)
	}
	if err := h.Found(); err != nil {
		t.Fatal(err)
	}
	all := findings(t, h, false)
	for _, name := range []string{"peer", "orderer"} {
		if f := all[name]; f.OK || !strings.Contains(f.Detail, "has not run since") || !strings.Contains(f.Remedy, "9ten serve") {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if f := all["orderers"]; f.OK || !strings.Contains(f.Detail, "0 of 1") || f.Remedy == "" {
		t.Errorf("%+v", f)
	}
	if f := findings(t, h, true)["peer"]; !f.OK || f.Detail == "" {
		t.Errorf("of a node that is not meant to run: %+v", f)
	}
}

// One that waits to be admitted says for whom, and that it has to run for it.
func TestExamineWhoWaits(t *testing.T) {
	h := atHome(t, "b.example", time.Now)
	member := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer member.Close()
	if err := h.Ask(t.Context(), member.URL, "", ""); err != nil {
		t.Fatal(err)
	}
	if f := findings(t, h, false)["network"]; !f.OK || !strings.Contains(f.Detail, member.URL) || !strings.Contains(f.Detail, "9ten serve") {
		t.Errorf("%+v", f)
	}
}
