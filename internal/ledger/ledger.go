// Package ledger is the port through which a node records what everybody may
// check, and reads what others recorded. It says how a transaction is sent and
// what comes back; it knows neither the contract's functions nor where they run.
//
// A ledger never stands in the way of listening or uploading: a call that ends
// in an Unavailable fault waits in the job queue and is sent again with the same
// operation id, which makes the repetition harmless.
package ledger

import (
	"context"
	"encoding/hex"
	"errors"
	"iter"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
)

// A Call is one transaction to be recorded.
type Call struct {
	// Fn is the contract's function, such as "AnchorDay".
	Fn string
	// Op names the intention, such as "anchor/2026-11-24": at most 200 printable
	// ASCII characters, chosen by the caller, unique per node and function. The
	// same Op with the same arguments is recorded once, however often it is
	// sent; with other arguments it is refused (Conflict).
	Op string
	// Args follow the operation id. They stay on the ledger for ever, so nothing
	// about one person is ever among them.
	Args []string
	// Transient is seen by the contract and recorded nowhere. Rows and salts
	// travel here.
	Transient map[string][]byte
}

// Result is what a recorded transaction left behind.
type Result struct {
	// Tx is the id of the transaction that recorded the operation: the first one,
	// when the call is a repetition. Writing functions return it.
	Tx string
}

// An Event tells that something was recorded.
type Event struct {
	// Checkpoint is where to go on after this event; it only grows.
	Checkpoint uint64
	Tx         string
	At         time.Time // as the transaction is dated, UTC
	Name       string    // such as "anchor" or "settlement"
	Payload    []byte
}

// Status is a ledger's state in one glance.
type Status struct {
	Mode   string    // "embedded" or "fabric"
	Height uint64    // transactions, or blocks
	Head   [32]byte  // hash of the last one, zero before the first
	At     time.Time // when the last one is dated, zero before the first, or where this copy of the ledger begins after it
	// Begins is the checkpoint after which this copy of the ledger has events: 0
	// for one that has all of them. What was recorded before can be asked for.
	Begins uint64
}

// HeadHex is the head as people compare it.
func (s Status) HeadHex() string { return hex.EncodeToString(s.Head[:]) }

// A Ledger records transactions of one client and answers questions. Every
// method may be called from several goroutines.
type Ledger interface {
	// Submit records a call and returns when it is durable. It returns the
	// contract's refusal as the contract classed it (Invalid, Forbidden,
	// NotFound, Conflict, Unsupported) with the contract's sentence, and
	// Unavailable when it is not known whether the call was recorded, or when it
	// is not since it met others ([ErrMet]): send it again with the same Op.
	Submit(ctx context.Context, c Call) (Result, error)
	// Evaluate asks a reading function and records nothing. Faults as Submit.
	Evaluate(ctx context.Context, fn string, args ...string) ([]byte, error)
	// Events yields what was recorded after a checkpoint (0: from the start), in
	// order, then waits for more until ctx ends. Each event has a checkpoint of
	// its own, greater than the one before. Whenever it begins to wait it yields
	// an event without a name, with the checkpoint it has come to: everything
	// recorded so far has been yielded. An error ends it; go on from the last
	// checkpoint seen. An event may be yielded again after a restart. A copy that
	// began with a snapshot has none from before it, see [Status.Begins].
	Events(ctx context.Context, after uint64) iter.Seq2[Event, error]
	// Status tells where the ledger stands. It returns Unavailable when the
	// ledger cannot be reached.
	Status(ctx context.Context) (Status, error)
}

// ErrMet is why a call was not recorded that met others: what it depends on changed
// between its making and its record, however often it was made. The ledger answers,
// so nothing is wrong with it.
var ErrMet = errors.New("others changed the same at the same time")

// refusals are the kinds a contract may refuse with.
var refusals = [...]fault.Kind{
	fault.Invalid, fault.Forbidden, fault.NotFound, fault.Conflict, fault.TooLarge, fault.Unsupported,
}

// Refuse writes a fault as a contract's message: the kind, a colon, the
// sentence. A message is all that a ledger carries of an error.
func Refuse(k fault.Kind, sentence string) string { return k.String() + ": " + sentence }

// Refusal reads a contract's message back into a fault. A message without a
// kind is a defect of the contract or the call, so it is Internal and the text
// is for the log.
func Refusal(message string) error {
	for _, k := range refusals {
		if sentence, ok := strings.CutPrefix(message, k.String()+": "); ok && sentence != "" {
			return fault.New(k, "%s", fault.Term(sentence))
		}
	}
	return fault.Wrap(contractError(message), fault.Internal, "The ledger's contract could not carry this out. The log has the details.")
}

type contractError string

func (e contractError) Error() string { return "contract: " + string(e) }
