package store

import (
	"context"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func (tx socialTx) Policies(ctx context.Context, act id.Act, r id.Release) (release, all social.Policies, err error) {
	rows, err := tx.Q.ActPolicies(ctx, sqlgen.ActPoliciesParams{Act: string(act), Release: string(r)})
	release, all = social.Policies{}, social.Policies{}
	for _, row := range rows {
		of := all
		if row.Release != "" {
			of = release
		}
		of[social.Verb(row.Verb)] = social.Policy(row.Who)
	}
	return release, all, wrap(err, "policies")
}

func (tx socialTx) PoliciesElsewhere(ctx context.Context, r id.Release) (social.Policies, string, error) {
	row, err := tx.Q.RemoteReleasePolicies(ctx, string(r))
	return policies(row.Replies, row.Likes, row.Shares), row.Actor, missing(err, noRelease)
}

// policies are those of a release of another server.
func policies(replies, likes, shares string) social.Policies {
	return social.Policies{social.Commenting: social.Policy(replies), social.Liking: social.Policy(likes), social.Boosting: social.Policy(shares)}
}

func (tx socialTx) TellPolicies(ctx context.Context, act id.Act, r id.Release) error {
	if r != "" {
		return music.TellRelease(ctx, musicTx(tx), r)
	}
	return music.TellReleases(ctx, musicTx(tx), act)
}

func (tx socialTx) SetPolicy(ctx context.Context, act id.Act, r id.Release, v social.Verb, p social.Policy) error {
	if p == "" {
		return wrap(tx.Q.ActPolicyDrop(ctx, sqlgen.ActPolicyDropParams{Act: string(act), Release: string(r), Verb: string(v)}), "policy")
	}
	return wrap(tx.Q.ActPolicySet(ctx, sqlgen.ActPolicySetParams{Act: string(act), Release: string(r), Verb: string(v), Who: string(p)}), "policy")
}

func (tx musicTx) TakesLike(ctx context.Context, a id.Account, act id.Act, r id.Release) (bool, error) {
	return social.Allowed(ctx, socialTx(tx), social.Liking, act, r, social.Author{Account: a})
}

func (tx socialTx) NodeFollows(ctx context.Context, act id.Act, actor string) (bool, error) {
	n, err := tx.Q.NodeFollows(ctx, sqlgen.NodeFollowsParams{Actor: actor, Act: string(act)})
	return n > 0, wrap(err, "follower")
}

func (tx socialTx) Whose(ctx context.Context, r id.Release) (id.Act, error) {
	x, err := musicTx(tx).Release(ctx, r)
	return x.Act, err
}
