package site

import (
	"cmp"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/web"
)

// AccountPage is what an account holds: the person, the password, devices,
// browsers, programs, and the way out.
type AccountPage struct {
	web.Page
	Handle   string
	Role     string // in words
	Since    time.Time
	Profile  []web.Field
	Password []web.Field
	Program  []web.Field // a new token; the field "scopes" is drawn from Scopes
	Leave    []web.Field
	Scopes   []ScopeLine
	Devices  []DeviceLine
	Sessions []SessionLine
	Programs []ProgramLine
	Secret   string // of a token just made; shown this once
	MayOpen  bool   // a studio may be opened

	Pending   string // an address that waits to be confirmed
	Unsure    bool   // nobody has shown that the address is theirs, and letters leave the node
	MayInvite bool
}

// Wrong reports whether the form of a new token was refused.
func (p *AccountPage) Wrong() bool {
	return slices.ContainsFunc(p.Program, func(f web.Field) bool { return f.Error != "" })
}

// ScopeLine is one thing a token may be allowed to do.
type ScopeLine struct {
	Value, Text string
	On          bool
}

// DeviceLine is one key that signs what was heard.
type DeviceLine struct {
	ID, Name, Short string
	Created         time.Time
	Revoked         time.Time // zero while it signs
}

// SessionLine is one browser that is signed in.
type SessionLine struct {
	Browser string
	Seen    time.Time
	Current bool
}

// ProgramLine is one personal token.
type ProgramLine struct {
	ID, Name, Scopes string
	Created          time.Time
	Seen, Expires    time.Time // zero: never
}

// roleWords are the roles for people.
var roleWords = map[account.Role]string{account.Listener: "Listener", account.Artist: "Artist", account.Moderator: "Moderator", account.Admin: "Admin"}

// scopeWords say what each scope allows.
var scopeWords = map[account.Scope]string{
	account.ScopeRead: "See what you see", account.ScopeListen: "Play, and sign what was heard", account.ScopeLibrary: "Change likes, follows, playlists and history",
	account.ScopeStudio: "Upload and publish", account.ScopeMoney: "See payments, receipts and statements", account.ScopeAdmin: "Run the node",
}

// lifetimes a token can be given, in days; 0 does not end.
var lifetimes = []web.Option{{Value: "30", Label: "30 days"}, {Value: "90", Label: "90 days"}, {Value: "365", Label: "A year"}, {Value: "0", Label: "Until it is revoked"}}

func profileFields(a account.Account) []web.Field {
	return []web.Field{
		{Name: "name", ID: "p-name", Label: "Name, as shown", Value: a.Name, Autocomplete: "name", Required: true, MaxLength: 60},
		{Name: "email", ID: "p-email", Label: "Mail address, if you like", Type: "email", Value: cmp.Or(a.Pending, a.Email), Autocomplete: "email", MaxLength: 254},
		{Name: "password", ID: "p-password", Label: "Your password, for another address", Type: "password", Autocomplete: "current-password", MaxLength: 1024},
	}
}

func passwordFields() []web.Field {
	return []web.Field{
		{Name: "old", ID: "w-old", Label: "Password until now", Type: "password", Autocomplete: "current-password", Required: true, MaxLength: 1024},
		{Name: "password", ID: "w-new", Label: "New password", Type: "password", Help: "Long beats complicated: four words are fine.", Autocomplete: "new-password", Required: true, MaxLength: 1024},
	}
}

func programFields() []web.Field {
	return []web.Field{
		{Name: "name", ID: "k-name", Label: "What it is for", Placeholder: "Backup script", Required: true, MaxLength: 60},
		{Name: "days", ID: "k-days", Label: "Valid for", Type: "select", Value: "90", Options: lifetimes},
		{Name: "scopes"},
	}
}

func leaveFields() []web.Field {
	return []web.Field{{Name: "password", ID: "d-password", Label: "Your password", Type: "password", Autocomplete: "current-password", Required: true, MaxLength: 1024}}
}

func (v *visit) accountPage() (*AccountPage, error) {
	ctx, who := v.Context(), v.viewer
	a, err := v.site.Accounts.Account(ctx, who.Account)
	if err != nil {
		return nil, err
	}
	settings, err := v.site.Accounts.Settings(ctx)
	if err != nil {
		return nil, err
	}
	p := &AccountPage{
		Page: v.base("Account and devices", ""), Handle: a.Handle, Role: roleWords[a.Role], Since: a.Created,
		Profile: profileFields(a), Password: passwordFields(), Program: programFields(), Leave: leaveFields(),
		MayOpen: settings.OpenStudio && !who.Has(account.Artist),
		Pending: a.Pending, Unsure: a.Email != "" && a.Confirmed.IsZero() && v.site.Post.Server() != "",
		MayInvite: settings.OpenInvite || who.Has(account.Admin),
	}
	p.NoIndex = true
	for _, s := range account.Scopes() {
		if s != account.ScopeAdmin || who.Has(account.Moderator) {
			p.Scopes = append(p.Scopes, ScopeLine{Value: string(s), Text: scopeWords[s], On: v.form == nil && s == account.ScopeRead || slices.Contains(v.form["scopes"], string(s))})
		}
	}
	return p, v.keys(p)
}

// keys lists what signs in or signs for the account.
func (v *visit) keys(p *AccountPage) error {
	ctx, who := v.Context(), v.viewer
	devices, err := v.site.Accounts.Devices(ctx, who)
	if err != nil {
		return err
	}
	for _, d := range devices {
		name := hex.EncodeToString(d.ID[:])
		p.Devices = append(p.Devices, DeviceLine{ID: name, Name: d.Name, Short: name[:8], Created: d.Created, Revoked: d.Revoked})
	}
	sessions, err := v.site.Accounts.Sessions(ctx, who)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		p.Sessions = append(p.Sessions, SessionLine{Browser: browser(s.Agent), Seen: s.Seen, Current: s.Current})
	}
	tokens, err := v.site.Accounts.Tokens(ctx, who)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		var scopes []string
		for _, s := range t.Scopes {
			scopes = append(scopes, string(s))
		}
		p.Programs = append(p.Programs, ProgramLine{ID: string(t.ID), Name: t.Name, Scopes: strings.Join(scopes, ", "), Created: t.Created, Seen: t.Seen, Expires: t.Expires})
	}
	return nil
}

// browser shortens what a browser calls itself to what people call it. The
// order matters: most browsers also claim to be the ones further down.
func browser(agent string) string {
	find := func(list [][2]string) string {
		for _, x := range list {
			if strings.Contains(agent, x[0]) {
				return x[1]
			}
		}
		return ""
	}
	name := find([][2]string{{"Firefox/", "Firefox"}, {"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Chrome/", "Chrome"}, {"CriOS/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"}})
	system := find([][2]string{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"}})
	switch {
	case name != "" && system != "":
		return name + ", " + system
	case name+system != "":
		return name + system
	}
	return "A program that does not say what it is"
}

func (v *visit) account() error {
	p, err := v.accountPage()
	if err != nil {
		return err
	}
	return v.show("profile", p)
}

// accountAgain shows the page once more with what one of its forms was refused.
func (v *visit) accountAgain(err error, pick func(*AccountPage) []web.Field) error {
	p, perr := v.accountPage()
	if perr != nil {
		return perr
	}
	return v.again(err, "profile", p, v.fill(pick(p)))
}

func (v *visit) saveProfile() error {
	name, email := v.form.Get("name"), v.form.Get("email")
	if err := v.site.Accounts.SetProfile(v.Context(), v.viewer, account.Profile{Name: &name, Email: &email, Password: v.form.Get("password")}); err != nil {
		return v.accountAgain(err, func(p *AccountPage) []web.Field { return p.Profile })
	}
	a, err := v.site.Accounts.Account(v.Context(), v.viewer.Account)
	if err == nil && a.Pending != "" && v.form.Get("password") != "" && strings.EqualFold(a.Pending, strings.TrimSpace(email)) {
		return v.goTo("/account", v.say("A letter is on its way to %s.", a.Pending))
	}
	return v.goTo("/account", "Saved.")
}

func (v *visit) askAddress() error {
	to, err := v.site.Accounts.AskAgain(v.Context(), v.viewer)
	if err != nil {
		return err
	}
	return v.goTo("/account", v.say("A letter is on its way to %s.", to))
}

func (v *visit) changePassword() error {
	if err := v.site.Accounts.ChangePassword(v.Context(), v.viewer, v.form.Get("old"), v.form.Get("password")); err != nil {
		return v.accountAgain(err, func(p *AccountPage) []web.Field { return p.Password })
	}
	return v.goTo("/account", "The password is changed. All other browsers are signed out.")
}

func (v *visit) endSessions() error {
	if err := v.site.Accounts.SignOutEverywhere(v.Context(), v.viewer); err != nil {
		return err
	}
	v.site.Gate.Clear(v.ResponseWriter)
	return v.goTo("/signin", "You are signed out everywhere, here too.")
}

func (v *visit) revokeDevice() error {
	var key id.Bytes16
	b, err := hex.DecodeString(v.form.Get("device"))
	if err != nil || copy(key[:], b) != len(key) || len(b) != len(key) {
		return fault.New(fault.NotFound, "There is no such device.")
	}
	if err := v.site.Accounts.RevokeDevice(v.Context(), v.viewer, key); err != nil {
		return err
	}
	return v.goTo("/account", "The device signs nothing any more. What it signed before stays valid.")
}

// issueToken shows the secret on the page it answers with: it cannot be had again.
func (v *visit) issueToken() error {
	refuse := func(err error) error {
		return v.accountAgain(err, func(p *AccountPage) []web.Field { return p.Program })
	}
	days, err := strconv.Atoi(v.form.Get("days"))
	if err != nil || days < 0 || days > 3650 {
		return refuse(fault.On("days", fault.Invalid, "Choose how long the token is valid."))
	}
	var expires time.Time
	if days > 0 {
		expires = v.site.Now().AddDate(0, 0, days)
	}
	var scopes []account.Scope
	for _, s := range v.form["scopes"] {
		if account.Scope(s) == account.ScopeAdmin && !v.viewer.Has(account.Moderator) {
			return refuse(fault.On("scopes", fault.Invalid, "Your account does not run this node, so no token of yours can."))
		}
		scopes = append(scopes, account.Scope(s))
	}
	secret, _, err := v.site.Accounts.IssueToken(v.Context(), v.viewer, v.form.Get("name"), scopes, expires)
	if err != nil {
		return refuse(err)
	}
	p, err := v.accountPage()
	if err != nil {
		return err
	}
	p.Secret = secret
	v.ResponseWriter.Header().Set("Cache-Control", "no-store")
	return v.show("profile", p)
}

func (v *visit) revokeToken() error {
	t, err := id.Parse[id.Token](v.form.Get("token"))
	if err != nil {
		return err
	}
	if err := v.site.Accounts.RevokeToken(v.Context(), v.viewer, t); err != nil {
		return err
	}
	return v.goTo("/account", "The token is revoked.")
}

func (v *visit) deleteAccount() error {
	if err := v.site.Accounts.Delete(v.Context(), v.viewer, v.form.Get("password")); err != nil {
		return v.accountAgain(err, func(p *AccountPage) []web.Field { return p.Leave })
	}
	v.site.Gate.Clear(v.ResponseWriter)
	return v.goTo("/", "Your account and all that was kept about you are deleted.")
}
