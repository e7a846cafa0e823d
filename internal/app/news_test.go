package app

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
)

// What somebody on another server shares is new for who follows them here: music of this
// node and of a third server, which is asked for it, until they take it back.
func TestSharedElsewhereIsNews(t *testing.T) {
	third, general := fedtest.NewServer(t), fedtest.NewServer(t)
	gale, ada := third.Actor("gale"), general.Actor("ada")
	gale.Plays("gale", "Gale", "Squall")
	w := newWatched(t, fedtest.Moment, third, general)
	release, _ := w.publishes(id.New[id.Act](w.now()), "Two people and a piano.")
	stop := w.runs()
	defer stop()
	s := &suite{watched: w, ada: ada, bo: ada}
	wren := w.joins(1)
	var found struct{ Handle string }
	wren.do(http.MethodGet, "/api/v1/elsewhere?who="+url.QueryEscape(ada.ID), nil, &found)
	wren.do(http.MethodPut, "/api/v1/elsewhere/acts/"+url.PathEscape(found.Handle)+"/follow", nil, nil)
	news := func() (out []string) {
		var page struct {
			Rows []struct {
				Release struct{ Title string }
				By      struct{ Actor string } `json:"shared_by"`
			}
		}
		wren.do(http.MethodGet, "/api/v1/following", nil, &page)
		for _, x := range page.Rows {
			if x.By.Actor == ada.ID {
				out = append(out, x.Release.Title)
			}
		}
		return out
	}
	_, here := s.sends(ada, "Announce", vocab.At(fedtest.Origin+"/ap/releases/"+string(release)+"/note"))
	w.arrives("what is shared of here is there", func() bool { return len(news()) == 1 })
	s.sends(ada, "Announce", vocab.At(gale.ID+"/r/1"))
	w.arrives("what is shared of a third server is there", func() bool { return len(news()) == 2 })
	s.sends(ada, "Undo", vocab.At(here.ID))
	w.arrives("what is taken back is not", func() bool { got := news(); return len(got) == 1 && got[0] == "Squall" })
}
