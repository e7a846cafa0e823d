package sig

import (
	"bufio"
	"bytes"
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
