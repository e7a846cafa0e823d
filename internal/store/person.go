package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

const noPerson = "There is nobody of that name."

func onePerson(r sqlgen.Person, err error) (social.Person, error) {
	return social.Person{ID: id.Person(r.ID), Account: id.Account(r.Account.String), Handle: r.Handle, Name: r.Name, About: r.About, Approves: r.Approves, Listens: r.Listens,
		Created: utc(r.Created), Changed: utc(r.Changed), Gone: utc(r.Gone)}, missing(err, noPerson)
}

func (tx socialTx) Person(ctx context.Context, p id.Person) (social.Person, error) {
	return onePerson(tx.Q.PersonByID(ctx, string(p)))
}

func (tx socialTx) PersonOf(ctx context.Context, a id.Account) (social.Person, error) {
	return onePerson(tx.Q.PersonOf(ctx, optional(string(a))))
}

func (tx socialTx) PersonByHandle(ctx context.Context, handle string) (social.Person, error) {
	return onePerson(tx.Q.PersonByHandle(ctx, handle))
}

func (tx socialTx) PutPerson(ctx context.Context, p *social.Person) error {
	return wrap(tx.Q.PersonPut(ctx, sqlgen.PersonPutParams{ID: string(p.ID), Account: string(p.Account), Handle: p.Handle, Hash: handleHash(p.Handle), Name: text(p.Name), About: text(p.About), Approves: p.Approves, Listens: p.Listens,
		Created: ms(p.Created), Changed: ms(p.Changed)}), "person")
}

func (tx socialTx) EndPerson(ctx context.Context, p id.Person) error {
	return wrap(errors.Join(tx.Q.BoostsDrop(ctx, string(p)), tx.Q.PersonEnd(ctx, sqlgen.PersonEndParams{Gone: tx.Ms(), ID: string(p)})), "person")
}

// personCalled reports whether somebody is or was seen elsewhere by a handle.
func (tx *Tx) personCalled(ctx context.Context, handle string) (bool, error) {
	_, err := tx.Q.PersonByHash(ctx, handleHash(handle))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, wrap(err, "person")
}

// PersonCalled is for acts: two of one name could not be told apart elsewhere.
func (tx musicTx) PersonCalled(ctx context.Context, handle string) (bool, error) {
	return tx.personCalled(ctx, handle)
}

func (tx musicTx) SeenElsewhere(ctx context.Context, a id.Account) (bool, error) {
	_, err := socialTx(tx).PersonOf(ctx, a)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

func (tx socialTx) HandleTaken(ctx context.Context, handle string, a id.Account) (bool, error) {
	if gone, err := accountTx(tx).Retired(ctx, handle); err != nil || gone {
		return gone, err
	}
	n, err := tx.Q.HandlesTaken(ctx, sqlgen.HandlesTakenParams{Handle: handle, Account: string(a)})
	return n > 0, wrap(err, "handles")
}

func (tx socialTx) Likes(ctx context.Context, a id.Account, t social.Thing) (bool, error) {
	if t.Track == "" {
		return musicTx(tx).LikesRelease(ctx, a, t.Release)
	}
	liked, err := musicTx(tx).Liked(ctx, a, []id.Track{t.Track})
	return liked[t.Track], err
}

func (tx socialTx) Fan(ctx context.Context, p id.Person, actor string) (social.Fan, error) {
	r, err := tx.Q.PersonFollowerOf(ctx, sqlgen.PersonFollowerOfParams{Person: string(p), Actor: actor})
	return social.Fan{Person: p, Actor: r.Actor, State: social.FollowState(r.State), Activity: r.Activity, Since: utc(r.Since)}, missing(err, noActor)
}

func (tx socialTx) PutFan(ctx context.Context, f social.Fan) error {
	return wrap(tx.Q.PersonFollowerPut(ctx, sqlgen.PersonFollowerPutParams{Person: string(f.Person), Actor: f.Actor, State: string(f.State), Activity: text(f.Activity), Since: ms(f.Since)}), "follower")
}

func (tx socialTx) DropFan(ctx context.Context, p id.Person, actor string) (bool, error) {
	n, err := tx.Q.PersonFollowerDrop(ctx, sqlgen.PersonFollowerDropParams{Person: string(p), Actor: actor})
	return n > 0, wrap(err, "follower")
}

func (tx socialTx) Fans(ctx context.Context, p id.Person, state social.FollowState, after string, n int) ([]social.Fan, error) {
	rows, err := tx.Q.PersonFollowers(ctx, sqlgen.PersonFollowersParams{Person: string(p), State: string(state), After: after, Lim: int32(n)})
	out := make([]social.Fan, len(rows))
	for i, r := range rows {
		out[i] = social.Fan{Person: p, Actor: r.Actor, State: social.FollowState(r.State), Activity: r.Activity, Since: utc(r.Since), Handle: r.Handle, Host: r.Host, Name: r.Name, URL: r.Url}
	}
	return out, wrap(err, "followers")
}

func (tx socialTx) CountFans(ctx context.Context, p id.Person, state social.FollowState) (int64, error) {
	n, err := tx.Q.PersonFollowersCount(ctx, sqlgen.PersonFollowersCountParams{Person: string(p), State: string(state)})
	return n, wrap(err, "followers")
}

func (tx socialTx) FollowedPerson(ctx context.Context, actor, activity string) (id.Person, error) {
	p, err := tx.Q.PersonFollowerByActivity(ctx, sqlgen.PersonFollowerByActivityParams{Actor: actor, Activity: activity})
	return id.Person(p), missing(err, "There is no such follow.")
}

func (tx socialTx) Reach(ctx context.Context, p id.Person, inbox, host string) error {
	return wrap(tx.Q.PersonReachPut(ctx, sqlgen.PersonReachPutParams{Person: string(p), Inbox: inbox, Host: host}), "reach")
}

func (tx socialTx) DeliverToFans(ctx context.Context, outgoing string, p id.Person) (int64, error) {
	n, err := tx.Q.DeliveryToPerson(ctx, sqlgen.DeliveryToPersonParams{Outgoing: outgoing, Made: tx.Ms(), Person: string(p)})
	return n, wrap(err, "delivery")
}

func (tx socialTx) DeliverToReach(ctx context.Context, outgoing string, p id.Person) (int64, error) {
	n, err := tx.Q.DeliveryToReach(ctx, sqlgen.DeliveryToReachParams{Outgoing: outgoing, Made: tx.Ms(), Person: string(p)})
	return n, wrap(err, "delivery")
}

func (tx socialTx) DropPersonListens(ctx context.Context, actor string) error {
	return wrap(tx.Q.PersonListensDrop(ctx, actor), "listens")
}

// tellListen has the followers of a listener told what they listen to now, where the
// listener lets them know.
func (tx *Tx) tellListen(ctx context.Context, a id.Account, t id.Track, at time.Time) error {
	if tx.Now.Sub(at) > social.ListenFor {
		return nil
	}
	p, err := socialTx{tx}.PersonOf(ctx, a)
	if fault.Is(err, fault.NotFound) || err == nil && !p.Listens {
		return nil
	}
	if err != nil {
		return err
	}
	what := music.Telling("listen", string(p.ID)+" "+string(t))
	return tx.Enqueue(ctx, music.JobTell, what, []byte(what), tx.Now)
}

func (tx socialTx) DropReach(ctx context.Context, p id.Person) error {
	return wrap(errors.Join(tx.Q.PersonReachDrop(ctx, string(p)), tx.Q.PersonFollowersDrop(ctx, string(p))), "reach")
}

// ErasePerson has an account be seen elsewhere no longer, where it was.
func (db *DB) ErasePerson(ctx context.Context, atx account.Tx, who id.Account) error {
	tx, err := within(atx)
	if err != nil {
		return err
	}
	p, err := socialTx{tx}.PersonOf(ctx, who)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return social.Leave(ctx, socialTx{tx}, p)
}
