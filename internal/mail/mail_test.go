package mail_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/michaelperna/9ten/internal/fault"
	own "github.com/michaelperna/9ten/internal/mail"
)

// A box is what a mail server took.
type box struct {
	mu      sync.Mutex
	letters [][]byte
	to      []string
}

// A talk is one connection to the server.
type talk struct {
	*box
	tls, in bool
}

func (b *box) NewSession(c *smtp.Conn) (smtp.Session, error) {
	_, private := c.TLSConnectionState()
	return &talk{box: b, tls: private}, nil
}
func (*talk) AuthMechanisms() []string { return []string{sasl.Plain} }
func (t *talk) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if !t.tls || user != "night" || password != "desk" {
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

// certificate makes one for 127.0.0.1, and the pool that trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
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
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(made)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// server runs a mail server that takes letters in TLS, from who signs in.
func server(t *testing.T, privacy string) (*box, *own.SMTP) {
	t.Helper()
	cert, pool := certificate(t)
	b := new(box)
	s := smtp.NewServer(b)
	s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
	s.ErrorLog, s.Domain, s.AllowInsecureAuth = log.New(io.Discard, "", 0), "mail.example", true
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := ln.Addr().String()
	if privacy == own.TLS {
		ln = tls.NewListener(ln, s.TLSConfig)
	}
	if privacy == own.None {
		s.TLSConfig = nil
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ln) }()
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), <-ended); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			t.Error(err)
		}
	})
	from := own.Address{Name: func(context.Context) string { return "Näher am Kai" }, Mail: "9ten@music.example"}
	return b, &own.SMTP{Server: at, Privacy: privacy, User: "night", Password: "desk", From: from, TLS: &tls.Config{RootCAs: pool}}
}

func letter(to string) own.Letter {
	return own.Letter{
		ID: "01J.reset@music.example", To: to, Subject: "Ein neues Passwort für dich: größer", Text: "Grüße\nhttps://music.example/reset?token=" + strings.Repeat("x", 90) + "\n",
		HTML: "<p>Grüße &amp; mehr</p>", Made: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), Unsubscribe: "https://music.example/unsubscribe?token=abc",
	}
}

// A letter reaches a server in TLS from who signed in there, and what it says
// comes out as it went in.
func TestLettersArrive(t *testing.T) {
	for _, privacy := range []string{own.StartTLS, own.TLS} {
		t.Run(privacy, func(t *testing.T) {
			b, s := server(t, privacy)
			if how, err := s.Check(t.Context()); err != nil || !strings.Contains(how, s.Server) {
				t.Fatalf("%q, %v", how, err)
			}
			if err := s.Send(t.Context(), letter("ada@example.org")); err != nil {
				t.Fatal(err)
			}
			if len(b.letters) != 1 || len(b.to) != 1 || b.to[0] != "ada@example.org" {
				t.Fatalf("%d letters to %q", len(b.letters), b.to)
			}
			read(t, b.letters[0])
		})
	}
}

// read holds a letter against what was sent.
func read(t *testing.T, raw []byte) {
	t.Helper()
	want := letter("ada@example.org")
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	words := new(mime.WordDecoder)
	subject, err := words.DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != want.Subject {
		t.Errorf("subject %q, %v", subject, err)
	}
	from, err := m.Header.AddressList("From")
	if err != nil || len(from) != 1 || from[0].Name != "Näher am Kai" || from[0].Address != "9ten@music.example" {
		t.Errorf("from %v, %v", from, err)
	}
	date, err := m.Header.Date()
	if err != nil || !date.Equal(want.Made) {
		t.Errorf("date %v, %v", date, err)
	}
	for k, v := range map[string]string{"Message-ID": "<" + want.ID + ">", "List-Unsubscribe": "<" + want.Unsubscribe + ">", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "To": "<ada@example.org>", "User-Agent": "", "X-Mailer": ""} {
		if got := m.Header.Get(k); got != v {
			t.Errorf("%s is %q, want %q", k, got, v)
		}
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, text := range []string{want.Text, want.HTML} {
		p, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(p) // the reader undoes quoted-printable
		if err != nil || strings.TrimRight(strings.ReplaceAll(string(got), "\r\n", "\n"), "\n") != strings.TrimRight(text, "\n") {
			t.Errorf("%q, %v; want %q", got, err, text)
		}
	}
}

// What a server refuses for good is told from what may be taken later, and a
// server that cannot be trusted gets nothing.
func TestWhatAServerRefuses(t *testing.T) {
	b, s := server(t, own.StartTLS)
	if err := s.Send(t.Context(), letter("nobody@example.org")); !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Message(err), "no such box") {
		t.Errorf("a box that is not there: %v", err)
	}
	if err := s.Send(t.Context(), letter("later@example.org")); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a server that is busy: %v", err)
	}
	strange := *s
	strange.TLS = nil
	if err := strange.Send(t.Context(), letter("ada@example.org")); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a certificate of nobody: %v", err)
	}
	wrong := *s
	wrong.Password = "disk"
	if _, err := wrong.Check(t.Context()); !fault.Is(err, fault.Unavailable) || strings.Contains(fault.Message(err), "disk") {
		t.Errorf("a wrong password: %v", err)
	}
	_, plain := server(t, own.None)
	plain.Privacy = own.StartTLS
	if err := plain.Send(t.Context(), letter("ada@example.org")); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a server without TLS: %v", err)
	}
	gone := *s
	gone.Server = "127.0.0.1:1"
	if err := gone.Send(t.Context(), letter("ada@example.org")); !fault.Is(err, fault.Unavailable) {
		t.Errorf("no server: %v", err)
	}
	gone.Server = "mail.example"
	if err := gone.Send(t.Context(), letter("ada@example.org")); !fault.Is(err, fault.Invalid) {
		t.Errorf("no port: %v", err)
	}
	if len(b.letters) != 0 {
		t.Errorf("%d letters were taken", len(b.letters))
	}
}

// Nothing that people write becomes a header of its own.
func TestHeadersCannotBeForged(t *testing.T) {
	const more = "x\r\nBcc: eve@example.org"
	d := &own.Maildir{Path: t.TempDir(), From: own.Address{Mail: "9ten@music.example"}}
	for name, change := range map[string]func(*own.Letter){
		"subject": func(l *own.Letter) { l.Subject = more }, "to": func(l *own.Letter) { l.To = more }, "id": func(l *own.Letter) { l.ID = more },
		"two": func(l *own.Letter) { l.To = "ada@example.org, eve@example.org" }, "unsubscribe": func(l *own.Letter) { l.Unsubscribe = more }, "named": func(l *own.Letter) { l.To = "Eve <eve@example.org>" },
	} {
		l := letter("ada@example.org")
		change(&l)
		if err := d.Send(t.Context(), l); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	d.From.Name = func(context.Context) string { return more }
	if err := d.Send(t.Context(), letter("ada@example.org")); !fault.Is(err, fault.Invalid) {
		t.Errorf("the node's name: %v", err)
	}
}

// Where there is no server, letters lie in a folder that mail programs read,
// for as long as they are of use.
func TestMaildir(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail")
	d := &own.Maildir{Path: path, From: own.Address{Name: func(context.Context) string { return "Näher am Kai" }, Mail: "9ten@music.example"}}
	for range 2 {
		if err := d.Send(t.Context(), letter("ada@example.org")); err != nil {
			t.Fatal(err)
		}
	}
	list, err := filepath.Glob(filepath.Join(path, "new", "*"))
	if err != nil || len(list) != 2 {
		t.Fatalf("%q, %v", list, err)
	}
	raw, err := os.ReadFile(list[0])
	if err != nil {
		t.Fatal(err)
	}
	read(t, raw)
	if i, err := os.Stat(list[0]); err != nil || i.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", i.Mode(), err)
	}
	if left, err := os.ReadDir(filepath.Join(path, "tmp")); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
	if how, err := d.Check(t.Context()); err != nil || !strings.Contains(how, "2 lie") {
		t.Errorf("%q, %v", how, err)
	}
	old := time.Now().Add(-31 * 24 * time.Hour)
	if err := errors.Join(os.Rename(list[0], filepath.Join(path, "cur", "a:2,S")), os.Chtimes(filepath.Join(path, "cur", "a:2,S"), old, old)); err != nil {
		t.Fatal(err)
	}
	if err := d.Expire(time.Now().Add(-30 * 24 * time.Hour)); err != nil {
		t.Fatal(err)
	}
	if how, err := d.Check(t.Context()); err != nil || !strings.Contains(how, "1 lie") {
		t.Errorf("%q, %v", how, err)
	}
}
