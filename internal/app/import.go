package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
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
	f.StringVar(&c.opt.admin, "owner", "", "user `name` of who owns the act (default: the operator looks after it)")
	f.BoolVar(&c.opt.open, "publish", false, "publish at once; otherwise releases stay drafts")
}

// importedRelease is what an import made of one folder.
type importedRelease struct {
	Release string          `json:"release"`
	Title   string          `json:"title"`
	State   string          `json:"state"`
	Tracks  []importedTrack `json:"tracks"`
}

type importedTrack struct {
	File  string `json:"file"`
	Title string `json:"title,omitempty"`
	State string `json:"state"`
	Why   string `json:"why,omitempty"` // why it was refused
}

// importDir takes every folder with music below a directory as a release.
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
		var out []importedRelease
		for _, f := range folders {
			r, err := n.importFolder(ctx, c, f)
			if err != nil {
				return err
			}
			out = append(out, r)
		}
		return c.print(out, func(w io.Writer) {
			for _, r := range out {
				fmt.Fprintf(w, "%s (%s, %s)\n", r.Title, r.State, r.Release)
				for _, t := range r.Tracks {
					fmt.Fprintf(w, "  %-10s %s\n", t.State, t.File)
					if t.Why != "" {
						fmt.Fprintf(w, "             %s\n", t.Why)
					}
				}
			}
		})
	})
}

// A folder of music: its files in order of their names.
type folder struct {
	path  string
	files []string
}

func musicFolders(root string) ([]folder, error) {
	by := map[string]*folder{}
	var order []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return fault.Wrap(err, fault.Invalid, "%s cannot be read.", path)
		}
		if d.IsDir() || strings.HasPrefix(d.Name(), ".") || !slices.Contains(music.Extensions(), strings.ToLower(filepath.Ext(path))) {
			return nil
		}
		dir := filepath.Dir(path)
		if by[dir] == nil {
			by[dir] = &folder{path: dir}
			order = append(order, dir)
		}
		by[dir].files = append(by[dir].files, path)
		return nil
	})
	out := make([]folder, len(order))
	for i, o := range order {
		out[i] = *by[o]
	}
	return out, err
}

// importFolder makes a release of a folder and waits until its files are
// prepared.
func (n *node) importFolder(ctx context.Context, c *call, f folder) (out importedRelease, err error) {
	v, err := n.importer(ctx, c.opt.admin)
	if err != nil {
		return out, err
	}
	name := c.opt.act
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
	rel, err := n.studio.CreateRelease(ctx, v, act, music.Facts{})
	if err != nil {
		return out, err
	}
	for _, path := range f.files {
		t := importedTrack{File: path, State: "taken"}
		if err := n.importFile(ctx, v, rel.ID, path); err != nil {
			if k := fault.KindOf(err); k == fault.Internal || k == fault.Unavailable {
				return out, err
			}
			t.State, t.Why = "refused", fault.Message(err)
			out.Tracks = append(out.Tracks, t)
		}
	}
	if err := n.work(ctx, music.JobPrepare); err != nil {
		return out, err
	}
	if c.opt.open {
		if _, err := n.studio.Publish(ctx, v, rel.ID); err != nil {
			return out, err
		}
	}
	full, err := n.catalogue.Release(ctx, v, rel.ID, "")
	if err != nil {
		return out, err
	}
	out.Release, out.Title, out.State = string(rel.ID), full.Release.Facts.Title, string(full.Release.State)
	for _, t := range full.Tracks {
		out.Tracks = append(out.Tracks, importedTrack{File: t.Track.Filename, Title: t.Track.Title, State: string(t.Track.State), Why: t.Track.Refusal})
	}
	return out, nil
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

func (n *node) importFile(ctx context.Context, v music.Viewer, r id.Release, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "%s cannot be read.", path)
	}
	defer f.Close()
	return n.store(ctx, v, r, filepath.Base(path), f)
}

// store keeps a file by its content and makes it a track.
func (n *node) store(ctx context.Context, v music.Viewer, r id.Release, filename string, file io.Reader) error {
	key, w, err := n.blobs.PutHashed(ctx, "original", file, n.cfg.Media.MaxFileBytes)
	if err != nil {
		return err
	}
	_, err = n.studio.Import(ctx, v, r, filename, music.Blob{Key: key, SHA256: w.Hex(), Bytes: w.Size})
	return err
}

// takeFile adds a file that somebody sent whole. Who may not is told before
// its bytes are taken.
func (n *node) takeFile(ctx context.Context, v music.Viewer, r id.Release, filename string, file io.Reader) error {
	if err := n.studio.MayAdd(ctx, v, r, filename); err != nil {
		return err
	}
	return n.store(ctx, v, r, filename, file)
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

// work runs jobs until none of a kind is left.
func (n *node) work(ctx context.Context, kind string) error {
	ctx, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- n.jobs.Run(ctx) }()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for left := true; left; {
		select {
		case err := <-done:
			stop()
			return err
		case <-tick.C:
		}
		counts, err := n.jobs.Counts(ctx)
		if err != nil {
			stop()
			return errors.Join(err, <-done)
		}
		left = slices.ContainsFunc(counts, func(c jobs.Count) bool { return c.Kind == kind && c.State != jobs.Dead && c.N > 0 })
	}
	stop()
	return <-done
}
