package listen_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"flag"
	"math"
	"math/big"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
)

var update = flag.Bool("update", false, "write golden files anew")

const goldenClaims = "testdata/claims.json"

// vectors are shared with the player's own encoder.
type vectors struct {
	Keys     []keyVector
	Claims   []claimVector
	LogKey   string // Ed25519 public key, hex
	Receipts []receiptVector
}

type keyVector struct {
	Alg, ID, PKCS8, SPKI string // hex
}

type claimVector struct {
	Name    string
	Node    string
	Play    string
	Device  string
	Counter uint32
	Track   string
	Sheet   uint32
	Begin   int64
	End     int64
	Heard   []listen.Interval
	Flags   uint16
	Nonce   string
	// Bytes are the canonical claim, Hash its SHA-256, Signature the device's
	// (one of many that verify, when the key is ECDSA).
	Bytes, Hash, Signature string
}

type receiptVector struct {
	Claim     string
	Decision  uint8
	MS        uint32
	Day       uint32
	Bytes     string
	Signature string
}

func TestClaimVectors(t *testing.T) {
	got := makeVectors(t)
	b, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	b = append(b, '\n')
	if *update {
		if err := os.WriteFile(goldenClaims, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(goldenClaims)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(b)); diff != "" {
		t.Errorf("the golden file differs (-want +got):\n%s", diff)
	}
}

func TestVectorsVerify(t *testing.T) {
	b, err := os.ReadFile(goldenClaims)
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	keys := map[string]*listen.DeviceKey{}
	for _, k := range v.Keys {
		key, err := listen.ParseDeviceKey(unhex(t, k.SPKI))
		if err != nil {
			t.Fatal(err)
		}
		if hex.EncodeToString(key.ID[:]) != k.ID || key.Alg() != k.Alg {
			t.Errorf("%s: key id %x and algorithm %s", k.Alg, key.ID, key.Alg())
		}
		keys[k.ID] = key
	}
	for _, c := range v.Claims {
		claim, err := listen.ParseClaim(unhex(t, c.Bytes))
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		if claim.Track != c.Track || claim.End != c.End || len(claim.Heard) != len(c.Heard) {
			t.Errorf("%s: read as %+v", c.Name, claim)
		}
		key := keys[c.Device]
		if key == nil {
			if c.Signature != "" {
				t.Errorf("%s: an unsigned claim has a signature", c.Name)
			}
			continue
		}
		signature, message := unhex(t, c.Signature), unhex(t, c.Bytes)
		if !key.Verify(message, signature) {
			t.Errorf("%s: the signature does not verify", c.Name)
		}
		for _, wrong := range [][]byte{nil, signature[:63], append(bytes.Clone(signature), 0), make([]byte, 64)} {
			if key.Verify(message, wrong) {
				t.Errorf("%s: a signature %x verifies", c.Name, wrong)
			}
		}
		message[len(message)-1] ^= 1
		if key.Verify(message, signature) {
			t.Errorf("%s: a changed claim verifies", c.Name)
		}
	}
	for _, r := range v.Receipts {
		if _, err := listen.VerifyReceipt(unhex(t, v.LogKey), unhex(t, r.Bytes), unhex(t, r.Signature)); err != nil {
			t.Error(err)
		}
	}
}

func makeVectors(t *testing.T) (v vectors) {
	t.Helper()
	seed := sha256.Sum256([]byte("9ten claim vectors"))
	ed := ed25519.NewKeyFromSeed(seed[:])
	ec, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
	if err != nil {
		t.Fatal(err)
	}
	sign := map[string]func([]byte) []byte{
		addKey(t, &v, ed, ed.Public()): func(m []byte) []byte { return ed25519.Sign(ed, m) },
		addKey(t, &v, ec, ec.Public()): func(m []byte) []byte { return signP256(t, ec, m) },
		"":                             func([]byte) []byte { return nil },
	}
	for i, name := range []string{"ed25519", "p256", "unsigned"} {
		c := sampleClaim(uint32(i + 1))
		device := ""
		if i < 2 {
			device = v.Keys[i].ID
			copy(c.Device[:], unhex(t, device))
		}
		b, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		hash := listen.HashClaim(b)
		v.Claims = append(v.Claims, claimVector{
			name, c.Node, hex.EncodeToString(c.Play[:]), hex.EncodeToString(c.Device[:]), c.Counter, c.Track, c.Sheet, c.Begin, c.End, c.Heard, uint16(c.Flags),
			hex.EncodeToString(c.Nonce[:]), hex.EncodeToString(b), hex.EncodeToString(hash[:]), hex.EncodeToString(sign[device](b)),
		})
		r := listen.Receipt{Claim: hash, Decision: listen.Decision(i), Day: 20261124}
		if i == 0 {
			r.MS = 61_500
		}
		if b, err = r.Encode(); err != nil {
			t.Fatal(err)
		}
		v.Receipts = append(v.Receipts, receiptVector{hex.EncodeToString(hash[:]), uint8(r.Decision), r.MS, uint32(r.Day), hex.EncodeToString(b), hex.EncodeToString(ed25519.Sign(ed, b))})
	}
	v.LogKey = hex.EncodeToString(ed.Public().(ed25519.PublicKey))
	return v
}

// sampleClaim leaves something to every field.
func sampleClaim(counter uint32) listen.Claim {
	return listen.Claim{
		Node: "music.example", Play: id.Bytes16{1, 2, 3, 0xfe}, Counter: counter, Track: "01JD3ZKQ4Y8X5T2N7B6V9C1M0R@music.example", Sheet: 3,
		Begin: 1_795_500_000_000, End: 1_795_500_090_500, Heard: []listen.Interval{{Start: 0, Length: 30_000}, {Start: 90_000, Length: 31_500}},
		Flags: listen.Autoplay | listen.Background, Nonce: id.Bytes16{9, 8, 7},
	}
}

func addKey(t *testing.T, v *vectors, private, public any) string {
	t.Helper()
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	k, err := listen.ParseDeviceKey(spki)
	if err != nil {
		t.Fatal(err)
	}
	name := hex.EncodeToString(k.ID[:])
	v.Keys = append(v.Keys, keyVector{k.Alg(), name, hex.EncodeToString(pkcs8), hex.EncodeToString(spki)})
	return name
}

// signP256 signs as WebCrypto does, r||s, but deterministically (RFC 6979).
func signP256(t *testing.T, key *ecdsa.PrivateKey, m []byte) []byte {
	t.Helper()
	sum := sha256.Sum256(m)
	der, err := key.Sign(nil, sum[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	var rs struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &rs); err != nil {
		t.Fatal(err)
	}
	out := make([]byte, 64)
	rs.R.FillBytes(out[:32])
	rs.S.FillBytes(out[32:])
	return out
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestClaimRefused(t *testing.T) {
	valid := sampleClaim(1)
	good, err := valid.Encode()
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]func(c *listen.Claim){
		"no node":          func(c *listen.Claim) { c.Node = "" },
		"no track":         func(c *listen.Claim) { c.Track = "" },
		"track, no node":   func(c *listen.Claim) { c.Track = "01JD3ZKQ4Y8X5T2N7B6V9C1M0R" },
		"counter 0":        func(c *listen.Claim) { c.Counter = 0 },
		"ends first":       func(c *listen.Claim) { c.End = c.Begin - 1 },
		"before 1970":      func(c *listen.Claim) { c.Begin = -1 },
		"after 9999":       func(c *listen.Claim) { c.End = 1 << 60 },
		"unknown flag":     func(c *listen.Claim) { c.Flags = 32 },
		"empty interval":   func(c *listen.Claim) { c.Heard = []listen.Interval{{Start: 4, Length: 0}} },
		"out of order":     func(c *listen.Claim) { c.Heard = []listen.Interval{{Start: 4, Length: 1}, {Start: 0, Length: 1}} },
		"overlapping":      func(c *listen.Claim) { c.Heard = []listen.Interval{{Start: 0, Length: 5}, {Start: 4, Length: 1}} },
		"beyond the clock": func(c *listen.Claim) { c.Heard = []listen.Interval{{Start: math.MaxUint32, Length: 1}} },
		"not NFC":          func(c *listen.Claim) { c.Node = "mu\u0301sic.example" },
	}
	for name, change := range tests {
		c := valid
		change(&c)
		if _, err := c.Encode(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: encoded, %v", name, err)
		}
	}
	for name, b := range map[string][]byte{
		"nothing":        nil,
		"cut":            good[:len(good)-1],
		"trailing":       append(bytes.Clone(good), 0),
		"another tag":    append([]byte("9ten/play/v2"), good[12:]...),
		"too long":       make([]byte, listen.MaxClaim+1),
		"hostile length": append(bytes.Clone(good[:13]), 0xff, 0xff),
	} {
		if _, err := listen.ParseClaim(b); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}

func TestMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) listen.Interval {
			return listen.Interval{Start: rapid.Uint32Range(0, 60).Draw(t, "start"), Length: rapid.Uint32Range(0, 20).Draw(t, "length")}
		}), 0, 12).Draw(t, "intervals")
		var heard [80]bool
		for _, i := range in {
			for ms := i.Start; ms < i.Start+i.Length; ms++ {
				heard[ms] = true
			}
		}
		c := sampleClaim(1)
		c.Heard = listen.Merge(in)
		if err := c.Valid(); err != nil {
			t.Fatal(err)
		}
		for _, i := range c.Heard {
			for ms := i.Start; ms < i.Start+i.Length; ms++ {
				if !heard[ms] {
					t.Fatalf("%d ms was not heard: %v", ms, c.Heard)
				}
				heard[ms] = false
			}
		}
		if heard != [80]bool{} {
			t.Fatalf("something is missing of %v: %v", in, c.Heard)
		}
	})
	end := []listen.Interval{{Start: math.MaxUint32 - 1, Length: 9}, {Start: 0, Length: math.MaxUint32}}
	if got := listen.Merge(end); len(got) != 1 || got[0] != end[1] {
		t.Errorf("beyond the last millisecond: %v", got)
	}
}

func FuzzParseClaim(f *testing.F) {
	c := sampleClaim(7)
	b, err := c.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := listen.ParseClaim(b)
		if err != nil {
			return
		}
		again, err := c.Encode()
		if err != nil || !bytes.Equal(b, again) {
			t.Fatalf("read %x, wrote %x, %v", b, again, err)
		}
	})
}

func FuzzParseReceipt(f *testing.F) {
	b, err := listen.Receipt{Decision: listen.Overlaps, Day: 20261124}.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := listen.ParseReceipt(b)
		if err != nil {
			return
		}
		again, err := r.Encode()
		if err != nil || !bytes.Equal(b, again) {
			t.Fatalf("read %x, wrote %x, %v", b, again, err)
		}
	})
}

func FuzzParseDeviceKey(f *testing.F) {
	seed := sha256.Sum256([]byte("fuzz"))
	spki, err := x509.MarshalPKIXPublicKey(ed25519.NewKeyFromSeed(seed[:]).Public())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(spki)
	f.Fuzz(func(t *testing.T, b []byte) {
		if k, err := listen.ParseDeviceKey(b); err == nil && k.Verify([]byte("m"), make([]byte, 64)) {
			t.Fatal("sixty-four zero bytes verify")
		}
	})
}
