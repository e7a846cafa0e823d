package app

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/network"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/store"
	"github.com/michaelperna/9ten/internal/tlog"
	"github.com/michaelperna/9ten/internal/wallet"
)

// recorder records the report's days and months on the ledger.
type recorder struct {
	node     string
	contract contract.Client
	keys     keys // the log key signs days; the parts of the beacon are derived from the secret
	feed     *feed
	// daily is the contract of the node's cluster, false for none; nil where there
	// are no clusters.
	daily func(context.Context) (contract.Client, bool, error)
	// homes are the nodes of acts elsewhere that are paid from here.
	homes func(context.Context) (map[id.Act]string, error)
	now   func() time.Time
}

var (
	_ report.Ledger = recorder{}
	_ report.Known  = recorder{}
)

// told is what the ledger has told, asked as the ledger itself is.
func (r recorder) told(db *store.DB) recorder {
	return recorder{node: r.node, contract: contract.Client{Ledger: told{db}}, homes: db.Homes}
}

// Learn brings what is told up to what is recorded.
func (r recorder) Learn(ctx context.Context) error { return r.feed.catchUp(ctx) }

// beaconPart is the node's number of a day: unknown to others until it is
// revealed, and the same however often it is asked for.
func (r recorder) beaconPart(d calendar.Day) royalty.Hash {
	m := hmac.New(sha256.New, r.keys.secret)
	m.Write(binary.BigEndian.AppendUint32([]byte("9ten/beacon-part/v1\x00"), uint32(d)))
	return royalty.Hash(m.Sum(nil))
}

// register enters the node and its keys on a channel, or what changed of its
// description.
func (r recorder) register(ctx context.Context, on contract.Client, name, owner string) error {
	name, owner = network.OneLine(name), network.OneLine(owner)
	in := contract.Registration{Node: r.node, Name: name, Owner: owner, LogKey: digest(r.keys.log), SettlementKey: digest(r.keys.settlement)}
	n, err := on.Node(ctx, r.node)
	if fault.Is(err, fault.NotFound) {
		_, err = on.RegisterNode(ctx, opRegister, in)
		return err
	}
	if err != nil || n.Name == name && n.Owner == owner {
		return err
	}
	in.LogKey, in.SettlementKey = nil, nil
	_, err = on.UpdateNode(ctx, opDescribe(), in)
	return err
}

func digest(k ed25519.PrivateKey) *contract.Digest {
	d := contract.Digest(k.Public().(ed25519.PublicKey))
	return &d
}

func (r recorder) Anchor(ctx context.Context, a report.Anchor) error {
	on, last, err := r.last(ctx)
	if err != nil {
		return err
	}
	if last.Day >= a.Day {
		return nil // recorded, and then the node died
	}
	part := r.beaconPart(a.Day)
	commit, err := royalty.BeaconCommit(r.node, a.Day, part)
	if err != nil {
		return err
	}
	in := contract.DayAnchor{Node: r.node, Day: a.Day, Size: a.Size, Root: contract.Digest(a.Root), Proof: contract.Digests(a.Consistency), Books: contract.Digest(a.Books), Commit: contract.Digest(commit)}
	if last.Open != 0 {
		in.Reveal = contract.Digest(r.beaconPart(last.Open))
	}
	if in.Signature, err = r.sign(in.Encode()); err != nil {
		return err
	}
	_, err = on.AnchorDay(ctx, opAnchor(a.Day), in)
	return err
}

func (r recorder) RecordPayments(ctx context.Context, p report.Payments) error {
	if p.Count == 0 {
		return nil
	}
	in := contract.DayPayments{Node: r.node, Day: p.Day, Declared: contract.Digest(p.Root), DeclaredCount: uint32(p.Count), Received: p.Received, Refunded: p.Refunded}
	var err error
	if in.Signature, err = r.sign(in.Encode()); err != nil {
		return err
	}
	on, _, err := r.near(ctx)
	if err == nil {
		_, err = on.RecordPayments(ctx, opPayments(p.Day), in)
	}
	return err
}

// near is the contract on the channel on which the node records its days, and
// whether that is its cluster's.
func (r recorder) near(ctx context.Context) (on contract.Client, cluster bool, err error) {
	if r.daily != nil {
		if on, cluster, err = r.daily(ctx); cluster || err != nil {
			return on, cluster, err
		}
	}
	return r.contract, false, nil
}

// last is the anchor that the next day builds on, zero for none, and where that is
// recorded. A node that has just entered its cluster, or has come back, anchored
// elsewhere last.
func (r recorder) last(ctx context.Context) (on contract.Client, last contract.Anchor, err error) {
	on, cluster, err := r.near(ctx)
	if err == nil {
		last, err = lastOf(ctx, on, r.node)
	}
	if err != nil || !cluster {
		return on, last, err
	}
	seen, err := lastOf(ctx, r.told(r.feed.db).contract, r.node)
	if err != nil || seen.Day <= last.Day {
		return on, last, err
	}
	before := last
	if last, err = lastOf(ctx, r.contract, r.node); before.Open != 0 {
		last.Open = 0 // the cluster waits for another number, which nobody needs any more
	}
	return on, last, err
}

// carried refuses (Unavailable) while a day of this node is recorded in its
// cluster and not yet on the network: months are settled against what is there.
func (r recorder) carried(ctx context.Context) error {
	on, cluster, err := r.near(ctx)
	if err != nil || !cluster {
		return err
	}
	near, err := lastOf(ctx, on, r.node)
	if err != nil {
		return err
	}
	far, err := lastOf(ctx, r.contract, r.node)
	if err == nil && far.Day < near.Day {
		err = fault.New(fault.Unavailable, "The days until %s are recorded in this node's cluster and carried to the network until %s. A month is settled once they all are.", near.Day, far.Day)
	}
	return err
}

// sign signs a day for whoever carries it to other nodes' ledger.
func (r recorder) sign(b []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return ed25519.Sign(r.keys.log, b), nil
}

func (r recorder) PayOperators(ctx context.Context, p calendar.Period, s wallet.Sums) error {
	// Refunds until the settlement change the sums, also back to what they were.
	want := contract.OperatorPay{Node: r.node, Period: p, Payers: uint32(s.Payers), Operator: s.Operator, Pots: s.Pots}
	stands, err := r.contract.OperatorPay(ctx, r.node, p)
	if err != nil && !fault.Is(err, fault.NotFound) || err == nil && stands == want {
		return err
	}
	_, err = r.contract.PayOperators(ctx, opOperators(p), want)
	return err
}

func (r recorder) Rules(ctx context.Context, p calendar.Period) (royalty.Rules, error) {
	if err := r.carried(ctx); err != nil {
		return royalty.Rules{}, err
	}
	rules, err := r.contract.Rules(ctx, r.node, p)
	if err != nil {
		return royalty.Rules{}, err
	}
	if rules.Seed == (contract.Digest{}) {
		return royalty.Rules{}, fault.New(fault.Conflict, "The beacon that breaks ties in %v is not fixed yet; it is with the anchor of %v.", p, calendar.DayOf(p.End()).Add(2))
	}
	return rules.Rules(), nil
}

func (r recorder) Corrections(ctx context.Context, p calendar.Period) ([]royalty.Adjustment, error) {
	list, err := r.contract.Corrections(ctx, r.node, p)
	if err != nil {
		return nil, err
	}
	out, known := make([]royalty.Adjustment, len(list)), map[id.Act]bool{}
	for i, c := range list {
		out[i] = royalty.Adjustment{Act: id.Act(c.Act), Plus: c.Plus, Minus: c.Minus}
		known[out[i].Act] = true
	}
	payable, err := r.payable(ctx, p)
	for _, act := range payable {
		if !known[act] {
			out = append(out, royalty.Adjustment{Act: act})
		}
	}
	slices.SortFunc(out, func(a, b royalty.Adjustment) int { return cmp.Compare(a.Act, b.Act) })
	return out, err
}

func (r recorder) Settled(ctx context.Context, p calendar.Period) ([]byte, error) {
	s, err := r.contract.Settlement(ctx, r.node, p)
	return s.Settlement, err
}

func (r recorder) Challenge(ctx context.Context, p calendar.Period) (out report.Challenge, err error) {
	s, err := r.contract.Settlement(ctx, r.node, p)
	if fault.Is(err, fault.NotFound) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.Reopened = s.State == contract.Faulted
	list, err := r.contract.Faults(ctx, r.node, p)
	for _, f := range list {
		if f.Reopened && !out.Reopened {
			continue // another settlement stands since
		}
		out.Faults = append(out.Faults, f.Kind+", shown by "+f.By)
	}
	return out, err
}

func (r recorder) ProveSplit(ctx context.Context, p report.SplitProof) (proved bool, err error) {
	claim := contract.FaultClaim{Node: p.Node, Period: p.Period, Kind: contract.WrongSplit}
	_, err = r.contract.ProveFault(ctx, opContest(p.Name), claim, contract.Evidence{Row: p.Row, Salt: p.Salt[:], Index: p.Index, Path: contract.Digests(p.Path), Days: p.Days, Basis: p.Basis})
	if !fault.Is(err, fault.Conflict) {
		return err == nil, err
	}
	where := fmt.Sprintf("%.16s/A/%d", contract.Digest(p.Settlement), p.Index)
	list, err := r.contract.Faults(ctx, p.Node, p.Period)
	return slices.ContainsFunc(list, func(f contract.Fault) bool { return f.Kind == contract.WrongSplit && f.Where == where }), err
}

func (r recorder) Publish(ctx context.Context, p calendar.Period, settlement, signature []byte) error {
	if err := r.carried(ctx); err != nil {
		return err
	}
	_, err := r.contract.PublishSettlement(ctx, opSettle(p, settlement), contract.SettlementFiling{Settlement: settlement, Signature: signature})
	return err
}

func (r recorder) Finalize(ctx context.Context, p calendar.Period) error {
	_, err := r.contract.Finalize(ctx, opFinalize(p), contract.PeriodRef{Node: r.node, Period: p})
	return err
}

func (r recorder) FixBatch(ctx context.Context, p calendar.Period, lines []royalty.Line) (string, error) {
	encoded := make([][]byte, len(lines))
	for i := range lines {
		b, err := lines[i].Encode()
		if err != nil {
			return "", err
		}
		encoded[i] = b
	}
	b, err := r.contract.FixBatch(ctx, opBatch(p), r.node, p, encoded)
	return b.Hash.String(), err
}

func (r recorder) Owed(ctx context.Context, fixed []calendar.Period) (map[id.Act]money.Micro, error) {
	out := map[id.Act]money.Micro{}
	balances, err := r.contract.Balances(ctx, r.node)
	if err != nil {
		return nil, err
	}
	for _, b := range balances {
		out[b.Act] += b.Micro
	}
	for _, p := range fixed {
		payees, err := r.contract.Payees(ctx, r.node, p)
		if err != nil {
			return nil, err
		}
		for _, x := range payees {
			out[x.Act] += x.Micro
		}
	}
	return out, nil
}

func (r recorder) Anchored(ctx context.Context, d calendar.Day) (report.Anchor, error) {
	a, err := r.contract.Anchor(ctx, r.node, d)
	return report.Anchor{Day: a.Day, Size: a.Size, Root: royalty.Hash(a.Root), Books: royalty.Hash(a.Books)}, err
}

func (r recorder) AnchoredBooks(ctx context.Context) (royalty.Hash, error) {
	_, a, err := r.last(ctx)
	return royalty.Hash(a.Books), err
}

// days is the transparency log as the report uses it.
type days struct{ log *tlog.Log }

var _ report.Log = days{}

func (d days) Append(ctx context.Context, day calendar.Day, entries []royalty.Hash) (first uint64, head royalty.Checkpoint, signed string, err error) {
	b, err := d.log.Append(ctx, day, entries)
	if err != nil {
		return 0, head, "", err
	}
	head, note, err := d.log.Checkpoint(b.Size)
	return b.First, head, string(note), err
}

func (d days) Prove(_ context.Context, index, size uint64) ([]royalty.Hash, error) {
	return d.log.ProveInclusion(index, size)
}

func (d days) Consistency(_ context.Context, from, to uint64) ([]royalty.Hash, error) {
	return d.log.ProveConsistency(from, to)
}

// signer signs with the node's keys for the report.
type signer struct {
	node string
	keys keys
}

var _ report.Signer = signer{}

func (s signer) Settlement(b []byte) []byte { return ed25519.Sign(s.keys.settlement, b) }
func (s signer) Served(b []byte) []byte     { return ed25519.Sign(s.keys.log, b) }

func (s signer) Checkpoint(c royalty.Checkpoint) (string, error) {
	b, err := c.Sign(royalty.LogSigner(royalty.LogOrigin(s.node), s.keys.log))
	return string(b), err
}

// trusted are the keys this node vouches for: its own.
func (s signer) trusted() royalty.Keys {
	return royalty.Keys{
		royalty.PublicKey(royalty.LogOrigin(s.node), s.keys.log),
		royalty.PublicKey(royalty.SettlementKeyName(s.node), s.keys.settlement),
	}
}
