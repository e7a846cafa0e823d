package royalty

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
	"golang.org/x/mod/sumdb/note"
)

// TestSignedNoteVector is the example of C2SP signed-note.
func TestSignedNoteVector(t *testing.T) {
	k, err := ParseKey("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
	if err != nil {
		t.Fatal(err)
	}
	msg := "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
	n, err := note.Open([]byte(msg), Keys{k})
	if err != nil || len(n.Sigs) != 1 {
		t.Errorf("got %v, %v", n, err)
	}
	if k.ShortKey() != "example.com/foo 530d903a" {
		t.Error(k.ShortKey())
	}
}

// TestCosignatureVector is the example of C2SP tlog-cosignature, whose key is
// not published: what is signed, and where the time and key id are.
func TestCosignatureVector(t *testing.T) {
	text := "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
	c, err := ParseCheckpoint(text)
	if err != nil || c.Size != 20852163 || c.Text() != text {
		t.Fatalf("%+v, %v", c, err)
	}
	line := must[[]byte](t)(base64.StdEncoding.DecodeString("jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA=="))
	seconds := binary.BigEndian.Uint64(line[4:])
	if want := "cosignature/v1\ntime 1679315147\n" + text; string(cosigned(seconds, []byte(text))) != want {
		t.Errorf("signed is %q", cosigned(seconds, []byte(text)))
	}
	// Ours has the same shape, and x/mod finds its way through it.
	msg := must[[]byte](t)(c.Sign(LogSigner("example.com/behind-the-sofa", logKey), Cosigner("witness.example.com/w1", settlementKey, seconds)))
	n := must[*note.Note](t)(note.Open(msg, Keys{PublicKey("example.com/behind-the-sofa", logKey)}))
	raw := must[[]byte](t)(base64.StdEncoding.DecodeString(n.UnverifiedSigs[0].Base64))
	if len(raw) != len(line) || !bytes.Equal(raw[4:12], line[4:12]) {
		t.Errorf("a cosignature of %d bytes, want %d", len(raw), len(line))
	}
	pub := settlementKey.Public().(ed25519.PublicKey)
	id := sha256.Sum256(append([]byte("witness.example.com/w1\n\x04"), pub...))
	if !bytes.Equal(raw[:4], id[:4]) || !ed25519.Verify(pub, cosigned(seconds, []byte(text)), raw[12:]) {
		t.Error("the key id or signature is not that of the specification")
	}
}

func TestKeysAgreeWithNote(t *testing.T) {
	for _, k := range trusted {
		v, err := note.NewVerifier(k.String())
		if err != nil || v.Name() != k.Name || v.KeyHash() != k.KeyHash() {
			t.Errorf("%s: %v, %v", k, v, err)
		}
		again, err := ParseKey(k.String() + "\n")
		if err != nil || again.String() != k.String() {
			t.Errorf("%s reads as %s, %v", k, again, err)
		}
	}
}

func TestParseKeyRefuses(t *testing.T) {
	good := trusted[0].String()
	for _, s := range []string{"", "a+b", good[:len(good)-2], strings.Replace(good, "+", "+0", 1), strings.ToUpper(good), "x" + good,
		"a+00000000+" + base64.StdEncoding.EncodeToString(append([]byte{6}, make([]byte, 32)...))} {
		if _, err := ParseKey(s); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestOpenCheckpoint(t *testing.T) {
	c := Checkpoint{LogOrigin(node), 16, fill(1)}
	witness := Cosigner("witness.example/w1", settlementKey, 1_790_000_000)
	cosigner := Key{"witness.example/w1", TypeCosignature, settlementKey.Public().(ed25519.PublicKey)}
	log := LogSigner(LogOrigin(node), logKey)
	msg := must[[]byte](t)(c.Sign(log, witness))
	keys := Keys{trusted[0], cosigner}
	o, err := OpenCheckpoint(msg, keys)
	if err != nil || o.Checkpoint != c || !slices.Equal(o.Signed, []string{LogOrigin(node)}) || !slices.Equal(o.Cosigned, []string{"witness.example/w1"}) {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err := OpenCheckpoint(msg, trusted[:1]); err != nil || len(o.Cosigned) != 0 {
		t.Errorf("without the witness: %+v, %v", o, err)
	}
	for name, c := range map[string]struct {
		msg     []byte
		keys    Keys
		missing bool
	}{
		"no keys":           {msg, nil, true},
		"another key":       {msg, Keys{PublicKey(LogOrigin(node), settlementKey)}, true},
		"only the witness":  {msg, Keys{cosigner}, true},
		"another size":      {bytes.Replace(msg, []byte("\n16\n"), []byte("\n17\n"), 1), keys, false},
		"a zero in front":   {must[[]byte](t)(note.Sign(&note.Note{Text: strings.Replace(c.Text(), "\n16\n", "\n016\n", 1)}, log)), keys, false},
		"an extension line": {must[[]byte](t)(note.Sign(&note.Note{Text: c.Text() + "more\n"}, log)), keys, false},
		"no note":           {[]byte(c.Text()), keys, false},
		"too long":          {append(bytes.Clone(msg), make([]byte, maxNote)...), keys, false},
	} {
		o, err := OpenCheckpoint(c.msg, c.keys)
		if !fault.Is(err, fault.Invalid) || o.KeyMissing != c.missing {
			t.Errorf("%s: %+v, %v", name, o, err)
		}
	}
}

func TestEmptyCheckpoint(t *testing.T) {
	c := Checkpoint{Origin: LogOrigin(node)}
	if want := LogOrigin(node) + "\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"; c.Text() != want {
		t.Errorf("%q", c.Text())
	}
	if again, err := ParseCheckpoint(c.Text()); err != nil || again != c {
		t.Errorf("%+v, %v", again, err)
	}
}

func FuzzCheckpoint(f *testing.F) {
	c := Checkpoint{LogOrigin(node), 16, fill(1)}
	f.Add(must[[]byte](f)(c.Sign(LogSigner(LogOrigin(node), logKey))))
	f.Add([]byte(c.Text()))
	f.Add([]byte(trusted[0].String()))
	f.Fuzz(func(t *testing.T, b []byte) {
		if o, err := OpenCheckpoint(b, trusted); err == nil && (o.Checkpoint != c && o.Origin == c.Origin) {
			t.Fatalf("forged %+v", o)
		}
		if c, err := ParseCheckpoint(string(b)); err == nil && c.Text() != string(b) {
			t.Fatal("a checkpoint is written another way")
		}
		if k, err := ParseKey(string(b)); err == nil && k.String() != strings.TrimSpace(string(b)) {
			t.Fatal("a key is written another way")
		}
	})
}
