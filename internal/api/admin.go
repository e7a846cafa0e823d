package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/gate"
	"github.com/michaelperna/9ten/internal/id"
)

func (a *API) admin(r *router) {
	op := func(method, path, id, summary string, role account.Role) operation {
		return operation{method: method, path: path, id: id, tag: "Operator", scope: account.ScopeAdmin, role: role, summary: summary}
	}
	addAccount := op(http.MethodPost, "/accounts", "add-account", "Make an account for somebody", account.Admin)
	addAccount.status, addAccount.secret = http.StatusCreated, true
	link := op(http.MethodPost, "/accounts/{handle}/password-link", "make-password-link", "Make a one-time link for a new password; it is good for a day", account.Admin)
	link.secret = true
	add(r, op(http.MethodGet, "/accounts", "list-accounts", "All accounts, or those that a text is found in, in the order of their making", account.Moderator), a.accounts)
	add(r, addAccount, a.addAccount)
	add(r, op(http.MethodPut, "/accounts/{handle}/role", "set-account-role", "Change what an account may do", account.Admin), a.setAccountRole)
	add(r, link, a.passwordLink)
	add(r, op(http.MethodDelete, "/accounts/{handle}/sessions", "end-account-sessions", "Sign somebody out everywhere and revoke their tokens", account.Admin), a.endAccountSessions)
	add(r, op(http.MethodDelete, "/accounts/{handle}", "remove-account", "Delete somebody's account and all the node keeps of it", account.Admin), a.removeAccount)
	add(r, op(http.MethodGet, "/audit", "list-audit", "What the operator and moderators did, the latest first", account.Admin), a.audit)
	add(r, op(http.MethodGet, "/settings", "get-settings", "What the operator decides about the node", account.Admin), a.settings)
	add(r, op(http.MethodPatch, "/settings", "edit-settings", "Change settings; what is not given stays", account.Admin), a.editSettings)
	add(r, op(http.MethodPost, "/mail/test", "send-test-mail", "Send a letter to see whether letters arrive, and wait until it was taken", account.Admin), a.testMail)
}

// Post is how the node's letters leave.
type Post interface {
	// Server takes them; "" where they go into a folder of the node.
	Server() string
	Test(ctx context.Context, lang, to string) error
}

type testMailInput struct {
	Body struct {
		To string `json:"to" maxLength:"254" doc:"A mail address"`
	}
}

// Mailed is a letter that was taken.
type Mailed struct {
	To     string `json:"to"`
	Server string `json:"server" doc:"That took it; empty: the folder mail in the data directory"`
}

func (a *API) testMail(ctx context.Context, in *testMailInput) (*output[Mailed], error) {
	if err := a.Post.Test(ctx, gate.Client(ctx).Lang, in.Body.To); err != nil {
		return nil, err
	}
	return reply(Mailed{in.Body.To, a.Post.Server()})
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

func accountRow(x *account.Account) AccountRow {
	return AccountRow{x.ID, x.Handle, x.Name, x.Email, string(x.Role), x.Created}
}

type accountsInput struct {
	PageInput
	Find string `query:"find" maxLength:"200" doc:"Only those whose handle, name or address holds it"`
}

type newAccountInput struct {
	Body struct {
		NewAccount
		Role string `json:"role,omitempty" enum:"listener,artist,moderator,admin" default:"listener"`
	}
}

// HandleRef names an account in a path.
type HandleRef struct {
	Handle string `path:"handle" doc:"Of the account"`
}

type accountRoleInput struct {
	HandleRef
	Body struct {
		Role string `json:"role" enum:"listener,artist,moderator,admin"`
	}
}

// AuditRow is one thing that was done.
type AuditRow struct {
	At     time.Time `json:"at"`
	Actor  string    `json:"actor" doc:"Account id, or operator for the command line"`
	Action string    `json:"action" example:"account.role"`
	About  string    `json:"about" doc:"What it was done to"`
	Note   string    `json:"note,omitempty"`
}

func (a *API) accounts(ctx context.Context, in *accountsInput) (*output[Page[AccountRow]], error) {
	list, err := a.Accounts.Find(ctx, account.From(ctx), in.Find, id.Account(in.After), in.Limit+1)
	if err != nil {
		return nil, err
	}
	return reply(clipped(list, in.Limit, func(x *account.Account) string { return string(x.ID) }, accountRow))
}

func (a *API) addAccount(ctx context.Context, in *newAccountInput) (*output[AccountRow], error) {
	x, err := a.Accounts.Add(ctx, account.From(ctx), in.Body.signUp(), account.Role(in.Body.Role))
	if err != nil {
		return nil, err
	}
	return reply(accountRow(&x))
}

// person finds an account by its handle and hands it on.
func (a *API) person(ctx context.Context, handle string, do func(who id.Account) error) error {
	who, err := a.Accounts.ByHandle(ctx, handle)
	if err != nil {
		return err
	}
	return do(who.ID)
}

func (a *API) setAccountRole(ctx context.Context, in *accountRoleInput) (*struct{}, error) {
	return nil, a.person(ctx, in.Handle, func(who id.Account) error {
		return a.Accounts.SetRole(ctx, account.From(ctx), who, account.Role(in.Body.Role))
	})
}

func (a *API) endAccountSessions(ctx context.Context, in *HandleRef) (*struct{}, error) {
	return nil, a.person(ctx, in.Handle, func(who id.Account) error { return a.Accounts.EndSessions(ctx, account.From(ctx), who) })
}

func (a *API) removeAccount(ctx context.Context, in *HandleRef) (*struct{}, error) {
	return nil, a.person(ctx, in.Handle, func(who id.Account) error { return a.Accounts.Remove(ctx, account.From(ctx), who) })
}

// PasswordLink is handed to whoever forgot their password.
type PasswordLink struct {
	Link string `json:"link" doc:"The page where they set a new one"`
}

func (a *API) passwordLink(ctx context.Context, in *HandleRef) (*output[PasswordLink], error) {
	var secret string
	err := a.person(ctx, in.Handle, func(who id.Account) (err error) {
		secret, err = a.Accounts.ResetLink(ctx, account.From(ctx), who)
		return err
	})
	if err != nil {
		return nil, err
	}
	return reply(PasswordLink{a.BaseURL + "/reset?token=" + url.QueryEscape(secret)})
}

func (a *API) audit(ctx context.Context, in *PageInput) (*output[Page[AuditRow]], error) {
	list, err := a.Accounts.Audited(ctx, account.From(ctx), in.After, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return reply(clipped(list, in.Limit, func(r *account.Record) string { return r.ID }, func(r *account.Record) AuditRow {
		return AuditRow{r.At, r.Actor, r.Action, r.About, r.Note}
	}))
}

// Settings are what the operator decides on the pages.
type Settings struct {
	Name       string `json:"name" doc:"Of the node"`
	About      string `json:"about"`
	Operator   string `json:"operator" doc:"Who answers for it"`
	Place      string `json:"place"`
	OpenSignUp bool   `json:"open_signup" doc:"Anyone may make an account"`
	OpenStudio bool   `json:"open_studio" doc:"Any listener may open a studio"`
	OpenInvite bool   `json:"open_invite" doc:"Members may invite others, also while sign-up is closed"`
}

type settingsInput struct {
	Body struct {
		Name       *string `json:"name,omitempty"`
		About      *string `json:"about,omitempty"`
		Operator   *string `json:"operator,omitempty"`
		Place      *string `json:"place,omitempty"`
		OpenSignUp *bool   `json:"open_signup,omitempty"`
		OpenStudio *bool   `json:"open_studio,omitempty"`
		OpenInvite *bool   `json:"open_invite,omitempty"`
	}
}

func (a *API) settings(ctx context.Context, _ *struct{}) (*output[Settings], error) {
	s, err := a.Accounts.Settings(ctx)
	if err != nil {
		return nil, err
	}
	return reply(Settings{s.Name, s.About, s.OperatorName, s.OperatorPlace, s.OpenSignUp, s.OpenStudio, s.OpenInvite})
}

func (a *API) editSettings(ctx context.Context, in *settingsInput) (*output[Settings], error) {
	s, err := a.Accounts.Settings(ctx)
	if err != nil {
		return nil, err
	}
	b := &in.Body
	set(&s.Name, b.Name)
	set(&s.About, b.About)
	set(&s.OperatorName, b.Operator)
	set(&s.OperatorPlace, b.Place)
	set(&s.OpenSignUp, b.OpenSignUp)
	set(&s.OpenStudio, b.OpenStudio)
	set(&s.OpenInvite, b.OpenInvite)
	if err := a.Accounts.SaveSettings(ctx, account.From(ctx), s); err != nil {
		return nil, err
	}
	a.named()
	return a.settings(ctx, nil)
}

func (a *API) named() {
	if a.Named != nil {
		a.Named()
	}
}
