package fedtest

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/piprate/json-gold/ld"
)

//go:embed contexts/*.json
var contexts embed.FS

// published are the contexts that documents name, by their address.
var published = map[string]string{
	"https://www.w3.org/ns/activitystreams":       "activitystreams",
	"https://w3id.org/security/v1":                "security-v1",
	"https://w3id.org/security/data-integrity/v1": "data-integrity-v1",
	"https://w3id.org/security/multikey/v1":       "multikey-v1",
}

// library is where contexts are read: nowhere else is anybody asked.
type library struct{}

func (library) LoadDocument(address string) (*ld.RemoteDocument, error) {
	name, ok := published[address]
	if !ok {
		return nil, fmt.Errorf("the context %s is not embedded", address)
	}
	body, err := contexts.ReadFile("contexts/" + name + ".json")
	if err != nil {
		return nil, err
	}
	doc, err := ld.DocumentFromReader(bytes.NewReader(body))
	return &ld.RemoteDocument{DocumentURL: address, Document: doc}, err
}

// Where the words of documents are from.
const (
	AS   = "https://www.w3.org/ns/activitystreams#"
	Nine = "https://michaelperna.github.io/9ten/ns#"
	Sec  = "https://w3id.org/security#"
	SC   = "http://schema.org/"
	Toot = "http://joinmastodon.org/ns#"
	GTS  = "https://gotosocial.org/ns#"
	LDP  = "http://www.w3.org/ns/ldp#"
	PT   = "https://joinpeertube.org/ns#"
)

// vocabularies are all that anything in a document may be from.
var vocabularies = []string{AS, Nine, Sec, SC, Toot, GTS, LDP, PT, "https://funkwhale.audio/ns#", "http://www.w3.org/2001/XMLSchema#", "https://purl.archive.org/socialweb/webfinger#", "https://w3id.org/fep/844e#", "http://purl.org/dc/terms/"}

// Means checks what a JSON-LD processor reads in a document: these words among its
// types and properties, and none that is nobody's. A name that means nothing to it
// fails the test: others would not hear it.
func Means(t testing.TB, body []byte, words ...string) {
	t.Helper()
	var doc any
	if err := json.Unmarshal(body, &doc); err != nil {
		t.Fatal(err)
	}
	options := ld.NewJsonLdOptions("")
	options.DocumentLoader, options.SafeMode = library{}, true
	expanded, err := ld.NewJsonLdProcessor().Expand(doc, options)
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	var got []string
	gather(expanded, &got)
	slices.Sort(got)
	got = slices.Compact(got)
	for _, w := range words {
		if !slices.Contains(got, w) {
			t.Errorf("it does not say %s but %s", w, strings.Join(got, " "))
		}
	}
	for _, iri := range got {
		if !slices.ContainsFunc(vocabularies, func(v string) bool { return strings.HasPrefix(iri, v) && iri != v }) {
			t.Errorf("it says %s, which is nobody's word", iri)
		}
	}
}

func gather(v any, iris *[]string) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			gather(x, iris)
		}
	case map[string]any:
		for name, value := range v {
			if name != "@type" {
				if name[0] != '@' {
					*iris = append(*iris, name)
				}
				gather(value, iris)
				continue
			}
			for _, t := range all(value) {
				*iris = append(*iris, fmt.Sprint(t))
			}
		}
	}
}

// all are the values of a list, or the one value.
func all(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}
