// Package block reads a Fabric channel's blocks and checks them without asking
// anybody: that a block hangs together, follows another one, and was signed by a
// quorum of the channel's orderers.
package block

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// A Tx is a transaction as a block holds it.
type Tx struct {
	ID        string
	Channel   string
	At        time.Time // as its client dated it, UTC
	MSP       string    // of its client
	Config    bool      // it changes the channel, and has none of what follows
	Chaincode string
	Event     string // name, "" for none
	Payload   []byte // of the event
	Writes    []Write
	// Code is the peers' verdict. It is not part of what orderers sign: a block
	// from a file carries what its peer found.
	Code peer.TxValidationCode
}

// Valid reports whether the transaction changed anything.
func (t Tx) Valid() bool { return t.Code == peer.TxValidationCode_VALID }

// A Write is one key's new value; nil deletes it.
type Write struct {
	Key   string
	Value []byte
}

// Transactions reads a block's transactions in order. Orderers put into it
// whatever a member sends: one that cannot be read and that no peer found valid
// stays empty. It returns Invalid for one that a peer did, and that is no block's.
func Transactions(b *cb.Block) ([]Tx, error) {
	var codes []byte
	if m := b.GetMetadata().GetMetadata(); len(m) > int(cb.BlockMetadataIndex_TRANSACTIONS_FILTER) {
		codes = m[cb.BlockMetadataIndex_TRANSACTIONS_FILTER]
	}
	out := make([]Tx, len(b.GetData().GetData()))
	for i, raw := range b.GetData().GetData() {
		code := peer.TxValidationCode_NOT_VALIDATED
		if i < len(codes) {
			code = peer.TxValidationCode(codes[i])
		}
		t, err := transaction(raw)
		if err != nil && code == peer.TxValidationCode_VALID {
			return nil, fault.Wrap(err, fault.Invalid, "Transaction %d of block %d cannot be read.", i, b.GetHeader().GetNumber())
		}
		if err != nil {
			t = Tx{}
		}
		t.Code = code
		out[i] = t
	}
	return out, nil
}

// transaction peels one envelope. The layers are Fabric's.
func transaction(raw []byte) (t Tx, err error) {
	var env cb.Envelope
	var payload cb.Payload
	var header cb.ChannelHeader
	var signer cb.SignatureHeader
	var creator msp.SerializedIdentity
	for _, layer := range []struct {
		from func() []byte
		into proto.Message
	}{
		{func() []byte { return raw }, &env},
		{func() []byte { return env.Payload }, &payload},
		{func() []byte { return payload.GetHeader().GetChannelHeader() }, &header},
		{func() []byte { return payload.GetHeader().GetSignatureHeader() }, &signer},
		{func() []byte { return signer.Creator }, &creator},
	} {
		if err := proto.Unmarshal(layer.from(), layer.into); err != nil {
			return t, err
		}
	}
	t = Tx{ID: header.TxId, Channel: header.ChannelId, At: header.GetTimestamp().AsTime(), MSP: creator.Mspid}
	if header.Type != int32(cb.HeaderType_ENDORSER_TRANSACTION) {
		t.Config = header.Type == int32(cb.HeaderType_CONFIG)
		return t, nil
	}
	return t, t.action(raw)
}

// An action is what the endorsers of a transaction signed.
type action struct {
	*peer.ChaincodeEndorsedAction
	asked [32]byte // hash of what they were asked: on which channel, by whom, what
}

// actionOf is a transaction's, which has one; nil for a configuration.
func actionOf(raw []byte) (*action, error) {
	var env cb.Envelope
	var payload cb.Payload
	var header cb.ChannelHeader
	var tx peer.Transaction
	if err := proto.Unmarshal(raw, &env); err != nil {
		return nil, err
	}
	if err := proto.Unmarshal(env.Payload, &payload); err != nil {
		return nil, err
	}
	h := payload.GetHeader()
	if err := proto.Unmarshal(h.GetChannelHeader(), &header); err != nil {
		return nil, err
	}
	if header.Type != int32(cb.HeaderType_ENDORSER_TRANSACTION) {
		return nil, nil
	}
	if err := proto.Unmarshal(payload.Data, &tx); err != nil {
		return nil, err
	}
	if len(tx.Actions) != 1 { // as every peer insists
		return nil, fault.New(fault.Invalid, "A transaction has one action, this one %d.", len(tx.Actions))
	}
	var cc peer.ChaincodeActionPayload
	if err := proto.Unmarshal(tx.Actions[0].GetPayload(), &cc); err != nil {
		return nil, err
	}
	return &action{cc.GetAction(), sha256.Sum256(slices.Concat(h.GetChannelHeader(), h.GetSignatureHeader(), cc.ChaincodeProposalPayload))}, nil
}

// action reads what a transaction did.
func (t *Tx) action(raw []byte) error {
	a, err := actionOf(raw)
	if err != nil || a == nil {
		return err
	}
	var response peer.ProposalResponsePayload
	var did peer.ChaincodeAction
	var event peer.ChaincodeEvent
	var sets rwset.TxReadWriteSet
	for _, layer := range []struct {
		from func() []byte
		into proto.Message
	}{
		{a.GetProposalResponsePayload, &response},
		{func() []byte { return response.Extension }, &did},
		{func() []byte { return did.Events }, &event},
		{func() []byte { return did.Results }, &sets},
	} {
		if err := proto.Unmarshal(layer.from(), layer.into); err != nil {
			return err
		}
	}
	t.Chaincode, t.Event, t.Payload = did.GetChaincodeId().GetName(), event.EventName, event.Payload
	for _, ns := range sets.NsRwset {
		if ns.Namespace != t.Chaincode {
			continue
		}
		var kv kvrwset.KVRWSet
		if err := proto.Unmarshal(ns.Rwset, &kv); err != nil {
			return err
		}
		for _, w := range kv.Writes {
			v := w.Value
			if w.IsDelete {
				v = nil
			}
			t.Writes = append(t.Writes, Write{w.Key, v})
		}
	}
	return nil
}

// Hash is a block's hash: that of its header, which holds the hash of its data.
func Hash(b *cb.Block) [32]byte { return channel.Hash(b) }

// whole reports whether a block's data is what its header says.
func whole(b *cb.Block) bool {
	sum := sha256.Sum256(bytes.Join(b.GetData().GetData(), nil))
	return bytes.Equal(sum[:], b.GetHeader().GetDataHash())
}

// LastConfig is the number of the configuration block that a block names as the
// newest at its time; a configuration block names itself.
func LastConfig(b *cb.Block) (uint64, error) {
	m := b.GetMetadata().GetMetadata()
	var md cb.Metadata
	var o cb.OrdererBlockMetadata
	if len(m) <= int(cb.BlockMetadataIndex_SIGNATURES) {
		return 0, fault.New(fault.Invalid, "Block %d does not name its configuration.", b.GetHeader().GetNumber())
	}
	err := proto.Unmarshal(m[cb.BlockMetadataIndex_SIGNATURES], &md)
	if err == nil {
		err = proto.Unmarshal(md.Value, &o)
	}
	return o.GetLastConfig().GetIndex(), fault.Wrap(err, fault.Invalid, "Block %d does not name its configuration.", b.GetHeader().GetNumber())
}
