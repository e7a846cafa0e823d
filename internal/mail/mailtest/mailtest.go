// Package mailtest runs a mail server for tests: one that is not ours
// (github.com/emersion/go-smtp), with STARTTLS and a password.
package mailtest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/michaelperna/9ten/internal/mail"
)

// A Box is what a mail server took.
type Box struct {
	mu      sync.Mutex
	letters [][]byte
	to      []string
	CA      []byte // PEM of the authority that made its certificate
}

// A talk is one connection to the server.
type talk struct {
	*Box
	tls, in bool
}

// Letters are what it took so far.
func (b *Box) Letters() [][]byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.letters)
}

// To are the addresses it took letters to.
func (b *Box) To() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.to)
}

// NewSession begins a connection.
func (b *Box) NewSession(c *smtp.Conn) (smtp.Session, error) {
	_, private := c.TLSConnectionState()
	return &talk{Box: b, tls: private}, nil
}

// AuthMechanisms are the ways to sign in.
func (*talk) AuthMechanisms() []string { return []string{sasl.Plain} }
func (t *talk) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if !t.tls || user != User || password != Password {
			return smtp.ErrAuthFailed
		}
		t.in = true
		return nil
	}), nil
}
func (t *talk) Mail(string, *smtp.MailOptions) error {
	if !t.in {
		return smtp.ErrAuthRequired
	}
	return nil
}
func (t *talk) Rcpt(to string, _ *smtp.RcptOptions) error {
	switch {
	case strings.HasPrefix(to, "nobody@"):
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such box"}
	case strings.HasPrefix(to, "later@"):
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted"}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.to = append(t.to, to)
	return nil
}
func (t *talk) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.letters = append(t.letters, b)
	return err
}
func (*talk) Reset()        {}
func (*talk) Logout() error { return nil }

// certificate makes one for 127.0.0.1, and its authority.
func certificate(t testing.TB) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail"}, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// User and Password are who may hand the server letters.
const User, Password = "night", "desk"

// Serve runs a mail server on this machine that takes letters in TLS, from who
// signs in there. It takes none to nobody@, and puts off what is to later@.
func Serve(t testing.TB, privacy string) (*Box, *mail.SMTP) {
	t.Helper()
	cert, ca := certificate(t)
	b := &Box{CA: ca}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	s := smtp.NewServer(b)
	s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
	s.ErrorLog, s.Domain, s.AllowInsecureAuth = log.New(io.Discard, "", 0), "mail.example", true
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := ln.Addr().String()
	if privacy == mail.TLS {
		ln = tls.NewListener(ln, s.TLSConfig)
	}
	if privacy == mail.None {
		s.TLSConfig = nil
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ln) }()
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), <-ended); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			t.Error(err)
		}
	})
	from := mail.Address{Name: func(context.Context) string { return "Näher am Kai" }, Mail: "9ten@music.example"}
	return b, &mail.SMTP{Server: at, Privacy: privacy, User: User, Password: Password, From: from, TLS: &tls.Config{RootCAs: pool}}
}
