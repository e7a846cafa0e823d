package listen

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/royalty"
)

// A Store runs the desk's transactions. Update's function may run more than
// once; what it returns an error for is not kept.
type Store interface {
	ListenView(ctx context.Context, fn func(Tx) error) error
	ListenUpdate(ctx context.Context, fn func(Tx) error) error
}

// A Tx is what listening needs of a transaction. What looks one thing up
// returns a NotFound fault when it is not there.
type Tx interface {
	Now() time.Time

	// Track finds a track, Sheet the version of its credit sheet in force at a
	// time (before the first one: the first), Shares what a version says. A
	// version that was once in force never changes.
	Track(ctx context.Context, t id.Track) (Track, error)
	Sheet(ctx context.Context, t id.Track, at int64) (uint32, error)
	Shares(ctx context.Context, t id.Track, version uint32) ([]Share, error)
	// Foreign finds a track of another node by its name in claims: its id there,
	// "@", the node.
	Foreign(ctx context.Context, name string) (id.Track, error)
	// ActsOf lists the acts an account is linked to.
	ActsOf(ctx context.Context, a id.Account) ([]id.Act, error)
	Device(ctx context.Context, k KeyID) (Device, error)

	Play(ctx context.Context, p id.Bytes16) (Play, error)
	InsertPlay(ctx context.Context, p *Play) error
	// UpdatePlay writes what a claim changed, Recount what counting did.
	UpdatePlay(ctx context.Context, p *Play) error
	Recount(ctx context.Context, p id.Bytes16, d Decision, ms int64) error
	// PlaysBetween lists an account's claimed plays that begin in [from, to),
	// without claim bytes.
	PlaysBetween(ctx context.Context, a id.Account, from, to int64) ([]Play, error)
	// CountPlays is how many plays of an account begin in [from, to), claimed or not.
	CountPlays(ctx context.Context, a id.Account, from, to int64) (int64, error)
	// Played moves the public number of counted plays of a track.
	Played(ctx context.Context, t id.Track, plays int64) error
	// Remember writes a play into the listener's own history, once, and has those told
	// whom the listener lets know.
	HistoryPaused(ctx context.Context, a id.Account) (bool, error)
	// Joined is when an account was made, in Unix milliseconds.
	Joined(ctx context.Context, a id.Account) (int64, error)
	Remember(ctx context.Context, a id.Account, t id.Track, at int64) error

	DayActs(ctx context.Context, a id.Account, d calendar.Day) ([]royalty.ActDay, error)
	// SetDayAct replaces an act's part of a day; nothing at all removes it.
	SetDayAct(ctx context.Context, a id.Account, d calendar.Day, act royalty.ActDay) error
	// AddMonthAct moves a running total.
	AddMonthAct(ctx context.Context, a id.Account, p calendar.Period, d Delta) error
	MonthActs(ctx context.Context, a id.Account, p calendar.Period) ([]royalty.Credit, error)

	// Unsealed lists the accounts and days up to and with a day whose claimed
	// plays are not all in a day row.
	Unsealed(ctx context.Context, until calendar.Day) ([]AccountDay, error)
	// ClaimsOf lists the hashes of the claims that stand, of plays of a day.
	ClaimsOf(ctx context.Context, a id.Account, d calendar.Day) ([]royalty.Hash, error)
	// SealedRow returns the last row made for a day: its sequence and the hash
	// of its bytes with sequence 0.
	SealedRow(ctx context.Context, a id.Account, d calendar.Day) (sequence uint8, hash royalty.Hash, err error)
	SetSealed(ctx context.Context, a id.Account, d calendar.Day, sequence uint8, hash royalty.Hash) error
	MarkSealed(ctx context.Context, a id.Account, d calendar.Day) error

	// NodeKey is K_node_month, ListenerKeys an account's pseudonym and month
	// key. Only an update makes them when they are missing.
	NodeKey(ctx context.Context, p calendar.Period) ([]byte, error)
	ListenerKeys(ctx context.Context, a id.Account, p calendar.Period) (Keys, error)
	// DropClaims removes the claims of plays that began before a time.
	DropClaims(ctx context.Context, before int64) (int64, error)

	LastPlay(ctx context.Context, a id.Account) (Play, error)
	// Receipts lists claimed plays with their claims, newest first, that begin
	// before a time, or at it and have a higher id than the one named.
	Receipts(ctx context.Context, a id.Account, before int64, after id.Bytes16, n int) ([]Play, error)
	Totals(ctx context.Context, a id.Account, from, to int64) (Totals, error)
}

// A Track is what listening knows of music.
type Track struct {
	ID      id.Track
	There   id.Track // its id at its home, where that is another node
	Home    string   // node id, "" for this node
	Seconds int64    // floor(samples / sample rate)
	Public  bool     // may be played by everybody now
	Opened  bool     // was so at some time
}

// A Device is a registered device key.
type Device struct {
	Account id.Account
	SPKI    []byte
	Revoked bool
}

// Keys are what hide a listener in a month.
type Keys struct {
	Pseudonym royalty.Pseudonym
	MonthKey  []byte // 32 bytes
}

// AccountDay names one listener's day.
type AccountDay struct {
	Account id.Account
	Day     calendar.Day
}

// A Delta moves a running total of an act; a day that no longer has the act
// counts -1.
type Delta struct {
	Act    id.Act
	Credit int64
	Plays  int64
	Days   int64
}

// Totals are what an account has heard in a stretch of time.
type Totals struct {
	Plays   int64 // counted
	Seconds int64 // counted, rounded down
}

// A Play is one listening session of one track.
type Play struct {
	ID      id.Bytes16
	Account id.Account
	Track   id.Track
	Device  KeyID // zero: unsigned class
	Sheet   uint32
	Own     []id.Act // acts it does not pay, because they are the listener's
	Seconds int64    // of the track
	Begin   int64    // Unix milliseconds
	End     int64    // as far as claimed
	MS      int64    // heard, as far as claimed
	Flags   Flags
	Origin  id.Bytes16 // keyed hash of where it came from, zero unknown

	Counter   uint32 // of the claim that stands, 0 none
	Accepted  uint32 // how many claims were taken
	Seen      int64  // when the last was
	Claim     []byte
	Signature []byte
	Hash      royalty.Hash

	Decision Decision
	Counted  int64 // milliseconds
	// AnswerDecision and AnswerMS are what the receipt of the standing claim said.
	AnswerDecision Decision
	AnswerMS       uint32
	Sealed         bool // the standing claim is in a day row
}

// Day is the UTC day the play belongs to.
func (p *Play) Day() calendar.Day { return calendar.DayOf(time.UnixMilli(p.Begin)) }

func (p *Play) heard(own bool) Heard {
	return Heard{Play: p.ID, Track: p.Track, Begin: p.Begin, End: p.End, MS: p.MS, Seconds: p.Seconds, Own: own}
}
