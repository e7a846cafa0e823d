package form

import (
	"encoding/base64"
	"time"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/music"
)

// A Song is a public track with what its documents say.
type Song struct {
	Track     music.Track
	Release   music.Release
	Act       music.Act
	Asset     music.Asset
	MediaType string // of the original, such as audio/flac
	Segmented bool   // can be played in segments
	// Renditions are those in which it can.
	Renditions []string
	Allowed    Allowed
}

func (x *Song) artist() string {
	if x.Track.Artist != "" {
		return x.Track.Artist
	}
	return x.Release.Facts.Artist
}

func (x *Song) length() time.Duration { return time.Duration(x.Asset.DurationMS) * time.Millisecond }

// Own is a track in 9ten's own form, with its file and the file's digest, and the signed
// lists of the segments in which it plays.
func (s Site) Own(x *Song) *vocab.Object {
	f := &x.Release.Facts
	o := &vocab.Object{
		ID: s.Track(x.Track.ID), Type: []string{"Audio", "nineten:AudioTrack"}, AttributedTo: vocab.One(s.Act(x.Act.ID)), Name: x.Track.Title,
		Published: x.Release.Published, Updated: latest(x.Track.Changed, x.Release.Changed), Duration: x.length(), To: []string{vocab.Public}, CC: []string{s.Act(x.Act.ID) + "/followers"},
		URL: s.sounds(x), Image: s.picture(x.Release.Cover, x.Act.Cover), Tag: s.tags(f.Tags), Replies: vocab.At(s.Track(x.Track.ID) + "/replies"),
		Conversation: s.Conversation(x.Release.ID), Likes: vocab.At(s.Track(x.Track.ID) + "/likes"), Shares: vocab.At(s.Track(x.Track.ID) + "/shares"),
	}
	o.Put("nineten:post", s.TrackNote(x.Track.ID))
	o.Put("nineten:album", s.Release(x.Release.ID))
	o.Put("nineten:artist", x.artist())
	o.Put("nineten:position", x.Track.Number)
	o.Put("nineten:disc", x.Track.Disc)
	for name, value := range map[string]string{"nineten:isrc": x.Track.ISRC, "nineten:musicbrainzId": x.Track.Recording, "nineten:licence": f.Licence.URL(), "nineten:lyrics": x.Track.Lyrics, "nineten:language": f.Language} {
		if value != "" {
			o.Put(name, value)
		}
	}
	if x.Track.Explicit {
		o.Put("nineten:explicit", true)
	}
	if len(x.Track.People) > 0 {
		o.Put("nineten:people", people(x.Track.People))
	}
	if x.Asset.Measured {
		o.Put("nineten:loudness", map[string]float64{"integrated": thousandths(x.Asset.Loudness), "truePeak": thousandths(x.Asset.Peak), "albumGain": thousandths(x.Asset.AlbumGain)})
	}
	if len(x.Asset.Peaks) > 1 {
		o.Put("nineten:waveform", base64.StdEncoding.EncodeToString(x.Asset.Peaks))
	}
	var lists []string
	for _, r := range x.Renditions {
		lists = append(lists, s.Origin+"/media/"+r+"/manifest.json")
	}
	if lists != nil {
		o.Put("nineten:manifest", lists)
	}
	o.Attachment = []vocab.Item{s.audio(x)}
	return o
}

// people are who plays on a track and what they do there, in words: they are no actors.
func people(list []music.Person) []vocab.Item {
	out := make([]vocab.Item, len(list))
	for i, p := range list {
		o := &vocab.Object{Name: p.Name}
		if p.Role != "" {
			o.Put("nineten:role", p.Role)
		}
		out[i] = vocab.Of(o)
	}
	return out
}

func thousandths(n int64) float64 { return float64(n) / 1000 }

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// sounds are a track's page, its original and its segments, in this order: who
// takes the first address shows the page.
func (s Site) sounds(x *Song) []vocab.Item {
	media := s.Origin + "/media/" + string(x.Track.ID)
	out := []vocab.Item{
		vocab.Of(&vocab.Object{Type: []string{"Link"}, MediaType: "text/html", Href: s.TrackPage(x.Release.ID, x.Track.ID)}),
		vocab.Of(&vocab.Object{Type: []string{"Link"}, MediaType: x.MediaType, Href: media + "/original", Size: x.Asset.Bytes, Bitrate: bitrate(&x.Asset)}),
	}
	if x.Segmented {
		out = append(out, vocab.Of(&vocab.Object{Type: []string{"Link"}, MediaType: "application/vnd.apple.mpegurl", Href: media + "/master.m3u8"}))
	}
	return out
}

func bitrate(a *music.Asset) int64 {
	if a.DurationMS == 0 {
		return 0
	}
	return a.Bytes * 8 * 1000 / a.DurationMS
}

func (s Site) tags(tags []string) []vocab.Item {
	var out []vocab.Item
	for _, t := range tags {
		if name := hashtag(t); name != "" {
			out = append(out, vocab.Of(&vocab.Object{Type: []string{"Hashtag"}, Name: "#" + name, Href: s.TagPage(t)}))
		}
	}
	return out
}
