package site

import (
	"path"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/web"
)

// ModerationPage is where releases are taken down and put back.
type ModerationPage struct {
	web.Page
	Views   []View
	Fields  []web.Field
	Down    []DownLine
	Orphans []OrphanLine // for an admin
	Audit   []AuditLine  // for an admin
	Admin   bool
}

// DownLine is a release that is taken down.
type DownLine struct {
	ID, Title, Artist, Reason string
	Since                     time.Time
	Cover                     web.Cover
}

// OrphanLine is an act that nobody owns.
type OrphanLine struct {
	ID, Handle, Name string
	Releases         int64
}

// AuditLine is one entry of the audit log.
type AuditLine struct {
	When                       time.Time
	Actor, Action, About, Note string
}

const (
	downListed    = 100
	auditedListed = 100
)

func (v *visit) moderationPage() (*ModerationPage, error) {
	p := &ModerationPage{Views: v.nodeViews("/operator/music"), Page: v.base("Music", web.NavOperator), Admin: v.viewer.Has(account.Admin), Fields: []web.Field{
		{Name: "release", Label: "Release", Help: "Its address on this node, or the last part of it.", Value: v.URL.Query().Get("release"), Required: true, MaxLength: 300, Wide: true},
		{Name: "reason", Label: "Why", Help: "One sentence. The act’s people read it.", Required: true, MaxLength: 500, Wide: true},
	}}
	p.NoIndex = true
	list, err := v.site.Moderation.Down(v.Context(), v.ears(), downListed)
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		p.Down = append(p.Down, DownLine{ID: string(r.ID), Title: r.Facts.Title, Artist: r.Facts.Artist, Reason: r.Reason, Since: r.Changed, Cover: sleeve(r.Cover)})
	}
	if !p.Admin {
		return p, nil
	}
	orphans, err := v.site.Studio.Orphans(v.Context(), v.ears())
	if err != nil {
		return nil, err
	}
	for _, a := range orphans {
		p.Orphans = append(p.Orphans, OrphanLine{ID: string(a.ID), Handle: a.Handle, Name: a.Name, Releases: a.Releases})
	}
	p.Audit, err = v.audited()
	return p, err
}

// audited lists the newest entries of the audit log, with names for accounts.
func (v *visit) audited() ([]AuditLine, error) {
	records, err := v.site.Accounts.Audited(v.Context(), v.viewer, "", auditedListed)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	var out []AuditLine
	for _, r := range records {
		name, known := names[r.Actor]
		if !known {
			name = r.Actor
			a, err := v.site.Accounts.Account(v.Context(), id.Account(r.Actor))
			switch {
			case err == nil:
				name = "@" + a.Handle
			case !fault.Is(err, fault.NotFound): // a deleted account, or no account at all
				return nil, err
			}
			names[r.Actor] = name
		}
		out = append(out, AuditLine{When: r.At, Actor: name, Action: r.Action, About: r.About, Note: r.Note})
	}
	return out, nil
}

func (v *visit) moderation() error {
	p, err := v.moderationPage()
	if err != nil {
		return err
	}
	return v.show("moderation", p)
}

// named reads a release from its address or its name alone.
func named(address string) (id.Release, error) {
	address, _, _ = strings.Cut(strings.TrimSpace(address), "?")
	r, err := id.Parse[id.Release](path.Base(address))
	if err != nil {
		return "", fault.On("release", fault.Invalid, "That is no address of a release. Copy it from the release’s page.")
	}
	return r, nil
}

func (v *visit) takeDown() error {
	r, err := named(v.form.Get("release"))
	if err == nil {
		err = v.site.Moderation.TakeDown(v.Context(), v.ears(), r, v.form.Get("reason"))
		if fault.Is(err, fault.NotFound) {
			err = fault.On("release", fault.Invalid, "There is no such release on this node.")
		}
	}
	if err != nil {
		p, perr := v.moderationPage()
		if perr != nil {
			return perr
		}
		return v.again(err, "moderation", p, v.fill(p.Fields))
	}
	return v.goTo("/operator/music", "Taken down. Its people see the reason.")
}

func (v *visit) restore() error {
	r, err := id.Parse[id.Release](v.form.Get("release"))
	if err != nil {
		return err
	}
	if err := v.site.Moderation.Restore(v.Context(), v.ears(), r, v.form.Get("note")); err != nil {
		return err
	}
	return v.goTo("/operator/music", "Restored.")
}
