package site

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/problem"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/web"
)

// ReceiptsPage lists a listener's settled months and the open one.
type ReceiptsPage struct {
	web.Page
	Months []MonthLine
	Days   []DayLine // of the open month, newest first
	Open   time.Time // the open month
	Empty  web.Empty
}

// MonthLine is one settled month in a list.
type MonthLine struct {
	When  time.Time
	URL   string
	First string // first of the nine
	Acts  int
	Nine  web.Nine
	Paid  money.Micro
	State string // a key of the catalogue, about Since when that is set
	Since time.Time
	Done  bool
	Gone  time.Time // its rows were destroyed then: nothing else is known of it
}

// DayLine is one day that is in the log.
type DayLine struct {
	When time.Time
	File string
}

func (v *visit) receipts() error {
	p := &ReceiptsPage{Page: v.base("Receipts", web.NavReceipts), Empty: web.Empty{
		Title: "No receipt yet", Text: "The first comes on the 4th of the month after your first payment. It shows what each of your nine was paid, and your browser checks it.",
		URL: "/subscription", Go: "See how it works",
	}}
	months, err := v.site.Report.Months(v.Context(), v.viewer.Account)
	if err != nil {
		return err
	}
	var ids []id.Act
	for _, m := range months {
		for _, sh := range m.Row.Shares {
			ids = append(ids, sh.Act)
		}
	}
	slices.Sort(ids)
	acts, err := v.acts(slices.Compact(ids))
	if err != nil {
		return err
	}
	for _, m := range months {
		if !m.Destroyed.IsZero() {
			p.Months = append(p.Months, MonthLine{When: m.Row.Period.Start(), Gone: m.Destroyed})
			continue
		}
		l := MonthLine{When: m.Row.Period.Start(), URL: "/receipts/" + m.Row.Period.String(), Acts: len(m.Row.Shares), Paid: m.Row.Pot + m.Row.CarryIn - m.Row.CarryOut - m.Row.Commons}
		for _, sh := range m.Row.Shares {
			a := acts[sh.Act]
			l.Nine.Cells = append(l.Nine.Cells, web.Cell{Name: a.Name, Cover: a.Cover, Amount: sh.Micro})
		}
		if l.Acts > 0 {
			l.First = l.Nine.Cells[0].Name
		}
		l.State, l.Since, l.Done = standing(m.Period)
		p.Months = append(p.Months, l)
	}
	now := v.site.Now().UTC()
	p.Open = calendar.PeriodOf(now).Start()
	days, err := v.site.Report.Days(v.Context(), v.viewer.Account, calendar.PeriodOf(now))
	if err != nil {
		return err
	}
	for _, d := range days {
		p.Days = append(p.Days, DayLine{When: d.Start(), File: "/days/" + d.String() + "/receipt"})
	}
	return v.show("receipts", p)
}

// standing says where a settled month stands, since or until when, and whether
// it is final.
func standing(p report.Period) (words string, when time.Time, final bool) {
	due := p.Period.Due
	switch {
	case p.State >= report.Final:
		return "Final since %s", p.Final, true
	case p.State >= report.Published:
		return "Open to challenge until %s", due(calendar.Challenged), false
	default:
		return "Waiting for the ledger", time.Time{}, false
	}
}

// stateOf is standing in one English sentence, for files.
func stateOf(p report.Period) string {
	words, when, _ := standing(p)
	if !when.IsZero() {
		words = fmt.Sprintf(words, when.Format("2 January"))
	}
	return words
}

// ReceiptPage is one settled month.
type ReceiptPage struct {
	web.Page
	When    time.Time
	Period  string
	Nine    web.Nine
	Acts    []PaidAct
	Sum     money.Micro // to the acts
	Keep    money.Micro // the node’s part
	CarryIn money.Micro
	Carried money.Micro // waits for the listener
	Commons money.Micro
	Total   money.Micro
	Paid    time.Time
	Chain   []web.Link
	File    string
	Basis   string // another month whose nine were paid, "" when it is this one
}

// PaidAct is one of the nine on a receipt.
type PaidAct struct {
	Name, URL, Heard string
	Cover            web.Cover
	Micro            money.Micro
}

func (v *visit) receipt() error {
	period, err := calendar.ParsePeriod(v.PathValue("period"))
	if err != nil {
		return err
	}
	m, err := v.site.Report.MonthOf(v.Context(), v.viewer.Account, period)
	if err != nil {
		return err
	}
	charge, err := v.site.Wallet.Charge(v.Context(), v.viewer.Account, period)
	if err != nil {
		return err
	}
	base := v.named(v.site.Renderer.Month(v.Request, period.Start()), web.NavReceipts)
	base.NoIndex, base.Scripts = true, []string{"verifypage.js"}
	p := &ReceiptPage{Page: base, When: period.Start(), Period: period.String(), File: "/receipts/" + period.String() + "/file",
		CarryIn: m.Row.CarryIn, Carried: m.Row.CarryOut, Commons: m.Row.Commons}
	p.Keep = charge.Operator
	p.Total, p.Paid = charge.Charge, charge.At
	p.Nine.Label, p.Nine.Small = v.say("The nine of %s", p.Title), true
	if err := v.paidActs(p, m.Row.Shares); err != nil {
		return err
	}
	if m.Row.Basis != 0 && m.Row.Basis != period {
		p.Basis = v.site.Renderer.Month(v.Request, m.Row.Basis.Start())
	}
	stands, err := v.site.Report.Known.Challenge(v.Context(), period)
	if err != nil {
		return err
	}
	p.Chain = chain(m, stands)
	return v.show("receipt", p)
}

func (v *visit) paidActs(p *ReceiptPage, shares []royalty.Share) error {
	ids := make([]id.Act, len(shares))
	for i, s := range shares {
		ids[i] = s.Act
	}
	acts, err := v.acts(ids)
	if err != nil {
		return err
	}
	for _, s := range shares {
		a := acts[s.Act]
		p.Acts = append(p.Acts, PaidAct{Name: a.Name, URL: a.URL, Heard: heard(s.Credit), Cover: a.Cover, Micro: s.Micro})
		p.Nine.Cells = append(p.Nine.Cells, web.Cell{Name: a.Name, URL: a.URL, Cover: a.Cover, Amount: s.Micro})
		p.Sum += s.Micro
	}
	if len(p.Nine.Cells) > 0 {
		p.Accents = p.Nine.Cells[0].Cover.Accents
	}
	return nil
}

// heard says a credit as time at full share.
func heard(credit uint64) string {
	s := credit / royalty.Basis
	if s >= 3600 {
		return fmt.Sprintf("%d h %02d", s/3600, s/60%60)
	}
	if s < 60 {
		return fmt.Sprintf("%d s", s)
	}
	return fmt.Sprintf("%d min", s/60)
}

// chain is the evidence of a month, all of it open until the browser has
// checked it: the page script fills the squares.
func chain(m report.Month, stands report.Challenge) []web.Link {
	due := m.Period.Period.Due
	links := []web.Link{
		{ID: "days", Title: "Your days", Text: "Every play is in the row of its day, every row in the log.", State: web.LinkOpen},
		{ID: "split", Title: "One month", Text: "The split of your own days gives exactly these sums.", State: web.LinkOpen},
		{ID: "inclusion", Title: "One tree", Text: "Your row is in the tree of all rows.", State: web.LinkOpen},
		{ID: "shares", Title: "The acts’ sums", Text: "Each share is in what its act is credited.", State: web.LinkOpen},
		{ID: "settlement", Title: "One settlement", Text: "Signed by this node and taken by the ledger’s contract. Nobody else has recomputed it: not independently reviewed.", State: web.LinkOpen},
	}
	final := web.Link{Title: "No objections", Text: "Open to challenge until %s.", When: due(calendar.Challenged), State: web.LinkOpen}
	if m.Period.State >= report.Final {
		final.State, final.Text, final.When = web.LinkDone, "Final since %s.", m.Period.Final
	}
	if stands.Reopened {
		final.State, final.Text, final.When = web.LinkBad, "A fault was proved against the settlement. The node settles the month again; nobody is paid by this one.", time.Time{}
	}
	pay := web.Link{Title: "Paid out", Text: "Due on %s.", When: due(calendar.Payout), State: web.LinkOpen}
	return append(links, final, pay)
}

// ownReceipt makes the viewer's receipt of the month in the address.
func (v *visit) ownReceipt() (period calendar.Period, file []byte, err error) {
	if period, err = calendar.ParsePeriod(v.PathValue("period")); err == nil {
		file, err = v.site.Report.MonthReceipt(v.Context(), v.viewer.Account, period)
	}
	return period, file, err
}

func (v *visit) receiptFile() error {
	period, file, err := v.ownReceipt()
	if err != nil {
		return err
	}
	return v.download(period.String()+".9ten-receipt.txt", "text/plain; charset=utf-8", file)
}

// contest has the ledger compute the month again.
func (v *visit) contest() error {
	period, file, err := v.ownReceipt()
	if err != nil {
		return err
	}
	holds, err := v.site.Report.Contest(v.Context(), file)
	if fault.Is(err, fault.Unavailable) {
		return v.contestLater(period)
	}
	if err != nil {
		return err
	}
	said := "The ledger computed your month again and comes to the same."
	if !holds {
		said = "The ledger comes to something else: the fault stands there now, and the node has to put it right."
	}
	return v.goTo("/receipts/"+period.String(), said)
}

// contestLater keeps the viewer's own objection while the ledger is away.
func (v *visit) contestLater(period calendar.Period) error {
	if err := v.site.Engine.ContestLater(v.Context(), v.viewer.Account, period); err != nil {
		return err
	}
	return v.goTo("/receipts/"+period.String(), "The ledger cannot be reached just now. The node keeps your objection and has it computed as soon as the ledger is back; a fault would be shown here.")
}

// maxReceipt bounds a receipt that is sent as a file.
const maxReceipt = 5 << 20

// contestFile has the ledger compute a month again from its receipt: of any
// listener, and of any node that shares the ledger. One that is accused need not
// carry the proof.
func (v *visit) contestFile() error {
	p := v.verifyPage()
	var file []byte
	err := v.eachFile(func(_ string, r io.Reader) (err error) {
		file, err = io.ReadAll(r)
		return fault.Wrap(err, fault.TooLarge, "The file did not arrive whole. A receipt has at most %d MB.", maxReceipt>>20)
	})
	if err == nil && len(file) == 0 {
		err = fault.On("receipt", fault.Invalid, "Choose the file of a receipt.")
	}
	var holds bool
	if err == nil {
		holds, err = v.site.Report.Contest(v.Context(), file)
	}
	if fault.Is(err, fault.Unavailable) {
		if period, own, ownErr := v.site.Report.Owns(v.Context(), v.viewer.Account, file); ownErr == nil && own {
			return v.contestLater(period)
		}
	}
	if err != nil {
		p.Notices = append(p.Notices, web.Notice{Kind: web.NoteErr, Text: v.why(err)})
		return v.showAs(problem.Status(err), "verify", p)
	}
	said := "The ledger computed the month again and comes to the same."
	if !holds {
		said = "The ledger comes to something else: the fault stands there now, and the node that signed the receipt has to put it right."
	}
	return v.goTo("/verify", said)
}

func (v *visit) dayFile() error {
	day, err := calendar.ParseDay(v.PathValue("day"))
	if err != nil {
		return err
	}
	file, err := v.site.Report.DayReceipt(v.Context(), v.viewer.Account, day)
	if err != nil {
		return err
	}
	return v.download(day.String()+".9ten-receipt.txt", "text/plain; charset=utf-8", file)
}

// VerifyPage checks any node's receipt in the browser.
type VerifyPage struct {
	web.Page
	Keys string // this node's verifier keys, a line each
}

func (v *visit) verify() error { return v.show("verify", v.verifyPage()) }

func (v *visit) verifyPage() *VerifyPage {
	base := v.base("Check a receipt", "")
	base.Scripts = []string{"verifypage.js"}
	base.Description = "Check a 9ten receipt of any node in your own browser."
	p := &VerifyPage{Page: base}
	for _, k := range v.site.Keys {
		p.Keys += k.String() + "\n"
	}
	return p
}

// confirm takes a listener's word that the nine are right.
func (v *visit) confirm() error {
	if err := v.site.Report.Confirm(v.Context(), v.viewer.Account); err != nil {
		return err
	}
	return v.goTo("/", "Noted. If nothing you play this month is signed, your nine are paid all the same.")
}
