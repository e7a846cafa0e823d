// Package document serves what has an address under /ap/: actors, releases,
// tracks, playlists, posts, collections, activities. Everybody may read what is
// public; a browser that comes here is shown the page instead. Where the operator
// wants to know who reads, other servers sign what they ask (authorised fetch).
package document

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/kept"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/problem"
	"github.com/michaelperna/9ten/internal/social"
)

// Catalogue is what everybody may hear. Faults: NotFound.
type Catalogue interface {
	Act(ctx context.Context, v music.Viewer, handle string) (music.FullAct, error)
	Release(ctx context.Context, v music.Viewer, r id.Release, preview string) (music.FullRelease, error)
	Track(ctx context.Context, v music.Viewer, t id.Track, preview string) (music.FullTrack, music.FullRelease, error)
	Releases(ctx context.Context, f music.Filter, p music.Page) (music.List[music.ReleaseRow], error)
	// PlaylistsOf and Playlist are those that acts publish.
	PlaylistsOf(ctx context.Context, a id.Act) ([]music.Playlist, error)
	Playlist(ctx context.Context, p id.Playlist) (music.FullPlaylist, error)
	Wallets(ctx context.Context, acts []id.Act) (map[id.Act][]music.Wallet, error)
	LabelOf(ctx context.Context, r *music.Release) (music.ActRow, error)
}

// Labels know what was published on a label.
type Labels interface {
	LabelPage(ctx context.Context, l *music.Act) (acts []music.ActRow, releases []music.ReleaseRow, err error)
}

// An Index lists public releases by their ids.
type Index interface {
	Index(ctx context.Context, after id.Release, n int) ([]music.Indexed, error)
	// IndexEnd is how many there are, and after which one the last page begins, "" the
	// first, where a page has so many.
	IndexEnd(ctx context.Context, page int) (total int64, after id.Release, err error)
}

// Documents serves them.
type Documents struct {
	Site      func(context.Context) form.Site
	Catalogue Catalogue
	Labels    Labels // of this node
	Store     social.Store
	Lives     *social.Lives
	// Keys are the public keys of the node's own actor ("") and of acts.
	Keys func(a id.Act) form.Keys
	// PersonKeys are those of a listener who is seen elsewhere.
	PersonKeys func(p id.Person) form.Keys
	// Sign is the key of an act with which its documents are proved, and its address.
	Sign func(a id.Act) (method string, key ed25519.PrivateKey)
	// Asker is the server that a request is signed by. Faults: Unauthenticated,
	// Forbidden.
	Asker func(r *http.Request) (host string, err error)
	Now   func() time.Time
	// Type is the media type of a codec.
	Type func(codec string) string
	// Index lists public releases, nil where the node does not offer its index.
	Index Index
	// Readers says who may read, nil for everybody.
	Readers *Readers
	// Changes counts what was written: a document is the same until then. Nil: none
	// is kept.
	Changes func() uint64

	kept *kept.Map[found]
	Log  *slog.Logger
}

// ContentType of every document.
const ContentType = `application/activity+json; charset=utf-8`

// A found document, and the page that shows the same to people.
type found struct {
	doc  *vocab.Object
	raw  []byte // of an activity that was sent as it is
	page string
	// private is what is not for everybody, nor for shared caches.
	private bool
	// gone is what says that something was here and is no more.
	gone bool
}

// Register adds the addresses.
func (d *Documents) Register(mux *http.ServeMux) {
	if d.Changes != nil {
		d.kept = kept.New[found](d.Changes, 512)
	}
	mux.HandleFunc("GET "+form.Root+"context.jsonld", contextOf)
	for path, find := range map[string]func(context.Context, form.Site, *http.Request) (found, error){
		"node":                       d.node,
		"node/outbox":                d.empty,
		"index":                      d.index,
		"acts/{id}":                  d.act,
		"acts/{id}/outbox":           d.outbox,
		"acts/{id}/followers":        d.followers,
		"acts/{id}/followers/sync":   d.actSynced,
		"acts/{id}/releases":         d.releases,
		"acts/{id}/library":          d.library,
		"acts/{id}/playlists":        d.playlists,
		"playlists/{id}":             d.playlist,
		"playlists/{id}/create":      d.playlistCreate,
		"playlists/{id}/note":        d.playlistNote,
		"playlists/{id}/note/create": d.playlistNoteCreate,
		"people/{id}":                d.person,
		"people/{id}/outbox":         d.personOutbox,
		"people/{id}/followers":      d.personFollowers,
		"people/{id}/followers/sync": d.personSynced,
		"comments/{id}":              d.comment,
		"comments/{id}/create":       d.commentCreate,
		"releases/{id}":              d.release,
		"releases/{id}/create":       d.ownCreate,
		"releases/{id}/note":         d.releaseNote,
		"releases/{id}/note/create":  d.releaseCreate,
		"releases/{id}/credits":      d.credits,
		"releases/{id}/replies":      d.replies,
		"releases/{id}/context":      d.conversation,
		"releases/{id}/likes":        d.reactions,
		"releases/{id}/shares":       d.reactions,
		"tracks/{id}":                d.track,
		"tracks/{id}/note":           d.trackNote,
		"tracks/{id}/audio":          d.trackAudio,
		"tracks/{id}/replies":        d.replies,
		"tracks/{id}/likes":          d.reactions,
		"tracks/{id}/shares":         d.reactions,
		"live/{id}":                  d.live,
		"live/{id}/create":           d.liveCreate,
		"live/{id}/note":             d.liveNote,
		"live/{id}/note/create":      d.liveNoteCreate,
		"activities/{id}":            d.activity,
	} {
		readers := d.Readers
		if path == "node" {
			readers = nil // who checks a signature of ours reads whose it is
		}
		mux.HandleFunc("GET "+form.Root+path, func(w http.ResponseWriter, r *http.Request) { d.serve(w, r, readers, find) })
	}
}

// contextOf serves the context that every document carries, for who would rather fetch it.
func contextOf(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/ld+json; charset=utf-8")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, _ = w.Write([]byte(`{"@context":` + string(vocab.Context()) + `}`)) // who went away hears nothing
}

func (d *Documents) serve(w http.ResponseWriter, r *http.Request, readers *Readers, find func(context.Context, form.Site, *http.Request) (found, error)) {
	f, page, err := d.look(r, readers, find)
	if err == nil && f.raw == nil {
		f.raw, err = f.doc.Encode()
	}
	if err != nil {
		problem.Log(d.Log, r, err)
		problem.Write(w, err)
		return
	}
	w.Header().Set("Vary", "Accept")
	if page {
		http.Redirect(w, r, f.page, http.StatusSeeOther)
		return
	}
	w.Header().Set("Content-Type", ContentType)
	if f.private {
		w.Header().Set("Cache-Control", "no-store")
	} else {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Cache-Control", readers.keep())
	}
	if f.gone {
		w.WriteHeader(http.StatusGone)
	}
	_, _ = w.Write(f.raw) // who went away hears nothing
}

// mostKept is what of a document is kept at most, in bytes.
const mostKept = 16 << 10

// find finds a document, or has it still. What is not everybody's, and what a
// question is part of, is not kept.
func (d *Documents) find(r *http.Request, find func(context.Context, form.Site, *http.Request) (found, error)) (found, error) {
	if d.kept == nil || r.URL.RawQuery != "" {
		return find(r.Context(), d.Site(r.Context()), r)
	}
	at, now := r.URL.EscapedPath(), d.Now()
	f, state, ok := d.kept.Get(at, now)
	if ok {
		return f, nil
	}
	f, err := find(r.Context(), d.Site(r.Context()), r)
	if err == nil && f.raw == nil {
		f.raw, err = f.doc.Encode()
	}
	if f.doc = nil; err == nil && !f.private && len(f.raw) <= mostKept {
		d.kept.Put(at, f, state, now)
	}
	return f, err
}

// look finds what was asked for, and whether its page is to be shown instead,
// which is everybody's. Who may not read does not learn what is here.
func (d *Documents) look(r *http.Request, readers *Readers, find func(context.Context, form.Site, *http.Request) (found, error)) (f found, page bool, err error) {
	page = wantsPage(r.Header.Get("Accept"))
	if !page {
		err = readers.admit(r)
	}
	if err == nil {
		f, err = d.find(r, find)
	}
	if fault.Is(err, fault.NotFound) {
		if was, ok, e := d.former(r.Context(), d.Site(r.Context()), r.URL.Path); ok || e != nil {
			f, err = was, e
		}
	}
	if page && f.page == "" { // an activity has no page, nor has what is not here
		page = false
		if refused := readers.admit(r); refused != nil {
			return found{}, false, refused
		}
	}
	return f, page, err
}

// wantsPage reports whether a page is asked for and a document is not.
func wantsPage(accept string) bool {
	return strings.Contains(accept, "text/html") && !strings.Contains(accept, "activity+json") && !strings.Contains(accept, "ld+json")
}

func (d *Documents) node(_ context.Context, s form.Site, _ *http.Request) (found, error) {
	o, err := s.NodeActor(d.Keys(""))
	return found{doc: o, page: s.Origin + "/"}, err
}

// fullAct is the act of an address.
func (d *Documents) fullAct(ctx context.Context, r *http.Request) (music.FullAct, error) {
	a, err := id.Parse[id.Act](r.PathValue("id"))
	if err != nil {
		return music.FullAct{}, err
	}
	return d.Catalogue.Act(ctx, music.Viewer{}, string(a))
}

func (d *Documents) oneAct(ctx context.Context, r *http.Request) (music.Act, error) {
	full, err := d.fullAct(ctx, r)
	return full.Act, err
}

func (d *Documents) act(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	a, err := d.fullAct(ctx, r)
	if err != nil {
		return found{}, err
	}
	o, err := s.ActActor(&a, d.Keys(a.Act.ID))
	return found{doc: o, page: s.ActPage(a.Act.Handle)}, err
}

// Album is a public release with its songs. Faults: NotFound.
func (d *Documents) Album(ctx context.Context, r id.Release) (form.Album, error) {
	full, err := d.Catalogue.Release(ctx, music.Viewer{}, r, "")
	if err != nil {
		return form.Album{}, err
	}
	a := form.Album{Release: full.Release, Act: full.Act}
	if a.Allowed, err = d.allowed(ctx, &full.Release); err != nil {
		return form.Album{}, err
	}
	for i := range full.Tracks {
		if full.Tracks[i].Asset != nil {
			a.Songs = append(a.Songs, d.song(&full, &full.Tracks[i]))
		}
	}
	return a, nil
}

// allowed is who may do what with a release.
func (d *Documents) allowed(ctx context.Context, r *music.Release) (a form.Allowed, err error) {
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		a.Policies, err = social.InForce(ctx, tx, r.Act, r.ID)
		return err
	})
	if err != nil {
		return a, err
	}
	label, err := d.Catalogue.LabelOf(ctx, r)
	a.Label = label.ID
	return a, err
}

func (d *Documents) song(full *music.FullRelease, t *music.FullTrack) form.Song {
	return form.Song{Track: t.Track, Release: full.Release, Act: full.Act, Asset: *t.Asset, MediaType: d.Type(t.Asset.Codec), Segmented: t.Segmented, Renditions: t.Renditions}
}

func (d *Documents) oneAlbum(ctx context.Context, r *http.Request) (form.Album, error) {
	rel, err := id.Parse[id.Release](r.PathValue("id"))
	if err != nil {
		return form.Album{}, err
	}
	return d.Album(ctx, rel)
}

func (d *Documents) release(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	a, err := d.oneAlbum(ctx, r)
	if err != nil {
		return found{}, err
	}
	return found{doc: s.OwnRelease(&a), page: s.ReleasePage(a.Release.ID)}, nil
}

func (d *Documents) releaseNote(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	a, err := d.oneAlbum(ctx, r)
	if err != nil {
		return found{}, err
	}
	return found{doc: s.Note(&a), page: s.ReleasePage(a.Release.ID)}, nil
}

func (d *Documents) releaseCreate(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	return created(d.releaseNote(ctx, s, r))
}

// ownCreate is the activity with which a release was published, as nodes get it.
func (d *Documents) ownCreate(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	return created(d.release(ctx, s, r))
}

func (d *Documents) oneSong(ctx context.Context, r *http.Request) (form.Song, error) {
	t, err := id.Parse[id.Track](r.PathValue("id"))
	if err != nil {
		return form.Song{}, err
	}
	track, full, err := d.Catalogue.Track(ctx, music.Viewer{}, t, "")
	if err == nil && track.Asset == nil {
		err = fault.New(fault.NotFound, "There is no such track.")
	}
	if err != nil {
		return form.Song{}, err
	}
	x := d.song(&full, &track)
	x.Allowed, err = d.allowed(ctx, &full.Release)
	return x, err
}

func (d *Documents) track(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	x, err := d.oneSong(ctx, r)
	if err != nil {
		return found{}, err
	}
	return found{doc: s.OwnTrack(&x), page: s.TrackPage(x.Release.ID, x.Track.ID)}, nil
}

func (d *Documents) trackNote(ctx context.Context, s form.Site, r *http.Request) (found, error) {
	x, err := d.oneSong(ctx, r)
	if err != nil {
		return found{}, err
	}
	return found{doc: s.TrackPost(&x), page: s.TrackPage(x.Release.ID, x.Track.ID)}, nil
}

// between two servers are activities that nobody else reads.
var between = []string{"Add", "Flag", "Invite", "Leave", "Listen", "Offer", "Remove", "View"}

// activity is one that was sent, as it was. A report is for whom it was sent to.
func (d *Documents) activity(ctx context.Context, s form.Site, r *http.Request) (f found, err error) {
	a, err := id.Parse[id.Activity](r.PathValue("id"))
	if err != nil {
		return f, err
	}
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		o, err := tx.Activity(ctx, s.Origin+form.Root+"activities/"+string(a))
		if err == nil && slices.Contains(between, o.Kind) {
			err = fault.New(fault.NotFound, "There is nothing with that name here.")
		}
		f.raw = o.Body
		return err
	})
	return f, err
}
