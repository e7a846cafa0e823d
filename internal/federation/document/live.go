package document

import (
	"context"
	"net/http"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// oneLive is a live event of an act here. Faults: NotFound.
func (d *Documents) oneLive(ctx context.Context, s form.Site, r *http.Request, write func(form.Site, *social.Live) *vocab.Object) (f found, err error) {
	what, err := id.Parse[id.Live](r.PathValue("id"))
	if err != nil {
		return f, err
	}
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		l, err := tx.Live(ctx, what)
		if err == nil && l.Act == "" {
			err = fault.New(fault.NotFound, "There is nothing with that name here.")
		}
		f.doc, f.page = write(s, &l), s.LivePage(l.Handle)
		return err
	})
	return f, err
}

// live is an event in 9ten's own form, with how many people are there.
func (d *Documents) live(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	f, err := d.oneLive(ctx, s, r, form.Site.OwnLive)
	if err != nil {
		return f, err
	}
	what, _ := s.LiveOf(f.doc.ID)
	n, err := d.Lives.Audience(ctx, what)
	if n > 0 {
		f.doc.Put("nineten:audience", n)
	}
	return f, err
}

func (d *Documents) liveCreate(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	return created(d.oneLive(ctx, s, r, form.Site.OwnLive))
}

func (d *Documents) liveNote(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	return d.oneLive(ctx, s, r, form.Site.LivePost)
}

func (d *Documents) liveNoteCreate(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	return created(d.liveNote(ctx, s, r))
}

// created is the activity with which a thing was published.
func created(f found, err error) (found, error) {
	if err == nil {
		f.doc = form.Create(f.doc)
	}
	return f, err
}
