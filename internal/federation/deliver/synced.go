package deliver

import (
	"bytes"
	"context"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/social"
)

// followers is what a delivery says of the followers that its host has of who sends it
// (FEP-8fcf), so that it finds out when it has others in mind. "" is nothing: the delivery
// is not for followers, or there are too many to be listed.
func (c *Courier) followers(ctx context.Context, d social.Delivery) (string, error) {
	all := d.Actor + "/followers"
	if !bytes.Contains(d.Body, []byte(`"`+all+`"`)) { // wherever it is named: what is said holds
		return "", nil
	}
	act, isAct := c.Site.ActOf(d.Actor)
	who, isPerson := c.Site.PersonOf(d.Actor)
	if !isAct && !isPerson {
		return "", nil
	}
	var list []string
	err := c.Store.SocialView(ctx, func(tx social.Tx) (err error) {
		list, err = social.FollowersAt(ctx, tx, act, who, d.Host)
		return err
	})
	if fault.Is(err, fault.TooLarge) {
		return "", nil
	}
	return remote.Synced{Collection: all, URL: form.FollowersThere(d.Actor), Digest: social.Digest(list)}.String(), err
}
