package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/music"
)

// envDisk tells the child that it is alone in a namespace of its own, where it
// may mount a disk.
const envDisk = "NINETEN_TEST_DISK"

// A disk that is really full: what needs room is refused with a sentence that
// says so, what does not goes on, nothing is lost, and once there is room
// everything is made up for.
func TestFullDisk(t *testing.T) { alone(t, fullDisk) }

// An import to a full disk says so and ends; the same command goes on with the
// same draft once there is room, whether nothing was stored yet or a part.
func TestImportOnAFullDisk(t *testing.T) { alone(t, importOnAFullDisk) }

// alone runs a test in a process of its own that may mount a disk.
func alone(t *testing.T, test func(*testing.T)) {
	t.Helper()
	if os.Getenv(envDisk) != "" {
		test(t)
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), envDisk+"=1")
	child.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := child.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("%v\n%s", err, out)
	}
}

// A smallDisk is one of a test's own.
type smallDisk struct {
	*testing.T
	dir string
}

func newDisk(t *testing.T, size string) smallDisk {
	t.Helper()
	d := smallDisk{t, t.TempDir()}
	if err := unix.Mount("tmpfs", d.dir, "tmpfs", 0, "size="+size); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(d.dir, unix.MNT_DETACH) })
	return d
}

func (d smallDisk) filler() string { return filepath.Join(d.dir, "filler") }

// fill leaves room for so many bytes.
func (d smallDisk) fill(room int64) {
	d.Helper()
	f, err := os.Create(d.filler())
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
	if !errors.Is(err, unix.ENOSPC) {
		d.Fatal(err)
	}
	st, err := f.Stat()
	if err == nil {
		err = f.Truncate(st.Size() - room)
	}
	if err := errors.Join(err, f.Close()); err != nil {
		d.Fatal(err)
	}
}

func (d smallDisk) room() {
	d.Helper()
	if err := os.Remove(d.filler()); err != nil {
		d.Fatal(err)
	}
}

func importOnAFullDisk(t *testing.T) {
	d := newDisk(t, "96m")
	dir, folder := filepath.Join(d.dir, "node"), filepath.Join(t.TempDir(), "Kept")
	must(t, "a long enough password\n", "setup", "--empty", "--data-dir", dir, "--admin", "ada", "--password-file", "-", "--name", "Quayside")
	var size int64
	for i := range 2 {
		st, err := os.Stat(song(t, folder, i))
		if err != nil {
			t.Fatal(err)
		}
		size += st.Size()
	}
	take := func() (code int, out []importedRelease, errs string) {
		t.Helper()
		code, text, errs := run(t, "", "import", folder, "--data-dir", dir, "--publish", "--json")
		if err := json.Unmarshal([]byte(text), &out); err != nil && text != "" {
			t.Errorf("%s: %v", text, err)
		}
		return code, out, errs
	}
	releases := map[string]bool{}
	for _, room := range []int64{0, size + 2<<20} {
		d.fill(room)
		code, out, errs := take()
		if last := errs[strings.LastIndex(errs, "9ten import:")+1:]; code != exitFailed || !strings.Contains(last, "disk") || room > 0 && !strings.Contains(last, "full. Import the same folder again") {
			t.Errorf("room for %d bytes: exit %d, %s", room, code, errs)
		}
		for _, r := range out {
			if r.State != unfinished || room > 0 && r.Release == "" {
				t.Errorf("room for %d bytes: %+v", room, r)
			}
			if r.Release != "" {
				releases[r.Release] = true
			}
		}
		d.room()
	}
	for _, want := range []string{string(music.Ready), known} {
		code, out, errs := take()
		if code != exitOK || len(out) != 1 || out[0].State != string(music.Published) || len(out[0].Tracks) != 2 || out[0].Tracks[0].State != want || out[0].Tracks[1].State != want {
			t.Fatalf("with room: exit %d, %s, %+v", code, errs, out)
		}
		releases[out[0].Release] = true
	}
	if len(releases) != 1 {
		t.Errorf("one folder became %d releases", len(releases))
	}
}

func fullDisk(t *testing.T) {
	const month = calendar.Period(202510)
	d := newDisk(t, "24m")
	dir := d.dir
	full := func() { t.Helper(); d.fill(0) }
	room := d.room
	h := newResidenceAt(t, filepath.Join(dir, "node"), month.LastDay().Start().Add(12*time.Hour), 2)

	h.pay(0, money.Price)
	h.hear(0, 1, time.Minute, true)
	up := h.upload("a.flac", bytes.Repeat([]byte("9ten"), 1<<18))
	full()
	up.isFull()
	taken := 1
	var refused error
	for i := 0; refused == nil && i < 2000; i++ { // what the journal's file has room for is still taken
		h.clock.Add((3 * time.Minute).Milliseconds())
		_, refused = h.listen.Claim(t.Context(), h.claimOf(0, 1+i%12, h.now().Add(-time.Minute), time.Minute, true))
		if refused == nil {
			taken++
		}
	}
	h.isFull("a claim", refused)
	_, err := h.wallet.Declare(t.Context(), "", h.people[1].account, money.Price, "cash", "no room")
	h.isFull("a payment", err)
	_, _, err = h.blobs.PutHashed(t.Context(), "original", io.LimitReader(zeros{}, 1<<20), 1<<30)
	h.isFull("an import", err)
	_, err = h.studio.CreateRelease(t.Context(), up.viewer, up.act, music.Facts{Title: "No room"})
	for i := 0; err == nil && i < 2000; i++ { // the database's file may have a page to spare
		_, err = h.studio.CreateRelease(t.Context(), up.viewer, up.act, music.Facts{Title: "No room"})
	}
	h.isFull("a form of a page", err)
	up.isFull()
	h.stillUp()

	room()
	up.goesOn()
	h.clock.Add((3 * time.Minute).Milliseconds())
	h.hear(0, 2, time.Minute, true)
	taken++
	h.pay(1, money.Price)
	totals, err := h.listen.Totals(t.Context(), h.people[0].account, month.Start(), month.Add(1).End())
	h.ok(err)
	if int(totals.Plays) != taken {
		t.Errorf("%d plays were taken, %d count", taken, totals.Plays)
	}

	full()
	h.set(month.Due(calendar.Settle).Add(35 * time.Minute))
	_, err = h.report.CloseMonth(t.Context(), month)
	h.isFull("a month", err)
	h.stillUp()
	room()
	h.set(month.Due(calendar.Final).Add(35 * time.Minute))
	if _, err := h.report.CloseMonth(t.Context(), month); err != nil {
		t.Errorf("with room again: %v", err)
	}
	h.holds()
}

// isFull wants an error that tells the operator what is wrong.
func (h *residence) isFull(what string, err error) {
	h.t.Helper()
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.Message(err), "full") {
		h.t.Errorf("%s on a full disk: %q (%v)", what, fault.Message(err), err)
	}
}

// stillUp asks for a page.
func (h *residence) stillUp() {
	h.t.Helper()
	handler, err := h.handler()
	h.ok(err)
	for _, path := range []string{"/healthz", "/signin", "/api/v1/node"} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusOK {
			h.t.Errorf("%s answers %d", path, w.Code)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
