package app

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/file"
)

// formerFor is how long requests are signed with the key before where the new one is
// refused: all known software asks for an actor anew within some days.
const formerFor = 7 * 24 * time.Hour

// A requestKey signs the requests of all actors of the node. It has a number, so that
// who knows the one before sees by its address that it is another.
type requestKey struct {
	private *rsa.PrivateKey // nil: there is none
	number  int             // 0 and 1 are the first
	since   time.Time       // when it took the place of another, zero: it did not
}

// of is the key as an actor signs with it.
func (k requestKey) of(actor string) sig.Key {
	return sig.Key{ID: form.HTTPKeyOf(actor, k.number), Private: k.private}
}

// openRequestKeys reads the key of requests, which is made when there is none, and the
// one before it.
func (d *dir) openRequestKeys() (now, former requestKey, err error) {
	if _, err := d.rsaKey("http"); err != nil {
		return now, former, err
	}
	if now, err = d.requestKey("http"); err != nil {
		return now, former, err
	}
	former, err = d.requestKey("http-former")
	if former.number >= now.number { // killed before the new one took its place
		former = requestKey{}
	}
	return now, former, err
}

// requestKey reads one; it has no private key where there is no file.
func (d *dir) requestKey(name string) (k requestKey, err error) {
	text, err := os.ReadFile(d.join("keys", name+".pem"))
	if errors.Is(err, fs.ErrNotExist) {
		return k, nil
	}
	if err != nil {
		return k, fault.Wrap(err, fault.Unavailable, "The key %s cannot be read.", name)
	}
	if k.private, err = d.rsaKey(name); err != nil {
		return k, err
	}
	k.number = 1
	if block, _ := pem.Decode(text); block != nil && block.Headers["Number"] != "" {
		number, err1 := strconv.Atoi(block.Headers["Number"])
		since, err2 := time.Parse(time.RFC3339, block.Headers["Since"])
		if err := errors.Join(err1, err2); err != nil {
			return k, fault.Wrap(err, fault.Invalid, "What the file of the key %s says of it cannot be read.", name)
		}
		k.number, k.since = number, since
	}
	return k, nil
}

// rotateRequestKey has a new key sign requests. The one before is kept beside it, but
// where others have it.
func (d *dir) rotateRequestKey(now time.Time, leaked bool) (next requestKey, err error) {
	k, _, err := d.openRequestKeys()
	if err != nil {
		return next, err
	}
	if until := k.since.Add(formerFor); now.Before(until) && !leaked {
		return next, fault.New(fault.Conflict, "The key is new since %s: others may not know it yet. Wait until %s, or say that somebody has it: --leaked.", k.since.Format(time.DateTime), until.Format(time.DateTime))
	}
	former := d.join("keys", "http-former.pem")
	if leaked {
		if err := os.Remove(former); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return next, fault.Wrap(err, fault.Unavailable, "The former key cannot be removed.")
		}
	} else if err := writeRequestKey(former, k); err != nil {
		return next, err
	}
	next = requestKey{number: k.number + 1, since: now.UTC().Truncate(time.Second)}
	if next.private, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return next, err
	}
	return next, writeRequestKey(d.join("keys", "http.pem"), next)
}

func writeRequestKey(path string, k requestKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return err
	}
	block := &pem.Block{Type: "PRIVATE KEY", Bytes: der}
	if !k.since.IsZero() {
		block.Headers = map[string]string{"Number": strconv.Itoa(k.number), "Since": k.since.Format(time.RFC3339)}
	}
	if err := file.Replace(path, pem.EncodeToMemory(block), 0o600); err != nil {
		return fault.Wrap(err, fault.Unavailable, "The key %s cannot be written.", path)
	}
	return nil
}

// Signer is the key with which an actor of this node signs requests.
func (f *federation) Signer(actor string) (sig.Key, error) { return f.node.keys.http.of(actor), nil }

// Former is the one before, as long as others may know that one alone.
func (f *federation) Former(actor string) (sig.Key, bool) {
	k := f.node.keys
	if k.former.private == nil || f.node.now().After(k.http.since.Add(formerFor)) {
		return sig.Key{}, false
	}
	return k.former.of(actor), true
}
