package story

import (
	"fmt"
	"net/http"
	"slices"
)

// together: somebody on one node works on a playlist of an act of another; what they put
// into it is seen where a third follows the act.
func (w *internet) together(a, b, c *networkNode, track string) {
	t := a.T
	t.Helper()
	atB, atC := b.signIn(operator, "read", "library"), c.signIn(operator, "read", "library")
	b.must(http.MethodPut, "/api/v1/me/person", atB, map[string]any{"handle": "wren"}, nil)
	var act struct{ ID string }
	a.must(http.MethodGet, "/api/v1/acts/low-tide", "", nil, &act)
	owner := a.signIn(operator, "read", "library")
	var list struct{ ID string }
	a.must(http.MethodPost, "/api/v1/playlists", owner, map[string]any{"title": "Late trains"}, &list)
	a.must(http.MethodPatch, "/api/v1/playlists/"+list.ID, owner, map[string]any{"access": "public", "act": act.ID}, nil)
	a.must(http.MethodPost, "/api/v1/playlists/"+list.ID+"/collaborators", owner, map[string]any{"handle": "@wren@quay.test"}, nil)
	var shared []struct {
		State    string
		Playlist struct{ ID string }
	}
	b.eventually("somebody at b is invited", func() error {
		b.must(http.MethodGet, "/api/v1/collaborations", atB, nil, &shared)
		if len(shared) != 1 || shared[0].State != "invited" {
			return fmt.Errorf("%+v", shared)
		}
		return nil
	})
	at := "/api/v1/playlists/" + shared[0].Playlist.ID
	b.must(http.MethodPut, at+"/collaboration", atB, map[string]any{"accept": true}, nil)
	a.eventually("a hears that they work on it", func() error {
		var who []struct{ State string }
		a.must(http.MethodGet, "/api/v1/playlists/"+list.ID+"/collaborators", owner, nil, &who)
		if len(who) != 1 || who[0].State != "works" {
			return fmt.Errorf("%+v", who)
		}
		return nil
	})
	b.must(http.MethodPost, at+"/items", atB, map[string]any{"tracks": []string{track}}, nil)
	type items struct {
		Items []struct{ Track struct{ Title string } }
	}
	titles := func(n *networkNode, token, path string) (out []string) {
		var l items
		n.must(http.MethodGet, path, token, nil, &l)
		for _, i := range l.Items {
			out = append(out, i.Track.Title)
		}
		return out
	}
	one := []string{"Tabla"}
	a.eventually("it is in a's playlist", func() error {
		if got := titles(a, owner, "/api/v1/playlists/"+list.ID); !slices.Equal(got, one) {
			return fmt.Errorf("%v", got)
		}
		return nil
	})
	c.eventually("c, which follows, sees it", func() error {
		var there struct {
			Playlists []struct{ ID, Title string }
		}
		c.must(http.MethodGet, "/api/v1/elsewhere/acts/low-tide@shore.test", atC, nil, &there)
		if len(there.Playlists) != 1 {
			return fmt.Errorf("%+v", there)
		}
		if got := titles(c, atC, "/api/v1/playlists/"+there.Playlists[0].ID); !slices.Equal(got, one) {
			return fmt.Errorf("%v", got)
		}
		return nil
	})
	b.eventually("b, which added it, sees it", func() error {
		if got := titles(b, atB, at); !slices.Equal(got, one) {
			return fmt.Errorf("%v", got)
		}
		return nil
	})
}
