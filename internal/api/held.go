package api

import (
	"context"
	"net/http"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// Held is what waits of those who are in quarantine.
type Held interface {
	List(ctx context.Context, v music.Viewer, host, after string) (social.HeldPage, error)
	Decide(ctx context.Context, v music.Viewer, activity string, pass bool) error
	DecideAll(ctx context.Context, v music.Viewer, host string, pass bool) error
}

func (a *API) quarantine(r *router) {
	op := func(method, path, id, summary string) operation {
		return operation{method: method, path: "/moderation/held" + path, id: id, tag: "Moderation", scope: account.ScopeAdmin, role: account.Moderator, summary: summary}
	}
	add(r, op(http.MethodGet, "", "list-held", "What came from those who are in quarantine and waits, in the order in which it came"), a.held)
	add(r, op(http.MethodPost, "/pass", "pass-held", "Let an activity that waits pass, or all of a server"), a.decideHeld(true))
	add(r, op(http.MethodPost, "/drop", "drop-held", "Drop an activity that waits, or all of a server"), a.decideHeld(false))
}

// HeldRow is an activity that waits.
type HeldRow struct {
	ID    string `json:"id" doc:"The activity's"`
	Host  string `json:"host"`
	Actor string `json:"actor"`
	Kind  string `json:"kind" doc:"Such as Create"`
	About string `json:"about,omitempty" doc:"Address of what it is about"`
	Words string `json:"words,omitempty" doc:"Plain: the beginning of what it says"`
	Bytes int64  `json:"bytes"`
	At    int64  `json:"at_ms" doc:"Unix milliseconds: when it came"`
}

// HeldList is a page of what waits.
type HeldList struct {
	Servers []social.HeldHost `json:"servers" doc:"Of which something waits"`
	Rows    []HeldRow         `json:"rows"`
	Next    string            `json:"next,omitempty" doc:"Cursor of the page after"`
}

func (a *API) held(ctx context.Context, in *struct {
	Host  string `query:"host" maxLength:"260" doc:"Of one server alone"`
	After string `query:"after" maxLength:"2048" doc:"Cursor from the page before"`
}) (*output[HeldList], error) {
	list, err := a.Held.List(ctx, mover(ctx), in.Host, in.After)
	if err != nil {
		return nil, err
	}
	out := HeldList{Servers: list.Hosts, Next: list.Next, Rows: each(list.Rows, func(h *social.Held) HeldRow {
		return HeldRow{ID: h.ID, Host: h.Host, Actor: h.Actor, Kind: h.Kind, About: h.About, Words: h.Words, Bytes: h.Size, At: unixMS(h.At)}
	})}
	return reply(out)
}

type heldInput struct {
	Body struct {
		Activity string `json:"activity,omitempty" maxLength:"2048" doc:"Id of one"`
		Host     string `json:"host,omitempty" maxLength:"260" doc:"All of a server"`
	}
}

func (a *API) decideHeld(pass bool) func(context.Context, *heldInput) (*struct{}, error) {
	return func(ctx context.Context, in *heldInput) (*struct{}, error) {
		switch {
		case (in.Body.Activity == "") == (in.Body.Host == ""):
			return nil, fault.New(fault.Invalid, "Name an activity or a server.")
		case in.Body.Host != "":
			return nil, a.Held.DecideAll(ctx, mover(ctx), in.Body.Host, pass)
		}
		return nil, a.Held.Decide(ctx, mover(ctx), in.Body.Activity, pass)
	}
}
