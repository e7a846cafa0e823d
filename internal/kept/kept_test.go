package kept_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/kept"
)

// A value is remembered until something is written, for two seconds, and never
// when it was read before something was written.
func TestMap(t *testing.T) {
	changes := uint64(1)
	m := kept.New[string](func() uint64 { return changes }, 3)
	now := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	has := func(name string, at time.Time) bool { _, _, ok := m.Get(name, at); return ok }
	put := func(name string, at time.Time) {
		_, state, _ := m.Get(name, at)
		m.Put(name, "value of "+name, state, at)
	}
	put("a", now)
	if v, _, ok := m.Get("a", now.Add(kept.Time/2)); !ok || v != "value of a" {
		t.Errorf("%q, %v", v, ok)
	}
	for what, at := range map[string]time.Time{"for ever": now.Add(kept.Time), "with the clock set back": now.Add(-time.Minute)} {
		if has("a", at) {
			t.Errorf("it is remembered %s", what)
		}
	}
	_, before, _ := m.Get("b", now)
	changes++
	if has("a", now) {
		t.Error("it is remembered though something was written")
	}
	put("a", now)
	m.Put("b", "old", before, now)
	if has("b", now) || !has("a", now) {
		t.Error("what was read before something was written counts")
	}
	for i := range 10 {
		put(fmt.Sprint(i), now)
	}
	n := 0
	for i := range 10 {
		if has(fmt.Sprint(i), now) {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d of ten are remembered beside one, and three at most are", n)
	}
	var none *kept.Map[string]
	none.Put("a", "x", 0, now)
	if _, _, ok := none.Get("a", now); ok {
		t.Error("it is remembered by no map")
	}
}
