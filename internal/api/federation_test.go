package api_test

import (
	"net/http"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/social"
)

func TestServers(t *testing.T) {
	h := newHouse(t)
	root := h.program(h.root, account.ScopeAdmin)
	if err := h.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		return tx.PutPeer(t.Context(), social.Peer{Host: "a.example", Software: "mastodon", Failed: tx.Now(), Error: "503"})
	}); err != nil {
		t.Fatal(err)
	}
	var all social.Healths
	if root.do(http.MethodGet, "/federation/servers", nil, http.StatusOK, &all); len(all.Rows) != 1 || all.Rows[0].Host != "a.example" || all.Rows[0].State != social.Well {
		t.Errorf("%+v", all)
	}
	if root.do(http.MethodGet, "/federation/servers?after=b", nil, http.StatusOK, &all); len(all.Rows) != 0 {
		t.Errorf("%+v", all)
	}
	root.do(http.MethodPost, "/federation/servers/a.example/retry", nil, http.StatusNoContent, nil)
	root.refused(http.MethodPost, "/federation/servers/b.example/retry", nil, http.StatusNotFound)
}
