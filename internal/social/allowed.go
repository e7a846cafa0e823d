package social

import (
	"cmp"
	"context"
	"slices"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// A Verb is what people do with an act's music where others see it.
type Verb string

// The verbs. What is a reaction is called like it.
const (
	Commenting Verb = "comment"
	Liking          = Verb(Like)
	Boosting        = Verb(Boost)
)

// Verbs are all of them, in the order in which an act is asked.
func Verbs() []Verb { return []Verb{Commenting, Liking, Boosting} }

// A Policy says who may.
type Policy string

// The policies. None given, a release has its act's, and an act everybody.
const (
	Everybody Policy = "everybody"
	Followers Policy = "followers"
	Nobody    Policy = "nobody"
)

// Policies say it by what is done. Of what is not in them, or "", nothing is said.
type Policies map[Verb]Policy

// check refuses what is no policy. Faults: Invalid.
func (p Policies) check() error {
	for v, who := range p {
		switch {
		case !slices.Contains(Verbs(), v):
			return fault.New(fault.Invalid, "Music is commented on, liked and boosted.")
		case !slices.Contains([]Policy{"", Everybody, Followers, Nobody}, who):
			return fault.On(string(v), fault.Invalid, "That is for everybody, followers or nobody.")
		}
	}
	return nil
}

// PolicyTx is the part of a transaction that keeps who may do what with music.
type PolicyTx interface {
	// Policies are what is said of a release, and of all that its act has.
	Policies(ctx context.Context, act id.Act, r id.Release) (release, all Policies, err error)
	// NodeFollows reports whether somebody's node, which is of this software, follows an act.
	// It does so for its listeners, and passes on what those say who follow the act.
	NodeFollows(ctx context.Context, act id.Act, actor string) (bool, error)
	// Whose is the act of a release of this node, out or not. Faults: NotFound.
	Whose(ctx context.Context, r id.Release) (id.Act, error)
	// PoliciesElsewhere are what a release of another server says, and whose it is. Faults:
	// NotFound.
	PoliciesElsewhere(ctx context.Context, r id.Release) (p Policies, actor string, err error)
	// TellPolicies has other servers told of the policies of a release, or with none of all
	// of an act's.
	TellPolicies(ctx context.Context, act id.Act, r id.Release) error
	// SetPolicy says one of them, "" nothing any more.
	SetPolicy(ctx context.Context, act id.Act, r id.Release, v Verb, p Policy) error
}

// InForce is who may do what with a release, with no act one of another server.
func InForce(ctx context.Context, tx Tx, act id.Act, r id.Release) (Policies, error) {
	if act == "" {
		p, _, err := tx.PoliciesElsewhere(ctx, r)
		return settled(p, nil), err
	}
	own, all, err := tx.Policies(ctx, act, r)
	return settled(own, all), err
}

// settled says of every verb who may: what a release says, or else its act.
func settled(release, act Policies) Policies {
	out := Policies{}
	for _, v := range Verbs() {
		out[v] = cmp.Or(release[v], act[v], Everybody)
	}
	return out
}

// Allowed reports whether somebody may do something with an act's release, with no act
// one of another server.
func Allowed(ctx context.Context, tx Tx, v Verb, act id.Act, r id.Release, a Author) (bool, error) {
	p, err := InForce(ctx, tx, act, r)
	if err != nil {
		return false, err
	}
	return admits(ctx, tx, p[v], act, r, a)
}

// admits reports whether a policy lets somebody in. The act itself and its own people it
// always does.
func admits(ctx context.Context, tx Tx, p Policy, act id.Act, r id.Release, a Author) (bool, error) {
	own, err := ofTheAct(ctx, tx, act, a)
	switch {
	case err != nil || own:
		return own, err
	case p != Everybody && act == "":
		_, actor, err := tx.PoliciesElsewhere(ctx, r)
		if err != nil || a.Actor == actor || p == Nobody {
			return a.Actor == actor, err
		}
		return tx.FollowsElsewhere(ctx, a.Account, actor)
	case p == Followers:
		follows, err := tx.Follows(ctx, act, a)
		if err != nil || follows || a.Actor == "" {
			return follows, err
		}
		return tx.NodeFollows(ctx, act, a.Actor)
	}
	return p != Nobody, nil
}

// refusals are what is said to who may not.
var refusals = map[Verb]error{
	Commenting: fault.New(fault.Forbidden, "The act takes comments here from its followers alone, or from nobody."),
	Liking:     fault.New(fault.Forbidden, "The act takes likes from its followers alone, or from nobody."),
	Boosting:   fault.New(fault.Forbidden, "The act takes boosts from its followers alone, or from nobody."),
}

// Permit refuses what somebody may not do with an act's release. Faults: Forbidden.
func Permit(ctx context.Context, tx Tx, v Verb, act id.Act, r id.Release, a Author) error {
	ok, err := Allowed(ctx, tx, v, act, r, a)
	if err == nil && !ok {
		err = refusals[v]
	}
	return err
}

// ofTheAct reports whether an author is one of an act's own people.
func ofTheAct(ctx context.Context, tx Tx, act id.Act, a Author) (bool, error) {
	if a.Account == "" {
		return false, nil
	}
	role, err := tx.Role(ctx, act, a.Account)
	return err == nil && role != music.NoRole, err
}

// Policies are what an act says of who may do what: with all of its music, or with one
// release. Faults: Forbidden, NotFound.
func (t *Talk) Policies(ctx context.Context, v music.Viewer, act id.Act, r id.Release) (p Policies, err error) {
	err = t.Store.SocialView(ctx, func(tx Tx) error {
		if err := owns(ctx, tx, v, act); err != nil {
			return err
		}
		if err := isOf(ctx, tx, act, r); err != nil {
			return err
		}
		own, all, err := tx.Policies(ctx, act, r)
		if p = own; r == "" {
			p = all
		}
		return err
	})
	return p, err
}

// SetPolicies says it, of what is in p; "" says nothing any more. Other servers are told.
// Faults: Forbidden, NotFound, Invalid.
func (t *Talk) SetPolicies(ctx context.Context, v music.Viewer, act id.Act, r id.Release, p Policies) error {
	if err := p.check(); err != nil {
		return err
	}
	return t.Store.SocialUpdate(ctx, func(tx Tx) error {
		if err := owns(ctx, tx, v, act); err != nil {
			return err
		}
		if err := isOf(ctx, tx, act, r); err != nil {
			return err
		}
		for what, who := range p {
			if err := tx.SetPolicy(ctx, act, r, what, who); err != nil {
				return err
			}
		}
		return tx.TellPolicies(ctx, act, r)
	})
}

// owns refuses who has no part in an act.
func owns(ctx context.Context, tx Tx, v music.Viewer, act id.Act) error {
	may, err := keeps(ctx, tx, v, act)
	if err == nil && !may {
		err = fault.New(fault.Forbidden, "Only the act's people and moderators say who may comment, like and boost.")
	}
	return err
}

// isOf refuses a release that is not an act's, none is.
func isOf(ctx context.Context, tx Tx, act id.Act, r id.Release) error {
	if r == "" {
		return nil
	}
	whose, err := tx.Whose(ctx, r)
	if err == nil && whose != act {
		err = fault.New(fault.NotFound, "There is no such release.")
	}
	return err
}
