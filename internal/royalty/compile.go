package royalty

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"slices"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
)

const (
	// MaxCarried is for how many periods an idle subscriber's pot waits.
	MaxCarried = 3
	// BasisPeriods is for how many periods a confirmed nine stays good.
	BasisPeriods = 12
)

// Merge says that an alias is paid as another act. Into is never itself merged.
type Merge struct{ From, Into id.Act }

// Rules are what the ledger fixes for a period.
type Rules struct {
	Params
	Seed   Hash    // beacon of the first day after the close
	Merged []Merge // strictly ascending by From
}

// Valid refuses (Invalid) merges that are out of order or form a chain.
func (r *Rules) Valid() error {
	if err := r.Params.Valid(); err != nil {
		return err
	}
	for i, m := range r.Merged {
		if err := cmp.Or(ValidAct(m.From), ValidAct(m.Into)); err != nil {
			return err
		}
		if i > 0 && m.From <= r.Merged[i-1].From {
			return invalid("The merged acts are not in order.")
		}
		if _, chained := slices.BinarySearchFunc(r.Merged, m.Into, byFrom); chained {
			return invalid("The act %s is merged into one that is merged itself.", m.From)
		}
	}
	return nil
}

func byFrom(m Merge, a id.Act) int { return cmp.Compare(m.From, a) }

// into returns the act that a is paid as.
func (r *Rules) into(a id.Act) id.Act {
	if i, ok := slices.BinarySearchFunc(r.Merged, a, byFrom); ok {
		return r.Merged[i].Into
	}
	return a
}

// Listener is what the node knows of one payer when a period is settled.
type Listener struct {
	Pseudonym Pseudonym
	Pot       money.Micro
	CarryIn   money.Micro
	Carried   uint8 // for how many periods CarryIn has waited
	// Confirmed says that the listener confirmed the nine in this period, so
	// that unsigned plays, or else the basis, are good enough to pay by.
	Confirmed bool
	// Closed says that the account is gone: what cannot be paid does not wait.
	Closed bool
	// Days are encoded day rows of the period under Pseudonym, all sequences,
	// in any order. Basis are those of the last period before with signed plays
	// or a confirmation; its pseudonym is another one.
	Days, Basis [][]byte
}

// Compile makes one listener's month row. Who needs many uses a [Month].
// Faults: Invalid for rows that are not of this listener and period.
func Compile(period calendar.Period, l *Listener, r *Rules) (MonthRow, error) {
	if err := r.Valid(); err != nil {
		return MonthRow{}, err
	}
	return newCompiler(period, r).compile(l)
}

// compiler holds what is reused from one listener to the next.
type compiler struct {
	period  calendar.Period
	rules   *Rules
	names   map[string]int // index into acts; looked up, never iterated
	acts    []tally
	touched []int // acts of the listener at hand
	row     DayRow
	met     []int   // indexes of the acts of row
	plays   []heard // acts of all rows of the listener at hand
	refs    []DayRef
	own     []seen
	basis   []seen
	list    []Credit
	ranking ranking
}

// tally adds up one act for the listener at hand.
type tally struct {
	act id.Act
	to  int // index of the act that act is paid as
	Credit
	last calendar.Day
}

// heard is one act of one day row.
type heard struct {
	ActDay
	index int
}

// seen is a parsed day row, whose acts are plays[from:to].
type seen struct {
	DayRef
	from   int
	to     int
	credit bool
	signed bool
	who    Pseudonym
}

func newCompiler(p calendar.Period, r *Rules) *compiler {
	return &compiler{period: p, rules: r, names: make(map[string]int), ranking: ranking{seed: r.Seed}}
}

// intern names an act without allocating for one that was met before.
func (c *compiler) intern(b []byte) id.Act {
	i, ok := c.names[string(b)]
	if !ok {
		i = c.add(id.Act(b))
	}
	c.met = append(c.met, i)
	return c.acts[i].act
}

func (c *compiler) add(a id.Act) int {
	if i, ok := c.names[string(a)]; ok {
		return i
	}
	i := len(c.acts)
	c.names[string(a)] = i
	c.acts = append(c.acts, tally{act: a, to: i})
	if into := c.rules.into(a); into != a {
		to := c.add(into)
		c.acts[i].to = to
	}
	return i
}

func (c *compiler) compile(l *Listener) (MonthRow, error) {
	out := MonthRow{Pseudonym: l.Pseudonym, Period: c.period, Pot: l.Pot, CarryIn: l.CarryIn, Params: c.rules.Version}
	pot, err := total(l.Pot, l.CarryIn)
	if err != nil {
		return MonthRow{}, err
	}
	if pot == 0 || (l.CarryIn == 0) != (l.Carried == 0) {
		return MonthRow{}, invalid("A month row needs a pot or a carry, and a carry the periods it has waited.")
	}
	c.plays = c.plays[:0]
	if c.own, err = c.scan(c.own, l.Days); err != nil {
		return MonthRow{}, err
	}
	if c.basis, err = c.scan(c.basis, l.Basis); err != nil {
		return MonthRow{}, err
	}
	if err := c.check(l); err != nil {
		return MonthRow{}, err
	}
	rows := c.choose(l)
	if len(rows) > 0 {
		c.pay(&out, pot, rows)
	}
	switch {
	case len(out.Shares) > 0:
	case l.Closed || l.Carried >= MaxCarried:
		out.Commons = pot
	default:
		out.CarryOut, out.Carried = pot, l.Carried+1
	}
	c.refs = c.refs[:0]
	if out.Basis != 0 && out.Basis != c.period {
		c.refs = appendRefs(c.refs, c.basis)
	}
	c.refs = appendRefs(c.refs, c.own)
	out.DaysHash, err = DaysHash(c.refs)
	return out, cmp.Or(err, out.Valid())
}

// choose returns the rows whose credits count: the period's own when a play of
// it was signed or the listener confirmed; the basis when the listener confirmed
// without playing, or when the pot has waited long enough; none to wait.
func (c *compiler) choose(l *Listener) []seen {
	credit := slices.ContainsFunc(c.own, func(s seen) bool { return s.credit })
	signed := slices.ContainsFunc(c.own, func(s seen) bool { return s.signed })
	switch {
	case signed, credit && l.Confirmed:
		return c.own
	case l.Confirmed || l.Carried >= MaxCarried:
		return c.basis
	}
	return nil
}

// scan reads rows, keeps the highest sequence of each day and sorts by day.
func (c *compiler) scan(into []seen, rows [][]byte) ([]seen, error) {
	into = into[:0]
	for _, b := range rows {
		c.met = c.met[:0]
		if err := c.row.parse(b, c.intern); err != nil {
			return into, err
		}
		r, from := &c.row, len(c.plays)
		for i, a := range r.Acts {
			c.plays = append(c.plays, heard{a, c.met[i]})
		}
		into = append(into, seen{DayRef{r.Day, r.Sequence, sha256.Sum256(b)}, from, len(c.plays),
			r.Total > 0, r.SignedCredit() > 0, r.Pseudonym})
	}
	slices.SortFunc(into, func(a, b seen) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(b.Sequence, a.Sequence))
	})
	kept := into[:0]
	for i, s := range into {
		switch {
		case i > 0 && s.Day == into[i-1].Day && s.Sequence == into[i-1].Sequence:
			return into, invalid("There are two rows of %s with the sequence %d.", s.Day, s.Sequence)
		case len(kept) == 0 || kept[len(kept)-1].Day != s.Day:
			kept = append(kept, s)
		}
	}
	return kept, nil
}

// check refuses rows of somebody else or of another period.
func (c *compiler) check(l *Listener) error {
	for _, s := range c.own {
		if s.who != l.Pseudonym || s.Day.Period() != c.period {
			return invalid("A day row is of another listener or another month.")
		}
	}
	for _, s := range c.basis {
		p := s.Day.Period()
		if s.who != c.basis[0].who || p != c.basis[0].Day.Period() || p >= c.period {
			return invalid("The rows of an earlier month are of several listeners or months.")
		}
	}
	if len(c.basis) > 0 && c.basis[0].Day.Period() < c.period.Add(-BasisPeriods) {
		return invalid("A nine that was confirmed more than %d months ago is not good any more.", BasisPeriods)
	}
	return nil
}

// pay splits the pot by the credits of rows.
func (c *compiler) pay(out *MonthRow, pot money.Micro, rows []seen) {
	c.touched = c.touched[:0]
	for _, s := range rows {
		for i := s.from; i < s.to; i++ {
			c.count(&c.plays[i], s.Day)
		}
	}
	c.list = c.list[:0]
	for _, i := range c.touched {
		c.list = append(c.list, c.acts[i].Credit)
		c.acts[i].Credit, c.acts[i].last = Credit{}, 0
	}
	top := c.ranking.top(c.list, c.rules.K)
	if len(top) > 0 {
		out.Basis = rows[0].Day.Period()
		out.Shares = share(pot, top, c.rules.Lambda)
	}
}

func (c *compiler) count(a *heard, d calendar.Day) {
	i := c.acts[a.index].to
	t := &c.acts[i]
	if t.Act == "" {
		t.Act = t.act
		c.touched = append(c.touched, i)
	}
	t.Credit.Credit += a.Credit
	t.Plays += uint64(a.Plays)
	if a.Credit > 0 && t.last != d {
		t.Days++
		t.last = d
	}
}

func appendRefs(refs []DayRef, rows []seen) []DayRef {
	for _, s := range rows {
		refs = append(refs, s.DayRef)
	}
	return refs
}

// comparePseudonym orders listeners as tree A and the log do.
func comparePseudonym(a, b Pseudonym) int { return bytes.Compare(a[:], b[:]) }
