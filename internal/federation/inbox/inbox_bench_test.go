package inbox_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
)

// What an activity costs whose signature holds, and one whose signature does not.
func BenchmarkInbox(b *testing.B) {
	for name, want := range map[string]int{"taken": http.StatusAccepted, "forged": http.StatusUnauthorized} {
		b.Run(name, func(b *testing.B) {
			s := fedtest.NewServer(b)
			ada, mallory := s.Actor("ada"), s.Actor("mallory")
			w := newWorld(b, s)
			if want != http.StatusAccepted {
				ada.Key.Private = mallory.Key.Private
			}
			list := make([]*http.Request, b.N)
			for i := range list {
				list[i] = ada.Request([]sig.Form{sig.RFC9421, sig.Cavage}[i%2], fedtest.JSON(b, ada.Activity("Like", fmt.Sprint(i), vocab.At(w.Site.Act(w.Act)))), w.Now())
			}
			b.ResetTimer()
			for i, r := range list {
				if i%300 == 0 { // which is as many as are taken in a minute
					w.Pass(time.Second)
					w.address = fmt.Sprintf("192.0.%d.%d", i/65536, i/300%256)
				}
				w.Pass(200 * time.Millisecond)
				if got := w.send(r); got != want {
					b.Fatal(got)
				}
			}
		})
	}
}
