package site

import (
	"strings"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/web"
)

// ActPage is /act/{handle}.
type ActPage struct {
	web.Page
	ID        id.Act
	Name      string
	Handle    string
	Place     string
	Aliases   []string
	About     About
	Members   []music.Member
	Links     []music.Link
	Facts     []music.Member // what else the profile of one elsewhere says
	Cover     web.Cover
	Followers int64
	Elsewhere string         // the handle under which people of other servers find it, "" when they cannot
	Moved     music.Location // where it moved, empty: it is here
	Following bool
	Releases  []Sleeve
	Playlists []PlaylistLine
	Popular   []web.TrackRow
	More      string
	Own       bool // the viewer works for the act
	FollowID  string
	Away      away
	Label     bool      // it is a label, here or elsewhere
	Acts      []ActTile // of a label
	Announced []Sleeve  // by a label elsewhere
	Earlier   string    // address of the page with more of it, "" none
	Back      string
	Live      []LiveLine
	Report    string // where it is reported, "" not by the viewer
}

// popularOfAct is how many of an act's tracks its page plays.
const popularOfAct = 10

// act shows one act.
func (v *visit) act() error {
	ctx := v.Context()
	if name := strings.TrimPrefix(v.PathValue("handle"), "@"); strings.Contains(name, "@") {
		return v.actElsewhere(name)
	}
	a, err := v.site.Catalogue.Act(ctx, v.ears(), v.PathValue("handle"))
	if err != nil {
		return err
	}
	p := &ActPage{Page: v.named(a.Act.Name, web.NavBrowse), ID: a.Act.ID, Name: a.Act.Name, Handle: a.Act.Handle, Place: a.Act.Place, Aliases: a.Act.Aliases,
		About: about(a.Act.Bio), Members: a.Act.Members, Links: a.Act.Links, Cover: sleeve(a.Act.Cover), Followers: a.Act.Followers,
		Following: a.Following, Moved: a.Home.Moved, Own: a.Role != music.NoRole, FollowID: string(a.Act.ID), Back: "/act/" + a.Act.Handle}
	if p.Cover.ID == "" {
		if p.Cover, err = v.sleeveOf(p.ID); err != nil {
			return err
		}
	}
	p.Accents = p.Cover.Accents
	if !p.Own {
		p.Report = v.reporting(social.AnAct, string(p.ID))
	}
	releases, err := v.site.Catalogue.Releases(ctx, music.Filter{Act: p.ID}, music.Page{After: v.URL.Query().Get("after"), Limit: perPage})
	if err != nil {
		return err
	}
	if v.site.Servers.Federates() {
		p.Elsewhere = "@" + a.Act.Handle + "@" + v.site.host()
	}
	if p.Live, err = v.livesOf(p.ID, ""); err != nil {
		return err
	}
	p.Releases, p.More = shelf(releases.Rows), v.pagePath("after", releases.Next)
	if p.Label = a.Act.Label; p.Label {
		acts, published, err := v.site.Catalogue.LabelPage(ctx, &a.Act)
		if err != nil {
			return err
		}
		if p.Acts, err = v.tiles(acts); err != nil {
			return err
		}
		p.Releases = shelf(published)
	}
	lists, err := v.site.Catalogue.PlaylistsOf(ctx, p.ID)
	if err != nil {
		return err
	}
	p.Playlists = playlistLines(lists)
	tracks, err := v.site.Catalogue.Tracks(ctx, music.Filter{Act: p.ID, Order: music.Popular}, music.Page{Limit: popularOfAct})
	if err != nil {
		return err
	}
	if p.Popular, err = v.withLikes(tracks.Rows); err != nil {
		return err
	}
	words := p.Name
	if p.Place != "" {
		words += ", " + p.Place
	}
	if p.About.Lead != "" {
		words += ". " + p.About.Lead
	}
	v.public(&p.Page, p.Back, shorten(words, 200), p.Cover)
	return v.show("act", p)
}
