package site_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store"
)

// together is the playlists that several work on, on a node that does not federate.
func together(db *store.DB) *social.Together {
	return &social.Together{Store: db, Library: &music.Library{Store: db.Music()}, Host: "quay.example"}
}

// Somebody is invited to a playlist, finds it in the library and beside every track, and
// leaves it.
func TestWorkTogether(t *testing.T) {
	s := newShop(t)
	a := s.act("Low Tide")
	r, tracks := s.public(a.ID, music.Facts{Title: "Ebb", Kind: music.Single}, "Ebb")
	lib := &music.Library{Store: s.db.Music()}
	in := s.person("jo")
	jo, v := s.browser(in), music.Viewer{Account: in.Principal.Account}
	list, err := lib.CreatePlaylist(t.Context(), v, music.Playlist{Title: "Late trains"}, []id.Track{tracks[0]})
	s.ok(err)
	bo := s.browser(s.person("bo"))
	at := "/playlist/" + string(list.ID)
	if code, text, _ := jo.do("POST", at+"/invite", url.Values{"handle": {"@nobody"}}); code != 422 || !strings.Contains(text, "Nobody here is called @nobody.") || !strings.Contains(text, `value="@nobody"`) {
		t.Errorf("nobody is invited: %d, %s", code, sentence(text))
	}
	jo.send(at+"/invite", url.Values{"handle": {"@bo"}})
	jo.has(at, "Who works on it", "@bo", "invited")
	bo.has("/notifications", "@jo invites you to work on the playlist Late trains", "invited")
	bo.has("/library", "You are invited to work on these", "Late trains")
	bo.has(at, "You are invited to work on this playlist", "Accept")
	bo.send(at+"/part", url.Values{"do": {"accept"}})
	bo.has("/library", "Late trains")
	bo.has("/release/"+string(r.ID), "Late trains (JO)")
	bo.send("/playlist/-/add", url.Values{"playlist": {string(list.ID)}, "track": {string(tracks[0])}})
	bo.has(at, "2 tracks", "Work on it no longer", "Remove Ebb")
	bo.german().has(at, "Du arbeitest an dieser Playlist mit")
	bo.send(at+"/part", url.Values{"do": {"leave"}})
	bo.refused(at+"/part", url.Values{"do": {"leave"}})
	jo.send(at+"/invite", url.Values{"handle": {"bo"}})
	jo.send(at+"/end", url.Values{"who": {string(bo.in.Principal.Account)}})
	bo.refused(at+"/part", url.Values{"do": {"accept"}})
}

// refused posts a form about what is not there for them.
func (b browser) refused(path string, form url.Values) {
	b.Helper()
	if code, text, _ := b.do("POST", path, form); code != 404 {
		b.Errorf("%s answers %d: %s", path, code, sentence(text))
	}
}
