package api_test

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/api"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// An act of another server is found, looked at, followed and left.
func TestElsewhere(t *testing.T) {
	h := newHouse(t)
	p := h.program(h.root, account.ScopeRead, account.ScopeLibrary)
	for _, path := range []string{"/elsewhere?who=@a@b.example", "/elsewhere/acts/a@b.example", "/elsewhere/acts/a@b.example/releases", "/elsewhere/acts/a@b.example/label", "/elsewhere/follows", "/elsewhere/follows/releases"} {
		p.refused(http.MethodGet, path, nil, http.StatusNotFound)
	}
	server := fedtest.NewServer(t)
	act := server.Actor("tide")
	act.Plays("tide", "Tide", "Ebb")
	desk := fedtest.NewNode(t, server).Desk(h.db, form.Site{Origin: "https://" + nodeID})
	h.api.Elsewhere = desk
	handle := "tide@" + server.Host()
	var found api.ActElsewhere
	if p.do(http.MethodGet, "/elsewhere?who=@"+handle, nil, http.StatusOK, &found); found.Handle != handle || found.Name != "Tide" || found.Following {
		t.Errorf("%+v", found)
	}
	reef := server.Actor("reef")
	reef.Kind = "Organization"
	server.Publish(reef.Document(), "")
	if found.Label {
		t.Error("an act is no label")
	}
	if p.do(http.MethodGet, "/elsewhere?who="+reef.ID, nil, http.StatusOK, &found); !found.Label {
		t.Errorf("%+v", found)
	}
	if err := desk.Backfill(t.Context(), []byte(`{"actor":"`+act.ID+`","left":9}`)); err != nil {
		t.Fatal(err)
	}
	if err := desk.Backfill(t.Context(), []byte(`{"actor":"`+act.ID+`","left":9,"lists":true}`)); err != nil {
		t.Fatal(err)
	}
	p.do(http.MethodPut, "/elsewhere/acts/"+handle+"/follow", nil, http.StatusNoContent, nil)
	if p.do(http.MethodGet, "/elsewhere/acts/"+handle, nil, http.StatusOK, &found); len(found.Releases) != 1 || !found.Following || found.State != "asked" {
		t.Fatalf("%+v", found)
	}
	var page api.Page[api.ReleaseElsewhere]
	if p.do(http.MethodGet, "/elsewhere/acts/"+handle+"/releases?limit=1", nil, http.StatusOK, &page); len(page.Rows) != 1 || page.Rows[0].ID != found.Releases[0].ID || page.Next != "" {
		t.Errorf("%+v", page)
	}
	p.refused(http.MethodGet, "/elsewhere/acts/"+handle+"/releases?after=!", nil, http.StatusUnprocessableEntity)
	if err := h.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		if _, err := social.KeepShare(t.Context(), tx, social.Share{Actor: reef.ID, Activity: reef.ID + "/s", About: act.ID + "/r/1"}, social.Thing{}, time.Time{}); err != nil {
			return err
		}
		return social.TakeShare(t.Context(), tx, social.Share{Actor: act.ID, Activity: act.ID + "/s", About: act.ID + "/t/1"}, social.Thing{})
	}); err != nil {
		t.Fatal(err)
	}
	var signed api.LabelElsewhere
	if p.do(http.MethodGet, "/elsewhere/acts/x@"+server.Host()+"/label", nil, http.StatusOK, &signed); len(signed.Rows) != 1 || signed.Rows[0].Release.Title != "Ebb" || len(signed.There) != 1 || signed.There[0].Handle != handle || len(signed.Acts) != 0 {
		t.Errorf("%+v", signed)
	}
	var news api.Page[api.News]
	out := map[string]string{} // of each thing, who shared it
	for at := "/following?limit=1"; at != ""; {
		p.do(http.MethodGet, at, nil, http.StatusOK, &news)
		for _, x := range news.Rows {
			by := ""
			if x.Shared != nil {
				by = x.Shared.Handle
			}
			out[x.Release.Title+"/"+x.Title] = by
		}
		if at = ""; news.Next != "" {
			at = "/following?limit=1&after=" + news.Next
		}
		news = api.Page[api.News]{}
	}
	if by, ok := out["Ebb/"]; len(out) != 2 || !ok || by != "" || out["Ebb/Ebb I"] != handle {
		t.Errorf("%v", out)
	}
	var list api.PlaylistPage
	if len(found.Playlists) != 1 || found.Playlists[0].Title != "Ebb at night" || found.Playlists[0].Act != handle {
		t.Fatalf("%+v", found.Playlists)
	}
	if p.do(http.MethodGet, "/playlists/"+string(found.Playlists[0].ID), nil, http.StatusOK, &list); len(list.Items) != 1 || list.Items[0].Track.Title != "Ebb I" || list.Playlist.Owner != "Tide" || len(list.Working) != 2 || list.Working[0].Handle != "@"+handle || list.Working[1].Name != "reef.example/users/bo" {
		t.Errorf("%+v", list)
	}
	var release api.ReleaseElsewhere
	if p.do(http.MethodGet, "/elsewhere/releases/"+string(found.Releases[0].ID), nil, http.StatusOK, &release); release.Title != "Ebb" || release.About != "Words." || release.Label != "Shore Records" || release.Language != "de-AT" || len(release.Tags) != 1 || release.Tags[0] != "field-recording" || len(release.Tracks) != 1 || release.Tracks[0].DurationMS != 180_000 {
		t.Errorf("%+v", release)
	}
	if release.Credits == nil || release.Credits.State != "waiting" || len(release.Tracks[0].Shares) != 0 {
		t.Errorf("%+v", release.Credits)
	}
	track := release.Tracks[0].ID
	var song api.TrackElsewhere
	if p.do(http.MethodGet, "/elsewhere/tracks/"+string(track), nil, http.StatusOK, &song); song.ID != track || song.Title != "Ebb I" || song.Segmented {
		t.Errorf("%+v", song)
	}
	p.do(http.MethodPut, "/likes/"+string(track), nil, http.StatusNoContent, nil)
	p.do(http.MethodPut, "/likes/releases/"+string(release.ID), nil, http.StatusNoContent, nil)
	p.do(http.MethodPut, "/history/"+string(track), nil, http.StatusNoContent, nil)
	for _, path := range []string{"/likes", "/history", "/search?q=ebb"} {
		var list struct{ Rows, Tracks []api.Track }
		p.do(http.MethodGet, path, nil, http.StatusOK, &list)
		if rows := append(list.Rows, list.Tracks...); len(rows) != 1 || rows[0].ID != track || rows[0].Act != "" || rows[0].ActHandle != handle || !rows[0].Available || !rows[0].Uncounted {
			t.Errorf("%s: %+v", path, rows)
		}
	}
	var found2 api.Found
	if p.do(http.MethodGet, "/search?q=ebb+night", nil, http.StatusOK, &found2); len(found2.Playlists) != 1 || found2.Playlists[0].Title != "Ebb at night" || found2.Playlists[0].Act != handle || found2.Playlists[0].Items != 1 {
		t.Errorf("%+v", found2.Playlists)
	}
	if p.do(http.MethodGet, "/search?q=ebb", nil, http.StatusOK, &found2); len(found2.Releases) != 1 || found2.Releases[0].ActHandle != handle {
		t.Errorf("%+v", found2.Releases)
	}
	if len(found2.Acts) != 0 {
		t.Errorf("%+v", found2.Acts)
	}
	if p.do(http.MethodGet, "/search?q=tide", nil, http.StatusOK, &found2); len(found2.Acts) != 1 || found2.Acts[0].ID != "" || found2.Acts[0].Handle != handle || found2.Acts[0].Name != "Tide" || found2.Acts[0].Releases != 1 {
		t.Errorf("%+v", found2.Acts)
	}
	var acts []api.ActElsewhere
	var newest []api.ReleaseElsewhere
	p.do(http.MethodGet, "/elsewhere/follows", nil, http.StatusOK, &acts)
	p.do(http.MethodGet, "/elsewhere/follows/releases", nil, http.StatusOK, &newest)
	if len(acts) != 1 || acts[0].Count != 1 || len(newest) != 1 || newest[0].Act != handle {
		t.Errorf("%+v, %+v", acts, newest)
	}
	p.do(http.MethodDelete, "/elsewhere/acts/"+handle+"/follow", nil, http.StatusNoContent, nil)
	if p.do(http.MethodGet, "/elsewhere/follows/releases", nil, http.StatusOK, &newest); len(newest) != 0 {
		t.Errorf("%+v", newest)
	}
	p.refused(http.MethodGet, "/elsewhere?who=@tide@127.0.0.1:1", nil, http.StatusServiceUnavailable)
	here, _, _ := h.public("shore", 1)
	var plays []api.PlaysElsewhere
	if h.browser(h.root).do(http.MethodGet, "/acts/"+string(here)+"/elsewhere", nil, http.StatusOK, &plays); len(plays) != 0 {
		t.Errorf("%+v", plays)
	}
	l := social.Listens{ID: "https://shore.example/ap/activities/1", Host: "shore.example", Act: here, Track: "01KAZ0000000000000000000TR", First: h.api.Now().Add(-48 * time.Hour), Until: h.api.Now().Add(-24 * time.Hour), Plays: 9, Counted: 8, Seconds: 700}
	if err := h.db.SocialUpdate(t.Context(), func(tx social.Tx) error { return tx.PutListens(t.Context(), l, []byte("x")) }); err != nil {
		t.Fatal(err)
	}
	if h.browser(h.root).do(http.MethodGet, "/acts/"+string(here)+"/elsewhere", nil, http.StatusOK, &plays); len(plays) != 1 || plays[0].Node != "shore.example" || plays[0].Counted != 8 || plays[0].Seconds != 700 {
		t.Errorf("%+v", plays)
	}
	h.paidElsewhere(here)
	var home api.Home
	if p.do(http.MethodPost, "/acts/"+string(here)+"/follow-from", map[string]string{"who": "@me@" + server.Host()}, http.StatusOK, &home); home.Address != server.URL+"/authorize?uri=shore%40"+nodeID {
		t.Errorf("%+v", home)
	}
	owner := h.artist("maren")
	mine := id.Act(owner.makes("reef").ID)
	owner.publishesList(mine, p)
	studio := "/studio/acts/" + string(mine)
	var known api.ActHome
	owner.do(http.MethodPut, studio+"/addresses", map[string][]string{"addresses": {"@" + handle}}, http.StatusNoContent, nil)
	if owner.do(http.MethodGet, studio+"/home", nil, http.StatusOK, &known); len(known.Addresses) != 1 || known.Addresses[0].Actor != act.ID || known.MovedTo != nil {
		t.Errorf("%+v", known)
	}
	owner.refused(http.MethodPost, studio+"/move", map[string]string{"to": "@" + handle, "password": "another one"}, http.StatusUnprocessableEntity)
	owner.refused(http.MethodPost, studio+"/move", map[string]string{"to": "@" + handle, "password": password}, http.StatusConflict)
	doc := act.Document()
	doc.AlsoKnownAs = []string{form.Site{Origin: "https://" + nodeID}.Act(mine)}
	server.Publish(doc, "")
	owner.do(http.MethodPost, studio+"/move", map[string]string{"to": act.ID, "password": password}, http.StatusNoContent, nil)
	var moved api.Act
	if owner.do(http.MethodGet, "/acts/"+string(mine), nil, http.StatusOK, &moved); moved.MovedTo == nil || moved.MovedTo.Actor != act.ID {
		t.Errorf("%+v", moved)
	}
	p.refused(http.MethodPut, "/follows/"+string(mine), nil, http.StatusConflict)
	owner.do(http.MethodDelete, studio+"/move", nil, http.StatusNoContent, nil)
	p.refused(http.MethodPost, "/acts/"+string(here)+"/follow-from", map[string]string{"who": "me"}, http.StatusUnprocessableEntity)
	p.refused(http.MethodGet, "/elsewhere/releases/01KAZ0000000000000000000RE", nil, http.StatusNotFound)
}

// paidElsewhere has another node tell of two months, and reads it a page at a time.
func (h *house) paidElsewhere(act id.Act) {
	h.t.Helper()
	month := calendar.PeriodOf(h.api.Now()).Add(-1)
	if err := h.db.SocialUpdate(h.t.Context(), func(tx social.Tx) error {
		for i, p := range []calendar.Period{month, month.Add(-1)} {
			x := social.Paid{ID: "https://shore.example/ap/paid/" + p.String(), Host: "shore.example", Act: act, Period: p, Listeners: int64(5 * i), Micro: 1_234_567, Statement: "ab", Tx: "tx"}
			if is, err := tx.PutPaid(h.t.Context(), x, []byte("x")); err != nil || !is {
				return errors.Join(err, errors.New("not kept"))
			}
		}
		return nil
	}); err != nil {
		h.t.Fatal(err)
	}
	at := "/acts/" + string(act) + "/elsewhere/paid"
	var page api.Page[api.PaidElsewhere]
	root := h.browser(h.root)
	if root.do(http.MethodGet, at+"?limit=1", nil, http.StatusOK, &page); len(page.Rows) != 1 || page.Rows[0].Micro != 1_234_567 || page.Rows[0].Listeners != 0 || page.Rows[0].Stand != social.JustSaid {
		h.t.Fatalf("%+v", page)
	}
	var last api.Page[api.PaidElsewhere]
	if root.do(http.MethodGet, at+"?limit=1&after="+url.QueryEscape(page.Next), nil, http.StatusOK, &last); len(last.Rows) != 1 || last.Rows[0].Listeners != 5 || last.Rows[0].Period != month.Add(-1).String() || last.Next != "" {
		h.t.Errorf("%+v", last)
	}
	root.refused(http.MethodGet, at+"?after=x", nil, http.StatusUnprocessableEntity)
}

// publishesList has a playlist be public under an act's name, as only its people may.
func (c caller) publishesList(act id.Act, stranger caller) {
	c.h.t.Helper()
	var made, edited api.PlaylistRow
	var lists []api.PlaylistRow
	under := map[string]string{"act": string(act)}
	c.do(http.MethodPost, "/playlists", map[string]string{"title": "Late trains", "access": "private"}, http.StatusCreated, &made)
	c.refused(http.MethodPatch, "/playlists/"+string(made.ID), under, http.StatusUnprocessableEntity) // it is private
	under["access"] = "public"
	if c.do(http.MethodPatch, "/playlists/"+string(made.ID), under, http.StatusOK, &edited); edited.Act != string(act) {
		c.h.t.Errorf("%+v", edited)
	}
	var page api.PlaylistPage
	stranger.do(http.MethodGet, "/acts/"+string(act)+"/playlists", nil, http.StatusOK, &lists)
	stranger.do(http.MethodGet, "/playlists/"+string(made.ID), nil, http.StatusOK, &page)
	if len(lists) != 1 || lists[0].ID != made.ID || page.Playlist.Owner != "reef" {
		c.h.t.Errorf("%+v, %+v", lists, page)
	}
	c.do(http.MethodPatch, "/playlists/"+string(made.ID), map[string]string{"act": ""}, http.StatusOK, &edited)
	if c.do(http.MethodGet, "/acts/"+string(act)+"/playlists", nil, http.StatusOK, &lists); len(lists) != 0 {
		c.h.t.Errorf("%+v", lists)
	}
}
