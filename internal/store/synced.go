package store

import (
	"context"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func (tx socialTx) ActFollowersAt(ctx context.Context, a id.Act, host string, n int) ([]string, error) {
	list, err := tx.Q.ActFollowersAt(ctx, sqlgen.ActFollowersAtParams{Act: string(a), Host: host, Lim: int32(n)})
	return list, wrap(err, "followers")
}

func (tx socialTx) PersonFollowersAt(ctx context.Context, p id.Person, host string, n int) ([]string, error) {
	list, err := tx.Q.PersonFollowersAt(ctx, sqlgen.PersonFollowersAtParams{Person: string(p), Host: host, Lim: int32(n)})
	return list, wrap(err, "followers")
}
