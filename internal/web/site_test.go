package web_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/michaelperna/9ten/internal/web"
	"github.com/michaelperna/9ten/internal/web/browsertest"
)

// The two tracks of the stub node that play as HLS, and one that plays as a file.
const (
	trackA = "01KIT00000000000000000000A"
	trackB = "01KIT00000000000000000000B"
	trackC = "01KIT0000000000000000000PC"
	playID = "000102030405060708090a0b0c0d0e0f"
)

// site is a node of stub data around the real foundation: it answers what the
// scripts ask and notes what they said.
type site struct {
	*httptest.Server
	mu      sync.Mutex
	begun   []map[string]any
	spki    []byte
	alg     string
	claims  []sentClaim
	uploads map[string]*stubUpload
	cut     int // tus: break off this many PATCH requests half way
	refuse  string
	asked   []string      // paths, in order
	begins  chan struct{} // when set, plays begin once it is closed
}

type sentClaim struct {
	Claim, Signature, CSRF string
	Beacon                 bool
}

// verifyPage fills the template of /verify.
type verifyPage struct {
	web.Page
	Keys string
}

func covers(t testing.TB) []web.Cover {
	t.Helper()
	b, err := os.ReadFile("testdata/covers/accents.json")
	if err != nil {
		t.Fatal(err)
	}
	var accents map[string]struct{ Dark, Light string }
	if err := json.Unmarshal(b, &accents); err != nil {
		t.Fatal(err)
	}
	var list []web.Cover
	for _, n := range []string{"low-tide", "substation", "pollen", "nine-rooms", "second-skin", "harmattan", "ballast", "machinery", "salt-dial"} {
		list = append(list, web.Cover{ID: n, Accents: web.Accents{Light: accents[n].Light, Dark: accents[n].Dark}})
	}
	return list
}

func newSite(t testing.TB) *site {
	t.Helper()
	r, assets, _ := newRenderer(t)
	s := &site{uploads: map[string]*stubUpload{}}
	mux := http.NewServeMux()
	all := covers(t)
	mux.Handle("GET /assets/", assets)
	mux.Handle("GET /kit", r.Kit(basePage, all))
	mux.HandleFunc("GET /covers/{id}/{size}", func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Cache-Control", "max-age=3600")
		http.ServeFile(w, req, filepath.Join("testdata", "covers", filepath.Base(req.PathValue("id"))+".webp"))
	})
	mux.HandleFunc("GET /manifest.webmanifest", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"name":"9ten"}`) })
	page := func(name string, nav string) http.HandlerFunc {
		return func(w http.ResponseWriter, req *http.Request) {
			base := basePage(req)
			base.Title, base.Nav = name, nav
			k := web.NewKit(base, all)
			k.Title, k.Scripts = name, nil // pages of music need no further script
			if name == "Browse" {
				k.Accents = all[4].Accents
			}
			k.Tracks[0].Ref.ID, k.Tracks[1].Ref.ID = trackA, trackB
			k.Tracks[0].Ref.Millis, k.Tracks[1].Ref.Millis = 40_000, 40_000
			k.Tracks[2].Trouble = ""
			k.Tracks[2].Ref.ID, k.Tracks[2].Ref.Source, k.Tracks[2].Ref.Millis = trackC, "original", 6_000
			for i := range 3 {
				k.Tracks[i].Ref.TrackGain, k.Tracks[i].Ref.AlbumGain = 500, 500
			}
			k.Wave = k.Tracks[0].Ref
			if err := r.Render(w, req, http.StatusOK, "kit", k); err != nil {
				t.Error(err)
			}
		}
	}
	mux.HandleFunc("GET /{$}", page("Home", web.NavNine))
	mux.HandleFunc("GET /browse", page("Browse", web.NavBrowse))
	mux.HandleFunc("GET /library", page("Library", web.NavLibrary))
	mux.HandleFunc("POST /kit", func(w http.ResponseWriter, req *http.Request) { http.Redirect(w, req, "/library", http.StatusSeeOther) })
	mux.HandleFunc("POST /playlists", func(w http.ResponseWriter, req *http.Request) { http.Redirect(w, req, "/library", http.StatusSeeOther) })
	mux.HandleFunc("GET /verify", func(w http.ResponseWriter, req *http.Request) {
		base := basePage(req)
		base.Scripts = []string{"verifypage.js"}
		keys, err := os.ReadFile("../royalty/testdata/receipts/keys.txt")
		if err != nil {
			t.Error(err)
		}
		if err := r.Render(w, req, http.StatusOK, "verify", &verifyPage{Page: base, Keys: string(keys)}); err != nil {
			t.Error(err)
		}
	})
	s.media(mux)
	s.listening(mux)
	s.tus(mux)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, req.Method+" "+req.URL.Path)
		s.mu.Unlock()
		mux.ServeHTTP(w, req)
	}))
	t.Cleanup(s.Close)
	return s
}

// media serves recordings of a sine: tracks A and B in FLAC as HLS, C as MP3.
func (s *site) media(mux *http.ServeMux) {
	name := map[string]string{trackA: "a", trackB: "b"}
	mux.HandleFunc("GET /media/{id}/{file}", func(w http.ResponseWriter, req *http.Request) {
		id, file := req.PathValue("id"), req.PathValue("file")
		switch {
		case file == "master.m3u8" && name[id] != "":
			w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
			fmt.Fprintf(w, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-STREAM-INF:BANDWIDTH=70000,CODECS=\"fLaC\",X-TRUE-PEAK=-2.50\n/media/%s/index.m3u8\n", name[id])
		case file == "index.m3u8":
			w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
			http.ServeFile(w, req, filepath.Join("testdata", "media", filepath.Base(id)+".m3u8"))
		case file == "original" && id == trackC:
			w.Header().Set("Content-Type", "audio/mpeg")
			http.ServeFile(w, req, filepath.Join("testdata", "media", "c.mp3"))
		case strings.HasSuffix(file, ".m4s") || strings.HasSuffix(file, ".mp4"):
			w.Header().Set("Content-Type", "audio/mp4")
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			http.ServeFile(w, req, filepath.Join("testdata", "media", filepath.Base(file)))
		default:
			http.NotFound(w, req)
		}
	})
}

// listening answers plays, claims and devices.
func (s *site) listening(mux *http.ServeMux) {
	mux.HandleFunc("POST /api/v1/devices", func(w http.ResponseWriter, req *http.Request) {
		var in struct{ SPKI, Alg, Name string }
		_ = json.NewDecoder(req.Body).Decode(&in)
		s.mu.Lock()
		s.spki, _ = base64.StdEncoding.DecodeString(in.SPKI)
		s.alg = in.Alg
		s.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /api/v1/plays", func(w http.ResponseWriter, req *http.Request) {
		var in map[string]any
		_ = json.NewDecoder(req.Body).Decode(&in)
		in["csrf-header"] = req.Header.Get("X-CSRF-Token")
		s.mu.Lock()
		s.begun = append(s.begun, in)
		s.mu.Unlock()
		if s.begins != nil {
			select {
			case <-s.begins:
			case <-req.Context().Done():
			}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{
			"play": playID, "nonce": strings.Repeat("ab", 16), "begin_ms": time.Now().UnixMilli(), "mark_ms": 1500, "heartbeat_s": 15,
			"node": "quayside.example", "track": fmt.Sprint(in["track"]) + "@quayside.example", "sheet": 3,
		})
	})
	mux.HandleFunc("POST /api/v1/plays/{play}/claim", func(w http.ResponseWriter, req *http.Request) {
		b, _ := io.ReadAll(req.Body)
		var c sentClaim
		_ = json.Unmarshal(b, &c)
		c.Beacon = req.Header.Get("X-CSRF-Token") == ""
		s.mu.Lock()
		s.claims = append(s.claims, c)
		s.mu.Unlock()
		_ = json.NewEncoder(w).Encode(map[string]any{"nonce": strings.Repeat("cd", 16), "counted": true, "counted_ms": 1500, "day": 20261124})
	})
	// What the player's auditor asks: a node with nothing to check yet.
	for path, answer := range map[string]string{
		"/api/v1/node": `{"node":"quayside.example","keys":[],"now_ms":1795608000000}`, "/api/v1/receipts": `{"rows":[]}`, "/api/v1/receipts/days": `[]`,
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, answer) })
	}
	mux.HandleFunc("GET /api/v1/tracks/{id}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"track":{"lyrics":"","waveform":"AIA/"}}`)
	})
	mux.HandleFunc("PUT /api/v1/likes/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
}

// verified reports whether a claim is signed by the registered device.
func (s *site) verified(c sentClaim) error {
	claim, err := base64.StdEncoding.DecodeString(c.Claim)
	if err != nil {
		return err
	}
	sig, err := base64.StdEncoding.DecodeString(c.Signature)
	if err != nil {
		return err
	}
	key, err := x509.ParsePKIXPublicKey(s.spki)
	if err != nil {
		return err
	}
	switch key := key.(type) {
	case ed25519.PublicKey:
		if ed25519.Verify(key, claim, sig) {
			return nil
		}
	case *ecdsa.PublicKey:
		sum := sha256.Sum256(claim)
		if len(sig) == 64 && ecdsa.Verify(key, sum[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])) {
			return nil
		}
	}
	return fmt.Errorf("the signature does not hold")
}

// tab is one page of a browser.
type tab struct{ *browsertest.Tab }

func browser(t testing.TB, width, height int) *tab {
	t.Helper()
	return &tab{browsertest.New(t, width, height)}
}

func (b *tab) run(t testing.TB, actions ...chromedp.Action) {
	t.Helper()
	b.Run(t, actions...)
}

func (b *tab) clean(t testing.TB) {
	t.Helper()
	b.Clean(t)
}

var (
	until   = browsertest.Until
	awaited = browsertest.Awaited
)
