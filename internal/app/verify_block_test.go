package app

import (
	"bytes"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/ledger/fabric/block"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/fabrictest"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// A lone node is one that orders and endorses alone, as every network begins.
type lone struct {
	*testing.T
	org   *org.Org
	first *cb.Block
}

func (l lone) pack(m proto.Message) []byte {
	l.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		l.Fatal(err)
	}
	return b
}

func newLone(t *testing.T, name string) lone {
	t.Helper()
	o, err := org.Keep(t.TempDir(), "a.example", []string{"a.example"}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	must := func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	first, err := channel.Founding{Channel: name, Validators: []string{"a.example"}, Founders: []channel.Founder{{
		Member:    channel.Member{MSP: "a.example", Host: "a.example", Port: 9020, CA: must(o.CA()), TLSCA: must(o.TLSCA())},
		Consenter: channel.Consenter{MSP: "a.example", Host: "a.example", Port: 9021, Identity: must(o.SignCert(org.Orderer)), TLS: must(o.TLSCert(org.Orderer))},
	}}}.Genesis(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return lone{t, o, first}
}

// block is one that records a settlement: of a number, by the configuration of a
// block, with what its peer found of the transaction.
func (l lone) block(n, config uint64, contractName string, s contract.Settled, found ...byte) *cb.Block {
	l.Helper()
	value, err := json.Marshal(s)
	if err != nil {
		l.Fatal(err)
	}
	key := fmt.Sprintf("\x00settlement\x00%s\x00%06d\x00", s.Node, uint32(s.Period))
	set := l.pack(&kvrwset.KVRWSet{Writes: []*kvrwset.KVWrite{{Key: key, Value: value}}})
	did := l.pack(&peer.ChaincodeAction{ChaincodeId: &peer.ChaincodeID{Name: contractName}, Results: l.pack(&rwset.TxReadWriteSet{NsRwset: []*rwset.NsReadWriteSet{{Namespace: contractName, Rwset: set}}})})
	id, err := l.org.Identity(org.Peer)
	if err != nil {
		l.Fatal(err)
	}
	who := l.pack(&msp.SerializedIdentity{Mspid: "a.example", IdBytes: id.Credentials()})
	header := &cb.Header{ChannelHeader: l.pack(&cb.ChannelHeader{Type: int32(cb.HeaderType_ENDORSER_TRANSACTION), ChannelId: channel.Name, TxId: "x"}), SignatureHeader: l.pack(&cb.SignatureHeader{Creator: who})}
	asked := sha256.Sum256(append(bytes.Clone(header.ChannelHeader), header.SignatureHeader...))
	result := l.pack(&peer.ProposalResponsePayload{ProposalHash: asked[:], Extension: did})
	sig, err := id.Sign(append(bytes.Clone(result), who...))
	if err != nil {
		l.Fatal(err)
	}
	action := l.pack(&peer.ChaincodeActionPayload{Action: &peer.ChaincodeEndorsedAction{ProposalResponsePayload: result, Endorsements: []*peer.Endorsement{{Endorser: who, Signature: sig}}}})
	return l.ordered(n, config, l.pack(&cb.Payload{Header: header, Data: l.pack(&peer.Transaction{Actions: []*peer.TransactionAction{{Payload: action}}})}), found...)
}

// next is the configuration block after the first, which changes nothing.
func (l lone) next(n uint64) *cb.Block {
	l.Helper()
	var env cb.Envelope
	var payload cb.Payload
	var ce cb.ConfigEnvelope
	for _, err := range []error{proto.Unmarshal(l.first.Data.Data[0], &env), proto.Unmarshal(env.Payload, &payload), proto.Unmarshal(payload.Data, &ce)} {
		if err != nil {
			l.Fatal(err)
		}
	}
	ce.Config.Sequence++
	payload.Data = l.pack(&ce)
	return l.ordered(n, n, l.pack(&payload))
}

func (l lone) ordered(n, config uint64, payload []byte, found ...byte) *cb.Block {
	l.Helper()
	tx := l.pack(&cb.Envelope{Payload: payload})
	hash := sha256.Sum256(tx)
	header, err := asn1.Marshal(struct {
		Number         *big.Int
		Previous, Data []byte
	}{new(big.Int).SetUint64(n), nil, hash[:]})
	if err != nil {
		l.Fatal(err)
	}
	id, err := l.org.Identity(org.Orderer)
	if err != nil {
		l.Fatal(err)
	}
	value, who := l.pack(&cb.OrdererBlockMetadata{LastConfig: &cb.LastConfig{Index: config}}), l.pack(&cb.IdentifierHeader{Identifier: 1})
	sig, err := id.Sign(bytes.Join([][]byte{value, who, header}, nil))
	if err != nil {
		l.Fatal(err)
	}
	md := l.pack(&cb.Metadata{Value: value, Signatures: []*cb.MetadataSignature{{IdentifierHeader: who, Signature: sig}}})
	return &cb.Block{Header: &cb.BlockHeader{Number: n, DataHash: hash[:]}, Data: &cb.BlockData{Data: [][]byte{tx}}, Metadata: &cb.BlockMetadata{Metadata: [][]byte{md, nil, found}}}
}

// What `verify --block` says is what can be known without asking anybody: by which
// configuration, signed and endorsed by how many, in whose trust; and no more.
func TestVerifyAgainstABlock(t *testing.T) {
	const samples = "../royalty/testdata/receipts"
	file := filepath.Join(samples, "act-ok.json")
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var act struct {
		Node       string `json:"node"`
		Period     string `json:"period"`
		Settlement []byte `json:"settlement"`
	}
	if err := json.Unmarshal(raw, &act); err != nil {
		t.Fatal(err)
	}
	period, err := calendar.ParsePeriod(act.Period)
	if err != nil {
		t.Fatal(err)
	}
	settled := contract.Settled{Node: act.Node, Period: period, Settlement: act.Settlement}
	l, north := newLone(t, channel.Name), newLone(t, contract.ClusterChannel("north"))
	second := l.next(7)
	hash := func(b *cb.Block) string { return fmt.Sprintf("%x", block.Hash(b)) }
	valid, late := byte(peer.TxValidationCode_VALID), byte(peer.TxValidationCode_MVCC_READ_CONFLICT)
	now := []*cb.Block{second}
	genuine := fabrictest.Chain{First: l.first, Configs: now, Block: l.block(9, 7, "nineten", settled, valid)}
	forged := fabrictest.Chain{First: l.first, Block: l.block(123_456, 0, "nineten", settled, valid)} // by the founder, long after it ordered alone
	for _, tt := range []struct {
		what    string
		chain   fabrictest.Chain
		network string
		code    int
		says    []string
	}{
		{"by the first block", genuine, hash(l.first), exitOK, []string{"in block 9 of the network " + hash(l.first), "configuration 1 (block 7, " + hash(second) + ")", "signed by 1 of 1 orderers, endorsed by 1 of 1 validators", "could order alone at the beginning", "signed by nobody; the peer that gave the file found it valid"}},
		{"by a later configuration", genuine, hash(second), exitOK, []string{"Trusted from configuration 1 on."}},
		{"by nothing", genuine, "", exitOK, []string{"Nothing says that this is the network you mean"}},
		{"what was found is not in the file", fabrictest.Chain{First: l.first, Configs: now, Block: l.block(9, 7, "nineten", settled)}, hash(second), exitOK, []string{"the file does not say"}},
		{"it came too late", fabrictest.Chain{First: l.first, Configs: now, Block: l.block(9, 7, "nineten", settled, late)}, hash(second), exitUsage, []string{"changed nothing", "MVCC_READ_CONFLICT"}},
		{"the founder's forgery, by a later configuration", forged, hash(second), exitUsage, []string{"neither the first block " + hash(l.first)}},
		{"the founder's forgery, by the first block", forged, hash(l.first), exitOK, []string{"configuration 0 (block 0", "could order alone at the beginning"}},
		{"a configuration is left out", fabrictest.Chain{First: l.first, Block: genuine.Block}, hash(l.first), exitUsage, []string{"made by the configuration of block 7"}},
		{"another contract", fabrictest.Chain{First: l.first, Configs: now, Block: l.block(9, 7, "any name at all", settled, valid)}, hash(second), exitUsage, []string{"holds nothing this file rests on"}},
		{"a cluster's channel", fabrictest.Chain{First: north.first, Block: north.block(3, 0, "nineten", settled, valid)}, hash(north.first), exitUsage, []string{`the channel "` + contract.ClusterChannel("north") + `"`}},
		{"another network", genuine, strings.Repeat("0", 64), exitUsage, []string{"has the hash " + strings.Repeat("0", 64)}},
		{"no hash", genuine, "abc", exitUsage, []string{"64 hexadecimal digits"}},
	} {
		var b bytes.Buffer
		if err := tt.chain.Write(&b); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "block")
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		args := []string{"verify", "act", file, "--key", filepath.Join(samples, "keys.txt"), "--block", path, "--data-dir", filepath.Join(t.TempDir(), "none")}
		if tt.network != "" {
			args = append(args, "--network", tt.network)
		}
		code, out, errs := run(t, "", args...)
		if code != tt.code {
			t.Errorf("%s: exit %d, %s%s", tt.what, code, out, errs)
		}
		for _, s := range tt.says {
			if !strings.Contains(out+errs, s) {
				t.Errorf("%s does not say %q: %s%s", tt.what, s, out, errs)
			}
		}
	}
}
