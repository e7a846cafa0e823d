package sig

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"time"

	"github.com/gowebpki/jcs"

	"github.com/michaelperna/9ten/internal/fault"
)

// suite is the only cryptosuite: Ed25519 over the canonical JSON of RFC 8785.
const suite = "eddsa-jcs-2022"

// proofTime is how a proof writes a time (XML Schema dateTime).
const proofTime = "2006-01-02T15:04:05Z"

// A Proof is an integrity proof of a document, FEP-8b32.
type Proof struct {
	Context json.RawMessage `json:"@context,omitempty"`
	Type    string          `json:"type"`
	Suite   string          `json:"cryptosuite"`
	Method  string          `json:"verificationMethod"` // the key's address
	Purpose string          `json:"proofPurpose"`
	Value   string          `json:"proofValue,omitempty"`
	Created string          `json:"created,omitempty"`
	Expires string          `json:"expires,omitempty"`
}

// Prove returns the document with a proof by a key at an address. The document is
// a JSON object without one; of its other members none is changed.
func Prove(doc []byte, method string, key ed25519.PrivateKey, at time.Time) ([]byte, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(doc, &members); err != nil || members == nil {
		return nil, fault.New(fault.Invalid, "Only a JSON object can have a proof.")
	}
	if _, has := members["proof"]; has {
		return nil, fault.New(fault.Conflict, "The document has a proof already.")
	}
	p := Proof{Context: members["@context"], Type: "DataIntegrityProof", Suite: suite, Method: method, Purpose: "assertionMethod", Created: at.UTC().Format(proofTime)}
	options, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	sum, err := proofBase(options, doc)
	if err != nil {
		return nil, err
	}
	p.Value = multibase(ed25519.Sign(key, sum))
	if members["proof"], err = json.Marshal(p); err != nil {
		return nil, err
	}
	return json.Marshal(members)
}

// A Sealed document is one that came with a proof.
type Sealed struct {
	Method  string // address of the key
	Created time.Time
	Expires time.Time // zero: it says nothing of that
	doc     []byte    // without the proof
	options []byte    // the proof without its value
	sum     []byte
}

// Open takes a document and its proof apart. It returns NotFound when there is
// none, Invalid when it cannot be one, Unsupported for another kind. A list of
// proofs counts as none: nobody sends more than one.
func Open(doc []byte) (*Sealed, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(doc, &members); err != nil {
		return nil, fault.New(fault.Invalid, "That is no JSON object.")
	}
	raw, has := members["proof"]
	if !has || len(raw) == 0 || raw[0] != '{' {
		return nil, fault.New(fault.NotFound, "The document has no proof.")
	}
	var p Proof
	var options map[string]json.RawMessage
	if json.Unmarshal(raw, &p) != nil || json.Unmarshal(raw, &options) != nil {
		return nil, fault.New(fault.Invalid, "The document's proof cannot be read.")
	}
	if p.Type != "DataIntegrityProof" || p.Suite != suite || p.Purpose != "assertionMethod" {
		return nil, fault.New(fault.Unsupported, "The document's proof is of a kind that this server does not read.")
	}
	s := &Sealed{Method: p.Method}
	var err error
	if p.Created != "" {
		if s.Created, err = time.Parse(time.RFC3339, p.Created); err != nil {
			return nil, fault.New(fault.Invalid, "The document's proof is not dated.")
		}
	}
	if p.Expires != "" {
		if s.Expires, err = time.Parse(time.RFC3339, p.Expires); err != nil {
			return nil, fault.New(fault.Invalid, "The document's proof does not say when it expires.")
		}
	}
	if s.sum, err = unmultibase(p.Value); err != nil || len(s.sum) != ed25519.SignatureSize {
		return nil, fault.New(fault.Invalid, "The document's proof cannot be read.")
	}
	delete(members, "proof")
	delete(options, "proofValue")
	if s.doc, err = json.Marshal(members); err != nil {
		return nil, err
	}
	s.options, err = json.Marshal(options)
	return s, err
}

// Document is what was proved, without its proof.
func (s *Sealed) Document() []byte { return s.doc }

// Current refuses a proof that by its own word counts no longer at a time. Faults:
// Forbidden.
func (s *Sealed) Current(at time.Time) error {
	if !s.Expires.IsZero() && !at.Before(s.Expires) {
		return fault.New(fault.Forbidden, "The document's proof has expired.")
	}
	return nil
}

// Verify holds the document against its proof and the key at its address, whenever
// that was made: see [Sealed.Current]. It returns an Unauthenticated fault when it does
// not hold.
func (s *Sealed) Verify(key ed25519.PublicKey) error {
	base, err := proofBase(s.options, s.doc)
	if err != nil {
		return err
	}
	if !ed25519.Verify(key, base, s.sum) {
		return bad("The document is not the one that was proved.")
	}
	return nil
}

// proofBase is SHA-256 of the canonical options and of the canonical document
// (W3C Data Integrity EdDSA Cryptosuites 1.0, section 3.3).
func proofBase(options, doc []byte) ([]byte, error) {
	out := make([]byte, 0, 2*sha256.Size)
	for _, b := range [][]byte{options, doc} {
		c, err := canonical(b)
		if err != nil {
			return nil, err
		}
		h := sha256.Sum256(c)
		out = append(out, h[:]...)
	}
	return out, nil
}

// canonical writes JSON as RFC 8785 has it. Faults: Invalid.
func canonical(b []byte) ([]byte, error) {
	c, err := jcs.Transform(b)
	return c, fault.Wrap(err, fault.Invalid, "The document cannot be written canonically.")
}
