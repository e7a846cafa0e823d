package form

import (
	"fmt"
	"time"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// A Selection is a playlist that an act publishes, or a listener who is seen elsewhere
// and works on it with somebody there. Of whose account it is nothing is said.
type Selection struct {
	Playlist      music.Playlist
	Act           music.Act // "" it is a person's
	Person        id.Person
	Collaborators []string // addresses of those who have one
	Tracks        []string // addresses of their documents, in order
}

// Owner is the address of whose playlist it is.
func (s Site) Owner(x *Selection) string {
	if x.Act.ID == "" {
		return s.Person(x.Person)
	}
	return s.Act(x.Act.ID)
}

// PlaylistOf is the playlist of an address, false when it is none of this site.
func (s Site) PlaylistOf(iri string) (id.Playlist, bool) {
	return own[id.Playlist](iri, s.Origin+Root+"playlists/")
}

// Invitation invites an actor elsewhere to work on a playlist.
func (s Site) Invitation(now time.Time, x *Selection, who string) *vocab.Object {
	return &vocab.Object{ID: s.NewActivity(now), Type: []string{"Invite"}, Actor: vocab.At(s.Owner(x)), Object: []vocab.Item{vocab.Of(s.OwnPlaylist(x))}, Target: vocab.At(who), To: []string{who}, Published: now}
}

// Playlist is the address of a playlist's document.
func (s Site) Playlist(p id.Playlist) string { return s.Origin + Root + "playlists/" + string(p) }

// PlaylistNote is that of the post about it.
func (s Site) PlaylistNote(p id.Playlist) string { return s.Playlist(p) + "/note" }

// PlaylistPage is where people look at it.
func (s Site) PlaylistPage(p id.Playlist) string { return s.Origin + "/playlist/" + string(p) }

// OwnPlaylist is a playlist in 9ten's own form: the addresses of its tracks in order,
// of whatever server each of them is.
func (s Site) OwnPlaylist(x *Selection) *vocab.Object {
	o := s.playlistThing(x, s.Playlist(x.Playlist.ID), "OrderedCollection", "nineten:Playlist")
	o.Name, o.Summary, o.TotalItems, o.OrderedItems = x.Playlist.Title, paragraphs(x.Playlist.Description), int64(len(x.Tracks)), []vocab.Item{}
	if len(x.Collaborators) > 0 {
		o.Put("nineten:collaborators", x.Collaborators)
	}
	for _, at := range x.Tracks {
		o.OrderedItems = append(o.OrderedItems, vocab.At(at))
	}
	return o
}

// PagedPlaylist is it as it is to be read at its address, or a page of it: one that is
// longer than a page has its tracks there alone. What is sent has all of them.
func (s Site) PagedPlaylist(x *Selection, page int) *vocab.Object {
	c := Collection{ID: s.Playlist(x.Playlist.ID), Total: len(x.Tracks), Page: page}
	from, to := c.Span()
	for _, at := range x.Tracks[from:to] {
		c.Items = append(c.Items, vocab.At(at))
	}
	doc := c.Document()
	if page > 0 {
		return doc
	}
	o := s.OwnPlaylist(x)
	if o.First, o.Last = doc.First, doc.Last; c.Total > PageSize {
		o.OrderedItems = nil
	}
	return o
}

// PlaylistPost is the same as everybody's software shows it.
func (s Site) PlaylistPost(x *Selection) *vocab.Object {
	p := &x.Playlist
	o := s.playlistThing(x, s.PlaylistNote(p.ID), "Note")
	o.Content = "<p>Playlist: " + anchor(s.PlaylistPage(p.ID), p.Title) + fmt.Sprintf(", %d tracks</p>", len(x.Tracks)) + paragraphs(excerpt(p.Description))
	o.Tag = []vocab.Item{vocab.Of(objectLink(s.Playlist(p.ID)))}
	return o
}

func (s Site) playlistThing(x *Selection, at string, types ...string) *vocab.Object {
	by := s.Owner(x)
	o := &vocab.Object{ID: at, Type: types, AttributedTo: vocab.One(by), Published: x.Playlist.Created, URL: vocab.One(s.PlaylistPage(x.Playlist.ID)), To: []string{vocab.Public}, CC: []string{by + "/followers"}, Image: s.picture(x.Playlist.Cover, x.Act.Cover)}
	if x.Playlist.Changed.After(x.Playlist.Created) {
		o.Updated = x.Playlist.Changed
	}
	if x.Playlist.Access != music.Public { // not listed: as others have it
		o.To, o.CC = nil, []string{vocab.Public}
	}
	s.allow(o, Allowed{Policies: social.Policies{social.Commenting: social.Nobody}}) // nothing here is shown beneath it
	return o
}

// Recognise notes which tracks of a list are of this site.
func (s Site) Recognise(list []social.Entry) {
	for i := range list {
		_, list[i].Track, _ = s.MusicOf(list[i].IRI)
	}
}

// Reply says whether somebody here works on a playlist elsewhere to which they were
// invited.
func (s Site) Reply(now time.Time, who string, list *social.Playlist, invite string, yes bool) *vocab.Object {
	o := &vocab.Object{ID: s.NewActivity(now), Type: []string{"Accept"}, Actor: vocab.At(who), To: []string{list.Actor},
		Object: []vocab.Item{vocab.Of(&vocab.Object{ID: invite, Type: []string{"Invite"}, Actor: vocab.At(list.Actor), Object: vocab.One(list.IRI), Target: vocab.At(who)})}}
	if !yes {
		o.Type = []string{"Reject"}
	}
	return o
}
