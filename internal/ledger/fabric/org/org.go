// Package org keeps the certificates of one organisation of a Fabric network:
// its two certificate authorities and what they issued, in the folders that the
// upstream commands read.
//
// An organisation is a node; its name is the node's id, which is also its MSP
// id. Keys are P-256 and never leave the folder. Whatever is missing is made,
// whatever is there stays: a folder that was restored from a backup is the same
// organisation. An authority lives for 25 years; what it issues for a year,
// renewed with the same key, so that nobody has to be told. One certificate is
// different: a BFT orderer's identity is compared whole by the others, so it
// lives as long as its authority.
package org

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hyperledger/fabric-admin-sdk/pkg/identity"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/file"
)

// A Role is what an identity may do, the organisational unit of its certificate
// (Fabric's NodeOUs). Its folder has the same name.
type Role string

// The roles of an organisation's identities.
const (
	Peer    Role = "peer"    // endorses
	Orderer Role = "orderer" // orders
	Admin   Role = "admin"   // changes the channel, and writes for the node
	Client  Role = "client"  // writes
)

// kept are the roles that have a folder; a client is issued on demand.
var kept = []Role{Peer, Orderer, Admin}

// An Org is an organisation with its secrets.
type Org struct {
	Name  string
	dir   string
	hosts []string // by which its servers are reached
	now   func() time.Time
}

// Keep opens the organisation in dir, making what is missing. hosts are the
// names and addresses by which others reach its servers. It returns Invalid
// when the folder belongs to another organisation or a file in it is damaged,
// Unavailable when it cannot be written.
func Keep(dir, name string, hosts []string, now func() time.Time) (*Org, error) {
	o := &Org{Name: name, dir: dir, hosts: hosts, now: now}
	for _, a := range []authority{identities, servers} {
		if err := o.keepAuthority(a); err != nil {
			return nil, err
		}
	}
	of, err := NameIn(dir)
	if err != nil {
		return nil, err
	}
	if of != name {
		return nil, fault.New(fault.Invalid, "The certificates in %[1]s are of %[2]s, not of %[3]s. A node keeps the name it had when its ledger was made: set base_url back. If %[2]s is in no network and asked for none, move %[1]s away instead; it is made anew.", dir, of, name)
	}
	if err := o.writeMSP("msp"); err != nil {
		return nil, err
	}
	for _, r := range kept {
		if err := o.keepRole(r); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// NameIn is the name of the organisation that a folder belongs to, "" while it is
// nobody's.
func NameIn(dir string) (string, error) {
	path := filepath.Join(dir, "ca", string(identities)+".pem")
	if !exists(path) {
		return "", nil
	}
	ca, err := readCert(path)
	if err != nil {
		return "", err
	}
	return strings.Join(ca.Subject.Organization, " "), nil
}

// Dir is a role's folder: msp/ and tls/ are in it.
func (o *Org) Dir(r Role) string { return o.path(string(r)) }

func (o *Org) path(elem ...string) string {
	return filepath.Join(append([]string{o.dir}, elem...)...)
}

// CA is the certificate of the authority for identities, PEM.
func (o *Org) CA() ([]byte, error) { return read(o.path("ca", string(identities)+".pem")) }

// TLSCA is the certificate of the authority for servers, PEM.
func (o *Org) TLSCA() ([]byte, error) { return read(o.path("ca", string(servers)+".pem")) }

// Identity signs as the organisation in a role.
func (o *Org) Identity(r Role) (identity.SigningIdentity, error) {
	cert, err := readCert(o.path(string(r), "msp", "signcerts", "cert.pem"))
	if err != nil {
		return nil, err
	}
	key, err := readKey(o.path(string(r), "msp", "keystore", "key.pem"))
	if err != nil {
		return nil, err
	}
	return identity.NewPrivateKeySigningIdentity(o.Name, cert, key)
}

// Issue makes a new identity of a role that is kept nowhere.
func (o *Org) Issue(r Role, name string) (identity.SigningIdentity, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	der, err := o.issue(identities, r, name, &key.PublicKey, o.now().Add(leafLife))
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return identity.NewPrivateKeySigningIdentity(o.Name, cert, key)
}

// SignCert is a role's identity certificate, PEM.
func (o *Org) SignCert(r Role) ([]byte, error) {
	return read(o.path(string(r), "msp", "signcerts", "cert.pem"))
}

// TLSCert is the certificate of a role's server, PEM.
func (o *Org) TLSCert(r Role) ([]byte, error) { return read(o.path(string(r), "tls", "server.crt")) }

// TLS is a role's certificate for connections, with its key.
func (o *Org) TLS(r Role) (tls.Certificate, error) {
	c, err := tls.LoadX509KeyPair(o.path(string(r), "tls", "server.crt"), o.path(string(r), "tls", "server.key"))
	return c, fault.Wrap(err, fault.Invalid, "The certificate of the %s in %s cannot be read. Restore it from a backup.", r, o.dir)
}

// Pool trusts the organisation's own servers.
func (o *Org) Pool() (*x509.CertPool, error) {
	ca, err := o.TLSCA()
	if err != nil {
		return nil, err
	}
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM(ca) {
		return nil, fault.New(fault.Invalid, "The authority for servers in %s is damaged. Restore it from a backup.", o.dir)
	}
	return p, nil
}

// A Certificate is one that runs out.
type Certificate struct {
	Role Role   // "" of an authority
	Use  string // "identity", "tls" or "authority"
	Ends time.Time
}

// Certificates are all there are, what ends first first.
func (o *Org) Certificates() ([]Certificate, error) {
	var out []Certificate
	for _, a := range []authority{identities, servers} {
		c, err := readCert(o.path("ca", string(a)+".pem"))
		if err != nil {
			return nil, err
		}
		out = append(out, Certificate{"", "authority", c.NotAfter})
	}
	for _, r := range kept {
		for _, f := range []struct{ use, path string }{{"identity", "msp/signcerts/cert.pem"}, {"tls", "tls/server.crt"}} {
			c, err := readCert(o.path(string(r), f.path))
			if err != nil {
				return nil, err
			}
			out = append(out, Certificate{r, f.use, c.NotAfter})
		}
	}
	slices.SortStableFunc(out, func(a, b Certificate) int { return a.Ends.Compare(b.Ends) })
	return out, nil
}

// Early is how long before its end a certificate is renewed.
const Early = 60 * 24 * time.Hour

// RenewDue renews with the same keys what ends within 60 days, but not a BFT
// orderer's identity, which the channel must learn first, and nothing of certain
// roles. It returns what was renewed.
func (o *Org) RenewDue(but ...Role) ([]Certificate, error) {
	return o.renew(func(c Certificate) bool { return c.Ends.Sub(o.now()) <= Early && !slices.Contains(but, c.Role) })
}

// RenewAll renews all that [Org.RenewDue] ever would, whenever it ends.
func (o *Org) RenewAll() ([]Certificate, error) {
	return o.renew(func(Certificate) bool { return true })
}

func (o *Org) renew(due func(Certificate) bool) ([]Certificate, error) {
	all, err := o.Certificates()
	if err != nil {
		return nil, err
	}
	var out []Certificate
	for _, c := range all {
		if c.Role == "" || c.Role == Orderer && c.Use == "identity" || !due(c) {
			continue
		}
		if c.Use == "tls" {
			err = o.RenewTLS(c.Role)
		} else {
			err = o.RenewIdentity(c.Role)
		}
		if err != nil {
			return out, err
		}
		out = append(out, c)
	}
	return out, nil
}

// RenewIdentity issues a role's identity certificate again for the same key. A
// BFT orderer's is for the channel to learn first, see [Org.NextIdentity].
func (o *Org) RenewIdentity(r Role) error {
	b, err := o.NextIdentity(r)
	if err != nil {
		return err
	}
	return o.TakeIdentity(r, b)
}

// NextIdentity is a new identity certificate for a role's key; nothing uses it
// until [Org.TakeIdentity].
func (o *Org) NextIdentity(r Role) ([]byte, error) {
	key, err := readKey(o.path(string(r), "msp", "keystore", "key.pem"))
	if err != nil {
		return nil, err
	}
	ends := o.now().Add(leafLife)
	if r == Orderer {
		ca, err := readCert(o.path("ca", string(identities)+".pem"))
		if err != nil {
			return nil, err
		}
		ends = ca.NotAfter
	}
	der, err := o.issue(identities, r, string(r)+"."+o.Name, &key.PublicKey, ends)
	return encode("CERTIFICATE", der), err
}

// TakeIdentity makes a certificate the role's. It refuses (Invalid) one that is
// not for the role's key.
func (o *Org) TakeIdentity(r Role, cert []byte) error {
	key, err := readKey(o.path(string(r), "msp", "keystore", "key.pem"))
	if err != nil {
		return err
	}
	c, err := parseCert(cert)
	if err != nil || !key.PublicKey.Equal(c.PublicKey) {
		return fault.New(fault.Invalid, "That certificate is not for the key of this node's %s.", r)
	}
	return write(o.path(string(r), "msp", "signcerts", "cert.pem"), cert)
}

// planned is where a role's next identity certificate waits.
func (o *Org) planned(r Role) string { return o.path(string(r), "next.pem") }

// PlanIdentity keeps a next identity certificate for a role until the channel
// knows it. Asked again it is the same one.
func (o *Org) PlanIdentity(r Role) ([]byte, error) {
	if b, err := o.PlannedIdentity(r); err != nil || b != nil {
		return b, err
	}
	b, err := o.NextIdentity(r)
	if err != nil {
		return nil, err
	}
	return b, write(o.planned(r), b)
}

// PlannedIdentity is the one that waits, nil when none does.
func (o *Org) PlannedIdentity(r Role) ([]byte, error) {
	if !exists(o.planned(r)) {
		return nil, nil
	}
	return read(o.planned(r))
}

// TakePlanned makes the certificate that waits the role's.
func (o *Org) TakePlanned(r Role) error {
	b, err := read(o.planned(r))
	if err != nil {
		return err
	}
	if err := o.TakeIdentity(r, b); err != nil {
		return err
	}
	return fault.Wrap(os.Remove(o.planned(r)), fault.Unavailable, "%s cannot be removed.", o.planned(r))
}

// RenewTLS issues a role's certificate for connections again for the same key.
func (o *Org) RenewTLS(r Role) error {
	key, err := readKey(o.path(string(r), "tls", "server.key"))
	if err != nil {
		return err
	}
	der, err := o.issue(servers, r, string(r)+"."+o.Name, &key.PublicKey, o.now().Add(leafLife))
	if err != nil {
		return err
	}
	return write(o.path(string(r), "tls", "server.crt"), encode("CERTIFICATE", der))
}

// keepRole makes a role's keys and certificates where they are missing.
func (o *Org) keepRole(r Role) error {
	if err := o.writeMSP(filepath.Join(string(r), "msp")); err != nil {
		return err
	}
	for _, k := range []struct {
		key, cert string
		renew     func(Role) error
	}{{"msp/keystore/key.pem", "msp/signcerts/cert.pem", o.RenewIdentity}, {"tls/server.key", "tls/server.crt", o.RenewTLS}} {
		if err := keepKey(o.path(string(r), k.key)); err != nil {
			return err
		}
		if !exists(o.path(string(r), k.cert)) {
			if err := k.renew(r); err != nil {
				return err
			}
		}
	}
	if named, err := o.named(r); err != nil {
		return err
	} else if !named { // the node has moved
		if err := o.RenewTLS(r); err != nil {
			return err
		}
	}
	tlsca, err := o.TLSCA()
	if err != nil {
		return err
	}
	return write(o.path(string(r), "tls", "ca.crt"), tlsca)
}

// named reports whether a role's certificate for connections is for all hosts.
func (o *Org) named(r Role) (bool, error) {
	c, err := readCert(o.path(string(r), "tls", "server.crt"))
	if err != nil {
		return false, err
	}
	for _, h := range o.hosts {
		if c.VerifyHostname(h) != nil {
			return false, nil
		}
	}
	return true, nil
}

// nodeOUs tells Fabric that a certificate's unit is its role.
const nodeOUs = `NodeOUs:
  Enable: true
  ClientOUIdentifier: {Certificate: cacerts/ca.pem, OrganizationalUnitIdentifier: client}
  PeerOUIdentifier: {Certificate: cacerts/ca.pem, OrganizationalUnitIdentifier: peer}
  AdminOUIdentifier: {Certificate: cacerts/ca.pem, OrganizationalUnitIdentifier: admin}
  OrdererOUIdentifier: {Certificate: cacerts/ca.pem, OrganizationalUnitIdentifier: orderer}
`

// writeMSP writes what of a membership folder is public.
func (o *Org) writeMSP(sub string) error {
	ca, err := o.CA()
	if err != nil {
		return err
	}
	tlsca, err := o.TLSCA()
	if err != nil {
		return err
	}
	return errors.Join(
		write(o.path(sub, "cacerts", "ca.pem"), ca),
		write(o.path(sub, "tlscacerts", "tlsca.pem"), tlsca),
		write(o.path(sub, "config.yaml"), []byte(nodeOUs)))
}

// split sorts hosts into names and addresses, as a certificate lists them.
func split(hosts []string) (names []string, addresses []net.IP) {
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			addresses = append(addresses, ip)
		} else {
			names = append(names, h)
		}
	}
	return names, addresses
}

// Foreign says of an error that a file cannot be read because it is another
// user's, as after a command that root ran; nil of any other error.
func Foreign(err error, path string) error {
	if !errors.Is(err, fs.ErrPermission) {
		return nil
	}
	return fault.Wrap(err, fault.Unavailable, "%s is not this user's. Run all commands as the user of the node (sudo -u), and give it back the folder fabric of its data directory (sudo chown -R).", path)
}

func read(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err := Foreign(err, path); err != nil {
		return nil, err
	}
	return b, fault.Wrap(err, fault.Unavailable, "%s cannot be read. It belongs to the node's identity on the ledger: restore it from a backup.", path)
}

func readCert(path string) (*x509.Certificate, error) {
	b, err := read(path)
	if err != nil {
		return nil, err
	}
	c, err := parseCert(b)
	return c, fault.Wrap(err, fault.Invalid, "%s holds no certificate. Restore it from a backup.", path)
}

func parseCert(b []byte) (*x509.Certificate, error) {
	p, _ := pem.Decode(b)
	if p == nil {
		return nil, errors.New("not PEM")
	}
	return x509.ParseCertificate(p.Bytes)
}

func readKey(path string) (*ecdsa.PrivateKey, error) {
	b, err := read(path)
	if err != nil {
		return nil, err
	}
	p, _ := pem.Decode(b)
	if p == nil {
		return nil, fault.New(fault.Invalid, "%s holds no key. Restore it from a backup.", path)
	}
	k, err := x509.ParsePKCS8PrivateKey(p.Bytes)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "%s holds no key. Restore it from a backup.", path)
	}
	key, ok := k.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fault.New(fault.Invalid, "%s holds a key of another kind.", path)
	}
	return key, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// write puts a file in place so that it is whole or as before after a crash. A
// file that has the content already is not touched: the running commands watch
// them.
func write(path string, b []byte) error {
	if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, b) {
		return nil
	}
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = file.Replace(path, b, 0o600)
	}
	return fault.Wrap(err, fault.Unavailable, "%s cannot be written.", path)
}
