package api

import (
	"context"
	"net/http"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/music"
)

func (a *API) moderation(r *router) {
	op := func(method, path, id, summary string) operation {
		return operation{method: method, path: "/moderation" + path, id: id, tag: "Moderation", scope: account.ScopeAdmin, summary: summary}
	}
	add(r, op(http.MethodGet, "/releases", "list-taken-down", "Releases that are taken down, newest first"), a.down)
	add(r, op(http.MethodPut, "/releases/{release}", "take-down", "Take a release out of public view"), a.takeDown)
	add(r, op(http.MethodDelete, "/releases/{release}", "restore", "Put a release back"), a.restore)
}

type downInput struct {
	Limit int `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type takeDownInput struct {
	ReleaseRef
	Body struct {
		Reason string `json:"reason" maxLength:"500" doc:"One sentence, which the act's people read"`
	}
}

type restoreInput struct {
	ReleaseRef
	Note string `query:"note" maxLength:"500" doc:"For the audit log"`
}

func (a *API) down(ctx context.Context, in *downInput) (*output[[]Release], error) {
	list, err := a.Moderation.Down(ctx, mover(ctx), in.Limit)
	if err != nil {
		return nil, err
	}
	return reply(each(list, func(r *music.Release) Release { return releaseOf(r, nil) }))
}

func (a *API) takeDown(ctx context.Context, in *takeDownInput) (*struct{}, error) {
	r, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, a.Moderation.TakeDown(ctx, mover(ctx), r, in.Body.Reason)
}

func (a *API) restore(ctx context.Context, in *restoreInput) (*struct{}, error) {
	r, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, a.Moderation.Restore(ctx, mover(ctx), r, in.Note)
}
