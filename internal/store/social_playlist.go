package store

import (
	"context"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func (tx musicTx) PlaylistsOfAct(ctx context.Context, a id.Act, n int) ([]music.Playlist, error) {
	rows, err := tx.Q.PlaylistsOfAct(ctx, sqlgen.PlaylistsOfActParams{Act: string(a), Lim: int32(n)})
	out := make([]music.Playlist, len(rows))
	for i, r := range rows {
		out[i] = playlist(r)
	}
	return out, wrap(err, "playlists")
}

func remotePlaylist(r sqlgen.RemotePlaylist) social.Playlist {
	return social.Playlist{ID: id.Playlist(r.ID), IRI: r.Iri, Actor: r.Actor, Title: r.Title, Description: r.Description, Page: r.Page, Published: utc(r.Published), Updated: utc(r.Updated), Listed: r.Listed, Collaborators: fromJSON[string](r.Collaborators)}
}

func (tx socialTx) PutPlaylist(ctx context.Context, p *social.Playlist) error {
	n, err := tx.Q.RemotePlaylistPut(ctx, sqlgen.RemotePlaylistPutParams{ID: string(id.New[id.Playlist](tx.Now())), Iri: p.IRI, Actor: p.Actor, Title: text(p.Title), Description: text(p.Description), Page: text(p.Page), Published: ms(p.Published), Updated: ms(p.Updated), Listed: p.Listed, Collaborators: toJSON(p.Collaborators)})
	if err == nil && n == 0 {
		return fault.New(fault.Forbidden, "%s is not %s's.", p.IRI, p.Actor)
	}
	if err != nil {
		return wrap(err, "playlist")
	}
	r, err := tx.Q.RemotePlaylistByIRI(ctx, p.IRI)
	if err == nil {
		p.ID = id.Playlist(r.ID)
		err = tx.Q.RemoteItemsClear(ctx, r.ID)
	}
	for i, e := range p.Items {
		if err == nil {
			err = tx.Q.RemoteItemPut(ctx, sqlgen.RemoteItemPutParams{Playlist: r.ID, Place: int64(i), Iri: text(e.IRI), Track: string(e.Track), Asked: e.Asked})
		}
	}
	if err == nil {
		err = tx.findable(ctx, p)
	}
	return wrap(err, "playlist")
}

// findable has searches find a playlist of another server that is listed there.
func (tx socialTx) findable(ctx context.Context, p *social.Playlist) error {
	if !p.Listed {
		return musicTx(tx).DropDoc(ctx, music.FoundPlaylistElsewhere, string(p.ID))
	}
	a, err := tx.Actor(ctx, p.Actor)
	if err != nil {
		return err
	}
	return musicTx(tx).SetDoc(ctx, music.NewDoc(music.FoundPlaylistElsewhere, string(p.ID), p.Title, a.Name, a.Handle, p.Description))
}

func (tx socialTx) SearchPlaylists(ctx context.Context, terms []string, n int) (out []social.Playlist, err error) {
	list, err := musicTx(tx).searchOf(ctx, music.FoundPlaylistElsewhere, terms, n)
	for _, name := range list {
		p, err := tx.PlaylistElsewhere(ctx, id.Playlist(name))
		if fault.Is(err, fault.NotFound) { // it is gone since
			continue
		}
		if err != nil {
			return nil, err
		}
		p.Items = nil
		out = append(out, p)
	}
	return out, err
}

// entries fills in a playlist's items.
func (tx socialTx) entries(ctx context.Context, p social.Playlist) (social.Playlist, error) {
	rows, err := tx.Q.RemoteItems(ctx, string(p.ID))
	for _, r := range rows {
		p.Items = append(p.Items, social.Entry{IRI: r.Iri, Track: id.Track(r.Track), Asked: r.Asked})
	}
	p.Count = int64(len(rows))
	return p, wrap(err, "items")
}

func (tx socialTx) PlaylistByIRI(ctx context.Context, iri string) (social.Playlist, error) {
	r, err := tx.Q.RemotePlaylistByIRI(ctx, iri)
	if err != nil {
		return social.Playlist{}, missing(err, noPlaylist)
	}
	return tx.entries(ctx, remotePlaylist(r))
}

func (tx socialTx) PlaylistElsewhere(ctx context.Context, what id.Playlist) (social.Playlist, error) {
	r, err := tx.Q.RemotePlaylistByID(ctx, string(what))
	if err != nil {
		return social.Playlist{}, missing(err, noPlaylist)
	}
	p := remotePlaylist(r.RemotePlaylist)
	p.Handle, p.Host, p.Act = r.Handle, r.Host, r.Act
	return tx.entries(ctx, p)
}

func (tx socialTx) PlaylistsElsewhere(ctx context.Context, actor string, n int) ([]social.Playlist, error) {
	rows, err := tx.Q.RemotePlaylistsOf(ctx, sqlgen.RemotePlaylistsOfParams{Actor: actor, Lim: int32(n)})
	out := make([]social.Playlist, len(rows))
	for i, r := range rows {
		out[i] = remotePlaylist(r.RemotePlaylist)
		out[i].Handle, out[i].Host, out[i].Act, out[i].Count = r.Handle, r.Host, r.Act, r.Items
	}
	return out, wrap(err, "playlists")
}

func (tx socialTx) CountPlaylists(ctx context.Context, actor string) (int64, error) {
	n, err := tx.Q.RemotePlaylistCount(ctx, actor)
	return n, wrap(err, "playlists")
}

func (tx socialTx) DropPlaylist(ctx context.Context, iri, actor string) (bool, error) {
	n, err := tx.Q.RemotePlaylistDrop(ctx, sqlgen.RemotePlaylistDropParams{Iri: iri, Actor: actor})
	return n > 0, wrap(err, "playlist")
}

func (tx socialTx) Rows(ctx context.Context, tracks []id.Track) (map[id.Track]music.TrackRow, error) {
	return musicTx(tx).TrackRows(ctx, tracks)
}

func (tx socialTx) LostEntries(ctx context.Context, p id.Playlist, tries int64, n int) ([]string, error) {
	rows, err := tx.Q.RemoteItemsLost(ctx, sqlgen.RemoteItemsLostParams{Playlist: string(p), Tries: tries, Lim: int32(n)})
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = r.Iri
	}
	return out, wrap(err, "items")
}

func (tx socialTx) FoundEntry(ctx context.Context, iri string, t id.Track) error {
	return wrap(tx.Q.RemoteItemFound(ctx, sqlgen.RemoteItemFoundParams{Track: string(t), Iri: iri}), "item")
}

func (tx socialTx) TrackByIRI(ctx context.Context, iri string) (id.Track, error) {
	r, err := tx.Q.RemoteTrackByIRI(ctx, iri)
	return id.Track(r.ID), missing(err, noTrack)
}

func (tx socialTx) Addresses(ctx context.Context, tracks []id.Track) (map[id.Track]string, error) {
	found, err := tx.far(ctx, tracks)
	out := make(map[id.Track]string, len(found))
	for t, f := range found {
		out[t] = f.iri
	}
	return out, err
}
