package sig

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dunglas/httpsfv"
)

// HTTP Message Signatures, RFC 9421.

// components are the derived components (section 2.2) by their identifiers.
var components = map[string]func(message) string{
	`"@method"`:         func(m message) string { return m.method },
	`"@target-uri"`:     func(m message) string { return m.scheme + "://" + m.host + m.path + m.query },
	`"@authority"`:      func(m message) string { return strings.ToLower(m.host) },
	`"@scheme"`:         func(m message) string { return m.scheme },
	`"@request-target"`: func(m message) string { return m.path + m.query },
	`"@path"`:           func(m message) string { return m.path },
	`"@query"`:          func(m message) string { return "?" + strings.TrimPrefix(m.query, "?") },
}

// base is the signature base of section 2.5 over components named by their
// identifiers.
func (m message) base(covered []string, params string) (string, error) {
	var b strings.Builder
	for _, id := range covered {
		value, err := m.component(id)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%s: %s\n", id, value)
	}
	fmt.Fprintf(&b, "\"@signature-params\": %s", params)
	return b.String(), nil
}

// component is the value of a component: a derived one, or a header without
// parameters.
func (m message) component(id string) (string, error) {
	if derive, ok := components[id]; ok {
		return derive(m), nil
	}
	item, err := httpsfv.UnmarshalItem([]string{id})
	if err != nil {
		return "", bad("The signature covers %s, which this server does not read.", id)
	}
	name, _ := item.Value.(string)
	switch params := item.Params.Names(); {
	case name == "@query-param" && len(params) == 1 && params[0] == "name":
		return m.queryParam(item)
	case strings.HasPrefix(name, "@") || len(params) > 0:
		return "", bad("The signature covers %s, which this server does not read.", id)
	}
	return m.field(name)
}

// queryParam is section 2.2.8: a parameter that is there once, encoded again.
func (m message) queryParam(item httpsfv.Item) (string, error) {
	text, _ := item.Params.Get("name")
	name, _ := text.(string)
	name, err1 := url.QueryUnescape(name)
	values, err2 := url.ParseQuery(strings.TrimPrefix(m.query, "?"))
	if err1 != nil || err2 != nil || len(values[name]) != 1 {
		return "", bad("The signature covers a query parameter that is not there once.")
	}
	return strings.ReplaceAll(url.QueryEscape(values[name][0]), "+", "%20"), nil
}

func readMessage(h http.Header) (*Claim, error) {
	inputs, err := dictionary(h.Values("Signature-Input"))
	if err != nil {
		return nil, bad("The header Signature-Input cannot be read.")
	}
	sums, err := dictionary(h.Values("Signature"))
	if err != nil {
		return nil, bad("The header Signature cannot be read.")
	}
	for _, label := range inputs.Names() {
		in, _ := inputs.Get(label)
		sum, _ := sums.Get(label)
		list, ok1 := in.(httpsfv.InnerList)
		item, ok2 := sum.(httpsfv.Item)
		if !ok1 || !ok2 {
			continue
		}
		if c, ok := claimOf(list, item); ok {
			return c, nil
		}
	}
	return nil, bad("There is no signature with a key's address.")
}

// claimOf makes the claim of one signature; false when it lacks what a claim has.
func claimOf(list httpsfv.InnerList, item httpsfv.Item) (*Claim, bool) {
	c := &Claim{Form: RFC9421}
	var ok bool
	if c.sum, ok = item.Value.([]byte); !ok {
		return nil, false
	}
	for _, it := range list.Items {
		id, err := httpsfv.Marshal(it)
		if err != nil || c.covers(id) {
			return nil, false
		}
		c.covered = append(c.covered, id)
	}
	params, err := httpsfv.Marshal(list)
	if err != nil {
		return nil, false
	}
	c.params = params
	get := func(name string) any { v, _ := list.Params.Get(name); return v }
	c.KeyID, _ = get("keyid").(string)
	c.alg, _ = get("alg").(string)
	if t, ok := get("created").(int64); ok {
		c.created = time.Unix(t, 0)
	}
	if t, ok := get("expires").(int64); ok {
		c.expires = time.Unix(t, 0)
	}
	return c, c.KeyID != ""
}

func (k Key) signMessage(r *http.Request, body []byte, now time.Time) error {
	covered := []string{`"@method"`, `"@target-uri"`}
	if len(body) > 0 || r.Method == http.MethodPost {
		r.Header.Set("Content-Digest", contentDigest(body))
		covered = append(covered, `"content-digest"`)
	}
	for _, name := range signedToo {
		if r.Header.Get(name) != "" {
			covered = append(covered, `"`+name+`"`)
		}
	}
	params := fmt.Sprintf(`(%s);created=%d;keyid="%s";alg="rsa-v1_5-sha256"`, strings.Join(covered, " "), now.Unix(), k.ID)
	base, err := newMessage(r, r.URL.Scheme+"://"+r.URL.Host).base(covered, params)
	if err != nil {
		return err
	}
	sum, err := k.sum(base)
	if err != nil {
		return err
	}
	r.Header.Set("Signature-Input", "sig1="+params)
	r.Header.Set("Signature", "sig1=:"+base64.StdEncoding.EncodeToString(sum)+":")
	return nil
}

func (k Key) sum(base string) ([]byte, error) {
	h := sha256.Sum256([]byte(base))
	return k.Private.Sign(rand.Reader, h[:], crypto.SHA256)
}

// dictionary reads a structured header (RFC 9651 section 3.2). The library panics on
// some that end in the middle of a key.
func dictionary(lines []string) (d *httpsfv.Dictionary, err error) {
	defer func() {
		if what := recover(); what != nil {
			d, err = nil, fmt.Errorf("no structured header: %v", what)
		}
	}()
	return httpsfv.UnmarshalDictionary(lines)
}
