//go:build !cgo

package main

import (
	"crypto"
	"crypto/rsa"
)

// signer is a key with which the load signs, and what does it.
func signer(k *rsa.PrivateKey) (crypto.Signer, string) { return k, "Go" }
