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

// comment is one of an act or of a listener who is seen elsewhere; of one that is no more, that it
// was. What others say here has no address, nor has what the act's people hide.
func (d *Documents) comment(ctx context.Context, s form.Site, r *http.Request) (f found, err error) {
	what, err := id.Parse[id.Comment](r.PathValue("id"))
	if err != nil {
		return f, err
	}
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		gone, err := tx.CommentGone(ctx, what)
		if err == nil {
			f.doc, f.gone = s.CommentGone(what, gone), true
			return nil
		}
		if !fault.Is(err, fault.NotFound) {
			return err
		}
		x, err := opinion(ctx, tx, s, what)
		if err == nil && x.Hidden {
			err = fault.New(fault.NotFound, "There is no such comment.")
		}
		if err == nil {
			f.doc, f.page = s.Opinion(&x), s.CommentPage(x.Thing.Release, what)
		}
		return err
	})
	return f, err
}

func (d *Documents) commentCreate(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	f, err := d.comment(ctx, s, r)
	if f.gone {
		return f, err
	}
	return created(f, err)
}

// Opinion is a comment of an act or a listener who is seen elsewhere, also one that is hidden.
// Faults: NotFound.
func (d *Documents) Opinion(ctx context.Context, what id.Comment) (x form.Opinion, err error) {
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		x, err = opinion(ctx, tx, d.Site(ctx), what)
		return err
	})
	return x, err
}

func opinion(ctx context.Context, tx social.Tx, s form.Site, what id.Comment) (x form.Opinion, err error) {
	if x.Comment, err = tx.Comment(ctx, what); err != nil {
		return x, err
	}
	if !x.Author.Told() {
		return x, fault.New(fault.NotFound, "There is no such comment.")
	}
	if x.Act, x.Answers, x.Within, err = about(ctx, tx, s, x.Thing); err != nil {
		return x, err
	}
	if _, here := s.ActOf(x.Act); !here {
		a, err := tx.Actor(ctx, x.Act)
		if err != nil {
			return x, err
		}
		x.Fans = a.Followers
	}
	if x.To, err = social.Answers(ctx, tx, x.Comment); err != nil || x.To.ID == "" {
		return x, err
	}
	if x.Answers = x.To.IRI; x.Answers == "" {
		x.Answers = s.Comment(x.To.ID)
	}
	return x, nil
}

// about is the address of whose music a thing is, that which others show, of a thing here
// its post, and that of what is said of it.
func about(ctx context.Context, tx social.Tx, s form.Site, t social.Thing) (act, at, within string, err error) {
	t, whose, err := tx.Known(ctx, t)
	switch {
	case err != nil:
		return "", "", "", err
	case whose != "" && t.Track != "":
		return s.Act(whose), s.TrackNote(t.Track), s.Conversation(t.Release), nil
	case whose != "":
		return s.Act(whose), s.ReleaseNote(t.Release), s.Conversation(t.Release), nil
	}
	r, err := tx.Release(ctx, t.Release)
	if err != nil || t.Track == "" {
		return r.Actor, r.IRI, r.Conversation, err
	}
	track, err := tx.Track(ctx, t.Track)
	return r.Actor, track.Document(), r.Conversation, err
}

// personOutbox has what a listener who is seen elsewhere said, the latest first.
func (d *Documents) personOutbox(ctx context.Context, s form.Site, r *http.Request) (f found, err error) {
	return d.onePerson(ctx, s, r, func(tx social.Tx, p *social.Person) (*vocab.Object, error) {
		page, err := pageOf(r)
		if err != nil {
			return nil, err
		}
		list, all, err := tx.CommentsAs(ctx, p.ID, min(page, 10_000)*form.PageSize)
		if err != nil {
			return nil, err
		}
		c := form.Collection{ID: s.Person(p.ID) + "/outbox", Total: int(all), Page: page}
		for i := (page - 1) * form.PageSize; page > 0 && i < len(list); i++ {
			x, err := opinion(ctx, tx, s, list[i])
			if fault.Is(err, fault.NotFound) { // the music is not public any more
				continue
			}
			if err != nil {
				return nil, err
			}
			c.Items = append(c.Items, vocab.Of(form.Create(s.Opinion(&x))))
		}
		return c.Document(), nil
	})
}
