package document_test

import (
	"net/http"
	"testing"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// Likes and boosts are numbers, of a release and of each track; replies are those
// from elsewhere.
func TestReactionsAreNumbers(t *testing.T) {
	s := fedtest.NewServer(t)
	n := fedtest.NewNode(t, s)
	mux := serveOn(t, n, nil)
	r, track := n.Publish()
	ada := s.Actor("ada")
	if _, err := n.Servers.Actor(t.Context(), ada.ID); err != nil {
		t.Fatal(err)
	}
	if err := n.SocialUpdate(t.Context(), func(tx social.Tx) error {
		if _, err := social.Say(t.Context(), tx, social.Comment{Thing: social.Thing{Release: r, Track: track}, Author: social.Author{Actor: ada.ID, Host: "x"}, IRI: ada.ID + "/notes/1", HTML: "<p>x</p>", Position: -1}); err != nil {
			return err
		}
		if _, err := social.Say(t.Context(), tx, social.Comment{Thing: social.Thing{Release: r}, Author: social.Author{Account: "jo"}, HTML: "<p>here</p>", Position: -1}); err != nil {
			return err
		}
		_, err := tx.React(t.Context(), social.Reacted{Actor: ada.ID, Kind: social.Like, Thing: social.Thing{Release: r, Track: track}, Activity: ada.ID + "/1", At: tx.Now()})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int64{"tracks/" + string(track) + "/likes": 1, "tracks/" + string(track) + "/shares": 0, "releases/" + string(r) + "/likes": 0,
		"tracks/" + string(track) + "/replies": 1, "releases/" + string(r) + "/replies": 1} {
		o, err := vocab.Parse(get(mux, "/ap/"+path, asked).Body.Bytes())
		if err != nil || o.TotalItems != want || o.ID != n.Site.Origin+"/ap/"+path || !o.Is("OrderedCollection") {
			t.Errorf("%s: %+v, %v", path, o, err)
		}
	}
	o, err := vocab.Parse(get(mux, "/ap/tracks/"+string(track)+"/replies?page=1", asked).Body.Bytes())
	if err != nil || len(o.OrderedItems) != 1 || o.OrderedItems[0].ID() != ada.ID+"/notes/1" {
		t.Errorf("%+v, %v", o, err)
	}
	for _, path := range []string{"releases/x/replies", "tracks/" + string(id.New[id.Track](fedtest.Moment)) + "/likes", "releases/x/shares"} {
		if got := get(mux, "/ap/"+path, asked).Code; got != http.StatusNotFound {
			t.Errorf("%s: %d", path, got)
		}
	}
}
