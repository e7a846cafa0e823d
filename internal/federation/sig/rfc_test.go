package sig

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
)

func vector(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// received reads a request as the RFC prints it.
func received(t *testing.T, text string) (*http.Request, []byte) {
	t.Helper()
	head, body, _ := strings.Cut(text, "\n\n")
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	return r, []byte(strings.TrimSuffix(body, "\n"))
}

// RFC 9421, appendix B.2: the requests that are signed with a key one can publish.
func TestAppendixB2(t *testing.T) {
	for _, tt := range []struct {
		name, key string
		enough    bool // covers what this server wants covered
	}{
		{"b21", "rsa-pss", false},
		{"b22", "rsa-pss", false},
		{"b23", "rsa-pss", true},
		{"b26", "ed25519", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, body := received(t, vector(t, "rfc9421/"+tt.name+"_signed.txt"))
			key, err := ParsePEM(vector(t, "rfc9421/"+tt.key+".pem"))
			if err != nil {
				t.Fatal(err)
			}
			c, err := Read(r)
			if err != nil {
				t.Fatal(err)
			}
			m := newMessage(r, "https://example.com")
			base, err := m.base(c.covered, c.params)
			if want := strings.TrimSuffix(vector(t, "rfc9421/"+tt.name+"_sigbase.txt"), "\n"); err != nil || base != want {
				t.Fatalf("base, %v:\n%s\nwant:\n%s", err, base, want)
			}
			if tt.key == "rsa-pss" {
				c.alg = "rsa-pss-sha512" // the RFC's key is of that algorithm alone
			}
			if err := c.holds(m, key); err != nil {
				t.Error(err)
			}
			at := time.Unix(1618884473, 0)
			if err := c.Verify(r, "https://example.com", body, key, at); (err == nil) != tt.enough {
				t.Error(err)
			}
			if err := c.Verify(r, "https://example.com", body, key, at.Add(2*Skew)); !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("hours later: %v", err)
			}
			c.sum = bytes.Clone(c.sum)
			c.sum[7] ^= 1
			if err := c.holds(m, key); !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("another signature: %v", err)
			}
		})
	}
}

// RFC 9421, appendix B.2.5, is signed with a secret that two share: nobody publishes such
// a key in the fediverse, so none is ever held against a signature here. What is signed is
// the same, and the RFC's sum shows it.
func TestAppendixB25(t *testing.T) {
	r, body := received(t, vector(t, "rfc9421/b25_signed.txt"))
	c, err := Read(r)
	if err != nil {
		t.Fatal(err)
	}
	m := newMessage(r, "https://example.com")
	base, err := m.base(c.covered, c.params)
	if want := strings.TrimSuffix(vector(t, "rfc9421/b25_sigbase.txt"), "\n"); err != nil || base != want {
		t.Fatalf("base, %v:\n%s\nwant:\n%s", err, base, want)
	}
	secret, err := base64.StdEncoding.DecodeString(strings.TrimSpace(vector(t, "rfc9421/shared-secret.txt")))
	if err != nil {
		t.Fatal(err)
	}
	sum := hmac.New(sha256.New, secret)
	sum.Write([]byte(base))
	if !hmac.Equal(sum.Sum(nil), c.sum) {
		t.Error("the base is not what the RFC's sum is of")
	}
	key, err := ParsePEM(vector(t, "rfc9421/rsa-pss.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Verify(r, "https://example.com", body, key, time.Unix(1618884473, 0)); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("a shared secret's sum counts as a signature: %v", err)
	}
}

// Appendix B.2.4 signs an answer: no fediverse software signs answers, and this server
// reads requests alone. What only answers have ("@status") is in no request that it takes.
// The key that the appendix signs with is read, and what it signed holds.
func TestAppendixB24(t *testing.T) {
	r, _ := received(t, vector(t, "rfc9421/b25_signed.txt"))
	m := newMessage(r, "https://example.com")
	want := strings.TrimSuffix(vector(t, "rfc9421/b24_sigbase.txt"), "\n")
	_, params, _ := strings.Cut(want, `"@signature-params": `)
	if base, err := m.base([]string{`"@status"`, `"content-type"`, `"content-digest"`, `"content-length"`}, params); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("a request has a status: %q, %v", base, err)
	}
	key, err := ParsePEM(vector(t, "rfc9421/ecc-p256.pem"))
	if err != nil {
		t.Fatal(err)
	}
	sum, err := base64.StdEncoding.DecodeString(strings.TrimSpace(vector(t, "rfc9421/b24_signature.txt")))
	if err != nil {
		t.Fatal(err)
	}
	for _, alg := range []string{"ecdsa-p256-sha256", ""} {
		if err := check(key, alg, []byte(want), sum); err != nil {
			t.Errorf("by the name %q: %v", alg, err)
		}
	}
	if err := check(key, "", []byte(want+" "), sum); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("of other words: %v", err)
	}
	sum[40] ^= 1
	if err := check(key, "", []byte(want), sum); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("another signature: %v", err)
	}
}
