package fedtest

import (
	"time"

	"github.com/michaelperna/9ten/internal/federation/vocab"
)

// Records adds to what the actor plays (see [Actor.Plays]) an album of two discs that is
// explicit as a whole, with who plays on it, what they sing and its recordings' codes, and to
// the actor's profile a member and a link.
func (a *Actor) Records(handle, name, title string) {
	s := a.server
	song := func(name string, disc int, who ...*vocab.Object) vocab.Item {
		o := &vocab.Object{ID: a.ID + "/t/" + name, Type: []string{"Audio", "nineten:AudioTrack"}, AttributedTo: vocab.One(a.ID), Name: name, Duration: time.Minute,
			URL: []vocab.Item{vocab.Of(&vocab.Object{Type: []string{"Link"}, MediaType: "audio/flac", Href: s.URL + "/" + name + ".flac"})}}
		o.Put("nineten:disc", disc)
		o.Put("nineten:position", 1)
		o.Put("nineten:isrc", "DEA122600001")
		o.Put("nineten:lyrics", "[00:01.00]Out it goes")
		o.Put("nineten:people", who)
		return vocab.Of(o)
	}
	piano := &vocab.Object{Name: "Ida Solheim"}
	piano.Put("nineten:role", "Piano")
	album := &vocab.Object{ID: a.ID + "/r/" + title, Type: []string{"OrderedCollection", "nineten:Release"}, AttributedTo: vocab.One(a.ID), Name: title, Published: Moment.Add(-time.Hour), To: []string{vocab.Public},
		URL: vocab.One(s.URL + "/r/" + title), OrderedItems: []vocab.Item{song("Near", 1, piano), song("Far", 2, &vocab.Object{Name: "Bo Lind"})}}
	album.Put("nineten:explicit", true)
	s.Publish(album, "")
	doc := a.Document()
	doc.Name, doc.PreferredUsername = name, handle
	doc.Put("nineten:releases", a.ID+"/releases")
	for _, x := range [][2]string{{"Web", `<a href="https://tide.example/" rel="me">tide.example</a>`}, {"Ida Solheim", "piano &amp; voice"}} {
		line := &vocab.Object{Type: []string{"PropertyValue"}, Name: x[0]}
		line.Put("value", x[1])
		doc.Attachment = append(doc.Attachment, vocab.Of(line))
	}
	s.Publish(doc, "")
	s.Publish(&vocab.Object{ID: a.ID + "/releases", Type: []string{"OrderedCollection"}, OrderedItems: []vocab.Item{vocab.Of(album)}}, "")
}
