package fabric

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"log/slog"
	"net"
	"testing"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	ab "github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// A liar is a member's peer, or its orderer, that says what a test has it say.
type liar struct {
	peer.UnimplementedEndorserServer
	gateway.UnimplementedGatewayServer
	ab.UnimplementedAtomicBroadcastServer

	config    *cb.Block            // its newest
	answers   map[string][]byte    // what its system functions answer, the newest configuration where they are not named
	blocks    map[string]*cb.Block // by number
	reads     map[string]any       // what the contract's functions answer, or an error
	asked     int                  // how often it was asked for a block
	endorse   func(*peer.Proposal) *cb.Envelope
	refuse    func(fn string) error // what it endorses not; nil: nothing
	submitted []*cb.Envelope        // what it got signed
	became    peer.TxValidationCode // what it says of a transaction
	status    string                // of which it was asked that
	refuses   cb.Status             // what it says as an orderer, FORBIDDEN where it is not set
}

func (l *liar) ProcessProposal(_ context.Context, r *peer.SignedProposal) (*peer.ProposalResponse, error) {
	var p peer.Proposal
	if err := proto.Unmarshal(r.GetProposalBytes(), &p); err != nil {
		return nil, err
	}
	if args := calls(&p); len(args) > 0 && l.answers[string(args[0])] != nil {
		return &peer.ProposalResponse{Response: &peer.Response{Status: 200, Payload: l.answers[string(args[0])]}}, nil
	}
	return &peer.ProposalResponse{Response: &peer.Response{Status: 200, Payload: channel.EncodeBlock(l.config)}}, nil
}

func (l *liar) Endorse(_ context.Context, r *gateway.EndorseRequest) (*gateway.EndorseResponse, error) {
	var p peer.Proposal
	if err := proto.Unmarshal(r.GetProposedTransaction().GetProposalBytes(), &p); err != nil {
		return nil, err
	}
	if l.refuse != nil {
		if err := l.refuse(string(calls(&p)[0])); err != nil {
			return nil, err
		}
	}
	return &gateway.EndorseResponse{PreparedTransaction: l.endorse(&p)}, nil
}

func (l *liar) Evaluate(_ context.Context, r *gateway.EvaluateRequest) (*gateway.EvaluateResponse, error) {
	var p peer.Proposal
	if err := proto.Unmarshal(r.GetProposedTransaction().GetProposalBytes(), &p); err != nil {
		return nil, err
	}
	args := calls(&p)
	if fn := string(args[0]); fn != "GetBlockByNumber" {
		if err, refused := l.reads[fn].(error); refused {
			return nil, err
		}
		b, err := json.Marshal(l.reads[fn])
		return &gateway.EvaluateResponse{Result: &peer.Response{Status: 200, Payload: b}}, err
	}
	l.asked++
	b := l.blocks[string(args[2])]
	if b == nil {
		return nil, status.Error(codes.Unavailable, "no such block")
	}
	return &gateway.EvaluateResponse{Result: &peer.Response{Status: 200, Payload: channel.EncodeBlock(b)}}, nil
}

// calls is what a proposal calls, nil for nothing.
func calls(p *peer.Proposal) [][]byte {
	var in peer.ChaincodeProposalPayload
	var spec peer.ChaincodeInvocationSpec
	if proto.Unmarshal(p.Payload, &in) != nil || proto.Unmarshal(in.Input, &spec) != nil {
		return nil
	}
	return spec.GetChaincodeSpec().GetInput().GetArgs()
}

func (l *liar) Submit(_ context.Context, r *gateway.SubmitRequest) (*gateway.SubmitResponse, error) {
	l.submitted = append(l.submitted, r.PreparedTransaction)
	return nil, status.Error(codes.Unavailable, "that was all it wanted")
}

// Deliver is an orderer's, to one whom it does not take for a member, or refuses
// for another reason. It hears the question out: who asks may still be sending it.
func (l *liar) Deliver(s grpc.BidiStreamingServer[cb.Envelope, ab.DeliverResponse]) error {
	if _, err := s.Recv(); err != nil {
		return err
	}
	return s.Send(&ab.DeliverResponse{Type: &ab.DeliverResponse_Status{Status: cmp.Or(l.refuses, cb.Status_FORBIDDEN)}})
}

// serve has a liar answer with a member's certificate, and tells at which port.
func (l *liar) serve(t *testing.T, ln net.Listener, as *Home) {
	t.Helper()
	cert, err := as.org.TLS(org.Peer)
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequestClientCert})))
	peer.RegisterEndorserServer(s, l)
	gateway.RegisterGatewayServer(s, l)
	ab.RegisterAtomicBroadcastServer(s, l)
	done := make(chan error, 1)
	go func() { done <- s.Serve(ln) }()
	t.Cleanup(func() {
		s.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// A scene is a network of two: the liar, which orders and endorses, and a client
// of it.
type scene struct {
	liar
	member, client *Home
	first          *cb.Block
}

func newScene(t *testing.T) *scene {
	t.Helper()
	ln := anyPort(t)
	s := &scene{member: homeAt(t, "liar.example", port(ln), false), client: homeAt(t, "client.example", 9020, true)}
	s.first = founded(t, s.member, s.client)
	s.config = s.first
	s.serve(t, ln, s.member)
	if err := s.client.Take(channel.Name, s.first); err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.stepReach(t.Context(), channel.Name, &view{}); err != nil {
		t.Fatal(err)
	}
	return s
}

func anyPort(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// port is where ln listens.
func port(ln net.Listener) int { return ln.Addr().(*net.TCPAddr).Port }

// homeAt opens a node whose peer is at a port.
func homeAt(t *testing.T, node string, port int, client bool) *Home {
	t.Helper()
	h, err := Open(Config{Dir: t.TempDir(), Node: node, Host: "127.0.0.1", Port: port, Client: client, Contracts: []Contract{{Version: contract.Version}}, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// founder is a node as a founder, with an orderer or without.
func founder(t *testing.T, h *Home, orders bool) channel.Founder {
	t.Helper()
	m, err := h.Member()
	if err != nil {
		t.Fatal(err)
	}
	f := channel.Founder{Member: m}
	if orders {
		if f.Consenter, err = h.Consenter(); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// founded is the first block of a network in which the first node orders and
// endorses alone.
func founded(t *testing.T, nodes ...*Home) *cb.Block {
	t.Helper()
	f := channel.Founding{Channel: channel.Name, Validators: []string{nodes[0].cfg.Node}}
	for i, h := range nodes {
		f.Founders = append(f.Founders, founder(t, h, i == 0))
	}
	b, err := f.Genesis(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sum(parts ...[]byte) []byte {
	s := sha256.Sum256(bytes.Join(parts, nil))
	return s[:]
}

func pack(t *testing.T, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unpack[M proto.Message](t *testing.T, b []byte, m M) M {
	t.Helper()
	if err := proto.Unmarshal(b, m); err != nil {
		t.Fatal(err)
	}
	return m
}

// endorsed is the transaction of a proposal as an honest gateway makes it, its
// result the transaction's id.
func endorsed(t *testing.T, p *peer.Proposal) *cb.Payload {
	t.Helper()
	h := unpack(t, p.Header, &cb.Header{})
	id := unpack(t, h.ChannelHeader, &cb.ChannelHeader{}).TxId
	result := pack(t, &peer.ProposalResponsePayload{ProposalHash: sum(h.ChannelHeader, h.SignatureHeader, p.Payload), Extension: pack(t, &peer.ChaincodeAction{Response: &peer.Response{Status: 200, Payload: []byte(id)}})})
	action := pack(t, &peer.ChaincodeActionPayload{ChaincodeProposalPayload: p.Payload, Action: &peer.ChaincodeEndorsedAction{ProposalResponsePayload: result}})
	tx := &peer.Transaction{Actions: []*peer.TransactionAction{{Header: h.SignatureHeader, Payload: action}}}
	return &cb.Payload{Header: h, Data: pack(t, tx)}
}

// A peer cannot have a node sign anything but the transaction of its own call:
// neither that of another call of the node's, nor one that reads as a proposal of
// a call it never made.
func TestOnlyTheOwnCallIsSigned(t *testing.T) {
	s := newScene(t)
	c, err := s.client.Client(channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	// submit has the client record something, and returns its proposal.
	submit := func(answer func(own *cb.Payload) *cb.Payload) (p *peer.Proposal, err error) {
		s.submitted = nil
		s.endorse = func(asked *peer.Proposal) *cb.Envelope {
			p = asked
			return &cb.Envelope{Payload: pack(t, answer(endorsed(t, p)))}
		}
		_, err = c.Submit(t.Context(), ledger.Call{Fn: "AnchorDay", Op: "day", Args: []string{"{}"}})
		return p, err
	}
	honest := func(own *cb.Payload) *cb.Payload { return own }
	held, _ := submit(honest) // a call whose id a peer knows
	other := pack(t, &peer.ChaincodeProposalPayload{Input: pack(t, &peer.ChaincodeInvocationSpec{ChaincodeSpec: &peer.ChaincodeSpec{
		ChaincodeId: &peer.ChaincodeID{Name: ContractName}, Input: &peer.ChaincodeInput{Args: [][]byte{[]byte("RotateKey")}}}})})
	for what, answer := range map[string]func(own *cb.Payload) *cb.Payload{
		"honest": honest,
		"one on another channel": func(own *cb.Payload) *cb.Payload {
			h := unpack(t, own.Header.ChannelHeader, &cb.ChannelHeader{})
			h.ChannelId = contract.ClusterChannel("north")
			own.Header.ChannelHeader = pack(t, h)
			return own
		},
		"one with more behind it": func(own *cb.Payload) *cb.Payload {
			own.Data = append(own.Data, 0x7a, 1, 'x') // field 15
			return own
		},
	} {
		p, err := submit(answer)
		if len(s.submitted) != 1 {
			t.Errorf("%s: %d envelopes (%v)", what, len(s.submitted), err)
		} else if got := s.submitted[0].Payload; !bytes.Equal(got, pack(t, endorsed(t, p))) || calls(unpack(t, got, &peer.Proposal{})) != nil {
			t.Errorf("%s: signed what is not the own call's", what)
		}
	}
	for what, answer := range map[string]func(own *cb.Payload) *cb.Payload{
		"what was endorsed of another call": func(*cb.Payload) *cb.Payload { return endorsed(t, held) },
		"what reads as a proposal of a call it never made": func(own *cb.Payload) *cb.Payload {
			own.Data = append(own.Data, other...)
			return own
		},
		"the same under the id of another call": func(own *cb.Payload) *cb.Payload {
			return &cb.Payload{Header: endorsed(t, held).Header, Data: append(own.Data, other...)}
		},
	} {
		if _, err := submit(answer); !fault.Is(err, fault.Unavailable) || len(s.submitted) > 0 {
			t.Errorf("%s: %v, %d envelopes", what, err, len(s.submitted))
		}
	}
}

// A member's TLS authority vouches for its own orderer alone: another member that
// answers at that address is not heard, so it cannot say that a node was put out.
func TestNobodyAnswersForAnothersOrderer(t *testing.T) {
	ln := anyPort(t)
	orders := homeAt(t, "a.example", port(ln)-child.Config{}.Ports().Orderer, false)
	other := homeAt(t, "b.example", 9020, false)
	cfg, err := channel.Read(founded(t, orders, other))
	if err != nil {
		t.Fatal(err)
	}
	new(liar).serve(t, ln, other)
	again := anyPort(t)
	honest := homeAt(t, "c.example", port(again)-child.Config{}.Ports().Orderer, false)
	theirs, err := channel.Read(founded(t, honest, other))
	if err != nil {
		t.Fatal(err)
	}
	new(liar).serve(t, again, honest)
	for cfg, want := range map[*channel.Config]bool{&cfg: false, &theirs: true} {
		heard, err := other.hear(t.Context(), channel.Name, *cfg)
		if err != nil || len(heard) != 1 || heard[0].forbidden != want {
			t.Errorf("heard of %d orderers (%v), one that put the node out: %v", len(heard), err, !want)
		}
	}
}
