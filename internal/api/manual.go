package api

import (
	"bytes"
	"cmp"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
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
}

// A field is one parameter or property.
type field struct{ Name, Where, Type, Doc string }

var manualPage = template.Must(template.New("manual").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Interface of this node</title>
<style>
:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1.5rem}
h2{margin-top:2.5rem}h3{margin:1.75rem 0 .25rem;font-size:1rem}
code{font-family:ui-monospace,monospace;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-size:.875rem;margin:.5rem 0}
caption{text-align:start;font-weight:600}
th,td{text-align:start;vertical-align:top;padding:.25rem .75rem .25rem 0;border-top:1px solid color-mix(in srgb,currentColor 20%,transparent)}
p{margin:.25rem 0}
</style>
<main>
<h1>{{.Title}} {{.Version}}</h1>
<p>{{.About}}</p>
<p>This page is made from <a href="{{.Spec}}">the OpenAPI 3.1 description</a>, which programs can read. Make a token on your account page and send it as <code>Authorization: Bearer …</code>. What is refused is answered with a problem document (RFC 9457).</p>
<nav aria-label="Parts"><ul>{{range .Chapters}}<li><a href="#{{.Tag}}">{{.Tag}}</a></li>{{end}}</ul></nav>
{{range .Chapters}}<section><h2 id="{{.Tag}}">{{.Tag}}</h2>
{{range .Rows}}<article><h3 id="{{.ID}}"><code>{{.Method}} {{.Path}}</code></h3>
<p>{{.Summary}}. {{.Needs}} Success is {{.Success}}.</p>
{{with .Inputs}}<table><caption>Input</caption><tbody>{{range .}}<tr><th scope="row"><code>{{.Name}}</code></th><td>{{.Where}}</td><td>{{.Type}}</td><td>{{.Doc}}</td></tr>{{end}}</tbody></table>{{end}}
{{with .Answer}}<table><caption>Answer</caption><tbody>{{range .}}<tr><th scope="row"><code>{{.Name}}</code></th><td>{{.Type}}</td><td>{{.Doc}}</td></tr>{{end}}</tbody></table>{{end}}
</article>{{end}}</section>{{end}}
</main></html>
`))

// manual is the description for people, rendered once, when it is first read.
func manual(spec *huma.OpenAPI) http.Handler {
	page := sync.OnceValues(func() ([]byte, error) {
		var b bytes.Buffer
		err := manualPage.Execute(&b, map[string]any{
			"Title": spec.Info.Title, "Version": spec.Info.Version, "About": spec.Info.Description, "Spec": Prefix + "/openapi.json", "Chapters": chapters(spec),
		})
		return b.Bytes(), err
	})
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		b, err := page()
		if err != nil {
			http.Error(w, "This page cannot be made.", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
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
		e.Needs = "Needs the scope " + strings.Join(o.Security[0]["token"], ", ") + "."
	}
	for _, p := range o.Parameters {
		e.Inputs = append(e.Inputs, field{p.Name, p.In, kind(p.Schema), p.Description})
	}
	if o.RequestBody != nil {
		for _, c := range o.RequestBody.Content {
			e.Inputs = append(e.Inputs, properties(spec, c.Schema, "body")...)
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
