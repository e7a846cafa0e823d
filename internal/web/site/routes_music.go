package site

import (
	"context"
	"strings"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/web"
)

// Music is what the pages of music ask.
type Music struct {
	Catalogue *music.Catalogue
	Library   *music.Library
	Feed      *social.Feed
	Listen    *listen.Desk
	Talk      *social.Talk
	Lives     *social.Lives
	People    *social.People
	Door      *social.Door
	Together  *social.Together
	Reports   *social.Reports
}

// musicPages are the pages one browses, and one's own library.
func (s *Site) musicPages() []page {
	return []page{
		{pattern: "GET /{$}", do: (*visit).home},
		{pattern: "GET /browse", do: (*visit).browse},
		{pattern: "GET /tag/{tag}", do: (*visit).tag},
		{pattern: "GET /release/{id}", do: (*visit).release},
		{pattern: "GET /act/{handle}", do: (*visit).act},
		{pattern: "POST /act/{handle}/follow", do: (*visit).followFrom, open: true},
		{pattern: "GET /live/{id}/go", do: (*visit).goLive},
		{pattern: "GET /person/{handle}", do: (*visit).person},
		{pattern: "GET /search", do: (*visit).search},
		{pattern: "GET /queue", do: (*visit).queue},
		{pattern: "GET /library", who: listener, do: (*visit).library},
		{pattern: "GET /playlist/{id}", do: (*visit).playlist},
		{pattern: "GET /following", who: listener, do: (*visit).following},
		{pattern: "GET /history", who: listener, do: (*visit).history},
		{pattern: "POST /release/{id}/comments", who: listener, do: (*visit).comment},
		{pattern: "POST /comment/{id}", who: listener, do: (*visit).keepComment},
		{pattern: "GET /report", who: listener, do: (*visit).reportForm},
		{pattern: "POST /report", who: listener, do: (*visit).report},
		{pattern: "POST /like", who: listener, do: (*visit).like},
		{pattern: "POST /boost", who: listener, do: (*visit).boost},
		{pattern: "POST /follow", who: listener, do: (*visit).follow},
		{pattern: "POST /playlists", who: listener, do: (*visit).newPlaylist},
		{pattern: "POST /playlist/{id}", who: listener, do: (*visit).editPlaylist},
		{pattern: "POST /playlist/{id}/add", who: listener, do: (*visit).addToPlaylist},
		{pattern: "POST /playlist/{id}/move", who: listener, do: (*visit).movePlaylistItem},
		{pattern: "POST /playlist/{id}/remove", who: listener, do: (*visit).dropPlaylistItem},
		{pattern: "POST /playlist/{id}/delete", who: listener, do: (*visit).deletePlaylist},
		{pattern: "POST /playlist/{id}/invite", who: listener, do: (*visit).inviteToPlaylist},
		{pattern: "POST /playlist/{id}/end", who: listener, do: (*visit).endCollaborator},
		{pattern: "POST /playlist/{id}/part", who: listener, do: (*visit).collaborate},
		{pattern: "POST /history/pause", who: listener, do: (*visit).pauseHistory},
		{pattern: "POST /history/delete", who: listener, do: (*visit).dropHistory},
	}
}

// ears are the viewer as music knows them.
func (v *visit) ears() music.Viewer {
	return music.Viewer{Account: v.viewer.Account, Moderator: v.viewer.Has(account.Moderator), Admin: v.viewer.Has(account.Admin)}
}

// back sends the browser to where a form came from.
func (v *visit) back(notice string) error {
	to := v.form.Get("back")
	if to == "" {
		to = "/"
	}
	return v.goTo(to, notice)
}

// absolute makes an address of this node whole, for link previews.
func (v *visit) absolute(path string) string { return strings.TrimSuffix(v.site.BaseURL, "/") + path }

// public fills what search engines and link previews read of a page.
func (v *visit) public(p *web.Page, path, description string, c web.Cover) {
	p.Canonical, p.Description = v.absolute(path), description
	if c.ID != "" {
		p.Image = v.absolute("/covers/" + c.ID + "/640.jpg")
	}
}

// ActCard is an act as receipts and grids show it.
type ActCard struct {
	Name, URL string
	Cover     web.Cover
}

// acts returns cards of acts by id. An act without a picture of its own wears
// the cover of its most played release. One that is gone has its id for a name.
func (v *visit) acts(ids []id.Act) (map[id.Act]ActCard, error) {
	cards := make(map[id.Act]ActCard, len(ids))
	rows, err := v.site.Catalogue.ActNames(v.Context(), ids)
	if err != nil {
		return nil, err
	}
	for _, a := range ids {
		row, ok := rows[a]
		if !ok {
			cards[a] = ActCard{Name: string(a)}
			continue
		}
		c := ActCard{Name: row.Name, URL: "/act/" + row.Handle, Cover: sleeve(row.Cover)}
		if c.Cover.ID == "" {
			if c.Cover, err = v.sleeveOf(a); err != nil {
				return nil, err
			}
		}
		cards[a] = c
	}
	return cards, nil
}

// sleeveOf is the cover of an act's most played release, or none.
func (v *visit) sleeveOf(a id.Act) (web.Cover, error) {
	list, err := v.site.Catalogue.Releases(v.Context(), music.Filter{Act: a, Order: music.Popular}, music.Page{Limit: 4})
	if err != nil {
		return web.Cover{}, err
	}
	for _, r := range list.Rows {
		if r.Cover.ID != "" {
			return sleeve(r.Cover), nil
		}
	}
	return web.Cover{}, nil
}

// queue is the page of the queue: the player draws its list.
func (v *visit) queue() error {
	p := &QueuePage{Page: v.base("Queue", "")}
	p.NoIndex = true
	return v.show("queue", p)
}

// QueuePage is /queue.
type QueuePage struct{ web.Page }

// like puts a heart on a track or a release, or takes it away.
func (v *visit) like() error {
	on := v.form.Get("on") == "1"
	err := v.setLike(v.Context(), v.form.Get("kind"), v.form.Get("id"), on)
	if err != nil {
		return err
	}
	return v.back("")
}

func (v *visit) setLike(ctx context.Context, kind, what string, on bool) error {
	switch kind {
	case "track":
		t, err := id.Parse[id.Track](what)
		if err != nil {
			return err
		}
		return v.site.Library.Like(ctx, v.ears(), t, on)
	case "release":
		r, err := id.Parse[id.Release](what)
		if err != nil {
			return err
		}
		return v.site.Library.LikeRelease(ctx, v.ears(), r, on)
	}
	return fault.New(fault.Invalid, "Only tracks and releases can be liked.")
}

// follow begins or ends following an act.
func (v *visit) follow() error {
	if act := v.form.Get("act"); v.site.Elsewhere != nil && strings.HasPrefix(act, "https://") {
		if err := v.site.Elsewhere.Follow(v.Context(), v.viewer.Account, act, v.form.Get("on") == "1"); err != nil {
			return err
		}
		return v.back("")
	}
	a, err := id.Parse[id.Act](v.form.Get("act"))
	if err != nil {
		return err
	}
	if err := v.site.Library.Follow(v.Context(), v.ears(), a, v.form.Get("on") == "1"); err != nil {
		return err
	}
	return v.back("")
}

// pagePath is the address of this page with another cursor.
func (v *visit) pagePath(name, cursor string) string {
	if cursor == "" {
		return ""
	}
	q := v.URL.Query()
	q.Set(name, cursor)
	return v.URL.Path + "?" + q.Encode()
}
