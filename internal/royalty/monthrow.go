package royalty

import (
	"cmp"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty/wire"
)

const tagMonth = "9ten/month/v1"

// Share is what one listener's month gives one of the own acts.
type Share struct {
	Act    id.Act
	Credit uint64
	Rank   uint8 // 1 is the most heard
	Micro  money.Micro
}

// MonthRow is one listener's settled month: a leaf of tree A.
type MonthRow struct {
	Pseudonym Pseudonym
	Period    calendar.Period
	Pot       money.Micro
	CarryIn   money.Micro // brought from earlier periods
	CarryOut  money.Micro // taken to the next period
	Commons   money.Micro // could be paid to nobody
	Carried   uint8       // for how many periods CarryOut has now waited, 0 when there is none
	// Basis is the period whose credits count: Period itself, an earlier one
	// for an idle subscriber, 0 when nobody is paid.
	Basis    calendar.Period
	Shares   []Share // by rank
	DaysHash Hash    // see [DaysHash]
	Params   uint32  // parameter version
}

// Valid refuses (Invalid) a row whose parts contradict each other.
func (r *MonthRow) Valid() error {
	if !r.Period.Valid() || r.Basis != 0 && (!r.Basis.Valid() || r.Basis > r.Period) {
		return invalid("A month row is of no month of the calendar, or rests on a later one.")
	}
	out, err := total(r.CarryOut, r.Commons)
	if err != nil {
		return err
	}
	var credit uint64
	for i, s := range r.Shares {
		if err := ValidAct(s.Act); err != nil {
			return err
		}
		if int(s.Rank) != i+1 {
			return invalid("The shares of a month row are not in rank order.")
		}
		if s.Credit == 0 || s.Credit > MaxMonthCredit || i > 0 && s.Credit > r.Shares[i-1].Credit {
			return invalid("The credits of a month row do not descend, or exceed a month.")
		}
		for _, t := range r.Shares[:i] {
			if t.Act == s.Act {
				return invalid("An act is paid twice in one month row.")
			}
		}
		credit += s.Credit
		if out, err = total(out, s.Micro); err != nil {
			return err
		}
	}
	in, err := total(r.Pot, r.CarryIn)
	switch {
	case err != nil:
		return err
	case in != out:
		return invalid("A month row gives out %s of %s.", out, in)
	case credit > MaxMonthCredit:
		return invalid("A month row credits more than a month.")
	case (len(r.Shares) > 0) != (r.Basis != 0):
		return invalid("A month row pays without a basis, or has one and pays nobody.")
	case (r.CarryOut > 0) != (r.Carried > 0):
		return invalid("A month row carries without counting the periods, or counts without carrying.")
	}
	return nil
}

// Encode returns the canonical bytes.
func (r *MonthRow) Encode() ([]byte, error) { return r.encode(nil) }

func (r *MonthRow) encode(buf []byte) ([]byte, error) {
	if err := r.Valid(); err != nil {
		return nil, err
	}
	var w wire.Writer
	w.Reset(buf, tagMonth)
	w.Raw(r.Pseudonym[:])
	w.U32(uint32(r.Period))
	w.I63(int64(r.Pot))
	w.I63(int64(r.CarryIn))
	w.I63(int64(r.CarryOut))
	w.I63(int64(r.Commons))
	w.U8(r.Carried)
	w.U32(uint32(r.Basis))
	w.Count(len(r.Shares))
	for _, s := range r.Shares {
		w.Str(string(s.Act))
		w.U64(s.Credit)
		w.U8(s.Rank)
		w.I63(int64(s.Micro))
	}
	w.Raw(r.DaysHash[:])
	w.U32(r.Params)
	return w.Bytes()
}

// ParseMonthRow reads what Encode wrote and refuses everything else.
func ParseMonthRow(b []byte) (MonthRow, error) {
	in := wire.NewReader(tagMonth, b)
	var r MonthRow
	in.Raw(r.Pseudonym[:])
	r.Period = calendar.Period(in.U32())
	r.Pot = money.Micro(in.I63())
	r.CarryIn = money.Micro(in.I63())
	r.CarryOut = money.Micro(in.I63())
	r.Commons = money.Micro(in.I63())
	r.Carried = in.U8()
	r.Basis = calendar.Period(in.U32())
	n := in.Count(2 + 8 + 1 + 8)
	if n > 255 {
		in.Fail("has more shares than ranks")
		n = 0
	}
	for range n {
		r.Shares = append(r.Shares, Share{id.Act(in.Str()), in.U64(), in.U8(), money.Micro(in.I63())})
	}
	in.Raw(r.DaysHash[:])
	r.Params = in.U32()
	if err := cmp.Or(in.Done(), r.Valid()); err != nil {
		return MonthRow{}, err
	}
	return r, nil
}
