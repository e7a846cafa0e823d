package site

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/wallet"
	"github.com/michaelperna/9ten/internal/web"
)

// PaymentsPage is where payments by hand are recorded, given back and undone.
type PaymentsPage struct {
	web.Page
	Views    []View
	Fields   []web.Field
	Methods  []web.Option
	Find     string // whose subscription is asked for
	Subs     []SubLine
	MoreSubs string // address of older ones, "" when there are none
	Payments []PaidLine
	MorePaid string
}

// SubLine is one subscription in the list.
type SubLine struct {
	Handle, State string
	Paid          time.Time // month up to which it is paid, zero none
	Balance       money.Micro
}

// PaidLine is one payment or refund in the list.
type PaidLine struct {
	Event, Handle, Method, Reference, Note, Operator string
	When, Received                                   time.Time
	Refund                                           bool
	Micro                                            money.Micro
	Undone                                           time.Time // zero while it stands
	MayUndo                                          bool
}

// listedPerPage is how many lines a list of the operator's has.
const listedPerPage = 50

// methodWords are the ways of paying for people.
var methodWords = map[string]string{"cash": "Cash", "bank": "Bank transfer", "reserve": "From the reserve"}

func methodOptions() (out []web.Option) {
	for _, m := range wallet.Methods {
		out = append(out, web.Option{Value: m, Label: methodWords[m]})
	}
	return out
}

func (v *visit) paymentFields() []web.Field {
	return []web.Field{
		{Name: "handle", Label: "Listener", Help: "The account’s name on this node, without the @.", Required: true, MaxLength: 60},
		{Name: "amount", Label: "Amount in dollars", Value: "10", InputMode: "decimal", Required: true, MaxLength: 20},
		{Name: "method", Label: "How", Type: "select", Options: methodOptions()},
		{Name: "received", Label: "Received on", Type: "date", Value: v.site.Now().UTC().Format(time.DateOnly), Help: "It is booked today: what is on the ledger of days past does not change.", Required: true},
		{Name: "reference", Label: "Reference", Help: "The bank’s reference, or a number of your own. It keeps a payment from being recorded twice.", Required: true, MaxLength: 200},
		{Name: "note", Label: "Note", Help: "For you alone.", MaxLength: 500},
	}
}

func (v *visit) paymentsPage() (*PaymentsPage, error) {
	p := &PaymentsPage{Page: v.base("Payments by hand", web.NavOperator), Views: v.nodeViews("/operator/payments"), Fields: v.paymentFields(), Methods: methodOptions()}
	p.NoIndex = true
	q := v.URL.Query()
	if p.Find = handleOf(q.Get("find")); p.Find != "" {
		return p, v.paymentsOf(p)
	}
	subs, err := v.site.Wallet.List(v.Context(), id.Sub(q.Get("after")), listedPerPage)
	if err != nil {
		return nil, err
	}
	for _, s := range subs {
		p.Subs = append(p.Subs, subLine(s.Handle, s.Subscription, s.Balance))
	}
	if len(subs) == listedPerPage {
		p.MoreSubs = "/operator/payments?after=" + url.QueryEscape(string(subs[len(subs)-1].ID)) + "#h-subs"
	}
	at, event := paidBefore(q)
	paid, err := v.site.Wallet.Payments(v.Context(), at, event, listedPerPage)
	if err != nil {
		return nil, err
	}
	for _, e := range paid {
		p.Payments = append(p.Payments, paidLine(e))
	}
	if len(paid) == listedPerPage {
		last := paid[len(paid)-1]
		p.MorePaid = "/operator/payments?" + url.Values{"at": {strconv.FormatInt(last.At.UnixMilli(), 10)}, "event": {last.ID}}.Encode() + "#h-paid"
	}
	return p, nil
}

// paidBefore reads where a page of payments begins.
func paidBefore(q url.Values) (at time.Time, event string) {
	if ms, err := strconv.ParseInt(q.Get("at"), 10, 64); err == nil && ms > 0 {
		return time.UnixMilli(ms), q.Get("event")
	}
	return at, ""
}

// paymentsOf fills the page with one listener's subscription and payments.
func (v *visit) paymentsOf(p *PaymentsPage) error {
	p.Fields[0].Value = p.Find
	who, err := v.site.Engine.AccountByHandle(v.Context(), p.Find)
	if fault.Is(err, fault.NotFound) {
		p.Notices = append(p.Notices, web.Notice{Kind: web.NoteErr, Text: v.say("Nobody here is called %q.", p.Find)})
		return nil
	}
	if err != nil {
		return err
	}
	st, err := v.site.Wallet.Standing(v.Context(), who)
	if err != nil || !st.Subscribed {
		return err
	}
	p.Subs = []SubLine{subLine(p.Find, st.Subscription, st.Balance)}
	for _, paid := range st.Payments(p.Find) {
		p.Payments = append(p.Payments, paidLine(paid))
	}
	return nil
}

func subLine(handle string, s wallet.Subscription, balance money.Micro) SubLine {
	l := SubLine{Handle: handle, State: states[s.State], Balance: balance}
	if s.PaidUntil != 0 {
		l.Paid = s.PaidUntil.Start()
	}
	return l
}

func paidLine(e wallet.Payment) PaidLine {
	l := PaidLine{
		Event: e.ID, Handle: e.Handle, Method: methodWords[e.Method], Reference: e.Reference, Note: e.Note, Operator: e.Operator, When: e.At,
		Refund: e.Kind == wallet.Refunded, Micro: e.Micro, Undone: e.Undone,
		MayUndo: e.Undone.IsZero() && !strings.HasPrefix(e.ID, "undo/") && !strings.HasPrefix(e.ID, "reserve/") && e.Rail == wallet.Declared,
	}
	if e.Received != 0 {
		l.Received = e.Received.Start()
	}
	if l.Refund {
		l.Micro = -l.Micro
	}
	if strings.HasPrefix(l.Reference, "refund/") || strings.HasPrefix(l.Reference, "reserve/") {
		l.Reference = "" // the node's own name for it says nothing to people
	}
	return l
}

// handleOf reads a name as people write it.
func handleOf(text string) string {
	return strings.ToLower(strings.TrimPrefix(strings.TrimSpace(text), "@"))
}

func (v *visit) payments() error {
	p, err := v.paymentsPage()
	if err != nil {
		return err
	}
	if h := v.URL.Query().Get("handle"); h != "" {
		p.Fields[0].Value = handleOf(h)
	}
	return v.show("payments", p)
}

// paymentsAgain shows the page once more with what one of its forms was refused.
func (v *visit) paymentsAgain(err error) error {
	p, perr := v.paymentsPage()
	if perr != nil {
		return perr
	}
	return v.again(err, "payments", p, p.Fields)
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
		return refuse(fault.About("amount", err))
	}
	handle := handleOf(v.form.Get("handle"))
	who, err := v.site.Engine.AccountByHandle(v.Context(), handle)
	if err != nil {
		return refuse(fault.On("handle", fault.Invalid, "Nobody here is called %q.", handle))
	}
	day, err := calendar.ParseDay(v.form.Get("received"))
	if err != nil {
		return refuse(fault.About("received", err))
	}
	st, err := v.site.Wallet.Record(v.Context(), v.viewer.Account, wallet.Declaration{
		Account: who, Amount: amount, Method: v.form.Get("method"), Reference: v.form.Get("reference"), Received: day, Note: v.form.Get("note"),
	})
	if err != nil {
		return refuse(err)
	}
	said := v.say("Recorded: %v from @%s. This month is paid.", amount, handle)
	if st.Missing > 0 {
		said = v.say("Recorded: %v from @%s. %v is missing for this month.", amount, handle, st.Missing)
	}
	return v.goTo("/operator/payments", said)
}

func (v *visit) refund() error {
	handle := handleOf(v.form.Get("handle"))
	who, err := v.site.Engine.AccountByHandle(v.Context(), handle)
	if err != nil {
		return err
	}
	if month := v.form.Get("period"); month != "" {
		return v.goodwill(handle, who, month)
	}
	name := "refund/" + string(who) + "/" + v.site.Now().UTC().Format(time.RFC3339Nano)
	amount, err := v.site.Wallet.Refund(v.Context(), v.viewer.Account, who, v.form.Get("method"), name)
	if err != nil {
		return v.paymentsAgain(err)
	}
	return v.goTo("/operator/payments", v.say("Booked. Hand @%s %v back.", handle, amount))
}

// goodwill gives a settled month back from the operator's reserve.
func (v *visit) goodwill(handle string, who id.Account, month string) error {
	p, err := calendar.ParsePeriod(month)
	if err != nil {
		return v.paymentsAgain(err)
	}
	amount, err := v.site.Wallet.Goodwill(v.Context(), v.viewer.Account, who, p, v.form.Get("method"), v.form.Get("why"))
	if err != nil {
		return v.paymentsAgain(err)
	}
	return v.goTo("/operator/payments", v.say("Booked. Hand @%s %v back.", handle, amount))
}

func (v *visit) undoPayment() error {
	e, err := v.site.Wallet.Undo(v.Context(), v.viewer.Account, v.form.Get("event"), v.form.Get("why"))
	if err != nil {
		return v.paymentsAgain(err)
	}
	return v.goTo("/operator/payments", v.say("Undone: %v. Both entries stay in the books.", e.Micro))
}

// booksFile sends the whole journal; the rest of the path names its form.
func (v *visit) booksFile() error {
	format, name, kind := wallet.CSV, "books.csv", "text/csv; charset=utf-8"
	if v.PathValue("file") == "books.journal" {
		format, name, kind = wallet.Hledger, "books.journal", "text/plain; charset=utf-8"
	} else if v.PathValue("file") != name {
		return fault.New(fault.NotFound, "The books are in books.csv and books.journal.")
	}
	h := v.ResponseWriter.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "private, no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	return v.site.Wallet.Export(v.Context(), format, v.ResponseWriter)
}
