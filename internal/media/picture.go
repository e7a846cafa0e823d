package media

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/media/cover"
	"github.com/michaelperna/9ten/internal/media/sandbox"
)

// CoverKey returns the blob key of a stored cover in one of [cover.Sizes] and a
// format, "webp" or "jpg"; a NotFound fault for anything else.
func CoverKey(id string, size int, format string) (string, error) {
	if b, err := hex.DecodeString(id); err != nil || len(b) != 16 || hex.EncodeToString(b) != id || format != "webp" && format != "jpg" {
		return "", fault.New(fault.NotFound, "There is no such cover.")
	}
	for _, s := range cover.Sizes {
		if s == size {
			return fmt.Sprintf("derived/cover/%s/%d.%s", id, size, format), nil
		}
	}
	return "", fault.New(fault.NotFound, "There is no such cover.")
}

// sourceKey is where the picture is that a cover was made of, as it came: all
// of derived/ can be made again.
func sourceKey(id string) string { return "original/cover/" + id }

func factsKey(id string) string { return "derived/cover/" + id + "/cover.json" }

// cover stores the picture inside the file. A broken one does not stop the
// music: the release then goes without.
func (j *job) cover(ctx context.Context) error {
	if j.p.Inside == "" {
		return nil
	}
	path := filepath.Join(j.dir, "picture")
	if err := copyBlob(ctx, j.blobs, j.p.Inside, path); err != nil {
		return err
	}
	pic, err := j.Picture(ctx, path)
	switch {
	case err == nil:
		j.p.Picture = &pic
		return nil
	case final(err):
		j.p.Without = append(j.p.Without, "cover")
		return nil
	}
	return err
}

// final reports whether trying again would end the same way.
func final(err error) bool {
	return fault.Is(err, fault.Invalid) || fault.Is(err, fault.Unsupported) || fault.Is(err, fault.TooLarge)
}

// Picture stores an uploaded picture as a cover: all sizes, its accent. The
// same picture is made once, however many files carry it.
//
// Faults: Unsupported, Invalid and TooLarge for the picture, with a sentence;
// Unavailable for the node.
func (m *Preparer) Picture(ctx context.Context, path string) (Picture, error) {
	f, err := os.Open(path)
	if err != nil {
		return Picture{}, fault.Wrap(err, fault.Unavailable, "The uploaded picture cannot be read.")
	}
	defer f.Close()
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00", coverVersion)
	n, err := io.Copy(h, io.LimitReader(f, cover.MaxBytes+1))
	if err != nil {
		return Picture{}, fault.Wrap(err, fault.Unavailable, "The uploaded picture cannot be read.")
	}
	if n > cover.MaxBytes {
		return Picture{}, fault.New(fault.TooLarge, "This picture is larger than 20 MB. Save it as a JPEG of 3000 by 3000 pixels.")
	}
	return m.picture(ctx, hex.EncodeToString(h.Sum(nil)[:16]), path)
}

// coverVersion changes when the same picture would give other files.
const coverVersion = "9ten/cover/v1"

// Draw stores the drawn cover of a release that has none.
func (m *Preparer) Draw(ctx context.Context, s cover.Sleeve) (Picture, error) {
	what, err := json.Marshal(s)
	if err != nil {
		return Picture{}, err
	}
	h := sha256.Sum256([]byte(coverVersion + "\x00sleeve\x00" + string(what)))
	dir, err := os.MkdirTemp(m.temp, "draw-")
	if err != nil {
		return Picture{}, noRoom(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "cover.png")
	if err := writePNG(path, s.Draw()); err != nil {
		return Picture{}, err
	}
	return m.picture(ctx, hex.EncodeToString(h[:16]), path)
}

func (m *Preparer) picture(ctx context.Context, id, path string) (Picture, error) {
	p, err := m.stored(ctx, id)
	if err == nil {
		return p, m.remember(ctx, p) // young again: it is about to be used
	}
	if !fault.Is(err, fault.NotFound) {
		return p, err
	}
	if err := m.put(ctx, sourceKey(id), path); err != nil {
		return Picture{}, err
	}
	dir, err := os.MkdirTemp(m.temp, "cover-")
	if err != nil {
		return Picture{}, noRoom(err)
	}
	defer os.RemoveAll(dir)
	b, err := m.runner.Run(ctx, sandbox.Job{Func: "cover", In: path, OutDir: dir})
	if err != nil {
		return Picture{}, err
	}
	var c cover.Cover
	if err := json.Unmarshal(b, &c); err != nil {
		return Picture{}, fmt.Errorf("cover: %w", err)
	}
	for _, v := range c.Variants {
		key, err := CoverKey(id, v.Size, v.Format)
		if err != nil {
			return Picture{}, err
		}
		if err := m.put(ctx, key, filepath.Join(dir, filepath.Base(v.File))); err != nil {
			return Picture{}, err
		}
	}
	p = Picture{ID: id, Light: c.Accent.Light, Dark: c.Accent.Dark, Width: c.Width, Height: c.Height}
	return p, m.remember(ctx, p)
}

// remember comes last: where the facts are, all of a cover is.
func (m *Preparer) remember(ctx context.Context, p Picture) error {
	facts, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("cover: %w", err)
	}
	_, err = m.blobs.Put(ctx, factsKey(p.ID), bytes.NewReader(facts))
	return err
}

// Restore makes the files of a stored cover again. A NotFound fault says that
// the picture it was made of is gone too.
func (m *Preparer) Restore(ctx context.Context, id string) error {
	if _, err := CoverKey(id, cover.Sizes[0], "jpg"); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(m.temp, "restore-")
	if err != nil {
		return noRoom(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "picture")
	if err := copyBlob(ctx, m.blobs, sourceKey(id), path); err != nil {
		return err
	}
	if err := m.blobs.Delete(ctx, factsKey(id)); err != nil {
		return err
	}
	_, err = m.picture(ctx, id, path)
	return err
}

func (m *Preparer) stored(ctx context.Context, id string) (p Picture, err error) {
	b, err := m.blobs.Open(ctx, factsKey(id))
	if err != nil {
		return p, err
	}
	defer b.Close()
	return p, json.NewDecoder(io.LimitReader(b, 4<<10)).Decode(&p)
}

func (m *Preparer) put(ctx context.Context, key, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return noRoom(err)
	}
	defer f.Close()
	_, err = m.blobs.Put(ctx, key, f)
	return err
}

func writePNG(path string, m image.Image) error {
	b, err := cover.PNG(m)
	if err != nil {
		return fmt.Errorf("cover: %w", err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		return noRoom(err)
	}
	return nil
}
