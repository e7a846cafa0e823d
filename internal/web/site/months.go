package site

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/web"
)

// MonthsPage shows how far each month has come.
type MonthsPage struct {
	web.Page
	Views  []View
	Open   time.Time // the current month
	Waits  time.Time // the one that has ended and is not due yet, zero when none
	From   time.Time // when it is
	Next   string    // the month that can be closed, "" when none
	NextOf time.Time
	Months []ClosedMonth
	Fault  string      // what was proved against a settlement, "" for nothing
	Lost   []Unpaid    // acts without a wallet, whose money goes to the commons first first
	Owed   money.Micro // to them together
}

// Unpaid is an act without a wallet.
type Unpaid struct {
	Act   ActCard
	Micro money.Micro
	Until time.Time // when the first of it goes to the commons
}

// ClosedMonth is one settled month as the operator sees it.
type ClosedMonth struct {
	When, Compiled  time.Time
	Period          string
	Payers, Acts    uint32
	Pots, Acts9     money.Micro
	Operator        money.Micro
	Carried         money.Micro
	Commons         money.Micro
	Hash, Batch     string
	Published, Done bool
	Challenged      time.Time // when challenges end
	Final           time.Time // when it is or becomes final
	Due             bool      // the calendar allows the next step, which is not done
}

func closedMonth(m report.Settled) ClosedMonth {
	t, p := m.Settlement, m.Period
	c := ClosedMonth{
		When: p.Period.Start(), Compiled: p.Compiled, Period: p.Period.String(), Payers: t.Payers, Acts: t.Lines, Pots: t.Pots, Acts9: t.SumB,
		Operator: t.Operator, Carried: t.CarryOut, Commons: t.Commons, Hash: m.Hash, Batch: p.Batch, Published: p.State >= report.Published,
		Challenged: p.Period.Due(calendar.Challenged), Final: p.Period.Due(calendar.Final),
	}
	if _, since, final := standing(p); final {
		c.Done, c.Final = true, since
	}
	return c
}

func (v *visit) months() error {
	now := v.site.Now().UTC()
	current := calendar.PeriodOf(now)
	p := &MonthsPage{Page: v.base("Months", web.NavOperator), Views: v.nodeViews("/operator/months"), Open: current.Start()}
	p.NoIndex = true
	all, err := v.site.Report.Settled(v.Context())
	if err != nil {
		return err
	}
	for _, m := range all {
		c := closedMonth(m)
		c.Due = m.Period.State < report.Booked || m.Period.State < report.Fixed && !now.Before(c.Final)
		p.Months = append(p.Months, c)
	}
	began, err := v.site.Report.Began(v.Context())
	if err != nil {
		return err
	}
	switch err := v.site.Report.Challenged(v.Context()); {
	case fault.Is(err, fault.Conflict):
		p.Fault = fault.Message(err)
	case err != nil:
		return err
	}
	if err := v.unpaid(p); err != nil {
		return err
	}
	last := current.Add(-1)
	done := slices.ContainsFunc(all, func(m report.Settled) bool { return m.Period.Period == last })
	switch {
	case done || began.Period() > last:
	case now.Before(last.Due(calendar.Settle)):
		p.Waits, p.From = last.Start(), last.Due(calendar.Settle)
	default:
		p.Next, p.NextOf = last.String(), last.Start()
	}
	return v.show("months", p)
}

// unpaid lists the acts that wait for want of a wallet.
func (v *visit) unpaid(p *MonthsPage) error {
	list, err := v.site.Report.Waiting(v.Context(), "")
	if err != nil {
		return err
	}
	at := map[id.Act]int{}
	var acts []id.Act
	for _, w := range list {
		i, known := at[w.Act]
		if !known {
			i = len(acts)
			at[w.Act] = i
			acts, p.Lost = append(acts, w.Act), append(p.Lost, Unpaid{Until: w.Until})
		}
		p.Lost[i].Micro += w.Micro
		p.Owed += w.Micro
	}
	cards, err := v.acts(acts)
	for i, a := range acts {
		p.Lost[i].Act = cards[a]
	}
	return err
}

func (v *visit) closeMonth() error {
	period, err := calendar.ParsePeriod(v.form.Get("period"))
	if err != nil {
		return err
	}
	if _, err := v.site.Report.CloseMonth(v.Context(), period); err != nil {
		return err
	}
	return v.goTo("/operator/months", "Settled as far as the calendar allows. Doing it again changes nothing.")
}

// A settlementFile is a settlement as it is downloaded: the bytes that were
// signed, and what checks them.
type settlementFile struct {
	Format     string   `json:"format"`
	Node       string   `json:"node"`
	Period     string   `json:"period"`
	Settlement string   `json:"settlement"` // canonical bytes, base64
	SHA256     string   `json:"sha256"`
	Signature  string   `json:"signature"` // Ed25519 by the settlement key, base64
	TreeA      string   `json:"tree_a"`    // signed checkpoint of the tree of listeners
	Keys       []string `json:"keys"`
}

func (v *visit) settlementFile() error {
	period, err := calendar.ParsePeriod(v.PathValue("period"))
	if err != nil {
		return err
	}
	all, err := v.site.Report.Settled(v.Context())
	if err != nil {
		return err
	}
	for _, m := range all {
		if m.Period.Period != period {
			continue
		}
		f := settlementFile{
			Format: "9ten/settlement-file/v1", Node: m.Settlement.Node, Period: period.String(), Settlement: base64.StdEncoding.EncodeToString(m.Period.Settlement),
			SHA256: m.Hash, Signature: base64.StdEncoding.EncodeToString(m.Period.Signature), TreeA: m.Period.TreeA,
		}
		for _, k := range v.site.Keys {
			f.Keys = append(f.Keys, k.String())
		}
		b, err := json.MarshalIndent(f, "", "  ")
		if err != nil {
			return err
		}
		return v.download(period.String()+".9ten-settlement.json", "application/json", append(b, '\n'))
	}
	return fault.New(fault.NotFound, "%v is not settled.", period)
}
