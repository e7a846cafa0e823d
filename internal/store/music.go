package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

// Music is the store as package music owns it.
func (db *DB) Music() music.Store { return musicStore{db} }

type musicStore struct{ db *DB }

func (s musicStore) View(ctx context.Context, fn func(music.Tx) error) error {
	return s.db.View(ctx, func(tx *Tx) error { return fn(musicTx{tx}) })
}

func (s musicStore) Read(ctx context.Context, fn func(music.Tx) error) error {
	return s.db.Read(ctx, func(tx *Tx) error { return fn(musicTx{tx}) })
}

func (s musicStore) Update(ctx context.Context, fn func(music.Tx) error) error {
	return s.db.Update(ctx, func(tx *Tx) error { return fn(musicTx{tx}) })
}

type musicTx struct{ *Tx }

func (tx musicTx) Now() time.Time { return tx.Tx.Now }

func (tx musicTx) Enqueue(ctx context.Context, j music.Job) error {
	return tx.Tx.Enqueue(ctx, j.Kind, j.Key, j.Payload, j.At)
}

func (tx musicTx) Audit(ctx context.Context, actor, action, about, note string) error {
	return tx.Tx.Audit(ctx, actor, action, about, note)
}

// toJSON writes a list of texts or structs as JSON; nothing is [].
func toJSON[T any](v []T) string {
	if len(v) == 0 {
		return "[]"
	}
	b, _ := json.Marshal(v) // texts and numbers
	return string(b)
}

// fromJSON reads what toJSON wrote. What cannot be read is nothing.
func fromJSON[T any](s string) (v []T) {
	if s != "" && s != "[]" {
		_ = json.Unmarshal([]byte(s), &v)
	}
	return v
}

// affected turns "no row changed" into a NotFound fault.
func affected(n int64, err error, sentence string) error {
	if err == nil && n == 0 {
		return fault.New(fault.NotFound, "%s", sentence)
	}
	return err
}

const (
	noAct     = "There is no such act."
	noRelease = "There is no such release."
	noTrack   = "There is no such track."
)

func act(r sqlgen.Act) music.Act {
	return music.Act{
		ID: id.Act(r.ID), Handle: r.Handle, Name: r.Name, Bio: r.Bio, Place: r.Place, Aliases: fromJSON[string](r.Aliases),
		Members: fromJSON[music.Member](r.Members), Links: fromJSON[music.Link](r.Links), Cover: music.Cover{ID: r.Cover, Light: r.AccentL, Dark: r.AccentD}, Face: music.Cover{ID: r.Face, Light: r.FaceL, Dark: r.FaceD},
		Label: r.Label, Orphaned: r.Orphaned, Releases: r.Releases, Followers: r.Followers, Created: utc(r.Created), Changed: utc(r.Changed),
	}
}

func actRow(r sqlgen.Act, key int64) music.ActRow {
	return music.ActRow{ID: id.Act(r.ID), Handle: r.Handle, Name: r.Name, Place: r.Place, Cover: face(r.Cover, r.AccentL, r.AccentD, r.Face, r.FaceL, r.FaceD),
		Releases: r.Releases, Followers: r.Followers, Key: key}
}

func (tx musicTx) Act(ctx context.Context, a id.Act) (music.Act, error) {
	r, err := tx.Q.ActByID(ctx, string(a))
	return act(r), missing(err, noAct)
}

func (tx musicTx) ActByHandle(ctx context.Context, handle string) (music.Act, error) {
	r, err := tx.Q.ActByHandle(ctx, handle)
	return act(r), missing(err, noAct)
}

// face is an act's picture in a list: its own, else the cover it lends from a
// release.
func face(cover, light, dark, lent, lentLight, lentDark string) music.Cover {
	if cover == "" {
		return music.Cover{ID: lent, Light: lentLight, Dark: lentDark}
	}
	return music.Cover{ID: cover, Light: light, Dark: dark}
}

func (tx musicTx) ActNames(ctx context.Context, acts []id.Act) (map[id.Act]music.ActRow, error) {
	out := make(map[id.Act]music.ActRow, len(acts))
	var r sqlgen.Act
	err := among(ctx, tx.db, "select id, handle, name, place, cover, accent_l, accent_d, face, face_l, face_d, releases, followers from act where id in @list", nil, acts,
		[]any{&r.ID, &r.Handle, &r.Name, &r.Place, &r.Cover, &r.AccentL, &r.AccentD, &r.Face, &r.FaceL, &r.FaceD, &r.Releases, &r.Followers},
		func() { out[id.Act(r.ID)] = actRow(r, 0) })
	if err != nil || len(out) == len(acts) {
		return out, wrap(err, "acts")
	}
	err = among(ctx, tx.db, "select y.act, y.handle || '@' || y.host, y.name, coalesce(p.cover, ''), coalesce(p.light, ''), coalesce(p.dark, '') from remote_payee y left join remote_picture p on p.url = y.picture where y.act in @list", nil, acts,
		[]any{&r.ID, &r.Handle, &r.Name, &r.Cover, &r.AccentL, &r.AccentD},
		func() {
			out[id.Act(r.ID)] = music.ActRow{ID: id.Act(r.ID), Handle: r.Handle, Name: r.Name, Cover: music.Cover{ID: r.Cover, Light: r.AccentL, Dark: r.AccentD}}
		})
	return out, wrap(err, "acts")
}

func (tx musicTx) InsertAct(ctx context.Context, a *music.Act) error {
	return tx.Q.ActInsert(ctx, sqlgen.ActInsertParams{
		ID: string(a.ID), Handle: a.Handle, Name: a.Name, Bio: a.Bio, Place: a.Place, Aliases: toJSON(a.Aliases), Members: toJSON(a.Members), Links: toJSON(a.Links),
		Cover: a.Cover.ID, AccentL: a.Cover.Light, AccentD: a.Cover.Dark, Orphaned: a.Orphaned, Created: ms(a.Created), Changed: ms(a.Changed), Label: a.Label,
	})
}

func (tx musicTx) UpdateAct(ctx context.Context, a *music.Act) error {
	n, err := tx.Q.ActUpdate(ctx, sqlgen.ActUpdateParams{
		Handle: a.Handle, Name: a.Name, Bio: a.Bio, Place: a.Place, Aliases: toJSON(a.Aliases), Members: toJSON(a.Members), Links: toJSON(a.Links),
		Cover: a.Cover.ID, AccentL: a.Cover.Light, AccentD: a.Cover.Dark, Orphaned: a.Orphaned, Changed: ms(a.Changed), ID: string(a.ID),
	})
	return affected(n, err, noAct)
}

func (tx musicTx) RecountAct(ctx context.Context, a id.Act) error {
	f, err := tx.Q.ActFace(ctx, string(a))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return wrap(err, "face")
	}
	return wrap(tx.Q.ActRecount(ctx, sqlgen.ActRecountParams{ID: string(a), Face: f.Cover, FaceL: f.AccentL, FaceD: f.AccentD}), "recount act")
}

func (tx musicTx) Role(ctx context.Context, a id.Act, account id.Account) (music.Role, error) {
	r, err := tx.Q.ActRole(ctx, sqlgen.ActRoleParams{Act: string(a), Account: string(account)})
	if fault.Is(missing(err, noAct), fault.NotFound) {
		return music.NoRole, nil
	}
	return music.Role(r), wrap(err, "role")
}

func (tx musicTx) Places(ctx context.Context, a id.Act) ([]music.Place, error) {
	rows, err := tx.Q.ActPlaces(ctx, string(a))
	out := make([]music.Place, len(rows))
	for i, r := range rows {
		out[i] = music.Place{Account: id.Account(r.Account), Role: music.Role(r.Role), Since: utc(r.Since)}
	}
	return out, wrap(err, "places")
}

func (tx musicTx) SetRole(ctx context.Context, a id.Act, account id.Account, r music.Role) error {
	if r == music.NoRole {
		return tx.Q.ActRoleDrop(ctx, sqlgen.ActRoleDropParams{Act: string(a), Account: string(account)})
	}
	return tx.Q.ActRoleSet(ctx, sqlgen.ActRoleSetParams{Act: string(a), Account: string(account), Role: string(r), Since: tx.Ms()})
}

func (tx musicTx) ActsOf(ctx context.Context, account id.Account) ([]music.OwnAct, error) {
	rows, err := tx.Q.ActsOfAccount(ctx, string(account))
	out := make([]music.OwnAct, len(rows))
	for i, r := range rows {
		out[i] = music.OwnAct{Role: music.Role(r.Role), Act: act(sqlgen.Act{
			ID: r.ID, Handle: r.Handle, Name: r.Name, Bio: r.Bio, Place: r.Place, Aliases: r.Aliases, Members: r.Members, Links: r.Links, Cover: r.Cover,
			AccentL: r.AccentL, AccentD: r.AccentD, Face: r.Face, FaceL: r.FaceL, FaceD: r.FaceD, Orphaned: r.Orphaned, Releases: r.Releases, Followers: r.Followers, Created: r.Created, Changed: r.Changed, Label: r.Label,
		})}
	}
	return out, wrap(err, "acts")
}

func (tx musicTx) Orphans(ctx context.Context) ([]music.Act, error) {
	rows, err := tx.Q.ActOrphans(ctx)
	out := make([]music.Act, len(rows))
	for i, r := range rows {
		out[i] = act(r)
	}
	return out, wrap(err, "orphans")
}

func (tx musicTx) Wallets(ctx context.Context, a id.Act) ([]music.Wallet, error) {
	rows, err := tx.Q.ActWallets(ctx, string(a))
	out := make([]music.Wallet, len(rows))
	for i, r := range rows {
		out[i] = music.Wallet{Name: r.Name, Address: r.Address, Bps: r.Bps}
	}
	return out, wrap(err, "wallets")
}

func (tx musicTx) SetWallets(ctx context.Context, a id.Act, sheet []music.Wallet) error {
	if err := tx.Q.ActWalletsClear(ctx, string(a)); err != nil {
		return wrap(err, "wallets")
	}
	for i, w := range sheet {
		if err := tx.Q.ActWalletInsert(ctx, sqlgen.ActWalletInsertParams{Act: string(a), Line: int64(i), Name: w.Name, Address: w.Address, Bps: w.Bps}); err != nil {
			return wrap(err, "wallet")
		}
	}
	return nil
}

func release(r sqlgen.Release) music.Release {
	return music.Release{
		ID: id.Release(r.ID), Act: id.Act(r.Act), Cover: music.Cover{ID: r.Cover, Light: r.AccentL, Dark: r.AccentD}, Edited: fromJSON[string](r.Edited),
		Facts: music.Facts{Title: r.Title, Artist: r.Artist, Kind: music.Kind(r.Kind), Date: r.Date, Label: r.Label, Licence: music.Licence(r.Licence),
			Language: r.Language, Explicit: r.Explicit, Description: r.Description, Tags: fromJSON[string](r.Tags)},
		State: music.State(r.State), Before: music.State(r.StateBefore), PublishAt: utc(r.PublishAt), Zone: r.Zone, Published: utc(r.Published),
		Reason: r.Reason, Preview: r.Preview, Plays: r.Plays, Created: utc(r.Created), Changed: utc(r.Changed),
	}
}

func releases(rows []sqlgen.Release) []music.Release {
	out := make([]music.Release, len(rows))
	for i, r := range rows {
		out[i] = release(r)
	}
	return out
}

func (tx musicTx) Release(ctx context.Context, r id.Release) (music.Release, error) {
	row, err := tx.Q.ReleaseByID(ctx, string(r))
	return release(row), missing(err, noRelease)
}

func (tx musicTx) ReleaseByPreview(ctx context.Context, token string) (music.Release, error) {
	row, err := tx.Q.ReleaseByPreview(ctx, token)
	return release(row), missing(err, noRelease)
}

func (tx musicTx) ReleasesOf(ctx context.Context, a id.Act) ([]music.Release, error) {
	rows, err := tx.Q.ReleasesOfAct(ctx, string(a))
	return releases(rows), wrap(err, "releases")
}

func (tx musicTx) ReleasesIn(ctx context.Context, s music.State, n int) ([]music.Release, error) {
	rows, err := tx.Q.ReleasesInState(ctx, sqlgen.ReleasesInStateParams{State: string(s), Lim: int32(n)})
	return releases(rows), wrap(err, "releases")
}

func (tx musicTx) InsertRelease(ctx context.Context, r *music.Release) error {
	f := r.Facts
	return tx.Q.ReleaseInsert(ctx, sqlgen.ReleaseInsertParams{
		ID: string(r.ID), Act: string(r.Act), Title: f.Title, Artist: f.Artist, Kind: string(f.Kind), Date: f.Date, Label: f.Label, Licence: string(f.Licence),
		Language: f.Language, Explicit: f.Explicit, Description: f.Description, Tags: toJSON(f.Tags), Cover: r.Cover.ID, AccentL: r.Cover.Light, AccentD: r.Cover.Dark,
		Edited: toJSON(r.Edited), State: string(r.State), StateBefore: string(r.Before), PublishAt: ms(r.PublishAt), Zone: r.Zone, Published: ms(r.Published),
		Reason: r.Reason, Preview: r.Preview, Created: ms(r.Created), Changed: ms(r.Changed),
	})
}

func (tx musicTx) UpdateRelease(ctx context.Context, r *music.Release) error {
	f := r.Facts
	n, err := tx.Q.ReleaseUpdate(ctx, sqlgen.ReleaseUpdateParams{
		Title: f.Title, Artist: f.Artist, Kind: string(f.Kind), Date: f.Date, Label: f.Label, Licence: string(f.Licence), Language: f.Language,
		Explicit: f.Explicit, Description: f.Description, Tags: toJSON(f.Tags), Cover: r.Cover.ID, AccentL: r.Cover.Light, AccentD: r.Cover.Dark,
		Edited: toJSON(r.Edited), State: string(r.State), StateBefore: string(r.Before), PublishAt: ms(r.PublishAt), Zone: r.Zone, Published: ms(r.Published),
		Reason: r.Reason, Preview: r.Preview, Changed: ms(r.Changed), ID: string(r.ID),
	})
	return affected(n, err, noRelease)
}

func (tx musicTx) DeleteRelease(ctx context.Context, r id.Release) error {
	if err := tx.forgetMusic(ctx, "", string(r)); err != nil {
		return err
	}
	n, err := tx.Q.ReleaseDelete(ctx, string(r))
	return affected(n, err, noRelease)
}
