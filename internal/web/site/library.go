package site

import (
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/web"
)

// LibraryPage is /library: what a listener keeps.
type LibraryPage struct {
	web.Page
	View      string // "playlists", "tracks", "releases" or "acts"
	Views     []View
	Playlists []PlaylistLine
	Invited   []PlaylistLine // to work on them
	Tracks    []web.TrackRow
	Releases  []Sleeve
	Acts      []ActTile
	More      string
}

// library shows one of the four shelves.
func (v *visit) library() (err error) {
	view := v.URL.Query().Get("view")
	if view == "" {
		view = "playlists"
	}
	p := &LibraryPage{Page: v.base("Library", web.NavLibrary), View: view}
	p.NoIndex = true
	p.Views = shelves(view)
	ctx, at := v.Context(), music.Page{After: v.URL.Query().Get("after"), Limit: perPage}
	next := ""
	switch view {
	case "playlists":
		err = v.ownPlaylists(p)
	case "tracks":
		at.Limit = perTracks
		var l music.List[music.TrackRow]
		if l, err = v.site.Library.Likes(ctx, v.ears(), at); err == nil {
			p.Tracks, err = v.withLikes(l.Rows)
			gone(p.Tracks, l.Rows)
		}
		next = l.Next
	case "releases":
		var l music.List[music.ReleaseRow]
		l, err = v.site.Library.ReleaseLikes(ctx, v.ears(), at)
		p.Releases, next = shelf(l.Rows), l.Next
	case "acts":
		var l music.List[music.ActRow]
		if l, err = v.site.Library.Follows(ctx, v.ears(), at); err == nil {
			p.Acts, err = v.tiles(l.Rows)
		}
		if next = l.Next; err == nil && at.After == "" {
			var there []ActTile
			there, err = v.followsElsewhere()
			p.Acts = append(p.Acts, there...)
		}
	default:
		return fault.New(fault.NotFound, "There is no shelf of that name in the library.")
	}
	if err != nil {
		return err
	}
	p.More = v.pagePath("after", next)
	return v.show("library", p)
}

// shelves are the parts of the library, and which of them is shown.
func shelves(view string) []View {
	return []View{
		{"Playlists", "/library", view == "playlists"}, {"Liked tracks", "/library?view=tracks", view == "tracks"},
		{"Liked releases", "/library?view=releases", view == "releases"}, {"Followed acts", "/library?view=acts", view == "acts"}, {"What is new", "/following", view == "new"},
	}
}

// FollowingPage is /following: what acts that the viewer follows published and shared.
type FollowingPage struct {
	web.Page
	Views []View
	News  []Sleeve
	More  string
}

func (v *visit) following() error {
	p := &FollowingPage{Page: v.base("What is new", web.NavLibrary), Views: shelves("new")}
	p.NoIndex = true
	l, err := v.site.Feed.News(v.Context(), v.ears(), music.Page{After: v.URL.Query().Get("after"), Limit: perPage})
	if err != nil {
		return err
	}
	p.News, p.More = v.newsShelf(l.Rows), v.pagePath("after", l.Next)
	return v.show("news", p)
}

func (v *visit) ownPlaylists(p *LibraryPage) error {
	lists, err := v.site.Library.Playlists(v.Context(), v.ears())
	if err != nil {
		return err
	}
	p.Playlists = playlistLines(lists)
	shared, err := v.site.Together.Lists(v.Context(), v.ears())
	for i := range shared {
		c := &shared[i]
		line := playlistLines([]music.Playlist{c.List})[0]
		if line.Owner = c.By(); c.State == social.Works {
			p.Playlists = append(p.Playlists, line)
		} else {
			p.Invited = append(p.Invited, line)
		}
	}
	return err
}

func playlistLines(lists []music.Playlist) (out []PlaylistLine) {
	for _, l := range lists {
		out = append(out, PlaylistLine{Title: l.Title, URL: "/playlist/" + string(l.ID), Access: l.Access, Items: l.Items, Millis: l.DurationMS, Cover: sleeve(l.Cover)})
	}
	return out
}

// gone says of tracks that are not public any more why they do not play.
func gone(out []web.TrackRow, rows []music.TrackRow) {
	for i := range rows {
		if !rows[i].Available {
			out[i].Trouble = "Its act or this node has taken it out."
		}
	}
}
