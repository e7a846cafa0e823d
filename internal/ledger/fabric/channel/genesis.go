package channel

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"math"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	ob "github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer/smartbft"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/michaelperna/9ten/internal/fault"
)

// BatchTimeout is how long a transaction waits for company, where a founding
// says nothing else.
const BatchTimeout = 500 * time.Millisecond

// Limits of what orderers put into a block.
const (
	batchMessages    = 500
	batchBytes       = 10 << 20
	batchBytesWanted = 2 << 20
)

// bft are the options of the ordering. All must be set: an orderer refuses a
// block that leaves one out, and none has a default.
func bft(batch time.Duration) *smartbft.Options {
	return &smartbft.Options{
		RequestBatchMaxCount: batchMessages, RequestBatchMaxBytes: batchBytesWanted, RequestBatchMaxInterval: batch.String(), RequestMaxBytes: batchBytes,
		IncomingMessageBufferSize: 200, RequestPoolSize: 10_000,
		RequestForwardTimeout: "2s", RequestComplainTimeout: "5s", RequestAutoRemoveTimeout: "3m0s",
		ViewChangeResendInterval: "2s", ViewChangeTimeout: "10s",
		LeaderHeartbeatTimeout: "5s", LeaderHeartbeatCount: 10, CollectTimeout: "1s",
		LeaderRotation: smartbft.Options_ROTATION_OFF, // Fabric supports no other
	}
}

// A Founder is a member from the start. One with an empty Consenter.MSP has a
// peer and no orderer.
type Founder struct {
	Member    Member
	Consenter Consenter
}

// A Founding is what a channel begins with.
type Founding struct {
	Channel    string
	Founders   []Founder
	Validators []string      // nil: all founders, as far as there is room
	Batch      time.Duration // 0: BatchTimeout
}

// Orderers is with how many orderers a network of n founders begins: as many as
// are of use. With two or three none of them may fail, so one orders alone; from
// four on every three more let one more fail.
func Orderers(n int) int {
	if n < 4 {
		return 1
	}
	return min(n-(n-1)%3, mostOrderers)
}

// mostOrderers at the start; more make a network slower and hardly safer.
const mostOrderers = 10

// Genesis makes the channel's first block. It is made once: everybody who joins
// later takes this very block. It returns Invalid for no founder, no orderer, or
// a founder named twice.
func (f Founding) Genesis(at time.Time) (*cb.Block, error) {
	batch := cmp.Or(f.Batch, BatchTimeout)
	root := section("V3_0")
	root.Values["HashingAlgorithm"] = value(&cb.HashingAlgorithm{Name: "SHA256"})
	root.Values["BlockDataHashingStructure"] = value(&cb.BlockDataHashingStructure{Width: math.MaxUint32})

	app, ord := section("V2_5"), section("V2_0")
	ord.Values["BatchSize"] = value(&ob.BatchSize{MaxMessageCount: batchMessages, AbsoluteMaxBytes: batchBytes, PreferredMaxBytes: batchBytesWanted})
	ord.Values["BatchTimeout"] = value(&ob.BatchTimeout{Timeout: batch.String()})
	ord.Values["ChannelRestrictions"] = value(&ob.ChannelRestrictions{})
	ord.Values["ConsensusType"] = value(&ob.ConsensusType{Type: "BFT", Metadata: pack(bft(batch))})
	ord.Policies["BlockValidation"] = implicit(cb.ImplicitMetaPolicy_ANY, "Writers") // the place of what setConsenters writes

	var all []string
	var list []*cb.Consenter
	for _, f := range f.Founders {
		if err := f.Member.Check(); err != nil {
			return nil, err
		}
		key := groupName(f.Member.MSP)
		if app.Groups[key] != nil {
			return nil, fault.New(fault.Invalid, "%s founds the network twice.", f.Member.MSP)
		}
		app.Groups[key] = f.Member.peers()
		all = append(all, f.Member.MSP)
		if f.Consenter.MSP == "" {
			continue
		}
		if err := f.Consenter.check(f.Member); err != nil {
			return nil, err
		}
		ord.Groups[key] = f.Member.orderers(f.Consenter)
		list = append(list, f.Consenter.entry(uint32(len(list)+1)))
	}
	if len(list) == 0 {
		return nil, fault.New(fault.Invalid, "A network begins with at least one orderer.")
	}
	validators := f.Validators
	if validators == nil {
		validators = all[:min(len(all), MaxValidators)]
	}
	setValidators(app, validators)
	setConsenters(ord, list)
	if err := errors.Join(setVoices(app), setVoices(ord)); err != nil {
		return nil, err
	}
	root.Groups[application], root.Groups[ordering] = app, ord
	return firstBlock(f.Channel, root, at), nil
}

func firstBlock(name string, root *cb.ConfigGroup, at time.Time) *cb.Block {
	env := pack(&cb.Envelope{Payload: pack(&cb.Payload{
		Header: &cb.Header{
			ChannelHeader:   pack(&cb.ChannelHeader{Type: int32(cb.HeaderType_CONFIG), Version: 1, ChannelId: name, Timestamp: timestamppb.New(at)}),
			SignatureHeader: pack(&cb.SignatureHeader{Nonce: make([]byte, 24)})},
		Data: pack(&cb.ConfigEnvelope{Config: &cb.Config{ChannelGroup: root}})})})
	hash := sha256.Sum256(env)
	md := make([][]byte, len(cb.BlockMetadataIndex_name))
	//lint:ignore SA1019 the upstream configtxgen writes it, so ours does
	md[cb.BlockMetadataIndex_LAST_CONFIG] = pack(&cb.Metadata{Value: pack(&cb.LastConfig{})})
	md[cb.BlockMetadataIndex_SIGNATURES] = pack(&cb.Metadata{Value: pack(&cb.OrdererBlockMetadata{LastConfig: &cb.LastConfig{}})})
	return &cb.Block{Header: &cb.BlockHeader{DataHash: hash[:]}, Data: &cb.BlockData{Data: [][]byte{env}}, Metadata: &cb.BlockMetadata{Metadata: md}}
}

// section is a group with the three usual policies.
func section(capability string) *cb.ConfigGroup {
	g := newGroup(0)
	g.ModPolicy = admins
	g.Values["Capabilities"] = value(&cb.Capabilities{Capabilities: map[string]*cb.Capability{capability: {}}})
	g.Policies["Readers"] = implicit(cb.ImplicitMetaPolicy_ANY, "Readers")
	g.Policies["Writers"] = implicit(cb.ImplicitMetaPolicy_ANY, "Writers")
	g.Policies[admins] = implicit(cb.ImplicitMetaPolicy_MAJORITY, admins)
	return g
}

// EncodeBlock writes a block as files and peers have it, DecodeBlock reads it.
func EncodeBlock(b *cb.Block) []byte { return pack(b) }

// DecodeBlock returns Invalid for what is no block.
func DecodeBlock(b []byte) (*cb.Block, error) {
	out := new(cb.Block)
	if err := proto.Unmarshal(b, out); err != nil || out.Header == nil || out.Data == nil {
		return nil, fault.New(fault.Invalid, "That is no block of a Fabric channel.")
	}
	return out, nil
}
