package activity

import (
	"context"
	"encoding/json"
	"regexp"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/social"
)

// Bounds of what a node says of who pays there.
const (
	mostMicro     = 10_000_000 * int64(money.Dollar) // of an act and a month
	mostListeners = 100_000_000
	longestPaid   = 16 << 10 // bytes: it is kept as it came
)

var (
	statement   = regexp.MustCompile(`^[0-9a-f]{64}$`)
	transaction = regexp.MustCompile(`^[0-9A-Za-z:_.-]{1,128}$`)
)

// paid keeps what a node says of the listeners who pay there and had an act of this
// node in their nine of a month.
func paid(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	if !in.Proved {
		return nil, fault.New(fault.Forbidden, "What is said of who pays has no proof.")
	}
	if !nodeItself(in) || in.IsPublic() || in.Expires.IsZero() || len(in.Body) > longestPaid {
		return nil, fault.New(fault.Invalid, "What is said of who pays comes from a node, to the act's alone, expires, and has at most %d bytes.", longestPaid)
	}
	o, err := object(in)
	if err != nil {
		return nil, err
	}
	act, ok := in.Site.ActOf(o.ID())
	if !ok {
		return nil, fault.New(fault.NotFound, "%q is no act of this node.", o.ID())
	}
	p := social.Paid{ID: in.ID, Host: in.From.Host, Act: act, Period: calendar.PeriodOf(in.StartTime)}
	now := calendar.PeriodOf(tx.Now())
	if !in.StartTime.Equal(p.Period.Start()) || !in.EndTime.Equal(p.Period.End()) || p.Period >= now || p.Period < now.Add(-social.PaidMonths) {
		return nil, fault.New(fault.Invalid, "What is said of who pays is of no month that is over, or of one too long ago.")
	}
	if err := amount(in, &p); err != nil {
		return nil, err
	}
	return nil, social.KeepPaid(ctx, tx, p, in.Body)
}

// nodeItself reports whether an activity is of the actor that stands for a node.
func nodeItself(in In) bool {
	at, _ := remote.Origin(in.From.ID)
	return in.From.ID == at+form.Root+"node"
}

// amount reads how much, of how many, and by which statement.
func amount(in In, p *social.Paid) error {
	bad := fault.New(fault.Invalid, "What is said of who pays does not add up.")
	if len(in.Result) != 1 || in.Result[0].Object == nil {
		return bad
	}
	o := in.Result[0].Object
	micro, ok := whole(o.Extra["nineten:micro"])
	if !ok || micro <= 0 || micro > mostMicro {
		return bad
	}
	if said, there := o.Extra["userInteractionCount"]; there {
		if p.Listeners, ok = whole(said); !ok || p.Listeners < social.Fewest || p.Listeners > mostListeners {
			return bad
		}
	}
	p.Micro = money.Micro(micro)
	p.Statement, _ = in.Extra["nineten:statement"].(string)
	p.Tx, _ = in.Extra["nineten:transaction"].(string)
	if !statement.MatchString(p.Statement) || !transaction.MatchString(p.Tx) {
		return bad
	}
	return nil
}

// whole is a number without a fraction, as it was sent.
func whole(v any) (int64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := n.Int64()
	return i, err == nil
}
