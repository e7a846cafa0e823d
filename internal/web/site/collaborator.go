package site

import (
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/social"
)

// CollaboratorLine is who works on a playlist, or is invited to.
type CollaboratorLine struct {
	Who, Name, Handle string
	Invited           bool
}

// toldThere is said of what another server has to take first.
const toldThere = "Its server is told. It is shown here once that has taken it."

// collaborators fills in what the viewer is to a playlist of this node, and for who works
// on it who else does.
func (v *visit) collaborators(p *PlaylistPage) (err error) {
	if v.viewer.Account == "" {
		return nil
	}
	if !p.Own {
		if p.Part, err = v.site.Together.Standing(v.Context(), v.ears(), p.ID); err != nil || p.Part == "" {
			return err
		}
		p.Edits = p.Part == social.Works
		p.Moves = p.Edits
	}
	list, err := v.site.Together.Collaborators(v.Context(), v.ears(), p.ID)
	for i := range list {
		c := &list[i]
		p.People = append(p.People, CollaboratorLine{Who: c.Who, Name: c.Name, Handle: c.Said(), Invited: c.State == social.Invited})
	}
	return err
}

// inviteToPlaylist invites somebody to work on the viewer's playlist.
func (v *visit) inviteToPlaylist() error {
	what, err := v.playlistID()
	if err != nil {
		return err
	}
	if err := v.site.Together.Invite(v.Context(), v.ears(), what, v.form.Get("handle")); err != nil {
		p, failed := v.playlistPage()
		if failed != nil {
			return failed
		}
		return v.again(err, "playlist", p, v.fill(p.Invite))
	}
	return v.goTo("/playlist/"+string(what), "They are invited.")
}

// endCollaborator has somebody work on it no longer.
func (v *visit) endCollaborator() error {
	what, err := v.playlistID()
	if err != nil {
		return err
	}
	if err := v.site.Together.End(v.Context(), v.ears(), what, v.form.Get("who")); err != nil {
		return err
	}
	return v.goTo("/playlist/"+string(what), "They do not work on it any more.")
}

// collaborate takes an invitation to a playlist of somebody else, declines it, or ends
// what came of it.
func (v *visit) collaborate() error {
	what, err := v.playlistID()
	if err != nil {
		return err
	}
	switch v.form.Get("do") {
	case "accept":
		if err := v.site.Together.Answer(v.Context(), v.ears(), what, true); err != nil {
			return err
		}
		return v.goTo("/playlist/"+string(what), "It is in your library now.")
	case "decline":
		err = v.site.Together.Answer(v.Context(), v.ears(), what, false)
	case "leave":
		err = v.site.Together.Leave(v.Context(), v.ears(), what)
	default:
		err = fault.On("do", fault.Invalid, "An invitation is accepted or declined; who works on a playlist may leave it.")
	}
	if err != nil {
		return err
	}
	return v.goTo("/library", "Saved.")
}
