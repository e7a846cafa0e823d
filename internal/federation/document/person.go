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
// the person; of one who is gone, that they are.
func (d *Documents) onePerson(ctx context.Context, s form.Site, r *http.Request, write func(tx social.Tx, p *social.Person) (*vocab.Object, error)) (f found, err error) {
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
		f.page = s.PersonPage(p.Handle)
		f.doc, err = write(tx, &p)
		return err
	})
	return f, err
}

func (d *Documents) person(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	return d.onePerson(ctx, s, r, func(_ social.Tx, p *social.Person) (*vocab.Object, error) {
		return s.PersonActor(p, d.PersonKeys(p.ID))
	})
}

// personFollowers are a number, as those of acts are.
func (d *Documents) personFollowers(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	return d.onePerson(ctx, s, r, func(tx social.Tx, p *social.Person) (*vocab.Object, error) {
		fans, err := tx.CountFans(ctx, p.ID, social.FollowsThem)
		if err != nil {
			return nil, err
		}
		return number(r, s.Person(p.ID)+"/followers", fans)
	})
}
