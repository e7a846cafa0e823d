package block_test

import (
	"testing"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/block"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/fabrictest"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// by are the first three of four orderers.
func (f four) by() []vote {
	return []vote{{f.orderers[0], 1}, {f.orderers[1], 2}, {f.orderers[2], 3}}
}

// endorsedBy are words of the peers of all four.
func (f four) endorsedBy(t *testing.T, result []byte) (out []*peer.Endorsement) {
	t.Helper()
	for _, o := range f.orgs {
		out = append(out, endorse(t, as(t, o, org.Peer), result))
	}
	return out
}

// configured is a block with the configuration that follows one with a change.
func configured(t *testing.T, from *cb.Block, n uint64, name string, votes []vote) *cb.Block {
	t.Helper()
	var env cb.Envelope
	var payload cb.Payload
	var ce cb.ConfigEnvelope
	for _, x := range []struct {
		b    func() []byte
		into proto.Message
	}{{func() []byte { return from.Data.Data[0] }, &env}, {func() []byte { return env.Payload }, &payload}, {func() []byte { return payload.Data }, &ce}} {
		if err := proto.Unmarshal(x.b(), x.into); err != nil {
			t.Fatal(err)
		}
	}
	ce.Config.Sequence++
	header := pack(t, &cb.ChannelHeader{Type: int32(cb.HeaderType_CONFIG), ChannelId: name})
	raw := pack(t, &cb.Envelope{Payload: pack(t, &cb.Payload{Header: &cb.Header{ChannelHeader: header}, Data: pack(t, &ce)})})
	return orderedAt(t, n, n, raw, votes...)
}

// What a chain shows is said exactly: by which configuration, who signed, who
// endorsed.
func TestWhatAChainShows(t *testing.T) {
	f := newFour(t)
	second := configured(t, f.first, 5, channel.Name, f.by())
	result := genuine.result(t)
	tx := genuine.transaction(t, result, f.endorsedBy(t, result)[:2]...)
	p, err := fabrictest.Chain{First: f.first, Configs: []*cb.Block{second}, Block: orderedAt(t, 9, 5, tx, f.by()...)}.Verify(contractName)
	if err != nil {
		t.Fatal(err)
	}
	cfg := p.Config()
	if cfg.Channel != channel.Name || cfg.Sequence != 1 || cfg.Block != 5 || cfg.Hash != block.Hash(second) || p.First() != block.Hash(f.first) {
		t.Errorf("by the configuration %+v", cfg)
	}
	if p.Signed != (block.Count{Have: 3, Of: 4, Need: 3}) || len(p.Txs) != 1 || p.Txs[0].Endorsed != (block.Count{Have: 2, Of: 3, Need: 2}) || len(p.Txs[0].Writes) != 1 {
		t.Errorf("it shows %+v", p)
	}
	for _, x := range []struct {
		hash [32]byte
		seq  uint64
		ok   bool
	}{{block.Hash(f.first), 0, true}, {block.Hash(second), 1, true}, {[32]byte{1}, 0, false}} {
		if got, ok := p.Through(x.hash); ok != x.ok || got.Sequence != x.seq {
			t.Errorf("through %x: %v %v", x.hash[:4], got.Sequence, ok)
		}
	}
}

// What is no proof, whoever signed it.
func TestWhatIsNoChain(t *testing.T) {
	f := newFour(t)
	result := genuine.result(t)
	tx := genuine.transaction(t, result, f.endorsedBy(t, result)...)
	second := configured(t, f.first, 5, channel.Name, f.by())
	for what, c := range map[string]fabrictest.Chain{
		"a later configuration left out":   {First: f.first, Block: orderedAt(t, 9, 5, tx, f.by()...)},
		"a configuration of another time":  {First: f.first, Configs: []*cb.Block{second}, Block: orderedAt(t, 9, 0, tx, f.by()...)},
		"a block before its configuration": {First: f.first, Configs: []*cb.Block{second}, Block: orderedAt(t, 4, 0, tx, f.by()...)},
		"another channel's configuration":  {First: f.first, Configs: []*cb.Block{configured(t, f.first, 5, "cluster-north", f.by())}, Block: orderedAt(t, 9, 5, tx, f.by()...)},
		"a configuration few signed":       {First: f.first, Configs: []*cb.Block{configured(t, f.first, 5, channel.Name, f.by()[:2])}, Block: orderedAt(t, 9, 5, tx, f.by()...)},
	} {
		if _, err := c.Verify(contractName); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	// Signed by the orderers, and still not the contract's word on this channel.
	elsewhere, other := asked{"cluster-north", contractName}, asked{channel.Name, "any name at all"}
	there := elsewhere.result(t)
	all := f.endorsedBy(t, there)
	did := &peer.TransactionAction{Payload: pack(t, &peer.ChaincodeActionPayload{Action: &peer.ChaincodeEndorsedAction{ProposalResponsePayload: result, Endorsements: f.endorsedBy(t, result)}})}
	for what, tx := range map[string][]byte{
		"another channel's transaction":        elsewhere.transaction(t, there, all...),
		"an endorsement from another channel":  genuine.transaction(t, there, all...),
		"another contract's":                   other.transaction(t, other.result(t), f.endorsedBy(t, other.result(t))...),
		"one that nobody can read":             genuine.transaction(t, []byte("\xff"), f.endorsedBy(t, []byte("\xff"))...),
		"one with two actions":                 genuine.envelope(t, &peer.Transaction{Actions: []*peer.TransactionAction{did, did}}),
		"one with none":                        genuine.envelope(t, &peer.Transaction{}),
		"what is no transaction, but in order": []byte("\xff\xff"),
	} {
		p, err := fabrictest.Chain{First: f.first, Block: ordered(t, tx, f.by()...)}.Verify(contractName)
		if err != nil || len(p.Txs) != 0 {
			t.Errorf("%s: %+v %v", what, p.Txs, err)
		}
	}
}

// A member who ordered alone at the beginning can make a block of any number by
// the first configuration, for ever. Nothing in it is wrong, so whoever trusts a
// later configuration is told that the chain does not go through it.
func TestAFounderForgesNothingAgainstALaterConfiguration(t *testing.T) {
	a := keep(t, "a.example")
	must := func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	first, err := channel.Founding{Channel: channel.Name, Founders: []channel.Founder{{
		Member:    channel.Member{MSP: "a.example", Host: "a.example", Port: 9020, CA: must(a.CA()), TLSCA: must(a.TLSCA())},
		Consenter: channel.Consenter{MSP: "a.example", Host: "a.example", Port: 9021, Identity: must(a.SignCert(org.Orderer)), TLS: must(a.TLSCert(org.Orderer))},
	}}, Validators: []string{"a.example"}}.Genesis(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	id, err := a.Identity(org.Orderer)
	if err != nil {
		t.Fatal(err)
	}
	alone := []vote{{signer{"a.example", id}, 1}}
	result := genuine.result(t)
	forged := orderedAt(t, 123_456, 0, genuine.transaction(t, result, endorse(t, as(t, a, org.Peer), result)), alone...)
	p, err := fabrictest.Chain{First: first, Block: forged}.Verify(contractName)
	if err != nil || len(p.Txs) != 1 {
		t.Fatalf("%+v %v", p, err)
	}
	if p.Signed.String() != "1 of 1" || p.Config().Block != 0 {
		t.Errorf("that one alone ordered is not said: %s at block %d", p.Signed, p.Config().Block)
	}
	later := configured(t, first, 7, channel.Name, alone)
	if _, ok := p.Through(block.Hash(later)); ok {
		t.Error("it goes through the later configuration")
	}
}

// Orderers put into a block whatever a member sends. Peers call it invalid; no
// reader of blocks may stumble over it, and none may take it for valid.
func TestTransactionsThatCannotBeRead(t *testing.T) {
	f := newFour(t)
	for _, x := range []struct {
		code peer.TxValidationCode
		ok   bool
	}{{peer.TxValidationCode_BAD_PAYLOAD, true}, {peer.TxValidationCode_VALID, false}} {
		b := ordered(t, []byte("\xff\xff"), f.by()...)
		b.Metadata.Metadata = append(b.Metadata.Metadata, nil, []byte{byte(x.code)})
		txs, err := block.Transactions(b)
		if x.ok && (err != nil || len(txs) != 1 || txs[0].Valid() || len(txs[0].Writes) > 0) || !x.ok && !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %+v %v", x.code, txs, err)
		}
	}
}
