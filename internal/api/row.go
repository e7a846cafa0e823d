package api

import (
	"cmp"
	"time"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// Cover is a picture: /covers/{id}/{96|240|640|1200}.{webp|jpg}.
type Cover struct {
	ID    string `json:"id"`
	Light string `json:"light,omitempty" doc:"Accent on light pages, #rrggbb"`
	Dark  string `json:"dark,omitempty"`
}

func coverOf(c music.Cover) *Cover {
	if c.ID == "" {
		return nil
	}
	return &Cover{c.ID, c.Light, c.Dark}
}

// Track is a track as lists show it.
type Track struct {
	ID           id.Track   `json:"id"`
	Title        string     `json:"title"`
	Artist       string     `json:"artist" doc:"As printed"`
	Act          id.Act     `json:"act" doc:"Empty of one of another server"`
	ActHandle    string     `json:"act_handle" doc:"act@host of one of another server"`
	ActName      string     `json:"act_name"`
	Release      id.Release `json:"release"`
	ReleaseTitle string     `json:"release_title"`
	Disc         int        `json:"disc"`
	Number       int        `json:"number"`
	DurationMS   int64      `json:"duration_ms"`
	Explicit     bool       `json:"explicit,omitempty"`
	Cover        *Cover     `json:"cover,omitempty"`
	Codec        string     `json:"codec" doc:"Of the original"`
	Gain         int64      `json:"gain" doc:"To -18 LUFS, thousandths of dB"`
	AlbumGain    int64      `json:"album_gain"`
	Peak         int64      `json:"peak" doc:"True peak, thousandths of dBTP"`
	Segmented    bool       `json:"segmented" doc:"There is an HLS playlist; else only the original"`
	Available    bool       `json:"available" doc:"False: not public any more"`
	Uncounted    bool       `json:"uncounted,omitempty" doc:"Its server does not say who is paid for it: plays do not count"`
	Published    int64      `json:"published_ms" doc:"Unix milliseconds"`
	Key          int64      `json:"key,omitempty" doc:"What the list goes by: when (Unix milliseconds), or plays"`
}

func trackOf(r *music.TrackRow) Track {
	return Track{
		ID: r.ID, Title: r.Title, Artist: r.Artist, Act: r.Act, ActHandle: r.ActHandle, ActName: r.ActName, Release: r.Release, ReleaseTitle: r.ReleaseTitle,
		Disc: r.Disc, Number: r.Number, DurationMS: r.DurationMS, Explicit: r.Explicit, Cover: coverOf(r.Cover), Codec: r.Codec, Gain: r.Gain,
		AlbumGain: r.AlbumGain, Peak: r.Peak, Segmented: r.Segmented, Available: r.Available, Uncounted: r.Uncounted, Published: unixMS(r.Published), Key: r.Key,
	}
}

// unixMS is a time in milliseconds, 0 for none.
func unixMS(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Release is a release as lists show it. Only its people see State other than
// published.
type Release struct {
	ID          id.Release `json:"id"`
	Title       string     `json:"title"`
	Artist      string     `json:"artist" doc:"As printed"`
	Act         id.Act     `json:"act"`
	ActHandle   string     `json:"act_handle,omitempty" doc:"Not in the answer to a change"`
	ActName     string     `json:"act_name,omitempty" doc:"Not in the answer to a change"`
	Kind        string     `json:"kind" doc:"album, ep or single"`
	Date        string     `json:"date,omitempty" doc:"2026, 2026-11 or 2026-11-24"`
	Explicit    bool       `json:"explicit,omitempty"`
	Tracks      int        `json:"tracks,omitempty" doc:"How many; in lists"`
	DurationMS  int64      `json:"duration_ms,omitempty"`
	Cover       *Cover     `json:"cover,omitempty"`
	Published   int64      `json:"published_ms,omitempty" doc:"Unix milliseconds"`
	Key         int64      `json:"key,omitempty" doc:"What the list goes by"`
	State       string     `json:"state,omitempty" doc:"draft, scheduled, published or taken_down"`
	PublishAt   *time.Time `json:"publish_at,omitempty"`
	Zone        string     `json:"zone,omitempty" doc:"Time zone publish_at was chosen in"`
	Reason      string     `json:"reason,omitempty" doc:"Of a take-down"`
	Preview     string     `json:"preview,omitempty" doc:"Token of the private link, for its people"`
	Label       string     `json:"label,omitempty"`
	Licence     string     `json:"licence,omitempty"`
	Language    string     `json:"language,omitempty" doc:"BCP 47"`
	Description string     `json:"description,omitempty"`
	Tags        []string   `json:"tags,omitempty"`
	Plays       int64      `json:"plays,omitempty"`
}

func releaseRow(r *music.ReleaseRow) Release {
	return Release{
		ID: r.ID, Title: r.Title, Artist: r.Artist, Act: r.Act, ActHandle: r.ActHandle, ActName: r.ActName, Kind: string(r.Kind), Date: r.Date,
		Explicit: r.Explicit, Tracks: r.Tracks, DurationMS: r.DurationMS, Cover: coverOf(r.Cover), Published: unixMS(r.Published), Key: r.Key,
	}
}

// releaseOf shows everything of a release; act may be nil.
func releaseOf(r *music.Release, act *music.Act) Release {
	f := &r.Facts
	out := Release{
		ID: r.ID, Title: f.Title, Artist: f.Artist, Act: r.Act, Kind: string(f.Kind), Date: f.Date, Explicit: f.Explicit, Cover: coverOf(r.Cover),
		Published: unixMS(r.Published), State: string(r.State), Reason: r.Reason, Preview: r.Preview, Label: f.Label, Licence: string(f.Licence),
		Language: f.Language, Description: f.Description, Tags: f.Tags, Plays: r.Plays,
	}
	if act != nil {
		out.ActHandle, out.ActName = act.Handle, act.Name
	}
	if !r.PublishAt.IsZero() {
		out.PublishAt, out.Zone = &r.PublishAt, r.Zone
	}
	return out
}

func plainRelease(r *music.Release) Release { return releaseOf(r, nil) }

// Share is one act's part of what a track earns.
type Share struct {
	Act       id.Act `json:"act"`
	Name      string `json:"name,omitempty" readOnly:"true"`
	BPS       int64  `json:"bps" doc:"Basis points; all shares sum to 10000"`
	Confirmed bool   `json:"confirmed,omitempty" readOnly:"true" doc:"The act has agreed"`
}

func sharesOf(s []music.Share, names map[id.Act]music.ActRow) []Share {
	return each(s, func(x *music.Share) Share { return Share{x.Act, names[x.Act].Name, x.Bps, !x.Confirmed.IsZero()} })
}

// FullTrack is a track with what its page shows.
type FullTrack struct {
	Track
	State    string         `json:"state" doc:"uploaded, preparing, ready, refused or removed"`
	Refusal  string         `json:"refusal,omitempty" doc:"Why the file cannot be taken"`
	ISRC     string         `json:"isrc,omitempty"`
	Brainz   string         `json:"musicbrainz,omitempty" doc:"Which recording it is in MusicBrainz, as its file says"`
	Lyrics   string         `json:"lyrics,omitempty"`
	Waveform []byte         `json:"waveform,omitempty" doc:"Up to 256 levels from start to end, 255 is the loudest; base64"`
	People   []music.Person `json:"people,omitempty" doc:"Credits in words"`
	Plays    int64          `json:"plays"`
	Liked    bool           `json:"liked"`
	Rate     int64          `json:"rate,omitempty" doc:"Hz"`
	Bits     int64          `json:"bits,omitempty"`
	Channels int64          `json:"channels,omitempty"`
	Bytes    int64          `json:"bytes,omitempty"`
	SHA256   string         `json:"sha256,omitempty" doc:"Of the original, hex"`
	Sheet    int64          `json:"sheet" doc:"Version of the credit sheet in force; 0 none"`
	Shares   []Share        `json:"shares"`
	Master   string         `json:"master_url,omitempty" doc:"HLS master playlist"`
	Original string         `json:"original_url,omitempty" doc:"The file as it was uploaded"`
	Likes    int64          `json:"likes,omitempty" doc:"By people of other servers"`
	Boosts   int64          `json:"boosts,omitempty" doc:"By people of other servers"`
}

func fullTrack(f *music.FullTrack, in *music.FullRelease) FullTrack {
	t, r := &f.Track, &in.Release
	out := FullTrack{
		Track: Track{
			ID: t.ID, Title: t.Title, Artist: cmp.Or(t.Artist, r.Facts.Artist), Act: in.Act.ID, ActHandle: in.Act.Handle, ActName: in.Act.Name,
			Release: r.ID, ReleaseTitle: r.Facts.Title, Disc: t.Disc, Number: t.Number, Explicit: t.Explicit || r.Facts.Explicit, Cover: coverOf(r.Cover),
			Segmented: f.Segmented, Available: r.State == music.Published && t.State == music.Ready, Published: unixMS(r.Published),
		},
		State: string(t.State), Refusal: t.Refusal, ISRC: t.ISRC, Brainz: t.Recording, Lyrics: t.Lyrics, People: t.People, Plays: t.Plays, Liked: f.Liked,
		Sheet: f.Sheet.Version, Shares: sharesOf(f.Sheet.Shares, in.Names),
	}
	if a := f.Asset; a != nil {
		out.DurationMS, out.Codec, out.Gain, out.AlbumGain, out.Peak = a.DurationMS, a.Codec, a.Gain, a.AlbumGain, a.Peak
		out.Rate, out.Bits, out.Channels, out.Bytes, out.SHA256 = a.Rate, a.Bits, a.Channels, a.Bytes, a.SHA256
		out.Waveform = a.Peaks
	}
	if t.State == music.Ready {
		out.Original = "/media/" + string(t.ID) + "/original"
		if f.Segmented {
			out.Master = "/media/" + string(t.ID) + "/master.m3u8"
		}
	}
	return out
}

// TrackPage is a track and the release around it.
type TrackPage struct {
	Track   FullTrack `json:"track"`
	Release Release   `json:"release"`
}

// ReleasePage is a release with its tracks in order.
type ReleasePage struct {
	Release   Release     `json:"release"`
	Tracks    []FullTrack `json:"tracks"`
	Role      string      `json:"role,omitempty" doc:"Yours in the act: editor or owner"`
	Liked     bool        `json:"liked"`
	Following bool        `json:"following" doc:"You follow the act"`
	Likes     int64       `json:"likes,omitempty" doc:"Of the release as a whole, by people of other servers"`
	Boosts    int64       `json:"boosts,omitempty"`
}

func releasePage(f *music.FullRelease) ReleasePage {
	return ReleasePage{
		Release: releaseOf(&f.Release, &f.Act), Role: string(f.Role), Liked: f.Liked, Following: f.Following,
		Tracks: each(f.Tracks, func(t *music.FullTrack) FullTrack { return fullTrack(t, f) }),
	}
}

// ActRow is an act as lists show it.
type ActRow struct {
	ID       id.Act `json:"id,omitempty" doc:"None of an act of another server"`
	Handle   string `json:"handle" doc:"act@host of an act of another server"`
	Name     string `json:"name"`
	Place    string `json:"place,omitempty"`
	Cover    *Cover `json:"cover,omitempty"`
	Releases int64  `json:"releases"`
	Key      int64  `json:"key,omitempty" doc:"What the list goes by"`
}

func actRow(r *music.ActRow) ActRow {
	return ActRow{r.ID, r.Handle, r.Name, r.Place, coverOf(r.Cover), r.Releases, r.Key}
}

// Act is an act with what its page shows.
type Act struct {
	ID        id.Act         `json:"id"`
	Handle    string         `json:"handle"`
	Name      string         `json:"name"`
	Label     bool           `json:"label" doc:"It is a label"`
	Bio       string         `json:"bio,omitempty"`
	Place     string         `json:"place,omitempty"`
	Aliases   []string       `json:"aliases,omitempty"`
	Members   []music.Member `json:"members,omitempty"`
	Links     []music.Link   `json:"links,omitempty"`
	Cover     *Cover         `json:"cover,omitempty"`
	Releases  int64          `json:"releases" doc:"Public ones"`
	Followers int64          `json:"followers"`
	Role      string         `json:"role,omitempty" doc:"Yours: editor or owner"`
	Following bool           `json:"following,omitempty"`

	MovedTo *AddressElsewhere `json:"moved_to,omitempty" doc:"Where it moved; nobody new follows it here"`
}

func actOf(a *music.Act) Act {
	return Act{
		ID: a.ID, Handle: a.Handle, Name: a.Name, Label: a.Label, Bio: a.Bio, Place: a.Place, Aliases: a.Aliases, Members: a.Members, Links: a.Links,
		Cover: coverOf(a.Cover), Releases: a.Releases, Followers: a.Followers,
	}
}

// PlaylistRow is a playlist as lists show it.
type PlaylistRow struct {
	ID          id.Playlist `json:"id"`
	Owner       string      `json:"owner,omitempty" doc:"Name of the act, or of the account"`
	Act         string      `json:"act,omitempty" doc:"Of the act under whose name it is public: its id, or act@host of another server"`
	Title       string      `json:"title"`
	Description string      `json:"description,omitempty"`
	Access      string      `json:"access" doc:"private, unlisted or public"`
	Items       int64       `json:"items"`
	DurationMS  int64       `json:"duration_ms"`
	Cover       *Cover      `json:"cover,omitempty"`
	Changed     int64       `json:"changed_ms" doc:"Unix milliseconds"`
}

func playlistRow(r *music.PlaylistRow) PlaylistRow {
	return PlaylistRow{r.ID, r.Owner, "", r.Title, "", string(r.Access), r.Items, r.DurationMS, coverOf(r.Cover), unixMS(r.Changed)}
}

func playlistOf(p *music.Playlist) PlaylistRow {
	return PlaylistRow{p.ID, "", string(p.Act), p.Title, p.Description, string(p.Access), p.Items, p.DurationMS, coverOf(p.Cover), unixMS(p.Changed)}
}
