package block_test

import (
	"crypto/sha256"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"

	"github.com/hyperledger/fabric-admin-sdk/pkg/identity"
	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/fabrictest"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// A signer signs as an organisation, or as what it says it is.
type signer struct {
	msp string
	identity.SigningIdentity
}

// as is an identity of a role, new from an organisation's authority.
func as(t *testing.T, o *org.Org, r org.Role) signer {
	t.Helper()
	id, err := o.Issue(r, string(r))
	if err != nil {
		t.Fatal(err)
	}
	return signer{o.Name, id}
}

func keep(t *testing.T, name string) *org.Org {
	t.Helper()
	o, err := org.Keep(t.TempDir(), name, []string{name}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// four are the organisations of a channel whose first three endorse.
type four struct {
	orgs     [4]*org.Org
	orderers [4]signer
	first    *cb.Block
}

func newFour(t *testing.T) (f four) {
	t.Helper()
	must := func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	founding := channel.Founding{Channel: channel.Name}
	for i, name := range []string{"a.example", "b.example", "c.example", "d.example"} {
		o := keep(t, name)
		id, err := o.Identity(org.Orderer)
		if err != nil {
			t.Fatal(err)
		}
		f.orgs[i], f.orderers[i] = o, signer{name, id}
		founding.Founders = append(founding.Founders, channel.Founder{
			Member:    channel.Member{MSP: name, Host: name, Port: 9020, CA: must(o.CA()), TLSCA: must(o.TLSCA())},
			Consenter: channel.Consenter{MSP: name, Host: name, Port: 9021, Identity: must(o.SignCert(org.Orderer)), TLS: must(o.TLSCert(org.Orderer))},
		})
		if i < 3 {
			founding.Validators = append(founding.Validators, name)
		}
	}
	var err error
	if f.first, err = founding.Genesis(time.Now()); err != nil {
		t.Fatal(err)
	}
	return f
}

func pack(t *testing.T, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sign is a signature over the joined parts.
func sign(t *testing.T, by signer, parts ...[]byte) []byte {
	t.Helper()
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	sig, err := by.Sign(all)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

// endorse is a peer's word for a result.
func endorse(t *testing.T, by signer, result []byte) *peer.Endorsement {
	t.Helper()
	who := pack(t, &msp.SerializedIdentity{Mspid: by.msp, IdBytes: by.Credentials()})
	return &peer.Endorsement{Endorser: who, Signature: sign(t, by, result, who)}
}

// asked is what validators were asked: by whom, on which channel, what contract.
type asked struct{ channel, contract string }

var genuine = asked{channel.Name, contractName}

const contractName = "nineten"

func (a asked) header(t *testing.T) *cb.Header {
	t.Helper()
	return &cb.Header{
		ChannelHeader:   pack(t, &cb.ChannelHeader{Type: int32(cb.HeaderType_ENDORSER_TRANSACTION), ChannelId: a.channel, TxId: "tx"}),
		SignatureHeader: pack(t, &cb.SignatureHeader{Creator: pack(t, &msp.SerializedIdentity{Mspid: "a.example"})}),
	}
}

// result is what they signed: that the contract wrote one key.
func (a asked) result(t *testing.T) []byte {
	t.Helper()
	h := a.header(t)
	sum := sha256.Sum256(append(h.ChannelHeader, h.SignatureHeader...))
	set := pack(t, &rwset.TxReadWriteSet{NsRwset: []*rwset.NsReadWriteSet{{Namespace: a.contract, Rwset: pack(t, &kvrwset.KVRWSet{Writes: []*kvrwset.KVWrite{{Key: "k", Value: []byte("v")}}})}}})
	return pack(t, &peer.ProposalResponsePayload{ProposalHash: sum[:], Extension: pack(t, &peer.ChaincodeAction{ChaincodeId: &peer.ChaincodeID{Name: a.contract}, Results: set})})
}

// transaction is an envelope as clients send it.
func (a asked) transaction(t *testing.T, result []byte, endorsements ...*peer.Endorsement) []byte {
	t.Helper()
	did := &peer.TransactionAction{Payload: pack(t, &peer.ChaincodeActionPayload{Action: &peer.ChaincodeEndorsedAction{ProposalResponsePayload: result, Endorsements: endorsements}})}
	return a.envelope(t, &peer.Transaction{Actions: []*peer.TransactionAction{did}})
}

func (a asked) envelope(t *testing.T, tx *peer.Transaction) []byte {
	t.Helper()
	return pack(t, &cb.Envelope{Payload: pack(t, &cb.Payload{Header: a.header(t), Data: pack(t, tx)})})
}

// A vote is an orderer's signature under a block: whose, and by which number it
// says it is known.
type vote struct {
	by signer
	id uint32
}

// ordered is a block with one transaction, signed as orderers do.
func ordered(t *testing.T, tx []byte, votes ...vote) *cb.Block {
	t.Helper()
	return orderedAt(t, 1, 0, tx, votes...)
}

// orderedAt is one of a number, whose signatures name a configuration's block.
func orderedAt(t *testing.T, n, config uint64, tx []byte, votes ...vote) *cb.Block {
	t.Helper()
	hash := sha256.Sum256(tx)
	h := &cb.BlockHeader{Number: n, DataHash: hash[:]}
	header, err := asn1.Marshal(struct {
		Number         *big.Int
		Previous, Data []byte
	}{new(big.Int).SetUint64(n), nil, hash[:]})
	if err != nil {
		t.Fatal(err)
	}
	md := &cb.Metadata{Value: pack(t, &cb.OrdererBlockMetadata{LastConfig: &cb.LastConfig{Index: config}})}
	for _, v := range votes {
		who := pack(t, &cb.IdentifierHeader{Identifier: v.id})
		md.Signatures = append(md.Signatures, &cb.MetadataSignature{IdentifierHeader: who, Signature: sign(t, v.by, md.Value, who, header)})
	}
	return &cb.Block{Header: h, Data: &cb.BlockData{Data: [][]byte{tx}}, Metadata: &cb.BlockMetadata{Metadata: [][]byte{pack(t, md)}}}
}

// A block stands when three of four orderers signed it.
func TestWhoOrdersABlock(t *testing.T) {
	f := newFour(t)
	o, tx := f.orderers, genuine.transaction(t, genuine.result(t))
	stranger := as(t, f.orgs[2], org.Orderer) // of c, and not the one the channel names
	for _, tt := range []struct {
		what  string
		votes []vote
		holds bool
	}{
		{"all", []vote{{o[0], 1}, {o[1], 2}, {o[2], 3}, {o[3], 4}}, true},
		{"three", []vote{{o[0], 1}, {o[2], 3}, {o[3], 4}}, true},
		{"two", []vote{{o[0], 1}, {o[1], 2}}, false},
		{"two, one of them twice", []vote{{o[0], 1}, {o[1], 2}, {o[1], 2}}, false},
		{"two, one of them as a third", []vote{{o[0], 1}, {o[1], 2}, {o[1], 3}}, false},
		{"two, and one as a fifth", []vote{{o[0], 1}, {o[1], 2}, {o[2], 5}}, false},
		{"two, and an orderer that the channel does not name", []vote{{o[0], 1}, {o[1], 2}, {stranger, 3}}, false},
		{"none", nil, false},
	} {
		_, err := fabrictest.Chain{First: f.first, Block: ordered(t, tx, tt.votes...)}.Verify(contractName)
		if tt.holds && err != nil || !tt.holds && !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", tt.what, err)
		}
	}
	spoilt := ordered(t, tx, vote{o[0], 1}, vote{o[1], 2}, vote{o[2], 3})
	spoilt.Header.PreviousHash = []byte("another")
	if _, err := (fabrictest.Chain{First: f.first, Block: spoilt}).Verify(contractName); !fault.Is(err, fault.Invalid) {
		t.Errorf("behind another block: %v", err)
	}
}

// A transaction stands when two of three validators' peers endorsed it; the
// orderers sign whatever clients send.
func TestWhoEndorsesATransaction(t *testing.T) {
	f := newFour(t)
	result := genuine.result(t)
	peerOf := func(i int) *peer.Endorsement { return endorse(t, as(t, f.orgs[i], org.Peer), result) }
	a, b, c, d := peerOf(0), peerOf(1), peerOf(2), peerOf(3)
	role := func(r org.Role) *peer.Endorsement { return endorse(t, as(t, f.orgs[1], r), result) }
	asB := func(o *org.Org) *peer.Endorsement {
		s := as(t, o, org.Peer)
		s.msp = "b.example"
		return endorse(t, s, result)
	}
	for _, tt := range []struct {
		what string
		by   []*peer.Endorsement
		want bool
	}{
		{"three", []*peer.Endorsement{a, b, c}, true},
		{"two", []*peer.Endorsement{c, a}, true},
		{"two and one that does not count", []*peer.Endorsement{d, c, a}, true},
		{"one", []*peer.Endorsement{a}, false},
		{"one twice", []*peer.Endorsement{a, a}, false},
		{"one with two certificates", []*peer.Endorsement{a, peerOf(0)}, false},
		{"one and a member that does not endorse", []*peer.Endorsement{a, d}, false},
		{"one and a client", []*peer.Endorsement{a, role("client")}, false},
		{"one and an administrator", []*peer.Endorsement{a, role(org.Admin)}, false},
		{"one and an orderer", []*peer.Endorsement{a, role(org.Orderer)}, false},
		{"one in another's name", []*peer.Endorsement{a, asB(f.orgs[0])}, false},
		{"one and an authority that only has the name", []*peer.Endorsement{a, asB(keep(t, "b.example"))}, false},
		{"one and one of another result", []*peer.Endorsement{a, endorse(t, as(t, f.orgs[1], org.Peer), []byte("another"))}, false},
		{"one and another's signature", []*peer.Endorsement{a, {Endorser: b.Endorser, Signature: c.Signature}}, false},
		{"none", nil, false},
	} {
		o := f.orderers
		p, err := fabrictest.Chain{First: f.first, Block: ordered(t, genuine.transaction(t, result, tt.by...), vote{o[0], 1}, vote{o[1], 2}, vote{o[2], 3})}.Verify(contractName)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(p.Txs) == 1; got != tt.want {
			t.Errorf("%s: endorsed: %v", tt.what, got)
		}
	}
}
