package site

import (
	"slices"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/web"
)

// creditsPart groups the tracks of a release by who is paid, and fills the
// form that changes it.
func (v *visit) creditsPart(p *StudioReleasePage, full *music.FullRelease) error {
	next, names, err := v.site.Studio.Proposed(v.Context(), v.ears(), full.Release.ID)
	if err != nil {
		return err
	}
	for i := range full.Tracks {
		t := &full.Tracks[i]
		g := CreditGroup{Now: shareLines(t.Sheet.Shares, full.Names)}
		if s, ok := next[t.Track.ID]; ok {
			g.Next, g.Asked = shareLines(s.Shares, names), s.Created
		}
		at := slices.IndexFunc(p.Credits, g.like)
		if at < 0 {
			at = len(p.Credits)
			p.Credits = append(p.Credits, g)
		}
		p.Credits[at].Titles = append(p.Credits[at].Titles, p.Tracks[i].Title)
	}
	if len(p.Credits) == 1 {
		p.Credits[0].Titles = nil
	}
	if !p.Owner {
		return nil
	}
	p.Shares = shareRows(p.Credits)
	own, err := v.site.Studio.Acts(v.Context(), v.ears())
	if err != nil {
		return err
	}
	for _, o := range own {
		p.Acts = append(p.Acts, Choice{o.Act.Handle, o.Act.Name})
	}
	return nil
}

// like reports whether two groups pay, and would pay, the same.
func (g CreditGroup) like(o CreditGroup) bool {
	return slices.EqualFunc(g.Now, o.Now, alike) && slices.EqualFunc(g.Next, o.Next, alike)
}

// shareRows are the lines of the form: what is proposed, else what holds, of
// the first tracks.
func shareRows(groups []CreditGroup) (rows []ShareRow) {
	if len(groups) > 0 {
		lines := groups[0].Next
		if len(lines) == 0 {
			lines = groups[0].Now
		}
		for _, l := range lines {
			rows = append(rows, ShareRow{strings.TrimPrefix(l.URL, "/act/"), l.Percent})
		}
	}
	return append(rows, make([]ShareRow, spareRows)...)
}

// sentShares are the lines of the form that have something in them.
func (v *visit) sentShares() (rows []ShareRow) {
	parts := v.form["percent"]
	for i, act := range v.form["act"] {
		r := ShareRow{Act: strings.TrimSpace(act)}
		if i < len(parts) {
			r.Percent = strings.TrimSpace(parts[i])
		}
		if r != (ShareRow{}) {
			rows = append(rows, r)
		}
	}
	return rows
}

// proposeSheet says who is paid for the tracks that are ticked.
func (v *visit) proposeSheet() error {
	rows := v.sentShares()
	err := v.propose(rows)
	if err == nil {
		return v.goTo("/studio/release/"+v.PathValue("id")+"#paid", "Noted. It holds once every act named has agreed.")
	}
	if fault.Field(err) != "shares" {
		return v.releaseAgain(err)
	}
	p, perr := v.studioReleasePage()
	if perr != nil {
		return perr
	}
	p.Shares, p.ShareError = append(rows, make([]ShareRow, spareRows)...), v.why(err)
	return v.again(err, "studio-release", p, []web.Field{{Name: "shares"}}) // the sentence stands in the table
}

func (v *visit) propose(rows []ShareRow) error {
	if _, err := v.ownRelease(); err != nil {
		return err
	}
	var tracks []id.Track
	for _, s := range v.form["track"] {
		t, err := id.Parse[id.Track](s)
		if err != nil {
			return err
		}
		tracks = append(tracks, t)
	}
	if len(tracks) == 0 {
		return fault.On("shares", fault.Invalid, "Tick the tracks that these shares are for.")
	}
	shares := make([]music.Share, len(rows))
	for i, r := range rows {
		bps, err := basisPoints("shares", r.Percent)
		if err != nil {
			return err
		}
		act, err := v.site.Catalogue.Act(v.Context(), v.ears(), r.Act)
		if fault.Is(err, fault.NotFound) {
			return fault.On("shares", fault.Invalid, "There is no act %q here. Write the name it has in addresses: the part after /act/.", r.Act)
		}
		if err != nil {
			return err
		}
		shares[i] = music.Share{Act: act.Act.ID, Bps: bps}
	}
	_, err := v.site.Studio.Propose(v.Context(), v.ears(), tracks, shares)
	return err
}

// personLines writes credits in words, one a line.
func personLines(people []music.Person) string {
	lines := make([]string, len(people))
	for i, p := range people {
		lines[i] = strings.TrimSuffix(p.Name+": "+p.Role, ": ")
	}
	return strings.Join(lines, "\n")
}

// people reads what personLines writes.
func people(s string) (out []music.Person) {
	for _, m := range members(s) {
		out = append(out, music.Person(m))
	}
	return out
}

// creditPeople writes who plays on every track.
func (v *visit) creditPeople() error {
	full, err := v.ownRelease()
	if err != nil {
		return err
	}
	_, err = v.site.Studio.EditTracks(v.Context(), v.ears(), full.Release.ID, func(t *music.Track) { t.People = people(v.form.Get("people")) })
	if err == nil {
		return v.goTo("/studio/release/"+string(full.Release.ID), "Saved on every track.")
	}
	p, perr := v.studioReleasePage()
	if perr != nil {
		return perr
	}
	fields := []web.Field{p.People}
	fields[0].Value = v.form.Get("people")
	if fault.Field(err) == "people" {
		fields[0].Error = v.why(err)
	}
	p.People = fields[0]
	return v.again(err, "studio-release", p, fields)
}
