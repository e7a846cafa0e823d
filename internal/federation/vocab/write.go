package vocab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// MarshalJSON writes the object: its context, the known names in the order of the
// table, the others by name.
func (o *Object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	member := func(name string, value any) error {
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		v, err := encode(value)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		n, err := encode(name)
		if err != nil {
			return err
		}
		b.Write(n)
		b.WriteByte(':')
		b.Write(v)
		return nil
	}
	if o.Context != nil {
		if err := member("@context", o.Context); err != nil {
			return nil, err
		}
	}
	for _, f := range table {
		if v := f.write(o); v != nil {
			if err := member(f.name, v); err != nil {
				return nil, err
			}
		}
	}
	names := make([]string, 0, len(o.Extra))
	for name := range o.Extra {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := member(name, o.Extra[name]); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// MarshalJSON writes the thing, or its address.
func (i Item) MarshalJSON() ([]byte, error) {
	if i.Object != nil {
		return i.Object.MarshalJSON()
	}
	return encode(i.IRI)
}

// encode is JSON without escapes for HTML, which canonical JSON has not either.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// Encode writes a document to be sent, with 9ten's context.
func (o *Object) Encode() ([]byte, error) {
	doc := *o
	if doc.Context == nil {
		doc.Context = Context()
	}
	return encode(&doc)
}

// Put sets a member that has no field.
func (o *Object) Put(name string, value any) {
	if o.Extra == nil {
		o.Extra = map[string]any{}
	}
	o.Extra[name] = value
}

// Get reads a member that has no field into a value, false when it is not there
// or of another kind.
func (o *Object) Get(name string, into any) bool {
	v, ok := o.Extra[name]
	if !ok {
		return false
	}
	b, err := encode(v)
	return err == nil && json.Unmarshal(b, into) == nil
}

// formatDuration writes an ISO 8601 duration of seconds, such as "PT200S".
func formatDuration(d time.Duration) string {
	s := fmt.Sprintf("%d", d/time.Second)
	if ms := d % time.Second / time.Millisecond; ms > 0 {
		s += strings.TrimRight(fmt.Sprintf(".%03d", ms), "0")
	}
	return "PT" + s + "S"
}

// A unit is a part of an ISO 8601 duration.
type unit struct {
	letter byte
	date   bool // before the T
	of     time.Duration
}

// units are those with a fixed length: years and months are not read.
var units = []unit{
	{'W', true, 7 * 24 * time.Hour}, {'D', true, 24 * time.Hour},
	{'H', false, time.Hour}, {'M', false, time.Minute}, {'S', false, time.Second},
}

const longest = 3 * 365 * 24 * time.Hour

// parseDuration reads an ISO 8601 duration of at most three years.
func parseDuration(s string) (total time.Duration, ok bool) {
	rest, ok := strings.CutPrefix(s, "P")
	if !ok || rest == "" {
		return 0, false
	}
	date, any := true, false
	for rest != "" {
		if rest[0] == 'T' && date {
			date, rest = false, rest[1:]
			continue
		}
		n := strings.IndexFunc(rest, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
		if n <= 0 {
			return 0, false
		}
		var amount float64
		if _, err := fmt.Sscanf(rest[:n], "%g", &amount); err != nil {
			return 0, false
		}
		i := slices.IndexFunc(units, func(u unit) bool { return u.letter == rest[n] && u.date == date })
		if i < 0 || amount*float64(units[i].of) > float64(longest-total) {
			return 0, false
		}
		total, any, rest = total+time.Duration(amount*float64(units[i].of)), true, rest[n+1:]
	}
	return total, any
}
