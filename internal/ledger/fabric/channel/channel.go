// Package channel knows the configuration of a Fabric channel: its first block,
// who is in it, who orders, who endorses, and how a change of it is made and
// signed. It reads and writes Fabric's own messages and does what the upstream
// configtxgen and configtxlator do; tests hold it against them.
//
// It talks to nobody and keeps no secret.
package channel

import (
	"cmp"
	"crypto/sha256"
	"encoding/asn1"
	"math/big"
	"net"
	"slices"
	"strconv"
	"strings"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/fault"
)

// Name is the channel that serves a whole network of at most [MaxValidators]
// nodes, and the federation of a larger one.
const Name = "nineten"

// MaxValidators bounds how many organisations endorse: a transaction is as large
// and as slow as its endorsements are many.
const MaxValidators = 13

// A Member is an organisation as the channel knows it. Nothing in it is secret.
type Member struct {
	MSP   string `json:"msp"` // its node's id
	Host  string `json:"host"`
	Port  int    `json:"port"`   // of its peer
	CA    []byte `json:"ca"`     // authority for identities, PEM
	TLSCA []byte `json:"tls_ca"` // authority for servers, PEM
}

// A Consenter is an organisation's orderer.
type Consenter struct {
	ID       uint32 `json:"-"` // by which blocks name it, given by the channel
	MSP      string `json:"msp"`
	Host     string `json:"host"`
	Port     int    `json:"port"`
	Identity []byte `json:"identity"` // certificate, PEM; compared whole
	TLS      []byte `json:"tls"`      // certificate, PEM; compared by its key
}

// Name is the organisation's, as of every description of one.
func (m Member) Name() string { return m.MSP }

// Name is the organisation's.
func (c Consenter) Name() string { return c.MSP }

// Address is where the peer is reached.
func (m Member) Address() string { return net.JoinHostPort(m.Host, strconv.Itoa(m.Port)) }

// Address is where the orderer is reached.
func (c Consenter) Address() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.Port)) }

// groupName is an organisation's key in the configuration, which allows fewer
// characters than a node's id may have (that of an IPv6 address has colons).
func groupName(msp string) string { return strings.ReplaceAll(msp, ":", "-") }

// A Config is a channel's configuration as one block has it.
type Config struct {
	Channel  string   // its name
	Sequence uint64   // grows by one with each change
	Block    uint64   // the block that brought it
	Hash     [32]byte // of that block
	config   *cb.Config
}

// Read takes the configuration out of a configuration block. It returns Invalid
// for anything else.
func Read(b *cb.Block) (Config, error) {
	c, name, err := configOf(b)
	if err != nil {
		return Config{}, fault.Wrap(err, fault.Invalid, "That is no configuration block of a Fabric channel.")
	}
	return Config{Channel: name, Sequence: c.GetSequence(), Block: b.GetHeader().GetNumber(), Hash: Hash(b), config: c}, nil
}

// Header is a block's header as it is hashed and signed (ASN.1, DER).
func Header(b *cb.Block) []byte {
	h := b.GetHeader()
	out, err := asn1.Marshal(struct {
		Number       *big.Int
		PreviousHash []byte
		DataHash     []byte
	}{new(big.Int).SetUint64(h.GetNumber()), h.GetPreviousHash(), h.GetDataHash()})
	if err != nil {
		panic("channel: a header that cannot be encoded: " + err.Error()) // a number and two strings of bytes always can
	}
	return out
}

// Hash is a block's hash: that of its header, which holds the hash of its data.
func Hash(b *cb.Block) [32]byte { return sha256.Sum256(Header(b)) }

// configOf is the configuration in a block, and whose it is.
func configOf(b *cb.Block) (*cb.Config, string, error) {
	if len(b.GetData().GetData()) != 1 {
		return nil, "", fault.New(fault.Invalid, "A configuration block holds one transaction, this one %d.", len(b.GetData().GetData()))
	}
	var env cb.Envelope
	var payload cb.Payload
	var header cb.ChannelHeader
	var ce cb.ConfigEnvelope
	if err := proto.Unmarshal(b.Data.Data[0], &env); err != nil {
		return nil, "", err
	}
	if err := proto.Unmarshal(env.Payload, &payload); err != nil {
		return nil, "", err
	}
	if err := proto.Unmarshal(payload.GetHeader().GetChannelHeader(), &header); err != nil {
		return nil, "", err
	}
	if header.Type != int32(cb.HeaderType_CONFIG) {
		return nil, "", fault.New(fault.Invalid, "The block holds a transaction of type %d.", header.Type)
	}
	if err := proto.Unmarshal(payload.Data, &ce); err != nil {
		return nil, "", err
	}
	if g := ce.GetConfig().GetChannelGroup(); g.GetGroups()[application] == nil || g.GetGroups()[ordering] == nil {
		return nil, "", fault.New(fault.Invalid, "The configuration has no application, or no orderers.")
	}
	return ce.Config, header.ChannelId, nil
}

// The two halves of a configuration.
const (
	application = "Application"
	ordering    = "Orderer"
)

// Members are the organisations with a peer, by MSP id.
func (c Config) Members() ([]Member, error) {
	var out []Member
	for _, g := range c.config.ChannelGroup.Groups[application].Groups {
		m, err := member(g)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b Member) int { return cmp.Compare(a.MSP, b.MSP) })
	return out, nil
}

// Member reports whether an organisation is in the channel.
func (c Config) Member(msp string) bool {
	return c.config.ChannelGroup.Groups[application].Groups[groupName(msp)] != nil
}

func member(g *cb.ConfigGroup) (m Member, err error) {
	var wrapped msp.MSPConfig
	var f msp.FabricMSPConfig
	var anchors peer.AnchorPeers
	if err := proto.Unmarshal(g.GetValues()["MSP"].GetValue(), &wrapped); err != nil {
		return m, err
	}
	if err := proto.Unmarshal(wrapped.Config, &f); err != nil {
		return m, err
	}
	if err := proto.Unmarshal(g.GetValues()["AnchorPeers"].GetValue(), &anchors); err != nil {
		return m, err
	}
	m.MSP = f.Name
	if len(f.RootCerts) > 0 && len(f.TlsRootCerts) > 0 {
		m.CA, m.TLSCA = f.RootCerts[0], f.TlsRootCerts[0]
	}
	for _, a := range anchors.GetAnchorPeers() {
		m.Host, m.Port = a.Host, int(a.Port)
	}
	return m, nil
}

// Consenters are the orderers, in the order the channel lists them.
func (c Config) Consenters() ([]Consenter, error) {
	list, err := consenters(c.config.ChannelGroup.Groups[ordering])
	out := make([]Consenter, len(list))
	for i, x := range list {
		out[i] = Consenter{ID: x.Id, MSP: x.MspId, Host: x.Host, Port: int(x.Port), Identity: x.Identity, TLS: x.ServerTlsCert}
	}
	return out, err
}

// Orders reports whether an organisation has an orderer, and which.
func (c Config) Orders(msp string) (Consenter, bool) {
	list, err := c.Consenters()
	if err != nil {
		return Consenter{}, false
	}
	i := slices.IndexFunc(list, func(x Consenter) bool { return x.MSP == msp })
	if i < 0 {
		return Consenter{}, false
	}
	return list[i], true
}

// Validators are the organisations whose peers endorse, by MSP id; a majority
// of them must.
func (c Config) Validators() ([]string, error) {
	var e cb.SignaturePolicyEnvelope
	p := c.config.ChannelGroup.Groups[application].Policies["Endorsement"].GetPolicy()
	if p.GetType() != int32(cb.Policy_SIGNATURE) {
		return nil, fault.New(fault.Invalid, "The channel's endorsement policy does not name its validators.")
	}
	if err := proto.Unmarshal(p.Value, &e); err != nil {
		return nil, err
	}
	var out []string
	for _, id := range e.Identities {
		var r msp.MSPRole
		if err := proto.Unmarshal(id.Principal, &r); err != nil {
			return nil, err
		}
		out = append(out, r.MspIdentifier)
	}
	slices.Sort(out)
	return out, nil
}

// Majority is how many of n make one.
func Majority(n int) int { return n/2 + 1 }
