package account

import "time"

// How long a change is remembered by the key it was sent with, how many of them
// for one account, and how long an answer may be to be remembered with it.
const (
	RememberedFor  = 24 * time.Hour
	MaxRemembered  = 2000
	MaxAnswerBytes = 16 << 10
)

// An Answered is a change that was asked for with a key, and what was answered.
type Answered struct {
	Key     []byte // SHA-256 of what the caller sent
	Request []byte // digest of what was asked
	Status  int    // of HTTP; 0: it took effect, and the answer is not known
	Type    string
	Body    []byte
}
