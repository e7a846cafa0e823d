package social

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// Listens are the plays of one track on one node in a stretch of days.
type Listens struct {
	ID      string // the activity that says so
	Host    string // where it was played
	Act     id.Act
	Track   id.Track
	First   time.Time
	Until   time.Time
	Plays   int64
	Counted int64
	Seconds int64  // counted
	Root    string // of that node's log, hex
}

// Millis is how long they counted together.
func (l Listens) Millis() int64 { return l.Seconds * 1000 }

// Untold is what was heard here of a track of another node, and who is told.
type Untold struct {
	Track   id.Track
	IRI     string
	Actor   string
	Inbox   string
	Host    string
	First   time.Time
	Plays   int64
	Counted int64
	Seconds int64
}

// Fewest is how many people must have heard a track before its node is told.
const Fewest = 5

// JobListens tells a node how often a track of it was played here.
const JobListens = "social.listens"

// PlayTx is what nodes tell each other of plays, and what is held against it.
type PlayTx interface {
	// Untold is what at least [Fewest] people heard of each track elsewhere before a moment
	// and its node was not told, from the moment until which it was: what came late of the
	// days before counts to those after.
	Untold(ctx context.Context, before time.Time) ([]Untold, error)
	SetTold(ctx context.Context, t id.Track, until time.Time) error
	// LogRoot is the root of the log with a day in it, hex. Faults: NotFound.
	LogRoot(ctx context.Context, day time.Time) (string, error)

	// KnownListens reports whether a node has told of days of a track before.
	KnownListens(ctx context.Context, l Listens) (bool, error)
	PutListens(ctx context.Context, l Listens, proof []byte) error
	// CountListens is how often a node told since; EverAsked whether it asked for sound as
	// long as that is known.
	CountListens(ctx context.Context, host string, since time.Time) (int64, error)
	EverAsked(ctx context.Context, host string) (bool, error)
	// ListensOf sums what was told of an act's tracks since, by node.
	ListensOf(ctx context.Context, a id.Act, since time.Time) ([]Listens, error)
	// Claimed is how many counted plays each node told of since, and Asked how often
	// it asked for sound.
	Claimed(ctx context.Context, since time.Time) (map[string]int64, error)
	Asked(ctx context.Context, since time.Time) (map[string]int64, error)
	AskedFor(ctx context.Context, host string, t id.Track) error
	// ForgetAsked forgets what was asked and told before, and proofs from before
	// that nothing rests on.
	ForgetAsked(ctx context.Context, before time.Time) error
}

// Doubtful reports whether a node tells of more plays than it can have had, having
// asked for the sound so often (N1): more than 1.2 for each time, and 50.
func Doubtful(counted, asked int64) bool { return counted*10 > asked*12+500 }

// Compared is for how long back what was told is held against what was asked for.
const Compared = 31 * 24 * time.Hour

// mostTold is of how many tracks and days a node tells within a day.
const mostTold = 10_000

// KeepListens keeps what a node told of plays, once, with the activity that says so: of days
// that are still compared. Faults: Invalid; Conflict for days that were told before, and for
// more than anybody tells in a day.
func KeepListens(ctx context.Context, tx Tx, l Listens, body []byte) error {
	if l.Until.Before(tx.Now().Add(-Compared)) {
		return fault.New(fault.Invalid, "What is said of plays is of days too long ago.")
	}
	known, err := tx.KnownListens(ctx, l)
	if err != nil {
		return err
	}
	if known {
		return fault.New(fault.Conflict, "These days of the track were told before.")
	}
	n, err := tx.CountListens(ctx, l.Host, tx.Now().Add(-24*time.Hour))
	if err != nil {
		return err
	}
	if n >= mostTold {
		return fault.New(fault.Conflict, "A node tells of %d tracks and days within a day.", mostTold)
	}
	proof, err := tx.KeepProof(ctx, body)
	if err != nil {
		return err
	}
	return tx.PutListens(ctx, l, proof)
}

// ListensOf is what other nodes told of an act's tracks in the last month.
func (t *Talk) ListensOf(ctx context.Context, a id.Act) (list []Listens, err error) {
	err = t.Store.SocialView(ctx, func(tx Tx) error {
		list, err = tx.ListensOf(ctx, a, tx.Now().Add(-Compared))
		return err
	})
	return list, err
}
