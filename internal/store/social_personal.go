package store

import (
	"context"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func (tx socialTx) PersonalBlocks(ctx context.Context, who id.Account) ([]social.PersonalBlock, error) {
	rows, err := tx.Q.PersonalBlockList(ctx, string(who))
	out := make([]social.PersonalBlock, len(rows))
	for i, r := range rows {
		out[i] = social.PersonalBlock{Name: r.Name, Actor: r.Actor, Since: utc(r.Since)}
	}
	return out, wrap(err, "personal blocks")
}

func (tx socialTx) PutPersonalBlock(ctx context.Context, who id.Account, b social.PersonalBlock) error {
	return wrap(tx.Q.PersonalBlockPut(ctx, sqlgen.PersonalBlockPutParams{Account: string(who), Name: b.Name, Actor: b.Actor, Since: ms(b.Since)}), "personal block")
}

func (tx socialTx) DropPersonalBlock(ctx context.Context, who id.Account, name string) error {
	n, err := tx.Q.PersonalBlockDrop(ctx, sqlgen.PersonalBlockDropParams{Account: string(who), Name: name})
	if err == nil && n == 0 {
		return fault.New(fault.NotFound, "You do not block %s.", name)
	}
	return wrap(err, "personal block")
}

func (tx socialTx) HasBlocked(ctx context.Context, who id.Account, actor string) (bool, error) {
	rows, err := tx.Q.PersonalBlockOf(ctx, sqlgen.PersonalBlockOfParams{Account: string(who), Actor: actor})
	return len(rows) > 0, wrap(err, "personal blocks")
}

func (tx socialTx) BlockedHosts(ctx context.Context, who id.Account) ([]string, error) {
	rows, err := tx.Q.PersonalBlockHosts(ctx, string(who))
	return rows, wrap(err, "personal blocks")
}

func (tx socialTx) NoticeActors(ctx context.Context, who id.Account) (map[string]string, error) {
	rows, err := tx.Q.NoticeActors(ctx, string(who))
	out := make(map[string]string, len(rows))
	for _, r := range rows {
		out[r.ID] = r.Host
	}
	return out, wrap(err, "notices")
}

func (tx socialTx) UntellOf(ctx context.Context, who id.Account, actor string) error {
	return wrap(tx.Q.NoticeDropOf(ctx, sqlgen.NoticeDropOfParams{Account: string(who), Actor: actor}), "notices")
}
