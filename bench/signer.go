//go:build cgo

package main

import (
	"crypto"
	"crypto/rsa"
	"io"
	"os"
	"strings"

	"github.com/golang-fips/openssl/v2"
	"github.com/golang-fips/openssl/v2/bbig"
)

// signer is a key with which the load signs, and what does it: OpenSSL, as for
// nearly all servers of the fediverse (Ruby, Node.js, PHP and Python ask it), which
// takes half the time of Go; Go where there is none.
func signer(k *rsa.PrivateKey) (crypto.Signer, string) {
	quick := quicken()
	err := openssl.Init("libcrypto.so.3")
	if quick {
		_ = os.Unsetenv(capable) // it is read when OpenSSL is loaded, and is no matter of what the load starts
	}
	if err != nil {
		return k, "Go"
	}
	p := k.Precomputed
	private, err := openssl.NewPrivateKeyRSA(bbig.Enc(k.N), openssl.BigInt{uint(k.E)}, bbig.Enc(k.D), bbig.Enc(k.Primes[0]), bbig.Enc(k.Primes[1]),
		bbig.Enc(p.Dp), bbig.Enc(p.Dq), bbig.Enc(p.Qinv))
	if err != nil {
		return k, "Go"
	}
	by := openssl.VersionText()
	if quick {
		by += ", by AVX2"
	}
	return openSSL{private, k.Public()}, by
}

// capable tells OpenSSL what of the processor it may use (OPENSSL_ia32cap(3)).
const capable = "OPENSSL_ia32cap"

// quicken has OpenSSL sign by AVX2 on processors of AMD, and reports whether it does: on the one
// that was measured it took a seventh less than what it prefers. For that they have no ADX, which
// is bit 19 of the second vector.
func quicken() bool {
	is, _ := os.ReadFile("/proc/cpuinfo")
	return os.Getenv(capable) == "" && strings.Contains(string(is), "AuthenticAMD") && os.Setenv(capable, ":~0x80000") == nil
}

type openSSL struct {
	private *openssl.PrivateKeyRSA
	public  crypto.PublicKey
}

func (k openSSL) Public() crypto.PublicKey { return k.public }

// Sign signs by PKCS #1 version 1.5 (RFC 8017 section 8.2).
func (k openSSL) Sign(_ io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	return openssl.SignRSAPKCS1v15(k.private, o.HashFunc(), digest)
}
