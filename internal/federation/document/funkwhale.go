package document

import (
	"context"
	"net/http"

	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/vocab"
)

// trackAudio is a track as Funkwhale reads it.
func (d *Documents) trackAudio(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	x, err := d.oneSong(ctx, r)
	if err != nil {
		return found{}, err
	}
	return found{doc: s.Funkwhale(&x), page: s.TrackPage(x.Release.ID, x.Track.ID)}, nil
}

// library is what it keeps an act's tracks in, release by release, the newest first.
func (d *Documents) library(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	a, rows, err := d.published(ctx, r)
	if err != nil {
		return found{}, err
	}
	c := form.Collection{ID: s.Library(a.ID)}
	for i := range rows {
		c.Total += rows[i].Tracks
	}
	if c.Page, err = pageOf(r); err != nil {
		return found{}, err
	}
	from, to := c.Span()
	at := 0 // of the first track of a release
	for i := range rows {
		if end := at + rows[i].Tracks; at < to && end > from {
			album, err := d.Album(ctx, rows[i].ID)
			if err != nil {
				return found{}, err
			}
			for j := range album.Songs {
				if n := at + j; n >= from && n < to {
					x := s.Funkwhale(&album.Songs[j])
					x.Context = nil // the page has it
					c.Items = append(c.Items, vocab.Of(x))
				}
			}
		}
		at += rows[i].Tracks
	}
	return found{doc: s.FunkwhaleLibrary(&a, c), page: s.ActPage(a.Handle)}, nil
}
