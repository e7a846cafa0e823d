package app

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/file"
	"github.com/michaelperna/9ten/internal/id"
)

// keys are the node's own signing keys (formats.md, "Keys and what they sign").
type keys struct {
	log        ed25519.PrivateKey // receipts of plays, checkpoints
	settlement ed25519.PrivateKey // settlements, attestations, batches
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
	return k, nil
}

// act returns an act's actor key, which signs the manifests of its renditions.
// It comes from the node's secret, so that a backup of one file brings back
// all of them, and can be handed to another node alone when an act moves.
func (k keys) act(a id.Act) ed25519.PrivateKey {
	h := hmac.New(sha256.New, k.secret)
	h.Write([]byte("9ten/actor/v1\x00" + a))
	return ed25519.NewKeyFromSeed(h.Sum(nil))
}

func (d *dir) ed25519Key(name string) (ed25519.PrivateKey, error) {
	file := d.join("keys", name+".pem")
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return newEd25519Key(file)
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "The key %s cannot be read.", file)
	}
	broken := fault.New(fault.Invalid, "%s is not an Ed25519 private key. Restore it from a backup: receipts already given depend on it.", file)
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, broken
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, broken
	}
	ed, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, broken
	}
	return ed, nil
}

func newEd25519Key(path string) (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := file.Replace(path, text, 0o600); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "The key %s cannot be written.", path)
	}
	return key, nil
}
