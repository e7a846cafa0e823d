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

// actSynced are the followers of an act that the server has that asks (FEP-8fcf), for it
// alone.
func (d *Documents) actSynced(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	return d.synced(ctx, r, func(tx social.Tx, host string) (string, []string, error) {
		a, err := id.Parse[id.Act](r.PathValue("id"))
		if err != nil {
			return "", nil, err
		}
		has, err := tx.HasAct(ctx, a)
		if err == nil && !has {
			err = fault.New(fault.NotFound, "There is no such act.")
		}
		if err != nil {
			return "", nil, err
		}
		list, err := social.FollowersAt(ctx, tx, a, "", host)
		return s.Act(a), list, err
	})
}

// personSynced are those of a listener who is seen elsewhere.
func (d *Documents) personSynced(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	return d.synced(ctx, r, func(tx social.Tx, host string) (string, []string, error) {
		who, err := id.Parse[id.Person](r.PathValue("id"))
		if err != nil {
			return "", nil, err
		}
		p, err := tx.Person(ctx, who)
		if err == nil && !p.Gone.IsZero() {
			err = fault.New(fault.NotFound, "There is nobody of that name.")
		}
		if err != nil {
			return "", nil, err
		}
		list, err := social.FollowersAt(ctx, tx, "", who, host)
		return s.Person(who), list, err
	})
}

// synced writes the followers of somebody that one server has, as find finds them. It is on
// one page, as it is read everywhere.
func (d *Documents) synced(ctx context.Context, r *http.Request, find func(tx social.Tx, host string) (whose string, list []string, err error)) (f found, err error) {
	host, err := d.Asker(r)
	if err != nil {
		return f, err
	}
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		whose, list, err := find(tx, host)
		if err != nil {
			return err
		}
		items := make([]vocab.Item, len(list))
		for i := range list {
			items[i] = vocab.At(list[i])
		}
		f.private = true
		f.doc = &vocab.Object{ID: form.FollowersThere(whose), Type: []string{"OrderedCollection"}, AttributedTo: vocab.One(whose), TotalItems: int64(len(list)), OrderedItems: items}
		return nil
	})
	return f, err
}
