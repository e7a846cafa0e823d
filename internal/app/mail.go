package app

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/mail"
	"github.com/michaelperna/9ten/internal/web"
	"github.com/michaelperna/9ten/internal/web/letter"
)

// check finds what does not fit together in the settings of mail.
func (c MailConfig) check() error {
	if c.From != "" {
		if _, err := mail.ParseAddress(c.From); err != nil {
			return fault.On("mail.from", fault.Invalid, "mail.from is %q, but an address such as 9ten@music.example is expected.", c.From)
		}
	}
	if c.Server == "" {
		return nil
	}
	if host, port, err := net.SplitHostPort(c.Server); err != nil || host == "" || port == "" {
		return fault.On("mail.server", fault.Invalid, "mail.server is %q, but a host with a port such as mail.example:587 is expected.", c.Server)
	}
	return nil
}

// A courier writes the node's letters and hands them on.
type courier struct {
	sender  mail.Sender
	server  string // through which letters leave; "" for the folder
	node    string // the right side of what letters are known by
	name    func(context.Context) string
	now     func() time.Time
	letters *letter.Writer
}

// courier makes what sends the letters of a node, which is called as name says.
func (c *Config) courier(name func(context.Context) string, now func() time.Time) (*courier, error) {
	words, err := web.LoadCatalogue()
	if err != nil {
		return nil, err
	}
	sender, err := c.sender(mail.Address{Name: name, Mail: cmp.Or(c.Mail.From, "9ten@"+c.NodeID())})
	return &courier{sender, c.Mail.Server, c.NodeID(), name, now, &letter.Writer{Words: words, Base: c.BaseURL}}, err
}

func (c *Config) sender(from mail.Address) (mail.Sender, error) {
	m := c.Mail
	if m.Server == "" {
		return &mail.Maildir{Path: filepath.Join(c.DataDir, "mail"), From: from}, nil
	}
	s := &mail.SMTP{Server: m.Server, Privacy: m.TLS, User: m.User, Password: m.Password, From: from}
	if m.CA == "" {
		return s, nil
	}
	text, err := os.ReadFile(m.CA)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "mail.ca is %q, which cannot be read.", m.CA)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fault.On("mail.ca", fault.Invalid, "mail.ca is %q, which holds no certificate.", m.CA)
	}
	s.TLS = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return s, nil
}

// send hands a letter on. unique is what it is known by.
func (c *courier) send(ctx context.Context, unique, to string, l letter.Letter, unsubscribe string) error {
	return c.sender.Send(ctx, mail.Letter{
		ID: unique + "@" + c.node, To: to, Subject: l.Subject, Text: l.Text, HTML: l.HTML, Made: c.now(), Unsubscribe: unsubscribe,
	})
}

// lettersFor is how long a letter lies in the node's folder.
const lettersFor = 30 * 24 * time.Hour

// expire deletes letters that lie in the node's folder for long.
func (c *courier) expire() error {
	if d, ok := c.sender.(*mail.Maildir); ok {
		return d.Expire(time.Now().Add(-lettersFor)) // as the file system counts
	}
	return nil
}

// Server is through which letters leave, "" where they go into a folder.
func (c *courier) Server() string { return c.server }

// Test sends a letter that asks for nothing, and waits until it was taken.
func (c *courier) Test(ctx context.Context, lang, to string) error {
	to, err := mail.ParseAddress(to)
	if err != nil {
		return fault.About("to", err)
	}
	l, err := c.letters.Test(lang, c.name(ctx))
	if err != nil {
		return err
	}
	return c.send(ctx, string(id.New[id.Entry](time.Now())), to, l, "")
}

// lang is the language in which whoever makes a request reads.
func (c *courier) lang(r *http.Request) string { return c.letters.Words.Match("", r).String() }

// mailing is a finding about the way of letters. It sends none.
func (c *Config) mailing(ctx context.Context) finding {
	f := finding{Name: "mail"}
	m, err := c.courier(func(context.Context) string { return "" }, time.Now)
	if err == nil {
		f.Detail, err = m.sender.Check(ctx)
	}
	if f.OK = err == nil; !f.OK {
		f.Detail, f.Remedy = fault.Message(err), "Correct the settings mail.server, mail.tls, mail.user and mail.password (docs/operate/mail.md). Letters wait for two days meanwhile."
	}
	return f
}

// testMail sends a letter to see whether letters arrive: beside a running
// node, too.
func testMail(ctx context.Context, c *call) error {
	if len(c.args) != 1 {
		return usagef("name one address")
	}
	cfg, _, err := c.config()
	if err != nil {
		return err
	}
	if err := cfg.mustExist(); err != nil {
		return err
	}
	m, err := cfg.courier(func(context.Context) string { return cfg.NodeID() }, time.Now)
	if err != nil {
		return err
	}
	if err := m.Test(ctx, "", c.args[0]); err != nil {
		return err
	}
	how, err := m.sender.Check(ctx)
	if err != nil {
		return err
	}
	out := struct {
		To     string `json:"to"`
		Server string `json:"server"`
		How    string `json:"how"`
	}{c.args[0], m.server, how}
	return c.print(out, func(w io.Writer) { fmt.Fprintf(w, "The letter to %s was taken. %s\n", out.To, how) })
}
