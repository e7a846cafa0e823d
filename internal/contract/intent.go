package contract

import (
	"crypto/sha256"
	"slices"
	"unicode/utf8"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/network"
	"github.com/michaelperna/9ten/internal/royalty/wire"
)

// What members agree on about the network itself.
const (
	AdmitMember     = network.AdmitMember     // payload: what the newcomer shows of itself
	RemoveMember    = network.RemoveMember    // an organisation, with its orderer
	AddOrderer      = network.AddOrderer      // payload: its address and certificates
	RemoveOrderer   = network.RemoveOrderer   //
	ReplaceOrderer  = network.ReplaceOrderer  // payload: the certificates that take the place of those there are
	SetValidators   = network.SetValidators   // payload: the organisations whose peers endorse
	UpgradeContract = network.UpgradeContract // subject: the version; payload: the definition. The lifecycle counts its approvals
)

const (
	maxPayload = 16 << 10 // bytes
	// maxOpen is how many of one member's intents may be open at a time: all of them
	// are read in one answer.
	maxOpen = 8
	maxNote = 500 // characters of a note or a reason
	// maxConcluders is more than ever endorse.
	maxConcluders = 100
	// IntentLife is for how long an intent is open: 30 days, in milliseconds.
	IntentLife = 30 * 24 * 3600 * 1000
	// PastIntents is how many concluded intents one page of them has.
	PastIntents = 100
)

// intentKind is what an intent of a kind consists of.
type intentKind struct {
	subject func(string) error
	payload bool // has one
	update  bool // ends in an update of the channel's configuration, which approvals sign
}

// intentKinds is the table of them.
func intentKinds() map[string]intentKind {
	return map[string]intentKind{
		AdmitMember:     {aboutNode, true, true},
		RemoveMember:    {aboutNode, false, true},
		AddOrderer:      {aboutNode, true, true},
		RemoveOrderer:   {aboutNode, false, true},
		ReplaceOrderer:  {aboutNode, true, true},
		SetValidators:   {aboutAll, true, true},
		UpgradeContract: {aboutVersion, true, false},
	}
}

func aboutNode(subject string) error { return named(subject) }

func aboutAll(subject string) error {
	if subject != "" {
		return fault.New(fault.Invalid, "That is about all members, not about %s.", subject)
	}
	return nil
}

func aboutVersion(subject string) error {
	if !printable(subject, 64) {
		return fault.New(fault.Invalid, "A version is 1 to 64 printable ASCII characters.")
	}
	return nil
}

// The states of an intent.
const (
	Open      = network.Open
	Applied   = network.Applied
	Failed    = network.Failed
	Expired   = network.Expired
	Withdrawn = network.Withdrawn
)

// IntentProposal is the argument of ProposeIntent.
type IntentProposal struct {
	Kind    string `json:"kind"`
	Subject string `json:"subject,omitempty"` // node or version it is about
	Payload []byte `json:"payload,omitempty"` // opaque canonical bytes, nothing secret
	Note    string `json:"note,omitempty"`    // for people
	// Concluders are those who, beside the proposer, may say what became of it, when
	// most of them say the same: the members who endorse, ascending. None: only the
	// proposer may.
	Concluders []string `json:"concluders,omitempty"`
}

// ID names what is proposed: the SHA-256 of "9ten/intent/v1\0" || kind str ||
// subject str || payload u32 length and bytes. The same proposed again has the
// same id, and counts its approvals anew.
func (p *IntentProposal) ID() (Digest, error) {
	w := wire.NewWriter("9ten/intent/v1")
	w.Str(p.Kind)
	w.Str(p.Subject)
	w.Blob(p.Payload)
	b, err := w.Bytes()
	return sha256.Sum256(b), err
}

// Intent is a change of the network's configuration that a member proposed.
type Intent struct {
	ID Digest `json:"id"`
	IntentProposal
	Round uint32 `json:"round"` // how often the same was proposed before
	By    string `json:"by"`
	At    uint64 `json:"at"`
	Until uint64 `json:"until"` // open before this moment
	Tx    string `json:"tx"`
	State string `json:"state"`
	// Once it is concluded: by whom, when, and at which sequence of the
	// configuration.
	ConcludedBy string `json:"concluded_by,omitempty"`
	ConcludedAt uint64 `json:"concluded_at,omitempty"`
	Sequence    uint64 `json:"sequence,omitempty"`
	// Approvals and Declines are what readers get with it, by node.
	Approvals []Approval `json:"approvals,omitempty"`
	Declines  []Decline  `json:"declines,omitempty"`
}

// Check refuses an intent that is not what an id names: whoever approves it by
// its id would sign something else.
func (i *Intent) Check(id Digest) error {
	named, err := i.IntentProposal.ID()
	if err == nil && (named != id || i.ID != id) {
		err = fault.New(fault.Unavailable, "The ledger's peer shows another intent under the id %s than the one of that id.", id)
	}
	return err
}

// IntentRef is the argument of WithdrawIntent.
type IntentRef struct {
	ID Digest `json:"id"`
}

// Conclusion is the argument of ConcludeIntent.
type Conclusion struct {
	ID       Digest `json:"id"`
	Outcome  string `json:"outcome"`            // applied, failed or expired
	Sequence uint64 `json:"sequence,omitempty"` // of the configuration in which it is in force
}

// ProposeIntent puts a change of the network before its members, for 30 days.
// Faults: Forbidden, Unsupported for an unknown kind, Invalid, Conflict when the
// same is open already.
func (*Contract) ProposeIntent(ctx Ctx, op, arg string) (string, error) {
	return perform(ctx, "ProposeIntent", op, arg, func(c *call, in *IntentProposal) error {
		if err := c.member(); err != nil {
			return err
		}
		if err := in.check(); err != nil {
			return err
		}
		id, err := in.ID()
		if err != nil {
			return err
		}
		next := Intent{ID: id, IntentProposal: *in, By: c.msp, At: c.now, Until: c.now + IntentLife, Tx: c.tx, State: Open}
		var before Intent
		found, err := c.get(&before, "intent", id.String())
		switch {
		case err != nil:
			return err
		case found && before.State == Open && c.now < before.Until:
			return fault.New(fault.Conflict, "%s proposed the same already: it is open as %s.", before.By, id)
		case found && before.State == Open: // its rows are another's, or written anew below
			if err := c.conclude(&before, Expired, 0); err != nil {
				return err
			}
		}
		if found {
			next.Round = before.Round + 1
		}
		if err := c.mayPropose(id); err != nil {
			return err
		}
		for _, key := range [][]string{{"openintent", id.String()}, {"openby", c.msp, id.String()}} {
			if err := c.put(true, key[0], key[1:]...); err != nil {
				return err
			}
		}
		return c.keepIntent(&next)
	})
}

// mayPropose refuses a member that has proposed too much: what waits for the
// members must stay as much as they can read. What has run out since is concluded:
// it must not take up the room for good where nobody else did. next is what the
// member proposes, which does not count.
func (c *call) mayPropose(next Digest) error {
	var open []string
	if err := each(c, "openby", []string{c.msp}, func(rest []string, _ bool) error {
		open = append(open, rest[0])
		return nil
	}); err != nil {
		return err
	}
	n := 0
	for _, id := range open {
		if id == next.String() {
			continue
		}
		var i Intent
		found, err := c.get(&i, "intent", id)
		switch {
		case err != nil:
			return err
		case !found || i.By != c.msp || i.State != Open: // another one proposed it since
			err = c.del("openby", c.msp, id)
		case c.now >= i.Until:
			err = c.conclude(&i, Expired, 0)
		default:
			n++
		}
		if err != nil {
			return err
		}
	}
	if n >= maxOpen {
		return fault.New(fault.Conflict, "%s has %d proposals open. Withdraw one, or wait until they are decided.", c.msp, n)
	}
	return nil
}

func (p *IntentProposal) check() error {
	kind, known := intentKinds()[p.Kind]
	switch {
	case !known:
		return fault.New(fault.Unsupported, "There is no kind of intent named %q.", p.Kind)
	case len(p.Payload) > maxPayload:
		return fault.New(fault.TooLarge, "An intent has at most %d bytes.", maxPayload)
	case kind.payload != (len(p.Payload) > 0):
		return fault.New(fault.Invalid, "An intent to %s says what that is, or needs not say it.", p.Kind)
	}
	if err := note(p.Note); err != nil {
		return err
	}
	if len(p.Concluders) > maxConcluders {
		return fault.New(fault.TooLarge, "At most %d members conclude an intent.", maxConcluders)
	}
	for i, node := range p.Concluders {
		if err := named(node); err != nil {
			return err
		}
		if i > 0 && node <= p.Concluders[i-1] {
			return fault.New(fault.Invalid, "Those who conclude an intent are named once each, in ascending order.")
		}
	}
	return kind.subject(p.Subject)
}

func note(s string) error {
	switch {
	case utf8.RuneCountInString(s) > maxNote:
		return fault.New(fault.Invalid, "A note has at most %d characters.", maxNote)
	case !network.Plain(s): // operators read it beside what they compare
		return fault.New(fault.Invalid, "A note is one line, without control characters.")
	}
	return nil
}

// member refuses everybody but the administrator of a registered node.
func (c *call) member() error {
	if _, err := c.own(c.msp, roleAdmin); err != nil {
		if fault.Is(err, fault.NotFound) {
			return fault.New(fault.Forbidden, "%s is not registered on the ledger.", c.msp)
		}
		return err
	}
	return nil
}

// keepIntent writes the latest round of an intent and tells of it, without its
// payload.
func (c *call) keepIntent(i *Intent) error {
	if err := c.put(i, "intent", i.ID.String()); err != nil {
		return err
	}
	told := *i
	told.Payload = nil
	return c.announce("intent", told)
}

// file puts a concluded intent among those of the past, the latest first.
func (c *call) file(i *Intent) error {
	return c.put(i, "pastintent", descending(i.ConcludedAt), i.ID.String(), chunkKey(i.Round))
}

// conclude ends an open intent.
func (c *call) conclude(i *Intent, state string, sequence uint64) error {
	i.State, i.Sequence, i.ConcludedBy, i.ConcludedAt = state, sequence, c.msp, c.now
	if err := c.file(i); err != nil {
		return err
	}
	for _, key := range [][]string{{"openintent", i.ID.String()}, {"openby", i.By, i.ID.String()}} {
		if err := c.del(key[0], key[1:]...); err != nil {
			return err
		}
	}
	return c.keepIntent(i)
}

// standing returns an intent that is not concluded; it may be past its time.
func (c *call) standing(id Digest) (i Intent, err error) {
	if i, err = c.intent(id); err == nil && i.State != Open {
		err = fault.New(fault.Conflict, "The intent %s is %s already.", id, i.State)
	}
	return i, err
}

// open returns an intent that can be approved or declined.
func (c *call) open(id Digest) (i Intent, err error) {
	if i, err = c.standing(id); err == nil && c.now >= i.Until {
		err = fault.New(fault.Conflict, "The time of the intent %s is over.", id)
	}
	return i, err
}

// WithdrawIntent ends an intent of the caller's organisation. Faults: Forbidden,
// NotFound, Conflict when it is concluded.
func (*Contract) WithdrawIntent(ctx Ctx, op, arg string) (string, error) {
	return perform(ctx, "WithdrawIntent", op, arg, func(c *call, in *IntentRef) error {
		if err := c.member(); err != nil {
			return err
		}
		i, err := c.standing(in.ID)
		if err != nil {
			return err
		}
		if i.By != c.msp {
			return fault.New(fault.Forbidden, "%s proposed that, and only %s may withdraw it.", i.By, i.By)
		}
		return c.conclude(&i, Withdrawn, 0)
	})
}

// ConcludeIntent records what became of an intent. It moves nothing on the
// network, but it ends the voting, so one member alone must not be able to say
// it: the proposer's word is enough, that of others counts when most of those whom
// the proposer named for that say the same (see [IntentProposal]), and anybody may
// say that its time is over. Faults:
// Forbidden, NotFound, Invalid, Conflict when it is concluded already.
func (*Contract) ConcludeIntent(ctx Ctx, op, arg string) (string, error) {
	return perform(ctx, "ConcludeIntent", op, arg, func(c *call, in *Conclusion) error {
		if err := c.member(); err != nil {
			return err
		}
		switch in.Outcome {
		case Applied, Failed, Expired:
		default:
			return fault.New(fault.Invalid, "An intent is concluded as applied, failed or expired, not %q.", in.Outcome)
		}
		i, err := c.standing(in.ID)
		if err != nil {
			return err
		}
		if in.Outcome == Expired && c.now < i.Until {
			return fault.New(fault.Invalid, "The time of that intent is not over yet.")
		}
		if in.Outcome != Expired && i.By != c.msp {
			if enough, err := c.agreedOutcome(&i, in.Outcome); err != nil || !enough {
				return err
			}
		}
		return c.conclude(&i, in.Outcome, in.Sequence)
	})
}

// agreedOutcome keeps what the caller says became of an intent and reports
// whether, with that, most of those say so whose word ends it. That somebody
// approved makes their word no better: nobody here checks what approvals sign.
func (c *call) agreedOutcome(i *Intent, outcome string) (enough bool, err error) {
	if !slices.Contains(i.Concluders, c.msp) {
		return false, nil
	}
	key := []string{i.ID.String(), chunkKey(i.Round)}
	if err := c.put(outcome, "outcome", append(key, c.msp)...); err != nil {
		return false, err
	}
	said := map[string]bool{c.msp: true} // the ledger does not read its own writes
	err = each(c, "outcome", key, func(rest []string, x string) error {
		if x == outcome {
			said[rest[0]] = true
		}
		return nil
	})
	return len(said) > len(i.Concluders)/2, err
}

// GetIntents returns the []Intent that can be approved, with all approvals and
// declines, by id.
func (*Contract) GetIntents(ctx Ctx) (string, error) {
	return query(ctx, func(c *call) ([]Intent, error) {
		out := []Intent{}
		err := each(c, "openintent", nil, func(rest []string, _ bool) error {
			var i Intent
			found, err := c.get(&i, "intent", rest[0])
			if err != nil || !found || c.now >= i.Until {
				return err
			}
			out = append(out, i)
			return c.voices(&out[len(out)-1])
		})
		return out, err
	})
}

// GetIntent returns the latest [Intent] of an id with its approvals and
// declines, or NotFound.
func (*Contract) GetIntent(ctx Ctx, id string) (string, error) {
	return query(ctx, func(c *call) (i Intent, err error) {
		var d Digest
		if err = d.UnmarshalText([]byte(id)); err != nil {
			return i, err
		}
		if i, err = c.intent(d); err != nil {
			return i, err
		}
		return i, c.voices(&i)
	})
}

func (c *call) intent(id Digest) (i Intent, err error) {
	return i, c.must(&i, "There is no intent "+id.String()+" on the ledger.", "intent", id.String())
}

// IntentPage is a page of concluded intents, the latest first, with approvals
// and declines.
type IntentPage struct {
	Intents []Intent `json:"intents"`
	// Next is what to ask for the page after it, empty when there is none.
	Next string `json:"next,omitempty"`
}

// GetPastIntents returns an [IntentPage]: the first, or the one that Next of
// another names.
func (*Contract) GetPastIntents(ctx Ctx, page string) (string, error) {
	return query(ctx, func(c *call) (out IntentPage, err error) {
		out.Intents = []Intent{}
		out.Next, err = pageOf(c, "pastintent", page, PastIntents, func(i Intent) error {
			out.Intents = append(out.Intents, i)
			return c.voices(&out.Intents[len(out.Intents)-1])
		})
		return out, err
	})
}
