package api

import (
	"context"
	"net/http"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// reports are what people here and other servers find wrong.
func (a *API) reports(r *router) {
	op := func(method, path, id, summary string) operation {
		return operation{method: method, path: "/moderation/reports" + path, id: id, tag: "Moderation", scope: account.ScopeAdmin, role: account.Moderator, summary: summary}
	}
	add(r, operation{method: http.MethodPost, path: "/reports", id: "report", tag: "Moderation", scope: account.ScopeLibrary, status: http.StatusCreated, summary: "Tell the moderators that something is wrong"}, a.report)
	add(r, op(http.MethodGet, "", "list-reports", "What was reported, the latest first"), a.listReports)
	add(r, op(http.MethodGet, "/{report}", "get-report", "One report"), a.getReport)
	add(r, op(http.MethodPut, "/{report}/closed", "close-report", "Close a report"), a.closeReport)
	add(r, op(http.MethodDelete, "/{report}/closed", "reopen-report", "Open a closed report again"), a.reopenReport)
	add(r, op(http.MethodPost, "/{report}/forward", "forward-report", "Tell the server that it is about, in the name of this node"), a.forwardReport)
}

// Report says that something is wrong.
type Report struct {
	ID     id.Report `json:"id"`
	By     string    `json:"by,omitempty" doc:"@name of somebody here, @name@host or an address of somebody elsewhere; none when the account is gone"`
	Host   string    `json:"host,omitempty" doc:"Server that says so; none: somebody here"`
	Text   string    `json:"text"`
	At     int64     `json:"at_ms" doc:"Unix milliseconds"`
	About  []Subject `json:"about"`
	Told   int64     `json:"told_ms,omitempty" doc:"When the server that it is about was told"`
	Closed int64     `json:"closed_ms,omitempty"`
	Closer string    `json:"closed_by,omitempty"`
	Note   string    `json:"note,omitempty"`
}

// Subject is what a report is about, as it was then.
type Subject struct {
	Kind social.Kind `json:"kind" enum:"act,release,comment,person,playlist,live,act-elsewhere,release-elsewhere,playlist-elsewhere"`
	ID   string      `json:"id" doc:"Of an act, a person, a release, a playlist, a live event or a comment here; address of somebody elsewhere"`
	Name string      `json:"name" doc:"Title, or whose it is"`
	Text string      `json:"text,omitempty" doc:"Of a comment, or what a person or a playlist says of itself"`
	Page string      `json:"page" doc:"Path of it here"`
	Host string      `json:"host,omitempty" doc:"Server of whose it is; none: of here"`
	IRI  string      `json:"iri,omitempty" doc:"Its address there"`
}

func reportOf(r *social.Report) Report {
	return Report{ID: r.ID, By: r.By.Said(), Host: r.By.Host, Text: r.Words, At: unixMS(r.At), Told: unixMS(r.Told), Closed: unixMS(r.Closed), Closer: r.Closer, Note: r.Note,
		About: each(r.About, func(s *social.Subject) Subject {
			return Subject{s.Kind, s.Target, s.Name, s.Words, s.Page, s.Host, s.IRI}
		})}
}

func (a *API) report(ctx context.Context, in *struct {
	Body struct {
		Kind    social.Kind `json:"kind" enum:"act,release,comment,person,playlist,live,act-elsewhere,release-elsewhere,playlist-elsewhere"`
		ID      string      `json:"id" maxLength:"2048" doc:"Of an act, a person, a release, a playlist, a live event or a comment here; address of somebody elsewhere"`
		Text    string      `json:"text" minLength:"1" maxLength:"2000" doc:"What is wrong"`
		Forward bool        `json:"forward,omitempty" doc:"Tell its server too, in the name of this node: your words, not who you are"`
	}
}) (*output[Report], error) {
	r, err := a.Reports.Report(ctx, mover(ctx), in.Body.Kind, in.Body.ID, in.Body.Text, in.Body.Forward)
	if err != nil {
		return nil, err
	}
	return reply(reportOf(&r))
}

// ReportPage is some of the reports.
type ReportPage struct {
	Rows []Report  `json:"rows"`
	Next id.Report `json:"next,omitempty" doc:"Cursor of the page after"`
	Open int64     `json:"open" doc:"How many are open in all"`
}

func (a *API) listReports(ctx context.Context, in *struct {
	Closed bool   `query:"closed" doc:"Those that are closed; without it, those that are open"`
	After  string `query:"after" maxLength:"26" doc:"Cursor from the page before"`
}) (*output[ReportPage], error) {
	p, err := a.Reports.List(ctx, mover(ctx), in.Closed, id.Report(in.After))
	if err != nil {
		return nil, err
	}
	return reply(ReportPage{each(p.Rows, reportOf), p.Next, p.Open})
}

// ReportRef names a report in a path.
type ReportRef struct {
	Report string `path:"report" doc:"Report id"`
}

func (a *API) getReport(ctx context.Context, in *ReportRef) (*output[Report], error) {
	what, err := id.Parse[id.Report](in.Report)
	if err != nil {
		return nil, err
	}
	r, err := a.Reports.Get(ctx, mover(ctx), what)
	if err != nil {
		return nil, err
	}
	return reply(reportOf(&r))
}

func (a *API) closeReport(ctx context.Context, in *struct {
	ReportRef
	Body struct {
		Note string `json:"note,omitempty" maxLength:"500" doc:"For the other moderators"`
	}
}) (*struct{}, error) {
	what, err := id.Parse[id.Report](in.Report)
	if err != nil {
		return nil, err
	}
	return nil, a.Reports.Close(ctx, mover(ctx), what, true, in.Body.Note)
}

func (a *API) reopenReport(ctx context.Context, in *ReportRef) (*struct{}, error) {
	what, err := id.Parse[id.Report](in.Report)
	if err != nil {
		return nil, err
	}
	return nil, a.Reports.Close(ctx, mover(ctx), what, false, "")
}

func (a *API) forwardReport(ctx context.Context, in *struct {
	ReportRef
	Body struct {
		Text string `json:"text" maxLength:"2000" doc:"What its server is told; nobody here is named"`
	}
}) (*struct{}, error) {
	what, err := id.Parse[id.Report](in.Report)
	if err != nil {
		return nil, err
	}
	return nil, a.Reports.Forward(ctx, mover(ctx), what, in.Body.Text)
}
