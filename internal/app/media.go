package app

import (
	"context"
	"crypto/ed25519"
	"io"
	"math"
	"net/http"
	"strings"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/blob"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/jobs"
	"github.com/michaelperna/9ten/internal/media"
	"github.com/michaelperna/9ten/internal/media/encode"
	"github.com/michaelperna/9ten/internal/media/hls"
	"github.com/michaelperna/9ten/internal/media/probe"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/stream"
	"github.com/michaelperna/9ten/internal/web/site"
)

// prepareTries lets a preparation wait about a day and a half for room on a
// full disk before the operator has to ask for it again.
const prepareTries = 44

// openMedia opens the files and what makes sound of them.
func (n *node) openMedia(ctx context.Context) (err error) {
	if n.blobs, err = blob.OpenDir(n.dir.join("blob")); err != nil {
		return err
	}
	n.packager, err = hls.NewPackager(ctx, hls.Config{Blobs: n.blobs, Source: n.source, CacheBytes: n.cfg.Media.CacheBytes, Lost: n.lost, Log: n.logger("hls")})
	if err != nil {
		return err
	}
	n.closers = append(n.closers, n.packager.Close)
	if _, err := encode.Locate(n.cfg.Media.FFmpeg); err != nil {
		return err
	}
	n.workshop = &workshop{ffmpeg: n.cfg.Media.FFmpeg, blobs: n.blobs, dir: n.dir.join("work")}
	n.jobs.Handle(music.JobPrepare, jobs.Options{Parallel: int(n.cfg.Media.Workers), Tries: prepareTries}, n.prepareTrack)
	n.jobs.Handle(music.JobTidy, jobs.Options{}, func(ctx context.Context, _ jobs.Job) error { return n.tidy(ctx) })
	n.jobs.At(music.JobTidy, jobs.Date{Hour: 4, Minute: 0})
	n.jobs.Handle(jobDemo, jobs.Options{}, n.finishDemo)
	n.jobs.Handle(music.JobPublish, jobs.Options{}, func(ctx context.Context, j jobs.Job) error {
		return n.studio.PublishDue(ctx, id.Release(j.Payload))
	})
	return nil
}

// source says where a rendition's bytes are.
func (n *node) source(ctx context.Context, rendition string) (hls.Source, error) {
	var r music.Rendition
	err := n.db.Music().Read(ctx, func(tx music.Tx) (err error) {
		r, err = tx.Rendition(ctx, rendition)
		return err
	})
	return hls.Source{Frames: r.Frames, Index: r.Index, Peak: r.Peak}, err
}

// prepareTrack reads and measures a track's file, handing on each part as soon
// as it is done. A file that cannot be taken ends with its reason beside the
// track, not with a job that is tried again.
func (n *node) prepareTrack(ctx context.Context, j jobs.Job) error {
	track := id.Track(j.Payload)
	w, err := n.studio.Work(ctx, track)
	if fault.Is(err, fault.NotFound) || err == nil && w.Original == "" {
		return nil
	}
	if err != nil {
		return err
	}
	p, err := n.workshop.preparer(ctx)
	if err != nil {
		return err
	}
	path, err := n.blobs.Path(w.Original)
	if err != nil {
		return err
	}
	if err := n.studio.Prepared(ctx, track, music.Result{Original: w.Original, Started: true}); err != nil {
		return err
	}
	in := media.Original{Path: path, Key: w.Original, Track: string(track) + "@" + n.cfg.NodeID(), Cover: w.WithArt}
	_, err = p.Prepare(ctx, in, media.Prepared{}, func(ctx context.Context, s media.Step, got media.Prepared) error {
		r := result(w.Original, s, got)
		n.sign(w.Act, r.Renditions)
		return n.studio.Prepared(ctx, track, r)
	})
	switch fault.KindOf(err) {
	case fault.Unsupported, fault.Invalid, fault.TooLarge:
		return n.studio.Prepared(ctx, track, music.Result{Original: w.Original, Refusal: fault.Message(err)})
	}
	if fault.Is(err, fault.NotFound) {
		return nil // deleted meanwhile
	}
	return err
}

// sign puts the act's name under the manifests of renditions.
func (n *node) sign(act id.Act, list []music.Rendition) {
	key := n.keys.act(act)
	for i := range list {
		list[i].Signature = ed25519.Sign(key, list[i].Manifest)
	}
}

// result says what one step found, in the catalogue's words.
func result(original string, s media.Step, p media.Prepared) music.Result {
	r := music.Result{Original: original, Started: true, Playable: p.CanPlay()}
	switch s {
	case media.Probing:
		x := p.Report
		codec := x.Codec
		if codec == "pcm" {
			codec = "wav"
		}
		r.Probe = &music.Probe{Codec: codec, Rate: int64(x.Rate), Bits: int64(x.Bits), Channels: int64(x.Channels), Samples: int64(x.Samples), Delay: int64(x.Delay)}
		tags := fileTags(x.Tags)
		r.Tags = &tags
	case media.Playable, media.Encoding:
		r.Renditions = renditions(p.Renditions)
	case media.Measuring:
		if p.Sound == nil {
			break // nothing here decodes the file
		}
		gates, _ := p.Sound.Gates.MarshalBinary() // never fails
		r.Loudness = &music.Loudness{Integrated: thousandths(p.Sound.Integrated), Peak: thousandths(p.Sound.TruePeak), Gates: gates}
		r.Peaks, r.Waveform, r.Renditions = p.Sound.Peaks, p.Waveform, renditions(p.Renditions)
	case media.Covering:
		if p.Picture != nil {
			r.Cover = &music.Cover{ID: p.Picture.ID, Light: p.Picture.Light, Dark: p.Picture.Dark}
		}
	}
	return r
}

func renditions(list []media.Rendition) []music.Rendition {
	out := make([]music.Rendition, len(list))
	for i, x := range list {
		out[i] = music.Rendition{
			ID: x.ID, Codec: x.Codec, Frames: x.Frames, Index: x.Index, Manifest: x.Manifest, Rate: int64(x.Rate), Channels: int64(x.Channels),
			Bitrate: int64(x.Average), Samples: int64(x.Samples), Delay: int64(x.Delay), Bytes: x.Bytes, Peak: thousandths(x.TruePeak),
		}
	}
	return out
}

// together is [music.Studio.Together].
func together(gates [][]byte) (int64, error) {
	lufs, err := media.Together(gates)
	return thousandths(lufs), err
}

func thousandths(x float64) int64 { return int64(math.Round(x * 1000)) }

func fileTags(t probe.Tags) music.FileTags {
	return music.FileTags{
		Title: t.Title, Artist: strings.Join(t.Artists, ", "), AlbumArtist: strings.Join(t.AlbumArtists, ", "), Album: t.Album, Date: t.Date,
		Genres: t.Genres, Label: t.Label, Language: t.Language, Licence: t.Licence, ISRC: t.ISRC, Recording: t.MusicBrainz["recording"], Comment: t.Comment, Lyrics: t.Lyrics, Disc: t.Disc, Number: t.Track,
	}
}

// intake takes uploaded files into the blob store and their releases.
type intake struct {
	*music.Studio
	blobs *blob.Dir
	max   int64
}

// Arrived stores the file by its content and makes it a track, or gives lyrics
// to theirs.
func (i intake) Arrived(ctx context.Context, u id.Upload, file io.Reader) error {
	up, err := i.Upload(ctx, music.Viewer{Admin: true}, u) // whose it is was asked before
	if err != nil {
		return err
	}
	if music.IsLyrics(up.Filename) {
		_, err := i.AddLyrics(ctx, u, file)
		return err
	}
	key, w, err := i.blobs.PutHashed(ctx, "original", file, i.max)
	if err != nil {
		return err
	}
	_, err = i.Add(ctx, u, music.Blob{Key: key, SHA256: w.Hex(), Bytes: w.Size})
	return err
}

// viewer is a principal as music sees it.
func viewer(p account.Principal) music.Viewer {
	return music.Viewer{Account: p.Account, Moderator: p.Has(account.Moderator), Admin: p.Has(account.Admin)}
}

// shelf is the catalogue as sound is served from it.
type shelf struct{ n *node }

var _ stream.Catalogue = shelf{}

// tiers orders what the player is offered: lossless first.
var tiers = []string{"flac", "aac", "opus"}

func (s shelf) Track(ctx context.Context, t id.Track) (stream.Track, error) {
	p, err := s.n.catalogue.Playback(ctx, t)
	if err != nil {
		return stream.Track{}, err
	}
	out := stream.Track{Public: p.Public, Original: stream.Original{Key: p.Original, Type: mediaType(p.Codec)}}
	for _, tier := range tiers {
		for _, r := range p.Renditions {
			if r.Codec == tier {
				out.Renditions = append(out.Renditions, r.ID)
			}
		}
	}
	return out, nil
}

func (s shelf) TrackOf(ctx context.Context, rendition string) (id.Track, error) {
	return s.n.catalogue.TrackOf(ctx, rendition)
}

// Manifest returns a rendition's manifest with the signature of its act.
func (s shelf) Manifest(ctx context.Context, rendition string) (m stream.Manifest, err error) {
	err = s.n.db.Music().View(ctx, func(tx music.Tx) error {
		r, err := tx.Rendition(ctx, rendition)
		if err != nil {
			return err
		}
		t, err := tx.Track(ctx, r.Track)
		if err != nil {
			return err
		}
		key := s.n.keys.act(t.Act)
		m = stream.Manifest{Bytes: r.Manifest, Signature: r.Signature, Act: string(t.Act), Key: public(key)}
		if !ed25519.Verify(m.Key, m.Bytes, m.Signature) { // signed with the key before
			m.Signature = ed25519.Sign(key, m.Bytes)
		}
		return nil
	})
	return m, err
}

func (s shelf) Cover(_ context.Context, cover string, size int, format string) (string, error) {
	return media.CoverKey(cover, size, format)
}

// mediaTypes of originals by codec.
var mediaTypes = map[string]string{
	"flac": "audio/flac", "wav": "audio/wav", "mp3": "audio/mpeg", "aac": "audio/mp4", "alac": "audio/mp4", "vorbis": "audio/ogg", "opus": "audio/ogg",
}

func mediaType(codec string) string {
	if t, ok := mediaTypes[codec]; ok {
		return t
	}
	return "application/octet-stream"
}

// mayHear says whether a request may have a track that is not public: by who
// asks, or by a private link that this browser has opened.
func (n *node) mayHear(ctx context.Context, r *http.Request, t id.Track) (err error) {
	links := append([]string{r.URL.Query().Get("preview")}, site.Previews(r)...)
	for _, link := range links {
		if err = n.catalogue.MayHear(ctx, viewer(account.From(ctx)), t, link); err == nil {
			return nil
		}
	}
	return err
}
