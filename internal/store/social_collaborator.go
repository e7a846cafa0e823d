package store

import (
	"context"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

const noCollaborator = "They do not work on this playlist."

func collaborator(r sqlgen.Collaborator) social.Collaborator {
	return social.Collaborator{Playlist: id.Playlist(r.Playlist), Away: r.Away.Valid, Who: r.Who, Kind: r.Kind, State: social.Standing(r.State), Invite: r.Invite, Since: utc(r.Since)}
}

func (tx socialTx) OwnPlaylist(ctx context.Context, p id.Playlist) (music.Playlist, error) {
	return musicTx(tx).Playlist(ctx, p)
}

func (tx socialTx) Collaborator(ctx context.Context, p id.Playlist, who string) (social.Collaborator, error) {
	r, err := tx.Q.CollaboratorOf(ctx, sqlgen.CollaboratorOfParams{Playlist: string(p), Who: who})
	return collaborator(r), missing(err, noCollaborator)
}

func (tx socialTx) InvitedBy(ctx context.Context, invite, who string) (social.Collaborator, error) {
	r, err := tx.Q.CollaboratorByInvite(ctx, sqlgen.CollaboratorByInviteParams{Invite: invite, Who: who})
	return collaborator(r), missing(err, noCollaborator)
}

func (tx socialTx) InvitedFrom(ctx context.Context, invite string) ([]social.Collaborator, error) {
	rows, err := tx.Q.CollaboratorsByInvite(ctx, invite)
	out := make([]social.Collaborator, len(rows))
	for i, r := range rows {
		out[i] = collaborator(r)
	}
	return out, wrap(err, "collaborators")
}

func (tx socialTx) Collaborators(ctx context.Context, p id.Playlist) ([]social.Collaborator, error) {
	rows, err := tx.Q.Collaborators(ctx, string(p))
	out := make([]social.Collaborator, len(rows))
	for i, r := range rows {
		out[i] = collaborator(r.Collaborator)
		out[i].Handle, out[i].Host, out[i].Name, out[i].Person = r.Handle, r.Host, r.Name, id.Person(r.Person)
	}
	return out, wrap(err, "collaborators")
}

func (tx socialTx) PutCollaborator(ctx context.Context, c *social.Collaborator) error {
	p := sqlgen.CollaboratorPutParams{Playlist: string(c.Playlist), Who: c.Who, Kind: c.Kind, State: string(c.State), Invite: c.Invite, Since: ms(c.Since)}
	if c.Away {
		p.Away = optional(string(c.Playlist))
	}
	return wrap(tx.Q.CollaboratorPut(ctx, p), "collaborator")
}

func (tx socialTx) DropCollaborator(ctx context.Context, p id.Playlist, who string) (bool, error) {
	n, err := tx.Q.CollaboratorDrop(ctx, sqlgen.CollaboratorDropParams{Playlist: string(p), Who: who})
	return n > 0, wrap(err, "collaborator")
}

func (tx socialTx) DropCollaborators(ctx context.Context, p id.Playlist) error {
	return wrap(tx.Q.CollaboratorsDropElsewhere(ctx, string(p)), "collaborators")
}

func (tx socialTx) ForgetCollaborator(ctx context.Context, who string) error {
	return wrap(tx.Q.CollaboratorForget(ctx, who), "collaborator")
}

func (tx socialTx) LeaveElsewhere(ctx context.Context, a id.Account) error {
	return wrap(tx.Q.CollaboratorsLeave(ctx, string(a)), "collaborators")
}

func (tx socialTx) StandingsIn(ctx context.Context, p id.Playlist, a id.Account) ([]social.Collaborator, error) {
	rows, err := tx.Q.CollaborationsIn(ctx, sqlgen.CollaborationsInParams{Playlist: string(p), Account: string(a)})
	out := make([]social.Collaborator, len(rows))
	for i, r := range rows {
		out[i] = collaborator(r)
	}
	return out, wrap(err, "collaborators")
}

func (tx socialTx) CollaborationsOf(ctx context.Context, a id.Account, n int) ([]social.Collaboration, error) {
	rows, err := tx.Q.CollaborationsOf(ctx, sqlgen.CollaborationsOfParams{Account: string(a), Lim: int32(n)})
	out := make([]social.Collaboration, len(rows))
	for i, r := range rows {
		c := collaborator(r.Collaborator)
		out[i] = social.Collaboration{Collaborator: c, Owner: r.Owner, Host: r.Host, List: music.Playlist{ID: c.Playlist, Title: r.Title, Access: music.Access(r.Access), Items: r.Items, DurationMS: r.Millis,
			Cover: music.Cover{ID: r.Cover, Light: r.AccentL, Dark: r.AccentD}, Changed: utc(r.Latest)}}
	}
	return out, wrap(err, "collaborations")
}

func (tx socialTx) CountInvited(ctx context.Context, who string) (int64, error) {
	n, err := tx.Q.CollaboratorsInvited(ctx, who)
	return n, wrap(err, "invitations")
}

func (tx socialTx) DeliverToCollaborators(ctx context.Context, outgoing string, p id.Playlist) (int64, error) {
	n, err := tx.Q.DeliveryToCollaborators(ctx, sqlgen.DeliveryToCollaboratorsParams{Outgoing: outgoing, Made: tx.Ms(), Playlist: string(p)})
	return n, wrap(err, "delivery")
}

func (tx socialTx) Rework(ctx context.Context, p id.Playlist, add, remove []id.Track) error {
	return music.Rework(ctx, musicTx(tx), p, add, remove)
}

func (tx socialTx) Called(ctx context.Context, handle string) (social.Collaborator, error) {
	p, err := tx.PersonByHandle(ctx, handle)
	if err == nil {
		return social.Collaborator{Who: string(p.Account), Kind: social.KindAccount}, nil
	}
	if !fault.Is(err, fault.NotFound) {
		return social.Collaborator{}, err
	}
	act, err := musicTx(tx).ActByHandle(ctx, handle)
	if err == nil {
		return social.Collaborator{Who: string(act.ID), Kind: social.KindAct}, nil
	}
	if !fault.Is(err, fault.NotFound) {
		return social.Collaborator{}, err
	}
	a, err := accountTx(tx).ByHandle(ctx, handle)
	if fault.Is(err, fault.NotFound) {
		err = fault.On("handle", fault.NotFound, "Nobody here is called @%s.", handle)
	}
	return social.Collaborator{Who: string(a.ID), Kind: social.KindAccount}, err
}

func (tx socialTx) PeopleOf(ctx context.Context, act id.Act) ([]id.Account, error) {
	places, err := musicTx(tx).Places(ctx, act)
	out := make([]id.Account, len(places))
	for i, p := range places {
		out[i] = p.Account
	}
	return out, err
}

func (tx musicTx) Collaborates(ctx context.Context, p id.Playlist, account id.Account) (is string, err error) {
	if account == "" {
		return "", nil
	}
	rows, err := tx.Q.CollaborationsIn(ctx, sqlgen.CollaborationsInParams{Playlist: string(p), Account: string(account)})
	for _, r := range rows {
		if is != string(social.Works) {
			is = r.State
		}
	}
	return is, wrap(err, "collaborators")
}

func (tx musicTx) SharedElsewhere(ctx context.Context, p id.Playlist) (bool, error) {
	n, err := tx.Q.CollaboratorsElsewhere(ctx, string(p))
	return n > 0, wrap(err, "collaborators")
}

func (tx musicTx) EndShared(ctx context.Context, p id.Playlist) error {
	return wrap(tx.Q.CollaboratorsEnd(ctx, string(p)), "collaborators")
}
