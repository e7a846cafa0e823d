package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

// A far track is one of another server as lists show it.
type far struct {
	music.TrackRow
	iri, actor string
}

const farSQL = `select t.id, t.iri, t.title, t.artist, t.disc, t.number, t.duration, t.explicit, t.media_type, t.segments, t.loudness, t.peak, t.album_gain,
 r.id, r.title, r.artist, r.published, r.actor, a.handle, a.host, a.name, coalesce(p.cover, ''), coalesce(p.light, ''), coalesce(p.dark, ''),
 (select count(*) from remote_sheet s where s.track = t.id)
from remote_track t join remote_release r on r.id = t.release join remote_actor a on a.id = r.actor left join remote_picture p on p.url = r.picture where t.id in @list`

// far finds those of the tracks that are of other servers and there still.
func (tx *Tx) far(ctx context.Context, tracks []id.Track) (map[id.Track]far, error) {
	out := map[id.Track]far{}
	var f far
	var r music.TrackRow
	var kind, segments, artist, host string
	var published, sheets int64
	var loudness sql.NullInt64
	err := among(ctx, tx.db, farSQL, nil, tracks, []any{&r.ID, &f.iri, &r.Title, &r.Artist, &r.Disc, &r.Number, &r.DurationMS, &r.Explicit, &kind, &segments, &loudness, &r.Peak, &r.AlbumGain,
		&r.Release, &r.ReleaseTitle, &artist, &published, &f.actor, &r.ActHandle, &host, &r.ActName, &r.Cover.ID, &r.Cover.Light, &r.Cover.Dark, &sheets}, func() {
		x := f
		x.TrackRow = r
		x.Artist, x.ActHandle, x.Codec = cmp.Or(r.Artist, artist, r.ActName), r.ActHandle+"@"+host, codecOf(kind)
		x.Gain = 0
		if loudness.Valid {
			x.Gain = music.Gain(loudness.Int64)
		}
		x.Segmented, x.Published, x.Available, x.Uncounted = segments != "", utc(published), true, sheets == 0
		out[r.ID] = x
	})
	return out, wrap(err, "tracks elsewhere")
}

// codecOf is what a media type says of a file, "" nothing.
func codecOf(mediaType string) string {
	_, kind, _ := strings.Cut(mediaType, "/")
	return map[string]string{"flac": "flac", "mpeg": "mp3", "mp3": "mp3", "aac": "aac", "mp4": "aac", "m4a": "aac", "ogg": "vorbis", "opus": "opus", "wav": "wav"}[strings.TrimPrefix(kind, "x-")]
}

// keepFar keeps how those of the tracks look that are of other servers, since
// somebody refers to them now, and tells how many these are.
func (tx *Tx) keepFar(ctx context.Context, tracks ...id.Track) (int, error) {
	if len(tracks) == 0 {
		return 0, nil
	}
	found, err := tx.far(ctx, tracks)
	for t, f := range found {
		err = errors.Join(err, tx.Q.RemoteLinePut(ctx, sqlgen.RemoteLinePutParams{Track: string(t), Iri: f.iri, Actor: f.actor, Card: f.Pack()}))
	}
	return len(found), wrap(err, "line")
}

// complete fills in rows that no line of this node was found for: what another
// server has still, or how it looked when it was kept.
func (tx *Tx) complete(ctx context.Context, n int, at func(int) *music.TrackRow) error {
	var missing []id.Track
	for i := range n {
		if r := at(i); !r.Available {
			missing = append(missing, r.ID)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	there, err := tx.far(ctx, missing)
	if err != nil {
		return err
	}
	kept := map[id.Track]music.TrackRow{}
	var card string
	err = among(ctx, tx.db, "select card from remote_line where track in @list", nil, missing, []any{&card}, func() {
		var r music.TrackRow
		r.Unpack(card)
		r.Available, r.Cover = false, music.Cover{} // nobody keeps its picture any more
		kept[r.ID] = r
	})
	if err != nil {
		return wrap(err, "lines")
	}
	for i := range n {
		r := at(i)
		if r.Available {
			continue
		}
		key := r.Key
		if f, ok := there[r.ID]; ok {
			*r = f.TrackRow
		} else if k, ok := kept[r.ID]; ok {
			*r = k
		}
		r.Key = key
	}
	return nil
}

func (tx musicTx) ReleaseElsewhere(ctx context.Context, r id.Release) (bool, error) {
	n, err := tx.Q.RemoteReleaseKnown(ctx, string(r))
	return n > 0, wrap(err, "release")
}

// releasesElsewhere fills in rows of releases of other servers.
func (tx musicTx) releasesElsewhere(ctx context.Context, rows []music.ReleaseRow) error {
	for i := range rows {
		r := &rows[i]
		if r.Title != "" {
			continue
		}
		x, err := tx.Q.RemoteReleaseByID(ctx, string(r.ID))
		if err != nil {
			return missing(err, noRelease)
		}
		s, key := shown(x), r.Key
		*r = s.Row()
		r.Key = key
	}
	return nil
}

// forgetMusic removes what refers to a track, or to a release and its tracks.
func (tx musicTx) forgetMusic(ctx context.Context, track, release string) error {
	for _, err := range []error{
		tx.Q.ItemsForgetMusic(ctx, sqlgen.ItemsForgetMusicParams{Track: track, Release: release}),
		tx.Q.LikesForgetMusic(ctx, sqlgen.LikesForgetMusicParams{Track: track, Release: release}),
		tx.Q.HistoryForgetMusic(ctx, sqlgen.HistoryForgetMusicParams{Track: track, Release: release}),
		tx.Q.ResumeForgetMusic(ctx, sqlgen.ResumeForgetMusicParams{Track: track, Release: release}),
	} {
		if err != nil {
			return wrap(err, "forget music")
		}
	}
	if release == "" {
		return nil
	}
	gone, err := tx.Q.CommentsForgetMusic(ctx, release)
	return wrap(errors.Join(err, tx.unsaid(ctx, gone), tx.Q.ReleaseLikesForgetMusic(ctx, release)), "forget music")
}
