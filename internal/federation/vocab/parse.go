package vocab

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
)

// Bounds of a document that is read. What is honest has far more than 128 bytes for
// each of its things, and 16 for each value; without a bound "{},{},{}" would take
// five hundred times its length in memory.
const (
	MaxBytes  = 1 << 20
	MaxDepth  = 32
	MaxThings = MaxBytes / 128
	MaxValues = MaxBytes / 16
)

// Parse reads a document. Faults: TooLarge for one that is longer or deeper than
// is read, or has more in it, Invalid for one that is no JSON object.
func Parse(b []byte) (*Object, error) {
	if len(b) > MaxBytes {
		return nil, fault.New(fault.TooLarge, "A document has at most %d bytes.", MaxBytes)
	}
	switch m := measure(b); {
	case m.depth > MaxDepth:
		return nil, fault.New(fault.TooLarge, "A document is nested at most %d deep.", MaxDepth)
	case m.things > MaxThings:
		return nil, fault.New(fault.TooLarge, "A document has at most %d things in it.", MaxThings)
	case m.values > MaxValues:
		return nil, fault.New(fault.TooLarge, "A document has at most %d values.", MaxValues)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber() // an id of 20 digits stays what it is
	var v any
	if err := d.Decode(&v); err != nil || d.More() {
		return nil, fault.New(fault.Invalid, "That is no JSON.")
	}
	o := reader{known}.object(v)
	if o == nil {
		return nil, fault.New(fault.Invalid, "That is no JSON object.")
	}
	return o, nil
}

// Objects are the things that a member of [Object.Extra] has: a list of them, or one.
func Objects(v any) (out []*Object) {
	for _, x := range each(v) {
		if o := (reader{known}).object(x); o != nil {
			out = append(out, o)
		}
	}
	return out
}

// extent is how much a document has in it.
type extent struct{ depth, things, values int }

// measure counts brackets and commas outside of strings: how deep things are nested,
// how many there are, and at most how many values they and lists have.
func measure(b []byte) (m extent) {
	now, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted:
			if c == '\\' {
				i++
			} else if c == '"' {
				quoted = false
			}
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			now++
			m.depth = max(m.depth, now)
			m.values++
			if c == '{' {
				m.things++
			}
		case c == '}' || c == ']':
			now--
		case c == ',':
			m.values++
		}
	}
	return m
}

// known are the fields of the table by name.
var known = index(table)

func index(table []field) map[string]field {
	m := make(map[string]field, len(table))
	for _, f := range table {
		m[f.name] = f
	}
	return m
}

// A reader reads the values of fields, which may be objects again. It is handed
// down because the table cannot name itself.
type reader struct{ known map[string]field }

// object reads a JSON object, nil for anything else.
func (r reader) object(v any) *Object {
	members, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	o := &Object{Context: members["@context"]}
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	slices.Sort(names) // of two spellings of one name always the same one is read
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		is := canonical(name)
		if other, ok := spellings[is]; ok {
			is = other
		}
		if name == "@context" || members[name] == nil || seen[is] {
			continue
		}
		seen[is] = true
		if f, ok := r.known[is]; ok {
			f.read(o, members[name], r)
			continue
		}
		if o.Extra == nil {
			o.Extra = map[string]any{}
		}
		o.Extra[is] = members[name]
	}
	o.translate()
	return o
}

// translate takes a text from its languages where there is none without one.
func (o *Object) translate() {
	for name, at := range map[string]*string{"nameMap": &o.Name, "summaryMap": &o.Summary, "contentMap": &o.Content} {
		in, ok := o.Extra[name].(map[string]any)
		if !ok || *at != "" {
			continue
		}
		languages := make([]string, 0, len(in))
		for l := range in {
			languages = append(languages, l)
		}
		slices.SortFunc(languages, func(a, b string) int {
			return strings.Compare(preferred(a)+a, preferred(b)+b)
		})
		if len(languages) > 0 {
			*at, _ = in[languages[0]].(string)
		}
	}
}

// preferred puts English and "no language" before the others.
func preferred(language string) string {
	if language == "en" || language == "und" {
		return "0"
	}
	return "1"
}

// each are the values of a list, or the one value.
func each(v any) []any {
	switch v := v.(type) {
	case []any:
		return v
	case map[string]any:
		if list, ok := v["@list"].([]any); ok {
			return list
		}
	}
	return []any{v}
}

func (r reader) first(v any) Item {
	for _, x := range each(v) {
		if i := r.item(x); !i.Zero() {
			return i
		}
	}
	return Item{}
}

func (r reader) item(v any) Item {
	if s, ok := v.(string); ok {
		return Item{IRI: s}
	}
	return Item{Object: r.object(v)}
}
