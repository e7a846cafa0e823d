package social

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/notice"
)

// A Person is a listener here who chose to be seen on other servers. Nothing of the
// account is in it but what they write for it.
type Person struct {
	ID       id.Person
	Account  id.Account // "" gone
	Handle   string     // theirs alone, and nobody's after them; "" gone
	Name     string
	About    string
	Approves bool // whoever wants to follow is asked about first
	Listens  bool // followers learn what they listen to
	Created  time.Time
	Changed  time.Time
	Gone     time.Time // zero while they are seen
}

// A FollowState is what somebody on another server is to a person.
type FollowState string

// The states. Nobody is "" of whom nothing is known.
const (
	FollowAsked FollowState = "asked"
	FollowsThem FollowState = "follows"
	FollowBlock FollowState = "blocked" // by the person: they do not follow, and may not ask
)

// A Fan is somebody on another server who has to do with a person, or with an act.
type Fan struct {
	Person   id.Person
	Act      id.Act // "" the person
	Actor    string
	State    FollowState
	Activity string // the Follow, or the Block
	Since    time.Time

	// What is known here of them.
	Handle, Host, Name, URL string
}

// PersonTx is the part of a transaction that keeps persons.
type PersonTx interface {
	// Person finds one, also who is gone; PersonOf and PersonByHandle who is seen.
	// Faults: NotFound.
	Person(ctx context.Context, p id.Person) (Person, error)
	PersonOf(ctx context.Context, a id.Account) (Person, error)
	PersonByHandle(ctx context.Context, handle string) (Person, error)
	PutPerson(ctx context.Context, p *Person) error
	// EndPerson forgets everything of a person but that they are gone.
	EndPerson(ctx context.Context, p id.Person) error
	// HandleTaken reports whether a handle is or was somebody else's than an account's:
	// an act's, a person's, an account's.
	HandleTaken(ctx context.Context, handle string, a id.Account) (bool, error)

	// Likes reports whether somebody here likes a thing.
	Likes(ctx context.Context, a id.Account, t Thing) (bool, error)

	// Fan is what somebody is to a person. Faults: NotFound.
	Fan(ctx context.Context, p id.Person, actor string) (Fan, error)
	PutFan(ctx context.Context, f Fan) error
	// DropFan reports whether they were one.
	DropFan(ctx context.Context, p id.Person, actor string) (bool, error)
	// Fans are those of a state after an actor's address, by that.
	Fans(ctx context.Context, p id.Person, state FollowState, after string, n int) ([]Fan, error)
	CountFans(ctx context.Context, p id.Person, state FollowState) (int64, error)
	// FollowedPerson is whom a Follow is of. Faults: NotFound.
	FollowedPerson(ctx context.Context, actor, activity string) (id.Person, error)

	// Reach notes that an inbox knows of a person.
	Reach(ctx context.Context, p id.Person, inbox, host string) error
	// DeliverToFans delivers to the servers of a person's followers, DeliverToReach
	// to all that know of the person.
	DeliverToFans(ctx context.Context, outgoing string, p id.Person) (int64, error)
	DeliverToReach(ctx context.Context, outgoing string, p id.Person) (int64, error)
	// DropReach forgets who had to do with a person.
	DropReach(ctx context.Context, p id.Person) error
	// DropPersonListens takes back what of a person's listening was or is to be told, by
	// the address of the person.
	DropPersonListens(ctx context.Context, actor string) error
}

// Bounds of persons.
const (
	longestPersonName = 60    // characters
	longestOfPerson   = 1_000 // characters
	mostAsking        = 1_000 // who wait to be let in
	perFans           = 200
)

// ListenFor is how long it may take to tell that somebody listens: afterwards it is not
// told any more.
const ListenFor = time.Hour

// A PersonDraft is what a listener says of themselves.
type PersonDraft struct {
	Handle   string
	Name     string // "" the handle
	About    string
	Approves bool
	Listens  bool // followers learn what they listen to
}

func (d *PersonDraft) check() (err error) {
	if d.Handle, err = music.Handle(d.Handle); err != nil {
		return err
	}
	d.Name, d.About = music.OneLine(d.Name), strings.TrimSpace(d.About)
	if d.Name == "" {
		d.Name = d.Handle
	}
	switch {
	case account.Reserved(d.Handle):
		return fault.On("handle", fault.Invalid, "The user name %s is reserved. Choose another.", d.Handle)
	case utf8.RuneCountInString(d.Name) > longestPersonName:
		return fault.On("name", fault.Invalid, "A name has at most %d characters.", longestPersonName)
	case utf8.RuneCountInString(d.About) > longestOfPerson:
		return fault.On("about", fault.Invalid, "That has at most %d characters.", longestOfPerson)
	}
	return nil
}

// People are the listeners who are seen elsewhere, as pages and programs ask for them.
type People struct {
	Store Store
	// Federates says that there are other servers to be seen on.
	Federates bool
	Post      Refusals // nil where it does not
	// Silence takes back what of a person's listening waits to be told.
	Silence func(ctx context.Context, tx Tx, p id.Person) error
	// Sent is called when something is to be delivered. It must not block.
	Sent func()
}

// Of is the person that an account is elsewhere. Faults: NotFound.
func (s *People) Of(ctx context.Context, a id.Account) (p Person, err error) {
	err = s.Store.SocialView(ctx, func(tx Tx) error {
		p, err = tx.PersonOf(ctx, a)
		return err
	})
	return p, err
}

// Called finds a person by the handle, in any case. Faults: NotFound.
func (s *People) Called(ctx context.Context, handle string) (p Person, err error) {
	err = s.Store.SocialView(ctx, func(tx Tx) error {
		p, err = tx.PersonByHandle(ctx, strings.ToLower(strings.TrimPrefix(handle, "@")))
		return err
	})
	return p, err
}

// Person finds one who is seen. Faults: NotFound.
func (s *People) Person(ctx context.Context, who id.Person) (p Person, err error) {
	err = s.Store.SocialView(ctx, func(tx Tx) error {
		p, err = tx.Person(ctx, who)
		if err == nil && !p.Gone.IsZero() {
			err = fault.New(fault.NotFound, "There is nobody of that name.")
		}
		return err
	})
	return p, err
}

// Show has a listener be seen elsewhere, or changes how. The handle stays: other
// servers know the person by it. Faults: Unauthenticated, Invalid, Conflict, NotFound.
func (s *People) Show(ctx context.Context, v music.Viewer, d PersonDraft) (p Person, err error) {
	switch {
	case v.Account == "":
		return p, fault.New(fault.Unauthenticated, "Sign in first.")
	case !s.Federates:
		return p, fault.New(fault.NotFound, "This node does not federate.")
	}
	if err := d.check(); err != nil {
		return p, err
	}
	err = s.Store.SocialUpdate(ctx, func(tx Tx) error {
		p, err = tx.PersonOf(ctx, v.Account)
		switch {
		case fault.Is(err, fault.NotFound):
			taken, err := tx.HandleTaken(ctx, d.Handle, v.Account)
			if err != nil {
				return err
			}
			if taken {
				return fault.On("handle", fault.Conflict, "%q is or was somebody’s on this node. Choose a different one.", d.Handle)
			}
			p = Person{ID: id.New[id.Person](tx.Now()), Account: v.Account, Handle: d.Handle, Created: tx.Now()}
		case err != nil:
			return err
		case p.Handle != d.Handle:
			return fault.On("handle", fault.Conflict, "Other servers know you as %q: that cannot be changed.", p.Handle)
		}
		p.Name, p.About, p.Approves, p.Listens, p.Changed = d.Name, d.About, d.Approves, d.Listens, tx.Now()
		if err := tx.PutPerson(ctx, &p); err != nil {
			return err
		}
		if !p.Listens && s.Silence != nil {
			if err := s.Silence(ctx, tx, p.ID); err != nil {
				return err
			}
		}
		return tellPerson(ctx, tx, p.ID)
	})
	return p, err
}

// Hide ends that a listener is seen elsewhere: for good, other servers are told that
// the person is gone. Faults: NotFound.
func (s *People) Hide(ctx context.Context, a id.Account) error {
	return s.Store.SocialUpdate(ctx, func(tx Tx) error {
		p, err := tx.PersonOf(ctx, a)
		if err != nil {
			return err
		}
		return Leave(ctx, tx, p)
	})
}

// Leave has a person be gone, with what they said as that. Who knows of them is told by
// a job: until it has run it is kept who that is.
func Leave(ctx context.Context, tx Tx, p Person) error {
	if err := errors.Join(tx.DropCommentsAs(ctx, p.ID), tx.LeaveElsewhere(ctx, p.Account), tx.EndPerson(ctx, p.ID)); err != nil {
		return err
	}
	return tellPerson(ctx, tx, p.ID)
}

// tellPerson has other servers told what became of a person.
func tellPerson(ctx context.Context, tx Tx, p id.Person) error {
	what := music.Telling("person", string(p))
	return tx.Enqueue(ctx, music.JobTell, what, []byte(what), tx.Now())
}

// Fans are who follows a person, asks to, or is blocked, by address, and the address
// after which there are more. For the person alone. Faults: NotFound.
func (s *People) Fans(ctx context.Context, a id.Account, state FollowState, after string) (list []Fan, next string, err error) {
	err = s.Store.SocialView(ctx, func(tx Tx) error {
		p, err := tx.PersonOf(ctx, a)
		if err != nil {
			return err
		}
		list, err = tx.Fans(ctx, p.ID, state, after, perFans+1)
		return err
	})
	list, next = pageOfFans(list)
	return list, next, err
}

// Count is how many follow a person.
func (s *People) Count(ctx context.Context, p id.Person) (n int64, err error) {
	err = s.Store.SocialView(ctx, func(tx Tx) error {
		n, err = tx.CountFans(ctx, p, FollowsThem)
		return err
	})
	return n, err
}

// Judge lets somebody follow who asked ("follows"), blocks somebody ("blocked"), or has
// nothing to do with them any more (""), by address or handle. They are told.
// Faults: NotFound for whom nobody here knows, Invalid.
func (s *People) Judge(ctx context.Context, a id.Account, who string, state FollowState) error {
	err := s.Store.SocialUpdate(ctx, func(tx Tx) error {
		p, err := tx.PersonOf(ctx, a)
		if err != nil {
			return err
		}
		actor, err := meant(ctx, tx, who)
		if err != nil {
			return err
		}
		f, err := tx.Fan(ctx, p.ID, actor)
		switch {
		case fault.Is(err, fault.NotFound) && state == FollowBlock:
			if _, err = tx.Actor(ctx, actor); err != nil {
				return err
			}
			f = Fan{Person: p.ID, Actor: actor}
		case err != nil || f.State == state:
			return err
		}
		return s.judge(ctx, tx, &p, f, state)
	})
	if err == nil && s.Sent != nil {
		s.Sent()
	}
	return err
}

func (s *People) judge(ctx context.Context, tx Tx, p *Person, f Fan, state FollowState) error {
	was := f
	f.State = state
	switch {
	case state == FollowsThem && was.State == FollowAsked:
		if err := tx.PutFan(ctx, f); err != nil {
			return err
		}
		return s.Answer(ctx, tx, f, true)
	case state == "" && was.State == FollowBlock:
		if _, err := tx.DropFan(ctx, f.Person, f.Actor); err != nil || s.Post == nil {
			return err
		}
		return s.Post.Unblock(ctx, tx, was)
	case state != "" && state != FollowBlock:
		return fault.On("state", fault.Invalid, "Who asked is let in, or not; who follows is removed or blocked.")
	}
	if was.State != "" {
		if err := s.Answer(ctx, tx, was, false); err != nil {
			return err
		}
	}
	if state == "" {
		_, err := tx.DropFan(ctx, f.Person, f.Actor)
		return err
	}
	if err := shut(ctx, tx, s.Post, string(p.Account), &f); err != nil {
		return err
	}
	return tx.PutFan(ctx, f)
}

// Answer tells who asks to follow somebody here whether they may; where the node does
// not federate any more nobody is told.
func (s *People) Answer(ctx context.Context, tx Tx, f Fan, yes bool) error {
	if s.Post == nil {
		return nil
	}
	return s.Post.Answer(ctx, tx, f, yes)
}

// FollowPerson takes what somebody on another server asks of a person: they follow
// now, or wait to be let in, or are refused ("").
func FollowPerson(ctx context.Context, tx Tx, p *Person, from Actor, activity string) (FollowState, error) {
	if is, err := shuns(ctx, tx, p.Account, from.ID, from.Host); err != nil || is {
		return "", err
	}
	f, err := tx.Fan(ctx, p.ID, from.ID)
	known := err == nil
	switch {
	case err != nil && !fault.Is(err, fault.NotFound):
		return "", err
	case known && f.State == FollowBlock:
		return "", nil
	case !known:
		f = Fan{Person: p.ID, Actor: from.ID, Since: tx.Now(), State: FollowsThem}
		if p.Approves {
			f.State = FollowAsked
			n, err := tx.CountFans(ctx, p.ID, FollowAsked)
			if err != nil || n >= mostAsking {
				return "", err
			}
		}
	}
	f.Activity = activity
	if err := tx.PutFan(ctx, f); err != nil {
		return "", err
	}
	if err := tx.Reach(ctx, p.ID, from.ReachedAt(), from.Host); err != nil || known {
		return f.State, err
	}
	return f.State, tell(ctx, tx, fan(p.Account, from.ID))
}

// MayAnswer refuses who answers a listener who has blocked them, either as who they are
// elsewhere or for all they see. Faults: Forbidden.
func MayAnswer(ctx context.Context, tx Tx, to *Author, from Actor) error {
	if to.Person == "" {
		return nil
	}
	blocked, err := Barred(ctx, tx, "", to.Account, from.ID)
	if err == nil && !blocked {
		blocked, err = shuns(ctx, tx, to.Account, from.ID, from.Host)
	}
	if err != nil {
		return err
	}
	if blocked {
		return fault.New(fault.Forbidden, "%s is not heard by whom they answer.", from.ID)
	}
	return nil
}

// UnfollowPerson ends that somebody follows a person, or asks to.
func UnfollowPerson(ctx context.Context, tx Tx, p id.Person, actor string) error {
	f, err := tx.Fan(ctx, p, actor)
	if fault.Is(err, fault.NotFound) || err == nil && f.State == FollowBlock {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := tx.DropFan(ctx, p, actor); err != nil {
		return err
	}
	who, err := tx.Person(ctx, p)
	if err != nil || who.Account == "" {
		return err
	}
	return tx.Untell(ctx, fan(who.Account, actor))
}

// fan is what a person is told of who follows them, or asks to.
func fan(a id.Account, actor string) notice.Cause {
	return notice.Cause{Kind: notice.Fan, Account: a, Actor: actor}
}

// ReachedAt is the inbox where an actor is reached, that of all on their server where
// there is one.
func (a *Actor) ReachedAt() string {
	if a.SharedInbox != "" {
		return a.SharedInbox
	}
	return a.Inbox
}
