// Package stream serves sound over HTTP: playlists, segments, originals and
// covers, and beside them the tiles of the node's log. It decides nothing about
// music: what exists and who may hear it comes from a [Catalogue] and a hook,
// bytes come from a [Packager] and [Blobs].
package stream

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/problem"
)

// A Track is what there is to hear of a track.
type Track struct {
	// Public tracks are for everybody, and shared caches may keep them. For
	// others [Config.Allow] is asked at every request.
	Public     bool
	Renditions []string // ids, lossless first; what the browser plays in segments
	Original   Original
}

// Original is the file an artist uploaded.
type Original struct {
	Key  string // blob key; ends in the file's SHA-256
	Type string // media type, such as "audio/flac"
}

// Manifest is the canonical form of a rendition (docs/protocol/manifest.md)
// and who answers for it.
type Manifest struct {
	Bytes     []byte // their SHA-256 is the rendition's id
	Signature []byte // Ed25519, by Key
	Act       string
	Key       []byte // the act's public key, 32 bytes
}

// Catalogue knows what is there. Every method returns a NotFound fault for what
// is not.
type Catalogue interface {
	Track(ctx context.Context, track id.Track) (Track, error)
	// TrackOf returns the track of a rendition, which never changes.
	TrackOf(ctx context.Context, rendition string) (id.Track, error)
	// Manifest returns what the act signed of a rendition.
	Manifest(ctx context.Context, rendition string) (Manifest, error)
	// Cover returns the blob key of a cover in a size (pixels a side) and a
	// format ("webp" or "jpg").
	Cover(ctx context.Context, cover string, size int, format string) (key string, err error)
}

// Content is an open file. One backed by *os.File is sent by the kernel.
type Content = interface {
	io.ReaderAt
	io.ReadSeekCloser
	Size() int64
	ModTime() time.Time
}

// Packager makes what players ask for. Faults: NotFound, Unavailable.
type Packager interface {
	Master(ctx context.Context, prefix string, renditions []string) ([]byte, error)
	Playlist(ctx context.Context, rendition string) ([]byte, error)
	Init(ctx context.Context, rendition string) ([]byte, error)
	Segment(ctx context.Context, rendition string, n int) (Content, error)
}

// Blobs opens stored files. Faults: NotFound, Unavailable.
type Blobs interface {
	Open(ctx context.Context, key string) (Content, error)
}

// Log gives out the files of the transparency log by their C2SP tlog-tiles
// paths: "checkpoint", "tile/...". Fault: NotFound.
type Log interface {
	Open(path string) ([]byte, error)
}

// Elsewhere passes on the sound of tracks of other servers. Faults: NotFound when
// there is no such track either, or not in segments.
type Elsewhere interface {
	Sound(w http.ResponseWriter, r *http.Request, track id.Track) error
	Master(w http.ResponseWriter, r *http.Request, track id.Track) error
	Part(w http.ResponseWriter, r *http.Request, track id.Track, rendition, name string) error
}

// Config of a [Server].
type Config struct {
	Catalogue Catalogue
	Packager  Packager
	Blobs     Blobs
	Tiles     Log // nil: no log is served
	// Allow says whether a request may have a track that is not public:
	// Unauthenticated, Forbidden or NotFound when not. nil allows nothing.
	Allow func(ctx context.Context, r *http.Request, track id.Track) error
	// Elsewhere has the tracks of other servers. nil: there are none.
	Elsewhere Elsewhere
	// Asked hears of every question for the original of a track, or for the choice
	// of its forms: one for each time it is played. nil: nobody does.
	Asked func(r *http.Request, track id.Track)
	// Fresh is how long a track's state is believed without asking again; 0
	// means 2 s. [Server.Forget] ends it at once, for take-downs.
	Fresh time.Duration
	Now   func() time.Time
	Log   *slog.Logger
}

// A Server answers for /media, /covers and /log. It is safe for concurrent use.
type Server struct {
	cfg   Config
	known known
}

// New makes a server.
func New(cfg Config) *Server {
	if cfg.Fresh == 0 {
		cfg.Fresh = 2 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Server{cfg: cfg}
}

// Register adds the server's routes to a mux.
func (s *Server) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /media/{track}/master.m3u8", s.handle(s.master))
	mux.HandleFunc("GET /media/{track}/original", s.handle(s.original))
	mux.HandleFunc("GET /media/{rendition}/{file}", s.handle(s.rendition))
	if s.cfg.Elsewhere != nil {
		mux.HandleFunc("GET /media/{track}/there/{rendition}/{file}", s.handle(s.part))
	}
	mux.HandleFunc("OPTIONS /media/", preflight)
	mux.HandleFunc("GET /covers/{cover}/{file}", s.handle(s.cover))
	if s.cfg.Tiles != nil {
		mux.HandleFunc("GET /log/{path...}", s.handle(s.tile))
		mux.HandleFunc("OPTIONS /log/", preflight)
	}
}

// Forget makes the server ask the catalogue again about a track.
func (s *Server) Forget(track id.Track) { s.known.forget(track) }

// Values of headers, shared so that a request allocates none of them.
var (
	anyOrigin    = []string{"*"}
	exposed      = []string{"Content-Length, Content-Range, ETag"}
	crossSite    = []string{"cross-origin"}
	noSniff      = []string{"nosniff"}
	forever      = []string{"public, max-age=31536000, immutable"}
	foreverOwn   = []string{"private, max-age=31536000, immutable"}
	revalidate   = []string{"no-cache"}
	ownAgain     = []string{"private, no-cache"}
	acceptRanges = []string{"bytes"}
	playlist     = []string{"application/vnd.apple.mpegurl"}
	fragment     = []string{"audio/mp4"}
	plain        = []string{"text/plain; charset=utf-8"}
	binaryType   = []string{"application/octet-stream"}
)

// handle sets what every answer has and turns errors into problems.
func (s *Server) handle(f func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["Access-Control-Allow-Origin"] = anyOrigin
		h["Access-Control-Expose-Headers"] = exposed
		h["Cross-Origin-Resource-Policy"] = crossSite
		h["X-Content-Type-Options"] = noSniff
		if err := f(w, r); err != nil {
			h.Del("Etag")
			problem.Log(s.cfg.Log, r, err)
			problem.Write(w, err)
		}
	}
}

func preflight(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h["Access-Control-Allow-Origin"] = anyOrigin
	h.Set("Access-Control-Allow-Methods", "GET, HEAD")
	h.Set("Access-Control-Allow-Headers", "Range, If-None-Match, If-Range")
	h.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
}

func errNothing() error { return fault.New(fault.NotFound, "There is nothing with that name here.") }

// allowed returns a track the request may hear.
func (s *Server) allowed(r *http.Request, track id.Track) (Track, error) {
	t, err := s.known.track(r.Context(), track, s.cfg.Now(), s.cfg.Fresh, s.cfg.Catalogue)
	if err != nil || t.Public {
		return t, err
	}
	if s.cfg.Allow == nil {
		return Track{}, errNothing()
	}
	return t, s.cfg.Allow(r.Context(), r, track)
}

// pick chooses the caching rule for a track.
func pick(t Track, public, own []string) []string {
	if t.Public {
		return public
	}
	return own
}

// master serves the choice of renditions. It may change, so it is named by its
// hash and asked for again.
func (s *Server) master(w http.ResponseWriter, r *http.Request) error {
	track, err := id.Parse[id.Track](r.PathValue("track"))
	if err != nil {
		return err
	}
	t, err := s.allowed(r, track)
	if fault.Is(err, fault.NotFound) && s.cfg.Elsewhere != nil {
		return s.cfg.Elsewhere.Master(w, r, track)
	}
	if err != nil {
		return err
	}
	if len(t.Renditions) == 0 {
		return fault.New(fault.NotFound, "This track is played from its original file.")
	}
	if s.cfg.Asked != nil {
		s.cfg.Asked(r, track)
	}
	b, err := s.cfg.Packager.Master(r.Context(), "../", t.Renditions)
	if err != nil {
		return err
	}
	h := w.Header()
	h["Content-Type"] = playlist
	h["Cache-Control"] = pick(t, revalidate, ownAgain)
	sum := sha256.Sum256(b)
	serveBytes(w, r, hex.EncodeToString(sum[:16]), b)
	return nil
}

// original serves the uploaded file, with ranges.
func (s *Server) original(w http.ResponseWriter, r *http.Request) error {
	track, err := id.Parse[id.Track](r.PathValue("track"))
	if err != nil {
		return err
	}
	t, err := s.allowed(r, track)
	if fault.Is(err, fault.NotFound) && s.cfg.Elsewhere != nil {
		return s.cfg.Elsewhere.Sound(w, r, track)
	}
	if err != nil {
		return err
	}
	if t.Original.Key == "" {
		return errNothing()
	}
	if s.cfg.Asked != nil {
		s.cfg.Asked(r, track)
	}
	c, err := s.cfg.Blobs.Open(r.Context(), t.Original.Key)
	if err != nil {
		return err
	}
	h := w.Header()
	h["Content-Type"] = []string{t.Original.Type}
	h["Cache-Control"] = pick(t, revalidate, ownAgain)
	return serve(w, r, t.Original.Key[strings.LastIndexByte(t.Original.Key, '/')+1:], c)
}

// rendition serves what a rendition's hash names; it never changes.
func (s *Server) rendition(w http.ResponseWriter, r *http.Request) error {
	rendition, file := r.PathValue("rendition"), r.PathValue("file")
	n, segment := segmentNumber(file)
	if !isHash(rendition) || !segment && !parts[file] && file != "manifest.json" {
		return errNothing()
	}
	ctx := r.Context()
	track, err := s.known.trackOf(ctx, rendition, s.cfg.Catalogue)
	if err != nil {
		return err
	}
	t, err := s.allowed(r, track)
	if err != nil {
		return err
	}
	h := w.Header()
	h["Content-Type"] = fragment
	tag := rendition[:32] + "." + file
	if segment {
		c, err := s.cfg.Packager.Segment(ctx, rendition, n)
		if err != nil {
			return err
		}
		h["Cache-Control"] = pick(t, forever, foreverOwn)
		return serve(w, r, tag, c)
	}
	if file == "manifest.json" {
		return s.manifest(w, r, rendition, t)
	}
	made := s.cfg.Packager.Init
	if file == "index.m3u8" {
		made, h["Content-Type"] = s.cfg.Packager.Playlist, playlist
	}
	b, err := made(ctx, rendition)
	if err != nil {
		return err
	}
	h["Cache-Control"] = pick(t, forever, foreverOwn)
	serveBytes(w, r, tag, b)
	return nil
}

// parts are what a form has beside its segments.
var parts = map[string]bool{"index.m3u8": true, "init.mp4": true}

// part passes on what belongs to a form of a track of another node.
func (s *Server) part(w http.ResponseWriter, r *http.Request) error {
	track, err := id.Parse[id.Track](r.PathValue("track"))
	if err != nil {
		return err
	}
	rendition, file := r.PathValue("rendition"), r.PathValue("file")
	if _, segment := segmentNumber(file); !isHash(rendition) || !segment && !parts[file] {
		return errNothing()
	}
	return s.cfg.Elsewhere.Part(w, r, track, rendition, file)
}

func isHash(s string) bool {
	if len(s) != 64 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// segmentNumber reads "<n>.m4s"; every number has one name.
func segmentNumber(file string) (int, bool) {
	d, ok := strings.CutSuffix(file, ".m4s")
	if !ok || len(d) == 0 || len(d) > 6 || d[0] == '0' && len(d) > 1 {
		return 0, false
	}
	n, err := strconv.ParseUint(d, 10, 31)
	return int(n), err == nil
}

var coverTypes = map[string][]string{"webp": {"image/webp"}, "jpg": {"image/jpeg"}}

// cover serves <size>.<format>. A cover that changes gets another id.
func (s *Server) cover(w http.ResponseWriter, r *http.Request) error {
	size, format, _ := strings.Cut(r.PathValue("file"), ".")
	n, err := strconv.Atoi(size)
	kind, ok := coverTypes[format]
	if err != nil || !ok || n <= 0 || strconv.Itoa(n) != size {
		return errNothing()
	}
	cover := r.PathValue("cover")
	key, err := s.cfg.Catalogue.Cover(r.Context(), cover, n, format)
	if err != nil {
		return err
	}
	c, err := s.cfg.Blobs.Open(r.Context(), key)
	if err != nil {
		return err
	}
	h := w.Header()
	h["Content-Type"], h["Cache-Control"] = kind, forever
	sum := sha256.Sum256([]byte(key))
	return serve(w, r, hex.EncodeToString(sum[:16]), c)
}

// tile serves the log, byte for byte as it is stored.
func (s *Server) tile(w http.ResponseWriter, r *http.Request) error {
	path := r.PathValue("path")
	if path != "checkpoint" && !strings.HasPrefix(path, "tile/") {
		return errNothing()
	}
	b, err := s.cfg.Tiles.Open(path)
	if err != nil {
		return err
	}
	h := w.Header()
	h["Content-Type"], h["Cache-Control"] = binaryType, forever
	if path == "checkpoint" {
		h["Content-Type"], h["Cache-Control"] = plain, revalidate
	}
	sum := sha256.Sum256(b)
	serveBytes(w, r, hex.EncodeToString(sum[:16]), b)
	return nil
}
