package block

import (
	"slices"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// Signed checks that a block's data is whole and that a quorum of a
// configuration's orderers signed it. It returns an Invalid fault that says what
// does not hold.
func Signed(b *cb.Block, cfg channel.Config) error {
	orderers, err := cfg.Consenters()
	if err != nil {
		return err
	}
	n := b.GetHeader().GetNumber()
	if !whole(b) {
		return fault.New(fault.Invalid, "Block %d was changed: its data is not what its header says.", n)
	}
	var md cb.Metadata
	if m := b.GetMetadata().GetMetadata(); len(m) <= int(cb.BlockMetadataIndex_SIGNATURES) || proto.Unmarshal(m[cb.BlockMetadataIndex_SIGNATURES], &md) != nil {
		return fault.New(fault.Invalid, "Block %d has no signatures.", n)
	}
	signed := map[uint32]bool{}
	for _, s := range md.Signatures {
		var who cb.IdentifierHeader
		if proto.Unmarshal(s.IdentifierHeader, &who) != nil {
			continue
		}
		for _, o := range orderers {
			if o.ID == who.Identifier && channel.Verifies(o.Identity, s.Signature, md.Value, s.IdentifierHeader, headerBytes(b.Header)) {
				signed[o.ID] = true
			}
		}
	}
	if need := channel.Quorum(len(orderers)); len(orderers) == 0 || len(signed) < need {
		return fault.New(fault.Invalid, "Block %d is signed by %d of %d orderers; %d are needed.", n, len(signed), len(orderers), need)
	}
	return nil
}

// Endorsed reports whether a majority of a configuration's validators endorsed a
// transaction: their peers signed its result, with certificates of their own
// authorities.
func Endorsed(envelope []byte, cfg channel.Config) (bool, error) {
	actions, err := actionsOf(envelope)
	if err != nil || len(actions) == 0 {
		return false, err
	}
	validators, err := cfg.Validators()
	if err != nil {
		return false, err
	}
	members, err := cfg.Members()
	if err != nil {
		return false, err
	}
	for _, a := range actions {
		signed := map[string]bool{}
		for _, e := range a.GetEndorsements() {
			var who msp.SerializedIdentity
			if proto.Unmarshal(e.Endorser, &who) != nil || !slices.Contains(validators, who.Mspid) {
				continue
			}
			i := slices.IndexFunc(members, func(m channel.Member) bool { return m.MSP == who.Mspid })
			if i >= 0 && channel.Issued(who.IdBytes, members[i].CA, "peer") && channel.Verifies(who.IdBytes, e.Signature, a.ProposalResponsePayload, e.Endorser) {
				signed[who.Mspid] = true
			}
		}
		if len(signed) < channel.Majority(len(validators)) {
			return false, nil
		}
	}
	return true, nil
}
