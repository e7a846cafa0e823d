package site

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/wallet"
	"github.com/michaelperna/9ten/internal/web"
)

// Machine is the node as its operator sees it.
type Machine struct {
	Accounts, Tracks, Listening int64
	Bytes                       int64 // originals and what is derived
	LedgerHeight                uint64
	LedgerHead                  string
	LogSize                     uint64
	Waiting, Dead               int64  // jobs
	Sandbox                     string // level in force, in words
	Missing                     string // what is missing and how to get it, "" when nothing
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
	DeadJobs(ctx context.Context) ([]DeadJob, error)
	RetryJob(ctx context.Context, id string) error
	DropJob(ctx context.Context, id string) error
	// AccountByHandle finds who a payment is for, or NotFound.
	AccountByHandle(ctx context.Context, handle string) (id.Account, error)
}

// OperatorPage is the operator's first page.
type OperatorPage struct {
	web.Page
	Machine Machine
	Month   time.Time // the current one
	Settles string    // the one that is being settled, in words
	Dial    web.Dial
	Steps   []Due
	Books   []web.Row
	Jobs    []DeadJob
}

// Due is one date of the month's calendar.
type Due struct {
	Day        int
	Text, Fact string
	Class      string // done, next or ""
}

// steps of a month, in the words of the calendar.
var steps = []struct {
	day  int
	text string
}{
	{1, "Month closed. The operators’ dollars are booked."},
	{4, "Settlement and receipts."},
	{14, "Challenges close."},
	{20, "Final. The payout batch is fixed."},
	{25, "Payout."},
}

func (v *visit) operator() error {
	ctx := v.Context()
	now := v.site.Now().UTC()
	period := calendar.PeriodOf(now)
	p := &OperatorPage{Page: v.base("The node", web.NavOperator), Month: period.Start(), Settles: period.Add(-1).Start().Format("January")}
	p.NoIndex = true
	var err error
	if p.Machine, err = v.site.Engine.Machine(ctx); err != nil {
		return err
	}
	if p.Jobs, err = v.site.Engine.DeadJobs(ctx); err != nil {
		return err
	}
	if p.Books, err = v.books(); err != nil {
		return err
	}
	p.Dial = web.Dial{Days: period.Days(), Today: now.Day(), Due: map[int]string{}}
	next := true
	for _, s := range steps {
		d := Due{Day: s.day, Text: s.text}
		switch {
		case now.Day() > s.day:
			d.Class = "done"
		case next:
			d.Class, next = "next", false
		}
		p.Dial.Due[s.day] = fmt.Sprint(s.day)
		p.Steps = append(p.Steps, d)
	}
	return v.show("operator", p)
}

// books sums the chart of accounts for the first page.
func (v *visit) books() ([]web.Row, error) {
	list, err := v.site.Wallet.Balances(v.Context())
	if err != nil {
		return nil, err
	}
	groups := []struct{ prefix, name string }{
		{"assets:", "Received and held"}, {"liabilities:unearned:", "Paid for months to come"}, {"liabilities:pot:", "In this month’s pots"},
		{"liabilities:act:", "Owed to acts"}, {"liabilities:carry:", "Waits for listeners to choose"}, {"liabilities:commons", "Commons"}, {"income:operator", "The node’s dollars"},
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
		rows = append(rows, r)
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

// PaymentsPage is where payments by hand are recorded.
type PaymentsPage struct {
	web.Page
	Fields []web.Field
	Subs   []SubLine
}

// SubLine is one subscription in the list.
type SubLine struct {
	Handle, Name, State string
	Account             id.Account
	Paid                string
	Balance             money.Micro
}

func paymentFields() []web.Field {
	return []web.Field{
		{Name: "handle", Label: "Listener", Help: "The account’s name on this node, without the @.", Required: true, MaxLength: 60},
		{Name: "amount", Label: "Amount in dollars", Value: "10", InputMode: "decimal", Required: true, MaxLength: 20},
		{Name: "method", Label: "How", Type: "select", Options: []web.Option{{Value: "cash", Label: "Cash"}, {Value: "bank", Label: "Bank transfer"}}},
		{Name: "reference", Label: "Reference", Help: "The bank’s reference, or a number of your own. It keeps a payment from being recorded twice.", Required: true, MaxLength: 200},
	}
}

func (v *visit) paymentsPage() (*PaymentsPage, error) {
	p := &PaymentsPage{Page: v.base("Payments by hand", web.NavOperator), Fields: paymentFields()}
	p.NoIndex = true
	list, err := v.site.Wallet.List(v.Context())
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		l := SubLine{Handle: s.Handle, Name: s.Name, Account: s.Subscription.Account, State: states[s.Subscription.State], Balance: s.Balance}
		if s.Subscription.PaidUntil != 0 {
			l.Paid = s.Subscription.PaidUntil.Start().Format("January 2006")
		}
		p.Subs = append(p.Subs, l)
	}
	return p, nil
}

func (v *visit) payments() error {
	p, err := v.paymentsPage()
	if err != nil {
		return err
	}
	p.Fields[0].Value = v.URL.Query().Get("handle")
	return v.show("payments", p)
}

func (v *visit) declare() error {
	refuse := func(err error) error {
		p, perr := v.paymentsPage()
		if perr != nil {
			return perr
		}
		return v.again(err, "payments", p, v.fill(p.Fields))
	}
	amount, err := money.Parse(v.form.Get("amount"))
	if err != nil {
		return refuse(fault.On("amount", fault.Invalid, "%s", fault.Message(err)))
	}
	handle := strings.TrimPrefix(strings.TrimSpace(v.form.Get("handle")), "@")
	account, err := v.site.Engine.AccountByHandle(v.Context(), handle)
	if err != nil {
		return refuse(fault.On("handle", fault.Invalid, "Nobody here is called %q.", handle))
	}
	st, err := v.site.Wallet.Declare(v.Context(), v.viewer.Account, account, amount, v.form.Get("method"), v.form.Get("reference"))
	if err != nil {
		return refuse(err)
	}
	said := fmt.Sprintf("Recorded: %v from @%s. ", amount, handle)
	if st.Missing > 0 {
		return v.goTo("/operator/payments", said+fmt.Sprintf("%v is missing for this month.", st.Missing))
	}
	return v.goTo("/operator/payments", said+"This month is paid.")
}

func (v *visit) refund() error {
	handle := v.form.Get("handle")
	account, err := v.site.Engine.AccountByHandle(v.Context(), handle)
	if err != nil {
		return err
	}
	amount, err := v.site.Wallet.Refund(v.Context(), v.viewer.Account, account, wallet.Methods[0], "refund/"+string(account)+"/"+v.site.Now().UTC().Format(time.RFC3339))
	if err != nil {
		return err
	}
	return v.goTo("/operator/payments", fmt.Sprintf("Booked. Hand @%s %v back.", handle, amount))
}

// MonthsPage shows how far each month has come.
type MonthsPage struct {
	web.Page
	Months []ClosedMonth
	Next   string // the month that can be closed, "" when none
}

// ClosedMonth is one settled month as the operator sees it.
type ClosedMonth struct {
	When            time.Time
	State           string
	Payers, Acts    uint32
	Pots, Acts9     money.Micro
	Operator        money.Micro
	Carried         money.Micro
	Hash, Batch     string
	Published, Done bool
}

func (v *visit) months() error {
	p := &MonthsPage{Page: v.base("Months", web.NavOperator)}
	p.NoIndex = true
	all, err := v.site.Report.Settled(v.Context())
	if err != nil {
		return err
	}
	for _, m := range all {
		c := ClosedMonth{When: m.Period.Period.Start(), Payers: m.Settlement.Payers, Acts: m.Settlement.Lines, Pots: m.Settlement.Pots,
			Acts9: m.Settlement.SumB, Operator: m.Settlement.Operator, Carried: m.Settlement.CarryOut, Hash: m.Hash, Batch: m.Period.Batch}
		c.State, c.Done = stateOf(m.Period)
		p.Months = append(p.Months, c)
	}
	last := calendar.PeriodOf(v.site.Now()).Add(-1)
	done := slices.ContainsFunc(all, func(m report.Settled) bool { return m.Period.Period == last })
	if !done && !v.site.Now().Before(last.Due(calendar.Settle)) {
		p.Next = last.String()
	}
	return v.show("months", p)
}

func (v *visit) closeMonth() error {
	period, err := calendar.ParsePeriod(v.form.Get("period"))
	if err != nil {
		return err
	}
	if _, err := v.site.Report.CloseMonth(v.Context(), period); err != nil {
		return err
	}
	return v.goTo("/operator/months", period.Start().Format("January")+" is settled. Receipts are ready.")
}
