package document

import (
	"context"
	"net/http"
	"slices"

	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// conversation is what is said of a release, as its act has it (FEP-7888): the post about
// the release, and after it in the order in which they were said the comments that have an
// address, each after the post about its track. The order is that in which others read
// conversations (FEP-f228): what comes later changes no page before, up to the
// [social.MostComments] that are read.
func (d *Documents) conversation(ctx context.Context, s form.Site, r *http.Request) (f found, err error) {
	rel, err := id.Parse[id.Release](r.PathValue("id"))
	if err != nil {
		return f, err
	}
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		t, act, err := tx.Public(ctx, social.Thing{Release: rel})
		if err != nil {
			return err
		}
		list, err := told(ctx, tx, t.Release)
		if err != nil {
			return err
		}
		slices.Reverse(list)
		all, posted := []string{s.ReleaseNote(t.Release)}, map[id.Track]bool{"": true}
		for i := range list {
			if track := list[i].Thing.Track; !posted[track] {
				posted[track], all = true, append(all, s.TrackNote(track))
			}
			all = append(all, address(s, &list[i]))
		}
		f.page = s.ReleasePage(t.Release) + "#comments"
		c := form.Collection{ID: s.Conversation(t.Release), By: s.Act(act), Total: len(all)}
		f.doc, err = paged(r, c, func(i int) (vocab.Item, error) { return vocab.At(all[i]), nil })
		return err
	})
	return f, err
}

// told are the latest comments on a release that others may read at an address: those from
// elsewhere, and those of acts and of listeners here who are seen there. What others say here stays
// here.
func told(ctx context.Context, tx social.Tx, r id.Release) ([]social.Comment, error) {
	list, err := tx.Comments(ctx, r, "", social.MostComments)
	if err == nil {
		list, err = social.Heard(ctx, tx, "", list)
	}
	return slices.DeleteFunc(list, func(c social.Comment) bool {
		return c.Hidden || c.IRI == "" && !c.Author.Told()
	}), err
}

// address is where others read a comment.
func address(s form.Site, c *social.Comment) string {
	if c.Author.Told() {
		return s.Comment(c.ID)
	}
	return c.IRI
}
