package site

import (
	"context"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/gate"
	"github.com/michaelperna/9ten/internal/web"
)

// Post is how the node's letters leave.
type Post interface {
	// Server takes them; "" where they go into a folder of the node.
	Server() string
	// Test sends a letter that asks for nothing, and waits until it was taken.
	Test(ctx context.Context, lang, to string) error
}

// SettingsPage is what the operator decides about the node.
type SettingsPage struct {
	web.Page
	Views      []View
	Fields     []web.Field
	OpenSignUp bool
	OpenStudio bool
	OpenInvite bool
	Server     string      // that takes letters, "" for the node's folder
	Try        []web.Field // where to send one, to see whether they arrive
}

func (v *visit) settingsPage() (*SettingsPage, error) {
	s, err := v.site.Accounts.Settings(v.Context())
	if err != nil {
		return nil, err
	}
	p := &SettingsPage{Views: v.nodeViews("/operator/settings"), Page: v.base("Settings", web.NavOperator), OpenSignUp: s.OpenSignUp, OpenStudio: s.OpenStudio, OpenInvite: s.OpenInvite, Fields: []web.Field{
		{Name: "node", Label: "Name of the node", Value: s.Name, Required: true, MaxLength: 60},
		{Name: "operator", Label: "Who runs it", Value: s.OperatorName, Help: "Shown at the foot of every page.", MaxLength: 100},
		{Name: "place", Label: "Where", Value: s.OperatorPlace, MaxLength: 100},
		{Name: "about", Label: "About the node", Type: "textarea", Value: s.About, Help: "A few sentences.", Wide: true, MaxLength: 2000},
	}}
	p.NoIndex = true
	me, err := v.site.Accounts.Account(v.Context(), v.viewer.Account)
	if err != nil {
		return nil, err
	}
	p.Server = v.site.Post.Server()
	p.Try = []web.Field{{Name: "to", Label: "Send a letter to", Type: "email", Value: me.Email, Required: true, MaxLength: 254}}
	return p, nil
}

// testMail sends a letter to see whether letters arrive.
func (v *visit) testMail() error {
	to := v.form.Get("to")
	if err := v.site.Post.Test(v.Context(), gate.Client(v.Context()).Lang, to); err != nil {
		p, perr := v.settingsPage()
		if perr != nil {
			return perr
		}
		if fault.Is(err, fault.Unavailable) { // it is what the operator wanted to know
			err = fault.On("to", fault.Conflict, "%s", fault.Term(fault.Message(err)))
		}
		return v.again(err, "settings", p, v.fill(p.Try))
	}
	return v.goTo("/operator/settings", v.say("The letter to %s was taken.", to))
}

func (v *visit) settings() error {
	p, err := v.settingsPage()
	if err != nil {
		return err
	}
	return v.show("settings", p)
}

func (v *visit) saveSettings() error {
	f := v.form
	err := v.site.Accounts.SaveSettings(v.Context(), v.viewer, account.Settings{
		Name: f.Get("node"), About: f.Get("about"), OperatorName: f.Get("operator"), OperatorPlace: f.Get("place"), OpenSignUp: f.Get("signup") != "", OpenStudio: f.Get("studio") != "", OpenInvite: f.Get("invite") != "",
	})
	if err != nil {
		p, perr := v.settingsPage()
		if perr != nil {
			return perr
		}
		p.OpenSignUp, p.OpenStudio, p.OpenInvite = f.Get("signup") != "", f.Get("studio") != "", f.Get("invite") != ""
		return v.again(err, "settings", p, v.fill(p.Fields))
	}
	if v.site.Ready != nil {
		v.site.Ready() // the ledger learns the name too
	}
	return v.goTo("/operator/settings", "Saved.")
}
