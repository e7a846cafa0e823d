package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func (tx socialTx) ActorByHandle(ctx context.Context, host, handle string) (social.Actor, error) {
	r, err := tx.Q.RemoteActorByHandle(ctx, sqlgen.RemoteActorByHandleParams{Host: host, Handle: handle})
	return remoteActor(r), missing(err, noActor)
}

// PutRelease keeps what a server says of a release.
//
// BUG(9ten): a release that is deleted there and made again at the same address is
// another one here, without the comments and likes of listeners here; tracks keep
// theirs. The same holds for one whose server was blocked meanwhile.
func (tx socialTx) PutRelease(ctx context.Context, r *social.Release) error {
	err := tx.Q.RemoteReleasePut(ctx, sqlgen.RemoteReleasePutParams{ID: string(id.New[id.Release](tx.Now())), Iri: r.IRI, Actor: r.Actor, Title: text(r.Title), Artist: text(r.Artist), Kind: string(r.Kind),
		Date: text(r.Date), Licence: text(r.Licence), Description: text(r.Description), Page: text(r.Page), Picture: text(r.Picture), Published: ms(r.Published), Updated: ms(r.Updated), Fetched: tx.Ms(), Replies: string(r.Policies[social.Commenting]),
		Likes: string(r.Policies[social.Liking]), Shares: string(r.Policies[social.Boosting]), Label: text(r.Label), Language: r.Language, Tags: strings.Join(r.Tags, " "), Conversation: text(r.Conversation), Explicit: r.Explicit, Post: text(r.Post)})
	if err != nil {
		return wrap(err, "release")
	}
	kept, err := tx.Q.RemoteReleaseByIRI(ctx, r.IRI)
	if err != nil {
		return wrap(err, "release")
	}
	r.ID = id.Release(kept.ID)
	old, err := tx.Q.RemoteTracksByRelease(ctx, kept.ID)
	if err != nil {
		return wrap(err, "tracks")
	}
	there := map[string]bool{}
	for i := range r.Tracks {
		t := &r.Tracks[i]
		there[t.IRI] = true
		name, err := tx.Q.RemoteLineByIRI(ctx, sqlgen.RemoteLineByIRIParams{Iri: t.IRI, Actor: r.Actor}) // somebody keeps it
		if errors.Is(err, sql.ErrNoRows) {
			name, err = string(id.New[id.Track](tx.Now())), nil
		}
		if err == nil {
			err = tx.Q.RemoteTrackPut(ctx, trackRow(t, kept.ID, name, i))
		}
		if err != nil {
			return wrap(err, "track")
		}
	}
	for _, o := range old {
		if !there[o.Iri] {
			if err := tx.Q.RemoteTrackDrop(ctx, o.ID); err != nil {
				return wrap(err, "track")
			}
		}
	}
	if r.Tracks, err = tx.tracks(ctx, kept.ID); err != nil {
		return err
	}
	return tx.document(ctx, r)
}

// document has a release, its tracks and its act found by their words: an act of which
// no music is kept is found by its address alone.
func (tx socialTx) document(ctx context.Context, r *social.Release) error {
	a, err := tx.Q.RemoteActorByID(ctx, r.Actor)
	if err != nil {
		return missing(err, noActor)
	}
	err = musicTx(tx).SetDoc(ctx, music.NewDoc(music.FoundActElsewhere, a.ID, cmp.Or(a.Name, a.Handle), a.Handle))
	err = errors.Join(err, musicTx(tx).SetDoc(ctx, music.NewDoc(music.FoundReleaseElsewhere, string(r.ID), r.Title, r.Artist, a.Name, a.Handle).With(append([]string{r.Label}, r.Tags...)...)))
	for i := range r.Tracks {
		t := &r.Tracks[i]
		err = errors.Join(err, musicTx(tx).SetDoc(ctx, music.NewDoc(music.FoundTrackElsewhere, string(t.ID), t.Title, t.Artist, r.Artist, a.Name)))
	}
	return err
}

// Retitle has the music of an act found by what it is called now.
func (tx socialTx) Retitle(ctx context.Context, actor, after string, n int) (string, error) {
	list, err := tx.Q.RemoteReleasesAfter(ctx, sqlgen.RemoteReleasesAfterParams{Actor: actor, After: after, Lim: int32(n)})
	if err != nil {
		return "", wrap(err, "releases")
	}
	for _, row := range list {
		r := shown(sqlgen.RemoteReleaseByIDRow{RemoteRelease: row})
		if r.Tracks, err = tx.tracks(ctx, row.ID); err != nil {
			return "", err
		}
		if err := tx.document(ctx, &r); err != nil {
			return "", err
		}
	}
	if len(list) == n {
		return list[n-1].ID, nil
	}
	playlists, err := tx.PlaylistsElsewhere(ctx, actor, social.MostPlaylists)
	for i := range playlists {
		if err == nil {
			err = tx.findable(ctx, &playlists[i])
		}
	}
	return "", err
}

// SearchElsewhere finds up to n releases and n tracks of other servers.
func (tx socialTx) SearchElsewhere(ctx context.Context, terms []string, n int) (releases []social.Release, tracks []social.Found, err error) {
	list, err := musicTx(tx).searchOf(ctx, music.FoundReleaseElsewhere, terms, n)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range list {
		row, err := tx.Q.RemoteReleaseByID(ctx, r)
		switch {
		case errors.Is(err, sql.ErrNoRows): // it is gone since
		case err != nil:
			return nil, nil, wrap(err, "release")
		default:
			releases = append(releases, shown(row))
		}
	}
	if list, err = musicTx(tx).searchOf(ctx, music.FoundTrackElsewhere, terms, n); err != nil {
		return nil, nil, err
	}
	names := make([]id.Track, len(list))
	for i, t := range list {
		names[i] = id.Track(t)
	}
	there, err := tx.far(ctx, names)
	for _, t := range names {
		if f, ok := there[t]; ok {
			_, host, _ := strings.Cut(f.ActHandle, "@")
			tracks = append(tracks, social.Found{TrackRow: f.TrackRow, Actor: f.actor, Host: host})
		}
	}
	return releases, tracks, err
}

func (tx socialTx) SearchActs(ctx context.Context, terms []string, n int) (out []social.Full, err error) {
	list, err := musicTx(tx).searchOf(ctx, music.FoundActElsewhere, terms, n)
	for _, actor := range list {
		row, err := tx.Q.RemoteActKept(ctx, actor)
		if errors.Is(err, sql.ErrNoRows) { // its music is gone since
			continue
		}
		if err != nil {
			return nil, wrap(err, "act")
		}
		out = append(out, listed(sqlgen.RemoteFollowsRow(row)))
	}
	return out, err
}

// listed is an act as lists show it.
func listed(r sqlgen.RemoteFollowsRow) social.Full {
	return social.Full{Actor: remoteActor(r.RemoteActor), Cover: music.Cover{ID: r.Cover, Light: r.Light, Dark: r.Dark}, Count: r.Releases}
}

func trackRow(t *social.Track, release, fresh string, place int) sqlgen.RemoteTrackPutParams {
	return sqlgen.RemoteTrackPutParams{ID: fresh, Iri: t.IRI, Release: release, Place: int64(place), Disc: t.Disc, Number: t.Number, Title: text(t.Title), Artist: text(t.Artist), Duration: t.DurationMS,
		Isrc: text(t.ISRC), Explicit: t.Explicit, Lyrics: text(t.Lyrics), Sound: text(t.Sound), MediaType: text(t.MediaType), Loudness: sql.NullInt64{Int64: t.Loudness, Valid: t.Measured}, Peak: t.Peak, AlbumGain: t.AlbumGain, Segments: text(t.Segments), Peaks: t.Peaks,
		Recording: text(t.Recording), Song: text(t.Song), Digest: text(t.Digest), Manifest: text(t.Manifest), People: toJSON(t.People), Post: text(t.Post)}
}

func (tx socialTx) tracks(ctx context.Context, release string) ([]social.Track, error) {
	rows, err := tx.Q.RemoteTracksByRelease(ctx, release)
	out := make([]social.Track, len(rows))
	for i, r := range rows {
		out[i] = remoteTrack(r)
	}
	return out, wrap(err, "tracks")
}

func remoteTrack(r sqlgen.RemoteTrack) social.Track {
	return social.Track{ID: id.Track(r.ID), IRI: r.Iri, Release: id.Release(r.Release), Disc: r.Disc, Number: r.Number, Title: r.Title, Artist: r.Artist, DurationMS: r.Duration, ISRC: r.Isrc,
		Explicit: r.Explicit, Lyrics: r.Lyrics, Sound: r.Sound, MediaType: r.MediaType, Measured: r.Loudness.Valid, Loudness: r.Loudness.Int64, Peak: r.Peak, AlbumGain: r.AlbumGain, Segments: r.Segments, Peaks: r.Peaks,
		Recording: r.Recording, Song: r.Song, Digest: r.Digest, Manifest: r.Manifest, People: fromJSON[music.Person](r.People), Post: r.Post}
}

func remoteRelease(r sqlgen.RemoteRelease) social.Release {
	return social.Release{ID: id.Release(r.ID), IRI: r.Iri, Actor: r.Actor, Title: r.Title, Artist: r.Artist, Kind: music.Kind(r.Kind), Date: r.Date, Licence: r.Licence,
		Description: r.Description, Page: r.Page, Picture: r.Picture, Published: utc(r.Published), Updated: utc(r.Updated), Policies: policies(r.Replies, r.Likes, r.Shares), Label: r.Label, Language: r.Language, Tags: strings.Fields(r.Tags), Conversation: r.Conversation, Explicit: r.Explicit, Post: r.Post}
}

// shown is a release with what is known of its act and cover.
func shown(row sqlgen.RemoteReleaseByIDRow) social.Release {
	r := remoteRelease(row.RemoteRelease)
	r.Handle, r.Host, r.Act, r.Cover = row.Handle, row.Host, row.Act, music.Cover{ID: row.Cover, Light: row.Light, Dark: row.Dark}
	return r
}

func (tx socialTx) ReleaseByIRI(ctx context.Context, iri string) (social.Release, error) {
	r, err := tx.Q.RemoteReleaseByIRI(ctx, iri)
	return remoteRelease(r), missing(err, noRelease)
}

func (tx socialTx) Release(ctx context.Context, what id.Release) (social.Release, error) {
	row, err := tx.Q.RemoteReleaseByID(ctx, string(what))
	if err != nil {
		return social.Release{}, missing(err, noRelease)
	}
	r := shown(row)
	r.Tracks, err = tx.tracks(ctx, string(what))
	return r, err
}

func (tx socialTx) ReleasesOf(ctx context.Context, actor string, n int) ([]social.Release, error) {
	rows, err := tx.Q.RemoteReleasesByActor(ctx, sqlgen.RemoteReleasesByActorParams{Actor: actor, Lim: int32(n)})
	out := make([]social.Release, len(rows))
	for i, r := range rows {
		out[i] = shown(sqlgen.RemoteReleaseByIDRow(r))
	}
	return out, wrap(err, "releases")
}

func (tx socialTx) ReleasesFollowed(ctx context.Context, a id.Account, after music.Cursor, n int) ([]social.Release, error) {
	rows, err := tx.Q.RemoteReleasesFollowed(ctx, sqlgen.RemoteReleasesFollowedParams{Account: string(a), Key: after.Key, ID: after.ID, Lim: int32(n)})
	out := make([]social.Release, len(rows))
	for i, r := range rows {
		out[i] = shown(sqlgen.RemoteReleaseByIDRow(r))
	}
	return out, wrap(err, "releases")
}

func (tx socialTx) ReleasesOfHost(ctx context.Context, host string) ([]social.Kept, error) {
	rows, err := tx.Q.RemoteReleasesOfHost(ctx, host)
	out := make([]social.Kept, len(rows))
	for i, r := range rows {
		out[i] = social.Kept{IRI: r.Iri, Actor: r.Actor, Fetched: utc(r.Fetched)}
	}
	return out, wrap(err, "releases")
}

func (tx socialTx) DropRelease(ctx context.Context, iri, actor string) (bool, error) {
	n, err := tx.Q.RemoteReleaseDrop(ctx, sqlgen.RemoteReleaseDropParams{Iri: iri, Actor: actor})
	return n > 0, wrap(err, "release")
}

func (tx socialTx) Track(ctx context.Context, t id.Track) (social.Track, error) {
	r, err := tx.Q.RemoteTrackByID(ctx, string(t))
	return remoteTrack(r), missing(err, noTrack)
}

const noPicture = "There is no such picture."

func (tx socialTx) Picture(ctx context.Context, url string) (social.Picture, error) {
	r, err := tx.Q.RemotePictureByURL(ctx, url)
	return social.Picture{Cover: music.Cover{ID: r.Cover, Light: r.Light, Dark: r.Dark}, ETag: r.Etag, Modified: r.Modified, Fetched: utc(r.Fetched)}, missing(err, noPicture)
}

func (tx socialTx) PutPicture(ctx context.Context, url string, p social.Picture) error {
	return wrap(tx.Q.RemotePicturePut(ctx, sqlgen.RemotePicturePutParams{Url: url, Cover: p.Cover.ID, Light: p.Cover.Light, Dark: p.Cover.Dark, Fetched: tx.Ms(), Etag: text(p.ETag), Modified: text(p.Modified)}), "picture")
}

// DropUnkept forgets how tracks of other servers looked that nobody keeps any more,
// and what refers to releases that are nowhere.
//
// BUG(9ten): on PostgreSQL a like, a playlist's item or history that is written while
// its track is being deleted stays, as a line without words.
func (tx socialTx) DropUnkept(ctx context.Context) error {
	gone, err := tx.Q.CommentsExpire(ctx)
	return wrap(errors.Join(err, tx.unsaid(ctx, gone), tx.Q.RemoteDocsExpire(ctx), tx.Q.RemoteLineExpire(ctx), tx.Q.ReleaseLikesExpire(ctx)), "what nobody keeps")
}

func (tx socialTx) DropPictures(ctx context.Context) error {
	_, err := tx.Q.RemotePicturesUnused(ctx)
	return wrap(err, "pictures")
}

func (tx socialTx) FollowElsewhere(ctx context.Context, a id.Account, actor string, on bool) (bool, error) {
	if !on {
		n, err := tx.Q.RemoteFollowDrop(ctx, sqlgen.RemoteFollowDropParams{Account: string(a), Actor: actor})
		return n > 0, wrap(err, "follow")
	}
	n, err := tx.Q.RemoteFollowPut(ctx, sqlgen.RemoteFollowPutParams{Account: string(a), Actor: actor, Since: tx.Ms()})
	return n > 0, wrap(err, "follow")
}

func (tx socialTx) FollowsElsewhere(ctx context.Context, a id.Account, actor string) (bool, error) {
	n, err := tx.Q.RemoteFollowed(ctx, sqlgen.RemoteFollowedParams{Account: string(a), Actor: actor})
	return n > 0, wrap(err, "follow")
}

func (tx socialTx) FollowersHere(ctx context.Context, actor string) (int64, error) {
	n, err := tx.Q.RemoteFollowersHere(ctx, actor)
	return n, wrap(err, "followers")
}

func (tx socialTx) ListFollows(ctx context.Context, a id.Account) ([]social.Full, error) {
	rows, err := tx.Q.RemoteFollows(ctx, string(a))
	out := make([]social.Full, len(rows))
	for i, r := range rows {
		out[i] = listed(r)
		out[i].Following = true
	}
	return out, wrap(err, "follows")
}

func following(r sqlgen.Following) social.Following {
	return social.Following{Actor: r.Actor, Activity: r.Activity, State: r.State, Asked: utc(r.Asked)}
}

func (tx socialTx) Following(ctx context.Context, actor string) (social.Following, error) {
	r, err := tx.Q.FollowingByActor(ctx, actor)
	return following(r), missing(err, "That act is not followed.")
}

func (tx socialTx) PutFollowing(ctx context.Context, f social.Following) error {
	return wrap(tx.Q.FollowingPut(ctx, sqlgen.FollowingPutParams{Actor: f.Actor, Activity: f.Activity, State: f.State, Asked: ms(f.Asked)}), "following")
}

func (tx socialTx) DropFollowing(ctx context.Context, actor string) error {
	return wrap(tx.Q.FollowingDrop(ctx, actor), "following")
}

func (tx socialTx) Unanswered(ctx context.Context, before time.Time, n int) ([]social.Following, error) {
	rows, err := tx.Q.FollowingUnanswered(ctx, sqlgen.FollowingUnansweredParams{Before: ms(before), Lim: int32(n)})
	return followings(rows), wrap(err, "following")
}

func (tx socialTx) Left(ctx context.Context, n int) ([]social.Following, error) {
	rows, err := tx.Q.FollowingLeft(ctx, int32(n))
	return followings(rows), wrap(err, "following")
}

func followings(rows []sqlgen.Following) []social.Following {
	out := make([]social.Following, len(rows))
	for i, r := range rows {
		out[i] = following(r)
	}
	return out
}
