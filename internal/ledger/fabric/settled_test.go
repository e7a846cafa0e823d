package fabric_test

import (
	"context"
	"crypto/tls"
	"net"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// A forgetful gateway is that of a peer which has just started.
type forgetful struct {
	gateway.UnimplementedGatewayServer
	says  string
	until int // calls it refuses so
	calls int
}

func (f *forgetful) ask() error {
	if f.calls++; f.calls <= f.until {
		return status.Error(codes.FailedPrecondition, f.says)
	}
	return status.Error(codes.Aborted, "chaincode response 500, conflict: It is heard.")
}

func (f *forgetful) Endorse(context.Context, *gateway.EndorseRequest) (*gateway.EndorseResponse, error) {
	return nil, f.ask()
}

func (f *forgetful) Evaluate(context.Context, *gateway.EvaluateRequest) (*gateway.EvaluateResponse, error) {
	return nil, f.ask()
}

// A peer that has just started does not know the others yet, which no command
// and no page hears of.
func TestAPeerThatHasJustStartedIsWaitedFor(t *testing.T) {
	o, err := org.Keep(t.TempDir(), host, []string{"127.0.0.1"}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := o.TLS(org.Peer)
	if err != nil {
		t.Fatal(err)
	}
	roots, err := o.Pool()
	if err != nil {
		t.Fatal(err)
	}
	admin, err := o.Identity(org.Admin)
	if err != nil {
		t.Fatal(err)
	}
	f := &forgetful{}
	s := grpc.NewServer(grpc.Creds(credentials.NewServerTLSFromCert(&cert)))
	gateway.RegisterGatewayServer(s, f)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	conn, err := fabric.Dial(l.Addr().String(), &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	c, err := fabric.NewClient(conn, admin, nil, "nineten")
	if err != nil {
		t.Fatal(err)
	}
	const combination = "failed constructing descriptor for chaincodes:<name:\"nineten\" > : no combination of peers can be derived which satisfy the endorsement policy: required chaincodes are not installed on sufficient peers"
	for _, x := range []struct {
		what, says string
		do         func() error
	}{
		{"submit", combination, func() error { _, err := c.Submit(t.Context(), ledger.Call{Op: "x", Fn: "Tick"}); return err }},
		{"evaluate", "no peers available to evaluate chaincode nineten in channel nineten", func() error { _, err := c.Evaluate(t.Context(), "GetNodes"); return err }},
	} {
		*f = forgetful{says: x.says, until: 3}
		if err := x.do(); !fault.Is(err, fault.Conflict) || fault.Message(err) != "It is heard." {
			t.Errorf("%s: %v", x.what, err)
		}
		if f.calls != 4 {
			t.Errorf("%s: asked %d times", x.what, f.calls)
		}
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	s.Stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}
