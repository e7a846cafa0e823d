package fabric

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/network"
)

// A kind is how an intent becomes a change of the channel, and who must sign it.
type kind struct {
	change func(subject string, payload []byte) (channel.Change, error)
	// members and orderers tell whether a majority of all members, and of those
	// who order, must have signed.
	members  func(cfg channel.Config, subject string) bool
	orderers func(cfg channel.Config, subject string) bool
	// self: the node that it is about must have signed: it starts a server for it.
	self bool
}

func always(channel.Config, string) bool { return true }
func never(channel.Config, string) bool  { return false }

func ordering(cfg channel.Config, subject string) bool { _, yes := cfg.Orders(subject); return yes }

// kinds is the table of them. An upgrade of the contract is none: the channel's
// lifecycle counts its approvals.
var kinds = map[string]kind{
	contract.AdmitMember:    {change: of(func(_ string, m channel.Member) channel.Change { return channel.Admit(m) }), members: always, orderers: never},
	contract.RemoveMember:   {change: about(channel.Remove), members: always, orderers: ordering},
	contract.AddOrderer:     {change: of(func(_ string, c channel.Consenter) channel.Change { return channel.AddOrderer(c) }), members: never, orderers: always, self: true},
	contract.RemoveOrderer:  {change: about(channel.RemoveOrderer), members: never, orderers: always},
	contract.ReplaceOrderer: {change: of(func(_ string, c channel.Consenter) channel.Change { return channel.ReplaceOrderer(c) }), members: never, orderers: always, self: true},
	contract.SetValidators:  {change: of(func(_ string, v []string) channel.Change { return channel.Validators(v) }), members: always, orderers: never},
}

// of reads an intent's payload. What it is about must be whom it names.
func of[T any](make func(string, T) channel.Change) func(string, []byte) (channel.Change, error) {
	return func(subject string, payload []byte) (channel.Change, error) {
		var v T
		if err := json.Unmarshal(payload, &v); err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "The intent's content cannot be read.")
		}
		if n, ok := any(v).(interface{ Name() string }); ok && n.Name() != subject {
			return nil, fault.New(fault.Invalid, "The intent is about %s, but what it brings is of %s.", subject, n.Name())
		}
		return make(subject, v), nil
	}
}

func about(make func(string) channel.Change) func(string, []byte) (channel.Change, error) {
	return func(subject string, _ []byte) (channel.Change, error) { return make(subject), nil }
}

// book is the contract of a channel as the node's administrator calls it.
func (h *Home) book(name string) (contract.Client, error) {
	c, err := h.Client(name)
	return contract.Client{Ledger: c}, err
}

// Propose puts a change before the members and approves it for this node. Where the
// same is before them already it approves that: another one proposed it, or this node
// did and did not hear so. payload is what the kind takes (see [Home.Member],
// [Home.Consenter]); nil for none. It returns the intent's id. Faults: those of the
// contract.
func (h *Home) Propose(ctx context.Context, name, kind, subject string, payload any, note string) (contract.Digest, error) {
	p := contract.IntentProposal{Kind: kind, Subject: subject, Note: network.OneLine(note)}
	var err error
	if payload != nil {
		if p.Payload, err = json.Marshal(payload); err != nil {
			return contract.Digest{}, err
		}
	}
	id, err := p.ID()
	if err != nil {
		return id, err
	}
	v, err := h.current(ctx, name)
	if err != nil {
		return id, err
	}
	switch k, ok := kinds[kind]; { // what cannot be is not put before anybody
	case ok:
		if _, err := k.update(name, p, v.config); err != nil {
			return id, err
		}
	case kind != contract.UpgradeContract:
		return id, fault.New(fault.Unsupported, "This 9ten cannot carry out %q. Update 9ten.", kind)
	}
	if p.Concluders, err = v.config.Validators(); err != nil {
		return id, err
	}
	slices.Sort(p.Concluders)
	b, err := h.book(name)
	if err != nil {
		return id, err
	}
	if _, err := b.ProposeIntent(ctx, "intent/"+rand.Text(), p); err != nil {
		i, open := h.openAlready(ctx, b, id, err)
		if !open {
			return id, err
		}
		if stands, err := h.standsBy(name, i, v.config); stands || err != nil {
			return id, err
		}
	}
	return id, h.Approve(ctx, name, id)
}

// openAlready returns the intent for which a proposal was refused since the same is
// open: a Conflict says as well that a member has proposed too much, or that what is
// proposed is so already, and then there is nothing to wait for.
func (h *Home) openAlready(ctx context.Context, b contract.Client, id contract.Digest, refused error) (contract.Intent, bool) {
	if !fault.Is(refused, fault.Conflict) {
		return contract.Intent{}, false
	}
	i, err := b.Intent(ctx, id)
	return i, err == nil && i.State == contract.Open && uint64(h.cfg.Now().UnixMilli()) < i.Until
}

// standsBy reports whether an intent was approved at this node, and the ledger has
// its word for that, or where it signs something the signature under what the orderers
// would get now.
func (h *Home) standsBy(name string, i contract.Intent, cfg channel.Config) (bool, error) {
	all, err := h.approved()
	v := view{approved: all}
	if err != nil || !v.approves(name, i) {
		return false, err
	}
	k, signs := kinds[i.Kind]
	if !signs {
		return slices.ContainsFunc(i.Approvals, func(a contract.Approval) bool { return a.Node == h.cfg.Node }), nil
	}
	update, err := k.update(name, i.IntentProposal, cfg)
	if err != nil {
		return false, err
	}
	_, who, _ := h.signatures(i, update, cfg)
	return slices.Contains(who, h.cfg.Node), nil
}

// Approve consents to an intent: a human did, from here on the node signs for
// it by itself, again whenever another change makes the update another one.
func (h *Home) Approve(ctx context.Context, name string, id contract.Digest) error {
	b, err := h.book(name)
	if err != nil {
		return err
	}
	i, err := b.Intent(ctx, id)
	if err != nil {
		return err
	}
	v, err := h.current(ctx, name)
	if err != nil {
		return err
	}
	if i.Kind == contract.UpgradeContract {
		if err := h.knows(name, i); err != nil {
			return err
		}
	}
	if err := h.remember(name, i); err != nil {
		return err
	}
	err = h.consent(ctx, name, i, v)
	if err != nil && !fault.Is(err, fault.Unavailable) { // of one that is away nobody knows
		return errors.Join(err, h.forget(name, id))
	}
	if err != nil {
		return err
	}
	h.Wake()
	return nil
}

// Decline records that this node does not consent, and why.
func (h *Home) Decline(ctx context.Context, name string, id contract.Digest, reason string) error {
	if err := h.forget(name, id); err != nil {
		return err
	}
	b, err := h.book(name)
	if err == nil {
		_, err = b.DeclineIntent(ctx, "decline/"+rand.Text(), contract.Objection{ID: id, Reason: network.OneLine(reason)})
	}
	return err
}

// Withdraw takes an intent of this node back.
func (h *Home) Withdraw(ctx context.Context, name string, id contract.Digest) error {
	if err := h.forget(name, id); err != nil {
		return err
	}
	b, err := h.book(name)
	if err == nil {
		_, err = b.WithdrawIntent(ctx, "withdraw/"+rand.Text(), contract.IntentRef{ID: id})
	}
	return err
}

// consent signs what follows from an intent at the channel's configuration, and
// records it.
func (h *Home) consent(ctx context.Context, name string, i contract.Intent, v *view) error {
	b, err := h.book(name)
	if err != nil {
		return err
	}
	c := contract.Consent{ID: i.ID}
	if k, ok := kinds[i.Kind]; ok {
		update, err := k.update(name, i.IntentProposal, v.config)
		if err != nil {
			return err
		}
		_, admin, _ := h.peer()
		sig, err := channel.Sign(admin, update)
		if err != nil {
			return err
		}
		c = contract.Consent{ID: i.ID, Sequence: v.config.Sequence, Update: sha256.Sum256(update), Header: sig.Header, Signature: sig.Signature}
	}
	_, err = b.ApproveIntent(ctx, "approve/"+rand.Text(), c)
	return err
}

func (k kind) update(name string, p contract.IntentProposal, cfg channel.Config) ([]byte, error) {
	change, err := k.change(p.Subject, p.Payload)
	if err != nil {
		return nil, err
	}
	return cfg.Update(name, change)
}

// stepIntents carries on what members agreed on: it signs again where another
// change made the update another one, consents to what needs no human, submits what enough have
// signed, and concludes what is done.
func (h *Home) stepIntents(ctx context.Context, name string, v *view) (bool, error) {
	b, err := h.book(name)
	if err != nil {
		return false, err
	}
	list, err := b.Intents(ctx)
	if err != nil {
		return false, err
	}
	v.intents, v.accused = list, false
	if v.approved, err = h.tidyApproved(name, v.config, func(id contract.Digest) (contract.Intent, error) {
		if i := slices.IndexFunc(list, func(i contract.Intent) bool { return i.ID == id }); i >= 0 {
			return list[i], nil
		}
		return h.lapsed(ctx, id, v, b)
	}); err != nil {
		return false, err
	}
	var errs []error
	did := false
	for _, i := range list {
		d, err := h.carry(ctx, name, i, v, b)
		did = did || d
		if err != nil {
			errs = append(errs, fmt.Errorf("%s %s: %w", i.Kind, i.Subject, err))
		}
	}
	return did, errors.Join(errs...)
}

// turn is how long others wait for the organisation whose turn it is to submit
// or conclude what is ready.
const turn = 10 * time.Second

func (h *Home) carry(ctx context.Context, name string, i contract.Intent, v *view, b contract.Client) (bool, error) {
	if i.Kind == contract.UpgradeContract {
		return h.upgrade(ctx, name, i, v, b)
	}
	k, ok := kinds[i.Kind]
	if !ok {
		return false, nil // of a later version: others carry it
	}
	v.accused = v.accused || i.Kind == contract.RemoveMember && i.Subject == h.cfg.Node
	update, err := k.update(name, i.IntentProposal, v.config)
	if err != nil {
		return h.over(ctx, name, k, i, v, b)
	}
	sigs, who, last := h.signatures(i, update, v.config)
	if h.signs(ctx, name, i, who, v, b) {
		err := h.consent(ctx, name, i, v)
		return err == nil, err
	}
	needs, err := Majorities(i, v.config, who)
	if err != nil {
		return false, err
	}
	ready := met(needs) && (!k.self || slices.Contains(who, i.Subject))
	if !ready || !h.mayCarry(last.Node, last.At) {
		return false, nil
	}
	if k.orderers(v.config, i.Subject) { // which must not stop meanwhile
		if well, err := h.stays(ctx, name, i, v.config); err != nil || !well {
			return false, err
		}
	}
	err = h.submit(ctx, name, update, sigs, v.config.Sequence)
	return err == nil, err
}

// signs reports whether the node signs an intent now without asking anybody: it
// was approved here and what it changes is not as it was, or it needs no approval.
// A list of validators is not signed again: where it was changed, it puts out
// whom it does not name, which nobody approved. who has signed as things are.
func (h *Home) signs(ctx context.Context, name string, i contract.Intent, who []string, v *view, b contract.Client) bool {
	if slices.Contains(who, h.cfg.Node) {
		return false
	}
	mine := slices.IndexFunc(i.Approvals, func(a contract.Approval) bool { return a.Node == h.cfg.Node })
	if mine >= 0 && (i.Approvals[mine].Sequence >= v.config.Sequence || i.Kind != contract.SetValidators) {
		return i.Approvals[mine].Sequence < v.config.Sequence && v.approves(name, i)
	}
	node := h.mover(i, v)
	wished := slices.Contains(who, node) || node == h.cfg.Node && v.approves(name, i)
	if !wished {
		return false
	}
	_, err := b.Node(ctx, node)
	return err == nil
}

// approves reports whether an intent was approved at this node.
func (v *view) approves(name string, i contract.Intent) bool {
	return slices.ContainsFunc(v.approved, func(y yes) bool { return y.names(name, i.ID, i.Round) })
}

// signatures are those under an update that the orderers will take, by whom they
// are, and the latest. What a member says it signed counts for nothing. Those of an
// earlier configuration count while the update has the same bytes, versions of what
// it changes included: a member may change its own address as often as there are
// blocks, and nobody would ever be removed or admitted if that voided them.
func (h *Home) signatures(i contract.Intent, update []byte, cfg channel.Config) (sigs []channel.Signature, who []string, last contract.Approval) {
	hash := contract.Digest(sha256.Sum256(update))
	for _, a := range i.Approvals {
		s := channel.Signature{Header: a.Header, Signature: a.Signature}
		if a.Update != hash || !cfg.Consents(a.Node, update, s, h.cfg.Now()) {
			continue
		}
		sigs, who = append(sigs, s), append(who, a.Node)
		if a.At > last.At {
			last = a
		}
	}
	return sigs, who, last
}

// mayCarry lets the organisation go first whose word was the last that was
// needed, and all others some time later. A word that is dated ahead keeps
// nobody waiting.
func (h *Home) mayCarry(first string, at uint64) bool {
	return first == h.cfg.Node || h.cfg.Now().Sub(time.UnixMilli(int64(at))).Abs() > turn
}

// submit has an update ordered. It returns when the own peer has the
// configuration that follows, so that nothing is sent twice.
func (h *Home) submit(ctx context.Context, name string, update []byte, sigs []channel.Signature, sequence uint64) error {
	p, err := h.at(name)
	if err != nil {
		return err
	}
	env, err := channel.Envelope(name, p.id, update, sigs, h.cfg.Now())
	if err != nil {
		return err
	}
	if err := h.order(ctx, name, p, env); err != nil {
		return explain(err)
	}
	for end := time.Now().Add(appears); time.Now().Before(end); {
		if v, err := h.current(ctx, name); err != nil || v.config.Sequence > sequence {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(busy):
		}
	}
	return nil
}

// appears is how long a change may take from the orderers to the own peer.
const appears = 5 * time.Second

// Config is the channel's configuration as the peer that answers has it now.
func (h *Home) Config(ctx context.Context, name string) (channel.Config, error) {
	v, err := h.current(ctx, name)
	if err != nil {
		return channel.Config{}, err
	}
	return v.config, nil
}

// current reads the channel's configuration as it is now.
func (h *Home) current(ctx context.Context, name string) (*view, error) {
	v := new(view)
	if _, err := h.stepConfig(ctx, name, v); err != nil {
		return nil, err
	}
	return v, nil
}
