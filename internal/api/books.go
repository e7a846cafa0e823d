package api

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/wallet"
)

// books are what the operator does with money.
func (a *API) books(r *router) {
	op := func(method, path, id, summary string) operation {
		return operation{method: method, path: path, id: id, tag: "Books", scope: account.ScopeAdmin, role: account.Admin, summary: summary}
	}
	declare, refund := op(http.MethodPost, "/payments", "declare-payment", "Record a payment by hand; the same reference again records nothing more"), op(http.MethodPost, "/refunds", "refund", "Give back what was paid and not used; the same reference again gives nothing more")
	declare.status, refund.status = http.StatusCreated, http.StatusCreated
	add(r, declare, a.declare)
	add(r, refund, a.refund)
	add(r, op(http.MethodGet, "/payments", "list-payments", "Payments by hand, refunds and undoings, the newest first"), a.payments)
	add(r, op(http.MethodPost, "/payments/undo", "undo-payment", "Take back what was recorded by mistake, by booking the opposite"), a.undo)
	export := op(http.MethodGet, "/books/{file}", "export-books", "The whole journal: books.csv, or books.journal for hledger")
	export.files = []string{"text/csv", "text/plain"}
	add(r, export, a.export)
	add(r, op(http.MethodGet, "/subscriptions", "list-subscriptions", "All subscriptions, the newest first"), a.subscriptions)
	add(r, op(http.MethodGet, "/accounts/{handle}/subscription", "get-account-subscription", "Where somebody's subscription stands, with all that was booked on it"), a.subscriptionOf)
	add(r, op(http.MethodGet, "/books", "list-books", "Every book that is not at zero"), a.balances)
	add(r, op(http.MethodGet, "/months", "list-months", "Settled months, the latest first"), a.months)
	add(r, op(http.MethodGet, "/months/waiting", "list-waiting", "What waits for acts without a wallet, what waits longest from now first"), a.unpaid)
	add(r, op(http.MethodPost, "/months/{period}/close", "close-month", "Settle a month, as far as the calendar allows; twice does no harm"), a.closeMonth)
}

type paymentInput struct {
	Body struct {
		Handle    string      `json:"handle" doc:"Who paid"`
		Micro     money.Micro `json:"micro" doc:"Millionths of a dollar"`
		Method    string      `json:"method" enum:"cash,bank"`
		Reference string      `json:"reference" doc:"Keeps a payment from being recorded twice"`
		Received  string      `json:"received,omitempty" format:"date" doc:"The day the money came; today without it"`
		Note      string      `json:"note,omitempty" maxLength:"500"`
	}
}

type refundInput struct {
	Body struct {
		Handle    string `json:"handle" doc:"Who gets it back"`
		Method    string `json:"method" enum:"cash,bank"`
		Reference string `json:"reference,omitempty" doc:"Keeps it from being given twice; a settled month is given once without it"`
		Period    string `json:"period,omitempty" doc:"A settled month to give back from the operator's reserve; its acts keep what they got"`
		Why       string `json:"why,omitempty" maxLength:"500" doc:"For a settled month: a few words that stay beside the entry"`
	}
}

// Refund is what has to be handed back.
type Refund struct {
	Handle string      `json:"handle"`
	Micro  money.Micro `json:"micro"`
}

func (a *API) declare(ctx context.Context, in *paymentInput) (out *output[Subscription], err error) {
	b := &in.Body
	var day calendar.Day
	if b.Received != "" {
		if day, err = calendar.ParseDay(b.Received); err != nil {
			return nil, err
		}
	}
	err = a.person(ctx, b.Handle, func(who id.Account) error {
		s, err := a.Wallet.Record(ctx, account.From(ctx).Account, wallet.Declaration{Account: who, Amount: b.Micro, Method: b.Method, Reference: b.Reference, Received: day, Note: b.Note})
		out = &output[Subscription]{subscription(s)}
		return err
	})
	return out, err
}

// Payment is money that was recorded by hand.
type Payment struct {
	Event     string      `json:"event" doc:"Its name; undoing takes it"`
	Kind      string      `json:"kind" enum:"paid,refunded"`
	Handle    string      `json:"handle,omitempty" doc:"Whose; empty once the account is deleted"`
	Micro     money.Micro `json:"micro"`
	Method    string      `json:"method"`
	Reference string      `json:"reference"`
	Note      string      `json:"note,omitempty"`
	Received  string      `json:"received,omitempty" doc:"The day the money came, where it is another"`
	At        time.Time   `json:"at" doc:"When it was booked"`
	By        string      `json:"by,omitempty" doc:"Who recorded it; empty: the command line"`
	Undone    *time.Time  `json:"undone,omitempty"`
}

func paymentOf(p *wallet.Payment) Payment {
	out := Payment{Event: p.ID, Kind: "paid", Handle: p.Handle, Micro: p.Micro, Method: p.Method, Reference: p.Reference, Note: p.Note, At: p.At, By: p.Operator}
	if p.Kind == wallet.Refunded {
		out.Kind = "refunded"
	}
	if p.Received != 0 {
		out.Received = p.Received.String()
	}
	if !p.Undone.IsZero() {
		out.Undone = &p.Undone
	}
	return out
}

func (a *API) payments(ctx context.Context, in *PageInput) (*output[Page[Payment]], error) {
	var at time.Time
	ms, event, _ := strings.Cut(in.After, "-")
	if in.After != "" {
		n, err := strconv.ParseInt(ms, 10, 64)
		if err != nil {
			return nil, errCursor()
		}
		at = time.UnixMilli(n)
	}
	list, err := a.Wallet.Payments(ctx, at, event, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return reply(clipped(list, in.Limit, func(p *wallet.Payment) string { return dated(p.At, p.ID) }, paymentOf))
}

type undoInput struct {
	Body struct {
		Event string `json:"event"`
		Why   string `json:"why" doc:"A few words; they stay beside the entry"`
	}
}

func (a *API) undo(ctx context.Context, in *undoInput) (*output[Payment], error) {
	e, err := a.Wallet.Undo(ctx, account.From(ctx).Account, in.Body.Event, in.Body.Why)
	if err != nil {
		return nil, err
	}
	return reply(paymentOf(&wallet.Payment{Event: e, Operator: account.From(ctx).Handle}))
}

type exportRef struct {
	File string `path:"file" enum:"books.csv,books.journal"`
}

func (a *API) export(ctx context.Context, in *exportRef) (*file, error) {
	format, kind := wallet.CSV, "text/csv; charset=utf-8"
	if in.File == "books.journal" {
		format, kind = wallet.Hledger, "text/plain; charset=utf-8"
	}
	var b bytes.Buffer
	if err := a.Wallet.Export(ctx, format, &b); err != nil {
		return nil, err
	}
	return download(in.File, kind, b.Bytes()), nil
}

func (a *API) refund(ctx context.Context, in *refundInput) (out *output[Refund], err error) {
	b := &in.Body
	err = a.person(ctx, b.Handle, func(who id.Account) error {
		var amount money.Micro
		if b.Period == "" {
			amount, err = a.Wallet.Refund(ctx, account.From(ctx).Account, who, b.Method, b.Reference)
		} else {
			p, bad := calendar.ParsePeriod(b.Period)
			if bad != nil {
				return bad
			}
			amount, err = a.Wallet.Goodwill(ctx, account.From(ctx).Account, who, p, b.Method, b.Why)
		}
		out = &output[Refund]{Refund{b.Handle, amount}}
		return err
	})
	return out, err
}

// SubscriptionRow is a subscription as the operator sees it.
type SubscriptionRow struct {
	ID        id.Sub      `json:"id"`
	Handle    string      `json:"handle,omitempty" doc:"Empty once the account is deleted"`
	Name      string      `json:"name,omitempty"`
	State     string      `json:"state" doc:"open, active, past_due, expired or cancelled"`
	PaidUntil string      `json:"paid_until,omitempty" doc:"Last month that is charged"`
	Balance   money.Micro `json:"balance_micro" doc:"Paid and not used"`
	Started   time.Time   `json:"started"`
}

func (a *API) subscriptions(ctx context.Context, in *PageInput) (*output[Page[SubscriptionRow]], error) {
	list, err := a.Wallet.List(ctx, id.Sub(in.After), in.Limit+1)
	if err != nil {
		return nil, err
	}
	return reply(clipped(list, in.Limit, func(s *wallet.Listed) string { return string(s.ID) }, func(s *wallet.Listed) SubscriptionRow {
		row := SubscriptionRow{ID: s.ID, Handle: s.Handle, Name: s.Name, State: string(s.State), Balance: s.Balance, Started: s.Started}
		if s.PaidUntil != 0 {
			row.PaidUntil = s.PaidUntil.String()
		}
		return row
	}))
}

func (a *API) subscriptionOf(ctx context.Context, in *HandleRef) (out *output[Subscription], err error) {
	err = a.person(ctx, in.Handle, func(who id.Account) error {
		s, err := a.Wallet.Standing(ctx, who)
		whole := subscription(s)
		whole.Payments = each(s.Payments(in.Handle), paymentOf)
		out = &output[Subscription]{whole}
		return err
	})
	return out, err
}

// Book is one book and how it stands: what is received is above zero, what is
// owed below.
type Book struct {
	Book  string      `json:"book" example:"liabilities:commons"`
	Micro money.Micro `json:"micro"`
}

func (a *API) balances(ctx context.Context, in *PageInput) (*output[Page[Book]], error) {
	list, err := a.Wallet.Balances(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(x, y wallet.Posting) int { return cmp.Compare(y.Book, x.Book) })
	return reply(cut(list, in, func(p *wallet.Posting) string { return string(p.Book) }, func(p *wallet.Posting) Book { return Book{string(p.Book), p.Micro} }))
}

// SettledMonth is a settled month as the operator sees it.
type SettledMonth struct {
	Period     string      `json:"period"`
	State      string      `json:"state" doc:"compiled, published, booked, final or fixed"`
	Payers     uint32      `json:"payers"`
	Acts       uint32      `json:"acts"`
	Pots       money.Micro `json:"pots_micro"`
	ToActs     money.Micro `json:"to_acts_micro"`
	CarryOut   money.Micro `json:"carry_out_micro"`
	Commons    money.Micro `json:"commons_micro"`
	Operator   money.Micro `json:"operator_micro"`
	Hash       string      `json:"hash" doc:"SHA-256 of the settlement, hex"`
	Settlement []byte      `json:"settlement" doc:"Canonical bytes (docs/protocol), base64"`
	Signature  []byte      `json:"signature" doc:"By the settlement key, base64"`
	TreeA      string      `json:"tree_a" doc:"Signed checkpoint of the month's rows"`
	Batch      string      `json:"batch,omitempty" doc:"Hash of the payout batch, hex"`
}

func (a *API) months(ctx context.Context, in *PageInput) (*output[Page[SettledMonth]], error) {
	list, err := a.Report.Settled(ctx)
	if err != nil {
		return nil, err
	}
	return reply(cut(list, in, func(m *report.Settled) string { return m.Period.Period.String() }, func(m *report.Settled) SettledMonth {
		s := &m.Settlement
		return SettledMonth{m.Period.Period.String(), m.Period.State.String(), s.Payers, s.Lines, s.Pots, s.SumB, s.CarryOut, s.Commons, s.Operator, m.Hash, m.Period.Settlement, m.Period.Signature, m.Period.TreeA, m.Period.Batch}
	}))
}

// Waiting is what a month gave an act that has no wallet.
type Waiting struct {
	Act    id.Act      `json:"act"`
	Period string      `json:"period"`
	Micro  money.Micro `json:"micro"`
	Until  time.Time   `json:"until" doc:"It goes to the commons then"`
}

func (a *API) unpaid(ctx context.Context, in *PageInput) (*output[Page[Waiting]], error) {
	list, err := a.Report.Waiting(ctx, "")
	if err != nil {
		return nil, err
	}
	slices.Reverse(list)
	key := func(w *report.Waiting) string {
		return w.Until.Format(time.RFC3339) + "/" + w.Period.String() + "/" + string(w.Act)
	}
	return reply(cut(list, in, key, func(w *report.Waiting) Waiting { return Waiting{w.Act, w.Period.String(), w.Micro, w.Until} }))
}

// ClosedMonth is how far a month has come.
type ClosedMonth struct {
	Period string `json:"period"`
	State  string `json:"state" doc:"compiled, published, booked, final or fixed"`
}

func (a *API) closeMonth(ctx context.Context, in *periodRef) (*output[ClosedMonth], error) {
	p, err := calendar.ParsePeriod(in.Period)
	if err != nil {
		return nil, err
	}
	m, err := a.Report.CloseMonth(ctx, p)
	if err != nil {
		return nil, err
	}
	return reply(ClosedMonth{p.String(), m.State.String()})
}
