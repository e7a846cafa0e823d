// Package money counts dollars in whole millionths, and nothing else.
//
// There is no float and no decimal library anywhere money passes: a sum that
// is shown is the sum that is stored.
package money

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
)

// Micro is an amount in millionths of a dollar (micro-USDP).
type Micro int64

// The constants of the network's parameters, in micro.
const (
	Cent   Micro = 10_000
	Dollar Micro = 1_000_000
	// Price is what a listener pays for a full month.
	Price = 10 * Dollar
	// OperatorPart is the divisor of a charge that yields the operator's part.
	OperatorPart = 10
)

// Charge is what a month costs that is joined with daysLeft of daysInMonth to
// go (the day of joining included), and how it divides. Both parts are
// rounded down in the order the rule names: first the charge, then the
// operator's part; the pot is the rest, so nothing is lost.
// It panics unless 1 <= daysLeft <= daysInMonth <= 31: the caller's calendar
// is broken, not the input.
func Charge(daysLeft, daysInMonth int) (charge, operator, pot Micro) {
	if daysLeft < 1 || daysLeft > daysInMonth || daysInMonth > 31 {
		panic(fmt.Sprintf("money: %d days left of %d", daysLeft, daysInMonth))
	}
	charge = Price * Micro(daysLeft) / Micro(daysInMonth)
	operator = charge / OperatorPart
	return charge, operator, charge - operator
}

// Add returns a+b, or an Invalid fault when the sum does not fit.
func Add(a, b Micro) (Micro, error) {
	if (b > 0 && a > math.MaxInt64-b) || (b < 0 && a < math.MinInt64-b) {
		return 0, fault.New(fault.Invalid, "That amount is too large to book.")
	}
	return a + b, nil
}

// String formats the amount to the cent when it is whole cents, otherwise to
// the micro: "$9.00", "-$0.50", "$3.927273".
func (m Micro) String() string {
	sign, u := "", uint64(m)
	if m < 0 {
		sign, u = "-", -u
	}
	whole, frac := u/uint64(Dollar), u%uint64(Dollar)
	if frac%uint64(Cent) == 0 {
		return fmt.Sprintf("%s$%d.%02d", sign, whole, frac/uint64(Cent))
	}
	return fmt.Sprintf("%s$%d.%06d", sign, whole, frac)
}

// Cents returns the amount cut (not rounded) to the cent and the micro digits
// that remain, as a page typesets them: "$3.92" and "7273". The second is
// empty when nothing remains.
func (m Micro) Cents() (amount, rest string) {
	r := m % Cent
	amount = (m - r).String()
	if m < 0 && m-r == 0 {
		amount = "-" + amount
	}
	if r == 0 {
		return amount, ""
	}
	if r < 0 {
		r = -r
	}
	return amount, fmt.Sprintf("%04d", int64(r))
}

// Parse reads an amount such as "10", "$9.5" or "0.000137": at most six
// decimals, no exponent, no thousands separator, no sign. It returns an
// Invalid fault otherwise.
func Parse(s string) (Micro, error) {
	bad := fault.New(fault.Invalid, "%q is no amount: write dollars like 10 or 9.50.", s)
	whole, frac, point := strings.Cut(strings.TrimPrefix(strings.TrimSpace(s), "$"), ".")
	if len(frac) > 6 || point && frac == "" || !digits(whole) || !digits(frac+"0") {
		return 0, bad
	}
	w, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || w > math.MaxInt64/int64(Dollar)-1 {
		return 0, bad
	}
	f, _ := strconv.ParseInt((frac + "000000")[:6], 10, 64)
	return Micro(w)*Dollar + Micro(f), nil
}

func digits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}
