package fabric_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/hyperledger/fabric-admin-sdk/pkg/chaincode"
	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-gateway/pkg/hash"
	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// What was learned from networks that did not work, on one that does. The traps
// are counted as in docs/protocol/ledger.md, which names the other tests of them.

// asksForCertificate fails unless a server takes connections as it should: an
// orderer from anybody, a peer from members alone.
func (n *node) asksForCertificate(t *testing.T, r org.Role, want bool) {
	t.Helper()
	conn, err := n.reach(r)
	if err == nil {
		_, err = conn.Read(make([]byte, 1)) // in TLS 1.3 a refusal comes after the handshake
		_ = conn.Close()
	}
	if refused := err != nil && strings.Contains(err.Error(), "certificate required"); refused != want {
		t.Errorf("the %s of %s refuses who shows no certificate: %v (%v)", r, n.name, refused, err)
	}
}

// strangers is trap 5: a peer that has just started does not know the others
// yet, and says that no combination of peers will do. Whoever writes notices
// nothing.
func strangers(t *testing.T, l *life) {
	asked := 0
	early := grpc.WithUnaryInterceptor(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		if strings.HasSuffix(method, "/Endorse") {
			if asked++; asked <= 3 {
				return status.Error(codes.Unavailable, "no combination of peers can be derived which satisfy the endorsement policy: no metadata was found for chaincode nineten in channel nineten")
			}
		}
		return call(ctx, method, req, reply, cc, opts...)
	})
	i := l.calls.Add(1)
	in := contract.ActRegistration{Node: "b.example", Act: actOf(i)}
	if _, err := l.b.at(t, l.b, early).RegisterAct(t.Context(), "early", in); err != nil || asked != 4 {
		t.Errorf("asked %d times: %v", asked, err)
	}
	// And really: the first that a peer is asked after its start.
	was := l.c.kill(t, "peer")
	l.c.risen(t, "peer", was)
	l.act(t, t.Context(), l.c)
	l.whole(t, l.b, l.c)
}

// nothingPrivate is trap 2: what an organisation's collection holds can be read
// by other organisations' users, so the contract has none. No transaction so far
// wrote to one, no peer keeps anything of the contract's beside the ledger, for
// its own user or another's, and no definition names one. What proved a fault is in no
// block, in no writing of it.
func nothingPrivate(t *testing.T, l *life) {
	wrote, accused := 0, false
	c, err := l.a.Client(channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	var shown contract.Evidence
	if err := json.Unmarshal(l.carried, &shown); err != nil || len(shown.Row) == 0 || len(shown.Salt) == 0 {
		t.Fatalf("what b proved with was not heeded: %q (%v)", l.carried, err)
	}
	height := l.a.head(t)
	for i := range height {
		b, err := c.Block(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		if holds(b, shown.Row) || holds(b, shown.Salt) {
			t.Errorf("block %d holds a listener's row or its salt", i)
		}
		accused = accused || holds(b, []byte("accuse/1"))
		for _, s := range written(t, b) {
			if s.Namespace != fabric.ContractName {
				continue
			}
			if wrote++; len(s.CollectionHashedRwset) > 0 {
				t.Errorf("block %d writes to the collection %s", i, s.CollectionHashedRwset[0].CollectionName)
			}
		}
	}
	if !accused {
		t.Error("the transaction that proved it was not looked at")
	}
	if wrote < 20 {
		t.Errorf("only %d transactions of the contract were looked at", wrote)
	}
	for _, as := range []*node{l.a, l.b} {
		seen, kept := as.keptAt(t, l.a, height)
		if seen != int(height) || kept[fabric.ContractName] > 0 {
			t.Errorf("in %d of %d blocks a's peer keeps for %s %v", seen, height, as.name, kept)
		}
		// That is how the trap looks: Fabric's own contract has such a collection, and
		// b's user reads at a's peer what a approved.
		if kept["_lifecycle"] == 0 {
			t.Errorf("%s does not see what a collection would show: %v", as.name, kept)
		}
	}
	conn, id, _ := l.b.dial(t, l.b)
	all, err := chaincode.NewGateway(conn, id).QueryCommitted(t.Context(), channel.Name)
	if err != nil || len(all.ChaincodeDefinitions) != 1 {
		t.Fatalf("the channel's contracts are %v (%v)", all, err)
	}
	if d := all.ChaincodeDefinitions[0]; len(d.GetCollections().GetConfig()) > 0 {
		t.Errorf("its definition has the collections %v", d.Collections)
	}
}

// holds reports whether a block has something in it, as it is or written for people.
func holds(b *cb.Block, what []byte) bool {
	forms := [][]byte{what, []byte(base64.StdEncoding.EncodeToString(what)), []byte(hex.EncodeToString(what))}
	return slices.ContainsFunc(b.Data.Data, func(tx []byte) bool {
		return slices.ContainsFunc(forms, func(f []byte) bool { return bytes.Contains(tx, f) })
	})
}

// written are the sets of what a block's transactions read and wrote.
func written(t *testing.T, b *cb.Block) (sets []*rwset.NsReadWriteSet) {
	t.Helper()
	for _, raw := range b.Data.Data {
		var env cb.Envelope
		var payload cb.Payload
		var header cb.ChannelHeader
		peel(t, layer{func() []byte { return raw }, &env}, layer{func() []byte { return env.Payload }, &payload}, layer{func() []byte { return payload.Header.ChannelHeader }, &header})
		if header.Type != int32(cb.HeaderType_ENDORSER_TRANSACTION) {
			continue
		}
		var tx peer.Transaction
		peel(t, layer{func() []byte { return payload.Data }, &tx})
		for _, a := range tx.Actions {
			var of peer.ChaincodeActionPayload
			var response peer.ProposalResponsePayload
			var action peer.ChaincodeAction
			var set rwset.TxReadWriteSet
			peel(t,
				layer{func() []byte { return a.Payload }, &of},
				layer{func() []byte { return of.Action.ProposalResponsePayload }, &response},
				layer{func() []byte { return response.Extension }, &action},
				layer{func() []byte { return action.Results }, &set},
			)
			sets = append(sets, set.NsRwset...)
		}
	}
	return sets
}

// keptAt looks through all blocks as a peer gives them to a node's user together
// with what it keeps beside them, and counts that by contract.
func (n *node) keptAt(t *testing.T, at *node, height uint64) (seen int, kept map[string]int) {
	t.Helper()
	conn, id, sum := at.dial(t, n)
	g, err := client.Connect(id, client.WithSign(id.Sign), client.WithHash(hash.NONE), client.WithClientConnection(conn), client.WithTLSClientCertificateHash(sum))
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	blocks, err := g.GetNetwork(channel.Name).BlockAndPrivateDataEvents(ctx, client.WithStartBlock(0))
	if err != nil {
		t.Fatal(err)
	}
	kept = map[string]int{}
	for b := range blocks {
		for _, tx := range b.PrivateDataMap {
			for _, ns := range tx.NsPvtRwset {
				kept[ns.Namespace] += len(ns.CollectionPvtRwset)
			}
		}
		if seen++; seen == int(height) {
			break
		}
	}
	return seen, kept
}
