package record

import (
	"cmp"
	"slices"
	"strings"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/social"
)

// Playlist reads the public playlist that a thing of an act is, false when it is none.
// Its tracks are named by their addresses alone: what it says of others' counts for
// nothing.
func Playlist(o *vocab.Object, act string) (p social.Playlist, ok bool) {
	if !o.Is("nineten:Playlist") || !theirs(o, act) || !o.IsPublic() {
		return p, false
	}
	p = social.Playlist{IRI: o.ID, Actor: act, Title: name(o.Name), Description: cut(plain(cmp.Or(o.Summary, o.Content)), maxText), Page: cmp.Or(page(o.URL), o.ID), Published: o.Published, Updated: o.Updated}
	if p.Updated.Before(p.Published) {
		p.Updated = p.Published
	}
	p.Listed = slices.ContainsFunc(o.To, vocab.IsPublic)
	p.Items = Entries(append(o.OrderedItems, o.Items...))
	return p, p.Title != "" && !p.Published.IsZero() && len(p.IRI) <= maxAddress && len(p.Page) <= maxAddress
}

// Entries are the tracks that a list names, up to as many as are kept.
func Entries(items []vocab.Item) (out []social.Entry) {
	for _, i := range items {
		if len(out) == social.MostEntries {
			break
		}
		if at := i.ID(); strings.HasPrefix(at, "https://") && len(at) <= maxAddress {
			out = append(out, social.Entry{IRI: at})
		}
	}
	return out
}
