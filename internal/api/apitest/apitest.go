// Package apitest holds answers of the interface against its own description:
// tests use it, so that OpenAPI says what is true.
package apitest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"mime"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A Description is an OpenAPI 3.1 document that answers are held against. It
// may be used by many goroutines.
type Description struct {
	ops     []operation
	schemas *jsonschema.Compiler

	mu   sync.Mutex
	seen map[string]bool // operations that answered with success
}

type operation struct {
	id, method, path string
	match            *regexp.Regexp
	responses        map[string]response
}

type response struct {
	Ref     string `json:"$ref"` // what many operations answer is described once
	Content map[string]struct {
		Schema json.RawMessage `json:"schema"`
	} `json:"content"`
}

var hole = regexp.MustCompile(`\\\{[a-z]+\\\}`)

const shared = "#/components/responses/"

// Read reads a description.
func Read(openapi []byte) (*Description, error) {
	var spec struct {
		Paths map[string]map[string]struct {
			OperationID string              `json:"operationId"`
			Responses   map[string]response `json:"responses"`
		} `json:"paths"`
		Components struct {
			Responses map[string]response `json:"responses"`
		} `json:"components"`
	}
	if err := json.Unmarshal(openapi, &spec); err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(openapi))
	if err != nil {
		return nil, err
	}
	d := &Description{schemas: jsonschema.NewCompiler(), seen: map[string]bool{}}
	d.schemas.AssertFormat()
	if err := d.schemas.AddResource("openapi.json", doc); err != nil {
		return nil, err
	}
	for path, methods := range spec.Paths {
		for method, o := range methods {
			match, err := regexp.Compile("^" + hole.ReplaceAllString(regexp.QuoteMeta(path), "[^/]+") + "$")
			if err != nil {
				return nil, err
			}
			for code, r := range o.Responses {
				if of, ok := strings.CutPrefix(r.Ref, shared); ok {
					o.Responses[code] = response{r.Ref, spec.Components.Responses[of].Content}
				}
			}
			d.ops = append(d.ops, operation{o.OperationID, strings.ToUpper(method), path, match, o.Responses})
		}
	}
	// The more literal of two paths is meant, as the mux has it.
	slices.SortFunc(d.ops, func(a, b operation) int { return strings.Count(a.path, "{") - strings.Count(b.path, "{") })
	return d, nil
}

// Check holds one answer against what its operation promises: the status, the
// type and the body. What no operation answers is not its matter.
func (d *Description) Check(method, path string, status int, contentType string, body []byte) error {
	path, _, _ = strings.Cut(path, "?")
	i := slices.IndexFunc(d.ops, func(o operation) bool { return o.method == method && o.match.MatchString(path) })
	if i < 0 {
		return nil
	}
	o, code := d.ops[i], strconv.Itoa(status)
	r, ok := o.responses[code]
	if !ok {
		return fmt.Errorf("%s answers %d, which is not described", o.id, status)
	}
	if status < 300 {
		d.mu.Lock()
		d.seen[o.id] = true
		d.mu.Unlock()
	}
	if len(r.Content) == 0 || status == 204 {
		if len(body) > 0 {
			return fmt.Errorf("%s answers %d with a body, and none is described", o.id, status)
		}
		return nil
	}
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("%s: %w", o.id, err)
	}
	if _, ok := r.Content[kind]; !ok {
		return fmt.Errorf("%s answers %d with %s, which is not described", o.id, status, kind)
	}
	if !strings.HasSuffix(kind, "json") {
		return nil
	}
	return d.fits(o, code, kind, body)
}

var pointer = strings.NewReplacer("~", "~0", "/", "~1")

func (d *Description) fits(o operation, code, kind string, body []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock() // a compiler is for one at a time
	answer := cmp.Or(o.responses[code].Ref, "#/paths/"+pointer.Replace(o.path)+"/"+strings.ToLower(o.method)+"/responses/"+code)
	at := "openapi.json" + answer + "/content/" + pointer.Replace(kind) + "/schema"
	schema, err := d.schemas.Compile(at)
	if err != nil {
		return fmt.Errorf("%s: %w", o.id, err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: %w: %s", o.id, err, body)
	}
	if err := schema.Validate(v); err != nil {
		return fmt.Errorf("%s answers %s with what is not described: %w: %s", o.id, code, err, body)
	}
	return nil
}

// Silent are the operations that have not answered with success yet.
func (d *Description) Silent() (ids []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, o := range d.ops {
		if !d.seen[o.id] {
			ids = append(ids, o.id)
		}
	}
	slices.Sort(ids)
	return ids
}
