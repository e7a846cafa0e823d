package api

import (
	"context"
	"net/http"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/social"
)

// door is who on other servers follows the acts here, and who is blocked by them.
func (a *API) door(r *router) {
	op := func(method, id, summary string) operation {
		return operation{method: method, path: "/studio/acts/{act}/followers", id: id, tag: "Elsewhere", scope: account.ScopeStudio, summary: summary}
	}
	add(r, op(http.MethodGet, "list-act-followers", "Who follows your act from other servers, or is blocked by it"), a.actFollowers)
	add(r, op(http.MethodPut, "judge-act-follower", "Remove a follower of your act on another server, block somebody there, or end that; they are told. Who is blocked does not follow it, does not comment on its music, like or boost it, and works on no playlist with it"), a.judgeActFollower)
}

type actFollowersInput struct {
	ActRef
	State string `query:"state" enum:"follows,blocked" default:"follows"`
	After string `query:"after" maxLength:"2048" doc:"next of the page before"`
}

func (a *API) actFollowers(ctx context.Context, in *actFollowersInput) (*output[Page[PersonFollower]], error) {
	act, err := in.id()
	if err != nil {
		return nil, err
	}
	list, next, err := a.Door.Visitors(ctx, mover(ctx), act, social.FollowState(in.State), in.After)
	if err != nil {
		return nil, err
	}
	return reply(Page[PersonFollower]{Rows: each(list, personFollowerOf), Next: next})
}

type judgeActFollowerInput struct {
	ActRef
	Body struct {
		Actor string `json:"actor" maxLength:"2048" doc:"Address of their document, or name@host"`
		State string `json:"state" enum:"none,blocked"`
	}
}

func (a *API) judgeActFollower(ctx context.Context, in *judgeActFollowerInput) (*struct{}, error) {
	act, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, a.Door.Judge(ctx, mover(ctx), act, in.Body.Actor, judged(in.Body.State))
}

// judged is what somebody is to be, "none" nothing.
func judged(state string) social.FollowState {
	if state == "none" {
		return ""
	}
	return social.FollowState(state)
}
