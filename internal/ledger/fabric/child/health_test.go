package child_test

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	osn "github.com/hyperledger/fabric-admin-sdk/pkg/channel"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// found makes the channel of a network of one and gives it to the orderer.
func (h *home) found(t *testing.T) {
	t.Helper()
	get := func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	block, err := channel.Founding{Channel: h.Channel, Founders: []channel.Founder{{
		Member:    channel.Member{MSP: h.MSP, Host: h.Host, Port: h.Ports().Peer, CA: get(h.org.CA()), TLSCA: get(h.org.TLSCA())},
		Consenter: channel.Consenter{MSP: h.MSP, Host: h.Host, Port: h.Ports().Orderer, Identity: get(h.org.SignCert(org.Orderer)), TLS: get(h.org.TLSCert(org.Orderer))},
	}}}.Genesis(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	trust := h.trust(t)
	res, err := osn.CreateChannel("https://"+h.Host+":"+strconv.Itoa(h.Ports().Admin), block, trust.RootCAs, trust.Certificates[0])
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusCreated {
		t.Fatalf("the orderer does not take the channel: %s", res.Status)
	}
}

// An orderer says what it does in the channel, which its health does not.
func TestOrderingIsAskedFor(t *testing.T) {
	h := newHome(t, slog.LevelInfo)
	ask := func() (child.Ordering, error) { return h.Ordering(t.Context(), h.trust(t)) }
	if _, err := ask(); !fault.Is(err, fault.Unavailable) {
		t.Errorf("an orderer that does not run: %v", err)
	}
	h.run(t)
	h.write(t, child.Orderer)
	until(t, "the orderer is asked", func() bool { _, err := ask(); return fault.Is(err, fault.NotFound) })
	if err := h.Alive(t.Context(), child.Orderer); err != nil {
		t.Error(err)
	}
	h.found(t)
	var o child.Ordering
	until(t, "the orderer orders", func() bool { o, _ = ask(); return o.Orders() })
	if o.Height != 1 || o.Relation != "consenter" {
		t.Errorf("a new channel: %+v", o)
	}
	kill(t, h.status(child.Orderer).PID)
	until(t, "the orderer orders after it was killed", func() bool { o, err := ask(); return err == nil && o.Orders() && h.status(child.Orderer).Crashes == 1 })

	stranger := &tls.Config{RootCAs: h.trust(t).RootCAs}
	if _, err := h.Ordering(t.Context(), stranger); !fault.Is(err, fault.Unavailable) {
		t.Errorf("somebody without a certificate is answered: %v", err)
	}
	if _, err := h.Ordering(t.Context(), &tls.Config{Certificates: h.trust(t).Certificates, RootCAs: x509.NewCertPool()}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a stranger's server is believed: %v", err)
	}
}

// What a child answers is put in words.
func TestAliveSaysWhatIsTheMatter(t *testing.T) {
	for body, want := range map[string]string{
		`503 {"status":"Service Unavailable","failed_checks":[{"component":"docker","reason":"no\nsocket"}]}`: "is not well: docker: no socket",
		`503 `:                "does not say why (HTTP 503)",
		`404 nothing here`:    "does not say why (HTTP 404)",
		`200 hello`:           "does not answer",
		`200 {"status":"OK"}`: "",
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			code, _ := strconv.Atoi(body[:3])
			w.WriteHeader(code)
			_, _ = w.Write([]byte(body[4:]))
		}))
		u, err := url.Parse(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		port, _ := strconv.Atoi(u.Port())
		err = child.Config{Port: port - 4}.Alive(t.Context(), child.Peer)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(fault.Message(err), want) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
		srv.Close()
	}
}
