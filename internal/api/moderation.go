package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/music"
)

func (a *API) moderation(r *router) {
	op := func(method, path, id, summary string) operation {
		return operation{method: method, path: "/moderation" + path, id: id, tag: "Moderation", scope: account.ScopeAdmin, role: account.Moderator, summary: summary}
	}
	add(r, op(http.MethodGet, "/releases", "list-taken-down", "Releases that are taken down, newest first"), a.down)
	orphans := op(http.MethodGet, "/acts", "list-orphaned-acts", "Acts that nobody owns any more; give one an owner with set-act-role")
	orphans.role = account.Admin
	add(r, orphans, a.orphans)
	add(r, op(http.MethodPut, "/releases/{release}", "take-down", "Take a release out of public view"), a.takeDown)
	add(r, op(http.MethodDelete, "/releases/{release}", "restore", "Put a release back"), a.restore)
}

// downMost bounds how many releases that are down are looked through.
const downMost = 10_000

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

func (a *API) down(ctx context.Context, in *PageInput) (*output[Page[Release]], error) {
	list, err := a.Moderation.Down(ctx, mover(ctx), downMost)
	if err != nil {
		return nil, err
	}
	return reply(cut(list, in, func(r *music.Release) string { return dated(r.Changed, string(r.ID)) }, plainRelease))
}

func (a *API) orphans(ctx context.Context, in *PageInput) (*output[Page[Act]], error) {
	list, err := a.Studio.Orphans(ctx, mover(ctx))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(x, y music.Act) int { return cmp.Compare(y.ID, x.ID) })
	return reply(cut(list, in, func(x *music.Act) string { return string(x.ID) }, actOf))
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
