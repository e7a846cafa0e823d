package app

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/demo"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// emptyNode sets a node up and returns its directory.
func emptyNode(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "node")
	must(t, "a long enough password\n", "setup", "--empty", "--data-dir", dir, "--admin", "ada", "--password-file", "-", "--name", "Quayside")
	return dir
}

// song makes a FLAC of real music with a cover inside; each number is another
// recording.
func song(t *testing.T, dir string, number int) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	music, err := filepath.Glob("../../.cache/music/hyperrogue-music/usr/share/hyperrogue/music/hr3-caves.ogg")
	if err != nil || len(music) == 0 {
		t.Fatal("no recording: run tools/testmusic.sh")
	}
	at := strconv.Itoa(number)
	out := filepath.Join(dir, at+".flac")
	ffmpeg(t, "-ss", at, "-t", "8", "-i", music[0], "-f", "lavfi", "-i", "testsrc=d=1:size=200x200:rate=1,hue=h="+at,
		"-map", "0:a", "-map", "1:v", "-frames:v", "1", "-c:v", "png", "-disposition:v", "attached_pic", "-metadata", "title=Song "+at, "-metadata", "album=Kept", out)
	return out
}

func ffmpeg(t *testing.T, args ...string) {
	t.Helper()
	if b, err := exec.Command("ffmpeg", append([]string{"-v", "error", "-nostdin", "-y"}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v", b, err)
	}
}

func openTestNode(t *testing.T, dir string) *node {
	t.Helper()
	cfg, _, err := LoadConfig("", map[string]string{"data_dir": dir, "log.level": "error"}, noenv)
	if err != nil {
		t.Fatal(err)
	}
	n, err := openNode(t.Context(), cfg, newLogger(cfg.Log, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// served returns what a node answers, by path.
func served(t *testing.T, n *node, paths ...string) map[string]string {
	t.Helper()
	h, err := n.handler()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, p := range paths {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, p, nil))
		out[p] = strconv.Itoa(w.Code) + " " + w.Body.String()
	}
	return out
}

// heard lists the addresses of everything of a release that is heard and seen.
func heard(t *testing.T, n *node, r id.Release) (paths, renditions []string) {
	t.Helper()
	full, err := n.catalogue.Release(t.Context(), music.Viewer{Admin: true}, r, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []string{"96", "1200"} {
		paths = append(paths, "/covers/"+full.Release.Cover.ID+"/"+size+".webp")
	}
	for _, x := range full.Tracks {
		p, err := n.catalogue.Playback(t.Context(), x.Track.ID)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, "/media/"+string(x.Track.ID)+"/master.m3u8", "/media/"+string(x.Track.ID)+"/original")
		for _, r := range p.Renditions {
			renditions = append(renditions, r.ID)
			for _, f := range []string{"index.m3u8", "init.mp4", "0.m4s", "manifest.json"} {
				paths = append(paths, "/media/"+r.ID+"/"+f)
			}
		}
	}
	return paths, renditions
}

// age makes every blob look as if it were stored hours ago.
func age(t *testing.T, n *node) (keys []string) {
	t.Helper()
	old := time.Now().Add(-3 * time.Hour)
	for info, err := range n.blobs.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		p, err := n.blobs.Path(info.Key)
		if err == nil {
			err = os.Chtimes(p, old, old)
		}
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, info.Key)
	}
	return keys
}

func imported(t *testing.T, dir, folder string, flags ...string) id.Release {
	t.Helper()
	var out []importedRelease
	if err := json.Unmarshal([]byte(must(t, "", append([]string{"import", folder, "--data-dir", dir, "--publish", "--json"}, flags...)...)), &out); err != nil || len(out) != 1 {
		t.Fatalf("%+v %v", out, err)
	}
	return id.Release(out[0].Release)
}

// The gain of an album is that of all its tracks played one after another, and
// the quiet one of them does not count where R 128 gates it out.
func TestAlbumGain(t *testing.T) {
	dir, folder := emptyNode(t), t.TempDir()
	var list strings.Builder
	for i, volume := range []string{"0dB", "-6dB", "-35dB"} {
		path := filepath.Join(folder, strconv.Itoa(i)+".flac")
		ffmpeg(t, "-f", "lavfi", "-i", "anoisesrc=c=pink:r=44100:d="+strconv.Itoa(6+4*i)+":seed="+strconv.Itoa(i), "-af", "volume="+volume, "-metadata", "album=Three", path)
		fmt.Fprintf(&list, "file '%s'\n", path)
	}
	concat := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(concat, []byte(list.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("ffmpeg", "-nostdin", "-hide_banner", "-f", "concat", "-safe", "0", "-i", concat, "-af", "ebur128", "-f", "null", "-").CombinedOutput()
	m := regexp.MustCompile(`(?s)Summary:.*?I:\s+(-[\d.]+) LUFS`).FindSubmatch(out)
	if err != nil || m == nil {
		t.Fatalf("%v\n%s", err, out)
	}
	whole, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	rel := imported(t, dir, folder)
	n := openTestNode(t, dir)
	full, err := n.catalogue.Release(t.Context(), music.Viewer{Admin: true}, rel, "")
	if err != nil || len(full.Tracks) != 3 {
		t.Fatal(err, len(full.Tracks))
	}
	for _, x := range full.Tracks {
		if got := float64(x.Asset.AlbumGain) / 1000; math.Abs(got-(-18-whole)) > 0.1 {
			t.Errorf("%s: %.2f dB; the whole has %.2f LUFS", x.Track.Filename, got, whole)
		}
	}
}

// What is derived may be deleted: it is made again, byte for byte. What nobody
// needs goes, what somebody needs stays; the same file is stored once; each
// rendition is signed by its act.
func TestBlobsComeAndGo(t *testing.T) {
	dir, folder := emptyNode(t), t.TempDir()
	song(t, filepath.Join(folder, "kept"), 1)
	first := imported(t, dir, filepath.Join(folder, "kept"))
	n := openTestNode(t, dir)
	paths, renditions := heard(t, n, first)
	before := served(t, n, paths...)
	for p, body := range before {
		if !strings.HasPrefix(body, "200 ") {
			t.Errorf("%s: %s", p, body)
		}
	}
	if len(renditions) != 3 {
		t.Fatalf("%d renditions", len(renditions))
	}
	for _, r := range renditions {
		checkManifest(t, r, before["/media/"+r+"/manifest.json"])
	}
	age(t, n)
	if err := n.tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	keys := age(t, n)
	if after := served(t, n, paths...); !same(before, after) {
		t.Error("tidying took something that is heard")
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}

	// The operator deletes everything derived.
	if err := os.RemoveAll(filepath.Join(dir, "blob", "derived")); err != nil {
		t.Fatal(err)
	}
	n = openTestNode(t, dir)
	segment := "/media/" + renditions[0] + "/0.m4s"
	if got := served(t, n, segment)[segment]; !strings.HasPrefix(got, "503 ") || !strings.Contains(got, "prepared again") {
		t.Errorf("a rendition that is gone: %s", got)
	}
	if err := n.tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := n.work(t.Context(), music.JobPrepare); err != nil {
		t.Fatal(err)
	}
	if after := served(t, n, paths...); !same(before, after) {
		t.Error("what was made again is not what was there")
	}

	// The same file again, on another act's release, and then both deleted.
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	second := imported(t, dir, filepath.Join(folder, "kept"), "--act", "Somebody Else")
	if second == first {
		t.Fatal("two acts share a release")
	}
	n = openTestNode(t, dir)
	defer n.Close()
	originals := 0
	for _, k := range age(t, n) {
		if strings.HasPrefix(k, "original/") && !strings.HasPrefix(k, "original/cover/") {
			originals++
		}
	}
	if originals != 1 {
		t.Errorf("the same file is stored %d times", originals)
	}
	ctx, v := t.Context(), music.Viewer{Moderator: true, Admin: true}
	remove := func(r id.Release) {
		t.Helper()
		full, err := n.catalogue.Release(ctx, v, r, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range full.Tracks {
			if err := n.studio.RemoveTrack(ctx, v, x.Track.ID); err != nil {
				t.Fatal(err)
			}
		}
		if err := n.work(ctx, music.JobTidy); err != nil {
			t.Fatal(err)
		}
	}
	remove(second)
	if got := served(t, n, paths...); !same(before, got) {
		t.Error("deleting one of two that share a file took the other's")
	}
	age(t, n)
	remove(first)
	for _, k := range age(t, n) {
		if !strings.Contains(k, "/cover/") { // the releases are still there
			t.Errorf("%s is left of %d blobs", k, len(keys))
		}
	}
}

func same(a, b map[string]string) bool {
	for k := range a {
		if a[k] != b[k] {
			return false
		}
	}
	return len(a) == len(b)
}

func checkManifest(t *testing.T, rendition, body string) {
	t.Helper()
	var m struct {
		Manifest, Signature, Key []byte
		Track                    string
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(body, "200 ")), &m); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	if sum := sha256.Sum256(m.Manifest); hex.EncodeToString(sum[:]) != rendition || !ed25519.Verify(m.Key, m.Manifest, m.Signature) {
		t.Errorf("the manifest of %s is not what its act signed", rendition)
	}
	if !strings.HasSuffix(m.Track, "@localhost") {
		t.Errorf("track %q", m.Track)
	}
}

// TestKilledWhilePreparing ends the process without a word as soon as each
// thing that a preparation stores is on disk. The next start finishes the work
// and leaves nothing over.
func TestKilledWhilePreparing(t *testing.T) {
	dir, folder := emptyNode(t), t.TempDir()
	for i, prefix := range []string{"original", "derived/index", "derived/picture", "derived/waveform", "derived/cover", "derived/frames"} {
		sub := filepath.Join(folder, strconv.Itoa(i))
		song(t, sub, 10+i)
		killWhenStored(t, dir, prefix, "import", sub, "--data-dir", dir)
		n := openTestNode(t, dir)
		if err := n.work(t.Context(), music.JobPrepare); err != nil {
			t.Fatal(err)
		}
		for _, junk := range []string{"work/temp/*", "blob/.tmp/*"} {
			if left, err := filepath.Glob(filepath.Join(dir, junk)); err != nil || len(left) > 0 {
				t.Errorf("killed at %s: %v is left, %v", prefix, left, err)
			}
		}
		checkAllReady(t, n, prefix)
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// checkAllReady finds every track playable, and after tidying nothing missing
// and nothing over.
func checkAllReady(t *testing.T, n *node, when string) {
	t.Helper()
	ctx := t.Context()
	age(t, n)
	if err := n.tidy(ctx); err != nil {
		t.Fatal(err)
	}
	w, err := n.needed(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for info, err := range n.blobs.List(ctx, "") {
		if err != nil {
			t.Fatal(err)
		}
		if !w.keeps(info.Key) {
			t.Errorf("killed at %s: nobody needs %s", when, info.Key)
		}
		delete(w.blobs, info.Key)
	}
	for key := range w.blobs {
		t.Errorf("killed at %s: %s is missing", when, key)
	}
	err = n.db.Music().View(ctx, func(tx music.Tx) error {
		list, err := tx.Needs(ctx)
		for _, x := range list {
			track, err := tx.Track(ctx, x.Track)
			if err != nil {
				return err
			}
			rs, err := tx.Renditions(ctx, x.Track, track.Original)
			if err != nil || track.State != music.Ready || len(rs) != 3 || track.Title == "" {
				t.Errorf("killed at %s: %s is %s with %d renditions, %v", when, track.Filename, track.State, len(rs), err)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// killWhenStored runs the binary and kills it once there is a blob more below
// a prefix.
func killWhenStored(t *testing.T, dir, prefix string, args ...string) {
	t.Helper()
	count := func() (n int) {
		_ = filepath.WalkDir(filepath.Join(dir, "blob", filepath.FromSlash(prefix)), func(_ string, e os.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				n++
			}
			return nil
		})
		return n
	}
	before := count()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, exe, args...) // killed, not asked, when ctx ends
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), asBinary+"=1"), &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for count() == before {
		select {
		case err := <-ended:
			t.Fatalf("ended before %s was stored: %v\n%s", prefix, err, &out)
		case <-tick.C:
		}
	}
	stop()
	<-ended
}

// A newcomer hears the first release of the demo catalogue before the node
// turns to the others.
func TestDemoBeginsWithItsFirstRelease(t *testing.T) {
	n := openTestNode(t, emptyNode(t))
	a, err := n.accounts.ByHandle(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	if err := n.loadDemo(t.Context(), account.Principal{Account: a.ID, Role: account.Admin}); err != nil {
		t.Fatal(err)
	}
	c, err := demo.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- n.jobs.Run(ctx) }()
	var public []string
	begun := map[string]int{} // tracks by release
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for len(public) == 0 {
		<-tick.C
		clear(begun)
		for _, act := range c.Acts {
			for _, r := range releasesOf(t, n, a.ID, act.Name) {
				if r.Release.State == music.Published {
					public = append(public, r.Release.Facts.Title)
				}
				for _, x := range r.Tracks {
					if x.Track.State != music.Uploaded {
						begun[r.Release.Facts.Title]++
					}
				}
			}
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	first, second := c.Acts[0].Releases[0], c.Acts[0].Releases[1]
	if len(public) != 1 || public[0] != first.Title || begun[first.Title] != len(first.Tracks) {
		t.Errorf("%q came first, with %v", public, begun)
	}
	if delete(begun, first.Title); len(begun) > 1 || len(begun) == 1 && begun[second.Title] == 0 {
		t.Errorf("meanwhile the node turned to %v", begun)
	}
}

// releasesOf returns the releases of an act in whatever state.
func releasesOf(t *testing.T, n *node, owner id.Account, act string) (out []music.FullRelease) {
	t.Helper()
	v := music.Viewer{Account: owner, Admin: true, Moderator: true}
	a, err := n.actNamed(t.Context(), v, act)
	if err != nil {
		t.Fatal(err)
	}
	list, err := n.studio.Releases(t.Context(), v, a)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		full, err := n.catalogue.Release(t.Context(), v, r.ID, "")
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, full)
	}
	return out
}
