package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/demo"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/jobs"
	"github.com/michaelperna/9ten/internal/media/cover"
	"github.com/michaelperna/9ten/internal/music"
)

// jobDemo gives a release of the demo catalogue its cover and publishes it,
// once its files are prepared.
const jobDemo = "demo.release"

// demoRelease is the payload of such a job.
type demoRelease struct {
	Release id.Release   `json:"release"`
	Sleeve  cover.Sleeve `json:"sleeve"`
}

// loadDemo makes the acts, releases and tracks of the demo catalogue. What is
// there already by name is left alone, so it may be run again.
func (n *node) loadDemo(ctx context.Context, p account.Principal) error {
	c, err := demo.Catalogue()
	if err != nil {
		return err
	}
	v := viewer(p)
	v.Admin, v.Moderator = true, true
	for i, a := range c.Acts {
		act, err := n.actNamed(ctx, v, a.Name)
		if err != nil {
			return err
		}
		if _, err := n.studio.EditAct(ctx, v, act, func(x *music.Act) { x.Bio = a.About }); err != nil {
			return err
		}
		sheet, err := n.studio.Wallets(ctx, v, act)
		if err != nil {
			return err
		}
		if n.dir.demo != nil && len(sheet) == 0 && i < len(c.Acts)-1 {
			if err := n.studio.SetWallets(ctx, v, act, inventedWallet(a.Name)); err != nil {
				return err
			}
		}
		have, err := n.studio.Releases(ctx, v, act)
		if err != nil {
			return err
		}
		titles := map[string]bool{}
		for _, r := range have {
			titles[r.Facts.Title] = true
		}
		for _, r := range a.Releases {
			if titles[r.Title] {
				continue
			}
			if err := n.loadDemoRelease(ctx, v, act, a, r); err != nil {
				return fmt.Errorf("demo release %s: %w", r.Slug, err)
			}
		}
	}
	return nil
}

// inventedWallet lets an act of a demonstration be paid, where no money is
// real. The last act is left without, to be seen waiting for one.
func inventedWallet(name string) []music.Wallet {
	sum := sha256.Sum256([]byte("9ten/demo/wallet/" + name))
	return []music.Wallet{{Name: name, Address: "0x" + hex.EncodeToString(sum[:20]), Bps: music.Whole}}
}

func (n *node) loadDemoRelease(ctx context.Context, v music.Viewer, act id.Act, a demo.Act, r demo.Release) error {
	about := ""
	for _, t := range r.Tracks {
		for _, s := range t.Sources {
			about += fmt.Sprintf("%s: “%s” by %s, %s. %s\n", t.Title, s.Sample, s.By, s.Licence, s.Address)
		}
	}
	rel, err := n.studio.CreateRelease(ctx, v, act, music.Facts{Title: r.Title, Artist: a.Name, Kind: music.EP, Date: r.Date, Licence: music.CC0, Tags: r.Genres, Description: about})
	if err != nil {
		return err
	}
	for _, t := range r.Tracks {
		if err := n.loadDemoTrack(ctx, v, rel.ID, t); err != nil {
			return err
		}
	}
	payload, err := json.Marshal(demoRelease{rel.ID, cover.Sleeve{Act: a.Name, Title: r.Title, Palette: a.Palette, Design: r.Design}})
	if err != nil {
		return err
	}
	return n.db.Music().Update(ctx, func(tx music.Tx) error {
		return tx.Enqueue(ctx, music.Job{Kind: jobDemo, Key: string(rel.ID), Payload: payload, At: tx.Now()})
	})
}

func (n *node) loadDemoTrack(ctx context.Context, v music.Viewer, r id.Release, t demo.Track) error {
	f, err := demo.Open(t.File)
	if err != nil {
		return err
	}
	defer f.Close()
	key, w, err := n.blobs.PutHashed(ctx, "original", io.Reader(f), n.cfg.Media.MaxFileBytes)
	if err != nil {
		return err
	}
	track, err := n.studio.Import(ctx, v, r, t.File, music.Blob{Key: key, SHA256: w.Hex(), Bytes: w.Size})
	if err != nil {
		return err
	}
	_, err = n.studio.EditTrack(ctx, v, track.ID, func(x *music.Track) { x.Title = t.Title })
	return err
}

// again is how long to wait for files that are still being prepared.
const again = time.Second

// finishDemo is the handler of [jobDemo]. While files are being prepared it
// puts itself off before it does anything that takes time from them: files are
// prepared in the order of the catalogue, and a newcomer waits for the first.
func (n *node) finishDemo(ctx context.Context, j jobs.Job) error {
	var in demoRelease
	if err := json.Unmarshal(j.Payload, &in); err != nil {
		return jobs.Stop(err)
	}
	v := music.Viewer{Moderator: true, Admin: true}
	full, err := n.catalogue.Release(ctx, v, in.Release, "")
	if fault.Is(err, fault.NotFound) {
		return nil // deleted meanwhile
	}
	if err != nil {
		return err
	}
	if slices.ContainsFunc(full.Tracks, func(t music.FullTrack) bool {
		return t.Track.State == music.Uploaded || t.Track.State == music.Preparing
	}) {
		return n.db.Music().Update(ctx, func(tx music.Tx) error {
			return tx.Enqueue(ctx, music.Job{Kind: jobDemo, Payload: j.Payload, At: tx.Now().Add(again)})
		})
	}
	p, err := n.workshop.preparer(ctx)
	if err != nil {
		return err
	}
	pic, err := p.Draw(ctx, in.Sleeve)
	if err != nil {
		return err
	}
	if _, err := n.studio.SetCover(ctx, v, in.Release, music.Cover{ID: pic.ID, Light: pic.Light, Dark: pic.Dark}); err != nil {
		return err
	}
	_, err = n.studio.Publish(ctx, v, in.Release)
	return err
}
