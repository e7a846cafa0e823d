package api

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/record"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// Elsewhere is music on other servers.
type Elsewhere interface {
	// Find finds an act by its handle or its address. Faults: NotFound,
	// Unavailable, Forbidden.
	Find(ctx context.Context, who id.Account, text string) (social.Full, error)
	// Act is one that is known already. Faults: NotFound.
	Act(ctx context.Context, who id.Account, handle string) (social.Full, error)
	// Releases are those of an act that are known here, the newest first. Faults: Invalid.
	Releases(ctx context.Context, actor string, p music.Page) (music.List[social.Release], error)
	Release(ctx context.Context, r id.Release) (social.Release, error)
	// Gather has what people say there of a release be asked for.
	Gather(ctx context.Context, who id.Account, r id.Release) error
	Track(ctx context.Context, t id.Track) (social.Track, error)
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
	Newest(ctx context.Context, who id.Account, n int) ([]social.Release, error)
	Follows(ctx context.Context, who id.Account) ([]social.Full, error)
	Home(ctx context.Context, theirs, act string) (string, error)

	HomeOf(ctx context.Context, v music.Viewer, act id.Act) (music.Home, error)
	SetKnown(ctx context.Context, v music.Viewer, act id.Act, addresses []string) error
	MoveAway(ctx context.Context, v music.Viewer, act id.Act, to string) error
	ComeBack(ctx context.Context, v music.Viewer, act id.Act) error
}

func (a *API) elsewhere(r *router) {
	op := func(method, path, id, summary string, scope account.Scope) operation {
		return operation{method: method, path: path, id: id, tag: "Elsewhere", scope: scope, summary: summary}
	}
	add(r, op(http.MethodGet, "/elsewhere", "find-elsewhere", "Find an act of another server by its handle or its address", account.ScopeRead), a.findElsewhere)
	add(r, op(http.MethodGet, "/elsewhere/acts/{handle}", "get-act-elsewhere", "An act of another server that is known here, with its newest releases; one that is not known well, or was asked a day ago, is asked again in the background for who is signed in", ""), a.actElsewhere)
	add(r, op(http.MethodGet, "/elsewhere/acts/{handle}/releases", "list-act-releases-elsewhere", "All its releases that are known here, the newest first", ""), a.releasesElsewhere)
	add(r, op(http.MethodGet, "/elsewhere/acts/{handle}/label", "get-label-elsewhere", "What a label of another server has announced, the latest first, and whose that is, as far as it is known here; of who is no label, what they shared", ""), a.labelElsewhere)
	add(r, op(http.MethodGet, "/elsewhere/releases/{release}", "get-release-elsewhere", "A release of another server; /media/{track}/original, and master.m3u8 where it is segmented, pass on the sound", ""), a.releaseElsewhere)
	add(r, op(http.MethodGet, "/elsewhere/tracks/{track}", "get-track-elsewhere", "A track of another server, with its waveform", ""), a.trackElsewhere)
	add(r, op(http.MethodPut, "/elsewhere/acts/{handle}/follow", "follow-elsewhere", "Follow an act of another server", account.ScopeLibrary), a.followElsewhere(true))
	add(r, op(http.MethodDelete, "/elsewhere/acts/{handle}/follow", "unfollow-elsewhere", "Follow it no longer", account.ScopeLibrary), a.followElsewhere(false))
	add(r, op(http.MethodGet, "/elsewhere/follows", "list-follows-elsewhere", "Acts of other servers that you follow, the latest first", account.ScopeRead), a.followsElsewhere)
	add(r, op(http.MethodGet, "/elsewhere/follows/releases", "list-followed-releases-elsewhere", "Their newest releases", account.ScopeRead), a.newestElsewhere)
	add(r, op(http.MethodPost, "/acts/{act}/follow-from", "follow-from", "Where somebody of another server follows an act here", ""), a.followFrom)
	a.homes(r)
}

// ActElsewhere is an act of another server.
type ActElsewhere struct {
	Handle    string             `json:"handle" doc:"act@host"`
	Actor     string             `json:"actor" doc:"Address of its document"`
	Page      string             `json:"page,omitempty" doc:"Where people look at it over there"`
	Name      string             `json:"name"`
	Label     bool               `json:"label" doc:"It is a label, not an act"`
	About     string             `json:"about,omitempty"`
	Members   []music.Member     `json:"members,omitempty"`
	Links     []music.Link       `json:"links,omitempty"`
	Lines     []ProfileLine      `json:"lines,omitempty" doc:"What else the profile says of one that is of other software"`
	Cover     *Cover             `json:"cover,omitempty"`
	Releases  []ReleaseElsewhere `json:"releases" doc:"The newest 100 that are known here; none in lists"`
	Playlists []PlaylistRow      `json:"playlists" doc:"Those that are known here, the latest change first; none in lists"`
	Count     int64              `json:"count" doc:"How many are known"`
	Following bool               `json:"following"`
	MovedTo   string             `json:"moved_to,omitempty" doc:"Address of its document where it moved"`
	State     string             `json:"state,omitempty" enum:"asked,accepted,refused" doc:"What its server said to this node, which follows it for its listeners"`
}

// ProfileLine is one of the profile of somebody on another server, as text.
type ProfileLine struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// ReleaseElsewhere is a release of another server.
type ReleaseElsewhere struct {
	ID        id.Release       `json:"id" doc:"This node's"`
	IRI       string           `json:"iri" doc:"Address of its document"`
	Act       string           `json:"act" doc:"act@host"`
	ActName   string           `json:"act_name"`
	Title     string           `json:"title"`
	Artist    string           `json:"artist,omitempty"`
	Kind      string           `json:"kind" doc:"album, ep or single"`
	Date      string           `json:"date,omitempty"`
	Licence   string           `json:"licence,omitempty" doc:"An address"`
	Label     string           `json:"label,omitempty"`
	Language  string           `json:"language,omitempty" doc:"BCP 47"`
	Tags      []string         `json:"tags,omitempty"`
	About     string           `json:"about,omitempty"`
	Page      string           `json:"page,omitempty"`
	Explicit  bool             `json:"explicit,omitempty" doc:"As a whole"`
	Cover     *Cover           `json:"cover,omitempty"`
	Published int64            `json:"published_ms" doc:"Unix milliseconds"`
	Tracks    []TrackElsewhere `json:"tracks" doc:"None in lists"`
	Likes     int64            `json:"likes,omitempty" doc:"Of the release as a whole, as its server says; none in lists"`
	Boosts    int64            `json:"boosts,omitempty"`
	Credits   *CreditsStand    `json:"credits,omitempty" doc:"How it stands with who is paid; none in lists"`
}

// CreditsStand says whether plays of a release of another server count.
type CreditsStand struct {
	State   string `json:"state" enum:"waiting,holds,unpaid,refused" doc:"waiting: its node has not said yet who is paid; unpaid: its server is no 9ten node, and plays do not count; refused: what its node said last does not hold"`
	Trouble string `json:"trouble,omitempty" doc:"Why it does not hold"`
	Checked int64  `json:"checked_ms,omitempty" doc:"Unix milliseconds: when every proof of it held last"`
	Old     bool   `json:"old,omitempty" doc:"Not confirmed for more than a week; it still counts"`
}

// ShareElsewhere is what an act of another node earns of a track.
type ShareElsewhere struct {
	Act    id.Act `json:"act" doc:"Its id at its home, as rows, lines and receipts name it"`
	Handle string `json:"handle" doc:"act@host"`
	Name   string `json:"name"`
	Bps    int64  `json:"bps" doc:"Basis points of every credited second"`
	Wallet bool   `json:"wallet" doc:"It can be paid; otherwise it is owed for a year"`
}

// TrackElsewhere is a track of another server.
type TrackElsewhere struct {
	ID         id.Track `json:"id" doc:"This node's"`
	IRI        string   `json:"iri"`
	Title      string   `json:"title"`
	Artist     string   `json:"artist,omitempty"`
	Disc       int64    `json:"disc"`
	Number     int64    `json:"number"`
	DurationMS int64    `json:"duration_ms"`
	MediaType  string   `json:"media_type"`
	Segmented  bool     `json:"segmented" doc:"/media/{track}/master.m3u8 passes it on in segments; else only the original"`
	Gain       int64    `json:"gain" doc:"To -18 LUFS, thousandths of dB"`
	AlbumGain  int64    `json:"album_gain"`
	Peak       int64    `json:"peak" doc:"True peak, thousandths of dBTP"`

	ISRC     string         `json:"isrc,omitempty"`
	Explicit bool           `json:"explicit,omitempty" doc:"The track, or its release as a whole"`
	Lyrics   string         `json:"lyrics,omitempty"`
	People   []music.Person `json:"people,omitempty" doc:"Credits in words"`

	Brainz   string `json:"musicbrainz,omitempty" doc:"Which recording it is in MusicBrainz, as its server says"`
	Digest   string `json:"digest,omitempty" doc:"SHA-256 of its file as its node says, a multihash in base58btc"`
	Manifest string `json:"manifest,omitempty" doc:"Where its node has the signed list of its segments"`

	Waveform []byte `json:"waveform,omitempty" doc:"255 is the loudest; where its node says it"`

	Likes  int64 `json:"likes,omitempty" doc:"As its server says; with its release alone"`
	Boosts int64 `json:"boosts,omitempty"`

	Shares []ShareElsewhere `json:"shares,omitempty" doc:"Who earns of it; none: plays of it do not count"`
}

func actElsewhere(f *social.Full) ActElsewhere {
	says := record.ProfileOf(&f.Actor)
	return ActElsewhere{Members: says.Members, Links: says.Links, Lines: each(says.Facts, func(m *music.Member) ProfileLine { return ProfileLine{m.Name, m.Role} }), Handle: f.Actor.Handle + "@" + f.Actor.Host, Actor: f.Actor.ID, Page: f.Actor.URL, Name: f.Actor.Name, Label: f.Actor.IsLabel(), About: record.Plain(f.Actor.Summary), Cover: coverOf(f.Cover),
		Releases: each(f.Releases, releaseElsewhere), Playlists: each(f.Playlists, listElsewhere), Count: f.Count, Following: f.Following, MovedTo: f.Actor.MovedTo, State: f.State}
}

func actRowElsewhere(f *social.Full) ActRow {
	return ActRow{Handle: f.Actor.Handle + "@" + f.Actor.Host, Name: f.Actor.Name, Cover: coverOf(f.Cover), Releases: f.Count}
}

func releaseElsewhere(r *social.Release) ReleaseElsewhere {
	return ReleaseElsewhere{ID: r.ID, IRI: r.IRI, Act: r.Home(), ActName: r.Act, Title: r.Title, Artist: r.Artist, Kind: string(r.Kind), Date: r.Date, Licence: r.Licence, Label: r.Label, Language: r.Language, Tags: r.Tags, About: r.Description,
		Page: r.Page, Explicit: r.Explicit, Cover: coverOf(r.Cover), Published: unixMS(r.Published), Tracks: each(r.Tracks, trackElsewhere)}
}

func listElsewhere(p *social.Playlist) PlaylistRow {
	access := music.Unlisted
	if p.Listed {
		access = music.Public
	}
	return PlaylistRow{ID: p.ID, Owner: p.Act, Act: p.Home(), Title: p.Title, Description: p.Description, Access: string(access), Items: p.Count, Changed: unixMS(p.Updated)}
}

func (a *API) playlistElsewhere(ctx context.Context, p id.Playlist) (*output[PlaylistPage], error) {
	list, rows, err := a.Elsewhere.Playlist(ctx, p)
	if err != nil {
		return nil, err
	}
	return reply(PlaylistPage{Playlist: listElsewhere(&list), Items: each(rows, itemElsewhere), Working: each(list.Working, workingOf)})
}

func trackElsewhere(t *social.Track) TrackElsewhere {
	out := TrackElsewhere{ID: t.ID, IRI: t.IRI, Title: t.Title, Artist: t.Artist, Disc: t.Disc, Number: t.Number, DurationMS: t.DurationMS, MediaType: t.MediaType, Segmented: t.Segments != "", Waveform: t.Peaks, Brainz: t.Recording, Digest: t.Digest, Manifest: t.Manifest,
		ISRC: t.ISRC, Explicit: t.Explicit, Lyrics: t.Lyrics, People: t.People}
	if t.Measured {
		out.Gain, out.AlbumGain, out.Peak = music.Gain(t.Loudness), t.AlbumGain, t.Peak
	}
	return out
}

// there is music elsewhere, or the fault that there is none.
func (a *API) there() (Elsewhere, error) {
	if a.Elsewhere == nil {
		return nil, fault.New(fault.NotFound, "This node does not federate.")
	}
	return a.Elsewhere, nil
}

func (a *API) findElsewhere(ctx context.Context, in *struct {
	Who string `query:"who" required:"true" maxLength:"500" doc:"@act@host, or an address"`
}) (*output[ActElsewhere], error) {
	e, err := a.there()
	if err != nil {
		return nil, err
	}
	f, err := e.Find(ctx, mover(ctx).Account, in.Who)
	if err != nil {
		return nil, err
	}
	return reply(actElsewhere(&f))
}

// handleRef names an act elsewhere in a path.
type handleRef struct {
	Handle string `path:"handle" maxLength:"360" doc:"act@host"`
}

func (a *API) actElsewhere(ctx context.Context, in *handleRef) (*output[ActElsewhere], error) {
	e, err := a.there()
	if err != nil {
		return nil, err
	}
	f, err := e.Act(ctx, viewer(ctx).Account, in.Handle)
	if err != nil {
		return nil, err
	}
	return reply(actElsewhere(&f))
}

func (a *API) releasesElsewhere(ctx context.Context, in *struct {
	Handle string `path:"handle" maxLength:"360" doc:"act@host"`
	PageInput
}) (*output[Page[ReleaseElsewhere]], error) {
	e, err := a.there()
	if err != nil {
		return nil, err
	}
	f, err := e.Act(ctx, viewer(ctx).Account, in.Handle)
	if err != nil {
		return nil, err
	}
	l, err := e.Releases(ctx, f.Actor.ID, in.page())
	if err != nil {
		return nil, err
	}
	return reply(paged(l, releaseElsewhere))
}

// LabelElsewhere is what is known of what a label of another server has.
type LabelElsewhere struct {
	Acts  []ActRow       `json:"acts" doc:"Of this node"`
	There []ActElsewhere `json:"acts_elsewhere"`
	Page[News]
}

func (a *API) labelElsewhere(ctx context.Context, in *struct {
	Handle string `path:"handle" maxLength:"360" doc:"act@host"`
	PageInput
}) (*output[LabelElsewhere], error) {
	e, err := a.there()
	if err != nil {
		return nil, err
	}
	who := viewer(ctx).Account
	f, err := e.Act(ctx, who, in.Handle)
	if err != nil {
		return nil, err
	}
	said, err := a.Feed.Announced(ctx, who, f.Actor.ID, in.page())
	if err != nil {
		return nil, err
	}
	here, there, err := a.Feed.Signed(ctx, who, f.Actor.ID)
	if err != nil {
		return nil, err
	}
	return reply(LabelElsewhere{each(here, actRow), each(there, actElsewhere), paged(said, newsOf)})
}

func (a *API) releaseElsewhere(ctx context.Context, in *ReleaseRef) (*output[ReleaseElsewhere], error) {
	e, err := a.there()
	if err != nil {
		return nil, err
	}
	what, err := id.Parse[id.Release](in.Release)
	if err != nil {
		return nil, err
	}
	r, err := e.Release(ctx, what)
	if err != nil {
		return nil, err
	}
	credits, parts, err := e.Paid(ctx, what)
	if err != nil {
		return nil, err
	}
	out := releaseElsewhere(&r)
	out.Credits = &CreditsStand{State: cmp.Or(credits.State, "waiting"), Trouble: credits.Trouble, Checked: unixMS(credits.Fetched), Old: credits.Old(a.Now())}
	if err := e.Gather(ctx, viewer(ctx).Account, what); err != nil {
		return nil, err
	}
	counts, err := a.Talk.Reactions(ctx, what)
	if err != nil {
		return nil, err
	}
	whole := counts[social.Thing{Release: what}]
	out.Likes, out.Boosts = whole.Likes, whole.Boosts
	for i := range out.Tracks {
		c := counts[social.Thing{Release: what, Track: out.Tracks[i].ID}]
		out.Tracks[i].Likes, out.Tracks[i].Boosts = c.Likes, c.Boosts
		for _, x := range parts[out.Tracks[i].ID] {
			out.Tracks[i].Shares = append(out.Tracks[i].Shares, ShareElsewhere{x.Act, x.Handle + "@" + x.Host, x.Name, x.Bps, x.Paid})
		}
	}
	return reply(out)
}

func (a *API) trackElsewhere(ctx context.Context, in *TrackRef) (*output[TrackElsewhere], error) {
	e, err := a.there()
	if err != nil {
		return nil, err
	}
	what, err := id.Parse[id.Track](in.Track)
	if err != nil {
		return nil, err
	}
	t, err := e.Track(ctx, what)
	if err != nil {
		return nil, err
	}
	return reply(trackElsewhere(&t))
}

func (a *API) followElsewhere(on bool) func(context.Context, *handleRef) (*struct{}, error) {
	return func(ctx context.Context, in *handleRef) (*struct{}, error) {
		e, err := a.there()
		if err != nil {
			return nil, err
		}
		f, err := e.Act(ctx, mover(ctx).Account, in.Handle)
		if err != nil {
			return nil, err
		}
		return nil, e.Follow(ctx, mover(ctx).Account, f.Actor.ID, on)
	}
}

func (a *API) followsElsewhere(ctx context.Context, _ *struct{}) (*output[[]ActElsewhere], error) {
	e, err := a.there()
	if err != nil {
		return nil, err
	}
	list, err := e.Follows(ctx, mover(ctx).Account)
	if err != nil {
		return nil, err
	}
	return reply(each(list, actElsewhere))
}

func (a *API) newestElsewhere(ctx context.Context, in *newestInput) (*output[[]ReleaseElsewhere], error) {
	e, err := a.there()
	if err != nil {
		return nil, err
	}
	list, err := e.Newest(ctx, mover(ctx).Account, in.Limit)
	if err != nil {
		return nil, err
	}
	return reply(each(list, releaseElsewhere))
}

// host is the node's name in handles.
func (a *API) host() string {
	_, host, _ := strings.Cut(strings.TrimSuffix(a.BaseURL, "/"), "://")
	return host
}

// Home is a page on another server.
type Home struct {
	Address string `json:"address" doc:"Where the follower's own server asks whether to follow"`
}

func (a *API) followFrom(ctx context.Context, in *struct {
	ActRef
	Body struct {
		Who string `json:"who" maxLength:"360" doc:"The follower's handle, @you@host"`
	}
}) (*output[Home], error) {
	e, err := a.there()
	if err != nil {
		return nil, err
	}
	act, err := a.Catalogue.Act(ctx, viewer(ctx), in.Act)
	if err != nil {
		return nil, err
	}
	at, err := e.Home(ctx, in.Body.Who, act.Act.Handle+"@"+a.host())
	if err != nil {
		return nil, err
	}
	return reply(Home{at})
}

// PlaysElsewhere are the plays of an act's tracks on another node.
type PlaysElsewhere struct {
	Node    string    `json:"node"`
	From    time.Time `json:"from"`
	Until   time.Time `json:"until"`
	Plays   int64     `json:"plays"`
	Counted int64     `json:"counted"`
	Seconds int64     `json:"seconds" doc:"Of those that counted"`
}

func (a *API) playsElsewhere(ctx context.Context, in *ActRef) (*output[[]PlaysElsewhere], error) {
	act, err := in.id()
	if err != nil {
		return nil, err
	}
	if err := a.MayAct(ctx, account.From(ctx), act); err != nil {
		return nil, err
	}
	list, err := a.Talk.ListensOf(ctx, act)
	if err != nil {
		return nil, err
	}
	return reply(each(list, func(l *social.Listens) PlaysElsewhere {
		return PlaysElsewhere{l.Host, l.First, l.Until, l.Plays, l.Counted, l.Seconds}
	}))
}
