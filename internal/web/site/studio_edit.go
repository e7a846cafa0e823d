package site

import (
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// releaseAgain shows the page once more with what was refused.
func (v *visit) releaseAgain(err error) error {
	p, perr := v.studioReleasePage()
	if perr != nil {
		return perr
	}
	fields := p.Fields
	switch {
	case v.form.Has("title"):
		v.fill(p.Fields)
		p.Explicit = v.form.Has("explicit")
	case v.form.Get("do") == "schedule":
		fields = p.Out
		v.fill(p.Out)
	}
	return v.again(err, "studio-release", p, fields)
}

func (v *visit) editRelease() error {
	full, err := v.ownRelease()
	if err != nil {
		return err
	}
	f := v.form
	_, err = v.site.Studio.EditRelease(v.Context(), v.ears(), full.Release.ID, func(x *music.Facts) {
		x.Title, x.Artist, x.Kind, x.Date = f.Get("title"), f.Get("artist"), music.Kind(f.Get("kind")), f.Get("date")
		x.Licence, x.Label, x.Language, x.Description = music.Licence(f.Get("licence")), f.Get("label"), f.Get("language"), f.Get("description")
		x.Explicit, x.Tags = f.Has("explicit"), commas(f.Get("tags"))
	})
	if err != nil {
		return v.releaseAgain(err)
	}
	return v.goTo("/studio/release/"+string(full.Release.ID), "Saved.")
}

// A deed is a button of the release page: what it does, where it leads and
// what is said then.
type deed struct {
	do   func(*visit, id.Release) error
	to   string // "" back to the release in the studio
	said string
}

var deeds = map[string]deed{
	"publish": {do: func(v *visit, r id.Release) error { return only(v.site.Studio.Publish(v.Context(), v.ears(), r)) }, to: "/release/", said: "It is out."},
	"schedule": {do: func(v *visit, r id.Release) error {
		return only(v.site.Studio.Schedule(v.Context(), v.ears(), r, v.form.Get("at"), v.form.Get("zone")))
	}, said: "Scheduled."},
	"withdraw": {do: func(v *visit, r id.Release) error { return only(v.site.Studio.Withdraw(v.Context(), v.ears(), r)) }, said: "It is a draft again. Nobody else sees it now."},
	"preview":  {do: func(v *visit, r id.Release) error { return only(v.site.Studio.Preview(v.Context(), v.ears(), r, true)) }, said: "Whoever has the private link can listen."},
	"unpreview": {do: func(v *visit, r id.Release) error {
		return only(v.site.Studio.Preview(v.Context(), v.ears(), r, false))
	}, said: "The private link does not work any more."},
	"nocover": {do: func(v *visit, r id.Release) error {
		return only(v.site.Studio.SetCover(v.Context(), v.ears(), r, music.Cover{}))
	}, said: "The cover is taken away."},
	"delete": {do: func(v *visit, r id.Release) error { return v.site.Studio.Delete(v.Context(), v.ears(), r) }, to: "/studio", said: "The draft is deleted."},
	"remove": {do: onTrack(func(v *visit, t id.Track) error { return v.site.Studio.RemoveTrack(v.Context(), v.ears(), t) }), said: "Removed."},
	"up":     {do: onTrack(func(v *visit, t id.Track) error { return only(v.site.Studio.MoveTrack(v.Context(), v.ears(), t, true)) })},
	"down": {do: onTrack(func(v *visit, t id.Track) error {
		return only(v.site.Studio.MoveTrack(v.Context(), v.ears(), t, false))
	})},
}

// only leaves the error of what also returns a release.
func only(_ music.Release, err error) error { return err }

func onTrack(do func(*visit, id.Track) error) func(*visit, id.Release) error {
	return func(v *visit, _ id.Release) error {
		t, err := id.Parse[id.Track](v.form.Get("track"))
		if err != nil {
			return err
		}
		return do(v, t)
	}
}

// releaseDoes are the buttons of a release.
func (v *visit) releaseDoes() error {
	full, err := v.ownRelease()
	if err != nil {
		return err
	}
	r := full.Release.ID
	d, ok := deeds[v.form.Get("do")]
	if !ok {
		return fault.New(fault.Invalid, "That button is not known here.")
	}
	if err := d.do(v, r); err != nil {
		return v.releaseAgain(err)
	}
	switch to := d.to; to {
	case "":
		return v.goTo("/studio/release/"+string(r), d.said)
	case "/release/":
		return v.goTo(to+string(r), d.said)
	default:
		return v.goTo(to, d.said)
	}
}
