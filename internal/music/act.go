package music

import (
	"encoding/hex"
	"strings"
	"time"

	"golang.org/x/crypto/sha3"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// An Act is an artist or a band: one payout identity. So is a label.
type Act struct {
	ID        id.Act
	Handle    string // lower case, unique, part of addresses
	Name      string
	Bio       string
	Place     string
	Aliases   []string // other names it publishes under
	Members   []Member
	Links     []Link
	Cover     Cover
	Face      Cover // of its newest public release, for where it has no picture
	Label     bool  // it is a label: see [Signing]; it stays one
	Orphaned  bool  // nobody owns it any more: the operator looks after it
	Releases  int64 // public ones
	Followers int64
	Created   time.Time
	Changed   time.Time
}

// A Member is a person of a band, in words.
type Member struct {
	Name string `json:"name"`
	Role string `json:"role,omitempty"`
}

// A Link leads from an act's page to the web.
type Link struct {
	Label string `json:"label"`
	URL   string `json:"url"`
}

// A Cover is a picture with the accents computed from it; the zero value is none.
type Cover struct {
	ID    string // names it under /covers/
	Light string // accent on light pages, #rrggbb
	Dark  string
}

// A Role is what an account may do for an act.
type Role string

// The roles, weakest first.
const (
	NoRole Role = ""
	Editor Role = "editor" // uploads and edits
	Owner  Role = "owner"  // also publishes, agrees to credits, changes wallets and roles
)

// A Place says which account holds which role.
type Place struct {
	Account id.Account
	Role    Role
	Since   time.Time
}

// A Wallet is one line of how an act's money is divided inside it.
type Wallet struct {
	Name    string // the person or label
	Address string // 0x and 40 hex digits, checksummed (EIP-55)
	Bps     int64  // basis points of the act's money
}

// Whole is what the basis points of a sheet sum to.
const Whole = 10_000

// Handle checks the name an act has in addresses: 2 to 32 of a-z, 0-9 and
// hyphens between them. It returns an Invalid fault about "handle".
func Handle(s string) (string, error) {
	h := strings.ToLower(strings.TrimPrefix(strings.TrimSpace(s), "@"))
	ok := len(h) >= 2 && len(h) <= 32 && h[0] != '-' && h[len(h)-1] != '-'
	for _, c := range []byte(h) {
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')
	}
	if !ok {
		return "", fault.On("handle", fault.Invalid, "%q cannot be part of an address: take 2 to 32 letters a to z, digits, and hyphens between them.", cut(s, 60))
	}
	return h, nil
}

// Slug proposes a handle for a name: "Sigur Rós" gives "sigur-ros". It returns
// "act" when the name has no letter that fits.
func Slug(name string) string {
	var b strings.Builder
	for _, t := range Terms(name) {
		t = strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, t)
		if t == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('-')
		}
		b.WriteString(t)
	}
	s := b.String()
	if len(s) > 28 {
		s = s[:28]
	}
	if s = strings.Trim(s, "-"); len(s) < 2 {
		return "act"
	}
	return s
}

// check cleans the act and returns the first Invalid fault.
func (a *Act) check() (err error) {
	if a.Handle, err = Handle(a.Handle); err != nil {
		return err
	}
	a.Name, a.Bio, a.Place = OneLine(a.Name), prose(a.Bio), OneLine(a.Place)
	if len(a.Aliases) > listMax || len(a.Members) > listMax || len(a.Links) > listMax {
		return fault.New(fault.Invalid, "Aliases, members and links can be %d each.", listMax)
	}
	for _, e := range []error{
		need("name", "The name", a.Name, nameMax, false),
		need("bio", "The text about the act", a.Bio, textMax, true),
		need("place", "The place", a.Place, nameMax, true),
	} {
		if e != nil {
			return e
		}
	}
	for i := range a.Aliases {
		a.Aliases[i] = OneLine(a.Aliases[i])
		if err := need("aliases", "An alias", a.Aliases[i], nameMax, false); err != nil {
			return err
		}
	}
	for i := range a.Members {
		m := &a.Members[i]
		m.Name, m.Role = OneLine(m.Name), OneLine(m.Role)
		if err := need("members", "The name of a member", m.Name, nameMax, false); err != nil {
			return err
		}
		if err := need("members", "What a member does", m.Role, nameMax, true); err != nil {
			return err
		}
	}
	for i := range a.Links {
		l := &a.Links[i]
		l.Label, l.URL = OneLine(l.Label), strings.TrimSpace(l.URL)
		if err := webAddress(l.URL); err != nil {
			return err
		}
		if err := need("links", "The label of a link", l.Label, nameMax, true); err != nil {
			return err
		}
	}
	return nil
}

// CheckWallets cleans a wallets sheet: each line a name, an address and more
// than 0 basis points, the sum 10000, no address twice. An empty sheet is
// none: the act's money is then owed to it. It returns an Invalid fault.
func CheckWallets(sheet []Wallet) ([]Wallet, error) {
	if len(sheet) == 0 {
		return nil, nil
	}
	if len(sheet) > listMax {
		return nil, fault.On("wallets", fault.Invalid, "A sheet can have %d wallets.", listMax)
	}
	out := make([]Wallet, len(sheet))
	seen := map[string]bool{}
	var sum int64
	for i, w := range sheet {
		addr, err := Address(w.Address)
		if err != nil {
			return nil, err
		}
		w.Name, w.Address = OneLine(w.Name), addr
		if err := need("wallets", "The name beside a wallet", w.Name, nameMax, false); err != nil {
			return nil, err
		}
		if seen[addr] {
			return nil, fault.On("wallets", fault.Invalid, "%s is there twice. Add its shares together.", addr)
		}
		if w.Bps < 1 || w.Bps > Whole {
			return nil, fault.On("wallets", fault.Invalid, "The share of %s must be between 0.01 and 100 per cent.", w.Name)
		}
		seen[addr], sum, out[i] = true, sum+w.Bps, w
	}
	if sum != Whole {
		return nil, fault.On("wallets", fault.Invalid, "The shares add up to %s per cent. They must be 100.", percent(sum))
	}
	return out, nil
}

// Address checks an Ethereum address and returns it with its checksum
// (EIP-55). Mixed case must carry the right checksum, because a mistyped
// address is lost money. It returns an Invalid fault about "wallets".
func Address(s string) (string, error) {
	s = strings.TrimSpace(s)
	digits, ok := strings.CutPrefix(strings.Replace(s, "0X", "0x", 1), "0x")
	lower := strings.ToLower(digits)
	if _, err := hex.DecodeString(lower); err != nil || !ok || len(lower) != 40 {
		return "", fault.On("wallets", fault.Invalid, "%q is no wallet address: it begins with 0x and has 40 digits 0 to 9 and a to f.", cut(s, 60))
	}
	h := sha3.NewLegacyKeccak256()
	h.Write([]byte(lower)) // never fails (hash.Hash)
	sum := h.Sum(nil)
	out := []byte(lower)
	for i, c := range out {
		if c >= 'a' && sum[i/2]>>(4-4*(i%2))&8 != 0 {
			out[i] = c - 'a' + 'A'
		}
	}
	if digits != string(out) && digits != lower && digits != strings.ToUpper(digits) {
		return "", fault.On("wallets", fault.Invalid, "The address %s has a typing mistake: its capital letters do not match. Copy it again.", s)
	}
	return "0x" + string(out), nil
}

// percent writes basis points: 9950 is "99.5".
func percent(bps int64) string {
	return trimmed(bps/100, bps%100)
}
