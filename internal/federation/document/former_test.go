package document_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/federation/outbox"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// What was told of and is no more is answered 410 with what it was, at each of its
// addresses; what never was, or was never told of, is 404; what is back is there again.
func TestFormer(t *testing.T) {
	n := fedtest.NewNode(t)
	d := documents(n, newShelf())
	d.Catalogue = &music.Catalogue{Store: n.DB.Music()}
	mux := http.NewServeMux()
	d.Register(mux)
	out := &outbox.Outbox{Site: site, Albums: d, Acts: d.Catalogue, Store: n.DB, Sent: func() {}}
	told := func(tell func() error) {
		t.Helper()
		n.Pass(time.Minute)
		if err := tell(); err != nil {
			t.Fatal(err)
		}
	}
	r, track := n.Publish()
	n.Pass(time.Minute)
	silent, _ := n.Publish()
	n.Withdraw(silent) // before anybody heard of it
	owner := account.Account{ID: id.New[id.Account](n.Now()), Handle: "jo", Name: "Jo", Created: n.Now()}
	if err := n.DB.AccountUpdate(t.Context(), func(tx account.Tx) error { return tx.InsertAccount(t.Context(), owner, "") }); err != nil {
		t.Fatal(err)
	}
	list := music.Playlist{ID: id.New[id.Playlist](n.Now()), Account: owner.ID, Act: n.Act, Title: "Ebb", Access: music.Public, Created: n.Now(), Changed: n.Now()}
	l := social.Live{ID: id.New[id.Live](n.Now()), Act: n.Act, Title: "Ebb", Link: "https://tube.example/", Starts: n.Now(), Ends: n.Now().Add(time.Hour), Published: n.Now(), Updated: n.Now()}
	tell := map[string]func() error{
		"release":  func() error { return out.Release(t.Context(), r) },
		"playlist": func() error { return out.Playlist(t.Context(), list.ID) },
		"live":     func() error { return out.Live(t.Context(), l.ID) },
	}
	keep := func(fn func(music.Tx) error) {
		t.Helper()
		if err := n.DB.Music().Update(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	events := func(fn func(social.Tx) error) {
		t.Helper()
		if err := n.SocialUpdate(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	keep(func(tx music.Tx) error { return tx.InsertPlaylist(t.Context(), &list) })
	events(func(tx social.Tx) error { return tx.PutLive(t.Context(), l) })
	for _, f := range tell {
		told(f)
	}
	former := map[string]string{
		"releases/" + string(r): "nineten:Release", "releases/" + string(r) + "/create": "Create", "releases/" + string(r) + "/note": "Note", "releases/" + string(r) + "/note/create": "Create",
		"tracks/" + string(track): "nineten:AudioTrack", "tracks/" + string(track) + "/note": "Note", "tracks/" + string(track) + "/audio": "Audio",
		"playlists/" + string(list.ID): "nineten:Playlist", "playlists/" + string(list.ID) + "/note": "Note", "live/" + string(l.ID): "nineten:LiveStream", "live/" + string(l.ID) + "/note/create": "Create",
	}
	status := func(want int) {
		t.Helper()
		for path := range former {
			if got := get(mux, "/ap/"+path, asked).Code; got != want {
				t.Errorf("%s: %d, want %d", path, got, want)
			}
		}
	}
	status(http.StatusOK)
	n.Withdraw(r)
	keep(func(tx music.Tx) error { return tx.DeletePlaylist(t.Context(), list.ID) })
	events(func(tx social.Tx) error { return tx.DropLive(t.Context(), l.ID) })
	status(http.StatusNotFound) // until it is told
	for _, f := range tell {
		told(f)
	}
	status(http.StatusGone)
	for path, kind := range former {
		o, err := vocab.Parse(get(mux, "/ap/"+path, asked).Body.Bytes())
		if err != nil || !o.Is("Tombstone") || o.FormerType != kind || o.ID != "https://nine.example/ap/"+path || o.Deleted.IsZero() {
			t.Errorf("%s: %+v, %v", path, o, err)
		}
	}
	for _, path := range []string{"releases/" + string(silent), "releases/" + string(silent) + "/note", "releases/" + string(id.New[id.Release](n.Now())), "releases/" + string(r) + "/likes", "tracks/%00/note", "live/x"} {
		if got := get(mux, "/ap/"+path, asked).Code; got != http.StatusNotFound {
			t.Errorf("%s: %d", path, got)
		}
	}
	keep(func(tx music.Tx) error {
		rel, err := tx.Release(t.Context(), r)
		if err != nil {
			return err
		}
		rel.State = music.Published
		return tx.UpdateRelease(t.Context(), &rel)
	})
	if got := get(mux, "/ap/tracks/"+string(track), asked).Code; got != http.StatusOK {
		t.Errorf("what is back: %d", got)
	}
}
