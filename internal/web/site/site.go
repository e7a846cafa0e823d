// Package site answers for the pages: it reads requests, asks the domain and
// fills the page structs that the templates draw.
//
// Each page is a function of a visit. What it returns as an error becomes a
// page that says what happened and what to do; a form that was refused is
// shown again with its error beside the field.
package site

import (
	"context"
	"errors"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/gate"
	"github.com/michaelperna/9ten/internal/problem"
	"github.com/michaelperna/9ten/internal/web"
)

// A page is one address: who may see it and what answers.
type page struct {
	pattern string // as the std mux takes it: "GET /receipts/{period}"
	who     who
	do      func(*visit) error
	open    bool  // a form that is sent before there is a session, such as sign-in
	files   int64 // a form with files, and how many bytes they may have: see [visit.eachFile]
}

// who is allowed in.
type who uint8

const (
	anyone who = iota
	listener
	artist
	moderator
	admin
)

// A visit is one request for a page.
type visit struct {
	http.ResponseWriter
	*http.Request
	site   *Site
	viewer account.Principal
	form   url.Values // parsed, for POST

	parts *multipart.Reader // of a form with files
	file  *multipart.Part   // the next of them, nil when all were taken
}

// Facts tell a page where it is; they change while the node runs.
type Facts func(ctx context.Context) web.NodeFacts

// Site holds what the pages ask. All fields are set by app.
type Site struct {
	Renderer *web.Renderer
	Gate     *gate.Gate
	Accounts *account.Service
	Facts    Facts
	BaseURL  string
	Now      func() time.Time
	Log      *slog.Logger
	// LoadDemo loads the demo catalogue for a new admin; nil when there is none.
	LoadDemo func(ctx context.Context, p account.Principal) error
	// Ready is called once the node is set up; it may be nil.
	Ready func()
	Rooms
}

// Handler returns the mux of all pages.
func (s *Site) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, p := range s.pages() {
		mux.Handle(p.pattern, s.answer(p))
	}
	mux.Handle("GET /", s.answer(page{do: func(v *visit) error {
		return fault.New(fault.NotFound, "There is no page at %s.", v.URL.Path)
	}}))
	return mux
}

// answer frames a page: who is it, may they, do it, and say what went wrong.
func (s *Site) answer(p page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{ResponseWriter: w, Request: r, site: s, viewer: account.From(r.Context())}
		if err := v.enter(p); err != nil {
			v.fail(err)
			return
		}
		if err := p.do(v); err != nil {
			v.fail(err)
		}
	})
}

// maxForm bounds what a form may send; files go another way.
const maxForm = 1 << 20

func (v *visit) enter(p page) error {
	if v.viewer.Token { // its scopes bound what the API does; a page knows of none
		v.viewer = account.Principal{}
		return fault.New(fault.Forbidden, "Pages are for people, and a token is for programs: it does what it may under /api/v1.")
	}
	if v.Method == http.MethodPost {
		if err := sameSite(v.Request); err != nil {
			return err
		}
		if err := v.read(p.files); err != nil {
			return err
		}
		if !p.open {
			if err := v.viewer.CheckCSRF(v.form.Get("csrf")); err != nil && !v.viewer.Guest() {
				return err
			}
		}
	}
	return v.may(p.who)
}

// read parses a form. Of one with files it takes what comes before the first
// of them, the token among it.
func (v *visit) read(files int64) error {
	v.Body = http.MaxBytesReader(v.ResponseWriter, v.Body, max(maxForm, files))
	kind, _, _ := mime.ParseMediaType(v.Request.Header.Get("Content-Type"))
	if files > 0 && kind == "multipart/form-data" {
		return v.readFields()
	}
	if err := v.ParseForm(); err != nil {
		if _, big := errors.AsType[*http.MaxBytesError](err); big {
			return fault.New(fault.TooLarge, "That form is larger than one megabyte.")
		}
		return fault.New(fault.Invalid, "The form could not be read. Go back and send it again.")
	}
	v.form = v.PostForm
	return nil
}

func (v *visit) may(w who) error {
	switch {
	case w == anyone:
		return nil
	case v.viewer.Guest():
		return fault.New(fault.Unauthenticated, "Sign in to see this page.")
	case w == artist:
		return v.viewer.Require(account.Artist)
	case w == moderator:
		return v.viewer.Require(account.Moderator)
	case w == admin:
		return v.viewer.Require(account.Admin)
	}
	return nil
}

// sameSite refuses forms that another site sent, before anybody is signed in
// and has a token (Fetch metadata; old browsers send an Origin).
func sameSite(r *http.Request) error {
	refused := fault.New(fault.Forbidden, "That form came from another site. Open the page here and send it again.")
	switch site := r.Header.Get("Sec-Fetch-Site"); {
	case site == "same-origin" || site == "none":
		return nil
	case site != "":
		return refused
	}
	if o := r.Header.Get("Origin"); o != "" && o != "null" {
		if u, err := url.Parse(o); err != nil || u.Host != r.Host {
			return refused
		}
	}
	return nil
}

// base begins a page's struct; its title is said in the page's language.
func (v *visit) base(title, nav string) web.Page { return v.named(v.words(title), nav) }

// named begins the struct of a page that is called after what it shows.
func (v *visit) named(title, nav string) web.Page {
	p := web.Page{
		Title: title, Nav: nav, CSRF: v.viewer.CSRF, Node: v.site.Facts(v.Context()),
		Viewer: web.Viewer{Name: v.viewer.Name, Handle: v.viewer.Handle, Artist: v.viewer.Has(account.Artist), Operator: v.viewer.Has(account.Moderator), NoTrace: v.viewer.HistoryPaused, Unread: v.unread()},
	}
	if n, ok := v.flash(); ok {
		p.Notices = append(p.Notices, n)
	}
	return p
}

// unread is how many notifications the viewer has not read. A page is shown
// without them rather than not at all.
func (v *visit) unread() int {
	if v.viewer.Guest() {
		return 0
	}
	n, err := v.site.Notices.Unread(v.Context(), v.viewer.Account)
	if err != nil && !problem.Gone(v.Context()) {
		v.site.Log.Warn("notifications", "err", err)
	}
	return int(n)
}

// say says a sentence with values in the language of the page; one without
// values may be left in English, the templates say it.
func (v *visit) say(format string, args ...any) string {
	return v.site.Renderer.Say(v.Request, format, args...)
}

// words says a sentence without values in the language of the page.
func (v *visit) words(text string) string {
	return v.site.Renderer.Say(v.Request, "%s", fault.Term(text))
}

// why says in the language of the page what went wrong.
func (v *visit) why(err error) string {
	format, args := fault.Words(err)
	return v.say(format, args...)
}

// show renders a page.
func (v *visit) show(name string, p web.Paged) error { return v.showAs(http.StatusOK, name, p) }

func (v *visit) showAs(status int, name string, p web.Paged) error {
	return v.site.Renderer.Render(v.ResponseWriter, v.Request, status, name, p)
}

// ErrorPage says what went wrong.
type ErrorPage struct {
	web.Page
	Status int
	Text   string
	SignIn string // where to sign in and come back, "" when that does not help
}

func (v *visit) fail(err error) {
	problem.Log(v.site.Log, v.Request, err)
	if problem.Gone(v.Context()) {
		return // nobody reads the page
	}
	p := &ErrorPage{Page: v.base("", ""), Status: problem.Status(err), Text: v.why(err)}
	p.Title, p.NoIndex = v.words(http.StatusText(p.Status)), true
	if p.Status == http.StatusUnauthorized {
		p.SignIn = "/signin?next=" + url.QueryEscape(v.URL.RequestURI())
	}
	if err := v.showAs(p.Status, "error", p); err != nil {
		v.site.Log.Error("error page", "err", err)
		http.Error(v.ResponseWriter, p.Text, p.Status)
	}
}

// again shows a form once more with the error of one of its fields, or above
// it when the error names none. Errors that are not the input's are returned.
func (v *visit) again(err error, name string, p web.Paged, fields []web.Field) error {
	status := problem.Status(err)
	named := slices.IndexFunc(fields, func(f web.Field) bool { return f.Name != "" && f.Name == fault.Field(err) })
	if status >= 500 || status == http.StatusNotFound || status == http.StatusForbidden {
		if named < 0 {
			return err
		}
		status = http.StatusUnprocessableEntity // what was written there names something that is away, or nothing
	}
	if named >= 0 {
		fields[named].Error = v.why(err)
	} else {
		b := p.Base()
		b.Notices = append(b.Notices, web.Notice{Kind: web.NoteErr, Text: v.why(err)})
	}
	return v.showAs(status, name, p)
}

// fill writes what was sent back into the fields, but never a password.
func (v *visit) fill(fields []web.Field) []web.Field {
	for i := range fields {
		if fields[i].Type != "password" && v.form != nil {
			fields[i].Value = v.form.Get(fields[i].Name)
		}
	}
	return fields
}

// goTo answers a form that was taken: the browser goes on to a page of ours
// (303), where the notice is shown once.
func (v *visit) goTo(path, notice string) error {
	if notice != "" {
		http.SetCookie(v.ResponseWriter, &http.Cookie{Name: "notice", Value: url.QueryEscape(notice), Path: "/", MaxAge: 60, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: v.site.Gate.Secure})
	}
	http.Redirect(v.ResponseWriter, v.Request, local(path), http.StatusSeeOther)
	return nil
}

// flash takes the notice that the page before left.
func (v *visit) flash() (web.Notice, bool) {
	c, err := v.Cookie("notice")
	if err != nil || v.Method != http.MethodGet {
		return web.Notice{}, false
	}
	text, err := url.QueryUnescape(c.Value)
	if err != nil || text == "" || len(text) > 400 {
		return web.Notice{}, false
	}
	http.SetCookie(v.ResponseWriter, &http.Cookie{Name: "notice", Path: "/", MaxAge: -1, HttpOnly: true})
	return web.Notice{Kind: web.NoteOK, Text: text}, true
}

// local keeps an address on this node: anything else becomes the front page.
func local(path string) string {
	// Browsers drop control characters from an address and read \ as /.
	odd := strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' })
	if u, err := url.Parse(path); err != nil || odd || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
		return "/"
	}
	return path
}

// begin gives the browser a session that has begun, and ends the one it had.
func (v *visit) begin(in account.SignedIn) error {
	v.site.Gate.SignIn(v.ResponseWriter, in)
	return v.site.Accounts.SignOut(v.Context(), v.viewer)
}

// keepSecret is for pages whose address holds a secret: no other site may
// learn it from a link, and no cache may keep it.
func (v *visit) keepSecret() {
	v.ResponseWriter.Header().Set("Referrer-Policy", "no-referrer")
	v.ResponseWriter.Header().Set("Cache-Control", "no-store")
}

// download sends a file to keep.
func (v *visit) download(name, contentType string, body []byte) error {
	h := v.ResponseWriter.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	_, err := v.ResponseWriter.Write(body)
	return err
}
