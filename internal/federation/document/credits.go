package document

import (
	"context"
	"crypto/ed25519"
	"net/http"
	"slices"

	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// credits say who is paid for a release, and where. Servers that say who they are
// may read them: where somebody is paid is no matter for everybody.
func (d *Documents) credits(ctx context.Context, s form.Site, r *http.Request) (f found, err error) {
	if _, err := d.Asker(r); err != nil {
		return f, err
	}
	what, err := id.Parse[id.Release](r.PathValue("id"))
	if err != nil {
		return f, err
	}
	full, err := d.Catalogue.Release(ctx, music.Viewer{}, what, "")
	if err != nil {
		return f, err
	}
	var acts []id.Act
	for _, t := range full.Tracks {
		for _, x := range t.Sheet.Shares {
			if !slices.Contains(acts, x.Act) {
				acts = append(acts, x.Act)
			}
		}
	}
	wallets, err := d.Catalogue.Wallets(ctx, acts)
	if err != nil {
		return f, err
	}
	f.private = true
	f.raw, err = s.Paid(&full, wallets).Encode(func(act string) (string, ed25519.PrivateKey) {
		a, _ := s.ActOf(act) // the document names acts of this site alone
		return d.Sign(a)
	}, d.Now())
	return f, err
}
