package mail_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	own "github.com/michaelperna/9ten/internal/mail"
	"github.com/michaelperna/9ten/internal/mail/mailtest"
)

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
			b, s := mailtest.Serve(t, privacy)
			if how, err := s.Check(t.Context()); err != nil || !strings.Contains(how, s.Server) {
				t.Fatalf("%q, %v", how, err)
			}
			if err := s.Send(t.Context(), letter("ada@example.org")); err != nil {
				t.Fatal(err)
			}
			if len(b.Letters()) != 1 || len(b.To()) != 1 || b.To()[0] != "ada@example.org" {
				t.Fatalf("%d letters to %q", len(b.Letters()), b.To())
			}
			read(t, b.Letters()[0])
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
	b, s := mailtest.Serve(t, own.StartTLS)
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
	_, plain := mailtest.Serve(t, own.None)
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
	if len(b.Letters()) != 0 {
		t.Errorf("%d letters were taken", len(b.Letters()))
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

// A node may be called anything; its letters say so.
func TestNamesOfNodes(t *testing.T) {
	for _, name := range []string{`12" Club`, `back\`, `"A", B <c@d.example>`, "größer", "(a"} {
		path := filepath.Join(t.TempDir(), "mail")
		d := &own.Maildir{Path: path, From: own.Address{Name: func(context.Context) string { return name }, Mail: "9ten@music.example"}}
		if err := d.Send(t.Context(), letter("ada@example.org")); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		list, err := filepath.Glob(filepath.Join(path, "new", "*"))
		if err != nil || len(list) != 1 {
			t.Fatalf("%q, %v", list, err)
		}
		raw, err := os.ReadFile(list[0])
		if err != nil {
			t.Fatal(err)
		}
		m, err := mail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if from, err := m.Header.AddressList("From"); err != nil || len(from) != 1 || from[0].Name != name || from[0].Address != "9ten@music.example" {
			t.Errorf("%s: %v, %v", name, from, err)
		}
	}
}
