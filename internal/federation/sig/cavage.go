package sig

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Signatures by draft-cavage-http-signatures-12.

// cavageBase is the signing string of section 2.3.
func (m message) cavageBase(covered []string, c *Claim) (string, error) {
	lines := make([]string, len(covered))
	for i, name := range covered {
		var value string
		var err error
		switch name {
		case "(request-target)":
			value = strings.ToLower(m.method) + " " + m.path + m.query
		case "(created)":
			value = strconv.FormatInt(c.created.Unix(), 10)
		case "(expires)":
			value = strconv.FormatInt(c.expires.Unix(), 10)
		default:
			value, err = m.field(name)
		}
		if err != nil {
			return "", err
		}
		lines[i] = name + ": " + value
	}
	return strings.Join(lines, "\n"), nil
}

func readCavage(h http.Header) (*Claim, error) {
	params, err := Params(h.Get("Signature"))
	if err != nil {
		return nil, err
	}
	// A copy: who remembers the key's name must not hold all of the header.
	c := &Claim{Form: Cavage, KeyID: strings.Clone(params["keyId"]), alg: params["algorithm"]}
	if c.sum, err = base64.StdEncoding.DecodeString(params["signature"]); err != nil || len(c.sum) == 0 || c.KeyID == "" {
		return nil, bad("The request is not signed.")
	}
	c.covered = strings.Fields(strings.ToLower(params["headers"]))
	for name, into := range map[string]*time.Time{"created": &c.created, "expires": &c.expires} {
		n, err := strconv.ParseInt(params[name], 10, 64)
		if (err == nil) != c.covers("("+name+")") {
			return nil, bad("The signature does not say when it was made.")
		}
		if err == nil {
			*into = time.Unix(n, 0)
		}
	}
	return c, nil
}

// Params reads name="value" pairs, and numbers without quotes.
func Params(s string) (map[string]string, error) {
	out := map[string]string{}
	for s = strings.TrimSpace(s); s != ""; {
		name, rest, ok := strings.Cut(s, "=")
		if !ok {
			return nil, bad("The header Signature cannot be read.")
		}
		var value string
		if strings.HasPrefix(rest, `"`) {
			if value, rest, ok = strings.Cut(rest[1:], `"`); !ok {
				return nil, bad("The header Signature cannot be read.")
			}
			rest = strings.TrimSpace(rest)
			if rest != "" && rest[0] != ',' {
				return nil, bad("The header Signature cannot be read.")
			}
			rest = strings.TrimPrefix(rest, ",")
		} else {
			value, rest, _ = strings.Cut(rest, ",")
		}
		name = strings.TrimSpace(name)
		if _, twice := out[name]; twice {
			return nil, bad("The header Signature says %s twice.", name)
		}
		out[name] = strings.TrimSpace(value)
		s = strings.TrimSpace(rest)
	}
	return out, nil
}

func (k Key) signCavage(r *http.Request, body []byte, now time.Time) error {
	r.Header.Set("Date", now.UTC().Format(http.TimeFormat))
	covered := []string{"(request-target)", "host", "date"}
	if len(body) > 0 || r.Method == http.MethodPost {
		r.Header.Set("Digest", digest(body))
		covered = append(covered, "digest")
	}
	for _, name := range signedToo {
		if r.Header.Get(name) != "" {
			covered = append(covered, name)
		}
	}
	base, err := newMessage(r, r.URL.Scheme+"://"+r.URL.Host).cavageBase(covered, nil)
	if err != nil {
		return err
	}
	sum, err := k.sum(base)
	if err != nil {
		return err
	}
	r.Header.Set("Signature", fmt.Sprintf(`keyId="%s",algorithm="rsa-sha256",headers="%s",signature="%s"`, k.ID, strings.Join(covered, " "), base64.StdEncoding.EncodeToString(sum)))
	return nil
}
