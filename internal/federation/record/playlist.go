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
	p.Listed = slices.ContainsFunc(append(slices.Clone(o.To), o.Audience...), vocab.IsPublic) // the latter is Funkwhale's
	p.Collaborators = collaborators(o)
	inside := Listed(o)
	p.Items = Entries(inside)
	p.Paged = !o.First.Zero() && (len(inside) == 0 || o.TotalItems > int64(len(inside))) && len(p.Items) < social.MostEntries
	return p, p.Title != "" && !p.Published.IsZero() && len(p.IRI) <= maxAddress && len(p.Page) <= maxAddress
}

// collaborators are the addresses of those who work on a playlist, each once.
func collaborators(o *vocab.Object) (out []string) {
	list, _ := o.Extra["nineten:collaborators"].([]any)
	if one, ok := o.Extra["nineten:collaborators"].(string); ok {
		list = []any{one}
	}
	for _, x := range list {
		at, _ := x.(string)
		if strings.HasPrefix(at, "https://") && len(at) <= maxAddress && len(out) < social.MostCollaborators && !slices.Contains(out, at) {
			out = append(out, at)
		}
	}
	return out
}

// Listed are the items of a list or of a page of one.
func Listed(o *vocab.Object) []vocab.Item { return slices.Concat(o.OrderedItems, o.Items) }

// Element is the address of what an item of a list is about: of an element as PeerTube and
// Funkwhale have them the video or the song that stands there, of any other the item's own.
func Element(i vocab.Item) string {
	o := i.Object
	switch {
	case o == nil:
		return i.IRI
	case o.Is("PlaylistElement", "pt:PlaylistElement"):
		return vocab.FirstLink(o.URL)
	case o.Is("PlaylistTrack", "fw:PlaylistTrack"):
		return cmp.Or(named(o, "track"), named(o, "fw:track"))
	}
	return o.ID
}

// named is the address of a thing that a member without a field of its own names.
func named(o *vocab.Object, key string) string {
	if song, ok := o.Extra[key].(map[string]any); ok {
		at, _ := song["id"].(string)
		return at
	}
	return word(o, key)
}

// Entries are the tracks that a list names, up to as many as are kept.
func Entries(items []vocab.Item) (out []social.Entry) {
	for _, i := range items {
		if len(out) == social.MostEntries {
			break
		}
		if at := Element(i); strings.HasPrefix(at, "https://") && len(at) <= maxAddress {
			out = append(out, social.Entry{IRI: at})
		}
	}
	return out
}
