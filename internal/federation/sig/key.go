package sig

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"slices"

	"github.com/btcsuite/btcd/btcutil/base58"

	"github.com/michaelperna/9ten/internal/fault"
)

// Bounds of what is taken for a key: below, anybody could sign; above, checking
// costs more than a stranger may have us spend.
const (
	minRSA = 2048 // bits
	maxRSA = 8192
	maxPEM = 8 << 10 // bytes
)

// algorithms are how a key of each kind checks a signature, by the names of RFC
// 9421, section 3.3, and of draft-cavage. The first of a kind is what is tried
// when the sender names none, or a name that says nothing.
var algorithms = []struct {
	names []string
	check func(key crypto.PublicKey, base, sum []byte) (fits, ok bool)
}{
	{[]string{"rsa-v1_5-sha256", "rsa-sha256"}, rsaCheck(func(k *rsa.PublicKey, base, sum []byte) error {
		h := sha256.Sum256(base)
		return rsa.VerifyPKCS1v15(k, crypto.SHA256, h[:], sum)
	})},
	{[]string{"rsa-pss-sha512"}, rsaCheck(func(k *rsa.PublicKey, base, sum []byte) error {
		h := sha512.Sum512(base)
		return rsa.VerifyPSS(k, crypto.SHA512, h[:], sum, &rsa.PSSOptions{SaltLength: 64, Hash: crypto.SHA512})
	})},
	{[]string{"rsa-sha512"}, rsaCheck(func(k *rsa.PublicKey, base, sum []byte) error {
		h := sha512.Sum512(base)
		return rsa.VerifyPKCS1v15(k, crypto.SHA512, h[:], sum)
	})},
	{[]string{"ed25519"}, func(key crypto.PublicKey, base, sum []byte) (fits, ok bool) {
		k, fits := key.(ed25519.PublicKey)
		return fits, fits && ed25519.Verify(k, base, sum)
	}},
	{[]string{"ecdsa-p256-sha256"}, func(key crypto.PublicKey, base, sum []byte) (fits, ok bool) {
		k, fits := key.(*ecdsa.PublicKey)
		if !fits || k.Curve != elliptic.P256() || len(sum) != 64 {
			return fits, false
		}
		h := sha256.Sum256(base)
		return true, ecdsa.Verify(k, h[:], new(big.Int).SetBytes(sum[:32]), new(big.Int).SetBytes(sum[32:]))
	}},
}

func rsaCheck(verify func(k *rsa.PublicKey, base, sum []byte) error) func(crypto.PublicKey, []byte, []byte) (bool, bool) {
	return func(key crypto.PublicKey, base, sum []byte) (fits, ok bool) {
		k, fits := key.(*rsa.PublicKey)
		return fits, fits && verify(k, base, sum) == nil
	}
}

// check holds a signature against a key. alg is what the sender calls it; the
// key decides what is possible, so a name cannot make a weak one of a strong.
func check(key crypto.PublicKey, alg string, base, sum []byte) error {
	if alg == "hs2019" { // draft-cavage-12: the key says it
		alg = ""
	}
	for _, a := range algorithms {
		if alg != "" && !slices.Contains(a.names, alg) {
			continue
		}
		fits, ok := a.check(key, base, sum)
		if ok {
			return nil
		}
		if fits {
			return bad("The signature is not that of the key.")
		}
	}
	return bad("The signature is of a kind that this server does not read, or that its key cannot make.")
}

// ParsePEM reads a public key as actors show it in publicKeyPem. It returns an
// Invalid fault for anything but an RSA, Ed25519 or P-256 key of sensible size.
func ParsePEM(text string) (crypto.PublicKey, error) {
	if len(text) > maxPEM {
		return nil, fault.New(fault.TooLarge, "A public key has at most %d bytes.", maxPEM)
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, fault.New(fault.Invalid, "That is no public key.")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		if key, err = x509.ParsePKCS1PublicKey(block.Bytes); err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "That is no public key.")
		}
	}
	return sensible(key)
}

// PEM writes an RSA public key as all software reads it.
func PEM(k crypto.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(k)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), err
}

func sensible(key crypto.PublicKey) (crypto.PublicKey, error) {
	switch k := key.(type) {
	case *rsa.PublicKey:
		if n := k.N.BitLen(); n < minRSA || n > maxRSA {
			return nil, fault.New(fault.Invalid, "An RSA key of %d bits is not taken.", n)
		}
	case ed25519.PublicKey:
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return nil, fault.New(fault.Unsupported, "A key of this kind is not taken.")
		}
	default:
		return nil, fault.New(fault.Unsupported, "A key of this kind is not taken.")
	}
	return key, nil
}

// The multicodec prefixes of FEP-521a.
var (
	codecEd25519 = []byte{0xed, 0x01}
	codecRSA     = []byte{0x85, 0x24}
)

// Multikey writes a public key as publicKeyMultibase: base58btc of the
// multicodec and the key. It returns Unsupported for other keys than Ed25519 and
// RSA.
func Multikey(key crypto.PublicKey) (string, error) {
	switch k := key.(type) {
	case ed25519.PublicKey:
		return multibase(append(bytes.Clone(codecEd25519), k...)), nil
	case *rsa.PublicKey:
		return multibase(append(bytes.Clone(codecRSA), x509.MarshalPKCS1PublicKey(k)...)), nil
	}
	return "", fault.New(fault.Unsupported, "A key of this kind has no Multikey.")
}

// ParseMultikey reads what [Multikey] writes.
func ParseMultikey(s string) (crypto.PublicKey, error) {
	if len(s) > maxPEM {
		return nil, fault.New(fault.TooLarge, "A public key has at most %d bytes.", maxPEM)
	}
	b, err := unmultibase(s)
	if err != nil {
		return nil, err
	}
	if raw, ok := bytes.CutPrefix(b, codecEd25519); ok && len(raw) == ed25519.PublicKeySize {
		return ed25519.PublicKey(raw), nil
	}
	if der, ok := bytes.CutPrefix(b, codecRSA); ok {
		key, err := x509.ParsePKCS1PublicKey(der)
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "That is no public key.")
		}
		return sensible(key)
	}
	return nil, fault.New(fault.Unsupported, "A key of this kind is not taken.")
}

// multibase writes base58btc with its prefix.
func multibase(b []byte) string { return "z" + base58.Encode(b) }

func unmultibase(s string) ([]byte, error) {
	if len(s) < 2 || s[0] != 'z' {
		return nil, fault.New(fault.Invalid, "That is not written in base58btc.")
	}
	b := base58.Decode(s[1:])
	if len(b) == 0 {
		return nil, fault.New(fault.Invalid, "That is not written in base58btc.")
	}
	return b, nil
}
