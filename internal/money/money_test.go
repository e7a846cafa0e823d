package money_test

import (
	"math"
	"testing"

	"github.com/michaelperna/9ten/internal/money"
	"pgregory.net/rapid"
)

func TestString(t *testing.T) {
	for m, want := range map[money.Micro]string{
		0: "$0.00", 9_000_000: "$9.00", -500_000: "-$0.50", 3_927_273: "$3.927273",
		10_000: "$0.01", 1: "$0.000001", math.MinInt64: "-$9223372036854.775808",
	} {
		if got := m.String(); got != want {
			t.Errorf("%d = %s, want %s", int64(m), got, want)
		}
	}
}

func TestCents(t *testing.T) {
	for m, want := range map[money.Micro][2]string{
		3_927_273: {"$3.92", "7273"}, 9_000_000: {"$9.00", ""}, -5: {"-$0.00", "0005"}, 1_000_100: {"$1.00", "0100"},
	} {
		if a, r := m.Cents(); a != want[0] || r != want[1] {
			t.Errorf("%d = %s %s, want %s", int64(m), a, r, want)
		}
	}
}

func TestChargeLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		month := rapid.IntRange(28, 31).Draw(t, "month")
		left := rapid.IntRange(1, month).Draw(t, "left")
		charge, operator, pot := money.Charge(left, month)
		if operator+pot != charge || operator*10 > charge || pot < 0 {
			t.Fatalf("%d of %d days: %v = %v + %v", left, month, charge, operator, pot)
		}
	})
	if c, o, p := money.Charge(9, 30); c != 3_000_000 || o != 300_000 || p != 2_700_000 {
		t.Errorf("9 of 30 days = %v, %v, %v", c, o, p)
	}
}

func TestParse(t *testing.T) {
	for s, want := range map[string]money.Micro{"10": 10e6, "$9.5": 9_500_000, "0.000137": 137, " 1.10 ": 1_100_000} {
		if got, err := money.Parse(s); err != nil || got != want {
			t.Errorf("%q = %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "$", "-1", "1e3", "1,000", "1.0000001", "1.", "9223372036855", "99999999999999999999", "0x10", "１"} {
		if got, err := money.Parse(s); err == nil {
			t.Errorf("%q = %v, want a fault", s, got)
		}
	}
}

func TestParseReadsWhatStringWrote(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := money.Micro(rapid.Int64Range(0, math.MaxInt64/2).Draw(t, "micro"))
		if got, err := money.Parse(m.String()); err != nil || got != m {
			t.Fatalf("%s = %d, %v; want %d", m, got, err, m)
		}
	})
}

func TestAddOverflow(t *testing.T) {
	if _, err := money.Add(math.MaxInt64, 1); err == nil {
		t.Error("overflow passed")
	}
	if _, err := money.Add(math.MinInt64, -1); err == nil {
		t.Error("underflow passed")
	}
	if s, err := money.Add(2, 3); err != nil || s != 5 {
		t.Errorf("2+3 = %v, %v", s, err)
	}
}
