package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func (tx socialTx) Public(ctx context.Context, t social.Thing) (social.Thing, id.Act, error) {
	if t.Track == "" {
		row, err := tx.Q.ReleaseByID(ctx, string(t.Release))
		if err != nil {
			return t, "", missing(err, noRelease)
		}
		return t, id.Act(row.Act), public(row.State)
	}
	row, err := tx.Q.ThingOfTrack(ctx, string(t.Track))
	if err != nil {
		return t, "", missing(err, noTrack)
	}
	if row.State != string(music.Ready) || t.Release != "" && row.Release != string(t.Release) {
		return t, "", fault.New(fault.NotFound, noTrack)
	}
	t.Release = id.Release(row.Release)
	return t, id.Act(row.Act), public(row.ReleaseState)
}

// public returns a NotFound fault for a release of a state in which not everybody can
// hear it.
func public(state string) error {
	if state != string(music.Published) {
		return fault.New(fault.NotFound, noRelease)
	}
	return nil
}

func (tx socialTx) Known(ctx context.Context, t social.Thing) (social.Thing, id.Act, error) {
	found, act, err := tx.Public(ctx, t)
	if !fault.Is(err, fault.NotFound) {
		return found, act, err
	}
	if t.Track != "" {
		row, err := tx.Q.RemoteTrackByID(ctx, string(t.Track))
		if err != nil {
			return t, "", missing(err, noTrack)
		}
		if t.Release != "" && row.Release != string(t.Release) {
			return t, "", fault.New(fault.NotFound, noTrack)
		}
		t.Release = id.Release(row.Release)
	}
	n, err := tx.Q.RemoteReleaseKnown(ctx, string(t.Release))
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, noRelease)
	}
	return t, "", err
}

func (tx socialTx) React(ctx context.Context, r social.Reacted) (bool, error) {
	n, err := tx.Q.ReactionPut(ctx, sqlgen.ReactionPutParams{Actor: r.Actor, Kind: string(r.Kind), Release: string(r.Thing.Release), Track: string(r.Thing.Track), Activity: text(r.Activity), At: ms(r.At)})
	if err == nil && n == 0 && !r.Emoji { // who says it again takes that back
		_, err = tx.Q.ReactionAgain(ctx, sqlgen.ReactionAgainParams{Actor: r.Actor, Kind: string(r.Kind), Release: string(r.Thing.Release), Track: string(r.Thing.Track), Activity: text(r.Activity)})
	}
	return n > 0, wrap(err, "reaction")
}

func (tx socialTx) Unreact(ctx context.Context, actor string, kind social.Reaction, t social.Thing) (bool, error) {
	n, err := tx.Q.ReactionDrop(ctx, sqlgen.ReactionDropParams{Actor: actor, Kind: string(kind), Release: string(t.Release), Track: string(t.Track)})
	return n > 0, wrap(err, "reaction")
}

func (tx socialTx) UnreactBy(ctx context.Context, actor, activity string) ([]social.Reacted, error) {
	rows, err := tx.Q.ReactionDropBy(ctx, sqlgen.ReactionDropByParams{Actor: actor, Activity: activity})
	out := make([]social.Reacted, len(rows))
	for i, r := range rows {
		out[i] = social.Reacted{Actor: actor, Kind: social.Reaction(r.Kind), Thing: social.Thing{Release: id.Release(r.Release), Track: id.Track(r.Track)}, Activity: activity}
	}
	return out, wrap(err, "reaction")
}

func (tx socialTx) Reactions(ctx context.Context, r id.Release) (map[social.Thing]social.Counts, error) {
	rows, err := tx.Q.ReactionCounts(ctx, string(r))
	out := make(map[social.Thing]social.Counts, len(rows))
	for _, row := range rows {
		t := social.Thing{Release: r, Track: id.Track(row.Track)}
		c := out[t]
		switch social.Reaction(row.Kind) {
		case social.Like:
			c.Likes = row.N
		case social.Boost:
			c.Boosts = row.N
		}
		out[t] = c
	}
	return out, wrap(errors.Join(err, tx.countedElsewhere(ctx, r, out)), "reactions")
}

func (tx socialTx) PutComment(ctx context.Context, c social.Comment) (bool, error) {
	n, err := tx.Q.CommentPut(ctx, sqlgen.CommentPutParams{ID: string(c.ID), Release: string(c.Thing.Release), Track: string(c.Thing.Track), Parent: string(c.Parent), Account: string(c.Author.Account), Person: string(c.Author.Person), Act: string(c.Author.Act),
		Actor: c.Author.Actor, Host: c.Author.Host, Iri: c.IRI, Url: text(c.URL), Html: text(c.HTML), Position: c.Position, At: ms(c.At)})
	return n > 0, wrap(err, "comment")
}

func (tx socialTx) EditComment(ctx context.Context, c social.Comment) error {
	return wrap(tx.Q.CommentEdit(ctx, sqlgen.CommentEditParams{Html: text(c.HTML), Position: c.Position, Changed: ms(c.Changed), ID: string(c.ID)}), "comment")
}

func (tx socialTx) HideComment(ctx context.Context, c id.Comment, hidden bool) error {
	return wrap(tx.Q.CommentHide(ctx, sqlgen.CommentHideParams{Hidden: hidden, ID: string(c)}), "comment")
}

func (tx socialTx) DropComment(ctx context.Context, c id.Comment) error {
	gone, err := tx.Q.CommentDrop(ctx, string(c))
	return wrap(errors.Join(err, tx.unsaid(ctx, gone), tx.Q.NoticeDropComment(ctx, string(c))), "comment")
}

// unsaid keeps that comments are no more which other servers may know, and has those
// told. Of others the ids are "".
func (tx *Tx) unsaid(ctx context.Context, gone []string) error {
	for _, c := range gone {
		if c == "" {
			continue
		}
		what := music.Telling("comment", c)
		if err := errors.Join(tx.Q.CommentGonePut(ctx, sqlgen.CommentGonePutParams{ID: c, At: tx.Ms()}), tx.Enqueue(ctx, music.JobTell, what, []byte(what), tx.Now)); err != nil {
			return err
		}
	}
	return nil
}

func (tx socialTx) DropCommentsBy(ctx context.Context, a social.Author) error {
	if err := tx.Q.CommentDropActor(ctx, a.Actor); err != nil {
		return wrap(err, "comments")
	}
	gone, err := tx.Q.CommentDropAccount(ctx, string(a.Account))
	return wrap(errors.Join(err, tx.unsaid(ctx, gone)), "comments")
}

func (tx socialTx) DropCommentsAs(ctx context.Context, p id.Person) error {
	gone, err := tx.Q.CommentDropPerson(ctx, string(p))
	return wrap(errors.Join(err, tx.unsaid(ctx, gone)), "comments")
}

func (tx socialTx) CommentsAs(ctx context.Context, p id.Person, n int) (list []id.Comment, all int64, err error) {
	if all, err = tx.Q.CommentsOfPersonCount(ctx, string(p)); err != nil {
		return nil, 0, wrap(err, "comments")
	}
	rows, err := tx.Q.CommentsOfPerson(ctx, sqlgen.CommentsOfPersonParams{Person: string(p), Lim: int32(n)})
	for _, c := range rows {
		list = append(list, id.Comment(c))
	}
	return list, all, wrap(err, "comments")
}

func (tx socialTx) CommentGone(ctx context.Context, c id.Comment) (time.Time, error) {
	at, err := tx.Q.CommentGoneAt(ctx, string(c))
	return utc(at), missing(err, noComment)
}

func comment(r sqlgen.CommentByIDRow) social.Comment {
	c := social.Comment{ID: id.Comment(r.ID), Thing: social.Thing{Release: id.Release(r.Release), Track: id.Track(r.Track)}, Parent: id.Comment(r.Parent), IRI: r.Iri, URL: r.Url, HTML: r.Html,
		Position: r.Position, Hidden: r.Hidden, Passed: r.Passed, At: utc(r.At), Changed: utc(r.Changed), Author: social.Author{Account: id.Account(r.Account), Person: id.Person(r.Person), Act: id.Act(r.Act), Name: r.HereName, Handle: r.HereHandle}}
	if r.Actor != "" {
		c.Author = social.Author{Actor: r.Actor, Host: r.Host, Name: r.ThereName, Handle: r.ThereHandle, URL: r.ThereUrl}
	}
	return c
}

const noComment = "There is no such comment."

func (tx socialTx) Comment(ctx context.Context, c id.Comment) (social.Comment, error) {
	r, err := tx.Q.CommentByID(ctx, string(c))
	return comment(r), missing(err, noComment)
}

func (tx socialTx) CommentAt(ctx context.Context, iri string) (social.Comment, error) {
	c, err := tx.Q.CommentByIRI(ctx, iri)
	if err != nil {
		return social.Comment{}, missing(err, noComment)
	}
	return tx.Comment(ctx, id.Comment(c))
}

func (tx socialTx) Comments(ctx context.Context, r id.Release, before id.Comment, n int) ([]social.Comment, error) {
	rows, err := tx.Q.CommentList(ctx, sqlgen.CommentListParams{Release: string(r), Before: string(before), Lim: int32(n)})
	out := make([]social.Comment, len(rows))
	for i, row := range rows {
		out[i] = comment(sqlgen.CommentByIDRow(row))
	}
	return out, wrap(err, "comments")
}

func (tx socialTx) CountComments(ctx context.Context, a social.Author, r id.Release, since time.Time) (by, from, all int64, err error) {
	if by, err = tx.Q.CommentsByAuthor(ctx, sqlgen.CommentsByAuthorParams{Account: string(a.Account), Actor: a.Actor, Since: ms(since)}); err != nil {
		return 0, 0, 0, wrap(err, "comments")
	}
	if from, err = tx.Q.CommentsFromHost(ctx, sqlgen.CommentsFromHostParams{Release: string(r), Host: a.Host, Since: ms(since)}); err != nil {
		return 0, 0, 0, wrap(err, "comments")
	}
	all, err = tx.Q.CommentsOf(ctx, string(r))
	return by, from, all, wrap(err, "comments")
}

func (tx socialTx) Role(ctx context.Context, act id.Act, account id.Account) (music.Role, error) {
	return musicTx(tx).Role(ctx, act, account)
}

func (tx socialTx) Follows(ctx context.Context, act id.Act, a social.Author) (bool, error) {
	if a.Account != "" {
		return musicTx(tx).Following(ctx, a.Account, act)
	}
	n, err := tx.Q.RemoteFollowing(ctx, sqlgen.RemoteFollowingParams{Act: string(act), Actor: a.Actor})
	return n > 0, wrap(err, "follower")
}

func (tx socialTx) Length(ctx context.Context, t id.Track) (int64, error) {
	n, err := tx.Q.TrackLength(ctx, string(t))
	if err != nil || n > 0 {
		return n, wrap(err, "length")
	}
	there, err := tx.Q.RemoteTrackByID(ctx, string(t))
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return there.Duration, wrap(err, "length")
}

func (tx socialTx) OnlyTrack(ctx context.Context, r id.Release) (id.Track, error) {
	rows, err := tx.Q.TracksReady(ctx, string(r))
	if err == nil && len(rows) == 0 {
		rows, err = tx.Q.RemoteTracksNamed(ctx, string(r))
	}
	if err != nil || len(rows) != 1 {
		return "", wrap(err, "tracks")
	}
	return id.Track(rows[0]), nil
}

// EraseTalk removes what an account said, what others were told of it, and that its
// reports are its own.
func (db *DB) EraseTalk(ctx context.Context, atx account.Tx, who id.Account) error {
	tx, err := within(atx)
	if err != nil {
		return err
	}
	if err := tx.Q.FlagForgetAccount(ctx, string(who)); err != nil {
		return wrap(err, "reports")
	}
	return errors.Join(socialTx{tx}.DropCommentsBy(ctx, social.Author{Account: who}), tx.UntellBy(ctx, string(who)))
}
