package elsewhere_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

const (
	master = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-STREAM-INF:BANDWIDTH=900000,AVERAGE-BANDWIDTH=800000,CODECS=\"fLaC\",X-TRUE-PEAK=-1.25\n../RENDITION/index.m3u8\n"
	list   = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:6\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:6.000000,\n0.m4s\n#EXT-X-ENDLIST\n"
)

// inSegments has the act publish a track that plays in segments, and returns it,
// the address of its segments there and the name of its one form.
func (s *scene) inSegments() (track social.Track, at, rendition string) {
	s.t.Helper()
	s.find()
	s.follow(s.ada, true)
	at, rendition = "/media/"+string(id.New[id.Track](fedtest.Moment))+"/master.m3u8", strings.Repeat("0f", 32)
	r := s.release("one", 1)
	x := r.OrderedItems[0].Object
	x.URL = append(x.URL, vocab.Of(&vocab.Object{Type: []string{"Link"}, MediaType: "application/vnd.apple.mpegurl", Href: s.server.URL + at}))
	x.Put("nineten:waveform", "AAp/yP8=")
	if err := s.says("Create", vocab.Of(r), s.act); err != nil {
		s.t.Fatal(err)
	}
	releases, err := s.desk.Newest(s.t.Context(), s.ada, 1)
	if err != nil || len(releases) != 1 {
		s.t.Fatalf("%+v, %v", releases, err)
	}
	full, err := s.desk.Release(s.t.Context(), releases[0].ID)
	if err != nil {
		s.t.Fatal(err)
	}
	s.server.Serve(at, "application/vnd.apple.mpegurl", []byte(strings.ReplaceAll(master, "RENDITION", rendition)))
	s.server.Serve("/media/"+rendition+"/index.m3u8", "application/vnd.apple.mpegurl", []byte(list))
	s.server.Serve("/media/"+rendition+"/init.mp4", "audio/mp4", []byte("ftyp"))
	s.server.Serve("/media/"+rendition+"/0.m4s", "audio/mp4", []byte("moof"))
	return full.Tracks[0], at, rendition
}

// A track of another node plays in segments, and a browser asks for all of them here.
func TestSegments(t *testing.T) {
	s := newScene(t)
	track, at, rendition := s.inSegments()
	if string(track.Peaks) != "\x00\x0a\x7f\xc8\xff" || track.Segments != s.server.URL+at {
		t.Errorf("%+v", track)
	}
	q := httptest.NewRequest(http.MethodGet, "/media/x/master.m3u8", nil)
	rec := httptest.NewRecorder()
	if err := s.desk.Master(rec, q, track.ID); err != nil || rec.Body.String() != strings.ReplaceAll(strings.ReplaceAll(master, "../", "there/"), "RENDITION", rendition) {
		t.Errorf("%s, %v", rec.Body, err)
	}
	for name, want := range map[string]string{"index.m3u8": list, "init.mp4": "ftyp", "0.m4s": "moof"} {
		rec := httptest.NewRecorder()
		if err := s.desk.Part(rec, q, track.ID, rendition, name); err != nil || rec.Body.String() != want || !strings.HasPrefix(rec.Header().Get("Cache-Control"), "private") || rec.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("%s: %q %v, %v", name, rec.Body, rec.Header(), err)
		}
	}
	if err := s.desk.Part(httptest.NewRecorder(), q, track.ID, rendition, "1.m4s"); !fault.Is(err, fault.NotFound) {
		t.Errorf("what is not there: %v", err)
	}
	part := "/media/" + rendition + "/0.m4s"
	asked, look := s.server.Asked(part), httptest.NewRequest(http.MethodHead, "/media/x", nil)
	if err := s.desk.Part(httptest.NewRecorder(), look, track.ID, rendition, "0.m4s"); err != nil || s.server.Asked(part) != asked {
		t.Errorf("who looks whether it is there has it fetched: %v", err)
	}
	through := q.Clone(t.Context())
	through.Header.Set("Via", "1.1 9ten")
	if err := s.desk.Master(httptest.NewRecorder(), through, track.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("in a circle: %v", err)
	}
}

// Of what another server calls a playlist nothing is passed on that would have a
// browser ask elsewhere or take what is no sound.
func TestForgedSegments(t *testing.T) {
	s := newScene(t)
	track, at, rendition := s.inSegments()
	q := httptest.NewRequest(http.MethodGet, "/media/x/master.m3u8", nil)
	for what, text := range map[string]string{
		"of another server": "#EXTM3U\nhttps://evil.example/media/" + rendition + "/index.m3u8\n",
		"of anything":       "#EXTM3U\n../../secret\n",
		"with a key":        "#EXTM3U\n#EXT-X-SESSION-KEY:METHOD=AES-128,URI=\"https://evil.example/k\"\n",
		"with sounds":       "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",URI=\"https://evil.example/\"\n",
		"no playlist":       "<script>alert(1)</script>",
		"nothing":           "",
		"endless":           "#EXTM3U\n" + strings.Repeat("#EXT-X-INDEPENDENT-SEGMENTS\n", 10_000),
	} {
		s.server.Serve(at, "application/vnd.apple.mpegurl", []byte(text))
		rec := httptest.NewRecorder()
		if err := s.desk.Master(rec, q, track.ID); !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.TooLarge) || rec.Body.Len() > 0 {
			t.Errorf("%s: %q, %v", what, rec.Body, err)
		}
	}
	for what, text := range map[string]string{
		"a segment elsewhere": strings.Replace(list, "0.m4s", "https://evil.example/0.m4s", 1),
		"a header elsewhere":  strings.Replace(list, "init.mp4", "../x", 1),
		"live":                strings.Replace(list, "#EXT-X-PLAYLIST-TYPE:VOD", "#EXT-X-PART-INF:PART-TARGET=1", 1),
	} {
		s.server.Serve("/media/"+rendition+"/index.m3u8", "application/vnd.apple.mpegurl", []byte(text))
		rec := httptest.NewRecorder()
		if err := s.desk.Part(rec, q, track.ID, rendition, "index.m3u8"); !fault.Is(err, fault.NotFound) || rec.Body.Len() > 0 {
			t.Errorf("%s: %q, %v", what, rec.Body, err)
		}
	}
	s.server.Serve("/media/"+rendition+"/0.m4s", "text/html", []byte("<script>alert(1)</script>"))
	if err := s.desk.Part(httptest.NewRecorder(), q, track.ID, rendition, "0.m4s"); !fault.Is(err, fault.NotFound) {
		t.Errorf("a page as a segment: %v", err)
	}
	s.server.Serve("/media/"+rendition+"/0.m4s", "audio/mp4", make([]byte, 17<<20))
	if err := s.desk.Part(httptest.NewRecorder(), q, track.ID, rendition, "0.m4s"); !fault.Is(err, fault.TooLarge) {
		t.Errorf("a segment without end: %v", err)
	}
}
