package site

import (
	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/gate"
	"github.com/michaelperna/9ten/internal/web"
)

// SetupPage makes the admin and names the node, once.
type SetupPage struct {
	web.Page
	Fields  []web.Field
	Token   string
	HasDemo bool // there is a demo catalogue to offer
}

func setupFields() []web.Field {
	return []web.Field{
		{Name: "node", Label: "Name of the node", Placeholder: "Quayside", Required: true, MaxLength: 60},
		{Name: "operator", Label: "Who runs it", Help: "Shown at the foot of every page.", MaxLength: 100},
		{Name: "place", Label: "Where", Placeholder: "Bremen", MaxLength: 100},
		{Name: "handle", Label: "Your user name", Autocomplete: "username", Required: true, MaxLength: 60},
		{Name: "email", Label: "Mail address, if you like", Type: "email", Autocomplete: "email", MaxLength: 254},
		{Name: "password", Label: "Password", Type: "password", Help: "Long beats complicated: four words are fine.", Autocomplete: "new-password", Required: true, MaxLength: 200},
	}
}

func (v *visit) setupPage() *SetupPage {
	p := &SetupPage{Page: v.base("Set up", ""), Fields: setupFields(), Token: v.FormValue("token"), HasDemo: v.site.LoadDemo != nil}
	p.Bare, p.NoIndex = true, true
	return p
}

func (v *visit) setup() error {
	v.keepSecret()
	if err := v.site.Accounts.SetupLinkHolds(v.Context(), v.FormValue("token")); err != nil {
		return err
	}
	return v.show("setup", v.setupPage())
}

func (v *visit) doSetup() error {
	f := v.form
	in := account.Setup{
		SignUp:   account.SignUp{Handle: f.Get("handle"), Email: f.Get("email"), Password: f.Get("password")},
		Settings: account.Settings{Name: f.Get("node"), OperatorName: f.Get("operator"), OperatorPlace: f.Get("place"), OpenSignUp: f.Get("open") != "", OpenStudio: true},
	}
	out, err := v.site.Accounts.Setup(v.Context(), f.Get("token"), in, gate.Client(v.Context()))
	if err != nil {
		p := v.setupPage()
		return v.again(err, "setup", p, v.fill(p.Fields))
	}
	if err := v.begin(out); err != nil {
		return err
	}
	if v.site.Ready != nil {
		v.site.Ready()
	}
	if f.Get("demo") != "" && v.site.LoadDemo != nil {
		if err := v.site.LoadDemo(v.Context(), out.Principal); err != nil {
			return err
		}
	}
	return v.goTo("/", "The node is yours. Everything it knows is in its data directory: back that up.")
}
