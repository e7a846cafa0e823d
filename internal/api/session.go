package api

import (
	"context"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/gate"
)

func (a *API) sessions(r *router) {
	const tag = "Session"
	open := func(path, id, summary string) operation {
		return operation{method: http.MethodPost, path: path, id: id, tag: tag, status: http.StatusCreated, summary: summary}
	}
	own := func(method, path, id, summary string) operation {
		return operation{method: method, path: path, id: id, tag: tag, scope: account.ScopeRead, session: true, summary: summary}
	}
	add(r, open("/setup", "set-up", "Make the first admin and name the node, with the token of the setup link"), a.setUp)
	add(r, open("/signup", "sign-up", "Make an account and begin a session, where sign-up is open or with an invitation"), a.signUp)
	add(r, open("/session", "sign-in", "Begin a session"), a.signIn)
	add(r, open("/password", "reset-password", "Set a new password with the token of a link, and begin a session"), a.resetPassword)
	letter := open("/password/letter", "ask-password-link", "Have a link for a new password sent by mail; the answer is the same whether there is such an account or not")
	letter.status = http.StatusAccepted
	add(r, letter, a.askPasswordLink)
	confirm := open("/me/address", "confirm-address", "Say that a mail address is yours, with the token of the link in the letter")
	confirm.status = http.StatusNoContent
	add(r, confirm, a.confirmAddress)
	add(r, own(http.MethodGet, "/session", "get-session", "The session that asks, with its CSRF token"), a.session)
	add(r, own(http.MethodDelete, "/session", "sign-out", "End this session"), a.signOut)
	add(r, own(http.MethodGet, "/sessions", "list-sessions", "Where you are signed in, the newest first"), a.listSessions)
	add(r, own(http.MethodDelete, "/sessions", "sign-out-everywhere", "End all your sessions, this one too; tokens stay"), a.signOutEverywhere)
	add(r, own(http.MethodPut, "/me/password", "change-password", "Change your password; all other sessions end"), a.changePassword)
}

// Session is a session that has begun. Its cookie is in Set-Cookie.
type Session struct {
	Handle  string    `json:"handle"`
	Role    string    `json:"role" doc:"listener, artist, moderator or admin"`
	CSRF    string    `json:"csrf" doc:"To be sent as X-CSRF-Token with everything that changes something"`
	Expires time.Time `json:"expires,omitzero"`
}

type sessionOutput struct {
	SetCookie string `header:"Set-Cookie"`
	Body      Session
}

func (a *API) begun(in account.SignedIn, err error) (*sessionOutput, error) {
	if err != nil {
		return nil, err
	}
	return &sessionOutput{a.Gate.Cookie(in).String(), Session{in.Handle, string(in.Role), in.CSRF, in.Expires}}, nil
}

type signedOut struct {
	SetCookie string `header:"Set-Cookie"`
}

// NewAccount is what making an account asks.
type NewAccount struct {
	Handle   string `json:"handle" doc:"Letters, digits, underscore"`
	Name     string `json:"name,omitempty" doc:"As shown; empty: the handle"`
	Email    string `json:"email,omitempty"`
	Password string `json:"password"`
}

func (n NewAccount) signUp() account.SignUp {
	return account.SignUp{Handle: n.Handle, Name: n.Name, Email: n.Email, Password: n.Password}
}

type setupInput struct {
	Body struct {
		NewAccount
		Token      string `json:"token" doc:"From the link in the terminal"`
		Node       string `json:"node,omitempty" doc:"Name of the node"`
		Operator   string `json:"operator,omitempty" doc:"Who answers for it"`
		OpenSignUp bool   `json:"open_signup,omitempty"`
	}
}

type signUpInput struct {
	Body struct {
		NewAccount
		Invitation string `json:"invitation,omitempty" doc:"Token of an invitation's link; needed where sign-up is closed"`
	}
}

type signInInput struct {
	Body struct {
		Login    string `json:"login" doc:"Handle or mail address"`
		Password string `json:"password"`
	}
}

type resetInput struct {
	Body struct {
		Token    string `json:"token" doc:"From the link in the letter, or that the operator made"`
		Password string `json:"password"`
	}
}

type letterInput struct {
	Body struct {
		Login string `json:"login" maxLength:"254" doc:"Handle or mail address"`
	}
}

type addressInput struct {
	Body struct {
		Token string `json:"token" doc:"From the link in the letter"`
	}
}

func (a *API) askPasswordLink(ctx context.Context, in *letterInput) (*struct{}, error) {
	return nil, a.Accounts.AskReset(ctx, in.Body.Login, gate.Client(ctx))
}

func (a *API) confirmAddress(ctx context.Context, in *addressInput) (*struct{}, error) {
	_, err := a.Accounts.Confirm(ctx, in.Body.Token, gate.Client(ctx))
	return nil, err
}

type changePasswordInput struct {
	Body struct {
		Old      string `json:"old"`
		Password string `json:"password"`
	}
}

func (a *API) setUp(ctx context.Context, in *setupInput) (*sessionOutput, error) {
	b := &in.Body
	out, err := a.begun(a.Accounts.Setup(ctx, b.Token, account.Setup{
		SignUp: b.signUp(), Settings: account.Settings{Name: b.Node, OperatorName: b.Operator, OpenSignUp: b.OpenSignUp, OpenStudio: true},
	}, gate.Client(ctx)))
	if err == nil {
		a.named()
	}
	return out, err
}

func (a *API) signUp(ctx context.Context, in *signUpInput) (*sessionOutput, error) {
	s := in.Body.signUp()
	s.Invitation = in.Body.Invitation
	return a.begun(a.Accounts.SignUp(ctx, s, gate.Client(ctx)))
}

func (a *API) signIn(ctx context.Context, in *signInInput) (*sessionOutput, error) {
	return a.begun(a.Accounts.SignIn(ctx, in.Body.Login, in.Body.Password, gate.Client(ctx)))
}

func (a *API) resetPassword(ctx context.Context, in *resetInput) (*sessionOutput, error) {
	return a.begun(a.Accounts.Reset(ctx, in.Body.Token, in.Body.Password, gate.Client(ctx)))
}

func (a *API) session(ctx context.Context, _ *struct{}) (*output[Session], error) {
	p := account.From(ctx)
	return reply(Session{Handle: p.Handle, Role: string(p.Role), CSRF: p.CSRF})
}

func (a *API) signOut(ctx context.Context, _ *struct{}) (*signedOut, error) {
	return &signedOut{a.Gate.Cleared().String()}, a.Accounts.SignOut(ctx, account.From(ctx))
}

func (a *API) signOutEverywhere(ctx context.Context, _ *struct{}) (*signedOut, error) {
	return &signedOut{a.Gate.Cleared().String()}, a.Accounts.SignOutEverywhere(ctx, account.From(ctx))
}

// SessionRow is one browser that is signed in.
type SessionRow struct {
	ID      string    `json:"id" doc:"Names the session; it signs nobody in"`
	Agent   string    `json:"agent" doc:"What the browser calls itself"`
	Created time.Time `json:"created"`
	Seen    time.Time `json:"seen" doc:"To the hour"`
	Expires time.Time `json:"expires"`
	Current bool      `json:"current" doc:"The one that asks"`
}

func (a *API) listSessions(ctx context.Context, _ *struct{}) (*output[[]SessionRow], error) {
	list, err := a.Accounts.Sessions(ctx, account.From(ctx))
	if err != nil {
		return nil, err
	}
	return reply(each(list, func(s *account.Session) SessionRow {
		return SessionRow{hex.EncodeToString(s.Hash[:8]), s.Agent, s.Created, s.Seen, s.Expires, s.Current}
	}))
}

func (a *API) changePassword(ctx context.Context, in *changePasswordInput) (*struct{}, error) {
	return nil, a.Accounts.ChangePassword(ctx, account.From(ctx), in.Body.Old, in.Body.Password)
}
