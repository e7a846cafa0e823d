package site

import (
	"context"
	"io"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/web"
)

// Studios is what the pages of artists and moderators ask.
type Studios struct {
	Studio     *music.Studio
	Moderation *music.Moderation
	// TakeFile adds a whole file to a release. It returns the faults of
	// music.Studio.MayAdd and Import, and TooLarge.
	TakeFile func(ctx context.Context, v music.Viewer, r id.Release, filename string, file io.Reader) error
	// TakeCover makes a cover of a picture. Faults: Invalid, Unsupported,
	// TooLarge.
	TakeCover func(ctx context.Context, picture io.Reader) (music.Cover, error)
}

// StudioPage lists what one publishes, and what waits to be done.
type StudioPage struct {
	web.Page
	Acts    []StudioAct
	Publish []StudioAct // those that are no labels
	Todo    []Todo
	Fields  []web.Field
}

// StudioAct is one act and its releases.
type StudioAct struct {
	ID, Handle, Name string
	Label            bool
	Role             string // in words
	Cover            web.Cover
	Releases         []StudioLine
	Earned           money.Micro // in the last settled month
	Month            time.Time   // that month; zero: none yet
}

// StudioLine is one release in the list.
type StudioLine struct {
	Title, URL string
	Kind, Year string
	State      string // in words
	Class      string // of the state: "good", "warn", "bad" or ""
	Public     bool
	Cover      web.Cover
	Tracks     int
	When       time.Time // a scheduled one comes out then
	Plays      int64
}

// A Todo is something that waits for the artist. Kind names the sentence.
type Todo struct {
	Kind  string // "credits", "wallet", "refused", "ready", "empty", "down"
	Name  string // of the act or release
	URL   string
	Count int
	Micro money.Micro // what waits
	Until time.Time   // how long
}

// stateWords are the states of a release for people.
var stateWords = map[music.State]string{
	music.Draft: "Draft", music.Scheduled: "Scheduled", music.Published: "Out", music.TakenDown: "Taken down",
}

// stateMoods colour them.
var stateMoods = map[music.State]string{music.Published: "good", music.Scheduled: "warn", music.TakenDown: "bad"}

func actFields() []web.Field {
	return []web.Field{
		{Name: "name", Label: "Name of the act or label", Required: true, MaxLength: 120, Wide: true},
		{Name: "kind", Label: "What it is", Type: "select", Value: "act", Wide: true, Options: []web.Option{{Value: "act", Label: "An artist or a band"}, {Value: "label", Label: "A label: acts publish under its name"}}},
	}
}

func (v *visit) studioPage() (*StudioPage, error) {
	p := &StudioPage{Page: v.base("Studio", web.NavStudio), Fields: actFields()}
	p.NoIndex = true
	desks, err := v.site.Studio.Desks(v.Context(), v.ears())
	if err != nil {
		return nil, err
	}
	for i := range desks {
		a, err := v.studioAct(&desks[i])
		if err != nil {
			return nil, err
		}
		p.Acts = append(p.Acts, a)
		if !a.Label {
			p.Publish = append(p.Publish, a)
		}
		waits, err := v.waits(&desks[i].Act)
		if err != nil {
			return nil, err
		}
		p.Todo = append(p.Todo, waits...)
		p.Todo = append(p.Todo, todo(&desks[i])...)
	}
	return p, nil
}

func (v *visit) studioAct(d *music.Desk) (StudioAct, error) {
	a := StudioAct{ID: string(d.Act.ID), Handle: d.Act.Handle, Name: d.Act.Name, Label: d.Act.Label, Role: placeWords[d.Role], Cover: sleeve(d.Act.Cover)}
	for i := range d.Releases {
		a.Releases = append(a.Releases, studioLine(&d.Releases[i]))
		if a.Cover.ID == "" {
			a.Cover = sleeve(d.Releases[i].Release.Cover)
		}
	}
	earned, err := v.site.Report.Earnings(v.Context(), d.Act.ID)
	if len(earned) > 0 {
		a.Earned, a.Month = earned[0].Line.Sum(), earned[0].Period.Period.Start()
	}
	return a, err
}

func studioLine(d *music.DeskRelease) StudioLine {
	r := &d.Release
	l := StudioLine{
		Title: r.Facts.Title, URL: "/studio/release/" + string(r.ID), Kind: kinds[r.Facts.Kind], Year: year(r.Facts.Date), State: stateWords[r.State],
		Class: stateMoods[r.State], Public: r.State == music.Published, Cover: sleeve(r.Cover), Tracks: d.Tracks, Plays: r.Plays,
	}
	if r.State == music.Scheduled {
		l.When = r.PublishAt
	}
	return l
}

// waits says what an act without wallets is owed, and until when the first of
// it is.
func (v *visit) waits(act *music.Act) ([]Todo, error) {
	list, err := v.site.Report.Waiting(v.Context(), act.ID)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	t := Todo{Kind: "wallet", Name: act.Name, URL: "/studio/act/" + string(act.ID) + "#h-wal", Until: list[0].Until}
	for _, w := range list {
		t.Micro += w.Micro
	}
	return []Todo{t}, nil
}

// todo lists what an act's people should look at, the most pressing first.
func todo(d *music.Desk) (list []Todo) {
	if n := len(d.Waiting); n > 0 {
		list = append(list, Todo{Kind: "credits", Name: d.Act.Name, URL: "/studio/act/" + string(d.Act.ID) + "#waiting", Count: n})
	}
	for i := range d.Releases {
		x := &d.Releases[i]
		t := Todo{Name: x.Release.Facts.Title, URL: "/studio/release/" + string(x.Release.ID)}
		draft := x.Release.State == music.Draft
		switch {
		case x.Release.State == music.TakenDown:
			t.Kind = "down"
		case x.Refused > 0:
			t.Kind, t.Count = "refused", x.Refused
		case draft && x.Tracks == 0:
			t.Kind = "empty"
		case draft && x.Preparing == 0 && x.Release.Facts.Title != "" && x.Release.Published.IsZero():
			t.Kind = "ready"
		default:
			continue
		}
		list = append(list, t)
	}
	return list
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
	a, err := v.site.Studio.CreateAct(v.Context(), v.ears(), music.Act{Name: v.form.Get("name"), Label: v.form.Get("kind") == "label"})
	if err != nil {
		p, perr := v.studioPage()
		if perr != nil {
			return perr
		}
		return v.again(err, "studio", p, v.fill(p.Fields))
	}
	if a.Label {
		return v.goTo("/studio/act/"+string(a.ID), "Your label is there. Say a little about it, and ask its acts.")
	}
	return v.goTo("/studio/act/"+string(a.ID), "Your act is there. Say a little about it, or go straight to its first release.")
}

func (v *visit) newRelease() error {
	act, err := id.Parse[id.Act](v.form.Get("act"))
	if err != nil {
		return err
	}
	r, err := v.site.Studio.CreateRelease(v.Context(), v.ears(), act, music.Facts{})
	if err != nil {
		return err
	}
	return v.goTo("/studio/release/"+string(r.ID), "")
}

// ownAct is the act that the path names and the viewer's role in it. To
// everybody else it is not there.
func (v *visit) ownAct() (music.FullAct, error) {
	missing := fault.New(fault.NotFound, "There is no such act in your studio.")
	act, err := id.Parse[id.Act](v.PathValue("id"))
	if err != nil {
		return music.FullAct{}, missing
	}
	full, err := v.site.Catalogue.Act(v.Context(), v.ears(), string(act))
	if fault.Is(err, fault.NotFound) || err == nil && (full.Role == music.NoRole || full.Act.ID != act) {
		return music.FullAct{}, missing
	}
	return full, err
}

// studioPages are those of artists.
func (s *Site) studioPages() []page {
	return []page{
		{pattern: "GET /studio", who: artist, do: (*visit).studio},
		{pattern: "POST /studio/open", who: listener, do: (*visit).openStudio},
		{pattern: "POST /studio/acts", who: artist, do: (*visit).newAct},
		{pattern: "POST /studio/releases", who: artist, do: (*visit).newRelease},
		{pattern: "GET /studio/act/{id}", who: artist, do: (*visit).actEditor},
		{pattern: "POST /studio/act/{id}", who: artist, do: (*visit).editAct},
		{pattern: "POST /studio/act/{id}/cover", who: artist, files: maxPicture, do: (*visit).actCover},
		{pattern: "POST /studio/act/{id}/label", who: artist, do: (*visit).actLabel},
		{pattern: "POST /studio/act/{id}/live", who: artist, do: (*visit).actLive},
		{pattern: "POST /studio/act/{id}/comments", who: artist, do: (*visit).actTalk},
		{pattern: "GET /studio/act/{id}/home", who: artist, do: (*visit).actHome},
		{pattern: "POST /studio/act/{id}/home", who: artist, do: (*visit).moveAct},
		{pattern: "GET /studio/act/{id}/followers", who: artist, do: (*visit).actFollowers},
		{pattern: "POST /studio/act/{id}/followers", who: artist, do: (*visit).judgeActFollower},
		{pattern: "POST /studio/release/{id}/comments", who: artist, do: (*visit).releaseTalk},
		{pattern: "POST /studio/act/{id}/wallets", who: artist, do: (*visit).editWallets},
		{pattern: "POST /studio/act/{id}/people", who: artist, do: (*visit).editPlaces},
		{pattern: "POST /studio/act/{id}/credits", who: artist, do: (*visit).answerSheet},
		{pattern: "GET /studio/act/{id}/statement", who: artist, do: (*visit).statement},
		{pattern: "GET /studio/act/{id}/statement.csv", who: artist, do: (*visit).statementFile},
		{pattern: "GET /studio/act/{id}/proof/{period}", who: artist, do: (*visit).actProof},
		{pattern: "GET /studio/release/{id}", who: artist, do: (*visit).studioRelease},
		{pattern: "POST /studio/release/{id}", who: artist, do: (*visit).editRelease},
		{pattern: "POST /studio/release/{id}/do", who: artist, do: (*visit).releaseDoes},
		{pattern: "POST /studio/release/{id}/files", who: artist, files: maxFiles, do: (*visit).addFiles},
		{pattern: "POST /studio/release/{id}/cover", who: artist, files: maxPicture, do: (*visit).releaseCover},
		{pattern: "POST /studio/release/{id}/people", who: artist, do: (*visit).creditPeople},
		{pattern: "POST /studio/release/{id}/credits", who: artist, do: (*visit).proposeSheet},
		{pattern: "GET /studio/release/{id}/track/{track}", who: artist, do: (*visit).studioTrack},
		{pattern: "POST /studio/release/{id}/track/{track}", who: artist, do: (*visit).editTrack},
		{pattern: "GET /ledger", do: (*visit).ledger},
		{pattern: "GET /privacy", do: (*visit).privacy},
	}
}
