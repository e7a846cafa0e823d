package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// viewer is who asks, as the music services know them. A token that may not
// read what its account sees, sees what everybody sees.
func viewer(ctx context.Context) music.Viewer {
	p := account.From(ctx)
	if p.Token && !slices.Contains(p.Scopes, account.ScopeRead) && !slices.Contains(p.Scopes, account.ScopeStudio) {
		return music.Viewer{}
	}
	return mover(ctx)
}

// mover is viewer for what a scope has let in already.
func mover(ctx context.Context) music.Viewer {
	p := account.From(ctx)
	return music.Viewer{Account: p.Account, Moderator: p.Has(account.Moderator), Admin: p.Has(account.Admin)}
}

// Page is one page of a list.
type Page[T any] struct {
	Rows []T    `json:"rows"`
	Next string `json:"next,omitempty" doc:"Cursor of the page after; none at the end"`
}

// paged turns a list of the domain into a page.
func paged[D, T any](l music.List[D], turn func(*D) T) Page[T] {
	return Page[T]{each(l.Rows, turn), l.Next}
}

// clipped pages a list that was asked for with one row more than the limit:
// if that is there, the key of the last row that is shown leads on.
func clipped[D, T any](rows []D, limit int, key func(*D) string, turn func(*D) T) Page[T] {
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = key(&rows[limit-1])
	}
	return Page[T]{each(rows, turn), next}
}

// cut pages a list that is there whole, whose keys fall: what was added or
// taken away meanwhile moves no other row.
func cut[D, T any](rows []D, in *PageInput, key func(*D) string, turn func(*D) T) Page[T] {
	if in.After != "" {
		rows = slices.DeleteFunc(slices.Clone(rows), func(d D) bool { return key(&d) >= in.After })
	}
	return clipped(rows, in.Limit, key, turn)
}

// dated is a key that falls with a time, then with an id.
func dated(at time.Time, id string) string { return fmt.Sprintf("%013d-%s", at.UnixMilli(), id) }

func errCursor() error {
	return fault.On("query.after", fault.Invalid, "That cursor is not one of this list. Begin without it.")
}

func each[D, T any](rows []D, turn func(*D) T) []T {
	out := make([]T, len(rows))
	for i := range rows {
		out[i] = turn(&rows[i])
	}
	return out
}

// PageInput asks for part of a list.
type PageInput struct {
	After string `query:"after" maxLength:"200" doc:"Cursor from the page before"`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

func (p PageInput) page() music.Page { return music.Page{After: p.After, Limit: p.Limit} }

type listInput struct {
	Order string `query:"order" enum:"newest,popular" default:"newest"`
	Act   string `query:"act" doc:"Only of this act (id)"`
	Tag   string `query:"tag" maxLength:"100" doc:"Only with this tag; always newest first"`
	PageInput
}

func (l *listInput) filter() (f music.Filter, err error) {
	f.Order, f.Tag = music.Order(l.Order), l.Tag
	if l.Act != "" {
		f.Act, err = id.Parse[id.Act](l.Act)
	}
	return f, err
}

// TrackRef names a track in a path.
type TrackRef struct {
	Track string `path:"track" doc:"Track id"`
}

// ReleaseRef names a release in a path.
type ReleaseRef struct {
	Release string `path:"release" doc:"Release id"`
}

// ActRef names an act in a path.
type ActRef struct {
	Act string `path:"act" doc:"Act id"`
}

type trackPageInput struct {
	TrackRef
	Preview string `query:"preview" maxLength:"64" doc:"Token of a private link"`
}

type releasePageInput struct {
	ReleaseRef
	Preview string `query:"preview" maxLength:"64" doc:"Token of a private link"`
}

type actPageInput struct {
	Act string `path:"act" doc:"Handle or id"`
}

type tagsInput struct {
	Prefix string `query:"prefix" maxLength:"100"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type searchInput struct {
	Q     string `query:"q" required:"true" maxLength:"500" doc:"Words; each is the beginning of one"`
	Limit int    `query:"limit" minimum:"1" maximum:"50" default:"20" doc:"Of each kind"`
}

func (a *API) catalogue(r *router) {
	const tag = "Catalogue"
	add(r, operation{method: http.MethodGet, path: "/tracks", id: "list-tracks", tag: tag, summary: "Public tracks"}, a.tracks)
	add(r, operation{method: http.MethodGet, path: "/tracks/{track}", id: "get-track", tag: tag, summary: "A track with its credits"}, a.track)
	add(r, operation{method: http.MethodGet, path: "/releases", id: "list-releases", tag: tag, summary: "Public releases"}, a.releases)
	add(r, operation{method: http.MethodGet, path: "/releases/{release}", id: "get-release", tag: tag, summary: "A release with its tracks"}, a.release)
	add(r, operation{method: http.MethodGet, path: "/acts", id: "list-acts", tag: tag, summary: "Acts, those with the most releases first"}, a.acts)
	add(r, operation{method: http.MethodGet, path: "/acts/{act}", id: "get-act", tag: tag, summary: "An act"}, a.act)
	add(r, operation{method: http.MethodGet, path: "/acts/{act}/label", id: "get-label", tag: tag, summary: "The acts of a label, and what they published under its name"}, a.label)
	add(r, operation{method: http.MethodGet, path: "/tags", id: "list-tags", tag: tag, summary: "Tags, the most used first"}, a.tags)
	add(r, operation{method: http.MethodGet, path: "/search", id: "search", tag: tag, summary: "Find tracks, releases, acts, playlists and tags: here, and what is known of other servers"}, a.search)
}

func (a *API) tracks(ctx context.Context, in *listInput) (*output[Page[Track]], error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	l, err := a.Catalogue.Tracks(ctx, f, in.page())
	if err != nil {
		return nil, err
	}
	return reply(paged(l, trackOf))
}

func (a *API) track(ctx context.Context, in *trackPageInput) (*output[TrackPage], error) {
	t, err := id.Parse[id.Track](in.Track)
	if err != nil {
		return nil, err
	}
	one, full, err := a.Catalogue.Track(ctx, viewer(ctx), t, in.Preview)
	if err != nil {
		return nil, err
	}
	counts, err := a.Talk.Reactions(ctx, full.Release.ID)
	if err != nil {
		return nil, err
	}
	out := TrackPage{fullTrack(&one, &full), releaseOf(&full.Release, &full.Act)}
	out.Track.react(counts)
	return reply(out)
}

func (a *API) releases(ctx context.Context, in *listInput) (*output[Page[Release]], error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	l, err := a.Catalogue.Releases(ctx, f, in.page())
	if err != nil {
		return nil, err
	}
	return reply(paged(l, releaseRow))
}

func (a *API) release(ctx context.Context, in *releasePageInput) (*output[ReleasePage], error) {
	r, err := id.Parse[id.Release](in.Release)
	if err != nil {
		return nil, err
	}
	full, err := a.Catalogue.Release(ctx, viewer(ctx), r, in.Preview)
	if err != nil {
		return nil, err
	}
	counts, err := a.Talk.Reactions(ctx, r)
	if err != nil {
		return nil, err
	}
	out := releasePage(&full)
	whole := counts[social.Thing{Release: r}]
	out.Likes, out.Boosts = whole.Likes, whole.Boosts
	for i := range out.Tracks {
		out.Tracks[i].react(counts)
	}
	return reply(out)
}

// react adds what people of other servers think of a track.
func (t *FullTrack) react(counts map[social.Thing]social.Counts) {
	c := counts[social.Thing{Release: t.Release, Track: t.ID}]
	t.Likes, t.Boosts = c.Likes, c.Boosts
}

func (a *API) acts(ctx context.Context, in *PageInput) (*output[Page[ActRow]], error) {
	l, err := a.Catalogue.Acts(ctx, in.page())
	if err != nil {
		return nil, err
	}
	return reply(paged(l, actRow))
}

func (a *API) act(ctx context.Context, in *actPageInput) (*output[Act], error) {
	full, err := a.Catalogue.Act(ctx, viewer(ctx), in.Act)
	if err != nil {
		return nil, err
	}
	out := actOf(&full.Act)
	out.Role, out.Following = string(full.Role), full.Following
	if to := full.Home.Moved; to.Actor != "" {
		where := addressOf(&to)
		out.MovedTo = &where
	}
	return reply(out)
}

// TagCount is a tag and how many releases carry it.
type TagCount struct {
	Tag      string `json:"tag"`
	Releases int64  `json:"releases"`
}

func tagCount(t *music.TagCount) TagCount { return TagCount{t.Tag, t.Releases} }

func (a *API) tags(ctx context.Context, in *tagsInput) (*output[[]TagCount], error) {
	tags, err := a.Catalogue.Tags(ctx, in.Prefix, in.Limit)
	if err != nil {
		return nil, err
	}
	return reply(each(tags, tagCount))
}

// Found is what a search finds, each list best first.
type Found struct {
	Tracks    []Track       `json:"tracks"`
	Releases  []Release     `json:"releases"`
	Acts      []ActRow      `json:"acts"`
	Playlists []PlaylistRow `json:"playlists"`
	Tags      []TagCount    `json:"tags"`
}

func (a *API) search(ctx context.Context, in *searchInput) (*output[Found], error) {
	f, err := a.Catalogue.Search(ctx, in.Q, in.Limit)
	if err != nil {
		return nil, err
	}
	var lists []social.Playlist
	var acts []social.Full
	if a.Elsewhere != nil {
		if lists, err = a.Elsewhere.SearchPlaylists(ctx, viewer(ctx).Account, in.Q, in.Limit); err != nil {
			return nil, err
		}
		if acts, err = a.Elsewhere.SearchActs(ctx, viewer(ctx).Account, in.Q, in.Limit); err != nil {
			return nil, err
		}
		releases, tracks, err := a.Elsewhere.Search(ctx, viewer(ctx).Account, in.Q, in.Limit)
		if err != nil {
			return nil, err
		}
		f.Tracks = append(f.Tracks, tracks...)
		for i := range releases {
			f.Releases = append(f.Releases, releases[i].Row())
		}
	}
	return reply(Found{each(f.Tracks, trackOf), each(f.Releases, releaseRow), append(each(f.Acts, actRow), each(acts, actRowElsewhere)...), append(each(f.Playlists, playlistRow), each(lists, listElsewhere)...), each(f.Tags, tagCount)})
}
