package site

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/web"
)

// ReleasePage is /release/{id}.
type ReleasePage struct {
	web.Page
	ID        id.Release
	Name      string // the title
	Kind      string // key of the catalogue
	Year      string
	By        string
	ActName   string // the act's own, whoever its release is by
	ActURL    string
	Act       id.Act
	Cover     web.Cover
	About     About
	Tracks    []ReleaseTrack
	Millis    int64
	Quality   string // "" when tracks differ
	Credits   []Credit
	Shares    []ShareLine // when every track has the same
	Label     string
	LabelURL  string // of the label's page here, "" it has none
	Licence   string
	LicenceTo string // where it can be read, "" nowhere
	Tags      []string
	Liked     bool
	Following bool
	Playlists []Choice // to add a track to
	Preview   bool     // seen by the private link
	Draft     bool     // not public: seen by its own people
	When      time.Time
	Down      string // reason of the take-down
	IsDown    bool
	Own       bool   // the viewer works for the act
	Playable  bool   // at least one track is
	Agreed    bool   // every track has the same shares
	Share     string // absolute address
	Back      string // where forms return to
	Likes     int64  // of the release as a whole, by people of other servers
	Boosts    int64
	Boosted   bool // the viewer shares the whole of it with who follows them elsewhere
	Talk      Talk
	FollowID  string // of whom one can follow
	Report    string // where it is reported, "" not by the viewer
	Away      away
}

// A ReleaseTrack is a track with all that is known of it.
type ReleaseTrack struct {
	web.TrackRow
	Disc    int    // shown before the first track of a disc, 0 otherwise
	Wave    bool   // its waveform can be drawn
	First   bool   // of those with one: drawn in full
	Low     []byte // the waveform of the others, coarser
	ISRC    string
	Credits []Credit
	Shares  []ShareLine
	Text    []LyricLine
	Likes   int64 // by people of other servers
	Boosts  int64
	Boosted bool   // by the viewer
	Marks   []Mark // where comments stand on its waveform
}

// alike reports whether two lines say the same, whenever they were confirmed.
func alike(a, b ShareLine) bool { return a.URL == b.URL && a.Percent == b.Percent }

// Slim is what marks the track's waveform as the one that plays.
func (t ReleaseTrack) Slim() web.TrackRef { return web.TrackRef{ID: t.Ref.ID, Title: t.Ref.Title} }

// A Credit is a role and who filled it.
type Credit struct{ Role, Names string }

// A ShareLine is an act's part of what a track earns.
type ShareLine struct {
	Name, URL string
	Percent   string
	Confirmed time.Time // by its act; zero: not yet
}

// A LyricLine is one line of a song, with its time where that is known.
type LyricLine struct {
	At   string // "1:02", "" unknown
	Text string
}

// A Choice is a playlist one may add to.
type Choice struct{ ID, Title string }

// release shows one release.
func (v *visit) release() error {
	what, err := id.Parse[id.Release](v.PathValue("id"))
	if err != nil {
		return err
	}
	token := v.URL.Query().Get("preview")
	r, err := v.site.Catalogue.Release(v.Context(), v.ears(), what, token)
	if fault.Is(err, fault.NotFound) && v.site.Elsewhere != nil {
		return v.releaseElsewhere(what)
	}
	if err != nil {
		return err
	}
	p := &ReleasePage{Page: v.named(r.Release.Facts.Title, web.NavBrowse)}
	p.describe(&r)
	label, err := v.site.Catalogue.LabelOf(v.Context(), &r.Release)
	if err != nil {
		return err
	}
	if label.ID != "" {
		p.LabelURL = "/act/" + label.Handle
	}
	p.add(&r)
	path := "/release/" + string(p.ID)
	v.public(&p.Page, path, p.summary(), p.Cover)
	p.Share, p.Back = p.Canonical, path
	if r.Release.State != music.Published {
		p.NoIndex, p.Canonical = true, ""
		if p.Preview = token != "" && token == r.Release.Preview; p.Preview {
			p.Share, p.Back = v.absolute(path+"?preview="+token), path+"?preview="+token
			v.keepPreview(token)
		}
	}
	if err := v.personal(p, &r); err != nil {
		return err
	}
	if r.Release.State == music.Published {
		if err := v.reactions(p); err != nil {
			return err
		}
		if err := v.talk(p); err != nil {
			return err
		}
		if !p.Own {
			p.Report = v.reporting(social.ARelease, string(p.ID))
		}
	}
	return v.show("release", p)
}

// reactions adds what people of other servers think of it.
func (v *visit) reactions(p *ReleasePage) error {
	counts, err := v.site.Talk.Reactions(v.Context(), p.ID)
	if err != nil {
		return err
	}
	whole := counts[social.Thing{Release: p.ID}]
	p.Likes, p.Boosts = whole.Likes, whole.Boosts
	for i := range p.Tracks {
		t := &p.Tracks[i]
		c := counts[social.Thing{Release: p.ID, Track: id.Track(t.Ref.ID)}]
		t.Likes, t.Boosts = c.Likes, c.Boosts
	}
	return nil
}

const (
	previewCookie = "preview"
	previewsKept  = 4 // private links that a browser can listen by at once
)

// keepPreview lets the player of this browser have what a private link shows:
// its requests for sound carry the link's token.
func (v *visit) keepPreview(token string) {
	links := slices.DeleteFunc(Previews(v.Request), func(s string) bool { return s == token })
	links = append([]string{token}, links...)
	http.SetCookie(v.ResponseWriter, &http.Cookie{
		Name: previewCookie, Value: strings.Join(links[:min(len(links), previewsKept)], "."), Path: "/", MaxAge: 24 * 60 * 60,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: v.site.Gate.Secure,
	})
}

// Previews are the tokens of the private links that a browser has opened, the
// latest first.
func Previews(r *http.Request) []string {
	c, err := r.Cookie(previewCookie)
	if err != nil {
		return nil
	}
	links := strings.Split(c.Value, ".")
	return links[:min(len(links), previewsKept)]
}

// describe writes what concerns the release as a whole.
func (p *ReleasePage) describe(r *music.FullRelease) {
	f := &r.Release.Facts
	p.ID, p.Name, p.Kind, p.Year = r.Release.ID, f.Title, kinds[f.Kind], year(f.Date)
	p.By, p.ActName, p.Act, p.ActURL = cmp.Or(f.Artist, r.Act.Name), r.Act.Name, r.Act.ID, "/act/"+r.Act.Handle
	p.FollowID, p.Cover = string(p.Act), sleeve(r.Release.Cover)
	p.Cover.Alt = "Cover of " + f.Title
	p.Accents = p.Cover.Accents
	p.About, p.Tags, p.Label = about(f.Description), f.Tags, f.Label
	p.Licence, p.LicenceTo = f.Licence.Name(), f.Licence.URL()
	switch r.Release.State {
	case music.TakenDown:
		p.IsDown, p.Down = true, r.Release.Reason
	case music.Draft, music.Scheduled:
		p.Draft, p.When = true, r.Release.PublishAt
	}
}

// add writes the tracks and what they have in common.
func (p *ReleasePage) add(r *music.FullRelease) {
	disc, last := 0, 0
	if len(r.Tracks) > 0 {
		last = r.Tracks[len(r.Tracks)-1].Track.Disc
	}
	same, waved := true, false
	var names creditList
	for i := range r.Tracks {
		t := &r.Tracks[i]
		if t.Track.State == music.Removed {
			continue
		}
		line := p.track(t, r)
		line.Disc, disc = begins(disc, t.Track.Disc, last), t.Track.Disc
		names.add(t.Track.People)
		p.Millis += line.Ref.Millis
		if len(p.Tracks) > 0 {
			same = same && slices.EqualFunc(p.Tracks[0].Shares, line.Shares, alike)
			if p.Quality != line.Ref.Quality {
				p.Quality = ""
			}
		} else {
			p.Quality = line.Ref.Quality
		}
		p.Playable = p.Playable || line.Trouble == ""
		line.First = line.Wave && !waved
		waved = waved || line.Wave
		p.Tracks = append(p.Tracks, line)
	}
	p.Credits = names.lines
	if same && len(p.Tracks) > 0 {
		p.Shares, p.Agreed = p.Tracks[0].Shares, len(p.Tracks[0].Shares) > 0
		for i := range p.Tracks {
			p.Tracks[i].Shares = nil
		}
	}
}

// begins is the disc that begins with a track, 0 where none does, by the disc of the track
// before (0: it is the first) and the last disc: what has one disc alone has no headings.
func begins(before, now, last int) int {
	if now == before || before == 0 && last <= 1 {
		return 0
	}
	return now
}

// lowPeaks is how fine the waveforms of the tracks below the first are drawn.
const lowPeaks = 96

func (p *ReleasePage) track(t *music.FullTrack, r *music.FullRelease) ReleaseTrack {
	path := "/release/" + string(p.ID)
	ref := web.TrackRef{
		ID: string(t.Track.ID), Title: t.Track.Title, URL: path + "#t-" + string(t.Track.ID), Act: cmp.Or(t.Track.Artist, p.By), ActURL: p.ActURL,
		Release: p.Name, ReleaseID: string(p.ID), ReleaseURL: path, CoverID: p.Cover.ID, Accents: p.Accents, Liked: t.Liked,
	}
	if a := t.Asset; a != nil {
		ref.Millis, ref.Peaks, ref.Quality = a.DurationMS, a.Peaks, quality(a)
		ref.TrackGain, ref.AlbumGain, ref.Peak = hundredths(a.Gain), hundredths(a.AlbumGain), hundredths(a.Peak)
	}
	if !t.Segmented {
		ref.Source = "original"
	}
	line := ReleaseTrack{ISRC: isrc(t.Track.ISRC), Text: lyrics(t.Track.Lyrics), Wave: len(ref.Peaks) > 1, Low: thin(ref.Peaks, lowPeaks)}
	line.TrackRow = web.TrackRow{Number: t.Track.Number, Ref: ref, Explicit: t.Track.Explicit || r.Release.Facts.Explicit, Lyrics: len(line.Text) > 0, ShowAct: t.Track.Artist != "" && t.Track.Artist != p.By}
	switch {
	case t.Track.State == music.Refused:
		line.Trouble = t.Track.Refusal
	case t.Track.State != music.Ready:
		line.Trouble = "Is being prepared. It can be played in about a minute."
	}
	var names creditList
	names.add(t.Track.People)
	line.Credits = names.lines
	line.Shares = shareLines(t.Sheet.Shares, r.Names)
	return line
}

// personal adds what only this viewer sees.
func (v *visit) personal(p *ReleasePage, r *music.FullRelease) error {
	if v.viewer.Account == "" {
		return nil
	}
	p.Liked, p.Following, p.Own = r.Liked, r.Following, r.Role != music.NoRole
	return v.choices(p)
}

// choices are the viewer's playlists, to add a track to.
func (v *visit) choices(p *ReleasePage) error {
	lists, err := v.site.Library.Playlists(v.Context(), v.ears())
	if err != nil {
		return err
	}
	for _, l := range lists {
		p.Playlists = append(p.Playlists, Choice{string(l.ID), l.Title})
	}
	shared, err := v.site.Together.Lists(v.Context(), v.ears())
	for i := range shared {
		if c := &shared[i]; c.State == social.Works {
			p.Playlists = append(p.Playlists, Choice{string(c.List.ID), c.List.Title + " (" + c.By() + ")"})
		}
	}
	return err
}

// summary is the release in one sentence.
func (p *ReleasePage) summary() string {
	s := p.Name + " by " + p.By
	if p.Year != "" {
		s += ", " + p.Year
	}
	if p.About.Lead != "" {
		s += ". " + p.About.Lead
	}
	return shorten(s, 200)
}

// shorten cuts a text at a word.
func shorten(s string, limit int) string {
	r := []rune(s)
	if len(r) <= limit {
		return s
	}
	cut := string(r[:limit])
	if i := strings.LastIndexByte(cut, ' '); i > limit/2 {
		cut = cut[:i]
	}
	return cut + " …"
}

// A creditList groups people by what they did, in the order of first mention.
type creditList struct{ lines []Credit }

func (c *creditList) add(people []music.Person) {
	for _, p := range people {
		i := slices.IndexFunc(c.lines, func(l Credit) bool { return l.Role == p.Role })
		switch {
		case i < 0:
			c.lines = append(c.lines, Credit{p.Role, p.Name})
		case !slices.Contains(strings.Split(c.lines[i].Names, ", "), p.Name):
			c.lines[i].Names += ", " + p.Name
		}
	}
}

// lyrics reads plain or timed lyrics into lines.
func lyrics(s string) []LyricLine {
	if s == "" {
		return nil
	}
	var out []LyricLine
	if timed, ok := music.Timed(s); ok {
		for _, l := range timed {
			out = append(out, LyricLine{web.Clock(l.AtMS), l.Text})
		}
		return out
	}
	for row := range strings.SplitSeq(s, "\n") {
		out = append(out, LyricLine{Text: row})
	}
	return out
}

// isrc writes a code with its hyphens.
func isrc(s string) string {
	if len(s) != 12 {
		return s
	}
	return s[:2] + "-" + s[2:5] + "-" + s[5:7] + "-" + s[7:]
}

// percent writes basis points without needless zeros.
func percent(bps int64) string {
	whole, rest := bps/100, bps%100
	s := itoa(whole)
	if rest > 0 {
		s += "." + strings.TrimRight(itoa(100 + rest)[1:], "0")
	}
	return s
}

// thin keeps at most n peaks, each the loudest of those it stands for.
func thin(peaks []byte, n int) []byte {
	if len(peaks) <= n {
		return peaks
	}
	out := make([]byte, n)
	for i := range out {
		out[i] = slices.Max(peaks[i*len(peaks)/n : (i+1)*len(peaks)/n])
	}
	return out
}
