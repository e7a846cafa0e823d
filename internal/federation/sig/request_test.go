package sig_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/sig"
)

var moment = time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)

func newKey(t testing.TB) sig.Key {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return sig.Key{ID: "https://a.example/actor#main-key", Private: k}
}

// sent is a signed request as its receiver sees it.
func sent(t testing.TB, k sig.Key, form sig.Form, method, url string, body string) *http.Request {
	t.Helper()
	out, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Sign(out, []byte(body), form, moment); err != nil {
		t.Fatal(err)
	}
	in := httptest.NewRequest(method, out.URL.RequestURI(), strings.NewReader(body))
	in.Host = "behind.a.proxy"
	in.Header = out.Header.Clone()
	return in
}

func TestSignedRequests(t *testing.T) {
	key, other := newKey(t), newKey(t)
	const origin, body = "https://b.example", `{"type":"Follow"}`
	for _, form := range []sig.Form{sig.RFC9421, sig.Cavage} {
		for _, tt := range []struct {
			what   string
			method string
			path   string
			body   string
			change func(r *http.Request)
			got    string // the body as it arrived, "" for the same
			origin string
			after  time.Duration
			key    sig.Key
			ok     bool
		}{
			{what: "as sent", ok: true},
			{what: "read", method: "GET", body: "-", ok: true},
			{what: "a path with an escape and a query", path: "/a%2Fb/inbox?page=1&x=%20", ok: true},
			{what: "an hour late, nearly", after: sig.Skew - time.Second, ok: true},
			{what: "replayed much later", after: sig.Skew + time.Second},
			{what: "from the future", after: -sig.Skew - time.Second},
			{what: "to another server", origin: "https://c.example"},
			{what: "to another place", change: func(r *http.Request) { r.URL.Path = "/other" }},
			{what: "another method", change: func(r *http.Request) { r.Method = "PUT" }},
			{what: "another query", path: "/inbox?a=1", change: func(r *http.Request) { r.URL.RawQuery = "a=2" }},
			{what: "another body", got: `{"type":"Delete"}`},
			{what: "no digest", change: func(r *http.Request) { r.Header.Del("Digest"); r.Header.Del("Content-Digest") }},
			{what: "another digest", change: func(r *http.Request) {
				r.Header.Set("Digest", "SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
				r.Header.Set("Content-Digest", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:")
			}},
			{what: "of another key", key: other},
			{what: "a digest nobody can check", change: func(r *http.Request) {
				r.Header.Set("Digest", "MD5=1B2M2Y8AsgTpgAmY7PhCfg==")
				r.Header.Set("Content-Digest", "md5=:1B2M2Y8AsgTpgAmY7PhCfg==:")
			}},
		} {
			t.Run(string(form)+"/"+tt.what, func(t *testing.T) {
				method, path, sentBody, at := "POST", "/inbox", body, origin
				if tt.method != "" {
					method = tt.method
				}
				if tt.path != "" {
					path = tt.path
				}
				if tt.body == "-" {
					sentBody = ""
				}
				if tt.origin != "" {
					at = tt.origin
				}
				r := sent(t, key, form, method, origin+path, sentBody)
				if tt.change != nil {
					tt.change(r)
				}
				c, err := sig.Read(r)
				if err != nil {
					t.Fatal(err)
				}
				if c.KeyID != key.ID || c.Form != form {
					t.Errorf("claim = %+v", c)
				}
				got, with := []byte(sentBody), key
				if tt.got != "" {
					got = []byte(tt.got)
				}
				if tt.key.Private != nil {
					with = tt.key
				}
				err = c.Verify(r, at, got, with.Private.Public(), moment.Add(tt.after))
				if tt.ok && err != nil || !tt.ok && !fault.Is(err, fault.Unauthenticated) {
					t.Errorf("verify: %v", err)
				}
			})
		}
	}
}

// Software that signs the address without its query, as some does.
func TestQueryLeftOut(t *testing.T) {
	key := newKey(t)
	r := sent(t, key, sig.Cavage, "GET", "https://b.example/outbox", "")
	r.URL.RawQuery = "page=1"
	c, err := sig.Read(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Verify(r, "https://b.example", nil, key.Private.Public(), moment); err != nil {
		t.Error(err)
	}
}

func TestKeys(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	text, err := sig.PEM(&small.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"small": text, "none": "", "long": strings.Repeat("x", 9000), "junk": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"} {
		if k, err := sig.ParsePEM(text); err == nil {
			t.Errorf("%s: %v", what, k)
		}
	}
	key := newKey(t)
	text, err = sig.PEM(key.Private.Public())
	if err != nil {
		t.Fatal(err)
	}
	if k, err := sig.ParsePEM(text); err != nil || !key.Private.Public().(*rsa.PublicKey).Equal(k) {
		t.Errorf("PEM: %v, %v", k, err)
	}
	for _, bad := range []string{"", "z", "x123", "zII", "z6Mk", "z1111"} {
		if k, err := sig.ParseMultikey(bad); err == nil {
			t.Errorf("%q: %v", bad, k)
		}
	}
}

func FuzzRead(f *testing.F) {
	key := newKey(f)
	for _, form := range []sig.Form{sig.RFC9421, sig.Cavage} {
		r := sent(f, key, form, "POST", "https://b.example/inbox", "{}")
		f.Add(r.Header.Get("Signature-Input"), r.Header.Get("Signature"), r.Header.Get("Digest"), r.Header.Get("Content-Digest"))
	}
	f.Add("", `keyId="a",created=1,expires=x,headers="(created)",signature="AA=="`, "SHA-256=", "sha-256=::")
	pub, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, input, signature, digest, content string) {
		r := httptest.NewRequest("POST", "/inbox?x=1", bytes.NewReader(nil))
		r.Header.Set("Signature-Input", input)
		r.Header.Set("Signature", signature)
		r.Header.Set("Digest", digest)
		r.Header.Set("Content-Digest", content)
		c, err := sig.Read(r)
		if err != nil {
			return
		}
		if err := c.Verify(r, "https://b.example", []byte("{}"), pub, moment); err == nil {
			t.Error("holds for a key that signed nothing")
		}
	})
}
