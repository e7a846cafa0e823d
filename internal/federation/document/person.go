package document

import (
	"context"
	"net/http"

	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// onePerson is a document of a listener who is seen elsewhere, written by write from
// the person and the number of followers; of one who is gone, that they are.
func (d *Documents) onePerson(ctx context.Context, s form.Site, r *http.Request, write func(p *social.Person, fans int64) (*vocab.Object, error)) (f found, err error) {
	who, err := id.Parse[id.Person](r.PathValue("id"))
	if err != nil {
		return f, err
	}
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		p, err := tx.Person(ctx, who)
		if err != nil {
			return err
		}
		if !p.Gone.IsZero() {
			f.doc, f.gone = s.PersonGone(&p), true
			return nil
		}
		fans, err := tx.CountFans(ctx, who, social.FollowsThem)
		if err != nil {
			return err
		}
		f.page = s.PersonPage(p.Handle)
		f.doc, err = write(&p, fans)
		return err
	})
	return f, err
}

func (d *Documents) person(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	return d.onePerson(ctx, s, r, func(p *social.Person, _ int64) (*vocab.Object, error) { return s.PersonActor(p, d.PersonKeys(p.ID)) })
}

// personFollowers are a number, as those of acts are.
func (d *Documents) personFollowers(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	return d.onePerson(ctx, s, r, func(p *social.Person, fans int64) (*vocab.Object, error) {
		return &vocab.Object{ID: s.Person(p.ID) + "/followers", Type: []string{"OrderedCollection"}, TotalItems: fans}, nil
	})
}

func (d *Documents) personOutbox(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	return d.onePerson(ctx, s, r, func(p *social.Person, _ int64) (*vocab.Object, error) {
		return form.Collection{ID: s.Person(p.ID) + "/outbox"}.Document(), nil
	})
}
