package listen

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"math/big"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// KeyID is the first 16 bytes of SHA-256(SPKI DER) of a device key; zero means
// that a claim is not signed.
type KeyID = id.Bytes16

// DeviceKey verifies what one device signed.
type DeviceKey struct {
	ID  KeyID
	ed  ed25519.PublicKey
	ec  *ecdsa.PublicKey
	alg string
}

// ParseDeviceKey reads a public key in SPKI DER (RFC 5280 section 4.1): Ed25519
// or ECDSA on P-256, nothing else. Faults: Invalid.
func ParseDeviceKey(spki []byte) (*DeviceKey, error) {
	pub, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "The device key cannot be read.")
	}
	sum := sha256.Sum256(spki)
	k := &DeviceKey{ID: KeyID(sum[:16])}
	switch pub := pub.(type) {
	case ed25519.PublicKey:
		k.ed, k.alg = pub, "ed25519"
		return k, nil
	case *ecdsa.PublicKey:
		if pub.Curve == elliptic.P256() {
			k.ec, k.alg = pub, "p256"
			return k, nil
		}
	}
	return nil, fault.New(fault.Invalid, "A device key is Ed25519 or ECDSA on P-256.")
}

// Alg is "ed25519" or "p256".
func (k *DeviceKey) Alg() string { return k.alg }

// Verify checks a signature over message: 64 bytes, for P-256 r||s over its
// SHA-256 as WebCrypto makes it.
func (k *DeviceKey) Verify(message, signature []byte) bool {
	if len(signature) != 64 {
		return false
	}
	if k.ed != nil {
		return ed25519.Verify(k.ed, message, signature)
	}
	sum := sha256.Sum256(message)
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	return ecdsa.Verify(k.ec, sum[:], r, s)
}
