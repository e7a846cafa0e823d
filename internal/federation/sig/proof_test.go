package sig_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/base58"
	"github.com/gowebpki/jcs"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/sig"
)

// blocks are the documents of a .feature file.
func blocks(t *testing.T, name string) (docs []string, text string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "fep", name))
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range strings.Split(string(b), `"""`) {
		if i%2 == 1 {
			docs = append(docs, part)
		}
	}
	return docs, string(b)
}

func canonical(t *testing.T, doc string) string {
	t.Helper()
	b, err := jcs.Transform([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// secret reads the secret key of the vectors: multicodec 0x1300 and a seed.
func secret(t *testing.T, text string) ed25519.PrivateKey {
	t.Helper()
	m := regexp.MustCompile(`(?i)(?:secret|private) key "(z\w+)"`).FindStringSubmatch(text)
	b := base58.Decode(m[1][1:])
	if !bytes.HasPrefix(b, []byte{0x80, 0x26}) {
		t.Fatalf("%x is no secret key", b)
	}
	return ed25519.NewKeyFromSeed(b[2:])
}

func TestFEP8b32(t *testing.T) {
	docs, text := blocks(t, "fep-8b32.feature")
	at := time.Date(2023, 2, 24, 23, 36, 38, 0, time.UTC)
	got, err := sig.Prove([]byte(docs[0]), "https://server.example/users/alice#ed25519-key", secret(t, text), at)
	if err != nil || canonical(t, string(got)) != canonical(t, docs[1]) {
		t.Errorf("prove: %s, %v", got, err)
	}
	var actor struct {
		AssertionMethod []struct{ PublicKeyMultibase string }
	}
	if err := json.Unmarshal([]byte(docs[3]), &actor); err != nil {
		t.Fatal(err)
	}
	key, err := sig.ParseMultikey(actor.AssertionMethod[0].PublicKeyMultibase)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sig.Open([]byte(docs[2]))
	if err != nil || s.Method != "https://server.example/users/alice#ed25519-key" || !s.Created.Equal(at) {
		t.Fatalf("open: %+v, %v", s, err)
	}
	if err := s.Verify(key.(ed25519.PublicKey)); err != nil {
		t.Error(err)
	}
	for _, change := range [][2]string{{"Hello world", "Hello worle"}, {"-71.184902", "-71.184903"}, {"23:36:38", "23:36:39"}, {`"assertionMethod",`, `"assertionMethod","x":1,`}} {
		s, err := sig.Open([]byte(strings.Replace(docs[2], change[0], change[1], 1)))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Verify(key.(ed25519.PublicKey)); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("%s for %s: %v", change[1], change[0], err)
		}
	}
}

func TestFEP521a(t *testing.T) {
	docs, text := blocks(t, "fep-521a.feature")
	hexes := regexp.MustCompile(`hex string "(\w+)"`).FindAllStringSubmatch(text, -1)
	for i, doc := range docs {
		raw, err := hex.DecodeString(hexes[i][1])
		if err != nil {
			t.Fatal(err)
		}
		var want struct{ PublicKeyMultibase string }
		if err := json.Unmarshal([]byte(doc), &want); err != nil {
			t.Fatal(err)
		}
		var key any = ed25519.PublicKey(raw)
		if len(raw) != ed25519.PublicKeySize {
			if key, err = x509.ParsePKCS1PublicKey(raw); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := sig.Multikey(key); err != nil || got != want.PublicKeyMultibase {
			t.Errorf("multikey = %s, %v", got, err)
		}
		if back, err := sig.ParseMultikey(want.PublicKeyMultibase); err != nil || !reflect.DeepEqual(back, key) {
			t.Errorf("parsed = %v, %v", back, err)
		}
	}
}

// An identity proof is the same proof over a claim that lies in an actor.
func TestFEPc390(t *testing.T) {
	docs, text := blocks(t, "fep-c390.feature")
	at := time.Date(2023, 2, 24, 23, 36, 38, 0, time.UTC)
	did := "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
	got, err := sig.Prove([]byte(docs[0]), did, secret(t, text), at)
	if err != nil || canonical(t, string(got)) != canonical(t, docs[1]) {
		t.Errorf("prove: %s, %v", got, err)
	}
	key, err := sig.ParseMultikey(strings.TrimPrefix(did, "did:key:"))
	if err != nil {
		t.Fatal(err)
	}
	var actor struct{ Attachment []json.RawMessage }
	if err := json.Unmarshal([]byte(docs[2]), &actor); err != nil {
		t.Fatal(err)
	}
	s, err := sig.Open(actor.Attachment[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(key.(ed25519.PublicKey)); err != nil {
		t.Error(err)
	}
}

func TestNoProof(t *testing.T) {
	for doc, want := range map[string]fault.Kind{
		`{}`:                   fault.NotFound,
		`{"proof":[]}`:         fault.NotFound,
		`{"proof":null}`:       fault.NotFound,
		`[]`:                   fault.Invalid,
		`{"proof":{}}`:         fault.Unsupported,
		`{"proof":{"type":1}}`: fault.Invalid,
		`{"proof":{"type":"DataIntegrityProof","cryptosuite":"eddsa-jcs-2022","proofPurpose":"assertionMethod","proofValue":"z1"}}`:                       fault.Invalid,
		`{"proof":{"type":"DataIntegrityProof","cryptosuite":"eddsa-jcs-2022","proofPurpose":"assertionMethod","created":"yesterday","proofValue":"z1"}}`: fault.Invalid,
		`{"proof":{"type":"DataIntegrityProof","cryptosuite":"eddsa-rdfc-2022","proofPurpose":"assertionMethod","proofValue":"z1"}}`:                      fault.Unsupported,
		`{"proof":{"type":"DataIntegrityProof","cryptosuite":"eddsa-jcs-2022","proofPurpose":"authentication","proofValue":"z1"}}`:                        fault.Unsupported,
	} {
		if _, err := sig.Open([]byte(doc)); !fault.Is(err, want) {
			t.Errorf("%s: %v", doc, err)
		}
	}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sig.Prove([]byte(`{"proof":{}}`), "k", key, moment); !fault.Is(err, fault.Conflict) {
		t.Error(err)
	}
}
