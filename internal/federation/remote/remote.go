// Package remote asks other servers: for documents, for who somebody is and which
// keys are theirs, for what software they run. What it learns it keeps, so that a
// server is asked once in a while and not at every word.
//
// A document counts only for its own address: one that comes from somewhere else
// than its id says is asked for there, or refused.
package remote

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/netsafe"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/limit"
	"github.com/michaelperna/9ten/internal/social"
)

// How long what was learned counts.
const (
	actorFor = 24 * time.Hour
	keyFor   = 24 * time.Hour
	// again is how soon a key that did not fit is asked for again: it may have
	// been rotated, and a stranger must not make us ask at every request.
	again       = 10 * time.Minute
	softwareFor = 7 * 24 * time.Hour
	formFor     = 30 * 24 * time.Hour
)

// Accept is what documents are asked for as.
const Accept = `application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams"`

// Servers asks other servers.
type Servers struct {
	Store  social.Store
	Policy *social.HostPolicy // nothing is asked or known of servers that it refuses
	Client *http.Client
	As     sig.Key // the key of the node's own actor, with which questions are signed
	// Former is the one before, for servers that refuse the new one, as long as there is
	// one; nil: there never is.
	Former func() (sig.Key, bool)
	// Questions bounds how often a host is asked: strangers make this node ask.
	Questions *limit.Limiter
	// Strangers bounds how often it is asked for keys: those who name them need not have signed.
	Strangers *Strangers
	// Keys are those that were used lately, nil for none.
	Keys *Keyring
	Now  func() time.Time
	Log  *slog.Logger
}

// NewQuestions is a limit of 120 questions a minute to each host.
func NewQuestions() *limit.Limiter { return limit.New(time.Minute/120, 120) }

// Document fetches a document and checks that it is what its address says.
// Faults: Invalid for what is no document of that address, NotFound and Gone as
// the server says (both NotFound), Forbidden, TooLarge, Unavailable.
func (s *Servers) Document(ctx context.Context, iri string) (*vocab.Object, error) {
	o, at, err := s.document(ctx, iri)
	if err != nil {
		return nil, err
	}
	if o.ID == "" || o.ID == at || o.ID == iri {
		if !SameOrigin(at, iri) && o.ID != at {
			return nil, fault.New(fault.Invalid, "%s leads to a document of another server.", iri)
		}
		return o, nil
	}
	if !SameOrigin(o.ID, at) {
		return nil, fault.New(fault.Invalid, "%s has a document that says it is %s.", iri, o.ID)
	}
	id := o.ID
	if o, at, err = s.document(ctx, id); err != nil {
		return nil, err
	}
	if o.ID != id || !SameOrigin(at, id) {
		return nil, fault.New(fault.Invalid, "%s has a document that says it is %s.", id, o.ID)
	}
	return o, nil
}

// document fetches a document and tells from which address it came in the end.
func (s *Servers) document(ctx context.Context, iri string) (o *vocab.Object, at string, err error) {
	body, at, err := s.fetch(ctx, iri)
	if err != nil {
		return nil, "", err
	}
	o, err = vocab.Parse(body)
	return o, at, err
}

// Bytes fetches a document as it is sent, from its own server. Faults: as
// [Servers.Document] has them.
func (s *Servers) Bytes(ctx context.Context, iri string) ([]byte, error) {
	body, at, err := s.fetch(ctx, iri)
	if err == nil && !SameOrigin(at, iri) {
		return nil, fault.New(fault.Invalid, "%s leads to a document of another server.", iri)
	}
	return body, err
}

func (s *Servers) fetch(ctx context.Context, iri string) (body []byte, at string, err error) {
	u, err := url.Parse(iri)
	if err != nil {
		return nil, "", fault.New(fault.Invalid, "%q is no address.", iri)
	}
	u.Fragment = ""
	if err := s.Policy.Allow(ctx, u.Host); err != nil {
		return nil, "", err
	}
	if err := s.asks(u.Host); err != nil {
		return nil, "", err
	}
	ask := func(form sig.Form, by sig.Key) (status int, err error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
		if err != nil {
			return 0, fault.New(fault.Invalid, "%q is no address.", iri)
		}
		r.Header.Set("Accept", Accept)
		if err := by.Sign(r, nil, form, s.Now()); err != nil {
			return 0, err
		}
		res, err := s.Client.Do(r)
		if err != nil {
			return 0, netsafe.Explain(err, u.Host)
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			_, _ = io.CopyN(io.Discard, res.Body, 4096) // so that the connection is used again
			return res.StatusCode, refusal(res.StatusCode, u.Host)
		}
		if !isDocument(res.Header.Get("Content-Type")) {
			return res.StatusCode, fault.New(fault.Invalid, "%s is no document of the fediverse.", u.Redacted())
		}
		at = res.Request.URL.String()
		body, err = netsafe.Read(res.Body, vocab.MaxBytes)
		return res.StatusCode, err
	}
	err = s.knock(ctx, u.Host, func(form sig.Form) (int, error) { return ask(form, s.As) })
	if fault.Is(err, fault.Forbidden) && s.Former != nil {
		if former, ok := s.Former(); ok {
			err = s.knock(ctx, u.Host, func(form sig.Form) (int, error) { return ask(form, former) })
		}
	}
	return body, at, err
}

// asks counts a question to a host, and refuses one too many (Unavailable).
func (s *Servers) asks(host string) error {
	err := s.Questions.Allow(strings.ToLower(host), s.Now())
	return fault.Wrap(err, fault.Unavailable, "The server %s is asked too often.", host)
}

// File fetches a file that anybody may read, such as a list of servers, of at most
// so many bytes, with its entity tag. It has no bytes where the tag is still the
// one that is given. Faults: Invalid, NotFound, Forbidden, TooLarge, Unavailable.
func (s *Servers) File(ctx context.Context, address, tag string, most int64) (body []byte, now string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, "", fault.New(fault.Invalid, "%q is no address.", address)
	}
	host := r.URL.Host
	if err := s.asks(host); err != nil {
		return nil, "", err
	}
	r.Header.Set("Accept", "text/csv, text/plain;q=0.9, */*;q=0.1")
	if tag != "" {
		r.Header.Set("If-None-Match", tag)
	}
	res, err := s.Client.Do(r)
	if err != nil {
		return nil, "", netsafe.Explain(err, host)
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusNotModified && tag != "":
		return nil, tag, nil
	case res.StatusCode != http.StatusOK:
		return nil, "", refusal(res.StatusCode, host)
	}
	if now = res.Header.Get("ETag"); len(now) > maxTag {
		now = ""
	}
	body, err = netsafe.Read(res.Body, most)
	return body, now, err
}

// maxTag is the longest entity tag that is remembered, in bytes.
const maxTag = 256

// isDocument keeps files that people uploaded from counting as documents.
func isDocument(contentType string) bool {
	t, params, err := mime.ParseMediaType(contentType)
	return err == nil && (t == "application/activity+json" || t == "application/ld+json" && strings.Contains(params["profile"], vocab.ActivityStreams))
}

// gone is what was there and will not be again.
type gone struct{}

func (gone) Error() string { return "410 Gone" }

// Gone reports whether a server said of a thing that it was there and is no more.
func Gone(err error) bool { return errors.As(err, new(gone)) }

// refusal makes a fault of a status.
func refusal(status int, host string) error {
	switch {
	case status == http.StatusGone:
		return fault.Wrap(gone{}, fault.NotFound, "The server %s has no such thing.", host)
	case status == http.StatusNotFound:
		return fault.New(fault.NotFound, "The server %s has no such thing.", host)
	case status == http.StatusTooManyRequests || status >= 500:
		return fault.New(fault.Unavailable, "The server %s answered %d.", host, status)
	}
	return fault.New(fault.Forbidden, "The server %s answered %d.", host, status)
}

// Knock does a signed request in the form that the host took last, and once more
// in the other when it is refused (400, 401, 403). What was taken is remembered.
func (s *Servers) Knock(ctx context.Context, host string, do func(sig.Form) (status int, err error)) error {
	return s.knock(ctx, host, do)
}

func (s *Servers) knock(ctx context.Context, host string, do func(sig.Form) (status int, err error)) error {
	p, err := s.peer(ctx, host)
	if err != nil {
		return err
	}
	known := p.Form != "" && s.Now().Sub(p.Formed) < formFor
	forms := []sig.Form{sig.Cavage, sig.RFC9421}
	if known && p.Form == string(sig.RFC9421) || !known && reads9421(p.Software) {
		forms = []sig.Form{sig.RFC9421, sig.Cavage}
	}
	for i, form := range forms {
		var status int
		status, err = do(form)
		switch {
		case err == nil:
			if known && p.Form == string(form) {
				return nil
			}
			return s.change(ctx, host, func(p *social.Peer) { p.Form, p.Formed = string(form), s.Now() })
		case i == 0 && (status == http.StatusBadRequest || status == http.StatusUnauthorized || status == http.StatusForbidden):
			continue
		}
		return err
	}
	return err
}

// reads9421 names software that is known to read RFC 9421.
func reads9421(software string) bool {
	switch software {
	case Own, "fedify", "hollo", "ghost", "mastodon":
		return true
	}
	return false
}

func (s *Servers) peer(ctx context.Context, host string) (p social.Peer, err error) {
	err = s.Store.SocialView(ctx, func(tx social.Tx) error {
		p, err = tx.Peer(ctx, host)
		return err
	})
	return p, err
}

func (s *Servers) change(ctx context.Context, host string, edit func(*social.Peer)) error {
	return s.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		p, err := tx.Peer(ctx, host)
		if err != nil {
			return err
		}
		edit(&p)
		return tx.PutPeer(ctx, p)
	})
}

// SameOrigin reports whether two addresses are of one server.
func SameOrigin(a, b string) bool {
	x, err1 := url.Parse(a)
	y, err2 := url.Parse(b)
	return err1 == nil && err2 == nil && x.Host != "" && x.Scheme == y.Scheme && strings.EqualFold(x.Host, y.Host)
}

// Origin is the server of an address with its scheme, false for none.
func Origin(iri string) (string, bool) {
	u, err := url.Parse(iri)
	if err != nil || u.Host == "" {
		return "", false
	}
	return u.Scheme + "://" + u.Host, true
}

// Host is the server of an address, see [social.HostOf].
func Host(iri string) string { return social.HostOf(iri) }
