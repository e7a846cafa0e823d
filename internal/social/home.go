package social

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/notice"
)

// A Move is what an act said of where it is now.
type Move struct {
	Actor  string // who moved
	Host   string
	Target string
	Asked  time.Time // when they said so last
	Moved  time.Time // when they were followed there, zero not yet
}

// HomeTx is the part of a transaction that keeps who moved where.
type HomeTx interface {
	Home(ctx context.Context, act id.Act) (music.Home, error)
	// SetKnown replaces by which addresses else an act is known.
	SetKnown(ctx context.Context, act id.Act, known []music.Location) error
	// SetMoved says where an act moved; to nowhere, that it is here again.
	SetMoved(ctx context.Context, act id.Act, to music.Location) error

	// ActorMove is the last one of somebody elsewhere. Faults: NotFound.
	ActorMove(ctx context.Context, actor string) (Move, error)
	AskMove(ctx context.Context, m Move) error
	// Moved notes that somebody was followed.
	Moved(ctx context.Context, actor string) error
	CountMoves(ctx context.Context, host string, since time.Time) (int64, error)
	// Arrivals is how many were followed to somebody since.
	Arrivals(ctx context.Context, actor string, since time.Time) (int64, error)
	ForgetMoves(ctx context.Context, before time.Time) error
	// WhoFollows are people here who follow an act elsewhere, WhoFollowsAct those of one here.
	WhoFollows(ctx context.Context, actor string, n int) ([]id.Account, error)
	WhoFollowsAct(ctx context.Context, act id.Act, n int) ([]id.Account, error)
	// FollowHere has somebody here follow an act of here, or no longer.
	FollowHere(ctx context.Context, a id.Account, act id.Act, on bool) error
}

// Bounds of moves.
const (
	// Settled is how long who moved stays: neither they nor who came to them is
	// followed elsewhere before, so that nothing goes in circles.
	Settled  = 30 * 24 * time.Hour
	patience = time.Hour // between two words of one who cannot be followed yet
	// BUG(9ten): who owns a domain has as many servers as it has names, each with 50.
	movesOfHost = 50 // of one server within a day
	// MostKnown is by how many addresses else an act may be known.
	MostKnown = 10
)

// WantMove has people here follow somebody to where they say they are now, once it
// is found that they are. What costs a question to another server is asked only
// when somebody here follows them. Faults: Conflict.
func WantMove(ctx context.Context, tx Tx, m Move) error {
	if n, err := tx.FollowersHere(ctx, m.Actor); err != nil || n == 0 {
		return err
	}
	if err := maySettle(ctx, tx, m); err != nil {
		return err
	}
	if err := tx.AskMove(ctx, m); err != nil {
		return err
	}
	return FollowMoved(ctx, tx, m.Actor)
}

// FollowMoved has the job done that follows somebody. Where to is read when it runs:
// a word that came later counts though the job waits already.
func FollowMoved(ctx context.Context, tx Tx, actor string) error {
	return tx.Enqueue(ctx, JobMove, actor, []byte(actor), time.Time{})
}

// Whither is where somebody elsewhere is to be followed now, empty for nowhere.
func Whither(ctx context.Context, tx Tx, actor string) (string, error) {
	m, err := tx.ActorMove(ctx, actor)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	n, err := tx.Arrivals(ctx, actor, tx.Now().Add(-Settled)) // they may have come since it was asked
	if n > 0 {
		return "", err
	}
	return m.Target, err
}

func maySettle(ctx context.Context, tx Tx, m Move) error {
	now := tx.Now()
	last, err := tx.ActorMove(ctx, m.Actor)
	switch {
	case err != nil && !fault.Is(err, fault.NotFound):
		return err
	case err == nil && now.Sub(last.Moved) < Settled:
		return fault.New(fault.Conflict, "%s has moved within the last %d days.", m.Actor, Settled/(24*time.Hour))
	case err == nil && now.Sub(last.Asked) < patience:
		return fault.New(fault.Conflict, "%s has said where it moved within the last hour.", m.Actor)
	}
	came, err := tx.Arrivals(ctx, m.Actor, now.Add(-Settled))
	if err == nil && came > 0 {
		err = fault.New(fault.Conflict, "%s has moved within the last %d days.", m.Actor, Settled/(24*time.Hour))
	}
	if err != nil {
		return err
	}
	if there, err := tx.ActorMove(ctx, m.Target); err == nil && now.Sub(there.Moved) < Settled {
		return fault.New(fault.Conflict, "%s has moved away itself.", m.Target)
	} else if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	n, err := tx.CountMoves(ctx, m.Host, now.Add(-24*time.Hour))
	if err == nil && n >= movesOfHost {
		err = fault.New(fault.Conflict, "%d acts of one server have moved within a day.", movesOfHost)
	}
	return err
}

// Owned refuses who does not own an act.
func Owned(ctx context.Context, tx Tx, v music.Viewer, act id.Act) error {
	if v.Account == "" {
		return fault.New(fault.Unauthenticated, "Sign in first.")
	}
	role, err := tx.Role(ctx, act, v.Account)
	if err == nil && role != music.Owner {
		err = fault.New(fault.Forbidden, "Only an owner of the act says where it is.")
	}
	return err
}

// Arrived is what somebody is told who follows an act at its new address: elsewhere
// by that of its document, or here.
func Arrived(who id.Account, actor string, act id.Act) notice.Cause {
	return notice.Cause{Kind: notice.Moved, Account: who, Actor: actor, Act: act}
}
