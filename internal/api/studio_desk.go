package api

import (
	"bytes"
	"context"
	"net/http"

	"github.com/michaelperna/9ten/internal/music"
)

// maxPicture is what a picture for a cover may have, in bytes.
const maxPicture = 20 << 20

// studioDesk are the operations on what lies on an artist's table: releases in
// every state, and pictures.
func (a *API) studioDesk(r *router) {
	picture := func(path, name, summary string) operation {
		o := studioOp(http.MethodPut, path, name, summary)
		o.maxBody = maxPicture + 1 // one more, so that our own words say that it is too large
		return o
	}
	add(r, studioOp(http.MethodGet, "/desks", "list-desks", "Your acts with their releases in every state"), a.desks)
	add(r, picture("/acts/{act}/cover", "set-act-cover", "Give an act a picture: JPEG, PNG or WebP"), a.setActCover)
	add(r, picture("/releases/{release}/cover", "set-release-cover", "Give a release a cover: JPEG, PNG or WebP"), a.setReleaseCover)
	add(r, studioOp(http.MethodDelete, "/releases/{release}/cover", "drop-release-cover", "Take a release's cover away"), a.dropReleaseCover)
}

// Desk is an act and its releases in every state, newest first.
type Desk struct {
	Act      Act           `json:"act"`
	Waiting  int           `json:"waiting" doc:"Credit sheets the act has to answer"`
	Releases []DeskRelease `json:"releases"`
}

// DeskRelease is a release and how far its files are.
type DeskRelease struct {
	Release   Release `json:"release"`
	Ready     int     `json:"ready"`
	Preparing int     `json:"preparing"`
	Refused   int     `json:"refused"`
}

func (a *API) desks(ctx context.Context, _ *struct{}) (*output[[]Desk], error) {
	list, err := a.Studio.Desks(ctx, mover(ctx))
	if err != nil {
		return nil, err
	}
	return reply(each(list, func(d *music.Desk) Desk {
		out := Desk{Act: actOf(&d.Act), Waiting: len(d.Waiting)}
		out.Act.Role = string(d.Role)
		out.Releases = each(d.Releases, func(r *music.DeskRelease) DeskRelease {
			return DeskRelease{releaseOf(&r.Release, nil), r.Ready, r.Preparing, r.Refused}
		})
		return out
	}))
}

type actCoverInput struct {
	ActRef
	RawBody []byte `contentType:"application/octet-stream"`
}

type releaseCoverInput struct {
	ReleaseRef
	RawBody []byte `contentType:"application/octet-stream"`
}

func (a *API) setActCover(ctx context.Context, in *actCoverInput) (*output[Act], error) {
	act, err := in.id()
	if err != nil {
		return nil, err
	}
	if _, err := a.Studio.People(ctx, mover(ctx), act); err != nil {
		return nil, err // before a stranger's picture is read
	}
	c, err := a.Picture(ctx, bytes.NewReader(in.RawBody))
	if err != nil {
		return nil, err
	}
	done, err := a.Studio.EditAct(ctx, mover(ctx), act, func(x *music.Act) { x.Cover = c })
	if err != nil {
		return nil, err
	}
	return reply(actOf(&done))
}

func (a *API) setReleaseCover(ctx context.Context, in *releaseCoverInput) (*output[Release], error) {
	r, err := in.id()
	if err != nil {
		return nil, err
	}
	if err := a.Studio.MayEdit(ctx, mover(ctx), r); err != nil {
		return nil, err // before a stranger's picture is read
	}
	c, err := a.Picture(ctx, bytes.NewReader(in.RawBody))
	if err != nil {
		return nil, err
	}
	return one(a.Studio.SetCover(ctx, mover(ctx), r, c))
}

func (a *API) dropReleaseCover(ctx context.Context, in *ReleaseRef) (*struct{}, error) {
	r, err := in.id()
	if err != nil {
		return nil, err
	}
	_, err = a.Studio.SetCover(ctx, mover(ctx), r, music.Cover{})
	return nil, err
}
