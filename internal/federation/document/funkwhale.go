package document

import (
	"context"
	"net/http"

	"github.com/michaelperna/9ten/internal/federation/form"
)

// trackAudio is a track as Funkwhale reads it.
func (d *Documents) trackAudio(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	x, err := d.oneSong(ctx, r)
	if err != nil {
		return found{}, err
	}
	return found{doc: s.Funkwhale(&x), page: s.TrackPage(x.Release.ID, x.Track.ID)}, nil
}

// library is what it keeps an act's tracks in.
func (d *Documents) library(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	a, err := d.oneAct(ctx, r)
	if err != nil {
		return found{}, err
	}
	return found{doc: s.FunkwhaleLibrary(&a), page: s.ActPage(a.Handle)}, nil
}
