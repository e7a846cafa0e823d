package site

import (
	"net/url"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/gate"
	"github.com/michaelperna/9ten/internal/web"
)

// ForgotPage sends a link for a new password.
type ForgotPage struct {
	web.Page
	Fields []web.Field
	Sent   bool
}

func (v *visit) forgotPage() *ForgotPage {
	p := &ForgotPage{Page: v.base("A new password", ""), Fields: []web.Field{
		{Name: "login", Label: "User name or mail address", Autocomplete: "username", Required: true, Wide: true, MaxLength: 254},
	}}
	p.Bare, p.NoIndex = true, true
	return p
}

func (v *visit) forgot() error { return v.show("forgot", v.forgotPage()) }

// doForgot says the same whether there is such an account or not.
func (v *visit) doForgot() error {
	p := v.forgotPage()
	if err := v.site.Accounts.AskReset(v.Context(), v.form.Get("login"), gate.Client(v.Context())); err != nil {
		return v.again(err, "forgot", p, v.fill(p.Fields))
	}
	p.Sent = true
	return v.show("forgot", p)
}

// AddressPage says that a mail address is one's own.
type AddressPage struct {
	web.Page
	Token  string
	Handle string // of the account that is to have it
	Asked  string // the address that the letter went to
	Email  string // once it holds
}

func (v *visit) addressPage() *AddressPage {
	p := &AddressPage{Page: v.base("Your mail address", ""), Token: v.FormValue("token")}
	p.Bare, p.NoIndex = true, true
	return p
}

// address only asks: programs that look into letters open links, too.
func (v *visit) address() error {
	v.keepSecret()
	p := v.addressPage()
	a, asked, err := v.site.Accounts.Asked(v.Context(), p.Token)
	if err != nil {
		return err
	}
	p.Handle, p.Asked = a.Handle, asked
	return v.show("address", p)
}

func (v *visit) doAddress() error {
	a, err := v.site.Accounts.Confirm(v.Context(), v.form.Get("token"), gate.Client(v.Context()))
	p := v.addressPage()
	if err != nil {
		return v.again(err, "address", p, nil)
	}
	p.Email = a.Email
	return v.show("address", p)
}

// InvitationsPage lists who was invited, and invites.
type InvitationsPage struct {
	web.Page
	Admin  bool
	Fields []web.Field
	Open   []InvitationLine
	Link   string // of an invitation just made without an address; shown this once
}

// InvitationLine is one invitation that is open.
type InvitationLine struct {
	ID, Email, RoleName string
	Made, Until         time.Time
}

func (v *visit) invitationsPage() (*InvitationsPage, error) {
	list, err := v.site.Accounts.Invitations(v.Context(), v.viewer)
	if err != nil {
		return nil, err
	}
	p := &InvitationsPage{Page: v.base("Invitations", ""), Admin: v.viewer.Has(account.Admin), Fields: []web.Field{
		{Name: "email", Label: "Mail address", Type: "email", Help: "A letter brings the link. Leave it empty to get the link yourself.", MaxLength: 254},
	}}
	if p.Admin {
		p.Fields = append(p.Fields, web.Field{Name: "role", Label: "Role", Type: "select", Value: string(account.Listener), Options: roleOptions()})
	}
	p.NoIndex = true
	for _, in := range list {
		p.Open = append(p.Open, InvitationLine{in.ID, in.Email, roleWords[in.Role], in.Made, in.Until})
	}
	return p, nil
}

func (v *visit) invitations() error {
	p, err := v.invitationsPage()
	if err != nil {
		return err
	}
	return v.show("invitations", p)
}

func (v *visit) invite() error {
	role := account.Role(v.form.Get("role"))
	if role == "" {
		role = account.Listener
	}
	in, secret, err := v.site.Accounts.Invite(v.Context(), v.viewer, v.form.Get("email"), role, gate.Client(v.Context()))
	if err == nil && in.Email != "" {
		return v.goTo("/invitations", v.say("A letter is on its way to %s.", in.Email))
	}
	p, perr := v.invitationsPage()
	if perr != nil {
		return perr
	}
	if err != nil {
		return v.again(err, "invitations", p, v.fill(p.Fields))
	}
	p.Link = v.absolute("/signup?invitation=" + url.QueryEscape(secret))
	v.ResponseWriter.Header().Set("Cache-Control", "no-store")
	return v.show("invitations", p)
}

func (v *visit) uninvite() error {
	if err := v.site.Accounts.Uninvite(v.Context(), v.viewer, v.form.Get("invitation")); err != nil {
		return err
	}
	return v.goTo("/invitations", "The invitation is taken back.")
}
