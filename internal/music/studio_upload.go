package music

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

const (
	fileMaxDefault = 2 << 30
	openMaxDefault = 32 << 30
	openFilesMax   = 1000
	tracksMax      = 500
)

// Extensions lists the endings of files that are worth uploading; what is
// inside decides.
func Extensions() []string {
	return []string{".flac", ".wav", ".mp3", ".m4a", ".mp4", ".aac", ".ogg", ".oga", ".opus"}
}

// BeginUpload announces a file of a release: u carries the release, the file
// name and the size, and the track when its file is to be replaced. Needs an
// editor. Besides the common faults: Unsupported for a file that is no music
// by its name, TooLarge for one there is no room for, Limited when too much is on the way already.
func (s *Studio) BeginUpload(ctx context.Context, v Viewer, u Upload) (Upload, error) {
	if err := v.signedIn(); err != nil {
		return Upload{}, err
	}
	u.Filename = fileName(u.Filename)
	if err := s.acceptable(&u); err != nil {
		return Upload{}, err
	}
	err := s.Store.Update(ctx, func(tx Tx) error {
		rel, err := editable(ctx, tx, v, u.Release, Editor)
		if err != nil {
			return err
		}
		if u.Track != "" {
			if t, err := tx.Track(ctx, u.Track); err != nil || t.Release != u.Release {
				return fault.New(fault.NotFound, noTrack)
			}
		}
		open, files, err := tx.OpenUploads(ctx, v.Account)
		if err != nil {
			return err
		}
		if limit := cmp.Or(s.OpenMax, openMaxDefault); open+u.Size > limit {
			return fault.New(fault.Limited, "You have %s on the way already; this node takes %s at once. Wait until some of it is done.", size(open), size(limit))
		}
		if files >= openFilesMax {
			return fault.New(fault.Limited, "You have %d files on the way already. Wait until some of them are done.", files)
		}
		if err := s.room(ctx, tx, v, rel.Act, open+u.Size); err != nil {
			return err
		}
		u.ID, u.Account, u.State = id.New[id.Upload](tx.Now()), v.Account, UploadOpen
		u.Received, u.Reason, u.Created, u.Changed = 0, "", tx.Now(), tx.Now()
		return tx.InsertUpload(ctx, &u)
	})
	return u, err
}

// room returns a TooLarge fault when what the owners of the act have here
// leaves no room for so many bytes more.
func (s *Studio) room(ctx context.Context, tx Tx, v Viewer, a id.Act, bytes int64) error {
	if s.KeepMax == 0 || v.Admin {
		return nil
	}
	kept, err := tx.OwnedBytes(ctx, a)
	if err == nil && kept+bytes > s.KeepMax {
		err = fault.New(fault.TooLarge, "The music of this act's owners takes %s here already, and this node keeps %s. Ask its operator for more.", size(kept), size(s.KeepMax))
	}
	return err
}

func (s *Studio) acceptable(u *Upload) error {
	limit := cmp.Or(s.FileMax, fileMaxDefault)
	if err := takenByName(u.Filename); err != nil {
		return err
	}
	if IsLyrics(u.Filename) {
		limit = min(limit, lyricsBytes)
	}
	switch {
	case u.Size < 1:
		return fault.On("size", fault.Invalid, "%q is empty.", u.Filename)
	case u.Size > limit:
		return fault.On("size", fault.TooLarge, "%q has %s; this node takes files up to %s.", u.Filename, size(u.Size), size(limit))
	}
	return nil
}

// takenByName returns an Unsupported fault for a file that is neither music
// nor its words by its name.
func takenByName(filename string) error {
	if IsLyrics(filename) || slices.Contains(Extensions(), strings.ToLower(path.Ext(filename))) {
		return nil
	}
	return fault.On("filename", fault.Unsupported, "%q is no music file we can take. FLAC and WAV are best; MP3, AAC, Ogg Vorbis and Opus come in too.", filename)
}

// MayEdit returns the fault that would keep the viewer from editing a release.
func (s *Studio) MayEdit(ctx context.Context, v Viewer, r id.Release) error {
	return s.Store.View(ctx, func(tx Tx) error {
		_, err := editable(ctx, tx, v, r, Editor)
		return err
	})
}

// MayAdd returns the fault that would keep a file from being added: asked
// before its bytes are taken. Needs an editor. Besides the common faults:
// Unsupported.
func (s *Studio) MayAdd(ctx context.Context, v Viewer, r id.Release, filename string) error {
	if err := s.MayEdit(ctx, v, r); err != nil {
		return err
	}
	return takenByName(fileName(filename))
}

// size writes bytes for people: "1.5 GB", "12 MB", "262 kB".
func size(n int64) string {
	switch {
	case n >= 1e9:
		return trimmed(n/1e9, n%1e9/1e7) + " GB"
	case n < 1e6:
		return trimmed(n/1e3, 0) + " kB"
	}
	return trimmed(n/1e6, 0) + " MB"
}

// Upload returns an upload to the account that began it, and to staff.
func (s *Studio) Upload(ctx context.Context, v Viewer, u id.Upload) (Upload, error) {
	var up Upload
	err := s.Store.Read(ctx, func(tx Tx) (err error) {
		up, err = tx.Upload(ctx, u)
		return err
	})
	if err == nil && up.Account != v.Account && !v.Admin {
		return Upload{}, fault.New(fault.NotFound, noUpload)
	}
	return up, unknown(err, noUpload)
}

// Received remembers how many bytes of an upload are on disk. Trusted: called
// by the tus store.
func (s *Studio) Received(ctx context.Context, u id.Upload, bytes int64) error {
	return s.touch(ctx, u, func(up *Upload) { up.Received = min(bytes, up.Size) })
}

// CancelUpload ends an upload at the wish of the one who began it.
func (s *Studio) CancelUpload(ctx context.Context, v Viewer, u id.Upload) error {
	if _, err := s.Upload(ctx, v, u); err != nil {
		return err
	}
	return s.touch(ctx, u, func(up *Upload) { up.State = UploadCancelled })
}

// FailUpload ends an upload that cannot be finished. Trusted. reason is one
// sentence for the artist.
func (s *Studio) FailUpload(ctx context.Context, u id.Upload, reason string) error {
	return s.touch(ctx, u, func(up *Upload) { up.State, up.Reason = UploadFailed, reason })
}

// touch changes an open upload; one that has ended stays as it is.
func (s *Studio) touch(ctx context.Context, u id.Upload, change func(*Upload)) error {
	return s.Store.Update(ctx, func(tx Tx) error {
		up, err := tx.Upload(ctx, u)
		if err != nil || up.State != UploadOpen {
			return unknown(err, noUpload)
		}
		change(&up)
		up.Changed = tx.Now()
		return tx.UpdateUpload(ctx, &up)
	})
}

// Uploads lists a release's uploads in every state, the oldest first. Needs an
// editor.
func (s *Studio) Uploads(ctx context.Context, v Viewer, r id.Release) (list []Upload, err error) {
	err = s.Store.View(ctx, func(tx Tx) error {
		if _, err := editable(ctx, tx, v, r, Editor); err != nil {
			return err
		}
		list, err = tx.UploadsOf(ctx, r)
		return err
	})
	return list, err
}

// ExpireUploads ends up to n uploads that nothing arrived for since a time and
// returns them, so that their files can be deleted. Trusted.
func (s *Studio) ExpireUploads(ctx context.Context, since time.Time, n int) (gone []Upload, err error) {
	err = s.Store.Update(ctx, func(tx Tx) error {
		if gone, err = tx.StaleUploads(ctx, since, n); err != nil {
			return err
		}
		for i := range gone {
			u := &gone[i]
			u.State, u.Reason, u.Changed = UploadFailed, "Nothing arrived for a long time, so what had come was deleted. Upload the file again.", tx.Now()
			if err := tx.UpdateUpload(ctx, u); err != nil {
				return err
			}
		}
		return nil
	})
	return gone, err
}

// A Blob is a file that is safely stored.
type Blob struct {
	Key    string // original/<sha256>
	SHA256 string // hex
	Bytes  int64
}

// Add makes a stored upload a track of its release, or the new file of the
// track it replaces, with the job that prepares it, in one transaction. It
// may be called again for the same upload: the track is the same. Trusted:
// called when the last byte is on disk. A Conflict fault says that the release
// has these bytes already; the upload is then marked failed and the rest of
// the release is not touched. Limited: the release is full.
func (s *Studio) Add(ctx context.Context, u id.Upload, b Blob) (Track, error) {
	var (
		track Track
		twice error
	)
	err := s.Store.Update(ctx, func(tx Tx) error {
		twice = nil
		up, err := tx.Upload(ctx, u)
		if err != nil {
			return unknown(err, noUpload)
		}
		switch up.State {
		case UploadDone:
			track, err = tx.Track(ctx, up.Track)
			return err
		case UploadOpen:
		default:
			return ended(&up)
		}
		up.Changed = tx.Now()
		if twice = duplicate(ctx, tx, &up, b); fault.Is(twice, fault.Conflict) {
			up.State, up.Reason = UploadFailed, fault.Message(twice)
			return tx.UpdateUpload(ctx, &up)
		}
		if twice != nil {
			return twice
		}
		if track, err = attach(ctx, tx, &up, b); err != nil {
			return err
		}
		up.State, up.Received, up.Track = UploadDone, up.Size, track.ID
		return tx.UpdateUpload(ctx, &up)
	})
	if err == nil {
		err = twice
	}
	return track, err
}

func ended(up *Upload) error {
	return fault.New(fault.Conflict, "This upload has ended: %s", fault.Term(cmp.Or(up.Reason, "it was cancelled.")))
}

// Import adds a file that is stored already, without an upload. Needs an
// editor; faults as for Add.
func (s *Studio) Import(ctx context.Context, v Viewer, r id.Release, filename string, b Blob) (Track, error) {
	var track Track
	err := s.Store.Update(ctx, func(tx Tx) error {
		rel, err := editable(ctx, tx, v, r, Editor)
		if err != nil {
			return err
		}
		if err := s.room(ctx, tx, v, rel.Act, b.Bytes); err != nil {
			return err
		}
		track, err = take(ctx, tx, r, File{filename, b})
		return err
	})
	return track, err
}

// A File is one that is stored already.
type File struct {
	Name string
	Blob Blob
}

// ImportFolder makes files that are stored already tracks of a release, or of
// a new one of the act when r is "", in one transaction: what breaks off
// leaves no half of a folder. refused has the fault of each file that was not
// taken, by its place in the list: Conflict or Limited, as for Add. Needs an
// editor.
func (s *Studio) ImportFolder(ctx context.Context, v Viewer, a id.Act, r id.Release, files []File) (rel id.Release, refused map[int]error, err error) {
	err = s.Store.Update(ctx, func(tx Tx) error {
		rel, refused = r, map[int]error{}
		if r == "" {
			made, err := newDraft(ctx, tx, v, a, Facts{})
			if err != nil {
				return err
			}
			rel = made.ID
		} else if _, err := editable(ctx, tx, v, r, Editor); err != nil {
			return err
		}
		for i, f := range files {
			_, err := take(ctx, tx, rel, f)
			if fault.Is(err, fault.Conflict) || fault.Is(err, fault.Limited) {
				refused[i] = err
			} else if err != nil {
				return err
			}
		}
		return nil
	})
	return rel, refused, err
}

func take(ctx context.Context, tx Tx, r id.Release, f File) (Track, error) {
	up := Upload{Release: r, Filename: fileName(f.Name)}
	if err := duplicate(ctx, tx, &up, f.Blob); err != nil {
		return Track{}, err
	}
	return attach(ctx, tx, &up, f.Blob)
}

// duplicate returns a Conflict fault when the release has these bytes already.
func duplicate(ctx context.Context, tx Tx, up *Upload, b Blob) error {
	same, err := tx.SameFile(ctx, up.Release, b.SHA256)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if same == up.Track {
		return fault.New(fault.Conflict, "%q is the file this track has already.", up.Filename)
	}
	t, err := tx.Track(ctx, same)
	if err != nil {
		return err
	}
	return fault.New(fault.Conflict, "%q is the same file as track %d, %q. It was not added twice.", up.Filename, t.Number, cmp.Or(t.Title, t.Filename))
}

// attach makes the file a new track's, or the next file of one.
func attach(ctx context.Context, tx Tx, up *Upload, b Blob) (Track, error) {
	rel, err := tx.Release(ctx, up.Release)
	if err != nil {
		return Track{}, unknown(err, noRelease)
	}
	var t Track
	if up.Track != "" {
		if t, err = replace(ctx, tx, up, b); err != nil {
			return Track{}, err
		}
	} else if t, err = addTrack(ctx, tx, &rel, up, b); err != nil {
		return Track{}, err
	}
	if err := tx.SetAsset(ctx, &Asset{Track: t.ID, Original: b.Key, SHA256: b.SHA256, Bytes: b.Bytes}); err != nil {
		return Track{}, err
	}
	return t, tx.Enqueue(ctx, prepareJob(tx, t.ID, b.SHA256))
}

// replace gives a track its next file. The old one plays until the new one
// can; a file that can be played no more is dropped at once.
func replace(ctx context.Context, tx Tx, up *Upload, b Blob) (Track, error) {
	t, err := tx.Track(ctx, up.Track)
	if err != nil {
		return Track{}, unknown(err, noTrack)
	}
	drop := t.Pending
	if t.State == Ready {
		t.Pending = b.Key
	} else {
		drop, t.Original, t.State = t.Original, b.Key, Uploaded
	}
	if drop != "" && drop != b.Key {
		if err := forgetFile(ctx, tx, t.ID, drop); err != nil {
			return Track{}, err
		}
	}
	t.Refusal, t.Filename, t.Changed = "", up.Filename, tx.Now()
	return t, tx.UpdateTrack(ctx, &t)
}

// addTrack puts a new track at the end of the release, credited to its act.
func addTrack(ctx context.Context, tx Tx, rel *Release, up *Upload, b Blob) (Track, error) {
	tracks, err := tx.TracksOf(ctx, rel.ID)
	if err != nil {
		return Track{}, err
	}
	if len(tracks) >= tracksMax {
		return Track{}, fault.New(fault.Limited, "A release can have %d tracks.", tracksMax)
	}
	t := Track{
		ID: id.New[id.Track](tx.Now()), Release: rel.ID, Act: rel.Act, Disc: 1, Number: 1, State: Uploaded,
		Filename: up.Filename, Original: b.Key, Sheet: 1, Created: tx.Now(), Changed: tx.Now(),
	}
	for _, o := range tracks {
		if o.State != Removed && o.Disc == 1 {
			t.Number = min(max(t.Number, o.Number+1), 999)
		}
	}
	t.fill(FileTags{}, rel.Facts.Artist)
	if err := tx.InsertTrack(ctx, &t); err != nil {
		return Track{}, err
	}
	return t, tx.InsertSheet(ctx, &Sheet{
		Track: t.ID, Version: 1, State: InForce, Created: tx.Now(), Since: tx.Now(),
		Shares: []Share{{rel.Act, Whole, tx.Now()}},
	})
}
