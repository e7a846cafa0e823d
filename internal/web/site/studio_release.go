package site

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/web"
)

// StudioReleasePage is where a release is made.
type StudioReleasePage struct {
	web.Page
	ID, Heading string
	Act, ActID  string
	State       string // in words
	Class       string // of the state
	Draft       bool   // not public and not scheduled
	Scheduled   bool
	Public      bool
	Down        string    // why it was taken down, "" it was not
	Once        bool      // it was public once: it cannot be deleted
	Owner       bool      // may publish and say who gets paid
	When        time.Time // a scheduled release's time, in its own zone
	Zone        string
	Cover       web.Cover
	Fields      []web.Field
	Explicit    bool
	People      web.Field // credits in words, on every track
	Tracks      []StudioTrack
	Discs       bool // more than one
	Ready       int
	Busy        bool // something is still being prepared
	Checks      []Check
	Credits     []CreditGroup
	Shares      []ShareRow
	ShareError  string
	Acts        []Choice // to credit: handle and name
	Out         []web.Field
	Preview     string      // address of the private link
	Talk        []web.Field // who may do what with it
}

// StudioTrack is one file of a release.
type StudioTrack struct {
	ID, URL, Title, File string
	State, Class, Why    string
	Disc, Number         int
	First, Last          bool
	Ready, Bad           bool
	Explicit, Lyrics     bool
	Millis               int64
	Ref                  web.TrackRef
	Fact                 string // "FLAC 44.1/16"
}

// A Check is one line of what a release still needs. Kind names the sentence,
// Mood is "good", "warn" or "bad".
type Check struct {
	Kind, Mood string
	N          int
	Name, Part string
}

// A CreditGroup is tracks that pay the same acts the same shares.
type CreditGroup struct {
	Titles []string // nil: all tracks
	Now    []ShareLine
	Next   []ShareLine // proposed and not yet agreed to; nil: nothing
	Asked  time.Time
}

// A ShareRow is one line of the form of shares, as written.
type ShareRow struct{ Act, Percent string }

var trackWords = map[music.TrackState]string{
	music.Uploaded: "Waiting", music.Preparing: "Being prepared", music.Ready: "Ready", music.Refused: "Cannot be read",
}

func releaseFields(f *music.Facts) []web.Field {
	var kindList, licences []web.Option
	for _, k := range music.Kinds() {
		kindList = append(kindList, web.Option{Value: string(k), Label: kinds[k]})
	}
	for _, l := range music.Licences() {
		licences = append(licences, web.Option{Value: string(l), Label: l.Name()})
	}
	return []web.Field{
		{Name: "title", Label: "Title", Value: f.Title, Wide: true, MaxLength: 300},
		{Name: "artist", Label: "Artist, as printed", Value: f.Artist, MaxLength: 300},
		{Name: "kind", Label: "Kind", Type: "select", Value: string(f.Kind), Options: kindList},
		{Name: "date", Label: "Date on the sleeve", Value: f.Date, Placeholder: "2026-12-04", MaxLength: 10},
		{Name: "licence", Label: "Licence", Type: "select", Value: string(f.Licence), Options: licences},
		{Name: "label", Label: "Label", Value: f.Label, MaxLength: 120},
		{Name: "language", Label: "Language", Value: f.Language, Placeholder: "en", MaxLength: 20},
		{Name: "tags", Label: "Genre and tags", Value: strings.Join(f.Tags, ", "), Help: "Separated by commas.", Wide: true},
		{Name: "description", Label: "About it", Type: "textarea", Value: f.Description, Wide: true, MaxLength: 10_000},
	}
}

// ownRelease is the release that the path names. To who has no part in its act
// it is not there.
func (v *visit) ownRelease() (music.FullRelease, error) {
	missing := fault.New(fault.NotFound, "There is no such release in your studio.")
	r, err := id.Parse[id.Release](v.PathValue("id"))
	if err != nil {
		return music.FullRelease{}, missing
	}
	full, err := v.site.Catalogue.Release(v.Context(), v.ears(), r, "")
	if fault.Is(err, fault.NotFound) || err == nil && full.Role == music.NoRole {
		return music.FullRelease{}, missing
	}
	return full, err
}

func (v *visit) studioReleasePage() (*StudioReleasePage, error) {
	full, err := v.ownRelease()
	if err != nil {
		return nil, err
	}
	r := &full.Release
	p := &StudioReleasePage{
		Page: v.named(r.Facts.Title, web.NavStudio), ID: string(r.ID), Heading: r.Facts.Title, Act: full.Act.Name, ActID: string(full.Act.ID),
		State: stateWords[r.State], Class: stateMoods[r.State], Draft: r.State == music.Draft, Scheduled: r.State == music.Scheduled, Public: r.State == music.Published,
		Once: !r.Published.IsZero(), Owner: full.Role == music.Owner, Cover: sleeve(r.Cover), Fields: releaseFields(&r.Facts), Explicit: r.Facts.Explicit, Out: outFields(r),
	}
	p.Scripts, p.NoIndex, p.Accents = []string{"studio.js"}, true, p.Cover.Accents
	if p.Heading == "" {
		p.Heading, p.Title = "New release", v.words("New release")
	}
	if r.State == music.TakenDown {
		p.Down = cmp.Or(r.Reason, "No reason was given.")
	}
	if p.Scheduled {
		p.When, p.Zone = inZone(r), r.Zone
	}
	if r.Preview != "" {
		p.Preview = v.absolute("/release/" + string(r.ID) + "?preview=" + r.Preview)
	}
	p.tracks(&full)
	if p.Talk, err = v.talkFields(full.Act.ID, r.ID); err != nil {
		return nil, err
	}
	if err := v.creditsPart(p, &full); err != nil {
		return nil, err
	}
	p.check(r)
	return p, nil
}

// inZone is when a scheduled release comes out, as its people chose it.
func inZone(r *music.Release) time.Time {
	zone, err := time.LoadLocation(r.Zone)
	if err != nil {
		zone = time.UTC
	}
	return r.PublishAt.In(zone)
}

func outFields(r *music.Release) []web.Field {
	at := ""
	if !r.PublishAt.IsZero() {
		at = inZone(r).Format("2006-01-02T15:04")
	}
	return []web.Field{
		{Name: "at", Label: "Out on", Type: "datetime-local", Value: at},
		{Name: "zone", Label: "Time zone", Value: cmp.Or(r.Zone, "UTC"), Placeholder: "Europe/Berlin", MaxLength: 60},
	}
}

// tracks lists the files and what is the same on all of them.
func (p *StudioReleasePage) tracks(full *music.FullRelease) {
	var people []music.Person
	same := true
	for i := range full.Tracks {
		t := &full.Tracks[i]
		line := studioTrack(t, full)
		line.First, line.Last = i == 0, i == len(full.Tracks)-1
		p.Tracks = append(p.Tracks, line)
		p.Discs = p.Discs || line.Disc > 1
		p.Busy = p.Busy || !line.Ready && !line.Bad
		if line.Ready {
			p.Ready++
		}
		if i == 0 {
			people = t.Track.People
		}
		same = same && slices.Equal(people, t.Track.People)
	}
	p.People = web.Field{
		Name: "people", Label: "Who plays on it", Type: "textarea", Wide: true, Placeholder: "Maren Okafor: piano",
		Help: "One a line, for every track at once. Single tracks are changed on their own page.",
	}
	if same {
		p.People.Value = personLines(people)
	}
}

func studioTrack(t *music.FullTrack, full *music.FullRelease) StudioTrack {
	x := &t.Track
	s := StudioTrack{
		ID: string(x.ID), URL: "/studio/release/" + string(x.Release) + "/track/" + string(x.ID), Title: cmp.Or(x.Title, x.Filename), File: x.Filename,
		State: trackWords[x.State], Why: x.Refusal, Disc: x.Disc, Number: x.Number, Ready: x.State == music.Ready, Bad: x.State == music.Refused,
		Explicit: x.Explicit, Lyrics: x.Lyrics != "",
	}
	switch {
	case s.Ready:
		s.Class = "good"
	case s.Bad:
		s.Class = "bad"
	default:
		s.Class = "faint"
	}
	s.Ref = web.TrackRef{
		ID: s.ID, Title: s.Title, Act: cmp.Or(x.Artist, full.Release.Facts.Artist, full.Act.Name), ActURL: "/act/" + full.Act.Handle, Release: full.Release.Facts.Title,
		ReleaseID: string(x.Release), ReleaseURL: "/release/" + string(x.Release), URL: "/release/" + string(x.Release) + "#t-" + s.ID,
		CoverID: full.Release.Cover.ID, Accents: sleeve(full.Release.Cover).Accents,
	}
	if !t.Segmented {
		s.Ref.Source = "original"
	}
	if a := t.Asset; a != nil && a.Codec != "" {
		s.Millis, s.Fact = a.DurationMS, quality(a)
		s.Ref.Millis, s.Ref.Quality, s.Ref.Peaks = a.DurationMS, s.Fact, a.Peaks
		s.Ref.TrackGain, s.Ref.AlbumGain, s.Ref.Peak = hundredths(a.Gain), hundredths(a.AlbumGain), hundredths(a.Peak)
	}
	return s
}

// check says what the release still needs before it can go out.
func (p *StudioReleasePage) check(r *music.Release) {
	add := func(kind, mood string, n int) { p.Checks = append(p.Checks, Check{Kind: kind, Mood: mood, N: n}) }
	refused, waiting := 0, 0
	for _, t := range p.Tracks {
		switch {
		case t.Bad:
			refused++
		case !t.Ready:
			waiting++
		}
	}
	switch {
	case p.Ready == 0 && waiting == 0:
		add("tracks", "bad", 0)
	case waiting > 0:
		add("waiting", "warn", waiting)
	default:
		add("ready", "good", p.Ready)
		add("loudness", "good", 0)
	}
	if refused > 0 {
		add("refused", "bad", refused)
	}
	if r.Facts.Title == "" || r.Facts.Artist == "" {
		add("title", "bad", 0)
	} else {
		add("named", "good", 0)
	}
	if r.Cover.ID == "" {
		add("nocover", "warn", 0)
	} else {
		add("cover", "good", 0)
	}
	seen := map[string]bool{}
	for _, g := range p.Credits {
		for _, l := range g.Next {
			if key := l.Name + l.Percent; l.Confirmed.IsZero() && !seen[key] {
				seen[key] = true
				p.Checks = append(p.Checks, Check{Kind: "confirm", Mood: "warn", Name: l.Name, Part: l.Percent})
			}
		}
	}
}

func (v *visit) studioRelease() error {
	p, err := v.studioReleasePage()
	if err != nil {
		return err
	}
	return v.show("studio-release", p)
}
