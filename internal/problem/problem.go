// Package problem is the one place where a fault becomes an HTTP status and a
// problem document (RFC 9457).
package problem

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/michaelperna/9ten/internal/fault"
)

// statuses by kind of fault.
var statuses = [...]int{
	fault.Internal:        http.StatusInternalServerError,
	fault.Invalid:         http.StatusUnprocessableEntity,
	fault.Unauthenticated: http.StatusUnauthorized,
	fault.Forbidden:       http.StatusForbidden,
	fault.NotFound:        http.StatusNotFound,
	fault.Conflict:        http.StatusConflict,
	fault.TooLarge:        http.StatusRequestEntityTooLarge,
	fault.Unsupported:     http.StatusUnsupportedMediaType,
	fault.Limited:         http.StatusTooManyRequests,
	fault.Unavailable:     http.StatusServiceUnavailable,
}

// kindOf is the kind of fault that a status stands for; what else is refused
// before the domain is asked is the caller's mistake.
func kindOf(status int) fault.Kind {
	for k, s := range statuses {
		if s == status {
			return fault.Kind(k)
		}
	}
	if status >= http.StatusInternalServerError {
		return fault.Internal
	}
	return fault.Invalid
}

// Status returns the HTTP status of an error.
func Status(err error) int { return statuses[fault.KindOf(err)] }

// A Document is a problem as it is sent (RFC 9457, section 3.1).
type Document struct {
	Type   string  `json:"type" format:"uri-reference" doc:"/problems/ and the kind of fault" example:"/problems/conflict"`
	Title  string  `json:"title" doc:"The HTTP status in words"`
	Status int     `json:"status" doc:"HTTP status code"`
	Detail string  `json:"detail" doc:"What happened, why, and what to do"`
	Errors []Field `json:"errors,omitempty" doc:"The inputs it is about"`
}

// A Field is one input that was refused.
type Field struct {
	Location string `json:"location" doc:"Name of the input"`
	Message  string `json:"message" doc:"What is expected of it"`
}

// Of makes the document of an error.
func Of(err error) *Document {
	k := fault.KindOf(err)
	d := &Document{Type: "/problems/" + k.String(), Title: http.StatusText(Status(err)), Status: Status(err), Detail: fault.Message(err)}
	if f := fault.Field(err); f != "" {
		d.Errors = []Field{{f, d.Detail}}
	}
	return d
}

// Refused makes the document of what HTTP itself refuses: a body that is no
// JSON, a method that is not known there.
func Refused(status int, detail string) *Document {
	return &Document{Type: "/problems/" + kindOf(status).String(), Title: http.StatusText(status), Status: status, Detail: detail}
}

// Error returns the detail, so that a document can travel as an error.
func (d *Document) Error() string { return d.Detail }

// GetStatus returns the HTTP status.
func (d *Document) GetStatus() int { return d.Status }

// ContentType turns a negotiated type into that of problems.
func (d *Document) ContentType(string) string { return "application/problem+json" }

// ClientGone is the status under which a request is counted whose client did
// not wait for the answer. Nobody ever receives it; nginx counts the same way.
const ClientGone = 499

// Gone reports whether the client of a request has left. What fails then
// failed because of that.
func Gone(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }

// Log writes what people do not get to see. What is the caller's mistake, and
// what failed because nobody waits for it, is noise and stays at debug level.
func Log(log *slog.Logger, r *http.Request, err error) {
	level := slog.LevelDebug
	if Status(err) >= 500 && !Gone(r.Context()) {
		level = slog.LevelError
	}
	log.Log(r.Context(), level, "request failed", "method", r.Method, "path", r.URL.Path, "kind", fault.KindOf(err), "err", err)
}

// Write answers with the document of err.
func Write(w http.ResponseWriter, err error) {
	for k, v := range Headers(err) {
		w.Header()[k] = v
	}
	Of(err).Send(w)
}

// Headers are what HTTP wants beside a document: how to sign in, and how many
// seconds to wait.
func Headers(err error) http.Header {
	h := http.Header{}
	switch fault.KindOf(err) {
	case fault.Unauthenticated:
		h.Set("WWW-Authenticate", `Bearer realm="9ten"`)
	case fault.Limited:
		h.Set("Retry-After", strconv.Itoa(max(1, int(fault.Wait(err).Seconds()))))
	}
	return h
}

// Send answers with the document.
func (d *Document) Send(w http.ResponseWriter) {
	w.Header().Set("Content-Type", d.ContentType(""))
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(d.Status)
	_ = json.NewEncoder(w).Encode(d) // the client may be gone
}
