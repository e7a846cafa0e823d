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
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/problem"
	"github.com/michaelperna/9ten/internal/web"
)

// A Visitor is who is looking: the zero value is a guest.
type Visitor struct {
	Account id.Account
	Handle  string
	Name    string
	Artist  bool
	// Moderator may take down; Admin may do everything an operator does.
	Moderator bool
	Admin     bool
	Pays      bool
	NoTrace   bool
}

// People says who is behind a request and gives out and takes back sessions.
type People interface {
	// Visitor returns who the session cookie belongs to, the zero Visitor for
	// nobody, and the token that their forms carry.
	Visitor(r *http.Request) (Visitor, string, error)
	// CheckCSRF refuses (Forbidden) a form that was not made for this visitor.
	CheckCSRF(r *http.Request, token string) error
}

// A page is one address: who may see it and what answers.
type page struct {
	pattern string // as the std mux takes it: "GET /receipts/{period}"
	who     who
	do      func(*visit) error
}

// who is allowed in.
type who uint8

const (
	anyone who = iota
	listener
	moderator
	admin
)

// A visit is one request for a page.
type visit struct {
	http.ResponseWriter
	*http.Request
	site   *Site
	viewer Visitor
	csrf   string
	form   url.Values // parsed, for POST
}

// Facts tell a page where it is; they change while the node runs.
type Facts func(ctx context.Context) web.NodeFacts

// Site holds what the pages ask. All fields are set by app.
type Site struct {
	Renderer *web.Renderer
	People   People
	Facts    Facts
	Client   func(*http.Request) netip.Addr // the address behind proxies
	Secure   bool                           // the node is reached over https
	BaseURL  string
	Now      func() time.Time
	Log      *slog.Logger
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
		v := &visit{ResponseWriter: w, Request: r, site: s}
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

func (v *visit) enter(p page) (err error) {
	if v.viewer, v.csrf, err = v.site.People.Visitor(v.Request); err != nil {
		return err
	}
	if v.Method == http.MethodPost {
		v.Body = http.MaxBytesReader(v.ResponseWriter, v.Body, maxForm)
		if err := v.ParseForm(); err != nil {
			if _, big := errors.AsType[*http.MaxBytesError](err); big {
				return fault.New(fault.TooLarge, "That form is larger than one megabyte.")
			}
			return fault.New(fault.Invalid, "The form could not be read. Go back and send it again.")
		}
		v.form = v.PostForm
		if err := v.site.People.CheckCSRF(v.Request, v.form.Get("csrf")); err != nil {
			return err
		}
	}
	return v.may(p.who)
}

func (v *visit) may(w who) error {
	switch {
	case w == anyone:
		return nil
	case v.viewer.Account == "":
		return fault.New(fault.Unauthenticated, "Sign in to see this page.")
	case w == admin && !v.viewer.Admin, w == moderator && !v.viewer.Moderator && !v.viewer.Admin:
		return fault.New(fault.Forbidden, "This page is for those who run the node.")
	}
	return nil
}

// base begins a page's struct.
func (v *visit) base(title, nav string) web.Page {
	p := web.Page{
		Title: title, Nav: nav, CSRF: v.csrf, Node: v.site.Facts(v.Context()), Query: "",
		Viewer: web.Viewer{Name: v.viewer.Name, Handle: v.viewer.Handle, Artist: v.viewer.Artist, Operator: v.viewer.Moderator || v.viewer.Admin, Pays: v.viewer.Pays, NoTrace: v.viewer.NoTrace},
	}
	if n, ok := v.flash(); ok {
		p.Notices = append(p.Notices, n)
	}
	return p
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
	p := &ErrorPage{Page: v.base("", ""), Status: problem.Status(err), Text: fault.Message(err)}
	p.Title, p.NoIndex = http.StatusText(p.Status), true
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
	if status >= 500 || status == http.StatusNotFound || status == http.StatusForbidden {
		return err
	}
	named := false
	for i := range fields {
		if f := &fields[i]; f.Name == fault.Field(err) {
			f.Error, named = fault.Message(err), true
		}
	}
	if !named {
		b := p.Base()
		b.Notices = append(b.Notices, web.Notice{Kind: web.NoteErr, Text: fault.Message(err)})
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
		http.SetCookie(v.ResponseWriter, &http.Cookie{Name: "notice", Value: url.QueryEscape(notice), Path: "/", MaxAge: 60, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: v.site.Secure})
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
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n") {
		return "/"
	}
	return path
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
