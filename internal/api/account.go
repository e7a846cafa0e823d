package api

import (
	"context"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// NodeInfo is what everybody may know of the node.
type NodeInfo struct {
	Node       string   `json:"node" doc:"The node's id on the ledger"`
	Name       string   `json:"name"`
	About      string   `json:"about,omitempty"`
	Operator   string   `json:"operator,omitempty"`
	Place      string   `json:"place,omitempty"`
	Version    string   `json:"version"`
	OpenSignUp bool     `json:"open_signup"`
	Keys       []string `json:"keys" doc:"Verifier keys that sign receipts and settlements (C2SP signed-note)"`
	Reviewed   bool     `json:"reviewed" doc:"Two independent nodes review this one"`
	Now        int64    `json:"now_ms" doc:"The node's clock, Unix milliseconds"`
}

func (a *API) node(r *router) {
	add(r, operation{method: http.MethodGet, path: "/node", id: "get-node", tag: "Node", summary: "What this node is, and its keys"},
		func(ctx context.Context, _ *struct{}) (*output[NodeInfo], error) {
			s, err := a.Accounts.Settings(ctx)
			if err != nil {
				return nil, err
			}
			n := NodeInfo{Node: a.Node, Name: s.Name, About: s.About, Operator: s.OperatorName, Place: s.OperatorPlace, Version: a.Version, OpenSignUp: s.OpenSignUp, Now: a.Now().UnixMilli(), Keys: []string{}}
			for _, k := range a.Keys {
				n.Keys = append(n.Keys, k.String())
			}
			return reply(n)
		})
}

// Me is the account that asks.
type Me struct {
	ID            id.Account `json:"id"`
	Handle        string     `json:"handle"`
	Name          string     `json:"name"`
	Email         string     `json:"email,omitempty"`
	Confirmed     bool       `json:"email_confirmed" doc:"The address was shown to be yours"`
	Pending       string     `json:"email_pending,omitempty" doc:"An address that holds once the link in the letter to it was followed"`
	Role          string     `json:"role"`
	HistoryPaused bool       `json:"history_paused"`
	Created       time.Time  `json:"created"`
}

// Device is a key that signs plays.
type Device struct {
	ID      string     `json:"id" doc:"First 16 bytes of SHA-256 of the key, hex"`
	Alg     string     `json:"alg"`
	Name    string     `json:"name"`
	Created time.Time  `json:"created"`
	Revoked *time.Time `json:"revoked,omitempty"`
}

func device(d account.Device) Device {
	out := Device{ID: hex.EncodeToString(d.ID[:]), Alg: d.Alg, Name: d.Name, Created: d.Created}
	if !d.Revoked.IsZero() {
		out.Revoked = &d.Revoked
	}
	return out
}

// Token is a personal token, without its secret.
type Token struct {
	ID      id.Token        `json:"id"`
	Name    string          `json:"name"`
	Scopes  []account.Scope `json:"scopes"`
	Created time.Time       `json:"created"`
	Seen    *time.Time      `json:"seen,omitempty"`
	Expires *time.Time      `json:"expires,omitempty"`
	Secret  string          `json:"secret,omitempty" doc:"Shown once, when the token is made"`
}

func token(t account.Token, secret string) Token {
	out := Token{ID: t.ID, Name: t.Name, Scopes: t.Scopes, Created: t.Created, Secret: secret}
	if !t.Seen.IsZero() {
		out.Seen = &t.Seen
	}
	if !t.Expires.IsZero() {
		out.Expires = &t.Expires
	}
	return out
}

type profileInput struct {
	Body struct {
		Name          *string `json:"name,omitempty" maxLength:"100"`
		Email         *string `json:"email,omitempty" maxLength:"254" doc:"Empty for none. Another one needs a session and the password; where letters leave the node, it holds once it is confirmed"`
		Password      string  `json:"password,omitempty" doc:"To change the address"`
		HistoryPaused *bool   `json:"history_paused,omitempty"`
	}
}

type deviceInput struct {
	Body struct {
		SPKI []byte `json:"spki" doc:"Public key, DER, base64"`
		Alg  string `json:"alg,omitempty" doc:"ed25519 or p256; read from the key"`
		Name string `json:"name,omitempty"`
	}
}

type deviceRef struct {
	ID string `path:"id" doc:"Device key id, hex"`
}

type tokenInput struct {
	Body struct {
		Name    string          `json:"name"`
		Scopes  []account.Scope `json:"scopes"`
		Expires *time.Time      `json:"expires,omitempty"`
	}
}

type tokenRef struct {
	ID string `path:"id"`
}

type passwordInput struct {
	Body struct {
		Password string `json:"password" doc:"The account's password, to be sure"`
	}
}

func (a *API) people(r *router) {
	const tag = "Account"
	add(r, operation{method: http.MethodGet, path: "/me", id: "get-me", tag: tag, scope: account.ScopeRead, summary: "Who am I"}, a.me)
	add(r, operation{method: http.MethodPatch, path: "/me", id: "edit-me", tag: tag, scope: account.ScopeLibrary, summary: "Change name, mail or history"}, a.editMe)
	add(r, operation{method: http.MethodDelete, path: "/me", id: "delete-me", tag: tag, scope: account.ScopeLibrary, session: true, summary: "Delete the account"}, a.deleteMe)
	add(r, operation{method: http.MethodPost, path: "/me/address/letter", id: "ask-address", tag: tag, scope: account.ScopeLibrary, session: true, status: http.StatusAccepted, summary: "Send the letter once more that asks whether an address is yours"}, a.askAddress)
	add(r, operation{method: http.MethodGet, path: "/devices", id: "list-devices", tag: tag, scope: account.ScopeListen, summary: "Keys that sign plays"}, a.devices)
	add(r, operation{method: http.MethodPost, path: "/devices", id: "add-device", tag: tag, scope: account.ScopeListen, status: http.StatusCreated, summary: "Register a key"}, a.addDevice)
	add(r, operation{method: http.MethodDelete, path: "/devices/{id}", id: "revoke-device", tag: tag, scope: account.ScopeListen, summary: "Revoke a key"}, a.revokeDevice)
	add(r, operation{method: http.MethodGet, path: "/tokens", id: "list-tokens", tag: tag, scope: account.ScopeRead, summary: "Personal tokens, without their secrets"}, a.tokens)
	add(r, operation{method: http.MethodPost, path: "/tokens", id: "make-token", tag: tag, scope: account.ScopeRead, session: true, status: http.StatusCreated, summary: "Make a token"}, a.makeToken)
	add(r, operation{method: http.MethodDelete, path: "/tokens/{id}", id: "revoke-token", tag: tag, scope: account.ScopeRead, session: true, summary: "Revoke a token"}, a.revokeToken)
}

func (a *API) me(ctx context.Context, _ *struct{}) (*output[Me], error) {
	x, err := a.Accounts.Account(ctx, account.From(ctx).Account)
	if err != nil {
		return nil, err
	}
	return reply(Me{x.ID, x.Handle, x.Name, x.Email, !x.Confirmed.IsZero(), x.Pending, string(x.Role), x.HistoryPaused, x.Created})
}

func (a *API) editMe(ctx context.Context, in *profileInput) (*output[Me], error) {
	p := account.From(ctx)
	if err := a.Accounts.SetProfile(ctx, p, account.Profile{Name: in.Body.Name, Email: in.Body.Email, Password: in.Body.Password}); err != nil {
		return nil, err
	}
	if in.Body.HistoryPaused != nil {
		if err := a.Accounts.SetHistoryPaused(ctx, p, *in.Body.HistoryPaused); err != nil {
			return nil, err
		}
	}
	return a.me(ctx, nil)
}

func (a *API) askAddress(ctx context.Context, _ *struct{}) (*struct{}, error) {
	_, err := a.Accounts.AskAgain(ctx, account.From(ctx))
	return nil, err
}

func (a *API) deleteMe(ctx context.Context, in *passwordInput) (*struct{}, error) {
	return nil, a.Accounts.Delete(ctx, account.From(ctx), in.Body.Password)
}

func (a *API) devices(ctx context.Context, _ *struct{}) (*output[[]Device], error) {
	list, err := a.Accounts.Devices(ctx, account.From(ctx))
	if err != nil {
		return nil, err
	}
	out := make([]Device, len(list))
	for i, d := range list {
		out[i] = device(d)
	}
	return reply(out)
}

func (a *API) addDevice(ctx context.Context, in *deviceInput) (*output[Device], error) {
	d, err := a.Accounts.AddDevice(ctx, account.From(ctx), in.Body.SPKI, in.Body.Name)
	if err != nil {
		return nil, err
	}
	return reply(device(d))
}

func (a *API) revokeDevice(ctx context.Context, in *deviceRef) (*struct{}, error) {
	key, err := bytes16(in.ID, "device key id")
	if err != nil {
		return nil, err
	}
	return nil, a.Accounts.RevokeDevice(ctx, account.From(ctx), key)
}

func (a *API) tokens(ctx context.Context, _ *struct{}) (*output[[]Token], error) {
	list, err := a.Accounts.Tokens(ctx, account.From(ctx))
	if err != nil {
		return nil, err
	}
	out := make([]Token, len(list))
	for i, t := range list {
		out[i] = token(t, "")
	}
	return reply(out)
}

func (a *API) makeToken(ctx context.Context, in *tokenInput) (*output[Token], error) {
	var expires time.Time
	if in.Body.Expires != nil {
		expires = *in.Body.Expires
	}
	secret, t, err := a.Accounts.IssueToken(ctx, account.From(ctx), in.Body.Name, in.Body.Scopes, expires)
	if err != nil {
		return nil, err
	}
	return reply(token(t, secret))
}

func (a *API) revokeToken(ctx context.Context, in *tokenRef) (*struct{}, error) {
	t, err := id.Parse[id.Token](in.ID)
	if err != nil {
		return nil, fault.New(fault.NotFound, "There is no such token.")
	}
	return nil, a.Accounts.RevokeToken(ctx, account.From(ctx), t)
}
