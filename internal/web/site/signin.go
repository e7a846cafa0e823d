package site

import (
	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/gate"
	"github.com/michaelperna/9ten/internal/web"
)

// SignInPage asks who one is.
type SignInPage struct {
	web.Page
	Fields []web.Field
	Next   string // where to go afterwards
	Mail   bool   // a letter can bring a link for a new password
}

func signInFields() []web.Field {
	return []web.Field{
		{Name: "login", Label: "User name or mail address", Autocomplete: "username", Required: true, Wide: true, MaxLength: 254},
		{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Required: true, Wide: true, MaxLength: 200},
	}
}

func (v *visit) signInPage() *SignInPage {
	p := &SignInPage{Page: v.base("Sign in", ""), Fields: signInFields(), Next: local(v.FormValue("next")), Mail: v.site.Post.Server() != ""}
	p.Bare, p.NoIndex = true, true
	return p
}

func (v *visit) signIn() error {
	if !v.viewer.Guest() {
		return v.goTo(v.FormValue("next"), "")
	}
	return v.show("signin", v.signInPage())
}

func (v *visit) doSignIn() error {
	in, err := v.site.Accounts.SignIn(v.Context(), v.form.Get("login"), v.form.Get("password"), gate.Client(v.Context()))
	if err != nil {
		p := v.signInPage()
		return v.again(err, "signin", p, v.fill(p.Fields))
	}
	if err := v.begin(in); err != nil {
		return err
	}
	return v.goTo(v.form.Get("next"), "")
}

func (v *visit) signOut() error {
	if err := v.site.Accounts.SignOut(v.Context(), v.viewer); err != nil {
		return err
	}
	v.site.Gate.Clear(v.ResponseWriter)
	return v.goTo("/", "Signed out.")
}

// SignUpPage makes an account.
type SignUpPage struct {
	web.Page
	Fields     []web.Field
	Next       string
	Invitation string // the secret of the link that led here
	May        bool   // an account can be made
}

func signUpFields() []web.Field {
	return []web.Field{
		{Name: "handle", Label: "User name", Help: "Letters, digits and underscores. It stays yours, also when you leave.", Autocomplete: "username", Required: true, Wide: true, MaxLength: 60},
		{Name: "email", Label: "Mail address, if you like", Type: "email", Autocomplete: "email", Wide: true, MaxLength: 254},
		{Name: "password", Label: "Password", Type: "password", Help: "Long beats complicated: four words are fine.", Autocomplete: "new-password", Required: true, Wide: true, MaxLength: 200},
	}
}

func (v *visit) signUpPage() *SignUpPage {
	p := &SignUpPage{Page: v.base("Join", ""), Fields: signUpFields(), Next: local(v.FormValue("next")), Invitation: v.FormValue("invitation")}
	p.May = p.Node.SignUp || p.Invitation != ""
	p.Bare = true
	return p
}

func (v *visit) signUp() error {
	if !v.viewer.Guest() {
		return v.goTo("/", "")
	}
	p := v.signUpPage()
	if p.Invitation == "" {
		return v.show("signup", p)
	}
	v.keepSecret()
	p.NoIndex = true
	in, err := v.site.Accounts.Invited(v.Context(), p.Invitation)
	if err != nil {
		return v.uninvited(err, p)
	}
	for i := range p.Fields {
		if p.Fields[i].Name == "email" {
			p.Fields[i].Value = in.Email
		}
	}
	return v.show("signup", p)
}

// uninvited is for who comes with an invitation that is good no more: where anybody
// may make an account, they do it without.
func (v *visit) uninvited(err error, p *SignUpPage) error {
	if !p.Node.SignUp || !fault.Is(err, fault.Forbidden) {
		return err
	}
	p.Invitation = ""
	p.Notices = append(p.Notices, web.Notice{Text: v.words("This invitation is good no more. You need none: anybody may make an account here.")})
	return v.show("signup", p)
}

func (v *visit) doSignUp() error {
	in, err := v.site.Accounts.SignUp(v.Context(), account.SignUp{Handle: v.form.Get("handle"), Email: v.form.Get("email"), Password: v.form.Get("password"), Invitation: v.form.Get("invitation")}, gate.Client(v.Context()))
	if err != nil {
		p := v.signUpPage()
		v.fill(p.Fields)
		if _, stale := v.site.Accounts.Invited(v.Context(), p.Invitation); p.Invitation != "" && stale != nil {
			return v.uninvited(stale, p)
		}
		return v.again(err, "signup", p, p.Fields)
	}
	if err := v.begin(in); err != nil {
		return err
	}
	return v.goTo(v.form.Get("next"), "Welcome. Play what you like: the acts you hear most become your nine.")
}

// ResetPage sets a new password with a link from a letter or the operator.
type ResetPage struct {
	web.Page
	Fields []web.Field
	Token  string
}

func (v *visit) resetPage() *ResetPage {
	p := &ResetPage{Page: v.base("A new password", ""), Token: v.FormValue("token"), Fields: []web.Field{
		{Name: "password", Label: "New password", Type: "password", Help: "Long beats complicated: four words are fine.", Autocomplete: "new-password", Required: true, Wide: true, MaxLength: 1024},
	}}
	p.Bare, p.NoIndex = true, true
	return p
}

func (v *visit) reset() error {
	v.keepSecret()
	return v.show("reset", v.resetPage())
}

func (v *visit) doReset() error {
	in, err := v.site.Accounts.Reset(v.Context(), v.form.Get("token"), v.form.Get("password"), gate.Client(v.Context()))
	if err != nil {
		p := v.resetPage()
		return v.again(err, "reset", p, p.Fields)
	}
	if err := v.begin(in); err != nil {
		return err
	}
	return v.goTo("/", "The new password holds. All other browsers are signed out.")
}
