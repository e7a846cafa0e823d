package social

import (
	"context"
	"time"
)

// A Received activity came from another server and was found to be signed by its
// actor.
type Received struct {
	ID    string
	Host  string
	Actor string
	Body  []byte
	At    time.Time
	Tries int64
}

// MostRead is how many bytes of activities are read at once, but for the last of them.
const MostRead = 8 << 20

// InboxTx keeps what came until it is applied. Most of it is applied by what is known;
// before the rest another server is asked, and one that does not answer holds up nothing
// but its own.
type InboxTx interface {
	// Receive keeps an activity, false when it came before.
	Receive(ctx context.Context, r Received) (bool, error)
	// Unapplied is what waits for nobody, the oldest first: n at most, and no more once it is
	// [MostRead].
	Unapplied(ctx context.Context, n int) ([]Received, error)
	// AskFirst has an activity wait until its server was asked, with what waits for that.
	AskFirst(ctx context.Context, r Received) error
	// ToAsk are servers for which something waits that is due until a time, who waits longest
	// first.
	ToAsk(ctx context.Context, until time.Time, n int) (hosts []string, err error)
	// UnappliedOf is what waits for a server and is due, the oldest first.
	UnappliedOf(ctx context.Context, host string, n int) ([]Received, error)
	// Applied lays an activity aside; trouble is why it could not be applied, ""
	// when it was.
	Applied(ctx context.Context, id, trouble string) error
	// NotApplied says why an activity could not be applied this time, and when it is tried
	// again.
	NotApplied(ctx context.Context, id string, again time.Time, trouble string) error
	// NotAnswered says the same of all that is due of a server. What was tried so often
	// with this is laid aside: of how many that is so is returned.
	NotAnswered(ctx context.Context, host string, again time.Time, most int, trouble string) (given int64, err error)
	// ForgetReceived forgets the ids of what was applied before.
	ForgetReceived(ctx context.Context, before time.Time) error
}
