package site

import (
	"net/url"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/web"
)

// ReportFormPage asks what is wrong with a thing.
type ReportFormPage struct {
	web.Page
	About    social.Subject
	Forwards bool // its server can be told
	Fields   []web.Field
}

// reportAt is where a thing is reported.
func reportAt(kind social.Kind, target string) string {
	return "/report?" + url.Values{"kind": {string(kind)}, "id": {target}}.Encode()
}

// reporting is that for who is signed in, "" for guests.
func (v *visit) reporting(kind social.Kind, target string) string {
	if v.viewer.Guest() {
		return ""
	}
	return reportAt(kind, target)
}

func (v *visit) reportForm() error {
	p, err := v.reportFormPage(v.URL.Query())
	if err != nil {
		return err
	}
	return v.show("report", p)
}

func (v *visit) reportFormPage(of url.Values) (*ReportFormPage, error) {
	s, err := v.site.Reports.Look(v.Context(), v.ears(), social.Kind(of.Get("kind")), of.Get("id"))
	p := &ReportFormPage{Page: v.base("Report", ""), About: s, Forwards: s.Host != "" && v.site.Reports.Forwards()}
	p.NoIndex = true
	p.Fields = []web.Field{{Name: "text", Label: "What is wrong", Help: "The moderators of this node read it.", Type: "textarea", Required: true, MaxLength: 2000, Wide: true}}
	return p, err
}

func (v *visit) report() error {
	r, err := v.site.Reports.Report(v.Context(), v.ears(), social.Kind(v.form.Get("kind")), v.form.Get("id"), v.form.Get("text"), v.form.Get("forward") != "")
	if err != nil {
		p, perr := v.reportFormPage(v.form)
		if perr != nil {
			return perr
		}
		return v.again(err, "report", p, v.fill(p.Fields))
	}
	return v.goTo(r.About[0].Page, "Reported. The moderators look at it.")
}

// ReportsPage is what was reported.
type ReportsPage struct {
	web.Page
	Views  []View
	States []View
	Closed bool
	Rows   []social.Report
	More   string // address of those after
}

const reportsPath = "/operator/reports"

func (v *visit) reports() error {
	closed := v.URL.Query().Get("closed") != ""
	p := &ReportsPage{Page: v.base("Reports", web.NavOperator), Views: v.nodeViews(reportsPath), Closed: closed, States: []View{
		{Name: "Open", URL: reportsPath, Here: !closed}, {Name: "Closed", URL: reportsPath + "?closed=1", Here: closed},
	}}
	p.NoIndex = true
	list, err := v.site.Reports.List(v.Context(), v.ears(), closed, id.Report(v.URL.Query().Get("after")))
	if err != nil {
		return err
	}
	p.Rows, p.More = list.Rows, v.pagePath("after", string(list.Next))
	return v.show("reports", p)
}

// OneReportPage is one report, and what can be done about it.
type OneReportPage struct {
	web.Page
	Views    []View
	Report   social.Report
	Things   []ReportedThing
	Forwards bool
}

// ReportedThing is what a report is about.
type ReportedThing struct {
	social.Subject
	Comment bool
	Down    string // where it is taken down
}

func (v *visit) oneReport() error {
	what, err := id.Parse[id.Report](v.PathValue("id"))
	if err != nil {
		return err
	}
	r, err := v.site.Reports.Get(v.Context(), v.ears(), what)
	if err != nil {
		return err
	}
	p := &OneReportPage{Page: v.base("A report", web.NavOperator), Views: v.nodeViews(reportsPath), Report: r}
	p.NoIndex = true
	for _, s := range r.About {
		t := ReportedThing{Subject: s, Comment: s.Kind == social.AComment}
		if s.Kind == social.ARelease {
			t.Down = "/operator/music?release=" + s.Target
		}
		p.Forwards = p.Forwards || s.Host != "" && v.site.Reports.Forwards() && r.Told.IsZero()
		p.Things = append(p.Things, t)
	}
	return v.show("onereport", p)
}

// decideReport does one thing about a report.
func (v *visit) decideReport() error {
	what, err := id.Parse[id.Report](v.PathValue("id"))
	if err != nil {
		return err
	}
	ctx, at := v.Context(), reportsPath+"/"+string(what)
	comment := id.Comment(v.form.Get("comment"))
	said := ""
	switch do := v.form.Get("do"); do {
	case "close":
		at, said = reportsPath, "The report is closed."
		err = v.site.Reports.Close(ctx, v.ears(), what, true, v.form.Get("note"))
	case "reopen":
		said = "The report is open again."
		err = v.site.Reports.Close(ctx, v.ears(), what, false, "")
	case "forward":
		said = "Its server is told."
		err = v.site.Reports.Forward(ctx, v.ears(), what, v.form.Get("text"))
	case "hide":
		said = "The comment is hidden."
		err = v.site.Talk.Hide(ctx, v.ears(), comment, true)
	case "delete":
		said = "The comment is deleted."
		_, err = v.site.Talk.Delete(ctx, v.ears(), comment)
	case "silence", "block", "silence-server", "block-server":
		said = "It is decided."
		err = v.decideReported(what, do)
	default:
		err = fault.New(fault.Invalid, "A report can be closed, opened again and passed on.")
	}
	if err != nil {
		return err
	}
	return v.goTo(at, v.words(said))
}

// decideReported silences or blocks whose a reported thing is, or their server.
func (v *visit) decideReported(what id.Report, do string) error {
	verdict, server := strings.CutSuffix(do, "-server")
	whom := v.form.Get("actor")
	if server {
		whom = v.form.Get("host")
	}
	return v.site.Servers.DecideBy(v.Context(), v.ears(), social.Rule{Host: whom, Verdict: social.Verdict(verdict), Reason: "/operator/reports/" + string(what)})
}

// openReports is how many reports wait for moderators.
func (v *visit) openReports() (int64, error) {
	list, err := v.site.Reports.List(v.Context(), v.ears(), false, "")
	return list.Open, err
}
