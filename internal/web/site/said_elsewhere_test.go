package site_test

import (
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/fedtest"
)

// An act of another server has its members and links, and its release its discs, who plays
// on it and that it is explicit, as those of this node have.
func TestAlbumElsewhere(t *testing.T) {
	n := newNode(t)
	v := n.setUp(true)
	server := fedtest.NewServer(t)
	act := server.Actor("tide")
	act.Plays("tide", "Tide", "Ebb")
	act.Records("tide", "Tide", "Shoals")
	desk := fedtest.NewNode(t, server).Desk(n.db, form.Site{Origin: "https://quay.example"})
	n.site.Elsewhere = desk
	v.open("/search?q=@tide@"+server.Host()).sees(200, "/search", "Tide")
	if err := desk.Backfill(t.Context(), []byte(`{"actor":"`+act.ID+`","left":9}`)); err != nil {
		t.Fatal(err)
	}
	f, err := desk.Act(t.Context(), "", "tide@"+server.Host())
	if err != nil || len(f.Releases) != 1 {
		t.Fatalf("%+v, %v", f.Releases, err)
	}
	v.open("/act/tide@"+server.Host()).sees(200, "/act/tide@"+server.Host(), "<dt>piano & voice</dt><dd>Ida Solheim</dd>", `<a class="link" href="https://tide.example/" rel="noreferrer nofollow">Web</a>`)
	at := "/release/" + string(f.Releases[0].ID)
	v.open(at).sees(200, at, "Disc 1", "Disc 2", "<dt>Piano</dt><dd>Ida Solheim</dd>", "<dt>With</dt><dd>Bo Lind</dd>")
	if n := strings.Count(v.body, `<span class="chip">Explicit</span>`); n != 2 {
		t.Errorf("%d of two tracks are marked", n)
	}
	v.open("/search?q=near").sees(200, "/search", `<span class="chip">Explicit</span>`)
}
