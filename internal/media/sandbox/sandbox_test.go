package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/media/sandbox"
)

func TestMain(m *testing.M) {
	if code, ok := sandbox.Main(os.Args, functions()); ok {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// functions are hostile on purpose: each tries one thing and says how it went.
func functions() map[string]sandbox.Func {
	return map[string]sandbox.Func{
		"read": func(_ context.Context, c sandbox.Call, out io.Writer) error {
			p := c.In
			if len(c.Args) > 0 {
				p = c.Args[0]
			}
			b, err := os.ReadFile(p)
			if err != nil {
				return fault.Wrap(err, fault.Forbidden, "It cannot be read.")
			}
			_, err = out.Write(b)
			return err
		},
		"write": func(_ context.Context, c sandbox.Call, _ io.Writer) error {
			return os.WriteFile(c.Args[0], []byte("x"), 0o600)
		},
		"dial": func(_ context.Context, c sandbox.Call, _ io.Writer) error {
			conn, err := net.Dial(c.Args[0], c.Args[1])
			if err == nil {
				_ = conn.Close()
			}
			return err
		},
		"exec": func(_ context.Context, _ sandbox.Call, _ io.Writer) error {
			return exec.Command("/bin/sh", "-c", "true").Run()
		},
		// What a program does to have helpers of its own, or the node's.
		"fork": func(context.Context, sandbox.Call, io.Writer) error { return exec.Command("/proc/self/exe").Start() },
		"kill": func(context.Context, sandbox.Call, io.Writer) error { return syscall.Kill(os.Getppid(), 0) },
		"memory": func(_ context.Context, _ sandbox.Call, out io.Writer) error {
			var keep [][]byte
			for {
				keep = append(keep, bytes.Repeat([]byte{1}, 64<<20))
				if len(keep) > 1<<10 {
					_, err := fmt.Fprint(out, len(keep))
					return err
				}
			}
		},
		"spin": func(context.Context, sandbox.Call, io.Writer) error {
			for i := 0; ; i++ {
				_ = i
			}
		},
		"panic": func(context.Context, sandbox.Call, io.Writer) error { var s []int; _ = s[len(os.Args)]; return nil },
		"flood": func(_ context.Context, _ sandbox.Call, out io.Writer) error {
			for {
				if _, err := out.Write(make([]byte, 1<<16)); err != nil {
					return err
				}
			}
		},
		"big": func(_ context.Context, c sandbox.Call, _ io.Writer) error {
			return os.WriteFile(filepath.Join(c.OutDir, "big"), make([]byte, 2<<20), 0o600)
		},
		"env": func(_ context.Context, _ sandbox.Call, out io.Writer) error {
			return json.NewEncoder(out).Encode(os.Environ())
		},
	}
}

func level(t *testing.T) sandbox.Level {
	t.Helper()
	l, err := sandbox.Runner{}.Level(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Log(l)
	return l
}

func file(t *testing.T, dir, name, text string) string {
	t.Helper()
	p := filepath.Join(dir, name)
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestReadsTheOneInput(t *testing.T) {
	mine := file(t, t.TempDir(), "mine", "my song")
	b, err := sandbox.Runner{}.Run(t.Context(), sandbox.Job{Func: "read", In: mine})
	if err != nil || string(b) != "my song" {
		t.Fatalf("%q %v", b, err)
	}
}

func TestOtherFilesAreOutOfReach(t *testing.T) {
	l := level(t)
	dir := t.TempDir()
	mine, theirs := file(t, dir, "mine", "my song"), file(t, dir, "theirs", "their song")
	b, err := sandbox.Runner{}.Run(t.Context(), sandbox.Job{Func: "read", In: mine, Args: []string{theirs}})
	if l.Files {
		if !fault.Is(err, fault.Forbidden) || fault.Message(err) != "It cannot be read." {
			t.Errorf("another upload was read: %q %v", b, err)
		}
	} else if err != nil {
		t.Errorf("the level says open, and yet: %v", err)
	}
	out := t.TempDir()
	outside := filepath.Join(dir, "escape")
	_, err = sandbox.Runner{}.Run(t.Context(), sandbox.Job{Func: "write", OutDir: out, Args: []string{outside}})
	if (err == nil) == l.Files {
		t.Errorf("level %v, writing outside: %v", l, err)
	}
	if _, err = (sandbox.Runner{}).Run(t.Context(), sandbox.Job{Func: "write", OutDir: out, Args: []string{filepath.Join(out, "fine")}}); err != nil {
		t.Errorf("writing inside: %v", err)
	}
	if _, err = (sandbox.Runner{}).Run(t.Context(), sandbox.Job{Func: "exec", In: mine}); l.Files && err == nil {
		t.Error("a function started a program")
	}
}

func TestNoNetwork(t *testing.T) {
	l := level(t)
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	for _, netw := range []string{"tcp", "udp"} {
		_, err := sandbox.Runner{}.Run(t.Context(), sandbox.Job{Func: "dial", Args: []string{netw, srv.Listener.Addr().String()}})
		if (err == nil) == l.Network {
			t.Errorf("%s: level %v, dial: %v", netw, l, err)
		}
	}
}

// TestOtherProcessesAreOutOfReach: a helper starts nothing, not even what it
// may execute, and signals nobody, not even its parent, the node.
func TestOtherProcessesAreOutOfReach(t *testing.T) {
	l := level(t)
	for _, f := range []string{"fork", "kill"} {
		_, err := sandbox.Runner{}.Run(t.Context(), sandbox.Job{Func: f})
		if (err == nil) == l.Others {
			t.Errorf("%s: level %v, and yet: %v", f, l, err)
		}
		if l.Others && !strings.Contains(err.Error(), "not permitted") {
			t.Errorf("%s: %v", f, err)
		}
	}
	// ffmpeg works with threads, which stay allowed; a shell could do nothing.
	out := t.TempDir()
	made := filepath.Join(out, "made")
	_, err := sandbox.Runner{}.Run(t.Context(), sandbox.Job{Exec: "/bin/sh", Args: []string{"-c", "/bin/true; echo > " + made + "; /bin/true"}, OutDir: out})
	if _, there := os.Stat(made); l.Others && (err == nil || there != nil && !errors.Is(there, os.ErrNotExist)) {
		t.Errorf("a shell started a program: %v", err)
	}
}

func TestLevelSaysWhatIsMissing(t *testing.T) {
	for want, l := range map[string]sandbox.Level{
		"confined: files (landlock 6), network, processes, memory and time": {Landlock: 6, Files: true, Network: true, Others: true, Limits: true},
		"confined: network, processes, memory and time; open: files":        {Network: true, Others: true, Limits: true},
		"not confined": {},
	} {
		if got := l.String(); got != want || l.Full() != !strings.Contains(want, "open") && l.Files != false {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestBombsEndWithASentence(t *testing.T) {
	l := level(t)
	out := t.TempDir()
	for _, c := range []struct {
		job  sandbox.Job
		kind fault.Kind
		word string
	}{
		{sandbox.Job{Func: "spin", Limits: sandbox.Limits{CPU: time.Second}}, fault.TooLarge, "too long"},
		{sandbox.Job{Func: "spin", Limits: sandbox.Limits{Wall: 200 * time.Millisecond}}, fault.TooLarge, "too long"},
		{sandbox.Job{Func: "flood", Limits: sandbox.Limits{Result: 1 << 20}}, fault.TooLarge, "more than"},
		{sandbox.Job{Func: "big", OutDir: out, Limits: sandbox.Limits{FileSize: 1 << 20}}, fault.TooLarge, ""},
		{sandbox.Job{Func: "panic"}, fault.Invalid, "damaged"},
	} {
		_, err := sandbox.Runner{}.Run(t.Context(), c.job)
		if err == nil {
			t.Errorf("%s was allowed", c.job.Func)
			continue
		}
		if c.word != "" && (!fault.Is(err, c.kind) || !strings.Contains(fault.Message(err), c.word)) {
			t.Errorf("%s: %v %q", c.job.Func, fault.KindOf(err), fault.Message(err))
		}
	}
	if !l.Limits {
		return
	}
	_, err := sandbox.Runner{}.Run(t.Context(), sandbox.Job{Func: "memory", Limits: sandbox.Limits{Memory: 1 << 30}})
	if !fault.Is(err, fault.TooLarge) || !strings.Contains(fault.Message(err), "memory") {
		t.Errorf("memory: %v %q %v", fault.KindOf(err), fault.Message(err), err)
	}
}

func TestKilledWithItsCaller(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	r, w := io.Pipe()
	go func() {
		_, err := sandbox.Runner{}.Run(ctx, sandbox.Job{Func: "flood", Stdout: w})
		_ = w.CloseWithError(err)
		done <- err
	}()
	if _, err := io.ReadFull(r, make([]byte, 1024)); err != nil {
		t.Fatal(err)
	}
	cancel()
	go func() { _, _ = io.Copy(io.Discard, r) }()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("want cancelled, got %v", err)
	}
}

func TestCleanEnvironment(t *testing.T) {
	t.Setenv("NINETEN_SECRET", "do not leak")
	b, err := sandbox.Runner{}.Run(t.Context(), sandbox.Job{Func: "env"})
	if err != nil || bytes.Contains(b, []byte("do not leak")) {
		t.Errorf("%s %v", b, err)
	}
}

func TestMisuse(t *testing.T) {
	for _, j := range []sandbox.Job{{}, {Func: "a", Exec: "/bin/true"}, {Func: "nothing"}, {Func: "read", In: "/no/such/file"}, {Exec: "/no/such/program"}} {
		if _, err := (sandbox.Runner{}).Run(t.Context(), j); err == nil {
			t.Errorf("%+v was accepted", j)
		}
	}
	if _, err := (sandbox.Runner{Exe: "/no/such"}).Run(t.Context(), sandbox.Job{Func: "env"}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("no binary: %v", err)
	}
}

// TestFFmpegPlaylists is the attack that worked without the sandbox: a
// "recording" that is a list of other people's files.
func TestFFmpegPlaylists(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Fatal("ffmpeg is needed: make test installs it")
	}
	l := level(t)
	dir, out := t.TempDir(), t.TempDir()
	secret := filepath.Join(dir, "secret.wav")
	if b, err := exec.Command(ffmpeg, "-v", "error", "-f", "lavfi", "-i", "sine=d=1", secret).CombinedOutput(); err != nil {
		t.Fatalf("%s %v", b, err)
	}
	srv := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer srv.Close()
	concat := file(t, dir, "evil.ffconcat", "ffconcat version 1.0\nfile secret.wav\n")
	m3u8 := file(t, dir, "evil.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n"+secret+"\n#EXT-X-ENDLIST\n")
	run := func(in string, args ...string) error {
		_, err := sandbox.Runner{}.Run(t.Context(), sandbox.Job{Exec: ffmpeg, In: in, OutDir: out, Args: append(append([]string{"-v", "error", "-nostdin", "-y"}, args...), filepath.Join(out, "x.wav"))})
		return err
	}
	if err := run(secret, "-i", secret); err != nil {
		t.Fatalf("an honest file: %v", err)
	}
	if l.Files {
		for name, args := range map[string][]string{
			"concat":     {"-safe", "0", "-f", "concat", "-i", concat},
			"m3u8":       {"-allowed_extensions", "ALL", "-protocol_whitelist", "file,http,tcp,crypto", "-i", m3u8},
			"other file": {"-i", secret},
		} {
			in := concat
			if name == "m3u8" {
				in = m3u8
			}
			if err := run(in, args...); err == nil {
				t.Errorf("%s: another user's upload was read", name)
			}
		}
	}
	if l.Network {
		if err := run(concat, "-i", srv.URL+"/secret.wav"); err == nil {
			t.Error("the network was reached")
		}
	}
}
