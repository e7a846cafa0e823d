package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/tus/tusd/v2/pkg/filestore"
	tus "github.com/tus/tusd/v2/pkg/handler"
	"github.com/tus/tusd/v2/pkg/memorylocker"
	tuslog "golang.org/x/exp/slog"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/problem"
)

// An Intake takes files of releases. Its methods return the faults of
// music.Studio.
type Intake interface {
	BeginUpload(ctx context.Context, v music.Viewer, u music.Upload) (music.Upload, error)
	Upload(ctx context.Context, v music.Viewer, u id.Upload) (music.Upload, error)
	CancelUpload(ctx context.Context, v music.Viewer, u id.Upload) error
	// Arrived takes the whole file of an upload that was begun.
	Arrived(ctx context.Context, u id.Upload, file io.Reader) error
}

// Uploads is tus 1.0 under /api/v1/uploads: creation, HEAD, PATCH, DELETE. A
// piece that arrived is on disk, so an upload goes on after a dropped
// connection and after a restart of the node.
type Uploads struct {
	Dir    string // where unfinished files lie
	Max    int64  // bytes of one file
	Intake Intake
	Viewer func(context.Context) music.Viewer
	Log    *slog.Logger
}

// Handler returns the handler. Who asks is in the request's context.
func (u *Uploads) Handler() (http.Handler, error) {
	if err := os.MkdirAll(u.Dir, 0o700); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "The folder for uploads cannot be made.")
	}
	c := tus.NewStoreComposer()
	filestore.New(u.Dir).UseIn(c)
	memorylocker.New().UseIn(c) // one process has the directory
	h, err := tus.NewHandler(tus.Config{
		StoreComposer: c, BasePath: Prefix + "/uploads/", MaxSize: u.Max, DisableDownload: true, RespectForwardedHeaders: true, Cors: &tus.CorsConfig{Disable: true},
		Logger:                  u.quiet(),
		PreUploadCreateCallback: u.create, PreFinishResponseCallback: u.finish, PreUploadTerminateCallback: u.terminate,
	})
	if err != nil {
		return nil, err
	}
	// tusd routes by the last part of the path and wants the rest gone.
	return u.guard(http.StripPrefix(Prefix+"/uploads", h)), nil
}

// quiet lets through what tusd warns of; it notes every request twice.
func (u *Uploads) quiet() *tuslog.Logger {
	w := slog.NewLogLogger(u.Log.Handler(), slog.LevelWarn).Writer()
	return tuslog.New(tuslog.NewTextHandler(w, &tuslog.HandlerOptions{Level: tuslog.LevelWarn}))
}

// guard lets in who may upload: a session with its token, or a studio token;
// and to an upload only the account that began it.
func (u *Uploads) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := account.From(r.Context())
		err := p.Allow(account.ScopeStudio)
		if err == nil && r.Method != http.MethodHead && r.Method != http.MethodOptions {
			err = p.CheckCSRF(r.Header.Get("X-CSRF-Token"))
		}
		if name := filepath.Base(r.URL.Path); err == nil && name != "uploads" && r.Method != http.MethodOptions {
			var up music.Upload
			up, err = u.Intake.Upload(r.Context(), u.Viewer(r.Context()), id.Upload(name))
			if err == nil && r.Method == http.MethodHead {
				var whole bool
				if whole, err = u.whole(r.Context(), up); err == nil && whole {
					complete(w, up)
					return
				}
			}
		}
		if err != nil {
			problem.Write(w, err)
			return
		}
		t := &translator{ResponseWriter: w}
		next.ServeHTTP(t, r)
		t.end(r)
	})
}

// whole reports whether an upload has become a track. One whose last byte is
// on disk becomes it now: the node was stopped between the two.
func (u *Uploads) whole(ctx context.Context, up music.Upload) (bool, error) {
	if up.State != music.UploadOpen {
		return up.State == music.UploadDone, nil
	}
	f, err := os.Stat(filepath.Join(u.Dir, string(up.ID)))
	if err != nil || f.Size() != up.Size {
		return false, nil // tusd says how much there is
	}
	return true, u.arrive(ctx, up.ID)
}

// complete answers how much there is of an upload that has arrived: all of it.
// Its client may not have heard so, because the connection broke.
func complete(w http.ResponseWriter, up music.Upload) {
	h, size := w.Header(), strconv.FormatInt(up.Size, 10)
	h.Set("Tus-Resumable", "1.0.0")
	h.Set("Upload-Offset", size)
	h.Set("Upload-Length", size)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
}

// A translator turns what tusd refuses by itself, in plain text, into our
// document.
type translator struct {
	http.ResponseWriter
	refused int // status that was refused with, 0 while all is well
	why     bytes.Buffer
}

func (t *translator) WriteHeader(code int) {
	if code < http.StatusBadRequest || t.Header().Get("Content-Type") == (&problem.Document{}).ContentType("") {
		t.ResponseWriter.WriteHeader(code)
		return
	}
	t.refused = code
}

func (t *translator) Write(b []byte) (int, error) {
	if t.refused != 0 {
		return t.why.Write(b)
	}
	return t.ResponseWriter.Write(b)
}

func (t *translator) Unwrap() http.ResponseWriter { return t.ResponseWriter }

func (t *translator) end(r *http.Request) {
	if t.refused == 0 {
		return
	}
	t.Header().Del("Content-Length")
	why := strings.TrimSpace(t.why.String())
	if t.refused >= http.StatusInternalServerError && strings.Contains(why, syscall.ENOSPC.Error()) {
		_, _ = io.Copy(io.Discard, r.Body) // a browser hears nothing before it has sent its piece
		problem.Write(t.ResponseWriter, fault.New(fault.Unavailable, "The disk of this node is full. What has arrived is kept, and the upload goes on when there is room."))
		return
	}
	if code, text, found := strings.Cut(why, ": "); found && strings.HasPrefix(code, "ERR_") {
		why = text
	}
	problem.Refused(t.refused, cmp.Or(why, http.StatusText(t.refused))).Send(t.ResponseWriter)
}

// refusal is a fault in tus's clothes: our problem document as the answer.
func refusal(err error) error {
	d := problem.Of(err)
	body, _ := json.Marshal(d) // a struct of texts and numbers
	return tus.Error{ErrorCode: d.Type, Message: d.Detail, HTTPResponse: tus.HTTPResponse{
		StatusCode: d.Status, Body: string(body), Header: tus.HTTPHeader{"Content-Type": d.ContentType("")},
	}}
}

func (u *Uploads) create(e tus.HookEvent) (tus.HTTPResponse, tus.FileInfoChanges, error) {
	ctx, m := e.Context, e.Upload.MetaData
	up := music.Upload{Release: id.Release(m["release"]), Track: id.Track(m["track"]), Filename: m["filename"], Size: e.Upload.Size}
	if e.Upload.SizeIsDeferred || e.Upload.IsPartial || e.Upload.IsFinal {
		return tus.HTTPResponse{}, tus.FileInfoChanges{}, refusal(fault.New(fault.Unsupported, "Say how large the file is when the upload begins."))
	}
	made, err := u.Intake.BeginUpload(ctx, u.Viewer(ctx), up)
	if err != nil {
		return tus.HTTPResponse{}, tus.FileInfoChanges{}, refusal(err)
	}
	return tus.HTTPResponse{}, tus.FileInfoChanges{ID: string(made.ID), MetaData: tus.MetaData{"filename": made.Filename}}, nil
}

// finish hands the whole file on before the last piece is answered: an artist
// who sees it arrived can close the page.
func (u *Uploads) finish(e tus.HookEvent) (tus.HTTPResponse, error) {
	if err := u.arrive(e.Context, id.Upload(e.Upload.ID)); err != nil {
		return tus.HTTPResponse{}, refusal(err)
	}
	return tus.HTTPResponse{}, nil
}

// arrive makes a whole file a track. What is left of it goes, unless the node
// was at fault: the piece may then be sent again.
func (u *Uploads) arrive(ctx context.Context, up id.Upload) error {
	f, err := os.Open(filepath.Join(u.Dir, string(up)))
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "The file cannot be read back from the disk.")
	}
	err = errors.Join(u.Intake.Arrived(ctx, up, f), f.Close())
	if k := fault.KindOf(err); err == nil || k != fault.Unavailable && k != fault.Internal {
		u.forget(string(up))
	}
	return err
}

func (u *Uploads) terminate(e tus.HookEvent) (tus.HTTPResponse, error) {
	if err := u.Intake.CancelUpload(e.Context, u.Viewer(e.Context), id.Upload(e.Upload.ID)); err != nil {
		return tus.HTTPResponse{}, refusal(err)
	}
	return tus.HTTPResponse{}, nil
}

// forget removes what is left of an upload that has ended.
func (u *Uploads) forget(name string) {
	for _, suffix := range []string{"", ".info"} {
		_ = os.Remove(filepath.Join(u.Dir, name+suffix)) // swept with the stale ones otherwise
	}
}
