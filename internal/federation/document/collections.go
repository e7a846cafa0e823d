package document

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// all public releases of an act, the newest first.
func (d *Documents) all(ctx context.Context, a id.Act) (rows []music.ReleaseRow, err error) {
	for page := (music.Page{Limit: 200}); ; {
		list, err := d.Catalogue.Releases(ctx, music.Filter{Act: a}, page)
		if err != nil {
			return nil, err
		}
		rows = append(rows, list.Rows...)
		if list.Next == "" {
			return rows, nil
		}
		page.After = list.Next
	}
}

// published is the act that is asked for, and its public releases.
func (d *Documents) published(ctx context.Context, r *http.Request) (a music.Act, rows []music.ReleaseRow, err error) {
	if a, err = d.oneAct(ctx, r); err == nil {
		rows, err = d.all(ctx, a.ID)
	}
	return a, rows, err
}

func (d *Documents) releases(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	a, rows, err := d.published(ctx, r)
	if err != nil {
		return found{}, err
	}
	return ofAct(s, &a, r, form.Collection{ID: s.Act(a.ID) + "/releases", Total: len(rows)}, func(i int) (vocab.Item, error) { return vocab.At(s.Release(rows[i].ID)), nil })
}

// outbox has the posts about an act's live events that are not over, and after them those
// in which its releases were published. A label has announced those of its acts.
func (d *Documents) outbox(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	a, rows, err := d.published(ctx, r)
	if err != nil {
		return found{}, err
	}
	lives, err := d.Lives.Of(ctx, a.ID, "")
	if err != nil {
		return found{}, err
	}
	n, after := len(rows), func(i int) (vocab.Item, error) {
		album, err := d.Album(ctx, rows[i].ID)
		return vocab.Of(form.Create(s.Note(&album))), err
	}
	if a.Label {
		said, err := d.announced(ctx, s, &a)
		if err != nil {
			return found{}, err
		}
		n, after = len(said), func(i int) (vocab.Item, error) { return vocab.Of(said[i]), nil }
	}
	return ofAct(s, &a, r, form.Collection{ID: s.Act(a.ID) + "/outbox", Total: len(lives) + n}, func(i int) (vocab.Item, error) {
		if i < len(lives) {
			return vocab.Of(form.Create(s.LivePost(&lives[i]))), nil
		}
		return after(i - len(lives))
	})
}

// announced is what a label has told its followers of, and has not taken back.
func (d *Documents) announced(ctx context.Context, s form.Site, label *music.Act) (said []*vocab.Object, err error) {
	_, rows, err := d.Labels.LabelPage(ctx, label)
	if err != nil {
		return nil, err
	}
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		for i := range rows {
			last, err := tx.Told(ctx, s.Announce(label.ID, rows[i].ID))
			if fault.Is(err, fault.NotFound) || err == nil && last.Kind != "Announce" {
				continue
			}
			if err != nil {
				return err
			}
			x, err := vocab.Parse(last.Body)
			if err != nil {
				return err
			}
			said = append(said, x)
		}
		return nil
	})
	return said, err
}

// ofAct is a collection of an act, or the page of it that is asked for.
func ofAct(s form.Site, a *music.Act, r *http.Request, c form.Collection, item func(int) (vocab.Item, error)) (found, error) {
	doc, err := paged(r, c, item)
	return found{doc: doc, page: s.ActPage(a.Handle)}, err
}

// paged writes a collection, or the page of it that is asked for, with the items that are
// on it. Faults: NotFound.
func paged(r *http.Request, c form.Collection, item func(int) (vocab.Item, error)) (doc *vocab.Object, err error) {
	if c.Page, err = pageOf(r); err != nil {
		return nil, err
	}
	from, to := c.Span()
	for i := from; i < to; i++ {
		x, err := item(i)
		if err != nil {
			return nil, err
		}
		c.Items = append(c.Items, x)
	}
	return c.Document(), nil
}

// number is a collection of which only the number is told, or its one page. Faults:
// NotFound.
func number(r *http.Request, at string, n int64) (*vocab.Object, error) {
	return paged(r, form.Collection{ID: at, Total: int(n), Number: true}, nil)
}

// pageOf is which page of a collection is asked for, 0 the collection itself. Faults:
// NotFound.
func pageOf(r *http.Request) (int, error) {
	text := r.URL.Query().Get("page")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fault.New(fault.NotFound, "There is no such page.")
	}
	return n, nil
}

// followers are a number: who follows whom is nobody else's business.
func (d *Documents) followers(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	a, err := d.oneAct(ctx, r)
	if err != nil {
		return found{}, err
	}
	doc, err := number(r, s.Act(a.ID)+"/followers", a.Followers)
	return found{doc: doc, page: s.ActPage(a.Handle)}, err
}

// reactions are a number: who likes what is theirs to tell.
func (d *Documents) reactions(ctx context.Context, s form.Site, r *http.Request) (f found, err error) {
	at, boosts := strings.CutSuffix(r.URL.Path, "/shares")
	release, track, ok := s.MusicOf(s.Origin + strings.TrimSuffix(at, "/likes"))
	if !ok {
		return f, fault.New(fault.NotFound, "There is nothing with that name here.")
	}
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		t, _, err := tx.Public(ctx, social.Thing{Release: release, Track: track})
		if err != nil {
			return err
		}
		counts, err := tx.Reactions(ctx, t.Release)
		if err != nil {
			return err
		}
		n := counts[t].Likes
		if boosts {
			n = counts[t].Boosts
		}
		f.page = s.ReleasePage(t.Release)
		f.doc, err = number(r, s.Origin+r.URL.Path, n)
		return err
	})
	return f, err
}

// replies are what answers a release with its tracks, or one of these.
func (d *Documents) replies(ctx context.Context, s form.Site, r *http.Request) (f found, err error) {
	release, track, ok := s.MusicOf(s.Origin + strings.TrimSuffix(r.URL.Path, "/replies"))
	if !ok {
		return f, fault.New(fault.NotFound, "There is nothing with that name here.")
	}
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		t, _, err := tx.Public(ctx, social.Thing{Release: release, Track: track})
		if err != nil {
			return err
		}
		list, err := told(ctx, tx, t.Release)
		if err != nil {
			return err
		}
		var said []string
		for i := range list {
			if track == "" || list[i].Thing.Track == track {
				said = append(said, address(s, &list[i]))
			}
		}
		f.page = s.ReleasePage(t.Release) + "#comments"
		f.doc, err = paged(r, form.Collection{ID: s.Origin + r.URL.Path, Total: len(said)}, func(i int) (vocab.Item, error) { return vocab.At(said[i]), nil })
		return err
	})
	return f, err
}

// empty is a collection that has nothing yet.
func (d *Documents) empty(_ context.Context, s form.Site, r *http.Request) (found, error) {
	doc, err := number(r, s.Origin+r.URL.Path, 0)
	return found{doc: doc}, err
}
