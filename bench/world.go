package main

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/blob"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/media"
	"github.com/michaelperna/9ten/internal/media/cover"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/store"
)

// words are what titles of the measured catalogue are made of.
var words = strings.Fields(`low tide arithmetic harbour lantern copper winter meadow glass river paper engine salt north
	violet hollow orchard static marble ember canyon silver thread morning signal velvet island granite feather mirror
	thunder cedar amber falcon quiet garden rust comet willow frost echo sparrow delta prism cobalt drift maple anchor`)

const (
	acts, releasesEach, tracksEach = 50, 4, 10 // 2,000 tracks
	listeners                      = 500
)

// A world is a data directory with a catalogue of 2,000 tracks and listeners.
type world struct {
	data      string
	token     string // of the admin, for everything
	act       id.Act
	track     id.Track   // one that is edited while others read
	liked     []id.Track // by people elsewhere, in each round another
	listeners []listener
	sound     id.Track   // one that can be heard, "" before there is one
	album     id.Release // where it is
}

// A listener has a device and a program's token.
type listener struct {
	account id.Account
	token   string
	key     ed25519.PrivateKey
	device  listen.KeyID
}

// makeWorld returns the world, made when it is first asked for: by the same
// services that the node runs, on its database while the node does not run.
func (b *bench) makeWorld(ctx context.Context) (*world, error) {
	if b.world != nil {
		return b.world, nil
	}
	w, err := b.newWorld(ctx, "world")
	b.world = w
	return w, err
}

// newWorld makes one in a directory of its own, with settings that stay.
func (b *bench) newWorld(ctx context.Context, name string, set ...string) (*world, error) {
	w := &world{data: filepath.Join(b.dir, name)}
	args := []string{"setup", "--data-dir", w.data, "--admin", "ada", "--password-file", "-", "--name", "Bench"}
	for _, s := range set {
		args = append(args, "--set", s)
	}
	if err := b.command(ctx, "a long enough password\n", args...); err != nil {
		return nil, err
	}
	var clock atomic.Int64 // an hour ago at the end, so that nothing lies in the future
	clock.Store(time.Now().Add(-24 * time.Hour).UnixMilli())
	db, err := store.Open(ctx, store.Config{Path: filepath.Join(w.data, "9ten.db"), Now: func() time.Time { return time.UnixMilli(clock.Load()) }})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if err := w.people(ctx, db); err != nil {
		return nil, err
	}
	covers, err := w.covers(ctx)
	if err != nil {
		return nil, err
	}
	if err := w.catalogue(ctx, db, &clock, covers); err != nil {
		return nil, err
	}
	return w, db.Close()
}

func (w *world) people(ctx context.Context, db *store.DB) error {
	s := account.New(account.Config{Store: db, Now: time.Now})
	ada, err := s.ByHandle(ctx, "ada")
	if err != nil {
		return err
	}
	if w.token, _, err = s.IssueToken(ctx, account.Principal{Account: ada.ID, Role: ada.Role}, "bench", account.Scopes(), time.Time{}); err != nil {
		return err
	}
	puppets := make([]account.Puppet, listeners)
	w.listeners = make([]listener, listeners)
	for i := range puppets {
		l := &w.listeners[i]
		seed := sha256.Sum256(binary.BigEndian.AppendUint32([]byte("9ten bench"), uint32(i)))
		l.key = ed25519.NewKeyFromSeed(seed[:])
		spki, err := x509.MarshalPKIXPublicKey(l.key.Public())
		if err != nil {
			return err
		}
		sum := sha256.Sum256(spki)
		copy(l.device[:], sum[:])
		puppets[i] = account.Puppet{Handle: fmt.Sprintf("listener_%d", i), Name: fmt.Sprintf("Listener %d", i), SPKI: spki}
	}
	ids, err := s.Populate(ctx, puppets)
	if err != nil {
		return err
	}
	for i, a := range ids {
		l := &w.listeners[i]
		l.account = a
		if l.token, _, err = s.IssueToken(ctx, account.Principal{Account: a, Role: account.Listener}, "player", []account.Scope{account.ScopeListen}, time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

// covers draws a few covers into the node's store.
func (w *world) covers(ctx context.Context) ([]music.Cover, error) {
	blobs, err := blob.OpenDir(filepath.Join(w.data, "blob"))
	if err != nil {
		return nil, err
	}
	p, err := media.New(ctx, media.Config{Blobs: blobs, Dir: filepath.Join(w.data, "work")})
	if err != nil {
		return nil, err
	}
	out := make([]music.Cover, 8)
	for i := range out {
		pic, err := p.Draw(ctx, cover.Sleeve{Act: words[i], Title: words[i]})
		if err != nil {
			return nil, err
		}
		out[i] = music.Cover{ID: pic.ID, Light: pic.Light, Dark: pic.Dark}
	}
	return out, nil
}

// catalogue makes acts, releases and tracks, the same each time.
func (w *world) catalogue(ctx context.Context, db *store.DB, clock *atomic.Int64, covers []music.Cover) error {
	m := db.Music()
	studio := &music.Studio{Store: m}
	admin := music.Viewer{Moderator: true, Admin: true}
	r := rand.New(rand.NewPCG(9, 10))
	for n := range acts {
		act, err := studio.CreateAct(ctx, admin, music.Act{Name: phrase(r, 2)})
		if err != nil {
			return err
		}
		for k := range releasesEach {
			clock.Add(time.Minute.Milliseconds())
			rel, err := studio.CreateRelease(ctx, admin, act.ID, music.Facts{Title: phrase(r, 2), Kind: music.Album, Date: "2026", Tags: []string{words[r.IntN(8)], words[8+r.IntN(8)]}})
			if err != nil {
				return err
			}
			if err := m.Update(ctx, func(tx music.Tx) error { return addTracks(ctx, tx, r, act.ID, rel.ID) }); err != nil {
				return err
			}
			if _, err := studio.SetCover(ctx, admin, rel.ID, covers[(n+k)%len(covers)]); err != nil {
				return err
			}
			if _, err := studio.Publish(ctx, admin, rel.ID); err != nil {
				return err
			}
		}
		w.act = act.ID
	}
	l, err := (&music.Catalogue{Store: m}).Tracks(ctx, music.Filter{}, music.Page{Limit: tracksEach})
	if err != nil {
		return err
	}
	w.track = l.Rows[0].ID
	for _, t := range l.Rows {
		w.liked = append(w.liked, t.ID)
	}
	return nil
}

// addTracks makes the tracks of one release, as if their files were prepared.
func addTracks(ctx context.Context, tx music.Tx, r *rand.Rand, act id.Act, rel id.Release) error {
	now := tx.Now()
	for i := range tracksEach {
		t := music.Track{ID: id.New[id.Track](now), Release: rel, Act: act, Title: phrase(r, 1+r.IntN(3)), Disc: 1, Number: i + 1, State: music.Ready, Sheet: 1, Created: now, Changed: now}
		t.Original = "original/" + strings.ToLower(string(t.ID))
		if err := tx.InsertTrack(ctx, &t); err != nil {
			return err
		}
		length := int64(120 + r.IntN(200))
		a := music.Asset{
			Track: t.ID, Original: t.Original, SHA256: string(t.ID), Codec: "flac", Rate: 44_100, Bits: 16, Channels: 2, Samples: 44_100 * length, DurationMS: 1000 * length,
			Measured: true, Loudness: -14_000, Peak: -1000, Gain: -4000, AlbumGain: -3900, Peaks: make([]byte, media.PeakPoints),
		}
		if err := tx.SetAsset(ctx, &a); err != nil {
			return err
		}
		if err := tx.InsertSheet(ctx, &music.Sheet{Track: t.ID, Version: 1, State: music.InForce, Created: now, Since: now, Shares: []music.Share{{Act: act, Bps: music.Whole, Confirmed: now}}}); err != nil {
			return err
		}
	}
	return nil
}

// phrase is a title of k words.
func phrase(r *rand.Rand, k int) string {
	w := make([]string, k)
	for i := range w {
		word := words[r.IntN(len(words))]
		w[i] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(w, " ")
}
