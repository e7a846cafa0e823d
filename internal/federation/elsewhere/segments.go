package elsewhere

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/netsafe"
	"github.com/michaelperna/9ten/internal/id"
)

// Bounds of what another node says of segments, and of one.
const (
	maxMaster   = 16 << 10
	maxPlaylist = 1 << 20 // four hours of it have about 100,000 bytes
	maxSegment  = 16 << 20
	patienceFor = 30 * time.Second
)

const hlsType = "application/vnd.apple.mpegurl"

// What nodes write in playlists. Whatever else stands in one might have a browser
// ask somewhere, or wait for ever: a playlist with anything else is none.
var (
	masterLine  = regexp.MustCompile(`^#(EXTM3U|EXT-X-VERSION:\d{1,2}|EXT-X-INDEPENDENT-SEGMENTS|EXT-X-STREAM-INF:BANDWIDTH=\d{1,12},AVERAGE-BANDWIDTH=\d{1,12},CODECS="[A-Za-z0-9.]{1,32}"(,X-TRUE-PEAK=-?\d{1,3}\.\d\d)?)$`)
	variantLine = regexp.MustCompile(`^(?:https://[^/?#]+/media|\.\.)/([0-9a-f]{64}/index\.m3u8)$`)
	mediaLine   = regexp.MustCompile(`^(#EXTM3U|#EXT-X-VERSION:\d{1,2}|#EXT-X-TARGETDURATION:\d{1,4}|#EXT-X-PLAYLIST-TYPE:VOD|#EXT-X-INDEPENDENT-SEGMENTS|#EXT-X-MAP:URI="init\.mp4"|#EXTINF:\d{1,5}\.\d{1,6},|(0|[1-9]\d{0,5})\.m4s|#EXT-X-ENDLIST)$`)
)

// Master passes on the choice of forms in which a track of another node plays in
// segments, which are then asked for here. It is asked anew each time: that is what
// the other node counts. Faults: NotFound where only the file plays, Limited,
// Unavailable.
func (d *Desk) Master(w http.ResponseWriter, r *http.Request, track id.Track) error {
	at, err := d.segments(r, track)
	if err != nil {
		return err
	}
	b, err := d.playlist(r, at, r.Method != http.MethodHead, maxMaster) // who looks whether it is there does not listen
	if err != nil {
		return err
	}
	list, err := ownMaster(b, at)
	if err != nil {
		return err
	}
	give(w, hlsType, "private, no-cache", bytes.NewReader(list))
	return nil
}

// Part passes on what belongs to one of these forms: its playlist, its header, a
// segment. name is one of those that package stream serves. The faults are those of
// Master.
//
// BUG(9ten): nothing ties a rendition to the track's master playlist, so a server can
// have any sound of its own passed on under a track of it, and a browser can ask
// for segments without the one question that the server counts.
func (d *Desk) Part(w http.ResponseWriter, r *http.Request, track id.Track, rendition, name string) error {
	at, err := d.segments(r, track)
	if err != nil {
		return err
	}
	at.Path = "/media/" + rendition + "/" + name
	const forever = "private, max-age=86400, immutable" // it is named by its content
	if name == "index.m3u8" {
		b, err := d.playlist(r, at, false, maxPlaylist)
		if err != nil {
			return err
		}
		if !every(b, mediaLine) {
			return noSegments(at.Host)
		}
		give(w, hlsType, forever, bytes.NewReader(b))
		return nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), patienceFor)
	defer cancel()
	res, leave, err := d.request(r.WithContext(ctx), at.String(), question{method: r.Method, accept: "audio/mp4"})
	if err != nil {
		return err
	}
	defer leave()
	if kind := audio(res.Header.Get("Content-Type"), "audio/mp4"); res.StatusCode != http.StatusOK || kind != "audio/mp4" {
		return noSegments(at.Host)
	}
	if res.ContentLength > maxSegment {
		return fault.New(fault.TooLarge, "The other server's answer is longer than %d bytes.", maxSegment)
	}
	copyHeader(w.Header(), res.Header, []string{"Content-Length"})
	give(w, "audio/mp4", forever, io.LimitReader(res.Body, maxSegment))
	return nil
}

// segments is where a track's master playlist is.
func (d *Desk) segments(r *http.Request, track id.Track) (*url.URL, error) {
	t, err := d.Track(r.Context(), track)
	if err != nil {
		return nil, err
	}
	if t.Segments == "" {
		return nil, fault.New(fault.NotFound, "This track is played from its original file.")
	}
	u, err := url.Parse(t.Segments)
	if err != nil {
		return nil, fault.New(fault.NotFound, "%q is no address.", t.Segments)
	}
	return u, nil
}

func noSegments(host string) error {
	return fault.New(fault.NotFound, "What the server %s has there is no sound in segments.", host)
}

func (d *Desk) playlist(r *http.Request, at *url.URL, signed bool, most int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(r.Context(), patienceFor)
	defer cancel()
	res, leave, err := d.request(r.WithContext(ctx), at.String(), question{accept: hlsType, signed: signed})
	if err != nil {
		return nil, err
	}
	defer leave()
	if res.StatusCode != http.StatusOK {
		return nil, noSegments(at.Host)
	}
	return netsafe.Read(res.Body, most)
}

// ownMaster has the playlists of a master playlist asked for at this node.
func ownMaster(list []byte, at *url.URL) ([]byte, error) {
	var out bytes.Buffer
	for line := range bytes.Lines(list) {
		line = bytes.TrimRight(line, "\r\n")
		m := variantLine.FindSubmatch(line)
		switch {
		case m != nil:
			to, err := at.Parse(string(line))
			if err != nil || to.Host != at.Host || to.Path != "/media/"+string(m[1]) {
				return nil, noSegments(at.Host)
			}
			line = append([]byte("there/"), m[1]...)
		case len(line) > 0 && !masterLine.Match(line):
			return nil, noSegments(at.Host)
		}
		out.Write(line)
		out.WriteByte('\n')
	}
	if !bytes.HasPrefix(list, []byte("#EXTM3U")) {
		return nil, noSegments(at.Host)
	}
	return out.Bytes(), nil
}

func every(list []byte, allowed *regexp.Regexp) bool {
	for line := range bytes.Lines(list) {
		if line = bytes.TrimRight(line, "\r\n"); len(line) > 0 && !allowed.Match(line) {
			return false
		}
	}
	return bytes.HasPrefix(list, []byte("#EXTM3U"))
}

func give(w http.ResponseWriter, kind, keep string, b io.Reader) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", keep)
	h.Set("Content-Security-Policy", strangers)
	_, _ = io.Copy(w, b) // the listener may have gone on
}
