package limit

import (
	"testing"
	"time"
)

// A quota says what is left and when there is more, and counts nothing itself.
func TestQuota(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	l := New(time.Second, 3)
	look := func(at time.Time, left int, next time.Duration) {
		t.Helper()
		if q := l.Quota("a", at); q != (Quota{3, 3 * time.Second, left, next}) {
			t.Errorf("%+v, want %d left and one more in %v", q, left, next)
		}
	}
	look(now, 3, 0)
	if err := l.AllowN("a", now, 3); err != nil {
		t.Fatal(err)
	}
	look(now, 0, time.Second)
	look(now.Add(1500*time.Millisecond), 1, 500*time.Millisecond)
	look(now.Add(time.Hour), 3, 0)
	if q := l.Quota("b", now); q.Left != 3 {
		t.Errorf("another's is %+v", q)
	}
}
