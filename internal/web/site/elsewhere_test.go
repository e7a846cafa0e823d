package site_test

import (
	"crypto/ed25519"
	"fmt"
	"html"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// Somebody looks for an act of another server, opens it, follows it, and has
// what it publishes on the first page; who is of another server is led home.
func TestElsewhere(t *testing.T) {
	n := newNode(t)
	v := n.setUp(true)
	server := fedtest.NewServer(t)
	act := server.Actor("tide")
	act.Plays("tide", "Tide", "Ebb")
	desk := fedtest.NewNode(t, server).Desk(n.db, form.Site{Origin: "https://quay.example"})
	handle := "tide@" + server.Host()
	v.open("/act/"+handle).sees(404, "/act/"+handle)
	n.site.Elsewhere, n.site.Listen = desk, listen.NewDesk("quay.example", n.db, make(ed25519.PrivateKey, ed25519.PrivateKeySize))
	v.open("/search?q=@nobody@127.0.0.1:1").sees(200, "/search", "cannot be reached").misses("Nothing found")
	v.open("/search?q=@"+handle).sees(200, "/search", "Tide", server.Host(), "/act/"+handle)
	v.open("/act/"+handle).sees(200, "/act/"+handle, "Nothing is known yet", "Its page on "+server.Host())
	if err := desk.Backfill(t.Context(), []byte(`{"actor":"`+act.ID+`","left":9}`)); err != nil {
		t.Fatal(err)
	}
	if err := desk.Backfill(t.Context(), []byte(`{"actor":"`+act.ID+`","left":9,"lists":true}`)); err != nil {
		t.Fatal(err)
	}
	f, err := desk.Act(t.Context(), "", handle)
	if err != nil || len(f.Playlists) != 1 {
		t.Fatalf("%+v, %v", f.Playlists, err)
	}
	list := "/playlist/" + string(f.Playlists[0].ID)
	v.open(list).sees(200, list, "Ebb at night", "Ebb I", "on "+server.Host(), "/act/"+handle, "Who works on it", "@"+handle, "reef.example/users/bo").misses("not known here")
	v.open("/act/@"+handle).sees(200, "/act/@"+handle, list, "Ebb at night", "Ebb", "Follow").misses("Nothing is known yet")
	v.send("/follow", "act", act.ID, "on", "1", "back", "/act/"+handle).sees(200, "/act/"+handle, "Following", "has not answered yet")
	v.open("/").sees(200, "/", "New from acts you follow", "Ebb")
	if err := n.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		return social.TakeShare(t.Context(), tx, social.Share{Actor: act.ID, Activity: act.ID + "/s", About: act.ID + "/t/1"}, social.Thing{})
	}); err != nil {
		t.Fatal(err)
	}
	v.open("/following").sees(200, "/following", "Ebb", "Ebb I", "Shared by Tide", "#t-")
	v.open("/library?view=acts").sees(200, "/library", "Tide")
	var release social.Release
	if err := n.db.SocialView(t.Context(), func(tx social.Tx) error {
		list, err := tx.ReleasesOf(t.Context(), act.ID, 1)
		if err == nil {
			release = list[0]
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	at := "/release/" + string(release.ID)
	v.open(at).sees(200, at, "Ebb I", "On another server", "Shore Records", `href="/search?q=field-recording"`, "has not said yet who earns what").misses("Shares differ")
	track := string(n.tracksElsewhere(release.ID)[0])
	v.send("/like", "kind", "track", "id", track, "on", "1", "back", at).sees(200, at, `aria-pressed="true" aria-label="Like Ebb I"`)
	v.send("/like", "kind", "release", "id", string(release.ID), "on", "1", "back", at).sees(200, at, `aria-pressed="true" aria-label="Like Ebb"`)
	v.open("/library?view=tracks").sees(200, "/library", "Ebb I", "/act/"+handle)
	v.open("/library?view=releases").sees(200, "/library", "Ebb", at)
	v.send("/playlists", "title", "Mixed", "tracks", track)
	v.sees(200, v.path, "Mixed", "Ebb I", "/act/"+handle)
	v.send(at+"/comments", "text", "So *quiet*.", "track", track, "at", "0:09").sees(200, at, "So *quiet*.", "0:09", "Ebb I").misses("Nobody on this node")
	if err := n.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		full, err := tx.Release(t.Context(), release.ID)
		if err != nil {
			return err
		}
		full.Policies = social.Policies{social.Commenting: social.Nobody}
		return tx.PutRelease(t.Context(), &full)
	}); err != nil {
		t.Fatal(err)
	}
	v.open(at).sees(200, at, "takes no comments on it", "So *quiet*.").misses(`id="c-text"`)
	v.open("/search?q=field-recording").sees(200, "/search", at).misses("Nothing found")
	v.open("/search?q=shore+records").sees(200, "/search", at)
	v.open("/search?q=tide").sees(200, "/search", `id="h-acts"`, `<a class="card" href="/act/`+handle+`"`, "<strong>Tide</strong>", server.Host()).misses("Nothing found")
	v.open("/search?q=ebb").misses(`id="h-acts"`)
	v.open("/search?q=ebb").sees(200, "/search", "Ebb I", at, "Ebb at night", list, "/act/"+handle).misses("Nothing found")
	v.send("/follow", "act", act.ID, "on", "0", "back", "/").misses("Ebb")
	shore := music.Act{ID: id.New[id.Act](fedtest.Moment), Handle: "shore", Name: "Shore", Created: fedtest.Moment, Changed: fedtest.Moment}
	if err := n.db.Music().Update(t.Context(), func(tx music.Tx) error { return tx.InsertAct(t.Context(), &shore) }); err != nil {
		t.Fatal(err)
	}
	const form = "/act/shore/follow"
	v.send(form, "who", "@me@"+server.Host()).sees(200, form, "Go on to "+server.Host(), server.URL+"/authorize?uri=shore%40")
	v.send(form, "who", "me").sees(200, form, "Write your handle")
}

// The page of an act elsewhere has all its releases that are known, a page at a time.
func TestManyReleasesElsewhere(t *testing.T) {
	n := newNode(t)
	v := n.setUp(true)
	server := fedtest.NewServer(t)
	act := server.Actor("tide")
	act.Plays("tide", "Tide", "Ebb")
	handle := "tide@" + server.Host()
	n.site.Elsewhere = fedtest.NewNode(t, server).Desk(n.db, form.Site{Origin: "https://quay.example"})
	v.open("/search?q=@"+handle).sees(200, "/search", "Tide")
	if err := n.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		for i := range 120 {
			at := fmt.Sprintf("%s/r/%d", act.ID, i)
			r := social.Release{IRI: at, Actor: act.ID, Title: fmt.Sprintf("Volume %03d.", i), Kind: music.Album, Published: fedtest.Moment.Add(time.Duration(i) * time.Hour),
				Tracks: []social.Track{{IRI: at + "/t", Title: "One", Sound: server.URL + "/sound.flac"}}}
			if err := tx.PutRelease(t.Context(), &r); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for at := "/act/" + handle; at != ""; {
		v.open(at)
		seen += strings.Count(v.body, "Volume ")
		_, more, _ := strings.Cut(v.body, `<p class="more"><a class="btn line" href="`)
		at, _, _ = strings.Cut(more, `"`)
		at = html.UnescapeString(at)
	}
	if seen < 120 {
		t.Errorf("%d releases are seen", seen)
	}
	v.sees(200, v.path, "Volume 000.").misses("Volume 119.")
}

// A label of another server is found, shown as one, and followed like an act.
func TestLabelElsewhere(t *testing.T) {
	n := newNode(t)
	v := n.setUp(true)
	server := fedtest.NewServer(t)
	label := server.Actor("reef")
	label.Kind = "Organization"
	label.Plays("reef", "Reef Records", "Sampler")
	desk := fedtest.NewNode(t, server).Desk(n.db, form.Site{Origin: "https://quay.example"})
	n.site.Elsewhere, n.site.Listen = desk, listen.NewDesk("quay.example", n.db, make(ed25519.PrivateKey, ed25519.PrivateKeySize))
	at := "/act/reef@" + server.Host()
	v.open("/search?q=@reef@"+server.Host()).sees(200, "/search", "Reef Records", at)
	v.open(at).sees(200, at, "Nothing is known yet", "What the label has announced is being fetched", "Report this label")
	if err := desk.Backfill(t.Context(), []byte(`{"actor":"`+label.ID+`","left":9}`)); err != nil {
		t.Fatal(err)
	}
	v.open(at).sees(200, at, `<p class="label">Label, on `+server.Host(), "Reef Records", "Sampler", "Follow").misses(`<p class="label">Act`)
	gale := fedtest.NewServer(t).Actor("gale")
	if err := n.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		if err := tx.PutActor(t.Context(), social.Actor{ID: gale.ID, Host: "gale.example", Kind: "Person", Handle: "gale", Name: "Gale", Inbox: gale.ID + "/inbox", Fetched: tx.Now()}); err != nil {
			return err
		}
		squall := social.Release{IRI: gale.ID + "/r", Actor: gale.ID, Title: "Squall", Kind: music.Album, Date: "2019", Published: fedtest.Moment}
		if err := social.Shelve(t.Context(), tx, &squall); err != nil {
			return err
		}
		_, err := social.KeepShare(t.Context(), tx, social.Share{Actor: label.ID, Activity: label.ID + "/a", About: squall.IRI, At: fedtest.Moment}, social.Thing{}, time.Time{})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	v.open(at).sees(200, at, "On the label", "Squall", "Album, 2019", `href="/act/gale@gale.example"`)
	v.send("/follow", "act", label.ID, "on", "1", "back", at).sees(200, at, "Following", "has not answered yet")
	v.open("/").sees(200, "/", "New from acts you follow", "Sampler")
	if err := n.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		return social.Shelve(t.Context(), tx, &social.Release{IRI: label.ID + "/old", Actor: label.ID, Title: "Before", Kind: music.Album, Published: n.site.Now().AddDate(-1, 0, 0)})
	}); err != nil {
		t.Fatal(err)
	}
	v.open("/following").sees(200, "/following", "Squall", "Shared by Reef Records", "Before", n.site.Now().AddDate(-1, 0, 0).UTC().Format("2 January 2006"), fedtest.Moment.Format("2 January<"))
}

// tracksElsewhere are the tracks of a release of another server.
func (n *node) tracksElsewhere(r id.Release) (out []id.Track) {
	n.Helper()
	if err := n.db.SocialView(n.Context(), func(tx social.Tx) error {
		full, err := tx.Release(n.Context(), r)
		for i := range full.Tracks {
			out = append(out, full.Tracks[i].ID)
		}
		return err
	}); err != nil {
		n.Fatal(err)
	}
	return out
}

// An act moves away, to one that names it, with the password; its page says so, and
// it comes back.
func TestMoveAnAct(t *testing.T) {
	n := newNode(t)
	v := n.setUp(true)
	n.site.Listen = listen.NewDesk("quay.example", n.db, make(ed25519.PrivateKey, ed25519.PrivateKeySize))
	shore := music.Act{ID: id.New[id.Act](fedtest.Moment), Handle: "shore", Name: "Shore", Created: fedtest.Moment, Changed: fedtest.Moment}
	if err := n.db.Music().Update(t.Context(), func(tx music.Tx) error {
		if err := tx.InsertAct(t.Context(), &shore); err != nil {
			return err
		}
		owner, err := n.accounts.ByHandle(t.Context(), "anneke")
		if err != nil {
			return err
		}
		return tx.SetRole(t.Context(), shore.ID, owner.ID, music.Owner)
	}); err != nil {
		t.Fatal(err)
	}
	at := "/studio/act/" + string(shore.ID) + "/home"
	v.open(at).sees(404, at)
	server := fedtest.NewServer(t)
	act := server.Actor("tide")
	act.Plays("tide", "Tide", "Ebb")
	site := form.Site{Origin: "https://quay.example"}
	n.site.Elsewhere = fedtest.NewNode(t, server).Desk(n.db, site)
	to := "tide@" + server.Host()
	v.open("/studio/act/"+string(shore.ID)).sees(200, "/studio/act/"+string(shore.ID), "Move here from another server")
	v.send(at, "do", "known", "addresses", "@nobody").sees(422, at, "Write an address on another server")
	typed := "@" + to + "\n@ada@away.invalid" // what was written stays
	v.send(at, "do", "known", "addresses", typed).sees(422, at, typed)
	v.send(at, "do", "known", "addresses", "@"+to).sees(200, at, "Saved.", "@"+to)
	v.send(at, "do", "move", "to", "@"+to, "password", "another one").sees(422, at, "That is not your password")
	v.send(at, "do", "move", "to", "@"+to, "password", words).sees(409, at, "does not say that it is also known as")
	doc := act.Document()
	doc.PreferredUsername, doc.AlsoKnownAs = "tide", []string{site.Act(shore.ID)}
	server.Publish(doc, "")
	v.send(at, "do", "move", "to", "@"+to, "password", words).sees(200, at, "It has moved to @", "It is here again").misses("Move it away")
	v.open("/act/shore").sees(200, "/act/shore", "It has moved to @"+to, "Go there").misses("Follow from your server")
	v.send("/follow", "act", string(shore.ID), "on", "1", "back", "/act/shore").sees(409, "/follow", "Follow it there")
	v.send(at, "do", "return").sees(200, at, "It is here again.", "It can move again on")
	v.send(at, "do", "move", "to", "@"+to, "password", words).sees(409, at, "can again on")
	v.open("/act/shore").misses("has moved")
}

// The page of a release on another node says whether plays of it count, and why not.
func TestPaidElsewhere(t *testing.T) {
	n := newNode(t)
	v := n.setUp(true)
	server := fedtest.NewServer(t)
	act := server.Node()
	desk := fedtest.NewNode(t, server).Desk(n.db, form.Site{Origin: "https://quay.example"})
	n.site.Elsewhere, n.site.Listen = desk, listen.NewDesk("quay.example", n.db, make(ed25519.PrivateKey, ed25519.PrivateKeySize))
	v.open("/search?q="+act.ID).sees(200, "/search", "Tide")
	if err := desk.Backfill(t.Context(), []byte(`{"actor":"`+act.ID+`","left":9}`)); err != nil {
		t.Fatal(err)
	}
	f, err := desk.Act(t.Context(), "", "tide@"+server.Host())
	if err != nil {
		t.Fatal(err)
	}
	release := f.Releases[0].ID
	ask := func() {
		t.Helper()
		if err := desk.Credits(t.Context(), []byte(release)); err != nil {
			t.Fatal(err)
		}
	}
	at := "/release/" + string(release)
	ask()
	v.open(at).sees(200, at, "your month pays the act", "Earns 100 %", "/act/tide@"+server.Host()).misses("has a wallet yet", "is not counted")
	poor := act.Credits()
	poor.Payouts[0].Wallets = nil
	act.Says(poor, act, fedtest.Moment)
	ask()
	v.open(at).sees(200, at, "your month pays the act", "has a wallet yet")
	server.Serve("/ap/releases/"+fedtest.PaidRelease+"/credits", "application/activity+json", []byte("{}"))
	ask()
	v.open(at).sees(200, at, "what it said before counts", "The credits cannot be read")
}

// What other nodes tell of plays is on the act's statement, and what does not fit is
// on the operator's page.
func TestToldOfPlays(t *testing.T) {
	n := newNode(t)
	v := n.setUp(true)
	act := music.Act{ID: id.New[id.Act](fedtest.Moment), Handle: "shore", Name: "Shore", Created: fedtest.Moment, Changed: fedtest.Moment}
	if err := n.db.Music().Update(t.Context(), func(tx music.Tx) error { return tx.InsertAct(t.Context(), &act) }); err != nil {
		t.Fatal(err)
	}
	if err := n.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		if err := tx.PutPeer(t.Context(), social.Peer{Host: "quay.example", Software: "9ten"}); err != nil {
			return err
		}
		return tx.PutListens(t.Context(), social.Listens{ID: "https://quay.example/ap/activities/1", Host: "quay.example", Act: act.ID, Track: fedtest.PaidTrack, First: tx.Now().Add(-48 * time.Hour), Until: tx.Now().Add(-24 * time.Hour), Plays: 80, Counted: 77, Seconds: 7265}, []byte("x"))
	}); err != nil {
		t.Fatal(err)
	}
	month := calendar.PeriodOf(fedtest.Moment).Add(-1)
	if err := n.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
		for i := range 25 {
			p := social.Paid{ID: fmt.Sprint(i), Host: fmt.Sprintf("n%02d.example", i), Act: act.ID, Period: month, Listeners: int64(i), Micro: 2_500_000}
			if _, err := tx.PutPaid(t.Context(), p, []byte("x")); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	at := "/studio/act/" + string(act.ID) + "/statement"
	v.open(at).sees(200, at, "Paid on other nodes", "n07.example", "under five", "Told, not checked", "$2.5", "October 2026", "Earlier months").misses("n24.example")
	v.open(at+"?after=2026-10+n23.example").sees(200, at, "n24.example").misses("n07.example", "Earlier months")
	v.open(at).sees(200, at, "Plays on other nodes", "quay.example", "77", "2:01:05")
	v.open("/operator/federation").sees(200, "/operator/federation", "it told of 77 counted plays", "asked for the sound 0 times", "That does not fit")
}
