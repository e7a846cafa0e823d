package api

import (
	"context"
	"net/http"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// together is playlists that several work on.
func (a *API) together(r *router) {
	op := func(method, path, id, summary string, scope account.Scope) operation {
		return operation{method: method, path: path, id: id, tag: "Playlists", scope: scope, summary: summary}
	}
	add(r, op(http.MethodGet, "/collaborations", "list-collaborations", "Playlists of others, of whatever server, that you or your acts work on or are invited to, the latest change first", account.ScopeRead), a.collaborations)
	add(r, op(http.MethodPut, "/playlists/{playlist}/collaboration", "answer-collaboration", "Take an invitation to work on a playlist, or decline it", account.ScopeLibrary), a.answerCollaboration)
	add(r, op(http.MethodDelete, "/playlists/{playlist}/collaboration", "leave-collaboration", "Work on a playlist of somebody else no longer", account.ScopeLibrary), a.leaveCollaboration)
	add(r, op(http.MethodGet, "/playlists/{playlist}/collaborators", "list-collaborators", "Who works on a playlist of yours, or one that you work on, or is invited to", account.ScopeRead), a.collaborators)
	add(r, op(http.MethodPost, "/playlists/{playlist}/collaborators", "invite-collaborator", "Invite somebody to work on your playlist: here, or on another server", account.ScopeLibrary), a.inviteCollaborator)
	add(r, op(http.MethodDelete, "/playlists/{playlist}/collaborators", "end-collaborator", "Have somebody work on your playlist no longer, or take back the invitation", account.ScopeLibrary), a.endCollaborator)
}

// Collaboration is a playlist of somebody else that one works on or is invited to.
type Collaboration struct {
	Playlist PlaylistRow `json:"playlist"`
	Host     string      `json:"host,omitempty" doc:"Its server; none: this node"`
	State    string      `json:"state" enum:"invited,works"`
	As       id.Act      `json:"as,omitempty" doc:"The act that is invited; none: you"`
	Since    int64       `json:"since_ms" doc:"Unix milliseconds"`
}

// Collaborator is who works on a playlist or is invited to.
type Collaborator struct {
	Who    string `json:"who" doc:"Names them among those of the playlist"`
	Handle string `json:"handle" doc:"@name, or @name@host of another server"`
	Name   string `json:"name,omitempty"`
	State  string `json:"state" enum:"invited,works"`
	Since  int64  `json:"since_ms" doc:"Unix milliseconds"`
}

func (a *API) collaborations(ctx context.Context, _ *struct{}) (*output[[]Collaboration], error) {
	list, err := a.Together.Lists(ctx, mover(ctx))
	if err != nil {
		return nil, err
	}
	return reply(each(list, func(c *social.Collaboration) Collaboration {
		out := Collaboration{Playlist: playlistOf(&c.List), Host: c.Host, State: string(c.State), Since: unixMS(c.Since)}
		out.Playlist.Owner = c.Owner
		if c.Kind == social.KindAct {
			out.As = id.Act(c.Who)
		}
		return out
	}))
}

func (a *API) answerCollaboration(ctx context.Context, in *struct {
	PlaylistRef
	Body struct {
		Accept bool `json:"accept"`
	}
}) (*struct{}, error) {
	p, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, a.Together.Answer(ctx, mover(ctx), p, in.Body.Accept)
}

func (a *API) leaveCollaboration(ctx context.Context, in *PlaylistRef) (*struct{}, error) {
	p, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, a.Together.Leave(ctx, mover(ctx), p)
}

func (a *API) collaborators(ctx context.Context, in *PlaylistRef) (*output[[]Collaborator], error) {
	p, err := in.id()
	if err != nil {
		return nil, err
	}
	list, err := a.Together.Collaborators(ctx, mover(ctx), p)
	if err != nil {
		return nil, err
	}
	return reply(each(list, func(c *social.Collaborator) Collaborator {
		return Collaborator{Who: c.Who, Handle: c.Said(), Name: c.Name, State: string(c.State), Since: unixMS(c.Since)}
	}))
}

func (a *API) inviteCollaborator(ctx context.Context, in *struct {
	PlaylistRef
	Body struct {
		Handle string `json:"handle" minLength:"1" maxLength:"400" doc:"@name of somebody or an act here, or @name@host"`
	}
}) (*struct{}, error) {
	p, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, a.Together.Invite(ctx, mover(ctx), p, in.Body.Handle)
}

func (a *API) endCollaborator(ctx context.Context, in *struct {
	PlaylistRef
	Who string `query:"who" required:"true" maxLength:"2048" doc:"As the list of collaborators names them"`
}) (*struct{}, error) {
	p, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, a.Together.End(ctx, mover(ctx), p, in.Who)
}

// itemElsewhere is a track in a playlist of another server: it is taken out by its name.
func itemElsewhere(r *music.TrackRow) PlaylistItem {
	return PlaylistItem{ID: music.ItemID(r.ID), Track: trackOf(r)}
}
