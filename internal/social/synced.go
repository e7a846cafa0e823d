package social

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// JobFollowers finds out which followers here somebody elsewhere counts (FEP-8fcf): see the
// package that does it.
const JobFollowers = "social.followers"

// MostSynced is how many followers of one server are compared: the list of more is longer
// than anybody reads.
const MostSynced = 10_000

// SyncedEvery is how often somebody's followers here are asked for at most: what differs may
// do so for good reason, such as an answer that is on its way.
const SyncedEvery = 6 * time.Hour

// SyncedOfHost is of how many actors of one server that is done in [SyncedEvery].
const SyncedOfHost = 30

// syncedAfter is how long what is on its way has to arrive before somebody's followers here
// are asked for.
const syncedAfter = 10 * time.Minute

// Counted is what a [JobFollowers] is about: somebody elsewhere, where their followers here
// are listed, and the [Digest] that they said of these.
type Counted struct{ Actor, At, Digest string }

// WantFollowers has those be asked for.
func WantFollowers(ctx context.Context, tx Tx, c Counted) error {
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return tx.Enqueue(ctx, JobFollowers, c.Actor, body, tx.Now().Add(syncedAfter))
}

// SyncTx is what is kept of followers by their server.
type SyncTx interface {
	// ActFollowersAt and PersonFollowersAt are the followers of one server, by their address.
	ActFollowersAt(ctx context.Context, a id.Act, host string, n int) ([]string, error)
	PersonFollowersAt(ctx context.Context, p id.Person, host string, n int) ([]string, error)
}

// FollowersAt are the followers of an act or a person that one server has. Faults: TooLarge
// when there are more than are compared.
func FollowersAt(ctx context.Context, tx Tx, a id.Act, p id.Person, host string) (list []string, err error) {
	if a != "" {
		list, err = tx.ActFollowersAt(ctx, a, host, MostSynced+1)
	} else {
		list, err = tx.PersonFollowersAt(ctx, p, host, MostSynced+1)
	}
	if err == nil && len(list) > MostSynced {
		err = fault.New(fault.TooLarge, "More than %d of %s follow.", MostSynced, host)
	}
	return list, err
}

// Digest is by what two servers tell whether they have the same followers in mind, in
// whatever order: the SHA-256 of their addresses, one by the other with exclusive or.
func Digest(followers []string) string {
	var sum [sha256.Size]byte
	for _, f := range followers {
		for i, b := range sha256.Sum256([]byte(f)) {
			sum[i] ^= b
		}
	}
	return hex.EncodeToString(sum[:])
}

// FollowersHere are those that an actor elsewhere has here: the node's own actor, once it
// was let in.
func FollowersHere(ctx context.Context, tx Tx, node, actor string) ([]string, error) {
	f, err := tx.Following(ctx, actor)
	switch {
	case fault.Is(err, fault.NotFound) || err == nil && f.State != Accepted:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return []string{node}, nil
}
