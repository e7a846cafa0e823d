package site

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/web"
)

// sleeve is a cover as pages draw it.
func sleeve(c music.Cover) web.Cover {
	return web.Cover{ID: c.ID, Accents: web.Accents{Light: c.Light, Dark: c.Dark}}
}

// A Sleeve is a release on a shelf.
type Sleeve struct {
	Title, By, URL string
	Cover          web.Cover
	Kind           string    // "Album", a key of the catalogue
	Year           string    // "" unknown
	Out            time.Time // shown instead of kind and year when set
	Past           bool      // in another year than this
	Shared         string    // who shared it, "" nobody
}

// kinds of a release in words.
var kinds = map[music.Kind]string{music.Album: "Album", music.EP: "EP", music.Single: "Single"}

func year(date string) string { return date[:min(4, len(date))] }

func shelf(rows []music.ReleaseRow) []Sleeve {
	out := make([]Sleeve, len(rows))
	for i := range rows {
		r := &rows[i]
		out[i] = Sleeve{Title: r.Title, By: cmp.Or(r.Artist, r.ActName), URL: "/release/" + string(r.ID), Cover: sleeve(r.Cover), Kind: kinds[r.Kind], Year: year(r.Date)}
	}
	return out
}

// newsShelf is what is new, with the day of each, and who shared what was.
func (v *visit) newsShelf(news []social.News) []Sleeve {
	out := make([]Sleeve, len(news))
	for i := range news {
		n := &news[i]
		s := shelf([]music.ReleaseRow{n.Release})[0]
		if n.Track != "" {
			s.Title, s.URL = n.Title, s.URL+"#t-"+string(n.Track)
		}
		s.Shared = sharers(n.Sharers)
		s.Out, s.Past = n.At, n.At.UTC().Year() != v.site.Now().UTC().Year()
		out[i] = s
	}
	return out
}

// mostSharers is how many of those who shared a thing are named.
const mostSharers = 3

func sharers(list []social.Sharer) string {
	var names []string
	for _, s := range list[:min(mostSharers, len(list))] {
		names = append(names, cmp.Or(s.Name, s.Handle))
	}
	if len(list) > mostSharers {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}

// hundredths of a decibel from thousandths, rounded to the nearest.
func hundredths(thousandths int64) int {
	if thousandths < 0 {
		return int((thousandths - 5) / 10)
	}
	return int((thousandths + 5) / 10)
}

// codecs in words.
var codecs = map[string]string{"flac": "FLAC", "wav": "WAV", "mp3": "MP3", "aac": "AAC", "alac": "ALAC", "vorbis": "Ogg Vorbis", "opus": "Opus"}

// quality says what a file is: "FLAC 44.1/16", "MP3 44.1".
func quality(a *music.Asset) string {
	name := cmp.Or(codecs[a.Codec], a.Codec)
	if a.Rate == 0 {
		return name
	}
	rate := strings.TrimSuffix(strconv.FormatFloat(float64(a.Rate)/1000, 'f', 1, 64), ".0")
	if a.Bits > 0 && a.Lossless() {
		rate += "/" + strconv.FormatInt(a.Bits, 10)
	}
	return name + " " + rate
}

// trackRef is what the player needs of a row of a list.
func trackRef(r *music.TrackRow) web.TrackRef {
	release := "/release/" + string(r.Release)
	ref := web.TrackRef{
		ID: string(r.ID), Title: r.Title, URL: release + "#t-" + string(r.ID), Act: cmp.Or(r.Artist, r.ActName), ActURL: "/act/" + r.ActHandle,
		Release: r.ReleaseTitle, ReleaseID: string(r.Release), ReleaseURL: release, CoverID: r.Cover.ID, Accents: web.Accents{Light: r.Cover.Light, Dark: r.Cover.Dark},
		Millis: r.DurationMS, TrackGain: hundredths(r.Gain), AlbumGain: hundredths(r.AlbumGain), Peak: hundredths(r.Peak), Quality: codecs[r.Codec], Elsewhere: r.Elsewhere(), Unpaid: r.Uncounted,
	}
	if !r.Segmented {
		ref.Source = "original"
	}
	return ref
}

// trackRows are tracks of many releases: with cover and act. likes may be nil.
func trackRows(rows []music.TrackRow, likes map[id.Track]bool) []web.TrackRow {
	out := make([]web.TrackRow, len(rows))
	for i := range rows {
		r := &rows[i]
		ref := trackRef(r)
		ref.Liked = likes[r.ID]
		out[i] = web.TrackRow{Number: i + 1, Ref: ref, ShowAct: true, Cover: true, Explicit: r.Explicit}
	}
	return out
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// withLikes are rows of many releases that know which of them the viewer likes.
func (v *visit) withLikes(rows []music.TrackRow) ([]web.TrackRow, error) {
	if v.viewer.Account == "" || len(rows) == 0 {
		return trackRows(rows, nil), nil
	}
	ids := make([]id.Track, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	likes, err := v.site.Library.Liked(v.Context(), v.ears(), ids)
	if err != nil {
		return nil, err
	}
	return trackRows(rows, likes), nil
}
