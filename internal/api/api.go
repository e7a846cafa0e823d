// Package api is the REST interface under /api/v1: what the pages do, other
// programs can do too. OpenAPI 3.1 describes it, and is kept as a golden file.
//
// Every answer that is not a success is a problem document (RFC 9457). Lists
// are paged by an opaque cursor. A request is made by a session cookie with
// its CSRF token, or by a personal token with scopes.
package api

import (
	"cmp"
	"context"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/limit"
	"github.com/michaelperna/9ten/internal/problem"
)

// Prefix is where the interface lives.
const Prefix = "/api/v1"

// router holds what registering an operation needs.
type router struct {
	huma huma.API
	api  *API
	pace *limit.Limiter
	busy *underWay
}

// A caller may change something this often: a burst at once, then twenty in a
// second. Reading is not bounded: it is cheap.
const (
	paceEvery = 50 * time.Millisecond
	paceBurst = 400
	// claimBurst is how many claims an account may send at once: what a device
	// heard in two weeks away from the node. Then the pace holds for them too.
	claimBurst = 2000
)

// maxBody bounds what one request may send; files go to the uploads.
const maxBody = 1 << 20

// How long that may take; a picture comes from somebody who may send one.
const (
	bodyTime    = 30 * time.Second
	pictureTime = 3 * time.Minute
)

// newRouter begins the interface on a mux.
func newRouter(mux *http.ServeMux, a *API) *router {
	c := huma.DefaultConfig("9ten", a.Version)
	c.Info.Description = "A music node that plays lossless and pays artists."
	c.Info.License = &huma.License{Name: "AGPL-3.0-or-later", Identifier: "AGPL-3.0-or-later"}
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = Prefix+"/openapi", "", Prefix+"/schemas"
	c.CreateHooks = nil // answers carry what they say and nothing else
	c.RejectUnknownQueryParameters = true
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":   {Type: "http", Scheme: "bearer", Description: "A personal token, made on the account page."},
		"session": {Type: "apiKey", In: "cookie", Name: "session", Description: "The browser's session; writes also need the X-CSRF-Token header."},
	}
	huma.DefaultArrayNullable = false // a list is [], never null
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError { return refused(status, msg, errs) }
	c.Components.Responses = responses(c.Components.Schemas)
	return &router{huma: humago.New(mux, c), api: a, pace: limit.New(paceEvery, paceBurst), busy: &underWay{}}
}

// What an operation may refuse: any, and one that changes something.
var (
	refusedByAll    = []int{http.StatusUnauthorized, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusInternalServerError, http.StatusServiceUnavailable}
	refusedByWrites = []int{http.StatusBadRequest, http.StatusForbidden, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusTooManyRequests}
)

// responses are those in the words of OpenAPI, by their status. Operations refer to them: written
// out for each they are two fifths of the document.
func responses(schemas huma.Registry) map[string]*huma.Response {
	schema := schemas.Schema(reflect.TypeFor[problem.Document](), true, "")
	all := map[string]*huma.Response{}
	for _, status := range slices.Concat(refusedByAll, refusedByWrites) {
		all[strconv.Itoa(status)] = &huma.Response{Description: http.StatusText(status), Content: map[string]*huma.MediaType{(*problem.Document)(nil).ContentType(""): {Schema: schema}}}
	}
	return all
}

// refused turns what huma itself refuses (a missing field, a wrong type) into
// our document.
func refused(status int, msg string, errs []error) *problem.Document {
	if msg == "validation failed" {
		msg = "What was sent is not what this operation takes. The list of errors names each part."
	}
	d := problem.Refused(status, msg)
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
	role         account.Role  // what the account must be at least: "" is anybody
	session      bool          // it guards the account itself: tokens are refused
	status       int           // of success; 0 is 200, or 204 without a body
	maxBody      int64         // bytes a request may have; 0 is [maxBody]
	csrfInBody   bool          // a beacon cannot set headers: its body carries the token
	files        []string      // types of what is downloaded, where that is the answer
	often        bool          // it is paced by itself, see [claimBurst]
	secret       bool          // its answer is shown once and kept nowhere
}

// add registers an operation. Faults of do become problem documents; those of
// ours are logged with their chain.
func add[I, O any](r *router, o operation, do func(context.Context, *I) (*O, error)) {
	huma.Register(r.huma, r.describe(o), func(ctx context.Context, in *I) (*O, error) {
		out, err := do(ctx, in)
		if err != nil {
			if fault.KindOf(err) == fault.Internal && !problem.Gone(ctx) {
				r.api.Log.ErrorContext(ctx, "operation failed", "operation", o.id, "err", err)
			}
			return nil, huma.ErrorWithHeaders(problem.Of(err), problem.Headers(err))
		}
		return out, nil
	})
}

// describe says of an operation what OpenAPI shows.
func (r *router) describe(o operation) huma.Operation {
	op := huma.Operation{
		Middlewares: huma.Middlewares{r.guard(o), r.once(o)}, Method: o.method, Path: Prefix + o.path, OperationID: o.id, Summary: o.summary, Tags: []string{o.tag},
		DefaultStatus: o.status, MaxBodyBytes: cmp.Or(o.maxBody, maxBody), BodyReadTimeout: bodyTime, Responses: map[string]*huma.Response{},
	}
	refuses := func(all ...int) {
		for _, status := range all {
			op.Responses[strconv.Itoa(status)] = &huma.Response{Ref: "#/components/responses/" + strconv.Itoa(status)}
		}
	}
	refuses(refusedByAll...)
	if o.maxBody > maxBody {
		op.BodyReadTimeout = pictureTime
	}
	if len(o.files) > 0 {
		answer := &huma.Response{Description: "A file", Content: map[string]*huma.MediaType{}}
		for _, f := range o.files {
			answer.Content[f] = &huma.MediaType{Schema: &huma.Schema{Format: "binary"}}
		}
		op.Responses["200"] = answer
	}
	if o.writes() {
		refuses(refusedByWrites...)
	}
	if o.keyed() {
		op.Parameters = []*huma.Param{keyParam}
	}
	if o.scope == "" {
		return op
	}
	refuses(http.StatusForbidden)
	op.Security = []map[string][]string{{"token": {string(o.scope)}}, {"session": {}}}
	if o.session {
		op.Security = op.Security[1:]
	}
	if o.role != "" {
		op.Extensions = map[string]any{"x-role": string(o.role)}
	}
	return op
}

// guard refuses callers before anything they sent is read.
func (r *router) guard(o operation) func(huma.Context, func(huma.Context)) {
	return func(c huma.Context, next func(huma.Context)) {
		req, w := humago.Unwrap(c)
		err := r.allowed(req, o)
		r.quota(req, w, o)
		if err != nil {
			problem.Write(w, err)
			return
		}
		next(c)
	}
}

// writes reports whether an operation changes something.
func (o operation) writes() bool {
	return o.method != http.MethodGet && o.method != http.MethodHead
}
