package site

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/record"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/web"
)

// Elsewhere is music on other servers.
type Elsewhere interface {
	// Asked reports whether somebody looks for a thing on another server.
	Asked(text string) bool
	// Find finds an act there. Faults: NotFound, Unavailable, Forbidden.
	Find(ctx context.Context, who id.Account, text string) (social.Full, error)
	// Act is one that is known already. Faults: NotFound.
	Act(ctx context.Context, who id.Account, handle string) (social.Full, error)
	// Releases are those of an act that are known here, the newest first. Faults: Invalid.
	Releases(ctx context.Context, actor string, p music.Page) (music.List[social.Release], error)
	Release(ctx context.Context, r id.Release) (social.Release, error)
	// Gather has what people say there of a release be asked for, for the next time.
	Gather(ctx context.Context, who id.Account, r id.Release) error
	// Playlist is a playlist of an act there, with those of its tracks that are known here.
	Playlist(ctx context.Context, p id.Playlist) (social.Playlist, []music.TrackRow, error)
	// SearchPlaylists finds playlists there that are known here.
	SearchPlaylists(ctx context.Context, who id.Account, q string, n int) ([]social.Playlist, error)
	// Paid is who is paid for a release there, and how that stands.
	Paid(ctx context.Context, r id.Release) (social.Credits, map[id.Track][]social.Part, error)
	// SearchActs finds acts there by their names, those of which music is kept here.
	SearchActs(ctx context.Context, who id.Account, q string, n int) ([]social.Full, error)
	// Search finds releases and tracks that are known here.
	Search(ctx context.Context, who id.Account, q string, n int) ([]social.Release, []music.TrackRow, error)
	Follow(ctx context.Context, who id.Account, actor string, on bool) error
	Follows(ctx context.Context, who id.Account) ([]social.Full, error)
	// Home is where somebody of another server follows an act here.
	Home(ctx context.Context, theirs, act string) (string, error)

	// HomeOf is where else an act of here is or was. Faults: Unauthenticated, Forbidden.
	HomeOf(ctx context.Context, v music.Viewer, act id.Act) (music.Home, error)
	// SetKnown says by which addresses else it is known.
	SetKnown(ctx context.Context, v music.Viewer, act id.Act, addresses []string) error
	// MoveAway moves it to another server. Faults: Conflict.
	MoveAway(ctx context.Context, v music.Viewer, act id.Act, to string) error
	// ComeBack has it be here again. Faults: Conflict.
	ComeBack(ctx context.Context, v music.Viewer, act id.Act) error
}

// away is what the pages of an act and of a release say of one elsewhere.
type away struct {
	Host  string // "" it is here
	There string // its page there
	Moved string // where it moved, "" nowhere
	State string // of the node's following it

	// Of a release.
	Credits social.Credits
	Counted bool // plays of it count
	Old     bool // who earns what was not confirmed lately
	Waits   bool // somebody who earns of it has no wallet
}

// actElsewhere shows an act of another server.
func (v *visit) actElsewhere(handle string) error {
	if v.site.Elsewhere == nil {
		return fault.New(fault.NotFound, "There is no such act.")
	}
	f, err := v.site.Elsewhere.Act(v.Context(), v.viewer.Account, handle)
	if err != nil {
		return err
	}
	a := &f.Actor
	releases, err := v.site.Elsewhere.Releases(v.Context(), a.ID, music.Page{After: v.URL.Query().Get("after"), Limit: perPage})
	if err != nil {
		return err
	}
	p := &ActPage{Page: v.named(cmp.Or(a.Name, a.Handle), web.NavBrowse), Name: cmp.Or(a.Name, a.Handle), Handle: a.Handle + "@" + a.Host, About: about(record.Plain(a.Summary)),
		Cover: sleeve(f.Cover), Following: f.Following, FollowID: a.ID, Label: a.IsLabel(), Away: away{Host: a.Host, There: cmp.Or(a.URL, a.ID), Moved: secure(a.MovedTo), State: f.State}, Releases: shelfElsewhere(releases.Rows), More: v.pagePath("after", releases.Next)}
	p.NoIndex, p.Back = true, actPath(a)
	says := record.ProfileOf(a)
	p.Members, p.Links, p.Facts = says.Members, says.Links, says.Facts
	p.Report = v.reporting(social.ActThere, a.ID)
	for i := range f.Releases {
		if p.Cover.ID == "" {
			p.Cover = sleeve(f.Releases[i].Cover)
		}
	}
	p.Accents = p.Cover.Accents
	for _, l := range f.Playlists {
		p.Playlists = append(p.Playlists, PlaylistLine{Title: l.Title, URL: "/playlist/" + string(l.ID), Access: music.Public, Items: l.Count})
	}
	if p.Live, err = v.livesOf("", a.ID); err != nil {
		return err
	}
	if p.Label {
		if err := v.labelElsewhere(p, a.ID); err != nil {
			return err
		}
	}
	return v.show("act", p)
}

// labelElsewhere adds what a label of another server has announced, and whose that is.
func (v *visit) labelElsewhere(p *ActPage, label string) error {
	const after = "announced"
	said, err := v.site.Feed.Announced(v.Context(), v.viewer.Account, label, music.Page{After: v.URL.Query().Get(after), Limit: perPage})
	if err != nil {
		return err
	}
	p.Announced, p.Earlier = v.newsShelf(said.Rows), v.pagePath(after, said.Next)
	for i := range p.Announced {
		p.Announced[i].Out = time.Time{} // when it came out is what is asked here
	}
	here, there, err := v.site.Feed.Signed(v.Context(), v.viewer.Account, label)
	if err != nil {
		return err
	}
	if p.Acts, err = v.tiles(here); err != nil {
		return err
	}
	for i := range there {
		p.Acts = append(p.Acts, tileElsewhere(&there[i]))
	}
	return nil
}

// secure is an address that people are led to, "" for what is none.
func secure(at string) string {
	if !strings.HasPrefix(at, "https://") {
		return ""
	}
	return at
}

func actPath(a *social.Actor) string { return "/act/" + a.Handle + "@" + a.Host }

func shelfElsewhere(list []social.Release) []Sleeve {
	rows := make([]music.ReleaseRow, len(list))
	for i := range list {
		rows[i] = list[i].Row()
	}
	return shelf(rows)
}

// releaseElsewhere shows a release of an act of another server.
func (v *visit) releaseElsewhere(what id.Release) error {
	r, err := v.site.Elsewhere.Release(v.Context(), what)
	if err != nil {
		return err
	}
	p := &ReleasePage{Page: v.named(r.Title, web.NavBrowse), ID: r.ID, Name: r.Title, Kind: kinds[r.Kind], Year: year(cmp.Or(r.Date, r.Published.Format("2006"))), By: cmp.Or(r.Artist, r.Act),
		ActURL: "/act/" + r.Home(), FollowID: r.Actor, Cover: sleeve(r.Cover), About: about(r.Description), Playable: true, Away: away{Host: r.Host, There: r.Page}}
	p.Cover.Alt = "Cover of " + r.Title
	p.NoIndex, p.Accents, p.Back, p.Share = true, p.Cover.Accents, "/release/"+string(r.ID), r.Page
	p.Label, p.Tags = r.Label, r.Tags
	p.Licence, p.LicenceTo = licence(r.Licence), r.Licence
	p.Report = v.reporting(social.ReleaseThere, string(r.ID))
	credits, parts, err := v.site.Elsewhere.Paid(v.Context(), what)
	if err != nil {
		return err
	}
	p.Away.Credits, p.Away.Counted, p.Away.Old = credits, len(parts) > 0, credits.Old(v.site.Now())
	waved, disc, last := false, 0, 0
	if len(r.Tracks) > 0 {
		last = int(r.Tracks[len(r.Tracks)-1].Disc)
	}
	var names creditList
	for i := range r.Tracks {
		t := &r.Tracks[i]
		line := p.trackElsewhere(t)
		line.Disc, disc = begins(disc, int(t.Disc), last), int(t.Disc)
		names.add(t.People)
		line.Ref.Unpaid = len(parts[t.ID]) == 0
		for _, x := range parts[t.ID] {
			line.Shares = append(line.Shares, ShareLine{Name: cmp.Or(x.Name, x.Handle), URL: "/act/" + x.Handle + "@" + x.Host, Percent: percent(x.Bps)})
			p.Away.Waits = p.Away.Waits || !x.Paid
		}
		line.First = line.Wave && !waved
		waved = waved || line.Wave
		p.Tracks = append(p.Tracks, line)
		p.Millis += t.DurationMS
	}
	p.Credits = names.lines
	if err := v.personalElsewhere(p, &r); err != nil {
		return err
	}
	if err := v.site.Elsewhere.Gather(v.Context(), v.viewer.Account, what); err != nil {
		return err
	}
	if err := v.reactions(p); err != nil {
		return err
	}
	if err := v.talk(p); err != nil {
		return err
	}
	return v.show("release", p)
}

// personalElsewhere adds what only this viewer sees.
func (v *visit) personalElsewhere(p *ReleasePage, r *social.Release) error {
	if v.viewer.Account == "" {
		return nil
	}
	f, err := v.site.Elsewhere.Act(v.Context(), v.viewer.Account, r.Home())
	if err != nil {
		return err
	}
	p.Following = f.Following
	if p.Liked, err = v.site.Library.LikesRelease(v.Context(), v.ears(), r.ID); err != nil {
		return err
	}
	tracks := make([]id.Track, len(r.Tracks))
	for i := range r.Tracks {
		tracks[i] = r.Tracks[i].ID
	}
	liked, err := v.site.Library.Liked(v.Context(), v.ears(), tracks)
	if err != nil {
		return err
	}
	for i := range p.Tracks {
		p.Tracks[i].Ref.Liked = liked[tracks[i]]
	}
	return v.choices(p)
}

func (p *ReleasePage) trackElsewhere(t *social.Track) ReleaseTrack {
	ref := web.TrackRef{
		ID: string(t.ID), Title: t.Title, URL: p.Back + "#t-" + string(t.ID), Act: cmp.Or(t.Artist, p.By), ActURL: p.ActURL, Release: p.Name, ReleaseID: string(p.ID), ReleaseURL: p.Back,
		CoverID: p.Cover.ID, Accents: p.Accents, Millis: t.DurationMS, Peaks: t.Peaks, Elsewhere: true,
	}
	if t.Segments == "" {
		ref.Source = "original"
	}
	if _, kind, ok := strings.Cut(t.MediaType, "/"); ok {
		ref.Quality = cmp.Or(codecs[strings.TrimPrefix(kind, "x-")], "")
	}
	if t.Measured {
		ref.TrackGain, ref.AlbumGain, ref.Peak = hundredths(music.Gain(t.Loudness)), hundredths(t.AlbumGain), hundredths(t.Peak)
	}
	line := ReleaseTrack{ISRC: isrc(t.ISRC), Text: lyrics(t.Lyrics), Wave: len(t.Peaks) > 1, Low: thin(t.Peaks, lowPeaks)}
	var names creditList
	names.add(t.People)
	line.Credits = names.lines
	line.TrackRow = web.TrackRow{Number: int(t.Number), Ref: ref, Explicit: t.Explicit, Lyrics: len(line.Text) > 0, ShowAct: t.Artist != "" && t.Artist != p.By}
	return line
}

// licence is the name of a licence by its address, or the address.
func licence(address string) string {
	for _, l := range music.Licences() {
		if l.URL() != "" && strings.TrimSuffix(l.URL(), "/") == strings.TrimSuffix(address, "/") {
			return l.Name()
		}
	}
	return address
}

// searchElsewhere adds what is known of other servers under what this node has.
func (v *visit) searchElsewhere(p *SearchPage, q string) error {
	if v.site.Elsewhere == nil {
		return nil
	}
	releases, tracks, err := v.site.Elsewhere.Search(v.Context(), v.viewer.Account, q, searchMax)
	if err != nil {
		return err
	}
	rows, err := v.withLikes(tracks)
	if err != nil {
		return err
	}
	p.Releases, p.Tracks = append(p.Releases, shelfElsewhere(releases)...), append(p.Tracks, rows...)
	lists, err := v.site.Elsewhere.SearchPlaylists(v.Context(), v.viewer.Account, q, searchMax)
	if err != nil {
		return err
	}
	for i := range lists {
		l := &lists[i]
		p.Playlists = append(p.Playlists, PlaylistLine{Title: l.Title, URL: "/playlist/" + string(l.ID), Owner: cmp.Or(l.Act, l.Handle) + ", " + l.Host, Access: music.Public, Items: l.Count})
	}
	acts, err := v.site.Elsewhere.SearchActs(v.Context(), v.viewer.Account, q, searchMax)
	if err != nil {
		return err
	}
	for i := range acts {
		p.Acts = append(p.Acts, tileElsewhere(&acts[i]))
	}
	p.Nothing = p.Nothing && len(releases)+len(tracks)+len(lists)+len(acts) == 0
	return nil
}

// findElsewhere adds to a search who is asked for on another server.
func (v *visit) findElsewhere(p *SearchPage, text string) {
	if v.site.Elsewhere == nil || !v.site.Elsewhere.Asked(text) {
		return
	}
	f, err := v.site.Elsewhere.Find(v.Context(), v.viewer.Account, text)
	switch {
	case err == nil:
		p.Acts, p.Nothing = append([]ActTile{tileElsewhere(&f)}, p.Acts...), false
	case v.viewer.Account == "":
		p.Trouble = v.words("Whom nobody here has looked for yet is found by those who are signed in: this node asks no other server for strangers.")
	default:
		p.Trouble = v.why(err)
	}
}

func tileElsewhere(f *social.Full) ActTile {
	return ActTile{Name: cmp.Or(f.Actor.Name, f.Actor.Handle), URL: actPath(&f.Actor), Place: f.Actor.Host, Cover: sleeve(f.Cover), Releases: f.Count, Label: f.Actor.IsLabel()}
}

// followsElsewhere are the acts the viewer follows on other servers.
func (v *visit) followsElsewhere() ([]ActTile, error) {
	if v.site.Elsewhere == nil {
		return nil, nil
	}
	list, err := v.site.Elsewhere.Follows(v.Context(), v.viewer.Account)
	out := make([]ActTile, len(list))
	for i := range list {
		out[i] = tileElsewhere(&list[i])
	}
	return out, err
}

// FollowFromPage leads people of other servers to where they follow an act.
type FollowFromPage struct {
	web.Page
	Name    string
	Handle  string // with the host
	Act     string // its page
	Host    string // of the visitor's server
	To      string // the visitor's server's page, "" not asked yet
	Who     string
	Trouble string
}

// followFrom looks for where a visitor's own server lets them follow an act
// here. A browser does not send a form on to another server, so what was found
// is shown as a link.
func (v *visit) followFrom() error {
	a, err := v.site.Catalogue.Act(v.Context(), v.ears(), v.PathValue("handle"))
	if err != nil {
		return err
	}
	if v.site.Elsewhere == nil {
		return fault.New(fault.NotFound, "This node does not federate.")
	}
	who := strings.TrimSpace(v.form.Get("who"))
	p := &FollowFromPage{Page: v.named(a.Act.Name, web.NavBrowse), Name: a.Act.Name, Handle: "@" + a.Act.Handle + "@" + v.site.host(), Act: "/act/" + a.Act.Handle, Who: who}
	p.NoIndex = true
	if i := strings.LastIndexByte(who, '@'); i >= 0 {
		p.Host = who[i+1:]
	}
	to, err := v.site.Elsewhere.Home(v.Context(), who, p.Handle[1:])
	if err != nil {
		p.Trouble = v.why(err)
		return v.show("follow-from", p)
	}
	p.To = to
	return v.show("follow-from", p)
}
