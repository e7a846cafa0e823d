package api

import (
	"context"
	"net/http"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

func (a *API) studioTracks(r *router) {
	add(r, studioOp(http.MethodPatch, "/tracks/{track}", "edit-track", "Change what is written of a track"), a.editTrack)
	add(r, studioOp(http.MethodDelete, "/tracks/{track}", "remove-track", "Take a track out of its release"), a.removeTrack)
	add(r, studioOp(http.MethodGet, "/tracks/{track}/sheets", "list-sheets", "Credit sheets of a track, newest first"), a.sheets)
	add(r, studioOp(http.MethodPost, "/sheets", "propose-sheet", "Propose who earns what of some tracks"), a.propose)
	add(r, studioOp(http.MethodGet, "/acts/{act}/sheets", "list-waiting-sheets", "Credit sheets the act has to answer"), a.waiting)
	add(r, studioOp(http.MethodPut, "/tracks/{track}/sheets/{version}/acts/{act}", "answer-sheet", "Agree to a credit sheet, or decline it"), a.answerSheet)
}

func (r TrackRef) id() (id.Track, error) { return id.Parse[id.Track](r.Track) }

type editTrackInput struct {
	TrackRef
	Body struct {
		Title    *string         `json:"title,omitempty"`
		Artist   *string         `json:"artist,omitempty" doc:"Empty: as the release"`
		Disc     *int            `json:"disc,omitempty"`
		Number   *int            `json:"number,omitempty"`
		ISRC     *string         `json:"isrc,omitempty"`
		Explicit *bool           `json:"explicit,omitempty"`
		Lyrics   *string         `json:"lyrics,omitempty" doc:"Plain text or LRC"`
		People   *[]music.Person `json:"people,omitempty" doc:"Credits in words; they move no money"`
	}
}

// TrackText is what is written of a track.
type TrackText struct {
	ID       id.Track       `json:"id"`
	Release  id.Release     `json:"release"`
	Title    string         `json:"title"`
	Artist   string         `json:"artist,omitempty"`
	Disc     int            `json:"disc"`
	Number   int            `json:"number"`
	ISRC     string         `json:"isrc,omitempty"`
	Explicit bool           `json:"explicit"`
	Lyrics   string         `json:"lyrics,omitempty"`
	People   []music.Person `json:"people,omitempty"`
	State    string         `json:"state"`
	Refusal  string         `json:"refusal,omitempty"`
}

func (a *API) editTrack(ctx context.Context, in *editTrackInput) (*output[TrackText], error) {
	t, err := in.id()
	if err != nil {
		return nil, err
	}
	b := &in.Body
	x, err := a.Studio.EditTrack(ctx, mover(ctx), t, func(t *music.Track) {
		set(&t.Title, b.Title)
		set(&t.Artist, b.Artist)
		set(&t.Disc, b.Disc)
		set(&t.Number, b.Number)
		set(&t.ISRC, b.ISRC)
		set(&t.Explicit, b.Explicit)
		set(&t.Lyrics, b.Lyrics)
		set(&t.People, b.People)
	})
	if err != nil {
		return nil, err
	}
	return reply(TrackText{x.ID, x.Release, x.Title, x.Artist, x.Disc, x.Number, x.ISRC, x.Explicit, x.Lyrics, x.People, string(x.State), x.Refusal})
}

func (a *API) removeTrack(ctx context.Context, in *TrackRef) (*struct{}, error) {
	t, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, a.Studio.RemoveTrack(ctx, mover(ctx), t)
}

// Sheet says which acts earn how much of a track.
type Sheet struct {
	Track   id.Track `json:"track"`
	Title   string   `json:"title,omitempty"`
	Version int64    `json:"version"`
	State   string   `json:"state" doc:"waiting, in_force, replaced or withdrawn"`
	Shares  []Share  `json:"shares"`
	Since   int64    `json:"since_ms,omitempty" doc:"In force from, Unix milliseconds"`
}

func sheetOf(s *music.Sheet, names map[id.Act]music.ActRow) Sheet {
	return Sheet{Track: s.Track, Version: s.Version, State: string(s.State), Shares: sharesOf(s.Shares, names), Since: unixMS(s.Since)}
}

// sheetsOf names the acts of some sheets.
func (a *API) sheetsOf(ctx context.Context, list []music.Sheet) (*output[[]Sheet], error) {
	var acts []id.Act
	for _, s := range list {
		for _, x := range s.Shares {
			acts = append(acts, x.Act)
		}
	}
	names, err := a.Catalogue.ActNames(ctx, acts)
	if err != nil {
		return nil, err
	}
	return reply(each(list, func(s *music.Sheet) Sheet { return sheetOf(s, names) }))
}

func (a *API) sheets(ctx context.Context, in *TrackRef) (*output[[]Sheet], error) {
	t, err := in.id()
	if err != nil {
		return nil, err
	}
	list, err := a.Studio.Sheets(ctx, mover(ctx), t)
	if err != nil {
		return nil, err
	}
	return a.sheetsOf(ctx, list)
}

type proposeInput struct {
	Body struct {
		Tracks []id.Track `json:"tracks" minItems:"1" maxItems:"999"`
		Shares []Share    `json:"shares" minItems:"1"`
	}
}

func (a *API) propose(ctx context.Context, in *proposeInput) (*output[[]Sheet], error) {
	shares := each(in.Body.Shares, func(s *Share) music.Share { return music.Share{Act: s.Act, Bps: s.BPS} })
	list, err := a.Studio.Propose(ctx, mover(ctx), in.Body.Tracks, shares)
	if err != nil {
		return nil, err
	}
	return a.sheetsOf(ctx, list)
}

func (a *API) waiting(ctx context.Context, in *ActRef) (*output[[]Sheet], error) {
	act, err := in.id()
	if err != nil {
		return nil, err
	}
	list, err := a.Studio.Waiting(ctx, mover(ctx), act)
	if err != nil {
		return nil, err
	}
	return reply(each(list, func(w *music.WaitingSheet) Sheet {
		s := sheetOf(&w.Sheet, w.Names)
		s.Title = w.Track.Title
		return s
	}))
}

type answerInput struct {
	TrackRef
	ActRef
	Version int64 `path:"version"`
	Body    struct {
		Agree bool `json:"agree"`
	}
}

func (a *API) answerSheet(ctx context.Context, in *answerInput) (*output[Sheet], error) {
	t, err := in.TrackRef.id()
	if err != nil {
		return nil, err
	}
	act, err := in.ActRef.id()
	if err != nil {
		return nil, err
	}
	s, err := a.Studio.Answer(ctx, mover(ctx), t, in.Version, act, in.Body.Agree)
	if err != nil {
		return nil, err
	}
	return reply(sheetOf(&s, nil))
}
