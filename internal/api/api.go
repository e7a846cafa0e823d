// Package api is the REST interface under /api/v1: what the pages do, other
// programs can do too. OpenAPI 3.1 describes it, and is kept as a golden file.
//
// Every answer that is not a success is a problem document (RFC 9457). Lists
// are paged by an opaque cursor. A request is made by a session cookie with
// its CSRF token, or by a personal token with scopes.
package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/problem"
)

// Prefix is where the interface lives.
const Prefix = "/api/v1"

// router holds what registering an operation needs.
type router struct {
	huma huma.API
	log  *slog.Logger
}

// newRouter begins the interface on a mux.
func newRouter(mux *http.ServeMux, version string, log *slog.Logger) *router {
	c := huma.DefaultConfig("9ten", version)
	c.Info.Description = "A music node that plays lossless and pays artists."
	c.Info.License = &huma.License{Name: "AGPL-3.0-or-later", Identifier: "AGPL-3.0-or-later"}
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = Prefix+"/openapi", "", Prefix+"/schemas"
	c.CreateHooks = nil // answers carry what they say and nothing else
	c.RejectUnknownQueryParameters = true
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":   {Type: "http", Scheme: "bearer", Description: "A personal token, made on the account page."},
		"session": {Type: "apiKey", In: "cookie", Name: "session", Description: "The browser's session; writes also need the X-CSRF-Token header."},
	}
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError { return refused(status, msg, errs) }
	return &router{huma: humago.New(mux, c), log: log}
}

// refused turns what huma itself refuses (a missing field, a wrong type) into
// our document.
func refused(status int, msg string, errs []error) *problem.Document {
	d := &problem.Document{Type: "/problems/invalid", Title: http.StatusText(status), Status: status, Detail: msg}
	for _, e := range errs {
		f := problem.Field{Message: e.Error()}
		if x, ok := e.(huma.ErrorDetailer); ok {
			f.Location, f.Message = x.ErrorDetail().Location, x.ErrorDetail().Message
		}
		d.Errors = append(d.Errors, f)
	}
	return d
}

// An operation is one verb on one path.
type operation struct {
	method, path string
	id           string // stable name, as clients generate it
	summary      string
	tag          string
	scope        account.Scope // what a token needs: "" is open to everybody
	status       int           // of success; 0 is 200, or 204 without a body
	csrfInBody   bool          // a beacon cannot set headers: its body carries the token
}

// add registers an operation. Faults of do become problem documents; those of
// ours are logged with their chain.
func add[I, O any](r *router, o operation, do func(context.Context, *I) (*O, error)) {
	op := huma.Operation{
		Middlewares: huma.Middlewares{r.guard(o)},
		Method:      o.method, Path: Prefix + o.path, OperationID: o.id, Summary: o.summary, Tags: []string{o.tag}, DefaultStatus: o.status,
		MaxBodyBytes: 1 << 20, Errors: []int{http.StatusNotFound, http.StatusConflict, http.StatusServiceUnavailable},
	}
	if o.scope != "" {
		op.Security = []map[string][]string{{"token": {string(o.scope)}}, {"session": {}}}
		op.Errors = append(op.Errors, http.StatusUnauthorized, http.StatusForbidden)
	}
	huma.Register(r.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := do(ctx, in)
		if err != nil {
			if fault.KindOf(err) == fault.Internal {
				r.log.ErrorContext(ctx, "operation failed", "operation", o.id, "err", err)
			}
			return nil, problem.Of(err)
		}
		return out, nil
	})
}

// guard refuses callers before anything they sent is read.
func (r *router) guard(o operation) func(huma.Context, func(huma.Context)) {
	return func(c huma.Context, next func(huma.Context)) {
		err := allowed(c.Context(), o)
		if err == nil {
			next(c)
			return
		}
		d := problem.Of(err)
		c.SetHeader("Content-Type", d.ContentType(""))
		c.SetStatus(d.Status)
		_ = json.NewEncoder(c.BodyWriter()).Encode(d) // the client may be gone
	}
}

// writes reports whether an operation changes something.
func (o operation) writes() bool {
	return o.method != http.MethodGet && o.method != http.MethodHead
}
