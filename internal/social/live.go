package social

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// A Live is a live event that an act announced: when, and where it is to be heard.
type Live struct {
	ID        id.Live // this node's
	IRI       string  // of its document elsewhere, "" of one here
	Act       id.Act  // whose it is, here
	Actor     string  // or elsewhere
	Title     string
	Link      string // where it is to be heard
	Page      string // where people look at it over there
	Starts    time.Time
	Ends      time.Time // planned, or when it did
	Published time.Time
	Updated   time.Time

	// What is known here of the act; Host is "" here.
	Name, Handle, Host string
}

// On reports whether it is under way.
func (l *Live) On(now time.Time) bool { return !now.Before(l.Starts) && now.Before(l.Ends) }

// LiveTx is the part of a transaction that keeps live events.
type LiveTx interface {
	// PutLive keeps an event in place of what was known under its id.
	PutLive(ctx context.Context, l Live) error
	Live(ctx context.Context, l id.Live) (Live, error)
	LiveByIRI(ctx context.Context, iri string) (Live, error)
	// LivesOf are the events of an act here or elsewhere that are not over, the
	// soonest first, and LivesFollowed those of the acts somebody follows.
	LivesOf(ctx context.Context, act id.Act, actor string, n int) ([]Live, error)
	LivesFollowed(ctx context.Context, a id.Account, n int) ([]Live, error)
	// LivesAway are those elsewhere that are under way.
	LivesAway(ctx context.Context) ([]id.Live, error)
	CountLives(ctx context.Context, act id.Act, actor string) (int64, error)
	DropLive(ctx context.Context, l id.Live) error
	// It returns those of acts here.
	ForgetLives(ctx context.Context, endedBefore time.Time) ([]id.Live, error)

	// PutAudience keeps how many people of another node are there, until a moment; of an
	// event elsewhere how many are there in all, as its own node says.
	PutAudience(ctx context.Context, l id.Live, host string, n int64, until time.Time) error
	Audience(ctx context.Context, l id.Live) (int64, error)
	// DropExpired forgets audiences and deliveries whose time is over.
	DropExpired(ctx context.Context) error
}

// Bounds of live events.
const (
	MostLives     = 20 // of an act that are not over
	longestLive   = 24 * time.Hour
	furthestLive  = 366 * 24 * time.Hour
	latestLive    = 24 * time.Hour // that it may have begun when it is announced
	LivesKept     = 30 * 24 * time.Hour
	longestTitle  = 200  // characters
	longestLink   = 2048 // bytes
	presence      = 5 * time.Minute
	AudienceFor   = time.Minute // that what a node says of its audience is good for
	mostPresences = 100_000     // at one event
	// TotalEvery is how often the node of an event is asked how many are there in all, and
	// TotalFor how long its answer is good: for one that is missing.
	TotalEvery = 5 * time.Minute
	TotalFor   = 2 * TotalEvery
	mostTotal  = 10_000_000 // people at one event
)

// A LiveDraft is what is said of an event.
type LiveDraft struct {
	Title, Link  string
	Starts, Ends time.Time
}

// Check refuses (Invalid) an event of no sense, and tidies one of some.
func (d *LiveDraft) Check(now time.Time) error {
	d.Title, d.Link = music.OneLine(d.Title), strings.TrimSpace(d.Link)
	d.Starts, d.Ends = d.Starts.UTC().Truncate(time.Second), d.Ends.UTC().Truncate(time.Second)
	u, err := url.Parse(d.Link)
	switch {
	case d.Title == "" || utf8.RuneCountInString(d.Title) > longestTitle:
		return fault.On("title", fault.Invalid, "Say what it is called, in at most %d characters.", longestTitle)
	case err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || len(d.Link) > longestLink:
		return fault.On("link", fault.Invalid, "Say where it is to be heard: an address that begins with https://.")
	case d.Starts.Before(now.Add(-latestLive)) || d.Starts.After(now.Add(furthestLive)):
		return fault.On("starts", fault.Invalid, "An event begins within a year.")
	case !d.Ends.After(d.Starts) || d.Ends.Sub(d.Starts) > longestLive || !d.Ends.After(now):
		return fault.On("ends", fault.Invalid, "An event ends after it began and after now, and lasts at most a day.")
	}
	return nil
}

// KeepLive keeps an event of an act elsewhere, as its document said. An older word
// does not replace a newer, nor one act's another's.
func KeepLive(ctx context.Context, tx Tx, l Live) error {
	was, err := tx.LiveByIRI(ctx, l.IRI)
	switch {
	case err == nil && was.Actor != l.Actor:
		return fault.New(fault.Forbidden, "%s is not %s's.", l.IRI, l.Actor)
	case err == nil && was.Updated.After(l.Updated):
		return nil
	case err == nil && !l.Ends.After(tx.Now()):
		was.Ends, was.Updated = tx.Now(), l.Updated
		return tx.PutLive(ctx, was)
	case err == nil:
		l.ID, l.Published = was.ID, was.Published
		return tx.PutLive(ctx, l)
	case !fault.Is(err, fault.NotFound):
		return err
	}
	if !l.Ends.After(tx.Now()) {
		return nil
	}
	n, err := tx.CountLives(ctx, "", l.Actor)
	if err != nil || n >= MostLives {
		return err
	}
	l.ID = id.New[id.Live](tx.Now())
	return tx.PutLive(ctx, l)
}

// KeepTotal keeps how many people are at an event elsewhere in all, as its own node says.
// Fewer than [Fewest], or more than there can be, are none.
func KeepTotal(ctx context.Context, tx Tx, what id.Live, n int64) error {
	l, err := tx.Live(ctx, what)
	if fault.Is(err, fault.NotFound) || err == nil && l.Act != "" {
		return nil // it was taken back meanwhile
	}
	if err != nil {
		return err
	}
	if n < Fewest || n > mostTotal {
		n = 0
	}
	return tx.PutAudience(ctx, what, l.Host, n, tx.Now().Add(TotalFor))
}

// CancelLive forgets an event that its act elsewhere took back.
func CancelLive(ctx context.Context, tx Tx, iri, actor string) error {
	l, err := tx.LiveByIRI(ctx, iri)
	if fault.Is(err, fault.NotFound) || err == nil && l.Actor != actor {
		return nil
	}
	if err != nil {
		return err
	}
	return tx.DropLive(ctx, l.ID)
}

// ForgetLives forgets events that have long been over. Followers elsewhere are told of those
// of acts here, as when they are taken back.
func ForgetLives(ctx context.Context, tx Tx) error {
	own, err := tx.ForgetLives(ctx, tx.Now().Add(-LivesKept))
	for _, l := range own {
		if err == nil {
			err = tellLive(ctx, tx, l)
		}
	}
	return err
}

// Lives are live events for people and programs here.
type Lives struct {
	Store Store

	mu   sync.Mutex
	here map[id.Live]map[id.Account]time.Time // who is there, until when
}

// Announce announces an event of an act, for its owners. Followers are told.
// Faults: Forbidden, Invalid, Conflict, NotFound.
func (s *Lives) Announce(ctx context.Context, v music.Viewer, act id.Act, d LiveDraft) (l Live, err error) {
	err = s.Store.SocialUpdate(ctx, func(tx Tx) error {
		if err := ownsAct(ctx, tx, v, act); err != nil {
			return err
		}
		if err := d.Check(tx.Now()); err != nil {
			return err
		}
		n, err := tx.CountLives(ctx, act, "")
		if err != nil {
			return err
		}
		if n >= MostLives {
			return fault.New(fault.Conflict, "An act announces at most %d events at a time.", MostLives)
		}
		l = Live{ID: id.New[id.Live](tx.Now()), Act: act, Title: d.Title, Link: d.Link, Starts: d.Starts, Ends: d.Ends, Published: tx.Now(), Updated: tx.Now()}
		if err := tx.PutLive(ctx, l); err != nil {
			return err
		}
		if l, err = tx.Live(ctx, l.ID); err != nil {
			return err
		}
		return tellLive(ctx, tx, l.ID)
	})
	return l, err
}

// End ends an event before its time, for the act's owners. One that is over stays as
// it is. Faults: Forbidden, NotFound.
func (s *Lives) End(ctx context.Context, v music.Viewer, what id.Live) (l Live, err error) {
	err = s.Store.SocialUpdate(ctx, func(tx Tx) error {
		if l, err = ownLive(ctx, tx, v, what); err != nil || !l.Ends.After(tx.Now()) {
			return err
		}
		l.Ends, l.Updated = tx.Now(), tx.Now()
		l.Starts = earlier(l.Starts, l.Ends)
		if err := tx.PutLive(ctx, l); err != nil {
			return err
		}
		return tellLive(ctx, tx, what)
	})
	return l, err
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// Delete takes an event back, for the act's owners and moderators. Faults: Forbidden,
// NotFound.
func (s *Lives) Delete(ctx context.Context, v music.Viewer, what id.Live) (act id.Act, err error) {
	err = s.Store.SocialUpdate(ctx, func(tx Tx) error {
		l, err := tx.Live(ctx, what)
		if err != nil {
			return err
		}
		if act = l.Act; act == "" && !v.Staff() {
			return fault.New(fault.Forbidden, "Only the act's owners do that.")
		}
		if !v.Staff() {
			if err := ownsAct(ctx, tx, v, act); err != nil {
				return err
			}
		}
		if err := tx.DropLive(ctx, what); err != nil || act == "" {
			return err
		}
		return tellLive(ctx, tx, what)
	})
	return act, err
}

// tellLive has followers elsewhere told what became of an event here.
func tellLive(ctx context.Context, tx Tx, l id.Live) error {
	what := "live " + string(l)
	return tx.Enqueue(ctx, music.JobTell, what, []byte(what), tx.Now())
}

func ownLive(ctx context.Context, tx Tx, v music.Viewer, what id.Live) (Live, error) {
	l, err := tx.Live(ctx, what)
	if err != nil {
		return l, err
	}
	return l, ownsAct(ctx, tx, v, l.Act)
}

func ownsAct(ctx context.Context, tx Tx, v music.Viewer, act id.Act) error {
	refused := fault.New(fault.Forbidden, "Only the act's owners do that.")
	if act == "" || v.Guest() {
		return refused
	}
	if v.Admin {
		has, err := tx.HasAct(ctx, act)
		if err == nil && !has {
			err = fault.New(fault.NotFound, "There is no such act.")
		}
		return err
	}
	role, err := tx.Role(ctx, act, v.Account)
	if err == nil && role != music.Owner {
		err = refused
	}
	return err
}

// Live is an event. Faults: NotFound.
func (s *Lives) Live(ctx context.Context, what id.Live) (l Live, err error) {
	err = s.Store.SocialView(ctx, func(tx Tx) error {
		l, err = tx.Live(ctx, what)
		return err
	})
	return l, err
}

// Of are the events of an act here, or of one elsewhere, that are not over, the soonest first.
func (s *Lives) Of(ctx context.Context, act id.Act, actor string) (list []Live, err error) {
	err = s.Store.SocialView(ctx, func(tx Tx) error {
		list, err = tx.LivesOf(ctx, act, actor, MostLives)
		return err
	})
	return list, err
}

// Followed are those of the acts somebody follows, here and elsewhere.
func (s *Lives) Followed(ctx context.Context, a id.Account) (list []Live, err error) {
	err = s.Store.SocialView(ctx, func(tx Tx) error {
		list, err = tx.LivesFollowed(ctx, a, MostLives)
		return err
	})
	return list, err
}

// Join says that somebody is at an event, for the next minutes, and tells where it is
// to be heard. Faults: NotFound; Conflict when it is not under way.
func (s *Lives) Join(ctx context.Context, a id.Account, what id.Live) (l Live, err error) {
	var now time.Time
	err = s.Store.SocialView(ctx, func(tx Tx) error {
		now = tx.Now()
		l, err = tx.Live(ctx, what)
		return err
	})
	if err != nil {
		return l, err
	}
	if !l.On(now) {
		return l, fault.New(fault.Conflict, "The event is not under way.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	if s.here == nil {
		s.here = map[id.Live]map[id.Account]time.Time{}
	}
	if s.here[what] == nil {
		s.here[what] = map[id.Account]time.Time{}
	}
	if len(s.here[what]) < mostPresences {
		s.here[what][a] = now.Add(presence)
	}
	return l, nil
}

// sweep forgets who is there no more.
func (s *Lives) sweep(now time.Time) {
	for what, people := range s.here {
		for a, until := range people {
			if now.After(until) {
				delete(people, a)
			}
		}
		if len(people) == 0 {
			delete(s.here, what)
		}
	}
}

// Here is how many people of this node are at an event.
func (s *Lives) Here(what id.Live, now time.Time) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	return int64(len(s.here[what]))
}

// Audience is how many people are at an event, of this node and of those that say
// so; fewer than [Fewest] are none. Of one elsewhere its own node says how many are there
// in all: those of this node are among them once they were told, so the larger of both
// counts, and nobody twice. Faults: NotFound.
func (s *Lives) Audience(ctx context.Context, what id.Live) (n int64, err error) {
	var now time.Time
	var l Live
	err = s.Store.SocialView(ctx, func(tx Tx) error {
		now = tx.Now()
		if l, err = tx.Live(ctx, what); err != nil {
			return err
		}
		n, err = tx.Audience(ctx, what)
		return err
	})
	if err != nil {
		return 0, err
	}
	here := s.Here(what, now)
	if l.Act == "" {
		n = max(n, here)
	} else {
		n += here
	}
	if n < Fewest {
		n = 0
	}
	return n, nil
}
