// Package social is what this node has to do with others: which servers there
// are and how they answer, who on them follows an act here, what came from them
// and what has to go to them. It knows what is kept and what a change of one
// thing means for the others; how it is written, signed and sent it does not
// know.
package social

import (
	"context"
	"errors"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/notice"
)

// A Peer is another server, as this node knows it. Times are zero for never.
type Peer struct {
	Host      string
	Software  string // lower case, "" unknown
	Version   string
	Informed  time.Time // when it was asked what it is
	Form      string    // of signatures it took last, "" not tried
	Formed    time.Time
	Failures  int64     // deliveries that failed in a row
	Closed    time.Time // nothing is delivered before
	Delivered time.Time // last success
	Failed    time.Time // last failure
	Error     string    // of that, in words
	Received  time.Time // last activity that came from there
	Arrived   int64     // deliveries that did
	Lost      int64     // deliveries that were given up
}

// An Actor is somebody on another server, as their document said last.
type Actor struct {
	ID          string
	Host        string
	Kind        string // Person, Group, Organization, Application, Service
	Handle      string // without the host
	Name        string
	Summary     string // HTML of a stranger
	URL         string
	Icon        string
	Inbox       string
	SharedInbox string
	Outbox      string
	Releases    string // where it lists them, "" only in its outbox
	Playlists   string // where it lists its playlists, "" it does not
	Followers   string
	MovedTo     string
	Lines       []Line // of their profile
	Fetched     time.Time
	Looked      time.Time // when all their music was asked for last, zero never; [Tx.PutActor] leaves it
}

// IsLabel reports whether they are a label: organizations are, also where they publish
// themselves.
func (a *Actor) IsLabel() bool { return a.Kind == "Organization" }

// A Line is one of somebody's profile, such as who plays in an act, or where else it is.
type Line struct {
	Name  string `json:"name"`
	Value string `json:"value"` // HTML of a stranger
}

// A Key is an actor's public key.
type Key struct {
	ID      string
	Owner   string
	Public  []byte // PKIX, ASN.1 DER
	Fetched time.Time
	Ended   time.Time // by its owner's word, zero: it has not
}

// An Outgoing activity is one of an actor here.
type Outgoing struct {
	ID      string
	Actor   string // who signs
	About   string // the thing it tells of, "" none
	Kind    string // such as "Create"
	Body    []byte
	Own     []byte    // the same in 9ten's own form, for nodes; nil: they get Body
	Songs   [][]byte  // the same for Funkwhale, an activity for each track; nil: it gets Body
	Expires time.Time // not delivered after, zero: never
	Made    time.Time // when it is said, by which the last about a thing is known; zero: now
}

// A Delivery is an outgoing activity on its way to an inbox.
type Delivery struct {
	Outgoing
	Inbox string
	Host  string
	Made  time.Time // when it was put on its way
	Tries int64
}

// A Queue is what waits for a host.
type Queue struct {
	Host   string
	N      int64
	Oldest time.Time
	Tries  int64 // of the one tried most often
}

// A Store keeps it.
type Store interface {
	SocialView(ctx context.Context, fn func(Tx) error) error
	// SocialRead costs less than a view, and is not of one moment: each question sees what
	// is there when it is asked.
	SocialRead(ctx context.Context, fn func(Tx) error) error
	SocialUpdate(ctx context.Context, fn func(Tx) error) error
}

// A Tx is a transaction. What names one thing returns a NotFound fault when it is
// not there.
type Tx interface {
	Now() time.Time
	notice.Teller
	ReactionTx
	CommentTx
	PolicyTx
	RuleTx
	ReportTx
	Elsewhere
	PlayTx
	PaidTx
	HomeTx
	LiveTx
	HeldTx
	PersonTx
	DoorTx
	BoostTx
	PassTx
	TalkTx
	BlocklistTx
	PersonalTx
	CollaboratorTx
	LostTx
	FreshTx
	FeedTx
	SyncTx
	InboxTx

	// Peer returns one without anything known for a host never met.
	Peer(ctx context.Context, host string) (Peer, error)
	PutPeer(ctx context.Context, p Peer) error
	Peers(ctx context.Context, after string, n int) ([]Peer, error)

	Actor(ctx context.Context, id string) (Actor, error)
	PutActor(ctx context.Context, a Actor) error
	// DropActor forgets somebody with keys and follows. The numbers of followers
	// are for the caller to keep, see [Forget].
	DropActor(ctx context.Context, id string) error
	// Forgot reports whether somebody was, which is not durable yet.
	Forgot() bool
	Key(ctx context.Context, id string) (Key, error)
	// SetKeys replaces an actor's keys.
	SetKeys(ctx context.Context, owner string, keys []Key) error

	// AddFollower and DropFollower report whether that changed anything.
	AddFollower(ctx context.Context, act id.Act, actor, activity string) (bool, error)
	DropFollower(ctx context.Context, act id.Act, actor string) (bool, error)
	// Followed is the act that a Follow is of.
	Followed(ctx context.Context, actor, activity string) (id.Act, error)
	FollowedBy(ctx context.Context, actor string) ([]id.Act, error)
	// HasAct reports whether there is such an act here.
	HasAct(ctx context.Context, act id.Act) (bool, error)
	// CountFollowers changes an act's number of followers.
	CountFollowers(ctx context.Context, act id.Act, by int64) error

	Send(ctx context.Context, o Outgoing) error
	Activity(ctx context.Context, id string) (Outgoing, error)
	// Told returns what was said last about a thing.
	Told(ctx context.Context, about string) (Outgoing, error)
	Deliver(ctx context.Context, outgoing, inbox, host string) error
	// DeliverAt is Deliver of what is not sent before a time.
	DeliverAt(ctx context.Context, outgoing, inbox, host string, at time.Time) error
	// Waiting counts what is to be delivered to a server, up to most.
	Waiting(ctx context.Context, host string, most int) (int64, error)
	// DeliverToFollowers delivers to every server that has followers of an act,
	// once to each inbox.
	DeliverToFollowers(ctx context.Context, outgoing string, act id.Act) (int64, error)
	// HostsDue lists hosts with something to deliver now.
	HostsDue(ctx context.Context, n int) ([]string, error)
	// Next returns what is first of what is due for a host.
	Next(ctx context.Context, host string) (Delivery, error)
	Delivered(ctx context.Context, d Delivery) error
	// Again puts a delivery back.
	Again(ctx context.Context, d Delivery, at time.Time, trouble string) error
	// Hurry has everything for a host delivered now.
	Hurry(ctx context.Context, host string) error
	// SoonestDelivery is when the next one is due, zero when there is none.
	SoonestDelivery(ctx context.Context) (time.Time, error)
	Queues(ctx context.Context) ([]Queue, error)
	// ForgetSent forgets what was sent before, or holds no more, and waits for nothing:
	// what was said last of a thing stays, and what asks somebody whom the node follows.
	ForgetSent(ctx context.Context, before time.Time) error
	// ForgetActors forgets who was looked at before and is nobody here: they follow
	// nobody, are followed by nobody, made nothing that is known and said nothing.
	ForgetActors(ctx context.Context, before time.Time, n int) (int64, error)
	// GiveUp has deliveries made before be lost, and drops those that expired.
	GiveUp(ctx context.Context, before time.Time) (int64, error)
	// DropInbox drops what is to go to an inbox, or was lost there, and tells whose own
	// inbox it is.
	DropInbox(ctx context.Context, inbox string) (owners []string, err error)
}

// Follow makes an actor follow an act. It reports whether it did not before.
func Follow(ctx context.Context, tx Tx, act id.Act, actor, activity string) (bool, error) {
	is, err := tx.AddFollower(ctx, act, actor, activity)
	if err != nil || !is {
		return false, err
	}
	return true, errors.Join(tx.CountFollowers(ctx, act, 1), tell(ctx, tx, followed(act, actor)))
}

// followed is what an act's people are told of a follower.
func followed(act id.Act, actor string) notice.Cause {
	return notice.Cause{Kind: notice.Follower, Act: act, Actor: actor}
}

// Unfollow ends that.
func Unfollow(ctx context.Context, tx Tx, act id.Act, actor string) error {
	was, err := tx.DropFollower(ctx, act, actor)
	if err != nil || !was {
		return err
	}
	return errors.Join(tx.CountFollowers(ctx, act, -1), tx.Untell(ctx, followed(act, actor)))
}

// Forget forgets somebody who is no more, with everything they were here.
func Forget(ctx context.Context, tx Tx, actor string) error {
	acts, err := tx.FollowedBy(ctx, actor)
	if err != nil {
		return err
	}
	for _, a := range acts {
		if err := Unfollow(ctx, tx, a, actor); err != nil {
			return err
		}
	}
	if err := errors.Join(tx.DropCommentsBy(ctx, Author{Actor: actor}), tx.DropReportsBy(ctx, actor), tx.UntellBy(ctx, actor), tx.DropHeldBy(ctx, actor, ""), tx.ForgetCollaborator(ctx, actor)); err != nil {
		return err
	}
	if err := tx.DropActor(ctx, actor); !fault.Is(err, fault.NotFound) {
		return err
	}
	return nil
}

// Gone ends everything with those whose inbox is no more.
func Gone(ctx context.Context, tx Tx, inbox string) error {
	owners, err := tx.DropInbox(ctx, inbox)
	if err != nil {
		return err
	}
	for _, o := range owners {
		if err := Forget(ctx, tx, o); err != nil {
			return err
		}
	}
	return nil
}

// How long things are kept that are of no more use.
const (
	// ReceivedKept is how long an activity is known by its id, so that it is not
	// applied a second time. Nobody delivers for longer.
	ReceivedKept = 30 * 24 * time.Hour
	// DeliveryTried is how long a delivery is tried before it is given up.
	DeliveryTried = 7 * 24 * time.Hour
)

// Expire forgets what is of no more use, and reports how many deliveries were
// given up: those to a server that was away all the time, which it is asked for
// with one of them at a time.
//
// What was sent has an address, at which others may ask for it for a while.
func Expire(ctx context.Context, s Store) (lost int64, err error) {
	err = s.SocialUpdate(ctx, func(tx Tx) error {
		if err := tx.ForgetReceived(ctx, tx.Now().Add(-ReceivedKept)); err != nil {
			return err
		}
		if err := tx.ForgetHeld(ctx, tx.Now().Add(-HeldKept)); err != nil {
			return err
		}
		if err := tx.ForgetMoves(ctx, tx.Now().Add(-Settled)); err != nil {
			return err
		}
		if err := tx.DropReports(ctx, tx.Now().Add(-ReportKept)); err != nil {
			return err
		}
		if lost, err = tx.GiveUp(ctx, tx.Now().Add(-DeliveryTried)); err != nil {
			return err
		}
		if err := tx.ForgetPassed(ctx, tx.Now().Add(-DeliveryTried)); err != nil {
			return err
		}
		return tx.ForgetSent(ctx, tx.Now().Add(-ReceivedKept))
	})
	for more := err == nil; more && err == nil; { // others write in between: anybody can make the node learn of many
		err = s.SocialUpdate(ctx, func(tx Tx) error {
			gone, err := tx.ForgetActors(ctx, tx.Now().Add(-ReceivedKept), forgotten)
			more = gone == forgotten
			return err
		})
	}
	return lost, err
}

// forgotten is how many actors one transaction forgets.
const forgotten = 1000
