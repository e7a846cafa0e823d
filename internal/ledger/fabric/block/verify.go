package block

import (
	"bytes"
	"fmt"
	"slices"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// A Count is how many of how many did something, and how many must.
type Count struct{ Have, Of, Need int }

// Met reports whether enough did.
func (c Count) Met() bool { return c.Of > 0 && c.Have >= c.Need }

func (c Count) String() string { return fmt.Sprintf("%d of %d", c.Have, c.Of) }

// Signed checks that a block's data is whole and that a quorum of a
// configuration's orderers signed it. It returns an Invalid fault that says what
// does not hold.
func Signed(b *cb.Block, cfg channel.Config) error {
	_, err := signed(b, cfg)
	return err
}

// signed also counts who signed.
func signed(b *cb.Block, cfg channel.Config) (c Count, err error) {
	orderers, err := cfg.Consenters()
	if err != nil {
		return c, err
	}
	n := b.GetHeader().GetNumber()
	if !whole(b) {
		return c, fault.New(fault.Invalid, "Block %d was changed: its data is not what its header says.", n)
	}
	var md cb.Metadata
	if m := b.GetMetadata().GetMetadata(); len(m) <= int(cb.BlockMetadataIndex_SIGNATURES) || proto.Unmarshal(m[cb.BlockMetadataIndex_SIGNATURES], &md) != nil {
		return c, fault.New(fault.Invalid, "Block %d has no signatures.", n)
	}
	who := map[uint32]bool{}
	for _, s := range md.Signatures {
		var by cb.IdentifierHeader
		if proto.Unmarshal(s.IdentifierHeader, &by) != nil {
			continue
		}
		for _, o := range orderers {
			if o.ID == by.Identifier && channel.Verifies(o.Identity, s.Signature, md.Value, s.IdentifierHeader, channel.Header(b)) {
				who[o.ID] = true
			}
		}
	}
	if c = (Count{len(who), len(orderers), channel.Quorum(len(orderers))}); !c.Met() {
		return c, fault.New(fault.Invalid, "Block %d is signed by %d of %d orderers; %d are needed.", n, c.Have, c.Of, c.Need)
	}
	return c, nil
}

// endorsed counts those of a configuration's validators who endorsed a transaction:
// their peers signed its result for this very call, with certificates of their own
// authorities. What they signed names what they were asked: on another
// channel, or by another, it was another call.
func endorsed(envelope []byte, cfg channel.Config) (c Count, err error) {
	a, err := actionOf(envelope)
	if err != nil || a == nil {
		return c, err
	}
	validators, err := cfg.Validators()
	if err != nil {
		return c, err
	}
	members, err := cfg.Members()
	if err != nil {
		return c, err
	}
	c = Count{0, len(validators), channel.Majority(len(validators))}
	var result peer.ProposalResponsePayload
	if err := proto.Unmarshal(a.GetProposalResponsePayload(), &result); err != nil || !bytes.Equal(result.ProposalHash, a.asked[:]) {
		return c, err
	}
	who := map[string]bool{}
	for _, e := range a.GetEndorsements() {
		var by msp.SerializedIdentity
		if proto.Unmarshal(e.Endorser, &by) != nil || !slices.Contains(validators, by.Mspid) {
			continue
		}
		i := slices.IndexFunc(members, func(m channel.Member) bool { return m.MSP == by.Mspid })
		if i >= 0 && channel.Issued(by.IdBytes, members[i].CA, "peer") && channel.Verifies(by.IdBytes, e.Signature, a.ProposalResponsePayload, e.Endorser) {
			who[by.Mspid] = true
		}
	}
	c.Have = len(who)
	return c, nil
}
