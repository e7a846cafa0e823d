package site

import (
	"net/url"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/web"
)

// PeoplePage lists the accounts of the node.
type PeoplePage struct {
	web.Page
	People []PersonLine
	Views  []View
	Find   string // what was searched for
	Roles  []web.Option
	Fields []web.Field // a new account
	Admin  bool        // the viewer may change them
	More   string      // address of the next page, "" when this is the last
	Link   string      // a password link just made
	LinkOf string      // whose it is
}

// PersonLine is one account.
type PersonLine struct {
	ID, Handle, Name, Email, Role, RoleName string
	Since                                   time.Time
	Self                                    bool
}

// peoplePerPage is how many accounts a page lists.
const peoplePerPage = 50

func roleOptions() (out []web.Option) {
	for _, r := range []account.Role{account.Listener, account.Artist, account.Moderator, account.Admin} {
		out = append(out, web.Option{Value: string(r), Label: roleWords[r]})
	}
	return out
}

func personFields() []web.Field {
	return []web.Field{
		{Name: "handle", Label: "User name", Required: true, MaxLength: 60},
		{Name: "role", Label: "Role", Type: "select", Value: string(account.Listener), Options: roleOptions()},
		{Name: "email", Label: "Mail address, if known", Type: "email", MaxLength: 254},
		{Name: "password", Label: "Password to begin with", Type: "password", Help: "Tell it to them; they change it on their account page.", Autocomplete: "new-password", Required: true, MaxLength: 1024},
	}
}

func (v *visit) peoplePage() (*PeoplePage, error) {
	q := v.URL.Query()
	list, err := v.site.Accounts.Find(v.Context(), v.viewer, q.Get("find"), id.Account(q.Get("after")), peoplePerPage)
	if err != nil {
		return nil, err
	}
	p := &PeoplePage{Page: v.base("People", web.NavOperator), Views: v.nodeViews("/operator/people"), Find: q.Get("find"),
		Roles: roleOptions(), Fields: personFields(), Admin: v.viewer.Has(account.Admin)}
	p.NoIndex = true
	for _, a := range list {
		p.People = append(p.People, PersonLine{ID: string(a.ID), Handle: a.Handle, Name: a.Name, Email: a.Email, Role: string(a.Role), RoleName: roleWords[a.Role], Since: a.Created, Self: a.ID == v.viewer.Account})
	}
	if len(list) == peoplePerPage {
		more := url.Values{"after": {string(list[len(list)-1].ID)}}
		if p.Find != "" {
			more.Set("find", p.Find)
		}
		p.More = "/operator/people?" + more.Encode()
	}
	return p, nil
}

func (v *visit) people() error {
	p, err := v.peoplePage()
	if err != nil {
		return err
	}
	return v.show("people", p)
}

func (v *visit) addPerson() error {
	f := v.form
	a, err := v.site.Accounts.Add(v.Context(), v.viewer, account.SignUp{Handle: f.Get("handle"), Email: f.Get("email"), Password: f.Get("password")}, account.Role(f.Get("role")))
	if err != nil {
		p, perr := v.peoplePage()
		if perr != nil {
			return perr
		}
		return v.again(err, "people", p, v.fill(p.Fields))
	}
	return v.goTo("/operator/people", v.say("@%s can sign in.", a.Handle))
}

// changePerson is what the operator does with one account.
func (v *visit) changePerson() error {
	who, err := id.Parse[id.Account](v.PathValue("id"))
	if err != nil {
		return err
	}
	ctx, accounts := v.Context(), v.site.Accounts
	said := ""
	switch v.form.Get("do") {
	case "role":
		err, said = accounts.SetRole(ctx, v.viewer, who, account.Role(v.form.Get("role"))), "The role is changed."
	case "reset":
		return v.resetLink(who)
	case "signout":
		err, said = accounts.EndSessions(ctx, v.viewer, who), "Signed out everywhere. Their tokens are revoked too."
	case "remove":
		if v.form.Get("sure") == "" {
			err = fault.New(fault.Invalid, "Tick the box first: a deleted account cannot be brought back.")
		} else {
			err, said = accounts.Remove(ctx, v.viewer, who), "The account is deleted."
		}
	default:
		err = fault.New(fault.Invalid, "That button is not known here.")
	}
	if err != nil {
		p, perr := v.peoplePage()
		if perr != nil {
			return perr
		}
		return v.again(err, "people", p, nil)
	}
	if who == v.viewer.Account {
		return v.goTo("/", said) // the own role may have been given away
	}
	return v.goTo("/operator/people", said)
}

// resetLink shows a password link on the page it answers with, this once.
func (v *visit) resetLink(who id.Account) error {
	a, err := v.site.Accounts.Account(v.Context(), who)
	if err != nil {
		return err
	}
	secret, err := v.site.Accounts.ResetLink(v.Context(), v.viewer, who)
	if err != nil {
		return err
	}
	p, err := v.peoplePage()
	if err != nil {
		return err
	}
	p.Link, p.LinkOf = v.absolute("/reset?token="+url.QueryEscape(secret)), a.Handle
	v.ResponseWriter.Header().Set("Cache-Control", "no-store")
	return v.show("people", p)
}
