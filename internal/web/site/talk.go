package site

import (
	"cmp"
	"html/template"
	"path"
	"strconv"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/web"
)

// Talk is what was said about a release and its tracks.
type Talk struct {
	Shown    bool // the release is public
	Comments []CommentLine
	More     string // address with older ones
	Policy   string
	Writes   bool
	Boosts   bool     // may share it
	Keeps    bool     // may hide and delete
	Refused  []string // what else of what others see the viewer may not do, and why
	Choices  []Choice
	As       string // who the viewer is on other servers, which are told; "" it stays here
	Act      Choice // in whose name the viewer may say it, of whose people they are
	ActAs    string // who that is on other servers, which are told; "" they are not
}

// A CommentLine is a comment as the page shows it.
type CommentLine struct {
	ID, Name, Address string
	Page              string // of the author elsewhere, or as others see them; "" of another listener here
	At                time.Time
	URL               string // where it stands elsewhere
	HTML              template.HTML
	Track             string // title, "" the release as a whole
	TrackURL          string
	Place             string // "1:23", "" nowhere
	Seconds           string // the same for the player
	TrackID           string
	Edited, Hidden    bool
	Own               bool
	Depth             int
	Report            string // where it is reported
	Actor             string // address of its author elsewhere, "" of one here
	Barred            bool   // the act blocks them
	Source            string // of the viewer's own, what they wrote
}

// A Mark is a comment on a waveform.
type Mark struct {
	ID, Name, Place string
	Percent         float64
}

// perTalk is how many comments a page shows.
const perTalk = 50

// talk adds what was said.
func (v *visit) talk(p *ReleasePage) error {
	before, _ := id.Parse[id.Comment](v.URL.Query().Get("comments")) // "" for what is none: the latest
	c, err := v.site.Talk.Comments(v.Context(), v.ears(), p.ID, before, perTalk)
	if err != nil {
		return err
	}
	p.Talk = Talk{Shown: true, Policy: string(c.Policies[social.Commenting]), Writes: c.May[social.Commenting], Boosts: c.May[social.Boosting], Keeps: c.Keeps}
	if c.Next != "" {
		p.Talk.More = v.pagePath("comments", string(c.Next)) + "#comments"
	}
	if v.viewer.Account != "" && v.site.People.Federates {
		if err := v.asSeen(p); err != nil {
			return err
		}
	}
	v.refused(p, &c)
	if p.Own {
		p.Talk.Act = Choice{string(p.Act), p.ActName}
		if v.site.People.Federates {
			p.Talk.ActAs = v.addressOf(path.Base(p.ActURL))
		}
	}
	at := map[id.Track]*ReleaseTrack{}
	for i := range p.Tracks {
		t := &p.Tracks[i]
		at[id.Track(t.Ref.ID)] = t
		p.Talk.Choices = append(p.Talk.Choices, Choice{t.Ref.ID, t.Ref.Title})
	}
	for i := range c.Comments {
		line := commentLine(&c.Comments[i])
		if t := at[c.Comments[i].Thing.Track]; t != nil {
			line.Track, line.TrackURL = t.Ref.Title, t.Ref.URL
			if line.Place != "" && t.Ref.Millis > 0 && !line.Hidden {
				t.Marks = append(t.Marks, Mark{line.ID, line.Name, line.Place, 100 * float64(c.Comments[i].Position) / float64(t.Ref.Millis)})
			}
		}
		p.Talk.Comments = append(p.Talk.Comments, line)
	}
	return nil
}

// A barred is something that an act has done by some alone.
type barred struct {
	verb social.Verb
	who  social.Policy
}

var barredWords = map[barred]string{
	{social.Liking, social.Nobody}:      "The act takes no likes of it: yours is for you alone.",
	{social.Liking, social.Followers}:   "The act takes likes of it from who follows it: yours is for you alone.",
	{social.Boosting, social.Nobody}:    "The act takes no boosts of it.",
	{social.Boosting, social.Followers}: "Only who follows the act boosts it.",
}

// refused says what the viewer may not do of what others would learn: a like reaches an
// act elsewhere, and a boost anybody, from who is seen there alone.
func (v *visit) refused(p *ReleasePage, c *social.Conversation) {
	seen := p.Talk.As != ""
	learnt := map[social.Verb]bool{social.Liking: seen || p.Away.Host == "", social.Boosting: seen}
	for _, verb := range social.Verbs() {
		if v.viewer.Account != "" && learnt[verb] && !c.May[verb] {
			p.Talk.Refused = append(p.Talk.Refused, barredWords[barred{verb, c.Policies[verb]}])
		}
	}
}

// asSeen adds who the viewer is on other servers, and what of a release they share there.
func (v *visit) asSeen(p *ReleasePage) error {
	who, err := v.site.People.Of(v.Context(), v.viewer.Account)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	p.Talk.As = v.addressOf(who.Handle)
	shared, err := v.site.People.BoostedOn(v.Context(), who.ID, p.ID)
	for _, t := range shared {
		if t == "" {
			p.Boosted = true
		}
		for i := range p.Tracks {
			if t != "" && p.Tracks[i].Ref.ID == string(t) {
				p.Tracks[i].Boosted = true
			}
		}
	}
	return err
}

// boost shares a track or a release with who follows the viewer on other servers, or no
// longer.
func (v *visit) boost() error {
	var t social.Thing
	var err error
	switch v.form.Get("kind") {
	case "track":
		t.Track, err = id.Parse[id.Track](v.form.Get("id"))
	case "release":
		t.Release, err = id.Parse[id.Release](v.form.Get("id"))
	default:
		err = fault.New(fault.Invalid, "Only tracks and releases can be shared.")
	}
	if err == nil {
		err = v.site.People.Boost(v.Context(), v.ears(), t, v.form.Get("on") == "1")
	}
	if err != nil {
		return err
	}
	return v.back("")
}

func commentLine(s *social.Said) CommentLine {
	c := CommentLine{ID: string(s.ID), Name: s.Author.Name, Address: s.Author.Address(), Page: s.Author.Page(), At: s.At, URL: s.URL, HTML: template.HTML(s.HTML), // social.Clean made it
		TrackID: string(s.Thing.Track), Edited: s.Changed.After(s.At), Hidden: s.Hidden, Own: s.Own, Depth: s.Depth, Report: reportAt(social.AComment, string(s.ID)), Actor: s.Author.Actor, Barred: s.Barred}
	if c.Name == "" {
		c.Name = c.Address
	}
	if s.Own {
		c.Source = social.Source(s.HTML)
	}
	if s.Position >= 0 {
		c.Place, c.Seconds = web.Clock(s.Position), strconv.FormatInt(s.Position/1000, 10)
	}
	return c
}

// comment says something about a release or one of its tracks.
func (v *visit) comment() error {
	r, err := id.Parse[id.Release](v.PathValue("id"))
	if err != nil {
		return err
	}
	d := social.Draft{Thing: social.Thing{Release: r}, Parent: id.Comment(v.form.Get("parent")), Text: v.form.Get("text"), As: id.Act(v.form.Get("as"))}
	if t := v.form.Get("track"); t != "" {
		if d.Thing.Track, err = id.Parse[id.Track](t); err != nil {
			return err
		}
	}
	if d.Position, err = social.Position(v.form.Get("at")); err != nil {
		return err
	}
	c, err := v.site.Talk.Write(v.Context(), v.ears(), d)
	if err != nil {
		return err
	}
	return v.goTo("/release/"+string(c.Thing.Release)+"#c-"+string(c.ID), "")
}

// keepComment changes, hides, shows or deletes a comment.
func (v *visit) keepComment() error {
	c, err := id.Parse[id.Comment](v.PathValue("id"))
	if err != nil {
		return err
	}
	switch do := v.form.Get("do"); do {
	case "hide", "show":
		if err := v.site.Talk.Hide(v.Context(), v.ears(), c, do == "hide"); err != nil {
			return err
		}
		return v.back("")
	case "edit":
		at, err := social.Position(v.form.Get("at"))
		if err != nil {
			return err
		}
		said, err := v.site.Talk.Edit(v.Context(), v.ears(), c, v.form.Get("text"), at)
		if err != nil {
			return err
		}
		return v.goTo("/release/"+string(said.Thing.Release)+"#c-"+string(c), "")
	case "delete":
		r, err := v.site.Talk.Delete(v.Context(), v.ears(), c)
		if err != nil {
			return err
		}
		return v.goTo("/release/"+string(r)+"#comments", v.words("The comment is deleted."))
	}
	return fault.New(fault.Invalid, "A comment can be changed, hidden, shown and deleted.")
}

// talkLabels are what is asked, by what is done.
var talkLabels = map[social.Verb]web.Field{social.Commenting: {Label: "Who may comment"}, social.Liking: {Label: "Who may like it"}, social.Boosting: {Label: "Who may boost it"}}

// talkFields ask who may do what: with all of an act's music, or with one release.
func (v *visit) talkFields(act id.Act, r id.Release) (out []web.Field, err error) {
	said, err := v.site.Talk.Policies(v.Context(), v.ears(), act, r)
	if err != nil {
		return nil, err
	}
	options := []web.Option{{Value: string(social.Everybody), Label: "Everybody"}, {Value: string(social.Followers), Label: "Who follows the act"}, {Value: string(social.Nobody), Label: "Nobody"}}
	if r != "" {
		options = append([]web.Option{{Value: "", Label: "As the act says"}}, options...)
	}
	for _, verb := range social.Verbs() {
		f := talkLabels[verb]
		f.Name, f.ID, f.Type, f.Options, f.Value = string(verb), "l-"+string(verb), "select", options, string(said[verb])
		if r == "" {
			f.Value = cmp.Or(f.Value, string(social.Everybody))
		}
		out = append(out, f)
	}
	return out, nil
}

// talkSaid reads them.
func (v *visit) talkSaid() social.Policies {
	out := social.Policies{}
	for _, verb := range social.Verbs() {
		if v.form.Has(string(verb)) {
			out[verb] = social.Policy(v.form.Get(string(verb)))
		}
	}
	return out
}

// actTalk says who may do what with an act's music.
func (v *visit) actTalk() error {
	full, err := v.ownAct()
	if err != nil {
		return err
	}
	if err := v.site.Talk.SetPolicies(v.Context(), v.ears(), full.Act.ID, "", v.talkSaid()); err != nil {
		return err
	}
	return v.goTo("/studio/act/"+string(full.Act.ID), "Saved.")
}

// releaseTalk says who may do what with one release.
func (v *visit) releaseTalk() error {
	full, err := v.ownRelease()
	if err != nil {
		return err
	}
	if err := v.site.Talk.SetPolicies(v.Context(), v.ears(), full.Act.ID, full.Release.ID, v.talkSaid()); err != nil {
		return err
	}
	return v.goTo("/studio/release/"+string(full.Release.ID), "Saved.")
}
