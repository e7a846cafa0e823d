// Package mail carries letters to people: through a mail server, or into a
// folder of the node where none is configured. It composes nothing and tries
// once: who hands it a letter decides what is tried again.
package mail

import (
	"bytes"
	"context"
	"net/mail"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"github.com/michaelperna/9ten/internal/fault"
)

// A Letter is one mail to one person, in plain text and in HTML.
type Letter struct {
	ID      string // unique in the world, without brackets: a letter sent twice is known by it
	To      string // the address alone
	Subject string
	Text    string
	HTML    string
	Made    time.Time
	// Unsubscribe is where one request ends letters like this (RFC 8058); ""
	// for those that somebody asked for.
	Unsubscribe string
}

// A Sender takes letters. Faults of Send: Invalid when it will never be taken,
// Unavailable when it may be later.
type Sender interface {
	Send(ctx context.Context, l Letter) error
	// Check says how letters leave, and whether they can.
	Check(ctx context.Context) (how string, err error)
}

// An Address is who letters come from.
type Address struct {
	Name func(context.Context) string // what the node is called now
	Mail string
}

// ParseAddress reads an address that stands alone. Faults: Invalid.
func ParseAddress(s string) (string, error) {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 254 || strings.ContainsFunc(s, unicode.IsControl) {
		return "", fault.New(fault.Invalid, "%q is no mail address.", s)
	}
	return s, nil
}

// line refuses what would end a header and begin another one.
func line(s string) error {
	if strings.ContainsFunc(s, unicode.IsControl) {
		return fault.New(fault.Invalid, "A letter's header cannot have line breaks.")
	}
	return nil
}

// message writes a letter as it travels (RFC 5322).
func message(ctx context.Context, l Letter, from Address) (*gomail.Msg, error) {
	name := ""
	if from.Name != nil {
		name = from.Name(ctx)
	}
	for _, s := range []string{l.ID, l.To, l.Subject, l.Unsubscribe, name, from.Mail} {
		if err := line(s); err != nil {
			return nil, err
		}
	}
	if _, err := ParseAddress(l.To); err != nil {
		return nil, err
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := m.From((&mail.Address{Name: name, Address: from.Mail}).String()); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "%q is no mail address.", from.Mail)
	}
	if err := m.To(l.To); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "%q is no mail address.", l.To)
	}
	m.Subject(l.Subject)
	m.SetMessageIDWithValue(l.ID)
	m.SetDateWithValue(l.Made)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: out-of-office programs keep quiet
	if l.Unsubscribe != "" {
		m.SetGenHeaderPreformatted(gomail.HeaderListUnsubscribe, "<"+l.Unsubscribe+">")
		m.SetGenHeaderPreformatted("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	m.SetBodyString(gomail.TypeTextPlain, l.Text)
	if l.HTML != "" {
		m.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
	}
	return m, nil
}

// encoded is a letter as bytes.
func encoded(ctx context.Context, l Letter, from Address) ([]byte, error) {
	m, err := message(ctx, l, from)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "The letter cannot be written.")
	}
	return b.Bytes(), nil
}
