package site

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/web"
)

// StatementPage is what an act was credited, and how its wallets divide it.
type StatementPage struct {
	web.Page
	ID, Act, Handle string
	Months          []StatementLine // newest first
	Bars            []Bar           // the last nine months, oldest first
	Sum             money.Micro
	Wallets         []WalletSum             // today's sheet over all months; empty without one
	Owner           bool                    // may see and change the wallets
	Waits           *Todo                   // what is owed until when, for want of a wallet; nil for nothing
	Elsewhere       []social.Listens        // by node: what was told of plays there in the last month
	Paid            music.List[social.Paid] // what other nodes told of months there
	Own             time.Time               // until then months were recorded on the operator's own ledger; zero for none
	Empty           web.Empty
}

// StatementLine is one month of it.
type StatementLine struct {
	When      time.Time
	Period    string
	Listeners uint32
	Micro     money.Micro
	State     string // in words, for the file
	Final     bool
	Published bool
	Until     time.Time // open to challenge until, or final since
	Payout    time.Time // when it is due to be paid out
	Proof     string
	Parts     []money.Micro // one for each wallet of today's sheet
	Waits     time.Time     // it waits for a wallet until then
	Commons   time.Time     // it did so in vain
}

// A Bar is one month of the chart: its height from 0 to 1.
type Bar struct {
	When   time.Time
	Height string
	Micro  money.Micro
	Last   bool
}

// WalletSum is one wallet and its part of all months.
type WalletSum struct {
	Name, Address, Percent string
	Micro                  money.Micro
}

func (v *visit) statementPage() (*StatementPage, error) {
	full, err := v.ownAct()
	if err != nil {
		return nil, err
	}
	act := full.Act.ID
	list, err := v.site.Report.Earnings(v.Context(), act)
	if err != nil {
		return nil, err
	}
	p := &StatementPage{
		Page: v.base("Earnings", web.NavStudio), ID: string(act), Act: full.Act.Name, Handle: full.Act.Handle, Owner: full.Role == music.Owner,
		Empty: web.Empty{Title: "No month is settled yet", Text: "The first statement comes on the 4th of the month after somebody who pays has this act in their nine."},
	}
	if full.Act.Label {
		p.Empty.Text = "A label earns by credit sheets that name it. The first statement comes on the 4th of the month after somebody who pays heard such music."
	}
	p.NoIndex, p.Scripts = true, []string{"studio.js"}
	cover := sleeve(full.Act.Cover)
	if cover.ID == "" {
		if cover, err = v.sleeveOf(act); err != nil {
			return nil, err
		}
	}
	p.Accents = cover.Accents
	var sheet []music.Wallet
	if p.Owner {
		if sheet, err = v.site.Studio.Wallets(v.Context(), v.ears(), act); err != nil {
			return nil, err
		}
	}
	for _, w := range sheet {
		p.Wallets = append(p.Wallets, WalletSum{Name: w.Name, Address: w.Address, Percent: percent(w.Bps)})
	}
	for _, e := range list {
		line := statementLine(&e, act)
		if line.Parts, err = divide(line.Micro, sheet); err != nil {
			return nil, err
		}
		for i, part := range line.Parts {
			p.Wallets[i].Micro += part
		}
		p.Months = append(p.Months, line)
		p.Sum += line.Micro
	}
	p.Bars = bars(p.Months)
	if p.Own, err = v.site.Report.Known.OwnUntil(v.Context()); err != nil {
		return nil, err
	}
	if p.Elsewhere, err = v.site.Talk.ListensOf(v.Context(), act); err != nil {
		return nil, err
	}
	if p.Paid, err = v.site.Talk.PaidElsewhere(v.Context(), act, v.URL.Query().Get("after"), monthsTold); err != nil {
		return nil, err
	}
	waits, err := v.waits(&full.Act)
	if len(waits) > 0 {
		p.Waits = &waits[0]
	}
	return p, err
}

// monthsTold is how many months of other nodes a page lists.
const monthsTold = 24

func statementLine(e *report.Earning, act id.Act) StatementLine {
	x := e.Period.Period
	l := StatementLine{
		When: x.Start(), Period: x.String(), Listeners: e.Line.Count, Micro: e.Line.Sum(), Published: e.Period.State >= report.Published,
		Payout: x.Due(calendar.Payout), Proof: "/studio/act/" + string(act) + "/proof/" + x.String(),
	}
	l.State = stateOf(e.Period)
	_, l.Until, l.Final = standing(e.Period)
	l.Waits, l.Commons = e.Waits, e.Forfeited
	switch {
	case !l.Commons.IsZero():
		l.State = "Went to the commons on " + l.Commons.Format("2 January 2006")
	case !l.Waits.IsZero():
		l.State = "Waits for a wallet until " + l.Waits.Format("2 January 2006")
	}
	return l
}

// bars draws the nine months up to the newest, those without a sum too.
func bars(months []StatementLine) []Bar {
	if len(months) == 0 {
		return nil
	}
	sums, top := map[string]money.Micro{}, money.Micro(1)
	for _, m := range months {
		sums[m.Period] = m.Micro
	}
	out := make([]Bar, 9)
	newest := calendar.PeriodOf(months[0].When)
	for i := range out {
		p := newest.Add(i - len(out) + 1)
		out[i] = Bar{When: p.Start(), Micro: sums[p.String()], Last: i == len(out)-1}
		top = max(top, out[i].Micro)
	}
	for i := range out {
		out[i].Height = strconv.FormatFloat(float64(out[i].Micro)/float64(top), 'f', 3, 64)
	}
	return out
}

// divide deals a month's sum to the wallets of a sheet, by the rule that the
// payout uses.
func divide(sum money.Micro, sheet []music.Wallet) ([]money.Micro, error) {
	if len(sheet) == 0 {
		return nil, nil
	}
	bps := make([]uint16, len(sheet))
	for i, w := range sheet {
		if w.Bps < 0 || w.Bps > music.Whole {
			return nil, fmt.Errorf("site: wallet %d of a sheet has %d basis points", i, w.Bps)
		}
		bps[i] = uint16(w.Bps)
	}
	return royalty.Divide(sum, bps)
}

func (v *visit) statement() error {
	p, err := v.statementPage()
	if err != nil {
		return err
	}
	return v.show("statement", p)
}

// statementFile is the statement as a table for programs (RFC 4180). Amounts
// are in dollars with six decimals.
func (v *visit) statementFile() error {
	p, err := v.statementPage()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	head := []string{"month", "listeners", "dollars", "state"}
	for _, x := range p.Wallets {
		head = append(head, cell(x.Name)+" "+x.Address)
	}
	rows := [][]string{head}
	for _, m := range p.Months {
		row := []string{m.Period, strconv.FormatUint(uint64(m.Listeners), 10), dollars(m.Micro), m.State}
		for _, part := range m.Parts {
			row = append(row, dollars(part))
		}
		rows = append(rows, row)
	}
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	return v.download("statement-"+p.ID+".csv", "text/csv; charset=utf-8", b.Bytes())
}

// cell keeps spreadsheets from reading a name as a formula.
func cell(s string) string {
	if strings.ContainsAny(s[:min(1, len(s))], "=+-@\t\r") {
		return "'" + s
	}
	return s
}

// dollars writes an amount with all six decimals.
func dollars(m money.Micro) string {
	micro := strconv.FormatInt(int64(m%money.Dollar)+int64(money.Dollar), 10)[1:]
	return strconv.FormatInt(int64(m/money.Dollar), 10) + "." + micro
}

func (v *visit) actProof() error {
	full, err := v.ownAct()
	if err != nil {
		return err
	}
	period, err := calendar.ParsePeriod(v.PathValue("period"))
	if err != nil {
		return err
	}
	file, err := v.site.Report.ActProof(v.Context(), full.Act.ID, period)
	if err != nil {
		return err
	}
	return v.download(string(full.Act.ID)+"-"+period.String()+".9ten-act.json", "application/json", file)
}

// LedgerPage says what the node's log and ledger hold.
type LedgerPage struct {
	web.Page
	Machine Machine
	Keys    royalty.Keys
}

func (v *visit) ledger() error {
	m, err := v.site.Engine.Machine(v.Context())
	if err != nil {
		return err
	}
	return v.show("ledger", &LedgerPage{Page: v.base("Ledger and log", ""), Machine: m, Keys: v.site.Keys})
}

// PlainPage has words and nothing else.
type PlainPage struct{ web.Page }

func (v *visit) privacy() error {
	return v.show("privacy", &PlainPage{v.base("What is kept about you", "")})
}
