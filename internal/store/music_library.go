package store

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

const noPlaylist = "There is no such playlist."

func playlist(r sqlgen.Playlist) music.Playlist {
	return music.Playlist{ID: id.Playlist(r.ID), Account: id.Account(r.Account), Title: r.Title, Description: r.Description, Access: music.Access(r.Access),
		Items: r.Items, DurationMS: r.DurationMs, Cover: music.Cover{ID: r.Cover, Light: r.AccentL, Dark: r.AccentD}, Created: utc(r.Created), Changed: utc(r.Changed), Act: id.Act(r.Act)}
}

func (tx musicTx) Playlist(ctx context.Context, p id.Playlist) (music.Playlist, error) {
	r, err := tx.Q.PlaylistByID(ctx, string(p))
	return playlist(r), missing(err, noPlaylist)
}

func (tx musicTx) PlaylistsOf(ctx context.Context, account id.Account) ([]music.Playlist, error) {
	rows, err := tx.Q.PlaylistsOfAccount(ctx, string(account))
	out := make([]music.Playlist, len(rows))
	for i, r := range rows {
		out[i] = playlist(r)
	}
	return out, wrap(err, "playlists")
}

func (tx musicTx) InsertPlaylist(ctx context.Context, p *music.Playlist) error {
	return tx.Q.PlaylistInsert(ctx, sqlgen.PlaylistInsertParams{ID: string(p.ID), Account: string(p.Account), Title: p.Title, Description: p.Description,
		Access: string(p.Access), Items: p.Items, DurationMs: p.DurationMS, Cover: p.Cover.ID, AccentL: p.Cover.Light, AccentD: p.Cover.Dark, Created: ms(p.Created), Changed: ms(p.Changed), Act: string(p.Act)})
}

func (tx musicTx) UpdatePlaylist(ctx context.Context, p *music.Playlist) error {
	n, err := tx.Q.PlaylistUpdate(ctx, sqlgen.PlaylistUpdateParams{Title: p.Title, Description: p.Description, Access: string(p.Access), Items: p.Items,
		DurationMs: p.DurationMS, Cover: p.Cover.ID, AccentL: p.Cover.Light, AccentD: p.Cover.Dark, Changed: ms(p.Changed), Act: string(p.Act), ID: string(p.ID)})
	return affected(n, err, noPlaylist)
}

func (tx musicTx) DeletePlaylist(ctx context.Context, p id.Playlist) error {
	if err := tx.Q.CollaboratorsDropHere(ctx, string(p)); err != nil {
		return wrap(err, "collaborators")
	}
	n, err := tx.Q.PlaylistDelete(ctx, string(p))
	return affected(n, err, noPlaylist)
}

func (tx musicTx) Items(ctx context.Context, p id.Playlist) ([]music.Item, error) {
	rows, err := tx.Q.PlaylistItems(ctx, string(p))
	out := make([]music.Item, len(rows))
	for i, r := range rows {
		out[i] = music.Item{ID: music.ItemID(r.ID), Track: id.Track(r.Track), Added: utc(r.Added)}
	}
	return out, wrap(err, "items")
}

func (tx musicTx) SetItems(ctx context.Context, p id.Playlist, old, now []music.Item) error {
	was := make(map[music.ItemID]int, len(old))
	for i, x := range old {
		was[x.ID] = i
	}
	var fresh []id.Track
	for _, x := range now {
		if _, kept := was[x.ID]; !kept {
			fresh = append(fresh, x.Track)
		}
	}
	if _, err := tx.keepFar(ctx, fresh...); err != nil {
		return err
	}
	for i, x := range now {
		at, kept := was[x.ID]
		delete(was, x.ID)
		var err error
		switch {
		case !kept:
			err = tx.Q.PlaylistItemInsert(ctx, sqlgen.PlaylistItemInsertParams{ID: string(x.ID), Playlist: string(p), Position: int64(i), Track: string(x.Track), Added: ms(x.Added)})
		case at != i:
			err = tx.Q.PlaylistItemMove(ctx, sqlgen.PlaylistItemMoveParams{Position: int64(i), ID: string(x.ID)})
		}
		if err != nil {
			return wrap(err, "item")
		}
	}
	for gone := range was {
		if err := tx.Q.PlaylistItemDrop(ctx, string(gone)); err != nil {
			return wrap(err, "item")
		}
	}
	return nil
}

func (tx musicTx) AccountName(ctx context.Context, account id.Account) (string, error) {
	a, err := tx.Q.AccountByID(ctx, string(account))
	return a.Name, missing(err, "There is no such account.")
}

func (tx musicTx) SetLike(ctx context.Context, account id.Account, t id.Track, on bool) error {
	if !on {
		_, err := tx.Q.LikeDrop(ctx, sqlgen.LikeDropParams{Account: string(account), Track: string(t)})
		return wrap(err, "like")
	}
	if _, err := tx.keepFar(ctx, t); err != nil {
		return err
	}
	_, err := tx.Q.LikeSet(ctx, sqlgen.LikeSetParams{Account: string(account), Track: string(t), At: tx.Ms()})
	return wrap(err, "like")
}

func (tx musicTx) SetReleaseLike(ctx context.Context, account id.Account, r id.Release, on bool) error {
	if !on {
		_, err := tx.Q.ReleaseLikeDrop(ctx, sqlgen.ReleaseLikeDropParams{Account: string(account), Release: string(r)})
		return wrap(err, "like")
	}
	_, err := tx.Q.ReleaseLikeSet(ctx, sqlgen.ReleaseLikeSetParams{Account: string(account), Release: string(r), At: tx.Ms()})
	return wrap(err, "like")
}

func (tx musicTx) SetFollow(ctx context.Context, account id.Account, a id.Act, on bool) error {
	n, by := int64(0), int64(1)
	var err error
	if on {
		n, err = tx.Q.FollowSet(ctx, sqlgen.FollowSetParams{Account: string(account), Act: string(a), At: tx.Ms()})
	} else {
		by = -1
		n, err = tx.Q.FollowDrop(ctx, sqlgen.FollowDropParams{Account: string(account), Act: string(a)})
	}
	if err != nil || n == 0 {
		return wrap(err, "follow")
	}
	return wrap(tx.Q.FollowCount(ctx, sqlgen.FollowCountParams{N: by, ID: string(a)}), "followers")
}

// lined unpacks a row of a list that may hold a track that is not public.
func lined(card, track string, key int64) music.TrackRow {
	r := music.TrackRow{ID: id.Track(track)}
	if card != "" {
		r.Unpack(card)
	}
	r.Key = key
	return r
}

func (tx musicTx) Likes(ctx context.Context, account id.Account, after music.Cursor, n int) ([]music.TrackRow, error) {
	rows, err := tx.Q.LikesOf(ctx, sqlgen.LikesOfParams{Account: string(account), Key: after.Key, ID: after.ID, Lim: int32(n)})
	out := make([]music.TrackRow, len(rows))
	for i, r := range rows {
		out[i] = lined(r.Card, r.Track, r.At)
	}
	if err != nil {
		return nil, wrap(err, "likes")
	}
	return out, tx.complete(ctx, len(out), func(i int) *music.TrackRow { return &out[i] })
}

func (tx musicTx) ReleaseLikes(ctx context.Context, account id.Account, after music.Cursor, n int) ([]music.ReleaseRow, error) {
	rows, err := tx.Q.ReleaseLikesOf(ctx, sqlgen.ReleaseLikesOfParams{Account: string(account), Key: after.Key, ID: after.ID, Lim: int32(n)})
	out := make([]music.ReleaseRow, len(rows))
	for i, r := range rows {
		out[i].ID = id.Release(r.Release)
		if r.Card != "" {
			out[i].Unpack(r.Card)
		}
		out[i].Key = r.At
	}
	if err != nil {
		return nil, wrap(err, "likes")
	}
	return out, tx.releasesElsewhere(ctx, out)
}

func (tx musicTx) Follows(ctx context.Context, account id.Account, after music.Cursor, n int) ([]music.ActRow, error) {
	rows, err := tx.Q.FollowsOf(ctx, sqlgen.FollowsOfParams{Account: string(account), Key: after.Key, ID: after.ID, Lim: int32(n)})
	out := make([]music.ActRow, len(rows))
	for i, r := range rows {
		out[i] = music.ActRow{ID: id.Act(r.ID), Handle: r.Handle, Name: r.Name, Place: r.Place, Cover: face(r.Cover, r.AccentL, r.AccentD, r.Face, r.FaceL, r.FaceD),
			Releases: r.Releases, Followers: r.Followers, Key: r.At}
	}
	return out, wrap(err, "follows")
}

func (tx musicTx) FollowedReleases(ctx context.Context, account id.Account, after music.Cursor, n int) ([]music.ReleaseRow, error) {
	rows, err := tx.Q.FollowedReleases(ctx, sqlgen.FollowedReleasesParams{Account: string(account), Key: after.Key, ID: after.ID, Lim: int32(n)})
	out := make([]music.ReleaseRow, len(rows))
	for i, r := range rows {
		out[i].Unpack(r.Card)
		out[i].Key = r.Published
	}
	return out, wrap(err, "releases")
}

func (tx musicTx) Liked(ctx context.Context, account id.Account, tracks []id.Track) (map[id.Track]bool, error) {
	out := make(map[id.Track]bool, len(tracks))
	var t string
	err := among(ctx, tx.db, "select track from track_like where account = $1 and track in @list", []any{string(account)}, tracks, []any{&t}, func() { out[id.Track(t)] = true })
	return out, wrap(err, "liked")
}

func (tx musicTx) LikesRelease(ctx context.Context, account id.Account, r id.Release) (bool, error) {
	n, err := tx.Q.ReleaseLiked(ctx, sqlgen.ReleaseLikedParams{Account: string(account), Release: string(r)})
	return n > 0, wrap(err, "liked")
}

func (tx musicTx) Following(ctx context.Context, account id.Account, a id.Act) (bool, error) {
	n, err := tx.Q.FollowingOne(ctx, sqlgen.FollowingOneParams{Account: string(account), Act: string(a)})
	return n > 0, wrap(err, "following")
}

func (tx musicTx) SetHistoryPaused(ctx context.Context, account id.Account, paused bool) error {
	n, err := tx.Q.AccountSetHistoryPaused(ctx, sqlgen.AccountSetHistoryPausedParams{Paused: paused, ID: string(account)})
	return affected(n, err, "There is no such account.")
}

func (tx musicTx) History(ctx context.Context, account id.Account, after music.Cursor, n int) ([]music.TrackRow, error) {
	rows, err := tx.Q.HistoryOf(ctx, sqlgen.HistoryOfParams{Account: string(account), Key: after.Key, ID: after.ID, Lim: int32(n)})
	out := make([]music.TrackRow, len(rows))
	for i, r := range rows {
		out[i] = lined(r.Card, r.Track, r.At)
	}
	if err != nil {
		return nil, wrap(err, "history")
	}
	return out, tx.complete(ctx, len(out), func(i int) *music.TrackRow { return &out[i] })
}

func (tx musicTx) WriteHistory(ctx context.Context, account id.Account, t id.Track) error {
	paused, err := tx.Q.ListenHistoryPaused(ctx, string(account))
	if err != nil || paused {
		return wrap(err, "history")
	}
	return listenTx(tx).Remember(ctx, account, t, tx.Ms())
}

func (tx musicTx) DropHistory(ctx context.Context, account id.Account, at time.Time) error {
	if at.IsZero() {
		return wrap(tx.Q.HistoryClear(ctx, string(account)), "history")
	}
	return wrap(tx.Q.HistoryDrop(ctx, sqlgen.HistoryDropParams{Account: string(account), At: ms(at)}), "history")
}

func (tx musicTx) Resume(ctx context.Context, account id.Account) (music.Resume, error) {
	r, err := tx.Q.ResumeOf(ctx, string(account))
	return music.Resume{Track: id.Track(r.Track), PositionMS: r.PositionMs, Queue: fromJSON[id.Track](r.Queue), At: utc(r.At)}, missing(err, "Nothing was stopped half way.")
}

func (tx musicTx) SetResume(ctx context.Context, account id.Account, r *music.Resume) error {
	if r == nil {
		return wrap(tx.Q.ResumeDrop(ctx, string(account)), "resume")
	}
	if _, err := tx.keepFar(ctx, r.Track); err != nil {
		return err
	}
	return wrap(tx.Q.ResumeSet(ctx, sqlgen.ResumeSetParams{Account: string(account), Track: string(r.Track), PositionMs: r.PositionMS, Queue: toJSON(r.Queue), At: ms(r.At)}), "resume")
}

// ForgetAccount removes what would go with the account too, so that it need
// not be deleted in the same transaction.
func (tx musicTx) ForgetAccount(ctx context.Context, account id.Account) error {
	for _, forget := range []func(context.Context, string) error{
		tx.Q.FollowersForget, tx.Q.FollowsForget, tx.Q.LikesForget, tx.Q.ReleaseLikesForget, tx.Q.CollaboratorsForget, tx.Q.CollaboratorForget, tx.Q.PlaylistClearOf, tx.Q.HistoryClear, tx.Q.ResumeDrop,
		tx.Q.ActRolesForget, tx.Q.UploadsForget,
	} {
		if err := forget(ctx, string(account)); err != nil {
			return wrap(err, "forget")
		}
	}
	return nil
}

func (tx musicTx) PlacedTracks(ctx context.Context, p id.Playlist) ([]music.PlacedTrack, error) {
	rows, err := tx.Q.PlacedTracks(ctx, string(p))
	out := make([]music.PlacedTrack, len(rows))
	for i, r := range rows {
		out[i] = music.PlacedTrack{Item: music.Item{ID: music.ItemID(r.ID), Track: id.Track(r.Track), Added: utc(r.Added)}, Row: lined(r.Card, r.Track, 0)}
	}
	if err != nil {
		return nil, wrap(err, "items")
	}
	return out, tx.complete(ctx, len(out), func(i int) *music.TrackRow { return &out[i].Row })
}
