package site

import (
	"html/template"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/web"
)

// SeenPage is where a listener decides whether and how they are seen on other servers.
type SeenPage struct {
	web.Page
	Federates bool
	Seen      bool
	Address   string // @handle@host
	URL       string // of the page that others see
	Fields    []web.Field
	Approves  bool
	Listens   bool // followers learn what they listen to
	Asked     []FanLine
	Fans      []FanLine
	Blocked   []FanLine

	// The addresses of the pages with more of each, "" none.
	MoreAsked, MoreFans, MoreBlocked string
}

// FanLine is somebody on another server who has to do with the listener, or with an act.
type FanLine struct {
	Actor, Name, Address, URL string
	Since                     time.Time
}

// PersonPage is a listener as everybody sees them who is seen on other servers.
type PersonPage struct {
	web.Page
	Name, Address string
	About         template.HTML
	Since         time.Time
	Shared        []Sleeve // what they share
	More          string
	Report        string // where they are reported, "" not by the viewer
}

func (v *visit) addressOf(handle string) string { return "@" + handle + "@" + site(v.site.BaseURL) }

func (v *visit) seenPage() (*SeenPage, error) {
	p := &SeenPage{Page: v.base("Seen on other servers", ""), Federates: v.site.People.Federates}
	p.NoIndex = true
	who, err := v.site.People.Of(v.Context(), v.viewer.Account)
	if p.Seen = err == nil; err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	p.Fields = []web.Field{
		{Name: "name", ID: "e-name", Label: "Name, as shown", Value: who.Name, MaxLength: 60},
		{Name: "about", ID: "e-about", Label: "About you", Type: "textarea", Value: who.About, Wide: true, MaxLength: 1000},
	}
	if !p.Seen {
		p.Fields = append([]web.Field{{Name: "handle", ID: "e-handle", Label: "Handle", Help: "Letters a to z, digits and hyphens. It cannot be changed later.", Required: true, MaxLength: 33}}, p.Fields...)
		return p, nil
	}
	p.Address, p.URL, p.Approves, p.Listens = v.addressOf(who.Handle), "/person/"+who.Handle, who.Approves, who.Listens
	ask := func(state social.FollowState, after string) ([]social.Fan, string, error) {
		return v.site.People.Fans(v.Context(), v.viewer.Account, state, after)
	}
	if p.Asked, p.MoreAsked, err = v.fanLines(social.FollowAsked, ask); err != nil {
		return nil, err
	}
	if p.Fans, p.MoreFans, err = v.fanLines(social.FollowsThem, ask); err != nil {
		return nil, err
	}
	p.Blocked, p.MoreBlocked, err = v.fanLines(social.FollowBlock, ask)
	return p, err
}

func fanLine(f *social.Fan) FanLine {
	a := social.Author{Actor: f.Actor, Handle: f.Handle, Host: f.Host, URL: f.URL}
	l := FanLine{Actor: f.Actor, Name: f.Name, Address: a.Said(), URL: a.Page(), Since: f.Since}
	if l.Name == "" {
		l.Name = l.Address
	}
	return l
}

func (v *visit) seen() error {
	p, err := v.seenPage()
	if err != nil {
		return err
	}
	return v.show("seen", p)
}

// saveSeen has the listener be seen elsewhere, or changes how.
func (v *visit) saveSeen() error {
	d := social.PersonDraft{Handle: v.form.Get("handle"), Name: v.form.Get("name"), About: v.form.Get("about"), Approves: v.form.Get("approves") != "", Listens: v.form.Get("listens") != ""}
	if who, err := v.site.People.Of(v.Context(), v.viewer.Account); err == nil {
		d.Handle = who.Handle
	} else if !fault.Is(err, fault.NotFound) {
		return err
	}
	if _, err := v.site.People.Show(v.Context(), v.ears(), d); err != nil {
		p, perr := v.seenPage()
		if perr != nil {
			return perr
		}
		p.Approves, p.Listens = d.Approves, d.Listens
		return v.again(err, "seen", p, v.fill(p.Fields))
	}
	return v.goTo("/account/person", "Saved.")
}

// endSeen ends it for good.
func (v *visit) endSeen() error {
	if v.form.Get("sure") != "1" {
		return fault.New(fault.Invalid, "Say that you are sure, then other servers are told that you are gone.")
	}
	if err := v.site.People.Hide(v.Context(), v.viewer.Account); err != nil {
		return err
	}
	return v.goTo("/account/person", "You are not seen on other servers any more. They are told.")
}

// judgeFan lets somebody follow, or not, or blocks them.
func (v *visit) judgeFan() error {
	state, err := v.judgement()
	if err != nil {
		return err
	}
	if err := v.site.People.Judge(v.Context(), v.viewer.Account, v.form.Get("actor"), state); err != nil {
		return err
	}
	return v.goTo("/account/person", "Saved.")
}

// person shows a listener who is seen elsewhere to everybody.
func (v *visit) person() error {
	who, err := v.site.People.Called(v.Context(), v.PathValue("handle"))
	if err != nil {
		return err
	}
	shared, err := v.site.People.Shared(v.Context(), v.viewer.Account, who.Handle, music.Page{After: v.URL.Query().Get("after"), Limit: perPage})
	if err != nil {
		return err
	}
	report := ""
	if who.Account != v.viewer.Account {
		report = v.reporting(social.APerson, string(who.ID))
	}
	return v.show("person", &PersonPage{Report: report, Page: v.named(who.Name, ""), Name: who.Name, Address: v.addressOf(who.Handle), About: template.HTML(social.Clean(social.Paragraphs(who.About))), Since: who.Created,
		Shared: v.newsShelf(shared.Rows), More: v.pagePath("after", shared.Next)})
}
