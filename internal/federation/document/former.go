package document

import (
	"context"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// formerKinds are what has a post, by where it lives; formerForms what it was under each of
// its addresses, "" the thing itself.
var (
	formerKinds = map[string]string{"releases": "nineten:Release", "tracks": "nineten:AudioTrack", "playlists": "nineten:Playlist", "live": "nineten:LiveStream"}
	formerForms = map[string]string{"": "", "create": "Create", "note": "Note", "note/create": "Create", "audio": "Audio"}
)

// former is what stays of a thing that was told of and is no more, at any of its addresses;
// false when nobody ever heard of it, which is then nobody's to know.
func (d *Documents) former(ctx context.Context, s form.Site, path string) (f found, ok bool, err error) {
	where, rest, _ := strings.Cut(strings.TrimPrefix(path, form.Root), "/")
	name, after, _ := strings.Cut(rest, "/")
	kind := formerKinds[where]
	was, known := formerForms[after]
	if kind == "" || !known {
		return f, false, nil
	}
	if r, err := id.Parse[id.Release](name); err != nil || string(r) != name { // all ids look alike
		return f, false, nil
	}
	if was == "" {
		was = kind
	}
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		last, err := tx.Told(ctx, s.Origin+form.Root+where+"/"+name+"/note")
		if fault.Is(err, fault.NotFound) || err == nil && last.Kind != "Delete" {
			return nil
		}
		if err != nil {
			return err
		}
		said, err := vocab.Parse(last.Body)
		if err != nil {
			return err
		}
		f.doc = &vocab.Object{ID: s.Origin + path, Type: []string{"Tombstone"}, FormerType: was, Deleted: said.Published}
		f.gone, ok = true, true
		return nil
	})
	return f, ok, err
}
