package org_test

import (
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// clock can be moved.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

func keep(t *testing.T, dir string, c *clock) *org.Org {
	t.Helper()
	o, err := org.Keep(dir, "a.example", []string{"a.example", "192.0.2.7"}, c.now)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func cert(t *testing.T, b []byte, err error) *x509.Certificate {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	p, _ := pem.Decode(b)
	c, err := x509.ParseCertificate(p.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func verify(t *testing.T, c *x509.Certificate, ca []byte, at time.Time) {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	if _, err := c.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		t.Error(err)
	}
}

func TestAnOrganisationIsMadeOnce(t *testing.T) {
	dir, c := t.TempDir(), &clock{time.Now()}
	first := keep(t, dir, c)
	ca, err := first.CA()
	if err != nil {
		t.Fatal(err)
	}
	b, err := first.SignCert(org.Peer)
	was := cert(t, b, err)
	verify(t, was, ca, c.Time)
	if was.Subject.OrganizationalUnit[0] != "peer" || was.Subject.Organization[0] != "a.example" {
		t.Errorf("the peer is %v", was.Subject)
	}
	b, err = first.TLSCert(org.Orderer)
	tls := cert(t, b, err)
	for _, host := range []string{"a.example", "192.0.2.7", "localhost", "127.0.0.1"} {
		if err := tls.VerifyHostname(host); err != nil {
			t.Error(err)
		}
	}
	b, err = keep(t, dir, c).SignCert(org.Peer)
	if !cert(t, b, err).Equal(was) {
		t.Error("opening it again made another certificate")
	}
	if _, err := org.Keep(dir, "b.example", nil, c.now); !fault.Is(err, fault.Invalid) {
		t.Errorf("another node may take its folder: %v", err)
	}
	_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if i, _ := d.Info(); err == nil && i.Mode().Perm()&0o077 != 0 && path != dir {
			t.Errorf("%s can be read by others: %v", path, i.Mode())
		}
		return err
	})
}

// What died half made is completed: each file alone removed comes back, and
// belongs to the rest.
func TestWhatIsMissingIsMade(t *testing.T) {
	dir, c := t.TempDir(), &clock{time.Now()}
	keep(t, dir, c)
	for _, gone := range []string{"peer/msp/signcerts/cert.pem", "peer/tls/server.crt", "admin/msp/config.yaml", "orderer/tls/server.key", "orderer/tls/server.crt"} {
		if err := os.Remove(filepath.Join(dir, gone)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "peer/tls/server.key")); err != nil {
		t.Fatal(err)
	}
	o := keep(t, dir, c)
	for _, r := range []org.Role{org.Peer, org.Orderer, org.Admin} {
		if _, err := o.TLS(r); err != nil {
			t.Error(err)
		}
		if _, err := o.Identity(r); err != nil {
			t.Error(err)
		}
	}
}

func TestRenewalKeepsTheKey(t *testing.T) {
	dir, c := t.TempDir(), &clock{time.Now()}
	o := keep(t, dir, c)
	b, err := o.SignCert(org.Peer)
	was := cert(t, b, err)
	b, err = o.SignCert(org.Orderer)
	orderer := cert(t, b, err)
	if done, err := o.RenewDue(); err != nil || len(done) != 0 {
		t.Fatalf("renewed %v on the first day: %v", done, err)
	}
	c.Time = c.AddDate(0, 10, 10)
	done, err := o.RenewDue()
	if err != nil || len(done) != 5 {
		t.Fatalf("renewed %v (%v), want peer and admin whole, and the orderer's TLS", done, err)
	}
	b, err = o.SignCert(org.Peer)
	is := cert(t, b, err)
	if is.Equal(was) || string(is.RawSubjectPublicKeyInfo) != string(was.RawSubjectPublicKeyInfo) {
		t.Error("the renewed certificate is for another key")
	}
	if is.NotAfter.Before(c.AddDate(0, 11, 0)) {
		t.Errorf("renewed until %v only", is.NotAfter)
	}
	b, err = o.SignCert(org.Orderer)
	if !cert(t, b, err).Equal(orderer) {
		t.Error("a BFT orderer's identity was changed behind the channel's back")
	}
	if orderer.NotAfter.Before(c.AddDate(20, 0, 0)) {
		t.Errorf("an orderer's identity ends %v, long before its authority", orderer.NotAfter)
	}
	certs, err := o.Certificates()
	if err != nil || len(certs) != 8 {
		t.Fatalf("%v %v", certs, err)
	}
	for _, x := range certs {
		if x.Ends.Sub(c.Time) < 60*24*time.Hour {
			t.Errorf("%v is still to be renewed", x)
		}
	}
}

// A node that moved has certificates for where it is now, with the same keys, and
// one that did not has the same certificates.
func TestCertificatesMoveAlong(t *testing.T) {
	dir, c := t.TempDir(), &clock{time.Now()}
	at := func(hosts ...string) *org.Org {
		t.Helper()
		o, err := org.Keep(dir, "a.example", hosts, c.now)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	tls := func(o *org.Org, r org.Role) *x509.Certificate {
		t.Helper()
		b, err := o.TLSCert(r)
		return cert(t, b, err)
	}
	o := at("a.example", "192.0.2.7")
	b, err := o.SignCert(org.Orderer)
	identity := cert(t, b, err)
	for _, r := range []org.Role{org.Peer, org.Orderer} {
		was := tls(o, r)
		if is := tls(at("192.0.2.7", "a.example"), r); !is.Equal(was) {
			t.Errorf("the %s has another certificate, though nothing changed", r)
		}
		is := tls(at("a.example", "2001:db8::7", "new.example"), r)
		for _, h := range []string{"a.example", "2001:db8::7", "new.example", "localhost"} {
			if err := is.VerifyHostname(h); err != nil {
				t.Errorf("%s: %v", r, err)
			}
		}
		if string(is.RawSubjectPublicKeyInfo) != string(was.RawSubjectPublicKeyInfo) {
			t.Errorf("the %s has another key", r)
		}
		at("192.0.2.7", "a.example")
	}
	if b, err := o.SignCert(org.Orderer); !cert(t, b, err).Equal(identity) {
		t.Error("an orderer's identity moved along")
	}
}

func TestAnOrderersNextIdentity(t *testing.T) {
	dir, c := t.TempDir(), &clock{time.Now()}
	o := keep(t, dir, c)
	next, err := o.NextIdentity(org.Orderer)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := o.SignCert(org.Orderer); string(b) == string(next) {
		t.Error("the next identity is in use before the channel knows it")
	}
	if err := o.TakeIdentity(org.Orderer, next); err != nil {
		t.Fatal(err)
	}
	if b, _ := o.SignCert(org.Orderer); string(b) != string(next) {
		t.Error("it was not taken")
	}
	peer, err := o.SignCert(org.Peer)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.TakeIdentity(org.Orderer, peer); !fault.Is(err, fault.Invalid) {
		t.Errorf("the orderer took the peer's certificate: %v", err)
	}
}

func TestDamagedFilesAreNamed(t *testing.T) {
	dir, c := t.TempDir(), &clock{time.Now()}
	o := keep(t, dir, c)
	for _, f := range []string{"admin/msp/keystore/key.pem", "admin/msp/signcerts/cert.pem"} {
		path := filepath.Join(dir, f)
		was, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"", "not PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"} {
			if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := o.Identity(org.Admin); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s as %q: %v", f, bad, err)
			}
		}
		if err := os.WriteFile(path, was, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// What root left behind is no damage: nothing is to be restored from a backup.
func TestAnothersFile(t *testing.T) {
	denied := &fs.PathError{Op: "open", Path: "ca.key", Err: syscall.EACCES}
	if err := org.Foreign(denied, "/home.json"); !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.Message(err), "/home.json is not this user's") {
		t.Errorf("a file of root's: %v", err)
	}
	for _, err := range []error{nil, fs.ErrNotExist, syscall.EIO} {
		if got := org.Foreign(err, "/home.json"); got != nil {
			t.Errorf("%v: %v", err, got)
		}
	}
}
