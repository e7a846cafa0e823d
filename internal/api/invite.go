package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/gate"
)

func (a *API) invitations(r *router) {
	op := func(method, path, id, summary string) operation {
		return operation{method: method, path: path, id: id, tag: "Account", scope: account.ScopeLibrary, summary: summary}
	}
	invite := op(http.MethodPost, "/invitations", "invite", "Invite somebody: by a letter, or with a link to pass on")
	invite.status, invite.secret = http.StatusCreated, true
	add(r, op(http.MethodGet, "/invitations", "list-invitations", "Invitations that are open, the latest first: yours, or for an admin all"), a.listInvitations)
	add(r, invite, a.invite)
	add(r, op(http.MethodDelete, "/invitations/{id}", "withdraw-invitation", "Take an invitation back"), a.withdrawInvitation)
}

// Invitation lets somebody make an account, once.
type Invitation struct {
	ID    string    `json:"id"`
	Email string    `json:"email,omitempty" doc:"Where its letter goes; absent: whoever has the link"`
	Role  string    `json:"role" doc:"listener, artist, moderator or admin"`
	Made  time.Time `json:"made"`
	Until time.Time `json:"until"`
	Link  string    `json:"link,omitempty" doc:"Shown once, when it is made without an address"`
}

func invitation(in account.Invitation) Invitation {
	return Invitation{ID: in.ID, Email: in.Email, Role: string(in.Role), Made: in.Made, Until: in.Until}
}

type invitationInput struct {
	Body struct {
		Email string `json:"email,omitempty" maxLength:"254" doc:"Empty: the link is in the answer"`
		Role  string `json:"role,omitempty" enum:"listener,artist,moderator,admin" default:"listener"`
	}
}

type invitationRef struct {
	ID string `path:"id"`
}

func (a *API) listInvitations(ctx context.Context, _ *struct{}) (*output[[]Invitation], error) {
	list, err := a.Accounts.Invitations(ctx, account.From(ctx))
	if err != nil {
		return nil, err
	}
	return reply(each(list, func(in *account.Invitation) Invitation { return invitation(*in) }))
}

func (a *API) invite(ctx context.Context, in *invitationInput) (*output[Invitation], error) {
	made, secret, err := a.Accounts.Invite(ctx, account.From(ctx), in.Body.Email, account.Role(in.Body.Role), gate.Client(ctx))
	if err != nil {
		return nil, err
	}
	out := invitation(made)
	if secret != "" {
		out.Link = a.BaseURL + "/signup?invitation=" + url.QueryEscape(secret)
	}
	return reply(out)
}

func (a *API) withdrawInvitation(ctx context.Context, in *invitationRef) (*struct{}, error) {
	return nil, a.Accounts.Uninvite(ctx, account.From(ctx), in.ID)
}
