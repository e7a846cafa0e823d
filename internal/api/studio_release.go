package api

import (
	"context"
	"net/http"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

func (a *API) studioReleases(r *router) {
	const one = "/releases/{release}"
	publish := studioOp(http.MethodPost, one+"/publish", "publish-release", "Make a release public now")
	schedule := studioOp(http.MethodPost, one+"/schedule", "schedule-release", "Make a release public at a time")
	withdraw := studioOp(http.MethodPost, one+"/withdraw", "withdraw-release", "Take a release back to a draft")
	publish.status, schedule.status, withdraw.status = http.StatusOK, http.StatusOK, http.StatusOK
	add(r, studioOp(http.MethodPost, "/acts/{act}/releases", "make-release", "Begin a draft; files follow to /api/v1/uploads (tus)"), a.createRelease)
	add(r, studioOp(http.MethodGet, "/acts/{act}/releases", "list-own-releases", "Releases of an act in every state, the newest first"), a.ownReleases)
	add(r, studioOp(http.MethodGet, one+"/uploads", "list-uploads", "Files on their way into a release, the oldest first"), a.uploads)
	add(r, studioOp(http.MethodPatch, one+"/tracks", "edit-tracks", "Write the same of all tracks of a release"), a.editTracks)
	add(r, studioOp(http.MethodPatch, one, "edit-release", "Change what is written of a release"), a.editRelease)
	add(r, studioOp(http.MethodDelete, one, "delete-release", "Delete a release that was never public"), a.deleteRelease)
	add(r, publish, a.changeRelease(func(ctx context.Context, v music.Viewer, r id.Release) (music.Release, error) {
		return a.Studio.Publish(ctx, v, r)
	}))
	add(r, schedule, a.scheduleRelease)
	add(r, withdraw, a.changeRelease(func(ctx context.Context, v music.Viewer, r id.Release) (music.Release, error) {
		return a.Studio.Withdraw(ctx, v, r)
	}))
	add(r, studioOp(http.MethodPut, one+"/preview", "make-preview", "Make a private link, anew each time"), a.changeRelease(func(ctx context.Context, v music.Viewer, r id.Release) (music.Release, error) {
		return a.Studio.Preview(ctx, v, r, true)
	}))
	add(r, studioOp(http.MethodDelete, one+"/preview", "end-preview", "End the private link"), a.endPreview)
	add(r, studioOp(http.MethodPut, one+"/order", "order-tracks", "Number the tracks in this order"), a.orderTracks)
}

func (r ReleaseRef) id() (id.Release, error) { return id.Parse[id.Release](r.Release) }

// ReleaseFacts is what is written once for a release. What is not given stays,
// and is filled from the files' tags until somebody writes it.
type ReleaseFacts struct {
	Title       *string   `json:"title,omitempty"`
	Artist      *string   `json:"artist,omitempty" doc:"As printed on the sleeve"`
	Kind        *string   `json:"kind,omitempty" enum:"album,ep,single"`
	Date        *string   `json:"date,omitempty" doc:"2026, 2026-11 or 2026-11-24"`
	Label       *string   `json:"label,omitempty"`
	Licence     *string   `json:"licence,omitempty" enum:"all-rights-reserved,cc-by,cc-by-sa,cc-by-nd,cc-by-nc,cc-by-nc-sa,cc-by-nc-nd,cc0"`
	Language    *string   `json:"language,omitempty" doc:"BCP 47"`
	Explicit    *bool     `json:"explicit,omitempty"`
	Description *string   `json:"description,omitempty"`
	Tags        *[]string `json:"tags,omitempty"`
}

func (f *ReleaseFacts) apply(to *music.Facts) {
	set(&to.Title, f.Title)
	set(&to.Artist, f.Artist)
	set((*string)(&to.Kind), f.Kind)
	set(&to.Date, f.Date)
	set(&to.Label, f.Label)
	set((*string)(&to.Licence), f.Licence)
	set(&to.Language, f.Language)
	set(&to.Explicit, f.Explicit)
	set(&to.Description, f.Description)
	set(&to.Tags, f.Tags)
}

type createReleaseInput struct {
	ActRef
	Body ReleaseFacts
}

type editReleaseInput struct {
	ReleaseRef
	Body ReleaseFacts
}

type scheduleInput struct {
	ReleaseRef
	Body struct {
		At   string `json:"at" example:"2026-12-01T18:00" doc:"Local time in the zone"`
		Zone string `json:"zone" example:"Europe/Berlin" doc:"IANA name"`
	}
}

type orderInput struct {
	ReleaseRef
	Body struct {
		Tracks []id.Track `json:"tracks" doc:"All of the release's, in the new order"`
	}
}

// one answers with a release that was changed.
func one(r music.Release, err error) (*output[Release], error) {
	if err != nil {
		return nil, err
	}
	return reply(releaseOf(&r, nil))
}

func (a *API) createRelease(ctx context.Context, in *createReleaseInput) (*output[Release], error) {
	act, err := in.id()
	if err != nil {
		return nil, err
	}
	var f music.Facts
	in.Body.apply(&f)
	return one(a.Studio.CreateRelease(ctx, mover(ctx), act, f))
}

type ownReleasesInput struct {
	ActRef
	PageInput
}

func (a *API) ownReleases(ctx context.Context, in *ownReleasesInput) (*output[Page[Release]], error) {
	act, err := in.id()
	if err != nil {
		return nil, err
	}
	list, err := a.Studio.Releases(ctx, mover(ctx), act)
	if err != nil {
		return nil, err
	}
	return reply(cut(list, &in.PageInput, func(r *music.Release) string { return dated(r.Created, string(r.ID)) }, plainRelease))
}

// Upload is a file on its way.
type Upload struct {
	ID       id.Upload `json:"id" doc:"Goes on at /api/v1/uploads/{id} (tus)"`
	Filename string    `json:"filename"`
	Size     int64     `json:"size" doc:"Bytes"`
	Received int64     `json:"received" doc:"Bytes that are on disk"`
	State    string    `json:"state"`
	Reason   string    `json:"reason,omitempty" doc:"Why it failed"`
	Track    id.Track  `json:"track,omitempty" doc:"Which it became, or replaces"`
}

func (a *API) uploads(ctx context.Context, in *ReleaseRef) (*output[[]Upload], error) {
	r, err := in.id()
	if err != nil {
		return nil, err
	}
	list, err := a.Studio.Uploads(ctx, mover(ctx), r)
	if err != nil {
		return nil, err
	}
	return reply(each(list, func(u *music.Upload) Upload {
		return Upload{u.ID, u.Filename, u.Size, u.Received, string(u.State), u.Reason, u.Track}
	}))
}

type editTracksInput struct {
	ReleaseRef
	Body struct {
		Artist   *string         `json:"artist,omitempty" doc:"Empty: as the release"`
		Explicit *bool           `json:"explicit,omitempty"`
		People   *[]music.Person `json:"people,omitempty" doc:"Credits in words; they move no money"`
	}
}

func (a *API) editTracks(ctx context.Context, in *editTracksInput) (*output[Release], error) {
	r, err := in.ReleaseRef.id()
	if err != nil {
		return nil, err
	}
	return one(a.Studio.EditTracks(ctx, mover(ctx), r, func(t *music.Track) {
		set(&t.Artist, in.Body.Artist)
		set(&t.Explicit, in.Body.Explicit)
		set(&t.People, in.Body.People)
	}))
}

func (a *API) editRelease(ctx context.Context, in *editReleaseInput) (*output[Release], error) {
	r, err := in.id()
	if err != nil {
		return nil, err
	}
	return one(a.Studio.EditRelease(ctx, mover(ctx), r, in.Body.apply))
}

func (a *API) deleteRelease(ctx context.Context, in *ReleaseRef) (*struct{}, error) {
	r, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, a.Studio.Delete(ctx, mover(ctx), r)
}

func (a *API) changeRelease(do func(context.Context, music.Viewer, id.Release) (music.Release, error)) func(context.Context, *ReleaseRef) (*output[Release], error) {
	return func(ctx context.Context, in *ReleaseRef) (*output[Release], error) {
		r, err := in.id()
		if err != nil {
			return nil, err
		}
		return one(do(ctx, mover(ctx), r))
	}
}

func (a *API) endPreview(ctx context.Context, in *ReleaseRef) (*struct{}, error) {
	r, err := in.id()
	if err != nil {
		return nil, err
	}
	_, err = a.Studio.Preview(ctx, mover(ctx), r, false)
	return nil, err
}

func (a *API) scheduleRelease(ctx context.Context, in *scheduleInput) (*output[Release], error) {
	r, err := in.id()
	if err != nil {
		return nil, err
	}
	return one(a.Studio.Schedule(ctx, mover(ctx), r, in.Body.At, in.Body.Zone))
}

func (a *API) orderTracks(ctx context.Context, in *orderInput) (*output[Release], error) {
	r, err := in.id()
	if err != nil {
		return nil, err
	}
	return one(a.Studio.Reorder(ctx, mover(ctx), r, in.Body.Tracks))
}
