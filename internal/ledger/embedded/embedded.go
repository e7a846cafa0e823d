// Package embedded is a ledger inside the node: the network's contract on a
// SQLite file of its own, for a node that has no other to agree with.
//
// It gives the contract what Fabric gives it (composite keys, ranges, history,
// events, transient data, no reading of one's own writes) and keeps every
// transaction in a hash-chained log that [Ledger.Verify] walks. Transactions are
// strictly serial. Several that wait at once are made durable by one commit
// (synchronous=FULL): each is still a transaction of its own, and nobody is
// answered before the disk has it.
//
// It starts nothing in the background. Nobody but the node's operator vouches
// for what it holds, and what it holds says so.
package embedded

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"iter"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
)

//go:embed schema.sql
var schema string

// TimeWindow is how far a transaction may be dated from the ledger's own time,
// Fabric's TimeWindowCheck.
const TimeWindow = 15 * time.Minute

// Config says where the ledger is and what runs on it.
type Config struct {
	// File is the SQLite file, made when it is not there.
	File string
	// Contract is what transactions invoke.
	Contract shim.Chaincode
	// Channel is its name as the contract sees it, "embedded" if empty.
	Channel string
	// Now is the ledger's own time.
	Now func() time.Time
	// Rehearse runs every transaction twice and refuses one whose two runs
	// differ: it finds a contract that is not deterministic. For tests.
	Rehearse bool
	// Step, when set, is called "before" and "after" each commit; an error stands
	// for a file that failed there. For tests.
	Step func(string) error
}

// Ledger is one channel with one contract. [Ledger.As] gives it to a client.
type Ledger struct {
	cfg     Config
	writes  *sql.DB
	reads   *sql.DB
	conn    *sql.Conn // the only writer; touched by the leader alone
	stmt    statements
	failure func(step string) error // tests break a commit here; nil otherwise

	mu      sync.Mutex
	queue   []*pending
	leading bool // somebody works on the queue
	closed  bool
	changed chan struct{} // closed and replaced after each commit

	head head // touched by the leader alone
}

// head is the end of the transaction log.
type head struct {
	known bool
	n     uint64
	hash  [32]byte
	at    time.Time
}

// Open opens the file or makes it. It returns Unavailable when the file cannot
// be used. Close the ledger when done.
func Open(ctx context.Context, cfg Config) (*Ledger, error) {
	l := &Ledger{cfg: cfg, changed: make(chan struct{}), failure: cfg.Step}
	err := l.open(ctx)
	if err != nil {
		return nil, errors.Join(fault.Wrap(err, fault.Unavailable, "The ledger's file %s cannot be opened.", filepath.Base(cfg.File)), l.Close())
	}
	return l, nil
}

func (l *Ledger) open(ctx context.Context) (err error) {
	if l.writes, err = connect(l.cfg.File, "&_txlock=immediate", 1); err != nil {
		return err
	}
	if l.conn, err = l.writes.Conn(ctx); err != nil {
		return err
	}
	if _, err = l.conn.ExecContext(ctx, schema); err != nil {
		return err
	}
	if l.stmt, err = prepare(ctx, l.conn); err != nil {
		return err
	}
	if l.head, err = readHead(ctx, l.conn); err != nil {
		return err
	}
	l.reads, err = connect(l.cfg.File, "&mode=ro&_pragma=query_only(1)", 2)
	return err
}

func connect(file, more string, conns int) (*sql.DB, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	dsn := "file:" + (&url.URL{Path: abs}).EscapedPath() +
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=cache_size(-2000)" + more
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(conns)
	return db, nil
}

// Close waits for the transactions that were taken and closes the file. Later
// calls are refused (Unavailable).
func (l *Ledger) Close() error {
	l.mu.Lock()
	l.closed = true
	for l.leading {
		wait := l.changed
		l.mu.Unlock()
		<-wait
		l.mu.Lock()
	}
	close(l.changed) // wakes those who wait for events
	l.changed = make(chan struct{})
	l.mu.Unlock()
	var errs []error
	if l.conn != nil {
		errs = append(errs, l.stmt.close(), l.conn.Close())
	}
	for _, db := range []*sql.DB{l.reads, l.writes} { // the last one folds the journal into the file
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// Client is the ledger as one identity uses it.
type Client struct {
	l        *Ledger
	who      Identity
	identity []byte
	hash     [32]byte
	now      func() time.Time
}

var _ ledger.Ledger = (*Client)(nil)

// As gives the ledger to an identity, which dates its transactions by now. It
// returns an Invalid fault for an identity whose key and certificate do not
// belong together.
func (l *Ledger) As(who Identity, now func() time.Time) (*Client, error) {
	if err := who.check(); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "That is no identity for the ledger.")
	}
	b, h, err := who.serialized()
	if err != nil {
		return nil, err
	}
	return &Client{l: l, who: who, identity: b, hash: h, now: now}, nil
}

// Submit records a call; see [ledger.Ledger]. A call dated more than TimeWindow
// from the ledger's time is refused (Invalid). Once taken, a call is carried
// through whatever becomes of ctx.
func (c *Client) Submit(ctx context.Context, call ledger.Call) (ledger.Result, error) {
	if err := ctx.Err(); err != nil {
		return ledger.Result{}, fault.Wrap(err, fault.Unavailable, "The ledger was not asked in time.")
	}
	p := &pending{client: c, at: c.now().UTC().Truncate(time.Millisecond), transient: call.Transient, turn: make(chan bool, 1)}
	p.args = append(p.args, []byte(call.Fn), []byte(call.Op))
	for _, a := range call.Args {
		p.args = append(p.args, []byte(a))
	}
	if off := p.at.Sub(c.l.cfg.Now()); off > TimeWindow || off < -TimeWindow {
		return ledger.Result{}, fault.New(fault.Invalid, "The transaction is dated %s, more than 15 minutes from the ledger's time. Set the clock.", p.at.Format(time.RFC3339))
	}
	c.l.submit(ctx, p)
	return p.result, p.err
}

// Evaluate asks a reading function about the state last committed.
func (c *Client) Evaluate(ctx context.Context, fn string, args ...string) ([]byte, error) {
	in := [][]byte{[]byte(fn)}
	for _, a := range args {
		in = append(in, []byte(a))
	}
	var out []byte
	err := c.l.snapshot(ctx, func(s reader) error {
		r := invoke(c.l.cfg.Contract, &stub{state: s, channel: c.l.cfg.Channel, at: c.now().UTC().Truncate(time.Millisecond), args: in, creator: c.identity})
		if r.Status >= shim.ERRORTHRESHOLD {
			return ledger.Refusal(r.Message)
		}
		out = r.Payload
		return nil
	})
	return out, err
}

// Events yields events after a checkpoint, which is a transaction's number.
func (c *Client) Events(ctx context.Context, after uint64) iter.Seq2[ledger.Event, error] {
	return func(yield func(ledger.Event, error) bool) {
		for {
			c.l.mu.Lock()
			more, closed := c.l.changed, c.l.closed
			c.l.mu.Unlock()
			batch, err := c.l.events(ctx, after)
			if err != nil || closed {
				if ctx.Err() == nil && !closed {
					yield(ledger.Event{}, fault.Wrap(err, fault.Unavailable, "The ledger's events cannot be read."))
				}
				return
			}
			for _, e := range batch {
				if !yield(e, nil) {
					return
				}
				after = e.Checkpoint
			}
			if len(batch) > 0 {
				continue
			}
			if !yield(ledger.Event{Checkpoint: after}, nil) {
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-more:
			}
		}
	}
}

// Status tells the log's head.
func (c *Client) Status(ctx context.Context) (ledger.Status, error) {
	h, err := readHead(ctx, c.l.reads)
	if err != nil {
		return ledger.Status{}, fault.Wrap(err, fault.Unavailable, "The ledger cannot be read.")
	}
	return ledger.Status{Mode: "embedded", Height: h.n, Head: h.hash, At: h.at}, nil
}

// pending is a call on its way.
type pending struct {
	client    *Client
	at        time.Time
	args      [][]byte
	transient map[string][]byte
	turn      chan bool // true: lead; closed: answered
	result    ledger.Result
	err       error
}
