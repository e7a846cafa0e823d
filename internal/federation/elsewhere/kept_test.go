package elsewhere_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

// shelves are what a listener keeps.
type shelves struct {
	*scene
	library *music.Library
	talk    *social.Talk
	me      music.Viewer
}

// publishes has the act publish a release of two tracks, and returns it as it is here.
func (s *scene) publishes(name string) (*vocab.Object, social.Release) {
	s.t.Helper()
	r := s.release(name, 2)
	if err := s.says("Create", vocab.Of(r), s.act); err != nil {
		s.t.Fatal(err)
	}
	var out social.Release
	if err := s.SocialView(s.t.Context(), func(tx social.Tx) error {
		known, err := tx.ReleaseByIRI(s.t.Context(), r.ID)
		if err != nil {
			return err
		}
		out, err = tx.Release(s.t.Context(), known.ID)
		return err
	}); err != nil {
		s.t.Fatal(err)
	}
	return r, out
}

func kept(t *testing.T, test func(t *testing.T, s *shelves)) {
	storetest.Both(t, func(t *testing.T, url string) {
		s := newSceneOn(t, url)
		s.find()
		s.follow(s.ada, true)
		test(t, &shelves{s, &music.Library{Store: s.DB.Music()}, &social.Talk{Store: s.DB}, music.Viewer{Account: s.ada}})
	})
}

func (s *shelves) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// rows are the liked tracks, the history and a playlist, one after the other.
func (s *shelves) rows(list id.Playlist) (out []music.TrackRow) {
	s.t.Helper()
	likes, err := s.library.Likes(s.t.Context(), s.me, music.Page{})
	s.must(err)
	history, err := s.library.History(s.t.Context(), s.me, music.Page{})
	s.must(err)
	full, err := s.library.Playlist(s.t.Context(), s.me, list)
	s.must(err)
	out = append(likes.Rows, history.Rows...)
	for i := range full.Items {
		out = append(out, full.Items[i].Row)
	}
	return out
}

// A listener keeps tracks of other servers as those of here; what is gone there stays
// with its words and does not play, and is the same when it comes back.
func TestKept(t *testing.T) {
	kept(t, func(t *testing.T, s *shelves) {
		ctx := t.Context()
		_, here := s.Publish()
		doc, r := s.publishes("ebb")
		one := r.Tracks[0].ID
		s.must(s.library.Like(ctx, s.me, one, true))
		s.must(s.library.LikeRelease(ctx, s.me, r.ID, true))
		s.must(s.library.Heard(ctx, s.me, one))
		s.must(s.library.Heard(ctx, s.me, one)) // a moment later: once
		s.must(s.library.Keep(ctx, s.me, music.Resume{Track: one, Queue: []id.Track{one}}))
		list, err := s.library.CreatePlaylist(ctx, s.me, music.Playlist{Title: "Mixed"}, []id.Track{one})
		s.must(err)
		if err := s.library.AddToPlaylist(ctx, s.me, list.ID, []id.Track{id.New[id.Track](s.Now())}); !fault.Is(err, fault.NotFound) {
			t.Errorf("what is nowhere: %v", err)
		}
		if err := s.library.Heard(ctx, s.me, here); !fault.Is(err, fault.NotFound) {
			t.Errorf("what is counted is written by hand: %v", err)
		}
		there := func(available bool) {
			t.Helper()
			rows := s.rows(list.ID)
			if len(rows) != 3 {
				t.Fatalf("%+v", rows)
			}
			for i, x := range rows {
				if x.ID != one || x.Title != "ebb 0" || x.ReleaseTitle != "ebb" || x.ActHandle != "tide@"+s.host() || x.Available != available || !x.Elsewhere() {
					t.Errorf("%d: %+v", i, x)
				}
			}
		}
		there(true)
		if liked, err := s.library.Liked(ctx, s.me, []id.Track{one, r.Tracks[1].ID}); err != nil || !liked[one] || len(liked) != 1 {
			t.Errorf("%v, %v", liked, err)
		}
		if l, err := s.library.ReleaseLikes(ctx, s.me, music.Page{}); err != nil || len(l.Rows) != 1 || l.Rows[0].Title != "ebb" || l.Rows[0].ActHandle != "tide@"+s.host() {
			t.Errorf("%+v, %v", l, err)
		}
		s.must(s.says("Delete", vocab.Of(&vocab.Object{ID: doc.ID, Type: []string{"Tombstone"}}), s.act))
		s.must(s.desk.Mend(ctx))
		there(false)
		if l, err := s.library.ReleaseLikes(ctx, s.me, music.Page{}); err != nil || len(l.Rows) != 0 {
			t.Errorf("%+v, %v", l, err)
		}
		if _, again := s.publishes("ebb"); again.Tracks[0].ID != one || again.Tracks[1].ID == r.Tracks[1].ID {
			t.Errorf("it comes back as %+v, it was %+v", again.Tracks, r.Tracks)
		}
		there(true)
		desk := &social.Desk{Store: s.DB, Host: "nine.example", Policy: s.Servers.Policy}
		s.must(desk.Decide(ctx, social.Rule{Host: s.server.Host(), Verdict: social.Block}))
		there(false)
		s.must(s.library.Like(ctx, s.me, one, false))
		s.must(s.library.DropHistory(ctx, s.me, time.Time{}))
		s.must(s.library.Keep(ctx, s.me, music.Resume{}))
		s.must(s.library.DeletePlaylist(ctx, s.me, list.ID))
		s.must(s.desk.Mend(ctx))
		s.must(s.DB.Music().View(ctx, func(tx music.Tx) error {
			if rows, err := tx.TrackRows(ctx, []id.Track{one}); err != nil || len(rows) != 0 {
				t.Errorf("%+v, %v", rows, err)
			}
			return nil
		}))
	})
}

// Another act of the same server does not take the place of what somebody keeps.
func TestKeptIsItsOwn(t *testing.T) {
	kept(t, func(t *testing.T, s *shelves) {
		doc, r := s.publishes("ebb")
		s.must(s.library.Like(t.Context(), s.me, r.Tracks[0].ID, true))
		s.must(s.says("Delete", vocab.Of(&vocab.Object{ID: doc.ID, Type: []string{"Tombstone"}}), s.act))
		other := s.server.Actor("other")
		if _, err := s.Servers.Actor(t.Context(), other.ID); err != nil {
			t.Fatal(err)
		}
		s.must(s.desk.Follow(t.Context(), s.ada, other.ID, true))
		doc.AttributedTo = vocab.One(other.ID)
		for _, x := range doc.OrderedItems {
			x.Object.AttributedTo, x.Object.Name = vocab.One(other.ID), "taken"
		}
		s.must(s.says("Create", vocab.Of(doc), other))
		likes, err := s.library.Likes(t.Context(), s.me, music.Page{})
		if err != nil || len(likes.Rows) != 1 || likes.Rows[0].Title != "ebb 0" || likes.Rows[0].Available {
			t.Errorf("%+v, %v", likes, err)
		}
	})
}

// Search finds what is known of other servers, of whom somebody hears.
func TestSearchElsewhere(t *testing.T) {
	kept(t, func(t *testing.T, s *shelves) {
		doc, r := s.publishes("ebb")
		find := func(who id.Account, q string, releases, tracks int) {
			t.Helper()
			found, songs, err := s.desk.Search(t.Context(), who, q, 12)
			if err != nil || len(found) != releases || len(songs) != tracks {
				t.Errorf("%q finds %d and %d, %v", q, len(found), len(songs), err)
			}
			for _, x := range songs {
				if x.Release != r.ID || !x.Available || !x.Elsewhere() {
					t.Errorf("%+v", x)
				}
			}
		}
		find(s.bo, "ebb", 1, 2)
		find("", "EB 1", 0, 1)
		find(s.bo, "tide", 1, 2) // the act's name
		find(s.bo, "flood", 0, 0)
		find(s.bo, "", 0, 0)
		desk := &social.Desk{Store: s.DB, Host: "nine.example", Policy: s.Servers.Policy}
		s.must(desk.Decide(t.Context(), social.Rule{Host: s.act.ID, Verdict: social.Silence}))
		find(s.ada, "ebb", 1, 2)
		find(s.bo, "ebb", 0, 0)
		s.must(s.says("Delete", vocab.Of(&vocab.Object{ID: doc.ID, Type: []string{"Tombstone"}}), s.act))
		find(s.ada, "ebb", 0, 0)
		s.must(s.desk.Mend(t.Context()))
		find(s.ada, "ebb", 0, 0)
	})
}

// An act of another server is found by its name as long as music of it is kept and the
// searcher hears of it.
func TestSearchActs(t *testing.T) {
	kept(t, func(t *testing.T, s *shelves) {
		s.Servers.Store = s
		find := func(who id.Account, q string, want ...string) {
			t.Helper()
			list, err := s.desk.SearchActs(t.Context(), who, q, 3)
			s.must(err)
			var got []string
			for i := range list {
				got = append(got, list[i].Actor.Handle)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q finds %q, not %q", q, got, want)
			}
		}
		find(s.bo, "tide") // it is known, and followed; nothing of it is kept
		doc, _ := s.publishes("ebb")
		s.publishes("flow")
		for _, q := range []string{"tide", "TI"} {
			find("", q, "tide")
			find(s.bo, q, "tide")
		}
		find(s.bo, "ebb")
		find(s.bo, "")
		list, err := s.desk.SearchActs(t.Context(), s.bo, "tide", 3)
		if err != nil || len(list) != 1 || list[0].Count != 2 || list[0].Actor.ID != s.act.ID || list[0].Actor.Host != s.host() {
			t.Errorf("%+v, %v", list, err)
		}
		renamed := s.act.Document()
		renamed.Name, renamed.PreferredUsername = "Spring Flood", "tide"
		s.server.Publish(renamed, "")
		s.must(s.says("Update", vocab.At(s.act.ID), s.act))
		s.work()
		find(s.bo, "spring", "tide")
		find(s.bo, "flood spr", "tide")
		personal := &social.Personal{Store: s, Host: "nine.example"}
		s.must(personal.Block(t.Context(), s.bo, s.host()))
		find(s.bo, "spring")
		find("", "spring", "tide")
		desk := &social.Desk{Store: s.DB, Host: "nine.example", Policy: s.Servers.Policy}
		s.must(desk.Decide(t.Context(), social.Rule{Host: s.act.ID, Verdict: social.Silence}))
		find("", "spring")
		find(s.ada, "spring", "tide") // who follows it
		for _, at := range []string{doc.ID, s.act.ID + "/releases/flow"} {
			s.must(s.says("Delete", vocab.Of(&vocab.Object{ID: at, Type: []string{"Tombstone"}}), s.act))
		}
		find(s.ada, "spring")
		s.must(s.desk.Mend(t.Context()))
		find(s.ada, "spring")
	})
}

// Those who are silenced do not crowd out the others, however much they publish.
func TestTheSilencedDoNotFillASearch(t *testing.T) {
	kept(t, func(t *testing.T, s *shelves) {
		other := s.server.Actor("other")
		if _, err := s.Servers.Actor(t.Context(), other.ID); err != nil {
			t.Fatal(err)
		}
		s.must(s.desk.Follow(t.Context(), s.ada, other.ID, true))
		x := s.release("love songs", 1)
		x.ID, x.AttributedTo = other.ID+"/releases/lovely", vocab.One(other.ID)
		for i, y := range x.OrderedItems {
			y.Object.ID, y.Object.AttributedTo = fmt.Sprintf("%s/%d", x.ID, i), vocab.One(other.ID)
		}
		s.must(s.says("Create", vocab.Of(x), other))
		for i := range 14 {
			s.publishes(fmt.Sprintf("love %02d", i))
		}
		if found, songs, err := s.desk.Search(t.Context(), s.bo, "love", 3); err != nil || len(found) != 3 || len(songs) > 3 {
			t.Errorf("%d and %d where 3 are asked for: %v", len(found), len(songs), err)
		}
		desk := &social.Desk{Store: s.DB, Host: "nine.example", Policy: s.Servers.Policy}
		s.must(desk.Decide(t.Context(), social.Rule{Host: s.act.ID, Verdict: social.Silence}))
		if found, _, err := s.desk.Search(t.Context(), s.bo, "love", 3); err != nil || len(found) != 1 || found[0].Title != "love songs" {
			t.Errorf("%+v, %v", found, err)
		}
	})
}

// Listeners talk about music of other servers among themselves, in time with it.
func TestTalkElsewhere(t *testing.T) {
	kept(t, func(t *testing.T, s *shelves) {
		ctx := t.Context()
		doc, r := s.publishes("ebb")
		bo := music.Viewer{Account: s.bo}
		said, err := s.talk.Write(ctx, s.me, social.Draft{Thing: social.Thing{Release: r.ID, Track: r.Tracks[0].ID}, Position: 30_000, Text: "Here."})
		s.must(err)
		if said.Position != 30_000 || said.Thing.Track != r.Tracks[0].ID {
			t.Errorf("%+v", said)
		}
		late, err := s.talk.Write(ctx, bo, social.Draft{Parent: said.ID, Position: 120_000, Text: "Where?"})
		s.must(err)
		if late.Position != -1 || late.Thing != said.Thing {
			t.Errorf("%+v", late)
		}
		c, err := s.talk.Comments(ctx, bo, r.ID, "", 10)
		if err != nil || len(c.Comments) != 2 || !c.May[social.Commenting] || c.Keeps || c.Comments[1].Depth != 1 {
			t.Errorf("%+v, %v", c, err)
		}
		if _, err := s.talk.Delete(ctx, bo, said.ID); !fault.Is(err, fault.Forbidden) {
			t.Errorf("another's: %v", err)
		}
		nowhere := social.Draft{Thing: social.Thing{Release: id.New[id.Release](s.Now())}, Position: -1, Text: "x"}
		if _, err := s.talk.Write(ctx, bo, nowhere); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
		note := &vocab.Object{ID: s.act.ID + "/notes/1", Type: []string{"Note"}, AttributedTo: vocab.One(s.act.ID), InReplyTo: []vocab.Item{vocab.At(s.Site.Release(r.ID))}, To: []string{vocab.Public}, Content: "x"}
		if err := s.says("Create", vocab.Of(note), s.act); !fault.Is(err, fault.NotFound) {
			t.Errorf("a server answers what is not of this one: %v", err)
		}
		s.must(s.says("Delete", vocab.Of(&vocab.Object{ID: doc.ID, Type: []string{"Tombstone"}}), s.act))
		if _, err := s.talk.Comments(ctx, bo, r.ID, "", 10); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
		s.must(s.desk.Mend(ctx))
		s.must(s.SocialView(ctx, func(tx social.Tx) error {
			if _, err := tx.Comment(ctx, said.ID); !fault.Is(err, fault.NotFound) {
				t.Errorf("what was said of it stays: %v", err)
			}
			return nil
		}))
	})
}

// One act fills no node with releases, nor with words: what is one too many is not kept, and
// one that it takes back makes room.
func TestMostReleases(t *testing.T) {
	s := newScene(t)
	s.find()
	s.follow(s.ada, true)
	var first social.Release
	if err := s.SocialUpdate(t.Context(), func(tx social.Tx) error {
		known, err := tx.CountReleases(t.Context(), s.act.ID)
		for i := known; err == nil && i < 1_999; i++ {
			err = tx.PutRelease(t.Context(), &social.Release{IRI: fmt.Sprintf("%s/releases/m%d", s.act.ID, i), Actor: s.act.ID, Title: "M", Kind: music.Single, Published: s.Now(), Updated: s.Now()})
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	long := s.release("long", 3)
	for i := range long.OrderedItems {
		long.OrderedItems[i].Object.Put("nineten:lyrics", strings.Repeat("la ", 33_000))
	}
	if err := s.says("Create", vocab.Of(long), s.act); err != nil {
		t.Fatal(err)
	}
	count := func() (n int64) {
		t.Helper()
		if err := s.SocialView(t.Context(), func(tx social.Tx) error {
			known, err := tx.ReleaseByIRI(t.Context(), long.ID)
			if err == nil {
				first, err = tx.Release(t.Context(), known.ID)
			}
			if err == nil {
				n, err = tx.CountReleases(t.Context(), s.act.ID)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(); n != 2_000 || len(first.Tracks) != 3 || first.Tracks[1].Lyrics == "" || first.Tracks[2].Lyrics != "" {
		t.Errorf("%d releases, and of the last %d tracks", n, len(first.Tracks))
	}
	more := s.release("more", 1)
	if err := s.says("Create", vocab.Of(more), s.act); !fault.Is(err, fault.TooLarge) || count() != 2_000 {
		t.Errorf("one more: %v, %d releases", err, count())
	}
	long.Name = "shorter"
	if err := s.says("Update", vocab.Of(long), s.act); err != nil || count() != 2_000 || first.Title != "shorter" {
		t.Errorf("a change: %v, %q", err, first.Title)
	}
	if err := s.says("Delete", vocab.At(s.act.ID+"/releases/m1998"), s.act); err != nil {
		t.Fatal(err)
	}
	if err := s.says("Create", vocab.Of(more), s.act); err != nil || count() != 2_000 {
		t.Errorf("when there is room: %v, %d releases", err, count())
	}
}
