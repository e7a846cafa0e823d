package document_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/document"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/federation/wellknown"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

var update = flag.Bool("update", false, "write the golden files")

const (
	act     = id.Act("01KAZ0000000000000000000AC")
	release = id.Release("01KAZ0000000000000000000RE")
	track   = id.Track("01KAZ0000000000000000000TR")
	list    = id.Playlist("01KAZ0000000000000000000PX")
)

// shelf is a catalogue with one release.
type shelf struct {
	full    music.FullRelease
	wallets map[id.Act][]music.Wallet
	long    []music.PlacedTrack // of the playlist, nil for a few
}

func newShelf() shelf {
	a := music.Act{ID: act, Handle: "low-tide", Name: "Low Tide", Bio: "Two people & a <piano>.\n\nFrom the north.", Members: []music.Member{{Name: "Ada", Role: "piano"}, {Name: "Bo", Role: "drums"}},
		Links: []music.Link{{Label: "Web", URL: "https://lowtide.example/"}}, Cover: music.Cover{ID: "00112233445566778899aabbccddeeff"}, Followers: 3, Releases: 1, Created: fedtest.Moment}
	r := music.Release{ID: release, Act: act, State: music.Published, Published: fedtest.Moment, Changed: fedtest.Moment.Add(time.Hour), Cover: music.Cover{ID: "ffeeddccbbaa99887766554433221100"},
		Facts: music.Facts{Title: "Arithmetic", Artist: "Low Tide", Kind: music.Album, Date: "2026-11-26", Label: "Shore", Licence: music.CCBY, Language: "en", Description: "Nine songs about numbers.\nAnd one about none.", Tags: []string{"indie pop", "piano"}}}
	song := music.FullTrack{Segmented: true, Renditions: []string{strings.Repeat("cd", 32)},
		Track: music.Track{ID: track, Release: release, Act: act, Title: "One & One", Disc: 1, Number: 2, ISRC: "DEA122600001", Recording: "0b1a2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d", Explicit: true, Lyrics: "[00:01.00]one", People: []music.Person{{Name: "Ada", Role: "piano"}, {Name: "Bo"}}, State: music.Ready, Changed: fedtest.Moment},
		Asset: &music.Asset{Track: track, SHA256: strings.Repeat("ab", 32), Bytes: 9_000_000, Codec: "flac", Rate: 44_100, Samples: 44_100 * 200, DurationMS: 200_500, Measured: true, Loudness: -14_200, Peak: -1_000, AlbumGain: -3_800, Peaks: []byte{0, 10, 127, 200, 255}}}
	return shelf{full: music.FullRelease{Release: r, Act: a, Tracks: []music.FullTrack{song}}}
}

var errNone = fault.New(fault.NotFound, "There is no such thing.")

func (s shelf) Act(_ context.Context, _ music.Viewer, handle string) (music.FullAct, error) {
	if handle != string(act) && !strings.EqualFold(strings.TrimPrefix(handle, "@"), "low-tide") {
		return music.FullAct{}, errNone
	}
	return music.FullAct{Act: s.full.Act}, nil
}

func (s shelf) Release(_ context.Context, _ music.Viewer, r id.Release, _ string) (music.FullRelease, error) {
	if r != release {
		return music.FullRelease{}, errNone
	}
	return s.full, nil
}

func (s shelf) Track(_ context.Context, _ music.Viewer, t id.Track, _ string) (music.FullTrack, music.FullRelease, error) {
	if t != track {
		return music.FullTrack{}, music.FullRelease{}, errNone
	}
	return s.full.Tracks[0], s.full, nil
}

func (s shelf) Wallets(context.Context, []id.Act) (map[id.Act][]music.Wallet, error) {
	return s.wallets, nil
}

func (s shelf) LabelOf(context.Context, *music.Release) (music.ActRow, error) {
	return music.ActRow{}, nil
}

// playlist is one of the act's: a track of it, one that is not public any more, and one
// of another server that is not known here.
func (s shelf) playlist() music.FullPlaylist {
	rows := []music.TrackRow{{ID: track, Act: act, Title: "One & One", Available: true}, {ID: "01KAZ0000000000000000000TX"}, {ID: "01KAZ0000000000000000000TZ", ActHandle: "tide@far.example", Available: true}}
	full := music.FullPlaylist{Playlist: music.Playlist{ID: list, Account: "01KAZ0000000000000000000QQ", Act: act, Title: "Late <trains>", Description: "For the way home.", Access: music.Public, Created: fedtest.Moment, Changed: fedtest.Moment.Add(time.Hour)}, Owner: "Low Tide", Act: s.full.Act}
	for _, r := range rows {
		full.Items = append(full.Items, music.PlacedTrack{Row: r})
	}
	if s.long != nil {
		full.Items = s.long
	}
	return full
}

func (s shelf) Playlist(_ context.Context, p id.Playlist) (music.FullPlaylist, error) {
	if p != list {
		return music.FullPlaylist{}, errNone
	}
	return s.playlist(), nil
}

func (s shelf) PlaylistsOf(context.Context, id.Act) ([]music.Playlist, error) {
	return []music.Playlist{s.playlist().Playlist}, nil
}

func (s shelf) Releases(context.Context, music.Filter, music.Page) (music.List[music.ReleaseRow], error) {
	return music.List[music.ReleaseRow]{Rows: []music.ReleaseRow{{ID: release, Tracks: len(s.full.Tracks)}}}, nil
}

func serve(t *testing.T) *http.ServeMux {
	t.Helper()
	return serveOn(t, fedtest.NewNode(t), nil)
}

func serveOn(t *testing.T, n *fedtest.Node, readers *document.Readers) *http.ServeMux {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	seed := bytes.Repeat([]byte{7}, ed25519.SeedSize)
	s := newShelf()
	mux := http.NewServeMux()
	d := documents(n, s)
	d.Readers = readers
	d.Keys = func(id.Act) form.Keys {
		return form.Keys{HTTP: &private.PublicKey, Proof: ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)}
	}
	d.Register(mux)
	(&wellknown.WellKnown{Site: site, Acts: s, People: &social.People{Store: n.DB}, Version: "1.2.3", Capabilities: []string{"audio-track"}, Log: fedtest.Quiet(),
		Usage: func(context.Context) (wellknown.Usage, error) {
			return wellknown.Usage{People: 9, Monthly: 5, HalfYear: 7, Works: 10, Open: true}, nil
		}}).Register(mux)
	return mux
}

func site(context.Context) form.Site {
	return form.Site{Origin: "https://nine.example", Name: "Nine", About: "A node."}
}

func documents(n *fedtest.Node, s shelf) *document.Documents {
	return &document.Documents{Site: site, Catalogue: s, Store: n.DB, Lives: &social.Lives{Store: n.DB}, Type: func(codec string) string { return "audio/" + codec }, Log: fedtest.Quiet()}
}

// signed asks as a server does; whether its signature holds is not looked at.
func signed(mux *http.ServeMux, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Signature", "x")
	rec := httptest.NewRecorder()
	mux.ServeHTTP(rec, r)
	return rec
}

func get(mux *http.ServeMux, path, accept string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Accept", accept)
	rec := httptest.NewRecorder()
	mux.ServeHTTP(rec, r)
	return rec
}

const asked = "application/activity+json"

// Every document, as it is sent.
func TestDocuments(t *testing.T) {
	mux := serve(t)
	for name, path := range map[string]string{
		"node": "/ap/node", "act": "/ap/acts/" + string(act), "outbox": "/ap/acts/" + string(act) + "/outbox", "outbox-page": "/ap/acts/" + string(act) + "/outbox?page=1",
		"followers": "/ap/acts/" + string(act) + "/followers", "followers-page": "/ap/acts/" + string(act) + "/followers?page=1", "releases-page": "/ap/acts/" + string(act) + "/releases?page=1", "release": "/ap/releases/" + string(release),
		"release-note": "/ap/releases/" + string(release) + "/note", "release-create": "/ap/releases/" + string(release) + "/note/create", "own-create": "/ap/releases/" + string(release) + "/create", "track": "/ap/tracks/" + string(track),
		"track-note": "/ap/tracks/" + string(track) + "/note", "playlist": "/ap/playlists/" + string(list), "playlist-page": "/ap/playlists/" + string(list) + "?page=1", "playlist-note": "/ap/playlists/" + string(list) + "/note", "playlists-page": "/ap/acts/" + string(act) + "/playlists?page=1",
		"funkwhale-track": "/ap/tracks/" + string(track) + "/audio", "funkwhale-library": "/ap/acts/" + string(act) + "/library", "funkwhale-library-page": "/ap/acts/" + string(act) + "/library?page=1",
		"webfinger": "/.well-known/webfinger?resource=acct:low-tide@nine.example", "webfinger-node": "/.well-known/webfinger?resource=acct:nine.example@nine.example",
		"nodeinfo": "/.well-known/nodeinfo", "nodeinfo-2.0": "/nodeinfo/2.0", "nodeinfo-2.1": "/nodeinfo/2.1", "host-meta": "/.well-known/host-meta.json",
	} {
		rec := get(mux, path, asked)
		if rec.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, rec.Code, rec.Body)
			continue
		}
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, rec.Body.Bytes(), "", "  "); err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		got := hideKey(pretty.String())
		file := filepath.Join("testdata", name+".json")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil || got != string(want) {
			t.Errorf("%s is not %s (go test -update writes it): %v\n%s", path, file, err, got)
		}
		if strings.HasPrefix(path, "/ap/") {
			o, err := vocab.Parse(rec.Body.Bytes())
			if err != nil || o.ID != "https://nine.example"+path {
				t.Errorf("%s says it is %s, %v", path, o.ID, err)
			}
		}
	}
}

// hideKey leaves out what is made anew for each test.
func hideKey(text string) string {
	const begin, end = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"
	i, j := strings.Index(text, begin), strings.Index(text, end)
	if i < 0 || j < i {
		return text
	}
	return text[:i+len(begin)] + "…" + text[j:]
}

func TestPagesForPeople(t *testing.T) {
	mux := serve(t)
	for path, page := range map[string]string{
		"/ap/acts/" + string(act): "https://nine.example/act/low-tide", "/ap/tracks/" + string(track): "https://nine.example/release/" + string(release) + "#t-" + string(track),
		"/ap/releases/" + string(release): "https://nine.example/release/" + string(release), "/ap/node": "https://nine.example/",
	} {
		rec := get(mux, path, "text/html,application/xhtml+xml,*/*;q=0.8")
		if rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != page || rec.Header().Get("Vary") != "Accept" {
			t.Errorf("%s: %d to %s", path, rec.Code, rec.Header().Get("Location"))
		}
	}
}

func TestNotThere(t *testing.T) {
	mux := serve(t)
	for path, want := range map[string]int{
		"/ap/acts/01KAZ0000000000000000000XX": 404, "/ap/acts/x": 404, "/ap/releases/01KAZ0000000000000000000XX": 404, "/ap/tracks/01KAZ0000000000000000000XX/note": 404,
		"/ap/acts/" + string(act) + "/outbox?page=0": 404, "/ap/acts/" + string(act) + "/outbox?page=x": 404, "/ap/activities/01KAZ0000000000000000000XX": 404,
		"/.well-known/webfinger": 422, "/.well-known/webfinger?resource=acct:nobody@nine.example": 404, "/.well-known/webfinger?resource=acct:low-tide@other.example": 404,
		"/.well-known/webfinger?resource=https://nine.example/act/nobody": 404, "/nodeinfo/3.0": 404,
		"/.well-known/webfinger?resource=acct:" + string(act) + "@nine.example": 404,
	} {
		if rec := get(mux, path, asked); rec.Code != want {
			t.Errorf("%s: %d, want %d", path, rec.Code, want)
		}
	}
	for _, resource := range []string{"acct:Low-Tide@NINE.example", "acct:@low-tide@nine.example", "https://nine.example/act/low-tide", "https://nine.example/ap/acts/" + string(act)} {
		rec := get(mux, "/.well-known/webfinger?resource="+resource, asked)
		if rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), `"subject":"acct:low-tide@nine.example"`) || rec.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %d %s", resource, rec.Code, rec.Body)
		}
	}
}

// The context that is in every document is served, too, as it is there.
func TestContextIsServed(t *testing.T) {
	mux := serve(t)
	rec := get(mux, "/ap/context.jsonld", "application/ld+json")
	var got, sent struct {
		Context json.RawMessage `json:"@context"`
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(get(mux, "/ap/node", asked).Body.Bytes(), &sent); err != nil {
		t.Fatal(err)
	}
	if h := rec.Header(); rec.Code != http.StatusOK || !bytes.Equal(got.Context, sent.Context) || !strings.HasPrefix(h.Get("Content-Type"), "application/ld+json") || !strings.Contains(h.Get("Cache-Control"), "max-age") || h.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%d %v %s", rec.Code, h, rec.Body)
	}
}
