package api

import (
	"context"
	"net/http"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

func (a *API) library(r *router) {
	const tag = "Library"
	read := func(path, id, summary string) operation {
		return operation{method: http.MethodGet, path: path, id: id, tag: tag, scope: account.ScopeRead, summary: summary}
	}
	write := func(method, path, id, summary string) operation {
		return operation{method: method, path: path, id: id, tag: tag, scope: account.ScopeLibrary, summary: summary}
	}
	add(r, read("/likes", "list-likes", "Liked tracks, the latest first"), a.likes)
	add(r, write(http.MethodPut, "/likes/{track}", "like", "Like a track"), a.like(true))
	add(r, write(http.MethodDelete, "/likes/{track}", "unlike", "Like a track no longer"), a.like(false))
	add(r, read("/likes/releases", "list-release-likes", "Liked releases, the latest first"), a.releaseLikes)
	add(r, write(http.MethodPut, "/likes/releases/{release}", "like-release", "Like a release"), a.likeRelease(true))
	add(r, write(http.MethodDelete, "/likes/releases/{release}", "unlike-release", "Like a release no longer"), a.likeRelease(false))
	add(r, read("/follows", "list-follows", "Followed acts, the latest first"), a.follows)
	add(r, read("/follows/releases", "list-followed-releases", "The newest releases of the acts you follow"), a.followedReleases)
	add(r, read("/following", "list-following", "What is new of the acts you follow, the newest first: what they published, here and on other servers, and what those on other servers shared"), a.following)
	add(r, write(http.MethodPut, "/follows/{act}", "follow", "Follow an act"), a.follow(true))
	add(r, write(http.MethodDelete, "/follows/{act}", "unfollow", "Follow an act no longer"), a.follow(false))
	add(r, read("/history", "list-history", "What you heard, the latest first; pause it with PATCH /me"), a.history)
	add(r, write(http.MethodPut, "/history/{track}", "write-history", "Write a track of another server into your history that is not counted: what is counted is written with its claims"), a.heard)
	add(r, write(http.MethodDelete, "/history", "drop-history", "Delete an entry of the history, or all of it"), a.dropHistory)
	add(r, read("/resume", "get-resume", "Where you stopped"), a.resume)
	add(r, write(http.MethodPut, "/resume", "keep-resume", "Keep where you stopped"), a.keepResume)
	a.playlists(r)
}

func (a *API) likes(ctx context.Context, in *PageInput) (*output[Page[Track]], error) {
	l, err := a.Library.Likes(ctx, mover(ctx), in.page())
	if err != nil {
		return nil, err
	}
	return reply(paged(l, trackOf))
}

func (a *API) like(on bool) func(context.Context, *TrackRef) (*struct{}, error) {
	return func(ctx context.Context, in *TrackRef) (*struct{}, error) {
		t, err := id.Parse[id.Track](in.Track)
		if err != nil {
			return nil, err
		}
		return nil, a.Library.Like(ctx, mover(ctx), t, on)
	}
}

func (a *API) releaseLikes(ctx context.Context, in *PageInput) (*output[Page[Release]], error) {
	l, err := a.Library.ReleaseLikes(ctx, mover(ctx), in.page())
	if err != nil {
		return nil, err
	}
	return reply(paged(l, releaseRow))
}

func (a *API) likeRelease(on bool) func(context.Context, *ReleaseRef) (*struct{}, error) {
	return func(ctx context.Context, in *ReleaseRef) (*struct{}, error) {
		r, err := id.Parse[id.Release](in.Release)
		if err != nil {
			return nil, err
		}
		return nil, a.Library.LikeRelease(ctx, mover(ctx), r, on)
	}
}

func (a *API) follows(ctx context.Context, in *PageInput) (*output[Page[ActRow]], error) {
	l, err := a.Library.Follows(ctx, mover(ctx), in.page())
	if err != nil {
		return nil, err
	}
	return reply(paged(l, actRow))
}

type newestInput struct {
	Limit int `query:"limit" minimum:"1" maximum:"50" default:"20"`
}

// News is something new of an act that is followed.
type News struct {
	Release Release  `json:"release"`
	At      int64    `json:"at_ms" doc:"Unix milliseconds: when it came out, or was shared"`
	Track   id.Track `json:"track,omitempty" doc:"The track that was shared; none: the release as a whole"`
	Title   string   `json:"title,omitempty" doc:"The track's"`
	Shared  *Sharer  `json:"shared_by,omitempty" doc:"Who on another server shared it last; none: it came out, or is what a person shares"`
	Sharers []Sharer `json:"sharers,omitempty" doc:"All that you follow who shared it, the latest first, also of what came out"`
}

// Sharer is an act of another server that shared something.
type Sharer struct {
	Actor  string `json:"actor" doc:"Address of its document"`
	Handle string `json:"handle" doc:"act@host"`
	Name   string `json:"name"`
}

func newsOf(n *social.News) News {
	out := News{Release: releaseRow(&n.Release), At: unixMS(n.At), Track: n.Track, Title: n.Title}
	out.Sharers = each(n.Sharers, func(s *social.Sharer) Sharer { return Sharer(*s) })
	if n.IsShared && len(out.Sharers) > 0 {
		out.Shared = &out.Sharers[0]
	}
	return out
}

func (a *API) following(ctx context.Context, in *PageInput) (*output[Page[News]], error) {
	l, err := a.Feed.News(ctx, mover(ctx), in.page())
	if err != nil {
		return nil, err
	}
	return reply(paged(l, newsOf))
}

func (a *API) followedReleases(ctx context.Context, in *newestInput) (*output[[]Release], error) {
	rows, err := a.Library.FollowedReleases(ctx, mover(ctx), in.Limit)
	if err != nil {
		return nil, err
	}
	return reply(each(rows, releaseRow))
}

func (a *API) follow(on bool) func(context.Context, *ActRef) (*struct{}, error) {
	return func(ctx context.Context, in *ActRef) (*struct{}, error) {
		act, err := id.Parse[id.Act](in.Act)
		if err != nil {
			return nil, err
		}
		return nil, a.Library.Follow(ctx, mover(ctx), act, on)
	}
}

func (a *API) history(ctx context.Context, in *PageInput) (*output[Page[Track]], error) {
	l, err := a.Library.History(ctx, mover(ctx), in.page())
	if err != nil {
		return nil, err
	}
	return reply(paged(l, trackOf))
}

func (a *API) heard(ctx context.Context, in *TrackRef) (*struct{}, error) {
	t, err := id.Parse[id.Track](in.Track)
	if err != nil {
		return nil, err
	}
	return nil, a.Library.Heard(ctx, mover(ctx), t)
}

type dropInput struct {
	At int64 `query:"at_ms" minimum:"0" doc:"Key of the entry; without it, everything"`
}

func (a *API) dropHistory(ctx context.Context, in *dropInput) (*struct{}, error) {
	var at time.Time
	if in.At != 0 {
		at = time.UnixMilli(in.At)
	}
	return nil, a.Library.DropHistory(ctx, mover(ctx), at)
}

// Resume is where a listener stopped.
type Resume struct {
	Track      id.Track   `json:"track" doc:"Empty forgets the place"`
	PositionMS int64      `json:"position_ms"`
	Queue      []id.Track `json:"queue" maxItems:"1000" doc:"What was to follow, the track itself included"`
	At         int64      `json:"at_ms,omitempty" readOnly:"true" doc:"Unix milliseconds"`
}

type resumeInput struct{ Body Resume }

func (a *API) resume(ctx context.Context, _ *struct{}) (*output[Resume], error) {
	r, err := a.Library.Resume(ctx, mover(ctx))
	if err != nil {
		return nil, err
	}
	return reply(Resume{r.Track, r.PositionMS, append([]id.Track{}, r.Queue...), unixMS(r.At)})
}

func (a *API) keepResume(ctx context.Context, in *resumeInput) (*struct{}, error) {
	b := &in.Body
	return nil, a.Library.Keep(ctx, mover(ctx), music.Resume{Track: b.Track, PositionMS: b.PositionMS, Queue: b.Queue})
}
