// Package record reads releases of acts on other servers: in 9ten's own form,
// which says everything, and in those of others, such as a post with a sound
// attached. It is pure: what it is given is read, nothing is looked up.
package record

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// Bounds of what is kept of a stranger's words.
const (
	maxTracks = 200
	maxName   = 300     // characters of a title or a name
	maxText   = 10_000  // of a description
	maxWords  = 100_000 // of lyrics
	maxPeople = 100     // who are named on a track
	maxPeaks  = 400     // bytes of a waveform
)

// Of reads the public release that a thing of an act is, false when it is none.
func Of(o *vocab.Object, act string) (r social.Release, ok bool) {
	if !theirs(o, act) || !o.IsPublic() || len(o.InReplyTo) > 0 {
		return r, false
	}
	r = social.Release{
		IRI: o.ID, Actor: act, Title: name(o.Name), Artist: name(word(o, "nineten:artist")), Kind: kind(word(o, "nineten:kind")), Date: name(word(o, "nineten:date")),
		Licence: web(word(o, "nineten:licence")), Description: cut(plain(cmp.Or(o.Summary, o.Content)), maxText), Page: cmp.Or(page(o.URL), o.ID), Picture: picture(o),
		Published: o.Published, Updated: o.Updated, Policies: policies(o),
		Conversation: conversation(o), Post: post(o), Explicit: explicit(o), Label: name(word(o, "nineten:label")), Language: music.Language(word(o, "nineten:language")), Tags: tagsOf(o),
	}
	switch {
	case o.Is("nineten:Release"):
		r.Tracks = tracks(append(o.OrderedItems, o.Items...), act)
	case o.Is("Audio", "nineten:AudioTrack"):
		if t, ok := track(o, act); ok {
			r.Tracks, r.Title = []social.Track{t}, t.Title
			r.Artist = cmp.Or(r.Artist, t.Artist)
		}
	case o.Is("Note", "Article", "Page"):
		r.Tracks = attached(o)
		r.Title = name(cmp.Or(r.Title, titleOf(r.Tracks, r.Description)))
	}
	for i := range r.Tracks { // what a release says as a whole it says of each
		r.Tracks[i].Explicit = r.Tracks[i].Explicit || r.Explicit
	}
	if r.Kind == "" && len(r.Tracks) == 1 {
		r.Kind = music.Single
	}
	r.Kind = cmp.Or(r.Kind, music.Album)
	return r, len(r.Tracks) > 0 && r.Title != "" && !r.Published.IsZero()
}

// conversation is where a thing's own server has what is said of it, "" nowhere.
func conversation(o *vocab.Object) string {
	at := o.Conversation
	if !strings.HasPrefix(at, "https://") || !remote.SameOrigin(at, o.ID) || len(at) > maxAddress {
		return ""
	}
	return at
}

// post is where a thing's own server has it as other software shows it, "" where it does
// not say: nobody guesses the addresses of another's server.
func post(o *vocab.Object) string {
	at := named(o, "nineten:post")
	if !strings.HasPrefix(at, "https://") || !remote.SameOrigin(at, o.ID) || len(at) > maxAddress {
		return ""
	}
	return at
}

// tagsOf are the hashtags of a thing. A node's lead to their pages, which have a tag as it
// is: a hashtag is one word.
func tagsOf(o *vocab.Object) []string {
	var out []string
	for _, i := range o.Tag {
		x := i.Object
		if x == nil || !x.Is("Hashtag") {
			continue
		}
		tag := strings.TrimPrefix(x.Name, "#")
		if u, err := url.Parse(x.Href); err == nil && o.Is("nineten:Release", "nineten:AudioTrack") && remote.SameOrigin(x.Href, o.ID) {
			if whole, ok := strings.CutPrefix(u.Path, "/tag/"); ok {
				tag = whole
			}
		}
		out = append(out, tag)
	}
	return music.TagsOf(out)
}

// In is the thing that an activity is about, nil when it only names one. It is for
// whom the activity is where it does not say so itself, as Funkwhale has it.
func In(x *vocab.Object) *vocab.Object {
	if len(x.Object) != 1 || x.Object[0].Object == nil {
		return nil
	}
	o := x.Object[0].Object
	if len(o.Addressed()) == 0 {
		o.To = x.Addressed()
	}
	return o
}

// theirs reports whether a thing is an act's own: attributed to it, and of its
// server.
func theirs(o *vocab.Object, act string) bool {
	return strings.HasPrefix(o.ID, "https://") && remote.SameOrigin(o.ID, act) && o.Author() == act
}

func tracks(items []vocab.Item, act string) (out []social.Track) {
	for _, i := range items {
		if i.Object == nil || len(out) == maxTracks {
			continue
		}
		if t, ok := track(i.Object, act); ok {
			if t.Number == 0 {
				t.Number = int64(len(out) + 1)
			}
			out = append(out, t)
		}
	}
	return out
}

// track reads an Audio.
func track(o *vocab.Object, act string) (t social.Track, ok bool) {
	if !theirs(o, act) || !o.Is("Audio", "nineten:AudioTrack") {
		return t, false
	}
	t = social.Track{
		IRI: o.ID, Title: name(o.Name), Artist: name(word(o, "nineten:artist")), Disc: whole(o.Extra["nineten:disc"], 1), Number: whole(o.Extra["nineten:position"], 0),
		DurationMS: o.Duration.Milliseconds(), ISRC: name(word(o, "nineten:isrc")), Lyrics: cut(word(o, "nineten:lyrics"), maxWords),
		Recording: music.RecordingID(word(o, "nineten:musicbrainzId")), Post: post(o),
	}
	t.Explicit, t.People = explicit(o), people(o)
	for _, x := range []string{"track", "fw:track"} { // Funkwhale: the file is called one thing and the song another
		if song, ok := o.Extra[x].(map[string]any); ok {
			title, _ := song["name"].(string)
			t.Title = name(cmp.Or(title, t.Title))
			t.Number, t.Disc = whole(song["position"], t.Number), whole(song["disc"], t.Disc)
			brainz, _ := song["musicbrainzId"].(string)
			t.Recording = cmp.Or(music.RecordingID(brainz), t.Recording)
			if at := named(o, x); remote.SameOrigin(at, o.ID) && len(at) <= maxAddress {
				t.Song = at
			}
		}
	}
	loud(&t, o.Extra["nineten:loudness"])
	t.Sound, t.MediaType = sound(o.URL)
	if o.Is("nineten:AudioTrack") {
		t.Segments, t.Peaks = segments(o), peaks(o)
		t.Digest, t.Manifest = digest(o, t.Sound), manifest(o)
	}
	return t, t.Sound != "" && t.Title != ""
}

func explicit(o *vocab.Object) bool {
	yes, _ := o.Extra["nineten:explicit"].(bool)
	return yes
}

// attached are the sounds of a post.
func attached(o *vocab.Object) (out []social.Track) {
	for i, a := range o.Attachment {
		if a.Object == nil || len(out) == maxTracks {
			continue
		}
		x := a.Object
		at, kind := sound(append(x.URL, vocab.At(x.Href)))
		if at != "" && strings.HasPrefix(x.MediaType, "audio/") {
			kind = x.MediaType
		}
		if at == "" || !strings.HasPrefix(kind, "audio/") && !x.Is("Audio") {
			continue
		}
		n := len(out) + 1
		out = append(out, social.Track{
			IRI: o.ID + "#audio-" + strconv.Itoa(i+1), Title: name(cmp.Or(x.Name, "#"+strconv.Itoa(n))), Disc: 1, Number: int64(n), DurationMS: x.Duration.Milliseconds(), Sound: at, MediaType: cmp.Or(kind, "audio/mpeg"),
		})
	}
	return out
}

// titleOf is what a post without a title is called: like its one sound, or as
// its text begins.
func titleOf(list []social.Track, text string) string {
	if len(list) == 1 && !strings.HasPrefix(list[0].Title, "#") {
		return list[0].Title
	}
	first, _, _ := strings.Cut(text, "\n")
	return cut(first, 100)
}

// sound is the first address of a file that plays; lists of segments are none.
func sound(links []vocab.Item) (address, mediaType string) {
	for _, i := range links {
		kind := ""
		if i.Object != nil {
			kind = i.Object.MediaType
		}
		at := web(i.Link())
		if at == "" || !strings.HasPrefix(at, "https://") || strings.Contains(kind, "mpegurl") {
			continue
		}
		if i.Object == nil || strings.HasPrefix(kind, "audio/") {
			return at, kind
		}
	}
	return "", ""
}

// segments is the address of a track's master playlist, of its own server and as
// nodes name theirs, so that nothing else is ever asked for in its name.
func segments(o *vocab.Object) string {
	for _, i := range o.URL {
		if i.Object == nil || i.Object.MediaType != "application/vnd.apple.mpegurl" {
			continue
		}
		u, err := url.Parse(i.Link())
		if err == nil && u.RawQuery == "" && u.User == nil && playlist.MatchString(u.Path) && remote.SameOrigin(i.Link(), o.ID) {
			return u.String()
		}
	}
	return ""
}

var playlist = regexp.MustCompile(`^/media/[0-9A-Z]{26}/master\.m3u8$`)

// digest is the multihash of a track's file as an attachment has it, "" none.
func digest(o *vocab.Object, file string) string {
	for _, i := range o.Attachment {
		if a := i.Object; a != nil && multihash.MatchString(a.Digest) && slices.Contains(vocab.IDs(a.URL), file) {
			return a.Digest
		}
	}
	return ""
}

// multihash is a SHA-256 in base58btc.
var multihash = regexp.MustCompile(`^zQm[1-9A-HJ-NP-Za-km-z]{44}$`)

// manifest is the first signed list of a track's segments that is of its own server and
// named as nodes name theirs.
func manifest(o *vocab.Object) string {
	list, _ := o.Extra["nineten:manifest"].([]any)
	if one, ok := o.Extra["nineten:manifest"].(string); ok {
		list = []any{one}
	}
	for _, x := range list {
		at, _ := x.(string)
		if u, err := url.Parse(at); err == nil && u.RawQuery == "" && u.User == nil && manifests.MatchString(u.Path) && remote.SameOrigin(at, o.ID) {
			return u.String()
		}
	}
	return ""
}

var manifests = regexp.MustCompile(`^/media/[0-9a-f]{64}/manifest\.json$`)

// peaks is a track's waveform, nil where it says none.
func peaks(o *vocab.Object) []byte {
	b, err := base64.StdEncoding.DecodeString(word(o, "nineten:waveform"))
	if err != nil || len(b) < 2 || len(b) > maxPeaks {
		return nil
	}
	return b
}

// page is where people look at a thing.
func page(links []vocab.Item) string {
	for _, i := range links {
		if at := i.Link(); strings.HasPrefix(at, "https://") && (i.Object == nil || i.Object.MediaType == "" || i.Object.MediaType == "text/html") {
			return at
		}
	}
	return ""
}

// picture is the first picture of a thing.
func picture(o *vocab.Object) string {
	for _, i := range append(append([]vocab.Item{}, o.Image...), o.Icon...) {
		at := i.IRI
		if i.Object != nil {
			at = cmp.Or(i.Object.Href, vocab.FirstLink(i.Object.URL))
		}
		if strings.HasPrefix(at, "https://") {
			return at
		}
	}
	return ""
}

func loud(t *social.Track, v any) {
	m, ok := v.(map[string]any)
	if !ok {
		return
	}
	t.Loudness, t.Measured = thousandths(m["integrated"], -70, 20)
	peak, ok := thousandths(m["truePeak"], -100, 30)
	if t.Measured = t.Measured && ok; t.Measured {
		t.Peak = peak
		t.AlbumGain, _ = thousandths(m["albumGain"], -60, 60)
	}
}

func thousandths(v any, least, most float64) (int64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	f, err := n.Float64()
	if err != nil || f < least || f > most {
		return 0, false
	}
	return int64(math.Round(f * 1000)), true
}

// whole is a number that places a track.
func whole(v any, otherwise int64) int64 {
	n, ok := v.(json.Number)
	if !ok {
		return otherwise
	}
	if i, err := n.Int64(); err == nil && i > 0 && i < 10_000 {
		return i
	}
	return otherwise
}

func word(o *vocab.Object, key string) string {
	s, _ := o.Extra[key].(string)
	return s
}

func kind(s string) music.Kind {
	switch k := music.Kind(s); k {
	case music.Album, music.EP, music.Single:
		return k
	}
	return ""
}

// web is an address that people may be led to.
func web(s string) string {
	if strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") {
		return s
	}
	return ""
}
