package form

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// Root is the path under which everything that has a document lives. Names in it
// are ids, which never change; handles and titles may.
const Root = "/ap/"

// A Site is a node as others see it.
type Site struct {
	Origin string // such as https://nine.example
	Name   string
	About  string
}

// Host is the site's name in handles.
func (s Site) Host() string {
	_, host, _ := strings.Cut(s.Origin, "://")
	return host
}

// Node is the actor that stands for the node itself.
func (s Site) Node() string { return s.Origin + Root + "node" }

// Index is where the node lists its public releases, for nodes that do the same.
func (s Site) Index() string { return s.Origin + Root + "index" }

// Inbox is the inbox all actors of the node share.
func (s Site) Inbox() string { return s.Origin + Root + "inbox" }

// Act is the address of an act's document.
func (s Site) Act(a id.Act) string { return s.Origin + Root + "acts/" + string(a) }

// Release is the address of a release's document.
func (s Site) Release(r id.Release) string { return s.Origin + Root + "releases/" + string(r) }

// Announce is what a label says of a release of its acts. What it said last is known by it.
func (s Site) Announce(label id.Act, r id.Release) string {
	return s.Act(label) + "/announces/" + string(r)
}

// Track is the address of a track's document.
func (s Site) Track(t id.Track) string { return s.Origin + Root + "tracks/" + string(t) }

// MonthPaid is the address of what is said of a month's money for an act elsewhere. It is
// for the act's node, and nothing is to be read there.
func (s Site) MonthPaid(a id.Act, p calendar.Period) string {
	return s.Origin + Root + "paid/" + string(a) + "/" + p.String()
}

// Heard is the address of what is said of the plays of a track elsewhere on some days,
// however often it is said. It is for the track's node, and nothing is to be read there.
func (s Site) Heard(track string, first, until time.Time) string {
	sum := sha256.Sum256([]byte(track + " " + calendar.DayOf(first).String() + " " + calendar.DayOf(until).String()))
	return s.Origin + Root + "heard/" + hex.EncodeToString(sum[:16])
}

// ActPage is where people look at an act.
func (s Site) ActPage(handle string) string { return s.Origin + "/act/" + url.PathEscape(handle) }

// ReleasePage is where they look at a release.
func (s Site) ReleasePage(r id.Release) string { return s.Origin + "/release/" + string(r) }

// TrackPage is the place of a track on it.
func (s Site) TrackPage(r id.Release, t id.Track) string {
	return s.ReleasePage(r) + "#t-" + string(t)
}

// TagPage lists what carries a tag.
func (s Site) TagPage(tag string) string { return s.Origin + "/tag/" + url.PathEscape(tag) }

// Keys are an actor's public keys.
type Keys struct {
	HTTP   crypto.PublicKey  // of requests
	Number int               // of that one: see [HTTPKeyOf]
	Proof  ed25519.PublicKey // of documents
	// ProofNumber is of that one: see [ProofKeyOf].
	ProofNumber int
	// Ended are those before, the last first: what was proved with them still counts.
	Ended []EndedKey
}

// An EndedKey is one with which nothing is proved any more.
type EndedKey struct {
	Number int
	Key    ed25519.PublicKey
	Until  time.Time
}

// HTTPKey is the address of the key with which an actor's requests are signed.
func HTTPKey(actor string) string { return actor + "#main-key" }

// HTTPKeyOf is that of one that took the place of others. Each has an address of its own,
// so that nobody takes it for one that they know.
func HTTPKeyOf(actor string, number int) string {
	return numbered(HTTPKey(actor), number)
}

// ProofKey is that of the key with which its documents are proved.
func ProofKey(actor string) string { return actor + "#ed25519-key" }

// ProofKeyOf is that of one that took the place of others.
func ProofKeyOf(actor string, number int) string { return numbered(ProofKey(actor), number) }

func numbered(key string, number int) string {
	if number <= 1 {
		return key
	}
	return key + "-" + strconv.Itoa(number)
}

func (k Keys) put(o *vocab.Object) error {
	text, err := sig.PEM(k.HTTP)
	if err != nil {
		return err
	}
	o.PublicKey = []vocab.Item{vocab.Of(&vocab.Object{ID: HTTPKeyOf(o.ID, k.Number), Owner: o.ID, PublicKeyPem: text})}
	for _, x := range append([]EndedKey{{Number: k.ProofNumber, Key: k.Proof}}, k.Ended...) {
		multi, err := sig.Multikey(x.Key)
		if err != nil {
			return err
		}
		key := &vocab.Object{ID: ProofKeyOf(o.ID, x.Number), Type: []string{"Multikey"}, Controller: o.ID, Multibase: multi, Expires: x.Until}
		o.AssertionMethod = append(o.AssertionMethod, vocab.Of(key))
	}
	return nil
}

// signatures says that requests may be signed by RFC 9421 (FEP-844e).
var signatures = []map[string]string{{"href": "https://datatracker.ietf.org/doc/html/rfc9421", "name": "RFC-9421: HTTP Message Signatures"}}

// NodeActor is the document of the node itself (FEP-2677, FEP-d556). Its name in
// handles is the host, as other software has it.
func (s Site) NodeActor(k Keys) (*vocab.Object, error) {
	o := &vocab.Object{
		ID: s.Node(), Type: []string{"Application"}, PreferredUsername: s.Host(), Webfinger: s.Host() + "@" + s.Host(), Name: s.Name, Summary: paragraphs(s.About),
		URL: vocab.One(s.Origin + "/"), Inbox: s.Node() + "/inbox", Outbox: s.Node() + "/outbox", Endpoints: &vocab.Object{SharedInbox: s.Inbox()}, Approves: true,
	}
	o.Put("implements", signatures)
	return o, k.put(o)
}

// ActActor is the document of an act: a person, or a group when it has members, which
// is attributed to the node. A label is an organization. It
// says by which addresses else it is known, and where it moved.
func (s Site) ActActor(full *music.FullAct, k Keys) (*vocab.Object, error) {
	a, kind := &full.Act, "Person"
	var by []vocab.Item
	if len(a.Members) > 1 { // which have no actors of their own: the node answers for them
		kind, by = "Group", vocab.One(s.Node())
	}
	if a.Label {
		kind, by = "Organization", nil
	}
	at := s.Act(a.ID)
	o := &vocab.Object{
		ID: at, Type: []string{kind}, PreferredUsername: a.Handle, Webfinger: a.Handle + "@" + s.Host(), Name: a.Name, Summary: paragraphs(a.Bio),
		URL: vocab.One(s.ActPage(a.Handle)), Published: a.Created, Inbox: at + "/inbox", Outbox: at + "/outbox", Followers: at + "/followers",
		Endpoints: &vocab.Object{SharedInbox: s.Inbox()}, Discoverable: true, Indexable: true, Icon: s.picture(a.Cover, a.Face),
		MovedTo: full.Home.Moved.Actor, AttributedTo: by,
	}
	for _, known := range full.Home.Known {
		o.AlsoKnownAs = append(o.AlsoKnownAs, known.Actor)
	}
	for _, l := range a.Links {
		o.Attachment = append(o.Attachment, property(l.Label, link(l.URL)))
	}
	for _, m := range a.Members {
		o.Attachment = append(o.Attachment, property(m.Name, escape(m.Role)))
	}
	o.Put("implements", signatures)
	o.Put("nineten:releases", at+"/releases")
	o.Put("nineten:playlists", at+"/playlists")
	return o, k.put(o)
}

// property is a line of a profile as Mastodon shows them; value is HTML.
func property(name, value string) vocab.Item {
	p := &vocab.Object{Type: []string{"PropertyValue"}, Name: name}
	p.Put("value", value)
	return vocab.Of(p)
}

// picture is the first cover that is one.
func (s Site) picture(covers ...music.Cover) []vocab.Item {
	for _, c := range covers {
		if c.ID != "" {
			return []vocab.Item{vocab.Of(&vocab.Object{Type: []string{"Image"}, MediaType: "image/jpeg", URL: vocab.One(s.Origin + "/covers/" + c.ID + "/640.jpg")})}
		}
	}
	return nil
}

// NewActivity is an address for an activity that is made now.
func (s Site) NewActivity(now time.Time) string {
	return s.Origin + Root + "activities/" + string(id.New[id.Activity](now))
}

// musicPaths are where a release or a track has a document, a page or a file, in
// the order in which they are tried, and what may follow its id there.
var musicPaths = []struct {
	under string
	track bool
	after []string
}{
	{Root + "releases/", false, []string{"", "/create", "/note", "/note/create"}},
	{"/release/", false, []string{""}},
	{Root + "tracks/", true, []string{"", "/note", "/audio"}},
	{"/media/", true, []string{"/original", "/master.m3u8"}},
}

// MusicOf is the release or the track of an address in any of its forms, false
// when it is none of this site.
func (s Site) MusicOf(iri string) (id.Release, id.Track, bool) {
	path, ok := strings.CutPrefix(iri, s.Origin)
	if !ok {
		return "", "", false
	}
	path, place, _ := strings.Cut(path, "#")
	for _, m := range musicPaths {
		rest, ok := strings.CutPrefix(path, m.under)
		if !ok || len(rest) < ulidLength || !slices.Contains(m.after, rest[ulidLength:]) {
			continue
		}
		name := rest[:ulidLength]
		if m.track {
			t, err := id.Parse[id.Track](name)
			return "", t, err == nil && string(t) == name
		}
		r, err := id.Parse[id.Release](name)
		if err != nil || string(r) != name {
			return "", "", false
		}
		if t, ok := strings.CutPrefix(place, "t-"); ok && m.under == "/release/" {
			track, err := id.Parse[id.Track](t)
			return r, track, err == nil && string(track) == t
		}
		return r, "", true
	}
	return "", "", false
}

// Plain is the address under which a node keeps the document of a release or a track, of
// that address in any of its forms; any other address is as it was.
func Plain(iri string) string {
	u, err := url.Parse(iri)
	if err != nil || u.Host == "" {
		return iri
	}
	s := Site{Origin: u.Scheme + "://" + u.Host}
	switch r, t, ok := s.MusicOf(iri); {
	case ok && t != "":
		return s.Track(t)
	case ok:
		return s.Release(r)
	}
	return iri
}

// ulidLength is that of every id.
const ulidLength = 26

// ActOf is the act of an address, false when it is no act's of this site.
func (s Site) ActOf(iri string) (id.Act, bool) { return own[id.Act](iri, s.Origin+Root+"acts/") }

// FollowableOf is the act that a Follow is of: of itself, or of its library, which is what
// Funkwhale follows.
func (s Site) FollowableOf(iri string) (id.Act, bool) {
	return s.ActOf(strings.TrimSuffix(iri, "/library"))
}

// own is what an address names that is under another.
func own[T id.Any](iri, under string) (T, bool) {
	rest, ok := strings.CutPrefix(iri, under)
	if !ok {
		return "", false
	}
	a, err := id.Parse[T](rest)
	return a, err == nil && string(a) == rest
}
