package social

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/notice"
)

// A Standing is what a collaborator is to a playlist.
type Standing string

// The standings.
const (
	Invited Standing = "invited"
	Works   Standing = "works" // they add tracks and take tracks out
	Ended   Standing = "ended" // of another server: it is to be told yet
)

// The kinds of collaborators.
const (
	KindAccount = "account" // of this node
	KindAct     = "act"     // of this node: all of its people
	KindActor   = "actor"   // of another server
)

// A Collaborator is who works on a playlist of somebody else, or is invited to.
type Collaborator struct {
	Playlist id.Playlist // of this node, or one kept of another server
	Away     bool        // the latter
	Who      string      // an account or an act here, or an actor's address
	Kind     string
	State    Standing
	Invite   string // the address of the Invite, "" nobody elsewhere has to do with it
	Since    time.Time

	// What is known of them.
	Handle, Host, Name string
	Person             id.Person // of an account that is seen elsewhere
}

// Said is their handle as people write it.
func (c *Collaborator) Said() string {
	if c.Host != "" {
		return "@" + c.Handle + "@" + c.Host
	}
	return "@" + c.Handle
}

// A Collaboration is a playlist of somebody else as who works on it lists it.
type Collaboration struct {
	Collaborator
	List  music.Playlist // its id, title, length and cover
	Owner string         // the name of whose it is
	Host  string         // of their server, "" this node
}

// By says whose it is: their name, and of another server that.
func (c *Collaboration) By() string {
	if c.Host != "" {
		return c.Owner + ", " + c.Host
	}
	return c.Owner
}

// Bounds of collaborations.
const (
	MostCollaborators = 50  // of one playlist, with those who are invited
	MostInvitations   = 100 // that wait for one account or act
	MostSuggested     = 200 // tracks of one activity
	mostShared        = 500 // playlists of others in one list
)

// JobSuggested asks for tracks that somebody elsewhere put into a playlist here and that
// are not known: a [Suggestion] in JSON.
const JobSuggested = "social.suggested"

// A Suggestion is what somebody elsewhere puts into a playlist here.
type Suggestion struct {
	Playlist id.Playlist `json:"playlist"`
	Actor    string      `json:"actor"`
	Tracks   []string    `json:"tracks"` // addresses
}

// CollaboratorTx is the part of a transaction that keeps who works on playlists.
type CollaboratorTx interface {
	// OwnPlaylist is one of this node. Faults: NotFound.
	OwnPlaylist(ctx context.Context, p id.Playlist) (music.Playlist, error)
	// Collaborator is one also whose part is ended. Faults: NotFound.
	Collaborator(ctx context.Context, p id.Playlist, who string) (Collaborator, error)
	// InvitedBy is who was invited by an activity, of this node's. Faults: NotFound.
	InvitedBy(ctx context.Context, invite, who string) (Collaborator, error)
	// InvitedFrom are those here who were invited by an activity of another server.
	InvitedFrom(ctx context.Context, invite string) ([]Collaborator, error)
	Collaborators(ctx context.Context, p id.Playlist) ([]Collaborator, error)
	PutCollaborator(ctx context.Context, c *Collaborator) error
	// DropCollaborator reports whether they were one. DropCollaborators drops those of
	// other servers.
	DropCollaborator(ctx context.Context, p id.Playlist, who string) (bool, error)
	DropCollaborators(ctx context.Context, p id.Playlist) error
	// ForgetCollaborator drops all of somebody, LeaveElsewhere what an account has to do
	// with others' and with other servers'.
	ForgetCollaborator(ctx context.Context, who string) error
	LeaveElsewhere(ctx context.Context, a id.Account) error
	// StandingsIn is what an account is to a playlist, by itself and for its acts.
	StandingsIn(ctx context.Context, p id.Playlist, a id.Account) ([]Collaborator, error)
	// CollaborationsOf are the latest changed first.
	CollaborationsOf(ctx context.Context, a id.Account, n int) ([]Collaboration, error)
	CountInvited(ctx context.Context, who string) (int64, error)
	// DeliverToCollaborators delivers to those of other servers.
	DeliverToCollaborators(ctx context.Context, outgoing string, p id.Playlist) (int64, error)
	// Rework is [music.Rework].
	Rework(ctx context.Context, p id.Playlist, add, remove []id.Track) error
	// Called is who is called that here: a person's account, an account or an act.
	// Faults: NotFound.
	Called(ctx context.Context, handle string) (Collaborator, error)
	// PeopleOf are the accounts of an act's people.
	PeopleOf(ctx context.Context, act id.Act) ([]id.Account, error)
}

// Correspondence is what goes to other servers about playlists that several work on,
// in the transaction.
type Correspondence interface {
	// Respond has the owner of a playlist elsewhere told whether somebody works on it,
	// Depart that they do not any more.
	Respond(ctx context.Context, tx Tx, c *Collaborator, list *Playlist, yes bool) error
	Depart(ctx context.Context, tx Tx, c *Collaborator, list *Playlist) error
	// Suggest has the owner told what somebody adds or takes out. Faults: NotFound for a
	// track that nobody else can find.
	Suggest(ctx context.Context, tx Tx, c *Collaborator, list *Playlist, tracks []id.Track, add bool) error
	// Uninvite has somebody elsewhere told that they do not work on a playlist here.
	Uninvite(ctx context.Context, tx Tx, list *music.Playlist, c *Collaborator) error
}

// tellList has other servers told what became of a playlist here.
func tellList(ctx context.Context, tx Tx, p id.Playlist) error {
	what := music.Telling("playlist", string(p))
	return tx.Enqueue(ctx, music.JobTell, what, []byte(what), tx.Now())
}

// TellInvited tells who is invited, of an act its people.
func TellInvited(ctx context.Context, tx Tx, c *Collaborator, from notice.Cause) error {
	from.Kind, from.List = notice.Invited, c.Playlist
	people := []id.Account{id.Account(c.Who)}
	if c.Kind == KindAct {
		var err error
		if people, err = tx.PeopleOf(ctx, id.Act(c.Who)); err != nil {
			return err
		}
	}
	for _, a := range people {
		if from.Account = a; a == from.Person {
			continue
		}
		if err := tell(ctx, tx, from); err != nil {
			return err
		}
	}
	return nil
}

// untellInvited takes that back.
func untellInvited(ctx context.Context, tx Tx, c *Collaborator) error {
	cause := notice.Cause{Kind: notice.Invited, List: c.Playlist}
	if c.Kind == KindAccount {
		cause.Account = id.Account(c.Who)
	}
	return tx.Untell(ctx, cause)
}

// TakeInvitation keeps that somebody elsewhere invites an account or an act here to
// their playlist, and reports whether they work on it already. Faults: Limited.
func TakeInvitation(ctx context.Context, tx Tx, from Actor, list *Playlist, c Collaborator) (works bool, err error) {
	hearer := id.Account("")
	if c.Kind == KindAccount {
		hearer = id.Account(c.Who)
	}
	if hears, err := Hears(ctx, tx, hearer, from.ID, from.Host); err != nil || !hears {
		return false, err
	}
	act := id.Act("")
	if c.Kind == KindAct {
		act = id.Act(c.Who)
	}
	if barred, err := Barred(ctx, tx, act, hearer, from.ID); err != nil || barred {
		return false, err
	}
	if err := KeepPlaylist(ctx, tx, list); err != nil {
		return false, err
	}
	kept, err := tx.PlaylistByIRI(ctx, list.IRI)
	if err != nil {
		return false, err
	}
	was, err := tx.Collaborator(ctx, kept.ID, c.Who)
	switch {
	case fault.Is(err, fault.NotFound):
		n, err := tx.CountInvited(ctx, c.Who)
		if err != nil {
			return false, err
		}
		if n >= MostInvitations {
			return false, fault.New(fault.Conflict, "Too many invitations wait for them.")
		}
		c.State = Invited
	case err != nil:
		return false, err
	default:
		c.State = was.State
	}
	c.Playlist, c.Away, c.Since = kept.ID, true, tx.Now()
	if err := tx.PutCollaborator(ctx, &c); err != nil || c.State == Works {
		return c.State == Works, err
	}
	return false, TellInvited(ctx, tx, &c, notice.Cause{Actor: from.ID})
}

// Uninvited ends that those work on a playlist elsewhere, or are invited to, who were by
// an activity of its owner.
func Uninvited(ctx context.Context, tx Tx, owner, invite string) error {
	all, err := tx.InvitedFrom(ctx, invite)
	for i := range all {
		list, err := tx.PlaylistElsewhere(ctx, all[i].Playlist)
		if err != nil {
			return err
		}
		if list.Actor != owner {
			return fault.New(fault.Forbidden, "%s is not %s's.", list.IRI, owner)
		}
		if err := part(ctx, tx, &all[i], &list); err != nil {
			return err
		}
	}
	return err
}

// part ends somebody's part in a playlist elsewhere, which is kept no longer when nobody
// here has to do with it.
func part(ctx context.Context, tx Tx, c *Collaborator, list *Playlist) error {
	if _, err := tx.DropCollaborator(ctx, c.Playlist, c.Who); err != nil {
		return err
	}
	if err := untellInvited(ctx, tx, c); err != nil {
		return err
	}
	left, err := tx.Collaborators(ctx, c.Playlist)
	if err != nil || len(left) > 0 {
		return err
	}
	if wanted, err := Wanted(ctx, tx, list.Actor); err != nil || wanted && list.Listed {
		return err
	}
	_, err = tx.DropPlaylist(ctx, list.IRI, list.Actor)
	return err
}

// Answered takes what somebody elsewhere says to an invitation. Faults: NotFound.
func Answered(ctx context.Context, tx Tx, invite, actor string, yes bool) error {
	c, err := tx.InvitedBy(ctx, invite, actor)
	if err != nil {
		return err
	}
	if c.State == Ended || yes && c.State == Works {
		return nil
	}
	if !yes {
		return Departed(ctx, tx, c.Playlist, actor)
	}
	c.State = Works
	if err := tx.PutCollaborator(ctx, &c); err != nil {
		return err
	}
	return tellList(ctx, tx, c.Playlist)
}

// Departed takes that somebody elsewhere does not work on a playlist here any more.
func Departed(ctx context.Context, tx Tx, p id.Playlist, actor string) error {
	was, err := tx.DropCollaborator(ctx, p, actor)
	if err != nil || !was {
		return err
	}
	return tellList(ctx, tx, p)
}

// WorksOn returns a Forbidden fault unless somebody elsewhere works on a playlist here.
func WorksOn(ctx context.Context, tx Tx, p id.Playlist, actor string) error {
	c, err := tx.Collaborator(ctx, p, actor)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if err != nil || c.State != Works {
		return fault.New(fault.Forbidden, "%s does not work on this playlist.", actor)
	}
	return nil
}
