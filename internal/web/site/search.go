package site

import (
	"strings"

	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/web"
)

// SearchPage is /search.
type SearchPage struct {
	web.Page
	Asked     bool
	Acts      []ActTile
	Releases  []Sleeve
	Tracks    []web.TrackRow
	Playlists []PlaylistLine
	Tags      []music.TagCount // found, or to begin with
	Nothing   bool
	Trouble   string // why nobody was found on another server
}

// PlaylistLine is a playlist in a list.
type PlaylistLine struct {
	Title, URL, Owner string
	Access            music.Access
	Items, Millis     int64
	Cover             web.Cover
}

// each list of results shows at most this many.
const searchMax = 12

// search finds what holds the words.
func (v *visit) search() error {
	q := strings.TrimSpace(v.URL.Query().Get("q"))
	p := &SearchPage{Page: v.base("Search", "")}
	p.NoIndex, p.Query = true, shorten(q, 200)
	if q == "" {
		var err error
		if p.Tags, err = v.site.Catalogue.Tags(v.Context(), "", 24); err != nil {
			return err
		}
		return v.show("search", p)
	}
	p.Title, p.Asked = p.Query, true
	found, err := v.site.Catalogue.Search(v.Context(), q, searchMax)
	if err != nil {
		return err
	}
	p.Nothing, p.Tags, p.Releases = found.Empty(), found.Tags, shelf(found.Releases)
	if p.Acts, err = v.tiles(found.Acts); err != nil {
		return err
	}
	if p.Tracks, err = v.withLikes(found.Tracks); err != nil {
		return err
	}
	for _, l := range found.Playlists {
		p.Playlists = append(p.Playlists, PlaylistLine{Title: l.Title, URL: "/playlist/" + string(l.ID), Owner: l.Owner, Access: l.Access, Items: l.Items, Millis: l.DurationMS, Cover: sleeve(l.Cover)})
	}
	if err := v.searchElsewhere(p, q); err != nil {
		return err
	}
	v.findElsewhere(p, q)
	return v.show("search", p)
}
