package api

import (
	"context"
	"net/http"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

func (a *API) playlists(r *router) {
	const tag = "Playlists"
	write := func(method, path, id, summary string) operation {
		return operation{method: method, path: path, id: id, tag: tag, scope: account.ScopeLibrary, summary: summary}
	}
	create := write(http.MethodPost, "/playlists", "make-playlist", "Make a playlist")
	create.status = http.StatusCreated
	add(r, operation{method: http.MethodGet, path: "/playlists", id: "list-playlists", tag: tag, scope: account.ScopeRead, summary: "Your playlists, the latest change first"}, a.ownPlaylists)
	add(r, create, a.createPlaylist)
	add(r, operation{method: http.MethodGet, path: "/playlists/{playlist}", id: "get-playlist", tag: tag, summary: "A playlist with its tracks; of one on another server those that are known here"}, a.playlist)
	add(r, operation{method: http.MethodGet, path: "/acts/{act}/playlists", id: "list-act-playlists", tag: tag, summary: "Playlists that an act publishes, the latest change first"}, a.actPlaylists)
	a.together(r)
	add(r, write(http.MethodPatch, "/playlists/{playlist}", "edit-playlist", "Change title, description or access, or the act under whose name it is public"), a.editPlaylist)
	add(r, write(http.MethodDelete, "/playlists/{playlist}", "delete-playlist", "Delete a playlist"), a.deletePlaylist)
	add(r, write(http.MethodPost, "/playlists/{playlist}/items", "add-to-playlist", "Put tracks at the end; of a playlist of another server that you work on they are there when that server has taken them"), a.addToPlaylist)
	add(r, write(http.MethodPatch, "/playlists/{playlist}/items/{item}", "move-playlist-item", "Move an item before another"), a.moveItem)
	add(r, write(http.MethodDelete, "/playlists/{playlist}/items/{item}", "remove-playlist-item", "Take an item out; of a playlist of another server the item is the track, which goes wherever it stands"), a.removeItem)
}

// PlaylistRef names a playlist in a path.
type PlaylistRef struct {
	Playlist string `path:"playlist" doc:"Playlist id"`
}

func (p PlaylistRef) id() (id.Playlist, error) { return id.Parse[id.Playlist](p.Playlist) }

// ItemRef names an item of a playlist in a path.
type ItemRef struct {
	PlaylistRef
	Item string `path:"item" doc:"Item id; it stays when the item is moved"`
}

type createPlaylistInput struct {
	Body struct {
		Title       string     `json:"title"`
		Description string     `json:"description,omitempty"`
		Access      string     `json:"access,omitempty" enum:"private,unlisted,public" default:"private"`
		Tracks      []id.Track `json:"tracks,omitempty" maxItems:"5000"`
	}
}

type editPlaylistInput struct {
	PlaylistRef
	Body struct {
		Title       *string `json:"title,omitempty"`
		Description *string `json:"description,omitempty"`
		Access      *string `json:"access,omitempty" enum:"private,unlisted,public"`
		Act         *string `json:"act,omitempty" doc:"Id of an act that you work for; empty: it is your own"`
	}
}

type addItemsInput struct {
	PlaylistRef
	Body struct {
		Tracks []id.Track `json:"tracks" minItems:"1" maxItems:"5000"`
	}
}

type moveItemInput struct {
	ItemRef
	Body struct {
		Before string `json:"before" doc:"Item id; empty for the end"`
	}
}

// PlaylistItem is a track at its place.
type PlaylistItem struct {
	ID    music.ItemID `json:"id"`
	Added int64        `json:"added_ms" doc:"Unix milliseconds"`
	Track Track        `json:"track"`
}

// PlaylistPage is a playlist with its tracks in order.
type PlaylistPage struct {
	Playlist PlaylistRow    `json:"playlist"`
	Items    []PlaylistItem `json:"items"`

	Working []Working `json:"working,omitempty" doc:"Who works on one of another server; of one here its owner is told, see list-collaborators"`
}

// Working is who works on a playlist of another server.
type Working struct {
	Actor  string `json:"actor" doc:"Address of their document"`
	Name   string `json:"name"`
	Handle string `json:"handle,omitempty" doc:"@name, or @name@host; none of whom nothing is known here"`
}

func workingOf(c *social.Collaborator) Working {
	w := Working{Actor: c.Who, Name: c.Name}
	if c.Handle != "" {
		w.Handle = c.Said()
	}
	return w
}

func (a *API) ownPlaylists(ctx context.Context, _ *struct{}) (*output[[]PlaylistRow], error) {
	lists, err := a.Library.Playlists(ctx, mover(ctx))
	if err != nil {
		return nil, err
	}
	return reply(each(lists, playlistOf))
}

func (a *API) createPlaylist(ctx context.Context, in *createPlaylistInput) (*output[PlaylistRow], error) {
	b := &in.Body
	p, err := a.Library.CreatePlaylist(ctx, mover(ctx), music.Playlist{Title: b.Title, Description: b.Description, Access: music.Access(b.Access)}, b.Tracks)
	if err != nil {
		return nil, err
	}
	return reply(playlistOf(&p))
}

func (a *API) playlist(ctx context.Context, in *PlaylistRef) (*output[PlaylistPage], error) {
	p, err := in.id()
	if err != nil {
		return nil, err
	}
	full, err := a.Library.Playlist(ctx, viewer(ctx), p)
	if fault.Is(err, fault.NotFound) && a.Elsewhere != nil {
		return a.playlistElsewhere(ctx, p)
	}
	if err != nil {
		return nil, err
	}
	out := PlaylistPage{Playlist: playlistOf(&full.Playlist), Items: each(full.Items, func(i *music.PlacedTrack) PlaylistItem {
		return PlaylistItem{i.Item.ID, unixMS(i.Item.Added), trackOf(&i.Row)}
	})}
	out.Playlist.Owner = full.Owner
	return reply(out)
}

func (a *API) actPlaylists(ctx context.Context, in *ActRef) (*output[[]PlaylistRow], error) {
	act, err := a.Catalogue.Act(ctx, viewer(ctx), in.Act)
	if err != nil {
		return nil, err
	}
	lists, err := a.Catalogue.PlaylistsOf(ctx, act.Act.ID)
	if err != nil {
		return nil, err
	}
	return reply(each(lists, playlistOf))
}

func (a *API) editPlaylist(ctx context.Context, in *editPlaylistInput) (*output[PlaylistRow], error) {
	p, err := in.id()
	if err != nil {
		return nil, err
	}
	list, err := a.Library.EditPlaylist(ctx, mover(ctx), p, func(p *music.Playlist) {
		set(&p.Title, in.Body.Title)
		set(&p.Description, in.Body.Description)
		if in.Body.Access != nil {
			p.Access = music.Access(*in.Body.Access)
		}
		if in.Body.Act != nil {
			p.Act = id.Act(*in.Body.Act)
		}
	})
	if err != nil {
		return nil, err
	}
	return reply(playlistOf(&list))
}

// set takes over what was given.
func set[T any](to, given *T) {
	if given != nil {
		*to = *given
	}
}

func (a *API) deletePlaylist(ctx context.Context, in *PlaylistRef) (*struct{}, error) {
	p, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, a.Library.DeletePlaylist(ctx, mover(ctx), p)
}

func (a *API) addToPlaylist(ctx context.Context, in *addItemsInput) (*struct{}, error) {
	p, err := in.id()
	if err != nil {
		return nil, err
	}
	_, err = a.Together.Add(ctx, mover(ctx), p, in.Body.Tracks)
	return nil, err
}

func (a *API) moveItem(ctx context.Context, in *moveItemInput) (*struct{}, error) {
	p, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, a.Library.MoveItem(ctx, mover(ctx), p, music.ItemID(in.Item), music.ItemID(in.Body.Before))
}

func (a *API) removeItem(ctx context.Context, in *ItemRef) (*struct{}, error) {
	p, err := in.id()
	if err != nil {
		return nil, err
	}
	_, err = a.Together.Remove(ctx, mover(ctx), p, music.ItemID(in.Item))
	return nil, err
}
