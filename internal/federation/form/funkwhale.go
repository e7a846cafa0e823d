package form

import (
	"encoding/json"
	"time"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// Upload is the address of a track's file as Funkwhale has it, which tells the
// file from the song.
func (s Site) Upload(t id.Track) string { return s.Track(t) + "/audio" }

// Library is the address of what Funkwhale keeps an act's files in.
func (s Site) Library(a id.Act) string { return s.Act(a) + "/library" }

// funkwhaleContext is that of its documents: with the one it knows by heart, and the
// word whose order it reads.
const funkwhaleContext = `["` + vocab.ActivityStreams + `","https://w3id.org/security/v1","https://funkwhale.audio/ns",{"Hashtag":"as:Hashtag","artist_credit":{"@id":"https://funkwhale.audio/ns#artist_credit","@type":"@id","@container":"@list"}}]`

func funkwhale() json.RawMessage { return json.RawMessage(funkwhaleContext) }

// Funkwhale is a track as Funkwhale reads it: the file, in it the song, in that the
// album, each with who is to be named. Types are plain strings, since it compares
// them as they come, and a length is whole seconds.
func (s Site) Funkwhale(x *Song) *vocab.Object {
	act := s.Act(x.Act.ID)
	media := s.Origin + "/media/" + string(x.Track.ID) + "/original"
	o := &vocab.Object{
		Context: funkwhale(), ID: s.Upload(x.Track.ID), Type: []string{"Audio"}, AttributedTo: vocab.One(act), Name: x.artist() + " - " + x.Track.Title,
		Published: x.Release.Published, To: []string{vocab.Public}, CC: []string{act + "/followers"}, Bitrate: bitrate(&x.Asset), Size: x.Asset.Bytes,
		URL: []vocab.Item{
			vocab.Of(&vocab.Object{Type: []string{"Link"}, MediaType: "text/html", Href: s.TrackPage(x.Release.ID, x.Track.ID)}),
			vocab.Of(&vocab.Object{Type: []string{"Link"}, MediaType: x.MediaType, Href: media, Rel: "audio", Size: x.Asset.Bytes, Bitrate: bitrate(&x.Asset)}),
		},
		Image: s.picture(x.Release.Cover, x.Act.Cover), Tag: s.tags(x.Release.Facts.Tags),
	}
	if at := latest(x.Track.Changed, x.Release.Changed); at.After(o.Published) {
		o.Updated = at
	}
	o.Put("duration", max(1, int64(x.length()/time.Second)))
	o.Put("library", s.Library(x.Act.ID))
	o.Put("track", s.funkwhaleTrack(x))
	return o
}

// FunkwhaleGone is a track that is no more: Funkwhale finds what to delete by this
// type, not by that of a tombstone.
func FunkwhaleGone(upload string) *vocab.Object {
	return &vocab.Object{Context: funkwhale(), ID: upload, Type: []string{"Audio"}}
}

func (s Site) funkwhaleTrack(x *Song) *vocab.Object {
	f := &x.Release.Facts
	album := s.funkwhaleThing(x, s.Release(x.Release.ID)+"#album", "Album", f.Title, f.Artist)
	album.Image = s.picture(x.Release.Cover)
	if _, err := time.Parse(time.DateOnly, f.Date); err == nil {
		album.Put("released", f.Date)
	}
	o := s.funkwhaleThing(x, s.Track(x.Track.ID), "Track", x.Track.Title, x.artist())
	o.Put("position", x.Track.Number)
	o.Put("disc", max(1, x.Track.Disc))
	o.Put("album", album)
	if x.Track.Recording != "" {
		o.Put("musicbrainzId", x.Track.Recording)
	}
	if licence := f.Licence.URL(); licence != "" {
		o.Put("license", licence)
	}
	return o
}

// funkwhaleThing has what a song and an album have alike: when it came, and who is
// named for it.
func (s Site) funkwhaleThing(x *Song, at, kind, name, artist string) *vocab.Object {
	if artist == "" {
		artist = x.Act.Name
	}
	who := &vocab.Object{ID: s.Act(x.Act.ID) + "#artist", Type: []string{"Artist"}, Name: artist, Published: x.Act.Created}
	if artist != x.Act.Name { // of somebody else than the act there is no address but this
		who.ID = at + "-artist"
		if kind == "Track" {
			who.ID = at + "#artist"
		}
	}
	credit := &vocab.Object{ID: who.ID + "-credit", Type: []string{"ArtistCredit"}, Published: x.Act.Created}
	credit.Put("artist", who)
	credit.Put("credit", artist)
	credit.Put("joinphrase", "")
	credit.Put("index", 0)
	o := &vocab.Object{ID: at, Type: []string{kind}, AttributedTo: vocab.One(s.Act(x.Act.ID)), Name: name, Published: x.Release.Published}
	o.Put("artist_credit", []*vocab.Object{credit})
	return o
}

// FunkwhaleLibrary is where Funkwhale finds whose its tracks are, and all of them, or a
// page of it.
func (s Site) FunkwhaleLibrary(a *music.Act, c Collection) *vocab.Object {
	act := s.Act(a.ID)
	o := c.Document()
	o.Context, o.Actor, o.AttributedTo, o.TotalItems = funkwhale(), vocab.At(act), vocab.One(act), 0
	o.Put("totalItems", c.Total) // also when there is none
	if c.Page > 0 {
		first := Collection{ID: c.ID, Total: c.Total}.Document()
		o.Type, o.Items, o.OrderedItems, o.First, o.Last = []string{"CollectionPage"}, o.OrderedItems, nil, first.First, first.Last
		return o
	}
	o.Type, o.Name, o.Followers, o.Audience = []string{"Library"}, a.Name, act+"/followers", []string{vocab.Public}
	return o
}
