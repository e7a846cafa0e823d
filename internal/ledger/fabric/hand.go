package fabric

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	ab "github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// A peer's gateway looks for an orderer that it has lost in pauses which grow to two
// minutes, and Fabric has no setting for them: when the orderers come back, it does
// not notice for as long. So what its gateway finds too few orderers for, the node
// hands to them itself.

// orderers are a channel's, and the TLS authorities by which they are known.
func orderers(cfg channel.Config) (list []channel.Consenter, authorities map[string][]byte, err error) {
	if list, err = cfg.Consenters(); err != nil {
		return nil, nil, err
	}
	members, err := cfg.Members()
	authorities = map[string][]byte{}
	for _, m := range members {
		authorities[m.MSP] = m.TLSCA
	}
	return list, authorities, err
}

// hand gives a signed transaction to all of a channel's orderers, at once. It fails
// unless enough of them take it.
func (h *Home) hand(ctx context.Context, name string, env *cb.Envelope) error {
	cfg, err := h.known(name)
	if err != nil {
		return err
	}
	list, authorities, err := orderers(cfg)
	if err != nil {
		return err
	}
	errs := make([]error, len(list))
	var all sync.WaitGroup
	for i, o := range list {
		all.Go(func() { errs[i] = h.handTo(ctx, o, authorities[o.MSP], env) })
	}
	all.Wait()
	took := 0
	for _, err := range errs {
		if err == nil {
			took++
		}
	}
	if took < channel.Quorum(len(list)) {
		return errors.Join(errs...)
	}
	return nil
}

// exists is how an orderer says that it has the transaction already.
const exists = "request already exists"

func (h *Home) handTo(ctx context.Context, o channel.Consenter, authority []byte, env *cb.Envelope) error {
	as, err := h.credentialsFor(authority)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, hearWithin)
	defer stop()
	conn, err := Dial(o.Address(), as)
	if err != nil {
		return err
	}
	defer conn.Close()
	s, err := ab.NewAtomicBroadcastClient(conn).Broadcast(ctx)
	if err != nil {
		return fmt.Errorf("the orderer of %s: %w", o.MSP, err)
	}
	if err := s.Send(env); err != nil {
		return fmt.Errorf("the orderer of %s: %w", o.MSP, err)
	}
	r, err := s.Recv()
	if err != nil {
		return fmt.Errorf("the orderer of %s: %w", o.MSP, err)
	}
	if r.Status != cb.Status_SUCCESS && !strings.Contains(r.Info, exists) {
		return fmt.Errorf("the orderer of %s: %v %s", o.MSP, r.Status, r.Info)
	}
	return nil
}

// order hands an update of the configuration to the peer's gateway, which sends it
// to all orderers, waits for a quorum of them, and tells each one's exact reason.
func (h *Home) order(ctx context.Context, name string, at place, env *cb.Envelope) error {
	_, err := gateway.NewGatewayClient(at.conn).Submit(ctx, &gateway.SubmitRequest{TransactionId: "configuration", ChannelId: name, PreparedTransaction: env})
	if status.Code(err) != codes.Unavailable {
		return err
	}
	if failed := h.hand(ctx, name, env); failed != nil {
		return errors.Join(err, failed)
	}
	return nil
}

// order has a transaction ordered by the peer's gateway, or by the orderers
// themselves where that does not find enough of them.
func (c *Client) order(ctx context.Context, tx *client.Transaction) (*client.Commit, error) {
	commit, err := tx.SubmitWithContext(ctx)
	if err == nil || c.hand == nil || status.Code(err) != codes.Unavailable {
		return commit, err
	}
	given, failed := tx.Bytes()
	if failed != nil {
		return nil, failed
	}
	var signed gateway.PreparedTransaction
	if failed = proto.Unmarshal(given, &signed); failed != nil {
		return nil, failed
	}
	if failed = c.hand(ctx, signed.Envelope); failed != nil {
		return nil, errors.Join(err, failed)
	}
	return c.commitOf(tx.TransactionID())
}

// commitOf asks what becomes of a transaction that the gateway did not order.
func (c *Client) commitOf(tx string) (*client.Commit, error) {
	who, err := proto.Marshal(&msp.SerializedIdentity{Mspid: c.id.MspID(), IdBytes: c.id.Credentials()})
	if err != nil {
		return nil, err
	}
	ask, err := proto.Marshal(&gateway.CommitStatusRequest{ChannelId: c.channel, TransactionId: tx, Identity: who})
	if err != nil {
		return nil, err
	}
	b, err := proto.Marshal(&gateway.SignedCommitStatusRequest{Request: ask})
	if err != nil {
		return nil, err
	}
	return c.gateway.NewCommit(b)
}
