package site

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/wallet"
	"github.com/michaelperna/9ten/internal/web"
)

// Machine is the node as its operator sees it.
type Machine struct {
	Accounts, Tracks, Listening int64
	Bytes                       int64 // originals
	DiskFree, DiskSize          int64 // of the disk the data directory is on, 0 when it cannot be asked
	DiskLow                     bool  // too little is free to go on for long
	LedgerHeight                uint64
	LedgerHead                  string
	LedgerKeepers               int // how many endorse it on a network; 0 for a ledger of the node's own
	LogSize                     uint64
	Waiting, Dead               int64  // jobs
	Sandbox                     string // level in force, in words
	Missing                     string // what is missing and how to get it, "" when nothing
}

// A Queue is how many jobs of one kind there are.
type Queue struct {
	Kind                   string
	Waiting, Running, Dead int64
}

// A DeadJob is work that was given up.
type DeadJob struct {
	ID, Kind, Error string
	Tries           int
	Ended           time.Time
}

// Engine is what the operator's pages ask of the machine itself.
type Engine interface {
	Machine(ctx context.Context) (Machine, error)
	// Queues are those with something in them, by kind.
	Queues(ctx context.Context) ([]Queue, error)
	DeadJobs(ctx context.Context) ([]DeadJob, error)
	RetryJob(ctx context.Context, id string) error
	DropJob(ctx context.Context, id string) error
	// Standing is where the ledger stands, and what waits for it.
	Standing(ctx context.Context) (report.Standing, error)
	// ContestLater files a listener's objection to a month when the ledger is back.
	ContestLater(ctx context.Context, a id.Account, p calendar.Period) error
	// AccountByHandle finds who a payment is for, or NotFound.
	AccountByHandle(ctx context.Context, handle string) (id.Account, error)
}

// OperatorPage is the operator's first page.
type OperatorPage struct {
	web.Page
	Views   []View
	Admin   bool
	Tasks   int // things that want the operator
	Asked   int64
	Reports int64 // open
	Machine Machine
	Storage web.Meter
	Month   time.Time // the current one
	Last    time.Time // the one that is being settled
	Settled *ClosedMonth
	Late    bool // it should be settled and is not
	Dial    web.Dial
	Steps   []Due
	Books   []web.Row
	Queues  []QueueLine
	Jobs    []JobLine
}

// Due is one date of the month's calendar.
type Due struct {
	Day, Until int    // it is drawn from its day to the next date
	In         int    // days until then
	Class      string // done, next, late or ""
}

// QueueLine is a queue with its name for people.
type QueueLine struct {
	Queue
	Name string
}

// JobLine is work that was given up, and what to do about it.
type JobLine struct {
	DeadJob
	Name, Remedy string
}

// jobWords name the kinds of jobs and say what helps when one was given up.
var jobWords = map[string][2]string{
	"media.prepare":   {"Preparing a recording", "Most often it is the file: its release in the studio says what is wrong with it. When the disk was full or ffmpeg was missing, mend that first and run it again."},
	"demo.release":    {"Publishing the demo catalogue", "Run it again once its recordings are prepared."},
	"report.day":      {"Closing a day", "Nothing is lost: the day stays open until this has run. Run it again; if that fails, “9ten doctor” looks at the log and the ledger."},
	"report.month":    {"Settling a month", "Nothing is lost, and nobody is paid twice: it goes on where it stopped. Run it again, or settle the month by hand on the page Months."},
	"ledger.describe": {"Telling the ledger what the node is called", "Run it again. If it is refused, the log of the node says why."},
	"ledger.contest":  {"Filing an objection to a month", "Run it again: the same objection is filed once."},
	"wallet.renew":    {"Charging subscriptions", "Run it again: a month is charged once, however often this runs."},
	"account.expire":  {"Forgetting what is old", "Run it again: sessions, claims and rows that have been kept long enough go then. Old sessions stay refused all the same."},
	"":                {"Another job", "Run it again. If it fails once more, the log of the node says why."},
}

func jobWord(kind string) (name, remedy string) {
	w, ok := jobWords[kind]
	if !ok {
		w = jobWords[""]
	}
	return w[0], w[1]
}

// steps of a period, as the calendar shows them in the month that follows.
var steps = []calendar.Step{calendar.Close, calendar.Settle, calendar.Challenged, calendar.Final, calendar.Payout}

// nodeViews are the operator's pages; here is the one that is shown.
func (v *visit) nodeViews(here string) []View {
	all := []View{
		{Name: "Today", URL: "/operator"}, {Name: "Payments", URL: "/operator/payments"}, {Name: "Months", URL: "/operator/months"},
		{Name: "Ledger", URL: "/operator/ledger"}, {Name: "Network", URL: "/operator/network"}, {Name: "Federation", URL: "/operator/federation"}, {Name: "People", URL: "/operator/people"}, {Name: "Music", URL: "/operator/music"}, {Name: "Reports", URL: "/operator/reports"}, {Name: "Settings", URL: "/operator/settings"},
	}
	var out []View
	for _, x := range all {
		if x.Here = x.URL == here; v.viewer.Has(account.Admin) || x.Name == "Today" || x.Name == "Federation" || x.Name == "People" || x.Name == "Music" || x.Name == "Reports" {
			out = append(out, x)
		}
	}
	return out
}

func (v *visit) operator() error {
	ctx := v.Context()
	now := v.site.Now().UTC()
	period := calendar.PeriodOf(now)
	p := &OperatorPage{Page: v.base("The node", web.NavOperator), Views: v.nodeViews("/operator"), Admin: v.viewer.Has(account.Admin),
		Month: period.Start(), Last: period.Add(-1).Start()}
	p.NoIndex = true
	var err error
	if p.Machine, err = v.site.Engine.Machine(ctx); err != nil {
		return err
	}
	m := p.Machine
	p.Storage = web.Meter{Value: m.DiskSize - m.DiskFree, Cap: m.DiskSize}
	if p.Admin {
		if err := v.work(p); err != nil {
			return err
		}
	}
	if err := v.calendar(p, now); err != nil {
		return err
	}
	if p.Reports, err = v.openReports(); err != nil {
		return err
	}
	for _, want := range []bool{p.Reports > 0, p.Admin && len(p.Jobs) > 0, p.Admin && p.Late, p.Admin && p.Asked > 0, m.DiskLow, m.Missing != ""} {
		if want {
			p.Tasks++
		}
	}
	return v.show("operator", p)
}

// work fills what only an admin is shown: the books, the queue, and who waits
// for a payment to be recorded.
func (v *visit) work(p *OperatorPage) error {
	ctx := v.Context()
	counts, err := v.site.Wallet.Counts(ctx)
	if err != nil {
		return err
	}
	p.Asked = counts[wallet.Open] + counts[wallet.PastDue]
	if p.Books, err = v.books(); err != nil {
		return err
	}
	queues, err := v.site.Engine.Queues(ctx)
	if err != nil {
		return err
	}
	for _, q := range queues {
		name, _ := jobWord(q.Kind)
		p.Queues = append(p.Queues, QueueLine{q, name})
	}
	dead, err := v.site.Engine.DeadJobs(ctx)
	if err != nil {
		return err
	}
	for _, j := range dead {
		name, remedy := jobWord(j.Kind)
		p.Jobs = append(p.Jobs, JobLine{j, name, remedy})
	}
	return nil
}

// calendar fills the month: what is due of the one before, and how far that is.
func (v *visit) calendar(p *OperatorPage, now time.Time) error {
	period := calendar.PeriodOf(now)
	last := period.Add(-1)
	all, err := v.site.Report.Settled(v.Context())
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(all, func(m report.Settled) bool { return m.Period.Period == last }); i >= 0 {
		m := closedMonth(all[i])
		p.Settled = &m
	}
	began, err := v.site.Report.Began(v.Context())
	if err != nil {
		return err
	}
	first := began.Period() > last // there is no month before
	p.Late = p.Settled == nil && !first && now.Day() >= last.Due(calendar.Settle).Day()
	p.Dial = web.Dial{Days: period.Days(), Today: now.Day(), Due: map[int]string{}}
	next := true
	for i, s := range steps {
		day := last.Due(s).Day()
		d := Due{Day: day, Until: period.Days() + 1, In: day - now.Day()}
		if i+1 < len(steps) {
			d.Until = last.Due(steps[i+1]).Day()
		}
		switch {
		case first && now.Day() >= day:
		case s == calendar.Close && now.Day() >= day, now.Day() >= day && p.Settled != nil && stepDone(p.Settled, s):
			d.Class = "done"
		case now.Day() <= day && next:
			d.Class, next = "next", false
		case now.Day() < day:
		case p.Late:
			d.Class = "late"
		}
		p.Dial.Due[day] = ""
		p.Steps = append(p.Steps, d)
	}
	return nil
}

// stepDone reports whether a settled month has passed a step.
func stepDone(m *ClosedMonth, s calendar.Step) bool {
	switch s {
	case calendar.Settle, calendar.Challenged:
		return m.Published
	case calendar.Final:
		return m.Batch != ""
	}
	return false
}

// books sums the chart of accounts for the first page.
func (v *visit) books() ([]web.Row, error) {
	list, err := v.site.Wallet.Balances(v.Context())
	if err != nil {
		return nil, err
	}
	groups := []struct{ prefix, name string }{
		{"assets:", "Received and held"}, {"liabilities:unearned:", "Paid for months to come"}, {"liabilities:pot:", "In this month’s pots"},
		{"liabilities:act:", "Owed to acts"}, {"liabilities:carry:", "Waits for listeners to choose"}, {"liabilities:commons", "Commons"},
		{"equity:", "Reserve"}, {"income:operator", "The node’s dollars"},
	}
	var rows []web.Row
	for _, g := range groups {
		r := web.Row{Name: g.name}
		for _, b := range list {
			if strings.HasPrefix(string(b.Book), g.prefix) {
				r.Amount += b.Micro
			}
		}
		if !strings.HasPrefix(g.prefix, "assets") {
			r.Amount = -r.Amount
		}
		if r.Amount != 0 || g.prefix == "assets:" {
			rows = append(rows, r)
		}
	}
	return rows, nil
}

func (v *visit) retryJob() error {
	if err := v.site.Engine.RetryJob(v.Context(), v.form.Get("job")); err != nil {
		return err
	}
	return v.goTo("/operator", "It runs again.")
}

func (v *visit) dropJob() error {
	if err := v.site.Engine.DropJob(v.Context(), v.form.Get("job")); err != nil {
		return err
	}
	return v.goTo("/operator", "Dropped.")
}
