package channel

import (
	"bytes"
	"crypto/rand"
	"time"

	"github.com/hyperledger/fabric-admin-sdk/pkg/identity"
	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/michaelperna/9ten/internal/fault"
)

// Update computes the bytes that turn the configuration into the one after a
// change. Every member computes the same from the same, so members sign what
// they computed themselves. Faults: those of the change.
func (c Config) Update(channel string, change Change) ([]byte, error) {
	next := proto.Clone(c.config).(*cb.Config)
	if err := change(next.ChannelGroup); err != nil {
		return nil, err
	}
	u := difference(channel, c.config, next)
	if u == nil {
		return nil, fault.New(fault.Conflict, "The network is so already.")
	}
	return pack(u), nil
}

// A Signature is an organisation's consent to an update.
type Signature struct {
	Header    []byte // who, and a nonce
	Signature []byte
}

// Sign consents to an update.
func Sign(id identity.SigningIdentity, update []byte) (Signature, error) {
	h := signatureHeader(id)
	sig, err := id.Sign(append(bytes.Clone(h), update...))
	return Signature{h, sig}, err
}

// Envelope wraps an update with its signatures, ready for the orderers.
func Envelope(channel string, id identity.SigningIdentity, update []byte, sigs []Signature, at time.Time) (*cb.Envelope, error) {
	u := &cb.ConfigUpdateEnvelope{ConfigUpdate: update}
	for _, s := range sigs {
		u.Signatures = append(u.Signatures, &cb.ConfigSignature{SignatureHeader: s.Header, Signature: s.Signature})
	}
	payload := pack(&cb.Payload{
		Header: &cb.Header{
			ChannelHeader:   pack(&cb.ChannelHeader{Type: int32(cb.HeaderType_CONFIG_UPDATE), ChannelId: channel, Timestamp: timestamppb.New(at)}),
			SignatureHeader: signatureHeader(id)},
		Data: pack(u)})
	sig, err := id.Sign(payload)
	return &cb.Envelope{Payload: payload, Signature: sig}, err
}

func signatureHeader(id identity.SigningIdentity) []byte {
	nonce := make([]byte, 24)
	_, _ = rand.Read(nonce) // never fails
	return pack(&cb.SignatureHeader{Creator: pack(&msp.SerializedIdentity{Mspid: id.MspID(), IdBytes: id.Credentials()}), Nonce: nonce})
}

// difference is what configtxlator calls compute_update; nil for none.
func difference(channel string, from, to *cb.Config) *cb.ConfigUpdate {
	read, write, changed := diff(from.ChannelGroup, to.ChannelGroup)
	if !changed {
		return nil
	}
	return &cb.ConfigUpdate{ChannelId: channel, ReadSet: read, WriteSet: write}
}

// diff returns the read and the write set of one group. What did not change is
// named, by its version, only where the group's membership did.
func diff(a, b *cb.ConfigGroup) (read, write *cb.ConfigGroup, changed bool) {
	read, write = newGroup(a.Version), newGroup(a.Version)
	same, self := newGroup(0), a.ModPolicy != b.ModPolicy

	for k, x := range a.Values {
		switch y := b.Values[k]; {
		case y == nil:
			self = true
		case x.ModPolicy == y.ModPolicy && bytes.Equal(x.Value, y.Value):
			same.Values[k] = &cb.ConfigValue{Version: x.Version}
		default:
			write.Values[k] = &cb.ConfigValue{Version: x.Version + 1, ModPolicy: y.ModPolicy, Value: y.Value}
		}
	}
	for k, y := range b.Values {
		if a.Values[k] == nil {
			self, write.Values[k] = true, &cb.ConfigValue{ModPolicy: y.ModPolicy, Value: y.Value}
		}
	}

	for k, x := range a.Policies {
		switch y := b.Policies[k]; {
		case y == nil:
			self = true
		case x.ModPolicy == y.ModPolicy && proto.Equal(x.Policy, y.Policy):
			same.Policies[k] = &cb.ConfigPolicy{Version: x.Version}
		default:
			write.Policies[k] = &cb.ConfigPolicy{Version: x.Version + 1, ModPolicy: y.ModPolicy, Policy: y.Policy}
		}
	}
	for k, y := range b.Policies {
		if a.Policies[k] == nil {
			self, write.Policies[k] = true, &cb.ConfigPolicy{ModPolicy: y.ModPolicy, Policy: y.Policy}
		}
	}

	for k, x := range a.Groups {
		y := b.Groups[k]
		if y == nil {
			self = true
			continue
		}
		if r, w, ch := diff(x, y); ch {
			read.Groups[k], write.Groups[k] = r, w
		} else {
			same.Groups[k] = r
		}
	}
	for k, y := range b.Groups {
		if a.Groups[k] == nil {
			_, g, _ := diff(newGroup(0), y)
			g.Version, g.ModPolicy = 0, y.ModPolicy
			self, write.Groups[k] = true, g
		}
	}

	if !self {
		return read, write, len(write.Values)+len(write.Policies)+len(write.Groups) > 0
	}
	write.Version, write.ModPolicy = a.Version+1, b.ModPolicy
	for _, g := range []*cb.ConfigGroup{read, write} {
		for k, v := range same.Values {
			g.Values[k] = v
		}
		for k, v := range same.Policies {
			g.Policies[k] = v
		}
		for k, v := range same.Groups {
			g.Groups[k] = v
		}
	}
	return read, write, true
}
