package channel

import (
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer/smartbft"
	"google.golang.org/protobuf/proto"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
)

// What tests hold against the upstream commands.

func Inner(c Config) *cb.Config { return c.config }

func BFT() *smartbft.Options { return bft(BatchTimeout) }

func Difference(channel string, from, to *cb.Config) *cb.ConfigUpdate {
	return difference(channel, from, to)
}

// After is the configuration a change leads to, without the orderers' versions.
func (c Config) After(change Change) (Config, error) {
	next := proto.Clone(c.config).(*cb.Config)
	return Config{Sequence: c.Sequence + 1, config: next}, change(next.ChannelGroup)
}
