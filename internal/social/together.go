package social

import (
	"context"
	"errors"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/notice"
)

// Together is the playlists that several work on, of this node and of others, as pages
// and programs ask for them.
type Together struct {
	Store   Store
	Library *music.Library
	Host    string // of this node
	// Find finds somebody of another server by their handle, nil where the node does
	// not federate. Faults: NotFound, Unavailable, Forbidden.
	Find func(ctx context.Context, who id.Account, handle string) (Full, error)
	Post Correspondence // nil where it does not
	// Sent is called when something is to be delivered. It must not block.
	Sent func()
}

const noCollaborator = "You do not work on this playlist."

func (s *Together) update(ctx context.Context, v music.Viewer, do func(Tx) error) error {
	if v.Account == "" {
		return fault.New(fault.Unauthenticated, "Sign in first.")
	}
	err := s.Store.SocialUpdate(ctx, do)
	if err == nil && s.Sent != nil {
		s.Sent()
	}
	return err
}

// owned is a playlist here for its owner. Faults: NotFound, Forbidden.
func owned(ctx context.Context, tx Tx, v music.Viewer, p id.Playlist) (music.Playlist, error) {
	list, err := tx.OwnPlaylist(ctx, p)
	if err == nil && list.Account != v.Account {
		err = fault.New(fault.Forbidden, "This playlist belongs to somebody else.")
		if list.Access == music.Private {
			err = fault.New(fault.NotFound, "There is no such playlist.")
		}
	}
	return list, err
}

// Invite invites somebody to work on a playlist: an account or an act here, or somebody
// of another server, by handle. Who is invited or works on it already is so still.
// Faults: Unauthenticated, NotFound, Forbidden, Invalid, Conflict, Limited, Unavailable.
func (s *Together) Invite(ctx context.Context, v music.Viewer, p id.Playlist, handle string) error {
	if err := s.Store.SocialView(ctx, func(tx Tx) error { _, err := owned(ctx, tx, v, p); return err }); err != nil {
		return err // before another server is asked for anything
	}
	name, host, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(handle), "@"), "@")
	away := host != "" && !strings.EqualFold(host, s.Host)
	var guest Collaborator
	if away {
		if s.Find == nil {
			return fault.On("handle", fault.NotFound, "This node does not federate.")
		}
		f, err := s.Find(ctx, v.Account, name+"@"+host)
		if err != nil {
			return err
		}
		guest = Collaborator{Who: f.Actor.ID, Kind: KindActor}
	}
	return s.update(ctx, v, func(tx Tx) error {
		list, err := owned(ctx, tx, v, p)
		if err != nil {
			return err
		}
		c := guest
		if away {
			err = s.publishable(ctx, tx, &list, guest.Who)
		} else if c, err = tx.Called(ctx, strings.ToLower(name)); err == nil && (c.Who == string(v.Account) || c.Who == string(list.Act)) {
			err = fault.On("handle", fault.Conflict, "The playlist is theirs already.")
		}
		if err != nil {
			return err
		}
		all, err := tx.Collaborators(ctx, p)
		if err != nil {
			return err
		}
		for _, x := range all {
			if x.Who == c.Who {
				return nil
			}
		}
		if len(all) >= MostCollaborators {
			return fault.New(fault.Conflict, "%d can work on a playlist.", MostCollaborators)
		}
		return s.invite(ctx, tx, &list, c)
	})
}

// publishable returns a Conflict fault for a playlist that nobody elsewhere may see, and
// for whom its owner blocks.
func (s *Together) publishable(ctx context.Context, tx Tx, list *music.Playlist, guest string) error {
	if list.Access == music.Private {
		return fault.On("handle", fault.Conflict, "Only you see this playlist: for somebody on another server let whoever has its address see it first.")
	}
	if is, err := Barred(ctx, tx, list.Act, list.Account, guest); err != nil || is {
		return errors.Join(err, fault.On("handle", fault.Conflict, "They are blocked."))
	}
	if list.Act != "" {
		return nil
	}
	_, err := tx.PersonOf(ctx, list.Account)
	if fault.Is(err, fault.NotFound) {
		err = fault.On("handle", fault.Conflict, "To invite somebody on another server, be seen there first, on the page of your account, or have the playlist be an act’s.")
	}
	return err
}

func (s *Together) invite(ctx context.Context, tx Tx, list *music.Playlist, c Collaborator) error {
	c.Playlist, c.State, c.Since = list.ID, Invited, tx.Now()
	if err := tx.PutCollaborator(ctx, &c); err != nil {
		return err
	}
	if c.Kind == KindActor { // with the playlist, which is read once this is durable
		what := music.Telling("invite", string(list.ID)+" "+c.Who)
		if err := tx.Enqueue(ctx, music.JobTell, what, []byte(what), tx.Now()); err != nil {
			return err
		}
		return tellList(ctx, tx, list.ID)
	}
	n, err := tx.CountInvited(ctx, c.Who)
	if err != nil {
		return err
	}
	if n > MostInvitations {
		return fault.New(fault.Limited, "Too many invitations wait for them.")
	}
	from := notice.Cause{Act: list.Act}
	if list.Act == "" {
		from.Person = list.Account
	}
	return TellInvited(ctx, tx, &c, from)
}

// Collaborators are those of a playlist of this node, for its owner and themselves.
// Faults: NotFound, Forbidden.
func (s *Together) Collaborators(ctx context.Context, v music.Viewer, p id.Playlist) (list []Collaborator, err error) {
	err = s.Store.SocialView(ctx, func(tx Tx) error {
		if _, err := owned(ctx, tx, v, p); err != nil {
			if mine, err2 := tx.StandingsIn(ctx, p, v.Account); v.Account == "" || err2 != nil || len(mine) == 0 || mine[0].Away {
				return err
			}
		}
		list, err = tx.Collaborators(ctx, p)
		return err
	})
	return list, err
}

// End has somebody work on the viewer's playlist no longer, or takes back that they are
// invited. Faults: NotFound, Forbidden.
func (s *Together) End(ctx context.Context, v music.Viewer, p id.Playlist, who string) error {
	return s.update(ctx, v, func(tx Tx) error {
		list, err := owned(ctx, tx, v, p)
		if err != nil {
			return err
		}
		c, err := tx.Collaborator(ctx, p, who)
		if err != nil {
			return err
		}
		return dismiss(ctx, tx, s.Post, &list, &c)
	})
}

// dismiss has somebody work on a playlist here no longer; post is nil where nobody
// elsewhere can be told.
func dismiss(ctx context.Context, tx Tx, post Correspondence, list *music.Playlist, c *Collaborator) error {
	if _, err := tx.DropCollaborator(ctx, c.Playlist, c.Who); err != nil {
		return err
	}
	if err := untellInvited(ctx, tx, c); err != nil {
		return err
	}
	if c.Kind == KindActor && c.Invite != "" && post != nil {
		if err := post.Uninvite(ctx, tx, list, c); err != nil {
			return err
		}
	}
	return tellList(ctx, tx, c.Playlist)
}

// Standing is what the viewer is to a playlist of somebody else, "" nothing.
func (s *Together) Standing(ctx context.Context, v music.Viewer, p id.Playlist) (is Standing, err error) {
	if v.Account == "" {
		return "", nil
	}
	err = s.Store.SocialView(ctx, func(tx Tx) error {
		all, err := tx.StandingsIn(ctx, p, v.Account)
		for _, c := range all {
			if is != Works {
				is = c.State
			}
		}
		return err
	})
	return is, err
}

// Lists are the playlists of others that the viewer works on or is invited to, the
// latest change first. Faults: Unauthenticated.
func (s *Together) Lists(ctx context.Context, v music.Viewer) (list []Collaboration, err error) {
	if v.Account == "" {
		return nil, fault.New(fault.Unauthenticated, "Sign in first.")
	}
	err = s.Store.SocialView(ctx, func(tx Tx) error {
		list, err = tx.CollaborationsOf(ctx, v.Account, mostShared)
		return err
	})
	return list, err
}

// in is the viewer's part in a playlist of a standing, that as themselves first.
// Faults: NotFound.
func in(ctx context.Context, tx Tx, v music.Viewer, p id.Playlist, is Standing) (c Collaborator, err error) {
	all, err := tx.StandingsIn(ctx, p, v.Account)
	for _, c := range all {
		if c.State == is {
			return c, nil
		}
	}
	if err == nil {
		err = fault.New(fault.NotFound, noCollaborator)
	}
	return c, err
}

// Answer takes an invitation or declines it. Faults: Unauthenticated, NotFound.
func (s *Together) Answer(ctx context.Context, v music.Viewer, p id.Playlist, yes bool) error {
	return s.update(ctx, v, func(tx Tx) error {
		c, err := in(ctx, tx, v, p, Invited)
		if err != nil {
			return err
		}
		if !yes {
			return leave(ctx, tx, &c, s.told(func(list *Playlist) error { return s.Post.Respond(ctx, tx, &c, list, false) }))
		}
		c.State = Works
		if err := tx.PutCollaborator(ctx, &c); err != nil {
			return err
		}
		if err := untellInvited(ctx, tx, &c); err != nil {
			return err
		}
		if !c.Away {
			return tellList(ctx, tx, p)
		}
		list, err := tx.PlaylistElsewhere(ctx, p)
		if err != nil {
			return err
		}
		if s.Post == nil {
			return fault.New(fault.NotFound, "This node does not federate.")
		}
		return s.Post.Respond(ctx, tx, &c, &list, true)
	})
}

// Leave has the viewer work on a playlist no longer. Faults: Unauthenticated, NotFound.
func (s *Together) Leave(ctx context.Context, v music.Viewer, p id.Playlist) error {
	return s.update(ctx, v, func(tx Tx) error {
		c, err := in(ctx, tx, v, p, Works)
		if err != nil {
			return err
		}
		return leave(ctx, tx, &c, s.told(func(list *Playlist) error { return s.Post.Depart(ctx, tx, &c, list) }))
	})
}

// told is say, or nothing where nobody elsewhere can be told.
func (s *Together) told(say func(*Playlist) error) func(*Playlist) error {
	if s.Post == nil {
		return func(*Playlist) error { return nil }
	}
	return say
}

// leave ends somebody's part in a playlist; say has the owner elsewhere told.
func leave(ctx context.Context, tx Tx, c *Collaborator, say func(*Playlist) error) error {
	if c.Away {
		list, err := tx.PlaylistElsewhere(ctx, c.Playlist)
		if err != nil {
			return err
		}
		if err := say(&list); err != nil {
			return err
		}
		return part(ctx, tx, c, &list)
	}
	if _, err := tx.DropCollaborator(ctx, c.Playlist, c.Who); err != nil {
		return err
	}
	if err := untellInvited(ctx, tx, c); err != nil {
		return err
	}
	return tellList(ctx, tx, c.Playlist)
}

// Add puts tracks at the end of a playlist of the viewer's or one that they work on, of
// whatever server. It reports whether another server has to take them first. Faults:
// Unauthenticated, Forbidden, NotFound, TooLarge, Conflict.
func (s *Together) Add(ctx context.Context, v music.Viewer, p id.Playlist, tracks []id.Track) (away bool, err error) {
	err = s.Library.AddToPlaylist(ctx, v, p, tracks)
	if !fault.Is(err, fault.NotFound) || s.Post == nil {
		return false, err
	}
	theirs, err2 := s.suggest(ctx, v, p, tracks, true)
	if !theirs {
		return false, err // of the playlist here, or of the track
	}
	return true, err2
}

// Remove takes an item out of one; of a playlist on another server it is named by its
// track, which goes wherever it stands.
func (s *Together) Remove(ctx context.Context, v music.Viewer, p id.Playlist, item music.ItemID) (away bool, err error) {
	err = s.Library.RemoveItem(ctx, v, p, item)
	if !fault.Is(err, fault.NotFound) || s.Post == nil {
		return false, err
	}
	t, bad := id.Parse[id.Track](string(item))
	if bad != nil {
		return false, err
	}
	theirs, err2 := s.suggest(ctx, v, p, []id.Track{t}, false)
	if !theirs {
		return false, err
	}
	return true, err2
}

// suggest has the owner of a playlist elsewhere told what the viewer does; theirs is
// whether there is one.
func (s *Together) suggest(ctx context.Context, v music.Viewer, p id.Playlist, tracks []id.Track, add bool) (theirs bool, err error) {
	err = s.update(ctx, v, func(tx Tx) error {
		list, err := tx.PlaylistElsewhere(ctx, p)
		if err != nil {
			return err
		}
		theirs = true
		c, err := in(ctx, tx, v, p, Works)
		if fault.Is(err, fault.NotFound) {
			err = fault.New(fault.Forbidden, noCollaborator)
		}
		if err != nil {
			return err
		}
		switch {
		case len(tracks) > MostSuggested:
			return fault.New(fault.TooLarge, "%d tracks can be added at once to a playlist on another server.", MostSuggested)
		case add && len(list.Items)+len(tracks) > MostEntries:
			return fault.New(fault.Conflict, "Of a playlist on another server %d tracks are known here.", MostEntries)
		}
		return s.Post.Suggest(ctx, tx, &c, &list, tracks, add)
	})
	return theirs, err
}
