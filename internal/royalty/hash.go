package royalty

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
)

// Hash is a SHA-256. The root of an empty tree is the zero Hash.
type Hash [sha256.Size]byte

// Salt is the sixteen bytes that keep a row from being guessed.
type Salt = id.Bytes16

// Pseudonym stands for one listener of one node in one month.
type Pseudonym = id.Bytes16

// Bounds of a listener's credit, in seconds x basis points. A day is capped at
// 57,600 s, a month at 31 such days.
const (
	MaxDayCredit   = 57_600 * 10_000
	MaxMonthCredit = 31 * MaxDayCredit // 17,856,000,000
)

// EntryHash is what the log holds of a row: SHA-256(salt || row).
func EntryHash(salt Salt, row []byte) Hash {
	h := sha256.New()
	h.Write(salt[:])
	h.Write(row)
	return Hash(h.Sum(nil))
}

// LeafHash is RFC 6962's hash of a leaf: SHA-256(0x00 || data).
func LeafHash(data []byte) Hash {
	var small [512]byte
	b := append(append(small[:0], 0), data...)
	return sha256.Sum256(b)
}

// EntryLeaf is the log leaf of an entry.
func EntryLeaf(entry Hash) Hash {
	var b [1 + len(entry)]byte
	copy(b[1:], entry[:])
	return sha256.Sum256(b[:])
}

// NodeHash is RFC 6962's hash of a node: SHA-256(0x01 || left || right).
func NodeHash(left, right Hash) Hash {
	var b [65]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[33:], right[:])
	return sha256.Sum256(b[:])
}

// DaySalt derives the salt of a day row from the listener's month key.
func DaySalt(monthKey []byte, d calendar.Day) Salt { return salt(monthKey, uint32(d)) }

// MonthSalt derives the salt of the month row from the listener's month key.
func MonthSalt(monthKey []byte, p calendar.Period) Salt { return salt(monthKey, uint32(p)) }

func salt(key []byte, n uint32) Salt {
	m := hmac.New(sha256.New, key)
	m.Write([]byte("9ten/salt/v1\x00"))
	m.Write(binary.BigEndian.AppendUint32(nil, n))
	return Salt(m.Sum(nil)[:16])
}

// PseudonymOf derives a listener's pseudonym from the node's key of the month.
func PseudonymOf(nodeMonthKey []byte, account id.Account) Pseudonym {
	m := hmac.New(sha256.New, nodeMonthKey)
	m.Write([]byte(account))
	return Pseudonym(m.Sum(nil)[:16])
}

// Blind hides a listener in an act's leaves. It differs from act to act, so
// that two acts cannot find a fan they share.
func Blind(period Salt, act id.Act, who Pseudonym) Hash {
	h := sha256.New()
	h.Write([]byte("9ten/blind/v1\x00"))
	h.Write(period[:])
	h.Write([]byte(act))
	h.Write(who[:])
	return Hash(h.Sum(nil))
}

// TieKey orders acts that are equal in credit, plays and days.
func TieKey(seed Hash, act id.Act) Hash {
	h := sha256.New()
	h.Write([]byte("9ten/tie/v1\x00"))
	h.Write(seed[:])
	h.Write([]byte(act))
	return Hash(h.Sum(nil))
}

func invalid(format string, args ...any) error { return fault.New(fault.Invalid, format, args...) }

// total adds amounts and refuses a sum that does not fit, or a negative one.
func total(parts ...money.Micro) (sum money.Micro, err error) {
	for _, p := range parts {
		if p < 0 {
			return 0, invalid("An amount is below zero.")
		}
		if sum, err = money.Add(sum, p); err != nil {
			return 0, err
		}
	}
	return sum, nil
}

// validNode refuses what cannot name a node: its lower-case host and, on a
// development machine, its port.
func validNode(node string) error {
	if node == "" || len(node) > 255 {
		return invalid("A node has no name, or too long a one.")
	}
	for _, c := range []byte(node) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != ':' && c != '[' && c != ']' && c != '_' {
			return invalid("%q is not the name of a node: it is a host in lower case.", node)
		}
	}
	return nil
}

// ValidAct refuses what cannot be an act's id. The registry gives ULIDs; the
// arithmetic only asks for 1 to 64 printable ASCII characters without spaces.
func ValidAct(act id.Act) error {
	if act == "" || len(act) > 64 {
		return invalid("An act has no id, or too long a one.")
	}
	for _, c := range []byte(act) {
		if c <= ' ' || c > '~' {
			return invalid("%q is not the id of an act.", string(act))
		}
	}
	return nil
}
