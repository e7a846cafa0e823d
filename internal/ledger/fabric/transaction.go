package fabric

import (
	"bytes"
	"crypto/sha256"
	"errors"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/fault"
)

// own makes the transaction of a proposal out of what a peer returned for it.
//
// What a gateway returns is signed as it is, and nothing in the bytes says what
// they are: they may read as the transaction of this call for one and as the
// proposal of another call for the next, to be endorsed as this node's. So only
// what the endorsers signed is taken from the peer. All that says who calls what,
// and under which id, is the own proposal's.
func (c *Client) own(p *client.Proposal, answer *client.Transaction) (*client.Transaction, error) {
	asked, err := p.Bytes()
	if err != nil {
		return nil, err
	}
	given, err := answer.Bytes()
	if err != nil {
		return nil, err
	}
	prepared, err := prepare(asked, given)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "The ledger's peer answered with something other than the transaction it was asked for. Nothing was signed, and it is tried again.")
	}
	return c.gateway.NewTransaction(prepared)
}

// prepare joins a proposed transaction and the endorsements in a prepared one,
// as peers do; both in the gateway's encoding. It fails where the endorsers
// signed the result of anything but the proposal.
func prepare(asked, given []byte) ([]byte, error) {
	var (
		proposed gateway.ProposedTransaction
		proposal peer.Proposal
		header   cb.Header
		input    peer.ChaincodeProposalPayload
		answer   gateway.PreparedTransaction
		payload  cb.Payload
		tx       peer.Transaction
		action   peer.ChaincodeActionPayload
		result   peer.ProposalResponsePayload
	)
	for _, layer := range []struct {
		from func() []byte
		into proto.Message
	}{
		{func() []byte { return asked }, &proposed},
		{func() []byte { return proposed.GetProposal().GetProposalBytes() }, &proposal},
		{func() []byte { return proposal.Header }, &header},
		{func() []byte { return proposal.Payload }, &input},
		{func() []byte { return given }, &answer},
		{func() []byte { return answer.GetEnvelope().GetPayload() }, &payload},
		{func() []byte { return payload.Data }, &tx},
		{func() []byte { return one(tx.Actions).GetPayload() }, &action},
		{func() []byte { return action.GetAction().GetProposalResponsePayload() }, &result},
	} {
		if err := proto.Unmarshal(layer.from(), layer.into); err != nil {
			return nil, err
		}
	}
	input.TransientMap = nil // peers see it, the ledger does not
	call, err := proto.Marshal(&input)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(bytes.Join([][]byte{header.ChannelHeader, header.SignatureHeader, call}, nil)); !bytes.Equal(sum[:], result.ProposalHash) {
		return nil, errors.New("what was endorsed is not this node's proposal")
	}
	endorsed := &peer.ChaincodeEndorsedAction{ProposalResponsePayload: action.Action.ProposalResponsePayload, Endorsements: action.Action.Endorsements}
	body, err := proto.Marshal(&peer.ChaincodeActionPayload{ChaincodeProposalPayload: call, Action: endorsed})
	if err != nil {
		return nil, err
	}
	data, err := proto.Marshal(&peer.Transaction{Actions: []*peer.TransactionAction{{Header: header.SignatureHeader, Payload: body}}})
	if err != nil {
		return nil, err
	}
	whole, err := proto.Marshal(&cb.Payload{Header: &header, Data: data})
	if err != nil {
		return nil, err
	}
	return proto.Marshal(&gateway.PreparedTransaction{TransactionId: proposed.TransactionId, Envelope: &cb.Envelope{Payload: whole}})
}

// one is the action of a transaction that has one: nil otherwise.
func one(actions []*peer.TransactionAction) *peer.TransactionAction {
	if len(actions) != 1 {
		return nil
	}
	return actions[0]
}
