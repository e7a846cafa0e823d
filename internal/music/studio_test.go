package music_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

func TestActs(t *testing.T) { both(t, testActs) }

func testActs(t *testing.T, n *node) {
	a := n.act(ada, "Sigur  Rós")
	if a.Handle != "sigur-ros" || a.Name != "Sigur Rós" || a.Orphaned {
		t.Errorf("act = %+v", a)
	}
	if b := n.act(bo, "Sigur Ros"); b.Handle != "sigur-ros-2" {
		t.Errorf("the second handle = %q", b.Handle)
	}
	_, err := n.studio.CreateAct(n.ctx, bo, music.Act{Name: "x", Handle: "sigur-ros"})
	n.refused("a taken handle", err, fault.Conflict)
	_, err = n.studio.CreateAct(n.ctx, guest, music.Act{Name: "x"})
	n.refused("a guest", err, fault.Unauthenticated)
	_, err = n.studio.CreateAct(n.ctx, bo, music.Act{Name: " ", Handle: "fine"})
	n.refused("no name", err, fault.Invalid)

	edit := func(a *music.Act) {
		a.ID, a.Followers, a.Bio = "nonsense", 99, "one\r\n\r\n\r\n\r\ntwo"
		a.Links = []music.Link{{Label: "us", URL: "https://example.org/"}}
	}
	_, err = n.studio.EditAct(n.ctx, bo, a.ID, edit)
	n.refused("a stranger", err, fault.Forbidden)
	got := must(n.studio.EditAct(n.ctx, ada, a.ID, edit))(n)
	if got.ID != a.ID || got.Followers != 0 || got.Bio != "one\n\ntwo" {
		t.Errorf("edited: %+v", got)
	}
	_, err = n.studio.EditAct(n.ctx, ada, a.ID, func(a *music.Act) { a.Links[0].URL = "javascript:alert(1)" })
	n.refused("a link that is a script", err, fault.Invalid)
	full := must(n.cat.Act(n.ctx, ada, "@Sigur-Ros"))(n)
	if full.Role != music.Owner || full.Act.Bio != got.Bio || len(full.Act.Links) != 1 {
		t.Errorf("read back: %+v", full)
	}
	if byID := must(n.cat.Act(n.ctx, guest, strings.ToLower(string(a.ID))))(n); byID.Act.ID != a.ID || byID.Role != music.NoRole {
		t.Errorf("by id: %+v", byID)
	}
}

func TestRoles(t *testing.T) { both(t, testRoles) }

func testRoles(t *testing.T, n *node) {
	a := n.act(ada, "Ada").ID
	n.refused("the last owner", n.studio.SetRole(n.ctx, ada, a, ada.Account, music.NoRole), fault.Conflict)
	n.refused("the last owner made editor", n.studio.SetRole(n.ctx, ada, a, ada.Account, music.Editor), fault.Conflict)
	n.refused("a stranger", n.studio.SetRole(n.ctx, bo, a, bo.Account, music.Owner), fault.Forbidden)
	n.ok(n.studio.SetRole(n.ctx, ada, a, bo.Account, music.Editor))
	n.refused("an editor", n.studio.SetRole(n.ctx, bo, a, cy.Account, music.Editor), fault.Forbidden)
	_, err := n.studio.Wallets(n.ctx, bo, a)
	n.refused("an editor at the wallets", err, fault.Forbidden)
	places := must(n.studio.People(n.ctx, bo, a))(n)
	if len(places) != 2 {
		t.Errorf("places = %v", places)
	}
	n.ok(n.studio.SetRole(n.ctx, bo, a, bo.Account, music.NoRole)) // anybody may go
	n.ok(n.studio.SetRole(n.ctx, ada, a, bo.Account, music.Owner))
	n.ok(n.studio.SetRole(n.ctx, ada, a, ada.Account, music.NoRole))
	if acts := must(n.studio.Acts(n.ctx, bo))(n); len(acts) != 1 || acts[0].Role != music.Owner {
		t.Errorf("acts of bo = %v", acts)
	}
	n.ok(n.studio.SetRole(n.ctx, admin, a, bo.Account, music.NoRole)) // an admin may orphan it
	if o := must(n.studio.Orphans(n.ctx, admin))(n); len(o) != 1 || o[0].ID != a {
		t.Errorf("orphans = %v", o)
	}
	n.ok(n.studio.SetRole(n.ctx, admin, a, cy.Account, music.Owner))
	if o := must(n.studio.Orphans(n.ctx, admin))(n); len(o) != 0 {
		t.Errorf("orphans = %v", o)
	}

	sheet := []music.Wallet{{Name: "Cy", Address: "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", Bps: music.Whole}}
	n.ok(n.studio.SetWallets(n.ctx, cy, a, sheet))
	if got := must(n.studio.Wallets(n.ctx, cy, a))(n); !slices.Equal(got, sheet) {
		t.Errorf("wallets = %v", got)
	}
	n.ok(n.studio.SetWallets(n.ctx, cy, a, nil))
	if got := must(n.studio.Wallets(n.ctx, cy, a))(n); len(got) != 0 {
		t.Errorf("wallets = %v", got)
	}
}

func TestDraftFromFiles(t *testing.T) { both(t, testDraftFromFiles) }

func testDraftFromFiles(t *testing.T, n *node) {
	a := n.act(ada, "Ada").ID
	r := n.draft(ada, a, music.Facts{Label: "Quayside"})
	for i, title := range []string{"One", "Two"} {
		tr := must(n.upload(ada, r.ID, "", title+".flac", title))(n)
		if tr.State != music.Uploaded || tr.Number != i+1 || tr.Title != title {
			t.Errorf("added: %+v", tr)
		}
		n.prepare(tr.ID, title, music.FileTags{Title: title + "!", Artist: "Ada L.", Album: "Tides", Date: "2026", Label: "Tag Records", Genres: []string{"Jazz"}, Number: i + 1})
	}
	cover := music.Cover{ID: "c1", Light: "#111111", Dark: "#eeeeee"}
	full := must(n.cat.Release(n.ctx, ada, r.ID, ""))(n)
	n.ok(n.studio.Prepared(n.ctx, full.Tracks[0].Track.ID, music.Result{Original: blob("One").Key, Cover: &cover}))
	n.ok(n.studio.Prepared(n.ctx, full.Tracks[1].Track.ID, music.Result{Original: blob("Two").Key, Cover: &music.Cover{ID: "c2"}}))
	full = must(n.cat.Release(n.ctx, ada, r.ID, ""))(n)
	f := full.Release.Facts
	if f.Title != "Tides" || f.Artist != "Ada L." || f.Label != "Quayside" || f.Kind != music.Single || !slices.Equal(f.Tags, []string{"jazz"}) {
		t.Errorf("the draft: %+v", f)
	}
	if full.Release.Cover != cover {
		t.Errorf("the first picture stays: %+v", full.Release.Cover)
	}
	tr := full.Tracks[0]
	if tr.Track.Title != "One!" || tr.Track.Artist != "" || tr.Track.State != music.Ready || !tr.Segmented {
		t.Errorf("the track: %+v", tr.Track)
	}
	if as := tr.Asset; as.DurationMS != 200_000 || as.Gain != -4_000 || as.AlbumGain != -4_000 || as.Seconds() != 200 || !slices.Equal(as.Peaks, []byte{1, 2, 3}) {
		t.Errorf("the asset: %+v", as)
	}
	if s := tr.Sheet; s.Version != 1 || s.State != music.InForce || len(s.Shares) != 1 || s.Shares[0].Act != a || s.Shares[0].Bps != music.Whole {
		t.Errorf("the first sheet: %+v", s)
	}

	// What a person writes stays, whatever comes from files afterwards.
	must(n.studio.EditTrack(n.ctx, ada, tr.Track.ID, func(t *music.Track) { t.Title, t.ISRC, t.State = "Mine", "de-a12-26-00001", music.Refused }))(n)
	must(n.studio.EditRelease(n.ctx, ada, r.ID, func(f *music.Facts) { f.Title = "Mine too" }))(n)
	n.prepare(tr.Track.ID, "One", music.FileTags{Title: "Again", Album: "Again", ISRC: "USRC17607839", Recording: "B10BBBFC-CF9E-42E0-BE17-E2C3E1D2600D"})
	full = must(n.cat.Release(n.ctx, ada, r.ID, ""))(n)
	if tr := full.Tracks[0].Track; tr.Title != "Mine" || tr.ISRC != "DEA122600001" || tr.Recording != "b10bbbfc-cf9e-42e0-be17-e2c3e1d2600d" || tr.State != music.Ready || full.Release.Facts.Title != "Mine too" {
		t.Errorf("after a second reading: %+v, %+v", tr, full.Release.Facts)
	}
	_, err := n.studio.EditTrack(n.ctx, ada, tr.Track.ID, func(t *music.Track) { t.ISRC = "123" })
	n.refused("an ISRC that is none", err, fault.Invalid)
}

// What one account keeps is bounded over all acts it owns, whoever uploads.
func TestRoom(t *testing.T) { both(t, testRoom) }

func testRoom(t *testing.T, n *node) {
	first, second := n.act(ada, "Ada").ID, n.act(ada, "Ada again").ID
	n.public(ada, first, music.Facts{Title: "R"}, "One", "Two", "Three")
	r := n.draft(ada, second, music.Facts{})
	n.ok(n.studio.SetRole(n.ctx, ada, second, bo.Account, music.Editor))
	add := func(v music.Viewer, release id.Release) error {
		_, err := n.studio.BeginUpload(n.ctx, v, music.Upload{Release: release, Filename: "a.flac", Size: 1})
		return err
	}
	n.studio.KeepMax = 3
	n.refused("by the owner, for another of her acts", add(ada, r.ID), fault.TooLarge)
	n.refused("by an editor who owns nothing", add(bo, r.ID), fault.TooLarge)
	n.ok(add(admin, r.ID))
	n.ok(add(bo, n.draft(bo, n.act(bo, "Bo").ID, music.Facts{}).ID))
	n.studio.KeepMax = 0
	n.ok(add(ada, r.ID))
}

func TestUploads(t *testing.T) { both(t, testUploads) }

func testUploads(t *testing.T, n *node) {
	a := n.act(ada, "Ada").ID
	r := n.draft(ada, a, music.Facts{})
	begin := func(v music.Viewer, name string, size int64) (music.Upload, error) {
		return n.studio.BeginUpload(n.ctx, v, music.Upload{Release: r.ID, Filename: name, Size: size})
	}
	for _, c := range []struct {
		what string
		v    music.Viewer
		name string
		size int64
		kind fault.Kind
	}{
		{"a guest", guest, "a.flac", 1, fault.Unauthenticated},
		{"a stranger at a draft", bo, "a.flac", 1, fault.NotFound},
		{"a picture", ada, "a.jpg", 1, fault.Unsupported},
		{"a shortcut", ada, "a.flac.lnk", 1, fault.Unsupported},
		{"nothing", ada, "a.flac", 0, fault.Invalid},
		{"too much", ada, "a.flac", 3 << 30, fault.TooLarge},
	} {
		_, err := begin(c.v, c.name, c.size)
		n.refused(c.what, err, c.kind)
	}
	n.studio.OpenMax = 100
	u := must(begin(ada, `C:\a\b.FLAC`, 60))(n)
	if u.Filename != "b.FLAC" {
		t.Errorf("file name = %q", u.Filename)
	}
	_, err := begin(ada, "c.flac", 60)
	n.refused("too much at once", err, fault.Limited)
	n.studio.OpenMax, n.studio.KeepMax = 0, 100
	_, err = begin(ada, "c.flac", 41)
	n.refused("more than is kept of one account, with what is on its way", err, fault.TooLarge)
	_, err = n.studio.Import(n.ctx, ada, r.ID, "c.flac", music.Blob{Key: "original/k", SHA256: "k", Bytes: 101})
	n.refused("the same by a form", err, fault.TooLarge)
	n.studio.OpenMax, n.studio.KeepMax = 100, 0
	n.ok(n.studio.Received(n.ctx, u.ID, 30))
	if got := must(n.studio.Upload(n.ctx, ada, u.ID))(n); got.Received != 30 || got.State != music.UploadOpen {
		t.Errorf("upload = %+v", got)
	}
	_, err = n.studio.Upload(n.ctx, bo, u.ID)
	n.refused("somebody else's upload", err, fault.NotFound)
	n.ok(n.studio.CancelUpload(n.ctx, ada, u.ID))
	_, err = n.studio.Add(n.ctx, u.ID, blob("x"))
	n.refused("a cancelled one", err, fault.Conflict)

	left := must(begin(ada, "left.flac", 60))(n)
	n.pass(time.Hour)
	at := time.UnixMilli(n.clock.Load())
	u = must(begin(ada, "01 - x.flac", 1))(n)
	if gone := must(n.studio.ExpireUploads(n.ctx, at, 9))(n); len(gone) != 1 || gone[0].ID != left.ID {
		t.Errorf("expired: %+v", gone)
	}
	n.fail.Store(true)
	if _, err := n.studio.Add(n.ctx, u.ID, blob("x")); err == nil {
		t.Fatal("an add that did not reach the disk is reported as done")
	}
	first := must(n.studio.Add(n.ctx, u.ID, blob("x")))(n)
	if again := must(n.studio.Add(n.ctx, u.ID, blob("x")))(n); again.ID != first.ID {
		t.Error("adding again makes another track")
	}
	twice := must(begin(ada, "copy.flac", 1))(n)
	_, err = n.studio.Add(n.ctx, twice.ID, blob("x"))
	n.refused("the same bytes", err, fault.Conflict)
	if up := must(n.studio.Upload(n.ctx, ada, twice.ID))(n); up.State != music.UploadFailed || !strings.Contains(up.Reason, "same file") {
		t.Errorf("the double = %+v", up)
	}
	bad := must(n.upload(ada, r.ID, "", "bad.mp3", "bad"))(n)
	n.ok(n.studio.Prepared(n.ctx, bad.ID, music.Result{Original: blob("bad").Key, Refusal: "This file ends in the middle."}))
	n.prepare(first.ID, "x", music.FileTags{Title: "X", Album: "Y"})
	states := map[music.UploadState]int{}
	for _, u := range must(n.studio.Uploads(n.ctx, ada, r.ID))(n) {
		states[u.State]++
	}
	if states[music.UploadDone] != 2 || states[music.UploadFailed] != 2 || states[music.UploadCancelled] != 1 {
		t.Errorf("uploads: %v", states)
	}
	full := must(n.cat.Release(n.ctx, ada, r.ID, ""))(n)
	if len(full.Tracks) != 2 || full.Tracks[0].Track.State != music.Ready || full.Tracks[1].Track.State != music.Refused {
		t.Errorf("the rest of the release: %+v", full.Tracks)
	}
	n.pass(time.Minute)
	must(n.studio.Publish(n.ctx, ada, r.ID))(n)
	if full := must(n.cat.Release(n.ctx, guest, r.ID, ""))(n); len(full.Tracks) != 1 {
		t.Errorf("a guest sees %d tracks", len(full.Tracks))
	}
}

func TestReplaceAFile(t *testing.T) { both(t, testReplaceAFile) }

func testReplaceAFile(t *testing.T, n *node) {
	a := n.act(ada, "Ada").ID
	r, ids := n.public(ada, a, music.Facts{Title: "R"}, "One")
	old := must(n.cat.Playback(n.ctx, ids[0]))(n)
	tr := must(n.upload(ada, r.ID, ids[0], "new.wav", "new"))(n)
	if tr.ID != ids[0] || tr.State != music.Ready {
		t.Fatalf("replaced: %+v", tr)
	}
	if now := must(n.cat.Playback(n.ctx, ids[0]))(n); now.Original != old.Original {
		t.Error("the new file plays before it can")
	}
	if w := must(n.studio.Work(n.ctx, ids[0]))(n); w.Original != blob("new").Key {
		t.Errorf("the work = %+v", w)
	}
	n.ok(n.studio.Prepared(n.ctx, ids[0], music.Result{Original: blob("new").Key, Refusal: "It is silent."}))
	full := must(n.cat.Release(n.ctx, ada, r.ID, ""))(n)
	if got := full.Tracks[0].Track; got.State != music.Ready || got.Refusal != "It is silent." || got.Pending != "" {
		t.Errorf("after a refusal: %+v", got)
	}
	must(n.upload(ada, r.ID, ids[0], "newer.wav", "newer"))(n)
	n.prepare(ids[0], "newer", music.FileTags{Title: "Another name"})
	now := must(n.cat.Playback(n.ctx, ids[0]))(n)
	if now.Original != blob("newer").Key || len(now.Renditions) != 1 || !now.Public {
		t.Errorf("now it plays %+v", now)
	}
	if _, err := n.cat.TrackOf(n.ctx, old.Renditions[0].ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("the old rendition is still known: %v", err)
	}
	n.ok(n.studio.Prepared(n.ctx, ids[0], music.Result{Original: blob("newer").Key, Loudness: &music.Loudness{Integrated: math.MinInt64, Peak: math.MinInt64, Gates: []byte("-70000")}}))
	if a := must(n.cat.Release(n.ctx, ada, r.ID, ""))(n).Tracks[0].Asset; a.Loudness != -70_000 || a.Gain != 12_000 || a.AlbumGain != 12_000 {
		t.Errorf("silence: %+v", a)
	}
	// A late result of the file that is gone changes nothing.
	n.ok(n.studio.Prepared(n.ctx, ids[0], music.Result{Original: old.Original, Refusal: "late"}))
	full = must(n.cat.Release(n.ctx, guest, r.ID, ""))(n)
	if got := full.Tracks[0].Track; got.State != music.Ready || got.Title != "One" || got.ID != ids[0] {
		t.Errorf("in the end: %+v", got)
	}
}

func TestPublishing(t *testing.T) { both(t, testPublishing) }

func testPublishing(t *testing.T, n *node) {
	a := n.act(ada, "Ada").ID
	n.ok(n.studio.SetRole(n.ctx, ada, a, bo.Account, music.Editor))
	r := n.draft(ada, a, music.Facts{})
	_, err := n.studio.Publish(n.ctx, ada, r.ID)
	n.refused("without a title", err, fault.Invalid)
	must(n.studio.EditRelease(n.ctx, bo, r.ID, func(f *music.Facts) { f.Title = "R" }))(n)
	_, err = n.studio.Publish(n.ctx, ada, r.ID)
	n.refused("without a track", err, fault.Invalid)
	tr := must(n.upload(bo, r.ID, "", "a.flac", "a"))(n)
	_, err = n.studio.Publish(n.ctx, ada, r.ID)
	n.refused("while it is prepared", err, fault.Conflict)
	n.prepare(tr.ID, "a", music.FileTags{Title: "A"})
	_, err = n.studio.Publish(n.ctx, bo, r.ID)
	n.refused("an editor", err, fault.Forbidden)

	for _, bad := range [][2]string{{"2026-11-24T12:59", "Europe/Berlin"}, {"2026-12-01T18:00", "Mars/Olympus"}, {"2026-12-01T18:00", ""}, {"tomorrow", "UTC"}, {"2036-01-01T00:00", "UTC"}} {
		_, err := n.studio.Schedule(n.ctx, ada, r.ID, bad[0], bad[1])
		n.refused(strings.Join(bad[:], " "), err, fault.Invalid)
	}
	s := must(n.studio.Schedule(n.ctx, ada, r.ID, "2026-12-01T18:00", "Europe/Berlin"))(n)
	if want := time.Date(2026, 12, 1, 17, 0, 0, 0, time.UTC); s.State != music.Scheduled || !s.PublishAt.Equal(want) {
		t.Errorf("scheduled: %+v", s)
	}
	n.ok(n.studio.PublishDue(n.ctx, r.ID)) // too early: nothing
	_, err = n.cat.Release(n.ctx, guest, r.ID, "")
	n.refused("before its time", err, fault.NotFound)
	n.clock.Store(s.PublishAt.UnixMilli())
	n.ok(n.studio.PublishDue(n.ctx, r.ID))
	n.ok(n.studio.PublishDue(n.ctx, r.ID)) // twice, without harm
	full := must(n.cat.Release(n.ctx, guest, r.ID, ""))(n)
	if full.Release.State != music.Published || !full.Release.Published.Equal(s.PublishAt) || full.Act.Releases != 1 {
		t.Errorf("published: %+v, %+v", full.Release, full.Act)
	}
	n.refused("deleting what was public", n.studio.Delete(n.ctx, ada, r.ID), fault.Conflict)
	must(n.studio.Withdraw(n.ctx, ada, r.ID))(n)
	_, err = n.cat.Release(n.ctx, guest, r.ID, "")
	n.refused("withdrawn", err, fault.NotFound)
	n.pass(time.Hour)
	if again := must(n.studio.Publish(n.ctx, ada, r.ID))(n); !again.Published.Equal(s.PublishAt) {
		t.Errorf("the first time it was public moved to %v", again.Published)
	}
	late := n.draft(ada, a, music.Facts{Title: "Late"})
	tr = must(n.upload(ada, late.ID, "", "late.flac", "late"))(n)
	must(n.studio.Schedule(n.ctx, ada, late.ID, "2026-12-24T18:00", "UTC"))(n)
	n.clock.Store(time.Date(2026, 12, 24, 18, 0, 0, 0, time.UTC).UnixMilli())
	n.refused("nothing can be played yet", n.studio.PublishDue(n.ctx, late.ID), fault.Conflict)
	n.prepare(tr.ID, "late", music.FileTags{})
	if full := must(n.cat.Release(n.ctx, guest, late.ID, ""))(n); full.Release.State != music.Published || full.Act.Releases != 2 {
		t.Errorf("its time had come: %+v", full)
	}
	d := n.draft(ada, a, music.Facts{Title: "never"})
	n.ok(n.studio.Delete(n.ctx, ada, d.ID))
	_, err = n.cat.Release(n.ctx, ada, d.ID, "")
	n.refused("deleted", err, fault.NotFound)
}

func TestReorderAndRemove(t *testing.T) { both(t, testReorderAndRemove) }

func testReorderAndRemove(t *testing.T, n *node) {
	a := n.act(ada, "Ada").ID
	r, ids := n.public(ada, a, music.Facts{Title: "R"}, "One", "Two", "Three")
	order := []id.Track{ids[2], ids[0], ids[1]}
	must(n.studio.Reorder(n.ctx, ada, r.ID, order))(n)
	full := must(n.cat.Release(n.ctx, guest, r.ID, ""))(n)
	for i, f := range full.Tracks {
		if f.Track.ID != order[i] || f.Track.Number != i+1 {
			t.Errorf("place %d: %s, number %d", i, f.Track.Title, f.Track.Number)
		}
	}
	for _, bad := range [][]id.Track{order[:2], {ids[0], ids[0], ids[1]}, {ids[0], ids[1], "gone"}} {
		_, err := n.studio.Reorder(n.ctx, ada, r.ID, bad)
		n.refused("an order that is not the release's", err, fault.Conflict)
	}
	n.ok(n.studio.RemoveTrack(n.ctx, ada, ids[0]))
	if l := must(n.cat.Tracks(n.ctx, music.Filter{Act: a}, music.Page{}))(n); len(l.Rows) != 2 {
		t.Errorf("%d tracks are listed", len(l.Rows))
	}
	_, err := n.cat.Playback(n.ctx, ids[0])
	n.refused("a removed track", err, fault.NotFound)
}
