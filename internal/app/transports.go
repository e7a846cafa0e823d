package app

import (
	"context"
	"net/http"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/api"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
)

// transports registers everything that answers requests.
func (n *node) transports(mux *http.ServeMux) error {
	a := &api.API{
		Node: n.cfg.NodeID(), Version: Version(), Accounts: n.accounts, Listen: n.listen, Report: n.report, Wallet: n.wallet,
		Keys: n.signer.trusted(), Now: n.now, Log: n.logger("api"), Month: n.month, MayAct: n.mayAct,
	}
	mux.Handle(api.Prefix+"/", a.Handler())
	return nil
}

// month returns an account's nine, at the pot it has this month.
func (n *node) month(ctx context.Context, a id.Account) (listen.Nine, map[id.Act]string, error) {
	p := calendar.PeriodOf(n.now())
	c, err := n.wallet.Charge(ctx, a, p)
	if err != nil {
		return listen.Nine{}, nil, err
	}
	nine, err := n.listen.Nine(ctx, a, p, c.Pot)
	return nine, map[id.Act]string{}, err
}

// mayAct refuses who has no part in an act.
func (n *node) mayAct(_ context.Context, p account.Principal, _ id.Act) error {
	if p.Has(account.Admin) {
		return nil
	}
	return fault.New(fault.Forbidden, "Only who has a part in the act may see this.")
}
