package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/gate"
	"github.com/michaelperna/9ten/internal/limit"
)

type csrfKey struct{}

// frame sets what every answer of the interface carries, and keeps the token
// of a session for the operations that need it. Who asks is in the context.
func frame(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), csrfKey{}, r.Header.Get("X-CSRF-Token"))))
	})
}

// allowed refuses callers an operation is not for: the scope of a token, the
// role of the account, other sites' scripts, and whoever asks too often.
func (r *router) allowed(req *http.Request, o operation) error {
	ctx := req.Context()
	p := account.From(ctx)
	if err := o.admits(p); err != nil {
		return err
	}
	if !o.writes() {
		return nil
	}
	switch {
	case o.scope == "": // nobody is signed in, so there is no token yet
		if http.NewCrossOriginProtection().Check(req) != nil {
			return fault.New(fault.Forbidden, "Another site may not do that for you.")
		}
	case !o.csrfInBody:
		if err := p.CheckCSRF(csrf(ctx)); err != nil {
			return err
		}
	}
	if o.often {
		return nil
	}
	return r.pace.Allow(paced(ctx), r.api.Now())
}

// paced names who a pace holds for: an account, or where a guest comes from.
func paced(ctx context.Context) string {
	if p := account.From(ctx); p.Account != "" {
		return string(p.Account)
	}
	return limit.Network(gate.Client(ctx).Addr)
}

// quota says how often something may be changed and how often still
// (draft-ietf-httpapi-ratelimit-headers), so that programs need not find out.
func (r *router) quota(req *http.Request, w http.ResponseWriter, o operation) {
	pace, name := r.pace, "writes"
	switch {
	case !o.writes():
		return // reading is not bounded
	case o.often:
		pace, name = r.api.claimPace, "claims"
	}
	q := pace.Quota(paced(req.Context()), r.api.Now())
	w.Header().Set("RateLimit-Policy", fmt.Sprintf("%q;q=%d;w=%d", name, q.Burst, whole(q.Window)))
	if o.often {
		return // what was sent is not counted yet
	}
	w.Header().Set("RateLimit", fmt.Sprintf("%q;r=%d;t=%d", name, q.Left, whole(q.Next)))
}

// whole is a duration in seconds, none of them begun and not counted.
func whole(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// admits refuses whoever lacks the scope, the session or the role.
func (o operation) admits(p account.Principal) error {
	if o.scope == "" {
		return nil
	}
	if o.session && p.Token {
		return fault.New(fault.Forbidden, "A token may not do that: it guards the account itself. Sign in instead.")
	}
	if err := p.Allow(o.scope); err != nil {
		return err
	}
	if o.role == "" {
		return nil
	}
	return p.Require(o.role)
}

func csrf(ctx context.Context) string {
	s, _ := ctx.Value(csrfKey{}).(string)
	return s
}
