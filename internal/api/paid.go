package api

import (
	"context"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/social"
)

// PaidElsewhere is what another node told of a month there.
type PaidElsewhere struct {
	Node      string       `json:"node"`
	Period    string       `json:"period" doc:"2026-10"`
	Micro     money.Micro  `json:"micro" doc:"What the month gave the act there, millionths of a dollar"`
	Listeners int64        `json:"listeners,omitempty" doc:"Who paid there and had the act in their nine; none: fewer than five"`
	Statement string       `json:"statement" doc:"Hash of that node's settlement"`
	Tx        string       `json:"transaction" doc:"With which that node's ledger recorded it"`
	Stand     social.Stand `json:"stand" enum:"told,ledger,differs" doc:"ledger: this statement stands on the ledger that both nodes write to; differs: another one does; told: that node writes elsewhere, so nothing here can check it. The amount is that node's word in each case"`
}

func (a *API) paidElsewhere(ctx context.Context, in *struct {
	ActRef
	PageInput
}) (*output[Page[PaidElsewhere]], error) {
	act, err := in.id()
	if err != nil {
		return nil, err
	}
	if err := a.MayAct(ctx, account.From(ctx), act); err != nil {
		return nil, err
	}
	list, err := a.Talk.PaidElsewhere(ctx, act, in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	return reply(paged(list, func(p *social.Paid) PaidElsewhere {
		return PaidElsewhere{p.Host, p.Period.String(), p.Micro, p.Listeners, p.Statement, p.Tx, p.Stand}
	}))
}
