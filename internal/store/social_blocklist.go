package store

import (
	"context"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func (tx socialTx) Blocklists(ctx context.Context) ([]social.Blocklist, error) {
	rows, err := tx.Q.BlocklistList(ctx)
	out := make([]social.Blocklist, len(rows))
	for i, r := range rows {
		out[i] = blocklist(sqlgen.Blocklist{ID: r.ID, Url: r.Url, Added: r.Added, Tag: r.Tag, Asked: r.Asked, Taken: r.Taken, Skipped: r.Skipped, Trouble: r.Trouble})
		out[i].Blocked, out[i].Silenced, out[i].Waiting = r.Blocked, r.Silenced, r.Waiting
	}
	return out, wrap(err, "blocklists")
}

func blocklist(r sqlgen.Blocklist) social.Blocklist {
	return social.Blocklist{ID: id.List(r.ID), URL: r.Url, Added: utc(r.Added), Tag: r.Tag, Asked: utc(r.Asked), Taken: utc(r.Taken), Skipped: r.Skipped, Trouble: r.Trouble}
}

func (tx socialTx) Blocklist(ctx context.Context, l id.List) (social.Blocklist, error) {
	r, err := tx.Q.BlocklistByID(ctx, string(l))
	return blocklist(r), missing(err, "The node asks for no such list.")
}

func (tx socialTx) PutBlocklist(ctx context.Context, l social.Blocklist) error {
	return wrap(tx.Q.BlocklistPut(ctx, sqlgen.BlocklistPutParams{ID: string(l.ID), Url: l.URL, Added: ms(l.Added), Tag: text(l.Tag), Asked: ms(l.Asked), Taken: ms(l.Taken), Skipped: l.Skipped, Trouble: text(l.Trouble)}), "blocklist")
}

func (tx socialTx) DropBlocklist(ctx context.Context, l id.List) error {
	tx.rules()
	n, err := tx.Q.BlocklistDrop(ctx, string(l))
	if err == nil && n == 0 {
		return fault.New(fault.NotFound, "The node asks for no such list.")
	}
	return wrap(err, "blocklist")
}

func listing(r sqlgen.BlocklistRule) social.Listing {
	return social.Listing{List: id.List(r.List), Host: r.Host, Verdict: social.Verdict(r.Verdict), Counts: social.Verdict(r.Counts), Dropped: r.Dropped, Reason: r.Reason, Since: utc(r.Since)}
}

func (tx socialTx) PutListing(ctx context.Context, l social.Listing) error {
	tx.rules()
	return wrap(tx.Q.BlocklistRulePut(ctx, sqlgen.BlocklistRulePutParams{List: string(l.List), Host: l.Host, Verdict: string(l.Verdict), Counts: string(l.Counts), Dropped: l.Dropped, Reason: text(l.Reason), Since: ms(l.Since)}), "blocklist")
}

func (tx socialTx) DropListing(ctx context.Context, l id.List, host string) error {
	tx.rules()
	return wrap(tx.Q.BlocklistRuleDrop(ctx, sqlgen.BlocklistRuleDropParams{List: string(l), Host: host}), "blocklist")
}

func (tx socialTx) Listing(ctx context.Context, l id.List, host string) (social.Listing, error) {
	r, err := tx.Q.BlocklistRule(ctx, sqlgen.BlocklistRuleParams{List: string(l), Host: host})
	return listing(r), missing(err, "The list says nothing of that server.")
}

func (tx socialTx) Listings(ctx context.Context, l id.List, waiting bool, after string, n int) ([]social.Listing, error) {
	var rows []sqlgen.BlocklistRule
	var err error
	if waiting {
		rows, err = tx.Q.BlocklistWaiting(ctx, sqlgen.BlocklistWaitingParams{List: string(l), After: after, Lim: int32(n)})
	} else {
		rows, err = tx.Q.BlocklistRules(ctx, sqlgen.BlocklistRulesParams{List: string(l), After: after, Lim: int32(n)})
	}
	out := make([]social.Listing, len(rows))
	for i, r := range rows {
		out[i] = listing(r)
	}
	return out, wrap(err, "blocklist")
}

func (tx socialTx) Related(ctx context.Context) ([]social.Relation, error) {
	rows, err := tx.Q.HostsRelated(ctx)
	out := make([]social.Relation, len(rows))
	for i, r := range rows {
		out[i] = social.Relation{Host: r.Host, Followers: r.Followers, Followed: r.Followed}
	}
	return out, wrap(err, "servers")
}
