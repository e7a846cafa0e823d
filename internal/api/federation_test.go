package api_test

import (
	"net/http"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/api"
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

// What people elsewhere think of a release and of a track is told with them.
func TestReactions(t *testing.T) {
	h := newHouse(t)
	_, r, tracks := h.public("firn", 2)
	if err := h.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		for i, actor := range []string{"https://a.example/1", "https://a.example/2"} {
			if err := tx.PutActor(t.Context(), social.Actor{ID: actor, Host: "a.example", Kind: "Person", Inbox: actor, Fetched: tx.Now()}); err != nil {
				return err
			}
			for _, x := range []social.Reacted{{Kind: social.Like, Thing: social.Thing{Release: r}}, {Kind: social.Boost, Thing: social.Thing{Release: r, Track: tracks[i]}}} {
				x.Actor, x.Activity, x.At = actor, actor+"/x", tx.Now()
				if _, err := tx.React(t.Context(), x); err != nil {
					return err
				}
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	var page api.ReleasePage
	h.guest().do(http.MethodGet, "/releases/"+string(r), nil, http.StatusOK, &page)
	if page.Likes != 2 || page.Boosts != 0 || page.Tracks[0].Boosts != 1 || page.Tracks[1].Likes != 0 {
		t.Errorf("%+v", page)
	}
	var one api.TrackPage
	if h.guest().do(http.MethodGet, "/tracks/"+string(tracks[1]), nil, http.StatusOK, &one); one.Track.Boosts != 1 {
		t.Errorf("%+v", one)
	}
}
