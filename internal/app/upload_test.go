package app

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// Whatever a client calls a file, it is stored by its content and shown as
// harmless text; a name is never a path.
func TestHostileFileNames(t *testing.T) {
	h := newResidence(t, timeOf("2026-11-02T12:00:00Z"), 0)
	long := strings.Repeat("ä", 400)
	for i, c := range []struct{ name, want string }{
		{"../../../etc/cron.d/evil.flac", "evil.flac"},
		{"/etc/passwd.flac", "passwd.flac"},
		{`C:\\Windows\\..\\a.flac`, "a.flac"},
		{"a\x00.flac", "a .flac"},
		{"a\nSet-Cookie: x\r\n.flac", "a Set-Cookie: x .flac"},
		{long + ".flac", long[:2*295] + ".flac"},
		{"\u202ecalf.flac", "calf.flac"},
		{"\ufeffa\u200e\u200f\u200b\u2066.flac", "a.flac"},
		{"....flac", "....flac"},
		{"🎷👩‍🎤.flac", "🎷👩‍🎤.flac"},
		{"a\xff\xfe.flac", "a.flac"},
		{`<img src=x onerror="alert(1)">.flac`, `<img src=x onerror="alert(1)">.flac`},
		{"..", ""},
		{"../", ""},
		{"", ""},
		{"\x00", ""},
	} {
		u := h.upload(c.name, fmt.Appendf(nil, "file %d", i))
		if c.want == "" {
			if u.at != "" || !strings.Contains(u.refused, "no music file") {
				t.Errorf("%q is taken: %s", c.name, u.refused)
			}
			continue
		}
		if w := u.send(); w.Code != http.StatusNoContent {
			t.Errorf("%q: %d %s", c.name, w.Code, w.Body)
			continue
		}
		byForm := fmt.Appendf(nil, "form %d", i)
		h.ok(h.takeFile(t.Context(), u.viewer, u.rel, c.name, bytes.NewReader(byForm)))
		full, err := h.catalogue.Release(t.Context(), u.viewer, u.rel, "")
		h.ok(err)
		for _, x := range full.Tracks {
			if x.Track.Filename != c.want || strings.ContainsFunc(x.Track.Title, unicode.IsControl) || x.Track.Title == "" {
				t.Errorf("%q is stored as %q, %q", c.name, x.Track.Filename, x.Track.Title)
			}
		}
		if len(full.Tracks) != 2 {
			t.Errorf("%q: %d tracks", c.name, len(full.Tracks))
		}
	}
	h.ok(filepath.WalkDir(filepath.Dir(h.path), func(path string, d fs.DirEntry, err error) error {
		if strings.Contains(d.Name(), ".flac") || strings.Contains(d.Name(), "evil") || strings.Contains(d.Name(), "passwd") {
			t.Errorf("a name became a path: %s", path)
		}
		return err
	}))
}

// A file of lyrics goes to the recording with its name, by tus and by form;
// without one, or broken, it is refused with a sentence that says so.
func TestLyricsBesideMusic(t *testing.T) {
	h := newResidence(t, timeOf("2026-11-02T12:00:00Z"), 0)
	u := h.upload("01 Ebb.flac", []byte("music"))
	if w := u.send(); w.Code != http.StatusNoContent {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	lyrics := func() string {
		t.Helper()
		full, err := h.catalogue.Release(t.Context(), u.viewer, u.rel, "")
		h.ok(err)
		if len(full.Tracks) != 1 {
			t.Errorf("%d tracks", len(full.Tracks))
		}
		return full.Tracks[0].Track.Lyrics
	}
	if w := u.beside("01 EBB.lrc", []byte("[00:01.50]Low water")).send(); w.Code != http.StatusNoContent || lyrics() != "[00:01.50]Low water" {
		t.Errorf("%d %s: %q", w.Code, w.Body, lyrics())
	}
	for _, c := range []struct{ name, text, words string }{
		{"02 Neap.lrc", "[00:01.50]Low water", "No recording of this release"},
		{"01 Ebb.lrc", "Low water", "no line that begins with a time"},
		{"01 Ebb.txt", "\x00\x01\x02", "cannot be read as text"},
	} {
		w := u.beside(c.name, []byte(c.text)).send()
		if w.Code < 400 || w.Code >= 500 || !strings.Contains(w.Body.String(), c.words) {
			t.Errorf("%s: %d %s", c.name, w.Code, w.Body)
		}
		if err := h.takeFile(t.Context(), u.viewer, u.rel, c.name, strings.NewReader(c.text)); !strings.Contains(fault.Message(err), c.words) {
			t.Errorf("%s by form: %v", c.name, err)
		}
	}
	h.ok(h.takeFile(t.Context(), u.viewer, u.rel, "01 Ebb.txt", strings.NewReader("High water\r\nagain")))
	if got := lyrics(); got != "High water\nagain" {
		t.Errorf("lyrics = %q", got)
	}
}

// An upload is a file on its way in, by tus.
type upload struct {
	h       *residence
	at      string // address
	body    []byte
	viewer  music.Viewer
	act     id.Act
	rel     id.Release
	refused string // why it did not begin
}

// upload begins one of a new release.
func (h *residence) upload(name string, body []byte) *upload {
	h.t.Helper()
	a, err := h.accounts.ByHandle(h.t.Context(), "ada")
	h.ok(err)
	u := &upload{h: h, body: body, viewer: music.Viewer{Account: a.ID}}
	act, err := h.actNamed(h.t.Context(), u.viewer, "Full Measure")
	h.ok(err)
	rel, err := h.studio.CreateRelease(h.t.Context(), u.viewer, act, music.Facts{Title: "Room"})
	h.ok(err)
	u.act, u.rel = act, rel.ID
	u.begin(name)
	return u
}

// beside begins another upload of the same release.
func (u *upload) beside(name string, body []byte) *upload {
	u.h.t.Helper()
	next := *u
	next.body = body
	next.begin(name)
	return &next
}

func (u *upload) begin(name string) {
	u.h.t.Helper()
	w := u.ask(http.MethodPost, "/api/v1/uploads", nil, "Upload-Length", strconv.Itoa(len(u.body)),
		"Upload-Metadata", "filename "+base64.StdEncoding.EncodeToString([]byte(name))+",release "+base64.StdEncoding.EncodeToString([]byte(u.rel)))
	u.at, u.refused = w.Header().Get("Location"), w.Body.String()
}

func (u *upload) ask(method, at string, body []byte, header ...string) *httptest.ResponseRecorder {
	u.h.t.Helper()
	uploads, err := u.h.uploads()
	u.h.ok(err)
	p := account.Principal{Account: u.viewer.Account, Role: account.Admin, Token: true, Scopes: []account.Scope{account.ScopeStudio}}
	r := httptest.NewRequestWithContext(account.With(u.h.t.Context(), p), method, at, bytes.NewReader(body))
	r.Header.Set("Tus-Resumable", "1.0.0")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	uploads.ServeHTTP(w, r)
	return w
}

// send sends what the node does not have yet.
func (u *upload) send() *httptest.ResponseRecorder {
	u.h.t.Helper()
	offset := u.ask(http.MethodHead, u.at, nil).Header().Get("Upload-Offset")
	n, err := strconv.Atoi(offset)
	u.h.ok(err)
	return u.ask(http.MethodPatch, u.at, u.body[n:], "Upload-Offset", offset, "Content-Type", "application/offset+octet-stream")
}

func (u *upload) isFull() {
	u.h.t.Helper()
	if w := u.send(); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "The disk of this node is full") {
		u.h.t.Errorf("an upload to a full disk: %d %s", w.Code, w.Body)
	}
}

// goesOn sends the rest: the file becomes a track, whole.
func (u *upload) goesOn() {
	u.h.t.Helper()
	if w := u.send(); w.Code != http.StatusNoContent {
		u.h.t.Fatalf("with room again: %d %s", w.Code, w.Body)
	}
	full, err := u.h.catalogue.Release(u.h.t.Context(), u.viewer, u.rel, "")
	u.h.ok(err)
	if len(full.Tracks) != 1 || full.Tracks[0].Asset.SHA256 != fmt.Sprintf("%x", sha256.Sum256(u.body)) {
		u.h.t.Errorf("what arrived: %+v", full.Tracks)
	}
}
