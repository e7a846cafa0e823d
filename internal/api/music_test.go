package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// furnishMusic sets what the music services need.
func (h *house) furnishMusic() {
	h.api.Catalogue = &music.Catalogue{Store: h.db.Music()}
	h.api.Library = &music.Library{Store: h.db.Music()}
	h.api.Studio = &music.Studio{Store: h.db.Music()}
	h.api.Moderation = &music.Moderation{Store: h.db.Music()}
}

// ready adds n files to a release and has them measured.
func (h *house) ready(r id.Release, n int) (tracks []id.Track) {
	h.t.Helper()
	ctx, boss := h.t.Context(), music.Viewer{Moderator: true, Admin: true}
	for i := range n {
		sum := fmt.Sprintf("%064x", len(h.t.Name())*1000+i) + string(r)
		sum = sum[len(sum)-64:]
		t, err := h.api.Studio.Import(ctx, boss, r, fmt.Sprintf("%02d Song %d.flac", i+1, i+1), music.Blob{Key: "original/" + sum, SHA256: sum, Bytes: 1000})
		if err != nil {
			h.t.Fatal(err)
		}
		res := music.Result{Original: t.Original, Playable: true, Probe: &music.Probe{Codec: "flac", Rate: 44100, Bits: 16, Channels: 2, Samples: 44100 * 200}}
		if err := h.api.Studio.Prepared(ctx, t.ID, res); err != nil {
			h.t.Fatal(err)
		}
		tracks = append(tracks, t.ID)
	}
	return tracks
}

// public makes an act with a public release of n tracks.
func (h *house) public(handle string, n int) (id.Act, id.Release, []id.Track) {
	h.t.Helper()
	ctx, boss := h.t.Context(), music.Viewer{Moderator: true, Admin: true}
	act, err := h.api.Studio.CreateAct(ctx, boss, music.Act{Handle: handle, Name: "The " + strings.ToUpper(handle)})
	if err != nil {
		h.t.Fatal(err)
	}
	rel, err := h.api.Studio.CreateRelease(ctx, boss, act.ID, music.Facts{Title: "Record of " + handle, Tags: []string{"Drone"}})
	if err != nil {
		h.t.Fatal(err)
	}
	tracks := h.ready(rel.ID, n)
	if _, err := h.api.Studio.Publish(ctx, boss, rel.ID); err != nil {
		h.t.Fatal(err)
	}
	return act.ID, rel.ID, tracks
}

type row struct {
	ID        string `json:"id"`
	Title     string `json:"title"`
	Name      string `json:"name"`
	Available bool   `json:"available"`
	Key       int64  `json:"key"`
}

type page struct {
	Rows []row  `json:"rows"`
	Next string `json:"next"`
}

func TestTheCatalogueIsOpen(t *testing.T) {
	h := newHouse(t)
	act, release, tracks := h.public("tide", 5)
	h.public("moss", 2)
	guest := h.guest()
	var p page
	var seen []string
	for after := ""; ; after = p.Next {
		p = page{}
		guest.do(http.MethodGet, "/tracks?limit=3&after="+after, nil, http.StatusOK, &p)
		for _, r := range p.Rows {
			seen = append(seen, r.ID)
		}
		if p.Next == "" {
			break
		}
	}
	if len(seen) != 7 {
		t.Errorf("%d tracks in pages of three", len(seen))
	}
	for query, want := range map[string]int{"?act=" + string(act): 5, "?tag=drone": 7, "?tag=polka": 0, "?order=popular": 7} {
		p = page{}
		if guest.do(http.MethodGet, "/tracks"+query, nil, http.StatusOK, &p); len(p.Rows) != want || p.Rows == nil {
			t.Errorf("%s: %d rows", query, len(p.Rows))
		}
	}
	guest.refused(http.MethodGet, "/tracks?order=loudest", nil, http.StatusUnprocessableEntity)
	guest.refused(http.MethodGet, "/tracks?after=nonsense", nil, http.StatusUnprocessableEntity)
	guest.refused(http.MethodGet, "/tracks?act=nobody", nil, http.StatusNotFound)
	guest.do(http.MethodGet, "/releases?act="+string(act), nil, http.StatusOK, &p)
	if len(p.Rows) != 1 || p.Rows[0].ID != string(release) {
		t.Errorf("%+v", p)
	}
	var full struct {
		Release row
		Tracks  []struct {
			row
			Shares []struct {
				BPS  int64
				Name string
			}
		}
	}
	guest.do(http.MethodGet, "/releases/"+string(release), nil, http.StatusOK, &full)
	if len(full.Tracks) != 5 || full.Tracks[0].ID != string(tracks[0]) || len(full.Tracks[0].Shares) != 1 || full.Tracks[0].Shares[0].Name != "The TIDE" {
		t.Errorf("%+v", full)
	}
	guest.do(http.MethodGet, "/tracks/"+string(tracks[0]), nil, http.StatusOK, nil)
	guest.refused(http.MethodGet, "/tracks/"+string(release), nil, http.StatusNotFound)
	var one row
	guest.do(http.MethodGet, "/acts/TIDE", nil, http.StatusOK, &one)
	if one.ID != string(act) {
		t.Errorf("%+v", one)
	}
	guest.do(http.MethodGet, "/acts", nil, http.StatusOK, &p)
	if len(p.Rows) != 2 {
		t.Errorf("%+v", p)
	}
	var tags []struct {
		Tag      string
		Releases int
	}
	guest.do(http.MethodGet, "/tags", nil, http.StatusOK, &tags)
	if len(tags) != 1 || tags[0].Releases != 2 {
		t.Errorf("%+v", tags)
	}
	var found struct{ Tracks, Releases, Acts []row }
	guest.do(http.MethodGet, "/search?q=tide", nil, http.StatusOK, &found)
	if len(found.Acts) != 1 || len(found.Releases) != 1 || len(found.Tracks) != 5 {
		t.Errorf("%+v", found)
	}
	guest.refused(http.MethodGet, "/search", nil, http.StatusUnprocessableEntity)
}

func TestLibrary(t *testing.T) {
	h := newHouse(t)
	act, release, tracks := h.public("tide", 3)
	ada := h.browser(h.signUp("ada"))
	for _, path := range []string{"/likes/" + string(tracks[1]), "/likes/releases/" + string(release), "/follows/" + string(act)} {
		ada.do(http.MethodPut, path, nil, http.StatusNoContent, nil)
		ada.do(http.MethodPut, path, nil, http.StatusNoContent, nil)
		list := path[:strings.LastIndexByte(path, '/')]
		var p page
		if ada.do(http.MethodGet, list, nil, http.StatusOK, &p); len(p.Rows) != 1 {
			t.Errorf("%s: %+v", list, p)
		}
		ada.do(http.MethodDelete, path, nil, http.StatusNoContent, nil)
		if ada.do(http.MethodGet, list, nil, http.StatusOK, &p); len(p.Rows) != 0 {
			t.Errorf("%s: %+v", list, p)
		}
	}
	ada.do(http.MethodPut, "/follows/"+string(act), nil, http.StatusNoContent, nil)
	var fresh []row
	if ada.do(http.MethodGet, "/follows/releases", nil, http.StatusOK, &fresh); len(fresh) != 1 || fresh[0].ID != string(release) {
		t.Errorf("%+v", fresh)
	}
	ada.refused(http.MethodPut, "/likes/"+string(release), nil, http.StatusNotFound)
	ada.refused(http.MethodGet, "/resume", nil, http.StatusNotFound)
	ada.do(http.MethodPut, "/resume", map[string]any{"track": tracks[0], "position_ms": 61_000, "queue": tracks}, http.StatusNoContent, nil)
	var at struct {
		Track      string
		PositionMS int64 `json:"position_ms"`
		Queue      []string
	}
	if ada.do(http.MethodGet, "/resume", nil, http.StatusOK, &at); at.PositionMS != 61_000 || len(at.Queue) != 3 {
		t.Errorf("%+v", at)
	}
	ada.do(http.MethodGet, "/history", nil, http.StatusOK, nil)
	ada.do(http.MethodDelete, "/history", nil, http.StatusNoContent, nil)
}

func TestPlaylists(t *testing.T) {
	h := newHouse(t)
	_, _, tracks := h.public("tide", 3)
	ada, bob := h.browser(h.signUp("ada")), h.browser(h.signUp("bob"))
	var made row
	ada.do(http.MethodPost, "/playlists", map[string]any{"title": "Night bus", "tracks": tracks[:2]}, http.StatusCreated, &made)
	at := "/playlists/" + made.ID
	ada.do(http.MethodPost, at+"/items", map[string]any{"tracks": tracks[2:]}, http.StatusNoContent, nil)
	type list struct {
		Playlist struct {
			Title, Access string
			Items         int
		}
		Items []struct {
			ID    string
			Track row
		}
	}
	var l list
	ada.do(http.MethodGet, at, nil, http.StatusOK, &l)
	if len(l.Items) != 3 || l.Playlist.Items != 3 || l.Playlist.Access != "private" {
		t.Fatalf("%+v", l)
	}
	bob.refused(http.MethodGet, at, nil, http.StatusNotFound)
	ada.do(http.MethodPatch, at+"/items/"+l.Items[2].ID, map[string]any{"before": l.Items[0].ID}, http.StatusNoContent, nil)
	ada.do(http.MethodDelete, at+"/items/"+l.Items[1].ID, nil, http.StatusNoContent, nil)
	ada.do(http.MethodPatch, at, map[string]any{"access": "public"}, http.StatusOK, nil)
	l = list{}
	bob.do(http.MethodGet, at, nil, http.StatusOK, &l)
	if len(l.Items) != 2 || l.Items[0].Track.ID != string(tracks[2]) || l.Items[1].Track.ID != string(tracks[0]) || l.Playlist.Title != "Night bus" {
		t.Errorf("%+v", l)
	}
	var own []row
	if ada.do(http.MethodGet, "/playlists", nil, http.StatusOK, &own); len(own) != 1 || own[0].ID != made.ID {
		t.Errorf("%+v", own)
	}
	bob.refused(http.MethodPatch, at, map[string]any{"title": "Mine"}, http.StatusForbidden)
	bob.refused(http.MethodDelete, at, nil, http.StatusForbidden)
	h.program(h.signUp("cy"), account.ScopeListen).do(http.MethodGet, at, nil, http.StatusOK, nil)
	ada.do(http.MethodDelete, at, nil, http.StatusNoContent, nil)
	ada.refused(http.MethodGet, at, nil, http.StatusNotFound)
}
