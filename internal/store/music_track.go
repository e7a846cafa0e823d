package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func track(r sqlgen.Track) music.Track {
	return music.Track{
		ID: id.Track(r.ID), Release: id.Release(r.Release), Act: id.Act(r.Act), Title: r.Title, Artist: r.Artist, Disc: int(r.Disc), Number: int(r.Number),
		ISRC: r.Isrc, Recording: r.Recording, Explicit: r.Explicit, Lyrics: r.Lyrics, People: fromJSON[music.Person](r.People), Edited: fromJSON[string](r.Edited), State: music.TrackState(r.State),
		Refusal: r.Refusal, Filename: r.Filename, Original: r.Original, Pending: r.Pending, Sheet: r.Sheet, Plays: r.Plays, Created: utc(r.Created), Changed: utc(r.Changed),
	}
}

func (tx musicTx) Track(ctx context.Context, t id.Track) (music.Track, error) {
	r, err := tx.Q.TrackByID(ctx, string(t))
	return track(r), missing(err, noTrack)
}

func (tx musicTx) TracksOf(ctx context.Context, r id.Release) ([]music.Track, error) {
	rows, err := tx.Q.TracksOfRelease(ctx, string(r))
	out := make([]music.Track, len(rows))
	for i, r := range rows {
		out[i] = track(r)
	}
	return out, wrap(err, "tracks")
}

func (tx musicTx) InsertTrack(ctx context.Context, t *music.Track) error {
	return tx.Q.TrackInsert(ctx, sqlgen.TrackInsertParams{
		ID: string(t.ID), Release: string(t.Release), Act: string(t.Act), Title: t.Title, Artist: t.Artist, Disc: int64(t.Disc), Number: int64(t.Number),
		Isrc: t.ISRC, Recording: t.Recording, Explicit: t.Explicit, Lyrics: t.Lyrics, People: toJSON(t.People), Edited: toJSON(t.Edited), State: string(t.State), Refusal: t.Refusal,
		Filename: t.Filename, Original: t.Original, Pending: t.Pending, Sheet: t.Sheet, Created: ms(t.Created), Changed: ms(t.Changed),
	})
}

func (tx musicTx) UpdateTrack(ctx context.Context, t *music.Track) error {
	n, err := tx.Q.TrackUpdate(ctx, sqlgen.TrackUpdateParams{
		Title: t.Title, Artist: t.Artist, Disc: int64(t.Disc), Number: int64(t.Number), Isrc: t.ISRC, Recording: t.Recording, Explicit: t.Explicit, Lyrics: t.Lyrics,
		People: toJSON(t.People), Edited: toJSON(t.Edited), State: string(t.State), Refusal: t.Refusal, Filename: t.Filename, Original: t.Original,
		Pending: t.Pending, Sheet: t.Sheet, Changed: ms(t.Changed), ID: string(t.ID),
	})
	return affected(n, err, noTrack)
}

func (tx musicTx) DeleteTrack(ctx context.Context, t id.Track) error {
	if err := tx.forgetMusic(ctx, string(t), ""); err != nil {
		return err
	}
	n, err := tx.Q.TrackDelete(ctx, string(t))
	return affected(n, err, noTrack)
}

func asset(r sqlgen.Asset) music.Asset {
	a := music.Asset{
		Track: id.Track(r.Track), Original: r.Original, SHA256: r.Sha256, Bytes: r.Bytes, Codec: r.Codec, Rate: r.Rate, Bits: r.Bits, Channels: r.Channels,
		Samples: r.Samples, Delay: r.Delay, DurationMS: r.DurationMs, Measured: r.Measured, Loudness: r.Loudness, Peak: r.Peak, Gain: r.Gain,
		AlbumGain: r.AlbumGain, Gates: r.Gates, Peaks: r.Peaks, Waveform: r.Waveform,
	}
	_ = json.Unmarshal([]byte(r.Tags), &a.Tags) // we wrote it
	return a
}

func (tx musicTx) Asset(ctx context.Context, t id.Track, original string) (music.Asset, error) {
	r, err := tx.Q.AssetByKey(ctx, sqlgen.AssetByKeyParams{Track: string(t), Original: original})
	return asset(r), missing(err, noTrack)
}

func (tx musicTx) AssetsOf(ctx context.Context, r id.Release) ([]music.Asset, error) {
	rows, err := tx.Q.AssetsOfRelease(ctx, string(r))
	out := make([]music.Asset, len(rows))
	for i, r := range rows {
		out[i] = asset(r)
	}
	return out, wrap(err, "assets")
}

func (tx musicTx) SetAsset(ctx context.Context, a *music.Asset) error {
	tags, err := json.Marshal(a.Tags)
	if err != nil {
		return err
	}
	return wrap(tx.Q.AssetSet(ctx, sqlgen.AssetSetParams{
		Track: string(a.Track), Original: a.Original, Sha256: a.SHA256, Bytes: a.Bytes, Codec: a.Codec, Rate: a.Rate, Bits: a.Bits, Channels: a.Channels,
		Samples: a.Samples, Delay: a.Delay, DurationMs: a.DurationMS, Measured: a.Measured, Loudness: a.Loudness, Peak: a.Peak, Gain: a.Gain,
		AlbumGain: a.AlbumGain, Gates: a.Gates, Peaks: a.Peaks, Waveform: a.Waveform, Tags: string(tags),
	}), "asset")
}

func (tx musicTx) SameFile(ctx context.Context, r id.Release, sha256 string) (id.Track, error) {
	t, err := tx.Q.AssetSame(ctx, sqlgen.AssetSameParams{Release: string(r), Sha256: sha256})
	return id.Track(t), missing(err, noTrack)
}

func (tx musicTx) DropAsset(ctx context.Context, t id.Track, original string) error {
	if err := tx.Q.RenditionDrop(ctx, sqlgen.RenditionDropParams{Track: string(t), Original: original}); err != nil {
		return wrap(err, "renditions")
	}
	return wrap(tx.Q.AssetDrop(ctx, sqlgen.AssetDropParams{Track: string(t), Original: original}), "asset")
}

func rendition(r sqlgen.Rendition) music.Rendition {
	return music.Rendition{
		ID: r.ID, Track: id.Track(r.Track), Original: r.Original, Codec: r.Codec, Frames: r.Frames, Index: r.FrameIndex, Manifest: r.Manifest,
		Signature: r.Signature, Rate: r.Rate, Channels: r.Channels, Bitrate: r.Bitrate, Samples: r.Samples, Delay: r.Delay, Bytes: r.Bytes, Peak: r.Peak,
	}
}

func (tx musicTx) Renditions(ctx context.Context, t id.Track, original string) ([]music.Rendition, error) {
	rows, err := tx.Q.RenditionsOf(ctx, sqlgen.RenditionsOfParams{Track: string(t), Original: original})
	out := make([]music.Rendition, len(rows))
	for i, r := range rows {
		out[i] = rendition(r)
	}
	return out, wrap(err, "renditions")
}

func (tx musicTx) Rendition(ctx context.Context, name string) (music.Rendition, error) {
	r, err := tx.Q.RenditionByID(ctx, name)
	return rendition(r), missing(err, "There is no such rendition.")
}

func (tx musicTx) SetRendition(ctx context.Context, r *music.Rendition) error {
	if err := tx.Q.RenditionClear(ctx, sqlgen.RenditionClearParams{Track: string(r.Track), Original: r.Original, Codec: r.Codec, ID: r.ID}); err != nil {
		return wrap(err, "rendition")
	}
	return wrap(tx.Q.RenditionSet(ctx, sqlgen.RenditionSetParams{
		ID: r.ID, Track: string(r.Track), Original: r.Original, Codec: r.Codec, Frames: r.Frames, FrameIndex: r.Index, Manifest: r.Manifest, Signature: r.Signature,
		Rate: r.Rate, Channels: r.Channels, Bitrate: r.Bitrate, Samples: r.Samples, Delay: r.Delay, Bytes: r.Bytes, Peak: r.Peak,
	}), "rendition")
}

func (tx musicTx) Needs(ctx context.Context) (out []music.Need, err error) {
	originals, err := tx.Q.OriginalsNeeded(ctx)
	if err != nil {
		return nil, wrap(err, "originals")
	}
	waveforms, err := tx.Q.WaveformsNeeded(ctx)
	if err != nil {
		return nil, wrap(err, "waveforms")
	}
	renditions, err := tx.Q.RenditionsNeeded(ctx)
	if err != nil {
		return nil, wrap(err, "renditions")
	}
	for _, r := range originals {
		for _, key := range []string{r.Original, r.Pending} {
			if key != "" {
				out = append(out, music.Need{Track: id.Track(r.ID), Key: key})
			}
		}
	}
	for _, r := range waveforms {
		out = append(out, music.Need{Track: id.Track(r.Track), Key: r.Waveform, Made: true})
	}
	for _, r := range renditions {
		for _, key := range []string{r.FrameIndex, r.Frames} {
			out = append(out, music.Need{Track: id.Track(r.Track), Key: key, Made: true, Rendition: r.ID})
		}
	}
	return out, nil
}

func (tx musicTx) CoversShown(ctx context.Context) ([]string, error) {
	list, err := tx.Q.CoversShown(ctx)
	return list, wrap(err, "covers")
}

func (tx musicTx) sheet(ctx context.Context, r sqlgen.Sheet) (music.Sheet, error) {
	s := music.Sheet{Track: id.Track(r.Track), Version: r.Version, State: music.SheetState(r.State), Created: utc(r.Created), Since: utc(r.Since), Until: utc(r.Until)}
	rows, err := tx.Q.SheetShares(ctx, sqlgen.SheetSharesParams{Track: r.Track, Version: r.Version})
	for _, x := range rows {
		s.Shares = append(s.Shares, music.Share{Act: id.Act(x.Act), Bps: x.Bps, Confirmed: utc(x.Confirmed)})
	}
	return s, wrap(err, "shares")
}

func (tx musicTx) sheets(ctx context.Context, rows []sqlgen.Sheet, err error) ([]music.Sheet, error) {
	if err != nil {
		return nil, wrap(err, "sheets")
	}
	out := make([]music.Sheet, len(rows))
	for i, r := range rows {
		if out[i], err = tx.sheet(ctx, r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (tx musicTx) Sheet(ctx context.Context, t id.Track, version int64) (music.Sheet, error) {
	r, err := tx.Q.SheetByVersion(ctx, sqlgen.SheetByVersionParams{Track: string(t), Version: version})
	if err != nil {
		return music.Sheet{}, missing(err, "There is no such credit sheet.")
	}
	return tx.sheet(ctx, r)
}

func (tx musicTx) Sheets(ctx context.Context, t id.Track) ([]music.Sheet, error) {
	rows, err := tx.Q.SheetsOf(ctx, string(t))
	return tx.sheets(ctx, rows, err)
}

func (tx musicTx) SheetsWaitingFor(ctx context.Context, a id.Act) ([]music.Sheet, error) {
	rows, err := tx.Q.SheetsWaiting(ctx, string(a))
	return tx.sheets(ctx, rows, err)
}

func (tx musicTx) InsertSheet(ctx context.Context, s *music.Sheet) error {
	if err := tx.Q.SheetInsert(ctx, sqlgen.SheetInsertParams{Track: string(s.Track), Version: s.Version, State: string(s.State), Created: ms(s.Created), Since: ms(s.Since), Until: ms(s.Until)}); err != nil {
		return wrap(err, "sheet")
	}
	for _, x := range s.Shares {
		if err := tx.Q.SheetShareInsert(ctx, sqlgen.SheetShareInsertParams{Track: string(s.Track), Version: s.Version, Act: string(x.Act), Bps: x.Bps, Confirmed: ms(x.Confirmed)}); err != nil {
			return wrap(err, "share")
		}
	}
	return nil
}

func (tx musicTx) UpdateSheet(ctx context.Context, s *music.Sheet) error {
	n, err := tx.Q.SheetUpdate(ctx, sqlgen.SheetUpdateParams{State: string(s.State), Since: ms(s.Since), Until: ms(s.Until), Track: string(s.Track), Version: s.Version})
	if err = affected(n, err, "There is no such credit sheet."); err != nil {
		return err
	}
	for _, x := range s.Shares {
		if err := tx.Q.SheetShareConfirm(ctx, sqlgen.SheetShareConfirmParams{Confirmed: ms(x.Confirmed), Track: string(s.Track), Version: s.Version, Act: string(x.Act)}); err != nil {
			return wrap(err, "share")
		}
	}
	return nil
}

func upload(r sqlgen.Upload) music.Upload {
	return music.Upload{ID: id.Upload(r.ID), Account: id.Account(r.Account), Release: id.Release(r.Release), Track: id.Track(r.Track), Filename: r.Filename,
		Size: r.Size, Received: r.Received, State: music.UploadState(r.State), Reason: r.Reason, Created: utc(r.Created), Changed: utc(r.Changed)}
}

func uploads(rows []sqlgen.Upload) []music.Upload {
	out := make([]music.Upload, len(rows))
	for i, r := range rows {
		out[i] = upload(r)
	}
	return out
}

func (tx musicTx) Upload(ctx context.Context, u id.Upload) (music.Upload, error) {
	r, err := tx.Q.UploadByID(ctx, string(u))
	return upload(r), missing(err, "There is no such upload.")
}

func (tx musicTx) UploadsOf(ctx context.Context, r id.Release) ([]music.Upload, error) {
	rows, err := tx.Q.UploadsOfRelease(ctx, string(r))
	return uploads(rows), wrap(err, "uploads")
}

func (tx musicTx) OpenUploads(ctx context.Context, account id.Account) (bytes, files int64, err error) {
	r, err := tx.Q.UploadsOpen(ctx, string(account))
	return r.Bytes, r.Files, wrap(err, "open uploads")
}

func (tx musicTx) OwnedBytes(ctx context.Context, act id.Act) (int64, error) {
	n, err := tx.Q.AssetsOwned(ctx, string(act))
	return n, wrap(err, "owned files")
}

func (tx musicTx) StaleUploads(ctx context.Context, since time.Time, n int) ([]music.Upload, error) {
	rows, err := tx.Q.UploadsStale(ctx, sqlgen.UploadsStaleParams{Since: ms(since), Lim: int32(n)})
	return uploads(rows), wrap(err, "stale uploads")
}

func (tx musicTx) InsertUpload(ctx context.Context, u *music.Upload) error {
	return tx.Q.UploadInsert(ctx, sqlgen.UploadInsertParams{ID: string(u.ID), Account: string(u.Account), Release: string(u.Release), Track: string(u.Track),
		Filename: u.Filename, Size: u.Size, Received: u.Received, State: string(u.State), Reason: u.Reason, Created: ms(u.Created), Changed: ms(u.Changed)})
}

func (tx musicTx) UpdateUpload(ctx context.Context, u *music.Upload) error {
	n, err := tx.Q.UploadUpdate(ctx, sqlgen.UploadUpdateParams{Track: string(u.Track), Received: u.Received, State: string(u.State), Reason: u.Reason, Changed: ms(u.Changed), ID: string(u.ID)})
	return affected(n, err, "There is no such upload.")
}

func (tx musicTx) Segmented(ctx context.Context, r id.Release) (map[id.Track][]string, error) {
	rows, err := tx.Q.TracksSegmented(ctx, string(r))
	out := make(map[id.Track][]string, len(rows))
	for _, x := range rows {
		out[id.Track(x.ID)] = append(out[id.Track(x.ID)], x.Rendition)
	}
	return out, wrap(err, "segmented tracks")
}

func (tx musicTx) SheetsInForce(ctx context.Context, r id.Release) (map[id.Track]music.Sheet, error) {
	rows, err := tx.Q.SheetsInForceOf(ctx, string(r))
	list, err := tx.sheets(ctx, rows, err)
	out := make(map[id.Track]music.Sheet, len(list))
	for _, s := range list {
		out[s.Track] = s
	}
	return out, err
}
