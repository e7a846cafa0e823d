package social

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// Credits is how it stands with who is paid for a release of another node.
type Credits struct {
	State   string
	Trouble string    // why they were refused, in words
	Proved  time.Time // when the document that holds was made
	Fetched time.Time // when it was had last
	Tried   time.Time // when it was asked for last
}

// The states of [Credits].
const (
	Holds   = "holds"
	Unpaid  = "unpaid"  // its server is no node: nobody says who would be paid
	Refused = "refused" // what its node said does not hold; what held before counts
)

// Confirmed is for how long credits are not called old.
const Confirmed = 7 * 24 * time.Hour

// Old reports whether the act's node has not confirmed credits lately. They count
// until it says something else.
func (c *Credits) Old(now time.Time) bool {
	return !c.Fetched.IsZero() && now.Sub(c.Fetched) > Confirmed
}

// A Payee is an act of another node, by the id that it has at home.
type Payee struct {
	Act     id.Act
	Actor   string // its document
	Host    string
	Handle  string
	Name    string
	Picture string
	Wallets []music.Wallet
	Proved  time.Time // when its word about its wallets was made
}

// A CreditSheet is a track's of another node.
type CreditSheet struct {
	Track   id.Track // this node's
	Name    string   // its id at home, "@", its home
	Version uint32
	Since   time.Time
	Shares  []music.Share
}

// A Part is what an act earns of a track of another node.
type Part struct {
	Payee
	Bps  int64
	Paid bool // it has wallets; otherwise it is owed
}

// Credited is what is kept of who is paid for music of other nodes.
type Credited interface {
	Credits(ctx context.Context, r id.Release) (Credits, error)
	PutCredits(ctx context.Context, r id.Release, c Credits) error
	// CreditsDue are releases whose credits were not asked for since before: those
	// played since, and then those of which none hold. Of one host they are at most
	// each, together at most n.
	CreditsDue(ctx context.Context, before, since time.Time, each, n int) ([]id.Release, error)
	// KeepProof keeps a document, and names it. One that says nothing new is not to be
	// kept: whoever dates it anew fills the store.
	KeepProof(ctx context.Context, body []byte) (hash []byte, err error)
	Payee(ctx context.Context, a id.Act) (Payee, error)
	PutPayee(ctx context.Context, p Payee, proof []byte) error
	// ConfirmPayee notes that a payee said again what is known of their wallets.
	ConfirmPayee(ctx context.Context, p Payee) error
	// HasSheet reports whether a sheet is kept. A version that is there must be the same:
	// Conflict.
	HasSheet(ctx context.Context, s CreditSheet) (bool, error)
	// PutSheet keeps a sheet. One that is there under its version must be the same,
	// and later versions are in force later: Conflict.
	PutSheet(ctx context.Context, s CreditSheet, proof []byte) error
	// Parts are what earns by the sheets of a release's tracks that count now.
	Parts(ctx context.Context, r id.Release) (map[id.Track][]Part, error)
}

// WantCredits asks for who is paid for a release of another server.
func WantCredits(ctx context.Context, tx Tx, r id.Release) error {
	return tx.Enqueue(ctx, JobCredits, string(r), []byte(r), time.Time{})
}
