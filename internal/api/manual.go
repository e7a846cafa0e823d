package api

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/problem"
)

// A chapter is the operations of one tag.
type chapter struct {
	Tag  string
	Rows []entry
}

// An entry is one operation as the page shows it.
type entry struct {
	ID, Method, Path, Summary, Needs string
	Inputs, Answer                   []field
	Success                          string
	Example                          string // of a body, JSON
}

// A field is one parameter or property.
type field struct{ Name, Where, Type, Doc string }

// A problemRow is one kind of problem as the page explains it.
type problemRow struct {
	Kind   string
	Status int
	Means  string
}

// refusals say what each kind of problem means and what to do about it.
func refusals() (out []problemRow) {
	for _, r := range []struct {
		kind  fault.Kind
		means string
	}{
		{fault.Invalid, "Something that was sent breaks a rule; errors names each part. 400 is a body that is no JSON, 405 a method the address does not take. Mend it; the same again is refused again."},
		{fault.Unauthenticated, "Nobody is signed in, or the token is not valid. Send one."},
		{fault.Forbidden, "The token lacks the scope, the account lacks the role, or it takes a session. The sentence says which."},
		{fault.NotFound, "There is no such thing, or none you may see."},
		{fault.Conflict, "The state has moved on, or a name is taken. Read it again and decide anew."},
		{fault.TooLarge, "A limit in bytes or items is exceeded; the sentence names it."},
		{fault.Unsupported, "The body or the file is of a kind that is not taken. Bodies are application/json."},
		{fault.Limited, "That was tried too often. Wait as many seconds as Retry-After says."},
		{fault.Unavailable, "Something the node needs is down or full. Nothing was done; try again later."},
		{fault.Internal, "Our mistake. The node's log has the details."},
	} {
		out = append(out, problemRow{r.kind.String(), problem.Status(fault.New(r.kind, "")), r.means})
	}
	return out
}

//go:embed manual/page.html
var manualPage string

//go:embed manual/page.css
var manualStyle string

//go:embed manual/page.js
var manualScript string

// source names a text of the page for the Content-Security-Policy, so that it
// and nothing else runs.
func source(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// manual is the description for people, rendered once, when it is first read.
// It asks nobody but this node for anything.
func manual(spec *huma.OpenAPI) http.Handler {
	page := sync.OnceValues(func() ([]byte, error) {
		page, err := template.New("manual").Parse(manualPage)
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		err = page.Execute(&b, map[string]any{
			"Version": spec.Info.Version, "About": spec.Info.Description, "Spec": Prefix + "/openapi.json", "Chapters": chapters(spec), "Problems": refusals(),
			"Style": template.CSS(manualStyle), "Script": template.JS(manualScript),
		})
		return b.Bytes(), err
	})
	policy := "default-src 'none'; script-src " + source(manualScript) + "; style-src " + source(manualStyle) + "; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		b, err := page()
		if err != nil {
			problem.Write(w, err)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", policy)
		_, _ = w.Write(b) // the client may be gone
	})
}

// operations returns the operations of a path in a fixed order.
func operations(p *huma.PathItem) []*huma.Operation {
	return slices.DeleteFunc([]*huma.Operation{p.Get, p.Post, p.Put, p.Patch, p.Delete}, func(o *huma.Operation) bool { return o == nil })
}

func chapters(spec *huma.OpenAPI) []chapter {
	byTag := map[string][]entry{}
	for _, p := range spec.Paths {
		for _, o := range operations(p) {
			byTag[o.Tags[0]] = append(byTag[o.Tags[0]], describe(spec, o))
		}
	}
	var out []chapter
	for tag, rows := range byTag {
		slices.SortFunc(rows, func(a, b entry) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method)) })
		out = append(out, chapter{tag, rows})
	}
	slices.SortFunc(out, func(a, b chapter) int { return cmp.Compare(a.Tag, b.Tag) })
	return out
}

func describe(spec *huma.OpenAPI, o *huma.Operation) entry {
	e := entry{ID: o.OperationID, Method: o.Method, Path: o.Path, Summary: o.Summary, Needs: "Open to everybody."}
	if len(o.Security) > 0 {
		e.Needs = "Needs a session; tokens are refused."
		if scope := o.Security[0]["token"]; len(scope) > 0 {
			e.Needs = "Needs the scope " + strings.Join(scope, ", ") + "."
		}
		if role, ok := o.Extensions["x-role"].(string); ok {
			e.Needs += " The account has to be " + map[string]string{"artist": "an artist", "moderator": "a moderator", "admin": "an admin"}[role] + "."
		}
	}
	for _, p := range o.Parameters {
		e.Inputs = append(e.Inputs, field{p.Name, p.In, kind(p.Schema), p.Description})
	}
	if o.RequestBody != nil {
		for _, c := range o.RequestBody.Content {
			e.Inputs = append(e.Inputs, properties(spec, c.Schema, "body")...)
			e.Example = example(spec, c.Schema)
		}
	}
	for status, r := range o.Responses {
		if status[0] != '2' {
			continue
		}
		e.Success = status
		for _, c := range r.Content {
			e.Answer = append(e.Answer, properties(spec, c.Schema, "")...)
		}
	}
	return e
}

// properties lists the fields of an object, or of the objects in a list.
func properties(spec *huma.OpenAPI, s *huma.Schema, where string) (out []field) {
	s = resolve(spec, s)
	prefix := ""
	if s != nil && s.Type == "array" {
		s, prefix = resolve(spec, s.Items), "[]."
	}
	if s == nil {
		return nil
	}
	names := make([]string, 0, len(s.Properties))
	for n := range s.Properties {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		p := s.Properties[n]
		out = append(out, field{prefix + n, where, kind(p), p.Description})
	}
	return out
}

func resolve(spec *huma.OpenAPI, s *huma.Schema) *huma.Schema {
	if s == nil || s.Ref == "" {
		return s
	}
	return spec.Components.Schemas.SchemaFromRef(s.Ref)
}

// kind says the type of a value in a word or two.
func kind(s *huma.Schema) string {
	switch {
	case s == nil:
		return ""
	case s.Ref != "":
		return s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
	case s.Type == "array":
		return "list of " + kind(s.Items)
	case s.ContentEncoding != "":
		return s.ContentEncoding
	case s.Format != "":
		return s.Type + ", " + s.Format
	}
	return s.Type
}

// example is a body to begin with: everything that is required.
func example(spec *huma.OpenAPI, s *huma.Schema) string {
	b, err := json.MarshalIndent(sample(spec, s), "", "  ")
	if err != nil {
		return ""
	}
	return string(b)
}

func sample(spec *huma.OpenAPI, s *huma.Schema) any {
	s = resolve(spec, s)
	switch {
	case s == nil:
		return nil
	case len(s.Examples) > 0:
		return s.Examples[0]
	case len(s.Enum) > 0:
		return s.Enum[0]
	}
	switch s.Type {
	case "object":
		out := map[string]any{}
		for name, p := range s.Properties {
			if slices.Contains(s.Required, name) {
				out[name] = sample(spec, p)
			}
		}
		return out
	case "array":
		return []any{sample(spec, s.Items)}
	case "integer", "number":
		return 0
	case "boolean":
		return false
	}
	return ""
}
