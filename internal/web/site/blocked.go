package site

import (
	"context"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/web"
)

// Personal is of whom on other servers people here want to see nothing.
type Personal interface {
	Blocks(ctx context.Context, who id.Account) ([]social.PersonalBlock, error)
	// Block faults: Invalid, NotFound, Conflict.
	Block(ctx context.Context, who id.Account, name string) error
	// Unblock faults: NotFound.
	Unblock(ctx context.Context, who id.Account, name string) error
}

// BlockedPage is whom somebody blocks.
type BlockedPage struct {
	web.Page
	Who  string // that the form begins with
	Rows []social.PersonalBlock
}

const blockedPath = "/account/blocked"

func (v *visit) blocked() error {
	p := &BlockedPage{Page: v.base("Whom you block", ""), Who: v.URL.Query().Get("who")}
	p.NoIndex = true
	var err error
	if p.Rows, err = v.site.Personal.Blocks(v.Context(), v.viewer.Account); err != nil {
		return err
	}
	return v.show("blocked", p)
}

func (v *visit) block() error {
	who := v.form.Get("who")
	if v.form.Get("do") == "unblock" {
		if err := v.site.Personal.Unblock(v.Context(), v.viewer.Account, who); err != nil {
			return err
		}
		return v.goTo(blockedPath, v.words("You block them no longer."))
	}
	if err := v.site.Personal.Block(v.Context(), v.viewer.Account, who); err != nil {
		return err
	}
	said := v.words("You see nothing of them any more.")
	if v.form.Get("back") != "" {
		return v.back(said)
	}
	return v.goTo(blockedPath, said)
}
