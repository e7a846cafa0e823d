package account

import (
	"context"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
)

// The first example of the reference implementation's tests (argon2id, v=19,
// t=2, m=65536, p=1, "password", "somesalt").
func TestVerifyKnownHash(t *testing.T) {
	const stored = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	h := newHasher()
	ok, stale, err := h.verify(t.Context(), stored, "password")
	if !ok || !stale || err != nil {
		t.Errorf("%v, %v, %v", ok, stale, err)
	}
	if ok, _, _ := h.verify(t.Context(), stored, "Password"); ok {
		t.Error("another password fits")
	}
}

func TestHashRoundTrip(t *testing.T) {
	h := newHasher()
	a, err := h.hash(t.Context(), "four words in a row")
	if err != nil {
		t.Fatal(err)
	}
	b, err := h.hash(t.Context(), "four words in a row")
	if err != nil || a == b {
		t.Errorf("two hashes of one password are alike: %v", err)
	}
	if ok, stale, err := h.verify(t.Context(), a, "four words in a row"); !ok || stale || err != nil {
		t.Errorf("%v, %v, %v", ok, stale, err)
	}
}

// Nothing matches what is no hash, not even the decoy's own zeros.
func TestUnreadableHashMatchesNothing(t *testing.T) {
	h := newHasher()
	for _, stored := range []string{"", "x", "$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"} {
		if ok, _, err := h.verify(t.Context(), stored, ""); ok || err != nil {
			t.Errorf("%q: %v, %v", stored, ok, err)
		}
	}
}

func TestHashesWait(t *testing.T) {
	h := newHasher()
	for range hashesAtOnce {
		h.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.hash(ctx, "x"); err == nil {
		t.Error("a third hash did not wait")
	}
	h.waiting.Store(hashesWaiting)
	if _, err := h.hash(ctx, "x"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a crowd = %v", err)
	}
	if h.waiting.Load() != hashesWaiting {
		t.Error("who was sent away is still counted")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$argon2id$v=19$m=1,m=1,p=0$$")
	f.Fuzz(func(t *testing.T, s string) {
		a, salt, key, ok := decode(s)
		if !ok {
			return
		}
		b, salt2, key2, ok := decode(encode(a, salt, key))
		if !ok || a != b || string(salt) != string(salt2) || string(key) != string(key2) {
			t.Errorf("%q does not come back", s)
		}
		if a.memory > 256*1024 || a.time > 16 {
			t.Errorf("%q costs too much", s)
		}
	})
}

func FuzzReadKey(f *testing.F) {
	f.Add([]byte("0*0\x05\x06\x03+ep\x03!\x00kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"))
	f.Fuzz(func(t *testing.T, spki []byte) {
		d, err := readKey(spki)
		if err == nil && (string(d.SPKI) != string(spki) || d.Alg == "") {
			t.Errorf("%x = %+v", spki, d)
		}
		if err != nil && fault.KindOf(err) == fault.Internal {
			t.Errorf("%x: %v", spki, err)
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add("Ada", "ada@example.org")
	f.Add("a\u0308\u200d", "\"a b\"@example.org")
	f.Fuzz(func(t *testing.T, name, mail string) {
		if c, err := cleanName(name, ""); err == nil {
			if again, err := cleanName(c, ""); err != nil || again != c {
				t.Errorf("%q becomes %q and then %q, %v", name, c, again, err)
			}
		}
		if c, err := cleanEmail(mail); err == nil {
			if again, err := cleanEmail(c); err != nil || again != c {
				t.Errorf("%q becomes %q and then %q, %v", mail, c, again, err)
			}
		}
		if h, err := cleanHandle(name); err == nil && len(h) > 30 {
			t.Errorf("handle %q", h)
		}
	})
}

func BenchmarkPassword(b *testing.B) {
	h := newHasher()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.hash(b.Context(), "four words in a row"); err != nil {
			b.Fatal(err)
		}
	}
}
