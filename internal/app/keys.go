package app

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/file"
)

// keys are the node's own signing keys (formats.md, "Keys and what they sign").
type keys struct {
	log        ed25519.PrivateKey // receipts of plays, checkpoints
	settlement ed25519.PrivateKey // settlements, attestations, batches
	http       requestKey         // requests to other servers, for all actors of the node; none where it speaks with none
	former     requestKey         // the one before
	proofs     []proofSecret      // of documents of all actors, that of now first
	secret     []byte             // 32 bytes from which tokens are derived; never leaves the node
}

// openKeys reads the node's keys and makes those that are missing. A key that
// cannot be read is never replaced: receipts already given depend on it.
func (d *dir) openKeys() (k keys, err error) {
	if k.log, err = d.ed25519Key("log"); err != nil {
		return k, err
	}
	if k.settlement, err = d.ed25519Key("settlement"); err != nil {
		return k, err
	}
	node, err := d.ed25519Key("node")
	if err != nil {
		return k, err
	}
	k.secret = node.Seed()
	k.proofs, err = d.openProofSecrets(k.secret)
	return k, err
}

func (d *dir) ed25519Key(name string) (ed25519.PrivateKey, error) {
	return keep(d.join("keys", name+".pem"), func() (ed25519.PrivateKey, error) {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	})
}

// rsaKey is what all software reads signatures of.
func (d *dir) rsaKey(name string) (*rsa.PrivateKey, error) {
	return keep(d.join("keys", name+".pem"), func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })
}

// keep reads a key, or makes it when there is none.
func keep[K any](path string, generate func() (K, error)) (none K, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newKey(path, generate)
	}
	if err != nil {
		return none, fault.Wrap(err, fault.Unavailable, "The key %s cannot be read.", path)
	}
	broken := fault.New(fault.Invalid, "%s is not a private key of its kind. Restore it from a backup: what was signed with it depends on it.", path)
	block, _ := pem.Decode(text)
	if block == nil {
		return none, broken
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return none, broken
	}
	k, ok := key.(K)
	if !ok {
		return none, broken
	}
	return k, nil
}

func newKey[K any](path string, generate func() (K, error)) (none K, err error) {
	key, err := generate()
	if err != nil {
		return none, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return none, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := file.Replace(path, text, 0o600); err != nil {
		return none, fault.Wrap(err, fault.Unavailable, "The key %s cannot be written.", path)
	}
	return key, nil
}
