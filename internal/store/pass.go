package store

import (
	"context"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func (tx socialTx) MarkPassed(ctx context.Context, c id.Comment) error {
	return wrap(tx.Q.CommentPassed(ctx, string(c)), "comment")
}

func (tx socialTx) NotTo(ctx context.Context, outgoing, host string) error {
	return wrap(tx.Q.DeliveryNotTo(ctx, sqlgen.DeliveryNotToParams{Outgoing: outgoing, Host: host}), "delivery")
}
