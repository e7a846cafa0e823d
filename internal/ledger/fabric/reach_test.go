package fabric

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
)

// A node under a name such as a.localhost is asked, whatever the machine's resolver
// and its proxy say to that; why one is not reached is said.
func TestNodesAreReached(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://192.0.2.1:9") // for documentation: nobody has it
	host := ""
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { host = r.Host }))
	defer s.Close()
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	at := "a.localhost:" + port
	if err := call(t.Context(), http.MethodGet, "http://"+at+"/", nil, nil); err != nil || host != at {
		t.Errorf("%s was asked as %q: %v", at, host, err)
	}
	s.Close()
	err = call(t.Context(), http.MethodGet, "http://"+at+"/", nil, nil)
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.Message(err), "connection refused") {
		t.Errorf("of a node that does not run: %v", err)
	}
	strange := httptest.NewTLSServer(http.NotFoundHandler())
	defer strange.Close()
	err = call(t.Context(), http.MethodGet, strange.URL, nil, nil)
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.Message(err), "certificate") {
		t.Errorf("of a node whose certificate nobody vouches for: %v", err)
	}
}
