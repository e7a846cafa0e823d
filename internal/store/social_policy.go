package store

import (
	"context"

	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func rule(r sqlgen.ServerRule) social.Rule {
	return social.Rule{Host: r.Host, Actor: r.Actor, Verdict: social.Verdict(r.Verdict), Reason: r.Reason, Since: utc(r.Since)}
}

func (tx socialTx) Rule(ctx context.Context, host string) (social.Rule, error) {
	r, err := tx.Q.ServerRule(ctx, host)
	return rule(r), missing(err, "Nothing was decided about that server.")
}

func (tx socialTx) PutRule(ctx context.Context, r social.Rule) error {
	tx.rules()
	return wrap(tx.Q.ServerRulePut(ctx, sqlgen.ServerRulePutParams{Host: r.Host, Actor: r.Actor, Verdict: string(r.Verdict), Reason: text(r.Reason), Since: ms(r.Since)}), "rule")
}

func (tx socialTx) DropRule(ctx context.Context, host string) error {
	tx.rules()
	return wrap(tx.Q.ServerRuleDrop(ctx, host), "rule")
}

func (tx socialTx) Rules(ctx context.Context, after string, n int) ([]social.Rule, error) {
	rows, err := tx.Q.ServerRules(ctx, sqlgen.ServerRulesParams{After: after, Lim: int32(n)})
	out := make([]social.Rule, len(rows))
	for i, r := range rows {
		out[i] = rule(r)
	}
	return out, wrap(err, "rules")
}

func (tx socialTx) DropHost(ctx context.Context, host string, n int) ([]string, error) {
	if err := tx.Q.DeliveryDropHost(ctx, host); err != nil {
		return nil, wrap(err, "deliveries")
	}
	if err := tx.Q.LostDropHost(ctx, host); err != nil {
		return nil, wrap(err, "lost")
	}
	if err := tx.Q.ListensDropHost(ctx, host); err != nil {
		return nil, wrap(err, "listens")
	}
	if err := tx.Q.PaidElsewhereDropHost(ctx, host); err != nil {
		return nil, wrap(err, "paid elsewhere")
	}
	if err := tx.Q.FlagDropHost(ctx, host); err != nil {
		return nil, wrap(err, "reports")
	}
	if err := tx.DropHeldOf(ctx, host); err != nil {
		return nil, err
	}
	actors, err := tx.Q.RemoteActorsOfHost(ctx, sqlgen.RemoteActorsOfHostParams{Host: host, Lim: int32(n)})
	if err == nil && len(actors) < n {
		err = tx.Q.PeerDrop(ctx, host)
	}
	return actors, wrap(err, "servers")
}
