package sig

import (
	"crypto"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
)

// A Form is a way to write an HTTP signature.
type Form string

// The forms in use on the fediverse.
const (
	RFC9421 Form = "rfc9421"
	Cavage  Form = "cavage" // draft-cavage-http-signatures-12, which nearly everybody reads
)

// Skew is how far the date of a signature may be from the receiver's clock. It
// is wide because servers' clocks are wrong; what comes twice is told apart by
// its id.
const Skew = time.Hour

// A Key signs HTTP requests. RSA of 2048 bits is what all software reads.
type Key struct {
	ID      string        // the key's address, such as https://a.example/actor#main-key
	Private crypto.Signer // an RSA key
}

// signedToo are headers that are signed where they are there, in small letters.
var signedToo = []string{"collection-synchronization"}

// Sign signs a request whose body is given: method, address, date and digest, and what of
// it says more than those.
func (k Key) Sign(r *http.Request, body []byte, form Form, now time.Time) error {
	if form == RFC9421 {
		return k.signMessage(r, body, now)
	}
	return k.signCavage(r, body, now)
}

// A Claim is what a request says about its signature. Nothing of it is checked
// yet: it tells whose key is needed, before any arithmetic is done.
type Claim struct {
	KeyID   string
	Form    Form
	created time.Time // zero when it is not said
	expires time.Time // zero when it is not said
	alg     string    // as the sender names it, "" when it does not
	covered []string  // names of what is signed
	sum     []byte
	params  string // RFC 9421: the signature's parameters as they were sent
}

// Read returns the claim of a request. It returns an Unauthenticated fault when
// there is none that can be read.
func Read(r *http.Request) (*Claim, error) {
	if r.Header.Get("Signature-Input") != "" {
		return readMessage(r.Header)
	}
	return readCavage(r.Header)
}

// Verify holds a request against its claim and the key that the claim names.
// origin is this server's own, such as https://a.example: what a proxy made of
// scheme and host does not count. It returns an Unauthenticated fault that says
// what does not hold.
func (c *Claim) Verify(r *http.Request, origin string, body []byte, key crypto.PublicKey, now time.Time) error {
	at := c.created
	if c.Form == Cavage && at.IsZero() {
		var err error
		if at, err = http.ParseTime(r.Header.Get("Date")); err != nil || !c.covers("date") {
			return bad("The signature covers no date.")
		}
	}
	switch {
	case at.IsZero():
		return bad("The signature does not say when it was made.")
	case at.Before(now.Add(-Skew)), at.After(now.Add(Skew)):
		return bad("The signature is dated %s, and here it is %s.", at.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	case !c.expires.IsZero() && now.After(c.expires):
		return bad("The signature has expired.")
	}
	if err := c.coversEnough(r, body); err != nil {
		return err
	}
	if err := digestHolds(r.Header, c.covered, body); err != nil {
		return err
	}
	// Some software signs the address without its query.
	m := newMessage(r, origin)
	err := c.holds(m, key)
	if err != nil && m.query != "" {
		m.query = ""
		if c.holds(m, key) == nil {
			return nil
		}
	}
	return err
}

func (c *Claim) holds(m message, key crypto.PublicKey) error {
	var base string
	var err error
	if c.Form == RFC9421 {
		base, err = m.base(c.covered, c.params)
	} else {
		base, err = m.cavageBase(c.covered, c)
	}
	if err != nil {
		return err
	}
	return check(key, c.alg, []byte(base), c.sum)
}

func (c *Claim) covers(name string) bool { return slices.Contains(c.covered, name) }

// Header reports whether the signature covers a header, by its name.
func (c *Claim) Header(name string) bool {
	name = strings.ToLower(name)
	return c.covers(name) || c.covers(`"`+name+`"`)
}

// coversEnough refuses a signature that would hold for another request too.
func (c *Claim) coversEnough(r *http.Request, body []byte) error {
	var what, where, digest bool
	if c.Form == RFC9421 {
		what = c.covers(`"@method"`)
		where = c.covers(`"@target-uri"`) || c.covers(`"@authority"`) && (c.covers(`"@request-target"`) || c.covers(`"@path"`) && (r.URL.RawQuery == "" || c.covers(`"@query"`)))
		digest = c.covers(`"content-digest"`)
	} else {
		what, where, digest = c.covers("(request-target)"), c.covers("host"), c.covers("digest") || c.covers("content-digest")
	}
	switch {
	case !what || !where:
		return bad("The signature does not cover the method and the address.")
	case !digest && (len(body) > 0 || r.Method == http.MethodPost):
		return bad("The signature does not cover the body.")
	}
	return nil
}

// A message is what of a request can be signed.
type message struct {
	method, scheme, host, path, query string
	header                            http.Header
}

func newMessage(r *http.Request, origin string) message {
	scheme, host, _ := strings.Cut(origin, "://")
	m := message{method: r.Method, scheme: scheme, host: host, path: r.URL.EscapedPath(), header: r.Header}
	if m.path == "" {
		m.path = "/"
	}
	if r.URL.RawQuery != "" || r.URL.ForceQuery {
		m.query = "?" + r.URL.RawQuery
	}
	return m
}

// field is a header's value as it is signed: lines joined, spaces trimmed.
func (m message) field(name string) (string, error) {
	if name == "host" {
		return m.host, nil
	}
	v := m.header.Values(name)
	if len(v) == 0 {
		return "", bad("The signature covers the header %s, which is not there.", name)
	}
	parts := make([]string, len(v))
	for i := range v {
		parts[i] = strings.TrimSpace(v[i])
	}
	return strings.Join(parts, ", "), nil
}

func bad(format string, args ...any) error {
	return fault.New(fault.Unauthenticated, format, args...)
}
