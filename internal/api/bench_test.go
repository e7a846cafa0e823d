package api_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/michaelperna/9ten/internal/api"
)

// BenchmarkTracks is one page of fifty tracks, without the network.
func BenchmarkTracks(b *testing.B) {
	h := newHouse(b)
	for _, act := range []string{"tide", "moss", "fern"} {
		h.public(act, 20)
	}
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			w := httptest.NewRecorder()
			h.handler.ServeHTTP(w, httptest.NewRequestWithContext(b.Context(), http.MethodGet, api.Prefix+"/tracks?limit=50", http.NoBody))
			if w.Code != http.StatusOK {
				b.Errorf("%d: %s", w.Code, w.Body)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lists/s")
}
