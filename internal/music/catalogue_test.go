package music_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

func TestWhoSeesWhat(t *testing.T) { both(t, testWhoSeesWhat) }

func testWhoSeesWhat(t *testing.T, n *node) {
	a := n.act(ada, "Ada").ID
	n.ok(n.studio.SetRole(n.ctx, ada, a, bo.Account, music.Editor))
	r, ids := n.public(ada, a, music.Facts{Title: "R"}, "One")
	must(n.studio.Withdraw(n.ctx, ada, r.ID))(n)
	r = must(n.studio.Preview(n.ctx, bo, r.ID, true))(n)
	if len(r.Preview) < 20 {
		t.Fatalf("the link's token is %q", r.Preview)
	}
	see := func(v music.Viewer, preview string) (page, sound bool) {
		t.Helper()
		_, err := n.cat.Release(n.ctx, v, r.ID, preview)
		err2 := n.cat.MayHear(n.ctx, v, ids[0], preview)
		for _, e := range []error{err, err2} {
			if e != nil {
				n.refused("unseen", e, fault.NotFound)
			}
		}
		return err == nil, err2 == nil
	}
	check := func(state string, seen map[string]bool) {
		t.Helper()
		for name, who := range map[string]struct {
			v       music.Viewer
			preview string
		}{"guest": {guest, ""}, "link": {guest, r.Preview}, "wrong link": {guest, "x"}, "other": {cy, ""}, "owner": {ada, ""}, "editor": {bo, ""}, "moderator": {mo, ""}, "admin": {admin, ""}} {
			page, sound := see(who.v, who.preview)
			if page != seen[name] || sound != seen[name] {
				t.Errorf("%s, %s: page %v, sound %v", state, name, page, sound)
			}
		}
	}
	people := map[string]bool{"owner": true, "editor": true, "moderator": true, "admin": true}
	withLink := map[string]bool{"link": true, "owner": true, "editor": true, "moderator": true, "admin": true}
	all := map[string]bool{"guest": true, "link": true, "wrong link": true, "other": true, "owner": true, "editor": true, "moderator": true, "admin": true}
	check("draft", withLink)
	must(n.studio.Publish(n.ctx, ada, r.ID))(n)
	check("public", all)
	if full := must(n.cat.Release(n.ctx, guest, r.ID, ""))(n); full.Release.Preview != "" {
		t.Error("a guest reads the private link")
	}

	n.refused("a listener", n.mod.TakeDown(n.ctx, bo, r.ID, "x"), fault.Forbidden)
	n.refused("no reason", n.mod.TakeDown(n.ctx, mo, r.ID, " "), fault.Invalid)
	n.ok(n.mod.TakeDown(n.ctx, mo, r.ID, "Somebody else's recording."))
	n.refused("twice", n.mod.TakeDown(n.ctx, mo, r.ID, "again"), fault.Conflict)
	check("taken down", people)
	full := must(n.cat.Release(n.ctx, ada, r.ID, ""))(n)
	if full.Release.State != music.TakenDown || full.Release.Reason != "Somebody else's recording." {
		t.Errorf("its owner reads %+v", full.Release)
	}
	_, err := n.studio.Publish(n.ctx, ada, r.ID)
	n.refused("publishing it again", err, fault.Conflict)
	_, err = n.studio.Withdraw(n.ctx, ada, r.ID)
	n.refused("withdrawing it", err, fault.Conflict)
	if l := must(n.mod.Down(n.ctx, mo, 9))(n); len(l) != 1 {
		t.Errorf("down: %v", l)
	}
	if res := must(n.cat.Search(n.ctx, "one", 9))(n); !res.Empty() {
		t.Errorf("search finds %+v", res)
	}
	n.ok(n.mod.Restore(n.ctx, mo, r.ID, "A mistake."))
	n.refused("twice", n.mod.Restore(n.ctx, mo, r.ID, ""), fault.Conflict)
	check("restored", all)
	must(n.studio.Preview(n.ctx, ada, r.ID, false))(n)
	must(n.studio.Withdraw(n.ctx, ada, r.ID))(n)
	check("draft without its link", people)
}

func TestLists(t *testing.T) { both(t, testLists) }

func testLists(t *testing.T, n *node) {
	acts := []id.Act{n.act(ada, "Ada").ID, n.act(ada, "Bea").ID}
	var tracks []id.Track // in order of publication
	var releases []id.Release
	for i := range 9 {
		tags := []string{"Jazz"}
		if i%3 == 0 {
			tags = append(tags, "Hip Hop")
		}
		if i != 4 && i != 5 { // three at the same instant: ties
			n.pass(time.Hour)
		}
		r, ids := n.public(ada, acts[i%2], music.Facts{Title: fmt.Sprint("R", i), Tags: tags}, "a", "b", "c")
		if i == 4 || i == 5 {
			n.pass(-time.Second)
		}
		releases, tracks = append(releases, r.ID), append(tracks, ids...)
	}
	whole := func(f music.Filter, limit int) (out []id.Track) {
		t.Helper()
		for p := (music.Page{Limit: limit}); ; {
			l := must(n.cat.Tracks(n.ctx, f, p))(n)
			for _, r := range l.Rows {
				out = append(out, r.ID)
			}
			if p.After = l.Next; l.Next == "" {
				return out
			}
			if len(l.Rows) != limit {
				t.Fatalf("a page of %d has %d", limit, len(l.Rows))
			}
		}
	}
	for _, f := range []music.Filter{{}, {Order: music.Popular}, {Act: acts[0]}, {Act: acts[1], Order: music.Popular}, {Tag: "JAZZ"}, {Tag: "hip-hop"}} {
		all := whole(f, 200)
		for _, limit := range []int{1, 2, 5} {
			if got := whole(f, limit); !slices.Equal(got, all) {
				t.Errorf("%+v by %d: %d tracks, want %d", f, limit, len(got), len(all))
			}
		}
		want := map[music.Filter]int{{Act: acts[0]}: 15, {Act: acts[1], Order: music.Popular}: 12, {Tag: "hip-hop"}: 9}[f]
		if want == 0 {
			want = 27
		}
		sorted := slices.Clone(all)
		slices.Sort(sorted)
		if len(all) != want || len(slices.Compact(sorted)) != want {
			t.Errorf("%+v: %d tracks, want %d", f, len(all), want)
		}
	}
	if all := whole(music.Filter{}, 200); all[26] != tracks[0] && !slices.Contains(tracks[:3], all[26]) {
		t.Error("the oldest is not last")
	}
	l := must(n.cat.Releases(n.ctx, music.Filter{}, music.Page{Limit: 3}))(n)
	if len(l.Rows) != 3 || l.Rows[0].ID != releases[8] || l.Rows[0].Tracks != 3 || l.Rows[0].DurationMS != 600_000 || l.Next == "" {
		t.Errorf("releases: %+v", l)
	}
	if tags := must(n.cat.Tags(n.ctx, "", 9))(n); len(tags) != 2 || tags[0] != (music.TagCount{Tag: "jazz", Releases: 9}) || tags[1].Releases != 3 {
		t.Errorf("tags: %v", tags)
	}
	if tags := must(n.cat.Tags(n.ctx, "Hip", 9))(n); len(tags) != 1 || tags[0].Tag != "hip-hop" {
		t.Errorf("tags: %v", tags)
	}
	if p := must(n.cat.Acts(n.ctx, music.Page{Limit: 1}))(n); len(p.Rows) != 1 || p.Rows[0].Releases != 5 || p.Next == "" {
		t.Errorf("acts: %+v", p)
	}
	for _, bad := range []music.Filter{{Order: "best"}, {Act: acts[0], Tag: "jazz"}, {Tag: "jazz", Order: music.Popular}} {
		_, err := n.cat.Tracks(n.ctx, bad, music.Page{})
		n.refused(fmt.Sprint(bad), err, fault.Invalid)
	}
	must(n.studio.Withdraw(n.ctx, ada, releases[0]))(n)
	if tags := must(n.cat.Tags(n.ctx, "", 9))(n); tags[0].Releases != 8 || tags[1].Releases != 2 {
		t.Errorf("tags after a withdrawal: %v", tags)
	}
	if got := whole(music.Filter{Tag: "hip-hop"}, 50); len(got) != 6 {
		t.Errorf("%d tracks after a withdrawal", len(got))
	}
}

func TestRenamingReachesEveryRow(t *testing.T) { both(t, testRenamingReachesEveryRow) }

func testRenamingReachesEveryRow(t *testing.T, n *node) {
	a := n.act(ada, "Ada").ID
	r, ids := n.public(ada, a, music.Facts{Title: "Old", Artist: "Ada L."}, "One")
	must(n.studio.EditAct(n.ctx, ada, a, func(a *music.Act) { a.Name, a.Handle = "Countess", "countess" }))(n)
	must(n.studio.EditRelease(n.ctx, ada, r.ID, func(f *music.Facts) { f.Title, f.Tags = "New", []string{"x"} }))(n)
	must(n.studio.EditTrack(n.ctx, ada, ids[0], func(t *music.Track) { t.Title = "Uno" }))(n)
	must(n.studio.SetCover(n.ctx, ada, r.ID, music.Cover{ID: "c"}))(n)
	row := must(n.cat.TrackRows(n.ctx, ids))(n)[ids[0]]
	if row.ActName != "Countess" || row.ActHandle != "countess" || row.Title != "Uno" || row.ReleaseTitle != "New" || row.Cover.ID != "c" || row.Artist != "Ada L." {
		t.Errorf("row = %+v", row)
	}
	for q, want := range map[string]int{"countess": 1, "uno": 1, "new": 1, "old": 0, "one": 0} {
		if res := must(n.cat.Search(n.ctx, q, 9))(n); len(res.Tracks) != want {
			t.Errorf("%q finds %d tracks", q, len(res.Tracks))
		}
	}
}

func TestSearch(t *testing.T) { both(t, testSearch) }

func testSearch(t *testing.T, n *node) {
	a := must(n.studio.CreateAct(n.ctx, ada, music.Act{Name: "Sigur Rós", Aliases: []string{"Victory Rose"}, Members: []music.Member{{Name: "Jónsi"}}}))(n).ID
	n.public(ada, a, music.Facts{Title: "Ágætis byrjun", Tags: []string{"Post Rock"}}, "Svefn-g-englar", "Starálfur", "Love")
	n.public(ada, a, music.Facts{Title: "Love songs"}, "Love song", "A love", "Lovers, all of them", "Unloved")
	find := func(q string) music.Results {
		t.Helper()
		return must(n.cat.Search(n.ctx, q, 10))(n)
	}
	for q, want := range map[string][4]int{ // acts, releases, tracks, tags
		"sigur ros": {1, 2, 7, 0}, "SIGUR RÓS": {1, 2, 7, 0}, "rose": {1, 0, 0, 0}, "jonsi": {1, 0, 0, 0}, "agaetis": {0, 1, 3, 0},
		"svefn g": {0, 0, 1, 0}, "star": {0, 0, 1, 0}, "post": {0, 1, 0, 1}, "post rock": {0, 1, 0, 1}, "love": {0, 1, 5, 0}, "nothing here": {0, 0, 0, 0},
	} {
		r := find(q)
		if got := [4]int{len(r.Acts), len(r.Releases), len(r.Tracks), len(r.Tags)}; got != want {
			t.Errorf("%q: %v, want %v", q, got, want)
		}
	}
	var titles []string
	for _, r := range find("love").Tracks {
		titles = append(titles, r.Title)
	}
	if len(titles) < 4 || titles[0] != "Love" || !slices.Contains(titles[1:3], "Love song") || titles[3] != "A love" {
		t.Errorf("the order is %q", titles)
	}
	// What people type is never a query language, and never an error.
	for _, q := range []string{"", " ", `"`, `"love`, "love*", "title:love", "love OR", "NOT love", "love AND (", "-love", "^love", "NEAR(love, 2)", "love'; drop table act; --",
		"\x00", "\xff\xfe", "💿", ":* & | !", `\`, "a b c d e f g h i j k l m n o p"} {
		find(q)
	}
}

// TestSearchAmongMany: many matches of one kind leave room for the others, the
// whole title comes first however old it is, and nothing is found twice.
func TestSearchAmongMany(t *testing.T) { both(t, testSearchAmongMany) }

func testSearchAmongMany(t *testing.T, n *node) {
	n.ok(n.db.Music().Update(n.ctx, func(tx music.Tx) error {
		for i := range 900 {
			row := music.TrackRow{ID: id.Track(fmt.Sprintf("T%04d", i)), Title: fmt.Sprint("Song ", i)}
			d := music.Doc{Found: music.FoundTrack, Ref: string(row.ID), Title: fmt.Sprint("song ", i), Maker: "sea", Card: row.Pack()}
			if i == 3 {
				row.Title, d.Title = "Sea", "sea"
				d.Card = row.Pack()
			}
			if err := tx.SetDoc(n.ctx, d); err != nil {
				return err
			}
		}
		for _, name := range []string{"Deep Sea", "Sea Band", "Seaside"} {
			a := music.ActRow{ID: id.Act(name), Name: name}
			if err := tx.SetDoc(n.ctx, music.Doc{Found: music.FoundAct, Ref: name, Title: music.Fold(name), Card: a.Pack()}); err != nil {
				return err
			}
		}
		return nil
	}))
	res := must(n.cat.Search(n.ctx, "sea", 10))(n)
	var acts []string
	for _, a := range res.Acts {
		acts = append(acts, a.Name)
	}
	if want := []string{"Sea Band", "Seaside", "Deep Sea"}; !slices.Equal(acts, want) {
		t.Errorf("acts: %q, want %q", acts, want)
	}
	seen := map[id.Track]bool{}
	for _, r := range res.Tracks {
		seen[r.ID] = true
	}
	if len(res.Tracks) != 10 || len(seen) != 10 || res.Tracks[0].Title != "Sea" || res.Tracks[1].ID != "T0899" {
		t.Errorf("tracks: %+v", res.Tracks)
	}
	n.ok(n.db.Music().Update(n.ctx, func(tx music.Tx) error { return tx.DropDoc(n.ctx, music.FoundTrack, "T0003") }))
	if res := must(n.cat.Search(n.ctx, "sea", 10))(n); res.Tracks[0].Title == "Sea" {
		t.Error("a dropped document is found")
	}
}
