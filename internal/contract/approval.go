package contract

import (
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/fault"
)

const (
	maxHeader    = 8 << 10 // bytes of a signature header: a certificate and a nonce
	maxSignature = 256     // bytes of an ECDSA signature
)

// Consent is the argument of ApproveIntent: the organisation's signature under
// the update of the configuration that follows from the intent at a sequence.
// All but the id is empty where the lifecycle counts approvals.
type Consent struct {
	ID        Digest `json:"id"`
	Sequence  uint64 `json:"sequence,omitempty"`  // of the configuration that is changed
	Update    Digest `json:"update"`              // SHA-256 of the ConfigUpdate
	Header    []byte `json:"header,omitempty"`    // SignatureHeader of the ConfigSignature
	Signature []byte `json:"signature,omitempty"` // over the header and the ConfigUpdate
}

// Approval is what the ledger keeps of it, for each organisation.
type Approval struct {
	Consent
	Node string `json:"node"`
	At   uint64 `json:"at"`
	Tx   string `json:"tx"`
}

// Objection is the argument of DeclineIntent.
type Objection struct {
	ID     Digest `json:"id"`
	Reason string `json:"reason,omitempty"`
}

// Decline is what the ledger keeps of it, for each organisation.
type Decline struct {
	Objection
	Node string `json:"node"`
	At   uint64 `json:"at"`
	Tx   string `json:"tx"`
}

// ApproveIntent records the organisation's consent, one per organisation. A
// later one takes its place, unless it is for an earlier sequence: when another
// update came first, nodes sign again without asking anybody. Faults: Forbidden,
// NotFound, Invalid, Conflict when the intent is not open or the sequence is
// behind.
func (*Contract) ApproveIntent(ctx Ctx, op, arg string) (string, error) {
	return perform(ctx, "ApproveIntent", op, arg, func(c *call, in *Consent) error {
		if err := c.member(); err != nil {
			return err
		}
		i, err := c.open(in.ID)
		if err != nil {
			return err
		}
		if err := in.check(intentKinds()[i.Kind], c.msp); err != nil {
			return err
		}
		key := []string{in.ID.String(), chunkKey(i.Round), c.msp}
		var before Approval
		if found, err := c.get(&before, "approval", key...); err != nil {
			return err
		} else if found && in.Sequence < before.Sequence {
			return fault.New(fault.Conflict, "%s approved at sequence %d already, not at %d.", c.msp, before.Sequence, in.Sequence)
		}
		if err := c.del("decline", key...); err != nil {
			return err
		}
		a := Approval{Consent: *in, Node: c.msp, At: c.now, Tx: c.tx}
		if err := c.put(a, "approval", key...); err != nil {
			return err
		}
		return c.announce("approval", a)
	})
}

// check holds what was signed against what the kind of intent takes.
func (s *Consent) check(kind intentKind, msp string) error {
	if !kind.update {
		if s.Sequence != 0 || !s.Update.zero() || len(s.Header)+len(s.Signature) > 0 {
			return fault.New(fault.Invalid, "That intent is approved without a signature.")
		}
		return nil
	}
	switch {
	case s.Update.zero() || len(s.Signature) == 0:
		return fault.New(fault.Invalid, "An approval carries the signature under an update of the configuration.")
	case len(s.Header) > maxHeader || len(s.Signature) > maxSignature:
		return fault.New(fault.TooLarge, "A signature has at most %d bytes and its header %d.", maxSignature, maxHeader)
	}
	who, err := signer(s.Header)
	switch {
	case err != nil:
		return fault.Wrap(err, fault.Invalid, "The signature's header cannot be read.")
	case who != msp:
		return fault.New(fault.Forbidden, "The signature is of %q, and you are %s.", who, msp)
	}
	return nil
}

// signer is the organisation that a signature header names.
func signer(b []byte) (string, error) {
	var h common.SignatureHeader
	if err := proto.Unmarshal(b, &h); err != nil {
		return "", err
	}
	var who msp.SerializedIdentity
	err := proto.Unmarshal(h.GetCreator(), &who)
	return who.GetMspid(), err
}

// DeclineIntent records that an organisation does not consent, and why; it takes
// the place of its approval. Faults: Forbidden, NotFound, Invalid, Conflict when
// the intent is not open.
func (*Contract) DeclineIntent(ctx Ctx, op, arg string) (string, error) {
	return perform(ctx, "DeclineIntent", op, arg, func(c *call, in *Objection) error {
		if err := c.member(); err != nil {
			return err
		}
		if err := note(in.Reason); err != nil {
			return err
		}
		i, err := c.open(in.ID)
		if err != nil {
			return err
		}
		key := []string{in.ID.String(), chunkKey(i.Round), c.msp}
		if err := c.del("approval", key...); err != nil {
			return err
		}
		d := Decline{Objection: *in, Node: c.msp, At: c.now, Tx: c.tx}
		if err := c.put(d, "decline", key...); err != nil {
			return err
		}
		return c.announce("decline", d)
	})
}

// voices reads who approved and who declined this round of an intent.
func (c *call) voices(i *Intent) error {
	key := []string{i.ID.String(), chunkKey(i.Round)}
	if err := each(c, "approval", key, func(_ []string, a Approval) error {
		i.Approvals = append(i.Approvals, a)
		return nil
	}); err != nil {
		return err
	}
	return each(c, "decline", key, func(_ []string, d Decline) error {
		i.Declines = append(i.Declines, d)
		return nil
	})
}
