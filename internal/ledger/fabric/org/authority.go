package org

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"time"
)

// An authority is one of an organisation's two.
type authority string

const (
	identities authority = "identity"
	servers    authority = "tls"
)

const (
	authorityLife = 25 * 365 * 24 * time.Hour
	leafLife      = 365 * 24 * time.Hour
	// backdate lets a certificate be good at once on machines whose clocks are
	// a little behind.
	backdate = time.Hour
)

func newKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

func encode(kind string, der []byte) []byte {
	if der == nil {
		return nil
	}
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func keepKey(path string) error {
	if exists(path) {
		return nil
	}
	k, err := newKey()
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		return err
	}
	return write(path, encode("PRIVATE KEY", der))
}

// keepAuthority makes an authority where there is none. The key is written
// first: one that died between the two makes its certificate at the next start.
func (o *Org) keepAuthority(a authority) error {
	keyFile, certFile := o.path("ca", string(a)+".key"), o.path("ca", string(a)+".pem")
	if exists(certFile) {
		return nil
	}
	if err := keepKey(keyFile); err != nil {
		return err
	}
	key, err := readKey(keyFile)
	if err != nil {
		return err
	}
	t, err := o.template(o.now().Add(authorityLife))
	if err != nil {
		return err
	}
	point, err := key.PublicKey.ECDH()
	if err != nil {
		return err
	}
	ski := sha256.Sum256(point.Bytes())
	t.SubjectKeyId = ski[:] // Fabric refuses an authority without one
	t.Subject.CommonName = string(a) + "-ca." + o.Name
	t.IsCA, t.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign|x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return err
	}
	return write(certFile, encode("CERTIFICATE", der))
}

func (o *Org) template(ends time.Time) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	return &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{Organization: []string{o.Name}},
		NotBefore:             o.now().Add(-backdate),
		NotAfter:              ends,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
	}, err
}

// issue signs a certificate of a role for a key.
func (o *Org) issue(a authority, r Role, name string, key *ecdsa.PublicKey, ends time.Time) ([]byte, error) {
	ca, err := readCert(o.path("ca", string(a)+".pem"))
	if err != nil {
		return nil, err
	}
	signer, err := readKey(o.path("ca", string(a)+".key"))
	if err != nil {
		return nil, err
	}
	t, err := o.template(ends)
	if err != nil {
		return nil, err
	}
	t.Subject.CommonName, t.Subject.OrganizationalUnit = name, []string{string(r)}
	if a == servers {
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
		t.DNSNames, t.IPAddresses = split(append([]string{"localhost", "127.0.0.1", "::1"}, o.hosts...))
	}
	return x509.CreateCertificate(rand.Reader, t, ca, key, signer)
}
