package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

var _ social.Store = (*DB)(nil)

// SocialView runs fn on a snapshot of what is known of other servers.
func (db *DB) SocialView(ctx context.Context, fn func(social.Tx) error) error {
	return db.View(ctx, func(tx *Tx) error { return fn(socialTx{tx}) })
}

// SocialRead runs fn on it without a transaction: for a single query.
func (db *DB) SocialRead(ctx context.Context, fn func(social.Tx) error) error {
	return db.Read(ctx, func(tx *Tx) error { return fn(socialTx{tx}) })
}

// SocialUpdate runs fn in a write transaction on it.
func (db *DB) SocialUpdate(ctx context.Context, fn func(social.Tx) error) error {
	return db.Update(ctx, func(tx *Tx) error { return fn(socialTx{tx}) })
}

type socialTx struct{ *Tx }

func (tx socialTx) Now() time.Time { return tx.Tx.Now }

// text is a stranger's words, or such as hold them, as both databases take them:
// Postgres refuses NULs and what is no UTF-8, which cutting makes too, and would
// refuse all that is to be kept with it.
func text(s string) string { return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "") }

func peer(r sqlgen.Peer) social.Peer {
	return social.Peer{Host: r.Host, Software: r.Software, Version: r.Version, Informed: utc(r.Informed), Form: r.Form, Formed: utc(r.Formed), Failures: r.Failures,
		Closed: utc(r.Closed), Delivered: utc(r.Delivered), Failed: utc(r.Failed), Error: r.Error, Received: utc(r.Received), Arrived: r.Arrived, Lost: r.Lost}
}

func (tx socialTx) Peer(ctx context.Context, host string) (social.Peer, error) {
	r, err := tx.Q.PeerByHost(ctx, host)
	if errors.Is(err, sql.ErrNoRows) {
		return social.Peer{Host: host}, nil
	}
	return peer(r), wrap(err, "peer")
}

func (tx socialTx) PutPeer(ctx context.Context, p social.Peer) error {
	return wrap(tx.Q.PeerPut(ctx, sqlgen.PeerPutParams{Host: p.Host, Software: text(p.Software), Version: text(p.Version), Informed: ms(p.Informed), Form: p.Form, Formed: ms(p.Formed),
		Failures: p.Failures, Closed: ms(p.Closed), Delivered: ms(p.Delivered), Failed: ms(p.Failed), Error: text(p.Error), Received: ms(p.Received), Arrived: p.Arrived, Lost: p.Lost}), "peer")
}

func (tx socialTx) Peers(ctx context.Context, after string, n int) ([]social.Peer, error) {
	rows, err := tx.Q.PeerList(ctx, sqlgen.PeerListParams{After: after, Lim: int32(n)})
	out := make([]social.Peer, len(rows))
	for i, r := range rows {
		out[i] = peer(r)
	}
	return out, wrap(err, "peers")
}

const noActor = "There is nobody of that name."

func (tx socialTx) Actor(ctx context.Context, actor string) (social.Actor, error) {
	r, err := tx.Q.RemoteActorByID(ctx, actor)
	return remoteActor(r), missing(err, noActor)
}

func remoteActor(r sqlgen.RemoteActor) social.Actor {
	return social.Actor{ID: r.ID, Host: r.Host, Kind: r.Kind, Handle: r.Handle, Name: r.Name, Summary: r.Summary, URL: r.Url, Icon: r.Icon, Inbox: r.Inbox,
		SharedInbox: r.SharedInbox, Outbox: r.Outbox, Releases: r.Releases, Playlists: r.Playlists, Followers: r.Followers, MovedTo: r.MovedTo, Lines: fromJSON[social.Line](r.Lines), Fetched: utc(r.Fetched), Looked: utc(r.Looked)}
}

func (tx socialTx) PutActor(ctx context.Context, a social.Actor) error {
	return wrap(tx.Q.RemoteActorPut(ctx, sqlgen.RemoteActorPutParams{ID: a.ID, Host: a.Host, Kind: text(a.Kind), Handle: text(a.Handle), Name: text(a.Name), Summary: text(a.Summary), Url: text(a.URL),
		Icon: text(a.Icon), Inbox: a.Inbox, SharedInbox: a.SharedInbox, Outbox: text(a.Outbox), Releases: a.Releases, Playlists: a.Playlists, Followers: text(a.Followers), MovedTo: text(a.MovedTo), Lines: toJSON(a.Lines), Fetched: ms(a.Fetched)}), "actor")
}

func (tx socialTx) DropActor(ctx context.Context, actor string) error {
	n, err := tx.Q.RemoteActorDrop(ctx, actor)
	tx.gone = tx.gone || n > 0
	return affected(n, err, noActor)
}

func (tx socialTx) Forgot() bool { return tx.gone }

func (tx socialTx) Key(ctx context.Context, key string) (social.Key, error) {
	r, err := tx.Q.RemoteKeyByID(ctx, key)
	return social.Key{ID: r.ID, Owner: r.Owner, Public: r.Public, Fetched: utc(r.Fetched), Ended: utc(r.Ended)}, missing(err, "There is no such key.")
}

func (tx socialTx) SetKeys(ctx context.Context, owner string, keys []social.Key) error {
	if err := tx.Q.RemoteKeysDrop(ctx, owner); err != nil {
		return wrap(err, "keys")
	}
	for _, k := range keys {
		if err := tx.Q.RemoteKeyPut(ctx, sqlgen.RemoteKeyPutParams{ID: k.ID, Owner: owner, Public: k.Public, Fetched: ms(k.Fetched), Ended: ms(k.Ended)}); err != nil {
			return wrap(err, "key")
		}
	}
	return nil
}

func (tx socialTx) AddFollower(ctx context.Context, act id.Act, actor, activity string) (bool, error) {
	n, err := tx.Q.RemoteFollowerAgain(ctx, sqlgen.RemoteFollowerAgainParams{Act: string(act), Actor: actor, Activity: text(activity)})
	if err != nil || n > 0 {
		return false, wrap(err, "follower")
	}
	n, err = tx.Q.RemoteFollowerPut(ctx, sqlgen.RemoteFollowerPutParams{Act: string(act), Actor: actor, Activity: text(activity), Since: tx.Ms()})
	return n > 0, wrap(err, "follower")
}

func (tx socialTx) DropFollower(ctx context.Context, act id.Act, actor string) (bool, error) {
	n, err := tx.Q.RemoteFollowerDrop(ctx, sqlgen.RemoteFollowerDropParams{Act: string(act), Actor: actor})
	return n > 0, wrap(err, "follower")
}

func (tx socialTx) Followed(ctx context.Context, actor, activity string) (id.Act, error) {
	act, err := tx.Q.RemoteFollowerByActivity(ctx, sqlgen.RemoteFollowerByActivityParams{Actor: actor, Activity: activity})
	return id.Act(act), missing(err, "There is no such follow.")
}

func (tx socialTx) HasAct(ctx context.Context, act id.Act) (bool, error) {
	_, err := tx.Q.ActByID(ctx, string(act))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, wrap(err, "act")
}

func (tx socialTx) FollowedBy(ctx context.Context, actor string) ([]id.Act, error) {
	rows, err := tx.Q.RemoteFollowedActs(ctx, actor)
	out := make([]id.Act, len(rows))
	for i, r := range rows {
		out[i] = id.Act(r)
	}
	return out, wrap(err, "followed acts")
}

func (tx socialTx) CountFollowers(ctx context.Context, act id.Act, by int64) error {
	return wrap(tx.Q.ActFollowersAdd(ctx, sqlgen.ActFollowersAddParams{N: by, ID: string(act)}), "followers")
}

func (tx socialTx) Receive(ctx context.Context, r social.Received) (bool, error) {
	at := tx.Ms()
	if !r.At.IsZero() { // it waited
		at = ms(r.At)
	}
	n, err := tx.Q.InboxPut(ctx, sqlgen.InboxPutParams{ID: r.ID, Host: r.Host, Actor: r.Actor, Body: r.Body, Received: at})
	return n > 0, wrap(err, "inbox")
}

func (tx socialTx) Applied(ctx context.Context, activity, trouble string) error {
	return wrap(tx.Q.InboxApplied(ctx, sqlgen.InboxAppliedParams{Applied: tx.Ms(), Body: []byte{}, Error: text(trouble), ID: activity}), "inbox")
}

func (tx socialTx) ForgetReceived(ctx context.Context, before time.Time) error {
	_, err := tx.Q.InboxExpire(ctx, ms(before))
	return wrap(err, "inbox")
}

func (tx socialTx) Send(ctx context.Context, o social.Outgoing) error {
	if o.Made.IsZero() {
		o.Made = tx.Now()
	}
	return wrap(tx.Q.OutgoingPut(ctx, sqlgen.OutgoingPutParams{ID: o.ID, Actor: o.Actor, About: o.About, Kind: o.Kind, Body: o.Body, Own: filled(o.Own), Songs: parts(o.Songs), Made: ms(o.Made), Expires: ms(o.Expires)}), "outgoing")
}

// filled is what a column that is never null holds of bytes.
func filled(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// parts are several JSON documents as one column has them, [apart] what it has.
func parts(list [][]byte) []byte {
	if len(list) == 0 {
		return []byte{}
	}
	return slices.Concat([]byte("["), bytes.Join(list, []byte(",")), []byte("]"))
}

func apart(b []byte) (out [][]byte) {
	var list []json.RawMessage
	if json.Unmarshal(b, &list) != nil {
		return nil
	}
	for _, x := range list {
		out = append(out, x)
	}
	return out
}

func outgoing(r sqlgen.Outgoing) social.Outgoing {
	return social.Outgoing{ID: r.ID, Actor: r.Actor, About: r.About, Kind: r.Kind, Body: r.Body, Own: r.Own, Songs: apart(r.Songs), Expires: utc(r.Expires), Made: utc(r.Made)}
}

func (tx socialTx) Activity(ctx context.Context, activity string) (social.Outgoing, error) {
	r, err := tx.Q.OutgoingByID(ctx, activity)
	return outgoing(r), missing(err, "There is no such activity.")
}

func (tx socialTx) Told(ctx context.Context, about string) (social.Outgoing, error) {
	r, err := tx.Q.OutgoingLast(ctx, about)
	return outgoing(r), missing(err, "Nothing was said about that.")
}

func (tx socialTx) Deliver(ctx context.Context, outgoing, inbox, host string) error {
	return tx.DeliverAt(ctx, outgoing, inbox, host, tx.Now())
}

func (tx socialTx) DeliverAt(ctx context.Context, outgoing, inbox, host string, at time.Time) error {
	return wrap(tx.Q.DeliveryPut(ctx, sqlgen.DeliveryPutParams{Outgoing: outgoing, Inbox: inbox, Host: host, Made: tx.Ms(), Due: ms(at)}), "delivery")
}

func (tx socialTx) Waiting(ctx context.Context, host string, most int) (int64, error) {
	n, err := tx.Q.DeliveryWaits(ctx, sqlgen.DeliveryWaitsParams{Host: host, Lim: int32(most)})
	return n, wrap(err, "delivery")
}

func (tx socialTx) DeliverToFollowers(ctx context.Context, outgoing string, act id.Act) (int64, error) {
	n, err := tx.Q.DeliveryToFollowers(ctx, sqlgen.DeliveryToFollowersParams{Outgoing: outgoing, Made: tx.Ms(), Act: string(act)})
	return n, wrap(err, "delivery")
}

func (tx socialTx) HostsDue(ctx context.Context, n int) ([]string, error) {
	rows, err := tx.Q.DeliveryHosts(ctx, sqlgen.DeliveryHostsParams{Now: tx.Ms(), Lim: int32(n)})
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = r.Host
	}
	return out, wrap(err, "hosts")
}

func (tx socialTx) Next(ctx context.Context, host string) (social.Delivery, error) {
	rows, err := tx.Q.DeliveryNext(ctx, sqlgen.DeliveryNextParams{Host: host, Now: tx.Ms(), Lim: 1})
	if err == nil && len(rows) == 0 {
		err = sql.ErrNoRows
	}
	if err != nil {
		return social.Delivery{}, missing(err, "Nothing waits for that server.")
	}
	r := rows[0]
	return social.Delivery{Outgoing: social.Outgoing{ID: r.Outgoing, Actor: r.Actor, About: r.About, Kind: r.Kind, Body: r.Body, Own: r.Own, Songs: apart(r.Songs), Expires: utc(r.Expires)}, Inbox: r.Inbox, Host: r.Host, Made: utc(r.Made), Tries: r.Tries}, nil
}

func (tx socialTx) Delivered(ctx context.Context, d social.Delivery) error {
	return wrap(tx.Q.DeliveryDone(ctx, sqlgen.DeliveryDoneParams{Outgoing: d.ID, Inbox: d.Inbox}), "delivery")
}

func (tx socialTx) Again(ctx context.Context, d social.Delivery, at time.Time, trouble string) error {
	return wrap(tx.Q.DeliveryAgain(ctx, sqlgen.DeliveryAgainParams{Due: ms(at), Tries: d.Tries, Error: text(trouble), Outgoing: d.ID, Inbox: d.Inbox}), "delivery")
}

func (tx socialTx) Hurry(ctx context.Context, host string) error {
	_, err := tx.Q.DeliveryHurry(ctx, sqlgen.DeliveryHurryParams{Due: tx.Ms(), Host: host})
	return wrap(err, "delivery")
}

func (tx socialTx) SoonestDelivery(ctx context.Context) (time.Time, error) {
	due, err := tx.Q.DeliverySoonest(ctx)
	return utc(due), wrap(err, "delivery")
}

func (tx socialTx) Queues(ctx context.Context) ([]social.Queue, error) {
	rows, err := tx.Q.DeliveryCounts(ctx)
	out := make([]social.Queue, len(rows))
	for i, r := range rows {
		out[i] = social.Queue{Host: r.Host, N: r.N, Oldest: utc(r.Oldest), Tries: r.Tries}
	}
	return out, wrap(err, "queues")
}

func (tx socialTx) ForgetSent(ctx context.Context, before time.Time) error {
	_, err := tx.Q.OutgoingExpire(ctx, sqlgen.OutgoingExpireParams{Before: ms(before), Now: tx.Ms()})
	return wrap(err, "outgoing")
}

func (tx socialTx) ForgetActors(ctx context.Context, before time.Time, n int) (int64, error) {
	gone, err := tx.Q.RemoteActorExpire(ctx, sqlgen.RemoteActorExpireParams{Before: ms(before), Lim: int32(n)})
	tx.gone = tx.gone || gone > 0
	return gone, wrap(err, "actors")
}

func (tx socialTx) DropInbox(ctx context.Context, inbox string) ([]string, error) {
	if err := tx.Q.DeliveryDropInbox(ctx, inbox); err != nil {
		return nil, wrap(err, "deliveries")
	}
	if err := tx.Q.LostDropInbox(ctx, inbox); err != nil {
		return nil, wrap(err, "lost")
	}
	owners, err := tx.Q.RemoteActorsByInbox(ctx, inbox)
	return owners, wrap(err, "actors")
}

// Usage counts accounts, those that were here within 30 and 180 days, and public
// tracks.
func (db *DB) Usage(ctx context.Context) (people, monthly, halfYear, works int64, err error) {
	err = db.View(ctx, func(tx *Tx) (err error) {
		if people, err = tx.Q.UsagePeople(ctx); err != nil {
			return err
		}
		for days, into := range map[int]*int64{30: &monthly, 180: &halfYear} {
			if *into, err = tx.Q.UsageSeen(ctx, ms(tx.Now.AddDate(0, 0, -days))); err != nil {
				return err
			}
		}
		works, err = tx.Q.UsageWorks(ctx)
		return err
	})
	return people, monthly, halfYear, works, err
}
