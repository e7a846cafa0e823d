package inbox

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/social"
)

// compare holds what somebody said, and signed, of their followers here against those that
// are known (FEP-8fcf), and has them asked for where these are others. The activity is taken
// whatever comes of it.
func (b *Inbox) compare(ctx context.Context, signer, said string, now time.Time) {
	s, ok := remote.ReadSynced(said, signer)
	if !ok {
		return
	}
	same := false
	err := b.Store.SocialView(ctx, func(tx social.Tx) error {
		a, err := tx.Actor(ctx, signer)
		if err == nil && a.Followers != s.Collection {
			err = fault.New(fault.Forbidden, "%q are not the followers of %s.", s.Collection, signer)
		}
		if err != nil {
			return err
		}
		here, err := social.FollowersHere(ctx, tx, form.Site{Origin: b.Origin}.Node(), signer)
		same = social.Digest(here) == s.Digest
		return err
	})
	if err == nil && !same {
		err = b.synced.Allow(signer, now)
	}
	if err == nil && !same {
		err = b.syncedHosts.Allow(remote.Host(signer), now)
	}
	if err == nil && !same {
		err = b.Store.SocialUpdate(ctx, func(tx social.Tx) error {
			return social.WantFollowers(ctx, tx, social.Counted{Actor: signer, At: s.URL, Digest: s.Digest})
		})
	}
	if err != nil {
		b.Log.Debug("followers were not compared", "actor", signer, "err", err)
	}
}
