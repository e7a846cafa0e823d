// Package kept remembers what was read of the database for as long as nothing is
// written that it depends on: what everybody asks for within a second is made once, and
// a flood of the same question costs no query.
package kept

import (
	"sync"
	"time"
)

// Time is how long anything is remembered, since another process may write.
const Time = 2 * time.Second

// A Map remembers values by name, of one state of the database. A nil map remembers
// nothing.
type Map[V any] struct {
	changes func() uint64
	most    int

	mu    sync.Mutex
	state uint64
	until time.Time
	of    map[string]V
}

// New makes one of so many values at most; changes counts what was written.
func New[V any](changes func() uint64, most int) *Map[V] {
	return &Map[V]{changes: changes, most: most}
}

// Get is what is remembered by a name. It tells the state that a value which is not
// is to be read in, and put with.
func (m *Map[V]) Get(name string, now time.Time) (v V, state uint64, ok bool) {
	if m == nil {
		return v, 0, false
	}
	state = m.changes()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.state == state && m.lasts(now) {
		v, ok = m.of[name]
	}
	return v, state, ok
}

// Put remembers a value that was read after [Map.Get] told the state.
func (m *Map[V]) Put(name string, v V, state uint64, now time.Time) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case state < m.state:
		return // somebody has read since
	case state > m.state || !m.lasts(now):
		m.of, m.state, m.until = map[string]V{}, state, now.Add(Time)
	}
	if len(m.of) < m.most {
		m.of[name] = v
	}
}

// lasts is whether what is remembered still counts, also where a clock was set back.
func (m *Map[V]) lasts(now time.Time) bool {
	return now.Before(m.until) && m.until.Sub(now) <= Time
}
