package site

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/web"
)

// Studios is what the pages of artists and moderators ask.
type Studios struct {
	Studio     *music.Studio
	Moderation *music.Moderation
}

// StudioPage lists what one publishes.
type StudioPage struct {
	web.Page
	Acts   []StudioAct
	Fields []web.Field
}

// StudioAct is one act and its releases.
type StudioAct struct {
	ID, Handle, Name string
	Releases         []StudioLine
}

// StudioLine is one release in the list.
type StudioLine struct {
	Title, URL, State string
	Public            bool
	Cover             web.Cover
}

// stateWords are the states of a release for people.
var stateWords = map[music.State]string{
	music.Draft: "Draft", music.Scheduled: "Scheduled", music.Published: "Out", music.TakenDown: "Taken down",
}

func actFields() []web.Field {
	return []web.Field{{Name: "name", Label: "Name of the act", Required: true, MaxLength: 200, Wide: true}}
}

func (v *visit) studioPage() (*StudioPage, error) {
	p := &StudioPage{Page: v.base("Studio", web.NavStudio), Fields: actFields()}
	p.NoIndex = true
	own, err := v.site.Studio.Acts(v.Context(), v.ears())
	if err != nil {
		return nil, err
	}
	for _, o := range own {
		a := StudioAct{ID: string(o.Act.ID), Handle: o.Act.Handle, Name: o.Act.Name}
		list, err := v.site.Studio.Releases(v.Context(), v.ears(), o.Act.ID)
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			title := r.Facts.Title
			if title == "" {
				title = "Without a title yet"
			}
			a.Releases = append(a.Releases, StudioLine{Title: title, URL: "/studio/release/" + string(r.ID), State: stateWords[r.State], Public: r.State == music.Published, Cover: sleeve(r.Cover)})
		}
		p.Acts = append(p.Acts, a)
	}
	return p, nil
}

func (v *visit) studio() error {
	p, err := v.studioPage()
	if err != nil {
		return err
	}
	return v.show("studio", p)
}

func (v *visit) openStudio() error {
	if err := v.site.Accounts.OpenStudio(v.Context(), v.viewer); err != nil {
		return err
	}
	return v.goTo("/studio", "Your studio is open. Begin with an act.")
}

func (v *visit) newAct() error {
	if _, err := v.site.Studio.CreateAct(v.Context(), v.ears(), music.Act{Name: v.form.Get("name")}); err != nil {
		p, perr := v.studioPage()
		if perr != nil {
			return perr
		}
		return v.again(err, "studio", p, v.fill(p.Fields))
	}
	return v.goTo("/studio", "Noted. Now its first release.")
}

func (v *visit) newRelease() error {
	r, err := v.site.Studio.CreateRelease(v.Context(), v.ears(), id.Act(v.form.Get("act")), music.Facts{})
	if err != nil {
		return err
	}
	return v.goTo("/studio/release/"+string(r.ID), "")
}

// StudioReleasePage is where a release is made.
type StudioReleasePage struct {
	web.Page
	ID      string
	Heading string
	State   string
	Public  bool
	Act     string
	Cover   web.Cover
	Fields  []web.Field
	Tracks  []StudioTrack
	Busy    bool // something is still being prepared
	Preview string
	Zone    string
}

// StudioTrack is one file of a release.
type StudioTrack struct {
	ID, Title, File, State, Why string
	Number                      int
	Ready, Bad                  bool
	Fact                        string // codec and loudness
	ISRC                        string
	Shares                      string // who is paid, in words
}

var trackWords = map[music.TrackState]string{
	music.Uploaded: "Waiting", music.Preparing: "Being prepared", music.Ready: "Ready", music.Refused: "Cannot be read", music.Removed: "Removed",
}

func releaseFields(f music.Facts) []web.Field {
	option := func(list []string) (out []web.Option) {
		for _, s := range list {
			out = append(out, web.Option{Value: s, Label: strings.ToUpper(s[:1]) + strings.ReplaceAll(s[1:], "-", " ")})
		}
		return out
	}
	var kinds, licences []string
	for _, k := range music.Kinds() {
		kinds = append(kinds, string(k))
	}
	for _, l := range music.Licences() {
		licences = append(licences, string(l))
	}
	return []web.Field{
		{Name: "title", Label: "Title", Value: f.Title, Wide: true, MaxLength: 300},
		{Name: "artist", Label: "Artist, as printed", Value: f.Artist, MaxLength: 200},
		{Name: "kind", Label: "Kind", Type: "select", Value: string(f.Kind), Options: option(kinds)},
		{Name: "date", Label: "Date", Value: f.Date, Placeholder: "2026-12-04", MaxLength: 10},
		{Name: "licence", Label: "Licence", Type: "select", Value: string(f.Licence), Options: option(licences)},
		{Name: "label", Label: "Label", Value: f.Label, MaxLength: 200},
		{Name: "tags", Label: "Tags", Value: strings.Join(f.Tags, ", "), Help: "Separated by commas."},
		{Name: "description", Label: "About it", Type: "textarea", Value: f.Description, Wide: true, MaxLength: 5000},
	}
}

func (v *visit) studioReleasePage() (*StudioReleasePage, error) {
	full, err := v.site.Catalogue.Release(v.Context(), v.ears(), id.Release(v.PathValue("id")), "")
	if err != nil {
		return nil, err
	}
	if full.Role == music.NoRole && !v.viewer.Has(account.Admin) {
		return nil, fault.New(fault.NotFound, "There is no such release in your studio.")
	}
	r := full.Release
	p := &StudioReleasePage{Page: v.base(r.Facts.Title, web.NavStudio), ID: string(r.ID), Heading: r.Facts.Title, State: stateWords[r.State], Public: r.State == music.Published,
		Act: full.Act.Name, Cover: sleeve(r.Cover), Fields: releaseFields(r.Facts)}
	p.Scripts, p.NoIndex, p.Accents = []string{"studio.js"}, true, p.Cover.Accents
	if p.Heading == "" {
		p.Heading, p.Title = "New release", "New release"
	}
	if r.Preview != "" {
		p.Preview = v.site.BaseURL + "/release/" + string(r.ID) + "?preview=" + r.Preview
	}
	for _, t := range full.Tracks {
		p.Tracks = append(p.Tracks, studioTrack(t, full.Names))
		p.Busy = p.Busy || t.Track.State == music.Uploaded || t.Track.State == music.Preparing
	}
	return p, nil
}

func studioTrack(t music.FullTrack, names map[id.Act]music.ActRow) StudioTrack {
	s := StudioTrack{ID: string(t.Track.ID), Title: t.Track.Title, File: t.Track.Filename, State: trackWords[t.Track.State], Why: t.Track.Refusal, Number: t.Track.Number,
		Ready: t.Track.State == music.Ready, Bad: t.Track.State == music.Refused, ISRC: t.Track.ISRC}
	if a := t.Asset; a != nil && a.Codec != "" {
		s.Fact = strings.ToUpper(a.Codec) + ", " + web.Clock(a.DurationMS)
		if a.Measured {
			s.Fact += fmt.Sprintf(", %.1f LUFS", float64(a.Loudness)/1000)
		}
	}
	var shares []string
	for _, x := range t.Sheet.Shares {
		shares = append(shares, fmt.Sprintf("%s %s %%", names[x.Act].Name, strconv.FormatFloat(float64(x.Bps)/100, 'f', -1, 64)))
	}
	s.Shares = strings.Join(shares, ", ")
	return s
}

func (v *visit) studioRelease() error {
	p, err := v.studioReleasePage()
	if err != nil {
		return err
	}
	return v.show("studio-release", p)
}

// releaseAgain shows the page once more with what was refused.
func (v *visit) releaseAgain(err error) error {
	p, perr := v.studioReleasePage()
	if perr != nil {
		return perr
	}
	if v.form.Has("title") {
		v.fill(p.Fields)
	}
	return v.again(err, "studio-release", p, p.Fields)
}

func (v *visit) editRelease() error {
	f := v.form
	_, err := v.site.Studio.EditRelease(v.Context(), v.ears(), id.Release(v.PathValue("id")), func(x *music.Facts) {
		x.Title, x.Artist, x.Kind, x.Date = f.Get("title"), f.Get("artist"), music.Kind(f.Get("kind")), f.Get("date")
		x.Licence, x.Label, x.Description = music.Licence(f.Get("licence")), f.Get("label"), f.Get("description")
		x.Tags = nil
		for t := range strings.SplitSeq(f.Get("tags"), ",") {
			if t = strings.TrimSpace(t); t != "" {
				x.Tags = append(x.Tags, t)
			}
		}
	})
	if err != nil {
		return v.releaseAgain(err)
	}
	return v.goTo("/studio/release/"+v.PathValue("id"), "Saved.")
}

// releaseDoes are the buttons of a release.
func (v *visit) releaseDoes() error {
	r, ctx := id.Release(v.PathValue("id")), v.Context()
	to, said := "/studio/release/"+string(r), ""
	var err error
	switch v.form.Get("do") {
	case "publish":
		_, err = v.site.Studio.Publish(ctx, v.ears(), r)
		to, said = "/release/"+string(r), "It is out."
	case "schedule":
		_, err = v.site.Studio.Schedule(ctx, v.ears(), r, v.form.Get("at"), v.form.Get("zone"))
		said = "Scheduled."
	case "withdraw":
		_, err = v.site.Studio.Withdraw(ctx, v.ears(), r)
		said = "It is a draft again."
	case "preview":
		_, err = v.site.Studio.Preview(ctx, v.ears(), r, true)
		said = "Whoever has the link can listen."
	case "unpreview":
		_, err = v.site.Studio.Preview(ctx, v.ears(), r, false)
		said = "The link does not work any more."
	case "delete":
		err = v.site.Studio.Delete(ctx, v.ears(), r)
		to, said = "/studio", "Deleted."
	case "remove":
		err = v.site.Studio.RemoveTrack(ctx, v.ears(), id.Track(v.form.Get("track")))
		said = "Removed."
	default:
		err = fault.New(fault.Invalid, "That button is not known here.")
	}
	if err != nil {
		return v.releaseAgain(err)
	}
	return v.goTo(to, said)
}

func (v *visit) editTrack() error {
	_, err := v.site.Studio.EditTrack(v.Context(), v.ears(), id.Track(v.form.Get("track")), func(t *music.Track) {
		t.Title, t.ISRC = v.form.Get("track_title"), v.form.Get("isrc")
	})
	if err != nil {
		return v.releaseAgain(err)
	}
	return v.goTo("/studio/release/"+v.PathValue("id"), "Saved.")
}

// StatementPage is what an act was credited.
type StatementPage struct {
	web.Page
	Act    string
	Months []StatementLine
	Sum    money.Micro
	Empty  web.Empty
}

// StatementLine is one month of it.
type StatementLine struct {
	When      time.Time
	Listeners uint32
	Micro     money.Micro
	State     string
	Proof     string
}

func (v *visit) statement() error {
	act := id.Act(v.PathValue("id"))
	if err := v.mine(act); err != nil {
		return err
	}
	rows, err := v.site.Catalogue.ActNames(v.Context(), []id.Act{act})
	if err != nil {
		return err
	}
	list, err := v.site.Report.Earnings(v.Context(), act)
	if err != nil {
		return err
	}
	p := &StatementPage{Page: v.base("Earnings", web.NavStudio), Act: rows[act].Name, Empty: web.Empty{Title: "No month is settled yet", Text: "The first statement comes on the 4th of the month after somebody who pays has this act in their nine."}}
	p.NoIndex = true
	for _, e := range list {
		state, _ := stateOf(e.Period)
		p.Months = append(p.Months, StatementLine{When: e.Period.Period.Start(), Listeners: e.Line.Count, Micro: e.Line.Sum(), State: state,
			Proof: "/studio/act/" + string(act) + "/proof/" + e.Period.Period.String()})
		p.Sum += e.Line.Sum()
	}
	return v.show("statement", p)
}

// mine refuses who has no part in an act.
func (v *visit) mine(act id.Act) error {
	if v.viewer.Has(account.Admin) {
		return nil
	}
	own, err := v.site.Studio.Acts(v.Context(), v.ears())
	if err != nil {
		return err
	}
	for _, o := range own {
		if o.Act.ID == act {
			return nil
		}
	}
	return fault.New(fault.NotFound, "There is no such act in your studio.")
}

func (v *visit) actProof() error {
	act := id.Act(v.PathValue("id"))
	if err := v.mine(act); err != nil {
		return err
	}
	period, err := calendar.ParsePeriod(v.PathValue("period"))
	if err != nil {
		return err
	}
	file, err := v.site.Report.ActProof(v.Context(), act, period)
	if err != nil {
		return err
	}
	return v.download(string(act)+"-"+period.String()+".9ten-act.json", "application/json", file)
}

// LedgerPage says what the node's log and ledger hold.
type LedgerPage struct {
	web.Page
	Machine Machine
	Keys    royalty.Keys
}

func (v *visit) ledger() error {
	m, err := v.site.Engine.Machine(v.Context())
	if err != nil {
		return err
	}
	return v.show("ledger", &LedgerPage{Page: v.base("Ledger and log", ""), Machine: m, Keys: v.site.Keys})
}

// PlainPage has words and nothing else.
type PlainPage struct{ web.Page }

func (v *visit) privacy() error {
	return v.show("privacy", &PlainPage{v.base("What is kept about you", "")})
}

// studioPages are those of artists.
func (s *Site) studioPages() []page {
	return []page{
		{pattern: "GET /studio", who: artist, do: (*visit).studio},
		{pattern: "POST /studio/open", who: listener, do: (*visit).openStudio},
		{pattern: "POST /studio/acts", who: artist, do: (*visit).newAct},
		{pattern: "POST /studio/releases", who: artist, do: (*visit).newRelease},
		{pattern: "GET /studio/release/{id}", who: artist, do: (*visit).studioRelease},
		{pattern: "POST /studio/release/{id}", who: artist, do: (*visit).editRelease},
		{pattern: "POST /studio/release/{id}/do", who: artist, do: (*visit).releaseDoes},
		{pattern: "POST /studio/release/{id}/track", who: artist, do: (*visit).editTrack},
		{pattern: "GET /studio/act/{id}/statement", who: artist, do: (*visit).statement},
		{pattern: "GET /studio/act/{id}/proof/{period}", who: artist, do: (*visit).actProof},
		{pattern: "GET /ledger", do: (*visit).ledger},
		{pattern: "GET /privacy", do: (*visit).privacy},
	}
}
