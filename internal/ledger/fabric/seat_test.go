package fabric

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// An orderer does not take its place in a channel that its node leaves in that very
// moment: it would order there by a configuration of long ago.
func TestWhoLeavesTakesNoPlace(t *testing.T) {
	for _, leaves := range []bool{true, false} {
		ln := anyPort(t)
		h := homeAt(t, "a.example", port(ln)-child.Config{}.Ports().Admin, false)
		if err := h.Take(channel.Name, founded(t, h)); err != nil {
			t.Fatal(err)
		}
		cert, err := h.org.TLS(org.Orderer)
		if err != nil {
			t.Fatal(err)
		}
		asked, joined := 0, false
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				joined = true
				w.WriteHeader(http.StatusCreated)
				return
			}
			if asked++; asked == 1 && leaves {
				if err := h.leaveChannel(channel.Name); err != nil {
					t.Error(err)
				}
			}
			w.WriteHeader(http.StatusNotFound)
		}))
		if err := s.Listener.Close(); err != nil {
			t.Fatal(err)
		}
		s.Listener, s.TLS = ln, &tls.Config{Certificates: []tls.Certificate{cert}}
		s.StartTLS()
		did, err := h.stepOrderer(t.Context(), channel.Name, &view{})
		s.Close()
		if err != nil || did == leaves || joined == leaves {
			t.Errorf("it leaves %v: did %v, joined %v (%v)", leaves, did, joined, err)
		}
	}
}
