package fabric_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
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

// A forgetful gateway is that of a peer which has just started, or whose neighbour
// has not caught up with it.
type forgetful struct {
	gateway.UnimplementedGatewayServer
	says  string
	by    string // whose peer says it; "" for the gateway itself
	until int    // calls it refuses so
	calls int
}

func (f *forgetful) ask() error {
	if f.calls++; f.calls <= f.until {
		s, err := status.New(codes.FailedPrecondition, f.says), error(nil)
		if f.by != "" {
			s, err = status.New(codes.Aborted, "failed to collect enough transaction endorsements").WithDetails(&gateway.ErrorDetail{MspId: f.by, Message: f.says})
		}
		return errors.Join(err, s.Err())
	}
	return status.Error(codes.Aborted, "chaincode response 500, conflict: It is heard.")
}

func (f *forgetful) Endorse(context.Context, *gateway.EndorseRequest) (*gateway.EndorseResponse, error) {
	return nil, f.ask()
}

func (f *forgetful) Evaluate(context.Context, *gateway.EvaluateRequest) (*gateway.EvaluateResponse, error) {
	return nil, f.ask()
}

// A peer that has just started does not know the others yet, and another's may be a
// block behind it, which no command and no page hears of.
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
	submit := func() error { _, err := c.Submit(t.Context(), ledger.Call{Op: "x", Fn: "Tick"}); return err }
	const combination = "failed constructing descriptor for chaincodes:<name:\"nineten\" > : no combination of peers can be derived which satisfy the endorsement policy: required chaincodes are not installed on sufficient peers"
	for _, x := range []struct {
		what, says, by string
		do             func() error
	}{
		{"submit", combination, "", submit},
		{"evaluate", "no peers available to evaluate chaincode nineten in channel nineten", "", func() error { _, err := c.Evaluate(t.Context(), "GetNodes"); return err }},
		{"behind, it refuses", "chaincode response 500, invalid: The tree does not continue the older one.", "b.example", submit},
		{"behind, it comes to something else", "ProposalResponsePayloads do not match", "b.example", submit},
	} {
		*f = forgetful{says: x.says, by: x.by, until: 3}
		if err := x.do(); !fault.Is(err, fault.Conflict) || fault.Message(err) != "It is heard." {
			t.Errorf("%s: %v", x.what, err)
		}
		if f.calls != 4 {
			t.Errorf("%s: asked %d times", x.what, f.calls)
		}
	}
	*f = forgetful{says: "chaincode response 500, invalid: It is nonsense.", by: host, until: 3}
	if err := submit(); !fault.Is(err, fault.Invalid) || f.calls != 1 {
		t.Errorf("what the own peer refuses is asked %d times: %v", f.calls, err)
	}
	*f = forgetful{says: "chaincode response 500, conflict: It is recorded already.", by: "b.example", until: 100}
	var d *fabric.Disagreement
	if err := submit(); !fault.Is(err, fault.Unavailable) || !errors.As(err, &d) || !slices.Equal(d.With, []string{"b.example"}) {
		t.Errorf("another's word is taken for the ledger's, against the own peer's: %v", err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	s.Stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}
