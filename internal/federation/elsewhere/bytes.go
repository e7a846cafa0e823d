package elsewhere

import (
	"cmp"
	"context"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/netsafe"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// Picture keeps the picture that a payload of [social.JobPicture] names. One that is kept is
// only sent again when it changed; one that cannot be had stays as it was, or is none.
func (d *Desk) Picture(ctx context.Context, payload []byte) error {
	address := string(payload)
	var was social.Picture
	err := d.Store.SocialView(ctx, func(tx social.Tx) (err error) {
		was, err = tx.Picture(ctx, address)
		return err
	})
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	now, err := d.picture(ctx, address, was)
	if err != nil && !done(err) {
		return err
	}
	if err != nil {
		d.Log.Debug("a picture cannot be had", "url", address, "err", err)
		now = was
	}
	return d.Store.SocialUpdate(ctx, func(tx social.Tx) error { return tx.PutPicture(ctx, address, now) })
}

// longestTag is how long a server's name of a version may be, in bytes.
const longestTag = 200

func (d *Desk) picture(ctx context.Context, address string, was social.Picture) (now social.Picture, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return now, fault.New(fault.Invalid, "%q is no address.", address)
	}
	if err := d.Servers.Policy.Allow(ctx, r.URL.Host); err != nil {
		return now, err
	}
	r.Header.Set("Accept", "image/jpeg, image/png, image/webp;q=0.5")
	for name, known := range map[string]string{"If-None-Match": was.ETag, "If-Modified-Since": was.Modified} {
		if was.Cover.ID != "" && known != "" {
			r.Header.Set(name, known)
		}
	}
	res, err := d.Servers.Client.Do(r)
	if err != nil {
		return now, netsafe.Explain(err, r.URL.Host)
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusNotModified {
		return was, nil
	}
	if err := refused(res, r.URL.Host); err != nil {
		return now, err
	}
	if now.Cover, err = d.Cover(ctx, res.Body); err != nil {
		return now, err
	}
	for name, to := range map[string]*string{"ETag": &now.ETag, "Last-Modified": &now.Modified} {
		if v := res.Header.Get(name); len(v) <= longestTag {
			*to = v
		}
	}
	return now, nil
}

func refused(res *http.Response, host string) error {
	switch {
	case res.StatusCode == http.StatusOK, res.StatusCode == http.StatusPartialContent, res.StatusCode == http.StatusNotModified, res.StatusCode == http.StatusRequestedRangeNotSatisfiable:
		return nil
	case res.StatusCode >= 500, res.StatusCode == http.StatusTooManyRequests:
		return fault.New(fault.Unavailable, "The server %s answered %d.", host, res.StatusCode)
	}
	return fault.New(fault.NotFound, "The server %s answered %d.", host, res.StatusCode)
}

// What is passed on of a question for sound, and of its answer. Nothing else
// leaves: neither who asks nor what their browser is.
var (
	questions = []string{"Range", "If-Range", "If-None-Match", "If-Modified-Since"}
	answers   = []string{"Content-Length", "Content-Range", "Accept-Ranges", "Etag", "Last-Modified"}
)

// via marks what a node asks to pass it on (RFC 9110, section 7.6.3). A question
// that is marked is not passed on again: two nodes whose tracks lead to each other
// would ask each other without end.
const via = "1.1 9ten"

// together is how many sounds are passed on to one listener at a time.
const together = 8

// enter counts a sound that is passed on to somebody, until it is left. Faults:
// Limited.
func (d *Desk) enter(who string) (leave func(), err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.listening[who] >= together {
		return nil, fault.Later(time.Second, "At most %d tracks of other servers are played at once.", together)
	}
	d.listening[who]++
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.listening[who]--; d.listening[who] == 0 {
			delete(d.listening, who)
		}
	}, nil
}

// strangers is the policy under which a stranger's bytes are given out in this
// node's name: nothing of them runs.
const strangers = "default-src 'none'; sandbox"

// A question is what is asked of another server for a listener.
type question struct {
	method string   // "" GET
	accept string   // media type
	pass   []string // headers of the listener's own question
	signed bool     // another node counts how often it was asked for, and by whom
}

// request asks another server for sound in the node's name. Who asked closes the
// answer with leave. Faults: NotFound, Forbidden, Limited, Unavailable.
func (d *Desk) request(r *http.Request, address string, q question) (res *http.Response, leave func(), err error) {
	out, err := http.NewRequestWithContext(r.Context(), cmp.Or(q.method, http.MethodGet), address, nil)
	if err != nil {
		return nil, nil, fault.New(fault.NotFound, "%q is no address.", address)
	}
	if own := d.Site.Host(); strings.EqualFold(out.URL.Host, own) || strings.Contains(strings.Join(r.Header.Values("Via"), ","), via) {
		return nil, nil, fault.New(fault.NotFound, "The sound of this track leads in a circle.")
	}
	if err := d.Servers.Policy.Allow(r.Context(), out.URL.Host); err != nil {
		return nil, nil, err
	}
	left, err := d.enter(d.Listener(r))
	if err != nil {
		return nil, nil, err
	}
	out.Header.Set("Via", via)
	copyHeader(out.Header, r.Header, q.pass)
	out.Header.Set("Accept", q.accept)
	out.Header.Set("Accept-Encoding", "identity")
	if q.signed {
		err = d.Servers.As.Sign(out, nil, sig.RFC9421, d.Now())
	}
	if err == nil {
		if res, err = d.Files.Do(out); err != nil {
			err = netsafe.Explain(err, out.URL.Host)
		} else if err = refused(res, out.URL.Host); err != nil {
			res.Body.Close()
		}
	}
	if err != nil {
		left()
		return nil, nil, err
	}
	return res, func() { res.Body.Close(); left() }, nil
}

// Track is a track elsewhere that is known. Faults: NotFound.
func (d *Desk) Track(ctx context.Context, track id.Track) (t social.Track, err error) {
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		t, err = tx.Track(ctx, track)
		return err
	})
	return t, err
}

// Sound passes on the sound of a track elsewhere. Faults: NotFound for what is
// no track that is known, Limited, Unavailable.
func (d *Desk) Sound(w http.ResponseWriter, r *http.Request, track id.Track) error {
	t, err := d.Track(r.Context(), track)
	if err != nil {
		return err
	}
	res, leave, err := d.request(r, t.Sound, question{method: r.Method, accept: "audio/*", pass: questions, signed: true})
	if err != nil {
		return err
	}
	defer leave()
	h := w.Header()
	sounds := res.StatusCode == http.StatusOK || res.StatusCode == http.StatusPartialContent
	if sounds {
		kind := audio(res.Header.Get("Content-Type"), t.MediaType)
		if kind == "" {
			return fault.New(fault.NotFound, "What the server %s has there is no sound.", res.Request.URL.Host)
		}
		h.Set("Content-Type", kind)
	}
	copyHeader(h, res.Header, answers)
	if !sounds { // what a stranger says instead of sound has no kind that it could be passed on as
		h.Del("Content-Length")
	}
	h.Set("Cache-Control", "private, max-age=3600")
	h.Set("Content-Security-Policy", strangers)
	w.WriteHeader(res.StatusCode)
	if !sounds {
		return nil
	}
	_, _ = io.Copy(w, res.Body) // the listener may have gone on
	return nil
}

// audio is what the bytes are passed on as: a kind of sound, or nothing.
func audio(said, known string) string {
	t, _, err := mime.ParseMediaType(said)
	switch {
	case err == nil && strings.HasPrefix(t, "audio/"):
		return t
	case err == nil && (t == "application/ogg" || t == "video/mp4" || t == "application/octet-stream" || t == "binary/octet-stream") && strings.HasPrefix(known, "audio/"):
		return known
	}
	return ""
}

func copyHeader(to, from http.Header, names []string) {
	for _, n := range names {
		if v := from.Get(n); v != "" {
			to.Set(n, v)
		}
	}
}
