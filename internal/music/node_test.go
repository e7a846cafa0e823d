package music_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/store"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

// A node is the package on a real database, with a clock that is set by hand.
type node struct {
	testing.TB
	ctx     context.Context
	db      *store.DB
	clock   atomic.Int64 // Unix milliseconds
	fail    atomic.Bool  // the next commit meets a disk that fails
	studio  *music.Studio
	cat     *music.Catalogue
	lib     *music.Library
	mod     *music.Moderation
	results int
}

var (
	ada   = music.Viewer{Account: "01ADA000000000000000000000"}
	bo    = music.Viewer{Account: "01BOB000000000000000000000"}
	cy    = music.Viewer{Account: "01CYA000000000000000000000"}
	mo    = music.Viewer{Account: "01MOD000000000000000000000", Moderator: true}
	admin = music.Viewer{Account: "01ADM000000000000000000000", Moderator: true, Admin: true}
	guest = music.Viewer{}
)

// both runs a test on both databases.
func both(t *testing.T, test func(t *testing.T, n *node)) {
	storetest.Both(t, func(t *testing.T, url string) {
		if url == "" {
			test(t, newNode(t))
			return
		}
		test(t, openNode(t, store.Config{URL: url}))
	})
}

func newNode(t testing.TB) *node {
	t.Helper()
	return openNode(t, store.Config{Path: filepath.Join(t.TempDir(), "9ten.db")})
}

func openNode(t testing.TB, c store.Config) *node {
	t.Helper()
	n := &node{TB: t, ctx: t.Context()}
	n.clock.Store(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC).UnixMilli())
	c.Now = func() time.Time { return time.UnixMilli(n.clock.Load()) }
	c.BeforeCommit = func() error {
		if n.fail.Swap(false) {
			return fault.New(fault.Internal, "the disk is gone")
		}
		return nil
	}
	db, err := store.Open(n.ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	n.db = db
	s := db.Music()
	n.studio, n.cat, n.lib, n.mod = &music.Studio{Store: s, Together: together}, &music.Catalogue{Store: s}, &music.Library{Store: s}, &music.Moderation{Store: s}
	n.ok(db.AccountUpdate(n.ctx, func(tx account.Tx) error {
		for _, v := range []music.Viewer{ada, bo, cy, mo, admin} {
			a := account.Account{ID: v.Account, Handle: string(v.Account[2:5]), Name: "Name of " + string(v.Account[2:5]), Role: account.Listener, Created: time.UnixMilli(n.clock.Load())}
			if err := tx.InsertAccount(n.ctx, a, "secret"); err != nil {
				return err
			}
		}
		return nil
	}))
	return n
}

// together stands in for media: gates are the loudness in figures.
func together(gates [][]byte) (int64, error) { return strconv.ParseInt(string(gates[0]), 10, 64) }

// pass lets time go by.
func (n *node) pass(d time.Duration) { n.clock.Add(d.Milliseconds()) }

func (n *node) ok(err error) {
	n.Helper()
	if err != nil {
		n.Fatal(err)
	}
}

// refused checks the kind of a fault, and that people are told something.
func (n *node) refused(what string, err error, k fault.Kind) {
	n.Helper()
	if !fault.Is(err, k) {
		n.Errorf("%s: %v, want %v", what, err, k)
	} else if m := fault.Message(err); len(m) < 10 {
		n.Errorf("%s: %q says nothing", what, m)
	}
}

func must[T any](v T, err error) func(*node) T {
	return func(n *node) T {
		n.Helper()
		n.ok(err)
		return v
	}
}

func blob(content string) music.Blob {
	sum := sha256.Sum256([]byte(content))
	h := hex.EncodeToString(sum[:])
	return music.Blob{Key: "original/" + h, SHA256: h, Bytes: int64(len(content))}
}

func (n *node) act(v music.Viewer, name string) music.Act {
	n.Helper()
	return must(n.studio.CreateAct(n.ctx, v, music.Act{Name: name}))(n)
}

func (n *node) draft(v music.Viewer, a id.Act, f music.Facts) music.Release {
	n.Helper()
	return must(n.studio.CreateRelease(n.ctx, v, a, f))(n)
}

// upload takes a file through the whole way in.
func (n *node) upload(v music.Viewer, r id.Release, replaces id.Track, name, content string) (music.Track, error) {
	n.Helper()
	u, err := n.studio.BeginUpload(n.ctx, v, music.Upload{Release: r, Track: replaces, Filename: name, Size: int64(len(content))})
	if err != nil {
		return music.Track{}, err
	}
	return n.studio.Add(n.ctx, u.ID, blob(content))
}

// prepare hands over what media would find in a good file.
func (n *node) prepare(t id.Track, content string, tags music.FileTags) {
	n.Helper()
	n.results++
	key := blob(content).Key
	for _, r := range []music.Result{
		{Started: true},
		{Probe: &music.Probe{Codec: "flac", Rate: 44_100, Bits: 16, Channels: 2, Samples: 44_100 * 200}, Tags: &tags},
		{Renditions: []music.Rendition{{ID: "r" + blob(content).SHA256[1:], Codec: "flac", Frames: key, Index: "derived/i", Manifest: []byte("m"), Rate: 44_100, Channels: 2, Bitrate: 900_000, Samples: 44_100 * 200, Bytes: 1}}, Playable: true},
		{Loudness: &music.Loudness{Integrated: -14_000, Peak: -300, Gates: []byte("-14000")}, Peaks: []byte{1, 2, 3}, Waveform: "derived/w"},
	} {
		r.Original = key
		n.ok(n.studio.Prepared(n.ctx, t, r))
	}
}

// public makes a published release with tracks of the given titles.
func (n *node) public(v music.Viewer, a id.Act, f music.Facts, titles ...string) (music.Release, []id.Track) {
	n.Helper()
	r := n.draft(v, a, f)
	var ids []id.Track
	for i, title := range titles {
		content := string(r.ID) + title
		t := must(n.upload(v, r.ID, "", title+".flac", content))(n)
		n.prepare(t.ID, content, music.FileTags{Title: title, Number: i + 1})
		ids = append(ids, t.ID)
	}
	n.pass(time.Second)
	return must(n.studio.Publish(n.ctx, v, r.ID))(n), ids
}
