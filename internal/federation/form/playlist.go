package form

import (
	"fmt"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// A Selection is a playlist that an act publishes. Of whose account it is nothing is
// said.
type Selection struct {
	Playlist music.Playlist
	Act      music.Act
	Tracks   []string // addresses of their documents, in order
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
	for _, at := range x.Tracks {
		o.OrderedItems = append(o.OrderedItems, vocab.At(at))
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
	act := s.Act(x.Act.ID)
	o := &vocab.Object{ID: at, Type: types, AttributedTo: vocab.One(act), Published: x.Playlist.Created, URL: vocab.One(s.PlaylistPage(x.Playlist.ID)), To: []string{vocab.Public}, CC: []string{act + "/followers"}, Image: s.picture(x.Playlist.Cover, x.Act.Cover)}
	if x.Playlist.Changed.After(x.Playlist.Created) {
		o.Updated = x.Playlist.Changed
	}
	return o
}

// Recognise notes which tracks of a list are of this site.
func (s Site) Recognise(list []social.Entry) {
	for i := range list {
		_, list[i].Track, _ = s.MusicOf(list[i].IRI)
	}
}
