package site

import (
	"net/url"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/web"
)

// BrowsePage lists what a node has: everything, or what carries a tag.
type BrowsePage struct {
	web.Page
	Tag      string // "" is everything
	View     string // "releases", "tracks" or "acts"
	Order    music.Order
	Releases []Sleeve
	Tracks   []web.TrackRow
	Acts     []ActTile
	Tags     []music.TagCount
	Views    []View
	More     string // address of what follows, "" at the end
	First    string // address of the beginning, "" when this is it
}

// A View is one of the ways to look at a list.
type View struct {
	Name string // key of the catalogue
	URL  string
	Here bool
}

// ActTile is an act in a list.
type ActTile struct {
	Name, URL, Place string
	Cover            web.Cover
	Releases         int64
	Label            bool // of another server: one here has no releases of its own
}

// perPage is how many sleeves a page shows; rows of tracks carry more with
// them, so that there are fewer.
const (
	perPage   = 48
	perTracks = 30
)

// browse is what there is on the node.
func (v *visit) browse() error {
	p := &BrowsePage{Page: v.base("Browse", web.NavBrowse), View: v.URL.Query().Get("view"), Order: music.Order(v.URL.Query().Get("order"))}
	if p.View == "" {
		p.View = "releases"
	}
	if p.Order == "" {
		p.Order = music.Newest
	}
	here := func(view string, order music.Order) bool { return p.View == view && p.Order == order }
	p.Views = []View{
		{"New releases", "/browse", here("releases", music.Newest)},
		{"Popular releases", "/browse?order=popular", here("releases", music.Popular)},
		{"New tracks", "/browse?view=tracks", here("tracks", music.Newest)},
		{"Popular tracks", "/browse?order=popular&view=tracks", here("tracks", music.Popular)},
		{"Acts", "/browse?view=acts", p.View == "acts"},
	}
	v.public(&p.Page, "/browse", "Releases, tracks and acts on "+p.Node.Name+".", web.Cover{})
	return v.list(p, music.Filter{Order: p.Order})
}

// tag is what carries a tag.
func (v *visit) tag() error {
	tag := music.Tag(v.PathValue("tag"))
	if tag == "" {
		return fault.New(fault.NotFound, "There is no such tag.")
	}
	path := "/tag/" + url.PathEscape(tag)
	p := &BrowsePage{Page: v.named(tag, web.NavBrowse), Tag: tag, View: v.URL.Query().Get("view"), Order: music.Newest}
	if p.View != "tracks" {
		p.View = "releases"
	}
	p.Views = []View{{"Releases", path, p.View == "releases"}, {"Tracks", path + "?view=tracks", p.View == "tracks"}}
	v.public(&p.Page, path, "Music tagged "+tag+" on "+p.Node.Name+".", web.Cover{})
	return v.list(p, music.Filter{Tag: tag})
}

// list fills the chosen view of a filter and shows it.
func (v *visit) list(p *BrowsePage, f music.Filter) (err error) {
	ctx, c := v.Context(), v.site.Catalogue
	at := music.Page{After: v.URL.Query().Get("after"), Limit: perPage}
	var next string
	switch p.View {
	case "tracks":
		at.Limit = perTracks
		var l music.List[music.TrackRow]
		if l, err = c.Tracks(ctx, f, at); err == nil {
			p.Tracks, err = v.withLikes(l.Rows)
		}
		next = l.Next
	case "acts":
		var l music.List[music.ActRow]
		if l, err = c.Acts(ctx, at); err == nil {
			p.Acts, err = v.tiles(l.Rows)
		}
		next = l.Next
	case "releases":
		var l music.List[music.ReleaseRow]
		l, err = c.Releases(ctx, f, at)
		p.Releases, next = shelf(l.Rows), l.Next
	default:
		return fault.New(fault.NotFound, "There is no list of that kind. Browse releases, tracks or acts.")
	}
	if err != nil {
		return err
	}
	p.More = v.pagePath("after", next)
	if at.After != "" {
		q := v.URL.Query()
		q.Del("after")
		p.First = v.URL.Path
		if rest := q.Encode(); rest != "" {
			p.First += "?" + rest
		}
		p.NoIndex = true
	} else if p.Tags, err = c.Tags(ctx, "", 24); err != nil {
		return err
	}
	return v.show("browse", p)
}

// tiles gives acts their covers.
func (v *visit) tiles(rows []music.ActRow) ([]ActTile, error) {
	out := make([]ActTile, len(rows))
	for i, r := range rows {
		t := ActTile{Name: r.Name, URL: "/act/" + r.Handle, Place: r.Place, Cover: sleeve(r.Cover), Releases: r.Releases}
		if t.Cover.ID == "" {
			var err error
			if t.Cover, err = v.sleeveOf(r.ID); err != nil {
				return nil, err
			}
		}
		out[i] = t
	}
	return out, nil
}
