package account

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// devicesMost bounds the keys of one account, revoked ones included.
const devicesMost = 100

// smallOrder are the Ed25519 public keys of small order, with the sign bit
// clear: signatures under them verify for messages nobody signed. From
// libsodium, ge25519_has_small_order.
var smallOrder = []string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
}

// readKey reads a device's public key: SPKI in DER, Ed25519 or ECDSA on P-256.
// Faults: Invalid for what is no key or a weak one, Unsupported for others.
func readKey(spki []byte) (d Device, err error) {
	if len(spki) > 1024 {
		return d, errKey()
	}
	pub, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return d, errKey()
	}
	switch k := pub.(type) {
	case ed25519.PublicKey:
		d.Alg = "ed25519"
		if weak(k) {
			return d, fault.On("spki", fault.Invalid, "This device key is weak: anybody could sign with it. Make a new one.")
		}
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return d, errAlg()
		}
		d.Alg = "p256"
	default:
		return d, errAlg()
	}
	// One key has one name: another encoding of it would have another.
	if canon, err := x509.MarshalPKIXPublicKey(pub); err != nil || !bytes.Equal(canon, spki) {
		return d, errKey()
	}
	sum := sha256.Sum256(spki)
	d.ID, d.SPKI = id.Bytes16(sum[:16]), bytes.Clone(spki)
	return d, nil
}

func weak(k ed25519.PublicKey) bool {
	b := bytes.Clone(k)
	b[31] &= 0x7f
	text := hex.EncodeToString(b)
	for _, s := range smallOrder {
		if s == text {
			return true
		}
	}
	return false
}

func errKey() error {
	return fault.On("spki", fault.Invalid, "This device key cannot be read. It must be a public key in SPKI form (DER).")
}

func errAlg() error {
	return fault.On("spki", fault.Unsupported, "A device key must be Ed25519 or ECDSA on P-256; this one is of another kind.")
}

// AddDevice registers a key that may sign what p listens to. The same key
// again is no harm: the device is returned as it is. Faults: Unauthenticated,
// Forbidden, Invalid, Unsupported; Conflict when the key was revoked, is
// another account's, or there are too many.
func (s *Service) AddDevice(ctx context.Context, p Principal, spki []byte, name string) (d Device, err error) {
	if err := p.signedIn(); err != nil {
		return d, err
	}
	if err := p.Allow(ScopeListen); err != nil {
		return d, err
	}
	key, err := readKey(spki)
	if err != nil {
		return d, err
	}
	if key.Name, err = cleanText("name", "A device's name", name, "Browser", 100); err != nil {
		return d, err
	}
	key.Account = p.Account
	err = s.store.AccountUpdate(ctx, func(tx Tx) error {
		old, err := tx.Device(ctx, key.ID)
		switch {
		case err == nil:
			d = old
			return owned(old, p.Account)
		case !fault.Is(err, fault.NotFound):
			return err
		}
		list, err := tx.Devices(ctx, p.Account)
		if err != nil {
			return err
		}
		if len(list) >= devicesMost {
			return fault.New(fault.Conflict, "An account has at most %d devices.", devicesMost)
		}
		d = key
		d.Created = tx.Now()
		return tx.InsertDevice(ctx, d)
	})
	return d, err
}

// owned refuses a key that is there but may not be registered again.
func owned(d Device, who id.Account) error {
	switch {
	case d.Account != who:
		return fault.On("spki", fault.Conflict, "This device key belongs to another account. Make a new one.")
	case !d.Revoked.IsZero():
		return fault.On("spki", fault.Conflict, "This device key was revoked. Make a new one.")
	}
	return nil
}

// Devices returns p's devices, the oldest first, revoked ones included.
// Faults: Unauthenticated.
func (s *Service) Devices(ctx context.Context, p Principal) (list []Device, err error) {
	if err := p.signedIn(); err != nil {
		return nil, err
	}
	err = s.store.AccountView(ctx, func(tx Tx) error { list, err = tx.Devices(ctx, p.Account); return err })
	return list, err
}

// RevokeDevice ends what a key may sign; what it signed before stays valid.
// Faults: Unauthenticated, NotFound.
func (s *Service) RevokeDevice(ctx context.Context, p Principal, key id.Bytes16) error {
	if err := p.signedIn(); err != nil {
		return err
	}
	if err := p.Allow(ScopeListen); err != nil {
		return err
	}
	return s.store.AccountUpdate(ctx, func(tx Tx) error { return tx.RevokeDevice(ctx, p.Account, key) })
}
