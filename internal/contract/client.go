package contract

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/ledger"
)

// Client calls the contract's functions on a ledger with their types. It knows
// nothing the ledger does not; its faults are those of the ledger and of the
// function. Every writing method takes an operation id and returns the id of the
// transaction that recorded it.
type Client struct{ Ledger ledger.Ledger }

func (c Client) send(ctx context.Context, fn, op string, in any, transient map[string][]byte) (string, error) {
	b, err := json.Marshal(in)
	if err != nil {
		return "", err
	}
	r, err := c.Ledger.Submit(ctx, ledger.Call{Fn: fn, Op: op, Args: []string{string(b)}, Transient: transient})
	return r.Tx, err
}

func ask[Out any](ctx context.Context, c Client, fn string, args ...string) (out Out, err error) {
	b, err := c.Ledger.Evaluate(ctx, fn, args...)
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(b, &out); err != nil {
		return out, fault.Wrap(err, fault.Internal, "The ledger's answer to %s cannot be read.", fn)
	}
	return out, nil
}

// RegisterNode enters the caller's node; see [Contract.RegisterNode].
func (c Client) RegisterNode(ctx context.Context, op string, in Registration) (string, error) {
	return c.send(ctx, "RegisterNode", op, in, nil)
}

// UpdateNode changes its description; see [Contract.UpdateNode].
func (c Client) UpdateNode(ctx context.Context, op string, in Registration) (string, error) {
	return c.send(ctx, "UpdateNode", op, in, nil)
}

// RotateKey replaces a key; see [Contract.RotateKey].
func (c Client) RotateKey(ctx context.Context, op string, in Rotation) (string, error) {
	return c.send(ctx, "RotateKey", op, in, nil)
}

// RegisterAct enters an act; see [Contract.RegisterAct].
func (c Client) RegisterAct(ctx context.Context, op string, in ActRegistration) (string, error) {
	return c.send(ctx, "RegisterAct", op, in, nil)
}

// MergeActs makes two acts one; see [Contract.MergeActs].
func (c Client) MergeActs(ctx context.Context, op string, in ActMerge) (string, error) {
	return c.send(ctx, "MergeActs", op, in, nil)
}

// AnchorDay fixes a day's log; see [Contract.AnchorDay].
func (c Client) AnchorDay(ctx context.Context, op string, in DayAnchor) (string, error) {
	return c.send(ctx, "AnchorDay", op, in, nil)
}

// RecordPayments records a day's payments; see [Contract.RecordPayments].
func (c Client) RecordPayments(ctx context.Context, op string, in DayPayments) (string, error) {
	return c.send(ctx, "RecordPayments", op, in, nil)
}

// PayOperators records the node's own part; see [Contract.PayOperators].
func (c Client) PayOperators(ctx context.Context, op string, in OperatorPay) (string, error) {
	return c.send(ctx, "PayOperators", op, in, nil)
}

// PublishSettlement settles a period; see [Contract.PublishSettlement].
func (c Client) PublishSettlement(ctx context.Context, op string, in SettlementFiling) (string, error) {
	return c.send(ctx, "PublishSettlement", op, in, nil)
}

// Finalize ends the challenges; see [Contract.Finalize].
func (c Client) Finalize(ctx context.Context, op string, in PeriodRef) (string, error) {
	return c.send(ctx, "Finalize", op, in, nil)
}

// FixPayoutBatch takes a chunk of lines; see [Contract.FixPayoutBatch].
func (c Client) FixPayoutBatch(ctx context.Context, op string, in BatchLines) (string, error) {
	return c.send(ctx, "FixPayoutBatch", op, in, nil)
}

// FixBatch sends all lines of a period chunk by chunk, under operation ids made
// from op and the chunk's number. Sent again it goes on where it stopped.
func (c Client) FixBatch(ctx context.Context, op, node string, p calendar.Period, lines [][]byte) (Batch, error) {
	for chunk := uint32(0); chunk == 0 || len(lines) > 0; chunk++ {
		n := min(len(lines), BatchChunk)
		in := BatchLines{Node: node, Period: p, Chunk: chunk, Lines: append([][]byte{}, lines[:n]...)}
		if _, err := c.FixPayoutBatch(ctx, op+"/"+strconv.FormatUint(uint64(chunk), 10), in); err != nil {
			return Batch{}, err
		}
		lines = lines[n:]
	}
	return c.Batch(ctx, node, p)
}

// ForfeitBalance gives to the commons what waited for an act in vain; see
// [Contract.ForfeitBalance].
func (c Client) ForfeitBalance(ctx context.Context, op string, in BalanceRef) (string, error) {
	return c.send(ctx, "ForfeitBalance", op, in, nil)
}

// ProveFault proves a fault; see [Contract.ProveFault].
func (c Client) ProveFault(ctx context.Context, op string, in FaultClaim, ev Evidence) (string, error) {
	b, err := ev.Encode()
	if err != nil {
		return "", err
	}
	return c.send(ctx, "ProveFault", op, in, map[string][]byte{"evidence": b})
}

// Node reads a node from the registry.
func (c Client) Node(ctx context.Context, node string) (Node, error) {
	return ask[Node](ctx, c, "GetNode", node)
}

// Nodes reads the whole registry by id.
func (c Client) Nodes(ctx context.Context) ([]Node, error) { return ask[[]Node](ctx, c, "GetNodes") }

// Act reads an act.
func (c Client) Act(ctx context.Context, a id.Act) (Act, error) {
	return ask[Act](ctx, c, "GetAct", string(a))
}

// Acts reads the acts whose home is a node, by id.
func (c Client) Acts(ctx context.Context, node string) ([]Act, error) {
	return ask[[]Act](ctx, c, "GetActs", node)
}

// Parameters reads one version of the governed numbers.
func (c Client) Parameters(ctx context.Context, version uint32) (Parameters, error) {
	return ask[Parameters](ctx, c, "GetParameters", strconv.FormatUint(uint64(version), 10))
}

// Rules reads what fixes the arithmetic of a node's period; the seed is zero
// until the beacon of the first day after the close is fixed.
func (c Client) Rules(ctx context.Context, node string, p calendar.Period) (PeriodRules, error) {
	return ask[PeriodRules](ctx, c, "GetRules", node, p.String())
}

// Anchor reads a node's anchor of a day.
func (c Client) Anchor(ctx context.Context, node string, d calendar.Day) (Anchor, error) {
	return ask[Anchor](ctx, c, "GetAnchor", node, d.String())
}

// LastAnchor reads a node's latest anchor.
func (c Client) LastAnchor(ctx context.Context, node string) (Anchor, error) {
	return ask[Anchor](ctx, c, "GetAnchor", node, "")
}

// Beacon reads the beacon of a day.
func (c Client) Beacon(ctx context.Context, d calendar.Day) (Beacon, error) {
	return ask[Beacon](ctx, c, "GetBeacon", d.String())
}

// Payments reads what a node recorded for a day.
func (c Client) Payments(ctx context.Context, node string, d calendar.Day) (Payments, error) {
	return ask[Payments](ctx, c, "GetPayments", node, d.String())
}

// OperatorPay reads the node's own part of a period.
func (c Client) OperatorPay(ctx context.Context, node string, p calendar.Period) (OperatorPay, error) {
	return ask[OperatorPay](ctx, c, "GetOperatorPay", node, p.String())
}

// Settlement reads a node's settlement of a period.
func (c Client) Settlement(ctx context.Context, node string, p calendar.Period) (Settled, error) {
	return ask[Settled](ctx, c, "GetSettlement", node, p.String())
}

// LastSettlement reads a node's latest settlement.
func (c Client) LastSettlement(ctx context.Context, node string) (Settled, error) {
	return ask[Settled](ctx, c, "GetSettlement", node, "")
}

// Corrections reads what the ledger ordered for a node's period, by act.
func (c Client) Corrections(ctx context.Context, node string, p calendar.Period) ([]ActCorrection, error) {
	return ask[[]ActCorrection](ctx, c, "GetCorrections", node, p.String())
}

// Proof reads all that a receipt of a period is checked with.
func (c Client) Proof(ctx context.Context, node string, p calendar.Period) (Proof, error) {
	return ask[Proof](ctx, c, "GetProof", node, p.String())
}

// Faults reads the faults proved in a node's period.
func (c Client) Faults(ctx context.Context, node string, p calendar.Period) ([]Fault, error) {
	return ask[[]Fault](ctx, c, "GetFaults", node, p.String())
}

// Batch reads a node's payout batch of a period.
func (c Client) Batch(ctx context.Context, node string, p calendar.Period) (Batch, error) {
	return ask[Batch](ctx, c, "GetBatch", node, p.String())
}

// Payees reads the lines of a batch, by act.
func (c Client) Payees(ctx context.Context, node string, p calendar.Period) ([]Payee, error) {
	return ask[[]Payee](ctx, c, "GetPayees", node, p.String())
}

// Balances reads what a node owes its acts and has put into no batch, by act.
func (c Client) Balances(ctx context.Context, node string) ([]Balance, error) {
	return ask[[]Balance](ctx, c, "GetBalances", node)
}

// Balance reads what a node owes one act and has put into no batch.
func (c Client) Balance(ctx context.Context, node string, a id.Act) (Balance, error) {
	return ask[Balance](ctx, c, "GetBalance", node, string(a))
}

// Forfeits reads what went to a node's commons, by act and period; of one act
// if it is named.
func (c Client) Forfeits(ctx context.Context, node string, a id.Act) ([]Forfeit, error) {
	return ask[[]Forfeit](ctx, c, "GetForfeits", node, string(a))
}
