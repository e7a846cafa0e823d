package royalty

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"golang.org/x/mod/sumdb/note"
)

// maxNote bounds a signed checkpoint: three lines and a hundred signatures.
const maxNote = 64 << 10

// LogOrigin names a node's log in its checkpoints and its log key.
func LogOrigin(node string) string { return node + "/log" }

// MonthOrigin names a period's tree A in its checkpoint: <node>/2026-10/A.
func MonthOrigin(node string, p calendar.Period) string { return node + "/" + p.String() + "/A" }

// SettlementKeyName names a node's settlement key.
func SettlementKeyName(node string) string { return node + "/settlement" }

// Checkpoint is a tree head (C2SP tlog-checkpoint), without extension lines.
type Checkpoint struct {
	Origin string
	Size   uint64
	Root   Hash // of no leaves: the zero Hash here, SHA-256("") on the wire
}

// Text returns the body that is signed.
func (c Checkpoint) Text() string {
	root := c.Root
	if c.Size == 0 {
		root = sha256.Sum256(nil)
	}
	return c.Origin + "\n" + strconv.FormatUint(c.Size, 10) + "\n" + base64.StdEncoding.EncodeToString(root[:]) + "\n"
}

// ParseCheckpoint reads a body, without signatures. Extension lines are
// refused (Invalid): nothing of ours writes them and no auditor sees them.
func ParseCheckpoint(text string) (Checkpoint, error) {
	bad := invalid("The checkpoint is not the three lines origin, size and root.")
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] == "" {
		return Checkpoint{}, bad
	}
	c := Checkpoint{Origin: lines[0]}
	var err error
	if c.Size, err = strconv.ParseUint(lines[1], 10, 63); err != nil {
		return Checkpoint{}, bad
	}
	if c.Root, err = parseHash(lines[2]); err != nil {
		return Checkpoint{}, bad
	}
	if c.Size == 0 {
		c.Root = Hash{}
	}
	if c.Text() != text { // leading zeros, other base64, another empty root
		return Checkpoint{}, bad
	}
	return c, nil
}

func parseHash(s string) (h Hash, err error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != len(h) || base64.StdEncoding.EncodeToString(b) != s {
		return Hash{}, invalid("%q is not a hash in base64.", s)
	}
	return Hash(b), nil
}

// Sign signs the checkpoint as a note. A key cannot sign what another node's
// origin names: that is a mistake of the caller, Internal.
func (c Checkpoint) Sign(signers ...note.Signer) ([]byte, error) {
	b, err := note.Sign(&note.Note{Text: c.Text()}, signers...)
	return b, fault.Wrap(err, fault.Internal, "The checkpoint could not be signed.")
}

// SplitNote separates a signed note's body from its signature lines, checking
// neither.
func SplitNote(msg []byte) (text string, err error) {
	i := bytes.LastIndex(msg, []byte("\n\n"))
	if i < 0 || len(msg) > maxNote {
		return "", invalid("The checkpoint is not a signed note.")
	}
	return string(msg[:i+1]), nil
}

// KeyType is the signature type byte of a key (C2SP signed-note).
type KeyType byte

// The types that are understood.
const (
	TypeEd25519     KeyType = 1 // signs notes and, for 9ten, canonical bytes
	TypeCosignature KeyType = 4 // timestamped cosignatures of checkpoints
)

// Key is a public key that somebody trusts, under the name it signs with.
type Key struct {
	Name   string // <node>/log, <node>/settlement, or a cosigner's
	Type   KeyType
	Public ed25519.PublicKey
}

// ParseKey reads a verifier key (C2SP signed-note): name+id+base64. Faults:
// Invalid for text that is none and for types that are not understood.
func ParseKey(s string) (Key, error) {
	bad := invalid("%q is not a verifier key: it looks like name+0123abcd+base64.", s)
	name, rest, ok1 := strings.Cut(strings.TrimSpace(s), "+")
	id, data, ok2 := strings.Cut(rest, "+")
	b, err := base64.StdEncoding.Strict().DecodeString(data)
	if !ok1 || !ok2 || err != nil || len(b) != 1+ed25519.PublicKeySize {
		return Key{}, bad
	}
	k := Key{name, KeyType(b[0]), b[1:]}
	if k.Type != TypeEd25519 && k.Type != TypeCosignature {
		return Key{}, bad
	}
	if !validKeyName(name) || id != fmt.Sprintf("%08x", k.KeyHash()) || base64.StdEncoding.EncodeToString(b) != data {
		return Key{}, bad
	}
	return k, nil
}

func validKeyName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == '+' || r > '~' })
}

// String returns the verifier key, as ParseKey reads it.
func (k Key) String() string {
	return fmt.Sprintf("%s+%08x+%s", k.Name, k.KeyHash(), base64.StdEncoding.EncodeToString(k.material()))
}

func (k Key) material() []byte { return append([]byte{byte(k.Type)}, k.Public...) }

// KeyHash is the key's id in signature lines.
func (k Key) KeyHash() uint32 {
	h := sha256.Sum256(append([]byte(k.Name+"\n"), k.material()...))
	return binary.BigEndian.Uint32(h[:])
}

// Verifies reports whether sig is the key's plain Ed25519 signature over b, as
// settlements and served rows carry it.
func (k Key) Verifies(b, sig []byte) bool {
	return k.Type == TypeEd25519 && len(k.Public) == ed25519.PublicKeySize && ed25519.Verify(k.Public, b, sig)
}

// verifier adapts a key to notes.
type verifier struct{ k Key }

func (v verifier) Name() string    { return v.k.Name }
func (v verifier) KeyHash() uint32 { return v.k.KeyHash() }

func (v verifier) Verify(msg, sig []byte) bool {
	if v.k.Type == TypeEd25519 {
		return v.k.Verifies(msg, sig)
	}
	if len(sig) != 8+ed25519.SignatureSize || len(v.k.Public) != ed25519.PublicKeySize {
		return false
	}
	t := binary.BigEndian.Uint64(sig)
	return t <= math.MaxInt64 && ed25519.Verify(v.k.Public, cosigned(t, msg), sig[8:])
}

// cosigned is what a cosignature/v1 signs (C2SP tlog-cosignature).
func cosigned(seconds uint64, text []byte) []byte {
	return append(fmt.Appendf(nil, "cosignature/v1\ntime %d\n", seconds), text...)
}

// signer signs notes with an Ed25519 key, plainly or as a cosigner.
type signer struct {
	verifier
	private ed25519.PrivateKey
	seconds uint64
}

func (s signer) Sign(msg []byte) ([]byte, error) {
	if s.k.Type == TypeEd25519 {
		return ed25519.Sign(s.private, msg), nil
	}
	return append(binary.BigEndian.AppendUint64(nil, s.seconds), ed25519.Sign(s.private, cosigned(s.seconds, msg))...), nil
}

// LogSigner signs checkpoints as name with a node's log key.
func LogSigner(name string, private ed25519.PrivateKey) note.Signer {
	return signer{verifier{Key{name, TypeEd25519, private.Public().(ed25519.PublicKey)}}, private, 0}
}

// Cosigner cosigns checkpoints as name at a time in Unix seconds.
func Cosigner(name string, private ed25519.PrivateKey, seconds uint64) note.Signer {
	return signer{verifier{Key{name, TypeCosignature, private.Public().(ed25519.PublicKey)}}, private, seconds}
}

// PublicKey returns the key that verifies what private signs as name.
func PublicKey(name string, private ed25519.PrivateKey) Key {
	return Key{name, TypeEd25519, private.Public().(ed25519.PublicKey)}
}

// Keys are the keys somebody trusts.
type Keys []Key

// Verifier implements note.Verifiers.
func (ks Keys) Verifier(name string, hash uint32) (note.Verifier, error) {
	for _, k := range ks {
		if k.Name == name && k.KeyHash() == hash {
			return verifier{k}, nil
		}
	}
	return nil, &note.UnknownVerifierError{Name: name, KeyHash: hash}
}

// Named returns the Ed25519 keys of that name; rotation can leave several.
func (ks Keys) Named(name string) Keys {
	var out Keys
	for _, k := range ks {
		if k.Name == name && k.Type == TypeEd25519 {
			out = append(out, k)
		}
	}
	return out
}

// Verifies reports whether one of the keys signed b.
func (ks Keys) Verifies(b, sig []byte) bool {
	for _, k := range ks {
		if k.Verifies(b, sig) {
			return true
		}
	}
	return false
}

// Opened is a checkpoint with the trusted keys that signed it.
type Opened struct {
	Checkpoint
	Signed     []string // names of Ed25519 keys
	Cosigned   []string // names of cosigners
	KeyMissing bool     // no trusted key is known under any name on the note
}

// OpenCheckpoint reads a signed checkpoint and checks its signatures. At least
// one trusted Ed25519 key must have signed; unknown signatures are ignored, a
// wrong one by a trusted key is refused (all Invalid). When the note carries no
// signature of any trusted key, KeyMissing is set beside the fault.
func OpenCheckpoint(msg []byte, trusted Keys) (Opened, error) {
	if len(msg) > maxNote {
		return Opened{}, invalid("The checkpoint is larger than a signed note may be.")
	}
	n, err := note.Open(msg, trusted)
	if _, unknown := errors.AsType[*note.UnverifiedNoteError](err); unknown {
		return Opened{KeyMissing: true}, invalid("The checkpoint is signed by no key that is trusted here.")
	}
	if err != nil {
		return Opened{}, fault.Wrap(err, fault.Invalid, "The signature of the checkpoint is wrong.")
	}
	c, err := ParseCheckpoint(n.Text)
	if err != nil {
		return Opened{}, err
	}
	o := Opened{Checkpoint: c}
	for _, s := range n.Sigs {
		v, err := trusted.Verifier(s.Name, s.Hash)
		if _, strict := base64.StdEncoding.Strict().DecodeString(s.Base64); err != nil || strict != nil {
			err = errors.Join(err, strict)
			return Opened{}, fault.Wrap(err, fault.Invalid, "The signature of the checkpoint is wrong.")
		}
		if v.(verifier).k.Type == TypeCosignature {
			o.Cosigned = append(o.Cosigned, s.Name)
		} else {
			o.Signed = append(o.Signed, s.Name)
		}
	}
	if len(o.Signed) == 0 {
		return Opened{KeyMissing: true}, invalid("The checkpoint is cosigned, but not signed by a key that is trusted here.")
	}
	return o, nil
}

// ShortKey is a key for people to compare: its name and id.
func (k Key) ShortKey() string {
	return k.Name + " " + hex.EncodeToString(binary.BigEndian.AppendUint32(nil, k.KeyHash()))
}
