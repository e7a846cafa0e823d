package app

import (
	"context"
	"encoding/json"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/jobs"
	"github.com/michaelperna/9ten/internal/store"
)

// jobContest has the ledger compute a listener's month again, once it is back.
const jobContest = "ledger.contest"

// contested names whose month. The receipt itself is made when it is filed, so
// the queue holds nothing of it.
type contested struct {
	Account id.Account      `json:"account"`
	Period  calendar.Period `json:"period"`
}

// ContestLater files a listener's objection to a month when the ledger is back.
func (e engine) ContestLater(ctx context.Context, a id.Account, p calendar.Period) error {
	b, err := json.Marshal(contested{a, p})
	if err != nil {
		return err
	}
	return e.n.db.Update(ctx, func(tx *store.Tx) error {
		return tx.Enqueue(ctx, jobContest, string(a)+"/"+p.String(), b, time.Time{})
	})
}

// contest files what ContestLater kept. What has gone since, with its account
// or its month, is not filed any more.
func (n *node) contest(ctx context.Context, j jobs.Job) error {
	var c contested
	if err := json.Unmarshal(j.Payload, &c); err != nil {
		return jobs.Stop(err)
	}
	file, err := n.report.MonthReceipt(ctx, c.Account, c.Period)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	holds, err := n.report.Contest(ctx, file)
	if err == nil && !holds {
		n.log.Warn("a fault was proved against a settlement of this node", "period", c.Period.String())
	}
	return err
}
