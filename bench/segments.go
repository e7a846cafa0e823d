package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// segments measures a segment that is made when it is asked for, and cached
// ones beside a bare Go http.ServeFile and nginx of the same bytes, in turns.
func segments(ctx context.Context, b *bench) error {
	w, err := b.makeWorld(ctx)
	if err != nil {
		return err
	}
	if err := b.makeSound(ctx, w); err != nil {
		return err
	}
	if err := justInTime(ctx, b, w); err != nil {
		return err
	}
	n, err := b.start(ctx, w.data)
	if err != nil {
		return err
	}
	defer n.stop() //nolint:errcheck // what was measured was measured
	folder, files, err := n.variant(ctx, w, "/media/"+string(w.sound)+"/master.m3u8")
	if err != nil {
		return err
	}
	path := folder + files[3]
	text, err := n.text(ctx, w, path)
	if err != nil {
		return err
	}
	time.Sleep(time.Second) // it is written behind the answer
	bare, err := b.bare(ctx, []byte(text))
	if err != nil {
		return err
	}
	defer bare.stop() //nolint:errcheck // the same
	nginx, err := b.nginx(ctx, []byte(text))
	if err != nil {
		return err
	}
	defer nginx.stop() //nolint:errcheck // the same
	var ours, goes, theirs, ratio []float64
	for range b.rounds {
		for _, c := range []struct {
			url  string
			into *[]float64
		}{{n.url + path, &ours}, {bare.url, &goes}, {nginx.url, &theirs}} {
			rate, err := b.wrk(ctx, c.url, "")
			if err != nil {
				return err
			}
			*c.into = append(*c.into, rate)
		}
		ratio = append(ratio, ours[len(ours)-1]/goes[len(goes)-1])
	}
	b.add(result{name: "a cached segment over a bare Go ServeFile", unit: "×", runs: ratio, least: 0.9,
		beside: fmt.Sprintf("%d kB, HTTP/1.1: 9ten %s/s, bare Go %s/s, nginx %s/s", len(text)/1000, number(median(ours)), number(median(goes)), number(median(theirs)))})
	return nil
}

// makeSound uploads the recording unless there is one to hear.
func (b *bench) makeSound(ctx context.Context, w *world) error {
	if w.sound != "" {
		return nil
	}
	path, err := b.fourMinutes(ctx, 0)
	if err != nil {
		return err
	}
	n, err := b.start(ctx, w.data)
	if err != nil {
		return err
	}
	_, err = n.upload(ctx, w, path)
	return errors.Join(err, n.stop())
}

// justInTime asks a node without a cache for each segment of a track, many
// times, and divides what the process used: HTTP and all.
func justInTime(ctx context.Context, b *bench, w *world) error {
	n, err := b.start(ctx, w.data, "media.cache_bytes=0")
	if err != nil {
		return err
	}
	defer n.stop() //nolint:errcheck // what was measured was measured
	folder, files, err := n.variant(ctx, w, "/media/"+string(w.sound)+"/master.m3u8")
	if err != nil {
		return err
	}
	var each []float64
	for range b.rounds + 1 {
		before := n.cpu()
		for _, f := range files[1:] {
			if _, err := n.text(ctx, w, folder+f); err != nil {
				return err
			}
		}
		each = append(each, float64((n.cpu()-before).Microseconds())/1000/float64(len(files)-1))
	}
	b.add(result{name: "a FLAC segment just in time", unit: "CPU ms", runs: each[1:], most: 2, beside: "six seconds of 44.1 kHz, with its request"})
	return nil
}

// A server is one of others, beside which a node is measured.
type server struct {
	cmd *exec.Cmd
	url string
}

func (s *server) stop() error {
	err := s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait() // it was told to end
	return err
}

// bare starts this program once more, as nothing but http.ServeFile.
func (b *bench) bare(ctx context.Context, body []byte) (*server, error) {
	path := filepath.Join(b.dir, "served.bin")
	if err := os.WriteFile(path, body, 0o644); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return b.launch(ctx, func(port string) *exec.Cmd { return exec.Command(self, "serve-file", port, path) }, "/")
}

// serveFile is the process that bare starts.
func serveFile(args []string) error {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, args[1]) })
	return (&http.Server{Addr: "127.0.0.1:" + args[0], Handler: h, ReadHeaderTimeout: 10 * time.Second}).ListenAndServe()
}

// nginx starts one that serves the same file, as it is usually set up.
func (b *bench) nginx(ctx context.Context, body []byte) (*server, error) {
	path, err := tool("nginx")
	if err != nil {
		return nil, err
	}
	root := filepath.Join(b.dir, "nginx")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(root, "served.bin"), body, 0o644); err != nil {
		return nil, err
	}
	return b.launch(ctx, func(port string) *exec.Cmd {
		file := filepath.Join(root, "nginx.conf")
		text := fmt.Sprintf("user root; worker_processes auto; daemon off; pid %[1]s/pid; error_log %[1]s/error.log; events {}\n"+
			"http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; server { listen 127.0.0.1:%[2]s; root %[1]s; } }\n", root, port)
		_ = os.WriteFile(file, []byte(text), 0o600) // nginx will say so
		return exec.Command(path, "-c", file)
	}, "/served.bin")
}

// launch starts a server on a free port and waits until it answers.
func (b *bench) launch(ctx context.Context, command func(port string) *exec.Cmd, path string) (*server, error) {
	port, err := b.freePort()
	if err != nil {
		return nil, err
	}
	s := &server{cmd: command(port), url: "http://127.0.0.1:" + port + path}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for range 500 {
		if c, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			return s, c.Close()
		}
		if ctx.Err() != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil, errors.Join(errors.New(strconv.Quote(s.cmd.Path)+" does not answer"), s.stop())
}
