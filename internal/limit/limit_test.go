package limit

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
)

func TestLimiterForgets(t *testing.T) {
	l := New(time.Minute, 1)
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	for i := range remembered + 100 {
		if err := l.Allow(fmt.Sprint(i), now); err != nil {
			t.Fatal(err)
		}
	}
	if n := &l.attempts; len(n.by) != remembered || n.recent.Len() != remembered {
		t.Errorf("%d names, %d in the list", len(n.by), n.recent.Len())
	}
	if err := l.Allow(fmt.Sprint(remembered+99), now); !fault.Is(err, fault.Limited) {
		t.Errorf("the newest = %v", err)
	}
	if wait := fault.Wait(l.Allow(fmt.Sprint(remembered+99), now)); wait != time.Minute {
		t.Errorf("it is to wait %v", wait)
	}
	if err := l.Allow("0", now); err != nil {
		t.Errorf("one that was forgotten = %v", err)
	}
}

func TestKnownForgets(t *testing.T) {
	var k Known
	k.Add("first")
	for i := range remembered - 1 {
		k.Add(fmt.Sprint(i))
		if !k.Has("first") { // and was seen again
			t.Fatalf("forgotten after %d others", i)
		}
	}
	k.Add("first")
	k.Add("one more")
	if k.Has("0") || !k.Has("1") || !k.Has("first") || k.Has("nobody") {
		t.Error("not the one that was seen least is forgotten")
	}
}

func TestNetwork(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7",
		"2001:db8:1:2:3::1": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		if got := Network(netip.MustParseAddr(in)); got != want {
			t.Errorf("%s = %s, want %s", in, got, want)
		}
	}
	if Network(netip.Addr{}) == "" {
		t.Error("an unknown address has a name of its own")
	}
}
