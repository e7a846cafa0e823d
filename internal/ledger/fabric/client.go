package fabric

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/hyperledger/fabric-admin-sdk/pkg/channel"
	"github.com/hyperledger/fabric-admin-sdk/pkg/identity"
	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-gateway/pkg/hash"
	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/ledger/fabric/block"
)

// How long each part of a call may take. A commit that is not heard of in time
// is not known to have failed: the operation id tells.
const (
	evaluateWithin = 10 * time.Second
	endorseWithin  = 15 * time.Second
	orderWithin    = 15 * time.Second
	commitWithin   = 10 * time.Second
)

// meets is for how long a transaction is made again that met another one on the
// same key, or a change of the channel between its endorsement and its block,
// or a peer that knows too few of the others yet.
// All nodes of a network record their day in the same minutes, so they meet. It is
// less than a node waits for any call.
const meets = 20 * time.Second

// lags is the same where others' peers came to something else than the own: they
// may be a block behind it.
const lags = 3 * time.Second

// apart spreads those who met over a time that grows with each try.
func apart(try int) time.Duration {
	return time.Duration(rand.Int64N(int64(100*time.Millisecond) << min(try, 4)))
}

// A Client is the ledger as one identity uses it, through a peer's gateway.
type Client struct {
	conn     *grpc.ClientConn
	id       identity.SigningIdentity
	gateway  *client.Gateway
	network  *client.Network
	contract *client.Contract
	channel  string
	peer     string // organisation whose peer answers
	tip      *tip
	hand     func(context.Context, *cb.Envelope) error // see order; nil: the gateway alone orders
}

// A tip is when something was recorded last, by the hash of the newest block that
// was read: whoever follows the ledger need not be sent it again to know.
type tip struct {
	mu   sync.Mutex
	hash [32]byte
	at   time.Time
}

// learn keeps when a block is dated: by the last of its transactions that counts.
// Any member can have one ordered that does not, and date it as it likes; a block
// of nothing else leaves the date of the one before.
func (t *tip) learn(b *cb.Block, txs []block.Tx) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hash = block.Hash(b)
	var at time.Time
	for _, x := range txs {
		if x.Valid() && x.At.After(at) && x.At.Before(neverSo) {
			at = x.At
		}
	}
	if !at.IsZero() {
		t.at = at
	}
	return t.at
}

// neverSo is the end of what JSON can say of dates (RFC 3339).
var neverSo = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// dated is when the block with a hash is dated, false when another was read last.
func (t *tip) dated(hash [32]byte) (time.Time, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.at, t.hash == hash && hash != [32]byte{}
}

var _ ledger.Ledger = (*Client)(nil)

// NewClient uses the contract of a channel over a connection to a peer. cert is
// the hash of the connection's client certificate, which the peer compares.
func NewClient(conn *grpc.ClientConn, id identity.SigningIdentity, cert []byte, channel string) (*Client, error) {
	g, err := client.Connect(id, client.WithSign(id.Sign), client.WithHash(hash.NONE), client.WithClientConnection(conn), client.WithTLSClientCertificateHash(cert))
	if err != nil {
		return nil, err
	}
	n := g.GetNetwork(channel)
	return &Client{conn: conn, id: id, gateway: g, network: n, contract: n.GetContract(ContractName), channel: channel, peer: id.MspID(), tip: new(tip)}, nil
}

// Through says that the peer is another organisation's: a node without a peer on
// a channel reaches it through one that has.
func (c *Client) Through(org string) *Client {
	c.peer = org
	return c
}

// Submit records a call; see [ledger.Ledger]. A repetition is found out before
// it is ordered.
//
// What others' peers refuse and the own endorses is tried again: they may be a
// block behind.
//
// BUG: the own peer may be behind, too, just after its start, and refuses as
// NotFound what depends on entries it does not have yet; that is passed on as the
// ledger's. Who sends one call after another by itself tries a NotFound again.
func (c *Client) Submit(ctx context.Context, call ledger.Call) (ledger.Result, error) {
	began := time.Now()
	var met error
	for try := 0; ; try++ {
		r, again, err := c.submit(ctx, call)
		if errors.Is(err, ledger.ErrMet) {
			met = err
		}
		if err != nil && met != nil && ctx.Err() != nil {
			return r, met // the ledger answered; only the time was over
		}
		if time.Since(began) >= again {
			return r, err
		}
		select {
		case <-ctx.Done():
			return r, err
		case <-time.After(apart(try)):
		}
	}
}

// submit makes one transaction of a call; again tells for how long another may do,
// counted from the first.
func (c *Client) submit(ctx context.Context, call ledger.Call) (r ledger.Result, again time.Duration, err error) {
	p, err := c.contract.NewProposal(call.Fn, client.WithArguments(append([]string{call.Op}, call.Args...)...), client.WithTransient(call.Transient))
	if err != nil {
		return r, 0, err
	}
	var tx *client.Transaction
	if err := settled(ctx, submitSettles, func() (err error) {
		within, stop := context.WithTimeout(ctx, endorseWithin)
		defer stop()
		tx, err = p.EndorseWithContext(within)
		again = 0
		if others := behind(err, c.peer); others != nil {
			err = others
		}
		err = explain(err)
		if d, ok := errors.AsType[*Disagreement](err); ok {
			again = lags
			return d.of(c.peer)
		}
		return err
	}); err != nil {
		return r, again, err
	}
	if tx, err = c.own(p, tx); err != nil {
		return r, 0, err
	}
	// A writing function returns the id of the transaction that recorded its
	// operation. Another one's says that it was recorded before.
	if r.Tx = string(tx.Result()); r.Tx != p.TransactionID() {
		return r, 0, nil
	}
	within, stop := context.WithTimeout(ctx, orderWithin)
	defer stop()
	commit, err := c.order(within, tx)
	if err != nil {
		return ledger.Result{}, 0, unknown(explain(err))
	}
	within, stop = context.WithTimeout(ctx, commitWithin)
	defer stop()
	status, err := commit.StatusWithContext(within)
	if err != nil {
		return c.recorded(ctx, call, explain(err))
	}
	switch status.Code {
	case peer.TxValidationCode_VALID:
		return r, 0, nil
	case peer.TxValidationCode_MVCC_READ_CONFLICT, peer.TxValidationCode_PHANTOM_READ_CONFLICT, peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE:
		return ledger.Result{}, meets, fault.Wrap(fmt.Errorf("%w: %v", ledger.ErrMet, status.Code), fault.Unavailable, "What this depends on was changed on the ledger at the same time, however often it was tried (%v). Try again.", status.Code)
	}
	return ledger.Result{}, 0, fault.Wrap(fmt.Errorf("%v", status.Code), fault.Internal, "The ledger's peers did not accept the transaction. The log has the details.")
}

// recorded asks by the operation's id after a commit that was not heard of.
func (c *Client) recorded(ctx context.Context, call ledger.Call, heard error) (r ledger.Result, again time.Duration, err error) {
	within, stop := context.WithTimeout(ctx, evaluateWithin)
	defer stop()
	p, err := c.contract.NewProposal(call.Fn, client.WithArguments(append([]string{call.Op}, call.Args...)...), client.WithTransient(call.Transient), client.WithEndorsingOrganizations(c.peer))
	if err != nil {
		return r, 0, err
	}
	if b, err := p.EvaluateWithContext(within); err == nil && string(b) != p.TransactionID() {
		return ledger.Result{Tx: string(b)}, 0, nil
	}
	return r, 0, unknown(heard)
}

// unknown is for a call that may have been recorded: whatever failed, sending it
// again is safe and needed.
func unknown(err error) error {
	return fault.Wrap(err, fault.Unavailable, "The ledger did not say in time whether it recorded this. It is sent again.")
}

// Evaluate asks a reading function at the node's own peer, or any where the
// gateway has none of the identity's organisation.
func (c *Client) Evaluate(ctx context.Context, fn string, args ...string) ([]byte, error) {
	ctx, stop := context.WithTimeout(ctx, evaluateWithin)
	defer stop()
	var b []byte
	err := settled(ctx, evaluateSettles, func() (err error) {
		b, err = c.contract.EvaluateWithContext(ctx, fn, client.WithArguments(args...))
		return explain(err)
	})
	return b, err
}

// A peer that has just started knows nothing of the others for a second or two,
// until they have told each other what they have; its gateway then finds nobody
// to ask. A call waits for that as long as this.
const (
	submitSettles   = 8 * time.Second
	evaluateSettles = 3 * time.Second
	settlesAgain    = 200 * time.Millisecond
)

// settled does something again while the peer has not found the others.
func settled(ctx context.Context, most time.Duration, do func() error) error {
	for end := time.Now().Add(most); ; {
		err := do()
		if err == nil || !strangers(err) || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(settlesAgain):
		}
	}
}

// An event's checkpoint is its block and its place there.
const placeBits = 16

func checkpoint(block uint64, place int) uint64 { return block<<placeBits | uint64(place) }

// Events yields the contract's events after a checkpoint.
func (c *Client) Events(ctx context.Context, after uint64) iter.Seq2[ledger.Event, error] {
	return func(yield func(ledger.Event, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		info, err := channel.GetBlockChainInfo(ctx, c.conn, c.id, c.channel)
		if err != nil {
			yield(ledger.Event{}, explain(err))
			return
		}
		if begins := begins(info); after < begins {
			yield(ledger.Event{}, fault.New(fault.NotFound, "This copy of the ledger began with a snapshot and has no events from before it."))
			return
		}
		at := after
		if after>>placeBits >= info.Height && !yield(ledger.Event{Checkpoint: at}, nil) {
			return // no block has come since
		}
		blocks, err := c.network.BlockEvents(ctx, client.WithStartBlock(after>>placeBits))
		if err != nil {
			yield(ledger.Event{}, explain(err))
			return
		}
		for b := range blocks {
			txs, err := block.Transactions(b)
			if err != nil {
				yield(ledger.Event{}, err)
				return
			}
			c.tip.learn(b, txs)
			for i, t := range txs {
				// Places are counted from one, so that 0 comes before everything.
				place := checkpoint(b.Header.Number, i+1)
				if place <= after || !t.Valid() || t.Chaincode != ContractName || t.Event == "" {
					continue
				}
				at = place
				if !yield(ledger.Event{Checkpoint: at, Tx: t.ID, At: t.At, Name: t.Event, Payload: t.Payload}, nil) {
					return
				}
			}
			if b.Header.Number+1 >= info.Height && !yield(ledger.Event{Checkpoint: at}, nil) {
				return
			}
		}
		if ctx.Err() == nil {
			yield(ledger.Event{}, fault.Wrap(errors.New("the stream of blocks ended"), fault.Unavailable, "The ledger's peer does not answer."))
		}
	}
}

// begins is the checkpoint after which a peer has events: behind the snapshot it
// began with, if it did.
func begins(info *cb.BlockchainInfo) uint64 {
	return checkpoint(oldest(info), 0)
}

// oldest is the number of the first block a peer has: 0, or the one after the
// snapshot it began with.
func oldest(info *cb.BlockchainInfo) uint64 {
	if s := info.GetBootstrappingSnapshotInfo(); s != nil {
		return s.LastBlockInSnapshot + 1
	}
	return 0
}

// Status tells the channel's height and head at the peer. When the head is dated is
// known once the peer has a block after the snapshot it began with, if it did.
func (c *Client) Status(ctx context.Context) (ledger.Status, error) {
	ctx, stop := context.WithTimeout(ctx, evaluateWithin)
	defer stop()
	info, err := channel.GetBlockChainInfo(ctx, c.conn, c.id, c.channel)
	if err != nil {
		return ledger.Status{}, explain(err)
	}
	s := ledger.Status{Mode: "fabric", Height: info.Height, Begins: begins(info)}
	if len(info.CurrentBlockHash) == sha256.Size {
		s.Head = [32]byte(info.CurrentBlockHash)
	}
	known := false
	if s.At, known = c.tip.dated(s.Head); known || info.Height == oldest(info) {
		return s, nil
	}
	last, err := c.Block(ctx, info.Height-1)
	if err != nil {
		return s, err
	}
	txs, err := block.Transactions(last)
	if err == nil {
		s.At = c.tip.learn(last, txs)
	}
	return s, err
}

// oldest is the number of the first block the peer has.
func (c *Client) oldest(ctx context.Context) (uint64, error) {
	ctx, stop := context.WithTimeout(ctx, evaluateWithin)
	defer stop()
	info, err := channel.GetBlockChainInfo(ctx, c.conn, c.id, c.channel)
	return oldest(info), explain(err)
}

// Block fetches a block by its number, NotFound when there is none, or the peer began
// with a snapshot of a later one.
func (c *Client) Block(ctx context.Context, number uint64) (*cb.Block, error) {
	return c.systemBlock(ctx, "GetBlockByNumber", fmt.Sprint(number))
}

// BlockOf fetches the block that holds a transaction, NotFound as [Client.Block].
func (c *Client) BlockOf(ctx context.Context, tx string) (*cb.Block, error) {
	return c.systemBlock(ctx, "GetBlockByTxID", tx)
}

func (c *Client) systemBlock(ctx context.Context, fn, arg string) (*cb.Block, error) {
	ctx, stop := context.WithTimeout(ctx, evaluateWithin)
	defer stop()
	raw, err := c.network.GetContract("qscc").EvaluateWithContext(ctx, fn, client.WithArguments(c.channel, arg), client.WithEndorsingOrganizations(c.peer))
	if err != nil {
		return nil, notFound(explain(err))
	}
	b := new(cb.Block)
	return b, proto.Unmarshal(raw, b)
}
