// Package report turns listening into evidence: each day's rows into the log
// and onto the ledger, each month's rows into a settlement, and both into
// receipts that their owners can check anywhere.
//
// Every step is persisted before the next begins and may be run again: a node
// that dies anywhere goes on where it was. It knows the order of the steps
// and their arithmetic; where the log, the ledger and the rows live it does
// not know.
package report

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/notice"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/wallet"
)

// A DayState is how far a day has come.
type DayState uint8

// The states of a day.
const (
	Sealed   DayState = 1 // its rows are fixed
	Logged   DayState = 2 // they are in the log
	Anchored DayState = 3 // and its checkpoint is on the ledger
)

// A Batch is a day's part of the log.
type Batch struct {
	Day        calendar.Day
	State      DayState
	Entries    int    // without padding
	First      uint64 // index in the log
	Size       uint64 // of the log behind the batch
	Root       royalty.Hash
	Checkpoint string // signed note
	Sealed     time.Time
	Anchored   time.Time
}

// A DayRow is a row that goes into the log, or stands there.
type DayRow struct {
	Day       calendar.Day
	Pseudonym royalty.Pseudonym
	Sequence  uint8
	Salt      royalty.Salt
	Data      []byte // canonical
	Position  int    // in its batch
	Batch     Batch  // set on reading
}

// A PeriodState is how far a period has come.
type PeriodState uint8

// The states of a period.
const (
	Compiled  PeriodState = 1 // rows, trees and settlement are fixed
	Published PeriodState = 2 // the settlement is on the ledger
	Booked    PeriodState = 3 // the pot is divided in the books
	Final     PeriodState = 4 // nobody can challenge it any more
	Fixed     PeriodState = 5 // the payout batch is fixed
)

// A Period is a settled month.
type Period struct {
	Period     calendar.Period
	State      PeriodState
	Settlement []byte // canonical
	Signature  []byte // by the settlement key
	Rules      []byte // what the arithmetic was made with, JSON
	TreeA      string // signed checkpoint of tree A
	Compiled   time.Time
	Published  time.Time
	Final      time.Time
	Batch      string // hash of the payout batch, hex
}

// A MonthRow is a listener's settled month. Data is nil once the account is
// deleted.
type MonthRow struct {
	Pseudonym royalty.Pseudonym
	Position  int
	Leaf      royalty.Hash
	Salt      royalty.Salt
	Data      []byte
	Carried   uint8 // for how many periods the carry had waited
	Confirmed bool  // the listener confirmed the nine
	Closed    bool  // the account was gone
	// Basis are the day rows of an earlier period by which it was paid, as one
	// list (see joined); nil where its own count.
	Basis []byte
}

// A Carry is a pot that waits for its listener.
type Carry struct {
	Subscription id.Sub
	Account      id.Account // "" once the account is deleted
	Micro        money.Micro
	Carried      uint8 // for how many periods it has now waited
}

// A Store runs the report's transactions.
type Store interface {
	ReportView(ctx context.Context, fn func(Tx) error) error
	ReportUpdate(ctx context.Context, fn func(Tx) error) error
}

// A Tx is what the report needs of a transaction. What looks one thing up
// returns a NotFound fault when it is not there.
type Tx interface {
	Now() time.Time
	notice.MonthTeller
	// TellNodes has the nodes of acts elsewhere told what a month gave them.
	TellNodes(ctx context.Context, p calendar.Period) error

	// SealRows yields what is to be sealed with a day, in order of day and
	// pseudonym: the rows of the day, and corrections of earlier ones with the
	// next sequence. It marks them as sealed.
	SealRows(ctx context.Context, d calendar.Day, yield func(royalty.DayRow, royalty.Salt) error) error
	// Claims lists the hashes of an account's claims as the last row of a day
	// holds them, and the device keys that signed them, both ascending.
	Claims(ctx context.Context, a id.Account, d calendar.Day) ([]royalty.Hash, []id.Bytes16, error)
	// Pseudonym and MonthSalt are an account's of a period. An update makes
	// them when they are missing; a view returns NotFound.
	Pseudonym(ctx context.Context, p calendar.Period, a id.Account) (royalty.Pseudonym, error)
	MonthSalt(ctx context.Context, p calendar.Period, a id.Account) (royalty.Salt, error)
	// MonthSalts are those there are of a period.
	MonthSalts(ctx context.Context, p calendar.Period) (map[id.Account]royalty.Salt, error)

	// Unsealed counts claimed plays up to and with a day that no row holds as
	// they stand.
	Unsealed(ctx context.Context, until calendar.Day) (int, error)
	// FirstDay is the day on which the node's listening begins: that of the
	// first play or payment, at the latest today.
	FirstDay(ctx context.Context) (calendar.Day, error)
	Batch(ctx context.Context, d calendar.Day) (Batch, error)
	BatchBySize(ctx context.Context, size uint64) (Batch, error)
	LastAnchored(ctx context.Context, until calendar.Day) (Batch, error)
	SealBatch(ctx context.Context, d calendar.Day, entries int) error
	InsertDayRow(ctx context.Context, batch calendar.Day, r DayRow) error
	BatchEntries(ctx context.Context, d calendar.Day) ([]royalty.Hash, error)
	LogBatch(ctx context.Context, b Batch) error
	AnchorBatch(ctx context.Context, d calendar.Day) error
	// DayRowsOf returns the rows of one pseudonym in a period, by day and sequence.
	DayRowsOf(ctx context.Context, p calendar.Period, who royalty.Pseudonym) ([]DayRow, error)
	// PeriodRows yields all rows of a period in order of the pseudonym. data is
	// good until yield returns.
	PeriodRows(ctx context.Context, p calendar.Period, yield func(who royalty.Pseudonym, data []byte) error) error

	Charges(ctx context.Context, p calendar.Period) ([]wallet.Charge, error)
	Sums(ctx context.Context, p calendar.Period) (wallet.Sums, error)
	Payments(ctx context.Context, d calendar.Day) ([]wallet.Event, error)
	// Carries are what was carried out of a period.
	Carries(ctx context.Context, p calendar.Period) ([]Carry, error)
	SetCarry(ctx context.Context, p calendar.Period, c Carry) error
	// CarryBalances is what the books hold for each subscription.
	CarryBalances(ctx context.Context) (map[id.Sub]money.Micro, error)
	// BookBalances are all books that are not at zero.
	BookBalances(ctx context.Context) ([]wallet.Posting, error)
	// BooksHead is the hash of the last entry dated before a moment, zeros for
	// none; BooksHold reports whether there is an entry of that hash.
	BooksHead(ctx context.Context, before time.Time) (royalty.Hash, error)
	BooksHold(ctx context.Context, hash royalty.Hash) (bool, error)
	HasConfirmed(ctx context.Context, p calendar.Period, a id.Account) (bool, error)
	Confirmed(ctx context.Context, p calendar.Period) (map[id.Account]bool, error)
	Confirm(ctx context.Context, p calendar.Period, a id.Account) error
	Book(ctx context.Context, e wallet.Entry) error
	// Entry is an entry of the journal by its name, or NotFound.
	Entry(ctx context.Context, idem string) (wallet.Entry, error)

	Period(ctx context.Context, p calendar.Period) (Period, error)
	Periods(ctx context.Context) ([]Period, error)
	// ClearPeriod removes a compilation that was not finished, or one that is
	// made again. A final one stays.
	ClearPeriod(ctx context.Context, p calendar.Period) error
	InsertPeriod(ctx context.Context, p Period) error
	AdvancePeriod(ctx context.Context, p Period) error
	InsertMonthRow(ctx context.Context, p calendar.Period, r MonthRow) error
	MonthRowOf(ctx context.Context, p calendar.Period, who royalty.Pseudonym) (MonthRow, error)
	// MonthRows yields all rows of a period by position.
	MonthRows(ctx context.Context, p calendar.Period, yield func(MonthRow) error) error
	Leaves(ctx context.Context, p calendar.Period) ([]royalty.Hash, error)
	InsertShares(ctx context.Context, p calendar.Period, act id.Act, leaves []royalty.Leaf) error
	Shares(ctx context.Context, p calendar.Period, yield func(royalty.Leaf) error) error
	InsertLine(ctx context.Context, p calendar.Period, l royalty.Line) error
	Lines(ctx context.Context, p calendar.Period) ([]royalty.Line, error)
	// Sheets are the wallets of all acts here that have any, and of those on other
	// nodes that a month of this node ever gave something, in the order they wrote.
	Sheets(ctx context.Context) (map[id.Act][]Payout, error)
	// Earnings lists an act's lines, newest period first.
	Earnings(ctx context.Context, act id.Act) ([]Earning, error)

	// Retention is what was destroyed of a period, nothing when none is known.
	Retention(ctx context.Context, p calendar.Period) (Retention, error)
	SetRetention(ctx context.Context, p calendar.Period, r Retention) error
	// DropOrigins forgets where at most n plays of a period came from;
	// ExpireDays and ExpireMonths destroy at most n of its rows with their
	// salts. Each returns how many there were.
	DropOrigins(ctx context.Context, p calendar.Period, n int) (int, error)
	ExpireDays(ctx context.Context, p calendar.Period, n int) (int, error)
	ExpireMonths(ctx context.Context, p calendar.Period, n int) (int, error)
	// ExpireListeners destroys for at most n accounts the period's totals and what
	// their pseudonym and salts were made with. It returns how many there were.
	ExpireListeners(ctx context.Context, p calendar.Period, n int) (int, error)
	// PaidPeriods lists those an account paid for.
	PaidPeriods(ctx context.Context, a id.Account) ([]calendar.Period, error)
	// ExpireKeys destroys the node's part of the keys of a period, and takes its
	// pseudonyms from what money records must keep.
	ExpireKeys(ctx context.Context, p calendar.Period) error
}

// A Log is the node's transparency log.
type Log interface {
	// Append adds a day's batch, padded, and signs a checkpoint. A day that is
	// in the log already is left as it is and returned.
	Append(ctx context.Context, d calendar.Day, entries []royalty.Hash) (first uint64, head royalty.Checkpoint, signed string, err error)
	// Prove shows that the entry at an index is in the log of the given size.
	Prove(ctx context.Context, index, size uint64) ([]royalty.Hash, error)
	// Consistency shows that the log of size to begins with that of size from.
	Consistency(ctx context.Context, from, to uint64) ([]royalty.Hash, error)
}

// An Anchor is what the ledger holds of a day of the log.
type Anchor struct {
	Day         calendar.Day
	Size        uint64
	Root        royalty.Hash
	FromSize    uint64         // of the anchor before
	Consistency []royalty.Hash // from there to here
	Books       royalty.Hash   // of the journal's last entry of the day, zeros for none
}

// Payments are the day's money as the ledger holds it.
type Payments struct {
	Day                calendar.Day
	Root               royalty.Hash
	Count              int
	Received, Refunded money.Micro
}

// A Challenge is what stands against a settlement.
type Challenge struct {
	Reopened bool     // the ledger wants another settlement
	Faults   []string // what was proved, and by whom
}

// A Ledger records what everybody may check. Each method may be called again
// with the same arguments without harm; an Unavailable fault means: later.
type Ledger interface {
	Anchor(ctx context.Context, a Anchor) error
	RecordPayments(ctx context.Context, p Payments) error
	PayOperators(ctx context.Context, p calendar.Period, s wallet.Sums) error
	// Rules returns the split's parameters and seed for a period; Conflict
	// while the beacon behind the seed is not fixed.
	Rules(ctx context.Context, p calendar.Period) (royalty.Rules, error)
	// Corrections are what the ledger ordered for the period, by act. An act
	// whose balance can be paid by now has one of nothing, so that it gets a
	// line even if nobody heard it.
	Corrections(ctx context.Context, p calendar.Period) ([]royalty.Adjustment, error)
	// Settled returns the settlement that stands for a period, or NotFound.
	Settled(ctx context.Context, p calendar.Period) ([]byte, error)
	// Challenge is what was proved against a period's settlement and still stands.
	Challenge(ctx context.Context, p calendar.Period) (Challenge, error)
	// ProveSplit has a listener's month computed again, and reports whether a
	// fault is proved by it, now or before.
	ProveSplit(ctx context.Context, p SplitProof) (proved bool, err error)
	Publish(ctx context.Context, p calendar.Period, settlement, signature []byte) error
	Finalize(ctx context.Context, p calendar.Period) error
	FixBatch(ctx context.Context, p calendar.Period, lines []royalty.Line) (hash string, err error)
	// SetPayouts tells the ledger which acts can be paid, by the hash of where
	// (see [PayoutHash]), and that all others cannot.
	SetPayouts(ctx context.Context, payouts map[id.Act]royalty.Hash) error
	// Waiting is what stands for an act that nobody can pay, or for all of them,
	// what is due first first.
	Waiting(ctx context.Context, act id.Act) ([]Waiting, error)
	// Forfeit gives one of these to the commons. Forfeits are those that went
	// there, of one act or of all.
	Forfeit(ctx context.Context, act id.Act, p calendar.Period) error
	Forfeits(ctx context.Context, act id.Act) ([]Forfeit, error)
	// Owed is what stands on the ledger for each act and was not paid out: its
	// balance, and its lines of the batches of the given periods.
	Owed(ctx context.Context, fixed []calendar.Period) (map[id.Act]money.Micro, error)
	// Anchored is what stands for a day: size and root.
	Anchored(ctx context.Context, d calendar.Day) (Anchor, error)
	// AnchoredBooks is the journal's head as last anchored, zeros for none.
	AnchoredBooks(ctx context.Context) (royalty.Hash, error)
	// Learn brings what is [Known] up to what is recorded now.
	Learn(ctx context.Context) error
}

// Known is what the ledger has told the node: the answers of [Ledger], from the
// node's own store. Pages ask it, so nobody waits for the ledger who only wants
// to look; while the ledger is away they are the last there were.
type Known interface {
	Settled(ctx context.Context, p calendar.Period) ([]byte, error)
	Challenge(ctx context.Context, p calendar.Period) (Challenge, error)
	Waiting(ctx context.Context, act id.Act) ([]Waiting, error)
	Forfeits(ctx context.Context, act id.Act) ([]Forfeit, error)
	Anchored(ctx context.Context, d calendar.Day) (Anchor, error)
	// OwnUntil is until when the node recorded on a ledger of its own before its
	// network's, zero if it never did.
	OwnUntil(ctx context.Context) (time.Time, error)
}

// String names the state as commands and the API print it.
func (s PeriodState) String() string {
	names := [...]string{Compiled: "compiled", Published: "published", Booked: "booked", Final: "final", Fixed: "fixed"}
	if int(s) < len(names) && s > 0 {
		return names[s]
	}
	return "open"
}
