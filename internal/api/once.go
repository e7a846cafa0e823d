package api

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/problem"
)

// Answers remembers what each account was answered when it sent a key
// (draft-ietf-httpapi-idempotency-key-header).
type Answers interface {
	// Answered returns what a key stands for. Faults: NotFound when it is new,
	// Limited when the account has used too many.
	Answered(ctx context.Context, who id.Account, key []byte) (account.Answered, error)
	// Marking has the first transaction that is made with the returned context
	// also keep that the key was used. marked reports whether that has happened.
	Marking(ctx context.Context, who id.Account, a account.Answered) (with context.Context, marked func() bool)
	KeepAnswer(ctx context.Context, who id.Account, a account.Answered) error
}

const (
	keyHeader = "Idempotency-Key"
	// replayed is set on an answer that was given before.
	replayed  = "Idempotency-Replayed"
	maxKeyLen = 255
)

var keyLen = maxKeyLen

// keyParam is what OpenAPI says of the header.
var keyParam = &huma.Param{
	Name: keyHeader, In: "header", Example: `"8e03978e-40d5-43dd-bc93-6894a57f9324"`,
	Description: "Names this change, so that sending it again within 24 hours changes nothing more and gives the first answer again. Made up by the caller, new for each change; a UUID is good.",
	Schema:      &huma.Schema{Type: huma.TypeString, MaxLength: &keyLen},
}

// keyed reports whether an operation takes a key. Not those that answer with a
// secret or guard the account itself: such an answer is shown once and kept
// nowhere. Claims name themselves, and what is large may be sent again as it is.
func (o operation) keyed() bool {
	return o.writes() && o.scope != "" && !o.session && !o.secret && !o.often && o.maxBody <= maxBody
}

// underWay are the changes with a key that are being made.
type underWay struct{ m sync.Map }

// begin reports false for what is under way already.
func (u *underWay) begin(who id.Account, key []byte) (end func(), ok bool) {
	name := string(who) + string(key)
	_, there := u.m.LoadOrStore(name, true)
	return func() { u.m.Delete(name) }, !there
}

// once has a change that carries a key made once.
func (r *router) once(o operation) func(huma.Context, func(huma.Context)) {
	return func(c huma.Context, next func(huma.Context)) {
		req, w := humago.Unwrap(c)
		sent := req.Header.Values(keyHeader)
		if len(sent) == 0 || !o.writes() {
			next(c)
			return
		}
		a, err := asked(c, o, sent)
		if err != nil {
			problem.Write(w, err)
			return
		}
		who := account.From(req.Context()).Account
		end, ok := r.busy.begin(who, a.Key)
		if !ok {
			problem.Write(w, fault.New(fault.Conflict, "What you sent with this key is being done. Ask again in a moment."))
			return
		}
		defer end()
		before, err := r.api.Answers.Answered(req.Context(), who, a.Key)
		switch {
		case fault.Is(err, fault.NotFound):
			r.first(c, next, who, a)
			return
		case err == nil:
			err = again(w, before, a)
		}
		if err != nil {
			problem.Write(w, err)
		}
	}
}

// asked is what a request asks for, and under which key.
func asked(c huma.Context, o operation, sent []string) (a account.Answered, err error) {
	req, _ := humago.Unwrap(c)
	if !o.keyed() {
		return a, fault.On(keyHeader, fault.Invalid, "This takes no Idempotency-Key: its answer is kept nowhere, or it may be sent again as it is.")
	}
	key := strings.TrimSpace(sent[0])
	if len(key) > 1 && key[0] == '"' && key[len(key)-1] == '"' {
		key = key[1 : len(key)-1]
	}
	odd := func(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\\' }
	if len(sent) > 1 || key == "" || len(key) > maxKeyLen || strings.ContainsFunc(key, odd) {
		return a, fault.On(keyHeader, fault.Invalid, "An Idempotency-Key is one text of 1 to %d letters, digits and signs; a UUID is good.", maxKeyLen)
	}
	_ = c.SetReadDeadline(time.Now().Add(bodyTime)) // a writer that has none has no slow clients
	body, err := io.ReadAll(io.LimitReader(req.Body, maxBody+1))
	if err != nil {
		return a, fault.Wrap(err, fault.Invalid, "What was sent did not arrive whole.")
	}
	req.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), req.Body)) // too large is refused where it is read
	name := sha256.Sum256([]byte(key))
	// Keyed with what only the caller knows: a body may hold a password.
	what := hmac.New(sha256.New, []byte(key))
	for _, part := range [][]byte{[]byte(req.Method), []byte(req.URL.RequestURI()), body} {
		sum := sha256.Sum256(part)
		what.Write(sum[:])
	}
	return account.Answered{Key: name[:], Request: what.Sum(nil)}, nil
}

// again gives the first answer.
func again(w http.ResponseWriter, before, a account.Answered) error {
	switch {
	case !hmac.Equal(before.Request, a.Request):
		return fault.On(keyHeader, fault.Invalid, "This key was sent with something else. Each change has a key of its own.")
	case before.Status == 0:
		return fault.New(fault.Conflict, "What you sent with this key was done, and its answer is not there any more. Look at what there is, and go on with a new key.")
	}
	if before.Type != "" {
		w.Header().Set("Content-Type", before.Type)
	}
	w.Header().Set(replayed, "?1")
	w.WriteHeader(before.Status)
	_, _ = w.Write(before.Body) // the client may be gone
	return nil
}

// first makes the change and keeps the answer before it is sent. What was
// refused has changed nothing, and may be sent again with the same key. A client
// that goes away ends nothing that is begun: it asks for the answer with the key.
func (r *router) first(c huma.Context, next func(huma.Context), who id.Account, a account.Answered) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Context()), doTime)
	defer cancel()
	ctx, marked := r.api.Answers.Marking(ctx, who, a)
	held := &held{humaContext: huma.WithContext(c, ctx)}
	next(held)
	if held.status < 300 || marked() && held.status < 500 {
		r.keep(c.Context(), who, a, held)
	}
	held.send()
}

func (r *router) keep(ctx context.Context, who id.Account, a account.Answered, h *held) {
	if a.Status, a.Type, a.Body = h.status, h.kind(), h.body.Bytes(); len(a.Body) > account.MaxAnswerBytes {
		a.Status, a.Body = 0, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	if err := r.api.Answers.KeepAnswer(ctx, who, a); err != nil {
		r.api.Log.WarnContext(ctx, "an answer is not kept", "err", err)
	}
}

const (
	// doTime bounds a change that is made whether its client waits or not.
	doTime = 2 * time.Minute
	// keepTime bounds how long an answer waits to be kept.
	keepTime = 10 * time.Second
)

type humaContext = huma.Context

// held is an answer that is not sent yet.
type held struct {
	humaContext
	status int
	body   bytes.Buffer
}

func (h *held) Unwrap() huma.Context  { return h.humaContext }
func (h *held) SetStatus(code int)    { h.status = code }
func (h *held) Status() int           { return h.status }
func (h *held) BodyWriter() io.Writer { return &h.body }

func (h *held) kind() string {
	_, w := humago.Unwrap(h)
	return w.Header().Get("Content-Type")
}

func (h *held) send() {
	h.humaContext.SetStatus(h.status)
	_, _ = h.humaContext.BodyWriter().Write(h.body.Bytes()) // the client may be gone
}
