package fabric

import (
	"encoding/json"
	"testing"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/michaelperna/9ten/internal/ledger/fabric/block"
)

// What one member alone has ordered, and dates as it likes, dates no block: it would
// stop what writes the date down, and tell every operator that the clock is wrong.
func TestWhatDoesNotCountDatesNothing(t *testing.T) {
	good, code := time.Date(2026, 11, 26, 20, 0, 0, 0, time.UTC), map[bool]byte{true: byte(peer.TxValidationCode_VALID), false: byte(peer.TxValidationCode_UNKNOWN_TX_TYPE)}
	tip := new(tip)
	for i, made := range []struct {
		valid []bool
		dated []time.Time
		want  time.Time
	}{
		{[]bool{false}, []time.Time{time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)}, time.Time{}},
		{[]bool{true, false}, []time.Time{good, good.AddDate(1, 0, 0)}, good},
		{[]bool{false}, []time.Time{good.AddDate(0, 0, 1)}, good},
		{[]bool{true}, []time.Time{time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)}, good},
		{[]bool{true, true}, []time.Time{good.Add(time.Minute), good.Add(time.Second)}, good.Add(time.Minute)},
	} {
		b := &cb.Block{Header: &cb.BlockHeader{Number: uint64(i)}, Data: &cb.BlockData{}, Metadata: &cb.BlockMetadata{Metadata: [][]byte{nil, nil, nil}}}
		for j, at := range made.dated {
			b.Data.Data = append(b.Data.Data, junk(t, at))
			b.Metadata.Metadata[cb.BlockMetadataIndex_TRANSACTIONS_FILTER] = append(b.Metadata.Metadata[cb.BlockMetadataIndex_TRANSACTIONS_FILTER], code[made.valid[j]])
		}
		txs, err := block.Transactions(b)
		if err != nil || len(txs) != len(made.dated) {
			t.Fatal(len(txs), err)
		}
		at := tip.learn(b, txs)
		if _, err := json.Marshal(at); err != nil || !at.Equal(made.want) {
			t.Errorf("block %d: %v, %v", i, at, err)
		}
		if known, ok := tip.dated(block.Hash(b)); !ok || !known.Equal(at) {
			t.Errorf("block %d: %v, %v", i, known, ok)
		}
	}
}

// junk is an envelope that orderers take.
func junk(t *testing.T, at time.Time) []byte {
	bytes := func(m proto.Message) []byte {
		b, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	h := &cb.Header{ChannelHeader: bytes(&cb.ChannelHeader{Type: int32(cb.HeaderType_MESSAGE), ChannelId: "nineten", Timestamp: timestamppb.New(at)}), SignatureHeader: bytes(&cb.SignatureHeader{})}
	return bytes(&cb.Envelope{Payload: bytes(&cb.Payload{Header: h, Data: []byte("junk")})})
}
