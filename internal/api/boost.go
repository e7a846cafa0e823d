package api

import (
	"context"
	"net/http"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// boosts are what a listener who is seen on other servers shares with who follows them.
func (a *API) boosts(r *router, op func(method, path, id, summary string, scope account.Scope) operation) {
	add(r, op(http.MethodGet, "/boosts", "list-boosts", "What you share with who follows you on other servers, the latest first; 404 when you are not seen there", account.ScopeRead), a.listBoosts)
	add(r, op(http.MethodPut, "/boosts/{track}", "boost", "Share a track with who follows you on other servers; its act is told", account.ScopeLibrary), a.boost(true))
	add(r, op(http.MethodDelete, "/boosts/{track}", "unboost", "Share a track no longer", account.ScopeLibrary), a.boost(false))
	add(r, op(http.MethodPut, "/boosts/releases/{release}", "boost-release", "Share a release with who follows you on other servers; its act is told", account.ScopeLibrary), a.boostRelease(true))
	add(r, op(http.MethodDelete, "/boosts/releases/{release}", "unboost-release", "Share a release no longer", account.ScopeLibrary), a.boostRelease(false))
}

// Boost is a track or a release that is shared.
type Boost struct {
	Release id.Release `json:"release"`
	Track   id.Track   `json:"track,omitempty" doc:"None: the release as a whole"`
	At      int64      `json:"at_ms" doc:"Unix milliseconds"`
}

func boostOf(b *social.Boosted) Boost {
	return Boost{Release: b.Release, Track: b.Track, At: unixMS(b.At)}
}

func (a *API) listBoosts(ctx context.Context, _ *struct{}) (*output[[]Boost], error) {
	list, err := a.People.Boosted(ctx, mover(ctx).Account)
	if err != nil {
		return nil, err
	}
	return reply(each(list, boostOf))
}

func (a *API) boost(on bool) func(context.Context, *TrackRef) (*struct{}, error) {
	return func(ctx context.Context, in *TrackRef) (*struct{}, error) {
		t, err := id.Parse[id.Track](in.Track)
		if err != nil {
			return nil, err
		}
		return nil, a.People.Boost(ctx, mover(ctx), social.Thing{Track: t}, on)
	}
}

func (a *API) boostRelease(on bool) func(context.Context, *ReleaseRef) (*struct{}, error) {
	return func(ctx context.Context, in *ReleaseRef) (*struct{}, error) {
		r, err := in.id()
		if err != nil {
			return nil, err
		}
		return nil, a.People.Boost(ctx, mover(ctx), social.Thing{Release: r}, on)
	}
}
