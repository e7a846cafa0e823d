package app

import (
	"context"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/media"
	"github.com/michaelperna/9ten/internal/media/cover"
	"github.com/michaelperna/9ten/internal/music"
)

// unclaimed is how long a blob may be stored before the catalogue speaks of
// it: a preparation stores first and tells at the end of each step.
const unclaimed = time.Hour

// needed is what has to be in the blob store.
type needed struct {
	blobs      map[string]music.Need // by key; what is met is taken out
	kept       map[string]bool       // every key that was needed
	renditions map[string]bool
	covers     map[string]bool
}

func (n *node) needed(ctx context.Context) (w needed, err error) {
	list, err := n.studio.Needs(ctx)
	if err != nil {
		return w, err
	}
	covers, err := n.studio.Covers(ctx)
	if err != nil {
		return w, err
	}
	w = needed{make(map[string]music.Need, len(list)), make(map[string]bool, len(list)), map[string]bool{}, make(map[string]bool, len(covers))}
	for _, x := range list {
		w.blobs[x.Key], w.kept[x.Key] = x, true
		if x.Rendition != "" {
			w.renditions[x.Rendition] = true
		}
	}
	for _, c := range covers {
		w.covers[c] = true
	}
	return w, nil
}

// keeps reports whether a blob has a use.
func (w needed) keeps(key string) bool {
	part := strings.Split(key, "/")
	switch {
	case strings.HasPrefix(key, "derived/segment/") && len(part) == 4:
		return w.renditions[part[2]]
	case (strings.HasPrefix(key, "derived/cover/") || strings.HasPrefix(key, "original/cover/")) && len(part) >= 3:
		return w.covers[part[2]]
	}
	return w.kept[key]
}

// tidy deletes the blobs that nobody needs any more, and has made again what
// is needed and not there. Everything below derived/ may be deleted by hand.
func (n *node) tidy(ctx context.Context) error {
	w, err := n.needed(ctx)
	if err != nil {
		return err
	}
	since := time.Now().Add(-unclaimed) // as the file system counts
	deleted, there := 0, map[string]bool{}
	for info, err := range n.blobs.List(ctx, "") {
		if err != nil {
			return err
		}
		if w.keeps(info.Key) {
			delete(w.blobs, info.Key)
			there[info.Key] = true
			continue
		}
		gone, err := n.blobs.Prune(ctx, info.Key, since)
		if err != nil {
			return err
		}
		if gone {
			deleted++
		}
	}
	if deleted > 0 {
		n.log.Info("blobs nobody needs were deleted", "n", deleted)
	}
	again := map[id.Track]bool{}
	for key, x := range w.blobs {
		if !x.Made {
			n.log.Error("an original is gone: restore it from a backup", "track", string(x.Track), "blob", key)
			continue
		}
		again[x.Track] = true
	}
	for t := range again {
		if err := n.studio.PrepareAgain(ctx, t); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	if len(again) > 0 {
		n.log.Warn("tracks are prepared again: what was made of them is gone", "n", len(again))
	}
	return n.restoreCovers(ctx, w.covers, there)
}

func (n *node) restoreCovers(ctx context.Context, shown, there map[string]bool) error {
	for c := range shown {
		if coverThere(c, there) {
			continue
		}
		p, err := n.workshop.preparer(ctx)
		if err != nil {
			return err
		}
		switch err := p.Restore(ctx, c); fault.KindOf(err) {
		case fault.NotFound, fault.Invalid, fault.Unsupported, fault.TooLarge:
			n.log.Error("a cover is gone: upload it again", "cover", c, "err", err)
		default:
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func coverThere(c string, there map[string]bool) bool {
	for _, size := range cover.Sizes {
		for _, format := range []string{"webp", "jpg"} {
			key, err := media.CoverKey(c, size, format)
			if err != nil {
				return true // no cover of ours: nothing to make
			}
			if !there[key] {
				return false
			}
		}
	}
	return true
}

// lost has a rendition made again when a listener met its absence. It reports
// false where the original is gone too.
func (n *node) lost(ctx context.Context, rendition string) bool {
	err := n.makeAgain(ctx, rendition)
	if err != nil {
		n.log.Error("a rendition is gone and is not made again", "rendition", rendition, "err", err)
	}
	return err == nil
}

func (n *node) makeAgain(ctx context.Context, rendition string) error {
	t, err := n.catalogue.TrackOf(ctx, rendition)
	if err != nil {
		return err
	}
	w, err := n.studio.Work(ctx, t)
	if err != nil {
		return err
	}
	if _, err := n.blobs.Stat(ctx, w.Original); err != nil {
		return err
	}
	return n.studio.PrepareAgain(ctx, t)
}
