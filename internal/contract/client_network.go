package contract

import (
	"context"
	"strconv"

	"github.com/michaelperna/9ten/internal/calendar"
)

// ProposeIntent proposes a change of the network; see [Contract.ProposeIntent].
func (c Client) ProposeIntent(ctx context.Context, op string, in IntentProposal) (string, error) {
	return c.send(ctx, "ProposeIntent", op, in, nil)
}

// ApproveIntent consents to one; see [Contract.ApproveIntent].
func (c Client) ApproveIntent(ctx context.Context, op string, in Consent) (string, error) {
	return c.send(ctx, "ApproveIntent", op, in, nil)
}

// DeclineIntent does not; see [Contract.DeclineIntent].
func (c Client) DeclineIntent(ctx context.Context, op string, in Objection) (string, error) {
	return c.send(ctx, "DeclineIntent", op, in, nil)
}

// WithdrawIntent takes the caller's own back; see [Contract.WithdrawIntent].
func (c Client) WithdrawIntent(ctx context.Context, op string, in IntentRef) (string, error) {
	return c.send(ctx, "WithdrawIntent", op, in, nil)
}

// ConcludeIntent says what became of one; see [Contract.ConcludeIntent].
func (c Client) ConcludeIntent(ctx context.Context, op string, in Conclusion) (string, error) {
	return c.send(ctx, "ConcludeIntent", op, in, nil)
}

// Intents reads those that can be approved, by id.
func (c Client) Intents(ctx context.Context) ([]Intent, error) {
	all, err := ask[[]Intent](ctx, c, "GetIntents")
	if err != nil {
		return nil, err
	}
	for i := range all {
		if err := all[i].Check(all[i].ID); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Intent reads the latest intent of an id.
func (c Client) Intent(ctx context.Context, id Digest) (Intent, error) {
	i, err := ask[Intent](ctx, c, "GetIntent", id.String())
	if err == nil {
		err = i.Check(id)
	}
	return i, err
}

// PastIntents reads a page of those that are concluded, the latest first.
func (c Client) PastIntents(ctx context.Context, page string) (IntentPage, error) {
	return ask[IntentPage](ctx, c, "GetPastIntents", page)
}

// BeginAdoption is the first step of [Client.Adopt].
func (c Client) BeginAdoption(ctx context.Context, op string, in AdoptionFiling) (string, error) {
	return c.send(ctx, "BeginAdoption", op, in, nil)
}

// StageAdoption is the second, for each chunk.
func (c Client) StageAdoption(ctx context.Context, op string, in AdoptionData) (string, error) {
	return c.send(ctx, "StageAdoption", op, in, nil)
}

// VerifyAdoption is the third.
func (c Client) VerifyAdoption(ctx context.Context, op string, in AdoptionRef) (string, error) {
	return c.send(ctx, "VerifyAdoption", op, in, nil)
}

// ApplyAdoption is the last, for each chunk.
func (c Client) ApplyAdoption(ctx context.Context, op string, in AdoptionStep) (string, error) {
	return c.send(ctx, "ApplyAdoption", op, in, nil)
}

// Adopt brings a node's own ledger, step by step, under operation ids made from
// its hash. Sent again it goes on where it stopped.
func (c Client) Adopt(ctx context.Context, p Packed) (Adoption, error) {
	node, op := p.Filing.Node, "adopt/"+p.Filing.Hash.String()[:16]+"/"
	if _, err := c.BeginAdoption(ctx, op+"begin", p.Filing); err != nil {
		return Adoption{}, err
	}
	for i, b := range p.Chunks {
		in := AdoptionData{Node: node, Chunk: uint32(i), Data: b}
		if _, err := c.StageAdoption(ctx, op+strconv.Itoa(i), in); err != nil {
			return Adoption{}, err
		}
	}
	if _, err := c.VerifyAdoption(ctx, op+"verify", AdoptionRef{node}); err != nil {
		return Adoption{}, err
	}
	for i := range p.Chunks {
		if _, err := c.ApplyAdoption(ctx, op+strconv.Itoa(i), AdoptionStep{node, uint32(i)}); err != nil {
			return Adoption{}, err
		}
	}
	return c.Adoption(ctx, node)
}

// Adoption reads what a node brought from its own ledger.
func (c Client) Adoption(ctx context.Context, node string) (Adoption, error) {
	return ask[Adoption](ctx, c, "GetAdoption", node)
}

// Packed reads all that a node brought and holds it against its hash and itself.
func (c Client) Packed(ctx context.Context, node string) (Packed, error) {
	a, err := c.Adoption(ctx, node)
	p := Packed{Filing: a.AdoptionFiling}
	for i := uint32(0); err == nil && i < a.Chunks; i++ {
		var b []byte
		b, err = c.chunk(ctx, node, i)
		p.Chunks = append(p.Chunks, b)
	}
	if err != nil {
		return p, err
	}
	return p, p.Verify(p.Filing.At)
}

func (c Client) chunk(ctx context.Context, node string, n uint32) ([]byte, error) {
	return ask[[]byte](ctx, c, "GetAdoptionChunk", node, strconv.FormatUint(uint64(n), 10))
}

// JoinCluster puts a node into a cluster; see [Contract.JoinCluster].
func (c Client) JoinCluster(ctx context.Context, op string, in Membership) (string, error) {
	return c.send(ctx, "JoinCluster", op, in, nil)
}

// NameDelegate says who carries a cluster's days; see [Contract.NameDelegate].
func (c Client) NameDelegate(ctx context.Context, op string, in Delegation) (string, error) {
	return c.send(ctx, "NameDelegate", op, in, nil)
}

// RelayDay carries a cluster's day to the federation; see [Contract.RelayDay].
func (c Client) RelayDay(ctx context.Context, op string, in Relay) (string, error) {
	return c.send(ctx, "RelayDay", op, in, nil)
}

// Clusters reads all clusters by name.
func (c Client) Clusters(ctx context.Context) ([]Cluster, error) {
	return ask[[]Cluster](ctx, c, "GetClusters")
}

// Relay reads what the nodes of a channel signed for a day.
func (c Client) Relay(ctx context.Context, d calendar.Day) (Relay, error) {
	return ask[Relay](ctx, c, "GetRelay", d.String())
}
