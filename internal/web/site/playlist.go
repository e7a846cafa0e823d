package site

import (
	"cmp"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/web"
)

// PlaylistPage is /playlist/{id}.
type PlaylistPage struct {
	web.Page
	ID     id.Playlist
	Name   string
	About  About
	Owner  string
	Own    bool
	Access music.Access
	Cover  web.Cover
	Millis int64
	Items  []PlaylistItem
	Fields []web.Field     // to edit it, the owner only
	Report string          // where it is reported, "" not by the viewer
	Share  string          // absolute address, "" while it is private
	ActURL string          // of the act under whose name it is, "" none
	Away   away            // of a playlist on another server
	Edits  bool            // the viewer puts tracks into it and takes them out
	Moves  bool            // and moves them
	Part   social.Standing // the viewer's in a playlist of somebody else, "" none
	People []CollaboratorLine
	Invite []web.Field // whom to invite, the owner only
	Lost   int         // how many of its tracks are not known here
}

// PlaylistItem is a track at its place, and where it would move to.
type PlaylistItem struct {
	web.TrackRow
	Item music.ItemID
	Up   music.ItemID // before which it stands after one step up, "" at the top
	Down music.ItemID // the same for one step down, "" is the end
	Last bool
}

// playlist shows a playlist, to its owner with everything that changes it.
func (v *visit) playlist() error {
	p, err := v.playlistPage()
	if fault.Is(err, fault.NotFound) && v.site.Elsewhere != nil {
		return v.playlistElsewhere()
	}
	if err != nil {
		return err
	}
	return v.show("playlist", p)
}

func (v *visit) playlistID() (id.Playlist, error) { return id.Parse[id.Playlist](v.PathValue("id")) }

func (v *visit) playlistPage() (*PlaylistPage, error) {
	what, err := v.playlistID()
	if err != nil {
		return nil, err
	}
	full, err := v.site.Library.Playlist(v.Context(), v.ears(), what)
	if err != nil {
		return nil, err
	}
	l := &full.Playlist
	p := &PlaylistPage{Page: v.named(l.Title, web.NavLibrary), ID: l.ID, Name: l.Title, About: about(l.Description), Owner: full.Owner,
		Own: v.viewer.Account != "" && v.viewer.Account == l.Account, Access: l.Access, Cover: sleeve(l.Cover)}
	p.Accents = p.Cover.Accents
	if l.Access == music.Public {
		v.public(&p.Page, "/playlist/"+string(l.ID), shorten(l.Title+", a playlist by "+full.Owner, 200), p.Cover)
	} else {
		p.NoIndex = true
	}
	if l.Access != music.Private {
		p.Share = v.absolute("/playlist/" + string(l.ID))
		if !p.Own {
			p.Report = v.reporting(social.APlaylist, string(l.ID))
		}
	}
	if full.Act.ID != "" {
		p.ActURL = "/act/" + full.Act.Handle
	}
	if p.Own {
		acts, err := v.site.Studio.Acts(v.Context(), v.ears())
		if err != nil {
			return nil, err
		}
		p.Fields = playlistFields(l, acts)
		p.Invite = []web.Field{{Name: "handle", ID: "c-handle", Label: "Whom to invite", Required: true, MaxLength: 400, Placeholder: v.words("@name, or @name@server"), Autocomplete: "off"}}
	}
	p.Edits, p.Moves = p.Own, p.Own
	if err := v.collaborators(p); err != nil {
		return nil, err
	}
	return p, v.fillPlaylist(p, full.Items)
}

func (v *visit) fillPlaylist(p *PlaylistPage, items []music.PlacedTrack) error {
	rows := make([]music.TrackRow, len(items))
	for i := range items {
		rows[i] = items[i].Row
	}
	tracks, err := v.withLikes(rows)
	if err != nil {
		return err
	}
	gone(tracks, rows)
	for i, t := range tracks {
		t.Number = i + 1
		it := PlaylistItem{TrackRow: t, Item: items[i].Item.ID, Last: i == len(items)-1}
		if i > 0 {
			it.Up = items[i-1].Item.ID
		}
		if i+2 < len(items) {
			it.Down = items[i+2].Item.ID
		}
		p.Millis += t.Ref.Millis
		p.Items = append(p.Items, it)
	}
	return nil
}

// playlistElsewhere shows a playlist of an act of another server.
func (v *visit) playlistElsewhere() error {
	what, err := v.playlistID()
	if err != nil {
		return err
	}
	l, rows, err := v.site.Elsewhere.Playlist(v.Context(), what)
	if err != nil {
		return err
	}
	p := &PlaylistPage{Page: v.named(l.Title, web.NavBrowse), ID: l.ID, Name: l.Title, About: about(l.Description), Owner: cmp.Or(l.Act, l.Handle), Access: music.Public,
		Share: l.Page, ActURL: "/act/" + l.Home(), Away: away{Host: l.Host, There: l.Page}, Lost: len(l.Items) - len(rows)}
	p.NoIndex, p.Report = true, v.reporting(social.ListThere, string(l.ID))
	items := make([]music.PlacedTrack, len(rows))
	for i := range rows {
		items[i].Row, items[i].Item.ID = rows[i], music.ItemID(rows[i].ID)
		if p.Cover.ID == "" {
			p.Cover = sleeve(rows[i].Cover)
		}
	}
	p.Accents = p.Cover.Accents
	if p.Part, err = v.site.Together.Standing(v.Context(), v.ears(), what); err != nil {
		return err
	}
	p.Edits = p.Part == social.Works
	for i := range l.Working {
		c := CollaboratorLine{Who: l.Working[i].Who, Name: l.Working[i].Name}
		if l.Working[i].Handle != "" {
			c.Handle = l.Working[i].Said()
		}
		p.People = append(p.People, c)
	}
	if err := v.fillPlaylist(p, items); err != nil {
		return err
	}
	return v.show("playlist", p)
}

// playlistFields are what its owner changes, with the acts that it may be of.
func playlistFields(l *music.Playlist, acts []music.OwnAct) []web.Field {
	fields := []web.Field{
		{Name: "title", Label: "Name", Value: l.Title, Required: true, MaxLength: 120},
		{Name: "access", Label: "Who sees it", Type: "select", Value: string(l.Access), Options: []web.Option{
			{Value: string(music.Private), Label: "Only you"}, {Value: string(music.Unlisted), Label: "Whoever has the address"}, {Value: string(music.Public), Label: "Everybody; search finds it"}}},
		{Name: "description", Label: "About it", Type: "textarea", Value: l.Description, Wide: true, MaxLength: 10_000},
	}
	if len(acts) == 0 {
		return fields
	}
	under := web.Field{Name: "act", Label: "Whose it is", Type: "select", Value: string(l.Act), Options: []web.Option{{Value: "", Label: "Your own"}}, Help: "A playlist of an act is on its page, and its followers on other servers hear of it."}
	for _, a := range acts {
		under.Options = append(under.Options, web.Option{Value: string(a.Act.ID), Label: a.Act.Name})
	}
	return append(fields, under)
}

// newPlaylist makes a playlist, of the queue when its tracks are sent along.
func (v *visit) newPlaylist() error {
	var tracks []id.Track
	for s := range strings.SplitSeq(v.form.Get("tracks"), ",") {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		t, err := id.Parse[id.Track](s)
		if err != nil {
			return err
		}
		tracks = append(tracks, t)
	}
	l, err := v.site.Library.CreatePlaylist(v.Context(), v.ears(), music.Playlist{Title: v.form.Get("title"), Access: music.Private}, tracks)
	if err != nil {
		return err
	}
	return v.goTo("/playlist/"+string(l.ID), "Saved.")
}

func (v *visit) editPlaylist() error {
	what, err := v.playlistID()
	if err != nil {
		return err
	}
	_, err = v.site.Library.EditPlaylist(v.Context(), v.ears(), what, func(l *music.Playlist) {
		l.Title, l.Description, l.Access = v.form.Get("title"), v.form.Get("description"), music.Access(v.form.Get("access"))
		if v.form.Has("act") { // who has no act is not asked
			l.Act = id.Act(v.form.Get("act"))
		}
	})
	if err != nil {
		p, perr := v.playlistPage()
		if perr != nil {
			return perr
		}
		return v.again(err, "playlist", p, v.fill(p.Fields))
	}
	return v.goTo("/playlist/"+string(what), "Saved.")
}

// addToPlaylist puts a track at the end of a playlist. The address may name
// none ("-"): the form then carries it in a field.
func (v *visit) addToPlaylist() error {
	name := v.PathValue("id")
	if name == "-" {
		name = v.form.Get("playlist")
	}
	what, err := id.Parse[id.Playlist](name)
	if err != nil {
		return err
	}
	t, err := id.Parse[id.Track](v.form.Get("track"))
	if err != nil {
		return err
	}
	away, err := v.site.Together.Add(v.Context(), v.ears(), what, []id.Track{t})
	if err != nil {
		return err
	}
	if away {
		return v.back(toldThere)
	}
	return v.back("Added.")
}

// movePlaylistItem takes "move": an item, a comma, and the item before which
// it is to stand, or nothing for the end.
func (v *visit) movePlaylistItem() error {
	what, err := v.playlistID()
	if err != nil {
		return err
	}
	item, before, _ := strings.Cut(v.form.Get("move"), ",")
	if err := v.site.Library.MoveItem(v.Context(), v.ears(), what, music.ItemID(item), music.ItemID(before)); err != nil {
		return err
	}
	return v.goTo("/playlist/"+string(what), "")
}

func (v *visit) dropPlaylistItem() error {
	what, err := v.playlistID()
	if err != nil {
		return err
	}
	away, err := v.site.Together.Remove(v.Context(), v.ears(), what, music.ItemID(v.form.Get("item")))
	if err != nil {
		return err
	}
	if away {
		return v.goTo("/playlist/"+string(what), toldThere)
	}
	return v.goTo("/playlist/"+string(what), "Taken out.")
}

func (v *visit) deletePlaylist() error {
	what, err := v.playlistID()
	if err != nil {
		return err
	}
	if v.form.Get("sure") != "1" {
		return fault.New(fault.Invalid, "Say that you are sure, then the playlist is deleted.")
	}
	if err := v.site.Library.DeletePlaylist(v.Context(), v.ears(), what); err != nil {
		return err
	}
	return v.goTo("/library", "Deleted.")
}
