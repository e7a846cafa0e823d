package site

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/web"
)

// A LiveLine is a live event as pages show it.
type LiveLine struct {
	ID, Title    string
	By, ActURL   string // whose it is, "" on its act's page
	Starts, Ends time.Time
	On           bool
	Site         string // whose address it is heard at: people see where they are led
	Audience     int64  // how many are there, 0 for too few
	Report       string // where it is reported, "" not by the viewer
}

// GoURL is where one goes to hear it.
func (l LiveLine) GoURL() string { return "/live/" + l.ID + "/go" }

// liveLines are events for a page; of its own act they do not name it.
func (v *visit) liveLines(list []social.Live, named bool) ([]LiveLine, error) {
	now := v.site.Now()
	out := make([]LiveLine, len(list))
	for i := range list {
		l := &list[i]
		out[i] = LiveLine{ID: string(l.ID), Title: l.Title, Starts: l.Starts, Ends: l.Ends, On: l.On(now), Site: site(l.Link), Report: v.reporting(social.ALive, string(l.ID))}
		if named {
			out[i].By, out[i].ActURL = l.Name, "/act/"+l.Handle
			if l.Host != "" {
				out[i].ActURL += "@" + l.Host
			}
		}
		if out[i].On {
			var err error
			if out[i].Audience, err = v.site.Lives.Audience(v.Context(), l.ID); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// site is the server of an address.
func site(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// livesOf are those of an act here or elsewhere.
func (v *visit) livesOf(act id.Act, actor string) ([]LiveLine, error) {
	list, err := v.site.Lives.Of(v.Context(), act, actor)
	if err != nil {
		return nil, err
	}
	return v.liveLines(list, false)
}

// goLive leads to where an event is to be heard, and counts who is signed in as there.
func (v *visit) goLive() error {
	what, err := id.Parse[id.Live](v.PathValue("id"))
	if err != nil {
		return err
	}
	l, err := v.site.Lives.Live(v.Context(), what)
	if err != nil {
		return err
	}
	if !v.viewer.Guest() && l.On(v.site.Now()) {
		if _, err := v.site.Lives.Join(v.Context(), v.viewer.Account, what); err != nil && !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	v.ResponseWriter.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(v.ResponseWriter, v.Request, l.Link, http.StatusSeeOther)
	return nil
}

// liveFields ask for an event.
func liveFields() []web.Field {
	lasts := web.Field{Name: "hours", ID: "v-hours", Label: "How long it lasts", Type: "select", Value: "2"}
	for _, h := range []string{"1", "2", "3", "4", "6", "8", "12", "24"} {
		lasts.Options = append(lasts.Options, web.Option{Value: h, Label: h + " h"})
	}
	return []web.Field{
		{Name: "title", ID: "v-title", Label: "What it is called", Required: true, MaxLength: 200},
		{Name: "link", ID: "v-link", Label: "Where it is to be heard", Help: "An address of yours that begins with https://.", Type: "url", Required: true, MaxLength: 2048},
		{Name: "starts", ID: "v-starts", Label: "When it begins, in UTC", Type: "datetime-local", Required: true},
		lasts,
	}
}

// actLive announces, ends or takes back an event of an act.
func (v *visit) actLive() error {
	full, err := v.ownAct()
	if err != nil {
		return err
	}
	home := "/studio/act/" + string(full.Act.ID) + "#h-live"
	if v.form.Get("do") == "announce" {
		if err := v.announce(full.Act.ID); err != nil {
			return v.actAgain(err, func(p *StudioActPage) []web.Field { return v.fill(p.LiveFields) })
		}
		return v.goTo(home, "Announced. Followers are told.")
	}
	what, err := id.Parse[id.Live](v.form.Get("event"))
	if err != nil {
		return err
	}
	if v.form.Get("do") == "end" {
		if _, err := v.site.Lives.End(v.Context(), v.ears(), what); err != nil {
			return err
		}
		return v.goTo(home, "The event is over.")
	}
	if _, err := v.site.Lives.Delete(v.Context(), v.ears(), what); err != nil {
		return err
	}
	return v.goTo(home, "Taken back. Followers are told.")
}

func (v *visit) announce(act id.Act) error {
	starts, err := time.Parse("2006-01-02T15:04", v.form.Get("starts"))
	if err != nil {
		return fault.On("starts", fault.Invalid, "Write when it begins like 2026-12-03T20:00.")
	}
	hours, err := strconv.Atoi(v.form.Get("hours"))
	if err != nil || hours < 1 || hours > 24 {
		return fault.On("hours", fault.Invalid, "An event ends after it began and after now, and lasts at most a day.")
	}
	_, err = v.site.Lives.Announce(v.Context(), v.ears(), act, social.LiveDraft{Title: v.form.Get("title"), Link: v.form.Get("link"), Starts: starts, Ends: starts.Add(time.Duration(hours) * time.Hour)})
	if fault.Field(err) == "ends" { // the form asks how long it lasts
		err = fault.On("hours", fault.Invalid, "An event ends after it began and after now, and lasts at most a day.")
	}
	return err
}
