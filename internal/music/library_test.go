package music_test

import (
	"slices"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

func TestLikesAndFollows(t *testing.T) { both(t, testLikesAndFollows) }

func testLikesAndFollows(t *testing.T, n *node) {
	a := n.act(ada, "Ada").ID
	r, ids := n.public(ada, a, music.Facts{Title: "R"}, "One", "Two", "Three")
	n.refused("a guest", n.lib.Like(n.ctx, guest, ids[0], true), fault.Unauthenticated)
	n.refused("no such track", n.lib.Like(n.ctx, bo, "01NOTRACK00000000000000000", true), fault.NotFound)
	for _, t := range ids {
		n.pass(time.Second)
		n.ok(n.lib.Like(n.ctx, bo, t, true))
		n.ok(n.lib.Like(n.ctx, bo, t, true)) // twice is once
	}
	n.ok(n.lib.LikeRelease(n.ctx, bo, r.ID, true))
	n.ok(n.lib.Follow(n.ctx, bo, a, true))
	n.ok(n.lib.Follow(n.ctx, bo, a, true))
	n.ok(n.lib.Follow(n.ctx, cy, a, true))
	n.ok(n.lib.Like(n.ctx, bo, ids[1], false))
	first := must(n.lib.Likes(n.ctx, bo, music.Page{Limit: 1}))(n)
	rest := must(n.lib.Likes(n.ctx, bo, music.Page{After: first.Next}))(n)
	if len(first.Rows) != 1 || first.Rows[0].ID != ids[2] || len(rest.Rows) != 1 || rest.Rows[0].ID != ids[0] || rest.Next != "" {
		t.Errorf("likes: %+v, then %+v", first, rest)
	}
	full := must(n.cat.Release(n.ctx, bo, r.ID, ""))(n)
	if !full.Liked || !full.Following || !full.Tracks[0].Liked || full.Tracks[1].Liked || full.Act.Followers != 2 {
		t.Errorf("the page: %+v", full)
	}
	if l := must(n.lib.Liked(n.ctx, bo, ids))(n); !l[ids[0]] || l[ids[1]] {
		t.Errorf("liked: %v", l)
	}
	if f := must(n.lib.Follows(n.ctx, bo, music.Page{}))(n); len(f.Rows) != 1 || f.Rows[0].Name != "Ada" {
		t.Errorf("follows: %+v", f)
	}
	if l := must(n.lib.FollowedReleases(n.ctx, bo, 5))(n); len(l) != 1 || l[0].ID != r.ID {
		t.Errorf("releases of followed acts: %v", l)
	}
	must(n.studio.Withdraw(n.ctx, ada, r.ID))(n)
	likes := must(n.lib.Likes(n.ctx, bo, music.Page{}))(n)
	if len(likes.Rows) != 2 || likes.Rows[0].Available || likes.Rows[0].ID != ids[2] {
		t.Errorf("likes of what is gone: %+v", likes.Rows)
	}
	if l := must(n.lib.ReleaseLikes(n.ctx, bo, music.Page{}))(n); len(l.Rows) != 0 {
		t.Errorf("release likes: %v", l.Rows)
	}
	n.ok(n.lib.Follow(n.ctx, cy, a, false))
	n.ok(n.lib.Follow(n.ctx, cy, a, false))
	if f := must(n.cat.Act(n.ctx, bo, "ada"))(n); f.Act.Followers != 1 || !f.Following {
		t.Errorf("act: %+v", f)
	}
}

func TestPlaylists(t *testing.T) { both(t, testPlaylists) }

func testPlaylists(t *testing.T, n *node) {
	a := n.act(ada, "Ada").ID
	r, ids := n.public(ada, a, music.Facts{Title: "R"}, "One", "Two", "Three")
	must(n.studio.SetCover(n.ctx, ada, r.ID, music.Cover{ID: "c"}))(n)
	_, err := n.lib.CreatePlaylist(n.ctx, bo, music.Playlist{}, nil)
	n.refused("no name", err, fault.Invalid)
	p := must(n.lib.CreatePlaylist(n.ctx, bo, music.Playlist{Title: "Évening"}, ids[:2]))(n)
	if p.Access != music.Private || p.Items != 2 || p.DurationMS != 400_000 || p.Cover.ID != "c" {
		t.Errorf("made: %+v", p)
	}
	order := func() (tracks []id.Track, items []music.ItemID) {
		t.Helper()
		full := must(n.lib.Playlist(n.ctx, bo, p.ID))(n)
		for _, x := range full.Items {
			tracks, items = append(tracks, x.Item.Track), append(items, x.Item.ID)
		}
		return tracks, items
	}
	n.ok(n.lib.AddToPlaylist(n.ctx, bo, p.ID, []id.Track{ids[2], ids[0]}))
	_, items := order()
	n.ok(n.lib.MoveItem(n.ctx, bo, p.ID, items[3], items[0]))
	tracks, moved := order()
	if !slices.Equal(tracks, []id.Track{ids[0], ids[0], ids[1], ids[2]}) || moved[0] != items[3] {
		t.Errorf("moved: %v, %v", tracks, moved)
	}
	n.ok(n.lib.RemoveItem(n.ctx, bo, p.ID, items[0]))
	n.ok(n.lib.RemoveItem(n.ctx, bo, p.ID, items[0]))
	if tracks, _ := order(); !slices.Equal(tracks, []id.Track{ids[0], ids[1], ids[2]}) {
		t.Errorf("removed: %v", tracks)
	}
	n.refused("an item that is gone", n.lib.MoveItem(n.ctx, bo, p.ID, items[0], ""), fault.NotFound)

	_, err = n.lib.Playlist(n.ctx, cy, p.ID)
	n.refused("somebody else's private one", err, fault.NotFound)
	_, err = n.lib.Playlist(n.ctx, admin, p.ID)
	n.refused("somebody else's private one, to the operator", err, fault.NotFound)
	n.refused("changing it", n.lib.AddToPlaylist(n.ctx, cy, p.ID, ids), fault.NotFound)
	open := func(x music.Access) {
		must(n.lib.EditPlaylist(n.ctx, bo, p.ID, func(l *music.Playlist) { l.Access, l.ID, l.Items = x, "x", 99 }))(n)
	}
	open(music.Unlisted)
	if full := must(n.lib.Playlist(n.ctx, guest, p.ID))(n); full.Owner != "Name of BOB" || len(full.Items) != 3 {
		t.Errorf("unlisted: %+v", full)
	}
	n.refused("changing an open one", n.lib.DeletePlaylist(n.ctx, cy, p.ID), fault.Forbidden)
	found := func() int { return len(must(n.cat.Search(n.ctx, "evening", 5))(n).Playlists) }
	if found() != 0 {
		t.Error("search finds an unlisted playlist")
	}
	open(music.Public)
	if res := must(n.cat.Search(n.ctx, "evening", 5))(n); len(res.Playlists) != 1 || res.Playlists[0].Owner != "Name of BOB" || res.Playlists[0].Items != 3 {
		t.Errorf("public: %+v", res.Playlists)
	}
	must(n.studio.Withdraw(n.ctx, ada, r.ID))(n)
	if full := must(n.lib.Playlist(n.ctx, bo, p.ID))(n); len(full.Items) != 3 || full.Items[0].Row.Available || full.Items[0].Row.ID != ids[0] {
		t.Errorf("its tracks are gone: %+v", full.Items)
	}
	must(n.studio.Publish(n.ctx, ada, r.ID))(n)
	if full := must(n.lib.Playlist(n.ctx, bo, p.ID))(n); !full.Items[0].Row.Available {
		t.Error("its tracks do not come back")
	}
	n.ok(n.lib.DeletePlaylist(n.ctx, bo, p.ID))
	if found() != 0 || len(must(n.lib.Playlists(n.ctx, bo))(n)) != 0 {
		t.Error("a deleted playlist is still found")
	}
}

func TestResume(t *testing.T) { both(t, testResume) }

func testResume(t *testing.T, n *node) {
	a := n.act(ada, "Ada").ID
	_, ids := n.public(ada, a, music.Facts{Title: "R"}, "One", "Two")
	_, err := n.lib.Resume(n.ctx, bo)
	n.refused("nothing yet", err, fault.NotFound)
	n.refused("no such track", n.lib.Keep(n.ctx, bo, music.Resume{Track: "01NOTRACK00000000000000000"}), fault.NotFound)
	n.refused("before the beginning", n.lib.Keep(n.ctx, bo, music.Resume{Track: ids[0], PositionMS: -1}), fault.Invalid)
	n.refused("too long", n.lib.Keep(n.ctx, bo, music.Resume{Track: ids[0], Queue: make([]id.Track, 1_001)}), fault.TooLarge)
	n.ok(n.lib.Keep(n.ctx, bo, music.Resume{Track: ids[0], PositionMS: 5, Queue: ids}))
	n.ok(n.lib.Keep(n.ctx, bo, music.Resume{Track: ids[1], PositionMS: 7, Queue: ids}))
	if r := must(n.lib.Resume(n.ctx, bo))(n); r.Track != ids[1] || r.PositionMS != 7 || !slices.Equal(r.Queue, ids) || r.At.UnixMilli() != n.clock.Load() {
		t.Errorf("resume = %+v", r)
	}
	n.ok(n.lib.Keep(n.ctx, bo, music.Resume{}))
	_, err = n.lib.Resume(n.ctx, bo)
	n.refused("forgotten", err, fault.NotFound)
}

func TestForget(t *testing.T) { both(t, testForget) }

func testForget(t *testing.T, n *node) {
	alone, shared := n.act(bo, "Alone").ID, n.act(bo, "Shared").ID
	n.ok(n.studio.SetRole(n.ctx, bo, shared, ada.Account, music.Owner))
	r, ids := n.public(bo, alone, music.Facts{Title: "R"}, "One")
	n.ok(n.lib.Like(n.ctx, bo, ids[0], true))
	n.ok(n.lib.LikeRelease(n.ctx, bo, r.ID, true))
	n.ok(n.lib.Follow(n.ctx, bo, shared, true))
	n.ok(n.lib.Keep(n.ctx, bo, music.Resume{Track: ids[0]}))
	must(n.lib.CreatePlaylist(n.ctx, bo, music.Playlist{Title: "Mine alone", Access: music.Public}, ids))(n)
	n.ok(n.db.Music().Update(n.ctx, func(tx music.Tx) error { return music.Forget(n.ctx, tx, bo.Account) }))

	if l := must(n.lib.Playlists(n.ctx, bo))(n); len(l) != 0 {
		t.Errorf("playlists: %v", l)
	}
	if res := must(n.cat.Search(n.ctx, "mine", 5))(n); !res.Empty() {
		t.Errorf("search finds %+v", res)
	}
	if l := must(n.lib.Likes(n.ctx, bo, music.Page{}))(n); len(l.Rows) != 0 {
		t.Errorf("likes: %v", l)
	}
	if acts := must(n.studio.Acts(n.ctx, bo))(n); len(acts) != 0 {
		t.Errorf("acts: %v", acts)
	}
	if o := must(n.studio.Orphans(n.ctx, admin))(n); len(o) != 1 || o[0].ID != alone {
		t.Errorf("orphans: %v", o)
	}
	if f := must(n.cat.Act(n.ctx, ada, "shared"))(n); f.Act.Followers != 0 || f.Act.Orphaned || f.Role != music.Owner {
		t.Errorf("the shared act: %+v", f)
	}
	must(n.cat.Release(n.ctx, guest, r.ID, ""))(n) // the music stays
}

func TestPlaylistOfAnAct(t *testing.T) { both(t, testPlaylistOfAnAct) }

// A playlist is public under the name of an act by somebody who works for it, as long as
// they do; nobody learns whose account it is.
func testPlaylistOfAnAct(t *testing.T, n *node) {
	a := n.act(ada, "Shore").ID
	_, ids := n.public(ada, a, music.Facts{Title: "R"}, "One")
	p := must(n.lib.CreatePlaylist(n.ctx, bo, music.Playlist{Title: "Late trains", Access: music.Public, Act: a}, ids))(n)
	if p.Act != "" {
		t.Error("it is the act's when it is made by anybody")
	}
	under := func(act id.Act, access music.Access) error {
		_, err := n.lib.EditPlaylist(n.ctx, bo, p.ID, func(p *music.Playlist) { p.Act, p.Access = act, access })
		return err
	}
	hidden := func(what string) {
		t.Helper()
		_, err := n.cat.Playlist(n.ctx, p.ID)
		n.refused(what, err, fault.NotFound)
		if l := must(n.cat.PlaylistsOf(n.ctx, a))(n); len(l) != 0 {
			t.Errorf("%s: %+v", what, l)
		}
	}
	hidden("a listener's own")
	n.refused("a stranger", under(a, music.Public), fault.Forbidden)
	n.ok(n.studio.SetRole(n.ctx, ada, a, bo.Account, music.Editor))
	n.refused("a private one", under(a, music.Private), fault.Invalid)
	n.ok(under(a, music.Public))
	full := must(n.cat.Playlist(n.ctx, p.ID))(n)
	if full.Owner != "Shore" || full.Act.ID != a || len(full.Items) != 1 {
		t.Errorf("%+v", full)
	}
	if l := must(n.cat.PlaylistsOf(n.ctx, a))(n); len(l) != 1 || l[0].ID != p.ID {
		t.Errorf("%+v", l)
	}
	if res := must(n.cat.Search(n.ctx, "late trains", 5))(n); len(res.Playlists) != 1 || res.Playlists[0].Owner != "Shore" {
		t.Errorf("%+v", res.Playlists)
	}
	n.ok(n.studio.SetRole(n.ctx, ada, a, bo.Account, music.NoRole))
	hidden("of who works for it no longer")
	n.ok(n.studio.SetRole(n.ctx, ada, a, bo.Account, music.Editor))
	n.ok(under(a, music.Public))
	n.ok(under("", music.Public))
	hidden("taken back")
	n.ok(under(a, music.Public))
	n.ok(n.lib.DeletePlaylist(n.ctx, bo, p.ID))
	hidden("deleted")
}
