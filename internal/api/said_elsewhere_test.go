package api_test

import (
	"net/http"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/api"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/music"
)

// A release of another server says what one of this node does.
func TestAlbumElsewhere(t *testing.T) {
	h := newHouse(t)
	p := h.program(h.root, account.ScopeRead, account.ScopeLibrary)
	server := fedtest.NewServer(t)
	act := server.Actor("tide")
	act.Plays("tide", "Tide", "Ebb")
	act.Records("tide", "Tide", "Shoals")
	desk := fedtest.NewNode(t, server).Desk(h.db, form.Site{Origin: "https://" + nodeID})
	h.api.Elsewhere = desk
	var found api.ActElsewhere
	p.do(http.MethodGet, "/elsewhere?who=@tide@"+server.Host(), nil, http.StatusOK, &found)
	if err := desk.Backfill(t.Context(), []byte(`{"actor":"`+act.ID+`","left":9}`)); err != nil {
		t.Fatal(err)
	}
	p.do(http.MethodGet, "/elsewhere/acts/"+found.Handle, nil, http.StatusOK, &found)
	if len(found.Members) != 1 || found.Members[0] != (music.Member{Name: "Ida Solheim", Role: "piano & voice"}) || len(found.Links) != 1 || found.Links[0] != (music.Link{Label: "Web", URL: "https://tide.example/"}) || found.Lines != nil {
		t.Errorf("%+v", found)
	}
	if len(found.Releases) != 1 || !found.Releases[0].Explicit {
		t.Fatalf("%+v", found.Releases)
	}
	var r api.ReleaseElsewhere
	p.do(http.MethodGet, "/elsewhere/releases/"+string(found.Releases[0].ID), nil, http.StatusOK, &r)
	if len(r.Tracks) != 2 || r.Tracks[1].Disc != 2 || !r.Explicit {
		t.Fatalf("%+v", r)
	}
	var song api.TrackElsewhere
	p.do(http.MethodGet, "/elsewhere/tracks/"+string(r.Tracks[0].ID), nil, http.StatusOK, &song)
	if !song.Explicit || song.ISRC != "DEA122600001" || song.Lyrics == "" || len(song.People) != 1 || song.People[0].Name != "Ida Solheim" || song.People[0].Role != "Piano" {
		t.Errorf("%+v", song)
	}
}
