package api

import (
	"context"
	"net/http"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/wallet"
)

// Subscription is where an account stands.
type Subscription struct {
	State     string      `json:"state" doc:"none, open, active, past_due, expired or cancelled"`
	PaidUntil string      `json:"paid_until,omitempty" doc:"Last month that is charged"`
	Due       money.Micro `json:"due_micro" doc:"What the current month costs from today"`
	Missing   money.Micro `json:"missing_micro" doc:"Of which this is not covered"`
	Balance   money.Micro `json:"balance_micro" doc:"Paid and not used"`
	Payments  []Payment   `json:"payments,omitempty" doc:"What was paid and given back, newest first; the operator's own notes only for the operator"`
}

func subscription(s wallet.Standing) Subscription {
	out := Subscription{State: "none", Due: s.Due, Missing: s.Missing, Balance: s.Balance}
	for _, p := range s.Payments("") {
		p.Note = ""
		out.Payments = append(out.Payments, paymentOf(&p))
	}
	if s.Subscribed {
		out.State = string(s.Subscription.State)
		if s.Subscription.PaidUntil != 0 {
			out.PaidUntil = s.Subscription.PaidUntil.String()
		}
	}
	return out
}

// MonthSummary is one settled month of an account.
type MonthSummary struct {
	Period   string         `json:"period"`
	Pot      money.Micro    `json:"pot_micro"`
	CarryIn  money.Micro    `json:"carry_in_micro"`
	CarryOut money.Micro    `json:"carry_out_micro"`
	Commons  money.Micro    `json:"commons_micro"`
	Shares   []ShareSummary `json:"shares"`
	Receipt  string         `json:"receipt,omitempty" doc:"Where the receipt's file is"`
	// A month of which nothing else is known any more.
	Destroyed *time.Time `json:"destroyed,omitempty" doc:"Its rows were destroyed then, thirteen months after it: all sums are 0 and there is no receipt"`
}

// ShareSummary is what one act got of a month.
type ShareSummary struct {
	Act   id.Act      `json:"act"`
	Rank  uint8       `json:"rank"`
	Micro money.Micro `json:"micro"`
}

type periodRef struct {
	Period string `path:"period" doc:"2026-10"`
}

type dayRef struct {
	Day string `path:"day" doc:"2026-10-07"`
}

type proofRef struct {
	Act    string `path:"act"`
	Period string `path:"period" doc:"2026-10"`
}

// file is an answer that is kept as it is.
type file struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (a *API) money(r *router) {
	const tag = "Money"
	add(r, operation{method: http.MethodGet, path: "/subscription", id: "get-subscription", tag: tag, scope: account.ScopeMoney, summary: "Where the subscription stands"}, a.subscription)
	add(r, operation{method: http.MethodPost, path: "/subscription", id: "open-subscription", tag: tag, scope: account.ScopeMoney, summary: "Ask for a subscription"}, a.subscribe)
	add(r, operation{method: http.MethodPost, path: "/subscriptions", id: "subscribe", tag: tag, scope: account.ScopeMoney, summary: "The same: the verb beside /plays and /streams"}, a.subscribe)
	add(r, operation{method: http.MethodDelete, path: "/subscription", id: "cancel-subscription", tag: tag, scope: account.ScopeMoney, summary: "End it with the month that is paid"}, a.unsubscribe)
	add(r, operation{method: http.MethodGet, path: "/receipts", id: "list-receipts", tag: tag, scope: account.ScopeMoney, summary: "Your settled months, the latest first"}, a.receipts)
	add(r, operation{method: http.MethodGet, path: "/receipts/days", id: "list-receipt-days", tag: tag, scope: account.ScopeMoney, summary: "Days of a month of which there is a receipt, the latest first"}, a.receiptDays)
	add(r, operation{method: http.MethodPost, path: "/receipts/contest", id: "contest-receipt", tag: tag, scope: account.ScopeMoney, maxBody: 2*receiptMost + 64, summary: "Have the ledger compute a month again from its receipt"}, a.contest)
	add(r, operation{method: http.MethodGet, path: "/receipts/{period}", id: "get-receipt", tag: tag, files: []string{"text/plain"}, scope: account.ScopeMoney, summary: "The receipt's file of a month"}, a.monthFile)
	add(r, operation{method: http.MethodGet, path: "/receipts/days/{day}", id: "get-day-receipt", tag: tag, files: []string{"text/plain"}, scope: account.ScopeMoney, summary: "The receipt's file of a day"}, a.dayFile)
	add(r, operation{method: http.MethodGet, path: "/acts/{act}/proofs/{period}", id: "get-act-proof", tag: tag, files: []string{"application/json"}, scope: account.ScopeMoney, summary: "What an act of yours was credited for a month, with proof"}, a.actProof)
	add(r, operation{method: http.MethodGet, path: "/acts/{act}/earnings", id: "list-earnings", tag: tag, scope: account.ScopeMoney, summary: "What an act of yours was credited, the latest month first"}, a.earnings)
	add(r, operation{method: http.MethodGet, path: "/acts/{act}/elsewhere", id: "list-plays-elsewhere", tag: tag, scope: account.ScopeMoney, summary: "What other nodes told in the last 31 days of plays of an act of yours"}, a.playsElsewhere)
	add(r, operation{method: http.MethodGet, path: "/acts/{act}/elsewhere/paid", id: "list-paid-elsewhere", tag: tag, scope: account.ScopeMoney, summary: "What other nodes told of their listeners who pay and had an act of yours in their nine, the newest month first"}, a.paidElsewhere)
	a.books(r)
}

func (a *API) subscription(ctx context.Context, _ *struct{}) (*output[Subscription], error) {
	s, err := a.Wallet.Standing(ctx, account.From(ctx).Account)
	if err != nil {
		return nil, err
	}
	return reply(subscription(s))
}

func (a *API) subscribe(ctx context.Context, _ *struct{}) (*output[Subscription], error) {
	if _, err := a.Wallet.Open(ctx, account.From(ctx).Account); err != nil {
		return nil, err
	}
	return a.subscription(ctx, nil)
}

func (a *API) unsubscribe(ctx context.Context, _ *struct{}) (*output[Subscription], error) {
	if err := a.Wallet.Cancel(ctx, account.From(ctx).Account); err != nil {
		return nil, err
	}
	return a.subscription(ctx, nil)
}

func (a *API) receipts(ctx context.Context, in *PageInput) (*output[Page[MonthSummary]], error) {
	months, err := a.Report.Months(ctx, account.From(ctx).Account)
	if err != nil {
		return nil, err
	}
	return reply(cut(months, in, func(m *report.Month) string { return m.Row.Period.String() }, func(m *report.Month) MonthSummary {
		r := m.Row
		if !m.Destroyed.IsZero() {
			return MonthSummary{Period: r.Period.String(), Shares: []ShareSummary{}, Destroyed: &m.Destroyed}
		}
		return MonthSummary{Period: r.Period.String(), Pot: r.Pot, CarryIn: r.CarryIn, CarryOut: r.CarryOut, Commons: r.Commons, Shares: shares(r), Receipt: Prefix + "/receipts/" + r.Period.String()}
	}))
}

func shares(r royalty.MonthRow) []ShareSummary {
	out := make([]ShareSummary, len(r.Shares))
	for i, s := range r.Shares {
		out[i] = ShareSummary{s.Act, s.Rank, s.Micro}
	}
	return out
}

func download(name, contentType string, body []byte) *file {
	return &file{ContentType: contentType, Disposition: `attachment; filename="` + name + `"`, Body: body}
}

func (a *API) monthFile(ctx context.Context, in *periodRef) (*file, error) {
	p, err := calendar.ParsePeriod(in.Period)
	if err != nil {
		return nil, err
	}
	b, err := a.Report.MonthReceipt(ctx, account.From(ctx).Account, p)
	if err != nil {
		return nil, err
	}
	return download(p.String()+".9ten-receipt.txt", "text/plain; charset=utf-8", b), nil
}

// receiptMost bounds the text of a receipt, in bytes; a month of one listener's is
// far shorter. As JSON it has up to twice as many.
const receiptMost = 4 << 20

type contestInput struct {
	Body struct {
		Receipt string `json:"receipt" maxLength:"4194304" doc:"The text of a month's receipt, yours or anybody's, of this node or any other on the ledger: one that is accused need not carry it"`
	}
}

// Contested is what the ledger came to.
type Contested struct {
	Later bool `json:"later,omitempty" doc:"The ledger cannot be reached: the node keeps the objection and files it as soon as that is back, so holds says nothing yet. A receipt of somebody else's is not kept, it is refused (503)"`
	Holds bool `json:"holds" doc:"It comes to the same. Otherwise a fault stands against the settlement, and the month is settled again or corrected in the next"`
}

func (a *API) contest(ctx context.Context, in *contestInput) (*output[Contested], error) {
	receipt := []byte(in.Body.Receipt)
	holds, err := a.Report.Contest(ctx, receipt)
	if fault.Is(err, fault.Unavailable) {
		return a.contestLater(ctx, receipt, err)
	}
	if err != nil {
		return nil, err
	}
	return reply(Contested{Holds: holds})
}

// contestLater keeps an objection while the ledger is away: whose it is, not the
// receipt, so it must be the caller's own.
func (a *API) contestLater(ctx context.Context, receipt []byte, away error) (*output[Contested], error) {
	who := account.From(ctx).Account
	p, own, err := a.Report.Owns(ctx, who, receipt)
	if err != nil {
		return nil, err
	}
	if !own {
		return nil, fault.Wrap(away, fault.Unavailable, "The ledger cannot be reached just now, and the node keeps no receipt of somebody else's. Send it again later.")
	}
	if err := a.ContestLater(ctx, who, p); err != nil {
		return nil, err
	}
	return reply(Contested{Later: true})
}

func (a *API) dayFile(ctx context.Context, in *dayRef) (*file, error) {
	d, err := calendar.ParseDay(in.Day)
	if err != nil {
		return nil, err
	}
	b, err := a.Report.DayReceipt(ctx, account.From(ctx).Account, d)
	if err != nil {
		return nil, err
	}
	return download(d.String()+".9ten-receipt.txt", "text/plain; charset=utf-8", b), nil
}

func (a *API) actProof(ctx context.Context, in *proofRef) (*file, error) {
	act, err := id.Parse[id.Act](in.Act)
	if err != nil {
		return nil, err
	}
	if err := a.MayAct(ctx, account.From(ctx), act); err != nil {
		return nil, err
	}
	p, err := calendar.ParsePeriod(in.Period)
	if err != nil {
		return nil, err
	}
	b, err := a.Report.ActProof(ctx, act, p)
	if err != nil {
		return nil, err
	}
	return download(string(act)+"-"+p.String()+".9ten-act.json", "application/json", b), nil
}

// Earning is what an act was credited for one month.
type Earning struct {
	Period    string      `json:"period"`
	State     string      `json:"state" doc:"compiled, published, booked, final or fixed"`
	Listeners uint32      `json:"listeners" doc:"Who had the act in their nine"`
	Micro     money.Micro `json:"micro"`
	Proof     string      `json:"proof" doc:"Where the proof's file is"`
	Waits     *time.Time  `json:"waits_until,omitempty" doc:"The act has no wallet: the money is its own until then"`
	Forfeited *time.Time  `json:"forfeited,omitempty" doc:"It waited for a wallet in vain and went to the commons"`
}

func (a *API) earnings(ctx context.Context, in *earningsInput) (*output[Page[Earning]], error) {
	act, err := in.id()
	if err != nil {
		return nil, err
	}
	if err := a.MayAct(ctx, account.From(ctx), act); err != nil {
		return nil, err
	}
	list, err := a.Report.Earnings(ctx, act)
	if err != nil {
		return nil, err
	}
	return reply(cut(list, &in.PageInput, func(e *report.Earning) string { return e.Period.Period.String() }, func(e *report.Earning) Earning {
		p := e.Period.Period.String()
		out := Earning{Period: p, State: e.Period.State.String(), Listeners: e.Line.Count, Micro: e.Line.Sum(), Proof: Prefix + "/acts/" + string(act) + "/proofs/" + p}
		if !e.Waits.IsZero() {
			out.Waits = &e.Waits
		}
		if !e.Forfeited.IsZero() {
			out.Forfeited = &e.Forfeited
		}
		return out
	}))
}

type earningsInput struct {
	ActRef
	PageInput
}

type daysInput struct {
	Period string `query:"period" required:"true" doc:"2026-10"`
}

func (a *API) receiptDays(ctx context.Context, in *daysInput) (*output[[]string], error) {
	p, err := calendar.ParsePeriod(in.Period)
	if err != nil {
		return nil, err
	}
	days, err := a.Report.Days(ctx, account.From(ctx).Account, p)
	if err != nil {
		return nil, err
	}
	return reply(each(days, func(d *calendar.Day) string { return d.String() }))
}
