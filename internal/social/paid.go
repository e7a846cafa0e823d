package social

import (
	"context"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/music"
)

// Paid is what a month of one node gave an act of another: how many listeners who
// pay there had the act in their nine, and what the act got of it.
type Paid struct {
	ID        string // the activity that says so
	Host      string // whose listeners paid
	Act       id.Act
	Period    calendar.Period
	Listeners int64 // 0: fewer than [Fewest]
	Micro     money.Micro
	Statement string // hash of that node's settlement, hex
	Tx        string // with which the ledger recorded it
	At        time.Time

	Stand Stand // what the ledger says of the statement
}

// When is the beginning of the month.
func (p *Paid) When() time.Time { return p.Period.Start() }

// A Stand is what this node's ledger says of what another node said.
type Stand string

// The stands.
const (
	JustSaid Stand = "told"    // it has nothing of that node's month: another ledger, or none
	Stands   Stand = "ledger"  // the statement stands on it
	Differs  Stand = "differs" // it has another statement of that month
)

// Due is what an act of another node is to be told of.
type Due struct {
	Act       id.Act // its id at home
	Actor     string
	Host      string
	Listeners int64
	Micro     money.Micro
}

// JobPaid tells an act's node what a month gave it here: the period, or the period
// and one act.
const JobPaid = "social.paid"

// Bounds of what nodes say of who pays there.
const (
	PaidMonths = 13     // how many months back it is taken and kept
	mostPaid   = 20_000 // of one node
)

// PaidTx is what nodes tell each other of who pays.
type PaidTx interface {
	// PaidOut is what a month gave acts of other nodes: one act, or all for "".
	PaidOut(ctx context.Context, p calendar.Period, act id.Act) ([]Due, error)
	// PutPaid reports false when a node has told of that month of an act before.
	PutPaid(ctx context.Context, p Paid, proof []byte) (bool, error)
	// HeardOf reports whether a node asked for sound of an act in a month.
	HeardOf(ctx context.Context, host string, act id.Act, p calendar.Period) (bool, error)
	// CountPaid is how much of it is kept of a node.
	CountPaid(ctx context.Context, host string) (int64, error)
	// PaidElsewhere is what was told of an act, the newest month first: at most n
	// behind one that is named by its month and node.
	PaidElsewhere(ctx context.Context, act id.Act, p calendar.Period, host string, n int) ([]Paid, error)
	// ForgetPaid forgets months before one.
	ForgetPaid(ctx context.Context, before calendar.Period) error
}

// KeepPaid keeps what another node said, once, of a month in which it asked for the
// act's sound: anybody else pays nobody. Faults: Conflict for what was said before,
// NotFound for an act that is not here, Forbidden for a node that played nothing.
func KeepPaid(ctx context.Context, tx Tx, p Paid, body []byte) error {
	has, err := tx.HasAct(ctx, p.Act)
	if err != nil {
		return err
	}
	if !has {
		return fault.New(fault.NotFound, "There is no such act.")
	}
	heard, err := tx.HeardOf(ctx, p.Host, p.Act, p.Period)
	if err != nil {
		return err
	}
	if !heard {
		return fault.New(fault.Forbidden, "That node asked for none of the act’s music in that month.")
	}
	n, err := tx.CountPaid(ctx, p.Host)
	if err != nil {
		return err
	}
	if n >= mostPaid {
		return fault.New(fault.Conflict, "Of one node %d statements are kept.", mostPaid)
	}
	proof, err := tx.KeepProof(ctx, body)
	if err != nil {
		return err
	}
	is, err := tx.PutPaid(ctx, p, proof)
	if err == nil && !is {
		err = fault.New(fault.Conflict, "This month of the act was told before.")
	}
	return err
}

// A Statements knows what is recorded of the months of nodes.
type Statements interface {
	// Statement is the hash of what stands for a node's month, hex, and the
	// transaction it was recorded with. Faults: NotFound.
	Statement(ctx context.Context, node string, p calendar.Period) (hash, tx string, err error)
}

// NodeOf is how the ledger calls the node at a host.
func NodeOf(host string) string { return bare(host) }

// newest is a month after all that can be told of.
const newest = calendar.Period(999912)

// PaidElsewhere is what other nodes told of who pays an act there, the newest month
// first, with what the ledger says: at most n after a cursor. Faults: Invalid.
func (t *Talk) PaidElsewhere(ctx context.Context, act id.Act, after string, n int) (out music.List[Paid], err error) {
	period, host := newest, ""
	if after != "" {
		month, node, _ := strings.Cut(after, " ")
		if period, err = calendar.ParsePeriod(month); err != nil {
			return out, err
		}
		host = node
	}
	err = t.Store.SocialView(ctx, func(tx Tx) error {
		out.Rows, err = tx.PaidElsewhere(ctx, act, period, host, n+1)
		return err
	})
	if len(out.Rows) > n {
		out.Rows = out.Rows[:n]
		last := &out.Rows[n-1]
		out.Next = last.Period.String() + " " + last.Host
	}
	for i := range out.Rows {
		if err == nil {
			out.Rows[i].Stand, err = t.stand(ctx, &out.Rows[i])
		}
	}
	return out, err
}

func (t *Talk) stand(ctx context.Context, p *Paid) (Stand, error) {
	if t.Ledger == nil {
		return JustSaid, nil
	}
	hash, tx, err := t.Ledger.Statement(ctx, NodeOf(p.Host), p.Period)
	switch {
	case fault.Is(err, fault.NotFound):
		return JustSaid, nil
	case err != nil:
		return "", err
	case hash != p.Statement || tx != p.Tx:
		return Differs, nil
	}
	return Stands, nil
}
