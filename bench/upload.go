package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/demo"
	"github.com/michaelperna/9ten/internal/id"
)

// recording is looped to four minutes of lossless music.
const recording = "loop-exchange.night-shift.01-garzul-eight-times.opus"

// fourMinutes makes the file that is uploaded. n makes each one another file.
func (b *bench) fourMinutes(ctx context.Context, n int) (string, error) {
	ffmpeg, err := tool("ffmpeg")
	if err != nil {
		return "", err
	}
	f, err := demo.Open(recording)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		return "", err
	}
	from, to := filepath.Join(b.dir, recording), filepath.Join(b.dir, "four.flac")
	if err := os.WriteFile(from, text, 0o600); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, ffmpeg, "-v", "error", "-y", "-stream_loop", "-1", "-ss", strconv.Itoa(n), "-i", from, "-t", "240", "-ac", "2", "-ar", "44100", "-sample_fmt", "s16",
		"-metadata", "title=Four minutes", "-metadata", "album=Bench", to)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("ffmpeg: %w: %s", err, out)
	}
	return to, nil
}

// upload sends a four-minute FLAC by tus and waits for its first segment, then
// for the whole ladder. Beside it ffmpeg alone makes the same ladder.
func upload(ctx context.Context, b *bench) error {
	w, err := b.makeWorld(ctx)
	if err != nil {
		return err
	}
	n, err := b.start(ctx, w.data)
	if err != nil {
		return err
	}
	defer n.stop()              //nolint:errcheck // what was measured was measured
	time.Sleep(3 * time.Second) // a node that serves makes itself ready for uploads
	var sound, ladder, bare, slower, cpus []float64
	for i := range min(3, b.rounds) {
		path, err := b.fourMinutes(ctx, i)
		if err != nil {
			return err
		}
		before := n.cpuOfAll()
		t, err := n.upload(ctx, w, path)
		if err != nil {
			return err
		}
		spent := (n.cpuOfAll() - before).Seconds()
		wall, cpu, err := b.ladder(ctx, path)
		if err != nil {
			return err
		}
		sound, ladder, bare = append(sound, t.sound.Seconds()), append(ladder, t.ladder.Seconds()), append(bare, wall)
		slower, cpus = append(slower, t.ladder.Seconds()/wall), append(cpus, spent/cpu)
	}
	b.add(result{name: "four-minute FLAC: upload's end to the first segment", unit: "s", runs: sound, most: 2})
	b.add(result{name: "the same, until all renditions are there, over bare ffmpeg making them", unit: "×", runs: slower, most: 1.2,
		beside: fmt.Sprintf("%s s with probe, loudness, peaks, manifests and the sandbox, the two encoders side by side; ffmpeg alone, one process with both outputs: %s s; CPU of all that over ffmpeg's: %.2f×",
			number(median(ladder)), number(median(bare)), median(cpus))})
	return nil
}

// ladder lets ffmpeg alone make what a node makes of a FLAC.
func (b *bench) ladder(ctx context.Context, path string) (wall, cpu float64, err error) {
	ffmpeg, err := tool("ffmpeg")
	if err != nil {
		return 0, 0, err
	}
	cmd := exec.CommandContext(ctx, ffmpeg, "-v", "error", "-y", "-threads", "1", "-i", path,
		"-map", "0:a:0", "-c:a", "aac", "-b:a", "256k", filepath.Join(b.dir, "a.m4a"), "-map", "0:a:0", "-ar", "48000", "-c:a", "libopus", "-b:a", "128k", filepath.Join(b.dir, "o.ogg"))
	began := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, 0, fmt.Errorf("ffmpeg: %w: %s", err, out)
	}
	return time.Since(began).Seconds(), (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), nil
}

// timings count from the answer to the upload's last piece.
type timings struct{ sound, ladder time.Duration }

// upload takes a file through the whole way in, publishes it and remembers it
// as the track that can be heard.
func (n *node) upload(ctx context.Context, w *world, path string) (t timings, err error) {
	var rel struct {
		ID id.Release `json:"id"`
	}
	if err := n.json(ctx, w.token, http.MethodPost, "/api/v1/studio/acts/"+string(w.act)+"/releases", map[string]string{"title": "Four minutes"}, &rel); err != nil {
		return t, err
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return t, err
	}
	meta := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	made, err := n.do(ctx, w.token, http.MethodPost, "/api/v1/uploads", map[string]string{
		"Tus-Resumable": "1.0.0", "Upload-Length": strconv.Itoa(len(file)), "Upload-Metadata": "filename " + meta("four.flac") + ",release " + meta(string(rel.ID)),
	}, nil, nil)
	if err != nil {
		return t, err
	}
	at := made.Header.Get("Location")
	at = at[strings.Index(at, "/api/"):]
	if _, err := n.do(ctx, w.token, http.MethodPatch, at, map[string]string{
		"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream",
	}, bytes.NewReader(file), nil); err != nil {
		return t, err
	}
	began := time.Now()
	var track id.Track
	if track, err = n.firstSound(ctx, w, rel.ID); err != nil {
		return t, err
	}
	t.sound = time.Since(began)
	for {
		master, err := n.text(ctx, w, "/media/"+string(track)+"/master.m3u8")
		if err != nil {
			return t, err
		}
		if strings.Count(master, "#EXT-X-STREAM-INF") == 3 {
			break
		}
		if time.Since(began) > 10*time.Minute {
			return t, errors.New("the ladder is not complete after ten minutes")
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.ladder = time.Since(began)
	w.sound, w.album = track, rel.ID
	return t, n.json(ctx, w.token, http.MethodPost, "/api/v1/studio/releases/"+string(rel.ID)+"/publish", struct{}{}, nil)
}

// firstSound asks for the release until its track can be played, and then as a
// player does: master, playlist, initialization, first segment.
func (n *node) firstSound(ctx context.Context, w *world, rel id.Release) (id.Track, error) {
	var page struct {
		Tracks []struct {
			ID      id.Track `json:"id"`
			Master  string   `json:"master_url"`
			Refusal string   `json:"refusal"`
		} `json:"tracks"`
	}
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if _, err := n.do(ctx, w.token, http.MethodGet, "/api/v1/releases/"+string(rel), nil, nil, &page); err != nil {
			return "", err
		}
		if len(page.Tracks) == 1 && page.Tracks[0].Master != "" {
			break
		}
		if time.Since(began) > time.Minute || len(page.Tracks) == 1 && page.Tracks[0].Refusal != "" {
			return "", fmt.Errorf("the track cannot be played: %+v", page.Tracks)
		}
	}
	folder, files, err := n.variant(ctx, w, page.Tracks[0].Master)
	if err != nil {
		return "", err
	}
	for _, f := range files[:2] {
		if _, err := n.text(ctx, w, folder+f); err != nil {
			return "", err
		}
	}
	return page.Tracks[0].ID, nil
}

// variant reads a master's first playlist: its folder, and what it names,
// initialization first.
func (n *node) variant(ctx context.Context, w *world, master string) (folder string, files []string, err error) {
	text, err := n.text(ctx, w, master)
	if err != nil {
		return "", nil, err
	}
	for line := range strings.Lines(text) {
		if name, ok := strings.CutSuffix(strings.TrimSpace(line), "index.m3u8"); ok && folder == "" {
			folder = "/media/" + strings.TrimPrefix(name, "../")
		}
	}
	if text, err = n.text(ctx, w, folder+"index.m3u8"); err != nil {
		return "", nil, err
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if _, after, ok := strings.Cut(line, `URI="`); ok {
			files = append(files, after[:strings.IndexByte(after, '"')])
		} else if strings.HasSuffix(line, ".m4s") {
			files = append(files, line)
		}
	}
	if len(files) < 2 {
		return "", nil, fmt.Errorf("a playlist names nothing to play: %s", text)
	}
	return folder, files, nil
}

func (n *node) text(ctx context.Context, w *world, path string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, n.url+path, http.NoBody)
	if err != nil {
		return "", err
	}
	r.Header.Set("Authorization", "Bearer "+w.token)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", path, res.Status)
	}
	return string(text), err
}
