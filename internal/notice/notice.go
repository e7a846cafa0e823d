// Package notice tells people what happened that they have to do with: what an act
// they follow published, what others think and say of their music, what they were
// paid. What happened is told in the transaction in which it happens, by whoever
// has it happen; here is who is told of what, how, and until when.
package notice

import (
	"cmp"
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
)

// A Kind is what somebody is told of.
type Kind string

// The kinds.
const (
	Release  Kind = "release"  // an act that they follow published it
	Comment  Kind = "comment"  // on their act's music
	Answer   Kind = "answer"   // to their comment
	Like     Kind = "like"     // of their act's music
	Boost    Kind = "boost"    // of it, by people of other servers
	Follower Kind = "follower" // of their act
	Earned   Kind = "earned"   // by their act, in a month that is settled
	Owed     Kind = "owed"     // to their act, which has no wallet
	Receipt  Kind = "receipt"  // of a month that they paid for
	Unpaid   Kind = "unpaid"   // their subscription's month
	Ended    Kind = "ended"    // their subscription
	Moved    Kind = "moved"    // an act that they follow: they follow it there
	Invited  Kind = "invited"  // to work on a playlist of somebody else
	Fan      Kind = "fan"      // of theirs on another server, where they chose to be seen, or who asks to be
	Label    Kind = "label"    // what becomes of an act's being on a label, who owns one of them
)

// A Step is what becomes of an act's being on a label.
type Step string

// The steps.
const (
	Asked    Step = "asked" // by the label: who owns the act answers
	Joined   Step = "joined"
	Declined Step = "declined"
	Parted   Step = "parted" // either ended it
)

// A Way is how somebody is told.
type Way string

// The ways. Who gets a letter finds it here too.
const (
	Never  Way = "none"
	Here   Way = "here"
	Daily  Way = "day"  // and in the day's letter, unless it was read
	Weekly Way = "week" // and in the week's
)

// A Choice is how somebody is told of a kind.
type Choice struct {
	Kind Kind
	Way  Way
}

// standard is how people are told who did not choose, in the order of the page
// where they do.
var standard = [...]Choice{
	{Release, Weekly}, {Moved, Here}, {Answer, Weekly}, {Invited, Weekly}, {Fan, Here}, {Receipt, Weekly}, {Unpaid, Daily}, {Ended, Daily},
	{Comment, Weekly}, {Like, Here}, {Boost, Here}, {Follower, Here}, {Label, Weekly}, {Earned, Weekly}, {Owed, Weekly},
}

// ForActs reports whether a kind is for those who have an act.
func (k Kind) ForActs() bool {
	switch k {
	case Comment, Like, Boost, Follower, Label, Earned, Owed:
		return true
	}
	return false
}

// many reports whether a day's causes of a kind are one notice.
func (k Kind) many() bool { return k == Like || k == Boost || k == Follower }

// A Cause is what happened.
type Cause struct {
	Kind    Kind
	Account id.Account // who alone is told; "" whom the kind is for
	Act     id.Act     // whose people or followers are told
	Actor   string     // on another server: who did it, or whose release it is
	Person  id.Account // here: who did it, and is not told
	Knows   id.Account // who is told of it otherwise
	Release id.Release
	Track   id.Track
	Comment id.Comment
	List    id.Playlist
	Label   id.Act // which Act is on, or is asked by
	Step    Step   // of that
	Period  calendar.Period
	At      time.Time // of a release elsewhere: who followed later is not told; zero: everybody is
}

// Many reports whether a day's causes like this are one notice.
func (c *Cause) Many() bool { return c.Kind.many() }

// Who did it, here or on another server.
func (c *Cause) Who() string {
	if c.Actor != "" {
		return c.Actor
	}
	return string(c.Person)
}

// About names what a cause is about: of one thing one is told once.
func (c *Cause) About() string {
	about := string(c.Kind) + "/"
	switch c.Kind {
	case Comment, Answer:
		return about + string(c.Comment)
	case Like, Boost, Release:
		if c.Track != "" {
			return about + string(c.Track)
		}
		return about + string(c.Release)
	case Follower:
		return about + string(c.Act)
	case Fan:
		return about + c.Actor
	case Invited:
		return about + string(c.List)
	case Label: // the latest step takes the place of the one before
		return about + string(c.Label) + "/" + string(c.Act)
	case Moved: // where it is now
		return about + cmp.Or(c.Actor, string(c.Act))
	}
	return about + c.Period.String()
}

// Name is that of the notice in which a cause of that day is told.
func (c *Cause) Name(day calendar.Day) string {
	if c.Many() {
		return c.About() + "/" + day.String()
	}
	return c.About()
}

// A Teller is the part of a transaction that tells people.
type Teller interface {
	// Tell tells of a cause; telling again changes nothing.
	Tell(ctx context.Context, c Cause) error
	// TellAll tells of several, each as Tell does. A notice that is of many of them is written once.
	TellAll(ctx context.Context, list []Cause) error
	// Untell takes back what was told of a cause that is no more: what an account alone
	// was told, or else everybody.
	Untell(ctx context.Context, c Cause) error
	// UntellBy takes back everything that was told of somebody, here or on another
	// server.
	UntellBy(ctx context.Context, who string) error
}

// A MonthTeller tells of a settled month: who paid for it that there is a receipt,
// acts' people what they earned and what waits for a wallet.
type MonthTeller interface {
	TellMonth(ctx context.Context, p calendar.Period) error
}

// A Notice is what somebody was told.
type Notice struct {
	Name    string
	Kind    Kind
	Act     id.Act
	Release id.Release
	Track   id.Track
	Comment id.Comment
	List    id.Playlist
	Label   id.Act // of Act
	Step    Step
	Period  calendar.Period
	N       int64 // how many did it
	At      time.Time
	Seen    bool

	// In words.
	ActName, ActHandle string // the handle as in the address of the act's page here
	LabelName          string
	LabelHandle        string
	Title, TrackTitle  string
	Who                []string // up to three who did it, as @name or @name@host: nobody of those here who like and follow, nor whom the account blocks
	Earned             money.Micro
}

// A Store keeps notices.
type Store interface {
	NoticeView(ctx context.Context, fn func(Tx) error) error
	NoticeUpdate(ctx context.Context, fn func(Tx) error) error
}

// A Tx is a transaction on them.
type Tx interface {
	Now() time.Time
	// Notices are an account's before a place in the list, the latest first; those of
	// one letter that were not read, unless it is "".
	Notices(ctx context.Context, a id.Account, at time.Time, name, letter string, n int) ([]Notice, error)
	Unseen(ctx context.Context, a id.Account) (int64, error)
	// See marks those until a time, or one of that name, as read.
	See(ctx context.Context, a id.Account, until time.Time, name string) error
	Choices(ctx context.Context, a id.Account) (map[Kind]Way, error)
	Choose(ctx context.Context, a id.Account, c Choice) error
	// Due are up to n accounts with a notice of a kind that no letter tells of yet;
	// not those who have this letter already. Unless anyone, only those whose address
	// was confirmed.
	Due(ctx context.Context, standard Choice, way Way, letter string, anyone bool, n int) ([]id.Account, error)
	// IntoLetter has a letter tell an account of what it has of a kind.
	IntoLetter(ctx context.Context, a id.Account, k Kind, letter string) error
	ForgetNotices(ctx context.Context, before time.Time) error
}

// Kept is how long a notice is kept.
const Kept = 90 * 24 * time.Hour

// Recent is how long ago a release elsewhere may have been published that
// followers here are told of: what is fetched of a catalogue is no news.
const Recent = 7 * 24 * time.Hour

var errGuest = fault.New(fault.Unauthenticated, "Sign in to see this page.")
