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
	quicken()
	if openssl.Init("libcrypto.so.3") != nil {
		return k, "Go"
	}
	p := k.Precomputed
	private, err := openssl.NewPrivateKeyRSA(bbig.Enc(k.N), openssl.BigInt{uint(k.E)}, bbig.Enc(k.D), bbig.Enc(k.Primes[0]), bbig.Enc(k.Primes[1]),
		bbig.Enc(p.Dp), bbig.Enc(p.Dq), bbig.Enc(p.Qinv))
	if err != nil {
		return k, "Go"
	}
	return openSSL{private, k.Public()}, openssl.VersionText()
}

// quicken lets OpenSSL sign by AVX2 on processors of AMD, where that takes a seventh less than
// what it prefers: it has to be told before it is loaded that they have no ADX, which is bit 19
// of what OPENSSL_ia32cap(3) calls the second vector.
func quicken() {
	const may = "OPENSSL_ia32cap"
	is, _ := os.ReadFile("/proc/cpuinfo")
	if os.Getenv(may) == "" && strings.Contains(string(is), "AuthenticAMD") {
		_ = os.Setenv(may, ":~0x80000") // a slower load is no error
	}
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
