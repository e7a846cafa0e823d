package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/michaelperna/9ten/internal/fault"
)

// The cost of a password: argon2id (RFC 9106) with 19 MiB and two passes, so
// that the few that are computed at once fit into a small node's memory.
var cost = argon{memory: 19 * 1024, time: 2, threads: 1}

const (
	saltBytes, keyBytes = 16, 32
	hashesAtOnce        = 2  // 38 MiB
	hashesWaiting       = 64 // beyond that people are asked to come back
	passwordMin         = 10 // characters
	passwordMax         = 256
)

// argon are the parameters of argon2id: memory in KiB.
type argon struct {
	memory, time uint32
	threads      uint8
}

// A hasher computes password hashes, few at a time.
type hasher struct {
	slots   chan struct{}
	waiting atomic.Int32
	decoy   string // what an unknown account's password is compared with
}

func newHasher() *hasher {
	h := &hasher{slots: make(chan struct{}, hashesAtOnce)}
	h.decoy = encode(cost, make([]byte, saltBytes), make([]byte, keyBytes))
	return h
}

// key computes the hash. Faults: Unavailable when too many wait.
func (h *hasher) key(ctx context.Context, password string, salt []byte, a argon, n int) ([]byte, error) {
	if h.waiting.Add(1) > hashesWaiting {
		h.waiting.Add(-1)
		return nil, fault.New(fault.Unavailable, "Many people are signing in at the moment. Try again in a minute.")
	}
	defer h.waiting.Add(-1)
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(norm.NFC.String(password)), salt, a.time, a.memory, a.threads, uint32(n)), nil
}

// hash returns what is stored of a password, as a PHC string.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails (crypto/rand)
	key, err := h.key(ctx, password, salt, cost, keyBytes)
	if err != nil {
		return "", err
	}
	return encode(cost, salt, key), nil
}

// verify compares a password with what is stored. An empty or unreadable one
// matches nothing and takes as long. stale says that the parameters have
// changed since and the password should be hashed again.
func (h *hasher) verify(ctx context.Context, stored, password string) (ok, stale bool, err error) {
	a, salt, want, readable := decode(stored)
	if !readable {
		a, salt, want, _ = decode(h.decoy)
	}
	if len(password) > 4*passwordMax {
		password = ""
	}
	got, err := h.key(ctx, password, salt, a, len(want))
	if err != nil {
		return false, false, err
	}
	ok = subtle.ConstantTimeCompare(got, want) == 1 && readable
	return ok, ok && a != cost, nil
}

func encode(a argon, salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, a.memory, a.time, a.threads, b64.EncodeToString(salt), b64.EncodeToString(key))
}

// decode reads a PHC string. It refuses parameters that would cost more than
// a restored or edited database should be able to ask of the node.
func decode(s string) (a argon, salt, key []byte, ok bool) {
	part := strings.Split(s, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != "v=19" {
		return a, nil, nil, false
	}
	value := map[string]uint32{}
	for _, kv := range strings.Split(part[3], ",") {
		k, v, _ := strings.Cut(kv, "=")
		n, err := strconv.ParseUint(v, 10, 32)
		if err != nil {
			return a, nil, nil, false
		}
		value[k] = uint32(n)
	}
	m, t, p := value["m"], value["t"], value["p"]
	if m < 8 || m > 256*1024 || t < 1 || t > 16 || p < 1 || p > 16 || len(value) != 3 {
		return a, nil, nil, false
	}
	var err1, err2 error
	salt, err1 = base64.RawStdEncoding.Strict().DecodeString(part[4])
	key, err2 = base64.RawStdEncoding.Strict().DecodeString(part[5])
	if err1 != nil || err2 != nil || len(salt) < 8 || len(salt) > 64 || len(key) < 16 || len(key) > 64 {
		return a, nil, nil, false
	}
	return argon{memory: m, time: t, threads: uint8(p)}, salt, key, true
}

// obvious are the first things anybody tries that are long enough.
var obvious = []string{"1234567890", "0123456789", "0987654321", "qwertyuiop", "passwordpassword", "password123", "password1234", "iloveyou123", "1111111111", "0000000000"}

// checkPassword refuses a new password that is too short or too easy. It asks
// for no special characters (NIST SP 800-63B section 3.1.1.2).
func checkPassword(password, handle string) error {
	n := utf8.RuneCountInString(password)
	switch {
	case !utf8.ValidString(password):
		return fault.On("password", fault.Invalid, "The password has characters that cannot be read.")
	case n < passwordMin:
		return fault.On("password", fault.Invalid, "A password has at least %d characters. A few words in a row are good.", passwordMin)
	case n > passwordMax:
		return fault.On("password", fault.Invalid, "A password has at most %d characters.", passwordMax)
	}
	low := strings.ToLower(password)
	if strings.Trim(low, low[:1]) == "" || (handle != "" && strings.Trim(strings.ReplaceAll(low, handle, ""), "0123456789") == "") {
		return errObvious()
	}
	for _, o := range obvious {
		if low == o {
			return errObvious()
		}
	}
	return nil
}

func errObvious() error {
	return fault.On("password", fault.Invalid, "That password is among the first that anybody would try. Choose another.")
}
