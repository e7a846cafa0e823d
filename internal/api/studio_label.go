package api

import (
	"context"
	"net/http"
	"time"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// studioLabels is which acts are on which labels.
func (a *API) studioLabels(r *router) {
	add(r, studioOp(http.MethodGet, "/acts/{act}/roster", "list-label-acts", "The acts of your label, and those it asks"), a.roster)
	add(r, studioOp(http.MethodPut, "/acts/{act}/roster/{handle}", "ask-label-act", "Ask an act to be on your label; your own is at once"), a.askAct)
	add(r, studioOp(http.MethodDelete, "/acts/{act}/roster/{handle}", "drop-label-act", "Have an act be on your label no longer, or ask it no more"), a.dropAct)
	add(r, studioOp(http.MethodGet, "/acts/{act}/labels", "list-act-labels", "Labels that your act is on, or is asked by"), a.labels)
	add(r, studioOp(http.MethodPut, "/acts/{act}/labels/{handle}", "join-label", "Agree to be on a label"), a.joinLabel)
	add(r, studioOp(http.MethodDelete, "/acts/{act}/labels/{handle}", "leave-label", "Be on a label no longer, or decline"), a.leaveLabel)
}

// Signed is an act on a label, or a label of an act.
type Signed struct {
	Act    ActRow    `json:"act"`
	Agreed bool      `json:"agreed" doc:"The act has said yes"`
	Since  time.Time `json:"since"`
}

func signedOf(s *music.Signed) Signed { return Signed{actRow(&s.Row), s.Agreed, s.Since} }

func (a *API) roster(ctx context.Context, in *ActRef) (*output[[]Signed], error) {
	return a.signed(ctx, in, a.Studio.Roster)
}

func (a *API) labels(ctx context.Context, in *ActRef) (*output[[]Signed], error) {
	return a.signed(ctx, in, a.Studio.Labels)
}

func (a *API) signed(ctx context.Context, in *ActRef, of func(context.Context, music.Viewer, id.Act) ([]music.Signed, error)) (*output[[]Signed], error) {
	act, err := in.id()
	if err != nil {
		return nil, err
	}
	list, err := of(ctx, mover(ctx), act)
	if err != nil {
		return nil, err
	}
	return reply(each(list, signedOf))
}

// OtherRef names an act, and another by its handle.
type OtherRef struct {
	ActRef
	Handle string `path:"handle" doc:"Of the other"`
}

// both are the ids of the two.
func (a *API) both(ctx context.Context, in *OtherRef) (act, other id.Act, err error) {
	if act, err = in.id(); err != nil {
		return act, other, err
	}
	full, err := a.Catalogue.Act(ctx, viewer(ctx), in.Handle)
	return act, full.Act.ID, err
}

func (a *API) askAct(ctx context.Context, in *OtherRef) (*struct{}, error) {
	label, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, a.Studio.AskAct(ctx, mover(ctx), label, in.Handle)
}

func (a *API) dropAct(ctx context.Context, in *OtherRef) (*struct{}, error) {
	label, act, err := a.both(ctx, in)
	if err != nil {
		return nil, err
	}
	return nil, a.Studio.EndLabel(ctx, mover(ctx), act, label)
}

func (a *API) joinLabel(ctx context.Context, in *OtherRef) (*struct{}, error) {
	act, label, err := a.both(ctx, in)
	if err != nil {
		return nil, err
	}
	return nil, a.Studio.JoinLabel(ctx, mover(ctx), act, label)
}

func (a *API) leaveLabel(ctx context.Context, in *OtherRef) (*struct{}, error) {
	act, label, err := a.both(ctx, in)
	if err != nil {
		return nil, err
	}
	return nil, a.Studio.EndLabel(ctx, mover(ctx), act, label)
}

// Label is what a label has.
type Label struct {
	Acts     []ActRow  `json:"acts" doc:"By when they came"`
	Releases []Release `json:"releases" doc:"What they published under the label's name, the newest first"`
}

func (a *API) label(ctx context.Context, in *actPageInput) (*output[Label], error) {
	full, err := a.Catalogue.Act(ctx, viewer(ctx), in.Act)
	if err != nil {
		return nil, err
	}
	acts, releases, err := a.Catalogue.LabelPage(ctx, &full.Act)
	if err != nil {
		return nil, err
	}
	return reply(Label{each(acts, actRow), each(releases, releaseRow)})
}
