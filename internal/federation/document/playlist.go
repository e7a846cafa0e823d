package document

import (
	"context"
	"net/http"

	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// Selection is a playlist that an act publishes, or a listener who works on it with
// somebody elsewhere, with the addresses of what is public of its tracks. Faults:
// NotFound, for one that a listener keeps too.
func (d *Documents) Selection(ctx context.Context, p id.Playlist) (form.Selection, error) {
	full, err := d.Catalogue.Playlist(ctx, p)
	if err != nil {
		return form.Selection{}, err
	}
	out := form.Selection{Playlist: full.Playlist, Act: full.Act}
	var away []id.Track
	for i := range full.Items {
		if r := &full.Items[i].Row; r.Available && r.Elsewhere() {
			away = append(away, r.ID)
		}
	}
	var at map[id.Track]string
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		if at, err = tx.Addresses(ctx, away); err != nil {
			return err
		}
		if full.Act.ID == "" {
			who, err := tx.PersonOf(ctx, full.Playlist.Account)
			if err != nil {
				return err
			}
			out.Person = who.ID
		}
		all, err := tx.Collaborators(ctx, p)
		out.Collaborators = addresses(d.Site(ctx), all)
		return err
	})
	if err != nil {
		return form.Selection{}, err
	}
	site := d.Site(ctx)
	for i := range full.Items {
		switch r := &full.Items[i].Row; {
		case !r.Available:
		case !r.Elsewhere():
			out.Tracks = append(out.Tracks, site.Track(r.ID))
		case at[r.ID] != "":
			out.Tracks = append(out.Tracks, at[r.ID])
		}
	}
	return out, nil
}

// addresses are those of who works on a playlist: a listener who is not seen elsewhere
// has none.
func addresses(site form.Site, all []social.Collaborator) (out []string) {
	for i := range all {
		switch c := &all[i]; {
		case c.State != social.Works:
		case c.Kind == social.KindActor:
			out = append(out, c.Who)
		case c.Kind == social.KindAct:
			out = append(out, site.Act(id.Act(c.Who)))
		case c.Person != "":
			out = append(out, site.Person(c.Person))
		}
	}
	return out
}

func (d *Documents) selected(ctx context.Context, s form.Site, r *http.Request, write func(form.Site, *form.Selection) *vocab.Object) (found, error) {
	p, err := id.Parse[id.Playlist](r.PathValue("id"))
	if err != nil {
		return found{}, err
	}
	x, err := d.Selection(ctx, p)
	if err != nil {
		return found{}, err
	}
	return found{doc: write(s, &x), page: s.PlaylistPage(p)}, nil
}

func (d *Documents) playlist(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	page, err := pageOf(r)
	if err != nil {
		return found{}, err
	}
	return d.selected(ctx, s, r, func(s form.Site, x *form.Selection) *vocab.Object { return s.PagedPlaylist(x, page) })
}

func (d *Documents) playlistCreate(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	return created(d.selected(ctx, s, r, func(s form.Site, x *form.Selection) *vocab.Object { return s.PagedPlaylist(x, 0) }))
}

func (d *Documents) playlistNote(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	return d.selected(ctx, s, r, form.Site.PlaylistPost)
}

func (d *Documents) playlistNoteCreate(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	return created(d.playlistNote(ctx, s, r))
}

// playlists are the addresses of an act's.
func (d *Documents) playlists(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	a, err := d.oneAct(ctx, r)
	if err != nil {
		return found{}, err
	}
	list, err := d.Catalogue.PlaylistsOf(ctx, a.ID)
	if err != nil {
		return found{}, err
	}
	return ofAct(s, &a, r, form.Collection{ID: s.Act(a.ID) + "/playlists", Total: len(list)}, func(i int) (vocab.Item, error) { return vocab.At(s.Playlist(list[i].ID)), nil })
}
