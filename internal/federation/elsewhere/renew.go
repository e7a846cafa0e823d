package elsewhere

import (
	"context"

	"github.com/michaelperna/9ten/internal/social"
)

// Renew asks who somebody is now: the payload of [social.JobRenew]. Who cannot be had
// is as they were.
func (d *Desk) Renew(ctx context.Context, payload []byte) error {
	actor := string(payload)
	_, err := d.Servers.Renew(ctx, actor)
	if done(err) {
		d.Log.Debug("who changed cannot be had", "actor", actor, "err", err)
		return nil
	}
	return err
}

// retitledAtOnce is how many releases are retitled in one transaction.
const retitledAtOnce = 50

// Retitle has the music of an act elsewhere found by what the act is called now: the
// payload of [social.JobRetitle].
func (d *Desk) Retitle(ctx context.Context, payload []byte) error {
	after := ""
	for {
		err := d.Store.SocialUpdate(ctx, func(tx social.Tx) (err error) {
			after, err = tx.Retitle(ctx, string(payload), after, retitledAtOnce)
			return err
		})
		if err != nil || after == "" {
			return err
		}
	}
}
