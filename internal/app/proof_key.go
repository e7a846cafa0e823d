package app

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/file"
	"github.com/michaelperna/9ten/internal/id"
)

// mostProofs is how many secrets of proofs are kept, with the one of now: who reads an
// actor keeps eight of its keys at most, of which one is that of requests.
const mostProofs = 7

// A proofSecret is what the keys of proofs of all actors come from, from one rotation to
// the next. The first is the node's own secret.
type proofSecret struct {
	number int // 1 is the first
	since  time.Time
	seed   []byte
}

// key is that of one actor; kind says what it is an actor of.
func (s proofSecret) key(kind, who string) ed25519.PrivateKey {
	h := hmac.New(sha256.New, s.seed)
	h.Write([]byte("9ten/" + kind + "/v1\x00" + who))
	return ed25519.NewKeyFromSeed(h.Sum(nil))
}

// The kinds of actors.
const (
	actKind    = "actor"
	personKind = "person"
	nodeKind   = "node-actor"
)

// act returns an act's actor key, which proves its documents and signs the manifests of
// its renditions. It comes from a secret of the node, so that a backup of its files brings
// back all of them, and can be handed to another node alone when an act moves.
func (k keys) act(a id.Act) ed25519.PrivateKey { return k.proofs[0].key(actKind, string(a)) }

// person returns the key of a listener who is seen on other servers. Nobody else knows
// whose it is: it comes from the person's id, not the account's.
func (k keys) person(p id.Person) ed25519.PrivateKey {
	return k.proofs[0].key(personKind, string(p))
}

// nodeActor is the key with which the node itself proves documents.
func (k keys) nodeActor() ed25519.PrivateKey { return k.proofs[0].key(nodeKind, "") }

// shown are the public keys of an actor, as its document has them.
func (k keys) shown(kind, who string) form.Keys {
	now := k.proofs[0]
	out := form.Keys{HTTP: &k.http.private.PublicKey, Number: k.http.number, Proof: public(now.key(kind, who)), ProofNumber: now.number}
	until := now.since
	for _, s := range k.proofs[1:] {
		out.Ended = append(out.Ended, form.EndedKey{Number: s.number, Key: public(s.key(kind, who)), Until: until})
		until = s.since
	}
	return out
}

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

// openProofSecrets reads what keys of proofs come from, the one of now first.
func (d *dir) openProofSecrets(first []byte) ([]proofSecret, error) {
	text, err := os.ReadFile(d.join("keys", "proof.pem"))
	if errors.Is(err, fs.ErrNotExist) {
		return []proofSecret{{number: 1, seed: first}}, nil
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "The key %s cannot be read.", "proof")
	}
	var out []proofSecret
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		s, err := readProofSecret(block)
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "What the file of the key %s says of it cannot be read.", "proof")
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		return nil, fault.New(fault.Invalid, "%s is not a private key of its kind. Restore it from a backup: what was signed with it depends on it.", d.join("keys", "proof.pem"))
	}
	return out, nil
}

func readProofSecret(block *pem.Block) (s proofSecret, err error) {
	key, err1 := x509.ParsePKCS8PrivateKey(block.Bytes)
	number, err2 := strconv.Atoi(block.Headers["Number"])
	since, err3 := time.Parse(time.RFC3339, block.Headers["Since"])
	ed, ok := key.(ed25519.PrivateKey)
	if err := errors.Join(err1, err2, err3); err != nil || !ok {
		return s, errors.Join(err, errors.New("no Ed25519 key with a number and a date"))
	}
	return proofSecret{number, since, ed.Seed()}, nil
}

// rotateProof has proofs be made with new keys, from the next second on: proofs are dated
// in whole ones. Those before are kept, to say of which
// keys what was proved until now is, but where others have them: then all are, since they
// lay in one folder. The file is replaced as a whole, so that there is no state between.
func (d *dir) rotateProof(before []proofSecret, now time.Time, leaked bool) (next proofSecret, err error) {
	next = proofSecret{number: before[0].number + 1, since: now.UTC().Truncate(time.Second).Add(time.Second), seed: make([]byte, ed25519.SeedSize)}
	if _, err := rand.Read(next.seed); err != nil {
		return next, err
	}
	list := []proofSecret{next}
	if !leaked {
		list = append(list, before[:min(len(before), mostProofs-1)]...)
	}
	var text []byte
	for _, s := range list {
		der, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(s.seed))
		if err != nil {
			return next, err
		}
		headers := map[string]string{"Number": strconv.Itoa(s.number), "Since": s.since.Format(time.RFC3339)}
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Headers: headers, Bytes: der})...)
	}
	if err := file.Replace(d.join("keys", "proof.pem"), text, 0o600); err != nil {
		return next, fault.Wrap(err, fault.Unavailable, "The key %s cannot be written.", "proof")
	}
	return next, nil
}

// sign is the key with which documents of an act are proved, and its address.
func (f *federation) sign(a id.Act) (method string, key ed25519.PrivateKey) {
	k := f.node.keys
	return form.ProofKeyOf(form.Site{Origin: f.node.cfg.BaseURL}.Act(a), k.proofs[0].number), k.act(a)
}

// prove has the node itself prove a document.
func (f *federation) prove(doc []byte, at time.Time) ([]byte, error) {
	return sig.Prove(doc, f.nodeProof(f.node.keys.proofs[0]), f.node.keys.nodeActor(), at)
}

func (f *federation) nodeProof(s proofSecret) string {
	return form.ProofKeyOf(form.Site{Origin: f.node.cfg.BaseURL}.Node(), s.number)
}

// provePerson is the key with which what a listener who is seen says is proved, and its
// address.
func (f *federation) provePerson(p id.Person) (method string, key ed25519.PrivateKey) {
	k := f.node.keys
	return form.ProofKeyOf(form.Site{Origin: f.node.cfg.BaseURL}.Person(p), k.proofs[0].number), k.person(p)
}

// proved is what is on its way to others with a proof that they believe: one by a key that
// was withdrawn since is made again. What the node passes on has its author's, and keeps it.
func (f *federation) proved(body []byte, at time.Time) ([]byte, error) {
	if !bytes.Contains(body, []byte(`"DataIntegrityProof"`)) {
		return body, nil
	}
	s, err := sig.Open(body)
	if err != nil {
		return body, nil // words of others: an activity that passes on what they said
	}
	site := form.Site{Origin: f.node.cfg.BaseURL}
	actor, _, _ := strings.Cut(s.Method, "#")
	person, seen := site.PersonOf(actor)
	if actor != site.Node() && !seen {
		return body, nil
	}
	for _, known := range f.node.keys.proofs {
		if s.Method == form.ProofKeyOf(actor, known.number) {
			return body, nil
		}
	}
	if seen {
		method, key := f.provePerson(person)
		return sig.Prove(s.Document(), method, key, at)
	}
	return f.prove(s.Document(), at)
}
