// Package id names things: one string type per entity, so that a track can
// never be passed where an act is meant.
//
// Identifiers are ULIDs and therefore tell when they were made. Where that
// must not leak (plays, nonces, pseudonyms) 16 random bytes are used instead.
package id

import (
	"crypto/rand"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/oklog/ulid/v2"
)

// One type per entity; each holds a 26-character ULID in upper case.
type (
	Account  string
	Session  string
	Act      string
	Release  string
	Track    string
	Playlist string
	Upload   string
	Sub      string // a subscription
	Entry    string // a journal entry
	Token    string // a personal access token
	Activity string // something said to other servers
	Comment  string
	Report   string // that something is wrong
	Live     string // a live event
	Person   string // a listener, as other servers see them
	List     string // of servers, of somebody else
	Share    string // of a thing, by somebody elsewhere
)

// Any is the set of identifier types.
type Any interface {
	Account | Session | Act | Release | Track | Playlist | Upload | Sub | Entry | Token | Activity | Comment | Report | Live | Person | List | Share
}

// New makes an identifier that sorts by now (to the millisecond).
func New[T Any](now time.Time) T {
	return T(ulid.MustNew(ulid.Timestamp(now), rand.Reader).String())
}

// Since is the least identifier of what is made at a time or later.
func Since[T Any](at time.Time) T {
	var u ulid.ULID
	_ = u.SetTime(uint64(max(0, at.UnixMilli()))) // fails in the year 10889
	return T(u.String())
}

// Parse reads an identifier in either case. It returns a NotFound fault for
// anything that is none, because nothing has such a name.
func Parse[T Any](s string) (T, error) {
	u, err := ulid.ParseStrict(strings.ToUpper(s))
	if err != nil {
		return "", fault.New(fault.NotFound, "There is nothing with that name here.")
	}
	return T(u.String()), nil
}

// Bytes16 are sixteen random bytes: a play id, pseudonym, nonce or salt.
type Bytes16 [16]byte

// Random16 reads sixteen bytes from the system's random source.
func Random16() (b Bytes16) {
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return b
}
