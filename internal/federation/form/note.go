package form

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"

	"github.com/btcsuite/btcd/btcutil/base58"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// An Album is a public release with what its documents say.
type Album struct {
	Release music.Release
	Act     music.Act
	Songs   []Song
	Allowed Allowed
}

// ReleaseNote is the address of the post about a release.
func (s Site) ReleaseNote(r id.Release) string { return s.Release(r) + "/note" }

// TrackNote is that of the post about a track.
func (s Site) TrackNote(t id.Track) string { return s.Track(t) + "/note" }

// Note is a release as everybody's software shows it: a post with text, the first
// tracks to hear with the cover as their picture (FEP-1311), and a link to what it
// is about (FEP-e232). A type of its own, or a list of types, is shown by nobody.
func (s Site) Note(a *Album) *vocab.Object {
	r := &a.Release
	o := s.post(s.ReleaseNote(r.ID), &a.Act, r, s.ReleasePage(r.ID), s.Release(r.ID))
	o.Content = "<p>" + newKinds[r.Facts.Kind] + ": " + anchor(s.ReleasePage(r.ID), r.Facts.Title) + by(r.Facts.Artist, a.Act.Name) + "</p>" + paragraphs(excerpt(r.Facts.Description)) + s.tagLine(r.Facts.Tags)
	for i := range a.Songs {
		if i == maxSongs {
			break
		}
		o.Attachment = append(o.Attachment, s.audio(&a.Songs[i]))
	}
	s.allow(o, a.Allowed)
	return o
}

// TrackPost is a track in the same form.
func (s Site) TrackPost(x *Song) *vocab.Object {
	page := s.TrackPage(x.Release.ID, x.Track.ID)
	o := s.post(s.TrackNote(x.Track.ID), &x.Act, &x.Release, page, s.Track(x.Track.ID))
	o.Content = "<p>" + anchor(page, x.Track.Title) + by(x.artist(), x.Act.Name) + "</p>" + s.tagLine(x.Release.Facts.Tags)
	o.Attachment = []vocab.Item{s.audio(x)}
	s.allow(o, x.Allowed)
	return o
}

// maxSongs is how many players a post has: Mastodon shows four attachments.
const maxSongs = 4

var newKinds = map[music.Kind]string{music.Album: "New album", music.EP: "New EP", music.Single: "New single"}

// post is what all posts have.
func (s Site) post(at string, a *music.Act, r *music.Release, page, about string) *vocab.Object {
	act := s.Act(a.ID)
	o := &vocab.Object{
		ID: at, Type: []string{"Note"}, AttributedTo: vocab.One(act), Published: r.Published, URL: vocab.One(page), To: []string{vocab.Public}, CC: []string{act + "/followers"},
		Image: s.picture(r.Cover, a.Cover), Sensitive: false, Tag: append(s.tags(r.Facts.Tags), vocab.Of(objectLink(about))),
		Conversation: s.Conversation(r.ID), Replies: vocab.At(about + "/replies"), Likes: vocab.At(about + "/likes"), Shares: vocab.At(about + "/shares"),
	}
	if r.Changed.After(r.Published) {
		o.Updated = r.Changed
	}
	return o
}

// objectLink leads to the thing a post is about, FEP-e232.
func objectLink(to string) *vocab.Object {
	return &vocab.Object{Type: []string{"Link"}, MediaType: `application/ld+json; profile="https://www.w3.org/ns/activitystreams"`, Href: to}
}

func (s Site) audio(x *Song) vocab.Item {
	o := &vocab.Object{
		Type: []string{"Audio"}, MediaType: x.MediaType, URL: vocab.One(s.Origin + "/media/" + string(x.Track.ID) + "/original"), Name: x.artist() + " – " + x.Track.Title,
		Duration: x.length(), Size: x.Asset.Bytes, Icon: s.picture(x.Release.Cover, x.Act.Cover), Digest: digest(x.Asset.SHA256),
	}
	return vocab.Of(o)
}

// digest writes a SHA-256 in hex as a multihash in base58btc, "" when there is none.
func digest(hexed string) string {
	b, err := hex.DecodeString(hexed)
	if err != nil || len(b) != sha256.Size {
		return ""
	}
	return "z" + base58.Encode(append([]byte{0x12, 0x20}, b...))
}

func anchor(to, text string) string { return `<a href="` + escape(to) + `">` + escape(text) + `</a>` }

// by names the artist, where it is not the act that posts.
func by(artist, act string) string {
	if artist == "" || artist == act {
		return ""
	}
	return " by " + escape(artist)
}

func (s Site) tagLine(tags []string) string {
	var out []string
	for _, t := range tags {
		if name := hashtag(t); name != "" {
			out = append(out, `<a href="`+escape(s.TagPage(t))+`" rel="tag">#<span>`+escape(name)+`</span></a>`)
		}
	}
	if out == nil {
		return ""
	}
	return "<p>" + strings.Join(out, " ") + "</p>"
}

// hashtag joins the words of a tag, as hashtags have no spaces.
func hashtag(tag string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' {
			return r
		}
		return -1
	}, tag)
}

// excerpt is the beginning of a long text, to the end of a word.
func excerpt(text string) string {
	const most = 400
	runes := []rune(strings.TrimSpace(text))
	if len(runes) <= most {
		return string(runes)
	}
	cut := string(runes[:most])
	if i := strings.LastIndexAny(cut, " \n"); i > most/2 {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " \n.,;:") + " …"
}
