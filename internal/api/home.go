package api

import (
	"context"
	"net/http"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/music"
)

// homes are the operations with which an act moves between servers.
func (a *API) homes(r *router) {
	op := func(method, path, id, summary string) operation {
		return operation{method: method, path: "/studio/acts/{act}" + path, id: id, tag: "Elsewhere", scope: account.ScopeStudio, summary: summary}
	}
	add(r, op(http.MethodGet, "/home", "get-act-home", "Where else your act is or was"), a.actHome)
	add(r, op(http.MethodPut, "/addresses", "set-act-addresses", "Say by which addresses on other servers the act is known, so that it may move here from there"), a.setAddresses)
	move := op(http.MethodPost, "/move", "move-act", "Move the act to another server, which names this one as its own; needs a session and the password")
	move.secret = true
	add(r, move, a.moveAct)
	add(r, op(http.MethodDelete, "/move", "return-act", "Have an act that moved be here again"), a.returnAct)
}

// AddressElsewhere is that of an act on another server.
type AddressElsewhere struct {
	Actor  string `json:"actor" doc:"Its document"`
	Handle string `json:"handle" doc:"act@host"`
}

func addressOf(a *music.Location) AddressElsewhere { return AddressElsewhere(*a) }

// ActHome is where else an act is or was.
type ActHome struct {
	Addresses []AddressElsewhere `json:"addresses" doc:"By which it is known on other servers"`
	MovedTo   *AddressElsewhere  `json:"moved_to,omitempty"`
	Moved     int64              `json:"moved_ms,omitempty" doc:"Unix milliseconds: when it moved last; it cannot again within 30 days"`
}

func (a *API) actHome(ctx context.Context, in *ActRef) (*output[ActHome], error) {
	act, err := in.id()
	if err != nil {
		return nil, err
	}
	desk, err := a.there()
	if err != nil {
		return nil, err
	}
	h, err := desk.HomeOf(ctx, mover(ctx), act)
	if err != nil {
		return nil, err
	}
	out := ActHome{Addresses: each(h.Known, addressOf)}
	if h.Moved.Actor != "" {
		to := addressOf(&h.Moved)
		out.MovedTo = &to
	}
	if !h.At.IsZero() {
		out.Moved = unixMS(h.At)
	}
	return reply(out)
}

type addressesInput struct {
	ActRef
	Body struct {
		Addresses []string `json:"addresses" maxItems:"10" doc:"@act@host, or addresses of documents"`
	}
}

func (a *API) setAddresses(ctx context.Context, in *addressesInput) (*struct{}, error) {
	act, err := in.id()
	if err != nil {
		return nil, err
	}
	desk, err := a.there()
	if err != nil {
		return nil, err
	}
	return nil, desk.SetKnown(ctx, mover(ctx), act, in.Body.Addresses)
}

type moveActInput struct {
	ActRef
	Body struct {
		To       string `json:"to" maxLength:"400" doc:"@act@host, or the address of its document"`
		Password string `json:"password" doc:"The account's password, to be sure"`
	}
}

func (a *API) moveAct(ctx context.Context, in *moveActInput) (*struct{}, error) {
	act, err := in.id()
	if err != nil {
		return nil, err
	}
	desk, err := a.there()
	if err != nil {
		return nil, err
	}
	if err := a.Accounts.Sure(ctx, account.From(ctx), in.Body.Password); err != nil {
		return nil, err
	}
	return nil, desk.MoveAway(ctx, mover(ctx), act, in.Body.To)
}

func (a *API) returnAct(ctx context.Context, in *ActRef) (*struct{}, error) {
	act, err := in.id()
	if err != nil {
		return nil, err
	}
	desk, err := a.there()
	if err != nil {
		return nil, err
	}
	return nil, desk.ComeBack(ctx, mover(ctx), act)
}
