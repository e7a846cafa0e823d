package fabric

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// A refusedError is what a peer says of a call that it does not answer.
type refusedError struct {
	fn, said string
}

func (e *refusedError) Error() string { return e.fn + ": " + e.said }

// cscc calls a peer's configuration system contract, about a channel or none. The
// administration library lacks some of these calls, and takes a refusal for an
// empty answer.
func (h *Home) cscc(ctx context.Context, at place, channel string, args ...string) ([]byte, error) {
	nonce := make([]byte, 24)
	_, _ = rand.Read(nonce) // never fails
	in := &peer.ChaincodeInput{}
	for _, a := range args {
		in.Args = append(in.Args, []byte(a))
	}
	id := &peer.ChaincodeID{Name: "cscc"}
	p, err := proposal(&msp.SerializedIdentity{Mspid: at.id.MspID(), IdBytes: at.id.Credentials()}, channel, nonce, id, in, h.cfg.Now())
	if err != nil {
		return nil, err
	}
	sig, err := at.id.Sign(p)
	if err != nil {
		return nil, err
	}
	r, err := peer.NewEndorserClient(at.conn).ProcessProposal(ctx, &peer.SignedProposal{ProposalBytes: p, Signature: sig})
	if err != nil {
		return nil, explain(err)
	}
	if r.GetResponse().GetStatus() != int32(cb.Status_SUCCESS) {
		return nil, &refusedError{args[0], r.GetResponse().GetMessage()}
	}
	return r.GetResponse().GetPayload(), nil
}

func proposal(who *msp.SerializedIdentity, channel string, nonce []byte, id *peer.ChaincodeID, in *peer.ChaincodeInput, at time.Time) ([]byte, error) {
	creator, err := proto.Marshal(who)
	if err != nil {
		return nil, err
	}
	tx := sha256.Sum256(append(slices.Clone(nonce), creator...))
	var parts [4][]byte
	for i, m := range []proto.Message{
		&peer.ChaincodeHeaderExtension{ChaincodeId: id},
		&cb.SignatureHeader{Creator: creator, Nonce: nonce},
		&peer.ChaincodeInvocationSpec{ChaincodeSpec: &peer.ChaincodeSpec{Type: peer.ChaincodeSpec_GOLANG, ChaincodeId: id, Input: in}},
	} {
		if parts[i], err = proto.Marshal(m); err != nil {
			return nil, err
		}
	}
	if parts[3], err = proto.Marshal(&cb.ChannelHeader{Type: int32(cb.HeaderType_ENDORSER_TRANSACTION), ChannelId: channel, TxId: hex.EncodeToString(tx[:]), Timestamp: timestamppb.New(at), Extension: parts[0]}); err != nil {
		return nil, err
	}
	header, err := proto.Marshal(&cb.Header{ChannelHeader: parts[3], SignatureHeader: parts[1]})
	if err != nil {
		return nil, err
	}
	payload, err := proto.Marshal(&peer.ChaincodeProposalPayload{Input: parts[2]})
	if err != nil {
		return nil, err
	}
	return proto.Marshal(&peer.Proposal{Header: header, Payload: payload})
}
