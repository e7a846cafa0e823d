package api

import (
	"context"
	"net/http"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/id"
)

func (a *API) admin(r *router) {
	op := func(method, path, id, summary string) operation {
		return operation{method: method, path: path, id: id, tag: "Node", scope: account.ScopeAdmin, summary: summary}
	}
	open := studioOp(http.MethodPost, "", "open-studio", "Open a studio for this account; only with a session")
	open.status = http.StatusNoContent
	add(r, open, a.openStudio)
	add(r, op(http.MethodGet, "/accounts", "list-accounts", "All accounts, for the operator"), a.accounts)
	add(r, op(http.MethodPut, "/accounts/{handle}/role", "set-account-role", "Change what an account may do"), a.setAccountRole)
	add(r, op(http.MethodGet, "/audit", "list-audit", "What the operator and moderators did, the latest first"), a.audit)
}

func (a *API) openStudio(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, a.Accounts.OpenStudio(ctx, account.From(ctx))
}

// AccountRow is an account as its operator sees it.
type AccountRow struct {
	ID      id.Account `json:"id"`
	Handle  string     `json:"handle"`
	Name    string     `json:"name"`
	Email   string     `json:"email,omitempty"`
	Role    string     `json:"role" doc:"listener, artist, moderator or admin"`
	Created time.Time  `json:"created"`
}

type accountsInput struct {
	After id.Account `query:"after" maxLength:"26" doc:"Id of the last account of the page before"`
	Limit int        `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type accountRoleInput struct {
	Handle string `path:"handle"`
	Body   struct {
		Role string `json:"role" enum:"listener,artist,moderator,admin"`
	}
}

type auditInput struct {
	Limit int `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// AuditRow is one thing that was done.
type AuditRow struct {
	At     time.Time `json:"at"`
	Actor  string    `json:"actor" doc:"Account id, or operator for the command line"`
	Action string    `json:"action" example:"account.role"`
	About  string    `json:"about" doc:"What it was done to"`
	Note   string    `json:"note,omitempty"`
}

func (a *API) accounts(ctx context.Context, in *accountsInput) (*output[[]AccountRow], error) {
	list, err := a.Accounts.List(ctx, account.From(ctx), in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	return reply(each(list, func(x *account.Account) AccountRow {
		return AccountRow{x.ID, x.Handle, x.Name, x.Email, string(x.Role), x.Created}
	}))
}

func (a *API) setAccountRole(ctx context.Context, in *accountRoleInput) (*struct{}, error) {
	p := account.From(ctx)
	if err := p.Require(account.Admin); err != nil {
		return nil, err
	}
	who, err := a.Accounts.ByHandle(ctx, in.Handle)
	if err != nil {
		return nil, err
	}
	return nil, a.Accounts.SetRole(ctx, p, who.ID, account.Role(in.Body.Role))
}

func (a *API) audit(ctx context.Context, in *auditInput) (*output[[]AuditRow], error) {
	list, err := a.Accounts.Audited(ctx, account.From(ctx), in.Limit)
	if err != nil {
		return nil, err
	}
	return reply(each(list, func(r *account.Record) AuditRow { return AuditRow{r.At, r.Actor, r.Action, r.About, r.Note} }))
}
