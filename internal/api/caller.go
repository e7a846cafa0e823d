package api

import (
	"context"
	"net/http"

	"github.com/michaelperna/9ten/internal/account"
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

// allowed refuses callers an operation is not for.
func allowed(ctx context.Context, o operation) error {
	p := account.From(ctx)
	if o.scope == "" {
		return nil
	}
	if err := p.Allow(o.scope); err != nil {
		return err
	}
	if o.writes() && !o.csrfInBody {
		return p.CheckCSRF(csrf(ctx))
	}
	return nil
}

func csrf(ctx context.Context) string {
	s, _ := ctx.Value(csrfKey{}).(string)
	return s
}
