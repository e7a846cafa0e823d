package fabric

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	ab "github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// A taker is an orderer that takes what it is handed, or says why not.
type taker struct {
	ab.UnimplementedAtomicBroadcastServer
	says *ab.BroadcastResponse
	took chan *cb.Envelope
}

func (o *taker) Broadcast(s grpc.BidiStreamingServer[cb.Envelope, ab.BroadcastResponse]) error {
	env, err := s.Recv()
	if err != nil {
		return err
	}
	o.took <- env
	return s.Send(o.says)
}

// serve has the orderer answer with its organisation's certificate.
func (o *taker) serve(t *testing.T, ln net.Listener, as *Home) {
	t.Helper()
	cert, err := as.org.TLS(org.Orderer)
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{cert}})))
	ab.RegisterAtomicBroadcastServer(s, o)
	done := make(chan error, 1)
	go func() { done <- s.Serve(ln) }()
	t.Cleanup(func() {
		s.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// What a gateway finds too few orderers for is handed to all of them, and is ordered
// where enough take it: one that has it already has taken it.
func TestOrderersAreHandedATransaction(t *testing.T) {
	const orders = 4
	takes, has := &ab.BroadcastResponse{Status: cb.Status_SUCCESS}, &ab.BroadcastResponse{Status: cb.Status_SERVICE_UNAVAILABLE, Info: "failed to submit request: " + exists}
	refuses := &ab.BroadcastResponse{Status: cb.Status_SERVICE_UNAVAILABLE, Info: "no leader"}
	env := &cb.Envelope{Payload: []byte("a transaction"), Signature: []byte("of the node's")}
	for _, x := range []struct {
		name string
		say  []*ab.BroadcastResponse // the rest is not there
		ok   bool
	}{
		{"all are there", []*ab.BroadcastResponse{takes, takes, takes, takes}, true},
		{"one is not", []*ab.BroadcastResponse{takes, takes, takes}, true},
		{"one had it", []*ab.BroadcastResponse{takes, has, takes, refuses}, true},
		{"two are not", []*ab.BroadcastResponse{takes, takes}, false},
		{"two have no leader", []*ab.BroadcastResponse{takes, refuses, takes, refuses}, false},
	} {
		t.Run(x.name, func(t *testing.T) {
			var f channel.Founding
			f.Channel = channel.Name
			took := make(chan *cb.Envelope, orders)
			var own *Home
			for i := range orders {
				ln := anyPort(t)
				h := homeAt(t, fmt.Sprintf("%c.example", 'a'+i), 9020+10*i, false)
				shows := founder(t, h, true)
				shows.Consenter.Port = port(ln)
				f.Founders, f.Validators = append(f.Founders, shows), append(f.Validators, h.cfg.Node)
				own = h
				if i < len(x.say) {
					(&taker{says: x.say[i], took: took}).serve(t, ln, h)
				} else if err := ln.Close(); err != nil {
					t.Fatal(err)
				}
			}
			first, err := f.Genesis(time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if err := own.Take(channel.Name, first); err != nil {
				t.Fatal(err)
			}
			err = own.hand(t.Context(), channel.Name, env)
			if (err == nil) != x.ok || !x.ok && !strings.Contains(err.Error(), ".example") {
				t.Errorf("handed over: %v", err)
			}
			if len(took) != len(x.say) {
				t.Errorf("%d orderers were given something, want %d", len(took), len(x.say))
			}
			for range x.say {
				if got := <-took; !slices.Equal(got.Payload, env.Payload) || !slices.Equal(got.Signature, env.Signature) {
					t.Errorf("one was given %v", got)
				}
			}
		})
	}
}

// A node whose gateway has lost the orderers has its transaction ordered, as it
// signed it, and hears what became of it.
func TestAGatewayWithoutOrderers(t *testing.T) {
	s := newScene(t)
	s.endorse = func(p *peer.Proposal) *cb.Envelope { return &cb.Envelope{Payload: pack(t, endorsed(t, p))} }
	c, err := s.client.Client(channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	call := ledger.Call{Fn: "AnchorDay", Op: "day", Args: []string{"{}"}}
	if _, err := c.Submit(t.Context(), call); !fault.Is(err, fault.Unavailable) {
		t.Errorf("no orderer is there, and it says %v", err)
	}
	var handed []*cb.Envelope
	c.hand = func(_ context.Context, env *cb.Envelope) error { handed = append(handed, env); return nil }
	s.submitted, s.became = nil, peer.TxValidationCode_VALID
	r, err := c.Submit(t.Context(), call)
	if err != nil || len(handed) != 1 || len(s.submitted) != 1 || !slices.Equal(handed[0].Payload, s.submitted[0].Payload) || len(handed[0].Signature) == 0 || s.status != r.Tx || r.Tx == "" {
		t.Errorf("recorded as %q, of which the peer was asked %q (%v); %d handed over", r.Tx, s.status, err, len(handed))
	}
	c.hand = func(context.Context, *cb.Envelope) error { return errors.New("they are away") }
	if _, err := c.Submit(t.Context(), call); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "they are away") {
		t.Errorf("nobody took it, and it says %v", err)
	}
}

// Whoever meets others until its time is over hears that, and not that the ledger
// does not answer.
func TestWhoMeetsOthersHearsSo(t *testing.T) {
	s := newScene(t)
	c, err := s.client.Client(channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	c.hand = func(context.Context, *cb.Envelope) error { return nil }
	s.became = peer.TxValidationCode_PHANTOM_READ_CONFLICT
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	tries := 0
	s.endorse = func(p *peer.Proposal) *cb.Envelope {
		if tries++; tries == 3 {
			stop() // while the peer works on it
		}
		return &cb.Envelope{Payload: pack(t, endorsed(t, p))}
	}
	if _, err := c.Submit(ctx, ledger.Call{Fn: "AnchorDay", Op: "day", Args: []string{"{}"}}); tries != 3 || !errors.Is(err, ledger.ErrMet) || !fault.Is(err, fault.Unavailable) {
		t.Errorf("after %d tries: %v", tries, err)
	}
}

// CommitStatus tells what became of a transaction, by the word of the liar.
func (l *liar) CommitStatus(_ context.Context, r *gateway.SignedCommitStatusRequest) (*gateway.CommitStatusResponse, error) {
	l.status = ""
	var asked gateway.CommitStatusRequest
	if err := proto.Unmarshal(r.Request, &asked); err != nil {
		return nil, err
	}
	if len(r.Signature) > 0 && len(asked.Identity) > 0 && asked.ChannelId == channel.Name {
		l.status = asked.TransactionId
	}
	return &gateway.CommitStatusResponse{Result: l.became}, nil
}
