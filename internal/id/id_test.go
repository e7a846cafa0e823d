package id_test

import (
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

func TestNewSortsByTime(t *testing.T) {
	at := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	a, b := id.New[id.Track](at), id.New[id.Track](at.Add(time.Millisecond))
	if a >= b || len(a) != 26 {
		t.Errorf("%s must sort before %s", a, b)
	}
	if got, err := id.Parse[id.Track](strings.ToLower(string(a))); err != nil || got != a {
		t.Errorf("parse = %s, %v", got, err)
	}
}

func TestSince(t *testing.T) {
	at := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	least := id.Since[id.Share](at)
	if before, then := id.New[id.Share](at.Add(-time.Millisecond)), id.New[id.Share](at); before >= least || then < least {
		t.Errorf("%s is not between %s and %s", least, before, then)
	}
	if zero := id.Since[id.Share](time.Time{}); zero != id.Share(strings.Repeat("0", 26)) {
		t.Errorf("of all time: %s", zero)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, s := range []string{"", "abc", strings.Repeat("U", 26), strings.Repeat("Z", 26), "../../../../../etc/passwd.."} {
		if got, err := id.Parse[id.Act](s); !fault.Is(err, fault.NotFound) {
			t.Errorf("%q = %q, %v", s, got, err)
		}
	}
}
