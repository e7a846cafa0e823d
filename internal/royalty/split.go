package royalty

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
)

// Basis is the number of basis points in a whole.
const Basis = 10_000

// Credit is what a listener's month says of one act.
type Credit struct {
	Act    id.Act
	Credit uint64 // counted seconds x basis points
	Plays  uint64 // counted plays
	Days   uint32 // distinct days with credit
}

// Params are the governed numbers of the split.
type Params struct {
	Version uint32
	K       uint8  // how many acts are paid, 9
	Lambda  uint16 // basis points: 0 proportional, 10000 equal parts
}

// Standard are the parameters the network starts with.
var Standard = Params{Version: 1, K: 9, Lambda: 0}

// Valid refuses (Invalid) no acts at all and more than the whole.
func (p Params) Valid() error {
	if p.K == 0 || p.Lambda > Basis {
		return invalid("The split needs 1 to 255 acts and a lambda of 0 to 10000.")
	}
	return nil
}

// Split divides one listener's pot among the own top K acts and nobody else's.
// What it cannot give (no act has credit) it returns as unallocated; otherwise
// the shares add up to the pot. The order of credits does not matter and the
// argument is left alone. Faults: Invalid for a negative pot, an act listed
// twice and more credit than a month holds.
func Split(pot money.Micro, credits []Credit, p Params, seed Hash) (shares []Share, unallocated money.Micro, err error) {
	if err := p.Valid(); err != nil {
		return nil, 0, err
	}
	if pot < 0 {
		return nil, 0, invalid("A pot cannot be below zero.")
	}
	if err := distinct(credits); err != nil {
		return nil, 0, err
	}
	r := ranking{seed: seed}
	top := r.top(slices.Clone(credits), p.K)
	if len(top) == 0 || pot == 0 {
		return nil, pot, nil
	}
	return share(pot, top, p.Lambda), 0, nil
}

// distinct refuses doubled acts and impossible credits.
func distinct(credits []Credit) error {
	acts := make([]id.Act, len(credits))
	var sum uint64
	for i, c := range credits {
		if err := ValidAct(c.Act); err != nil {
			return err
		}
		if c.Credit > MaxMonthCredit || sum > MaxMonthCredit-c.Credit {
			return invalid("The credits exceed what a month holds, %d.", uint64(MaxMonthCredit))
		}
		sum += c.Credit
		acts[i] = c.Act
	}
	slices.Sort(acts)
	for i := 1; i < len(acts); i++ {
		if acts[i] == acts[i-1] {
			return invalid("The act %s is listed twice.", acts[i])
		}
	}
	return nil
}

// ranking orders acts by what they were heard. The keys that break ties are
// kept, since each is a hash and the acts of a node's listeners are the same.
type ranking struct {
	seed Hash
	keys map[id.Act]Hash
}

// top returns the best k of the credits that are not zero, the best first, in
// the memory of credits. A listener has many acts and k is small: each is put
// where it belongs among the best so far, or left out.
func (r *ranking) top(credits []Credit, k uint8) []Credit {
	n := 0
	for _, c := range credits {
		at := n
		for at > 0 && r.compare(&c, &credits[at-1]) < 0 {
			at--
		}
		if c.Credit == 0 || at == int(k) {
			continue
		}
		n = min(n+1, int(k))
		copy(credits[at+1:n], credits[at:])
		credits[at] = c
	}
	return credits[:n]
}

// compare is below zero when a ranks before b.
func (r *ranking) compare(a, b *Credit) int {
	if c := cmp.Or(cmp.Compare(b.Credit, a.Credit), cmp.Compare(b.Plays, a.Plays), cmp.Compare(b.Days, a.Days)); c != 0 {
		return c
	}
	return compare(r.key(a.Act), r.key(b.Act))
}

func (r *ranking) key(a id.Act) Hash {
	k, ok := r.keys[a]
	if !ok {
		if r.keys == nil {
			r.keys = make(map[id.Act]Hash)
		}
		k = TieKey(r.seed, a)
		r.keys[a] = k
	}
	return k
}

// share weighs ranked acts: lambda*Q + (B-lambda)*k*c over B*k*Q. With at most
// 255 acts and a month of credit the denominator stays below 2^56.
func share(pot money.Micro, top []Credit, lambda uint16) []Share {
	var q uint64
	for _, c := range top {
		q += c.Credit
	}
	k, l := uint64(len(top)), uint64(lambda)
	weights := make([]uint64, len(top))
	for i, c := range top {
		weights[i] = l*q + (Basis-l)*k*c.Credit
	}
	parts := apportion(uint64(pot), weights, Basis*k*q)
	shares := make([]Share, len(top))
	for i, c := range top {
		shares[i] = Share{c.Act, c.Credit, uint8(i + 1), money.Micro(parts[i])}
	}
	return shares
}

// apportion divides amount in proportion to weights, which add up to whole > 0:
// the floor of each part with a 128-bit product, the rest one by one to the
// largest remainders, the earlier part first among equals.
func apportion(amount uint64, weights []uint64, whole uint64) []uint64 {
	parts, rests, order := make([]uint64, len(weights)), make([]uint64, len(weights)), make([]int, len(weights))
	left := amount
	for i, w := range weights {
		hi, lo := bits.Mul64(amount, w) // w <= whole, so the quotient fits
		parts[i], rests[i] = bits.Div64(hi, lo, whole)
		left -= parts[i]
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rests[b], rests[a]) })
	for _, i := range order[:left] {
		parts[i]++
	}
	return parts
}

// Divide deals an act's amount to the wallets of its sheet, given in basis
// points that add up to 10000, by the same rule as [Split]. Faults: Invalid for
// a negative amount and a sheet that is not whole.
func Divide(amount money.Micro, sheet []uint16) ([]money.Micro, error) {
	weights := make([]uint64, len(sheet))
	var sum uint64
	for i, bps := range sheet {
		weights[i] = uint64(bps)
		sum += uint64(bps)
	}
	if sum != Basis || amount < 0 || len(sheet) > math.MaxUint16 {
		return nil, invalid("A sheet divides an amount into 10000 basis points, this one has %d.", sum)
	}
	out := make([]money.Micro, len(sheet))
	for i, part := range apportion(uint64(amount), weights, Basis) {
		out[i] = money.Micro(part)
	}
	return out, nil
}
