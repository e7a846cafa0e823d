package mail

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/michaelperna/9ten/internal/fault"
)

// How the way to a mail server is kept private.
const (
	StartTLS = "starttls" // begins in the clear and goes on only in TLS
	TLS      = "tls"      // TLS from the first byte
	None     = "none"     // for a server on the same machine
)

// patience bounds each step with the server.
const patience = 30 * time.Second

// SMTP hands letters to a mail server.
type SMTP struct {
	Server         string // host:port
	Privacy        string // [StartTLS], [TLS] or [None]
	User, Password string // "" where the server wants none
	From           Address
	TLS            *tls.Config // trusted authorities; nil is the machine's
}

var _ Sender = (*SMTP)(nil)

// Send hands the server one letter.
func (s *SMTP) Send(ctx context.Context, l Letter) error {
	m, err := message(ctx, l, s.From)
	if err != nil {
		return err
	}
	c, err := s.client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 4*patience)
	defer cancel()
	if err := c.DialWithContext(ctx); err != nil {
		return s.away(err)
	}
	if err := c.Send(m); err != nil {
		_ = c.Close() // the letter failed, which is what is said
		return s.refused(l.To, err)
	}
	_ = c.Close() // the server has taken the letter and said so
	return nil
}

// Check signs in at the server and sends nothing.
func (s *SMTP) Check(ctx context.Context) (string, error) {
	c, err := s.client()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := c.DialWithContext(ctx); err != nil {
		return "", s.away(err)
	}
	_ = c.Close() // it answered, which is what was asked
	return "Letters leave through " + s.Server + ", from " + s.From.Mail + ".", nil
}

func (s *SMTP) client() (*gomail.Client, error) {
	host, text, err := net.SplitHostPort(s.Server)
	port, perr := strconv.Atoi(text)
	if err := cmp.Or(err, perr); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "mail.server is %q, but a host with a port such as mail.example:587 is expected.", s.Server)
	}
	config := &tls.Config{}
	if s.TLS != nil {
		config = s.TLS.Clone()
	}
	config.ServerName, config.MinVersion = host, tls.VersionTLS12
	o := []gomail.Option{gomail.WithPort(port), gomail.WithTimeout(patience), gomail.WithTLSConfig(config)}
	switch s.Privacy {
	case TLS:
		o = append(o, gomail.WithSSL())
	case None:
		o = append(o, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		o = append(o, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.User != "" {
		o = append(o, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.User), gomail.WithPassword(s.Password))
	}
	c, err := gomail.NewClient(host, o...)
	return c, fault.Wrap(err, fault.Invalid, "The mail server's settings do not fit together.")
}

func (s *SMTP) away(err error) error {
	return fault.Wrap(err, fault.Unavailable, "The mail server %s cannot be reached, or does not let this node in: %s", s.Server, err.Error())
}

// refused tells a server that will never take a letter from one that is busy.
func (s *SMTP) refused(to string, err error) error {
	if e, ok := errors.AsType[*gomail.SendError](err); ok && !e.IsTemp() && e.ErrorCode() >= 500 {
		return fault.Wrap(err, fault.Invalid, "The mail server %s does not take letters to %s: %s", s.Server, to, err.Error())
	}
	return fault.Wrap(err, fault.Unavailable, "The mail server %s did not take the letter this time: %s", s.Server, err.Error())
}
