package royalty

import (
	"cmp"
	"crypto/sha256"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty/wire"
)

const tagSettlement = "9ten/settlement/v1"

// Settlement is a node's signed result of a period. The settlement key signs
// its bytes.
type Settlement struct {
	Node     string
	Period   calendar.Period
	Params   uint32 // parameter version
	LogSize  uint64 // of the last checkpoint anchored before the settlement
	LogRoot  Hash
	Previous Hash // SHA-256 of the settlement before, zero for the first
	RootA    Hash // tree of month rows
	SizeA    uint32
	RootB    Hash // sum tree of lines
	Lines    uint32
	SumB     money.Micro
	Payers   uint32 // month rows with a pot
	Totals
	Rules   string // rules version
	Vectors Hash   // hash of the test vectors those rules pass
}

// Totals are the sums of a settlement's money.
type Totals struct {
	Pots, CarryIn, CarryOut, Commons money.Micro
	Plus, Minus                      money.Micro
	Received, Refunded, Operator     money.Micro
	UnearnedIn, UnearnedOut          money.Micro
}

func (t *Totals) fields() []*money.Micro {
	return []*money.Micro{&t.Pots, &t.CarryIn, &t.CarryOut, &t.Commons, &t.Plus, &t.Minus,
		&t.Received, &t.Refunded, &t.Operator, &t.UnearnedIn, &t.UnearnedOut}
}

// Check refuses (Invalid) totals that break one of the two invariants:
//
//	sumB + carry out + commons + minus = pots + carry in + plus
//	unearned in + received = refunded + operator + pots + unearned out
func (t *Totals) Check(sumB money.Micro) error {
	out, err1 := total(sumB, t.CarryOut, t.Commons, t.Minus)
	in, err2 := total(t.Pots, t.CarryIn, t.Plus)
	if err := cmp.Or(err1, err2); err != nil {
		return err
	}
	if in != out {
		return invalid("The settlement gives out %s of the %s in its pots.", out, in)
	}
	had, err1 := total(t.UnearnedIn, t.Received)
	used, err2 := total(t.Refunded, t.Operator, t.Pots, t.UnearnedOut)
	if err := cmp.Or(err1, err2); err != nil {
		return err
	}
	if had != used {
		return invalid("The settlement accounts for %s of the %s it received.", used, had)
	}
	return nil
}

// Valid refuses (Invalid) a settlement whose parts contradict each other.
func (s *Settlement) Valid() error {
	if err := validNode(s.Node); err != nil {
		return err
	}
	switch {
	case !s.Period.Valid():
		return invalid("The settlement is of no month of the calendar.")
	case (s.LogSize == 0) != (s.LogRoot == Hash{}), (s.SizeA == 0) != (s.RootA == Hash{}), (s.Lines == 0) != (s.RootB == Hash{}):
		return invalid("The settlement has a root of an empty tree, or a tree without a root.")
	case s.Payers > s.SizeA:
		return invalid("The settlement has more payers than rows.")
	case s.Lines == 0 && s.SumB != 0:
		return invalid("The settlement pays without a line.")
	}
	return s.Check(s.SumB)
}

// Follows refuses (Invalid) a settlement that does not take up where the one
// before ended. For the first settlement of a node, prev is nil.
func (s *Settlement) Follows(prev *Settlement) error {
	if prev == nil {
		if (s.Previous != Hash{}) || s.CarryIn != 0 || s.UnearnedIn != 0 {
			return invalid("The first settlement brings something from before.")
		}
		return nil
	}
	h, err := prev.Hash()
	switch {
	case err != nil:
		return err
	case s.Node != prev.Node || s.Period != prev.Period.Add(1):
		return invalid("The settlement of %s does not follow that of %s.", s.Period, prev.Period)
	case s.Previous != h:
		return invalid("The settlement names another one as the one before.")
	case s.CarryIn != prev.CarryOut || s.UnearnedIn != prev.UnearnedOut:
		return invalid("The settlement does not take up the sums the one before left.")
	case s.LogSize < prev.LogSize:
		return invalid("The log of the settlement is shorter than that of the one before.")
	}
	return nil
}

// Hash is the SHA-256 of the bytes.
func (s *Settlement) Hash() (Hash, error) {
	b, err := s.Encode()
	return sha256.Sum256(b), err
}

// Encode returns the canonical bytes, which the settlement key signs.
func (s *Settlement) Encode() ([]byte, error) {
	if err := s.Valid(); err != nil {
		return nil, err
	}
	w := wire.NewWriter(tagSettlement)
	w.Str(s.Node)
	w.U32(uint32(s.Period))
	w.U32(s.Params)
	w.U64(s.LogSize)
	w.Raw(s.LogRoot[:])
	w.Raw(s.Previous[:])
	w.Raw(s.RootA[:])
	w.U32(s.SizeA)
	w.Raw(s.RootB[:])
	w.U32(s.Lines)
	w.I63(int64(s.SumB))
	w.U32(s.Payers)
	for _, f := range s.fields() {
		w.I63(int64(*f))
	}
	w.Str(s.Rules)
	w.Raw(s.Vectors[:])
	return w.Bytes()
}

// ParseSettlement reads what Encode wrote and refuses everything else.
func ParseSettlement(b []byte) (Settlement, error) {
	s, err := decodeSettlement(b)
	if err = cmp.Or(err, s.Valid()); err != nil {
		return Settlement{}, err
	}
	return s, nil
}

// decodeSettlement reads the bytes without judging the sums, for ProveFault's
// sake: a settlement with a broken invariant must still be readable.
func decodeSettlement(b []byte) (Settlement, error) {
	in := wire.NewReader(tagSettlement, b)
	var s Settlement
	s.Node = in.Str()
	s.Period = calendar.Period(in.U32())
	s.Params = in.U32()
	s.LogSize = in.U64()
	in.Raw(s.LogRoot[:])
	in.Raw(s.Previous[:])
	in.Raw(s.RootA[:])
	s.SizeA = in.U32()
	in.Raw(s.RootB[:])
	s.Lines = in.U32()
	s.SumB = money.Micro(in.I63())
	s.Payers = in.U32()
	for _, f := range s.fields() {
		*f = money.Micro(in.I63())
	}
	s.Rules = in.Str()
	in.Raw(s.Vectors[:])
	return s, in.Done()
}

// DecodeSettlement is ParseSettlement without the check of sums: the reading of
// somebody else's settlement that may break an invariant, as ProveFault must.
func DecodeSettlement(b []byte) (Settlement, error) { return decodeSettlement(b) }
