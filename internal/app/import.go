package app

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/jobs"
	"github.com/michaelperna/9ten/internal/media/cover"
	"github.com/michaelperna/9ten/internal/music"
)

func importFlags(f *flag.FlagSet, c *call) {
	f.StringVar(&c.opt.act, "act", "", "the act's `name`; made when there is none (default: the folder's name)")
	f.StringVar(&c.opt.owner, "owner", "", "user `name` of who owns the act (default: the operator looks after it)")
	f.BoolVar(&c.opt.publish, "publish", false, "publish at once; otherwise releases stay drafts")
}

// importedRelease is what an import made of one folder.
type importedRelease struct {
	Folder  string          `json:"folder"`
	Release string          `json:"release,omitempty"` // "" when nothing in the folder could be taken
	Title   string          `json:"title"`
	State   string          `json:"state"`         // of the release; refused, or unfinished when the import broke off
	Why     string          `json:"why,omitempty"` // why it is not public, or not there
	Tracks  []importedTrack `json:"tracks"`
}

type importedTrack struct {
	File  string `json:"file"`
	Title string `json:"title,omitempty"`
	State string `json:"state"`         // ready, lyrics, refused, or known: it was there already
	Why   string `json:"why,omitempty"` // why it was refused
}

// States that only an import has.
const (
	known      = "known"      // an earlier import took the file
	lyrics     = "lyrics"     // its words went to the track with its name
	unfinished = "unfinished" // the node could not go on
)

// importDir takes every folder with music below a directory as a release. A
// file or folder that cannot be taken does not stop the rest; the node's own
// trouble, such as a full disk, does, and the next import goes on from there.
func importDir(ctx context.Context, c *call) error {
	if len(c.args) != 1 {
		return usagef("name one folder")
	}
	folders, err := musicFolders(c.args[0])
	if err != nil {
		return err
	}
	if len(folders) == 0 {
		return usagef("there is no music in %s", c.args[0])
	}
	return withNode(ctx, c, func(n *node) error {
		v, err := n.importer(ctx, c.opt.owner)
		if err != nil {
			return err
		}
		out, broken := n.importAll(ctx, v, c.opt, folders)
		if err := c.print(out, func(w io.Writer) { tellImport(w, out) }); err != nil {
			return err
		}
		if fault.Is(broken, fault.Unavailable) {
			return fault.Wrap(broken, fault.Unavailable, "%s Import the same folder again then: it goes on where it stopped.", fault.Term(fault.Message(broken)))
		}
		if broken == nil && !slices.ContainsFunc(out, func(r importedRelease) bool { return r.Release != "" }) {
			return errSilent
		}
		return broken
	})
}

func (n *node) importAll(ctx context.Context, v music.Viewer, o options, folders []folder) (out []importedRelease, broken error) {
	for _, f := range folders {
		r, err := n.importFolder(ctx, v, o, f)
		if k := fault.KindOf(err); err != nil && (k == fault.Internal || k == fault.Unavailable) {
			r.State, r.Why, broken = unfinished, fault.Message(err), err
		} else if err != nil {
			r.State, r.Why = "refused", fault.Message(err)
		}
		if out = append(out, r); broken != nil {
			break
		}
	}
	return out, broken
}

// tellImport says in words what was taken.
func tellImport(w io.Writer, out []importedRelease) {
	counts := map[string]int{}
	for _, r := range out {
		fmt.Fprintf(w, "%s: %s (%s)\n", r.Folder, cmp.Or(r.Title, "without a title"), r.State)
		if r.Why != "" && r.State != unfinished { // which ends the command, and is said there
			fmt.Fprintf(w, "  %s\n", r.Why)
		}
		for _, t := range r.Tracks {
			counts[t.State]++
			fmt.Fprintf(w, "  %-8s %s\n", t.State, filepath.Base(t.File))
			if t.Why != "" {
				fmt.Fprintf(w, "           %s\n", t.Why)
			}
		}
	}
	fmt.Fprintf(w, "%d folders: %d files taken, %d known already, %d refused.\n", len(out), counts[string(music.Ready)]+counts[lyrics], counts[known], counts[string(music.Refused)])
}

// A folder of music: its files in order of their names.
type folder struct {
	path  string
	files []string
	words []string // files of lyrics
}

func musicFolders(root string) ([]folder, error) {
	by := map[string]*folder{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return fault.Wrap(err, fault.Invalid, "%s cannot be read.", path)
		}
		song := slices.Contains(music.Extensions(), strings.ToLower(filepath.Ext(path)))
		if d.IsDir() || strings.HasPrefix(d.Name(), ".") || !song && !music.IsLyrics(path) {
			return nil
		}
		dir := filepath.Dir(path)
		if by[dir] == nil {
			by[dir] = &folder{path: dir}
		}
		if f := by[dir]; song {
			f.files = append(f.files, path)
		} else {
			f.words = append(f.words, path)
		}
		return nil
	})
	var out []folder
	for _, dir := range slices.Sorted(maps.Keys(by)) {
		f := by[dir]
		f.words = slices.DeleteFunc(f.words, func(words string) bool { // any other text is none of ours
			return !strings.EqualFold(filepath.Ext(words), ".lrc") && !slices.ContainsFunc(f.files, func(song string) bool { return music.SameName(song, words) })
		})
		if len(f.files) > 0 {
			out = append(out, *f)
		}
	}
	return out, err
}

// importFolder makes a release of a folder, or goes on with the one that an
// earlier import made of it, and waits until its files are prepared.
func (n *node) importFolder(ctx context.Context, v music.Viewer, o options, f folder) (out importedRelease, err error) {
	out.Folder, out.Tracks = f.path, []importedTrack{}
	name := o.act
	if name == "" {
		abs, err := filepath.Abs(f.path)
		if err != nil {
			return out, err
		}
		name = filepath.Base(abs)
	}
	act, err := n.actNamed(ctx, v, name)
	if err != nil {
		return out, err
	}
	files, err := n.keepAll(ctx, f, &out)
	if err != nil {
		return out, err
	}
	rel, have, err := n.importedBefore(ctx, v, act, files)
	if err != nil {
		return out, err
	}
	files = slices.DeleteFunc(files, func(f music.File) bool {
		settled, there := have[f.Blob.Key]
		if settled {
			out.Tracks = append(out.Tracks, importedTrack{File: f.Name, State: known})
		}
		return there
	})
	rel, refused, err := n.studio.ImportFolder(ctx, v, act, rel, files)
	if err != nil {
		return out, err
	}
	out.Release, out.State = string(rel), string(music.Draft)
	for i, f := range files {
		if err := out.refuse(f.Name, refused[i]); err != nil {
			return out, err
		}
	}
	if err := n.importWords(ctx, v, rel, f, &out); err != nil {
		return out, err
	}
	if err := n.work(ctx, music.JobPrepare); err != nil {
		return out, err
	}
	if err := n.titled(ctx, v, rel, filepath.Base(f.path)); err != nil {
		return out, err
	}
	if o.publish {
		if _, err := n.studio.Publish(ctx, v, rel); err != nil {
			out.Why = fault.Message(err)
		}
	}
	return n.imported(ctx, v, rel, have, out)
}

// keepAll stores the files of a folder, and notes which cannot be.
func (n *node) keepAll(ctx context.Context, f folder, out *importedRelease) (files []music.File, err error) {
	for _, path := range f.files {
		b, err := n.keep(ctx, path)
		if err := out.refuse(path, err); err != nil {
			return nil, err
		}
		if err == nil {
			files = append(files, music.File{Name: path, Blob: b})
		}
	}
	if len(files) == 0 {
		return nil, fault.New(fault.Unsupported, "No file in this folder could be taken.")
	}
	return files, nil
}

// importWords gives the lyrics in a folder to its tracks. Those that somebody
// wrote since, or an earlier import took, stay.
func (n *node) importWords(ctx context.Context, v music.Viewer, rel id.Release, f folder, out *importedRelease) error {
	if len(f.words) == 0 {
		return nil
	}
	full, err := n.catalogue.Release(ctx, v, rel, "")
	if err != nil {
		return err
	}
	for _, path := range f.words {
		if slices.ContainsFunc(full.Tracks, func(t music.FullTrack) bool {
			return music.SameName(t.Track.Filename, path) && slices.Contains(t.Track.Edited, "lyrics")
		}) {
			out.Tracks = append(out.Tracks, importedTrack{File: path, State: known})
			continue
		}
		err := n.takeWords(ctx, v, rel, path)
		if err := out.refuse(path, err); err != nil {
			return err
		}
		if err == nil {
			out.Tracks = append(out.Tracks, importedTrack{File: path, State: lyrics})
		}
	}
	return nil
}

func (n *node) takeWords(ctx context.Context, v music.Viewer, rel id.Release, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "%s cannot be read.", path)
	}
	defer file.Close()
	_, err = n.studio.TakeLyrics(ctx, v, rel, path, file)
	return err
}

// refuse notes why a file cannot be taken; what is the node's own trouble it
// gives back.
func (r *importedRelease) refuse(path string, err error) error {
	if k := fault.KindOf(err); err == nil || k == fault.Internal || k == fault.Unavailable {
		return err
	}
	r.Tracks = append(r.Tracks, importedTrack{File: path, State: string(music.Refused), Why: fault.Message(err)})
	return nil
}

// titled gives a release the name of its folder when the files have no better.
func (n *node) titled(ctx context.Context, v music.Viewer, rel id.Release, folder string) error {
	full, err := n.catalogue.Release(ctx, v, rel, "")
	if err != nil || full.Release.Facts.Title != "" {
		return err
	}
	_, err = n.studio.EditRelease(ctx, v, rel, func(f *music.Facts) { f.Title = folder })
	return err
}

// imported fills in what became of a release and of the tracks that were not
// prepared before.
func (n *node) imported(ctx context.Context, v music.Viewer, rel id.Release, have map[string]bool, out importedRelease) (importedRelease, error) {
	full, err := n.catalogue.Release(ctx, v, rel, "")
	if err != nil {
		return out, err
	}
	out.Title, out.State = full.Release.Facts.Title, string(full.Release.State)
	if full.Release.State == music.Published {
		out.Why = ""
	}
	for _, t := range full.Tracks {
		if have[t.Track.Original] {
			continue
		}
		out.Tracks = append(out.Tracks, importedTrack{File: t.Track.Filename, Title: t.Track.Title, State: string(t.Track.State), Why: t.Track.Refusal})
	}
	return out, nil
}

// importedBefore finds the release of an act that holds most of a folder's
// files, by their content; "" when none holds half of them. have names those
// files: true when nothing is left to do with one. The others are prepared
// now, not when a failed preparation would have been tried again.
func (n *node) importedBefore(ctx context.Context, v music.Viewer, act id.Act, files []music.File) (best id.Release, have map[string]bool, err error) {
	list, err := n.studio.Releases(ctx, v, act)
	if err != nil {
		return "", nil, err
	}
	var unready []id.Track
	for _, r := range list {
		full, err := n.catalogue.Release(ctx, v, r.ID, "")
		if err != nil {
			return "", nil, err
		}
		in, late := map[string]bool{}, []id.Track(nil)
		for _, t := range full.Tracks {
			if !slices.ContainsFunc(files, func(f music.File) bool { return f.Blob.Key == t.Track.Original }) {
				continue
			}
			settled := t.Track.State == music.Ready || t.Track.State == music.Refused
			if in[t.Track.Original] = settled; !settled {
				late = append(late, t.Track.ID)
			}
		}
		if 2*len(in) >= len(files) && len(in) > len(have) {
			best, have, unready = r.ID, in, late
		}
	}
	for _, t := range unready {
		if err := n.studio.PrepareAgain(ctx, t); err != nil {
			return "", nil, err
		}
	}
	return best, have, nil
}

// importer is who imports: the named account, with the operator's powers.
func (n *node) importer(ctx context.Context, handle string) (music.Viewer, error) {
	v := music.Viewer{Moderator: true, Admin: true}
	if handle == "" {
		return v, nil
	}
	a, err := n.accounts.ByHandle(ctx, handle)
	v.Account = a.ID
	return v, err
}

// actNamed finds an act by its name among those of the importer, or makes it.
func (n *node) actNamed(ctx context.Context, v music.Viewer, name string) (id.Act, error) {
	var own []music.OwnAct
	var err error
	if v.Account != "" {
		if own, err = n.studio.Acts(ctx, v); err != nil {
			return "", err
		}
	} else {
		orphans, err := n.studio.Orphans(ctx, v)
		if err != nil {
			return "", err
		}
		for _, a := range orphans {
			own = append(own, music.OwnAct{Act: a})
		}
	}
	for _, o := range own {
		if strings.EqualFold(o.Act.Name, name) {
			return o.Act.ID, nil
		}
	}
	a, err := n.studio.CreateAct(ctx, v, music.Act{Name: name})
	return a.ID, err
}

// keep stores a file by its content.
func (n *node) keep(ctx context.Context, path string) (b music.Blob, err error) {
	f, err := os.Open(path)
	if err != nil {
		return b, fault.Wrap(err, fault.Invalid, "%s cannot be read.", path)
	}
	defer f.Close()
	return n.hashed(ctx, f)
}

// hashed stores what is read by its content.
func (n *node) hashed(ctx context.Context, file io.Reader) (music.Blob, error) {
	key, w, err := n.blobs.PutHashed(ctx, "original", file, n.cfg.Media.MaxFileBytes)
	return music.Blob{Key: key, SHA256: w.Hex(), Bytes: w.Size}, err
}

// takeFile adds a file that somebody sent whole. Who may not is told before
// its bytes are taken.
func (n *node) takeFile(ctx context.Context, v music.Viewer, r id.Release, filename string, file io.Reader) error {
	if err := n.studio.MayAdd(ctx, v, r, filename); err != nil {
		return err
	}
	if music.IsLyrics(filename) {
		_, err := n.studio.TakeLyrics(ctx, v, r, filename, file)
		return err
	}
	b, err := n.hashed(ctx, file)
	if err != nil {
		return err
	}
	_, err = n.studio.Import(ctx, v, r, filename, b)
	return err
}

// takeCover makes a cover of a picture that somebody sent.
func (n *node) takeCover(ctx context.Context, picture io.Reader) (c music.Cover, err error) {
	p, err := n.workshop.preparer(ctx)
	if err != nil {
		return c, err
	}
	f, err := os.CreateTemp(n.dir.join("incoming"), "picture-")
	if err != nil {
		return c, fault.Wrap(err, fault.Unavailable, "The node has no room for the picture.")
	}
	defer os.Remove(f.Name())
	_, err = io.Copy(f, io.LimitReader(picture, cover.MaxBytes+1)) // one more says that it is too large
	if err := errors.Join(err, f.Close()); err != nil {
		return c, fault.Wrap(err, fault.Unavailable, "The picture could not be stored. Send it again.")
	}
	pic, err := p.Picture(ctx, f.Name())
	return music.Cover{ID: pic.ID, Light: pic.Light, Dark: pic.Dark}, err
}

// work runs jobs until none of a kind is left, or one fails: its error. Who
// waits is told how many are left.
func (n *node) work(ctx context.Context, kind string) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	n.jobs.Watch(func(j jobs.Job, err error) {
		if j.Kind == kind {
			stop(err)
		}
	})
	defer n.jobs.Watch(nil)
	done := make(chan error, 1)
	go func() {
		err := n.jobs.Run(ctx)
		stop(err) // which says nothing new when it was stopped
		done <- err
	}()
	err := n.workedOff(ctx, kind)
	stop(nil)
	ran := <-done
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause // all that followed is that the rest was interrupted
	}
	return errors.Join(err, ran)
}

// leftOf says how many jobs of a kind are left, where somebody wants to know.
var leftOf = map[string]string{
	music.JobPrepare: "Recordings to prepare: %d",
	jobDemo:          "Releases of the demo catalogue to prepare: %d",
}

// workedOff waits until no job of a kind is left but those that were given up.
func (n *node) workedOff(ctx context.Context, kind string) error {
	before := int64(math.MaxInt64)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		counts, err := n.jobs.Counts(ctx)
		if err != nil {
			return err
		}
		now := int64(0)
		for _, c := range counts {
			if c.Kind == kind && c.State != jobs.Dead {
				now += c.N
			}
		}
		if now == 0 {
			return nil
		}
		if words := leftOf[kind]; words != "" && now < before {
			fmt.Fprintf(n.told, words+"\n", now)
		}
		before = min(before, now) // a job that comes again later is two for a moment
	}
}
