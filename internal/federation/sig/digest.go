package sig

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/dunglas/httpsfv"
)

// digest is the value of the header Digest, RFC 3230.
func digest(body []byte) string {
	h := sha256.Sum256(body)
	return "SHA-256=" + base64.StdEncoding.EncodeToString(h[:])
}

// contentDigest is the value of the header Content-Digest, RFC 9530.
func contentDigest(body []byte) string {
	h := sha256.Sum256(body)
	return "sha-256=:" + base64.StdEncoding.EncodeToString(h[:]) + ":"
}

// sums are the digests that are read, by name.
var sums = map[string]func([]byte) []byte{
	"sha-256": func(b []byte) []byte { h := sha256.Sum256(b); return h[:] },
	"sha-512": func(b []byte) []byte { h := sha512.Sum512(b); return h[:] },
}

// digestHolds refuses a body that is not the one a covered digest is of. At
// least one digest of a known kind must be there, and all of those must hold.
func digestHolds(h http.Header, covered []string, body []byte) error {
	for _, d := range []struct {
		header string
		read   func([]string) (map[string][]byte, error)
	}{
		{"Digest", readDigest},
		{"Content-Digest", readContentDigest},
	} {
		name := strings.ToLower(d.header)
		if !slices.Contains(covered, name) && !slices.Contains(covered, `"`+name+`"`) {
			continue
		}
		list, err := d.read(h.Values(d.header))
		if err != nil {
			return err
		}
		known := 0
		for name, want := range list {
			sum, ok := sums[name]
			if !ok {
				continue
			}
			known++
			if !bytes.Equal(sum(body), want) {
				return bad("The body is not the one that was signed.")
			}
		}
		if known == 0 {
			return bad("The header %s has no digest that this server reads.", d.header)
		}
	}
	return nil
}

func readDigest(values []string) (map[string][]byte, error) {
	out := map[string][]byte{}
	for part := range strings.SplitSeq(strings.Join(values, ","), ",") {
		name, text, _ := strings.Cut(strings.TrimSpace(part), "=")
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, bad("The header Digest cannot be read.")
		}
		out[strings.ToLower(name)] = b
	}
	return out, nil
}

func readContentDigest(values []string) (map[string][]byte, error) {
	dict, err := dictionary(values)
	if err != nil {
		return nil, bad("The header Content-Digest cannot be read.")
	}
	out := map[string][]byte{}
	for _, name := range dict.Names() {
		m, _ := dict.Get(name)
		if item, ok := m.(httpsfv.Item); ok {
			if b, ok := item.Value.([]byte); ok {
				out[name] = b
			}
		}
	}
	return out, nil
}
