package sig_test

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/sig"
)

// said is what each part of a request is, as a signature has it.
func said(r *http.Request) map[string]string {
	return map[string]string{
		"(request-target)": "post /inbox", "host": "b.example", "date": r.Header.Get("Date"), "digest": r.Header.Get("Digest"),
		"(created)": fmt.Sprint(moment.Unix()), "(expires)": fmt.Sprint(moment.Add(-time.Second).Unix()),
		`"@method"`: "POST", `"@target-uri"`: "https://b.example/inbox", `"content-digest"`: r.Header.Get("Content-Digest"),
		`"@method";req`: "POST", `"@target-uri";req`: "https://b.example/inbox", `"content-digest";req`: r.Header.Get("Content-Digest"),
	}
}

// covering signs a request over some of its parts and no others. more are parameters, as
// each form writes them.
func covering(t *testing.T, k sig.Key, r *http.Request, form sig.Form, parts []string, more string) {
	t.Helper()
	values, lines := said(r), []string{}
	for _, p := range parts {
		lines = append(lines, p+": "+values[p])
	}
	params := "(" + strings.Join(parts, " ") + ")" + more + `;keyid="k"`
	if form == sig.RFC9421 {
		lines = append(lines, `"@signature-params": `+params)
	}
	h := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	sum, err := k.Private.Sign(rand.Reader, h[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	text := base64.StdEncoding.EncodeToString(sum)
	if form == sig.RFC9421 {
		r.Header.Set("Signature-Input", "sig1="+params)
		r.Header.Set("Signature", "sig1=:"+text+":")
		return
	}
	if parts != nil {
		more += `,headers="` + strings.Join(parts, " ") + `"`
	}
	r.Header.Set("Signature", `keyId="k",algorithm="rsa-sha256"`+more+`,signature="`+text+`"`)
}

// What covers too little would hold for another request too, or for ever: it is refused
// although its signature is right.
func TestCoversTooLittle(t *testing.T) {
	key := newKey(t)
	created := fmt.Sprintf(";created=%d", moment.Unix())
	over := fmt.Sprintf("expires=%d", moment.Add(-time.Second).Unix())
	for _, tt := range []struct {
		what  string
		form  sig.Form
		parts string
		more  string
		ok    bool
	}{
		{what: "enough", form: sig.Cavage, parts: "(request-target) host date digest", ok: true},
		{what: "no host", form: sig.Cavage, parts: "(request-target) date digest"},
		{what: "no target", form: sig.Cavage, parts: "host date digest"},
		{what: "no digest", form: sig.Cavage, parts: "(request-target) host date"},
		{what: "no date", form: sig.Cavage, parts: "(request-target) host digest"},
		{what: "no list", form: sig.Cavage},
		{what: "a time", form: sig.Cavage, parts: "(request-target) host digest (created)", more: fmt.Sprintf(",created=%d", moment.Unix()), ok: true},
		{what: "expired", form: sig.Cavage, parts: "(request-target) host digest (created) (expires)", more: fmt.Sprintf(",created=%d,%s", moment.Unix(), over)},
		{what: "a time that is not signed", form: sig.Cavage, parts: "(request-target) host digest", more: fmt.Sprintf(",created=%d", moment.Unix())},
		{what: "enough", form: sig.RFC9421, parts: `"@method" "@target-uri" "content-digest"`, more: created, ok: true},
		{what: "no method", form: sig.RFC9421, parts: `"@target-uri" "content-digest"`, more: created},
		{what: "no address", form: sig.RFC9421, parts: `"@method" "content-digest"`, more: created},
		{what: "no body", form: sig.RFC9421, parts: `"@method" "@target-uri"`, more: created},
		{what: "no time", form: sig.RFC9421, parts: `"@method" "@target-uri" "content-digest"`},
		{what: "of the answer's request", form: sig.RFC9421, parts: `"@method";req "@target-uri";req "content-digest";req`, more: created},
		{what: "expired", form: sig.RFC9421, parts: `"@method" "@target-uri" "content-digest"`, more: created + ";" + over},
	} {
		r := sent(t, key, tt.form, "POST", "https://b.example/inbox", "{}")
		covering(t, key, r, tt.form, strings.Fields(tt.parts), tt.more)
		c, err := sig.Read(r)
		if err == nil {
			err = c.Verify(r, "https://b.example", []byte("{}"), key.Private.Public(), moment)
		}
		if tt.ok && err != nil || !tt.ok && !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("%s, %s: %v", tt.form, tt.what, err)
		}
	}
}
