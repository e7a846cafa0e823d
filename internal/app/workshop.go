package app

import (
	"context"
	"sync"

	"github.com/michaelperna/9ten/internal/blob"
	"github.com/michaelperna/9ten/internal/media"
	"github.com/michaelperna/9ten/internal/media/encode"
	"github.com/michaelperna/9ten/internal/media/sandbox"
)

// A workshop prepares files. To find out what is at hand it starts helpers and
// ffmpeg, and it compiles what the helpers use: it opens when it is first
// needed, or behind the scenes of a node that serves already.
type workshop struct {
	ffmpeg string // as configured
	blobs  *blob.Dir
	dir    string

	mu    sync.Mutex
	tools encode.Tools
	level sandbox.Level
	made  *media.Preparer // nil until the workshop is open
}

// open makes everything ready. What failed is tried again the next time.
func (w *workshop) open(ctx context.Context) (err error) {
	if w.made != nil {
		return nil
	}
	runner := sandbox.Runner{}
	if w.tools, err = encode.Find(ctx, runner, w.ffmpeg); err != nil {
		return err
	}
	if w.level, err = runner.Level(ctx); err != nil {
		return err
	}
	w.made, err = media.New(ctx, media.Config{Tools: w.tools, Blobs: w.blobs, Dir: w.dir})
	return err
}

func (w *workshop) preparer(ctx context.Context) (*media.Preparer, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.open(ctx)
	return w.made, err
}

// equipment is what the workshop has: how well its helpers are confined, and
// what of ffmpeg is missing.
func (w *workshop) equipment(ctx context.Context) (sandbox.Level, []encode.Missing, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.open(ctx)
	return w.level, w.tools.Missing(), err
}
