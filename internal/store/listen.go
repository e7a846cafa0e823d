package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

var _ listen.Store = (*DB)(nil)

// ListenView runs fn on a snapshot for the listening desk.
func (db *DB) ListenView(ctx context.Context, fn func(listen.Tx) error) error {
	return db.View(ctx, func(tx *Tx) error { return fn(listenTx{tx}) })
}

// ListenUpdate runs fn in a write transaction for the listening desk.
func (db *DB) ListenUpdate(ctx context.Context, fn func(listen.Tx) error) error {
	return db.Update(ctx, func(tx *Tx) error { return fn(listenTx{tx}) })
}

// Pseudonym is an account's of a period, made when missing.
func (tx *Tx) Pseudonym(ctx context.Context, p calendar.Period, a id.Account) (royalty.Pseudonym, error) {
	return listen.Pseudonym(ctx, listenTx{tx}, a, p)
}

type listenTx struct{ *Tx }

func (tx listenTx) Now() time.Time { return tx.Tx.Now }

// absent turns a row that is not there into a fault.
func absent(err error, op string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fault.Wrap(err, fault.NotFound, "%s", errRow)
	}
	return wrap(err, op)
}

func (tx listenTx) Track(ctx context.Context, t id.Track) (listen.Track, error) {
	r, err := tx.Q.ListenTrack(ctx, string(t))
	if errors.Is(err, sql.ErrNoRows) {
		return tx.trackElsewhere(ctx, t)
	}
	if err != nil {
		return listen.Track{}, absent(err, "track")
	}
	out := listen.Track{ID: t, Seconds: r.DurationMs.Int64 / 1000, Public: r.State == "ready" && r.ReleaseState == "published", Opened: r.Published > 0}
	if r.Samples.Int64 > 0 && r.Rate.Int64 > 0 {
		out.Seconds = r.Samples.Int64 / r.Rate.Int64
	}
	return out, nil
}

// trackElsewhere is a track of another node that somebody is paid for.
func (tx listenTx) trackElsewhere(ctx context.Context, t id.Track) (listen.Track, error) {
	r, err := tx.Q.ListenTrackElsewhere(ctx, string(t))
	if err != nil {
		return listen.Track{}, absent(err, "track")
	}
	there, home, _ := strings.Cut(r.Name, "@")
	return listen.Track{ID: t, There: id.Track(there), Home: home, Seconds: r.Duration / 1000, Public: true, Opened: true}, nil
}

func (tx listenTx) Foreign(ctx context.Context, name string) (id.Track, error) {
	t, err := tx.Q.ListenForeign(ctx, name)
	return id.Track(t), absent(err, "track")
}

func (tx listenTx) Sheet(ctx context.Context, t id.Track, at int64) (uint32, error) {
	v, err := tx.Q.ListenSheet(ctx, sqlgen.ListenSheetParams{Track: string(t), At: at})
	if errors.Is(err, sql.ErrNoRows) {
		v, err = tx.Q.ListenSheetElsewhere(ctx, sqlgen.ListenSheetElsewhereParams{Track: string(t), At: at})
	}
	return uint32(v), absent(err, "sheet")
}

func (tx listenTx) Shares(ctx context.Context, t id.Track, version uint32) ([]listen.Share, error) {
	rows, err := tx.Q.ListenShares(ctx, sqlgen.ListenSharesParams{Track: string(t), Version: int64(version)})
	out := make([]listen.Share, len(rows))
	for i, r := range rows {
		out[i] = listen.Share{Act: id.Act(r.Act), BPS: uint16(r.Bps)}
	}
	if err != nil || len(out) > 0 {
		return out, wrap(err, "shares")
	}
	there, err := tx.Q.ListenSharesElsewhere(ctx, sqlgen.ListenSharesElsewhereParams{Track: string(t), Version: int64(version)})
	for _, r := range there {
		out = append(out, listen.Share{Act: id.Act(r.Act), BPS: uint16(r.Bps)})
	}
	return out, wrap(err, "shares")
}

func (tx listenTx) ActsOf(ctx context.Context, a id.Account) ([]id.Act, error) {
	rows, err := tx.Q.ListenActsOf(ctx, string(a))
	out := make([]id.Act, len(rows))
	for i, r := range rows {
		out[i] = id.Act(r)
	}
	return out, wrap(err, "acts of account")
}

func (tx listenTx) Device(ctx context.Context, k listen.KeyID) (listen.Device, error) {
	r, err := tx.Q.DeviceByID(ctx, k[:])
	return listen.Device{Account: id.Account(r.Account), SPKI: r.Spki, Revoked: r.Revoked != 0}, absent(err, "device")
}

func (tx listenTx) Play(ctx context.Context, p id.Bytes16) (listen.Play, error) {
	r, err := tx.Q.PlayByID(ctx, p[:])
	if err != nil {
		return listen.Play{}, absent(err, "play")
	}
	return playOf(r), nil
}

func (tx listenTx) InsertPlay(ctx context.Context, p *listen.Play) error {
	return tx.Q.PlayInsert(ctx, sqlgen.PlayInsertParams{
		ID: p.ID[:], Account: string(p.Account), Track: string(p.Track), Device: optional16(p.Device), Sheet: int64(p.Sheet), Own: joinActs(p.Own), Seconds: p.Seconds,
		Began: p.Begin, Ended: p.End, Heard: p.MS, Flags: int64(p.Flags), Origin: optional16(p.Origin), Counter: int64(p.Counter), Accepted: int64(p.Accepted), Seen: p.Seen,
		Hash: p.Hash[:], Claim: bytesOf(p.Claim), Signature: bytesOf(p.Signature), Decision: int64(p.Decision), Counted: p.Counted, Answer: int64(p.AnswerDecision), Answered: int64(p.AnswerMS), Sealed: p.Sealed,
	})
}

func (tx listenTx) UpdatePlay(ctx context.Context, p *listen.Play) error {
	n, err := tx.Q.PlayUpdate(ctx, sqlgen.PlayUpdateParams{
		ID: p.ID[:], Device: optional16(p.Device), Ended: p.End, Heard: p.MS, Flags: int64(p.Flags), Counter: int64(p.Counter), Accepted: int64(p.Accepted), Seen: p.Seen,
		Hash: p.Hash[:], Claim: bytesOf(p.Claim), Signature: bytesOf(p.Signature), Decision: int64(p.Decision), Counted: p.Counted, Answer: int64(p.AnswerDecision), Answered: int64(p.AnswerMS), Sealed: p.Sealed,
	})
	return onePlay(n, err)
}

func (tx listenTx) Recount(ctx context.Context, p id.Bytes16, d listen.Decision, ms int64) error {
	n, err := tx.Q.PlayRecount(ctx, sqlgen.PlayRecountParams{ID: p[:], Decision: int64(d), Counted: ms})
	return onePlay(n, err)
}

// onePlay refuses a write that met no row.
func onePlay(n int64, err error) error {
	if err == nil && n != 1 {
		return fault.New(fault.NotFound, "%s", errRow)
	}
	return wrap(err, "write play")
}

func (tx listenTx) PlaysBetween(ctx context.Context, a id.Account, from, to int64) ([]listen.Play, error) {
	rows, err := tx.Q.PlayBetween(ctx, sqlgen.PlayBetweenParams{Account: string(a), Low: from, High: to})
	out := make([]listen.Play, len(rows))
	for i, r := range rows {
		p := &out[i]
		*p = listen.Play{
			Account: a, Track: id.Track(r.Track), Sheet: uint32(r.Sheet), Own: splitActs(r.Own), Seconds: r.Seconds, Begin: r.Began, End: r.Ended, MS: r.Heard,
			Decision: listen.Decision(r.Decision), Counted: r.Counted, Sealed: r.Sealed,
		}
		copy(p.ID[:], r.ID)
		copy(p.Device[:], r.Device)
	}
	return out, wrap(err, "plays of a day")
}

func (tx listenTx) CountPlays(ctx context.Context, a id.Account, from, to int64) (int64, error) {
	n, err := tx.Q.PlayCount(ctx, sqlgen.PlayCountParams{Account: string(a), Low: from, High: to})
	return n, wrap(err, "plays of a day")
}

func (tx listenTx) Played(ctx context.Context, t id.Track, plays int64) error {
	track := string(t)
	return errors.Join(
		tx.Q.TrackPlayed(ctx, sqlgen.TrackPlayedParams{N: plays, Track: track}),
		tx.Q.TrackLinePlayed(ctx, sqlgen.TrackLinePlayedParams{N: plays, Track: track}),
		tx.Q.ReleasePlayed(ctx, sqlgen.ReleasePlayedParams{N: plays, Track: track}),
		tx.Q.ReleaseLinePlayed(ctx, sqlgen.ReleaseLinePlayedParams{N: plays, Track: track}),
	)
}

func (tx listenTx) HistoryPaused(ctx context.Context, a id.Account) (bool, error) {
	paused, err := tx.Q.ListenHistoryPaused(ctx, string(a))
	return paused, absent(err, "history")
}

func (tx listenTx) Joined(ctx context.Context, a id.Account) (int64, error) {
	created, err := tx.Q.ListenJoined(ctx, string(a))
	return created, absent(err, "account")
}

func (tx listenTx) Remember(ctx context.Context, a id.Account, t id.Track, at int64) error {
	n, err := tx.Q.ListenHistory(ctx, sqlgen.ListenHistoryParams{Account: string(a), Track: string(t), At: at})
	if err != nil {
		return wrap(err, "history")
	}
	if n > 0 {
		return tx.tellListen(ctx, a, t, utc(at))
	}
	there, err := tx.keepFar(ctx, t)
	if err != nil || there == 0 {
		return err
	}
	if err := tx.Q.ListenHistoryElsewhere(ctx, sqlgen.ListenHistoryElsewhereParams{Account: string(a), Track: string(t), At: at}); err != nil {
		return wrap(err, "history")
	}
	return tx.tellListen(ctx, a, t, utc(at))
}

func (tx listenTx) LastPlay(ctx context.Context, a id.Account) (listen.Play, error) {
	r, err := tx.Q.PlayLast(ctx, string(a))
	if err != nil {
		return listen.Play{}, absent(err, "last play")
	}
	return playOf(r), nil
}

func (tx listenTx) Receipts(ctx context.Context, a id.Account, before int64, after id.Bytes16, n int) ([]listen.Play, error) {
	rows, err := tx.Q.PlayReceipts(ctx, sqlgen.PlayReceiptsParams{Account: string(a), Before: before, After: after[:], N: int32(n)})
	out := make([]listen.Play, len(rows))
	for i, r := range rows {
		out[i] = playOf(r)
	}
	return out, wrap(err, "receipts")
}

func (tx listenTx) Totals(ctx context.Context, a id.Account, from, to int64) (listen.Totals, error) {
	r, err := tx.Q.PlayTotals(ctx, sqlgen.PlayTotalsParams{Account: string(a), Low: from, High: to})
	return listen.Totals{Plays: r.Plays, Seconds: r.Ms / 1000}, wrap(err, "totals")
}

func playOf(r sqlgen.Play) listen.Play {
	p := listen.Play{
		Account: id.Account(r.Account), Track: id.Track(r.Track), Sheet: uint32(r.Sheet), Own: splitActs(r.Own), Seconds: r.Seconds,
		Begin: r.Began, End: r.Ended, MS: r.Heard, Flags: listen.Flags(r.Flags), Counter: uint32(r.Counter), Accepted: uint32(r.Accepted), Seen: r.Seen,
		Claim: r.Claim, Signature: r.Signature, Decision: listen.Decision(r.Decision), Counted: r.Counted,
		AnswerDecision: listen.Decision(r.Answer), AnswerMS: uint32(r.Answered), Sealed: r.Sealed,
	}
	copy(p.ID[:], r.ID)
	copy(p.Device[:], r.Device)
	copy(p.Origin[:], r.Origin)
	copy(p.Hash[:], r.Hash)
	return p
}

// optional16 stores sixteen zero bytes as none.
func optional16(b id.Bytes16) []byte {
	if b == (id.Bytes16{}) {
		return []byte{}
	}
	return b[:]
}

// bytesOf stores nil as no bytes: the columns know no null.
func bytesOf(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func joinActs(acts []id.Act) string {
	names := make([]string, len(acts))
	for i, a := range acts {
		names[i] = string(a)
	}
	return strings.Join(names, " ")
}

func splitActs(s string) []id.Act {
	if s == "" {
		return nil
	}
	var out []id.Act
	for name := range strings.FieldsSeq(s) {
		out = append(out, id.Act(name))
	}
	return out
}

// random32 is a fresh key.
func random32() []byte {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return b
}
