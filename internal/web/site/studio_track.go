package site

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/web"
)

// StudioTrackPage is where one track is edited.
type StudioTrackPage struct {
	web.Page
	Release, Album string // id and title
	Act            string
	Cover          web.Cover
	Track          StudioTrack
	Fields         []web.Field
	Explicit       bool
	People         web.Field
	Lyrics         web.Field
	Timed          []LyricLine // of lyrics with times
	Facts          TrackFacts
	Shares         []ShareLine
	Before, After  *StudioTrack
}

// TrackFacts are what was measured of a file, as pages write it; "" unknown.
type TrackFacts struct {
	Quality, Channels string
	Loudness, Peak    string
	Bytes             int64
	SHA256            string
}

func trackFields(t *music.Track) []web.Field {
	return []web.Field{
		{Name: "title", Label: "Title", Value: t.Title, Wide: true, MaxLength: 300},
		{Name: "artist", Label: "Artist, where it is not the release’s", Value: t.Artist, MaxLength: 300},
		{Name: "isrc", Label: "ISRC", Value: isrc(t.ISRC), Placeholder: "DE-A12-26-00001", Help: "Twelve characters from your label or the national agency. Leave it empty when you have none.", MaxLength: 20},
		{Name: "number", Label: "Number", Value: strconv.Itoa(t.Number), InputMode: "numeric", Required: true, MaxLength: 3},
		{Name: "disc", Label: "Disc", Value: strconv.Itoa(t.Disc), InputMode: "numeric", Required: true, MaxLength: 2},
	}
}

func (v *visit) studioTrackPage() (*StudioTrackPage, error) {
	full, err := v.ownRelease()
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(full.Tracks, func(t music.FullTrack) bool { return string(t.Track.ID) == v.PathValue("track") })
	if at < 0 {
		return nil, fault.New(fault.NotFound, "There is no such track on this release.")
	}
	t := &full.Tracks[at]
	p := &StudioTrackPage{
		Release: string(full.Release.ID), Album: full.Release.Facts.Title, Act: full.Act.Name, Cover: sleeve(full.Release.Cover),
		Track: studioTrack(t, &full), Fields: trackFields(&t.Track), Explicit: t.Track.Explicit, Shares: shareLines(t.Sheet.Shares, full.Names),
	}
	p.Page = v.named(p.Track.Title, web.NavStudio)
	p.Scripts, p.NoIndex, p.Accents = []string{"studio.js"}, true, p.Cover.Accents
	if p.Album == "" {
		p.Album = "New release"
	}
	p.People = web.Field{Name: "people", Label: "Who plays on it", Type: "textarea", Value: personLines(t.Track.People), Placeholder: "Maren Okafor: piano", Help: "One a line. These are words: who is paid is said for the release.", Wide: true}
	p.Lyrics = web.Field{Name: "lyrics", Label: "Lyrics", Type: "textarea", Value: t.Track.Lyrics, Placeholder: "[00:12.50]The tide is out", Help: "Plain lines, or LRC: each line begins with its time.", Wide: true}
	if _, ok := music.Timed(t.Track.Lyrics); ok {
		p.Timed = lyrics(t.Track.Lyrics)
	}
	p.Facts = trackFacts(t.Asset)
	if at > 0 {
		x := studioTrack(&full.Tracks[at-1], &full)
		p.Before = &x
	}
	if at+1 < len(full.Tracks) {
		x := studioTrack(&full.Tracks[at+1], &full)
		p.After = &x
	}
	return p, nil
}

func trackFacts(a *music.Asset) (f TrackFacts) {
	if a == nil {
		return f
	}
	f.Bytes, f.SHA256 = a.Bytes, a.SHA256
	if a.Codec != "" {
		f.Quality = quality(a)
		f.Channels = map[int64]string{1: "Mono", 2: "Stereo"}[a.Channels]
	}
	if a.Measured {
		f.Loudness, f.Peak = decibels(a.Loudness)+" LUFS", decibels(a.Peak)+" dBTP"
	}
	return f
}

// decibels writes thousandths with one decimal and a real minus.
func decibels(thousandths int64) string {
	return strings.Replace(fmt.Sprintf("%.1f", float64(thousandths)/1000), "-", "−", 1)
}

func (v *visit) studioTrack() error {
	p, err := v.studioTrackPage()
	if err != nil {
		return err
	}
	return v.show("studio-track", p)
}

func (v *visit) editTrack() error {
	full, err := v.ownRelease()
	if err != nil {
		return err
	}
	t, err := id.Parse[id.Track](v.PathValue("track"))
	if err != nil {
		return err
	}
	f := v.form
	number, nerr := strconv.Atoi(strings.TrimSpace(f.Get("number")))
	disc, derr := strconv.Atoi(strings.TrimSpace(f.Get("disc")))
	switch {
	case nerr != nil:
		err = fault.On("number", fault.Invalid, "%q is no number of a track.", f.Get("number"))
	case derr != nil:
		err = fault.On("disc", fault.Invalid, "%q is no number of a disc.", f.Get("disc"))
	default:
		_, err = v.site.Studio.EditTrack(v.Context(), v.ears(), t, func(x *music.Track) {
			x.Title, x.Artist, x.ISRC, x.Number, x.Disc = f.Get("title"), f.Get("artist"), f.Get("isrc"), number, disc
			x.Explicit, x.Lyrics, x.People = f.Has("explicit"), f.Get("lyrics"), people(f.Get("people"))
		})
	}
	if err != nil {
		return v.trackAgain(err)
	}
	to := "/studio/release/" + string(full.Release.ID)
	if next := f.Get("next"); next != "" {
		return v.goTo(to+"/track/"+next, "Saved.")
	}
	return v.goTo(to+"/track/"+string(t), "Saved.")
}

// trackAgain shows the track's page with what was sent and what is wrong.
func (v *visit) trackAgain(err error) error {
	p, perr := v.studioTrackPage()
	if perr != nil {
		return perr
	}
	n := len(p.Fields)
	fields := v.fill(append(p.Fields, p.People, p.Lyrics))
	p.Explicit = v.form.Has("explicit")
	for i := range fields {
		if fields[i].Name == fault.Field(err) {
			fields[i].Error = v.why(err)
		}
	}
	p.Fields, p.People, p.Lyrics = fields[:n], fields[n], fields[n+1]
	return v.again(err, "studio-track", p, fields)
}
