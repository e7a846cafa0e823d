package site

import (
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/wallet"
	"github.com/michaelperna/9ten/internal/web"
)

// SubscriptionPage says what a subscription costs, where it stands and what
// was paid.
type SubscriptionPage struct {
	web.Page
	State     string // in words
	Active    bool
	Asked     bool // opened, waiting for the payment
	Cancelled bool
	Today     time.Time
	Month     time.Time // the current one
	Next      time.Time // the 1st from which it costs the full price
	DaysLeft  int
	Due       money.Micro
	Missing   money.Micro
	Balance   money.Micro
	Nine      web.Nine    // as it stands this month, small
	Acts      money.Micro // of a full month
	Tenth     money.Micro
	Price     money.Micro
	Ends      time.Time
	Payments  []PaymentLine
	Operator  string
}

// PaymentLine is one payment in a list.
type PaymentLine struct {
	When      time.Time
	Method    string
	Reference string
	Refund    bool
	Micro     money.Micro
}

// states in words.
var states = map[wallet.State]string{
	wallet.Open: "Waiting for your payment", wallet.Active: "Active", wallet.PastDue: "This month is not paid yet",
	wallet.Expired: "Ended", wallet.Cancelled: "Ends with this month",
}

func (v *visit) subscription() error {
	st, err := v.site.Wallet.Standing(v.Context(), v.viewer.Account)
	if err != nil {
		return err
	}
	now := v.site.Now().UTC()
	period := calendar.PeriodOf(now)
	p := &SubscriptionPage{Page: v.base("Subscription", ""), Today: now, Month: period.Start(), Next: period.End(), DaysLeft: calendar.DaysLeft(now),
		Due: st.Due, Missing: st.Missing, Balance: st.Balance, Price: money.Price, Tenth: money.Price / money.OperatorPart}
	p.Acts = p.Price - p.Tenth
	nine, cards, err := v.places(period, p.Acts)
	if err != nil {
		return err
	}
	p.Nine = nineOf(nine.Places, cards)
	p.Nine.Small = true
	p.Operator = p.Node.Operator
	if st.Subscribed {
		s := st.Subscription
		p.State = states[s.State]
		p.Active = s.PaidUntil >= period
		if s.State == wallet.Active && !p.Active {
			p.State = states[wallet.PastDue] // since the 1st; nobody has told it yet
		}
		p.Asked = !p.Active && (s.State == wallet.Open || s.State == wallet.PastDue || s.State == wallet.Active)
		p.Cancelled = s.State == wallet.Cancelled
		if s.Ends != 0 {
			p.Ends = s.Ends.End().Add(-time.Second)
		}
	}
	for _, e := range st.Events {
		p.Payments = append(p.Payments, PaymentLine{When: e.At, Method: e.Method, Reference: e.Reference, Refund: e.Kind == wallet.Refunded, Micro: e.Micro})
	}
	return v.show("subscription", p)
}

func (v *visit) subscribe() error {
	if _, err := v.site.Wallet.Open(v.Context(), v.viewer.Account); err != nil {
		return err
	}
	return v.goTo("/subscription", "Noted. Your place is taken as soon as the payment is recorded.")
}

func (v *visit) unsubscribe() error {
	if err := v.site.Wallet.Cancel(v.Context(), v.viewer.Account); err != nil {
		return err
	}
	return v.goTo("/subscription", "Cancelled. What you paid for this month still goes to your nine.")
}
